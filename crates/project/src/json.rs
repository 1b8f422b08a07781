//! JSON as Python's `json.dumps` writes it: what users see in messages, and what checksums are taken of.

use serde_json::Value;
use std::fmt::Write as _;

/// How a JSON text is laid out.
#[derive(Clone, Copy)]
struct Layout {
    sort_keys: bool,
    indent: Option<usize>,
}

/// `json.dumps(value)`: separators `, ` and `: `, everything outside ASCII escaped.
pub fn dumps(value: &Value) -> String {
    render(value, Layout { sort_keys: false, indent: None })
}

/// `json.dumps(value, sort_keys=True)`.
pub fn dumps_sorted(value: &Value) -> String {
    render(value, Layout { sort_keys: true, indent: None })
}

/// `json.dumps(value, sort_keys=True, indent=4)`.
pub fn dumps_indented(value: &Value) -> String {
    render(value, Layout { sort_keys: true, indent: Some(4) })
}

fn render(value: &Value, layout: Layout) -> String {
    let mut out = String::new();
    write(&mut out, value, layout, 0);
    out
}

fn write(out: &mut String, value: &Value, layout: Layout, depth: usize) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Value::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() => out.push_str(&crate::yaml::scalar::python_float(float)),
            _ => out.push_str(&number.to_string()),
        },
        Value::String(text) => quote(out, text),
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                separate(out, layout, depth + 1, index == 0);
                write(out, item, layout, depth + 1);
            }
            close(out, layout, depth, items.is_empty());
            out.push(']');
        }
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            if layout.sort_keys {
                entries.sort_by(|left, right| left.0.cmp(right.0));
            }
            out.push('{');
            for (index, (key, item)) in entries.iter().enumerate() {
                separate(out, layout, depth + 1, index == 0);
                quote(out, key);
                out.push_str(": ");
                write(out, item, layout, depth + 1);
            }
            close(out, layout, depth, entries.is_empty());
            out.push('}');
        }
    }
}

fn separate(out: &mut String, layout: Layout, depth: usize, first: bool) {
    if !first {
        out.push_str(if layout.indent.is_some() { "," } else { ", " });
    }
    new_line(out, layout, depth);
}

fn close(out: &mut String, layout: Layout, depth: usize, empty: bool) {
    if !empty {
        new_line(out, layout, depth);
    }
}

fn new_line(out: &mut String, layout: Layout, depth: usize) {
    if let Some(indent) = layout.indent {
        out.push('\n');
        out.extend(std::iter::repeat_n(' ', indent * depth));
    }
}

fn quote(out: &mut String, text: &str) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            ' '..='~' => out.push(character),
            other => {
                for unit in other.encode_utf16(&mut [0; 2]) {
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_as_python() {
        let value = serde_json::json!({"b": [1, 2.0, "é😀\n"], "a": {}, "c": null});
        assert_eq!(dumps(&value), r#"{"b": [1, 2.0, "\u00e9\ud83d\ude00\n"], "a": {}, "c": null}"#);
        assert_eq!(dumps_sorted(&value), r#"{"a": {}, "b": [1, 2.0, "\u00e9\ud83d\ude00\n"], "c": null}"#);
        assert_eq!(dumps_indented(&serde_json::json!({"a": [1]})), "{\n    \"a\": [\n        1\n    ]\n}");
    }
}
