//! Errors of Jinja → diagnostics with a place, a snippet, and the macros in between.

use crate::code;
use crate::context::raised::{Kind, Raised};
use platform_core::{Diagnostic, Place};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

/// Texts of template files by the path that messages name.
#[derive(Debug, Default)]
pub struct Texts(RwLock<HashMap<Arc<str>, Text>>);

#[derive(Clone, Debug)]
struct Text {
    text: Arc<str>,
    /// Lines of the file before the text begins.
    skipped: u32,
}

impl Texts {
    /// Keeps a file's text; `skipped` lines of the file stand before it.
    pub fn add(&self, path: Arc<str>, text: Arc<str>, skipped: u32) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(path, Text { text, skipped });
    }

    /// A place of Jinja as a place in the user's file.
    pub fn place(&self, place: &jinja::Place) -> Place {
        let texts = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let Some(found) = texts.get(&place.file) else {
            return Place { line: place.line, column: place.column, ..Place::file(place.file.as_ref()) };
        };
        let of = Place::of(place.file.as_ref(), &found.text, place.range.clone());
        Place { line: of.line + found.skipped, ..of }
    }

    /// The place of a span of bytes.
    pub fn span(&self, path: &str, range: std::ops::Range<usize>) -> Place {
        let texts = self.0.read().unwrap_or_else(PoisonError::into_inner);
        match texts.get(path) {
            Some(found) => {
                let of = Place::of(path, &found.text, range);
                Place { line: of.line + found.skipped, ..of }
            }
            None => Place::file(path),
        }
    }

    /// The first place of a file that has a name in quotes; the whole file where none has.
    pub fn named(&self, path: &str, name: &str) -> Place {
        let texts = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let Some(found) = texts.get(path) else { return Place::file(path) };
        let quoted = |at: &usize| {
            let before = found.text[..*at].chars().next_back();
            let after = found.text[at + name.len()..].chars().next();
            before == after && matches!(before, Some('\'' | '"'))
        };
        match found.text.match_indices(name).map(|(at, _)| at).find(quoted) {
            Some(at) => {
                let of = Place::of(path, &found.text, at..at + name.len());
                Place { line: of.line + found.skipped, ..of }
            }
            None => Place::file(path),
        }
    }

    /// The first place of a file that has these letters outside of comments; `None` where none has.
    pub fn words(&self, path: &str, words: &str) -> Option<Place> {
        let texts = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let found = texts.get(path)?;
        let is_commented = |at: usize| {
            let before = &found.text[..at];
            before.rfind("{#").is_some_and(|start| !before[start..].contains("#}"))
        };
        let at = found.text.match_indices(words).map(|(at, _)| at).find(|at| !is_commented(*at))?;
        let of = Place::of(path, &found.text, at..at + words.len());
        Some(Place { line: of.line + found.skipped, ..of })
    }

    /// The place of `key=…` or `'key': …` in a template.
    pub fn argument(&self, path: &str, key: &str) -> Option<Place> {
        let texts = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let found = texts.get(path).filter(|_| !key.is_empty())?;
        let of = Place::of(path, &found.text, argument(&found.text, key)?);
        Some(Place { line: of.line + found.skipped, ..of })
    }

    /// The place of a tag that begins with these words: `{% docs orders %}`.
    pub fn tag(&self, path: &str, words: &[&str; 2]) -> Place {
        let texts = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let Some(found) = texts.get(path) else { return Place::file(path) };
        let text = &found.text;
        let is_tag = |(at, first): (usize, &str)| {
            let rest = text[at + first.len()..].trim_start();
            let ends = rest
                .strip_prefix(words[1])?
                .starts_with(|it: char| it.is_whitespace() || matches!(it, '-' | '%' | '('));
            ends.then(|| at..text.len() - rest.len() + words[1].len())
        };
        match text.match_indices(words[0]).find_map(is_tag) {
            Some(range) => {
                let of = Place::of(path, text, range);
                Place { line: of.line + found.skipped, ..of }
            }
            None => Place::file(path),
        }
    }

    /// The place of an entry of a properties file: `name: a`, and below it `name: b`, …
    pub fn entry(&self, path: &str, names: &[&str]) -> Place {
        let texts = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let Some(found) = texts.get(path) else { return Place::file(path) };
        let mut from = 0;
        let mut place = Place::file(path);
        for name in names {
            let Some((at, length)) = named_entry(&found.text[from..], name) else { break };
            let start = from + at;
            let of = Place::of(path, &found.text, start..start + length);
            place = Place { line: of.line + found.skipped, ..of };
            from = start + length;
        }
        place
    }

    /// The diagnostic of an error of Jinja.
    pub fn diagnostic(&self, error: &jinja::Error) -> Diagnostic {
        let (event, message) = match Raised::of(error) {
            Some(raised) => (raised.kind.event(), raised.message.clone()),
            None => (Kind::Compilation.event(), error.message().to_owned()),
        };
        let mut diagnostic = Diagnostic::error(code::JINJA, message).event(event);
        diagnostic.place = error.place().map(|place| self.place(place));
        diagnostic.stack = error
            .stack()
            .iter()
            .rev()
            .map(|frame| (frame.name.to_string(), self.place(&frame.place)))
            .collect();
        if diagnostic.message.starts_with("unexpected '}'") {
            diagnostic.hint = Some("`{{` is closed by `}}`, `{%` by `%}`".to_owned());
        }
        if error.kind() == jinja::ErrorKind::Undefined {
            diagnostic.hint = Some(
                "a macro of another package needs its package's name before it; is the package in packages.yml?"
                    .to_owned(),
            );
        }
        diagnostic
    }
}

/// Where a text has `name: NAME`, quoted or not: the name's start and length.
fn named_entry(text: &str, name: &str) -> Option<(usize, usize)> {
    text.match_indices("name:").find_map(|(at, key)| {
        let after = at + key.len();
        let value = text[after..].trim_start_matches([' ', '"', '\'']);
        let start = text.len() - value.len();
        let ends =
            value.strip_prefix(name)?.chars().next().is_none_or(|it| !it.is_alphanumeric() && it != '_');
        ends.then_some((start, name.len()))
    })
}

/// `key` of `key=…` or `'key': …` in a template.
fn argument(text: &str, key: &str) -> Option<std::ops::Range<usize>> {
    let is_key = |at: &usize| {
        let before = text[..*at].chars().next_back();
        let after = text[at + key.len()..].trim_start_matches(['\'', '"']).trim_start();
        before.is_none_or(|it| !it.is_alphanumeric() && it != '_') && after.starts_with(['=', ':'])
    };
    let at = text.match_indices(key).map(|(at, _)| at).find(is_key)?;
    Some(at..at + key.len())
}
