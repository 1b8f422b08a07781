//! Number literals: where they end and what they are worth.

use minijinja::Value;

use crate::python::wide;

/// The number at the start of `text` and its length in bytes; none if there is none.
pub(crate) fn number(text: &str) -> Option<(Result<Value, String>, usize)> {
    let bytes = text.as_bytes();
    if !bytes.first()?.is_ascii_digit() {
        return None;
    }
    if let Some(length) = float(bytes) {
        let digits = text[..length].replace('_', "");
        let value = digits.parse::<f64>().map(Value::from);
        return Some((value.map_err(|error| error.to_string()), length));
    }
    Some(integer(text))
}

/// The length of `1_000.5`, `1e5`, `1.5e-3`.
fn float(bytes: &[u8]) -> Option<usize> {
    let whole = digits(bytes, 0)?;
    let mut end = whole;
    if bytes.get(end) == Some(&b'.')
        && let Some(fraction) = digits(bytes, end + 1)
    {
        end = fraction;
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        if let Some(exponent) = digits(bytes, end + 1 + sign) {
            end = exponent;
        }
    }
    (end > whole).then_some(end)
}

/// The end of `(\d+_)*\d+` from `start`.
fn digits(bytes: &[u8], start: usize) -> Option<usize> {
    let mut end = start;
    let mut last_digit = None;
    while let Some(byte) = bytes.get(end) {
        if byte.is_ascii_digit() {
            last_digit = Some(end + 1);
        } else if *byte != b'_' || last_digit != Some(end) {
            break;
        }
        end += 1;
    }
    last_digit
}

fn integer(text: &str) -> (Result<Value, String>, usize) {
    let bytes = text.as_bytes();
    let radix = match bytes.get(1) {
        Some(b'b' | b'B') => 2,
        Some(b'o' | b'O') => 8,
        Some(b'x' | b'X') => 16,
        _ => 10,
    };
    if bytes[0] == b'0' && radix != 10 {
        let length = 2 + run(&bytes[2..], |b| (b as char).is_digit(radix));
        if length > 2 {
            return (parse(&text[2..length], radix), length);
        }
    }
    let length = if bytes[0] == b'0' {
        1 + run(&bytes[1..], |b| b == b'0')
    } else {
        run(bytes, |b| b.is_ascii_digit())
    };
    (parse(&text[..length], 10), length)
}

/// The length of a run of digits, single underscores between them allowed.
fn run(bytes: &[u8], is_digit: impl Fn(u8) -> bool) -> usize {
    let mut end = 0;
    loop {
        let underscore = usize::from(bytes.get(end) == Some(&b'_'));
        match bytes.get(end + underscore) {
            Some(byte) if is_digit(*byte) => end += underscore + 1,
            _ => return end,
        }
    }
}

fn parse(digits: &str, radix: u32) -> Result<Value, String> {
    wide::parse(&digits.replace('_', ""), radix).ok_or_else(|| format!("the integer {digits} is too large"))
}
