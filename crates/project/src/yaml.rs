//! YAML as dbt reads it: YAML 1.1 scalars, merge keys, the last of duplicate keys wins; every value and key
//! knows its place.

mod older;
mod reader;
pub mod scalar;
pub mod value;
pub mod writer;
mod writing;

pub use reader::{Document, SyntaxError, parse};
pub use value::value_of;
pub use writer::{dump, dump_value};

use platform_core::Diagnostic;
use serde_json::{Map, Number, Value};
use std::ops::Range;

/// A value and the bytes it stands at.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// What it is.
    pub content: Content,
    /// Bytes of the file's text.
    pub span: Range<usize>,
}

/// What a YAML value is.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// `null`, `~`, nothing.
    Null,
    /// `true`, `yes`, `on`, …
    Bool(bool),
    /// An integer.
    Int(i128),
    /// A number with a point.
    Float(f64),
    /// A date or a timestamp, in ISO form.
    Date(String),
    /// Text.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// A mapping.
    Map(Vec<Entry>),
    /// What a template gave that isn't there, such as a misspelt name: no file says it by itself.
    Undefined,
}

/// One key of a mapping with its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The key; numbers, booleans and null under their JSON names.
    pub key: String,
    /// Where the key stands.
    pub span: Range<usize>,
    /// The value.
    pub value: Node,
}

impl Node {
    /// A value that stands at no place of its own.
    pub fn new(content: Content, span: Range<usize>) -> Self {
        Self { content, span }
    }

    /// The value under a key of a mapping; `None` too where it is null.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.value).filter(|node| !node.is_null())
    }

    /// The value under a key of a mapping, to be changed.
    pub fn value_mut(&mut self, key: &str) -> Option<&mut Node> {
        let Content::Map(entries) = &mut self.content else { return None };
        entries.iter_mut().find(|entry| entry.key == key).map(|entry| &mut entry.value)
    }

    /// The entry of a key of a mapping, null or not.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.key == key)
    }

    /// The entries of a mapping; none for anything else.
    pub fn entries(&self) -> &[Entry] {
        match &self.content {
            Content::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a list; none for anything else.
    pub fn items(&self) -> &[Node] {
        match &self.content {
            Content::List(items) => items,
            _ => &[],
        }
    }

    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        matches!(self.content, Content::Null)
    }

    /// Whether it is a mapping.
    pub fn is_map(&self) -> bool {
        matches!(self.content, Content::Map(_))
    }

    /// Whether it is a list.
    pub fn is_list(&self) -> bool {
        matches!(self.content, Content::List(_))
    }

    /// The text of a text.
    pub fn text(&self) -> Option<&str> {
        match &self.content {
            Content::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The text of any scalar, numbers and booleans as Python prints them.
    pub fn scalar_text(&self) -> Option<String> {
        Some(match &self.content {
            Content::Text(text) | Content::Date(text) => text.clone(),
            Content::Int(number) => number.to_string(),
            Content::Float(number) => jinja::value::float_repr(*number),
            Content::Bool(flag) => if *flag { "True" } else { "False" }.to_owned(),
            _ => return None,
        })
    }

    /// A boolean; also one written as text.
    pub fn boolean(&self) -> Option<bool> {
        match &self.content {
            Content::Bool(flag) => Some(*flag),
            Content::Text(text) => scalar::boolean(text),
            _ => None,
        }
    }

    /// The text under a key.
    pub fn text_of(&self, key: &str) -> Option<&str> {
        self.get(key)?.text()
    }

    /// What Python calls the type, for messages.
    pub fn type_name(&self) -> &'static str {
        match self.content {
            Content::Null => "None",
            Content::Bool(_) => "bool",
            Content::Int(_) => "int",
            Content::Float(_) => "float",
            Content::Date(_) => "date",
            Content::Text(_) => "str",
            Content::List(_) => "list",
            Content::Map(_) => "dict",
            Content::Undefined => "Undefined",
        }
    }

    /// The first value in it, or itself, that a template gave and that isn't there.
    pub fn undefined(&self) -> Option<&Node> {
        match &self.content {
            Content::Undefined => Some(self),
            Content::List(items) => items.iter().find_map(Node::undefined),
            Content::Map(entries) => entries.iter().find_map(|entry| entry.value.undefined()),
            _ => None,
        }
    }

    /// The same value as JSON; dates are text.
    pub fn to_json(&self) -> Value {
        match &self.content {
            Content::Null | Content::Undefined => Value::Null,
            Content::Bool(flag) => Value::Bool(*flag),
            Content::Int(number) => i64::try_from(*number)
                .map(Number::from)
                .or_else(|_| u64::try_from(*number).map(Number::from))
                .map_or_else(|_| json_float(*number), Value::Number),
            Content::Float(number) => Number::from_f64(*number).map_or(Value::Null, Value::Number),
            Content::Date(text) | Content::Text(text) => Value::String(text.clone()),
            Content::List(items) => Value::Array(items.iter().map(Node::to_json).collect()),
            Content::Map(entries) => Value::Object(to_map(entries)),
        }
    }

    /// The mapping as JSON; empty for anything else.
    pub fn to_json_map(&self) -> Map<String, Value> {
        to_map(self.entries())
    }

    /// The value of a JSON value, all of it standing at `span`.
    pub fn of_json(json: &Value, span: &Range<usize>) -> Self {
        let content = match json {
            Value::Null => Content::Null,
            Value::Bool(flag) => Content::Bool(*flag),
            Value::Number(number) => number
                .as_i128()
                .map_or_else(|| Content::Float(number.as_f64().unwrap_or_default()), Content::Int),
            Value::String(text) => Content::Text(text.clone()),
            Value::Array(items) => {
                Content::List(items.iter().map(|item| Self::of_json(item, span)).collect())
            }
            Value::Object(map) => Content::Map(
                map.iter()
                    .map(|(key, value)| Entry {
                        key: key.clone(),
                        span: span.clone(),
                        value: Self::of_json(value, span),
                    })
                    .collect(),
            ),
        };
        Self { content, span: span.clone() }
    }
}

#[expect(clippy::cast_precision_loss, reason = "what exceeds 64 bits is kept as near as JSON can")]
fn json_float(number: i128) -> Value {
    Number::from_f64(number as f64).map_or(Value::Null, Value::Number)
}

fn to_map(entries: &[Entry]) -> Map<String, Value> {
    entries.iter().map(|entry| (entry.key.clone(), entry.value.to_json())).collect()
}

/// The diagnostic of a text that is no YAML, in dbt's words.
pub fn diagnostic(error: &SyntaxError) -> Diagnostic {
    let message = format!(
        "Syntax error near line {}\n------------------------------\n{}\n\nRaw Error:\n------------------------------\n{}",
        error.place.line, error.place.snippet, error.message
    );
    diagnostic_of(error, message)
}

/// The diagnostic of a text that is no YAML, without a word of it: it could be a password's.
pub fn diagnostic_of_secrets(error: &SyntaxError) -> Diagnostic {
    let unquoted = error.message.split(['\'', '`']).next().unwrap_or_default().trim_end();
    let message = format!("Syntax error near line {}: {unquoted}", error.place.line);
    diagnostic_of(error, message).without_snippet()
}

fn diagnostic_of(error: &SyntaxError, message: String) -> Diagnostic {
    let diagnostic =
        Diagnostic::error(crate::code::YAML, message).event("DbtValidationError").at(error.place.clone());
    if error.place.snippet.contains("{{") {
        return diagnostic.hint("put quotes around a value that begins with `{{`");
    }
    if error.place.snippet.contains('\t') {
        return diagnostic.hint("indent with spaces: YAML allows no tabs there");
    }
    diagnostic
}
