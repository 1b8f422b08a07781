//! `strptime`.

use chrono::{Datelike, NaiveDate, NaiveTime, Weekday};

use super::datetime::DateTime;
use super::iso::seconds_east;
use super::strftime::names;
use super::zone::Zone;
use crate::error::{Error, ErrorKind};
use crate::python::Result;
use crate::python::text::repr_str;

/// What was read so far.
#[derive(Default)]
struct Parts {
    year: Option<i32>,
    month: Option<u32>,
    day: Option<u32>,
    day_of_year: Option<u32>,
    hour: u32,
    hour12: bool,
    pm: Option<bool>,
    minute: u32,
    second: u32,
    micro: u32,
    weekday: Option<Weekday>,
    /// A week of the year, and whether it starts on Sunday.
    week: Option<(u32, bool)>,
    iso_year: Option<i32>,
    iso_week: Option<u32>,
    zone: Option<Zone>,
}

/// Reads a moment; errors are Python's.
pub(super) fn parse(text: &str, format: &str) -> Result<DateTime> {
    let mut parts = Parts::default();
    let Some(rest) = read(text, format, &mut parts)? else {
        let message = format!("time data {} does not match format {}", repr_str(text), repr_str(format));
        return Err(Error::new(ErrorKind::Value, message));
    };
    if !rest.is_empty() {
        return Err(Error::new(ErrorKind::Value, format!("unconverted data remains: {rest}")));
    }
    parts.moment()
}

/// Reads as far as the format goes; none if the text doesn't match it.
fn read<'a>(text: &'a str, format: &str, parts: &mut Parts) -> Result<Option<&'a str>> {
    let mut rest = text;
    let mut format = format.chars();
    while let Some(expected) = format.next() {
        let read = if expected == '%' {
            let Some(directive) = format.next() else {
                return Err(Error::new(ErrorKind::Value, "stray % in format"));
            };
            let long = match directive {
                'c' => Some("%a %b %d %H:%M:%S %Y"),
                'x' | 'D' => Some("%m/%d/%y"),
                'X' | 'T' => Some("%H:%M:%S"),
                'F' => Some("%Y-%m-%d"),
                'R' => Some("%H:%M"),
                _ => None,
            };
            match long {
                Some(long) => self::read(rest, long, parts)?,
                None => directive_of(rest, directive, parts)?,
            }
        } else if expected.is_whitespace() {
            // A run of space in the format is any run of space in the text.
            let trimmed = rest.trim_start();
            (trimmed.len() < rest.len() || format.as_str().starts_with(char::is_whitespace))
                .then_some(trimmed)
        } else {
            // Python compares without regard to case.
            rest.chars()
                .next()
                .filter(|found| found.to_lowercase().eq(expected.to_lowercase()))
                .map(|found| &rest[found.len_utf8()..])
        };
        match read {
            Some(behind) => rest = behind,
            None => return Ok(None),
        }
    }
    Ok(Some(rest))
}

/// A number of at most `width` digits within a range.
fn number(text: &str, width: usize, low: u32, high: u32) -> Option<(u32, &str)> {
    let digits = text.bytes().take(width).take_while(u8::is_ascii_digit).count();
    (1..=digits).rev().find_map(|length| {
        let value = text[..length].parse().ok().filter(|it| (low..=high).contains(it))?;
        Some((value, &text[length..]))
    })
}

/// One of the names, in full or its first three letters; its place in the list.
fn name<'a>(text: &'a str, names: &[&str], full: bool) -> Option<(usize, &'a str)> {
    names.iter().enumerate().find_map(|(at, name)| {
        let length = if full { name.len() } else { 3 };
        let found = text.get(..length)?;
        found.eq_ignore_ascii_case(&name[..length]).then(|| (at, &text[length..]))
    })
}

fn directive_of<'a>(text: &'a str, directive: char, parts: &mut Parts) -> Result<Option<&'a str>> {
    let (months, days) = names();
    macro_rules! take {
        ($read:expr, |$value:ident| $store:expr) => {
            match $read {
                Some(($value, rest)) => {
                    $store;
                    Ok(Some(rest))
                }
                None => Ok(None),
            }
        };
    }
    let signed = |year: u32| i32::try_from(year).unwrap_or(0);
    match directive {
        'd' | 'e' => take!(number(text, 2, 1, 31), |it| parts.day = Some(it)),
        'm' => take!(number(text, 2, 1, 12), |it| parts.month = Some(it)),
        'Y' => take!(number(text, 4, 0, 9999).filter(|(_, rest)| text.len() - rest.len() == 4), |it| parts
            .year =
            Some(signed(it))),
        'y' => take!(number(text, 2, 0, 99).filter(|(_, rest)| text.len() - rest.len() == 2), |it| parts
            .year =
            Some(signed(it) + if it <= 68 { 2000 } else { 1900 })),
        'H' => take!(number(text, 2, 0, 23), |it| (parts.hour, parts.hour12) = (it, false)),
        'I' => take!(number(text, 2, 1, 12), |it| (parts.hour, parts.hour12) = (it, true)),
        'M' => take!(number(text, 2, 0, 59), |it| parts.minute = it),
        'S' => take!(number(text, 2, 0, 61), |it| parts.second = it.min(59)),
        'j' => take!(number(text, 3, 1, 366), |it| parts.day_of_year = Some(it)),
        'U' | 'W' => {
            take!(number(text, 2, 0, 53), |it| parts.week = Some((it, directive == 'U')))
        }
        'V' => take!(number(text, 2, 1, 53), |it| parts.iso_week = Some(it)),
        'G' => take!(number(text, 4, 0, 9999), |it| parts.iso_year = Some(signed(it))),
        'u' => take!(number(text, 1, 1, 7), |it| parts.weekday = weekday(it - 1)),
        'w' => take!(number(text, 1, 0, 6), |it| parts.weekday = weekday((it + 6) % 7)),
        'f' => {
            let digits = text.bytes().take(6).take_while(u8::is_ascii_digit).count();
            let padded: String = text[..digits].chars().chain("000000".chars()).take(6).collect();
            if digits == 0 {
                return Ok(None);
            }
            parts.micro = padded.parse().unwrap_or(0);
            Ok(Some(&text[digits..]))
        }
        'a' | 'A' => take!(name(text, &days, directive == 'A'), |at| {
            parts.weekday = weekday(u32::try_from(at).unwrap_or(0));
        }),
        'b' | 'B' | 'h' => take!(name(text, &months, directive == 'B'), |at| {
            parts.month = u32::try_from(at + 1).ok();
        }),
        'p' => take!(name_of_half(text), |pm| parts.pm = Some(pm)),
        'z' => {
            let end = text.find(|c: char| !(c.is_ascii_digit() || "+-:.Z".contains(c)));
            let end = end.unwrap_or(text.len());
            match seconds_east(&text[..end]) {
                Some(offset) => {
                    parts.zone = Some(Zone::fixed(offset));
                    Ok(Some(&text[end..]))
                }
                None => Ok(None),
            }
        }
        'Z' => Ok(["utc", "gmt"].iter().find_map(|zone| {
            let found = text.get(..zone.len())?;
            found.eq_ignore_ascii_case(zone).then(|| &text[zone.len()..])
        })),
        '%' => Ok(text.strip_prefix('%')),
        other => {
            let message = format!("'{other}' is a bad directive in format '%{other}'");
            Err(Error::new(ErrorKind::Value, message))
        }
    }
}

fn name_of_half(text: &str) -> Option<(bool, &str)> {
    let half = text.get(..2)?;
    if half.eq_ignore_ascii_case("am") {
        return Some((false, &text[2..]));
    }
    half.eq_ignore_ascii_case("pm").then(|| (true, &text[2..]))
}

fn weekday(from_monday: u32) -> Option<Weekday> {
    Weekday::try_from(u8::try_from(from_monday).ok()?).ok()
}

impl Parts {
    fn moment(self) -> Result<DateTime> {
        let fail = |message: &str| Error::new(ErrorKind::Value, message);
        let date = self.date().ok_or_else(|| fail("day is out of range for month"))?;
        let hour = match (self.hour12, self.pm) {
            (true, Some(true)) => self.hour % 12 + 12,
            (true, _) if self.hour == 12 => 0,
            _ => self.hour,
        };
        let time = NaiveTime::from_hms_micro_opt(hour, self.minute, self.second, self.micro)
            .ok_or_else(|| fail("time is out of range"))?;
        Ok(DateTime { naive: date.and_time(time), zone: self.zone })
    }

    fn date(&self) -> Option<NaiveDate> {
        let year = self.year.unwrap_or(1900);
        if let (Some(year), Some(week), Some(day)) = (self.iso_year, self.iso_week, self.weekday) {
            return NaiveDate::from_isoywd_opt(year, week, day);
        }
        if let (Some((week, from_sunday)), Some(day), None) = (self.week, self.weekday, self.day) {
            let first = NaiveDate::from_yo_opt(year, 1)?;
            let (start, day) = if from_sunday {
                (first.weekday().num_days_from_sunday(), day.num_days_from_sunday())
            } else {
                (first.weekday().num_days_from_monday(), day.num_days_from_monday())
            };
            let first_full = (7 - start) % 7;
            let ordinal = i64::from(first_full) + 7 * (i64::from(week) - 1) + i64::from(day);
            return first.checked_add_signed(chrono::TimeDelta::days(ordinal));
        }
        if let (Some(ordinal), None) = (self.day_of_year, self.month) {
            return NaiveDate::from_yo_opt(year, ordinal);
        }
        NaiveDate::from_ymd_opt(year, self.month.unwrap_or(1), self.day.unwrap_or(1))
    }
}
