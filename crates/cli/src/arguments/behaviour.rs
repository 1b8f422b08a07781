//! Warnings, failures, artifacts; and dbt's switches that change nothing here.

use super::boolean;
use clap::{Args, ValueEnum};
use platform_core::selection::IndirectSelection;
use serde::Serialize;

/// Warnings, failures, artifacts.
#[derive(Args, Debug, Clone, Default, Serialize)]
#[command(next_help_heading = "Behaviour")]
pub struct Behaviour {
    /// Stop at the first failure.
    #[arg(short = 'x', long, global = true, num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_parser = boolean, value_name = "BOOL", env = "DBT_FAIL_FAST", hide_env = true)]
    pub fail_fast: Option<bool>,
    /// Take every warning as an error.
    #[arg(long, global = true, num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_parser = boolean, value_name = "BOOL", env = "DBT_WARN_ERROR", hide_env = true)]
    pub warn_error: Option<bool>,
    /// Which warnings are errors, and which are silent, as YAML: '{error: all, warn: [Name], silence: [Name]}'.
    #[arg(
        long,
        global = true,
        value_name = "YAML",
        env = "DBT_WARN_ERROR_OPTIONS",
        hide_env = true,
        conflicts_with = "warn_error"
    )]
    #[serde(skip)]
    pub warn_error_options: Option<String>,
    /// Write artifacts (--no-write-json: don't).
    #[arg(long, global = true, num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_parser = boolean, value_name = "BOOL", env = "DBT_WRITE_JSON", hide_env = true)]
    pub write_json: Option<bool>,
    /// Check require-dbt-version (--no-version-check: don't).
    #[arg(long, global = true, num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_parser = boolean, value_name = "BOOL", env = "DBT_VERSION_CHECK", hide_env = true)]
    pub version_check: Option<bool>,
    /// Which tests come along with selected nodes: eager, cautious, buildable, empty.
    #[arg(
        long,
        global = true,
        value_name = "MODE",
        env = "DBT_INDIRECT_SELECTION",
        hide_env = true,
        ignore_case = true,
        hide_possible_values = true
    )]
    pub indirect_selection: Option<IndirectMode>,
    /// Ask the database while compiling (--no-introspect: don't).
    #[arg(long, global = true, num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_parser = boolean, value_name = "BOOL")]
    pub introspect: Option<bool>,
    /// Look at what exists before a run (--no-populate-cache: don't).
    #[arg(long, global = true, num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_parser = boolean, value_name = "BOOL", env = "DBT_POPULATE_CACHE", hide = true)]
    pub populate_cache: Option<bool>,
    /// Look only at the schemas of selected nodes.
    #[arg(long, global = true, num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_parser = boolean, value_name = "BOOL", env = "DBT_CACHE_SELECTED_ONLY", hide = true)]
    pub cache_selected_only: Option<bool>,
    /// Accepted for dbt's sake: reading a project is fast enough without a cache.
    #[arg(long, global = true, num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_parser = boolean, value_name = "BOOL", env = "DBT_PARTIAL_PARSE", hide = true)]
    pub partial_parse: Option<bool>,
    /// Accepted for dbt's sake.
    #[arg(long, global = true, value_name = "PATH", env = "DBT_PARTIAL_PARSE_FILE_PATH", hide = true)]
    #[serde(skip)]
    pub partial_parse_file_path: Option<String>,
    /// Accepted for dbt's sake.
    #[arg(long, global = true, num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_parser = boolean, value_name = "BOOL", env = "DBT_PARTIAL_PARSE_FILE_DIFF", hide = true)]
    pub partial_parse_file_diff: Option<bool>,
    /// Accepted for dbt's sake.
    #[arg(long, global = true, num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_parser = boolean, value_name = "BOOL", env = "DBT_STATIC_PARSER", hide = true)]
    pub static_parser: Option<bool>,
    /// Accepted for dbt's sake.
    #[arg(long, global = true, num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_parser = boolean, value_name = "BOOL", env = "DBT_USE_EXPERIMENTAL_PARSER", hide = true)]
    pub use_experimental_parser: Option<bool>,
    /// Accepted for dbt's sake: nothing is ever sent.
    #[arg(long, global = true, num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_parser = boolean, value_name = "BOOL", env = "DBT_SEND_ANONYMOUS_USAGE_STATS", hide = true,
          alias = "anonymous-usage-stats")]
    pub send_anonymous_usage_stats: Option<bool>,
    /// Accepted for dbt's sake.
    #[arg(long, global = true, num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_parser = boolean, value_name = "BOOL", env = "DBT_UPLOAD_TO_ARTIFACTS_INGEST_API", hide = true)]
    pub upload_to_artifacts_ingest_api: Option<bool>,
    /// Keep the files of macros beside compiled code.
    #[arg(long, global = true, num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_parser = boolean, value_name = "BOOL", env = "DBT_MACRO_DEBUGGING", hide = true)]
    pub macro_debugging: Option<bool>,
    /// Accepted for dbt's sake.
    #[arg(long, global = true, num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_parser = boolean, value_name = "BOOL", env = "DBT_USE_FAST_TEST_EDGES", hide = true)]
    pub use_fast_test_edges: Option<bool>,
    /// Accepted for dbt's sake: `threads` says how many nodes run at once.
    #[arg(long, global = true, num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_parser = boolean, value_name = "BOOL", env = "DBT_SINGLE_THREADED", hide = true)]
    pub single_threaded: Option<bool>,
    /// Accepted for dbt's sake: SQL is never taken apart before it is sent.
    #[arg(long, global = true, value_name = "YAML", env = "DBT_ENGINE_SQLPARSE", hide = true)]
    pub sqlparse: Option<String>,
}

/// Which tests come along with selected nodes.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum IndirectMode {
    /// Those of any selected node.
    Eager,
    /// Those of selected nodes alone.
    Cautious,
    /// Those of selected nodes and of what they are built from.
    Buildable,
    /// None.
    Empty,
}

impl From<IndirectMode> for IndirectSelection {
    fn from(mode: IndirectMode) -> Self {
        match mode {
            IndirectMode::Eager => Self::Eager,
            IndirectMode::Cautious => Self::Cautious,
            IndirectMode::Buildable => Self::Buildable,
            IndirectMode::Empty => Self::Empty,
        }
    }
}
