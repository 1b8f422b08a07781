//! `pprint`: Python's pretty printer, 80 columns wide.

use minijinja::Value;

use super::only;
use crate::eval::{Evaluated, Evaluator};
use crate::python::arguments::Arguments;
use crate::python::compare::order;
use crate::python::dict::Dict;
use crate::python::kind::{Kind, type_name};
use crate::python::list::List;
use crate::python::set::Set;
use crate::python::str_methods::split::lines;
use crate::python::text::repr;
use crate::syntax::lexer::is_space;

const WIDTH: usize = 80;

/// How deep a value is laid out; a list can hold itself.
const DEPTH: usize = 100;

pub(super) fn pprint(_: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    let value = sorted(&only(call)?, 0);
    let mut out = String::new();
    write(&value, 0, 0, 1, &mut out);
    Ok(Value::from(out))
}

/// A copy of the value with the keys of all dicts and the items of all sets in order.
fn sorted(value: &Value, depth: usize) -> Value {
    if depth > DEPTH {
        return value.clone();
    }
    let inner = |item: &Value| sorted(item, depth + 1);
    match Kind::of(value) {
        Kind::List(list) => List::value(list.items().iter().map(inner).collect()),
        Kind::Tuple(tuple) => Value::from(minijinja::value::Tuple::new(tuple.iter().map(inner).collect())),
        Kind::Dict(dict) => {
            let mut pairs = dict.pairs();
            pairs.sort_by(|(a, _), (b, _)| safe_order(a, b));
            let pairs = pairs.into_iter().map(|(key, value)| (key, inner(&value)));
            Dict::value(pairs.collect())
        }
        Kind::Set(set) => {
            let mut items = set.items();
            items.sort_by(safe_order);
            Set::value(items.into_iter().collect())
        }
        _ => value.clone(),
    }
}

fn safe_order(a: &Value, b: &Value) -> std::cmp::Ordering {
    match order(a, b, "<") {
        Ok(Some(order)) => order,
        _ => type_name(a).cmp(&type_name(b)).then_with(|| repr(a).cmp(&repr(b))),
    }
}

fn columns(text: &str) -> usize {
    text.chars().count()
}

fn write(value: &Value, indent: usize, allowance: usize, level: usize, out: &mut String) {
    let plain = repr(value);
    if level > DEPTH || columns(&plain) <= WIDTH.saturating_sub(indent + allowance) {
        out.push_str(&plain);
        return;
    }
    match Kind::of(value) {
        Kind::Dict(dict) => {
            out.push('{');
            write_pairs(&dict.pairs(), indent + 1, allowance + 1, level + 1, out);
            out.push('}');
        }
        Kind::List(list) => {
            bracketed(&list.items(), ["[", "]"], [indent, allowance, level], out);
        }
        Kind::Tuple(tuple) => {
            let close = if tuple.len() == 1 { ",)" } else { ")" };
            bracketed(tuple, ["(", close], [indent, allowance, level], out);
        }
        Kind::Set(set) => bracketed(&set.items(), ["{", "}"], [indent, allowance, level], out),
        Kind::Str(text) => write_text(text, &plain, indent, allowance, level, out),
        _ => out.push_str(&plain),
    }
}

fn bracketed(
    items: &[Value],
    [open, close]: [&str; 2],
    [indent, allowance, level]: [usize; 3],
    out: &mut String,
) {
    out.push_str(open);
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            separate(indent + 1, out);
        }
        let last = at == items.len() - 1;
        let allowance = if last { allowance + close.len() } else { 1 };
        write(item, indent + 1, allowance, level + 1, out);
    }
    out.push_str(close);
}

fn write_pairs(pairs: &[(Value, Value)], indent: usize, allowance: usize, level: usize, out: &mut String) {
    for (at, (key, value)) in pairs.iter().enumerate() {
        if at > 0 {
            separate(indent, out);
        }
        let key = repr(key);
        out.push_str(&key);
        out.push_str(": ");
        let last = at == pairs.len() - 1;
        let allowance = if last { allowance } else { 1 };
        write(value, indent + columns(&key) + 2, allowance, level, out);
    }
}

fn separate(indent: usize, out: &mut String) {
    out.push_str(",\n");
    out.push_str(&" ".repeat(indent));
}

/// A long string as several literals.
fn write_text(text: &str, plain: &str, indent: usize, allowance: usize, level: usize, out: &mut String) {
    let top = level == 1;
    let (indent, allowance) = (indent + usize::from(top), allowance + usize::from(top));
    let width = WIDTH.saturating_sub(indent);
    let mut chunks = Vec::new();
    let found = lines(text, true);
    for (at, line) in found.iter().enumerate() {
        let last_line = at == found.len() - 1;
        let shown = crate::python::text::repr_str(line);
        let room = width.saturating_sub(if last_line { allowance } else { 0 });
        if columns(&shown) <= room {
            chunks.push(shown);
            continue;
        }
        wrap(line, width, if last_line { allowance } else { 0 }, &mut chunks);
    }
    if chunks.len() == 1 {
        out.push_str(plain);
        return;
    }
    if top {
        out.push('(');
    }
    for (at, chunk) in chunks.iter().enumerate() {
        if at > 0 {
            out.push('\n');
            out.push_str(&" ".repeat(indent));
        }
        out.push_str(chunk);
    }
    if top {
        out.push(')');
    }
}

/// Breaks a line behind spaces.
fn wrap(line: &str, width: usize, allowance: usize, chunks: &mut Vec<String>) {
    let shown = crate::python::text::repr_str;
    let parts = words_with_space(line);
    let mut current = String::new();
    for (at, part) in parts.iter().enumerate() {
        let candidate = format!("{current}{part}");
        let last = at == parts.len() - 1;
        let room = width.saturating_sub(if last { allowance } else { 0 });
        if columns(&shown(&candidate)) > room {
            if !current.is_empty() {
                chunks.push(shown(&current));
            }
            (*part).clone_into(&mut current);
        } else {
            current = candidate;
        }
    }
    if !current.is_empty() {
        chunks.push(shown(&current));
    }
}

/// Each word with the space behind it.
fn words_with_space(line: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = line;
    while !rest.is_empty() {
        let word = rest.find(is_space).unwrap_or(rest.len());
        let end = rest[word..].find(|c| !is_space(c)).map_or(rest.len(), |at| word + at);
        parts.push(&rest[..end]);
        rest = &rest[end..];
    }
    parts
}
