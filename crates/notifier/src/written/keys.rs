//! A mapping read key by key: what is left over was unknown.

use super::{Tree, Written, error};
use platform_core::diagnostic::nearest;
use platform_core::{Diagnostic, Place};
use std::collections::BTreeSet;
use std::str::FromStr;

/// Reads a mapping and collects what is wrong with it.
pub(crate) struct Keys<'a> {
    what: String,
    written: &'a Written,
    asked: BTreeSet<&'static str>,
    pub problems: &'a mut Vec<Diagnostic>,
}

impl<'a> Keys<'a> {
    /// Begins to read `written` as the mapping `what` (`channel `ops_email``).
    pub fn of(what: impl Into<String>, written: &'a Written, problems: &'a mut Vec<Diagnostic>) -> Self {
        let keys = Self { what: what.into(), written, asked: BTreeSet::new(), problems };
        if !matches!(written.value, Tree::Map(_) | Tree::Null) {
            let message = format!("{} must be a mapping, it is {}", keys.what, written.kind());
            keys.problems.push(error("A003", written.place.as_ref(), message));
        }
        keys
    }

    /// Where the mapping stands.
    pub fn place(&self) -> Option<&'a Place> {
        self.written.place.as_ref()
    }

    /// The value under `key`, unless missing or null.
    pub fn get(&mut self, key: &'static str) -> Option<&'a Written> {
        self.asked.insert(key);
        self.written.get(key).filter(|value| !matches!(value.value, Tree::Null))
    }

    /// Notes a problem with the value under `key`.
    pub fn wrong(&mut self, key: &str, message: impl std::fmt::Display) {
        let place = self.written.get(key).and_then(|value| value.place.as_ref()).or(self.place());
        let message = format!("`{key}` of {}: {message}", self.what);
        self.problems.push(error("A003", place, message));
    }

    /// A text.
    pub fn text(&mut self, key: &'static str) -> Option<String> {
        let value = self.get(key)?;
        let text = value.as_text();
        if text.is_none() {
            self.wrong(key, format_args!("must be a text, it is {}", value.kind()));
        }
        text
    }

    /// A text that must be there.
    pub fn required(&mut self, key: &'static str) -> Option<String> {
        if self.get(key).is_none() {
            let message = format!("{} needs the key `{key}`", self.what);
            let problem = error("A004", self.place(), message);
            self.problems.push(problem);
        }
        self.text(key)
    }

    /// A value of a type that reads itself from text.
    pub fn parsed<T: FromStr>(&mut self, key: &'static str) -> Option<T>
    where
        T::Err: std::fmt::Display,
    {
        let text = self.text(key)?;
        text.parse().map_err(|problem| self.wrong(key, problem)).ok()
    }

    /// A value of a type that reads itself from text and must be what was written, to the last digit.
    pub fn exact<T: FromStr>(&mut self, key: &'static str) -> Option<T>
    where
        T::Err: std::fmt::Display,
    {
        if let Some(Written { value: Tree::Rounded(text), .. }) = self.get(key) {
            self.wrong(key, not_exact(text));
            return None;
        }
        self.parsed(key)
    }

    /// A boolean.
    pub fn boolean(&mut self, key: &'static str) -> Option<bool> {
        let value = self.get(key)?;
        match &value.value {
            Tree::Bool(value) => Some(*value),
            _ => {
                self.wrong(key, format_args!("must be true or false, it is {}", value.kind()));
                None
            }
        }
    }

    /// A list of texts; a lone text counts as a list of one.
    pub fn texts(&mut self, key: &'static str) -> Option<Vec<String>> {
        let value = self.get(key)?;
        let texts = match &value.value {
            Tree::List(items) => items.iter().map(Written::as_text).collect(),
            _ => value.as_text().map(|text| vec![text]),
        };
        if texts.is_none() {
            self.wrong(key, "must be a text or a list of texts");
        }
        texts
    }

    /// A mapping below.
    pub fn keys(&mut self, key: &'static str) -> Option<Keys<'_>> {
        let value = self.get(key)?;
        Some(Keys::of(format!("`{key}` of {}", self.what), value, self.problems))
    }

    /// Ends: whatever was not asked for is unknown.
    pub fn finish(self) {
        let Tree::Map(map) = &self.written.value else { return };
        for (key, entry) in map {
            if self.asked.contains(key.as_str()) {
                continue;
            }
            let place = entry.key.as_ref().or(self.written.place.as_ref());
            let problem = error("A001", place, format!("unknown key `{key}` in {}", self.what));
            self.problems.push(problem.hint(suggestion(key, &self.asked)));
        }
    }
}

/// Why a number that was a binary fraction on its way here is refused where its digits matter.
pub(crate) fn not_exact(text: &str) -> String {
    format!("write it in quotes, such as \"{text}\": without them its digits are rounded on their way here")
}

/// "did you mean", or all keys there are.
fn suggestion(key: &str, known: &BTreeSet<&'static str>) -> String {
    match nearest(key, known.iter().copied()).first() {
        Some(best) => format!("did you mean `{best}`?"),
        None => format!("known keys: {}", known.iter().copied().collect::<Vec<_>>().join(", ")),
    }
}
