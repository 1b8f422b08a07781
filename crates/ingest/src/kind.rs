//! Kinds: what a column's text must be readable as. Text it stays; what cannot be read is quarantined.
//!
//! A kind accepts what Postgres's cast accepts and no session setting can turn around: no `01/02/2026`.
//! Space around the value does not matter, an empty value is of every kind.

use chrono::{NaiveDate, NaiveTime};

/// A type that a text can be read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A decimal number; not `NaN`, not infinity.
    Numeric,
    /// A whole number of 64 bits.
    Integer,
    /// `YYYY-MM-DD`
    Date,
    /// `YYYY-MM-DD`, with a time (`T` or a space before it) and an offset or without.
    Timestamp,
    /// `true`, `t`, `yes`, `y`, `on`, `1` and their opposites, in any case.
    Boolean,
}

impl Kind {
    /// The words for kinds in a source's properties.
    pub const WORDS: [&str; 6] = ["numeric", "integer", "date", "timestamp", "boolean", "text"];

    /// The kind of that name, `Some(None)` for text; Postgres's other names of the same types count.
    pub fn named(word: &str) -> Option<Option<Self>> {
        Some(match word.trim().to_ascii_lowercase().as_str() {
            "numeric" | "decimal" | "float" | "float8" | "double precision" | "real" => Some(Self::Numeric),
            "integer" | "int" | "bigint" | "int8" | "int4" => Some(Self::Integer),
            "date" => Some(Self::Date),
            "timestamp" | "timestamptz" | "timestamp with time zone" | "timestamp without time zone" => {
                Some(Self::Timestamp)
            }
            "boolean" | "bool" => Some(Self::Boolean),
            "text" | "varchar" | "string" => None,
            _ => return None,
        })
    }

    /// The word in messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Numeric => "numeric",
            Self::Integer => "integer",
            Self::Date => "date",
            Self::Timestamp => "timestamp",
            Self::Boolean => "boolean",
        }
    }

    /// Whether a value can be read as the kind.
    #[inline]
    pub fn reads(self, value: &[u8]) -> bool {
        let value = value.trim_ascii();
        value.is_empty()
            || match self {
                Self::Numeric => is_numeric(value),
                Self::Integer => is_integer(value),
                Self::Date => is_date(value),
                Self::Timestamp => is_timestamp(value),
                Self::Boolean => is_boolean(value),
            }
    }
}

fn unsigned(value: &[u8]) -> &[u8] {
    value.strip_prefix(b"-").or_else(|| value.strip_prefix(b"+")).unwrap_or(value)
}

fn digits(value: &[u8]) -> usize {
    value.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

fn is_numeric(value: &[u8]) -> bool {
    let value = unsigned(value);
    let whole = digits(value);
    let mut rest = &value[whole..];
    let mut any = whole > 0;
    if let Some(after) = rest.strip_prefix(b".") {
        let fraction = digits(after);
        any |= fraction > 0;
        rest = &after[fraction..];
    }
    if let Some(exponent) = rest.strip_prefix(b"e").or_else(|| rest.strip_prefix(b"E")) {
        let exponent = unsigned(exponent);
        // numeric has 131,072 digits before the point at most: four are enough for every exponent that fits.
        return any && (1..=4).contains(&exponent.len()) && digits(exponent) == exponent.len();
    }
    any && rest.is_empty() && value.len() < 16_000
}

fn is_integer(value: &[u8]) -> bool {
    let bare = unsigned(value);
    match bare.len() {
        1..=18 => digits(bare) == bare.len(),
        _ => text(value).is_some_and(|text| text.parse::<i64>().is_ok()),
    }
}

fn text(value: &[u8]) -> Option<&str> {
    std::str::from_utf8(value).ok()
}

fn is_date(value: &[u8]) -> bool {
    let number = |part: &[u8]| part.iter().fold(0, |sum, byte| sum * 10 + u32::from(byte - b'0'));
    match value {
        [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2]
            if [y1, y2, y3, y4, m1, m2, d1, d2].iter().all(|byte| byte.is_ascii_digit()) =>
        {
            let (year, month, day) = (number(&value[..4]), number(&value[5..7]), number(&value[8..]));
            // 28 days are in every month: the calendar is asked for the rest only.
            year > 0
                && ((1..=12).contains(&month) && (1..=28).contains(&day)
                    || NaiveDate::from_ymd_opt(year.cast_signed(), month, day).is_some())
        }
        _ => false,
    }
}

fn is_timestamp(value: &[u8]) -> bool {
    if value.len() < 10 || !is_date(&value[..10]) {
        return false;
    }
    let rest = &value[10..];
    let Some(time) = rest.strip_prefix(b"T").or_else(|| rest.strip_prefix(b" ")) else {
        return rest.is_empty();
    };
    let end = time.iter().position(|byte| matches!(byte, b'Z' | b'z' | b'+' | b'-')).unwrap_or(time.len());
    let (time, offset) = time.split_at(end);
    let Some(time) = text(time.trim_ascii_end()) else { return false };
    let (clock, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let fraction =
        !fraction.is_empty() && fraction.len() <= 9 && fraction.bytes().all(|byte| byte.is_ascii_digit());
    let clock = match clock.len() {
        5 => NaiveTime::parse_from_str(clock, "%H:%M").is_ok() && !time.contains('.'),
        8 => NaiveTime::parse_from_str(clock, "%H:%M:%S").is_ok(),
        _ => false,
    };
    clock && fraction && is_offset(offset)
}

fn is_offset(value: &[u8]) -> bool {
    match value {
        [] | [b'Z' | b'z'] => true,
        [b'+' | b'-', h1, h2, rest @ ..] => {
            let minutes = rest.strip_prefix(b":").unwrap_or(rest);
            let hours = h1.is_ascii_digit() && h2.is_ascii_digit() && (*h1, *h2) <= (b'1', b'5');
            hours && (rest.is_empty() || matches!(minutes, [b'0'..=b'5', b'0'..=b'9']))
        }
        _ => false,
    }
}

fn is_boolean(value: &[u8]) -> bool {
    let words: [&[u8]; 12] =
        [b"true", b"false", b"t", b"f", b"yes", b"no", b"y", b"n", b"on", b"off", b"1", b"0"];
    words.iter().any(|word| value.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(kind: Kind, good: &[&str], bad: &[&str]) {
        for value in good {
            assert!(kind.reads(value.as_bytes()), "{value:?} is {}", kind.as_str());
        }
        for value in bad {
            assert!(!kind.reads(value.as_bytes()), "{value:?} is not {}", kind.as_str());
        }
    }

    #[test]
    fn reads_what_postgres_casts() {
        check(
            Kind::Numeric,
            &["", " ", "0", "-1.50", "+.5", "5.", "1e5", "1E-5", " 12 ", "123456789012345678901234567890.5"],
            &[
                "twelve", "1,000", "$5", "1.2.3", ".", "-", "e5", "1e", "NaN", "Infinity", "0x1f", "1 2",
                "1e99999",
            ],
        );
        check(
            Kind::Integer,
            &["", "0", "-9223372036854775808", "+7", "007", "9223372036854775807"],
            &["9223372036854775808", "1.0", "1e5", "", "x", "-", "1_000"]
                .map(|v| if v.is_empty() { "y" } else { v }),
        );
        check(
            Kind::Date,
            &["", "2021-04-29", "2024-02-29", " 0001-01-01 ", "9999-12-31"],
            &[
                "2021-4-29",
                "2023-02-29",
                "29/04/2021",
                "20210429",
                "0000-01-01",
                "2021-04-29 00:00",
                "2021-13-01",
            ],
        );
        check(
            Kind::Timestamp,
            &[
                "2021-04-23 21:45:01.554",
                "2021-04-23T21:45:01Z",
                "2021-04-23",
                "2021-04-23 21:45",
                "2021-04-23 21:45:01+02",
                "2021-04-23 21:45:01.5 -03:30",
                "2021-04-23T21:45:01+0530",
            ],
            &[
                "2021-04-23 25:00:00",
                "2021-04-23 21",
                "2021-04-23 21:45:01.",
                "2021-04-23x",
                "21:45:01",
                "2021-04-23 21:45:01+99",
            ],
        );
        check(Kind::Boolean, &["", "TRUE", "f", "1", "off"], &["2", "maybe", "tru"]);
    }
}
