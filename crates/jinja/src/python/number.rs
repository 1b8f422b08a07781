//! Numbers: reading, printing, and integers as wide as `i128`.

use minijinja::Value;

use super::kind::Kind;

/// An integer as the smallest kind of value that holds it.
pub(crate) fn int(number: i128) -> Value {
    match i64::try_from(number) {
        Ok(small) => Value::from(small),
        Err(_) => Value::from(number),
    }
}

/// A length or index as a value.
pub(crate) fn count(number: usize) -> Value {
    Value::from(number as u64)
}

/// A number; booleans count as 0 and 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Number {
    Int(i128),
    Float(f64),
}

impl Number {
    /// The number that a value is, if it is one.
    pub(crate) fn of(value: &Value) -> Option<Self> {
        match Kind::of(value) {
            Kind::Bool(it) => Some(Self::Int(i128::from(it))),
            Kind::Int(it) => Some(Self::Int(it)),
            Kind::Float(it) => Some(Self::Float(it)),
            _ => None,
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "Python's int to float rounds too")]
    pub(crate) fn float(self) -> f64 {
        match self {
            Self::Int(it) => it as f64,
            Self::Float(it) => it,
        }
    }
}

/// The integer that a value is (booleans too), if it is one.
pub(crate) fn as_int(value: &Value) -> Option<i128> {
    match Number::of(value) {
        Some(Number::Int(it)) => Some(it),
        _ => None,
    }
}

/// Python's `repr` of a float: the shortest digits that read back as the same number.
pub(crate) fn float_repr(number: f64) -> String {
    if number.is_nan() {
        return "nan".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let scientific = format!("{number:e}");
    let Some((digits, exponent)) = scientific.split_once('e') else {
        return scientific;
    };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..16).contains(&exponent) {
        let plain = format!("{number}");
        return if plain.contains('.') { plain } else { plain + ".0" };
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

/// Python's `int(text, base)`.
pub(crate) fn parse_int(text: &str, base: u32) -> Option<Value> {
    let text = text.trim();
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let prefix = |radix: u32| match radix {
        2 => ["0b", "0B"],
        8 => ["0o", "0O"],
        _ => ["0x", "0X"],
    };
    let mut base = base;
    let mut digits = digits;
    for radix in [2, 8, 16] {
        if (base == radix || base == 0)
            && let Some(rest) = prefix(radix).iter().find_map(|it| digits.strip_prefix(it))
        {
            (base, digits) = (radix, rest.strip_prefix('_').unwrap_or(rest));
            break;
        }
    }
    if base == 0 {
        base = 10;
        if digits.len() > 1 && digits.starts_with('0') && digits.bytes().any(|b| b != b'0') {
            return None;
        }
    }
    let ends_badly = digits.starts_with(['_', '+', '-']) || digits.ends_with('_');
    if ends_badly || digits.contains("__") || !(2..=36).contains(&base) {
        return None;
    }
    let sign = if negative { "-" } else { "" };
    super::wide::parse(&format!("{sign}{}", digits.replace('_', "")), base)
}

/// Python's `float(text)`.
pub(crate) fn parse_float(text: &str) -> Option<f64> {
    let text = text.trim();
    if text.starts_with('_') || text.ends_with('_') || text.contains("__") {
        return None;
    }
    text.replace('_', "").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_floats_as_python_does() {
        for (number, text) in [
            (1.0, "1.0"),
            (0.1, "0.1"),
            (1e16, "1e+16"),
            (123_456_789_012_345.0, "123456789012345.0"),
            (1e-5, "1e-05"),
            (0.0001, "0.0001"),
            (-2.5e-7, "-2.5e-07"),
            (1e300, "1e+300"),
        ] {
            assert_eq!(float_repr(number), text);
        }
    }

    #[test]
    fn reads_integers_as_python_does() {
        assert_eq!(parse_int(" -12_3 ", 10), Some(int(-123)));
        assert_eq!(parse_int("0x1f", 16), Some(int(31)));
        assert_eq!(parse_int("1f", 16), Some(int(31)));
        assert_eq!(parse_int("0b101", 0), Some(int(5)));
        assert_eq!(parse_int("1.5", 10), None);
        assert_eq!(parse_int("", 10), None);
    }
}
