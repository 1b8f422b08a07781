//! The verdict of a test: how many rows it found, and what its thresholds make of that.
//!
//! <https://docs.getdbt.com/reference/resource-configs/severity>

use platform_core::{NodeConfig, Status};
use project::runtime::Built;

/// What the test's one row says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Rows found, or what `fail_calc` gave.
    pub failures: i64,
    /// Whether `warn_if` holds.
    pub should_warn: bool,
    /// Whether `error_if` holds.
    pub should_error: bool,
}

impl Verdict {
    /// Reads the row that the test's query gave: failures, should_warn, should_error.
    pub fn of(built: &Built) -> Result<Self, String> {
        let rows = built.rows.as_ref().map_or(0, |rows| rows.texts().count());
        if rows != 1 {
            return Err(format!(
                "Returned {rows} rows, but expected 1 row\nhint: `fail_calc` must be an aggregate"
            ));
        }
        let cell = |name: &str| built.cell(name).filter(|value| !value.is_none());
        let failures = cell("failures").ok_or(
            "the test gave no number of failures: its `fail_calc` must give one, or a count of rows",
        )?;
        // As dbt has it: 2.0 is a number of failures, and 2.5, `true` and texts are none.
        let text = failures.to_string();
        let is_number =
            failures.as_str().is_none() && !["true", "false"].contains(&text.to_lowercase().as_str());
        let failures = failures
            .as_i64()
            .filter(|_| is_number)
            .or_else(|| {
                text.parse::<f64>().ok().filter(|number| is_number && number.fract() == 0.0).map(whole)
            })
            .ok_or_else(|| format!("the test gave `{text}` where a number of failures was expected"))?;
        let truth =
            |name: &str| cell(name).is_some_and(|value| value.is_true() && value.to_string() != "false");
        Ok(Self { failures, should_warn: truth("should_warn"), should_error: truth("should_error") })
    }

    /// Status and message under a test's configuration, and whether what warns fails.
    pub fn told(&self, config: &NodeConfig, warnings_fail: bool) -> (Status, Option<String>) {
        let severity = config.text("severity").unwrap_or("ERROR");
        let count = format!("Got {} result{}", self.failures, if self.failures == 1 { "" } else { "s" });
        let threshold = |key: &str| config.text(key).unwrap_or("!= 0").to_owned();
        if severity.eq_ignore_ascii_case("error") && self.should_error {
            (Status::Fail, Some(format!("{count}, configured to fail if {}", threshold("error_if"))))
        } else if self.should_warn {
            let (status, what) = if warnings_fail { (Status::Fail, "fail") } else { (Status::Warn, "warn") };
            (status, Some(format!("{count}, configured to {what} if {}", threshold("warn_if"))))
        } else {
            (Status::Pass, None)
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a whole number of failures")]
fn whole(number: f64) -> i64 {
    number.trunc() as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(
        config: serde_json::Value,
        failures: i64,
        warn: bool,
        error: bool,
        status: Status,
        message: Option<&str>,
    ) {
        let config: NodeConfig = serde_json::from_value(config).expect("a configuration");
        let verdict = Verdict { failures, should_warn: warn, should_error: error };
        assert_eq!(verdict.told(&config, false), (status, message.map(str::to_owned)));
    }

    #[test]
    fn severity_and_thresholds_decide() {
        check(json!({}), 0, false, false, Status::Pass, None);
        check(json!({}), 1, true, true, Status::Fail, Some("Got 1 result, configured to fail if != 0"));
        check(
            json!({"severity": "warn"}),
            2,
            true,
            true,
            Status::Warn,
            Some("Got 2 results, configured to warn if != 0"),
        );
        check(
            json!({"error_if": "> 5"}),
            2,
            true,
            false,
            Status::Warn,
            Some("Got 2 results, configured to warn if != 0"),
        );
        check(json!({"warn_if": "> 5", "error_if": "> 9"}), 2, false, false, Status::Pass, None);
        let verdict = Verdict { failures: 2, should_warn: true, should_error: false };
        let config = serde_json::from_value(json!({"warn_if": "> 1"})).expect("a configuration");
        let failed = (Status::Fail, Some("Got 2 results, configured to fail if > 1".to_owned()));
        assert_eq!(verdict.told(&config, true), failed);
    }
}
