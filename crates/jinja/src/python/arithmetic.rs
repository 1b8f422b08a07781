//! `+ - * / // % **` and signs, with Python's errors.

use std::borrow::Cow;

use minijinja::Value;
use minijinja::value::Tuple;

use super::iterate::items;
use super::kind::{Kind, type_name};
use super::list::List;
use super::number::{Number, as_int, int};
use super::set::Set;
use super::{Result, undefined, wide};
use crate::error::{Error, ErrorKind};
use crate::syntax::ast::BinaryOperator;

/// `a operator b`
pub(crate) fn binary(operator: BinaryOperator, a: &Value, b: &Value) -> Result<Value> {
    if operator == BinaryOperator::Modulo
        && let Some(format) = a.as_str()
    {
        return super::percent::format(format, b);
    }
    if let (Some(left), Some(right)) = (Number::of(a), Number::of(b)) {
        return numbers(operator, left, right);
    }
    if let Some(result) = wide::binary(operator, a, b) {
        return result;
    }
    for side in [a, b] {
        if undefined::is_undefined(side) {
            return Err(undefined::error(side));
        }
    }
    if let Some(result) = crate::modules::arithmetic(operator, a, b) {
        return result;
    }
    match operator {
        BinaryOperator::Add => add(a, b),
        BinaryOperator::Multiply => repeat(a, b),
        BinaryOperator::Subtract => match (Kind::of(a), Kind::of(b)) {
            (Kind::Set(a), Kind::Set(b)) => {
                let mut left = a.copy();
                left.retain(|item| !b.contains(item));
                Ok(Set::value(left))
            }
            (Kind::Object(_), _) if super::function::is_set_view(a) => {
                let right = items(b)?;
                let left = items(a)?.into_iter();
                Ok(Set::value(left.filter(|item| !right.contains(item)).collect()))
            }
            _ => Err(unsupported("-", a, b)),
        },
        BinaryOperator::Divide => Err(unsupported("/", a, b)),
        BinaryOperator::FloorDivide => Err(unsupported("//", a, b)),
        BinaryOperator::Modulo => Err(unsupported("%", a, b)),
        BinaryOperator::Power => Err(unsupported("** or pow()", a, b)),
    }
}

fn unsupported(operator: &str, a: &Value, b: &Value) -> Error {
    let (a, b) = (type_name(a), type_name(b));
    let message = format!("unsupported operand type(s) for {operator}: '{a}' and '{b}'");
    Error::new(ErrorKind::Type, message)
}

fn add(a: &Value, b: &Value) -> Result<Value> {
    match (Kind::of(a), Kind::of(b)) {
        (Kind::Str(left), Kind::Str(right)) => Ok(join(a, left, b, right)),
        (Kind::List(left), Kind::List(right)) => {
            let mut all = left.items();
            all.extend(right.items());
            Ok(List::value(all))
        }
        (Kind::Tuple(left), Kind::Tuple(right)) => {
            Ok(Value::from(Tuple::new(left.iter().chain(right.iter()).cloned().collect())))
        }
        // A host's list beside one of ours.
        (Kind::List(_), Kind::Object(_)) | (Kind::Object(_), Kind::List(_) | Kind::Object(_))
            if type_name(a) == "list" && type_name(b) == "list" =>
        {
            let mut all = items(a)?;
            all.extend(items(b)?);
            Ok(List::value(all))
        }
        (Kind::Str(_) | Kind::List(_) | Kind::Tuple(_), _) => {
            let (a, b) = (type_name(a), type_name(b));
            let message = format!("can only concatenate {a} (not \"{b}\") to {a}");
            Err(Error::new(ErrorKind::Type, message))
        }
        _ => Err(unsupported("+", a, b)),
    }
}

/// `+` of strings; with escaped text (`Markup`) the other side is escaped.
fn join(a: &Value, left: &str, b: &Value, right: &str) -> Value {
    if !a.is_safe() && !b.is_safe() {
        let mut joined = String::with_capacity(left.len() + right.len());
        joined.push_str(left);
        joined.push_str(right);
        return Value::from(joined);
    }
    let part = |value: &Value, text| -> Cow<'_, str> {
        if value.is_safe() { Cow::Borrowed(text) } else { Cow::Owned(crate::filters::html::escape(text)) }
    };
    Value::from_safe_string(format!("{}{}", part(a, left), part(b, right)))
}

/// The longest text or list that an operation makes.
pub(crate) const LONGEST: usize = 100_000_000;

/// An error for a text or list that would be longer than memory is likely to hold.
pub(crate) fn fits(length: usize) -> Result<()> {
    if length <= LONGEST {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Arithmetic, "the repeated sequence is too long"))
}

fn repeat(a: &Value, b: &Value) -> Result<Value> {
    let (sequence, times) = match (as_int(a), as_int(b)) {
        (None, Some(times)) => (a, times),
        (Some(times), None) => (b, times),
        _ => {
            if matches!(Kind::of(a), Kind::Str(_) | Kind::List(_) | Kind::Tuple(_)) {
                let message = format!("can't multiply sequence by non-int of type '{}'", type_name(b));
                return Err(Error::new(ErrorKind::Type, message));
            }
            return Err(unsupported("*", a, b));
        }
    };
    let times = usize::try_from(times.max(0)).unwrap_or(usize::MAX);
    let fits = |length: usize| fits(length.saturating_mul(times));
    match Kind::of(sequence) {
        Kind::Str(text) => {
            fits(text.len())?;
            Ok(Value::from(text.repeat(times)))
        }
        Kind::List(list) => {
            let items = list.items();
            fits(items.len())?;
            Ok(List::value(cycle(&items, times)))
        }
        Kind::Tuple(tuple) => {
            fits(tuple.len())?;
            Ok(Value::from(Tuple::new(cycle(tuple, times))))
        }
        _ => Err(unsupported("*", a, b)),
    }
}

fn cycle(items: &[Value], times: usize) -> Vec<Value> {
    items.iter().cycle().take(items.len() * times).cloned().collect()
}

fn numbers(operator: BinaryOperator, a: Number, b: Number) -> Result<Value> {
    use BinaryOperator as Op;
    if let (Number::Int(a), Number::Int(b)) = (a, b) {
        let result = match operator {
            Op::Add => a.checked_add(b),
            Op::Subtract => a.checked_sub(b),
            Op::Multiply => a.checked_mul(b),
            Op::FloorDivide if b == 0 => {
                return Err(zero_division("integer division or modulo by zero"));
            }
            Op::Modulo if b == 0 => return Err(zero_division("integer modulo by zero")),
            Op::Divide if b == 0 => return Err(zero_division("division by zero")),
            Op::FloorDivide => Some(floor_divide(a, b)),
            Op::Modulo => Some(a - floor_divide(a, b) * b),
            Op::Power if b >= 0 => u32::try_from(b).ok().and_then(|b| a.checked_pow(b)),
            Op::Power if a == 0 => {
                return Err(zero_division("0.0 cannot be raised to a negative power"));
            }
            Op::Divide | Op::Power => {
                return Ok(floats(operator, Number::Int(a).float(), Number::Int(b).float()));
            }
        };
        return result.map_or_else(|| wide::overflowed(operator, a, b), |result| Ok(int(result)));
    }
    let (a, b) = (a.float(), b.float());
    if b == 0.0 {
        let message = match operator {
            Op::Divide => Some("float division by zero"),
            Op::FloorDivide => Some("float floor division by zero"),
            Op::Modulo => Some("float modulo"),
            _ => None,
        };
        if let Some(message) = message {
            return Err(zero_division(message));
        }
    }
    Ok(floats(operator, a, b))
}

fn floor_divide(a: i128, b: i128) -> i128 {
    let quotient = a.wrapping_div(b);
    if a.wrapping_rem(b) != 0 && (a < 0) != (b < 0) { quotient - 1 } else { quotient }
}

fn floats(operator: BinaryOperator, a: f64, b: f64) -> Value {
    Value::from(match operator {
        BinaryOperator::Add => a + b,
        BinaryOperator::Subtract => a - b,
        BinaryOperator::Multiply => a * b,
        BinaryOperator::Divide => a / b,
        BinaryOperator::FloorDivide => ((a - modulo(a, b)) / b).round(),
        BinaryOperator::Modulo => modulo(a, b),
        BinaryOperator::Power => a.powf(b),
    })
}

/// Python's float `%`: the result has the sign of the divisor.
fn modulo(a: f64, b: f64) -> f64 {
    let rest = a % b;
    if rest == 0.0 {
        0.0_f64.copysign(b)
    } else if (rest < 0.0) != (b < 0.0) {
        rest + b
    } else {
        rest
    }
}

fn zero_division(message: &str) -> Error {
    Error::new(ErrorKind::Arithmetic, message)
}

/// `-value`, `+value`
pub(crate) fn sign(value: &Value, negative: bool) -> Result<Value> {
    match Number::of(value) {
        Some(Number::Int(number)) if negative => match number.checked_neg() {
            Some(number) => Ok(int(number)),
            None => wide::overflowed(BinaryOperator::Subtract, 0, number),
        },
        Some(Number::Int(number)) => Ok(int(number)),
        Some(Number::Float(number)) => Ok(Value::from(if negative { -number } else { number })),
        None if undefined::is_undefined(value) => Err(undefined::error(value)),
        None => {
            if let Kind::Wide(number) = Kind::of(value) {
                return Ok(if negative { number.negated() } else { value.clone() });
            }
            if let Some(result) = crate::modules::sign(value, negative) {
                return Ok(result);
            }
            let sign = if negative { '-' } else { '+' };
            let message = format!("bad operand type for unary {sign}: '{}'", type_name(value));
            Err(Error::new(ErrorKind::Type, message))
        }
    }
}
