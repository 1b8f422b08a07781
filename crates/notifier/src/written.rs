//! Settings as people wrote them: a tree of values with places, read key by key.
//!
//! Both `alerts.yml` and the rule under an exposure's `config.meta.alert` are read through [`Keys`], so
//! that an unknown key, a missing one or a wrong value is told in the same words, with its place.

mod keys;
mod yaml;

pub(crate) use keys::{Keys, not_exact};
pub(crate) use yaml::read_yaml;

use indexmap::IndexMap;
use platform_core::{Diagnostic, Place};
use serde_json::Value;

/// A value and where it stands.
#[derive(Clone, Debug, Default)]
pub(crate) struct Written {
    pub place: Option<Place>,
    pub value: Tree,
}

/// What was written.
#[derive(Clone, Debug, Default)]
pub(crate) enum Tree {
    #[default]
    Null,
    Bool(bool),
    /// A number as it was written, digit by digit.
    Number(String),
    /// A number that was a binary fraction on its way here: the shortest spelling that gives the same one,
    /// which need not be what was written.
    Rounded(String),
    Text(String),
    List(Vec<Written>),
    Map(IndexMap<String, Entry>),
}

/// A value in a mapping, with the place of its key.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub key: Option<Place>,
    pub value: Written,
}

impl Written {
    /// A value of the manifest: without places.
    pub fn from_json(json: &Value) -> Self {
        let value = match json {
            Value::Null => Tree::Null,
            Value::Bool(value) => Tree::Bool(*value),
            Value::Number(number) if number.is_f64() => Tree::Rounded(number.to_string()),
            Value::Number(number) => Tree::Number(number.to_string()),
            Value::String(text) => Tree::Text(text.clone()),
            Value::Array(items) => Tree::List(items.iter().map(Self::from_json).collect()),
            Value::Object(map) => Tree::Map(
                map.iter()
                    .map(|(key, value)| (key.clone(), Entry { key: None, value: Self::from_json(value) }))
                    .collect(),
            ),
        };
        Self { place: None, value }
    }

    /// Takes over the places of the same tree as it stands in a file, and the digits of its numbers.
    pub fn adopt_places(&mut self, file: &Written) {
        self.place.clone_from(&file.place);
        match (&mut self.value, &file.value) {
            (Tree::List(items), Tree::List(others)) => {
                for (item, other) in items.iter_mut().zip(others) {
                    item.adopt_places(other);
                }
            }
            (Tree::Map(map), Tree::Map(others)) => {
                for (key, entry) in map {
                    if let Some(other) = others.get(key) {
                        entry.key.clone_from(&other.key);
                        entry.value.adopt_places(&other.value);
                    }
                }
            }
            (Tree::Rounded(rounded), Tree::Number(number)) if rounded.parse::<f64>() == number.parse() => {
                self.value = Tree::Number(number.clone());
            }
            _ => {}
        }
    }

    /// The value under a key of a mapping.
    pub fn get(&self, key: &str) -> Option<&Written> {
        match &self.value {
            Tree::Map(map) => map.get(key).map(|entry| &entry.value),
            _ => None,
        }
    }

    /// The elements of a list.
    pub fn items(&self) -> &[Written] {
        match &self.value {
            Tree::List(items) => items,
            _ => &[],
        }
    }

    /// A text, number or boolean as text.
    pub fn as_text(&self) -> Option<String> {
        match &self.value {
            Tree::Text(text) | Tree::Number(text) | Tree::Rounded(text) => Some(text.clone()),
            Tree::Bool(value) => Some(value.to_string()),
            _ => None,
        }
    }

    /// What it is, for messages.
    pub fn kind(&self) -> &'static str {
        match &self.value {
            Tree::Null => "nothing",
            Tree::Bool(_) => "a boolean",
            Tree::Number(_) | Tree::Rounded(_) => "a number",
            Tree::Text(_) => "a text",
            Tree::List(_) => "a list",
            Tree::Map(_) => "a mapping",
        }
    }
}

/// An error at a place, where one is known.
pub(crate) fn error(code: &str, place: Option<&Place>, message: impl Into<String>) -> Diagnostic {
    let diagnostic = Diagnostic::error(code, message);
    match place {
        Some(place) => diagnostic.at(place.clone()),
        None => diagnostic,
    }
}
