//! JSON as Python's `json.dumps` writes it: what users see in messages, and what checksums are taken of.

use jinja::value::Layout;
use serde_json::Value;

/// `json.dumps(value)`: separators `, ` and `: `, everything outside ASCII escaped.
pub fn dumps(value: &Value) -> String {
    write(value, &Layout::default())
}

/// `json.dumps(value, sort_keys=True)`.
pub fn dumps_sorted(value: &Value) -> String {
    write(value, &Layout { sort_keys: true, indent: None })
}

/// `json.dumps(value, sort_keys=True, indent=4)`.
pub fn dumps_indented(value: &Value) -> String {
    write(value, &Layout { sort_keys: true, indent: Some("    ".to_owned()) })
}

fn write(value: &Value, layout: &Layout) -> String {
    // What nests deeper than Python takes is still JSON.
    jinja::value::dumps(&jinja::value::from_json(value), layout).unwrap_or_else(|_| value.to_string())
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
