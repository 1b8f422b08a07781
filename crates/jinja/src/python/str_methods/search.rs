//! `find`, `count`, `startswith` and their kin.

use minijinja::Value;

use crate::error::{Error, ErrorKind};
use crate::python::Result;
use crate::python::arguments::{Arguments, integer, string};
use crate::python::kind::{Kind, type_name};
use crate::python::number::int;

/// Calls a method that searches.
pub(super) fn call(text: &str, name: &str, call: &Arguments<'_>) -> Result<Value> {
    call.no_keywords()?;
    let [what, start, stop] = call.bind(["sub", "start", "end"], 1)?;
    let what = what.unwrap_or_default();
    let Some((window, offset)) = window(text, start.as_ref(), stop.as_ref())? else {
        return nothing(name);
    };
    if matches!(name, "startswith" | "endswith") {
        return affix(window, name, &what);
    }
    let part = string(&what, &format!("{name}() argument 1"))?;
    let found = match name {
        "count" => {
            let count =
                if part.is_empty() { window.chars().count() + 1 } else { window.matches(part).count() };
            return Ok(int(i128::try_from(count).unwrap_or(i128::MAX)));
        }
        "find" | "index" => window.find(part),
        _ => window.rfind(part),
    };
    match found {
        Some(at) => {
            let at = offset + window[..at].chars().count();
            Ok(int(i128::try_from(at).unwrap_or(i128::MAX)))
        }
        None => nothing(name),
    }
}

fn nothing(name: &str) -> Result<Value> {
    match name {
        "index" | "rindex" => Err(Error::new(ErrorKind::Value, "substring not found")),
        "count" => Ok(Value::from(0)),
        "startswith" | "endswith" => Ok(Value::from(false)),
        _ => Ok(Value::from(-1)),
    }
}

/// The part of the text between two character positions, and where it starts; none if it starts behind the end.
fn window<'a>(
    text: &'a str,
    start: Option<&Value>,
    stop: Option<&Value>,
) -> Result<Option<(&'a str, usize)>> {
    let is_given = |value: Option<&Value>| value.is_some_and(|value| !value.is_none());
    if !is_given(start) && !is_given(stop) {
        return Ok(Some((text, 0)));
    }
    let length = text.chars().count();
    let whole = i128::try_from(length).unwrap_or(i128::MAX);
    let bound = |value: Option<&Value>, default: i128| -> Result<i128> {
        let at = match value {
            Some(value) if !value.is_none() => integer(value)?,
            _ => default,
        };
        Ok(if at < 0 { (at + whole).max(0) } else { at })
    };
    let (start, stop) = (bound(start, 0)?, bound(stop, whole)?.min(whole));
    if start > whole || start > stop {
        return Ok(None);
    }
    let byte = |at: i128| {
        let at = usize::try_from(at).unwrap_or(0);
        text.char_indices().nth(at).map_or(text.len(), |(byte, _)| byte)
    };
    Ok(Some((&text[byte(start)..byte(stop)], usize::try_from(start).unwrap_or(0))))
}

/// `startswith` and `endswith`, of one string or a tuple of them.
fn affix(window: &str, name: &str, what: &Value) -> Result<Value> {
    let fits = |part: &str| {
        if name == "startswith" { window.starts_with(part) } else { window.ends_with(part) }
    };
    if let Kind::Tuple(parts) = Kind::of(what) {
        for part in parts.iter() {
            if fits(string(part, &format!("tuple for {name}"))?) {
                return Ok(Value::from(true));
            }
        }
        return Ok(Value::from(false));
    }
    let what = what.as_str().ok_or_else(|| {
        let given = type_name(what);
        let message = format!("{name} first arg must be str or a tuple of str, not {given}");
        Error::new(ErrorKind::Type, message)
    })?;
    Ok(Value::from(fits(what)))
}
