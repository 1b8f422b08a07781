//! A node's resolved configuration: dbt's dictionary, with typed readers for the keys we act on.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What `config` holds after every level was merged; open, since projects add keys of their own.
///
/// Key order is the order of artifacts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NodeConfig(pub Map<String, Value>);

impl NodeConfig {
    /// The value under `key`, `None` where it is missing or null.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.get(key).filter(|value| !value.is_null())
    }

    /// The text under `key`.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.get(key)?.as_str()
    }

    /// The boolean under `key`; YAML and Jinja also give it as text.
    pub fn boolean(&self, key: &str) -> Option<bool> {
        match self.get(key)? {
            Value::Bool(value) => Some(*value),
            Value::String(text) => match text.to_ascii_lowercase().as_str() {
                "true" | "yes" | "on" | "1" => Some(true),
                "false" | "no" | "off" | "0" => Some(false),
                _ => None,
            },
            _ => None,
        }
    }

    /// A list of texts; a lone text counts as a list of one, as dbt has it for `tags`.
    pub fn texts(&self, key: &str) -> Vec<String> {
        match self.get(key) {
            Some(Value::String(text)) => vec![text.clone()],
            Some(Value::Array(items)) => items
                .iter()
                .map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned))
                .collect(),
            _ => Vec::new(),
        }
    }

    /// `enabled`, true by default.
    pub fn enabled(&self) -> bool {
        self.boolean("enabled").unwrap_or(true)
    }

    /// `materialized`, `""` where the resource has none.
    pub fn materialized(&self) -> &str {
        self.text("materialized").unwrap_or_default()
    }

    /// `meta`, empty where missing.
    pub fn meta(&self) -> Option<&Map<String, Value>> {
        self.get("meta")?.as_object()
    }
}
