//! Sorts values by their Python type.

use std::borrow::Cow;

use minijinja::value::{DynObject, ObjectRepr, Tuple, Value, ValueKind};

use super::dict::Dict;
use super::list::List;
use super::range::Range;
use super::set::Set;
use super::undefined::Undefined;
use super::wide::Wide;
use crate::filters::Marked;

/// A value, sorted.
pub(crate) enum Kind<'a> {
    Undefined,
    None,
    Bool(bool),
    Int(i128),
    Wide(&'a Wide),
    Float(f64),
    Str(&'a str),
    List(&'a List),
    Tuple(&'a Tuple),
    Dict(&'a Dict),
    Set(&'a Set),
    Range(&'a Range),
    Object(&'a DynObject),
    /// Bytes, or an invalid value.
    Other,
}

impl<'a> Kind<'a> {
    /// Sorts a value.
    pub(crate) fn of(value: &'a Value) -> Self {
        if let Some(object) = value.as_object() {
            return Self::of_object(object);
        }
        match value.kind() {
            ValueKind::Undefined => Self::Undefined,
            ValueKind::None => Self::None,
            ValueKind::Bool => Self::Bool(value.is_true()),
            ValueKind::Number => Self::number(value),
            ValueKind::String => value.as_str().map_or(Self::Other, Self::Str),
            _ => Self::Other,
        }
    }

    fn of_object(object: &'a DynObject) -> Self {
        match object.repr() {
            ObjectRepr::Seq => {
                if let Some(list) = object.downcast_ref::<List>() {
                    return Self::List(list);
                }
                if let Some(tuple) = object.downcast_ref::<Tuple>() {
                    return Self::Tuple(tuple);
                }
                if let Some(range) = object.downcast_ref::<Range>() {
                    return Self::Range(range);
                }
            }
            ObjectRepr::Map => {
                if let Some(dict) = object.downcast_ref::<Dict>() {
                    return Self::Dict(dict);
                }
            }
            ObjectRepr::Iterable => {
                if let Some(set) = object.downcast_ref::<Set>() {
                    return Self::Set(set);
                }
            }
            ObjectRepr::Plain if object.downcast_ref::<Undefined>().is_some() => {
                return Self::Undefined;
            }
            ObjectRepr::Plain => {
                if let Some(marked) = object.downcast_ref::<Marked>() {
                    return Self::Str(&marked.text);
                }
                if let Some(wide) = object.downcast_ref::<Wide>() {
                    return Self::Wide(wide);
                }
            }
            _ => {}
        }
        Self::Object(object)
    }

    fn number(value: &Value) -> Self {
        if value.is_integer()
            && let Ok(number) = i128::try_from(value.clone())
        {
            return Self::Int(number);
        }
        f64::try_from(value.clone()).map_or(Self::Other, Self::Float)
    }
}

/// Whether the object is one of the host's plain containers (a `Vec`, a map) and not a type of its own.
pub(crate) fn is_container(object: &DynObject) -> bool {
    let name = object.type_name();
    ["alloc::", "std::", "indexmap::", "minijinja::", "dyn "].iter().any(|start| name.starts_with(start))
}

/// The name of the value's Python type.
pub(crate) fn type_name(value: &Value) -> Cow<'static, str> {
    Cow::Borrowed(match Kind::of(value) {
        Kind::Undefined => "Undefined",
        Kind::None => "NoneType",
        Kind::Bool(_) => "bool",
        Kind::Int(_) | Kind::Wide(_) => "int",
        Kind::Float(_) => "float",
        Kind::Str(_) if value.is_safe() => "Markup",
        Kind::Str(_) => "str",
        Kind::List(_) => "list",
        Kind::Tuple(_) => "tuple",
        Kind::Dict(_) => "dict",
        Kind::Set(_) => "set",
        Kind::Range(_) => "range",
        Kind::Object(object) => return object_type(object),
        Kind::Other => "bytes",
    })
}

fn object_type(object: &DynObject) -> Cow<'static, str> {
    if is_container(object) {
        return Cow::Borrowed(match object.repr() {
            ObjectRepr::Map => "dict",
            ObjectRepr::Seq => "list",
            ObjectRepr::Iterable => "generator",
            _ => "function",
        });
    }
    if let Some(name) = super::function::type_of(object) {
        return Cow::Borrowed(name);
    }
    // A host object's `__class__`, if it names one, else its Rust type.
    if let Some(name) = object.get_value_by_str("__class__")
        && let Some(name) = name.as_str()
    {
        return Cow::Owned(name.to_owned());
    }
    let name = object.type_name();
    let name = name.split('<').next().unwrap_or(name);
    Cow::Owned(name.rsplit("::").next().unwrap_or(name).to_owned())
}

/// How Jinja2 speaks of a value in its messages: `list object`, `None`.
pub(crate) fn describe(value: &Value) -> String {
    if value.is_none() {
        return "None".to_owned();
    }
    format!("{} object", type_name(value))
}
