//! Stable sorting by Python's `<`.

use std::cmp::Ordering;

use minijinja::Value;

use super::Result;
use super::compare::less;

/// Sorts items by a key; an error if two keys have no order.
pub(crate) fn sort_by<T>(mut items: Vec<T>, key: impl Fn(&T) -> &Value) -> Result<Vec<T>> {
    let mut failure = None;
    let mut is_less = |a: &Value, b: &Value| {
        less(a, b).unwrap_or_else(|error| {
            failure.get_or_insert(error);
            false
        })
    };
    items.sort_by(|a, b| {
        let (a, b) = (key(a), key(b));
        if is_less(a, b) {
            Ordering::Less
        } else if is_less(b, a) {
            Ordering::Greater
        } else {
            Ordering::Equal
        }
    });
    match failure {
        Some(error) => Err(error),
        None => Ok(items),
    }
}

/// Sorts values that come with their keys; `reverse` keeps the order of equal ones, as Python does.
pub(crate) fn sort_values(mut keyed: Vec<(Value, Value)>, reverse: bool) -> Result<Vec<Value>> {
    if reverse {
        keyed.reverse();
    }
    let mut sorted = sort_by(keyed, |(key, _)| key)?;
    if reverse {
        sorted.reverse();
    }
    Ok(sorted.into_iter().map(|(_, value)| value).collect())
}
