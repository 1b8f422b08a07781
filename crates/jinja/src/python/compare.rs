//! Equality, order, membership, hashing, identity.

use std::cmp::Ordering;

use minijinja::Value;
use minijinja::value::ObjectRepr;

use super::Result;
use super::depth::{self, deeper};
use super::dict::{Shows, View};
use super::iterate::items;
use super::kind::{Kind, type_name};
use super::number::Number;
use super::text::{same, to_str};
use super::{undefined, wide};
use crate::error::{Error, ErrorKind};
use crate::syntax::ast::Comparison;

/// `a == b`
pub(crate) fn equal(a: &Value, b: &Value) -> bool {
    if let (Some(a), Some(b)) = (a.as_str(), b.as_str()) {
        return a == b;
    }
    if let (Some(a), Some(b)) = (Number::of(a), Number::of(b)) {
        return equal_numbers(a, b);
    }
    if same(a, b) {
        return true;
    }
    match (Kind::of(a), Kind::of(b)) {
        (Kind::None, Kind::None) => true,
        (Kind::Undefined, Kind::Undefined) => true,
        (Kind::Wide(_), _) | (_, Kind::Wide(_)) => wide::order(a, b) == Some(Ordering::Equal),
        (Kind::List(a), Kind::List(b)) => equal_items(&a.items(), &b.items()),
        (Kind::Tuple(a), Kind::Tuple(b)) => equal_items(a, b),
        (Kind::Dict(a), Kind::Dict(b)) => {
            let same = |(key, value): &(Value, Value)| b.get(key).is_some_and(|other| equal(value, &other));
            a.len() == b.len() && deeper(false, || a.pairs().iter().all(same))
        }
        (Kind::Set(a), Kind::Set(b)) => a.len() == b.len() && a.items().iter().all(|item| b.contains(item)),
        (Kind::Range(a), Kind::Range(b)) => a.len() == b.len() && (0..a.len()).all(|at| a.at(at) == b.at(at)),
        (Kind::Object(left), Kind::Object(right)) => {
            if let (Some(left), Some(right)) = (left.downcast_ref::<View>(), right.downcast_ref::<View>()) {
                return equal_views(left, right);
            }
            if left.repr() == ObjectRepr::Plain || left.repr() != right.repr() {
                return crate::modules::equal(a, b).unwrap_or_else(|| a == b);
            }
            a == b
        }
        (Kind::Object(_), Kind::Bool(_) | Kind::Int(_) | Kind::Float(_))
        | (Kind::Bool(_) | Kind::Int(_) | Kind::Float(_), Kind::Object(_)) => {
            crate::modules::equal(a, b).unwrap_or(false)
        }
        // A host's list or map beside one of ours.
        (Kind::Object(object), Kind::List(_) | Kind::Dict(_))
        | (Kind::List(_) | Kind::Dict(_), Kind::Object(object)) => {
            super::kind::is_container(object) && a == b
        }
        _ => false,
    }
}

fn equal_views(a: &View, b: &View) -> bool {
    if a.shows == Shows::Values || b.shows == Shows::Values {
        return false;
    }
    let (a, b) = (a.items(), b.items());
    a.len() == b.len() && a.iter().all(|item| b.iter().any(|other| equal(item, other)))
}

fn equal_items(a: &[Value], b: &[Value]) -> bool {
    a.len() == b.len() && deeper(false, || a.iter().zip(b).all(|(a, b)| equal(a, b)))
}

#[expect(clippy::float_cmp, reason = "Python compares floats exactly too")]
fn equal_numbers(a: Number, b: Number) -> bool {
    match (a, b) {
        (Number::Int(a), Number::Int(b)) => a == b,
        (a, b) => a.float() == b.float(),
    }
}

/// The order of two values; an error if Python has none.
pub(crate) fn order(a: &Value, b: &Value, operator: &str) -> Result<Option<Ordering>> {
    if let (Some(a), Some(b)) = (a.as_str(), b.as_str()) {
        return Ok(Some(a.cmp(b)));
    }
    if let (Some(a), Some(b)) = (Number::of(a), Number::of(b)) {
        return Ok(match (a, b) {
            (Number::Int(a), Number::Int(b)) => Some(a.cmp(&b)),
            (a, b) => a.float().partial_cmp(&b.float()),
        });
    }
    for side in [a, b] {
        if undefined::is_undefined(side) {
            return Err(undefined::error(side));
        }
    }
    if let Some(order) = wide::order(a, b) {
        return Ok(Some(order));
    }
    match (Kind::of(a), Kind::of(b)) {
        (Kind::List(a), Kind::List(b)) => order_items(&a.items(), &b.items(), operator),
        (Kind::Tuple(a), Kind::Tuple(b)) => order_items(a, b, operator),
        (Kind::Object(_), _) | (_, Kind::Object(_)) => {
            crate::modules::order(a, b).unwrap_or_else(|| Err(unordered(a, b, operator))).map(Some)
        }
        _ => Err(unordered(a, b, operator)),
    }
}

fn unordered(a: &Value, b: &Value, operator: &str) -> Error {
    let (a, b) = (type_name(a), type_name(b));
    let message = format!("'{operator}' not supported between instances of '{a}' and '{b}'");
    Error::new(ErrorKind::Type, message)
}

fn order_items(a: &[Value], b: &[Value], operator: &str) -> Result<Option<Ordering>> {
    for (a, b) in a.iter().zip(b) {
        if !equal(a, b) {
            return deeper(Ok(None), || order(a, b, operator));
        }
    }
    Ok(Some(a.len().cmp(&b.len())))
}

/// `a < b`, as `sort` needs it.
pub(crate) fn less(a: &Value, b: &Value) -> Result<bool> {
    Ok(order(a, b, "<")? == Some(Ordering::Less))
}

/// One comparison of a chain.
pub(crate) fn compare(comparison: Comparison, a: &Value, b: &Value) -> Result<bool> {
    if let (Kind::Set(a), Kind::Set(b)) = (Kind::of(a), Kind::of(b)) {
        let within = |a: &super::set::Set, b: &super::set::Set| a.items().iter().all(|item| b.contains(item));
        match comparison {
            Comparison::Less => return Ok(within(a, b) && a.len() < b.len()),
            Comparison::LessOrEqual => return Ok(within(a, b)),
            Comparison::Greater => return Ok(within(b, a) && b.len() < a.len()),
            Comparison::GreaterOrEqual => return Ok(within(b, a)),
            _ => {}
        }
    }
    Ok(match comparison {
        Comparison::Equal => equal(a, b),
        Comparison::NotEqual => !equal(a, b),
        Comparison::Less => order(a, b, "<")?.is_some_and(Ordering::is_lt),
        Comparison::LessOrEqual => order(a, b, "<=")?.is_some_and(Ordering::is_le),
        Comparison::Greater => order(a, b, ">")?.is_some_and(Ordering::is_gt),
        Comparison::GreaterOrEqual => order(a, b, ">=")?.is_some_and(Ordering::is_ge),
        Comparison::In => contains(b, a)?,
        Comparison::NotIn => !contains(b, a)?,
    })
}

/// `item in container`
pub(crate) fn contains(container: &Value, item: &Value) -> Result<bool> {
    match Kind::of(container) {
        Kind::Str(text) => match item.as_str() {
            Some(part) => Ok(text.contains(part)),
            None if undefined::is_undefined(item) => Err(Error::new(
                ErrorKind::Type,
                "'in <string>' requires string as left operand, not Undefined",
            )),
            None => {
                let message =
                    format!("'in <string>' requires string as left operand, not {}", type_name(item));
                Err(Error::new(ErrorKind::Type, message))
            }
        },
        Kind::Dict(dict) => {
            hashable(item)?;
            Ok(dict.get(item).is_some())
        }
        Kind::Set(set) => {
            hashable(item)?;
            Ok(set.contains(item))
        }
        Kind::Range(range) => Ok(match Number::of(item) {
            Some(Number::Int(number)) => range.contains(number),
            #[expect(clippy::cast_possible_truncation, reason = "a whole number is meant")]
            Some(Number::Float(number)) => number.fract() == 0.0 && range.contains(number as i128),
            None => false,
        }),
        Kind::Object(object) if object.repr() == ObjectRepr::Map => {
            hashable(item)?;
            Ok(object.get_value(item).is_some())
        }
        Kind::None | Kind::Bool(_) | Kind::Int(_) | Kind::Wide(_) | Kind::Float(_) => {
            let message = format!("argument of type '{}' is not iterable", type_name(container));
            Err(Error::new(ErrorKind::Type, message))
        }
        _ => Ok(items(container)?.iter().any(|other| equal(item, other))),
    }
}

/// An error if the value can't be the key of a dict or in a set.
pub(crate) fn hashable(value: &Value) -> Result<()> {
    match Kind::of(value) {
        Kind::List(_) | Kind::Dict(_) | Kind::Set(_) => Err(unhashable(value)),
        // To look a view up would read the dict that it shows, maybe while that is locked for the look-up.
        Kind::Object(object) if object.downcast_ref::<View>().is_some() => Err(unhashable(value)),
        Kind::Tuple(tuple) => {
            deeper(Ok(()), || tuple.iter().try_for_each(hashable))?;
            depth::check()
        }
        _ => Ok(()),
    }
}

fn unhashable(value: &Value) -> Error {
    Error::new(ErrorKind::Type, format!("unhashable type: '{}'", type_name(value)))
}

/// `a is b`
pub(crate) fn identical(a: &Value, b: &Value) -> bool {
    if same(a, b) {
        return true;
    }
    match (Kind::of(a), Kind::of(b)) {
        (Kind::None, Kind::None) => true,
        (Kind::Bool(a), Kind::Bool(b)) => a == b,
        (Kind::Int(a), Kind::Int(b)) => a == b,
        (Kind::Float(_), Kind::Float(_)) | (Kind::Str(_), Kind::Str(_)) | (Kind::Wide(_), Kind::Wide(_)) => {
            equal(a, b)
        }
        (Kind::Object(left), Kind::Object(right)) => {
            left.type_name() == right.type_name() && to_str(a) == to_str(b)
        }
        _ => false,
    }
}
