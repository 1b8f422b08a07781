//! `datetime.timedelta`.

use minijinja::Value;

use super::class::Class;
use super::instance::{Instance, Py};
use super::of;
use crate::error::{Error, ErrorKind};
use crate::eval::{Evaluated, Evaluator};
use crate::python::Result;
use crate::python::arguments::Arguments;
use crate::python::kind::type_name;
use crate::python::number::{Number, int};
use crate::syntax::ast::BinaryOperator;

/// A duration in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Delta(pub i128);

const SECOND: i128 = 1_000_000;
const DAY: i128 = 86_400 * SECOND;

impl Delta {
    pub(super) const ZERO: Self = Self(0);

    pub(super) fn seconds(seconds: i32) -> Self {
        Self(i128::from(seconds) * SECOND)
    }

    pub(super) fn negated(self) -> Self {
        Self(-self.0)
    }

    /// An error beyond Python's 999999999 days.
    fn checked(micros: i128) -> Result<Value> {
        if micros.div_euclid(DAY).abs() > 999_999_999 {
            let days = micros.div_euclid(DAY);
            let message = format!("days={days}; must have magnitude <= 999999999");
            return Err(Error::new(ErrorKind::Arithmetic, message));
        }
        Ok(Py::value(Self(micros)))
    }

    /// Days (may be negative), then seconds and microseconds (never are).
    fn parts(self) -> (i128, i128, i128) {
        let rest = self.0.rem_euclid(DAY);
        (self.0.div_euclid(DAY), rest / SECOND, rest % SECOND)
    }

    #[expect(clippy::cast_precision_loss, reason = "Python's total_seconds rounds too")]
    fn total_seconds(self) -> f64 {
        self.0 as f64 / 1e6
    }
}

/// `str` of a duration.
pub(crate) fn text(micros: i128) -> String {
    Delta(micros).str()
}

/// The type.
pub(super) fn class() -> Value {
    Class {
        name: "datetime.timedelta",
        new,
        methods: &[],
        attribute: |name| {
            Some(match name {
                "min" => Py::value(Delta(-999_999_999 * DAY)),
                "max" => Py::value(Delta(1_000_000_000 * DAY - 1)),
                "resolution" => Py::value(Delta(1)),
                _ => return None,
            })
        },
    }
    .value()
}

fn new(_: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    const UNITS: [i128; 7] = [DAY, SECOND, 1, 1000, 60 * SECOND, 3600 * SECOND, 7 * DAY];
    let names = ["days", "seconds", "microseconds", "milliseconds", "minutes", "hours", "weeks"];
    let given = call.bind(names, 0)?;
    let mut whole = 0_i128;
    let mut fraction = 0.0_f64;
    for ((value, unit), name) in given.iter().zip(UNITS).zip(names) {
        match value.as_ref().map(|value| (Number::of(value), value)) {
            None => {}
            Some((Some(Number::Int(count)), _)) => whole += count.saturating_mul(unit),
            Some((Some(Number::Float(count)), _)) => {
                #[expect(clippy::cast_possible_truncation, reason = "split into whole and rest")]
                let truncated = count.trunc() as i128;
                whole += truncated.saturating_mul(unit);
                fraction += count.fract() * Number::Int(unit).float();
            }
            Some((None, value)) => {
                let message =
                    format!("unsupported type for timedelta {name} component: {}", type_name(value));
                return Err(Error::new(ErrorKind::Type, message).into());
            }
        }
    }
    #[expect(clippy::cast_possible_truncation, reason = "rounded to whole microseconds")]
    let rounded = fraction.round_ties_even() as i128;
    Ok(Delta::checked(whole + rounded)?)
}

impl Instance for Delta {
    const TYPE: &'static str = "datetime.timedelta";
    const METHODS: &'static [&'static str] = &["total_seconds"];

    fn class() -> Option<Value> {
        Some(class())
    }

    fn attribute(&self, name: &str) -> Option<Value> {
        let (days, seconds, micros) = self.parts();
        match name {
            "days" => Some(int(days)),
            "seconds" => Some(int(seconds)),
            "microseconds" => Some(int(micros)),
            _ => None,
        }
    }

    fn method(&self, _: &Value, _: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
        call.bind([], 0)?;
        Ok(Value::from(self.total_seconds()))
    }

    fn str(&self) -> String {
        let (days, seconds, micros) = self.parts();
        let mut text = match days {
            0 => String::new(),
            1 | -1 => format!("{days} day, "),
            _ => format!("{days} days, "),
        };
        text += &format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
        if micros > 0 {
            text += &format!(".{micros:06}");
        }
        text
    }

    fn repr(&self) -> String {
        let (days, seconds, micros) = self.parts();
        let parts = [("days", days), ("seconds", seconds), ("microseconds", micros)];
        let shown: Vec<String> = parts
            .iter()
            .filter(|(_, count)| *count != 0)
            .map(|(name, count)| format!("{name}={count}"))
            .collect();
        let shown = if shown.is_empty() { "0".to_owned() } else { shown.join(", ") };
        format!("datetime.timedelta({shown})")
    }

    fn key_order(&self, other: &Self) -> std::cmp::Ordering {
        self.cmp(other)
    }

    fn is_true(&self) -> bool {
        self.0 != 0
    }
}

/// Arithmetic among durations and with numbers.
pub(super) fn arithmetic(operator: BinaryOperator, a: &Value, b: &Value) -> Option<Result<Value>> {
    use BinaryOperator as Op;
    if let (Some(a), Some(b)) = (of::<Delta>(a), of::<Delta>(b)) {
        let zero = || Err(Error::new(ErrorKind::Arithmetic, "integer division or modulo by zero"));
        return match operator {
            Op::Add => Some(Delta::checked(a.0 + b.0)),
            Op::Subtract => Some(Delta::checked(a.0 - b.0)),
            Op::Divide | Op::FloorDivide | Op::Modulo if b.0 == 0 => Some(zero()),
            Op::Divide => Some(Ok(Value::from(Number::Int(a.0).float() / Number::Int(b.0).float()))),
            Op::FloorDivide => Some(Ok(int(floor(a.0, b.0)))),
            Op::Modulo => Some(Ok(Py::value(Delta(a.0 - floor(a.0, b.0) * b.0)))),
            _ => None,
        };
    }
    let (delta, number, delta_first) = match (of::<Delta>(a), of::<Delta>(b)) {
        (Some(delta), None) => (delta, Number::of(b)?, true),
        (None, Some(delta)) => (delta, Number::of(a)?, false),
        _ => return None,
    };
    match (operator, number) {
        (Op::Multiply, Number::Int(by)) => Some(Delta::checked(delta.0.saturating_mul(by))),
        (Op::Multiply, Number::Float(by)) => Some(scaled(delta.0, by)),
        (Op::Divide | Op::FloorDivide, Number::Int(0)) if delta_first => {
            let message = "integer division or modulo by zero";
            Some(Err(Error::new(ErrorKind::Arithmetic, message)))
        }
        (Op::FloorDivide, Number::Int(by)) if delta_first => Some(Delta::checked(floor(delta.0, by))),
        (Op::Divide, by) if delta_first => Some(scaled(delta.0, 1.0 / by.float())),
        _ => None,
    }
}

fn floor(a: i128, b: i128) -> i128 {
    let quotient = a / b;
    if a % b != 0 && (a < 0) != (b < 0) { quotient - 1 } else { quotient }
}

fn scaled(micros: i128, by: f64) -> Result<Value> {
    let product = Number::Int(micros).float() * by;
    if !product.is_finite() {
        let message = "cannot convert float infinity to integer";
        return Err(Error::new(ErrorKind::Arithmetic, message));
    }
    #[expect(clippy::cast_possible_truncation, reason = "rounded to whole microseconds")]
    Delta::checked(product.round_ties_even() as i128)
}
