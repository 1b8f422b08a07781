//! Filters on texts.

use std::fmt::Write as _;

use minijinja::Value;
use minijinja::value::Tuple;

use super::only;
use crate::error::{Error, ErrorKind};
use crate::eval::{Evaluated, Evaluator};
use crate::predicates::is_mapping;
use crate::python::arguments::{Arguments, flag, integer, length, string as string_argument};
use crate::python::dict::Dict;
use crate::python::iterate::{items, len};
use crate::python::kind::type_name;
use crate::python::methods;
use crate::python::str_methods::{case, center_left, padded, replaced, split};
use crate::python::text::to_str;
use crate::python::undefined;
use crate::syntax::lexer::is_space;

pub(super) fn upper(_: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    Ok(Value::from(to_str(&only(call)?).to_uppercase()))
}

pub(super) fn lower(_: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    Ok(Value::from(to_str(&only(call)?).to_lowercase()))
}

pub(super) fn capitalize(_: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    Ok(Value::from(case::capitalize(&to_str(&only(call)?))))
}

pub(super) fn string(_: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    let value = only(call)?;
    if value.as_str().is_some() {
        return Ok(value);
    }
    Ok(Value::from(to_str(&value)))
}

pub(super) fn title(_: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    let text = to_str(&only(call)?);
    let mut out = String::with_capacity(text.len());
    let mut starts = true;
    for character in text.chars() {
        if is_space(character) || matches!(character, '-' | '(' | '{' | '[' | '<') {
            out.push(character);
            starts = true;
        } else if starts {
            out.extend(character.to_uppercase());
            starts = false;
        } else {
            out.extend(character.to_lowercase());
        }
    }
    Ok(Value::from(out))
}

pub(super) fn trim(_: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    let [value, characters] = call.bind(["value", "chars"], 1)?;
    let text = to_str(&value.unwrap_or_default());
    let trimmed = match characters.filter(|it| !it.is_none()) {
        Some(characters) => {
            let characters = string_argument(&characters, "strip arg")?;
            text.trim_matches(|c| characters.contains(c))
        }
        None => text.trim_matches(is_space),
    };
    Ok(Value::from(trimmed))
}

pub(super) fn center(_: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    let [value, width] = call.bind(["value", "width"], 1)?;
    let text = to_str(&value.unwrap_or_default());
    let width = length(width.as_ref(), 80)?;
    let missing = width.saturating_sub(text.chars().count());
    let left = center_left(missing, width);
    Ok(Value::from(padded(&text, " ", left, missing - left)))
}

pub(super) fn replace(_: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    let [text, old, new, count] = call.bind(["s", "old", "new", "count"], 3)?;
    let text = to_str(&text.unwrap_or_default());
    let (old, new) = (to_str(&old.unwrap_or_default()), to_str(&new.unwrap_or_default()));
    let count = match count.filter(|count| !count.is_none()) {
        Some(count) => integer(&count)?,
        None => -1,
    };
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    Ok(Value::from(replaced(&text, &old, &new, count)?))
}

pub(super) fn format(_: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    let Some((value, arguments)) = call.positional.split_first() else {
        call.bind::<1>(["value"], 1)?;
        return Ok(Value::UNDEFINED);
    };
    if !arguments.is_empty() && !call.keywords.is_empty() {
        let message = "can't handle positional and keyword arguments at the same time";
        return Err(Error::new(ErrorKind::Type, message).into());
    }
    let given = if call.keywords.is_empty() {
        Value::from(Tuple::new(arguments.to_vec()))
    } else {
        let pairs = call.keywords.iter().map(|(name, value)| (Value::from(name.clone()), value.clone()));
        Dict::value(pairs.collect())
    };
    Ok(crate::python::percent::format(&to_str(value), &given)?)
}

pub(super) fn indent(_: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    let [text, width, first, blank] = call.bind(["s", "width", "first", "blank"], 1)?;
    let text = text.unwrap_or_default();
    if undefined::is_undefined(&text) {
        return Err(undefined::error(&text).into());
    }
    let Some(text) = text.as_str() else {
        let message = format!(
            "unsupported operand type(s) for +=: '{}' and 'str'",
            crate::python::kind::type_name(&text)
        );
        return Err(Error::new(ErrorKind::Type, message).into());
    };
    let text = format!("{text}\n");
    let indention = match width.as_ref().and_then(Value::as_str) {
        Some(indention) => indention.to_owned(),
        None => " ".repeat(length(width.as_ref(), 4)?.min(1_000_000)),
    };
    let (first, blank) = (flag(first.as_ref(), false), flag(blank.as_ref(), false));
    let mut out = String::with_capacity(text.len() * 2);
    for (at, line) in split::lines(&text, false).into_iter().enumerate() {
        if at > 0 {
            out.push('\n');
        }
        let indented = if at == 0 { first } else { blank || !line.is_empty() };
        if indented {
            out.push_str(&indention);
        }
        out.push_str(line);
    }
    Ok(Value::from(out))
}

pub(super) fn truncate(_: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    let [text, limit, killwords, end, leeway] =
        call.bind(["s", "length", "killwords", "end", "leeway"], 1)?;
    let text = text.unwrap_or_default();
    let limit = length(limit.as_ref(), 255)?;
    let end = end.map_or_else(|| "...".to_owned(), |end| to_str(&end));
    let leeway = length(leeway.filter(|it| !it.is_none()).as_ref(), 5)?;
    let end_length = end.chars().count();
    if limit < end_length {
        let message = format!("expected length >= {end_length}, got {limit}");
        return Err(Error::new(ErrorKind::Value, message).into());
    }
    // Whatever has a length goes through, if it's short enough.
    if len(&text)? <= limit.saturating_add(leeway) {
        return Ok(text);
    }
    let Some(whole) = text.as_str() else {
        let message = format!("can only concatenate {0} (not \"str\") to {0}", type_name(&text));
        return Err(Error::new(ErrorKind::Type, message).into());
    };
    let cut: String = whole.chars().take(limit - end_length).collect();
    if flag(killwords.as_ref(), false) {
        return Ok(Value::from(cut + &end));
    }
    let whole_words = cut.rsplit_once(' ').map_or(cut.as_str(), |(words, _)| words);
    Ok(Value::from(format!("{whole_words}{end}")))
}

pub(super) fn wordcount(_: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    let text = to_str(&only(call)?);
    let words = text.split(|c: char| c != '_' && !c.is_alphanumeric());
    Ok(Value::from(words.filter(|word| !word.is_empty()).count()))
}

pub(super) fn urlencode(this: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    let value = only(call)?;
    let pairs = if is_mapping(&value) {
        let call = Arguments { owner: "dict.", function: "items", positional: &[], keywords: &[] };
        methods::call(this, &value, "items", &call)?
    } else if value.as_str().is_some() || items(&value).is_err() {
        return Ok(Value::from(quote(&to_str(&value), "/")));
    } else {
        value
    };
    let mut parts = Vec::new();
    for pair in items(&pairs)? {
        let [key, value] =
            items(&pair)?.try_into().map_err(|_| Error::new(ErrorKind::Value, "urlencode needs pairs"))?;
        let quote = |value: &Value| quote(&to_str(value), "").replace("%20", "+");
        parts.push(format!("{}={}", quote(&key), quote(&value)));
    }
    Ok(Value::from(parts.join("&")))
}

fn quote(text: &str, safe: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        let character = char::from(byte);
        if byte.is_ascii_alphanumeric() || "_.-~".contains(character) || safe.contains(character) {
            out.push(character);
        } else {
            // Writing to a string can't fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}
