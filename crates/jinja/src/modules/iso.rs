//! Reads the forms of ISO 8601 that Python's `fromisoformat` reads.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, Timelike, Weekday};

use super::zone::Zone;
use crate::error::{Error, ErrorKind};
use crate::python::Result;
use crate::python::text::repr_str;

/// The error of a text that is none of the forms.
pub(super) fn invalid(text: &str) -> Error {
    Error::new(ErrorKind::Value, format!("Invalid isoformat string: {}", repr_str(text)))
}

fn number(text: &str) -> Option<u32> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// `2024-02-29`, `20240229`, `2024-W09-4`, `2024W094`
pub(super) fn date(text: &str) -> Option<NaiveDate> {
    if !text.is_ascii() || text.len() < 7 {
        return None;
    }
    let year = i32::try_from(number(&text[..4])?).ok().filter(|year| *year >= 1)?;
    let rest = &text[4..];
    let dashed = rest.starts_with('-');
    let rest = rest.strip_prefix('-').unwrap_or(rest);
    if let Some(week) = rest.strip_prefix('W') {
        let (number_part, day) = (week.get(..2)?, &week[2..]);
        let day = match day {
            "" => 1,
            _ if dashed => number(day.strip_prefix('-')?)?,
            _ => number(day)?,
        };
        let weekday = Weekday::try_from(u8::try_from(day.checked_sub(1)?).ok()?).ok()?;
        return NaiveDate::from_isoywd_opt(year, number(number_part)?, weekday);
    }
    let (month, day) = if dashed { rest.split_once('-')? } else { rest.split_at_checked(2)? };
    if month.len() != 2 || day.len() != 2 {
        return None;
    }
    NaiveDate::from_ymd_opt(year, number(month)?, number(day)?)
}

/// `13`, `13:05`, `1305`, `13:05:09.25`, with an offset or `Z`
pub(super) fn time(text: &str) -> Option<(NaiveTime, Option<Zone>)> {
    if !text.is_ascii() {
        return None;
    }
    let at = text.find(['+', '-', 'Z']).unwrap_or(text.len());
    let naive = clock(&text[..at])?;
    let zone = match &text[at..] {
        "" => None,
        "Z" => Some(Zone::utc()),
        offset => Some(Zone::fixed(seconds_east(offset)?)),
    };
    Some((naive, zone))
}

fn clock(text: &str) -> Option<NaiveTime> {
    let (whole, fraction) = match text.split_once(['.', ',']) {
        Some((whole, fraction)) => (whole, fraction),
        None => (text, ""),
    };
    let parts: Vec<&str> = if whole.contains(':') {
        whole.split(':').collect()
    } else {
        (0..whole.len()).step_by(2).map(|at| whole.get(at..at + 2)).collect::<Option<_>>()?
    };
    if parts.is_empty() || parts.len() > 3 || parts.iter().any(|part| part.len() != 2) {
        return None;
    }
    if !fraction.is_empty() && parts.len() < 3 {
        return None;
    }
    let part = |at: usize| parts.get(at).map_or(Some(0), |part| number(part));
    let micros = if fraction.is_empty() {
        0
    } else {
        let digits: String = fraction.chars().chain("000000".chars()).take(6).collect();
        number(fraction)?;
        number(&digits)?
    };
    NaiveTime::from_hms_micro_opt(part(0)?, part(1)?, part(2)?, micros)
}

/// The seconds of `+02:00`, `-0530`, `+02`, `Z`.
pub(super) fn seconds_east(text: &str) -> Option<i32> {
    if text == "Z" {
        return Some(0);
    }
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let time = clock(text.strip_prefix(['+', '-'])?)?;
    Some(sign * i32::try_from(time.num_seconds_from_midnight()).ok()?)
}

/// A date, or a date and a time with any character between them.
pub(super) fn moment(text: &str) -> Option<(NaiveDateTime, Option<Zone>)> {
    for length in [10, 8, 7] {
        let Some((day, rest)) = text.split_at_checked(length) else {
            continue;
        };
        let Some(day) = date(day) else {
            continue;
        };
        let mut behind = rest.chars();
        if behind.next().is_none() {
            return Some((day.and_time(NaiveTime::MIN), None));
        }
        let (clock, zone) = time(behind.as_str())?;
        return Some((day.and_time(clock), zone));
    }
    None
}

/// `fromisocalendar(year, week, day)`
pub(super) fn of_week(year: i128, week: i128, day: i128) -> Result<NaiveDate> {
    let fail = |message: String| Err(Error::new(ErrorKind::Value, message));
    let weekday = u8::try_from(day - 1).ok().and_then(|day| Weekday::try_from(day).ok());
    let Some(weekday) = weekday else {
        return fail(format!("Invalid weekday: {day} (range is [1, 7])"));
    };
    let date = match (i32::try_from(year), u32::try_from(week)) {
        (Ok(year), Ok(week)) => NaiveDate::from_isoywd_opt(year, week, weekday),
        _ => None,
    };
    match date {
        Some(date) => Ok(date),
        None => fail(format!("Invalid week: {week}")),
    }
}
