//! `datetime.time`.

use std::cmp::Ordering;

use chrono::{NaiveDate, NaiveTime, Timelike};
use minijinja::Value;

use super::class::Class;
use super::datetime::DateTime;
use super::delta::Delta;
use super::instance::{Instance, Py};
use super::zone::{Zone, offset_text};
use super::{iso, of, strftime};
use crate::error::{Error, ErrorKind};
use crate::eval::{Evaluated, Evaluator};
use crate::python::Result;
use crate::python::arguments::{Arguments, integer, string};
use crate::python::kind::type_name;

/// A time of day.
#[derive(Clone, Debug)]
pub(super) struct Time {
    pub naive: NaiveTime,
    pub zone: Option<Zone>,
}

/// The type.
pub(super) fn class() -> Value {
    Class {
        name: "datetime.time",
        new,
        methods: &[("fromisoformat", |_, call| {
            let [text] = call.bind(["time_string"], 1)?;
            let text = text.unwrap_or_default();
            let text = string(&text, "fromisoformat: argument")?;
            let (naive, zone) = iso::time(text.trim_start_matches('T')).ok_or_else(|| iso::invalid(text))?;
            Ok(Py::value(Time { naive, zone }))
        })],
        attribute: |name| match name {
            "min" => Some(Py::value(Time { naive: NaiveTime::MIN, zone: None })),
            "max" => {
                let naive = NaiveTime::from_hms_micro_opt(23, 59, 59, 999_999)?;
                Some(Py::value(Time { naive, zone: None }))
            }
            "resolution" => Some(Py::value(Delta(1))),
            _ => None,
        },
    }
    .value()
}

fn new(_: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    let [hour, minute, second, micro, zone] =
        call.bind(["hour", "minute", "second", "microsecond", "tzinfo"], 0)?;
    let naive = of_parts([hour, minute, second, micro], NaiveTime::MIN)?;
    Ok(Py::value(Time { naive, zone: zone_argument(zone)? }))
}

/// A time, each part given or taken from another; with Python's errors for parts out of range.
pub(super) fn of_parts(parts: [Option<Value>; 4], other: NaiveTime) -> Result<NaiveTime> {
    let own = [other.hour(), other.minute(), other.second(), other.nanosecond() / 1000];
    let names = ["hour", "minute", "second", "microsecond"];
    let limits = [23, 59, 59, 999_999];
    let mut found = own;
    for (at, part) in parts.into_iter().enumerate() {
        if let Some(part) = part {
            let number = integer(&part)?;
            found[at] = u32::try_from(number).ok().filter(|it| *it <= limits[at]).ok_or_else(|| {
                Error::new(ErrorKind::Value, format!("{} must be in 0..{}", names[at], limits[at]))
            })?;
        }
    }
    let [hour, minute, second, micro] = found;
    NaiveTime::from_hms_micro_opt(hour, minute, second, micro)
        .ok_or_else(|| Error::new(ErrorKind::Value, "time is out of range"))
}

/// An argument that is a time zone or none.
pub(super) fn zone_argument(value: Option<Value>) -> Result<Option<Zone>> {
    match value.filter(|value| !value.is_none()) {
        None => Ok(None),
        Some(value) => of::<Zone>(&value).cloned().map(Some).ok_or_else(|| {
            let message = format!(
                "tzinfo argument must be None or of a tzinfo subclass, not type '{}'",
                type_name(&value)
            );
            Error::new(ErrorKind::Type, message)
        }),
    }
}

impl Time {
    pub(super) fn on_day_one(&self) -> DateTime {
        let day = NaiveDate::from_ymd_opt(1900, 1, 1).unwrap_or_default();
        DateTime { naive: day.and_time(self.naive), zone: self.zone.clone() }
    }

    pub(super) fn equals(&self, other: &Self) -> bool {
        self.compare(other).is_ok_and(Ordering::is_eq)
    }

    pub(super) fn compare(&self, other: &Self) -> Result<Ordering> {
        match (&self.zone, &other.zone) {
            (None, None) => Ok(self.naive.cmp(&other.naive)),
            (Some(_), Some(_)) => Ok(self.on_day_one().utc().cmp(&other.on_day_one().utc())),
            _ => {
                let message = "can't compare offset-naive and offset-aware times";
                Err(Error::new(ErrorKind::Type, message))
            }
        }
    }
}

/// `hour`, `minute`, `second`, `microsecond` of a time.
pub(super) fn part(time: NaiveTime, name: &str) -> Option<Value> {
    match name {
        "hour" => Some(Value::from(time.hour())),
        "minute" => Some(Value::from(time.minute())),
        "second" => Some(Value::from(time.second())),
        "microsecond" => Some(Value::from(time.nanosecond() / 1000)),
        _ => None,
    }
}

/// `13:05:09.000250`, as far as `timespec` wants it.
pub(super) fn text(time: NaiveTime, timespec: &str) -> Result<String> {
    let micros = time.nanosecond() / 1000;
    let (hour, minute, second) = (time.hour(), time.minute(), time.second());
    Ok(match timespec {
        "auto" if micros == 0 => format!("{hour:02}:{minute:02}:{second:02}"),
        "auto" | "microseconds" => format!("{hour:02}:{minute:02}:{second:02}.{micros:06}"),
        "milliseconds" => format!("{hour:02}:{minute:02}:{second:02}.{:03}", micros / 1000),
        "seconds" => format!("{hour:02}:{minute:02}:{second:02}"),
        "minutes" => format!("{hour:02}:{minute:02}"),
        "hours" => format!("{hour:02}"),
        _ => return Err(Error::new(ErrorKind::Value, "Unknown timespec value")),
    })
}

/// The parts of a time as the arguments of its `repr`.
pub(super) fn repr_parts(time: NaiveTime, zone: Option<&Zone>) -> String {
    let micros = time.nanosecond() / 1000;
    let mut parts = format!("{}, {}", time.hour(), time.minute());
    if time.second() > 0 || micros > 0 {
        parts += &format!(", {}", time.second());
    }
    if micros > 0 {
        parts += &format!(", {micros}");
    }
    if let Some(zone) = zone {
        parts += &format!(", tzinfo={}", zone.repr());
    }
    parts
}

impl Instance for Time {
    const TYPE: &'static str = "datetime.time";
    const METHODS: &'static [&'static str] =
        &["strftime", "isoformat", "replace", "utcoffset", "tzname", "dst"];

    fn class() -> Option<Value> {
        Some(class())
    }

    fn attribute(&self, name: &str) -> Option<Value> {
        match name {
            "tzinfo" => Some(self.zone.clone().map_or(Value::from(()), Py::value)),
            "fold" => Some(Value::from(0)),
            _ => part(self.naive, name),
        }
    }

    fn method(&self, _: &Value, _: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
        Ok(match call.function {
            "strftime" => {
                let [format] = call.bind(["format"], 1)?;
                let format = format.unwrap_or_default();
                let format = string(&format, "strftime() argument 1")?;
                Value::from(strftime::format(&self.on_day_one(), format))
            }
            "isoformat" => {
                let [timespec] = call.bind(["timespec"], 0)?;
                let timespec = timespec.unwrap_or(Value::from("auto"));
                let text = text(self.naive, string(&timespec, "timespec")?)?;
                let offset = self.zone.as_ref().map_or_else(String::new, |zone| offset_text(zone.offset));
                Value::from(text + &offset)
            }
            "replace" => {
                let [hour, minute, second, micro, zone] =
                    call.bind(["hour", "minute", "second", "microsecond", "tzinfo"], 0)?;
                let naive = of_parts([hour, minute, second, micro], self.naive)?;
                let zone = if zone.is_some() { zone_argument(zone)? } else { self.zone.clone() };
                Py::value(Self { naive, zone })
            }
            "tzname" => self.zone.as_ref().map_or(Value::from(()), |zone| Value::from(zone.name.as_str())),
            "dst" => Value::from(()),
            _ => self.zone.as_ref().map_or(Value::from(()), |zone| Py::value(Delta::seconds(zone.offset))),
        })
    }

    fn str(&self) -> String {
        let text = text(self.naive, "auto").unwrap_or_default();
        let offset = self.zone.as_ref().map_or_else(String::new, |zone| offset_text(zone.offset));
        text + &offset
    }

    fn repr(&self) -> String {
        format!("datetime.time({})", repr_parts(self.naive, self.zone.as_ref()))
    }
}
