//! `cargo xtask bench …`: figures, taken side by side in one run on one machine.
//!
//! Each benchmark is a module: it makes its own data, measures whole programs from outside, and prints a table.
//! Figures are for reading. No test fails because a machine is slow.

mod alerts;
mod database;
mod ingest;
mod measure;
mod parse;
mod pipeline;
mod run;
pub mod synthetic;
mod table;
mod test;

use crate::verify;
use clap::{Args, Subcommand};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Measures the platform beside psql and dbt Core.
#[derive(Debug, Args)]
pub struct Bench {
    #[command(subcommand)]
    what: What,
}

/// What every benchmark may be given.
#[derive(Debug, Args)]
struct Peers {
    /// An installed dbt Core to measure beside [default: one in a virtual environment of our own]
    #[arg(long, env = "VERIFY_DBT", value_name = "PATH")]
    dbt: Option<PathBuf>,
    /// Leave dbt Core out
    #[arg(long)]
    without_dbt: bool,
}

impl Peers {
    /// dbt Core, unless it is left out or can't be had; then a line says why.
    fn dbt(&self, folder: &Path) -> anyhow::Result<Option<PathBuf>> {
        if self.without_dbt {
            return Ok(None);
        }
        if let Some(path) = &self.dbt {
            return Ok(Some(path.clone()));
        }
        match verify::installed_dbt(folder) {
            Ok(path) => Ok(Some(path)),
            Err(problem) => table::line(&format!("dbt Core can't be had: {problem:#}")).map(|()| None),
        }
    }
}

#[derive(Debug, Subcommand)]
enum What {
    /// Every stage of the pipeline over drops of a million invoices
    Pipeline(pipeline::Options),
    /// Tests by shared scans, one by one, and by dbt Core
    Test(test::Options),
    /// A drop and a seed, beside psql's `\copy`, the server's COPY and dbt Core
    Ingest(ingest::Options),
    /// Evaluating, drawing and sending alerts
    Alerts(alerts::Options),
    /// Reading a project of 5,000 models and 10,000 tests from cold
    Parse(parse::Options),
    /// A thousand views, beside psql that sends the same statements
    Run(run::Options),
}

/// Runs one benchmark.
pub fn run(options: &Bench) -> anyhow::Result<ExitCode> {
    match &options.what {
        What::Pipeline(options) => pipeline::run(options)?,
        What::Test(options) => test::run(options)?,
        What::Ingest(options) => ingest::run(options)?,
        What::Alerts(options) => alerts::run(options)?,
        What::Parse(options) => parse::run(options)?,
        What::Run(options) => run::run(options)?,
    }
    Ok(ExitCode::SUCCESS)
}
