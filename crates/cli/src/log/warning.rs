//! `--warn-error` and `--warn-error-options`: which warnings are errors, and which are silent
//! (<https://docs.getdbt.com/reference/global-configs/warnings>).

use super::deprecations;
use platform_core::Event;
use serde_json::Value;

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

    /// `--warn-error-options`: `error` (or `include`) and `warn` (or `exclude`) and `silence`.
    pub fn from_options(options: &Value) -> Result<Self, String> {
        let Value::Object(keys) = options else {
            return Err("must be a dictionary with `error`, `warn` or `silence`".to_owned());
        };
        for (old, new) in [("include", "error"), ("exclude", "warn")] {
            if keys.contains_key(old) && keys.contains_key(new) {
                return Err(format!(
                    "Only `{old}` or `{new}` can be specified in `warn_error_options`, not both"
                ));
            }
        }
        let mut policy = Self::default();
        for (key, value) in keys {
            let names = names(key, value)?;
            let is_all = names.iter().any(|name| name == "all" || name == "*");
            match key.as_str() {
                "error" | "include" if is_all => policy.all = true,
                "error" | "include" => policy.error = names,
                "warn" | "exclude" => policy.warn = names,
                "silence" => policy.silence = names,
                other => return Err(format!("`{other}` is none of error, warn, silence")),
            }
        }
        Ok(policy)
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
    names.iter().any(|it| it == name || (it == "Deprecations" && deprecations::is_deprecation(name)))
}

fn names(key: &str, value: &Value) -> Result<Vec<String>, String> {
    match value {
        Value::Null => Ok(Vec::new()),
        Value::String(one) => Ok(vec![one.clone()]),
        Value::Array(items) => items
            .iter()
            .map(|item| {
                item.as_str().map(str::to_owned).ok_or(format!("`{key}` must list names of warnings"))
            })
            .collect(),
        _ => Err(format!("`{key}` must list names of warnings")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn decides_by_the_nearest_rule() {
        let policy = WarningPolicy::from_options(&json!({
            "error": "all", "warn": ["NoNodesForSelectionCriteria"], "silence": ["Deprecations"],
        }))
        .expect("a policy");
        assert_eq!(policy.verdict("UnusedTables"), Verdict::Error);
        assert_eq!(policy.verdict("NoNodesForSelectionCriteria"), Verdict::Warn);
        assert_eq!(policy.verdict("PackageRedirectDeprecation"), Verdict::Silence);
        assert_eq!(WarningPolicy::default().verdict("X"), Verdict::Warn);
        assert!(WarningPolicy::from_options(&json!({"eror": []})).is_err());
    }
}
