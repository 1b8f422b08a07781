//! The format specification mini-language: `{:>10}`, `{:,.2f}`, `{:08x}`.

use minijinja::Value;
use num_bigint::{BigInt, Sign};

use super::Result;
use super::kind::{Kind, type_name};
use super::number::{Number, float_repr};
use super::str_methods::padded;
use super::text::to_str;
use crate::error::{Error, ErrorKind};

/// `[[fill]align][sign][z][#][0][width][grouping][.precision][type]`
#[derive(Clone, Copy, Debug)]
struct Spec {
    fill: char,
    align: Option<char>,
    sign: char,
    coerce_zero: bool,
    alternate: bool,
    width: usize,
    grouping: Option<char>,
    precision: Option<usize>,
    kind: Option<char>,
}

/// `format(value, spec)`
pub(crate) fn format(value: &Value, spec: &str) -> Result<String> {
    if let Some(text) = crate::modules::format(value, spec) {
        return text;
    }
    if spec.is_empty() {
        return Ok(to_str(value));
    }
    if let Some(decimal) = crate::modules::decimal::decimal_of(value) {
        let parsed = parse(spec).ok_or_else(|| Error::new(ErrorKind::Value, "invalid format string"))?;
        let (negative, digits) = crate::modules::decimal::shown(decimal, parsed.precision, parsed.kind)?;
        return Ok(signed(negative, "", &digits, parsed));
    }
    let parsed = parse(spec).ok_or_else(|| invalid(spec, value))?;
    match Kind::of(value) {
        Kind::Bool(_) | Kind::Int(_) | Kind::Float(_) => match Number::of(value) {
            Some(number) => formatted(number, parsed, value),
            None => Err(invalid(spec, value)),
        },
        Kind::Wide(it) => match parsed.kind {
            None | Some('d' | 'n' | 'b' | 'o' | 'x' | 'X') => {
                let (negative, prefix, digits) = integer(it.number(), parsed);
                Ok(signed(negative, prefix, &digits, parsed))
            }
            _ => formatted(Number::Float(it.float()), parsed, value),
        },
        Kind::Str(it) => text(it, parsed, value),
        _ => {
            let message = format!("unsupported format string passed to {}.__format__", type_name(value));
            Err(Error::new(ErrorKind::Type, message))
        }
    }
}

fn invalid(spec: &str, value: &Value) -> Error {
    let message = format!("Invalid format specifier '{spec}' for object of type '{}'", type_name(value));
    Error::new(ErrorKind::Value, message)
}

fn parse(spec: &str) -> Option<Spec> {
    let mut rest: &[char] = &spec.chars().collect::<Vec<_>>();
    let is_align = |c: &char| matches!(c, '<' | '>' | '=' | '^');
    let mut parsed = Spec {
        fill: ' ',
        align: None,
        sign: '-',
        coerce_zero: false,
        alternate: false,
        width: 0,
        grouping: None,
        precision: None,
        kind: None,
    };
    if rest.get(1).is_some_and(is_align) {
        (parsed.fill, parsed.align, rest) = (rest[0], Some(rest[1]), &rest[2..]);
    } else if rest.first().is_some_and(is_align) {
        (parsed.align, rest) = (Some(rest[0]), &rest[1..]);
    }
    if let [sign @ ('+' | '-' | ' '), tail @ ..] = rest {
        (parsed.sign, rest) = (*sign, tail);
    }
    if let ['z', tail @ ..] = rest {
        (parsed.coerce_zero, rest) = (true, tail);
    }
    if let ['#', tail @ ..] = rest {
        (parsed.alternate, rest) = (true, tail);
    }
    if let ['0', tail @ ..] = rest {
        if parsed.align.is_none() {
            (parsed.fill, parsed.align) = ('0', Some('='));
        }
        rest = tail;
    }
    (parsed.width, rest) = digits(rest)?;
    if let [grouping @ (',' | '_'), tail @ ..] = rest {
        (parsed.grouping, rest) = (Some(*grouping), tail);
    }
    if let ['.', tail @ ..] = rest {
        if !tail.first()?.is_ascii_digit() {
            return None;
        }
        let (precision, tail) = digits(tail)?;
        (parsed.precision, rest) = (Some(precision), tail);
    }
    match rest {
        [] => Some(parsed),
        [kind] => Some(Spec { kind: Some(*kind), ..parsed }),
        _ => None,
    }
}

fn digits(rest: &[char]) -> Option<(usize, &[char])> {
    let end = rest.iter().position(|c| !c.is_ascii_digit()).unwrap_or(rest.len());
    if end == 0 {
        return Some((0, rest));
    }
    let number: usize = rest[..end].iter().collect::<String>().parse().ok()?;
    (number <= 1_000_000).then_some((number, &rest[end..]))
}

fn text(text: &str, spec: Spec, value: &Value) -> Result<String> {
    if let Some(kind) = spec.kind.filter(|kind| *kind != 's') {
        return Err(unknown(kind, value));
    }
    if let Some(grouping) = spec.grouping {
        return Err(Error::new(ErrorKind::Value, format!("Cannot specify '{grouping}' with 's'.")));
    }
    if spec.align == Some('=') && spec.fill != '0' {
        let message = "'=' alignment not allowed in string format specifier";
        return Err(Error::new(ErrorKind::Value, message));
    }
    let cut: String = match spec.precision {
        Some(precision) => text.chars().take(precision).collect(),
        None => text.to_owned(),
    };
    let align = spec.align.filter(|align| *align != '=').unwrap_or('<');
    Ok(aligned("", &cut, align, spec))
}

fn unknown(kind: char, value: &Value) -> Error {
    let message = format!("Unknown format code '{kind}' for object of type '{}'", type_name(value));
    Error::new(ErrorKind::Value, message)
}

fn formatted(number: Number, spec: Spec, value: &Value) -> Result<String> {
    let (negative, prefix, digits) = match (number, spec.kind) {
        (Number::Int(_), None | Some('d' | 'n' | 'b' | 'o' | 'x' | 'X')) if spec.coerce_zero => {
            let message = "Negative zero coercion (z) not allowed in integer format specifier";
            return Err(Error::new(ErrorKind::Value, message));
        }
        (Number::Int(it), None | Some('d' | 'n' | 'b' | 'o' | 'x' | 'X')) => integer(&BigInt::from(it), spec),
        (Number::Int(it), Some('c')) => {
            let character = u32::try_from(it).ok().and_then(char::from_u32);
            let character = character
                .ok_or_else(|| Error::new(ErrorKind::Arithmetic, "%c arg not in range(0x110000)"))?;
            let align = spec.align.unwrap_or('<');
            return Ok(aligned("", &character.to_string(), align, spec));
        }
        (_, None | Some('e' | 'E' | 'f' | 'F' | 'g' | 'G' | 'n' | '%')) => {
            let it = number.float();
            let negative = it.is_sign_negative() && !it.is_nan();
            (negative, "", float(it.abs(), spec))
        }
        (_, Some(kind)) => return Err(unknown(kind, value)),
    };
    Ok(signed(negative, prefix, &digits, spec))
}

/// The digits with their sign, in groups and to the width.
fn signed(negative: bool, prefix: &str, digits: &str, spec: Spec) -> String {
    let sign = match (negative, spec.sign) {
        (true, _) => "-",
        (false, '+') => "+",
        (false, ' ') => " ",
        _ => "",
    };
    let digits = grouped(digits, spec, sign.len() + prefix.len());
    aligned(&format!("{sign}{prefix}"), &digits, spec.align.unwrap_or('>'), spec)
}

fn integer(number: &BigInt, spec: Spec) -> (bool, &'static str, String) {
    let (prefix, radix) = match spec.kind {
        Some('b') => ("0b", 2),
        Some('o') => ("0o", 8),
        Some('x') => ("0x", 16),
        Some('X') => ("0X", 16),
        _ => ("", 10),
    };
    let digits = number.magnitude().to_str_radix(radix);
    let digits = if spec.kind == Some('X') { digits.to_uppercase() } else { digits };
    (number.sign() == Sign::Minus, if spec.alternate { prefix } else { "" }, digits)
}

fn float(number: f64, spec: Spec) -> String {
    let precision = spec.precision.unwrap_or(6);
    let text = match spec.kind {
        None | Some('n') if spec.precision.is_none() && spec.kind.is_none() => float_repr(number),
        Some('f' | 'F') => fixed(number, precision, spec.alternate),
        Some('%') => fixed(number * 100.0, precision, spec.alternate) + "%",
        Some('e' | 'E') => exponent(number, precision),
        Some('g' | 'G' | 'n') => general(number, precision, spec.alternate),
        // No kind but a precision: as `g`, with at least one digit behind the point.
        _ => {
            let text = general(number, precision, spec.alternate);
            let is_plain = text.bytes().all(|b| b.is_ascii_digit());
            if !is_plain {
                text
            } else if text.len() < precision.max(1) {
                text + ".0"
            } else {
                // Python switches to an exponent one digit earlier here.
                exponent_trimmed(number, precision)
            }
        }
    };
    if matches!(spec.kind, Some('E' | 'F' | 'G')) { text.to_uppercase() } else { text }
}

fn special(number: f64) -> Option<&'static str> {
    if number.is_nan() {
        Some("nan")
    } else if number.is_infinite() {
        Some("inf")
    } else {
        None
    }
}

/// Digits behind the point after which a float of 64 bits has only zeros.
const EXACT: usize = 1100;

fn decimals(number: f64, places: usize) -> String {
    let exact = places.min(EXACT);
    format!("{number:.exact$}") + &"0".repeat(places - exact)
}

fn fixed(number: f64, precision: usize, alternate: bool) -> String {
    match special(number) {
        Some(text) => text.to_owned(),
        None if precision == 0 && alternate => format!("{number:.0}."),
        None => decimals(number, precision),
    }
}

fn exponent(number: f64, precision: usize) -> String {
    if let Some(text) = special(number) {
        return text.to_owned();
    }
    let exact = precision.min(EXACT);
    let text = format!("{number:.exact$e}");
    match text.split_once('e') {
        Some((digits, exponent)) => {
            let value: i32 = exponent.parse().unwrap_or(0);
            let sign = if value < 0 { '-' } else { '+' };
            let zeros = "0".repeat(precision - exact);
            format!("{digits}{zeros}e{sign}{:02}", value.abs())
        }
        None => text,
    }
}

fn exponent_trimmed(number: f64, precision: usize) -> String {
    let text = exponent(number, precision.max(1) - 1);
    match text.split_once('e') {
        Some((digits, exponent)) if digits.contains('.') => {
            let digits = digits.trim_end_matches('0').trim_end_matches('.');
            format!("{digits}e{exponent}")
        }
        _ => text,
    }
}

fn general(number: f64, precision: usize, alternate: bool) -> String {
    if let Some(text) = special(number) {
        return text.to_owned();
    }
    let precision = precision.max(1);
    let scientific = format!("{number:.*e}", (precision - 1).min(EXACT));
    let power: i32 = scientific.split_once('e').and_then(|(_, it)| it.parse().ok()).unwrap_or(0);
    let limit = i32::try_from(precision).unwrap_or(i32::MAX);
    if (-4..limit).contains(&power) {
        let text = decimals(number, usize::try_from(limit - 1 - power).unwrap_or(0));
        if alternate || !text.contains('.') {
            return text;
        }
        return text.trim_end_matches('0').trim_end_matches('.').to_owned();
    }
    if alternate { exponent(number, precision - 1) } else { exponent_trimmed(number, precision) }
}

/// Puts `,` or `_` between groups of digits; zeros that fill the width are grouped too.
fn grouped(digits: &str, spec: Spec, before: usize) -> String {
    let Some(separator) = spec.grouping else {
        return digits.to_owned();
    };
    let size = if matches!(spec.kind, Some('b' | 'o' | 'x' | 'X')) { 4 } else { 3 };
    let is_digit = |c: char| {
        if size == 4 { c.is_ascii_hexdigit() } else { c.is_ascii_digit() }
    };
    let end = digits.find(|c| !is_digit(c)).unwrap_or(digits.len());
    let (mut whole, tail) = (digits[..end].to_owned(), &digits[end..]);
    if spec.fill == '0' && spec.align == Some('=') {
        let room = spec.width.saturating_sub(before + tail.len());
        while with_separators(&whole, separator, size).len() < room {
            whole.insert(0, '0');
        }
        let text = with_separators(&whole, separator, size);
        return format!("{text}{tail}");
    }
    format!("{}{tail}", with_separators(&whole, separator, size))
}

fn with_separators(digits: &str, separator: char, size: usize) -> String {
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(size) {
            out.push(separator);
        }
        out.push(digit);
    }
    out
}

fn aligned(sign: &str, text: &str, align: char, spec: Spec) -> String {
    let missing = spec.width.saturating_sub(sign.chars().count() + text.chars().count());
    let fill = spec.fill.to_string();
    match align {
        '<' => padded(&format!("{sign}{text}"), &fill, 0, missing),
        '^' => padded(&format!("{sign}{text}"), &fill, missing / 2, missing - missing / 2),
        '=' => format!("{sign}{}", padded(text, &fill, missing, 0)),
        _ => padded(&format!("{sign}{text}"), &fill, missing, 0),
    }
}
