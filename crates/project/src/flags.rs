//! Flags: what the command line, the environment (`DBT_*`) and `flags:` of the project switch.

use serde_json::{Map, Value};

/// Flags under dbt's names in lower case (`full_refresh`, `warn_error`, `which`, …).
///
/// Precedence: command line, environment, `flags:` of `dbt_project.yml`, default.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Flags {
    given: Map<String, Value>,
    project: Map<String, Value>,
}

impl Flags {
    /// Flags given on the command line or by the environment, keys in lower case.
    pub fn given(given: Map<String, Value>) -> Self {
        Self { given, project: Map::new() }
    }

    /// The same with `flags:` of the project below; what belongs on the command line alone counts for nothing there.
    #[must_use]
    pub fn with_project(mut self, mut project: Map<String, Value>) -> Self {
        project.retain(|name, value| !NOT_OF_PROJECT.contains(&name.as_str()) && is_of_type(name, value));
        self.project = project;
        self
    }

    /// The flag's value: given, of the project, or `None`.
    pub fn get(&self, name: &str) -> Option<&Value> {
        let name = name.to_ascii_lowercase();
        self.given.get(&name).or_else(|| self.project.get(&name))
    }

    /// Whether somebody switched a flag off.
    pub fn is_off(&self, name: &str) -> bool {
        self.get(name).and_then(Value::as_bool) == Some(false)
    }

    /// Whether a flag is on; off where nobody said a thing.
    pub fn is_on(&self, name: &str) -> bool {
        self.get(name).and_then(Value::as_bool).unwrap_or(false)
    }
}

/// Flags that a project can't set: a run asks for them.
const NOT_OF_PROJECT: [&str; 13] = [
    "defer",
    "empty",
    "favor_state",
    "full_refresh",
    "introspect",
    "log_cache_events",
    "log_path",
    "print",
    "quiet",
    "show_all_deprecations",
    "state",
    "store_failures",
    "target_path",
];

/// Whether the value is one of the flag: as in dbt, another counts for nothing.
fn is_of_type(name: &str, value: &Value) -> bool {
    match name {
        "printer_width" => value.is_u64(),
        "indirect_selection" | "log_format" | "log_format_file" | "log_level" | "log_level_file" => {
            value.is_string()
        }
        "warn_error_options" => value.is_object(),
        _ => value.is_boolean(),
    }
}
