//! Which form a value must have: the part of JSON Schema by which dbt checks its files, and its words for what
//! doesn't hold (<https://schemas.getdbt.com>).

use crate::python;
use crate::yaml::{Content, Node};
use serde_json::Value;
use std::fmt::Write as _;

/// The form of a value.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// Whatever it is.
    Any,
    /// Nothing.
    Null,
    /// `true` or `false`.
    Boolean,
    /// Text.
    Text,
    /// A whole number.
    Integer,
    /// Any number.
    Number,
    /// One of some texts.
    OneOf(&'static [&'static str]),
    /// A text that a function accepts, and the pattern that messages name.
    Matching(fn(&str) -> bool, &'static str),
    /// A list whose items have one form.
    List(&'static Shape),
    /// A mapping with any keys and values.
    Mapping,
    /// A mapping with known keys.
    Object(&'static Object),
    /// One of several forms.
    Either(&'static [Shape]),
}

/// A mapping with known keys.
#[derive(Clone, Copy, Debug)]
pub struct Object {
    /// The form that this one adds keys to.
    pub base: Option<&'static Object>,
    /// Keys that must be there.
    pub required: &'static [&'static str],
    /// Keys, and the form of their values.
    pub fields: &'static [(&'static str, Shape)],
    /// Whether other keys may stand beside them.
    pub open: bool,
}

/// Text, or nothing.
pub const TEXT_OR_NULL: Shape = Shape::Either(&[Shape::Text, Shape::Null]);
/// A boolean, or nothing.
pub const BOOLEAN_OR_NULL: Shape = Shape::Either(&[Shape::Boolean, Shape::Null]);
/// A whole number, or nothing.
pub const INTEGER_OR_NULL: Shape = Shape::Either(&[Shape::Integer, Shape::Null]);
/// Texts.
pub const TEXTS: Shape = Shape::List(&Shape::Text);
/// One text or a list of them.
pub const TEXT_OR_TEXTS: Shape = Shape::Either(&[TEXTS, Shape::Text]);
/// One text, a list of them, or nothing.
pub const TEXT_OR_TEXTS_OR_NULL: Shape = Shape::Either(&[Shape::Text, TEXTS, Shape::Null]);

/// What doesn't hold.
#[derive(Debug)]
pub struct Fault<'d, D> {
    /// Where in the value: `['columns'][0]['name']`, or `[]` for all of it.
    pub path: String,
    /// Why, as JSON Schema says it.
    pub why: String,
    /// The value there.
    pub at: &'d D,
    /// The key that is not known there, with those that are.
    pub unexpected: Option<(&'d str, &'static [(&'static str, Shape)])>,
}

/// What is checked: YAML that knows its place, or JSON.
pub trait Data: Sized {
    /// What it is.
    fn kind(&self) -> DataKind<'_>;
    /// Its items; none where it is no list.
    fn items(&self) -> &[Self];
    /// Its keys and values; none where it is no mapping.
    fn fields(&self) -> impl Iterator<Item = (&str, &Self)>;
    /// As JSON, for messages.
    fn json(&self) -> Value;
}

/// The kinds of values.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum DataKind<'d> {
    Null,
    Boolean,
    Integer,
    Number,
    Text(&'d str),
    Date,
    List,
    Mapping,
    Undefined,
}

impl Data for Node {
    fn kind(&self) -> DataKind<'_> {
        match &self.content {
            Content::Null => DataKind::Null,
            Content::Bool(_) => DataKind::Boolean,
            Content::Int(_) => DataKind::Integer,
            Content::Float(number) if number.fract() == 0.0 => DataKind::Integer,
            Content::Float(_) => DataKind::Number,
            Content::Date(_) => DataKind::Date,
            Content::Text(text) => DataKind::Text(text),
            Content::List(_) => DataKind::List,
            Content::Map(_) => DataKind::Mapping,
            Content::Undefined => DataKind::Undefined,
        }
    }

    fn items(&self) -> &[Self] {
        Node::items(self)
    }

    fn fields(&self) -> impl Iterator<Item = (&str, &Self)> {
        self.entries().iter().map(|entry| (entry.key.as_str(), &entry.value))
    }

    fn json(&self) -> Value {
        self.to_json()
    }
}

impl Data for Value {
    fn kind(&self) -> DataKind<'_> {
        match self {
            Value::Null => DataKind::Null,
            Value::Bool(_) => DataKind::Boolean,
            Value::Number(number) if number.as_f64().is_some_and(|it| it.fract() == 0.0) => DataKind::Integer,
            Value::Number(_) => DataKind::Number,
            Value::String(text) => DataKind::Text(text),
            Value::Array(_) => DataKind::List,
            Value::Object(_) => DataKind::Mapping,
        }
    }

    fn items(&self) -> &[Self] {
        self.as_array().map(Vec::as_slice).unwrap_or_default()
    }

    fn fields(&self) -> impl Iterator<Item = (&str, &Self)> {
        self.as_object().into_iter().flatten().map(|(key, value)| (key.as_str(), value))
    }

    fn json(&self) -> Value {
        self.clone()
    }
}

impl Shape {
    /// The first thing that doesn't hold.
    ///
    /// # Errors
    /// Where it stands, and why it doesn't hold.
    pub fn check<'d, D: Data>(&self, data: &'d D) -> Result<(), Fault<'d, D>> {
        self.check_at(data, &Path::Whole)
    }

    /// The same for a value that stands under a key of something else.
    ///
    /// # Errors
    /// As [`Shape::check`].
    pub fn check_key<'d, D: Data>(&self, key: &str, data: &'d D) -> Result<(), Fault<'d, D>> {
        self.check_at(data, &Path::Key(&Path::Whole, key))
    }

    fn check_at<'d, D: Data>(&self, data: &'d D, path: &Path<'_>) -> Result<(), Fault<'d, D>> {
        let kind = data.kind();
        let fits = match self {
            Self::Any => true,
            Self::Null => kind == DataKind::Null,
            Self::Boolean => kind == DataKind::Boolean,
            Self::Text => matches!(kind, DataKind::Text(_)),
            Self::Integer => kind == DataKind::Integer,
            Self::Number => matches!(kind, DataKind::Integer | DataKind::Number),
            Self::OneOf(texts) => matches!(kind, DataKind::Text(text) if texts.contains(&text)),
            Self::Matching(accepts, _) => match kind {
                DataKind::Text(text) => accepts(text),
                _ => return Err(fault(data, path, format!("{} is not of type 'string'", shown(data)))),
            },
            Self::List(_) => kind == DataKind::List,
            Self::Mapping | Self::Object(_) => kind == DataKind::Mapping,
            Self::Either(shapes) => shapes.iter().any(|shape| shape.check_at(data, path).is_ok()),
        };
        if !fits {
            return Err(fault(data, path, format!("{} {}", shown(data), self.refusal())));
        }
        match self {
            Self::List(shape) => {
                let items = data.items().iter().enumerate();
                items.into_iter().try_for_each(|(index, it)| shape.check_at(it, &Path::Item(path, index)))
            }
            Self::Object(object) => object.check_at(data, path),
            _ => Ok(()),
        }
    }

    /// Why a value of another kind is refused, to be read after the value.
    pub fn refusal(&self) -> String {
        match self {
            Self::Any => String::new(),
            Self::Null => "is not of type 'null'".to_owned(),
            Self::Boolean => "is not of type 'boolean'".to_owned(),
            Self::Text => "is not of type 'string'".to_owned(),
            Self::Integer => "is not of type 'integer'".to_owned(),
            Self::Number => "is not of type 'number'".to_owned(),
            Self::OneOf(texts) => {
                let texts: Vec<String> = texts.iter().map(|text| format!("'{text}'")).collect();
                format!("is not one of [{}]", texts.join(", "))
            }
            Self::Matching(_, pattern) => format!("does not match '{pattern}'"),
            Self::List(_) => "is not of type 'array'".to_owned(),
            Self::Mapping | Self::Object(_) => "is not of type 'object'".to_owned(),
            Self::Either(_) => "is not valid under any of the given schemas".to_owned(),
        }
    }
}

impl Object {
    /// The first thing that doesn't hold.
    ///
    /// # Errors
    /// Where it stands, and why it doesn't hold.
    pub fn check<'d, D: Data>(&'static self, data: &'d D) -> Result<(), Fault<'d, D>> {
        Shape::Object(self).check(data)
    }

    fn check_at<'d, D: Data>(&'static self, data: &'d D, path: &Path<'_>) -> Result<(), Fault<'d, D>> {
        for (key, value) in data.fields() {
            match self.field(key) {
                Some(shape) => shape.check_at(value, &Path::Key(path, key))?,
                None if self.open => {}
                None => {
                    let why = format!("Additional properties are not allowed ('{key}' was unexpected)");
                    return Err(Fault { unexpected: Some((key, self.fields)), ..fault(data, path, why) });
                }
            }
        }
        let missing = self.all_required().find(|key| !data.fields().any(|(it, _)| it == *key));
        match missing {
            Some(key) => Err(fault(data, path, format!("'{key}' is a required property"))),
            None => Ok(()),
        }
    }
}

impl Object {
    fn field(&'static self, key: &str) -> Option<&'static Shape> {
        let own = self.fields.iter().find(|(known, _)| *known == key).map(|(_, shape)| shape);
        own.or_else(|| self.base?.field(key))
    }

    fn all_required(&self) -> impl Iterator<Item = &'static str> {
        std::iter::successors(Some(self), |object| object.base)
            .flat_map(|object| object.required.iter().copied())
    }
}

/// Where a value stands, written out only where something doesn't hold.
enum Path<'p> {
    Whole,
    Key(&'p Path<'p>, &'p str),
    Item(&'p Path<'p>, usize),
}

impl Path<'_> {
    fn write(&self, out: &mut String) {
        // Writing to a text can't fail.
        match self {
            Self::Whole => {}
            Self::Key(outer, key) => {
                outer.write(out);
                let _ = write!(out, "['{key}']");
            }
            Self::Item(outer, index) => {
                outer.write(out);
                let _ = write!(out, "[{index}]");
            }
        }
    }
}

fn fault<'d, D>(at: &'d D, path: &Path<'_>, why: String) -> Fault<'d, D> {
    let mut written = String::new();
    path.write(&mut written);
    let path = if written.is_empty() { "[]".to_owned() } else { written };
    Fault { path, why, at, unexpected: None }
}

fn shown(data: &impl Data) -> String {
    match data.kind() {
        DataKind::Undefined => "Undefined".to_owned(),
        _ => python::repr(&data.json()),
    }
}
