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
        if error.kind() == jinja::ErrorKind::Undefined {
            diagnostic.hint = Some(
                "a macro of another package needs its package's name before it; is the package in packages.yml?"
                    .to_owned(),
            );
        }
        diagnostic
    }
}
