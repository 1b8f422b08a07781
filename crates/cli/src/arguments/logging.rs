//! What is told, where, how.

use super::boolean;
use clap::{Args, ValueEnum};
use platform_core::RunContext;
use serde::Serialize;
use std::path::PathBuf;

/// What is told, where, how.
#[derive(Args, Debug, Clone, Default, Serialize)]
#[command(next_help_heading = "Output")]
pub struct Logging {
    /// Show debug messages.
    #[arg(short, long, global = true, num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_parser = boolean, hide_possible_values = true, value_name = "BOOL", env = "DBT_DEBUG", hide_env = true)]
    pub debug: Option<bool>,
    /// Format of messages on the terminal and in the log file.
    #[arg(
        long,
        global = true,
        value_name = "FORMAT",
        env = "DBT_LOG_FORMAT",
        hide_env = true,
        ignore_case = true
    )]
    pub log_format: Option<LogFormat>,
    /// Format of messages in the log file.
    #[arg(
        long,
        global = true,
        value_name = "FORMAT",
        env = "DBT_LOG_FORMAT_FILE",
        hide_env = true,
        ignore_case = true
    )]
    pub log_format_file: Option<LogFormat>,
    /// Least severity shown.
    #[arg(
        long,
        global = true,
        value_name = "LEVEL",
        env = "DBT_LOG_LEVEL",
        hide_env = true,
        ignore_case = true
    )]
    pub log_level: Option<LogLevel>,
    /// Least severity in the log file.
    #[arg(
        long,
        global = true,
        value_name = "LEVEL",
        env = "DBT_LOG_LEVEL_FILE",
        hide_env = true,
        ignore_case = true
    )]
    pub log_level_file: Option<LogLevel>,
    /// Folder of the log file; `logs` by default.
    #[arg(long, global = true, value_name = "PATH", env = "DBT_LOG_PATH", hide_env = true)]
    pub log_path: Option<PathBuf>,
    /// Largest log file in bytes before it is put aside.
    #[arg(
        long,
        global = true,
        value_name = "BYTES",
        env = "DBT_LOG_FILE_MAX_BYTES",
        hide_env = true,
        hide = true,
        allow_negative_numbers = true
    )]
    pub log_file_max_bytes: Option<i64>,
    /// Log changes of the relation cache.
    #[arg(long, global = true, num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_parser = boolean, value_name = "BOOL", env = "DBT_LOG_CACHE_EVENTS", hide = true)]
    pub log_cache_events: Option<bool>,
    /// Show errors only; `print()` still speaks.
    #[arg(short, long, global = true, num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_parser = boolean, value_name = "BOOL", env = "DBT_QUIET", hide_env = true)]
    pub quiet: Option<bool>,
    /// Show what `print()` says (--no-print: don't).
    #[arg(long, global = true, num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_parser = boolean, value_name = "BOOL", env = "DBT_PRINT", hide_env = true)]
    pub print: Option<bool>,
    /// Colours on the terminal; by default where it is one.
    #[arg(long, global = true, num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_parser = boolean, value_name = "BOOL", env = "DBT_USE_COLORS", hide_env = true)]
    pub use_colors: Option<bool>,
    /// Colours in the log file.
    #[arg(long, global = true, num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_parser = boolean, value_name = "BOOL", env = "DBT_USE_COLORS_FILE", hide = true)]
    pub use_colors_file: Option<bool>,
    /// Columns before the status of a line.
    #[arg(
        long,
        global = true,
        value_name = "COLUMNS",
        env = "DBT_PRINTER_WIDTH",
        hide = true,
        allow_negative_numbers = true
    )]
    pub printer_width: Option<i64>,
    /// Show every deprecation, not one of each kind.
    #[arg(long, global = true, num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_parser = boolean, value_name = "BOOL")]
    pub show_all_deprecations: Option<bool>,
    /// Show what the command took of the machine: time, memory, blocks of files.
    #[arg(long, global = true, num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_parser = boolean, value_name = "BOOL", env = "DBT_SHOW_RESOURCE_REPORT", hide_env = true)]
    pub show_resource_report: Option<bool>,
    /// Accepted for dbt's sake.
    #[arg(short, long, global = true, value_name = "PATH", env = "DBT_RECORD_TIMING_INFO", hide = true)]
    #[serde(skip)]
    pub record_timing_info: Option<PathBuf>,
    /// Show results that matter, and what is going on in one moving line: for commands that run many others.
    #[arg(skip)]
    #[serde(skip)]
    pub gist: bool,
}

impl Logging {
    /// Columns before the status of a line; none where a number below zero is given.
    pub fn printer_width(&self) -> usize {
        self.printer_width.map_or(RunContext::PRINTER_WIDTH, |width| usize::try_from(width).unwrap_or(0))
    }
}

/// Formats of messages.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// Time and message.
    Text,
    /// Time, level, thread and message.
    Debug,
    /// One JSON object a line.
    Json,
    /// Text on the terminal, debug in the file.
    Default,
}

/// Severities.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LogLevel {
    /// Everything.
    Debug,
    /// What a person wants to see.
    Info,
    /// Warnings and errors.
    Warn,
    /// Errors.
    Error,
    /// Nothing.
    None,
}
