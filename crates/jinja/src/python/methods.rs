//! The methods of Python's built-in types.

pub(crate) mod dict;
mod list;
mod number;
pub(crate) mod set;

pub(crate) use dict::pairs;
use minijinja::Value;
use minijinja::value::ObjectRepr;
pub(crate) use set::collect;

use super::arguments::Arguments;
use super::dict::{Dict, View};
use super::kind::{Kind, is_container};
use super::list::List;
use super::{str_format, str_methods};
use crate::error::{Error, ErrorKind};
use crate::eval::{Evaluated, Evaluator};

const LIST: [&str; 11] =
    ["append", "clear", "copy", "count", "extend", "index", "insert", "pop", "remove", "reverse", "sort"];
const DICT: [&str; 11] =
    ["clear", "copy", "fromkeys", "get", "items", "keys", "pop", "popitem", "setdefault", "update", "values"];
const SET: [&str; 17] = [
    "add",
    "clear",
    "copy",
    "difference",
    "difference_update",
    "discard",
    "intersection",
    "intersection_update",
    "isdisjoint",
    "issubset",
    "issuperset",
    "pop",
    "remove",
    "symmetric_difference",
    "symmetric_difference_update",
    "union",
    "update",
];
const TUPLE: [&str; 2] = ["count", "index"];

/// Whether the value's type has a method of this name.
pub(crate) fn is_method(value: &Value, name: &str) -> bool {
    match Kind::of(value) {
        Kind::Str(_) => str_methods::NAMES.contains(&name),
        Kind::List(_) => LIST.contains(&name),
        Kind::Dict(_) => DICT.contains(&name),
        Kind::Set(_) => SET.contains(&name),
        Kind::Tuple(_) | Kind::Range(_) => TUPLE.contains(&name),
        Kind::Int(_) | Kind::Wide(_) | Kind::Bool(_) | Kind::Float(_) => number::NAMES.contains(&name),
        Kind::Object(object) => match object.repr() {
            ObjectRepr::Map => DICT.contains(&name),
            ObjectRepr::Seq if is_container(object) => LIST.contains(&name),
            ObjectRepr::Iterable if object.downcast_ref::<View>().is_some() => name == "isdisjoint",
            _ => false,
        },
        _ => false,
    }
}

/// Calls a method that [`is_method`] knows.
pub(crate) fn call(
    evaluator: &mut Evaluator<'_, '_, '_>,
    value: &Value,
    name: &str,
    call: &Arguments<'_>,
) -> Evaluated<Value> {
    match Kind::of(value) {
        Kind::Str(text) if name == "format" => str_format::format(evaluator, text, value, call),
        Kind::Str(text) if name == "format_map" => {
            let [mapping] = call.bind(["mapping"], 1)?;
            str_format::format_map(evaluator, text, value, &mapping.unwrap_or_default())
        }
        Kind::Str(text) => Ok(str_methods::call(text, name, call)?),
        Kind::List(list) => list::call(evaluator, list, name, call),
        Kind::Dict(dict) => Ok(dict::call(value, dict, name, call)?),
        Kind::Set(set) => Ok(set::call(set, name, call)?),
        Kind::Tuple(tuple) => Ok(list::search(tuple, "tuple", name, call)?),
        Kind::Range(range) => {
            let items: Vec<Value> = (0..range.len()).map(|index| range.at(index)).collect();
            Ok(list::search(&items, "range", name, call)?)
        }
        Kind::Int(_) | Kind::Wide(_) | Kind::Bool(_) | Kind::Float(_) => Ok(number::call(value, name, call)?),
        Kind::Object(object) if object.repr() == ObjectRepr::Map => {
            refuse_change(name, &["get", "items", "keys", "values", "copy"], "mapping")?;
            let pairs = object.try_iter_pairs().into_iter().flatten().collect();
            let copy = Dict::value(pairs);
            match copy.downcast_object_ref::<Dict>() {
                // Asks the object itself: it may answer keys that it doesn't list.
                Some(_) if name == "get" => Ok(dict::get(call, |key| object.get_value(key))?),
                Some(dict) => Ok(dict::call(&copy, dict, name, call)?),
                None => Ok(copy),
            }
        }
        Kind::Object(object) if object.repr() == ObjectRepr::Seq => {
            refuse_change(name, &["index", "count", "copy"], "list")?;
            let copy = List::value(object.try_iter().into_iter().flatten().collect());
            match copy.downcast_object_ref::<List>() {
                Some(list) => list::call(evaluator, list, name, call),
                None => Ok(copy),
            }
        }
        Kind::Object(_) => Ok(set::view_is_disjoint(value, call)?),
        _ => Ok(Value::UNDEFINED),
    }
}

/// The host's plain containers can't change.
fn refuse_change(name: &str, allowed: &[&str], what: &str) -> Result<(), Error> {
    if allowed.contains(&name) {
        return Ok(());
    }
    let message = format!("this {what} is read-only: it has no method '{name}'");
    Err(Error::new(ErrorKind::Attribute, message))
}
