//! `'%s' % value`.

use minijinja::Value;
use minijinja::value::ObjectRepr;

use super::Result;
use super::kind::{Kind, type_name};
use super::number::{Number, int};
use super::str_methods::padded;
use super::text::{repr, to_str};
use crate::error::{Error, ErrorKind};

/// `format % value`
pub(crate) fn format(format: &str, value: &Value) -> Result<Value> {
    let mut arguments = Given::of(value);
    let mut out = String::with_capacity(format.len());
    let mut rest = format;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        let start = format.len() - rest.len() + at + 1;
        rest = directive(&format[start..], start, &mut arguments, &mut out)?;
    }
    out.push_str(rest);
    if arguments.is_left() {
        let message = "not all arguments converted during string formatting";
        return Err(Error::new(ErrorKind::Type, message));
    }
    Ok(Value::from(out))
}

/// What stands behind the `%`.
struct Given<'a> {
    value: &'a Value,
    items: Option<Vec<Value>>,
    used: usize,
}

impl<'a> Given<'a> {
    fn of(value: &'a Value) -> Self {
        let items = match Kind::of(value) {
            Kind::Tuple(tuple) => Some(tuple.to_vec()),
            _ => None,
        };
        Self { value, items, used: 0 }
    }

    fn next(&mut self) -> Result<Value> {
        self.used += 1;
        let found = match &self.items {
            Some(items) => items.get(self.used - 1).cloned(),
            None => (self.used == 1).then(|| self.value.clone()),
        };
        found.ok_or_else(|| Error::new(ErrorKind::Type, "not enough arguments for format string"))
    }

    fn named(&mut self, name: &str) -> Result<Value> {
        self.used = usize::MAX;
        let key = Value::from(name);
        let found = match Kind::of(self.value) {
            Kind::Dict(dict) => dict.get(&key),
            Kind::Object(object) => object.get_value(&key),
            _ => return Err(Error::new(ErrorKind::Type, "format requires a mapping")),
        };
        found.ok_or_else(|| Error::new(ErrorKind::Key, repr(&key)))
    }

    fn is_left(&self) -> bool {
        match &self.items {
            Some(items) => self.used < items.len(),
            // Python lets mappings and sequences other than tuples go unused.
            None => {
                self.used == 0
                    && !matches!(Kind::of(self.value), Kind::Dict(_) | Kind::List(_) | Kind::Range(_))
                    && self.value.as_object().is_none_or(|it| it.repr() == ObjectRepr::Plain)
            }
        }
    }
}

#[derive(Default)]
struct Flags {
    minus: bool,
    plus: bool,
    space: bool,
    alternate: bool,
    zero: bool,
    width: usize,
    precision: Option<usize>,
}

/// Formats the directive at the start of `rest`; gives what stands behind it.
fn directive<'a>(rest: &'a str, start: usize, given: &mut Given<'_>, out: &mut String) -> Result<&'a str> {
    let incomplete = || Error::new(ErrorKind::Value, "incomplete format");
    let (whole, mut rest) = (rest, rest);
    let mut key = None;
    if let Some(behind) = rest.strip_prefix('(') {
        let end = behind.find(')').ok_or_else(|| Error::new(ErrorKind::Value, "incomplete format key"))?;
        key = Some(&behind[..end]);
        rest = &behind[end + 1..];
    }
    let mut flags = Flags::default();
    while let Some(flag) = rest.chars().next().filter(|c| "-+ #0".contains(*c)) {
        match flag {
            '-' => flags.minus = true,
            '+' => flags.plus = true,
            ' ' => flags.space = true,
            '#' => flags.alternate = true,
            _ => flags.zero = true,
        }
        rest = &rest[1..];
    }
    if let Some(behind) = rest.strip_prefix('*') {
        flags.width = star(given)?;
        rest = behind;
    } else {
        (flags.width, rest) = digits(rest);
    }
    if let Some(behind) = rest.strip_prefix('.') {
        let precision;
        (precision, rest) = match behind.strip_prefix('*') {
            Some(behind) => (star(given)?, behind),
            None => digits(behind),
        };
        flags.precision = Some(precision);
    }
    rest = rest.trim_start_matches(['l', 'h', 'L']);
    let kind = rest.chars().next().ok_or_else(incomplete)?;
    let at = start + whole.len() - rest.len();
    rest = &rest[kind.len_utf8()..];
    if kind == '%' {
        out.push('%');
        return Ok(rest);
    }
    let value = match key {
        Some(key) => given.named(key)?,
        None => given.next()?,
    };
    out.push_str(&convert(kind, &value, &flags, at)?);
    Ok(rest)
}

fn star(given: &mut Given<'_>) -> Result<usize> {
    match Number::of(&given.next()?) {
        Some(Number::Int(number)) => Ok(usize::try_from(number.max(0)).unwrap_or(0)),
        _ => Err(Error::new(ErrorKind::Type, "* wants int")),
    }
}

fn digits(rest: &str) -> (usize, &str) {
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let number = rest[..end].parse::<usize>().unwrap_or(0);
    (number.min(1_000_000), &rest[end..])
}

fn convert(kind: char, value: &Value, flags: &Flags, at: usize) -> Result<String> {
    let text = match kind {
        's' => to_str(value),
        'r' | 'a' => repr(value),
        'c' => character(value)?,
        'd' | 'i' | 'u' | 'o' | 'x' | 'X' | 'e' | 'E' | 'f' | 'F' | 'g' | 'G' => {
            return number(kind, value, flags);
        }
        other => {
            let code = u32::from(other);
            let message = format!("unsupported format character '{other}' (0x{code:x}) at index {at}");
            return Err(Error::new(ErrorKind::Value, message));
        }
    };
    let text: String = match flags.precision {
        Some(precision) if kind != 'c' => text.chars().take(precision).collect(),
        _ => text,
    };
    let missing = flags.width.saturating_sub(text.chars().count());
    let left = if flags.minus { 0 } else { missing };
    Ok(padded(&text, " ", left, missing - left))
}

fn character(value: &Value) -> Result<String> {
    let found = match Kind::of(value) {
        Kind::Str(text) if text.chars().count() == 1 => Some(text.to_owned()),
        Kind::Int(code) => u32::try_from(code).ok().and_then(char::from_u32).map(String::from),
        _ => None,
    };
    found.ok_or_else(|| Error::new(ErrorKind::Type, "%c requires int or char"))
}

/// Number directives are those of `format()` but for the flags.
fn number(kind: char, value: &Value, flags: &Flags) -> Result<String> {
    let wants_int = "diuoxX".contains(kind);
    let of_decimal = crate::modules::decimal::decimal_of(value).and_then(|decimal| match kind {
        'o' | 'x' | 'X' => None,
        _ if wants_int => decimal.truncated().map(Number::Int),
        _ => Some(Number::Float(decimal.float())),
    });
    let is_wide = matches!(Kind::of(value), Kind::Wide(_));
    let of_wide = || super::wide::float(value).map(Number::Float);
    let number = of_decimal.or_else(|| Number::of(value)).or_else(of_wide).ok_or_else(|| {
        let what = if "oxX".contains(kind) { "an integer" } else { "a real number" };
        let message = if wants_int {
            format!("%{kind} format: {what} is required, not {}", type_name(value))
        } else {
            format!("must be real number, not {}", type_name(value))
        };
        Error::new(ErrorKind::Type, message)
    })?;
    let int_code = if "diu".contains(kind) { 'd' } else { kind };
    let (value, code) = match (wants_int, number) {
        (true, _) if is_wide => (value.clone(), int_code),
        (true, Number::Float(it)) => {
            if "oxX".contains(kind) {
                let message = format!("%{kind} format: an integer is required, not float");
                return Err(Error::new(ErrorKind::Type, message));
            }
            #[expect(clippy::cast_possible_truncation, reason = "%d truncates floats")]
            (int(it as i128), 'd')
        }
        (true, Number::Int(it)) => (int(it), int_code),
        (false, it) => (Value::from(it.float()), kind),
    };
    let mut spec = String::new();
    spec.push_str(if flags.minus { "<" } else { ">" });
    if flags.zero && !flags.minus {
        spec.clear();
    }
    if flags.plus {
        spec.push('+');
    } else if flags.space {
        spec.push(' ');
    }
    if flags.alternate {
        spec.push('#');
    }
    if flags.zero && !flags.minus {
        spec.push('0');
    }
    if flags.width > 0 {
        spec.push_str(&flags.width.to_string());
    }
    if let (Some(precision), false) = (flags.precision, wants_int) {
        spec = format!("{spec}.{precision}");
    }
    spec.push(code);
    let text = super::spec::format(&value, &spec)?;
    Ok(match flags.precision {
        Some(precision) if wants_int => with_digits(&text, precision),
        _ => text,
    })
}

/// `%.5d`: at least that many digits.
fn with_digits(text: &str, precision: usize) -> String {
    let count = text.chars().filter(char::is_ascii_digit).count();
    match text.find(|c: char| c.is_ascii_digit()) {
        Some(at) if count < precision => {
            format!("{}{}{}", &text[..at], "0".repeat(precision - count), &text[at..])
        }
        _ => text.to_owned(),
    }
}
