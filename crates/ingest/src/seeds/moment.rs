//! Dates and times as dbt reads them: two formats of Python's `strptime`, and ISO 8601 with a `T`.

use super::text::{digit, is_space, strip};
use chrono::{Duration, NaiveDate, NaiveDateTime, NaiveTime};

/// A point in time, with the offset that was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Date and time as written.
    pub local: NaiveDateTime,
    /// Minutes east of Greenwich, where written.
    pub offset: Option<i32>,
}

impl std::fmt::Display for Moment {
    /// As Python's `str(datetime)`.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}", self.local.format("%Y-%m-%d %H:%M:%S"))?;
        let micros = self.local.and_utc().timestamp_subsec_micros();
        if micros > 0 {
            write!(out, ".{micros:06}")?;
        }
        match self.offset {
            None => Ok(()),
            Some(minutes) => {
                let sign = if minutes < 0 { '-' } else { '+' };
                write!(out, "{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
            }
        }
    }
}

/// A text read from its left end.
struct Cursor<'a>(&'a str);

impl Cursor<'_> {
    fn take(&mut self, wanted: impl Fn(char) -> bool) -> Option<char> {
        let first = self.0.chars().next().filter(|c| wanted(*c))?;
        self.0 = &self.0[first.len_utf8()..];
        Some(first)
    }

    fn digit(&mut self) -> Option<u32> {
        let first = self.take(|c| digit(c).is_some())?;
        digit(first).map(u32::from)
    }

    /// Two digits of which the first is one of `tens` and ASCII, as strptime's patterns have it.
    fn two(&mut self, tens: &str, ones: impl Fn(char) -> bool) -> Option<u32> {
        let mut characters = self.0.chars();
        let ten = characters.next().filter(|c| tens.contains(*c))?;
        let one = characters.next().filter(|c| ones(*c))?;
        self.0 = characters.as_str();
        Some(u32::from(digit(ten)?) * 10 + u32::from(digit(one)?))
    }

    fn one(&mut self, wanted: impl Fn(char) -> bool) -> Option<u32> {
        self.take(wanted).and_then(digit).map(u32::from)
    }
}

fn any_digit(c: char) -> bool {
    digit(c).is_some()
}

/// `%Y-%m-%d`, whatever follows.
fn ymd(cursor: &mut Cursor<'_>) -> Option<NaiveDate> {
    let mut year = 0;
    for _ in 0..4 {
        year = year * 10 + cursor.digit()?;
    }
    cursor.take(|c| c == '-')?;
    let (month, day) = (|c: char| ('1'..='9').contains(&c), |c: char| ('1'..='9').contains(&c));
    let month = cursor
        .two("1", |c| ('0'..='2').contains(&c))
        .or_else(|| cursor.two("0", month))
        .or_else(|| cursor.one(month))?;
    cursor.take(|c| c == '-')?;
    let day = cursor
        .two("3", |c| c == '0' || c == '1')
        .or_else(|| cursor.two("12", any_digit))
        .or_else(|| cursor.two("0", day))
        .or_else(|| cursor.one(day))
        .or_else(|| {
            cursor.0.strip_prefix(' ').and_then(|rest| {
                cursor.0 = rest;
                cursor.one(day)
            })
        })?;
    (year > 0).then(|| NaiveDate::from_ymd_opt(year.try_into().ok()?, month, day))?
}

/// `2020-01-31`, of a value that is not null.
pub fn date(text: &str) -> Option<NaiveDate> {
    let mut cursor = Cursor(strip(text));
    let date = ymd(&mut cursor)?;
    cursor.0.is_empty().then_some(date)
}

/// `2020-01-31 10:11:12`, of a value that is not null.
pub fn date_time(text: &str) -> Option<Moment> {
    let mut cursor = Cursor(strip(text));
    let date = ymd(&mut cursor)?;
    cursor.take(is_space)?;
    while cursor.take(is_space).is_some() {}
    let hour = cursor
        .two("2", |c| ('0'..='3').contains(&c))
        .or_else(|| cursor.two("01", any_digit))
        .or_else(|| cursor.one(any_digit))?;
    cursor.take(|c| c == ':')?;
    let minute = cursor.two("012345", any_digit).or_else(|| cursor.one(any_digit))?;
    cursor.take(|c| c == ':')?;
    let second = cursor
        .two("6", |c| c == '0' || c == '1')
        .or_else(|| cursor.two("012345", any_digit))
        .or_else(|| cursor.one(any_digit))?;
    let time = NaiveTime::from_hms_opt(hour, minute, second)?;
    cursor.0.is_empty().then(|| Moment { local: date.and_time(time), offset: None })
}

/// ISO 8601 with a date, a `T` and a time, of a value that is not null.
pub fn iso(text: &str) -> Option<Moment> {
    let (date, time) = strip(text).split_once('T')?;
    let (clock, offset) = match time.find(['Z', '+', '-']) {
        Some(at) => (&time[..at], Some(iso_offset(&time[at..])?)),
        None => (time, None),
    };
    let date = iso_date(date.as_bytes())?;
    Some(Moment { local: date.and_time(iso_time(clock)?), offset })
}

fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + i64::from(byte - b'0')))
}

/// Calendar dates, ordinal dates and week dates, with dashes or without; a year alone; a century.
fn iso_date(text: &[u8]) -> Option<NaiveDate> {
    let calendar = |year: &[u8], month: &[u8], day: &[u8]| {
        // A month of 00 is January.
        let month = number(month)?.max(1);
        ymd_of(number(year)?, month, number(day)?)
    };
    match text {
        [y @ .., b'-', m1, m2, b'-', d1, d2] if y.len() == 4 => calendar(y, &[*m1, *m2], &[*d1, *d2]),
        [y1, y2, y3, y4, b'-', b'W', week @ ..] => {
            let day = match week {
                [_, _] => 1,
                [_, _, b'-', day] => number(&[*day])?,
                _ => return None,
            };
            week_date(number(&[*y1, *y2, *y3, *y4])?, number(&week[..2])?, day)
        }
        [y1, y2, y3, y4, b'W', week @ ..] => {
            let day = match week {
                [_, _] => 1,
                [_, _, day] => number(&[*day])?,
                _ => return None,
            };
            week_date(number(&[*y1, *y2, *y3, *y4])?, number(&week[..2])?, day)
        }
        [y @ .., b'-', o1, o2, o3] if y.len() == 4 => ordinal(number(y)?, number(&[*o1, *o2, *o3])?),
        [y @ .., b'-', m1, m2] if y.len() == 4 => calendar(y, &[*m1, *m2], b"01"),
        _ => match text.len() {
            8 => calendar(&text[..4], &text[4..6], &text[6..]),
            7 => ordinal(number(&text[..4])?, number(&text[4..])?),
            6 => calendar(&text[..4], &text[4..], b"01"),
            4 => ymd_of(number(text)?, 1, 1),
            2 => ymd_of(number(text)? * 100 + 1, 1, 1),
            _ => None,
        },
    }
}

fn ymd_of(year: i64, month: i64, day: i64) -> Option<NaiveDate> {
    let date = NaiveDate::from_ymd_opt(year.try_into().ok()?, month.try_into().ok()?, day.try_into().ok()?)?;
    in_range(date)
}

/// Python's years: 1 to 9999.
fn in_range(date: NaiveDate) -> Option<NaiveDate> {
    (1..=9999).contains(&chrono::Datelike::year(&date)).then_some(date)
}

fn ordinal(year: i64, day: i64) -> Option<NaiveDate> {
    in_range(ymd_of(year, 1, 1)?.checked_add_signed(Duration::days(day - 1))?)
}

/// Weeks and days beyond the calendar's count on.
fn week_date(year: i64, week: i64, day: i64) -> Option<NaiveDate> {
    let fourth = ymd_of(year, 1, 4)?;
    let monday = i64::from(chrono::Datelike::weekday(&fourth).num_days_from_monday());
    in_range(fourth.checked_add_signed(Duration::days((week - 1) * 7 + day - 1 - monday))?)
}

/// Minutes of `Z`, `±hh`, `±hhmm`, `±hh:mm`.
fn iso_offset(text: &str) -> Option<i32> {
    let bytes = text.as_bytes();
    let sign = match bytes.first()? {
        b'Z' => return (bytes.len() == 1).then_some(0),
        b'-' => -1,
        _ => 1,
    };
    let (hours, minutes) = match &bytes[1..] {
        [_, _] => (&bytes[1..3], &b"00"[..]),
        [_, _, _, _] => (&bytes[1..3], &bytes[3..5]),
        [_, _, b':', _, _] => (&bytes[1..3], &bytes[4..6]),
        _ => return None,
    };
    i32::try_from(number(hours)? * 60 + number(minutes)?).ok().map(|minutes| sign * minutes)
}

/// A fraction's digits and the power of ten below them: 28 digits, as Python's decimal context keeps them.
///
/// That many of them, in microseconds of an hour, just fit.
fn fraction_of(digits: &str, rounds: bool) -> Option<(i128, i128)> {
    let kept = &digits[..digits.len().min(28)];
    let (value, scale): (i128, i128) = (kept.parse().ok()?, 10_i128.pow(u32::try_from(kept.len()).ok()?));
    let rest = &digits.as_bytes()[kept.len()..];
    let beyond_half = rest.first().is_some_and(|first| {
        *first > b'5' || *first == b'5' && (value % 2 == 1 || rest[1..].iter().any(|digit| *digit > b'0'))
    });
    Some((value + i128::from(rounds && beyond_half), scale))
}

/// `hh`, `hhmm`, `hh:mm`, `hhmmss`, `hh:mm:ss`, of which the last part may have a fraction.
fn iso_time(text: &str) -> Option<NaiveTime> {
    let (clock, fraction) = match text.split_once(['.', ',']) {
        Some((_, "")) => return None,
        Some((clock, fraction)) => (clock.as_bytes(), fraction),
        None => (text.as_bytes(), "0"),
    };
    let parts: Vec<&[u8]> = match clock {
        [_, _, b':', _, _] => vec![&clock[..2], &clock[3..]],
        [_, _, b':', _, _, b':', _, _] => vec![&clock[..2], &clock[3..5], &clock[6..]],
        _ if matches!(clock.len(), 2 | 4 | 6) => clock.chunks(2).collect(),
        _ => return None,
    };
    let mut units = [0; 3];
    for (unit, part) in units.iter_mut().zip(&parts) {
        *unit = u32::try_from(number(part)?).ok()?;
    }
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let micro = 1_000_000_i128;
    let (value, scale) = fraction_of(fraction, parts.len() < 3)?;
    let [hour, minute, second] = units;
    // Of an hour's fraction microseconds are rounded, of the others cut; and a rounded whole second is none.
    let (minute, second, micros) = match parts.len() {
        1 => {
            let total = value * 3600 * micro;
            let seconds = total / (micro * scale);
            let rest = total - seconds * micro * scale;
            let (cut, left) = (rest / scale, rest % scale);
            let up = left * 2 > scale || left * 2 == scale && cut % 2 == 1;
            (seconds / 60, seconds % 60, cut + i128::from(up))
        }
        2 => {
            let total = value * 60 * micro / scale;
            (i128::from(minute), total / micro, total % micro)
        }
        _ => (i128::from(minute), i128::from(second), value * micro / scale),
    };
    if micros >= micro {
        return None;
    }
    let [minute, second, micros] =
        [minute, second, micros].map(|unit| u32::try_from(unit).unwrap_or(u32::MAX));
    // chrono takes a second of 60 as a leap second by way of its microseconds; Python takes none.
    (second < 60).then(|| NaiveTime::from_hms_micro_opt(hour, minute, second, micros))?
}
