//! Compiled patterns and matches of `re`.

use std::sync::Arc;

use fancy_regex::{Captures, Regex};
use indexmap::IndexMap;
use minijinja::Value;
use minijinja::value::Tuple;

use super::instance::{Instance, Py};
use super::regex_syntax::{ASCII, DOTALL, Flags, IGNORECASE, MULTILINE, UNICODE, VERBOSE, translate};
use crate::error::{Error, ErrorKind};
use crate::eval::{Evaluated, Evaluator};
use crate::python::Result;
use crate::python::arguments::{Arguments, integer, length, string};
use crate::python::dict::Dict;
use crate::python::iterate::Generator;
use crate::python::kind::type_name;
use crate::python::list::List;
use crate::python::number::{as_int, count};
use crate::python::text::repr_str;

/// A compiled pattern.
#[derive(Clone, Debug)]
pub(super) struct Pattern(pub Arc<Compiled>);

/// What a pattern was made of, and the engine's form of it.
#[derive(Debug)]
pub(super) struct Compiled {
    pattern: String,
    flags: Flags,
    regex: Regex,
    /// The same, only at the start of the text.
    anchored: Regex,
    /// The same, only for a whole text.
    whole: Regex,
}

impl Pattern {
    /// Compiles a pattern of Python.
    pub(super) fn new(pattern: &str, flags: Flags) -> Result<Self> {
        let translated = translate(pattern, flags);
        let compile = |text: &str| {
            Regex::new(text).map_err(|error| {
                let message = format!("{} is no regular expression: {error}", repr_str(pattern));
                Error::new(ErrorKind::Value, message)
            })
        };
        // A comment in a verbose pattern ends with its line.
        let end = if translated.starts_with("(?")
            && translated[..translated.find(')').unwrap_or(0)].contains('x')
        {
            "\n"
        } else {
            ""
        };
        let compiled = Compiled {
            pattern: pattern.to_owned(),
            flags,
            regex: compile(&translated)?,
            anchored: compile(&format!("\\G(?:{translated}{end})"))?,
            whole: compile(&format!("\\G(?:{translated}{end})\\z"))?,
        };
        Ok(Self(Arc::new(compiled)))
    }

    fn names(&self) -> Vec<(&str, usize)> {
        let names = self.0.regex.capture_names().enumerate();
        names.filter_map(|(at, name)| Some((name?, at))).collect()
    }

    fn captures(regex: &Regex, text: &Arc<str>, from: usize) -> Result<Option<Spans>> {
        let found = regex.captures_from_pos(text, from).map_err(|error| {
            Error::new(ErrorKind::Value, format!("the regular expression gave up: {error}"))
        })?;
        Ok(found.map(|captures| Spans::of(&captures)))
    }

    fn matched(&self, text: &Arc<str>, spans: Spans) -> Match {
        Match { pattern: self.clone(), text: text.clone(), spans }
    }

    /// All matches in a text, at most `most` (0: all), by Python's rule for empty ones.
    fn all(&self, text: &Arc<str>, most: usize) -> Result<Vec<Spans>> {
        let mut found: Vec<Spans> = Vec::new();
        let mut at = 0;
        while at <= text.len() && (most == 0 || found.len() < most) {
            let Some(spans) = Self::captures(&self.0.regex, text, at)? else {
                break;
            };
            let (start, end) = spans.whole();
            // An empty match where the last empty one was: go on behind the next character.
            let again = found.last().is_some_and(|last| start == end && last.whole() == (start, end));
            let next = text[end..].chars().next().map_or(1, char::len_utf8);
            at = if start == end && again { end + next } else { end };
            if !again {
                found.push(spans);
            } else if end + next > text.len() {
                break;
            }
        }
        Ok(found)
    }

    /// Calls a function of `re`, which are the methods of patterns too.
    pub(super) fn call(
        &self,
        evaluator: &mut Evaluator<'_, '_, '_>,
        call: &Arguments<'_>,
    ) -> Evaluated<Value> {
        match call.function {
            "sub" | "subn" => {
                let [replacement, text, count] = call.bind(["repl", "string", "count"], 2)?;
                let text = subject(text)?;
                let most = length(count.as_ref(), 0)?;
                let replacement = replacement.unwrap_or_default();
                let (replaced, times) = self.substitute(evaluator, &replacement, &text, most)?;
                let replaced = Value::from(replaced);
                return Ok(match call.function {
                    "subn" => Value::from(Tuple::from([replaced, count_value(times)])),
                    _ => replaced,
                });
            }
            "split" => {
                let [text, most] = call.bind(["string", "maxsplit"], 1)?;
                return Ok(self.split(&subject(text)?, length(most.as_ref(), 0)?)?);
            }
            _ => {}
        }
        let [text, from, to] = call.bind(["string", "pos", "endpos"], 1)?;
        let text = subject(text)?;
        let text: Arc<str> = match to {
            Some(to) => text[..byte_of(&text, length(Some(&to), 0)?)].into(),
            None => text,
        };
        let from = byte_of(&text, length(from.as_ref(), 0)?);
        let one = |regex: &Regex| -> Evaluated<Value> {
            let found = Self::captures(regex, &text, from)?;
            Ok(found.map_or(Value::from(()), |spans| Py::value(self.matched(&text, spans))))
        };
        match call.function {
            "search" => one(&self.0.regex),
            "match" => one(&self.0.anchored),
            "fullmatch" => one(&self.0.whole),
            "findall" => {
                let all = self.all(&text, 0)?;
                Ok(List::value(all.iter().map(|spans| spans.groups_or_whole(&text)).collect()))
            }
            _ => {
                let all = self.all(&text, 0)?.into_iter();
                let all = all.map(|spans| Py::value(self.matched(&text, spans))).collect();
                Ok(Generator::over("callable_iterator", all))
            }
        }
    }

    fn substitute(
        &self,
        evaluator: &mut Evaluator<'_, '_, '_>,
        replacement: &Value,
        text: &Arc<str>,
        most: usize,
    ) -> Evaluated<(String, usize)> {
        let mut out = String::with_capacity(text.len());
        let mut at = 0;
        let all = self.all(text, most)?;
        let times = all.len();
        for spans in all {
            let (start, end) = spans.whole();
            out.push_str(&text[at..start]);
            at = end;
            let matched = self.matched(text, spans);
            match replacement.as_str() {
                Some(template) => out.push_str(&matched.expand(template)?),
                None => {
                    let made = evaluator.call_value(replacement, vec![Py::value(matched)], Vec::new())?;
                    out.push_str(&crate::python::text::to_str(&made));
                }
            }
        }
        out.push_str(&text[at..]);
        Ok((out, times))
    }

    fn split(&self, text: &Arc<str>, most: usize) -> Result<Value> {
        let mut parts = Vec::new();
        let mut at = 0;
        for spans in self.all(text, most)? {
            let (start, end) = spans.whole();
            parts.push(Value::from(&text[at..start]));
            parts.extend((1..spans.0.len()).map(|group| spans.text(group, text)));
            at = end;
        }
        parts.push(Value::from(&text[at..]));
        Ok(List::value(parts))
    }
}

fn count_value(number: usize) -> Value {
    count(number)
}

/// The text that a pattern is applied to.
fn subject(value: Option<Value>) -> Result<Arc<str>> {
    let value = value.unwrap_or_default();
    match value.to_str() {
        Some(text) if value.as_str().is_some() => Ok(text),
        _ => {
            let message = format!("expected string or bytes-like object, got '{}'", type_name(&value));
            Err(Error::new(ErrorKind::Type, message))
        }
    }
}

/// The byte at which a character starts.
fn byte_of(text: &str, character: usize) -> usize {
    text.char_indices().nth(character).map_or(text.len(), |(byte, _)| byte)
}

impl Instance for Pattern {
    const TYPE: &'static str = "re.Pattern";
    const METHODS: &'static [&'static str] =
        &["match", "search", "fullmatch", "findall", "finditer", "sub", "subn", "split"];

    fn attribute(&self, name: &str) -> Option<Value> {
        Some(match name {
            "pattern" => Value::from(self.0.pattern.as_str()),
            "flags" => Value::from(self.0.flags.0 | UNICODE),
            "groups" => count(self.0.regex.captures_len().saturating_sub(1)),
            "groupindex" => {
                let names = self.names().into_iter();
                Dict::value(names.map(|(name, at)| (Value::from(name), count(at))).collect())
            }
            _ => return None,
        })
    }

    fn method(
        &self,
        _: &Value,
        evaluator: &mut Evaluator<'_, '_, '_>,
        call: &Arguments<'_>,
    ) -> Evaluated<Value> {
        self.call(evaluator, call)
    }

    fn str(&self) -> String {
        let names = [
            (IGNORECASE, "re.IGNORECASE"),
            (MULTILINE, "re.MULTILINE"),
            (DOTALL, "re.DOTALL"),
            (VERBOSE, "re.VERBOSE"),
            (ASCII, "re.ASCII"),
        ];
        let flags: Vec<&str> =
            names.iter().filter(|(flag, _)| self.0.flags.has(*flag)).map(|(_, name)| *name).collect();
        let flags = if flags.is_empty() { String::new() } else { format!(", {}", flags.join("|")) };
        format!("re.compile({}{flags})", repr_str(&self.0.pattern))
    }

    fn repr(&self) -> String {
        self.str()
    }
}

/// The bytes of each group of a match.
#[derive(Clone, Debug, PartialEq)]
struct Spans(Vec<Option<(usize, usize)>>);

impl Spans {
    fn of(captures: &Captures<'_>) -> Self {
        let span = |at| captures.get(at).map(|group| (group.start(), group.end()));
        Self((0..captures.len()).map(span).collect())
    }

    fn whole(&self) -> (usize, usize) {
        self.0.first().copied().flatten().unwrap_or_default()
    }

    fn text(&self, group: usize, text: &str) -> Value {
        match self.0.get(group).copied().flatten() {
            Some((start, end)) => Value::from(&text[start..end]),
            None => Value::from(()),
        }
    }

    /// What `findall` gives for a match.
    fn groups_or_whole(&self, text: &str) -> Value {
        let group = |at| match self.text(at, text) {
            none if none.is_none() => Value::from(""),
            found => found,
        };
        match self.0.len() {
            1 => self.text(0, text),
            2 => group(1),
            length => Value::from(Tuple::new((1..length).map(group).collect())),
        }
    }
}

/// A match.
#[derive(Clone, Debug)]
pub(super) struct Match {
    pattern: Pattern,
    text: Arc<str>,
    spans: Spans,
}

impl Match {
    fn group_number(&self, key: &Value) -> Result<usize> {
        let found = match key.as_str() {
            Some(name) => self.pattern.names().iter().find(|(known, _)| *known == name).map(|(_, at)| *at),
            None => as_int(key).and_then(|number| usize::try_from(number).ok()),
        };
        found
            .filter(|number| *number < self.spans.0.len())
            .ok_or_else(|| Error::new(ErrorKind::Index, "no such group"))
    }

    fn group(&self, key: &Value) -> Result<Value> {
        Ok(self.spans.text(self.group_number(key)?, &self.text))
    }

    /// A group's place in characters; -1 for one that took no part.
    fn span(&self, key: Option<&Value>) -> Result<(Value, Value)> {
        let number = key.map_or(Ok(0), |key| self.group_number(key))?;
        let characters = |byte: usize| count(self.text[..byte].chars().count());
        Ok(match self.spans.0.get(number).copied().flatten() {
            Some((start, end)) => (characters(start), characters(end)),
            None => (Value::from(-1), Value::from(-1)),
        })
    }

    fn groups(&self, default: &Value) -> Vec<Value> {
        let group = |at| match self.spans.text(at, &self.text) {
            none if none.is_none() => default.clone(),
            found => found,
        };
        (1..self.spans.0.len()).map(group).collect()
    }

    /// A replacement with `\1`, `\g<name>` and escapes resolved.
    fn expand(&self, template: &str) -> Result<String> {
        let mut out = String::with_capacity(template.len());
        let mut rest = template;
        while let Some(at) = rest.find('\\') {
            out.push_str(&rest[..at]);
            rest = &rest[at + 1..];
            let place = template.len() - rest.len() - 1;
            let Some(character) = rest.chars().next() else {
                return Err(Error::new(ErrorKind::Value, "bad escape (end of pattern)"));
            };
            if character == 'g' {
                let end = rest.find('>').filter(|_| rest.starts_with("g<"));
                let end = end.ok_or_else(|| Error::new(ErrorKind::Value, "missing group name"))?;
                self.push_group(&rest[2..end], place + 3, &mut out)?;
                rest = &rest[end + 1..];
            } else if character.is_ascii_digit() && character != '0' {
                let digits = rest.bytes().take(2).take_while(u8::is_ascii_digit).count();
                self.push_group(&rest[..digits], place + 1, &mut out)?;
                rest = &rest[digits..];
            } else {
                rest = &rest[character.len_utf8()..];
                match character {
                    'n' => out.push('\n'),
                    't' => out.push('\t'),
                    'r' => out.push('\r'),
                    'a' => out.push('\x07'),
                    'f' => out.push('\x0c'),
                    'v' => out.push('\x0b'),
                    '0' => out.push('\0'),
                    '\\' => out.push('\\'),
                    letter if letter.is_ascii_alphabetic() => {
                        let message = format!("bad escape \\{letter} at position {place}");
                        return Err(Error::new(ErrorKind::Value, message));
                    }
                    other => {
                        out.push('\\');
                        out.push(other);
                    }
                }
            }
        }
        out.push_str(rest);
        Ok(out)
    }

    fn push_group(&self, name: &str, place: usize, out: &mut String) -> Result<()> {
        let key = name.parse::<i64>().map_or_else(|_| Value::from(name), Value::from);
        let group = self.group(&key).map_err(|_| {
            let message = match key.as_str() {
                Some(name) => format!("unknown group name {}", repr_str(name)),
                None => format!("invalid group reference {name} at position {place}"),
            };
            Error::new(ErrorKind::Value, message)
        })?;
        out.push_str(group.as_str().unwrap_or_default());
        Ok(())
    }
}

impl Instance for Match {
    const TYPE: &'static str = "re.Match";
    const METHODS: &'static [&'static str] =
        &["group", "groups", "groupdict", "start", "end", "span", "expand"];

    fn attribute(&self, name: &str) -> Option<Value> {
        let last =
            self.spans.0.iter().enumerate().skip(1).filter(|(_, span)| span.is_some()).map(|(at, _)| at);
        let last = last.max_by_key(|at| (self.spans.0[*at].map(|(_, end)| end), usize::MAX - at));
        Some(match name {
            "string" => Value::from(self.text.clone()),
            "re" => Py::value(self.pattern.clone()),
            "pos" => Value::from(0),
            "endpos" => count(self.text.chars().count()),
            "lastindex" => last.map_or(Value::from(()), count),
            "lastgroup" => {
                let names = self.pattern.names();
                let name = names.iter().find(|(_, at)| Some(*at) == last).map(|(name, _)| *name);
                name.map_or(Value::from(()), Value::from)
            }
            _ => return None,
        })
    }

    fn item(&self, key: &Value) -> Option<Value> {
        self.group(key).ok()
    }

    fn method(&self, _: &Value, _: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
        if call.function == "group" {
            call.no_keywords()?;
            let groups = call.positional.iter().map(|key| self.group(key)).collect::<Result<Vec<_>>>()?;
            return Ok(match <[Value; 1]>::try_from(groups) {
                Ok([group]) => group,
                Err(groups) if groups.is_empty() => self.spans.text(0, &self.text),
                Err(groups) => Value::from(Tuple::new(groups)),
            });
        }
        let [argument] =
            call.bind([if call.function.starts_with("groups") { "default" } else { "group" }], 0)?;
        Ok(match call.function {
            "groups" => Value::from(Tuple::new(self.groups(&argument.unwrap_or(Value::from(()))))),
            "groupdict" => {
                let groups = self.groups(&argument.unwrap_or(Value::from(())));
                let names = self.pattern.names();
                let pairs = names
                    .iter()
                    .filter_map(|(name, at)| Some((Value::from(*name), groups.get(at - 1)?.clone())));
                Dict::value(pairs.collect::<IndexMap<_, _>>())
            }
            "start" => self.span(argument.as_ref())?.0,
            "end" => self.span(argument.as_ref())?.1,
            "span" => {
                let (start, end) = self.span(argument.as_ref())?;
                Value::from(Tuple::from([start, end]))
            }
            _ => {
                let template = argument.unwrap_or_default();
                Value::from(self.expand(string(&template, "template")?)?)
            }
        })
    }

    fn str(&self) -> String {
        let (start, end) = self.spans.whole();
        let characters = |byte: usize| self.text[..byte].chars().count();
        format!(
            "<re.Match object; span=({}, {}), match={}>",
            characters(start),
            characters(end),
            repr_str(&self.text[start..end])
        )
    }

    fn repr(&self) -> String {
        self.str()
    }
}

/// An argument that holds flags.
pub(super) fn flags_argument(value: Option<&Value>) -> Result<Flags> {
    match value {
        None => Ok(Flags::default()),
        Some(value) => {
            let bits = u32::try_from(integer(value)?).unwrap_or(0);
            Ok(Flags(bits))
        }
    }
}
