//! The notifier on a real Postgres.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that can't go on says so and fails"
)]

mod commands;
mod delivery;
mod dependency;
mod exits;
mod failing;
mod hooks;
mod oracle;
mod pictures;
mod postfix;
mod privacy;
mod privileges;
mod protocol;
mod replay;
mod scenarios;
mod story;
mod truth_table;
