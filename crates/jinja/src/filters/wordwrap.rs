//! `wordwrap`: Python's `textwrap`, as Jinja2 calls it.

use minijinja::Value;

use crate::error::{Error, ErrorKind};
use crate::eval::{Evaluated, Evaluator};
use crate::python::arguments::{Arguments, flag, length};
use crate::python::kind::type_name;
use crate::python::str_methods::split::lines;
use crate::python::text::to_str;
use crate::python::undefined::{self, is_undefined};

pub(super) fn wordwrap(this: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    let [text, width, break_long_words, separator, break_on_hyphens] =
        call.bind(["s", "width", "break_long_words", "wrapstring", "break_on_hyphens"], 1)?;
    let text = text.unwrap_or_default();
    if is_undefined(&text) {
        return if this.is_chainable(&text) {
            Ok(Value::from(""))
        } else {
            Err(undefined::error(&text).into())
        };
    }
    let Some(text) = text.as_str() else {
        let message = format!("'{}' object has no attribute 'splitlines'", type_name(&text));
        return Err(Error::new(ErrorKind::Attribute, message).into());
    };
    let width = length(width.as_ref(), 79)?;
    if width == 0 {
        return Err(Error::new(ErrorKind::Value, "invalid width 0 (must be > 0)").into());
    }
    let separator = separator.filter(|it| !it.is_none());
    let separator = separator.map_or_else(|| "\n".to_owned(), |it| to_str(&it));
    let rules = Rules {
        width,
        break_long_words: flag(break_long_words.as_ref(), true),
        break_on_hyphens: flag(break_on_hyphens.as_ref(), true),
    };
    let wrapped: Vec<String> =
        lines(text, false).into_iter().map(|line| rules.wrap(line).join(&separator)).collect();
    Ok(Value::from(wrapped.join(&separator)))
}

struct Rules {
    width: usize,
    break_long_words: bool,
    break_on_hyphens: bool,
}

fn columns(text: &str) -> usize {
    text.chars().count()
}

fn is_space(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\x0b' | '\x0c' | '\r' | ' ')
}

impl Rules {
    fn wrap(&self, line: &str) -> Vec<String> {
        let mut chunks = self.chunks(line);
        chunks.reverse();
        let mut wrapped = Vec::new();
        while !chunks.is_empty() {
            let mut current: Vec<String> = Vec::new();
            let mut used = 0;
            let starts_with_space = chunks.last().is_some_and(|it| it.trim_matches(is_space).is_empty());
            if starts_with_space && !wrapped.is_empty() {
                chunks.pop();
            }
            while let Some(chunk) = chunks.last() {
                let size = columns(chunk);
                if used + size > self.width {
                    break;
                }
                used += size;
                current.extend(chunks.pop());
            }
            if chunks.last().is_some_and(|chunk| columns(chunk) > self.width) {
                self.long_word(&mut chunks, &mut current, used);
            }
            if current.last().is_some_and(|it| it.trim_matches(is_space).is_empty()) {
                current.pop();
            }
            if !current.is_empty() {
                wrapped.push(current.concat());
            }
        }
        wrapped
    }

    /// A word that is longer than a line.
    fn long_word(&self, chunks: &mut Vec<String>, current: &mut Vec<String>, used: usize) {
        let room = self.width.saturating_sub(used).max(usize::from(self.width == 0));
        if !self.break_long_words {
            if current.is_empty() {
                current.extend(chunks.pop());
            }
            return;
        }
        let Some(chunk) = chunks.last_mut() else {
            return;
        };
        let characters: Vec<char> = chunk.chars().collect();
        let mut end = room.min(characters.len());
        if self.break_on_hyphens && characters.len() > room {
            let head = &characters[..room];
            if let Some(hyphen) = head.iter().rposition(|c| *c == '-')
                && hyphen > 0
                && head[..hyphen].iter().any(|c| *c != '-')
            {
                end = hyphen + 1;
            }
        }
        current.push(characters[..end].iter().collect());
        *chunk = characters[end..].iter().collect();
    }

    /// Words, the spaces between them, and the parts of hyphenated words.
    fn chunks(&self, line: &str) -> Vec<String> {
        let mut found = Vec::new();
        let mut rest = line;
        while !rest.is_empty() {
            let space = rest.find(|c| !is_space(c)).unwrap_or(rest.len());
            if space > 0 {
                found.push(rest[..space].to_owned());
                rest = &rest[space..];
                continue;
            }
            let end = rest.find(is_space).unwrap_or(rest.len());
            if self.break_on_hyphens {
                hyphenated(&rest[..end], &mut found);
            } else {
                found.push(rest[..end].to_owned());
            }
            rest = &rest[end..];
        }
        found
    }
}

/// Splits `well-known` behind its hyphens, and dashes `--` off.
fn hyphenated(word: &str, found: &mut Vec<String>) {
    let characters: Vec<char> = word.chars().collect();
    let is_letter = |at: usize| characters.get(at).is_some_and(|c| *c == '_' || c.is_alphabetic());
    let is_word =
        |at: usize| characters.get(at).is_some_and(|c| c.is_alphanumeric() || "_!\"'&.,?".contains(*c));
    let mut start = 0;
    let mut at = 0;
    while at < characters.len() {
        if characters[at] != '-' {
            at += 1;
            continue;
        }
        let end = (at..characters.len()).find(|i| characters[*i] != '-').unwrap_or(characters.len());
        if end - at >= 2 {
            // A dash is a chunk of its own between words.
            if at > start
                && is_word(at - 1)
                && characters.get(end).is_some_and(|c| c.is_alphanumeric() || *c == '_')
            {
                found.push(characters[start..at].iter().collect());
                found.push(characters[at..end].iter().collect());
                start = end;
            }
            at = end;
            continue;
        }
        let before = at >= start + 2 && is_letter(at - 1) && is_letter(at - 2)
            || at >= start + 4 && is_letter(at - 1) && characters[at - 2] == '-' && is_letter(at - 3);
        let after = is_letter(at + 1)
            && (is_letter(at + 2) || characters.get(at + 2) == Some(&'-') && is_letter(at + 3));
        if before && after {
            found.push(characters[start..=at].iter().collect());
            start = at + 1;
        }
        at += 1;
    }
    if start < characters.len() {
        found.push(characters[start..].iter().collect());
    }
}
