//! `datetime.datetime`.

use std::cmp::Ordering;

use chrono::{DateTime as Chrono, Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike, Utc};
use minijinja::Value;
use minijinja::value::Tuple;

use super::class::Class;
use super::date::{self, Date};
use super::delta::Delta;
use super::instance::{Instance, Py};
use super::time::{self, Time};
use super::zone::{Zone, offset_text};
use super::{iso, of, strftime, strptime};
use crate::error::{Error, ErrorKind};
use crate::eval::{Evaluated, Evaluator};
use crate::python::Result;
use crate::python::arguments::{Arguments, integer, number, string};
use crate::python::kind::type_name;
use crate::python::number::Number;

/// A moment: a local time, in a zone or in none.
#[derive(Clone, Debug)]
pub(super) struct DateTime {
    pub naive: NaiveDateTime,
    pub zone: Option<Zone>,
}

const PARTS: [&str; 8] = ["year", "month", "day", "hour", "minute", "second", "microsecond", "tzinfo"];

/// A moment in `pytz.utc`.
pub(crate) fn in_utc(moment: Chrono<Utc>) -> Value {
    Py::value(DateTime { naive: whole_micros(moment.naive_utc()), zone: Some(Zone::pytz_utc()) })
}

/// A day of ISO form.
pub(crate) fn date_of_iso(text: &str) -> Option<Value> {
    iso::date(text).map(|day| Py::value(Date(day)))
}

/// A moment of ISO form, in the zone whose offset it has.
pub(crate) fn of_iso(text: &str) -> Option<Value> {
    iso::moment(text).map(|(naive, zone)| Py::value(DateTime { naive, zone }))
}

/// The type.
pub(super) fn class() -> Value {
    Class {
        name: "datetime.datetime",
        new,
        methods: &[
            ("now", now),
            ("utcnow", |_, call| {
                call.bind([], 0)?;
                Ok(Py::value(DateTime { naive: whole_micros(Utc::now().naive_utc()), zone: None }))
            }),
            ("today", |_, call| {
                call.bind([], 0)?;
                let naive = whole_micros(chrono::Local::now().naive_local());
                Ok(Py::value(DateTime { naive, zone: None }))
            }),
            ("strptime", |_, call| {
                let [text, format] = call.bind(["date_string", "format"], 2)?;
                let (text, format) = (text.unwrap_or_default(), format.unwrap_or_default());
                let text = string(&text, "strptime() argument 1")?;
                let format = string(&format, "strptime() argument 2")?;
                Ok(Py::value(strptime::parse(text, format)?))
            }),
            ("fromisoformat", |_, call| {
                let [text] = call.bind(["date_string"], 1)?;
                let text = text.unwrap_or_default();
                let text = string(&text, "fromisoformat: argument")?;
                let (naive, zone) = iso::moment(text).ok_or_else(|| iso::invalid(text))?;
                Ok(Py::value(DateTime { naive, zone }))
            }),
            ("fromtimestamp", |_, call| {
                let [timestamp, zone] = call.bind(["timestamp", "tz"], 1)?;
                let timestamp = timestamp.unwrap_or_default();
                Ok(Py::value(match time::zone_argument(zone)? {
                    Some(zone) => DateTime::of_utc(utc_of_timestamp(&timestamp)?, zone),
                    None => DateTime { naive: local_of_timestamp(&timestamp)?, zone: None },
                }))
            }),
            ("utcfromtimestamp", |_, call| {
                let [timestamp] = call.bind(["timestamp"], 1)?;
                let naive = utc_of_timestamp(&timestamp.unwrap_or_default())?;
                Ok(Py::value(DateTime { naive, zone: None }))
            }),
            ("combine", combine),
            ("fromordinal", |_, call| {
                let [ordinal] = call.bind(["ordinal"], 1)?;
                let date = date::of_ordinal(&ordinal.unwrap_or_default())?;
                Ok(Py::value(Date(date).at_midnight()))
            }),
            ("fromisocalendar", |_, call| {
                let [year, week, day] = call.bind(["year", "week", "day"], 3)?;
                let part = |value: Option<Value>| integer(&value.unwrap_or_default());
                let date = iso::of_week(part(year)?, part(week)?, part(day)?)?;
                Ok(Py::value(Date(date).at_midnight()))
            }),
        ],
        attribute: |name| match name {
            "min" => Some(Py::value(Date(NaiveDate::from_ymd_opt(1, 1, 1)?).at_midnight())),
            "max" => {
                let naive = NaiveDate::from_ymd_opt(9999, 12, 31)?.and_hms_micro_opt(23, 59, 59, 999_999)?;
                Some(Py::value(DateTime { naive, zone: None }))
            }
            "resolution" => Some(Py::value(Delta(1))),
            _ => None,
        },
    }
    .value()
}

fn new(_: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    let [year, month, day, hour, minute, second, micro, zone] = call.bind(PARTS, 3)?;
    let part = |value: Option<Value>| integer(&value.unwrap_or_default());
    let date = date::of_parts(part(year)?, part(month)?, part(day)?)?;
    let time = time::of_parts([hour, minute, second, micro], NaiveTime::MIN)?;
    Ok(Py::value(DateTime { naive: date.and_time(time), zone: time::zone_argument(zone)? }))
}

fn now(_: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    let [zone] = call.bind(["tz"], 0)?;
    Ok(Py::value(match time::zone_argument(zone)? {
        Some(zone) => DateTime::of_utc(whole_micros(Utc::now().naive_utc()), zone),
        None => DateTime { naive: whole_micros(chrono::Local::now().naive_local()), zone: None },
    }))
}

fn combine(_: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    let [day, clock, zone] = call.bind(["date", "time", "tzinfo"], 2)?;
    let (day, clock) = (day.unwrap_or_default(), clock.unwrap_or_default());
    let date = match (of::<Date>(&day), of::<DateTime>(&day)) {
        (Some(date), _) => date.0,
        (_, Some(moment)) => moment.naive.date(),
        _ => {
            let message = format!("combine() argument 1 must be datetime.date, not {}", type_name(&day));
            return Err(Error::new(ErrorKind::Type, message).into());
        }
    };
    let Some(clock) = of::<Time>(&clock) else {
        let message = format!("combine() argument 2 must be datetime.time, not {}", type_name(&clock));
        return Err(Error::new(ErrorKind::Type, message).into());
    };
    let zone = if zone.is_some() { time::zone_argument(zone)? } else { clock.zone.clone() };
    Ok(Py::value(DateTime { naive: date.and_time(clock.naive), zone }))
}

fn whole_micros(moment: NaiveDateTime) -> NaiveDateTime {
    moment.with_nanosecond(moment.nanosecond() / 1000 * 1000).unwrap_or(moment)
}

fn utc_of_timestamp(timestamp: &Value) -> Result<NaiveDateTime> {
    let micros = match number(timestamp)? {
        Number::Int(seconds) => seconds.checked_mul(1_000_000),
        #[expect(clippy::cast_possible_truncation, reason = "rounded to whole microseconds")]
        Number::Float(seconds) => Some((seconds * 1e6).round_ties_even() as i128),
    };
    let moment = micros
        .and_then(|micros| i64::try_from(micros).ok())
        .and_then(Chrono::from_timestamp_micros)
        .map(|moment| moment.naive_utc())
        .filter(|moment| (1..=9999).contains(&moment.year()));
    moment.ok_or_else(|| Error::new(ErrorKind::Value, "year is out of range"))
}

/// A timestamp in the local time of this machine.
pub(super) fn local_of_timestamp(timestamp: &Value) -> Result<NaiveDateTime> {
    let utc = utc_of_timestamp(timestamp)?;
    Ok(utc.and_utc().with_timezone(&chrono::Local).naive_local())
}

impl DateTime {
    /// The moment in UTC; a moment without a zone as it stands.
    pub(super) fn utc(&self) -> NaiveDateTime {
        let offset = self.zone.as_ref().map_or(0, |zone| zone.offset);
        self.naive.checked_sub_signed(TimeDelta::seconds(offset.into())).unwrap_or(self.naive)
    }

    /// A moment in UTC, shown in a zone.
    pub(super) fn of_utc(utc: NaiveDateTime, zone: Zone) -> Self {
        let zone = zone.at_utc(utc);
        let local = utc.checked_add_signed(TimeDelta::seconds(zone.offset.into())).unwrap_or(utc);
        Self { naive: local, zone: Some(zone) }
    }

    /// The local time moves; the zone and its offset stay, as in Python.
    pub(super) fn plus(&self, delta: Delta) -> Result<Value> {
        let moved = i64::try_from(delta.0)
            .ok()
            .and_then(|micros| self.naive.checked_add_signed(TimeDelta::microseconds(micros)))
            .filter(|moment| (1..=9999).contains(&moment.year()));
        let naive = moved.ok_or_else(date::out_of_range)?;
        Ok(Py::value(Self { naive, zone: self.zone.clone() }))
    }

    pub(super) fn since(&self, other: &Self) -> Result<Delta> {
        let between = match (&self.zone, &other.zone) {
            (None, None) => self.naive - other.naive,
            (Some(_), Some(_)) => self.utc() - other.utc(),
            _ => {
                let message = "can't subtract offset-naive and offset-aware datetimes";
                return Err(Error::new(ErrorKind::Type, message));
            }
        };
        let micros =
            i128::from(between.num_seconds()) * 1_000_000 + i128::from(between.subsec_nanos() / 1000);
        Ok(Delta(micros))
    }

    pub(super) fn equals(&self, other: &Self) -> bool {
        self.compare(other).is_ok_and(Ordering::is_eq)
    }

    pub(super) fn compare(&self, other: &Self) -> Result<Ordering> {
        match (&self.zone, &other.zone) {
            (None, None) => Ok(self.naive.cmp(&other.naive)),
            (Some(_), Some(_)) => Ok(self.utc().cmp(&other.utc())),
            _ => {
                let message = "can't compare offset-naive and offset-aware datetimes";
                Err(Error::new(ErrorKind::Type, message))
            }
        }
    }

    fn timestamp(&self) -> f64 {
        let utc = match self.zone {
            Some(_) => self.utc(),
            // A moment without a zone is local.
            None => match self.naive.and_local_timezone(chrono::Local).earliest() {
                Some(moment) => moment.naive_utc(),
                None => self.naive,
            },
        };
        Number::Int(utc.and_utc().timestamp_micros().into()).float() / 1e6
    }

    fn text(&self, separator: &str, timespec: &str) -> Result<String> {
        let day = Date(self.naive.date()).str();
        let clock = time::text(self.naive.time(), timespec)?;
        let offset = self.zone.as_ref().map_or_else(String::new, |zone| offset_text(zone.offset));
        Ok(format!("{day}{separator}{clock}{offset}"))
    }

    /// Python's `time.struct_time`, as a tuple.
    pub(super) fn time_tuple(&self, dst: i32) -> Value {
        let (date, time) = (self.naive.date(), self.naive.time());
        let parts = [
            Value::from(date.year()),
            Value::from(date.month()),
            Value::from(date.day()),
            Value::from(time.hour()),
            Value::from(time.minute()),
            Value::from(time.second()),
            Value::from(date.weekday().num_days_from_monday()),
            Value::from(date.ordinal()),
            Value::from(dst),
        ];
        Value::from(Tuple::new(parts.to_vec()))
    }

    fn in_zone(&self, zone: Option<Zone>) -> Self {
        let utc = match self.zone {
            Some(_) => self.utc(),
            None => self
                .naive
                .and_local_timezone(chrono::Local)
                .earliest()
                .map_or(self.naive, |it| it.naive_utc()),
        };
        match zone {
            Some(zone) => Self::of_utc(utc, zone),
            None => {
                let local = utc.and_utc().with_timezone(&chrono::Local);
                Self::of_utc(utc, Zone::fixed(local.offset().local_minus_utc()))
            }
        }
    }

    fn replaced(&self, call: &Arguments<'_>) -> Result<Self> {
        let [year, month, day, hour, minute, second, micro, zone] = call.bind(PARTS, 0)?;
        let own = self.naive.date();
        let part = |value: Option<Value>, own: i128| value.map_or(Ok(own), |it| integer(&it));
        let date = date::of_parts(
            part(year, own.year().into())?,
            part(month, own.month().into())?,
            part(day, own.day().into())?,
        )?;
        let time = time::of_parts([hour, minute, second, micro], self.naive.time())?;
        let zone = if zone.is_some() { time::zone_argument(zone)? } else { self.zone.clone() };
        Ok(Self { naive: date.and_time(time), zone })
    }
}

impl Instance for DateTime {
    const TYPE: &'static str = "datetime.datetime";
    const METHODS: &'static [&'static str] = &[
        "strftime",
        "isoformat",
        "date",
        "time",
        "timetz",
        "replace",
        "timestamp",
        "weekday",
        "isoweekday",
        "isocalendar",
        "toordinal",
        "astimezone",
        "utcoffset",
        "tzname",
        "dst",
        "ctime",
        "timetuple",
        "utctimetuple",
    ];

    fn class() -> Option<Value> {
        Some(class())
    }

    fn attribute(&self, name: &str) -> Option<Value> {
        match name {
            "tzinfo" => Some(self.zone.clone().map_or(Value::from(()), Py::value)),
            "fold" => Some(Value::from(0)),
            _ => date::part(self.naive.date(), name).or_else(|| time::part(self.naive.time(), name)),
        }
    }

    fn method(&self, _: &Value, _: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
        if let Some(value) = Date(self.naive.date()).shared(call)? {
            return Ok(value);
        }
        match call.function {
            "strftime" => {
                let [format] = call.bind(["format"], 1)?;
                let format = format.unwrap_or_default();
                let format = string(&format, "strftime() argument 1")?;
                return Ok(Value::from(strftime::format(self, format)));
            }
            "isoformat" => {
                let [separator, timespec] = call.bind(["sep", "timespec"], 0)?;
                let separator = separator.unwrap_or(Value::from("T"));
                let timespec = timespec.unwrap_or(Value::from("auto"));
                let text = self.text(string(&separator, "sep")?, string(&timespec, "timespec")?)?;
                return Ok(Value::from(text));
            }
            "replace" => return Ok(Py::value(self.replaced(call)?)),
            "astimezone" => {
                let [zone] = call.bind(["tz"], 0)?;
                return Ok(Py::value(self.in_zone(time::zone_argument(zone)?)));
            }
            _ => {}
        }
        call.bind([], 0)?;
        let none = Value::from(());
        Ok(match call.function {
            "date" => Py::value(Date(self.naive.date())),
            "time" => Py::value(Time { naive: self.naive.time(), zone: None }),
            "timetz" => Py::value(Time { naive: self.naive.time(), zone: self.zone.clone() }),
            "timestamp" => Value::from(self.timestamp()),
            "ctime" => Value::from(strftime::format(self, "%a %b %e %H:%M:%S %Y")),
            "timetuple" => self.time_tuple(-1),
            "utctimetuple" => Self { naive: self.utc(), zone: None }.time_tuple(0),
            "tzname" => self.zone.as_ref().map_or(none, |zone| Value::from(zone.name.as_str())),
            "dst" => match self.zone.as_ref().and_then(|zone| zone.dst(self.utc())) {
                Some(delta) => Py::value(delta),
                None => none,
            },
            _ => self.zone.as_ref().map_or(none, |zone| Py::value(Delta::seconds(zone.offset))),
        })
    }

    fn str(&self) -> String {
        self.text(" ", "auto").unwrap_or_default()
    }

    fn repr(&self) -> String {
        let date = self.naive.date();
        let clock = time::repr_parts(self.naive.time(), self.zone.as_ref());
        format!("datetime.datetime({}, {}, {}, {clock})", date.year(), date.month(), date.day())
    }

    fn key_order(&self, other: &Self) -> Ordering {
        self.utc().cmp(&other.utc()).then(self.zone.is_some().cmp(&other.zone.is_some()))
    }
}
