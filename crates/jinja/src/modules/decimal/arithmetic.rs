//! Arithmetic in Python's default context: 28 digits, halves to even.

use minijinja::Value;
use num_bigint::{BigInt, BigUint, Sign};

use super::{Decimal, Finite, decimal_of, invalid, power, ten_to};
use crate::error::{Error, ErrorKind};
use crate::modules::instance::Py;
use crate::python::Result;
use crate::syntax::ast::BinaryOperator;

/// Digits of a result.
pub(super) const PRECISION: i64 = 28;

/// The largest exponent of a result's first digit, and the smallest.
const LARGEST: i64 = 999_999;

/// Arithmetic where one side is a decimal; none if the other is no int and no decimal.
pub(in crate::modules) fn arithmetic(
    operator: BinaryOperator,
    a: &Value,
    b: &Value,
) -> Option<Result<Value>> {
    if decimal_of(a).is_none() && decimal_of(b).is_none() {
        return None;
    }
    let (a, b) = (Decimal::beside(a, false)?, Decimal::beside(b, false)?);
    Some(numbers(operator, &a, &b).and_then(|result| checked(result).map(Py::value)))
}

fn numbers(operator: BinaryOperator, a: &Decimal, b: &Decimal) -> Result<Decimal> {
    use BinaryOperator as Op;
    let (a, b) = match (a, b) {
        (Decimal::Finite(a), Decimal::Finite(b)) => (a, b),
        (Decimal::NaN, _) | (_, Decimal::NaN) => return Ok(Decimal::NaN),
        _ => return unbounded(operator, a, b),
    };
    match operator {
        Op::Add => Ok(Decimal::Finite(sum(a, b))),
        Op::Subtract => Ok(Decimal::Finite(sum(a, &Finite { negative: !b.negative, ..b.clone() }))),
        Op::Multiply => Ok(Decimal::Finite(rounded(Finite {
            negative: a.negative != b.negative,
            digits: &a.digits * &b.digits,
            exponent: a.exponent + b.exponent,
        }))),
        Op::Divide => quotient(a, b).map(Decimal::Finite),
        Op::FloorDivide => whole_quotient(a, b).map(|(quotient, _)| Decimal::Finite(quotient)),
        Op::Modulo if b.is_zero() && !a.is_zero() => Err(invalid()),
        Op::Modulo => whole_quotient(a, b).map(|(_, rest)| Decimal::Finite(rest)),
        Op::Power => power::power(a, b),
    }
}

/// Arithmetic where a side is infinite.
fn unbounded(operator: BinaryOperator, a: &Decimal, b: &Decimal) -> Result<Decimal> {
    use BinaryOperator as Op;
    let side = |it: &Decimal| match it {
        Decimal::Finite(it) => (false, it.negative, it.is_zero()),
        Decimal::Infinite { negative } => (true, *negative, false),
        Decimal::NaN => (false, false, false),
    };
    let ((a_infinite, a_negative, a_zero), (b_infinite, b_negative, b_zero)) = (side(a), side(b));
    let negative = a_negative != b_negative;
    let infinite = |negative| Ok(Decimal::Infinite { negative });
    match operator {
        Op::Add if a_infinite && b_infinite && negative => Err(invalid()),
        Op::Subtract if a_infinite && b_infinite && !negative => Err(invalid()),
        Op::Add => infinite(if a_infinite { a_negative } else { b_negative }),
        Op::Subtract => infinite(if a_infinite { a_negative } else { !b_negative }),
        Op::Multiply if a_zero || b_zero => Err(invalid()),
        Op::Multiply => infinite(negative),
        Op::Divide | Op::FloorDivide if a_infinite && b_infinite => Err(invalid()),
        Op::Divide | Op::FloorDivide if a_infinite => infinite(negative),
        Op::Divide => Ok(Decimal::Finite(smallest_zero(negative))),
        Op::FloorDivide => Ok(Decimal::Finite(Finite { negative, ..Finite::zero() })),
        Op::Modulo if a_infinite => Err(invalid()),
        Op::Modulo => Ok(a.clone().in_context()),
        Op::Power => match (a, b) {
            (_, Decimal::Finite(b)) if b.is_zero() => Ok(Decimal::Finite(Finite::of_int(1))),
            (_, Decimal::Finite(b)) if b.negative => Ok(Decimal::Finite(Finite::zero())),
            (_, Decimal::Infinite { negative: true }) if !a_negative => Ok(Decimal::Finite(Finite::zero())),
            _ if a_negative && !a_infinite => Err(invalid()),
            _ => infinite(false),
        },
    }
}

/// An error for a result that is too large.
fn checked(result: Decimal) -> Result<Decimal> {
    match result {
        Decimal::Finite(it) if !it.is_zero() && it.adjusted() > LARGEST => Err(overflow()),
        Decimal::Finite(it) if !it.is_zero() && it.adjusted() < -LARGEST => {
            Ok(Decimal::Finite(smallest_zero(it.negative)))
        }
        other => Ok(other),
    }
}

pub(super) fn overflow() -> Error {
    Error::new(ErrorKind::Arithmetic, "[<class 'decimal.Overflow'>]")
}

/// What is left of a result that is too small.
pub(super) fn smallest_zero(negative: bool) -> Finite {
    Finite { negative, digits: BigUint::ZERO, exponent: 1 - LARGEST - PRECISION }
}

fn sum(a: &Finite, b: &Finite) -> Finite {
    let exponent = a.exponent.min(b.exponent);
    let total = a.signed_digits_at(exponent) + b.signed_digits_at(exponent);
    let (sign, digits) = total.into_parts();
    let negative = match sign {
        Sign::Minus => true,
        Sign::Plus => false,
        Sign::NoSign => a.negative && b.negative,
    };
    rounded(Finite { negative, digits, exponent })
}

/// Digits of a quotient or a root before they are rounded: exact ones lose zeros down to the ideal exponent; others
/// that end in 0 or 5 get one more, so that what is left over keeps a half from being one.
pub(super) fn settle(digits: &mut BigUint, exponent: &mut i64, ideal: i64, is_exact: bool) {
    let ten = BigUint::from(10_u8);
    if is_exact {
        while *exponent < ideal && &*digits % &ten == BigUint::ZERO {
            *digits /= &ten;
            *exponent += 1;
        }
    } else if &*digits % BigUint::from(5_u8) == BigUint::ZERO {
        *digits += 1_u8;
    }
}

pub(super) fn quotient(a: &Finite, b: &Finite) -> Result<Finite> {
    if b.is_zero() {
        return Err(division_by_zero(a));
    }
    let negative = a.negative != b.negative;
    let ideal = a.exponent - b.exponent;
    if a.is_zero() {
        return Ok(Finite { negative, digits: BigUint::ZERO, exponent: ideal });
    }
    let shift = b.length() - a.length() + PRECISION + 1;
    let mut exponent = ideal - shift;
    let (above, below) = if shift >= 0 {
        (&a.digits * ten_to(shift), b.digits.clone())
    } else {
        (a.digits.clone(), &b.digits * ten_to(-shift))
    };
    let mut digits = &above / &below;
    let is_exact = &digits * &below == above;
    settle(&mut digits, &mut exponent, ideal, is_exact);
    Ok(rounded(Finite { negative, digits, exponent }))
}

fn division_by_zero(a: &Finite) -> Error {
    let name = if a.is_zero() { "DivisionUndefined" } else { "DivisionByZero" };
    Error::new(ErrorKind::Arithmetic, format!("[<class 'decimal.{name}'>]"))
}

/// `a // b`, towards zero, and `a % b`, with the sign of `a`.
fn whole_quotient(a: &Finite, b: &Finite) -> Result<(Finite, Finite)> {
    if b.is_zero() {
        return Err(division_by_zero(a));
    }
    let exponent = a.exponent.min(b.exponent);
    if a.adjusted() - b.adjusted() > PRECISION {
        return Err(Error::new(ErrorKind::Arithmetic, "[<class 'decimal.DivisionImpossible'>]"));
    }
    let (above, below) = (a.digits_at(exponent), b.digits_at(exponent));
    let digits = &above / &below;
    let rest = above - &digits * below;
    let whole = Finite { negative: a.negative != b.negative, digits, exponent: 0 };
    if whole.length() > PRECISION {
        return Err(Error::new(ErrorKind::Arithmetic, "[<class 'decimal.DivisionImpossible'>]"));
    }
    Ok((whole, rounded(Finite { negative: a.negative, digits: rest, exponent })))
}

/// The number with the digits of the context.
pub(super) fn rounded(number: Finite) -> Finite {
    to_length(number, PRECISION)
}

/// The number with no more than this many digits, halves to even.
pub(super) fn to_length(number: Finite, length: i64) -> Finite {
    let extra = number.length() - length;
    if extra <= 0 {
        return number;
    }
    let shorter = at_exponent(&number, number.exponent + extra);
    // 999.9 has become 1000.
    if shorter.length() > length { at_exponent(&shorter, shorter.exponent + 1) } else { shorter }
}

/// The number with this exponent, halves to even.
pub(super) fn at_exponent(number: &Finite, exponent: i64) -> Finite {
    let Finite { negative, .. } = *number;
    if exponent <= number.exponent {
        return Finite { negative, digits: number.digits_at(exponent), exponent };
    }
    let drop = exponent - number.exponent;
    if drop > number.length() + 1 {
        return Finite { negative, digits: BigUint::ZERO, exponent };
    }
    let unit = ten_to(drop);
    let mut digits = &number.digits / &unit;
    let twice = (&number.digits - &digits * &unit) * 2_u8;
    if twice > unit || twice == unit && digits.bit(0) {
        digits += 1_u8;
    }
    Finite { negative, digits, exponent }
}

/// The number without zeros at its end.
pub(super) fn normalized(number: &Finite) -> Finite {
    let mut it = rounded(number.clone());
    if it.is_zero() {
        return Finite { exponent: 0, ..it };
    }
    let ten = BigUint::from(10_u8);
    while &it.digits % &ten == BigUint::ZERO {
        it.digits /= &ten;
        it.exponent += 1;
    }
    it
}

/// The digits as a number with a sign.
pub(super) fn signed(negative: bool, digits: BigUint) -> BigInt {
    BigInt::from_biguint(if negative { Sign::Minus } else { Sign::Plus }, digits)
}
