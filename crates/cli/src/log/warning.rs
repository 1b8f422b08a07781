//! `--warn-error` and `--warn-error-options`: which warnings are errors, and which are silent
//! (<https://docs.getdbt.com/reference/global-configs/warnings>).

use super::deprecations;
use platform_core::Event;
use platform_core::diagnostic::nearest;
use serde_json::{Map, Value, json};

/// What a warning is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Told, nothing more.
    Warn,
    /// The command fails.
    Error,
    /// Not told.
    Silence,
}

/// Which warnings are errors, and which are silent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WarningPolicy {
    all: bool,
    error: Vec<String>,
    warn: Vec<String>,
    silence: Vec<String>,
    /// `require_all_warnings_handled_by_warn_error`.
    handles_all: bool,
}

/// The names of dbt's events: what its own `warn_error_options` take.
const EVENTS: &str = include_str!("event_names.txt");

/// Warnings that dbt doesn't have.
const OURS: [&str; 9] = [
    "AlertNotDelivered",
    "BrowserNotOpened",
    "LineageUnknown",
    "LoadNote",
    "LoadQuarantined",
    "ProjectWarning",
    "UnknownMacro",
    "UnusedDocBlock",
    "UnusedMacro",
];

/// Stands for every deprecation.
const DEPRECATIONS: &str = "Deprecations";

/// What stands for every warning, in `error` alone.
const ALL: [&str; 2] = ["all", "*"];

const KEYS: [&str; 5] = ["error", "include", "warn", "exclude", "silence"];

/// What `--warn-error` leaves alone unless it is named, or a flag of the project says that nothing is. dbt doesn't warn of
/// macros that nothing calls.
const LEFT_ALONE: [&str; 2] = ["MicrobatchModelNoEventTimeInputs", "UnusedMacro"];

/// Results of nodes: their status is their own, whatever the policy.
const RESULTS: [&str; 4] =
    ["LogTestResult", "LogFreshnessResult", "RunResultWarning", "RunResultWarningMessage"];

pub(super) fn may_escalate(event: &Event) -> bool {
    !RESULTS.contains(&event.name.as_str())
}

impl WarningPolicy {
    /// With the project's flag `require_all_warnings_handled_by_warn_error`.
    #[must_use]
    pub fn handling_all(self, handles_all: bool) -> Self {
        Self { handles_all, ..self }
    }

    /// `--warn-error`: all of them.
    pub fn all() -> Self {
        Self { all: true, ..Self::default() }
    }

    /// `warn_error_options`: `error` (or `include`), `warn` (or `exclude`) and `silence`; with the keys that mean nothing.
    ///
    /// Names must be of dbt's events or of our warnings: a misspelt one would be of no effect.
    pub fn from_options(options: &Map<String, Value>) -> Result<(Self, Vec<String>), String> {
        let get = |old: &str, new: &str| {
            let (old_value, new_value) = (options.get(old), options.get(new));
            match (old_value.filter(|it| !is_empty(it)), new_value.filter(|it| !is_empty(it))) {
                (Some(_), Some(_)) => {
                    Err(format!("Only `{old}` or `{new}` can be specified in `warn_error_options`, not both"))
                }
                (found, other) => Ok(found.or(other)),
            }
        };
        let mut policy = Self::default();
        match get("include", "error")? {
            Some(Value::String(word)) if ALL.contains(&word.as_str()) => policy.all = true,
            Some(value) => policy.error = names("error", value)?,
            None => {}
        }
        policy.silence = options.get("silence").map_or(Ok(Vec::new()), |value| names("silence", value))?;
        policy.warn = get("exclude", "warn")?.map_or(Ok(Vec::new()), |value| names("warn", value))?;
        let deprecations = |names: &[String]| names.iter().any(|name| name == DEPRECATIONS);
        let takes_out = policy.all || deprecations(&policy.error) || deprecations(&policy.silence);
        if !policy.warn.is_empty() && !takes_out {
            return Err("`warn` takes names out of others, so that it wants `error: all`, or `Deprecations` in `error` or \
                        `silence`"
                .to_owned());
        }
        let is_known = |key: &&String| KEYS.contains(&key.as_str());
        Ok((policy, options.keys().filter(|key| !is_known(key)).cloned().collect()))
    }

    /// The policy as `args` and `flags` have it.
    pub fn to_json(&self) -> Value {
        let error = if self.all { json!("all") } else { json!(self.error) };
        json!({"error": error, "warn": self.warn, "silence": self.silence})
    }

    /// What a warning is.
    pub fn verdict_of(&self, event: &Event) -> Verdict {
        let is_named = || is_named(&self.error, &event.name);
        match self.verdict(&event.name) {
            Verdict::Error if deprecations::is_lenient(event) && !is_named() => Verdict::Warn,
            Verdict::Error
                if !self.handles_all && LEFT_ALONE.contains(&event.name.as_str()) && !is_named() =>
            {
                Verdict::Warn
            }
            verdict => verdict,
        }
    }

    /// What the warning of that name is. `Deprecations` stands for every deprecation.
    pub fn verdict(&self, name: &str) -> Verdict {
        if is_named(&self.silence, name) {
            Verdict::Silence
        } else if is_named(&self.warn, name) {
            Verdict::Warn
        } else if self.all || is_named(&self.error, name) {
            Verdict::Error
        } else {
            Verdict::Warn
        }
    }

    /// Whether a test that warns fails: dbt's `LogTestResult` under `--warn-error`.
    pub fn tests_fail(&self) -> bool {
        self.verdict("LogTestResult") == Verdict::Error
    }
}

fn is_named(names: &[String], name: &str) -> bool {
    names.iter().any(|it| it == name || (it == DEPRECATIONS && deprecations::is_deprecation(name)))
}

fn is_empty(value: &Value) -> bool {
    value.is_null() || value.as_array().is_some_and(Vec::is_empty)
}

fn names(key: &str, value: &Value) -> Result<Vec<String>, String> {
    let list = || match (key, value) {
        ("error", _) => "`error` must be `all`, `*` or a list of names".to_owned(),
        _ => format!("`{key}` must be a list of names"),
    };
    match value {
        Value::Null => Ok(Vec::new()),
        Value::Array(items) => items
            .iter()
            .map(|item| item.as_str().ok_or_else(list).and_then(|name| known(key, name)))
            .collect(),
        _ => Err(list()),
    }
}

fn known(key: &str, name: &str) -> Result<String, String> {
    let names = || EVENTS.lines().chain(OURS).chain([DEPRECATIONS]);
    if names().any(|it| it == name) {
        return Ok(name.to_owned());
    }
    let hint = match nearest(name, names()).first() {
        _ if ALL.contains(&name) && key == "error" => {
            format!("\nhint: `error: {name}` stands without brackets")
        }
        Some(near) => format!("\nhint: did you mean `{near}`?"),
        None => String::new(),
    };
    Err(format!("`{name}` in `{key}` is not the name of a warning{hint}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(options: &Value) -> Result<(WarningPolicy, Vec<String>), String> {
        WarningPolicy::from_options(options.as_object().expect("a mapping"))
    }

    #[test]
    fn decides_by_the_nearest_rule() {
        let (policy, _) = read(&json!({
            "error": "all", "warn": ["NoNodesForSelectionCriteria"], "silence": ["Deprecations"],
        }))
        .expect("a policy");
        assert_eq!(policy.verdict("UnusedTables"), Verdict::Error);
        assert_eq!(policy.verdict("NoNodesForSelectionCriteria"), Verdict::Warn);
        assert_eq!(policy.verdict("PackageRedirectDeprecation"), Verdict::Silence);
        assert_eq!(WarningPolicy::default().verdict("X"), Verdict::Warn);
    }

    #[test]
    fn takes_what_dbt_takes() {
        for options in [
            json!({"include": "*", "exclude": ["JinjaLogWarning"]}),
            json!({"include": [], "error": []}),
            json!({"error": null}),
            json!({"error": ["Deprecations"], "warn": ["ModelParamUsageDeprecation"]}),
            json!({"silence": ["UnusedMacro", "LogTestResult"]}),
        ] {
            assert_eq!(read(&options).map(|(_, unknown)| unknown), Ok(Vec::new()), "{options}");
        }
        assert_eq!(read(&json!({"eror": []})).map(|(_, unknown)| unknown), Ok(vec!["eror".to_owned()]));
        for options in [
            json!({"error": ["NoNodeForYamlKeys"]}),
            json!({"error": ["all"]}),
            json!({"error": "NoNodeForYamlKey"}),
            json!({"error": [5]}),
            json!({"silence": "all"}),
            json!({"warn": ["NoNodeForYamlKey"]}),
            json!({"include": "all", "error": "all"}),
        ] {
            assert!(read(&options).is_err(), "{options}");
        }
    }
}
