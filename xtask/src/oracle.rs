//! `cargo xtask oracle`: the SQL that decides about alerts against a second implementation in Rust decimals.

use crate::workspace;
use anyhow::Context;
use clap::Args;
use std::process::{Command, ExitCode};

/// Runs crates/notifier/tests/it/oracle.rs over many histories.
#[derive(Debug, Args)]
pub struct Oracle {
    /// Random histories
    #[arg(long, default_value_t = 100_000)]
    histories: u64,
    /// The same seed makes the same histories
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Runs them and gives their verdict.
pub fn run(options: &Oracle) -> anyhow::Result<ExitCode> {
    let status = Command::new(env!("CARGO"))
        .args(["test", "--quiet", "--package", "notifier", "--test", "it", "oracle", "--", "--nocapture"])
        .current_dir(workspace::root())
        .env("ORACLE_HISTORIES", options.histories.to_string())
        .env("ORACLE_SEED", options.seed.to_string())
        .status()
        .context("run cargo")?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
