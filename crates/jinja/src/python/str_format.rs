//! `str.format`.

use minijinja::Value;

use super::Result;
use super::arguments::Arguments;
use super::kind::Kind;
use super::text::{repr, to_str};
use crate::error::{Error, ErrorKind};
use crate::eval::{Evaluated, Evaluator};

/// `text.format(..)`
pub(crate) fn format(
    evaluator: &Evaluator<'_, '_, '_>,
    text: &str,
    value: &Value,
    call: &Arguments<'_>,
) -> Evaluated<Value> {
    let find =
        |name: &str| call.keywords.iter().find(|(key, _)| &**key == name).map(|(_, value)| value.clone());
    let mut formatter = Formatter { evaluator, positional: call.positional, find: &find, next: Some(0) };
    Ok(finish(value, formatter.run(text, 2)?))
}

/// `text.format_map(mapping)`
pub(crate) fn format_map(
    evaluator: &Evaluator<'_, '_, '_>,
    text: &str,
    value: &Value,
    mapping: &Value,
) -> Evaluated<Value> {
    let find = |name: &str| match Kind::of(mapping) {
        Kind::Dict(dict) => dict.get_str(name),
        Kind::Object(object) => object.get_value_by_str(name),
        _ => None,
    };
    let mut formatter = Formatter { evaluator, positional: &[], find: &find, next: Some(0) };
    Ok(finish(value, formatter.run(text, 2)?))
}

fn finish(value: &Value, text: String) -> Value {
    if value.is_safe() { Value::from_safe_string(text) } else { Value::from(text) }
}

struct Formatter<'a, 's, 't, 'e> {
    evaluator: &'a Evaluator<'s, 't, 'e>,
    positional: &'a [Value],
    find: &'a dyn Fn(&str) -> Option<Value>,
    /// The next automatic number; none once a number was written out.
    next: Option<usize>,
}

impl Formatter<'_, '_, '_, '_> {
    fn run(&mut self, text: &str, depth: usize) -> Evaluated<String> {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            out.push_str(&rest[..at]);
            let brace = &rest[at..=at];
            let behind = &rest[at + 1..];
            if let Some(behind) = behind.strip_prefix(brace) {
                out.push_str(brace);
                rest = behind;
                continue;
            }
            if brace == "}" {
                return Err(bad("Single '}' encountered in format string").into());
            }
            let end = field_end(behind)?;
            out.push_str(&self.field(&behind[..end], depth)?);
            rest = &behind[end + 1..];
        }
        out.push_str(rest);
        Ok(out)
    }

    /// `name!conversion:spec`
    fn field(&mut self, field: &str, depth: usize) -> Evaluated<String> {
        if depth == 0 {
            return Err(bad("Max string recursion exceeded").into());
        }
        let (head, spec) = split_spec(field);
        let (name, conversion) = match head.split_once('!') {
            Some((name, conversion)) => (name, Some(conversion)),
            None => (head, None),
        };
        let value = self.value(name)?;
        let spec = self.run(spec, depth - 1)?;
        let value = match conversion {
            None => value,
            Some("r") => Value::from(repr(&value)),
            Some("s") => Value::from(to_str(&value)),
            Some("a") => Value::from(repr(&value).chars().map(ascii).collect::<String>()),
            Some(other) => {
                let message = format!("Unknown conversion specifier {other}");
                return Err(bad(message).into());
            }
        };
        Ok(super::spec::format(&value, &spec)?)
    }

    /// `name.attribute[item]`
    fn value(&mut self, path: &str) -> Evaluated<Value> {
        let end = path.find(['.', '[']).unwrap_or(path.len());
        // The sandbox counts on by itself only where nothing at all is named.
        if end == 0 && !path.is_empty() {
            return Err(Error::new(ErrorKind::Key, "''").into());
        }
        let mut value = self.first(&path[..end])?;
        let mut rest = &path[end..];
        while !rest.is_empty() {
            if let Some(behind) = rest.strip_prefix('[') {
                let close = behind.find(']').ok_or_else(|| bad("Missing ']' in format string"))?;
                let key = &behind[..close];
                let key = key.parse::<i64>().map_or_else(|_| Value::from(key), Value::from);
                value = self.evaluator.item(&value, &key)?;
                rest = &behind[close + 1..];
            } else {
                let behind = rest.trim_start_matches('.');
                let end = behind.find(['.', '[']).unwrap_or(behind.len());
                value = self.evaluator.attribute(&value, &behind[..end])?;
                rest = &behind[end..];
            }
        }
        Ok(value)
    }

    fn first(&mut self, name: &str) -> Result<Value> {
        let index = if name.is_empty() {
            let next = self.next.ok_or_else(|| {
                bad("cannot switch from manual field specification to automatic field numbering")
            })?;
            self.next = Some(next + 1);
            next
        } else if let Ok(index) = name.parse::<usize>() {
            if self.next.is_some_and(|next| next > 0) {
                return Err(bad(
                    "cannot switch from manual field specification to automatic field numbering",
                ));
            }
            self.next = None;
            index
        } else {
            return (self.find)(name).ok_or_else(|| Error::new(ErrorKind::Key, super::text::repr_str(name)));
        };
        let found = self.positional.get(index).cloned();
        found.ok_or_else(|| Error::new(ErrorKind::Index, "tuple index out of range"))
    }
}

fn ascii(character: char) -> String {
    if character.is_ascii() {
        return character.to_string();
    }
    let code = u32::from(character);
    match code {
        0..=0xff => format!("\\x{code:02x}"),
        0x100..=0xffff => format!("\\u{code:04x}"),
        _ => format!("\\U{code:08x}"),
    }
}

fn bad(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Value, message)
}

/// The end of a field, with fields inside of its specification.
fn field_end(text: &str) -> Result<usize> {
    let mut depth = 0_usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 0 => return Ok(at),
            b'}' => depth -= 1,
            _ => {}
        }
    }
    Err(bad(if text.is_empty() {
        "Single '{' encountered in format string"
    } else {
        "expected '}' before end of string"
    }))
}

/// The part before the first `:` that is not inside of brackets, and the specification behind it.
fn split_spec(field: &str) -> (&str, &str) {
    let mut inside = false;
    for (at, byte) in field.bytes().enumerate() {
        match byte {
            b'[' => inside = true,
            b']' => inside = false,
            b':' if !inside => return (&field[..at], &field[at + 1..]),
            _ => {}
        }
    }
    (field, "")
}
