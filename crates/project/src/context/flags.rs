//! `flags`: what the command was told, under dbt's names in upper case
//! (<https://docs.getdbt.com/reference/dbt-jinja-functions/flags>).

use crate::flags::Flags;
use crate::python;
use jinja::{Object, Value};
use serde_json::json;
use std::fmt;
use std::sync::Arc;

/// The `flags` of templates.
pub fn value(flags: &Flags) -> Value {
    Value::from_object(Shown(flags.clone()))
}

/// The flags that templates see, all others being undefined, and what they are where nobody said a thing.
fn shown(flags: &Flags) -> [(&'static str, serde_json::Value); 27] {
    let which = flags.get("which").and_then(serde_json::Value::as_str).unwrap_or_default();
    let takes_empty = matches!(which, "build" | "compile" | "run" | "snapshot");
    [
        ("CACHE_SELECTED_ONLY", json!(false)),
        ("DEBUG", json!(false)),
        ("EMPTY", if takes_empty { json!(false) } else { json!(null) }),
        ("FAIL_FAST", json!(false)),
        ("FULL_REFRESH", json!(false)),
        ("INDIRECT_SELECTION", json!("eager")),
        ("INTROSPECT", json!(true)),
        ("INVOCATION_COMMAND", json!(null)),
        ("LOG_CACHE_EVENTS", json!(false)),
        ("LOG_FORMAT", json!("default")),
        ("LOG_PATH", json!(null)),
        ("NO_PRINT", json!(null)),
        ("PARTIAL_PARSE", json!(true)),
        ("PRINTER_WIDTH", json!(80)),
        ("PROFILES_DIR", json!(null)),
        ("QUIET", json!(false)),
        ("SEND_ANONYMOUS_USAGE_STATS", json!(false)),
        ("STATIC_PARSER", json!(true)),
        ("STORE_FAILURES", json!(false)),
        ("TARGET_PATH", json!(null)),
        ("USE_COLORS", json!(true)),
        ("USE_EXPERIMENTAL_PARSER", json!(false)),
        ("VERSION_CHECK", json!(true)),
        ("WARN_ERROR", json!(null)),
        ("WARN_ERROR_OPTIONS", json!({"error": [], "warn": [], "silence": []})),
        ("WHICH", json!(null)),
        ("WRITE_JSON", json!(true)),
    ]
}

#[derive(Debug)]
struct Shown(Flags);

impl Shown {
    fn find(&self, name: &str) -> Option<Value> {
        let (_, default) = shown(&self.0).into_iter().find(|(shown, _)| *shown == name)?;
        Some(jinja::value::from_json(self.0.get(name).unwrap_or(&default)))
    }
}

impl Object for Shown {
    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.find(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        self.find(key)
    }

    fn render(self: &Arc<Self>, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields = shown(&self.0)
            .map(|(name, default)| format!("{name}={}", python::repr(self.0.get(name).unwrap_or(&default))));
        write!(out, "Namespace({})", fields.join(", "))
    }
}
