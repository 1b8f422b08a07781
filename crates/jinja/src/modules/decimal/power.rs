//! Powers, roots and logarithms of decimals, by fixed-point numbers with more digits than the result has.

use num_bigint::{BigInt, BigUint, Sign};

use super::arithmetic::{PRECISION, overflow, quotient, rounded, settle, signed, smallest_zero};
use super::{Decimal, Finite, invalid, ten_to};
use crate::python::Result;

/// Digits behind the point of the fixed-point numbers.
const PLACES: i64 = 80;

/// Beyond this many digits a whole power is taken by logarithms.
const LONGEST_EXACT: i64 = 100_000;

/// `a ** b`
pub(super) fn power(a: &Finite, b: &Finite) -> Result<Decimal> {
    if b.is_zero() {
        return if a.is_zero() { Err(invalid()) } else { Ok(Decimal::Finite(Finite::of_int(1))) };
    }
    let whole = whole(b);
    let negative = a.negative && whole.as_ref().is_some_and(|it| it.bit(0));
    if a.is_zero() {
        return Ok(if b.negative {
            Decimal::Infinite { negative }
        } else {
            Decimal::Finite(Finite { negative, ..Finite::zero() })
        });
    }
    if a.negative && whole.is_none() {
        return Err(invalid());
    }
    let small = whole.and_then(|it| u32::try_from(it.magnitude()).ok());
    if let Some(times) = small.filter(|times| a.length().saturating_mul(i64::from(*times)) <= LONGEST_EXACT) {
        let digits = a.digits.pow(times);
        let exact = Finite { negative, digits, exponent: a.exponent * i64::from(times) };
        return if b.negative {
            quotient(&Finite::of_int(1), &exact).map(Decimal::Finite)
        } else {
            Ok(Decimal::Finite(rounded(exact)))
        };
    }
    let logarithm = fixed_logarithm(&Finite { negative: false, ..a.clone() });
    let exponent = b.exponent.min(0);
    let scaled = logarithm * b.signed_digits_at(exponent);
    let product = if exponent < 0 { scaled / BigInt::from(ten_to(-exponent)) } else { scaled };
    Ok(Decimal::Finite(Finite { negative, ..fixed_exponential(&product)? }))
}

/// The whole number that this is, if it is one.
fn whole(number: &Finite) -> Option<BigInt> {
    let whole = number.truncated();
    let is_whole = number.exponent >= 0 || number.digits == whole.magnitude() * ten_to(-number.exponent);
    is_whole.then_some(whole)
}

/// `number.sqrt()`
pub(super) fn square_root(number: &Finite) -> Result<Finite> {
    let ideal = number.exponent.div_euclid(2);
    if number.is_zero() {
        return Ok(Finite { exponent: ideal, ..number.clone() });
    }
    if number.negative {
        return Err(invalid());
    }
    // Digits and exponent such that the root has one digit more than the result, and an even exponent.
    let mut exponent = ideal.min((number.adjusted() - 2 * (PRECISION + 2)).div_euclid(2));
    let above = number.digits_at(2 * exponent);
    let mut digits = above.sqrt();
    let is_exact = &digits * &digits == above;
    settle(&mut digits, &mut exponent, ideal, is_exact);
    Ok(rounded(Finite { negative: false, digits, exponent }))
}

/// `number.exp()`
pub(super) fn exponential(number: &Finite) -> Result<Finite> {
    if number.is_zero() {
        return Ok(Finite::of_int(1));
    }
    fixed_exponential(&fixed(number))
}

/// `number.ln()` or `number.log10()`
pub(super) fn logarithm(number: &Finite, of_ten: bool) -> Result<Decimal> {
    if number.is_zero() {
        return Ok(Decimal::Infinite { negative: true });
    }
    if number.negative {
        return Err(invalid());
    }
    let one = BigInt::from(ten_to(PLACES));
    let mut result = fixed_logarithm(number);
    if of_ten {
        result = result * &one / fixed_logarithm(&Finite::of_int(10));
    }
    // These are exact.
    if number.digits == ten_to(number.length() - 1) && (of_ten || number.adjusted() == 0) {
        return Ok(Decimal::Finite(Finite::of_int(i128::from(number.adjusted()))));
    }
    Ok(Decimal::Finite(of_fixed(result, 0)))
}

/// The number times `10^PLACES`.
fn fixed(number: &Finite) -> BigInt {
    let shift = number.exponent + PLACES;
    let digits = if shift >= 0 { &number.digits * ten_to(shift) } else { &number.digits / ten_to(-shift) };
    signed(number.negative, digits)
}

fn of_fixed(number: BigInt, power: i64) -> Finite {
    let (sign, digits) = number.into_parts();
    rounded(Finite { negative: sign == Sign::Minus, digits, exponent: power - PLACES })
}

/// The natural logarithm of a positive number.
fn fixed_logarithm(number: &Finite) -> BigInt {
    let one = BigInt::from(ten_to(PLACES));
    let power = number.adjusted();
    let first =
        fixed(&Finite { negative: false, digits: number.digits.clone(), exponent: number.exponent - power });
    let mut result = series(&first, &one);
    if power != 0 {
        result += series(&(&one * 10), &one) * power;
    }
    result
}

/// `ln(x) = 2 (z + z³/3 + z⁵/5 + …)` with `z = (x - 1) / (x + 1)`.
fn series(x: &BigInt, one: &BigInt) -> BigInt {
    let z = (x - one) * one / (x + one);
    let square = &z * &z / one;
    let (mut term, mut total, mut odd) = (z.clone(), z, 1_u32);
    loop {
        term = term * &square / one;
        odd += 2;
        let part = &term / odd;
        if part == BigInt::ZERO {
            return total * 2;
        }
        total += part;
    }
}

/// `e` to the power of a fixed-point number.
fn fixed_exponential(number: &BigInt) -> Result<Finite> {
    let one = BigInt::from(ten_to(PLACES));
    let of_ten = series(&(&one * 10), &one);
    let power = number / &of_ten;
    let rest = number - &power * &of_ten;
    if power.magnitude() > &BigUint::from(10_000_000_u32) {
        return if power.sign() == Sign::Minus { Ok(smallest_zero(false)) } else { Err(overflow()) };
    }
    let power = i64::try_from(power).map_err(|_| overflow())?;
    let (mut term, mut total, mut count) = (one.clone(), one.clone(), 0_u32);
    loop {
        count += 1;
        term = term * &rest / &one / count;
        if term == BigInt::ZERO {
            return Ok(of_fixed(total, power));
        }
        total += &term;
    }
}
