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
    pub criteria: Value,
    /// What the database said.
    pub adapter_response: Map<String, Value>,
    /// Phases.
    pub timing: Vec<Timing>,
    /// The slot that asked.
    pub thread_id: String,
    /// Seconds.
    pub execution_time: f64,
}

/// How fresh the sources of one command are.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FreshnessResults {
    /// Who, when.
    pub metadata: Metadata,
    /// One a source that could be asked, in order of completion.
    pub results: Vec<SourceFreshness>,
    /// Seconds of the whole command.
    pub elapsed_time: f64,
}
