//! `cargo xtask verify`: the same projects under dbt Core and under `dp`, and whether anything differs.
//!
//! A project is the customer project at the root, or a folder of `fixtures/` with a dbt_project.yml. Its
//! `verify.txt` lists the commands to run, one a line. Both engines work on copies of the project and on
//! databases of their own; what is compared is what they leave behind: exit codes, results, the graph,
//! relations with columns, types, rows, comments, indexes, grants. What dbt Core left is kept beside each
//! fixture as `verify.json`, so that `dp` can be held against it where there is no Python.

mod artifacts;
mod compare;
mod deliberate;
mod engine;
mod manifest;
mod perform;
mod place;
mod record;
mod relations;
mod report;
mod steps;
mod venv;
mod written;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, bail};
use clap::Args;

use engine::Engine;
use report::Report;

pub use place::{copy_project, copy_tree};
pub use venv::dbt as installed_dbt;

/// Runs projects under dbt Core and under `dp`, and compares what they leave behind.
#[derive(Debug, Args)]
pub struct Verify {
    /// Projects by name: folders of fixtures/, or `customer` for the one at the root [default: all]
    projects: Vec<String>,
    /// Hold dp against what dbt Core gave when the fixtures were written; needs no Python
    #[arg(long)]
    recorded: bool,
    /// Run dbt Core alone and write what it gives beside the fixtures
    #[arg(long, conflicts_with = "recorded")]
    write: bool,
    /// Hold dp's tests that share scans against the same tests one by one (--no-fuse); needs no Python
    #[arg(long, conflicts_with_all = ["recorded", "write"])]
    fused: bool,
    /// Fail where dbt Core can't be installed, in place of skipping
    #[arg(long)]
    require: bool,
    /// An installed dbt to use in place of one of our own
    #[arg(long, env = "VERIFY_DBT", value_name = "PATH")]
    dbt: Option<PathBuf>,
    /// The `dp` to use [default: built from this source]
    #[arg(long, env = "VERIFY_DP", value_name = "PATH")]
    dp: Option<PathBuf>,
    /// A server where databases may be made and dropped [default: an embedded one]
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// Show every difference, not only the first ones
    #[arg(long)]
    all: bool,
}

impl Verify {
    /// What dp is held against, in words.
    fn peer(&self) -> &'static str {
        if self.fused { "dp --no-fuse" } else { "dbt Core" }
    }
}

/// Runs it; the exit code tells whether anything differs.
pub fn run(options: &Verify) -> anyhow::Result<ExitCode> {
    let place = place::Place::open(options.url.as_deref())?;
    let mut projects = place.projects(&options.projects)?;
    let reference = reference(options, &place)?;
    if let Reference::Missing(problem) = &reference {
        return report::skipped(problem).map(|()| ExitCode::SUCCESS);
    }
    // The project at the root has drops, which dp loads, and no record.
    projects.retain(|project| !project.is_root(&place) || !(options.write || options.recorded));
    let dp = if options.write { None } else { Some(engine::dp(options.dp.as_deref(), &place)?) };
    if options.fused {
        projects.retain(place::Project::runs_tests);
    }
    let mut report = Report::new(options.all, options.peer());
    for project in &projects {
        let run = |engine: &Engine| place.run(engine, dp.as_ref(), project, options.fused);
        let start = Instant::now();
        let expected = match &reference {
            Reference::Run(dbt) => run(dbt),
            Reference::Alone => dp.as_ref().context("`--fused` needs dp").and_then(|dp| run(&dp.alone())),
            _ => record::read(&project.record()),
        };
        let took = start.elapsed();
        let expected = match expected {
            Ok(expected) => expected,
            Err(problem) => {
                report.failed(&project.name, &problem)?;
                continue;
            }
        };
        let Some(dp) = &dp else {
            record::write(&project.record(), &expected)?;
            report.written(&project.name, &expected, took)?;
            continue;
        };
        let start = Instant::now();
        match run(dp) {
            Ok(actual) => {
                let mut differences = compare::differences(&expected, &actual);
                if !options.fused {
                    differences = deliberate::unmeant(differences, &deliberate::read(&project.meant())?);
                }
                report.compared(&project.name, &expected, [took, start.elapsed()], &differences)?;
            }
            Err(problem) => report.failed(&project.name, &problem)?,
        }
    }
    report.close(options.write)
}

/// What dp is held against.
enum Reference {
    /// dbt Core, run now.
    Run(Engine),
    /// What it gave before.
    Recorded,
    /// dp that runs tests one by one.
    Alone,
    /// Nothing: dbt Core can't be had.
    Missing(anyhow::Error),
}

fn reference(options: &Verify, place: &place::Place) -> anyhow::Result<Reference> {
    if options.recorded {
        return Ok(Reference::Recorded);
    }
    if options.fused {
        return Ok(Reference::Alone);
    }
    if let Some(path) = &options.dbt {
        return Ok(Reference::Run(engine::dbt(path)));
    }
    match venv::dbt(&place.folder) {
        Ok(path) => Ok(Reference::Run(engine::dbt(&path))),
        Err(problem) if options.require || options.write => bail!("{problem:#}"),
        Err(problem) => Ok(Reference::Missing(problem)),
    }
}
