//! How fresh sources are: `target/sources.json` (schema v3).

use crate::manifest::Metadata;
use crate::results::{Status, Timing};
use crate::unique_id::UniqueId;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The schema that `sources.json` follows.
pub const SCHEMA: &str = "https://schemas.getdbt.com/dbt/sources/v3.json";

/// How fresh one source is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SourceFreshness {
    /// The source.
    pub unique_id: UniqueId,
    /// The newest row; UTC, RFC 3339.
    pub max_loaded_at: String,
    /// When the database was asked, by its own clock.
    pub snapshotted_at: String,
    /// Seconds between the two.
    pub max_loaded_at_time_ago_in_s: f64,
    /// `pass`, `warn` or `error`.
    pub status: Status,
    /// warn_after, error_after, filter.
    #[serde(default)]
    pub criteria: Value,
    /// What the database said.
    #[serde(default)]
    pub adapter_response: Map<String, Value>,
    /// Phases.
    #[serde(default)]
    pub timing: Vec<Timing>,
    /// The slot that asked.
    #[serde(default)]
    pub thread_id: String,
    /// Seconds.
    #[serde(default)]
    pub execution_time: f64,
}

/// A source that could not be asked. The schema has it; neither dbt 1.11 nor `dp` writes it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FreshnessFailure {
    /// The source.
    pub unique_id: UniqueId,
    /// Why.
    #[serde(default)]
    pub error: Option<Value>,
    /// Always `runtime error`.
    pub status: Status,
}

/// What became of one source.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum FreshnessResult {
    /// It was asked.
    Asked(SourceFreshness),
    /// It could not be.
    Failed(FreshnessFailure),
}

impl FreshnessResult {
    /// The source.
    pub fn unique_id(&self) -> &UniqueId {
        match self {
            Self::Asked(answer) => &answer.unique_id,
            Self::Failed(failure) => &failure.unique_id,
        }
    }

    /// `pass`, `warn`, `error` or `runtime error`.
    pub fn status(&self) -> Status {
        match self {
            Self::Asked(answer) => answer.status,
            Self::Failed(failure) => failure.status,
        }
    }

    /// Its age, where it could be asked.
    pub fn answer(&self) -> Option<&SourceFreshness> {
        match self {
            Self::Asked(answer) => Some(answer),
            Self::Failed(_) => None,
        }
    }
}

/// How fresh the sources of one command are.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct FreshnessResults {
    /// Who, when.
    #[serde(default)]
    pub metadata: Metadata,
    /// One a source, in order of completion.
    pub results: Vec<FreshnessResult>,
    /// Seconds of the whole command.
    #[serde(default)]
    pub elapsed_time: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_answers_and_failures() {
        let read: FreshnessResults = serde_json::from_str(
            r#"{"metadata": {}, "elapsed_time": 0.1, "results": [
                {"unique_id": "source.s.raw.a", "max_loaded_at": "2026-11-22T00:00:00Z", "snapshotted_at": "2026-11-22T06:00:00Z",
                 "max_loaded_at_time_ago_in_s": 21600.0, "status": "warn", "criteria": {}, "adapter_response": {}, "timing": [],
                 "thread_id": "Thread-1", "execution_time": 0.1},
                {"unique_id": "source.s.raw.b", "error": "no such table", "status": "runtime error"}]}"#,
        )
        .expect("reads");
        let [warned, failed] = read.results.as_slice() else { panic!("two results") };
        assert_eq!(warned.answer().map(|it| it.max_loaded_at_time_ago_in_s), Some(21600.0));
        assert_eq!((warned.status(), failed.status()), (Status::Warn, Status::RuntimeError));
        assert!(failed.answer().is_none());
        assert_eq!(failed.unique_id().as_str(), "source.s.raw.b");
    }
}
