//! `split`, `splitlines`, `partition` and their kin.

use minijinja::Value;
use minijinja::value::Tuple;

use crate::error::{Error, ErrorKind};
use crate::python::Result;
use crate::python::arguments::{Arguments, flag, integer, string};
use crate::python::list::List;
use crate::syntax::lexer::is_space;

/// Calls a method that splits.
pub(super) fn call(text: &str, name: &str, call: &Arguments<'_>) -> Result<Value> {
    match name {
        "splitlines" => {
            let [keep] = call.bind(["keepends"], 0)?;
            Ok(list(lines(text, flag(keep.as_ref(), false))))
        }
        "partition" | "rpartition" => {
            let [separator] = call.bind(["sep"], 1)?;
            let separator = separator.unwrap_or_default();
            let separator = not_empty(string(&separator, "separator")?)?;
            Ok(partition(text, separator, name == "rpartition"))
        }
        _ => {
            let [separator, most] = call.bind(["sep", "maxsplit"], 0)?;
            let most = most.map_or(Ok(-1), |most| integer(&most))?;
            let most = usize::try_from(most).unwrap_or(usize::MAX);
            let from_right = name == "rsplit";
            match separator.filter(|separator| !separator.is_none()) {
                Some(separator) => {
                    let separator = not_empty(string(&separator, "separator")?)?;
                    Ok(list(split(text, separator, most, from_right)))
                }
                None => Ok(list(split_space(text, most, from_right))),
            }
        }
    }
}

fn list(parts: Vec<&str>) -> Value {
    List::value(parts.into_iter().map(Value::from).collect())
}

fn not_empty(separator: &str) -> Result<&str> {
    if separator.is_empty() {
        return Err(Error::new(ErrorKind::Value, "empty separator"));
    }
    Ok(separator)
}

fn split<'a>(text: &'a str, separator: &str, most: usize, from_right: bool) -> Vec<&'a str> {
    let parts = most.saturating_add(1);
    if from_right {
        let mut found: Vec<&str> = text.rsplitn(parts, separator).collect();
        found.reverse();
        return found;
    }
    text.splitn(parts, separator).collect()
}

/// Splits at runs of white space; none at the ends.
fn split_space(text: &str, most: usize, from_right: bool) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text;
    loop {
        rest = if from_right { rest.trim_end_matches(is_space) } else { rest.trim_start_matches(is_space) };
        if rest.is_empty() {
            break;
        }
        let at = if from_right {
            rest.rfind(is_space).map(|at| at + rest[at..].chars().next().map_or(1, char::len_utf8))
        } else {
            rest.find(is_space)
        };
        let (Some(at), true) = (at, parts.len() < most) else {
            // The last part keeps its inner space, but not that at its far end when nothing more is split off.
            let last = if from_right {
                rest.trim_start_matches(is_space)
            } else if parts.len() < most {
                rest.trim_end_matches(is_space)
            } else {
                rest
            };
            parts.push(if from_right && parts.len() >= most { rest } else { last });
            break;
        };
        if from_right {
            parts.push(&rest[at..]);
            rest = &rest[..at];
        } else {
            parts.push(&rest[..at]);
            rest = &rest[at..];
        }
    }
    if from_right {
        parts.reverse();
    }
    parts
}

/// `str.splitlines`
pub(crate) fn lines(text: &str, keep_ends: bool) -> Vec<&str> {
    let is_end = |c: char| {
        matches!(c, '\n' | '\r' | '\x0b' | '\x0c' | '\x1c'..='\x1e' | '\u{85}' | '\u{2028}' | '\u{2029}')
    };
    let mut found = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(is_end).unwrap_or(rest.len());
        let width = if rest[end..].starts_with("\r\n") {
            2
        } else {
            rest[end..].chars().next().map_or(0, char::len_utf8)
        };
        found.push(if keep_ends { &rest[..end + width] } else { &rest[..end] });
        rest = &rest[end + width..];
    }
    found
}

fn partition(text: &str, separator: &str, from_right: bool) -> Value {
    let at = if from_right { text.rfind(separator) } else { text.find(separator) };
    let parts = match at {
        Some(at) => [&text[..at], separator, &text[at + separator.len()..]],
        None if from_right => ["", "", text],
        None => [text, "", ""],
    };
    Value::from(Tuple::from(parts.map(Value::from)))
}
