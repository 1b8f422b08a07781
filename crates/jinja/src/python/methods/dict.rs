//! The methods of dicts.

use indexmap::IndexMap;
use minijinja::Value;

use crate::error::{Error, ErrorKind};
use crate::python::arguments::Arguments;
use crate::python::compare::hashable;
use crate::python::dict::{Dict, Shows, View, pair};
use crate::python::iterate::items;
use crate::python::kind::Kind;
use crate::python::text::repr;
use crate::python::{Result, lock};

/// Calls a method of a dict.
pub(super) fn call(value: &Value, dict: &Dict, name: &str, call: &Arguments<'_>) -> Result<Value> {
    match name {
        "items" | "keys" | "values" => {
            call.bind([], 0)?;
            let shows = match name {
                "items" => Shows::Items,
                "keys" => Shows::Keys,
                _ => Shows::Values,
            };
            Ok(View::value(value, shows))
        }
        "get" => get(call, |key| dict.get(key)),
        "setdefault" => {
            let [key, default] = call.bind(["key", "default"], 1)?;
            let key = key.unwrap_or_default();
            hashable(&key)?;
            let default = default.unwrap_or(Value::from(()));
            Ok(lock(&dict.0).entry(key).or_insert(default).clone())
        }
        "pop" => pop(dict, call),
        "popitem" => lock(&dict.0)
            .pop()
            .map(pair)
            .ok_or_else(|| Error::new(ErrorKind::Key, "'popitem(): dictionary is empty'")),
        "update" => {
            update(dict, call)?;
            Ok(Value::from(()))
        }
        "clear" => {
            lock(&dict.0).clear();
            Ok(Value::from(()))
        }
        "fromkeys" => {
            let [keys, default] = call.bind(["iterable", "value"], 1)?;
            let default = default.unwrap_or(Value::from(()));
            let keys = items(&keys.unwrap_or_default())?.into_iter();
            Ok(Dict::value(keys.map(|key| (key, default.clone())).collect()))
        }
        _ => Ok(Dict::value(lock(&dict.0).clone())),
    }
}

/// `get(key, default)`
pub(super) fn get(call: &Arguments<'_>, find: impl Fn(&Value) -> Option<Value>) -> Result<Value> {
    let [key, default] = call.bind(["key", "default"], 1)?;
    let key = key.unwrap_or_default();
    hashable(&key)?;
    Ok(find(&key).or(default).unwrap_or(Value::from(())))
}

fn pop(dict: &Dict, call: &Arguments<'_>) -> Result<Value> {
    let [key, default] = call.bind(["key", "default"], 1)?;
    let key = key.unwrap_or_default();
    hashable(&key)?;
    let found = lock(&dict.0).shift_remove(&key);
    found.or(default).ok_or_else(|| Error::new(ErrorKind::Key, repr(&key)))
}

fn update(dict: &Dict, call: &Arguments<'_>) -> Result<()> {
    if call.positional.len() > 1 {
        let given = call.positional.len();
        let message = format!("update expected at most 1 argument, got {given}");
        return Err(Error::new(ErrorKind::Type, message));
    }
    let mut more = match call.positional.first() {
        Some(source) => pairs(source)?,
        None => IndexMap::new(),
    };
    more.extend(call.keywords.iter().map(|(name, value)| (Value::from(name.clone()), value.clone())));
    lock(&dict.0).extend(more);
    Ok(())
}

/// The pairs that `dict(value)` and `update(value)` take: a mapping, or an iterable of pairs.
pub(crate) fn pairs(source: &Value) -> Result<IndexMap<Value, Value>> {
    match Kind::of(source) {
        Kind::Dict(dict) => return Ok(lock(&dict.0).clone()),
        Kind::Object(object) if object.repr() == minijinja::value::ObjectRepr::Map => {
            return Ok(object.try_iter_pairs().into_iter().flatten().collect());
        }
        _ => {}
    }
    let mut found = IndexMap::new();
    for (at, item) in items(source)?.into_iter().enumerate() {
        let parts = items(&item).map_err(|_| {
            let message = format!("cannot convert dictionary update sequence element #{at} to a sequence");
            Error::new(ErrorKind::Type, message)
        })?;
        let [key, value] = parts.as_slice() else {
            let length = parts.len();
            let message =
                format!("dictionary update sequence element #{at} has length {length}; 2 is required");
            return Err(Error::new(ErrorKind::Value, message));
        };
        hashable(key)?;
        found.insert(key.clone(), value.clone());
    }
    Ok(found)
}
