//! The methods of sets.

use indexmap::IndexSet;
use minijinja::Value;

use crate::error::{Error, ErrorKind};
use crate::python::arguments::Arguments;
use crate::python::compare::hashable;
use crate::python::iterate::items;
use crate::python::set::Set;
use crate::python::text::repr;
use crate::python::{Result, lock};

/// Calls a method of a set.
pub(super) fn call(set: &Set, name: &str, call: &Arguments<'_>) -> Result<Value> {
    call.no_keywords()?;
    match name {
        "add" | "discard" | "remove" => {
            let [item] = call.bind(["item"], 1)?;
            change(set, name, &item.unwrap_or_default())
        }
        "clear" => {
            lock(&set.0).clear();
            Ok(Value::from(()))
        }
        "copy" => Ok(Set::value(set.copy())),
        "pop" => lock(&set.0)
            .shift_remove_index(0)
            .ok_or_else(|| Error::new(ErrorKind::Key, "'pop from an empty set'")),
        "isdisjoint" | "issubset" | "issuperset" => {
            let [other] = call.bind(["other"], 1)?;
            let other = collect(&other.unwrap_or_default())?;
            let own = set.copy();
            Ok(Value::from(match name {
                "isdisjoint" => own.is_disjoint(&other),
                "issubset" => own.is_subset(&other),
                _ => own.is_superset(&other),
            }))
        }
        _ => combine(set, name, call.positional),
    }
}

fn change(set: &Set, name: &str, item: &Value) -> Result<Value> {
    hashable(item)?;
    let mut inner = lock(&set.0);
    if name == "add" {
        inner.insert(item.clone());
    } else if !inner.shift_remove(item) && name == "remove" {
        return Err(Error::new(ErrorKind::Key, repr(item)));
    }
    Ok(Value::from(()))
}

/// `union`, `intersection_update` and their kin.
fn combine(set: &Set, name: &str, others: &[Value]) -> Result<Value> {
    let mut result = set.copy();
    for other in others {
        let other = collect(other)?;
        match name.trim_end_matches("_update") {
            "union" | "update" => result.extend(other),
            "intersection" => result.retain(|item| other.contains(item)),
            "difference" => result.retain(|item| !other.contains(item)),
            _ => {
                let added: Vec<Value> =
                    other.iter().filter(|item| !result.contains(*item)).cloned().collect();
                result.retain(|item| !other.contains(item));
                result.extend(added);
            }
        }
    }
    if name.ends_with("update") {
        *lock(&set.0) = result;
        return Ok(Value::from(()));
    }
    Ok(Set::value(result))
}

/// The items of a value as a set.
pub(crate) fn collect(value: &Value) -> Result<IndexSet<Value>> {
    let items = items(value)?;
    items.iter().try_for_each(hashable)?;
    Ok(items.into_iter().collect())
}

/// `dict.keys().isdisjoint(other)`
pub(super) fn view_is_disjoint(view: &Value, call: &Arguments<'_>) -> Result<Value> {
    let [other] = call.bind(["other"], 1)?;
    let (own, other) = (collect(view)?, collect(&other.unwrap_or_default())?);
    Ok(Value::from(own.is_disjoint(&other)))
}
