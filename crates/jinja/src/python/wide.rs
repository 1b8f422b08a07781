//! Integers beyond `i128`: Python's have no end.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use minijinja::Value;
use minijinja::value::{DynObject, Object, ObjectRepr};
use num_bigint::{BigInt, Sign};

use super::Result;
use super::kind::Kind;
use super::number::{Number, int};
use crate::error::{Error, ErrorKind};
use crate::syntax::ast::BinaryOperator;

/// The widest integer that arithmetic makes, in bits: wider ones take minutes to print.
const WIDEST: u64 = 1 << 17;

/// The longest integer that is read, in digits, as in Python.
const LONGEST: usize = 4300;

/// An integer that `i128` doesn't hold.
#[derive(Debug)]
pub(crate) struct Wide(BigInt);

/// An integer of any size as a value.
pub(crate) fn value(number: BigInt) -> Value {
    match i128::try_from(&number) {
        Ok(narrow) => int(narrow),
        Err(_) => Value::from_object(Wide(number)),
    }
}

/// The value of digits, if they are any of the base.
pub(crate) fn parse(digits: &str, radix: u32) -> Option<Value> {
    if digits.len() > LONGEST {
        return None;
    }
    BigInt::parse_bytes(digits.as_bytes(), radix).map(value)
}

/// The integer that a value is, whatever its size.
fn integer(value: &Value) -> Option<BigInt> {
    match Kind::of(value) {
        Kind::Bool(it) => Some(BigInt::from(i32::from(it))),
        Kind::Int(it) => Some(BigInt::from(it)),
        Kind::Wide(it) => Some(it.0.clone()),
        _ => None,
    }
}

impl Wide {
    /// The nearest float; infinite beyond those.
    pub(crate) fn float(&self) -> f64 {
        self.0.to_string().parse().unwrap_or(f64::INFINITY)
    }

    pub(crate) fn number(&self) -> &BigInt {
        &self.0
    }

    /// `abs(number)`
    pub(crate) fn absolute(&self) -> Value {
        value(BigInt::from(self.0.magnitude().clone()))
    }

    /// `-number`
    pub(crate) fn negated(&self) -> Value {
        value(-&self.0)
    }
}

/// `a operator b` where one of them is wide, if both are numbers.
pub(crate) fn binary(operator: BinaryOperator, a: &Value, b: &Value) -> Option<Result<Value>> {
    match (Kind::of(a), Kind::of(b)) {
        (Kind::Wide(a), Kind::Float(_)) => Some(super::arithmetic::binary(operator, &a.float().into(), b)),
        (Kind::Float(_), Kind::Wide(b)) => Some(super::arithmetic::binary(operator, a, &b.float().into())),
        (Kind::Wide(_), _) | (_, Kind::Wide(_)) => Some(arithmetic(operator, &integer(a)?, &integer(b)?)),
        _ => None,
    }
}

/// `a operator b` of integers, with the errors of narrow ones.
pub(crate) fn arithmetic(operator: BinaryOperator, a: &BigInt, b: &BigInt) -> Result<Value> {
    use BinaryOperator as Op;
    let too_large = || Error::new(ErrorKind::Arithmetic, "the integer result is too large");
    let is_zero = b.sign() == Sign::NoSign;
    let result = match operator {
        Op::Add => a + b,
        Op::Subtract => a - b,
        Op::Multiply if a.bits() + b.bits() > WIDEST => return Err(too_large()),
        Op::Multiply => a * b,
        Op::FloorDivide if is_zero => {
            return Err(Error::new(ErrorKind::Arithmetic, "integer division or modulo by zero"));
        }
        Op::Modulo if is_zero => return Err(Error::new(ErrorKind::Arithmetic, "integer modulo by zero")),
        Op::Divide if is_zero => return Err(Error::new(ErrorKind::Arithmetic, "division by zero")),
        Op::FloorDivide => floor_divide(a, b),
        Op::Modulo => a - floor_divide(a, b) * b,
        Op::Power if b.sign() != Sign::Minus => {
            let exponent = u32::try_from(b).map_err(|_| too_large())?;
            if a.bits().saturating_mul(u64::from(exponent)) > WIDEST {
                return Err(too_large());
            }
            a.pow(exponent)
        }
        Op::Divide | Op::Power => {
            let float = |number: &BigInt| Value::from(Wide(number.clone()).float());
            return super::arithmetic::binary(operator, &float(a), &float(b));
        }
    };
    Ok(value(result))
}

fn floor_divide(a: &BigInt, b: &BigInt) -> BigInt {
    let quotient = a / b;
    let rest = a - &quotient * b;
    let is_below = rest.sign() != Sign::NoSign && (rest.sign() == Sign::Minus) != (b.sign() == Sign::Minus);
    if is_below { quotient - 1 } else { quotient }
}

/// The order of two numbers of which one is wide.
pub(crate) fn order(a: &Value, b: &Value) -> Option<Ordering> {
    match (Kind::of(a), Kind::of(b)) {
        (Kind::Wide(a), Kind::Float(b)) => a.float().partial_cmp(&b),
        (Kind::Float(a), Kind::Wide(b)) => a.partial_cmp(&b.float()),
        (Kind::Wide(_), _) | (_, Kind::Wide(_)) => Some(integer(a)?.cmp(&integer(b)?)),
        _ => None,
    }
}

/// What an operation on narrow integers gives that left their range.
pub(crate) fn overflowed(operator: BinaryOperator, a: i128, b: i128) -> Result<Value> {
    arithmetic(operator, &BigInt::from(a), &BigInt::from(b))
}

/// The float of any number.
pub(crate) fn float(value: &Value) -> Option<f64> {
    match Kind::of(value) {
        Kind::Wide(it) => Some(it.float()),
        _ => Number::of(value).map(Number::float),
    }
}

impl Object for Wide {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn custom_cmp(self: &Arc<Self>, other: &DynObject) -> Option<Ordering> {
        other.downcast_ref::<Self>().map(|other| self.0.cmp(&other.0))
    }

    fn render(self: &Arc<Self>, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, out)
    }
}
