//! Filters on sequences, and those that any value has.

use std::hash::{BuildHasher, Hasher, RandomState};

use minijinja::Value;

use super::only;
use super::sorting::Getter;
use crate::error::{Error, ErrorKind};
use crate::eval::{Evaluated, Evaluator};
use crate::predicates::is_mapping;
use crate::python::arguments::{Arguments, flag, integer};
use crate::python::arithmetic::binary;
use crate::python::compare::compare;
use crate::python::iterate::{Generator, items, len};
use crate::python::kind::{Kind, type_name};
use crate::python::list::List;
use crate::python::number::count;
use crate::python::text::{to_str, write_str};
use crate::python::undefined::{Undefined, is_undefined};
use crate::syntax::ast::{BinaryOperator, Comparison};

pub(super) fn default(_: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    let [value, default, boolean] = call.bind(["value", "default_value", "boolean"], 1)?;
    let value = value.unwrap_or_default();
    if is_undefined(&value) || (flag(boolean.as_ref(), false) && !value.is_true()) {
        return Ok(default.unwrap_or(Value::from("")));
    }
    Ok(value)
}

/// Only the attribute, never an item.
pub(super) fn attr(this: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    let [object, name] = call.bind(["obj", "name"], 2)?;
    let (object, name) = (object.unwrap_or_default(), to_str(&name.unwrap_or_default()));
    if is_undefined(&object) {
        return this.attribute(&object, &name);
    }
    let is_item = match Kind::of(&object) {
        Kind::Dict(_) => true,
        Kind::Object(it) => crate::python::kind::is_container(it),
        _ => false,
    };
    if is_item && !crate::python::methods::is_method(&object, &name) {
        let undefined = Undefined::attribute(&object, &name, this.chainable());
        return Ok(undefined);
    }
    this.attribute(&object, &name)
}

pub(super) fn length(_: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    Ok(count(len(&only(call)?)?))
}

pub(super) fn list(_: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    Ok(List::value(items(&only(call)?)?))
}

pub(super) fn is_list(_: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    Ok(Value::from(type_name(&only(call)?) == "list"))
}

pub(super) fn first(this: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    let value = only(call)?;
    let first = crate::python::iterate::Items::of(&value)?.next()?;
    Ok(first.unwrap_or_else(|| Undefined::hint("No first item, sequence was empty.", this.chainable())))
}

pub(super) fn last(this: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    let value = only(call)?;
    let reversible = !matches!(Kind::of(&value), Kind::Set(_)) && len(&value).is_ok();
    if !reversible {
        let message = format!("'{}' object is not reversible", type_name(&value));
        return Err(Error::new(ErrorKind::Type, message).into());
    }
    let last = items(&value)?.pop();
    Ok(last.unwrap_or_else(|| Undefined::hint("No last item, sequence was empty.", this.chainable())))
}

pub(super) fn random(this: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    let mut items = items(&only(call)?)?;
    if items.is_empty() {
        return Ok(Undefined::hint("No random item, sequence was empty.", this.chainable()));
    }
    let at = RandomState::new().build_hasher().finish() % items.len() as u64;
    Ok(items.swap_remove(usize::try_from(at).unwrap_or(0)))
}

pub(super) fn join(this: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    let [value, separator, attribute] = call.bind(["value", "d", "attribute"], 1)?;
    let separator = separator.map_or_else(String::new, |it| to_str(&it));
    let getter = Getter::new(attribute.as_ref(), None);
    let mut joined = String::new();
    for (at, item) in items(&value.unwrap_or_default())?.iter().enumerate() {
        if at > 0 {
            joined.push_str(&separator);
        }
        write_str(&getter.get(this, item)?, &mut joined);
    }
    Ok(Value::from(joined))
}

pub(super) fn reverse(_: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    let value = only(call)?;
    if let Some(text) = value.as_str() {
        return Ok(Value::from(text.chars().rev().collect::<String>()));
    }
    let mut found = items(&value).map_err(|_| Error::new(ErrorKind::Type, "argument must be iterable"))?;
    found.reverse();
    Ok(match Kind::of(&value) {
        Kind::List(_) => Generator::over("list_reverseiterator", found),
        Kind::Tuple(_) => Generator::over("reversed_", found),
        Kind::Dict(_) => Generator::over("dict_reversekeyiterator", found),
        Kind::Range(_) => Generator::over("range_iterator", found),
        _ => List::value(found),
    })
}

pub(super) fn sum(this: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    let [value, attribute, start] = call.bind(["iterable", "attribute", "start"], 1)?;
    let getter = Getter::new(attribute.as_ref(), None);
    let mut total = start.unwrap_or(Value::from(0));
    if total.as_str().is_some() {
        let message = "sum() can't sum strings [use ''.join(seq) instead]";
        return Err(Error::new(ErrorKind::Type, message).into());
    }
    for item in items(&value.unwrap_or_default())? {
        total = binary(BinaryOperator::Add, &total, &getter.get(this, &item)?)?;
    }
    Ok(total)
}

pub(super) fn items_filter(this: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    let value = only(call)?;
    if is_undefined(&value) {
        return Ok(Generator::over("do_items", Vec::new()));
    }
    if !is_mapping(&value) {
        let message = "Can only get item pairs from a mapping.";
        return Err(Error::new(ErrorKind::Type, message).into());
    }
    let pairs = this.call_method(&value, "items", Vec::new(), Vec::new())?;
    Ok(Generator::over("do_items", items(&pairs)?))
}

pub(super) fn batch(_: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    let [value, size, fill] = call.bind(["value", "linecount", "fill_with"], 2)?;
    let found = items(&value.unwrap_or_default())?;
    let fill = fill.filter(|it| !it.is_none());
    let wanted = size.unwrap_or_default();
    // A batch is full when its length equals the size: never, for one less than zero or no number at all; for
    // zero, before the first item. Only filling up needs a number.
    let empty_first = matches!(integer(&wanted), Ok(0)) && !found.is_empty();
    let size = match integer(&wanted) {
        Ok(size) => usize::try_from(size).ok().filter(|size| *size > 0).unwrap_or(usize::MAX),
        Err(_) if fill.is_some() && !found.is_empty() => {
            compare(Comparison::Less, &count(found.len()), &wanted)?;
            usize::MAX
        }
        Err(_) => usize::MAX,
    };
    let mut batches: Vec<Vec<Value>> = found.chunks(size).map(<[Value]>::to_vec).collect();
    if let (Some(fill), Some(last)) = (fill, batches.last_mut())
        && size < usize::MAX
    {
        last.resize(size, fill);
    }
    if empty_first {
        batches.insert(0, Vec::new());
    }
    Ok(Generator::over("do_batch", batches.into_iter().map(List::value).collect()))
}

pub(super) fn slice(_: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    let [value, slices, fill] = call.bind(["value", "slices", "fill_with"], 2)?;
    let found = items(&value.unwrap_or_default())?;
    let slices = integer(&slices.unwrap_or_default())?;
    if slices == 0 {
        let message = "integer division or modulo by zero";
        return Err(Error::new(ErrorKind::Arithmetic, message).into());
    }
    let slices = usize::try_from(slices).unwrap_or(0);
    if slices == 0 {
        return Ok(Generator::over("do_slice", Vec::new()));
    }
    let (each, extra) = (found.len() / slices, found.len() % slices);
    let mut columns = Vec::with_capacity(slices.min(found.len() + 1));
    let mut start = 0;
    for number in 0..slices {
        let end = start + each + usize::from(number < extra);
        let mut column = found[start..end].to_vec();
        if let (Some(fill), true) = (fill.as_ref().filter(|it| !it.is_none()), number >= extra) {
            column.push(fill.clone());
        }
        columns.push(List::value(column));
        start = end;
    }
    Ok(Generator::over("do_slice", columns))
}
