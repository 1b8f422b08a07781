//! `dp parse` from cold over a large project, over a small one, and `dp --version`; dbt Core beside them.

use super::measure::{self, Figure};
use super::{Peers, synthetic, table};
use crate::workspace;
use anyhow::Context;
use clap::Args;
use std::path::Path;
use std::process::Command;

/// How large.
#[derive(Debug, Args)]
pub struct Options {
    /// Models of the large project; it has twice as many tests
    #[arg(long, default_value_t = 5_000)]
    models: usize,
    /// Runs of each command, of which the fastest counts
    #[arg(long, default_value_t = 7)]
    times: usize,
    #[command(flatten)]
    peers: Peers,
}

/// Measures and prints.
pub fn run(options: &Options) -> anyhow::Result<()> {
    let folder = workspace::root().join("target/bench/parse");
    let (large, small) = (folder.join("large"), folder.join("small"));
    synthetic::layered(&large, options.models)?;
    synthetic::layered(&small, 10)?;
    let dbt = options.peers.dbt(&workspace::root().join("target/verify"))?;
    let dp = measure::release("platform-cli", "dp")?;
    table::heading("")?;
    let tests = options.models * 2;
    let title = format!("dp parse, {} models, {tests} tests", options.models);
    table::figure(&title, &fastest(options.times, || parse(&dp, &large))?)?;
    table::figure("dp parse, 10 models", &fastest(options.times, || parse(&dp, &small))?)?;
    table::figure("dp --version", &fastest(options.times, || version(&dp))?)?;
    match &dbt {
        Some(dbt) => {
            let cold = || {
                let mut command = parse(dbt, &large);
                command.arg("--no-partial-parse");
                command
            };
            table::figure(&format!("dbt Core parse, {} models", options.models), &fastest(1, cold)?)?;
            table::figure("dbt Core parse, 10 models", &fastest(1, || parse(dbt, &small))?)?;
            table::figure("dbt Core --version", &fastest(1, || version(dbt))?)?;
        }
        None => table::line("dbt Core: left out")?,
    }
    std::fs::remove_dir_all(&folder).context("failed to remove target/bench/parse")
}

/// The fastest of several runs; the peak is the highest of them.
pub fn fastest(times: usize, command: impl Fn() -> Command) -> anyhow::Result<Figure> {
    let mut best = measure::program(&mut command())?.0;
    for _ in 1..times {
        let (next, _) = measure::program(&mut command())?;
        best = Figure { seconds: best.seconds.min(next.seconds), peak: best.peak.max(next.peak) };
    }
    Ok(best)
}

fn parse(program: &Path, project: &Path) -> Command {
    let mut command = Command::new(program);
    command.args(["parse", "--profiles-dir", "."]).current_dir(project);
    command
}

fn version(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.arg("--version");
    command
}
