//! JSON values → YAML text, laid out as Python's `yaml.safe_dump` lays it out.

use super::{Content, scalar};
use serde_json::Value;

/// The value in block style.
pub fn dump(value: &Value, sort_keys: bool) -> String {
    let mut out = String::new();
    match value {
        Value::Array(items) if !items.is_empty() => list(&mut out, items, sort_keys, 0),
        Value::Object(map) if !map.is_empty() => mapping(&mut out, map, sort_keys, 0, false),
        Value::Array(_) | Value::Object(_) => {
            flow(&mut out, value);
            out.push('\n');
        }
        other => {
            flow(&mut out, other);
            out.push_str("\n...\n");
        }
    }
    out
}

fn indent(out: &mut String, depth: usize) {
    out.extend(std::iter::repeat_n(' ', depth));
}

fn list(out: &mut String, items: &[Value], sort: bool, depth: usize) {
    for item in items {
        indent(out, depth);
        out.push_str("- ");
        match item {
            Value::Object(map) if !map.is_empty() => mapping(out, map, sort, depth + 2, true),
            Value::Array(inner) if !inner.is_empty() => {
                let start = out.len();
                list(out, inner, sort, depth + 2);
                out.replace_range(start..start + depth + 2, "");
            }
            other => line(out, other, depth + 2),
        }
    }
}

fn mapping(out: &mut String, map: &serde_json::Map<String, Value>, sort: bool, depth: usize, inline: bool) {
    let mut entries: Vec<_> = map.iter().collect();
    if sort {
        entries.sort_by(|left, right| left.0.cmp(right.0));
    }
    for (index, (key, value)) in entries.into_iter().enumerate() {
        if index > 0 || !inline {
            indent(out, depth);
        }
        text(out, key, depth);
        out.push(':');
        match value {
            Value::Object(inner) if !inner.is_empty() => {
                out.push('\n');
                mapping(out, inner, sort, depth + 2, false);
            }
            Value::Array(items) if !items.is_empty() => {
                out.push('\n');
                list(out, items, sort, depth);
            }
            other => {
                out.push(' ');
                line(out, other, depth + 2);
            }
        }
    }
}

fn line(out: &mut String, value: &Value, depth: usize) {
    match value {
        Value::String(content) => text(out, content, depth),
        other => flow(out, other),
    }
    out.push('\n');
}

fn flow(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Value::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() => out.push_str(&scalar::python_float(float)),
            _ => out.push_str(&number.to_string()),
        },
        Value::String(content) => text(out, content, 0),
        Value::Array(_) => out.push_str("[]"),
        Value::Object(_) => out.push_str("{}"),
    }
}

fn text(out: &mut String, content: &str, depth: usize) {
    if content.chars().any(|it| it.is_control() && it != '\n' && it != '\t') {
        return double_quoted(out, content);
    }
    if content.contains('\n') {
        return single_quoted(out, content, depth);
    }
    if is_plain(content) {
        out.push_str(content);
    } else {
        single_quoted(out, content, depth);
    }
}

fn is_plain(content: &str) -> bool {
    let Some(first) = content.chars().next() else { return false };
    let special_start = "-?:,[]{}#&*!|>'\"%@`=<".contains(first)
        && !(matches!(first, '-' | '?' | ':')
            && content.chars().nth(1).is_some_and(|it| !it.is_whitespace()));
    !special_start
        && !content.starts_with(' ')
        && !content.ends_with(' ')
        && !content.ends_with(':')
        && !content.contains(": ")
        && !content.contains(" #")
        && !content.contains('\t')
        && !content.starts_with("---")
        && !content.starts_with("...")
        && content != "="
        && matches!(scalar::resolve(content), Content::Text(_))
}

fn single_quoted(out: &mut String, content: &str, depth: usize) {
    out.push('\'');
    let escaped = content.replace('\'', "''");
    // In single quotes a line break is written as an empty line.
    let pad = " ".repeat(depth);
    out.push_str(&escaped.replace('\n', &format!("\n\n{pad}")));
    out.push('\'');
}

fn double_quoted(out: &mut String, content: &str) {
    out.push('"');
    for character in content.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            other if other.is_control() => out.push_str(&format!("\\x{:02X}", other as u32)),
            other => out.push(other),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lays_out_as_python() {
        let value = serde_json::json!({
            "version": 2, "models": [{"name": "a", "tags": ["x", "yes"], "meta": {}}], "d": "", "t": "a: b"
        });
        let want =
            "version: 2\nmodels:\n- name: a\n  tags:\n  - x\n  - 'yes'\n  meta: {}\nd: ''\nt: 'a: b'\n";
        assert_eq!(dump(&value, false), want);
    }
}
