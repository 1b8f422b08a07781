//! Cells of a unit test's rows as the texts that are compared and shown: what dbt makes of them, exactly.
//!
//! A number keeps its digits (`1.10` is not `1.1`), intervals and JSON are compared by what they say, whatever way they
//! are written.

use crate::runtime::table::array_json;
use serde_json::Value as Json;
use warehouse::ResultSet;

/// The rows of a unit test.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ComparedRows {
    /// Names of the columns.
    pub columns: Vec<String>,
    /// Whether a column's values are in the order of numbers; texts are in the order of their letters.
    pub is_number: Vec<bool>,
    /// Cells; `None` is null.
    pub rows: Vec<Vec<Option<String>>>,
}

impl ComparedRows {
    /// Of a query's rows.
    pub fn of(result: &ResultSet) -> Self {
        let oids: Vec<u32> = result.columns.iter().map(|column| column.type_oid).collect();
        let row = |row: &Vec<Option<String>>| {
            row.iter()
                .zip(&oids)
                .map(|(cell, oid)| cell.as_deref().and_then(|it| compared(it, *oid)))
                .collect()
        };
        Self {
            columns: result.columns.iter().map(|column| column.name.clone()).collect(),
            is_number: oids.iter().map(|oid| matches!(oid, 20 | 21 | 23 | 26 | 700 | 701 | 1700)).collect(),
            rows: result.rows.iter().map(row).collect(),
        }
    }
}

/// A cell by its type; JSON's null is null.
fn compared(cell: &str, oid: u32) -> Option<String> {
    let as_written = || cell.to_owned();
    let text = match oid {
        16 => if cell == "t" { "True" } else { "False" }.to_owned(),
        700 | 701 => cell
            .parse::<f64>()
            .map_or_else(|_| as_written(), |number| decimal(&crate::yaml::scalar::python_float(number))),
        1700 => decimal(cell),
        1082 => jinja::value::date_of(cell).map_or_else(as_written, |date| jinja::value::to_str(&date)),
        1114 | 1184 => jinja::value::moment_of(cell).map_or_else(as_written, |it| jinja::value::to_str(&it)),
        1083 | 1266 => time(cell).unwrap_or_else(as_written),
        1186 => interval(cell).unwrap_or_else(as_written),
        114 | 3802 => return json(cell),
        1000..=1009 | 1014..=1016 | 1021 | 1022 | 1182 | 1231 | 2951 => array_json(cell, oid),
        _ => as_written(),
    };
    Some(text)
}

/// A number as Python's `Decimal` prints it: as it stands, but for very small ones and for exponents.
fn decimal(text: &str) -> String {
    let (sign, unsigned) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    match unsigned {
        "inf" | "Infinity" => return format!("{sign}Infinity"),
        "nan" | "NaN" => return "NaN".to_owned(),
        _ => {}
    }
    let (mantissa, exponent) = unsigned.split_once('e').unwrap_or((unsigned, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let places = i64::try_from(fraction.len()).ok();
    let (Some(exponent), Some(places)) = (exponent.parse::<i64>().ok(), places) else {
        return text.to_owned();
    };
    let digits = format!("{whole}{fraction}");
    let digits = match digits.trim_start_matches('0') {
        "" => "0",
        digits => digits,
    };
    let length = i64::try_from(digits.len()).unwrap_or(i64::MAX);
    let exponent = exponent - places;
    // Digits before the point, were there no exponent.
    let before = exponent + length;
    if exponent <= 0 && before > -6 {
        let number = match usize::try_from(before) {
            Ok(0) | Err(_) => {
                format!("0.{}{digits}", "0".repeat(usize::try_from(-before).unwrap_or_default()))
            }
            Ok(before) if before >= digits.len() => digits.to_owned(),
            Ok(before) => format!("{}.{}", &digits[..before], &digits[before..]),
        };
        return format!("{sign}{number}");
    }
    let point = if digits.len() > 1 { "." } else { "" };
    let exponent = if before == 1 { String::new() } else { format!("E{:+}", before - 1) };
    format!("{sign}{}{point}{}{exponent}", &digits[..1], &digits[1..])
}

/// `12:00:00.5+02` as `12:00:00.500000+02:00`.
fn time(text: &str) -> Option<String> {
    let zone = text.find(['+', '-']).unwrap_or(text.len());
    let (clock, zone) = text.split_at(zone);
    let zone = if zone.len() == 3 { format!("{zone}:00") } else { zone.to_owned() };
    match clock.split_once('.') {
        Some((clock, fraction)) => Some(format!("{clock}.{fraction:0<6}{zone}")),
        None => Some(format!("{clock}{zone}")),
    }
}

/// `1 mon 02:03:04.5` as `30 days, 2:03:04.500000`: a month has 30 days, a year 365.
fn interval(text: &str) -> Option<String> {
    const SECOND: i64 = 1_000_000;
    const DAY: i64 = 86_400 * SECOND;
    let (mut days, mut micros) = (0_i64, 0_i64);
    let mut words = text.split(' ').filter(|word| !word.is_empty());
    while let Some(word) = words.next() {
        if word.contains(':') {
            micros = clock(word)?;
            continue;
        }
        let each = match words.next()?.trim_end_matches('s') {
            "year" => 365,
            "mon" => 30,
            "day" => 1,
            _ => return None,
        };
        days = days.checked_add(word.parse::<i64>().ok()?.checked_mul(each)?)?;
    }
    let total = days.checked_mul(DAY)?.checked_add(micros)?;
    let (days, rest) = (total.div_euclid(DAY), total.rem_euclid(DAY));
    let (seconds, fraction) = (rest / SECOND, rest % SECOND);
    let mut out = match days {
        0 => String::new(),
        1 | -1 => format!("{days} day, "),
        _ => format!("{days} days, "),
    };
    out += &format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    if fraction > 0 {
        out += &format!(".{fraction:06}");
    }
    Some(out)
}

/// Microseconds of `-02:03:04.5`.
fn clock(word: &str) -> Option<i64> {
    let (sign, word) = word.strip_prefix('-').map_or((1, word), |rest| (-1, rest));
    let mut parts = word.trim_start_matches('+').split(':');
    let (hours, minutes) = (parts.next()?.parse::<i64>().ok()?, parts.next()?.parse::<i64>().ok()?);
    let seconds = parts.next()?;
    let (seconds, fraction) = seconds.split_once('.').unwrap_or((seconds, "0"));
    let micros = format!("{fraction:0<6}").parse::<i64>().ok()?;
    let seconds = hours.checked_mul(3600)? + minutes * 60 + seconds.parse::<i64>().ok()?;
    Some(sign * (seconds.checked_mul(1_000_000)? + micros))
}

/// JSON as Python reads and writes it; texts without their quotes.
fn json(text: &str) -> Option<String> {
    let Ok(value) = serde_json::from_str::<Json>(text) else { return Some(text.to_owned()) };
    match value {
        Json::Null => None,
        Json::Bool(truth) => Some(if truth { "True" } else { "False" }.to_owned()),
        Json::String(text) => Some(text),
        // What no number of ours holds is compared as it is written.
        _ if has_long_number(text) => Some(text.to_owned()),
        other => Some(crate::json::dumps(&other)),
    }
}

fn has_long_number(text: &str) -> bool {
    let mut runs = text.split(|letter: char| !letter.is_ascii_digit()).filter(|digits| !digits.is_empty());
    runs.any(|digits| digits.parse::<u64>().is_err())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(oid: u32, cells: &[(&str, &str)]) {
        for (cell, text) in cells {
            assert_eq!(compared(cell, oid).as_deref(), Some(*text), "{cell}");
        }
    }

    // The texts are dbt Core's.
    #[test]
    fn numbers_keep_their_digits() {
        let numeric = [
            ("1.10", "1.10"),
            ("-2.00", "-2.00"),
            ("100.000", "100.000"),
            ("100000000000000000000", "100000000000000000000"),
            ("0.000001", "0.000001"),
            ("0.00000010", "1.0E-7"),
            ("0.00", "0.00"),
            ("NaN", "NaN"),
            ("-Infinity", "-Infinity"),
        ];
        check(1700, &numeric);
        let floats = [
            ("2", "2.0"),
            ("1e+20", "1E+20"),
            ("1e-07", "1E-7"),
            ("1e-05", "0.00001"),
            ("1.2345678901234568e+17", "1.2345678901234568E+17"),
            ("1.5e+300", "1.5E+300"),
            ("-0", "-0.0"),
            ("Infinity", "Infinity"),
            ("NaN", "NaN"),
        ];
        check(701, &floats);
    }

    #[test]
    fn intervals_are_compared_by_their_length() {
        let intervals = [
            ("1 day", "1 day, 0:00:00"),
            ("24:00:00", "1 day, 0:00:00"),
            ("26:00:00", "1 day, 2:00:00"),
            ("1 mon 2 days 03:04:05.5", "32 days, 3:04:05.500000"),
            ("1 year 2 mons", "425 days, 0:00:00"),
            ("-01:00:00", "-1 day, 23:00:00"),
            ("-25:00:00.000001", "-2 days, 22:59:59.999999"),
            ("-1 days +02:00:00", "-1 day, 2:00:00"),
            ("00:00:00", "0:00:00"),
            ("P1D", "P1D"),
        ];
        check(1186, &intervals);
    }

    #[test]
    fn json_is_compared_by_what_it_says() {
        let documents = [
            (r#"{"a":1,  "b":[1,2.50]}"#, r#"{"a": 1, "b": [1, 2.5]}"#),
            (r#"{"a":1,"a":2}"#, r#"{"a": 2}"#),
            (r#""text""#, "text"),
            ("true", "True"),
            ("[ ]", "[]"),
            ("1.50", "1.5"),
            (
                r#"[1.10, 1e3, 12345678901234567890, "\u00e9"]"#,
                r#"[1.1, 1000.0, 12345678901234567890, "\u00e9"]"#,
            ),
            ("[123456789012345678901 ]", "[123456789012345678901 ]"),
        ];
        check(114, &documents);
        assert_eq!(compared("null", 3802), None);
    }

    #[test]
    fn times_have_all_their_digits() {
        check(1083, &[("12:00:00", "12:00:00"), ("12:00:00.5", "12:00:00.500000")]);
        check(1266, &[("12:00:00.5+02", "12:00:00.500000+02:00"), ("12:00:00-03:30", "12:00:00-03:30")]);
        check(1114, &[("2026-01-01 12:00:00.5", "2026-01-01 12:00:00.500000"), ("infinity", "infinity")]);
        check(16, &[("t", "True"), ("f", "False")]);
    }
}
