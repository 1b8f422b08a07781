//! HTML: `escape`, `safe`, `striptags`, `xmlattr`.

use minijinja::Value;

use super::only;
use crate::error::{Error, ErrorKind};
use crate::eval::{Evaluated, Evaluator};
use crate::predicates::is_mapping;
use crate::python::arguments::{Arguments, flag};
use crate::python::iterate::items;
use crate::python::methods;
use crate::python::text::{repr_str, to_str};
use crate::python::undefined::is_undefined;

/// Escapes as markupsafe does.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '>' => out.push_str("&gt;"),
            '<' => out.push_str("&lt;"),
            '\'' => out.push_str("&#39;"),
            '"' => out.push_str("&#34;"),
            other => out.push(other),
        }
    }
    out
}

fn markup(text: String) -> Value {
    Value::from_safe_string(text)
}

pub(super) fn escape_filter(_: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    let value = only(call)?;
    if value.is_safe() {
        return Ok(value);
    }
    Ok(markup(escape(&to_str(&value))))
}

pub(super) fn forceescape(_: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    Ok(markup(escape(&to_str(&only(call)?))))
}

pub(super) fn safe(_: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    Ok(markup(to_str(&only(call)?)))
}

pub(super) fn striptags(_: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    let text = to_str(&only(call)?);
    let text = without(&without(&text, "<!--", "-->"), "<", ">");
    let words: Vec<&str> = text.split_whitespace().collect();
    Ok(Value::from(unescape(&words.join(" "))))
}

/// The text without all that stands between `open` and `close`.
fn without(text: &str, open: &str, close: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(open) {
        let Some(end) = rest[start..].find(close) else {
            break;
        };
        out.push_str(&rest[..start]);
        rest = &rest[start + end + close.len()..];
    }
    out.push_str(rest);
    out
}

/// Resolves the character references that people write.
fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.find(';').filter(|end| *end <= 10);
        match end.and_then(|end| Some((reference(&rest[1..end])?, end))) {
            Some((character, end)) => {
                out.push(character);
                rest = &rest[end + 1..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

fn reference(name: &str) -> Option<char> {
    if let Some(code) = name.strip_prefix('#') {
        let code = match code.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => code.parse().ok()?,
        };
        return char::from_u32(code);
    }
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => '\u{a0}',
        "copy" => '©',
        "reg" => '®',
        "trade" => '™',
        "hellip" => '…',
        "ndash" => '–',
        "mdash" => '—',
        "lsquo" => '‘',
        "rsquo" => '’',
        "ldquo" => '“',
        "rdquo" => '”',
        "laquo" => '«',
        "raquo" => '»',
        "euro" => '€',
        "pound" => '£',
        "yen" => '¥',
        "sect" => '§',
        "para" => '¶',
        "deg" => '°',
        "times" => '×',
        "middot" => '·',
        "bull" => '•',
        "auml" => 'ä',
        "ouml" => 'ö',
        "uuml" => 'ü',
        "Auml" => 'Ä',
        "Ouml" => 'Ö',
        "Uuml" => 'Ü',
        "szlig" => 'ß',
        "eacute" => 'é',
        "egrave" => 'è',
        "agrave" => 'à',
        "ccedil" => 'ç',
        _ => return None,
    })
}

pub(super) fn xmlattr(this: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    let [mapping, autospace] = call.bind(["d", "autospace"], 1)?;
    let mapping = mapping.unwrap_or_default();
    if !is_mapping(&mapping) {
        let message =
            format!("'{}' object has no attribute 'items'", crate::python::kind::type_name(&mapping));
        return Err(Error::new(ErrorKind::Attribute, message).into());
    }
    let call = Arguments { owner: "dict.", function: "items", positional: &[], keywords: &[] };
    let pairs = methods::call(this, &mapping, "items", &call)?;
    let mut attributes = Vec::new();
    for pair in items(&pairs)? {
        let [key, value] = items(&pair)?.try_into().unwrap_or_default();
        if value.is_none() || is_undefined(&value) {
            continue;
        }
        let Some(key) = key.as_str() else {
            let message = format!(
                "expected string or bytes-like object, got '{}'",
                crate::python::kind::type_name(&key)
            );
            return Err(Error::new(ErrorKind::Type, message).into());
        };
        if key.contains(|c: char| c.is_whitespace() || matches!(c, '/' | '>' | '=')) {
            let message = format!("Invalid character in attribute name: {}", repr_str(key));
            return Err(Error::new(ErrorKind::Value, message).into());
        }
        let shown = if value.is_safe() { to_str(&value) } else { escape(&to_str(&value)) };
        attributes.push(format!("{}=\"{shown}\"", escape(key)));
    }
    let mut text = attributes.join(" ");
    if flag(autospace.as_ref(), true) && !text.is_empty() {
        text.insert(0, ' ');
    }
    Ok(Value::from(text))
}
