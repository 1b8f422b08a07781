//! Decimals from text and as text.

use num_bigint::BigUint;

use super::{Decimal, Finite, arithmetic};

impl Decimal {
    /// `[sign]digits[.digits][e[sign]digits]`, or a name of what is no finite number.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (negative, rest) = match text.as_bytes().first()? {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        match rest.to_ascii_lowercase().as_str() {
            "inf" | "infinity" => return Some(Self::Infinite { negative }),
            "nan" => return Some(Self::NaN),
            _ => {}
        }
        let (number, power) = match rest.split_once(['e', 'E']) {
            Some((number, power)) => (number, power.parse::<i64>().ok()?),
            None => (rest, 0),
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let joined = format!("{whole}{fraction}");
        if joined.is_empty() || !joined.bytes().all(|it| it.is_ascii_digit()) {
            return None;
        }
        let digits = BigUint::parse_bytes(joined.as_bytes(), 10)?;
        let exponent = power - i64::try_from(fraction.len()).ok()?;
        Some(Self::Finite(Finite { negative, digits, exponent }))
    }
}

/// Python's `str`: with an exponent where there would be zeros in front of the point or many behind it.
pub(super) fn plain(decimal: &Decimal) -> String {
    let (negative, digits) = formatted(decimal, None, None);
    if negative { format!("-{digits}") } else { digits }
}

/// The sign and what `format()` shows behind it.
pub(super) fn formatted(decimal: &Decimal, precision: Option<i64>, kind: Option<char>) -> (bool, String) {
    let percent = if kind == Some('%') { "%" } else { "" };
    let mut it = match decimal {
        Decimal::Finite(it) => it.clone(),
        Decimal::Infinite { negative } => return (*negative, format!("Infinity{percent}")),
        Decimal::NaN => return (false, format!("NaN{percent}")),
    };
    if kind == Some('%') {
        it.exponent += 2;
    }
    let kind = kind.unwrap_or('G');
    match (kind, precision) {
        ('e' | 'E', Some(precision)) => {
            it = arithmetic::to_length(it, precision + 1);
            let missing = precision + 1 - it.length();
            if missing > 0 && !it.is_zero() {
                it = arithmetic::at_exponent(&it, it.exponent - missing);
            }
        }
        ('f' | 'F' | '%', Some(precision)) => it = arithmetic::at_exponent(&it, -precision),
        ('g' | 'G' | 'n', Some(precision)) if it.length() > precision => {
            it = arithmetic::to_length(it, precision.max(1));
        }
        ('f' | 'F' | '%', None) if it.is_zero() && it.exponent > 0 => it.exponent = 0,
        _ => {}
    }
    let digits = it.digits.to_string();
    let left = it.exponent + it.length();
    let point = match kind {
        'e' | 'E' => match precision {
            Some(precision) if it.is_zero() => 1 - precision,
            _ => 1,
        },
        'f' | 'F' | '%' => left,
        _ if it.exponent <= 0 && left > -6 => left,
        _ => 1,
    };
    let length = it.length();
    let zeros = |count: i64| "0".repeat(usize::try_from(count).unwrap_or(0));
    let mut shown = if point <= 0 {
        format!("0.{}{digits}", zeros(-point))
    } else if point >= length {
        format!("{digits}{}", zeros(point - length))
    } else {
        let (whole, fraction) = digits.split_at(usize::try_from(point).unwrap_or(0));
        format!("{whole}.{fraction}")
    };
    let power = left - point;
    if power != 0 || matches!(kind, 'e' | 'E') {
        let letter = if matches!(kind, 'e' | 'g' | 'n') { 'e' } else { 'E' };
        shown += &format!("{letter}{power:+}");
    }
    (it.negative, shown + percent)
}
