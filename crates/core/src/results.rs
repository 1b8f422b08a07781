//! Results of a command: `target/run_results.json` (schema v6).

use crate::diagnostic::Diagnostic;
use crate::manifest::Metadata;
use crate::unique_id::UniqueId;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The schema that `run_results.json` follows.
pub const SCHEMA: &str = "https://schemas.getdbt.com/dbt/run-results/v6.json";

/// What became of a node; dbt's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Built.
    Success,
    /// A test that found nothing to report.
    Pass,
    /// A test above its warning threshold, below its error threshold; stale data likewise.
    Warn,
    /// A test above its error threshold.
    Fail,
    /// It could not be built or asked.
    Error,
    /// Not built, since something it needs failed.
    Skipped,
    /// Some of its batches failed.
    #[serde(rename = "partial success")]
    PartialSuccess,
    /// Nothing had to be done (`dp retry`, `--cache`, unchanged seeds on request).
    #[serde(rename = "no-op")]
    NoOp,
    /// A source whose freshness could not be determined.
    #[serde(rename = "runtime error")]
    RuntimeError,
}

impl Status {
    /// The word in artifacts.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Fail => "fail",
            Self::Error => "error",
            Self::Skipped => "skipped",
            Self::PartialSuccess => "partial success",
            Self::NoOp => "no-op",
            Self::RuntimeError => "runtime error",
        }
    }

    /// Whether what reads the node must not be built.
    pub fn is_failure(self) -> bool {
        matches!(self, Self::Fail | Self::Error | Self::RuntimeError | Self::PartialSuccess)
    }
}

/// One phase of a node: `compile` or `execute`. Times are UTC, RFC 3339 with microseconds and `Z`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timing {
    /// `compile` or `execute`.
    pub name: String,
    /// Start.
    pub started_at: Option<String>,
    /// End.
    pub completed_at: Option<String>,
}

/// What became of one node.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NodeResult {
    /// What became of it.
    pub status: Status,
    /// Phases.
    #[serde(default)]
    pub timing: Vec<Timing>,
    /// The slot that ran it: `Thread-1`.
    #[serde(default)]
    pub thread_id: String,
    /// Seconds.
    #[serde(default)]
    pub execution_time: f64,
    /// What the database said of the main statement: code, rows_affected, _message.
    #[serde(default)]
    pub adapter_response: Map<String, Value>,
    /// For people: `SELECT 5`, the error, `Got 3 results, configured to fail if != 0`.
    pub message: Option<String>,
    /// Tests: number of failing rows, or what `fail_calc` gave.
    pub failures: Option<i64>,
    /// The node.
    pub unique_id: UniqueId,
    /// Whether it was compiled.
    pub compiled: Option<bool>,
    /// The SQL.
    pub compiled_code: Option<String>,
    /// Its relation.
    pub relation_name: Option<String>,
    /// Microbatch: batches that worked and that failed.
    #[serde(default)]
    pub batch_results: Option<Value>,
    /// What went wrong, with its place, where the message alone does not say it. Not part of the artifact.
    #[serde(skip)]
    pub diagnostic: Option<Box<Diagnostic>>,
    /// Rows for the report of a failed test: header, then up to ten rows. Not part of the artifact.
    #[serde(skip)]
    pub sample: Vec<Vec<Option<String>>>,
}

impl NodeResult {
    /// Whether the command ends with exit code 1 for it: it failed, or was skipped for a reason that is told nowhere
    /// else, as where an ephemeral model broke, which has no result of its own.
    pub fn is_failure(&self) -> bool {
        self.status.is_failure() || (self.status == Status::Skipped && self.message.is_some())
    }

    /// A result with a status and a message, and nothing else known yet.
    pub fn new(unique_id: UniqueId, status: Status, message: Option<String>) -> Self {
        Self {
            status,
            timing: Vec::new(),
            thread_id: String::new(),
            execution_time: 0.0,
            adapter_response: Map::new(),
            message,
            failures: None,
            unique_id,
            compiled: None,
            compiled_code: None,
            relation_name: None,
            batch_results: None,
            diagnostic: None,
            sample: Vec::new(),
        }
    }
}

/// The results of one command.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct RunResults {
    /// Who, when.
    pub metadata: Metadata,
    /// One a node, in order of completion.
    pub results: Vec<NodeResult>,
    /// Seconds of the whole command.
    pub elapsed_time: f64,
    /// The command's arguments.
    pub args: Map<String, Value>,
}

impl RunResults {
    /// Whether any node failed (exit code 1).
    pub fn has_failure(&self) -> bool {
        self.results.iter().any(|result| result.status.is_failure())
    }
}
