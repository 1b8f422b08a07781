//! `cargo xtask chaos`: alerts under fire. Kills senders, drops lines, crashes databases, and prints what
//! was lost and what was told twice.

use crate::workspace;
use anyhow::Context;
use clap::Args;
use std::process::{Command, ExitCode};

/// Runs the experiments of crates/notifier/tests/chaos.
#[derive(Debug, Args)]
pub struct Chaos {
    /// Runs of the main experiment, up to three kills each
    #[arg(long, default_value_t = 100)]
    runs: u64,
    /// The same seed kills at the same steps
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Runs them and gives their verdict.
pub fn run(options: &Chaos) -> anyhow::Result<ExitCode> {
    let status = Command::new(env!("CARGO"))
        .args(["test", "--quiet", "--package", "notifier", "--test", "chaos"])
        .current_dir(workspace::root())
        .env("CHAOS_RUNS", options.runs.to_string())
        .env("CHAOS_SEED", options.seed.to_string())
        .status()
        .context("run cargo")?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
