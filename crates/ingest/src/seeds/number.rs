//! Numbers as agate's `Number` reads them and Python's `Decimal` keeps them: 28 significant digits.
//!
//! `$1,000.50`, `-5%`, `1_000`, `1e5` and `NaN` are numbers; which characters may stand where was found by asking
//! dbt Core, and is held by the recorded answers in `tests/it/fixtures/agate.jsonl`.

use super::text::{digit, strip};

/// Significant digits of Python's decimal context.
const PRECISION: usize = 28;
/// Exponents of that context: the largest, and the smallest of a number that is not zero.
const HUGE: i64 = 999_999;
const TINY: i64 = -1_000_026;
/// Largest exponent that can be written.
const WRITABLE: i64 = 999_999_999_999_999_999;
/// Currency symbols that agate strips, in the order in which it does.
const CURRENCIES: [char; 19] =
    ['؋', '$', 'ƒ', '៛', '¥', '₡', '₱', '£', '€', '¢', '﷼', '₪', '₩', '₭', '₮', '₦', '฿', '₤', '₫'];

/// A number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Number {
    /// `digits × 10^exponent`.
    Finite {
        /// Whether a minus stands before it, of zero too.
        negative: bool,
        /// Digits, 0 to 9, without leading zeros; `[0]` for zero.
        digits: Vec<u8>,
        /// Power of ten.
        exponent: i64,
    },
    /// Infinity.
    Infinite {
        /// Whether it is below zero.
        negative: bool,
    },
    /// Not a number, with the digits that may follow it.
    Nan {
        /// Whether a minus stands before it.
        negative: bool,
        /// Digits after `NaN`.
        payload: String,
    },
}

impl Number {
    /// Reads a value that is not null.
    pub fn read(text: &str) -> Option<Self> {
        let bare = strip(text).trim_matches('%');
        let (minus, mut bare) = bare.strip_prefix('-').map_or((false, bare), |rest| (true, rest));
        for symbol in CURRENCIES {
            bare = bare.trim_matches(symbol);
        }
        let number = Self::decimal(&bare.replace(',', ""))?;
        if minus { number.negated() } else { number }.in_context()
    }

    /// Python's `Decimal(text)`.
    fn decimal(text: &str) -> Option<Self> {
        let ascii: String = strip(text)
            .chars()
            .filter(|c| *c != '_')
            .map(|c| digit(c).map_or(c, |value| char::from(b'0' + value)))
            .collect();
        let (negative, bare) = match ascii.as_bytes().first()? {
            b'-' => (true, &ascii[1..]),
            b'+' => (false, &ascii[1..]),
            _ => (false, ascii.as_str()),
        };
        if bare.eq_ignore_ascii_case("inf") || bare.eq_ignore_ascii_case("infinity") {
            return Some(Self::Infinite { negative });
        }
        if let Some(payload) =
            bare.get(..3).filter(|word| word.eq_ignore_ascii_case("nan")).map(|_| &bare[3..])
        {
            let digits = payload.bytes().all(|byte| byte.is_ascii_digit());
            return digits
                .then(|| Self::Nan { negative, payload: payload.trim_start_matches('0').to_owned() });
        }
        let (mantissa, exponent) = bare.split_once(['e', 'E']).map_or((bare, "0"), |(m, e)| (m, e));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.len() + fraction.len() == 0 || !is_digits(whole) || !is_digits(fraction) {
            return None;
        }
        let unsigned = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        if unsigned.is_empty() || !is_digits(unsigned) {
            return None;
        }
        let exponent = exponent.parse::<i64>().ok().filter(|exponent| exponent.abs() <= WRITABLE)?;
        let digits =
            whole.bytes().chain(fraction.bytes()).map(|byte| byte - b'0').skip_while(|value| *value == 0);
        let mut digits: Vec<u8> = digits.collect();
        if digits.is_empty() {
            digits.push(0);
        }
        let exponent = exponent.checked_sub(i64::try_from(fraction.len()).ok()?)?;
        Some(Self::Finite { negative, digits, exponent })
    }

    fn negated(self) -> Self {
        match self {
            Self::Finite { negative, digits, exponent } => {
                Self::Finite { negative: !negative, digits, exponent }
            }
            Self::Infinite { negative } => Self::Infinite { negative: !negative },
            // A sign times NaN is that NaN.
            nan @ Self::Nan { .. } => nan,
        }
    }

    /// To the precision of the context, halves to the even digit; `None` beyond its exponents, where dbt gives up.
    fn in_context(self) -> Option<Self> {
        let Self::Finite { negative, mut digits, mut exponent } = self else { return Some(self) };
        if digits.len() > PRECISION {
            let dropped = digits.split_off(PRECISION);
            exponent += i64::try_from(dropped.len()).unwrap_or(i64::MAX);
            let beyond_half =
                dropped[0] > 5 || dropped[0] == 5 && dropped[1..].iter().any(|value| *value > 0);
            let half_to_even = dropped[0] == 5 && digits[PRECISION - 1] % 2 == 1;
            if beyond_half || half_to_even {
                increment(&mut digits, &mut exponent);
            }
        }
        if digits == [0] {
            return Some(Self::Finite { negative, digits, exponent: exponent.clamp(TINY, HUGE) });
        }
        if exponent < TINY {
            return Some(Self::Finite { negative, digits: vec![0], exponent: TINY });
        }
        let adjusted = exponent + i64::try_from(digits.len()).ok()? - 1;
        (adjusted <= HUGE).then_some(Self::Finite { negative, digits, exponent })
    }

    /// Places before and after the decimal point, trailing zeros aside; `None` for what agate leaves out: not finite, or
    /// beyond a float.
    pub fn places(&self) -> Option<(i64, i64)> {
        let Self::Finite { digits, exponent, .. } = self else { return None };
        if *digits == [0] {
            return Some((1, 0));
        }
        let zeros = digits.iter().rev().take_while(|value| **value == 0).count();
        let kept = i64::try_from(digits.len() - zeros).ok()?;
        let exponent = exponent.checked_add(i64::try_from(zeros).ok()?)?;
        let beyond = exponent > 250 && self.to_string().parse::<f64>().is_ok_and(f64::is_infinite);
        (!beyond).then_some((kept + exponent, -exponent))
    }

    /// The number as a literal of type integer, if it is whole and not too long to be one.
    pub fn whole(&self) -> Option<String> {
        let Self::Finite { negative, digits, exponent } = self else { return None };
        if *digits == [0] {
            return Some("0".to_owned());
        }
        let sign = if *negative { "-" } else { "" };
        let places = usize::try_from(exponent.unsigned_abs()).ok().filter(|places| *places <= 60)?;
        if *exponent >= 0 {
            return Some(format!("{sign}{}{}", text(digits), "0".repeat(places)));
        }
        let (whole, zeros) = digits.split_at_checked(digits.len().checked_sub(places)?)?;
        (!whole.is_empty() && zeros.iter().all(|value| *value == 0)).then(|| format!("{sign}{}", text(whole)))
    }

    /// The number as psycopg2 and Postgres bring it into a `float8`: no sign before zero, infinity as `NaN`.
    pub fn float(&self) -> String {
        match self {
            Self::Finite { digits, .. } if *digits == [0] => "0".to_owned(),
            Self::Finite { .. } => self.to_string(),
            Self::Infinite { .. } | Self::Nan { .. } => "NaN".to_owned(),
        }
    }
}

fn increment(digits: &mut [u8], exponent: &mut i64) {
    for value in digits.iter_mut().rev() {
        if *value < 9 {
            *value += 1;
            return;
        }
        *value = 0;
    }
    // 99…9 became 00…0: a one before, a zero less behind.
    digits[0] = 1;
    *exponent += 1;
}

fn text(digits: &[u8]) -> String {
    digits.iter().map(|value| char::from(b'0' + value)).collect()
}

impl std::fmt::Display for Number {
    /// As Python's `str(Decimal)` (General Decimal Arithmetic, to-scientific-string).
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = |negative: &bool| if *negative { "-" } else { "" };
        match self {
            Self::Infinite { negative } => write!(out, "{}Infinity", sign(negative)),
            Self::Nan { negative, payload } => write!(out, "{}NaN{payload}", sign(negative)),
            Self::Finite { negative, digits, exponent } => {
                let (text, length) = (text(digits), i64::try_from(digits.len()).unwrap_or(i64::MAX));
                let adjusted = exponent + length - 1;
                out.write_str(sign(negative))?;
                if *exponent > 0 || adjusted < -6 {
                    let point = if text.len() > 1 { "." } else { "" };
                    return write!(out, "{}{point}{}E{adjusted:+}", &text[..1], &text[1..]);
                }
                let whole = usize::try_from(length + exponent).unwrap_or(0);
                match exponent {
                    0 => out.write_str(&text),
                    _ if whole > 0 => write!(out, "{}.{}", &text[..whole], &text[whole..]),
                    _ => write!(out, "0.{}{text}", "0".repeat(exponent.unsigned_abs() as usize - text.len())),
                }
            }
        }
    }
}

/// A number written plainly: an optional minus, digits, perhaps a point and digits. For the many that are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plain {
    /// Places before the point, leading zeros aside.
    pub whole: i64,
    /// Places after the point, trailing zeros aside.
    pub decimals: i64,
    /// Whether it is written with a point.
    pub point: bool,
}

/// Whether a value is written plainly and short enough to need no rounding.
#[inline]
pub fn plain(text: &[u8]) -> Option<Plain> {
    let bare = text.strip_prefix(b"-").unwrap_or(text);
    if bare.is_empty() || bare.len() > PRECISION {
        return None;
    }
    let whole = bare.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if whole == 0 {
        return None;
    }
    let fraction = match bare.get(whole) {
        None => &[][..],
        Some(b'.') => &bare[whole + 1..],
        Some(_) => return None,
    };
    if !fraction.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let zeros = |bytes: &mut dyn Iterator<Item = &u8>| bytes.take_while(|byte| **byte == b'0').count();
    let leading = zeros(&mut bare[..whole].iter());
    let trailing = zeros(&mut fraction.iter().rev());
    Some(Plain {
        whole: i64::try_from(whole - leading).ok()?,
        decimals: i64::try_from(fraction.len() - trailing).ok()?,
        point: whole < bare.len(),
    })
}

/// Whether a text has a character that could begin a number: most words have none.
pub fn maybe(text: &str) -> bool {
    text.chars().any(|c| digit(c).is_some()) || text.contains(['n', 'N', 'i', 'I'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(
            Number::read(text).map_or("none".to_owned(), |number| number.to_string()),
            expected,
            "{text:?}"
        );
    }

    #[test]
    fn reads_and_prints_as_python_does() {
        check("007", "7");
        check(" -$1,000.50% ", "-1000.50");
        check("1e5", "1E+5");
        check("0.0000001", "1E-7");
        check("0e-5", "0.00000");
        check("--1", "1");
        check("9999999999999999999999999999.5", "1.000000000000000000000000000E+28");
        check("12345678901234567890123456775", "1.234567890123456789012345678E+28");
        check("5 $ %", "none");
        check("", "none");
        check("0e1000000", "0E+999999");
        check("1e-1000100", "0E-1000026");
        check("1e1000000", "none");
        check("11e9223372036854775807", "none");
    }

    #[test]
    fn writes_integers_whole() {
        let whole = |text| Number::read(text).and_then(|number| number.whole());
        assert_eq!(whole("1e5").as_deref(), Some("100000"));
        assert_eq!(whole("-10.00").as_deref(), Some("-10"));
        assert_eq!(whole("-0.0").as_deref(), Some("0"));
        assert_eq!(whole("0e400").as_deref(), Some("0"));
        assert_eq!(whole("10e-1").as_deref(), Some("1"));
        assert_eq!(whole("0.5"), None);
        assert_eq!(whole("1e400"), None);
        assert_eq!(whole("nan"), None);
    }

    #[test]
    fn plain_agrees_with_the_whole_reader() {
        for text in ["0", "-0.50", "007.100", "123456", "1.", "-00", "99999999999999999999999999.5", "0.05"] {
            let (plain, number) =
                (plain(text.as_bytes()).expect("plain"), Number::read(text).expect("a number"));
            let (whole, decimals) = number.places().expect("finite");
            assert_eq!(
                (plain.whole.max(1), plain.decimals.max(0)),
                (whole.max(1), decimals.max(0)),
                "{text}"
            );
        }
        for text in ["", "-", ".5", "1e5", "+1", "1,0", "$1", "12345678901234567890123456789"] {
            assert_eq!(plain(text.as_bytes()), None, "{text}");
        }
    }
}
