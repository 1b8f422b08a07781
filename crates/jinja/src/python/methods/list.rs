//! The methods of lists and tuples.

use minijinja::Value;

use crate::error::{Error, ErrorKind};
use crate::eval::{Evaluated, Evaluator};
use crate::python::arguments::{Arguments, flag, integer};
use crate::python::compare::equal;
use crate::python::iterate::items;
use crate::python::list::List;
use crate::python::number::count;
use crate::python::slice::index;
use crate::python::sort::sort_values;
use crate::python::text::repr;
use crate::python::{Result, lock};

/// Calls a method of a list.
pub(super) fn call(
    evaluator: &mut Evaluator<'_, '_, '_>,
    list: &List,
    name: &str,
    call: &Arguments<'_>,
) -> Evaluated<Value> {
    match name {
        "sort" => sort(evaluator, list, call),
        "count" | "index" => Ok(search(&list.items(), "list", name, call)?),
        _ => Ok(change(list, name, call)?),
    }
}

fn change(list: &List, name: &str, call: &Arguments<'_>) -> Result<Value> {
    call.no_keywords()?;
    match name {
        "append" => {
            let [item] = call.bind(["object"], 1)?;
            lock(&list.0).extend(item);
        }
        "extend" => {
            let [more] = call.bind(["iterable"], 1)?;
            let more = items(&more.unwrap_or_default())?;
            lock(&list.0).extend(more);
        }
        "insert" => {
            let [at, item] = call.bind(["index", "object"], 2)?;
            let at = integer(&at.unwrap_or_default())?;
            let mut inner = lock(&list.0);
            let length = i128::try_from(inner.len()).unwrap_or(i128::MAX);
            let at = if at < 0 { (at + length).max(0) } else { at.min(length) };
            inner.insert(usize::try_from(at).unwrap_or(0), item.unwrap_or_default());
        }
        "pop" => return pop(list, call),
        "remove" => {
            let [item] = call.bind(["value"], 1)?;
            let item = item.unwrap_or_default();
            let at = list.items().iter().position(|other| equal(other, &item));
            let at = at.ok_or_else(|| Error::new(ErrorKind::Value, "list.remove(x): x not in list"))?;
            lock(&list.0).remove(at);
        }
        "reverse" => lock(&list.0).reverse(),
        "clear" => lock(&list.0).clear(),
        _ => return Ok(List::value(list.items())),
    }
    Ok(Value::from(()))
}

fn pop(list: &List, call: &Arguments<'_>) -> Result<Value> {
    let [at] = call.bind(["index"], 0)?;
    let mut inner = lock(&list.0);
    if inner.is_empty() {
        return Err(Error::new(ErrorKind::Index, "pop from empty list"));
    }
    let at = match at {
        Some(at) => {
            integer(&at)?;
            index(&at, inner.len())
        }
        None => Some(inner.len() - 1),
    };
    let at = at.ok_or_else(|| Error::new(ErrorKind::Index, "pop index out of range"))?;
    Ok(inner.remove(at))
}

fn sort(evaluator: &mut Evaluator<'_, '_, '_>, list: &List, call: &Arguments<'_>) -> Evaluated<Value> {
    let [key, reverse] = call.bind(["key", "reverse"], 0)?;
    let mut keyed = Vec::new();
    for item in list.items() {
        let sort_key = match &key {
            Some(key) if !key.is_none() => evaluator.call_value(key, vec![item.clone()], Vec::new())?,
            _ => item.clone(),
        };
        keyed.push((sort_key, item));
    }
    let sorted = sort_values(keyed, flag(reverse.as_ref(), false))?;
    *lock(&list.0) = sorted;
    Ok(Value::from(()))
}

/// `count` and `index` of a list, tuple or range.
pub(super) fn search(items: &[Value], what: &str, name: &str, call: &Arguments<'_>) -> Result<Value> {
    call.no_keywords()?;
    if name == "count" {
        let [item] = call.bind(["value"], 1)?;
        let item = item.unwrap_or_default();
        return Ok(count(items.iter().filter(|other| equal(other, &item)).count()));
    }
    let [item, start, stop] = call.bind(["value", "start", "stop"], 1)?;
    let item = item.unwrap_or_default();
    let length = i128::try_from(items.len()).unwrap_or(i128::MAX);
    let bound = |value: Option<Value>, default: i128| -> Result<usize> {
        let at = value.map_or(Ok(default), |value| integer(&value))?;
        let at = if at < 0 { (at + length).max(0) } else { at.min(length) };
        Ok(usize::try_from(at).unwrap_or(0))
    };
    let (start, stop) = (bound(start, 0)?, bound(stop, length)?);
    let found = (start..stop).find(|at| equal(&items[*at], &item));
    found.map(count).ok_or_else(|| {
        let message = match what {
            "tuple" => "tuple.index(x): x not in tuple".to_owned(),
            "range" => format!("{} is not in range", repr(&item)),
            _ => format!("{} is not in list", repr(&item)),
        };
        Error::new(ErrorKind::Value, message)
    })
}
