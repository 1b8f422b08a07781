//! Filters on numbers.

use minijinja::Value;

use super::only;
use crate::error::{Error, ErrorKind};
use crate::eval::{Evaluated, Evaluator};
use crate::modules::decimal::{Decimal, decimal_of};
use crate::python::arguments::{Arguments, flag, integer, number};
use crate::python::kind::{Kind, type_name};
use crate::python::number::{Number, int as int_value, parse_float, parse_int};
use crate::python::{undefined, wide};

pub(super) fn abs(_: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    let value = only(call)?;
    match Number::of(&value) {
        Some(Number::Int(it)) => Ok(int_value(it.abs())),
        Some(Number::Float(it)) => Ok(Value::from(it.abs())),
        None => match (Kind::of(&value), crate::modules::abs(&value)) {
            (Kind::Wide(it), _) => Ok(it.absolute()),
            (_, Some(result)) => Ok(result),
            (_, None) => {
                let message = format!("bad operand type for abs(): '{}'", type_name(&value));
                Err(Error::new(ErrorKind::Type, message).into())
            }
        },
    }
}

pub(super) fn int(_: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    let [value, default, base] = call.bind(["value", "default", "base"], 1)?;
    let value = value.unwrap_or_default();
    if undefined::is_undefined(&value) {
        return Err(undefined::error(&value).into());
    }
    let found = match Kind::of(&value) {
        Kind::Str(text) => {
            let base = base.map_or(Ok(10), |base| integer(&base))?;
            let base = u32::try_from(base).unwrap_or(10);
            parse_int(text, base).or_else(|| truncated(parse_float(text)?).map(int_value))
        }
        Kind::Bool(it) => Some(Value::from(i32::from(it))),
        Kind::Int(_) | Kind::Wide(_) => Some(value.clone()),
        Kind::Float(it) => truncated(it).map(int_value),
        _ => decimal_of(&value).and_then(Decimal::truncated).map(int_value),
    };
    Ok(found.or(default).unwrap_or(Value::from(0)))
}

fn truncated(number: f64) -> Option<i128> {
    #[expect(clippy::cast_possible_truncation, reason = "int() truncates")]
    number.is_finite().then_some(number as i128)
}

pub(super) fn float(_: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    let [value, default] = call.bind(["value", "default"], 1)?;
    let value = value.unwrap_or_default();
    if undefined::is_undefined(&value) {
        return Err(undefined::error(&value).into());
    }
    let found = match Kind::of(&value) {
        Kind::Str(text) => parse_float(text),
        _ => wide::float(&value).or_else(|| decimal_of(&value).map(Decimal::float)),
    };
    Ok(found.map(Value::from).or(default).unwrap_or(Value::from(0.0)))
}

pub(super) fn round(_: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    let [value, precision, method] = call.bind(["value", "precision", "method"], 1)?;
    let value = value.unwrap_or_default();
    let precision = precision.map_or(Ok(0), |it| integer(&it))?;
    let precision = i32::try_from(precision).unwrap_or(0);
    let method = method.unwrap_or(Value::from("common"));
    let method = method.as_str().unwrap_or_default();
    if !matches!(method, "common" | "ceil" | "floor") {
        let message = "method must be common, ceil or floor";
        return Err(Error::new(ErrorKind::Type, message).into());
    }
    if let Some(decimal) = decimal_of(&value) {
        return Ok(match method {
            "common" => decimal.rounded_to(i64::from(precision))?.into(),
            _ => Value::from(rounded_by(method, decimal.float(), precision)),
        });
    }
    if method == "common" && precision >= 0 && matches!(Kind::of(&value), Kind::Wide(_)) {
        return Ok(value);
    }
    let number = Number::of(&value).or_else(|| wide::float(&value).map(Number::Float)).ok_or_else(|| {
        if undefined::is_undefined(&value) {
            return undefined::error(&value);
        }
        let message = format!("type {} doesn't define __round__ method", type_name(&value));
        Error::new(ErrorKind::Type, message)
    })?;
    if method == "common" {
        return Ok(match number {
            Number::Int(it) => int_value(round_int(it, precision)),
            Number::Float(it) => Value::from(round_float(it, precision)),
        });
    }
    Ok(Value::from(rounded_by(method, number.float(), precision)))
}

fn rounded_by(method: &str, number: f64, precision: i32) -> f64 {
    let scale = 10_f64.powi(precision);
    let scaled = number * scale;
    let rounded = if method == "ceil" { scaled.ceil() } else { scaled.floor() };
    rounded / scale
}

/// Python's `round(float, precision)`: ties of the exact value go to even.
pub(crate) fn round_float(number: f64, precision: i32) -> f64 {
    if !number.is_finite() {
        return number;
    }
    if let Ok(decimals) = usize::try_from(precision) {
        let text = format!("{number:.*}", decimals.min(400));
        return text.parse().unwrap_or(number);
    }
    let scale = 10_f64.powi(-precision);
    (number / scale).round_ties_even() * scale
}

fn round_int(number: i128, precision: i32) -> i128 {
    if precision >= 0 {
        return number;
    }
    let Some(scale) = 10_i128.checked_pow(precision.unsigned_abs()) else {
        return 0;
    };
    let floor = number.div_euclid(scale);
    let rest = number.rem_euclid(scale) * 2;
    let up = rest > scale || (rest == scale && floor % 2 != 0);
    (floor + i128::from(up)) * scale
}

pub(super) fn filesizeformat(_: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    let [value, binary] = call.bind(["value", "binary"], 1)?;
    let value = value.unwrap_or_default();
    let size = match Kind::of(&value) {
        Kind::Str(text) => parse_float(text).ok_or_else(|| {
            let shown = crate::python::text::repr_str(text);
            Error::new(ErrorKind::Value, format!("could not convert string to float: {shown}"))
        })?,
        _ => number(&value)?.float(),
    };
    let binary = flag(binary.as_ref(), false);
    let base = if binary { 1024.0 } else { 1000.0 };
    if (size - 1.0).abs() < f64::EPSILON {
        return Ok(Value::from("1 Byte"));
    }
    if size < base {
        return Ok(Value::from(format!("{:.0} Bytes", size.trunc()).replace("-0 ", "0 ")));
    }
    let units = if binary {
        ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"]
    } else {
        ["kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"]
    };
    let mut unit = base;
    for (at, name) in units.iter().enumerate() {
        unit *= base;
        if size < unit || at == units.len() - 1 {
            let shown = format!("{:.1} {name}", base * size / unit);
            return Ok(Value::from(shown.replace("NaN", "nan")));
        }
    }
    Ok(Value::UNDEFINED)
}
