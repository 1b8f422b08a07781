//! Hooks: a text, a mapping with `sql`, or a mapping written as JSON in a text.

use serde_json::{Map, Value, json};

/// One hook in the form of artifacts.
pub fn normalize(hook: &Value) -> Value {
    // No hook stays as it is: the check of the whole configuration says so.
    let fields = match hook {
        Value::Object(fields) => fields.clone(),
        Value::String(text) => match serde_json::from_str::<Value>(text) {
            Ok(Value::Object(fields)) => fields,
            Ok(other) => return other,
            Err(_) => Map::from_iter([("sql".to_owned(), hook.clone())]),
        },
        other => return other.clone(),
    };
    if !fields.contains_key("sql") {
        return Value::Object(fields);
    }
    let mut hook = Map::new();
    hook.insert("sql".to_owned(), fields.get("sql").cloned().unwrap_or_else(|| json!("")));
    hook.insert("transaction".to_owned(), fields.get("transaction").cloned().unwrap_or(Value::Bool(true)));
    hook.insert("index".to_owned(), fields.get("index").cloned().unwrap_or(Value::Null));
    Value::Object(hook)
}
