//! Numbers and times of the settings, each checked once on the way in.

use chrono::{NaiveTime, TimeDelta};
use rust_decimal::Decimal;
use std::fmt;
use std::str::FromStr;

/// How much a value must move, as a fraction of what it was: `0.50` is 50 %. Always above zero, exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Threshold(Decimal);

impl Threshold {
    /// One half: the default.
    pub const HALF: Self = Self(Decimal::from_parts(5, 0, 0, false, 1));

    /// The fraction.
    pub fn fraction(self) -> Decimal {
        self.0
    }

    /// In percent, without trailing zeros: `50`, `33.35`.
    pub fn percent(self) -> String {
        (self.0 * Decimal::ONE_HUNDRED).normalize().to_string()
    }

    /// How many decimals a percentage needs so that it cannot look as if it stood on the other side of
    /// the threshold; at least one.
    pub fn decimals(self) -> u32 {
        (self.0 * Decimal::ONE_HUNDRED).normalize().scale().max(1)
    }
}

impl FromStr for Threshold {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no fraction above 0, such as \"0.50\" for 50%");
        if let Some(percent) = text.trim().strip_suffix('%') {
            let value = decimal(percent.trim()).ok_or_else(wrong)?;
            let fraction = value / Decimal::ONE_HUNDRED;
            // A percentage of so many digits that its fraction has too many is no fraction, not a rounded one.
            let is_exact = fraction * Decimal::ONE_HUNDRED == value;
            return Self::above_zero(fraction).filter(|_| is_exact).ok_or_else(wrong);
        }
        decimal(text.trim()).and_then(Self::above_zero).ok_or_else(wrong)
    }
}

impl Threshold {
    fn above_zero(value: Decimal) -> Option<Self> {
        (value > Decimal::ZERO && value <= Decimal::from(1_000_000)).then(|| Self(value.normalize()))
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

/// The smallest change worth a word, in the value's own unit; zero is no floor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Floor(Decimal);

impl Floor {
    /// The amount.
    pub fn amount(self) -> Decimal {
        self.0
    }

    /// Whether it holds nothing back.
    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }
}

impl FromStr for Floor {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        decimal(text.trim())
            .filter(|value| !value.is_sign_negative() || value.is_zero())
            .map(|value| Self(value.normalize()))
            .ok_or_else(|| format!("`{text}` is no amount of 0 or more, such as \"100\""))
    }
}

impl fmt::Display for Floor {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

/// Reads a decimal exactly; digits that don't fit are an error, not a rounding.
fn decimal(text: &str) -> Option<Decimal> {
    let text = text.strip_prefix('+').unwrap_or(text);
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') && digits != ".";
    (plain && !digits.is_empty()).then(|| Decimal::from_str_exact(text).ok()).flatten()
}

/// A span of time: `90s`, `30m`, `24h`, `7d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(TimeDelta);

impl Span {
    /// That many hours.
    pub const fn hours(hours: i64) -> Self {
        Self(TimeDelta::hours(hours))
    }

    /// That many seconds.
    pub const fn seconds(seconds: i64) -> Self {
        Self(TimeDelta::seconds(seconds))
    }

    /// The span.
    pub fn delta(self) -> TimeDelta {
        self.0
    }
}

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no span of time such as 90s, 30m, 24h or 7d");
        let text = text.trim();
        let split = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
        let number: i64 = text[..split].parse().map_err(|_| wrong())?;
        let seconds = match text[split..].trim() {
            "s" | "sec" | "second" | "seconds" => 1,
            "m" | "min" | "minute" | "minutes" => 60,
            "h" | "hour" | "hours" => 3_600,
            "d" | "day" | "days" => 86_400,
            _ => return Err(wrong()),
        };
        if number == 0 || number > 10_000 * 86_400 / seconds {
            return Err(wrong());
        }
        Ok(Self(TimeDelta::seconds(number * seconds)))
    }
}

impl serde::Serialize for Span {
    fn serialize<S: serde::Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(self)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.num_seconds();
        let (number, unit) = [(86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")]
            .into_iter()
            .find(|(size, _)| seconds % size == 0)
            .map_or((seconds, "second"), |(size, unit)| (seconds / size, unit));
        write!(out, "{number} {unit}{}", if number == 1 { "" } else { "s" })
    }
}

/// A number of days: `30`, `30d`, `30 days`, `7 days ago`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Days(pub u16);

impl FromStr for Days {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bare = text.trim();
        let bare = bare.strip_suffix("ago").unwrap_or(bare).trim();
        let bare =
            ["days", "day", "d"].iter().find_map(|unit| bare.strip_suffix(unit)).unwrap_or(bare).trim();
        match bare.parse() {
            Ok(days) if (1..=3_650).contains(&days) => Ok(Self(days)),
            _ => Err(format!("`{text}` is no number of days from 1 to 3650")),
        }
    }
}

/// A time of day on the clock of a time zone: `09:00`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeOfDay(pub NaiveTime);

impl FromStr for TimeOfDay {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        NaiveTime::parse_from_str(text.trim(), "%H:%M").map(Self).map_err(|_| {
            format!("`{text}` is no time of day such as \"09:00\" (quoted: YAML reads 09:00 as a number)")
        })
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.0.format("%H:%M"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_is_exact_and_above_zero() {
        let percent = |text: &str| text.parse::<Threshold>().map(Threshold::percent);
        assert_eq!(percent("0.50"), Ok("50".to_owned()));
        assert_eq!(percent("33.35%"), Ok("33.35".to_owned()));
        assert_eq!(percent("1"), Ok("100".to_owned()));
        assert_eq!("0.3335".parse::<Threshold>().map(Threshold::decimals), Ok(2));
        assert_eq!(percent("0.30000000000000001"), Ok("30.000000000000001".to_owned()));
        for wrong in ["0", "-0.5", "half", "NaN", "1e3", "", ".", "33.333333333333333333333333333%"] {
            assert!(percent(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn spans_and_days_and_times() {
        assert_eq!("24h".parse::<Span>().map(|span| span.to_string()), Ok("1 day".to_owned()));
        assert_eq!("90s".parse::<Span>().map(|span| span.to_string()), Ok("90 seconds".to_owned()));
        assert!(
            "0h".parse::<Span>().is_err()
                && "h".parse::<Span>().is_err()
                && "5 weeks".parse::<Span>().is_err()
        );
        assert_eq!("7 days ago".parse(), Ok(Days(7)));
        assert!("0".parse::<Days>().is_err());
        assert_eq!("09:00".parse::<TimeOfDay>().map(|time| time.to_string()), Ok("09:00".to_owned()));
        assert!("540".parse::<TimeOfDay>().is_err());
    }
}
