//! How nodes are run: slots, full refresh, samples, tests, inline queries.

use super::boolean;
use clap::{Args, ValueEnum};
use serde::Serialize;

/// How nodes are run.
#[derive(Args, Debug, Clone, Default, Serialize)]
#[command(next_help_heading = "Running")]
pub struct Execution {
    /// Nodes run at once; the profile's by default.
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub threads: Option<i64>,
    /// Rebuild incremental models and seeds from nothing.
    #[arg(short, long, num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_parser = boolean, value_name = "BOOL", env = "DBT_FULL_REFRESH", hide_env = true)]
    pub full_refresh: Option<bool>,
}

/// Building on part of the data.
#[derive(Args, Debug, Clone, Default, Serialize)]
#[command(next_help_heading = "Running")]
pub struct Sampling {
    /// Read no rows: build the shapes only.
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_parser = boolean, value_name = "BOOL", env = "DBT_EMPTY", hide_env = true)]
    pub empty: Option<bool>,
    /// Read a window of event times only: `3 days`, or '{start: …, end: …}'.
    #[arg(long, value_name = "WINDOW", env = "DBT_SAMPLE", hide_env = true)]
    pub sample: Option<String>,
    /// First event time of microbatch models.
    #[arg(long, value_name = "TIME", env = "DBT_EVENT_TIME_START", hide_env = true)]
    pub event_time_start: Option<String>,
    /// Event time at which microbatch models stop.
    #[arg(long, value_name = "TIME", env = "DBT_EVENT_TIME_END", hide_env = true)]
    pub event_time_end: Option<String>,
}

/// How tests are run.
#[derive(Args, Debug, Clone, Default, Serialize)]
#[command(next_help_heading = "Running")]
pub struct Testing {
    /// Keep failing rows in tables.
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_parser = boolean, value_name = "BOOL", env = "DBT_STORE_FAILURES", hide_env = true)]
    pub store_failures: Option<bool>,
    /// Answer tests of one relation with one scan (--no-fuse: each by its own).
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_parser = boolean, value_name = "BOOL", env = "DP_FUSE", hide_env = true)]
    pub fuse: Option<bool>,
}

/// A query of the command line.
#[derive(Args, Debug, Clone, Default, Serialize)]
pub struct Inline {
    /// SQL with Jinja instead of a node.
    #[arg(long, value_name = "SQL", conflicts_with_all = ["select", "selector"])]
    pub inline: Option<String>,
    /// SQL as it is instead of a node: nothing is rendered.
    #[arg(long, value_name = "SQL", conflicts_with_all = ["inline", "select", "selector"], hide = true)]
    pub inline_direct: Option<String>,
    /// Text or JSON.
    #[arg(long, value_name = "FORMAT")]
    pub output: Option<Output>,
}

/// Formats of data.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Output {
    /// For programs.
    Json,
    /// For people.
    Text,
}
