//! Tests: those of the customer project over a large drop, and a thousand small ones, by shared scans, one by one,
//! and by dbt Core.
//!
//! The competitors take turns on the same tables, and of each the fastest round counts. Node time is the sum of what
//! run_results.json says of each test: what the database was busy with, whatever ran side by side.

use super::database::Server;
use super::measure;
use super::{Peers, table};
use crate::generate::{self, Generate};
use crate::verify::{copy_project, copy_tree};
use crate::workspace;
use anyhow::Context;
use clap::Args;
use serde::Deserialize;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

const DATE: &str = "2026-11-20";
const DATABASE: &str = "bench_test";
/// Tables of the thousand tests: two columns each, `unique` and `not_null` on both.
const SMALL_TABLES: usize = 250;

/// How large.
#[derive(Debug, Args)]
pub struct Options {
    /// Invoices of the customer project's drop, one figure each; 0 for the small tests alone
    #[arg(long, value_delimiter = ',', default_values_t = [3_000, 1_000_000, 5_000_000])]
    invoices: Vec<u64>,
    /// Organizations, where there are ten times as many invoices
    #[arg(long, default_value_t = 21_806)]
    organizations: u64,
    /// Leave out the thousand tests on small tables
    #[arg(long)]
    without_small: bool,
    /// Rounds, of which the fastest counts
    #[arg(long, default_value_t = 3)]
    rounds: u32,
    /// A `dp` to measure [default: built for release]
    #[arg(long, env = "VERIFY_DP", value_name = "PATH")]
    dp: Option<PathBuf>,
    #[command(flatten)]
    peers: Peers,
}

/// Measures and prints.
pub fn run(options: &Options) -> anyhow::Result<()> {
    let folder = workspace::root().join("target/bench/test");
    if folder.exists() {
        fs::remove_dir_all(&folder).context("failed to empty target/bench/test")?;
    }
    let dbt = options.peers.dbt(&workspace::root().join("target/verify"))?;
    let dp = match &options.dp {
        Some(dp) => dp.canonicalize().with_context(|| format!("failed to find {}", dp.display()))?,
        None => measure::release("platform-cli", "dp")?,
    };
    let bench = Bench { server: Server::open()?, dp, dbt, rounds: options.rounds.max(1) };
    for invoices in options.invoices.iter().copied().filter(|invoices| *invoices > 0) {
        bench.server.make(DATABASE, "template0")?;
        let organizations = options.organizations.min(invoices / 10);
        let customer =
            bench.customer(invoices, organizations, &folder.join(format!("customer_{invoices}")))?;
        let what = format!("customer project, {invoices} invoices");
        bench.compare(&what, &customer, &["--vars", &format!("as_of: {DATE}")])?;
    }
    if !options.without_small {
        bench.server.make(DATABASE, "template0")?;
        let small = bench.small(&folder.join("small"))?;
        bench.compare(&format!("{} tests on small tables", SMALL_TABLES * 4), &small, &[])?;
    }
    bench.server.drop(DATABASE)?;
    fs::remove_dir_all(&folder).context("failed to remove target/bench/test")
}

struct Bench {
    server: Server,
    dp: PathBuf,
    dbt: Option<PathBuf>,
    rounds: u32,
}

/// A run's figures.
#[derive(Clone, Copy)]
struct Taken {
    tests: u32,
    node: f64,
    wall: f64,
}

#[derive(Deserialize)]
struct Results {
    results: Vec<Ran>,
}

#[derive(Deserialize)]
struct Ran {
    execution_time: f64,
}

impl Bench {
    /// The customer project with its tables built.
    fn customer(&self, invoices: u64, organizations: u64, project: &Path) -> anyhow::Result<PathBuf> {
        copy_project(&workspace::root(), project)?;
        let out = project.join("csv_data");
        fs::remove_dir_all(&out).context("failed to make room for the drop")?;
        let date = DATE.parse()?;
        generate::run(&Generate::clean_drops(out, vec![date], invoices, organizations))?;
        let mut pipeline = self.server.client(&self.dp, DATABASE);
        pipeline.args(["pipeline", "--drop", DATE, "--profiles-dir", "profiles"]).current_dir(project);
        measure::program(&mut pipeline)?;
        self.server.run(DATABASE, "vacuum analyze")?;
        Ok(project.to_owned())
    }

    /// A project of nothing but small tables and their tests.
    fn small(&self, project: &Path) -> anyhow::Result<PathBuf> {
        let mut tables = String::new();
        let mut properties = "sources:\n  - name: small\n    tables:\n".to_owned();
        for at in 0..SMALL_TABLES {
            let _ = write!(
                tables,
                "create table small.t{at} as select id, id::text as name from generate_series(1, 20) as id;"
            );
            let _ = write!(properties, "      - name: t{at}\n        columns:\n");
            for column in ["id", "name"] {
                let _ =
                    writeln!(properties, "          - {{name: {column}, data_tests: [unique, not_null]}}");
            }
        }
        let files = [
            ("dbt_project.yml", "name: small\nversion: '1.0'\nprofile: data_platform\n".to_owned()),
            ("models/sources.yml", properties),
        ];
        for (path, text) in files {
            let path = project.join(path);
            fs::create_dir_all(path.parent().unwrap_or(project))?;
            fs::write(&path, text).with_context(|| format!("failed to write {}", path.display()))?;
        }
        copy_tree(&workspace::root().join("profiles"), &project.join("profiles"))?;
        self.server.run(DATABASE, &format!("create schema small; {tables} analyze"))?;
        Ok(project.to_owned())
    }

    fn compare(&self, what: &str, project: &Path, more: &[&str]) -> anyhow::Result<()> {
        table::line(&format!("\n{what}\n{:<44} {:>9} {:>9} {:>9}", "", "node s", "wall s", "ms/test"))?;
        let mut contenders = vec![
            ("dp test", self.dp.as_path(), vec!["test"]),
            ("dp test --no-fuse", self.dp.as_path(), vec!["test", "--no-fuse"]),
        ];
        if let Some(dbt) = &self.dbt {
            contenders.push(("dbt test", dbt.as_path(), vec!["test"]));
        }
        let mut best: Vec<Option<Taken>> = vec![None; contenders.len()];
        for _ in 0..self.rounds {
            for (at, (_, program, words)) in contenders.iter().enumerate() {
                let taken = self.test(program, words, project, more)?;
                best[at] = Some(best[at].filter(|so_far| so_far.wall < taken.wall).unwrap_or(taken));
            }
        }
        for ((name, ..), taken) in contenders.iter().zip(best) {
            let Some(Taken { tests, node, wall }) = taken else { continue };
            let each = wall * 1000.0 / f64::from(tests.max(1));
            table::line(&format!("{name:<44} {node:>9.2} {wall:>9.2} {each:>9.2}"))?;
        }
        Ok(())
    }

    fn test(&self, program: &Path, words: &[&str], project: &Path, more: &[&str]) -> anyhow::Result<Taken> {
        let mut command = self.server.client(program, DATABASE);
        command.args(words).args(["--threads", "4", "--profiles-dir", "profiles"]).args(more);
        command.current_dir(project).env("DBT_SEND_ANONYMOUS_USAGE_STATS", "false");
        let (figure, _) = measure::program(&mut command)?;
        let path = project.join("target/run_results.json");
        let text = fs::read(&path).with_context(|| format!("failed to read {}", path.display()))?;
        let results: Results = serde_json::from_slice(&text).context("failed to read run_results.json")?;
        let node = results.results.iter().map(|ran| ran.execution_time).sum();
        Ok(Taken { tests: u32::try_from(results.results.len())?, node, wall: figure.seconds })
    }
}
