//! The methods of numbers.

use minijinja::Value;
use minijinja::value::Tuple;

use crate::error::{Error, ErrorKind};
use crate::python::Result;
use crate::python::arguments::Arguments;
use crate::python::kind::Kind;
use crate::python::number::{Number, int};

/// The methods that numbers have.
pub(super) const NAMES: [&str; 5] =
    ["as_integer_ratio", "bit_count", "bit_length", "conjugate", "is_integer"];

/// Calls a method of a number.
pub(super) fn call(value: &Value, name: &str, call: &Arguments<'_>) -> Result<Value> {
    call.bind([], 0)?;
    if let Kind::Wide(number) = Kind::of(value) {
        let number = number.number();
        return Ok(match name {
            "bit_length" => Value::from(number.bits()),
            "bit_count" => Value::from(number.magnitude().count_ones()),
            "as_integer_ratio" => Value::from(Tuple::from([value.clone(), Value::from(1)])),
            "is_integer" => Value::from(true),
            _ => value.clone(),
        });
    }
    match (name, Number::of(value)) {
        ("is_integer", Some(Number::Int(_))) => Ok(Value::from(true)),
        ("is_integer", Some(Number::Float(it))) => Ok(Value::from(it.is_finite() && it.fract() == 0.0)),
        ("bit_length", Some(Number::Int(it))) => {
            Ok(Value::from(i128::BITS - it.unsigned_abs().leading_zeros()))
        }
        ("bit_count", Some(Number::Int(it))) => Ok(Value::from(it.unsigned_abs().count_ones())),
        ("as_integer_ratio", Some(Number::Int(it))) => {
            Ok(Value::from(Tuple::from([int(it), Value::from(1)])))
        }
        ("as_integer_ratio", Some(Number::Float(it))) => ratio(it),
        ("conjugate", Some(_)) => Ok(value.clone()),
        _ => {
            let message = format!("number has no method '{name}'");
            Err(Error::new(ErrorKind::Attribute, message))
        }
    }
}

fn ratio(number: f64) -> Result<Value> {
    let mut numerator = number;
    let mut denominator: i128 = 1;
    while numerator.fract() != 0.0 && denominator < i128::MAX / 2 {
        numerator *= 2.0;
        denominator *= 2;
    }
    if !numerator.is_finite() || numerator.abs() >= 1e38 {
        let message = "cannot convert this float to an integer ratio";
        return Err(Error::new(ErrorKind::Arithmetic, message));
    }
    #[expect(clippy::cast_possible_truncation, reason = "the number is whole and below 1e38")]
    let numerator = numerator as i128;
    Ok(Value::from(Tuple::from([int(numerator), int(denominator)])))
}
