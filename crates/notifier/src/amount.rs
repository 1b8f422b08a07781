//! Amounts and percentages as people read them. Digits are the database's own: nothing is rounded here.

use std::fmt;

/// A number of the database in its exact spelling; `NaN` and `Infinity` are numbers to Postgres.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Amount(String);

impl Amount {
    /// Takes over what the database wrote.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// As the database wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is below zero.
    pub fn is_negative(&self) -> bool {
        self.0.starts_with('-')
    }

    /// With a minus sign that typesetters use, groups of three digits and at least two decimals:
    /// `1,234,567.50`. Zeros behind the second decimal say nothing and go.
    pub fn pretty(&self) -> String {
        let (sign, digits) = match self.0.strip_prefix('-') {
            Some(rest) => ("-", rest),
            None => ("", self.0.as_str()),
        };
        if !digits.starts_with(|c: char| c.is_ascii_digit()) {
            return self.0.clone();
        }
        let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
        let decimals = decimals.trim_end_matches('0');
        format!("{sign}{}.{decimals:0<2}", grouped(whole))
    }

    /// As a number for sorting by size only; exact for as long as a double is.
    pub fn size(&self) -> f64 {
        self.0.parse::<f64>().map_or(0.0, f64::abs)
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// A signed percentage, cut and not rounded, so that it never looks as if it had reached a threshold that
/// it had not: `+49.9 %`.
pub fn percent(text: &str) -> String {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("+", text),
    };
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
    if decimals.bytes().all(|byte| byte == b'0') {
        return format!("{sign}{}%", grouped(whole));
    }
    format!("{sign}{}.{decimals}%", grouped(whole))
}

/// A count: `12,708,796`.
pub fn count(number: i64) -> String {
    let text = number.unsigned_abs().to_string();
    format!("{}{}", if number < 0 { "-" } else { "" }, grouped(&text))
}

fn grouped(digits: &str) -> String {
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_keep_every_digit_that_matters() {
        let pretty = |text: &str| Amount::new(text).pretty();
        assert_eq!(pretty("1234567.5"), "1,234,567.50");
        assert_eq!(pretty("-100"), "-100.00");
        assert_eq!(pretty("0"), "0.00");
        assert_eq!(pretty("10.49999999999999999999"), "10.49999999999999999999");
        assert_eq!(pretty("100.0000"), "100.00");
        assert_eq!(pretty("NaN"), "NaN");
        assert_eq!(pretty("-Infinity"), "-Infinity");
    }

    #[test]
    fn percentages_are_cut() {
        assert_eq!(percent("49.9"), "+49.9%");
        assert_eq!(percent("-101.0"), "-101%");
        assert_eq!(percent("1000050.5"), "+1,000,050.5%");
        assert_eq!(count(12_708_796), "12,708,796");
    }
}
