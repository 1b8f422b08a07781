//! Items and slices: `x[i]`, `x[a:b:c]`.

use minijinja::Value;
use minijinja::value::Tuple;

use super::Result;
use super::kind::{Kind, type_name};
use super::list::List;
use super::number::as_int;
use super::range::Range;
use crate::error::{Error, ErrorKind};

/// The bounds of a slice: none for a part that is left out or `none`.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Slice {
    start: Option<i128>,
    stop: Option<i128>,
    step: Option<i128>,
}

impl Slice {
    /// A slice from its parts.
    pub(crate) fn new(parts: [Option<Value>; 3]) -> Result<Self> {
        let [start, stop, step] = parts;
        let slice = Self { start: bound(start)?, stop: bound(stop)?, step: bound(step)? };
        if slice.step == Some(0) {
            return Err(Error::new(ErrorKind::Value, "slice step cannot be zero"));
        }
        Ok(slice)
    }

    /// The indices that it picks from `length` items.
    fn indices(self, length: usize) -> impl Iterator<Item = usize> {
        let length = i128::try_from(length).unwrap_or(i128::MAX);
        let step = self.step.unwrap_or(1);
        let (low, high) = if step > 0 { (0, length) } else { (-1, length - 1) };
        let clamp = |bound: Option<i128>, default: i128| match bound {
            None => default,
            Some(bound) if bound < 0 => (bound + length).max(low),
            Some(bound) => bound.min(high),
        };
        let start = clamp(self.start, if step > 0 { low } else { high });
        let stop = clamp(self.stop, if step > 0 { high } else { low });
        let mut at = start;
        std::iter::from_fn(move || {
            let inside = if step > 0 { at < stop } else { at > stop };
            let index = if inside { usize::try_from(at).ok() } else { None };
            at = at.saturating_add(step);
            index
        })
    }
}

fn bound(value: Option<Value>) -> Result<Option<i128>> {
    match value {
        None => Ok(None),
        Some(value) if value.is_none() => Ok(None),
        Some(value) => as_int(&value).map(Some).ok_or_else(|| {
            let message = "slice indices must be integers or None or have an __index__ method";
            Error::new(ErrorKind::Type, message)
        }),
    }
}

/// `value[slice]`
pub(crate) fn slice(value: &Value, slice: Slice) -> Result<Value> {
    Ok(match Kind::of(value) {
        Kind::Str(text) if text.is_ascii() => {
            let bytes = text.as_bytes();
            let picked: String = slice.indices(bytes.len()).map(|index| char::from(bytes[index])).collect();
            Value::from(picked)
        }
        Kind::Str(text) => {
            let characters: Vec<char> = text.chars().collect();
            let picked: String = slice.indices(characters.len()).map(|index| characters[index]).collect();
            Value::from(picked)
        }
        Kind::List(list) => List::value(pick(&list.items(), slice)),
        Kind::Tuple(tuple) => Value::from(Tuple::new(pick(tuple, slice))),
        Kind::Range(range) => Value::from_object(slice_range(*range, slice)),
        Kind::Object(object) if object.repr() == minijinja::value::ObjectRepr::Seq => {
            let items: Vec<Value> = object.try_iter().into_iter().flatten().collect();
            List::value(pick(&items, slice))
        }
        Kind::Other if let Some(bytes) = value.as_bytes() => {
            Value::from_bytes(slice.indices(bytes.len()).map(|index| bytes[index]).collect())
        }
        Kind::Dict(_) => {
            return Err(Error::new(ErrorKind::Type, "unhashable type: 'slice'"));
        }
        _ => {
            let message = format!("'{}' object is not subscriptable", type_name(value));
            return Err(Error::new(ErrorKind::Type, message));
        }
    })
}

fn pick(items: &[Value], slice: Slice) -> Vec<Value> {
    slice.indices(items.len()).map(|index| items[index].clone()).collect()
}

fn slice_range(range: Range, slice: Slice) -> Range {
    let picked: Vec<usize> = slice.indices(range.len()).collect();
    let at = |index: usize| range.at(index).as_i64().unwrap_or(0);
    let step = slice.step.and_then(|step| i64::try_from(step).ok()).unwrap_or(1);
    let step = range.step.saturating_mul(step);
    match (picked.first(), picked.last()) {
        (Some(first), Some(last)) => Range { start: at(*first), stop: at(*last).saturating_add(step), step },
        _ => Range { start: range.start, stop: range.start, step },
    }
}

/// `value[key]` of a sequence; none if there is no such item.
pub(crate) fn item(value: &Value, key: &Value) -> Option<Value> {
    match Kind::of(value) {
        Kind::List(list) => {
            let index = index(key, list.len())?;
            list.get(index)
        }
        Kind::Tuple(tuple) => tuple.get(index(key, tuple.len())?).cloned(),
        Kind::Str(text) => {
            let found = if text.is_ascii() {
                char::from(text.as_bytes()[index(key, text.len())?])
            } else {
                text.chars().nth(index(key, text.chars().count())?)?
            };
            Some(Value::from(found.encode_utf8(&mut [0; 4]) as &str))
        }
        Kind::Range(range) => Some(range.at(index(key, range.len())?)),
        Kind::Other => {
            let bytes = value.as_bytes()?;
            Some(Value::from(bytes[index(key, bytes.len())?]))
        }
        _ => None,
    }
}

/// The place of a possibly negative index.
pub(crate) fn index(key: &Value, length: usize) -> Option<usize> {
    let index = as_int(key)?;
    let index = if index < 0 { index + i128::try_from(length).ok()? } else { index };
    usize::try_from(index).ok().filter(|index| *index < length)
}
