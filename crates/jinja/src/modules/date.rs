//! `datetime.date`.

use chrono::{Datelike, Days, NaiveDate, NaiveTime};
use minijinja::Value;
use minijinja::value::Tuple;

use super::class::Class;
use super::datetime::DateTime;
use super::delta::Delta;
use super::instance::{Instance, Py};
use super::{iso, strftime, strptime};
use crate::error::{Error, ErrorKind};
use crate::eval::{Evaluated, Evaluator};
use crate::python::Result;
use crate::python::arguments::{Arguments, integer, string};

/// A day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Date(pub NaiveDate);

/// The type.
pub(super) fn class() -> Value {
    Class {
        name: "datetime.date",
        new,
        methods: &[
            ("today", |_, call| {
                call.bind([], 0)?;
                Ok(Py::value(Date(chrono::Local::now().date_naive())))
            }),
            ("fromisoformat", |_, call| {
                let [text] = call.bind(["date_string"], 1)?;
                let text = text.unwrap_or_default();
                let text = string(&text, "fromisoformat: argument")?;
                Ok(Py::value(Date(iso::date(text).ok_or_else(|| iso::invalid(text))?)))
            }),
            ("fromtimestamp", |_, call| {
                let [timestamp] = call.bind(["timestamp"], 1)?;
                let local = super::datetime::local_of_timestamp(&timestamp.unwrap_or_default())?;
                Ok(Py::value(Date(local.date())))
            }),
            ("fromordinal", |_, call| {
                let [ordinal] = call.bind(["ordinal"], 1)?;
                Ok(Py::value(Date(of_ordinal(&ordinal.unwrap_or_default())?)))
            }),
            ("fromisocalendar", |_, call| {
                let [year, week, day] = call.bind(["year", "week", "day"], 3)?;
                let part = |value: Option<Value>| integer(&value.unwrap_or_default());
                Ok(Py::value(Date(iso::of_week(part(year)?, part(week)?, part(day)?)?)))
            }),
            ("strptime", |_, call| {
                let [text, format] = call.bind(["date_string", "format"], 2)?;
                let (text, format) = (text.unwrap_or_default(), format.unwrap_or_default());
                let moment = strptime::parse(
                    string(&text, "strptime() argument 1")?,
                    string(&format, "strptime() argument 2")?,
                )?;
                Ok(Py::value(Date(moment.naive.date())))
            }),
        ],
        attribute: |name| match name {
            "min" => Some(Py::value(Date(NaiveDate::from_ymd_opt(1, 1, 1)?))),
            "max" => Some(Py::value(Date(NaiveDate::from_ymd_opt(9999, 12, 31)?))),
            "resolution" => Some(Py::value(Delta::seconds(86_400))),
            _ => None,
        },
    }
    .value()
}

fn new(_: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    let [year, month, day] = call.bind(["year", "month", "day"], 3)?;
    let part = |value: Option<Value>| integer(&value.unwrap_or_default());
    Ok(Py::value(Date(of_parts(part(year)?, part(month)?, part(day)?)?)))
}

/// A day, with Python's errors for parts out of range.
pub(super) fn of_parts(year: i128, month: i128, day: i128) -> Result<NaiveDate> {
    let fail = |message: String| Err(Error::new(ErrorKind::Value, message));
    if !(1..=9999).contains(&year) {
        return fail(format!("year {year} is out of range"));
    }
    if !(1..=12).contains(&month) {
        return fail("month must be in 1..12".to_owned());
    }
    let date = match (i32::try_from(year), u32::try_from(month), u32::try_from(day)) {
        (Ok(year), Ok(month), Ok(day)) => NaiveDate::from_ymd_opt(year, month, day),
        _ => None,
    };
    match date {
        Some(date) => Ok(date),
        None => fail("day is out of range for month".to_owned()),
    }
}

pub(super) fn of_ordinal(ordinal: &Value) -> Result<NaiveDate> {
    let ordinal = integer(ordinal)?;
    i32::try_from(ordinal)
        .ok()
        .filter(|it| *it >= 1)
        .and_then(NaiveDate::from_num_days_from_ce_opt)
        .filter(|date| date.year() <= 9999)
        .ok_or_else(|| Error::new(ErrorKind::Value, "ordinal must be >= 1"))
}

/// The error of leaving the years 1 to 9999.
pub(super) fn out_of_range() -> Error {
    Error::new(ErrorKind::Arithmetic, "date value out of range")
}

impl Date {
    pub(super) fn at_midnight(self) -> DateTime {
        DateTime { naive: self.0.and_time(NaiveTime::MIN), zone: None }
    }

    /// Whole days count, as in Python.
    pub(super) fn plus(self, delta: Delta) -> Result<Value> {
        let days = delta.0.div_euclid(86_400_000_000);
        let count = u64::try_from(days.unsigned_abs()).map_err(|_| out_of_range())?;
        let moved = if days < 0 {
            self.0.checked_sub_days(Days::new(count))
        } else {
            self.0.checked_add_days(Days::new(count))
        };
        let moved = moved.filter(|date| (1..=9999).contains(&date.year()));
        moved.map(|date| Py::value(Self(date))).ok_or_else(out_of_range)
    }

    pub(super) fn since(self, other: Self) -> Delta {
        Delta(i128::from((self.0 - other.0).num_days()) * 86_400_000_000)
    }

    /// The methods that dates and datetimes share; none if it's no such method.
    pub(super) fn shared(self, call: &Arguments<'_>) -> Result<Option<Value>> {
        let date = self.0;
        let value = match call.function {
            "weekday" => Value::from(date.weekday().num_days_from_monday()),
            "isoweekday" => Value::from(date.weekday().number_from_monday()),
            "toordinal" => Value::from(date.num_days_from_ce()),
            "isocalendar" => {
                let week = date.iso_week();
                let parts = [
                    Value::from(week.year()),
                    Value::from(week.week()),
                    Value::from(date.weekday().number_from_monday()),
                ];
                Value::from(Tuple::from(parts))
            }
            _ => return Ok(None),
        };
        call.bind([], 0)?;
        Ok(Some(value))
    }
}

/// `year`, `month`, `day` of a day.
pub(super) fn part(date: NaiveDate, name: &str) -> Option<Value> {
    match name {
        "year" => Some(Value::from(date.year())),
        "month" => Some(Value::from(date.month())),
        "day" => Some(Value::from(date.day())),
        _ => None,
    }
}

impl Instance for Date {
    const TYPE: &'static str = "datetime.date";
    const METHODS: &'static [&'static str] = &[
        "strftime",
        "isoformat",
        "replace",
        "weekday",
        "isoweekday",
        "toordinal",
        "isocalendar",
        "ctime",
        "timetuple",
    ];

    fn class() -> Option<Value> {
        Some(class())
    }

    fn attribute(&self, name: &str) -> Option<Value> {
        part(self.0, name)
    }

    fn method(&self, _: &Value, _: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
        if let Some(value) = self.shared(call)? {
            return Ok(value);
        }
        Ok(match call.function {
            "strftime" => {
                let [format] = call.bind(["format"], 1)?;
                let format = format.unwrap_or_default();
                let format = string(&format, "strftime() argument 1")?;
                Value::from(strftime::format(&self.at_midnight(), format))
            }
            "replace" => {
                let [year, month, day] = call.bind(["year", "month", "day"], 0)?;
                let part = |value: Option<Value>, own: i128| value.map_or(Ok(own), |it| integer(&it));
                Py::value(Self(of_parts(
                    part(year, self.0.year().into())?,
                    part(month, self.0.month().into())?,
                    part(day, self.0.day().into())?,
                )?))
            }
            "ctime" => {
                call.bind([], 0)?;
                Value::from(strftime::format(&self.at_midnight(), "%a %b %e %H:%M:%S %Y"))
            }
            "timetuple" => {
                call.bind([], 0)?;
                self.at_midnight().time_tuple(-1)
            }
            _ => {
                call.bind([], 0)?;
                Value::from(self.str())
            }
        })
    }

    fn str(&self) -> String {
        format!("{:04}-{:02}-{:02}", self.0.year(), self.0.month(), self.0.day())
    }

    fn repr(&self) -> String {
        format!("datetime.date({}, {}, {})", self.0.year(), self.0.month(), self.0.day())
    }

    fn key_order(&self, other: &Self) -> std::cmp::Ordering {
        self.cmp(other)
    }
}
