//! `decimal.Decimal`: what Python's database driver makes of fractions
//! (<https://docs.python.org/3/library/decimal.html>).

mod arithmetic;
mod power;
mod text;

use std::cmp::Ordering;

use minijinja::Value;
use minijinja::value::Tuple;
use num_bigint::{BigInt, BigUint, Sign};

use super::instance::{Instance, Py};
use super::of;
use crate::error::{Error, ErrorKind};
use crate::eval::{Evaluated, Evaluator};
use crate::python::Result;
use crate::python::arguments::{Arguments, integer};
use crate::python::kind::{Kind, type_name};
use crate::python::number::{Number, int};

pub(super) use arithmetic::arithmetic;

/// A decimal number of any length.
#[derive(Clone, Debug)]
pub(crate) enum Decimal {
    Finite(Finite),
    Infinite { negative: bool },
    NaN,
}

/// `digits × 10^exponent`
#[derive(Clone, Debug)]
pub(crate) struct Finite {
    negative: bool,
    digits: BigUint,
    exponent: i64,
}

impl From<Decimal> for Value {
    fn from(decimal: Decimal) -> Self {
        Py::value(decimal)
    }
}

/// The decimal that a value is, if it is one.
pub(crate) fn decimal_of(value: &Value) -> Option<&Decimal> {
    of::<Decimal>(value)
}

/// The decimal that a text says (`1.10`, `1e-7`, `NaN`, `Infinity`), as a value.
pub(crate) fn parsed(text: &str) -> Option<Value> {
    Decimal::parse(text).map(Py::value)
}

/// The decimal of a float's shortest form, as `Decimal(repr(float))` has it.
pub(crate) fn of_float(number: f64) -> Value {
    let text = crate::python::number::float_repr(number);
    Py::value(Decimal::parse(&text).unwrap_or(Decimal::NaN))
}

impl Finite {
    fn zero() -> Self {
        Self { negative: false, digits: BigUint::ZERO, exponent: 0 }
    }

    fn of_int(number: i128) -> Self {
        Self { negative: number < 0, digits: BigUint::from(number.unsigned_abs()), exponent: 0 }
    }

    fn is_zero(&self) -> bool {
        self.digits == BigUint::ZERO
    }

    /// How many digits there are; a zero has one.
    fn length(&self) -> i64 {
        i64::try_from(self.digits.to_string().len()).unwrap_or(i64::MAX)
    }

    /// The exponent of the first digit.
    fn adjusted(&self) -> i64 {
        self.exponent + self.length() - 1
    }

    /// The digits at a smaller exponent.
    fn digits_at(&self, exponent: i64) -> BigUint {
        &self.digits * ten_to(self.exponent - exponent)
    }

    fn signed_digits_at(&self, exponent: i64) -> BigInt {
        let sign = if self.negative { Sign::Minus } else { Sign::Plus };
        BigInt::from_biguint(sign, self.digits_at(exponent))
    }

    /// Towards zero.
    fn truncated(&self) -> BigInt {
        let whole =
            if self.exponent >= 0 { self.digits_at(0) } else { &self.digits / ten_to(-self.exponent) };
        BigInt::from_biguint(if self.negative { Sign::Minus } else { Sign::Plus }, whole)
    }

    fn compare(&self, other: &Self) -> Ordering {
        match (self.is_zero(), other.is_zero()) {
            (true, true) => return Ordering::Equal,
            (true, false) => return if other.negative { Ordering::Greater } else { Ordering::Less },
            (false, true) => return if self.negative { Ordering::Less } else { Ordering::Greater },
            (false, false) => {}
        }
        if self.negative != other.negative {
            return if self.negative { Ordering::Less } else { Ordering::Greater };
        }
        let sizes = self.adjusted().cmp(&other.adjusted()).then_with(|| {
            let exponent = self.exponent.min(other.exponent);
            self.digits_at(exponent).cmp(&other.digits_at(exponent))
        });
        if self.negative { sizes.reverse() } else { sizes }
    }
}

/// A power of ten; one for a negative exponent.
fn ten_to(exponent: i64) -> BigUint {
    BigUint::from(10_u8).pow(u32::try_from(exponent.max(0)).unwrap_or(u32::MAX))
}

impl Decimal {
    pub(crate) fn float(&self) -> f64 {
        match self {
            Self::Finite(_) => self.str().parse().unwrap_or(f64::NAN),
            Self::Infinite { negative: true } => f64::NEG_INFINITY,
            Self::Infinite { negative: false } => f64::INFINITY,
            Self::NaN => f64::NAN,
        }
    }

    /// `int(decimal)`: towards zero; none for what is no number or beyond `i128`.
    pub(crate) fn truncated(&self) -> Option<i128> {
        match self {
            Self::Finite(it) => i128::try_from(it.truncated()).ok(),
            _ => None,
        }
    }

    /// `-decimal` or `+decimal`, in the context's digits; a zero has no sign then.
    pub(super) fn signed(&self, negative: bool) -> Self {
        match self {
            Self::Finite(it) => {
                let negative = it.negative != negative && !it.is_zero();
                Self::Finite(arithmetic::rounded(Finite { negative, ..it.clone() }))
            }
            Self::Infinite { negative: it } => Self::Infinite { negative: *it != negative },
            Self::NaN => Self::NaN,
        }
    }

    pub(crate) fn absolute(&self) -> Self {
        match self {
            Self::Finite(it) => Self::Finite(arithmetic::rounded(Finite { negative: false, ..it.clone() })),
            Self::Infinite { .. } => Self::Infinite { negative: false },
            Self::NaN => Self::NaN,
        }
    }

    /// `round(decimal, places)`: halves to even, and this many digits behind the point.
    ///
    /// An error where the result has more digits than the context.
    pub(crate) fn rounded_to(&self, places: i64) -> Result<Self> {
        match self {
            Self::Finite(it) => quantized(it, -places).map(Self::Finite),
            Self::Infinite { .. } => Err(invalid()),
            Self::NaN => Ok(Self::NaN),
        }
    }

    /// The number with the digits of the context.
    fn in_context(self) -> Self {
        match self {
            Self::Finite(it) => Self::Finite(arithmetic::rounded(it)),
            other => other,
        }
    }

    /// The number that a value is beside a decimal: an int, or with `floats` a float, exactly.
    fn beside(value: &Value, floats: bool) -> Option<Self> {
        match Number::of(value) {
            Some(Number::Int(number)) => Some(Self::Finite(Finite::of_int(number))),
            Some(Number::Float(number)) if floats => Some(Self::exactly(number)),
            Some(Number::Float(_)) => None,
            None => decimal_of(value).cloned(),
        }
    }

    /// All the digits of a float.
    fn exactly(number: f64) -> Self {
        if number.is_nan() {
            return Self::NaN;
        }
        if number.is_infinite() {
            return Self::Infinite { negative: number < 0.0 };
        }
        let bits = number.to_bits();
        let raw_exponent = i64::try_from(bits >> 52 & 0x7ff).unwrap_or(0);
        let fraction = bits & ((1 << 52) - 1);
        let (mantissa, power) = match raw_exponent {
            0 => (fraction, -1074),
            other => (fraction | 1 << 52, other - 1075),
        };
        let size = u32::try_from(power.unsigned_abs()).unwrap_or(0);
        let (digits, exponent) = if power >= 0 {
            (BigUint::from(mantissa) << size, 0)
        } else {
            (BigUint::from(mantissa) * BigUint::from(5_u8).pow(size), power)
        };
        Self::Finite(Finite { negative: number.is_sign_negative(), digits, exponent })
    }

    fn compare(&self, other: &Self) -> Option<Ordering> {
        let rank = |it: &Self| match it {
            Self::Infinite { negative: true } => -1,
            Self::Infinite { negative: false } => 1,
            _ => 0,
        };
        match (self, other) {
            (Self::NaN, _) | (_, Self::NaN) => None,
            (Self::Finite(a), Self::Finite(b)) => Some(a.compare(b)),
            (a, b) => Some(rank(a).cmp(&rank(b))),
        }
    }
}

/// `a == b` where one is a decimal.
pub(super) fn equal(a: &Value, b: &Value) -> Option<bool> {
    let [a, b] = both(a, b)?;
    Some(matches!((a, b), (Some(a), Some(b)) if a.compare(&b) == Some(Ordering::Equal)))
}

/// The order where one is a decimal and the other a number; an error for `NaN`, which has none.
pub(super) fn order(a: &Value, b: &Value) -> Option<Result<Ordering>> {
    match both(a, b)? {
        [Some(a), Some(b)] => Some(a.compare(&b).ok_or_else(invalid)),
        _ => None,
    }
}

fn both(a: &Value, b: &Value) -> Option<[Option<Decimal>; 2]> {
    (decimal_of(a).is_some() || decimal_of(b).is_some())
        .then(|| [Decimal::beside(a, true), Decimal::beside(b, true)])
}

fn invalid() -> Error {
    Error::new(ErrorKind::Arithmetic, "[<class 'decimal.InvalidOperation'>]")
}

fn quantized(number: &Finite, exponent: i64) -> Result<Finite> {
    let result = arithmetic::at_exponent(number, exponent);
    if result.length() > arithmetic::PRECISION { Err(invalid()) } else { Ok(result) }
}

fn argument(value: Option<Value>) -> Result<Decimal> {
    let value = value.unwrap_or_default();
    Decimal::beside(&value, false).ok_or_else(|| {
        let message = format!("conversion from {} to Decimal is not supported", type_name(&value));
        Error::new(ErrorKind::Type, message)
    })
}

impl Instance for Decimal {
    const TYPE: &'static str = "decimal.Decimal";
    const METHODS: &'static [&'static str] = &[
        "adjusted",
        "as_integer_ratio",
        "as_tuple",
        "compare",
        "conjugate",
        "copy_abs",
        "copy_negate",
        "exp",
        "is_finite",
        "is_infinite",
        "is_nan",
        "is_signed",
        "is_zero",
        "ln",
        "log10",
        "max",
        "min",
        "normalize",
        "quantize",
        "sqrt",
        "to_integral",
        "to_integral_value",
    ];

    fn attribute(&self, name: &str) -> Option<Value> {
        match name {
            "real" => Some(Py::value(self.clone())),
            "imag" => Some(Py::value(Self::Finite(Finite::zero()))),
            _ => None,
        }
    }

    fn item(&self, _: &Value) -> Option<Value> {
        None
    }

    fn method(&self, this: &Value, _: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
        let negative = match self {
            Self::Finite(it) => it.negative,
            Self::Infinite { negative } => *negative,
            Self::NaN => false,
        };
        let answer = |it: bool| Ok(Value::from(it));
        match call.function {
            "compare" | "max" | "min" => {
                let [other] = call.bind(["other"], 1)?;
                let other = argument(other)?;
                let chosen = match (call.function, self.compare(&other)) {
                    ("compare", None) => Self::NaN,
                    ("compare", Some(order)) => Self::Finite(Finite::of_int(order as i128)),
                    (_, None) if matches!(self, Self::NaN) => other,
                    ("max", Some(Ordering::Less)) | ("min", Some(Ordering::Greater)) => other,
                    _ => self.clone(),
                };
                return Ok(Py::value(chosen.in_context()));
            }
            "quantize" => {
                let [exponent] = call.bind(["exp"], 1)?;
                return match (self, argument(exponent)?) {
                    (Self::Finite(it), Self::Finite(like)) => {
                        Ok(Py::value(Self::Finite(quantized(it, like.exponent)?)))
                    }
                    _ => Err(invalid().into()),
                };
            }
            _ => call.bind([], 0)?,
        };
        match call.function {
            "is_finite" => answer(matches!(self, Self::Finite(_))),
            "is_infinite" => answer(matches!(self, Self::Infinite { .. })),
            "is_nan" => answer(matches!(self, Self::NaN)),
            "is_signed" => answer(negative),
            "is_zero" => answer(!self.is_true() && !matches!(self, Self::NaN)),
            "conjugate" => Ok(this.clone()),
            other => Ok(self.derived(other)?),
        }
    }

    fn str(&self) -> String {
        text::plain(self)
    }

    fn repr(&self) -> String {
        format!("Decimal('{}')", self.str())
    }

    fn key_order(&self, other: &Self) -> Ordering {
        self.compare(other).unwrap_or_else(|| self.str().cmp(&other.str()))
    }

    fn is_true(&self) -> bool {
        !matches!(self, Self::Finite(it) if it.is_zero())
    }
}

impl Decimal {
    /// What a method without arguments makes of the number.
    fn derived(&self, method: &str) -> Result<Value> {
        let decimal = |it: Finite| Ok(Py::value(Self::Finite(it)));
        let Self::Finite(it) = self else {
            return match method {
                "copy_abs" => Ok(Py::value(self.absolute())),
                "copy_negate" => Ok(Py::value(self.signed(true))),
                "exp" if matches!(self, Self::Infinite { negative: true }) => decimal(Finite::zero()),
                "ln" | "log10" | "sqrt" if matches!(self, Self::Infinite { negative: true }) => {
                    Err(invalid())
                }
                "as_tuple" | "as_integer_ratio" | "adjusted" => Err(invalid()),
                _ => Ok(Py::value(self.clone())),
            };
        };
        match method {
            "adjusted" => Ok(Value::from(it.adjusted())),
            "copy_abs" => decimal(Finite { negative: false, ..it.clone() }),
            "copy_negate" => decimal(Finite { negative: !it.negative, ..it.clone() }),
            "normalize" => decimal(arithmetic::normalized(it)),
            "to_integral" | "to_integral_value" if it.exponent >= 0 => decimal(it.clone()),
            "to_integral" | "to_integral_value" => decimal(arithmetic::at_exponent(it, 0)),
            "sqrt" => decimal(power::square_root(it)?),
            "exp" => decimal(power::exponential(it)?),
            "ln" => power::logarithm(it, false).map(Py::value),
            "log10" => power::logarithm(it, true).map(Py::value),
            "as_tuple" => {
                let digits = it.digits.to_string();
                let digits = digits.bytes().map(|digit| Value::from(digit - b'0')).collect();
                Ok(Py::value(Parts {
                    sign: Value::from(u8::from(it.negative)),
                    digits: Value::from(Tuple::new(digits)),
                    exponent: Value::from(it.exponent),
                }))
            }
            _ => integer_ratio(it),
        }
    }
}

fn integer_ratio(it: &Finite) -> Result<Value> {
    let (above, below) = (it.digits_at(it.exponent.min(0)), ten_to(-it.exponent));
    let (mut a, mut b) = (above.clone(), below.clone());
    while b != BigUint::ZERO {
        (a, b) = (b.clone(), a % b);
    }
    let side = |number: BigUint| i128::try_from(number).map_err(|_| invalid());
    let (above, below) = (side(above / &a)?, side(below / &a)?);
    Ok(Value::from(Tuple::from([int(if it.negative { -above } else { above }), int(below)])))
}

/// Python's `DecimalTuple`.
#[derive(Debug)]
struct Parts {
    sign: Value,
    digits: Value,
    exponent: Value,
}

impl Instance for Parts {
    const TYPE: &'static str = "decimal.DecimalTuple";
    const METHODS: &'static [&'static str] = &[];

    fn attribute(&self, name: &str) -> Option<Value> {
        match name {
            "sign" => Some(self.sign.clone()),
            "digits" => Some(self.digits.clone()),
            "exponent" => Some(self.exponent.clone()),
            _ => None,
        }
    }

    fn item(&self, key: &Value) -> Option<Value> {
        let parts = [&self.sign, &self.digits, &self.exponent];
        let at = integer(key).ok()?;
        let at = if at < 0 { at + 3 } else { at };
        parts.get(usize::try_from(at).ok()?).map(|it| (*it).clone())
    }

    fn method(&self, _: &Value, _: &mut Evaluator<'_, '_, '_>, _: &Arguments<'_>) -> Evaluated<Value> {
        Ok(Value::UNDEFINED)
    }

    fn str(&self) -> String {
        let shown = |value: &Value| crate::python::text::repr(value);
        let (sign, digits, exponent) = (shown(&self.sign), shown(&self.digits), shown(&self.exponent));
        format!("DecimalTuple(sign={sign}, digits={digits}, exponent={exponent})")
    }

    fn repr(&self) -> String {
        self.str()
    }
}

/// The digits of a decimal as `format()` shows them, and whether it is negative; an error for another type than those
/// of numbers with a fraction.
pub(crate) fn shown(
    decimal: &Decimal,
    precision: Option<usize>,
    kind: Option<char>,
) -> Result<(bool, String)> {
    if !matches!(kind, None | Some('e' | 'E' | 'f' | 'F' | 'g' | 'G' | 'n' | '%')) {
        return Err(Error::new(ErrorKind::Value, "invalid format string"));
    }
    let precision = precision.map(|it| i64::try_from(it).unwrap_or(i64::MAX));
    Ok(text::formatted(decimal, precision, kind))
}

/// Whether a value is a number in Python's sense.
pub(crate) fn is_number(value: &Value) -> bool {
    let is_plain = matches!(Kind::of(value), Kind::Bool(_) | Kind::Int(_) | Kind::Wide(_) | Kind::Float(_));
    is_plain || decimal_of(value).is_some()
}
