//! Python's `json.dumps`, and values from JSON.

mod read;

pub use read::loads;

use std::fmt::Write as _;

use indexmap::IndexMap;
use minijinja::Value;
use minijinja::value::{DynObject, ObjectRepr};

use super::Result;
use super::dict::Dict;
use super::kind::{Kind, type_name};
use super::list::List;
use super::number::{float_repr, int};
use super::sort::sort_by;
use super::text::to_str;
use crate::error::{Error, ErrorKind};

/// How [`dumps`] lays its text out.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    /// One level of indentation; none for one line.
    pub indent: Option<String>,
    /// Keys in alphabetical order.
    pub sort_keys: bool,
}

/// How deep a value may nest.
const DEPTH: usize = 200;

/// Python's `json.dumps(value)`: `, ` and `: ` as separators, all but ASCII escaped.
///
/// An error for a value that JSON has no form for, with Python's message.
pub fn dumps(value: &Value, layout: &Layout) -> Result<String> {
    let mut out = String::new();
    write(value, layout, 0, &mut out)?;
    Ok(out)
}

fn write(value: &Value, layout: &Layout, depth: usize, out: &mut String) -> Result<()> {
    if depth > DEPTH {
        return Err(Error::new(ErrorKind::Value, "Circular reference detected"));
    }
    match Kind::of(value) {
        Kind::None => out.push_str("null"),
        Kind::Bool(it) => out.push_str(if it { "true" } else { "false" }),
        Kind::Int(_) | Kind::Wide(_) => {
            let _ = write!(out, "{value}");
        }
        Kind::Float(it) => out.push_str(&match float_repr(it).as_str() {
            "nan" => "NaN".to_owned(),
            "inf" => "Infinity".to_owned(),
            "-inf" => "-Infinity".to_owned(),
            other => other.to_owned(),
        }),
        Kind::Str(text) => write_text(text, out),
        Kind::List(list) => array(&list.items(), layout, depth, out)?,
        Kind::Tuple(tuple) => array(tuple, layout, depth, out)?,
        Kind::Dict(dict) => object(dict.pairs(), layout, depth, out)?,
        Kind::Object(it) => return write_object(value, it, layout, depth, out),
        _ => return Err(not_serializable(value)),
    }
    Ok(())
}

fn write_object(
    value: &Value,
    it: &DynObject,
    layout: &Layout,
    depth: usize,
    out: &mut String,
) -> Result<()> {
    let items = || it.try_iter().into_iter().flatten().collect::<Vec<_>>();
    match it.repr() {
        ObjectRepr::Map => {
            let pairs = it.try_iter_pairs().into_iter().flatten().collect();
            object(pairs, layout, depth, out)
        }
        ObjectRepr::Seq => array(&items(), layout, depth, out),
        _ => Err(not_serializable(value)),
    }
}

fn not_serializable(value: &Value) -> Error {
    let name = type_name(value);
    let name = name.rsplit('.').next().unwrap_or(&name);
    Error::new(ErrorKind::Type, format!("Object of type {name} is not JSON serializable"))
}

fn newline(layout: &Layout, depth: usize, out: &mut String) {
    if let Some(indent) = &layout.indent {
        out.push('\n');
        for _ in 0..depth {
            out.push_str(indent);
        }
    }
}

fn separator(layout: &Layout, first: bool, depth: usize, out: &mut String) {
    if !first {
        out.push_str(if layout.indent.is_some() { "," } else { ", " });
    }
    newline(layout, depth, out);
}

fn array(items: &[Value], layout: &Layout, depth: usize, out: &mut String) -> Result<()> {
    out.push('[');
    for (at, item) in items.iter().enumerate() {
        separator(layout, at == 0, depth + 1, out);
        write(item, layout, depth + 1, out)?;
    }
    if !items.is_empty() {
        newline(layout, depth, out);
    }
    out.push(']');
    Ok(())
}

fn object(pairs: Vec<(Value, Value)>, layout: &Layout, depth: usize, out: &mut String) -> Result<()> {
    let pairs = if layout.sort_keys { sort_by(pairs, |(key, _)| key)? } else { pairs };
    let pairs =
        pairs.into_iter().map(|(key, value)| Ok((key_text(&key)?, value))).collect::<Result<Vec<_>>>()?;
    out.push('{');
    for (at, (key, value)) in pairs.iter().enumerate() {
        separator(layout, at == 0, depth + 1, out);
        write_text(key, out);
        out.push_str(": ");
        write(value, layout, depth + 1, out)?;
    }
    if !pairs.is_empty() {
        newline(layout, depth, out);
    }
    out.push('}');
    Ok(())
}

fn key_text(key: &Value) -> Result<String> {
    match Kind::of(key) {
        Kind::Str(text) => Ok(text.to_owned()),
        Kind::None => Ok("null".to_owned()),
        Kind::Bool(it) => Ok(it.to_string()),
        Kind::Int(_) | Kind::Wide(_) | Kind::Float(_) => Ok(to_str(key)),
        _ => {
            let message = format!("keys must be str, int, float, bool or None, not {}", type_name(key));
            Err(Error::new(ErrorKind::Type, message))
        }
    }
}

fn write_text(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\x08' => out.push_str("\\b"),
            '\x0c' => out.push_str("\\f"),
            ' '..='~' => out.push(character),
            other => {
                for unit in other.encode_utf16(&mut [0; 2]) {
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
    }
    out.push('"');
}

/// A value of JSON: objects become mutable dicts, arrays mutable lists, in their order.
pub fn from_json(json: &serde_json::Value) -> Value {
    match json {
        serde_json::Value::Null => Value::from(()),
        serde_json::Value::Bool(it) => Value::from(*it),
        serde_json::Value::Number(number) => {
            if let Some(it) = number.as_i128() {
                int(it)
            } else {
                Value::from(number.as_f64().unwrap_or(f64::NAN))
            }
        }
        serde_json::Value::String(text) => Value::from(text.as_str()),
        serde_json::Value::Array(items) => List::value(items.iter().map(from_json).collect()),
        serde_json::Value::Object(pairs) => {
            let pairs = pairs.iter().map(|(key, value)| (Value::from(key.as_str()), from_json(value)));
            Dict::value(pairs.collect::<IndexMap<_, _>>())
        }
    }
}

/// The JSON of a value. What JSON has no form for (dates, relations, undefined values) becomes its text, undefined
/// and not-a-number become null, sets and generators arrays.
pub fn to_json(value: &Value) -> Result<serde_json::Value> {
    json_of(value, 0)
}

fn json_of(value: &Value, depth: usize) -> Result<serde_json::Value> {
    use serde_json::Value as Json;
    if depth > DEPTH {
        return Err(Error::new(ErrorKind::Value, "Circular reference detected"));
    }
    let array = |items: Vec<Value>| {
        items.iter().map(|item| json_of(item, depth + 1)).collect::<Result<Vec<_>>>().map(Json::Array)
    };
    let object = |pairs: Vec<(Value, Value)>| {
        let pairs = pairs.iter().map(|(key, value)| {
            let key = key_text(key).unwrap_or_else(|_| to_str(key));
            Ok((key, json_of(value, depth + 1)?))
        });
        pairs.collect::<Result<serde_json::Map<_, _>>>().map(Json::Object)
    };
    match Kind::of(value) {
        Kind::None | Kind::Undefined => Ok(Json::Null),
        Kind::Bool(it) => Ok(Json::Bool(it)),
        Kind::Int(it) => Ok(match (i64::try_from(it), u64::try_from(it)) {
            (Ok(it), _) => Json::from(it),
            (_, Ok(it)) => Json::from(it),
            _ => Json::from(super::number::Number::Int(it).float()),
        }),
        Kind::Wide(it) => Ok(Json::from(it.float())),
        Kind::Float(it) => Ok(Json::from(it)),
        Kind::Str(text) => Ok(Json::from(text)),
        Kind::List(list) => array(list.items()),
        Kind::Tuple(tuple) => array(tuple.to_vec()),
        Kind::Set(set) => array(set.items()),
        Kind::Range(_) => array(super::iterate::items(value)?),
        Kind::Dict(dict) => object(dict.pairs()),
        Kind::Object(it) => match it.repr() {
            ObjectRepr::Map => object(it.try_iter_pairs().into_iter().flatten().collect()),
            ObjectRepr::Seq | ObjectRepr::Iterable => array(super::iterate::items(value)?),
            _ => Ok(match crate::modules::decimal::decimal_of(value) {
                Some(decimal) => Json::from(decimal.float()),
                None => Json::from(to_str(value)),
            }),
        },
        Kind::Other => Ok(Json::from(to_str(value))),
    }
}
