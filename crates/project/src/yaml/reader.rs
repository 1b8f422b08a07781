//! Text → tree, by the events of the YAML parser.

use super::older::{self, Tabs};
use super::{Content, Entry, Node, scalar};
use granit_parser::{Event, Parser, ScalarStyle, ScanError, Span, Tag};
use platform_core::Place;
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::{Arc, OnceLock};

/// A YAML file, parsed.
#[derive(Clone, Debug)]
pub struct Document {
    /// Path that messages name.
    pub file: Arc<str>,
    /// The text.
    pub text: Arc<str>,
    /// The first document's value; null for an empty file.
    pub root: Node,
    /// Keys that stand twice in one mapping: name and place of the later one.
    pub duplicates: Vec<(String, Range<usize>)>,
    /// Lines of the file before the text.
    pub skipped: u32,
    /// Where each line begins, once a place was asked for: a large file may have thousands of warnings.
    lines: OnceLock<Vec<usize>>,
}

impl Document {
    /// The place of a span of this file.
    pub fn place(&self, span: &Range<usize>) -> Place {
        let lines = self.lines.get_or_init(|| {
            let breaks = memchr::memchr_iter(b'\n', self.text.as_bytes()).map(|at| at + 1);
            std::iter::once(0).chain(breaks).collect()
        });
        let line = lines.partition_point(|start| *start <= span.start).saturating_sub(1);
        let begin = lines[line];
        let within = span.start.saturating_sub(begin)..span.end.saturating_sub(begin);
        let place = Place::of(self.file.as_ref(), &self.text[begin..], within);
        let above = u32::try_from(line).unwrap_or(u32::MAX).saturating_add(self.skipped);
        Place { line: place.line.saturating_add(above), ..place }
    }
}

/// A text that is no YAML.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct SyntaxError {
    /// What the parser says.
    pub message: String,
    /// Where.
    pub place: Place,
}

/// Parses the first document of a text.
pub fn parse(file: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> Result<Document, SyntaxError> {
    let (file, text) = (file.into(), text.into());
    let mut known = older::with_known_breaks(&text);
    let (root, duplicates) = loop {
        let (read, at) = read(&file, &known);
        match (read, at.and_then(|at| older::without_touching_comment(&known, at))) {
            (Err(_), Some(without)) => known = without.into(),
            (read, _) => break read?,
        }
    };
    Ok(Document { file, text: text.clone(), root, duplicates, skipped: 0, lines: OnceLock::new() })
}

type Read = (Node, Vec<(String, Range<usize>)>);

/// The value and the duplicate keys of a text; where it is no YAML, the byte at which the parser gave up.
fn read(file: &str, text: &str) -> (Result<Read, SyntaxError>, Option<usize>) {
    let mut reader = Reader {
        events: Parser::new_from_str(text),
        text,
        file,
        anchors: HashMap::new(),
        anchor_names: HashSet::new(),
        duplicates: Vec::new(),
        budget: 1_000_000,
        tabs: memchr::memchr(b'\t', text.as_bytes()).map(|_| Tabs::default()),
        block: None,
        stopped: None,
    };
    let root = reader.document();
    let stopped = reader.stopped;
    (root.map(|root| (root, reader.duplicates)), stopped)
}

struct Reader<'a> {
    events: Parser<'a, granit_parser::StrInput<'a>>,
    text: &'a str,
    file: &'a str,
    anchors: HashMap<usize, Node>,
    anchor_names: HashSet<&'a str>,
    duplicates: Vec<(String, Range<usize>)>,
    /// Nodes that aliases may still copy: the guard against aliases of aliases without end.
    budget: usize,
    /// Where a file that has tabs may have them.
    tabs: Option<Tabs>,
    /// The column of the block that is read.
    block: Option<usize>,
    /// Where the parser gave up.
    stopped: Option<usize>,
}

impl<'a> Reader<'a> {
    fn document(&mut self) -> Result<Node, SyntaxError> {
        let mut root = Node::new(Content::Null, 0..0);
        let mut began = false;
        while let Some((event, span)) = self.next()? {
            match event {
                Event::DocumentStart(..) if began => {
                    let message = "expected a single document in the stream, but found another document";
                    return Err(self.fault(message, bytes(&span)));
                }
                Event::DocumentStart(..) => began = true,
                Event::StreamStart | Event::DocumentEnd => {}
                Event::StreamEnd => break,
                event => root = self.node(event, &span)?,
            }
        }
        match self.tabs.as_ref().and_then(|tabs| tabs.refused(self.text)) {
            Some(at) => Err(self.fault("found character '\\t' that cannot start any token", at..at + 1)),
            None => Ok(root),
        }
    }

    fn next(&mut self) -> Result<Option<(Event<'a>, Span)>, SyntaxError> {
        match self.events.next_event() {
            None => Ok(None),
            Some(Ok(event)) => Ok(Some(event)),
            Some(Err(error)) => Err(self.error(&error)),
        }
    }

    fn error(&mut self, error: &ScanError) -> SyntaxError {
        let at = error.marker().byte_offset().unwrap_or(self.text.len());
        self.stopped = Some(at);
        SyntaxError { message: error.info().clone(), place: Place::of(self.file, self.text, at..at + 1) }
    }

    fn fault(&self, message: &str, span: Range<usize>) -> SyntaxError {
        SyntaxError { message: message.to_owned(), place: Place::of(self.file, self.text, span) }
    }

    fn node(&mut self, event: Event<'a>, span: &Span) -> Result<Node, SyntaxError> {
        let range = bytes(span);
        let (content, anchor) = match event {
            Event::Alias(id) => return self.alias(id, range),
            Event::Scalar(mut text, style, anchor, tag) => {
                if let Some(tabs) = &mut self.tabs {
                    tabs.allow_in(&range);
                    if style == ScalarStyle::Plain {
                        tabs.allow_behind(range.end, self.block);
                    }
                }
                if self.ends_within(style, &range) && text.ends_with('\n') {
                    text.to_mut().pop();
                }
                let plain = style == ScalarStyle::Plain;
                let is_day = !plain || !scalar::looks_like_date(&text);
                let content = match self.tag(tag.as_deref(), &range)? {
                    Some("str" | "binary") => Content::Text(text.into_owned()),
                    Some("float") => match scalar::resolve(&text) {
                        #[expect(clippy::cast_precision_loss, reason = "a float was asked for")]
                        Content::Int(number) => Content::Float(number as f64),
                        other => other,
                    },
                    Some(_) => scalar::resolve(&text),
                    None if plain => scalar::resolve(&text),
                    None => Content::Text(text.into_owned()),
                };
                if !is_day && matches!(content, Content::Text(_)) {
                    return Err(self.fault("there is no such day", range));
                }
                (content, anchor)
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.tag(tag.as_deref(), &range)?;
                (self.list(range.start)?, anchor)
            }
            Event::MappingStart(_, anchor, tag) => {
                self.tag(tag.as_deref(), &range)?;
                (self.map(range.start)?, anchor)
            }
            _ => return Err(self.fault("unexpected end of the document", range)),
        };
        if anchor != 0 {
            self.name_anchor(range.start)?;
        }
        let end = self.text.len().min(range.end.max(end_of(&content)));
        let node = Node::new(content, range.start.min(end)..end);
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    /// Notes that a list or mapping begins; what to come back to at its end.
    fn enter(&mut self, start: usize) -> Option<usize> {
        let outer = self.block;
        if self.tabs.is_some() && !self.is_bracket(start) {
            self.block = Some(start - older::start_of_line(self.text, start));
        }
        outer
    }

    fn leave(&mut self, start: usize, end: &Span, outer: Option<usize>) {
        self.block = outer;
        let brackets = self.is_bracket(start).then(|| start..bytes(end).end);
        if let (Some(tabs), Some(range)) = (&mut self.tabs, brackets) {
            tabs.allow_in(&range);
        }
    }

    fn is_bracket(&self, at: usize) -> bool {
        matches!(self.text.as_bytes().get(at), Some(b'[' | b'{'))
    }

    /// Remembers the anchor that stands before a value: Python's reader takes no name twice.
    fn name_anchor(&mut self, before: usize) -> Result<(), SyntaxError> {
        let mut rest = self.text[..before].trim_end();
        loop {
            let word = rest.rsplit(char::is_whitespace).next().unwrap_or_default();
            let start = rest.len() - word.len();
            if word.starts_with('!') {
                rest = rest[..start].trim_end();
                continue;
            }
            let Some(name) = word.strip_prefix('&') else { return Ok(()) };
            if self.anchor_names.insert(name) {
                return Ok(());
            }
            let message = format!("found duplicate anchor `{name}`");
            return Err(self.fault(&message, start..rest.len()));
        }
    }

    /// The name of one of YAML's own tags; an error for any other.
    fn tag(&self, tag: Option<&Tag>, span: &Range<usize>) -> Result<Option<&'static str>, SyntaxError> {
        const KNOWN: [&str; 12] = [
            "null",
            "bool",
            "int",
            "float",
            "binary",
            "timestamp",
            "omap",
            "pairs",
            "set",
            "str",
            "seq",
            "map",
        ];
        let Some(tag) = tag else { return Ok(None) };
        let own = tag.suffix_in_namespace("tag:yaml.org,2002:");
        match own.and_then(|own| KNOWN.iter().find(|name| **name == own)) {
            Some(name) => Ok(Some(name)),
            // `!` alone says that a scalar is what it looks like in quotes.
            None if tag.to_string() == "!" => Ok(Some("str")),
            None => {
                let message = format!("could not determine a constructor for the tag '{tag}'");
                Err(self.fault(&message, span.clone()))
            }
        }
    }

    /// Whether a block of text is the last of a file that has no line break at its end: then neither has the text,
    /// as in Python's reader.
    fn ends_within(&self, style: ScalarStyle, range: &Range<usize>) -> bool {
        let last = self.text.rsplit('\n').next().unwrap_or_default();
        let unfinished = !last.trim().is_empty();
        matches!(style, ScalarStyle::Literal | ScalarStyle::Folded)
            && unfinished
            && range.end >= self.text.len()
    }

    fn alias(&mut self, id: usize, span: Range<usize>) -> Result<Node, SyntaxError> {
        let Some(target) = self.anchors.get(&id).cloned() else {
            return Err(self.fault("found an alias of an anchor that is not finished", span));
        };
        let size = size(&target);
        if size > self.budget {
            return Err(self.fault("aliases expand to too many values", span));
        }
        self.budget -= size;
        Ok(target)
    }

    fn list(&mut self, start: usize) -> Result<Content, SyntaxError> {
        let mut items = Vec::new();
        let outer = self.enter(start);
        while let Some((event, span)) = self.next()? {
            match event {
                Event::SequenceEnd => {
                    self.leave(start, &span, outer);
                    break;
                }
                event => items.push(self.node(event, &span)?),
            }
        }
        Ok(Content::List(items))
    }

    fn map(&mut self, start: usize) -> Result<Content, SyntaxError> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut merged: Vec<Entry> = Vec::new();
        let outer = self.enter(start);
        while let Some((event, span)) = self.next()? {
            if matches!(event, Event::MappingEnd) {
                self.leave(start, &span, outer);
                break;
            }
            let plain = matches!(event, Event::Scalar(_, ScalarStyle::Plain, ..));
            if let Event::Scalar(_, _, anchor, _) = &event {
                let range = bytes(&span);
                let is_empty = plain && range.is_empty() && *anchor == 0;
                if let Some(why) = older::refused_key(self.text, &range, is_empty) {
                    return Err(self.fault(why, range));
                }
            }
            let key = self.node(event, &span)?;
            let Some((event, span)) = self.next()? else { break };
            let value = self.node(event, &span)?;
            let Some(name) = key_text(&key) else {
                return Err(self.fault("while constructing a mapping, found unhashable key", key.span));
            };
            if plain && name == "<<" {
                self.merge(value, &mut merged)?;
                continue;
            }
            let entry = Entry { key: name, span: key.span, value };
            match entries.iter_mut().find(|it| it.key == entry.key) {
                Some(earlier) => {
                    self.duplicates.push((entry.key.clone(), entry.span.clone()));
                    *earlier = entry;
                }
                None => entries.push(entry),
            }
        }
        if !merged.is_empty() {
            merged.retain(|it| !entries.iter().any(|own| own.key == it.key));
            merged.append(&mut entries);
            entries = merged;
        }
        Ok(Content::Map(entries))
    }

    /// `<<`: keys of the mapping, or of the first of several mappings that has each.
    fn merge(&self, value: Node, into: &mut Vec<Entry>) -> Result<(), SyntaxError> {
        match value.content {
            Content::Map(entries) => {
                for entry in entries {
                    if !into.iter().any(|it| it.key == entry.key) {
                        into.push(entry);
                    }
                }
                Ok(())
            }
            Content::List(items) => items.into_iter().try_for_each(|item| self.merge(item, into)),
            _ => Err(self.fault("expected a mapping or list of mappings for merging", value.span)),
        }
    }
}

fn bytes(span: &Span) -> Range<usize> {
    let start = span.start.byte_offset().unwrap_or_default();
    start..span.end.byte_offset().unwrap_or(start).max(start)
}

/// Events of lists and mappings span their first token only: the end is that of the last child.
fn end_of(content: &Content) -> usize {
    match content {
        Content::List(items) => items.last().map_or(0, |item| item.span.end),
        Content::Map(entries) => entries.last().map_or(0, |entry| entry.value.span.end),
        _ => 0,
    }
}

fn size(node: &Node) -> usize {
    1 + node.items().iter().map(size).sum::<usize>()
        + node.entries().iter().map(|entry| size(&entry.value)).sum::<usize>()
}

fn key_text(key: &Node) -> Option<String> {
    Some(match &key.content {
        Content::Text(text) | Content::Date(text) => text.clone(),
        Content::Int(number) => number.to_string(),
        Content::Float(number) => jinja::value::float_repr(*number),
        Content::Bool(flag) => flag.to_string(),
        Content::Null => "null".to_owned(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> String {
        parse("t.yml", text).expect("valid").root.to_json().to_string()
    }

    #[test]
    fn reads_what_dbt_files_hold() {
        assert_eq!(
            json("a: &x {k: 1}\nb:\n  <<: *x\n  l: [yes, 'yes', 1.5]\nc: |\n  t\n"),
            r#"{"a":{"k":1},"b":{"k":1,"l":[true,"yes",1.5]},"c":"t\n"}"#
        );
        assert_eq!(json(""), "null");
        assert_eq!(json("a: |\n  one\n  two"), r#"{"a":"one\ntwo"}"#);
        assert_eq!(json("a: >\n  one\n  two"), r#"{"a":"one two"}"#);
        assert_eq!(json("a:\n  - |\n    one\n  "), r#"{"a":["one\n"]}"#);
        assert_eq!(json("on: 1\n1: 2\n"), r#"{"true":1,"1":2}"#);
    }

    #[test]
    fn the_last_of_two_keys_wins_and_is_reported() {
        let document = parse("t.yml", "a: 1\nb: 2\na: 3\n").expect("valid");
        assert_eq!(document.root.to_json().to_string(), r#"{"a":3,"b":2}"#);
        assert_eq!(document.place(&document.duplicates[0].1).to_string(), "t.yml:3:1");
    }

    #[test]
    fn values_know_their_place() {
        let document =
            parse("t.yml", "models:\n  - name: é\n    config: {materialized: view}\n").expect("valid");
        let model = &document.root.get("models").expect("models").items()[0];
        let config = model.get("config").expect("config");
        let entry = config.entry("materialized").expect("key");
        assert_eq!(document.place(&entry.span).to_string(), "t.yml:3:14");
        assert_eq!(document.place(&entry.value.span).to_string(), "t.yml:3:28");
    }

    #[test]
    fn refuses_what_python_refuses() {
        for (text, want) in [
            ("a: 1\n---\nb: 2\n", "expected a single document in the stream, but found another document"),
            ("a: 1\n\t\nb: 2\n", "found character '\\t' that cannot start any token"),
            ("a:\n\t# c\n  b: 2\n", "found character '\\t' that cannot start any token"),
            ("a: 1\n: 2\n", "did not find expected key"),
            ("{a\n: 1}", "while scanning a simple key, could not find expected ':'"),
            ("a: 1\n...\nb: 2\n", "expected a single document in the stream, but found another document"),
            ("a: !foo b\n", "could not determine a constructor for the tag '!foo'"),
            ("a: 2024-13-45\n", "there is no such day"),
            ("a: &x 1\nb: !!str &x 2\n", "found duplicate anchor `x`"),
            ("a: &x\n  k: 1\nb: &x\n  k: 1\n", "found duplicate anchor `x`"),
        ] {
            assert_eq!(parse("t.yml", text).expect_err("refused").message, want);
        }
        assert_eq!(json("---\na: !!str 5\nb: !!float 3\nc: !!int '7'\n..."), r#"{"a":"5","b":3.0,"c":7}"#);
        assert_eq!(json("a: '2024-13-45'\n"), r#"{"a":"2024-13-45"}"#);
    }

    #[test]
    fn takes_what_python_takes() {
        for (text, want) in [
            ("a: {b: 1}#x\nc: [d]#y\ne: 'f'#z\n", r#"{"a":{"b":1},"c":["d"],"e":"f"}"#),
            ("a: x\u{85}b: 2\n", r#"{"a":"x","b":2}"#),
            ("a: !!binary aGk=\nb: !!set {c}\n", r#"{"a":"aGk=","b":{"c":null}}"#),
            ("a: b\n  \t\n \t#c\n", r#"{"a":"b"}"#),
            ("a: |\n  b\n  \tc\nd: \"e\n\tf\"\n\t", r#"{"a":"b\n\tc\n","d":"e f"}"#),
            ("? a\n: b\n?\n: c\n", r#"{"a":"b","null":"c"}"#),
            ("a: &\u{a0}b 1\nc: {d\n e, f: 1}", r#"{"a":1,"c":{"d e":null,"f":1}}"#),
        ] {
            assert_eq!(json(text), want);
        }
    }

    #[test]
    fn errors_have_a_place() {
        let error = parse("t.yml", "a: 1\nb: [1, 2\n").expect_err("broken");
        assert!(error.place.line >= 2, "{:?}", error.place);
        assert!(parse("t.yml", "a: {{ x }}\n").is_err());
    }
}
