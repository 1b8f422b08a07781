//! The pipeline stage by stage over a large drop, beside psql's `\copy` and dbt Core on the same tables.

use super::database::Server;
use super::measure::{self, Figure};
use super::{Peers, table};
use crate::generate::{self, Generate};
use crate::verify::copy_project;
use crate::workspace;
use anyhow::Context;
use chrono::{DateTime, Utc};
use clap::Args;
use serde::Deserialize;
use std::path::Path;
use std::process::Command;

/// Two drops: the first one gives the history, the second one is measured.
const DATES: [&str; 2] = ["2026-11-20", "2026-11-21"];
const DATABASE: &str = "bench_pipeline";
const DBT_DATABASE: &str = "bench_pipeline_dbt";

/// How large.
#[derive(Debug, Args)]
pub struct Options {
    /// Invoices of a drop
    #[arg(long, default_value_t = 1_000_000)]
    invoices: u64,
    /// Organizations
    #[arg(long, default_value_t = 21_806)]
    organizations: u64,
    #[command(flatten)]
    peers: Peers,
}

/// Measures and prints.
pub fn run(options: &Options) -> anyhow::Result<()> {
    let folder = workspace::root().join("target/bench/pipeline");
    if folder.exists() {
        std::fs::remove_dir_all(&folder).context("failed to empty target/bench/pipeline")?;
    }
    let project = folder.join("project");
    copy_project(&workspace::root(), &project)?;
    make_drops(options, &project)?;
    let dbt = options.peers.dbt(&workspace::root().join("target/verify"))?;
    let dp = measure::release("platform-cli", "dp")?;
    let server = Server::open()?;
    server.make(DATABASE, "template0")?;
    table::line(&format!(
        "customer project, second drop of {} invoices, {} organizations",
        options.invoices, options.organizations
    ))?;
    table::heading("")?;
    measure::program(&mut pipeline(&server, &dp, &project, DATES[0]))?;
    let (whole, output) = measure::program(&mut pipeline(&server, &dp, &project, DATES[1]))?;
    for (stage, seconds) in stages(&String::from_utf8_lossy(&output.stdout))? {
        table::figure(&format!("dp pipeline: {stage}"), &Figure { seconds, peak: None })?;
    }
    table::figure("dp pipeline, all of it", &whole)?;
    table::figure("psql \\copy of invoices.csv", &copy(&server, &project)?)?;
    match &dbt {
        Some(dbt) => beside_dbt(&server, dbt, &project)?,
        None => table::line("dbt Core: left out")?,
    }
    server.drop(DATABASE)?;
    std::fs::remove_dir_all(&folder).context("failed to remove target/bench/pipeline")
}

fn make_drops(options: &Options, project: &Path) -> anyhow::Result<()> {
    let out = project.join("csv_data");
    std::fs::remove_dir_all(&out).context("failed to make room for the drops")?;
    let dates = DATES.iter().map(|date| date.parse()).collect::<Result<_, _>>()?;
    let drops = Generate::clean_drops(out, dates, options.invoices, options.organizations);
    generate::run(&drops)
}

fn pipeline(server: &Server, dp: &Path, project: &Path, date: &str) -> Command {
    let mut command = server.client(dp, DATABASE);
    command.args(["--log-format", "json", "pipeline", "--drop", date]).current_dir(project);
    command
}

/// A line of the JSON log, as far as it matters here.
#[derive(Deserialize)]
struct Line {
    info: Info,
    data: Data,
}

#[derive(Deserialize)]
struct Info {
    name: String,
    ts: DateTime<Utc>,
}

#[derive(Deserialize)]
struct Data {
    stage: Option<String>,
}

/// Each stage with its seconds: from its heading to the next one's.
fn stages(log: &str) -> anyhow::Result<Vec<(String, f64)>> {
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Line>(line).ok());
    let headings: Vec<Line> = lines.filter(|line| line.info.name == "PipelineStage").collect();
    let stages = headings.windows(2).filter_map(|pair| {
        let seconds = (pair[1].info.ts - pair[0].info.ts).as_seconds_f64();
        Some((pair[0].data.stage.clone()?, seconds))
    });
    let stages: Vec<_> = stages.collect();
    anyhow::ensure!(!stages.is_empty(), "the pipeline's log tells of no stages");
    Ok(stages)
}

/// The same file into a table of the same columns, through the client.
fn copy(server: &Server, project: &Path) -> anyhow::Result<Figure> {
    let file = project.join("csv_data").join(DATES[1]).join("invoices.csv");
    let columns = "invoice_id, parent_invoice_id, transaction_id, organization_id, type, status, currency\
        , payment_currency, payment_method, amount, payment_amount, fx_rate, fx_rate_payment";
    server.run(
        DATABASE,
        &format!("create table raw.copied as select {columns} from raw.raw_invoices where false"),
    )?;
    let line = format!("\\copy raw.copied from '{}' with (format csv, header)", file.display());
    Ok(measure::program(&mut server.psql(DATABASE, &line))?.0)
}

/// dbt's verbs in a copy of the database, the first day's records made by dbt itself.
fn beside_dbt(server: &Server, dbt: &Path, project: &Path) -> anyhow::Result<()> {
    server.make(DBT_DATABASE, DATABASE)?;
    server.run(DBT_DATABASE, "drop schema if exists analytics cascade")?;
    let call = |words: &[&str], date: &str| {
        let mut command = server.client(dbt, DBT_DATABASE);
        command.args(words).args(["--profiles-dir", "profiles", "--vars", &format!("as_of: {date}")]);
        command.current_dir(project).env("DBT_SEND_ANONYMOUS_USAGE_STATS", "false");
        measure::program(&mut command)
    };
    call(&["seed"], DATES[0])?;
    call(&["run"], DATES[0])?;
    for verb in ["seed", "run", "test"] {
        table::figure(&format!("dbt {verb}, 4 threads"), &call(&[verb], DATES[1])?.0)?;
    }
    server.drop(DBT_DATABASE)
}

#[cfg(test)]
mod tests {
    use super::stages;

    #[test]
    fn a_stage_lasts_to_the_next_heading() {
        let heading = |stage: &str, ts: &str| {
            format!(
                r#"{{"info": {{"name": "PipelineStage", "ts": "2026-01-01T00:00:{ts}Z"}}, "data": {stage}}}"#
            )
        };
        let log = [
            heading(r#"{"stage": "load"}"#, "01.0"),
            r#"{"info": {"name": "Other", "ts": "2026-01-01T00:00:02Z"}, "data": {}}"#.to_owned(),
            heading(r#"{"stage": "run"}"#, "03.5"),
            heading("{}", "04.0"),
        ];
        let expected = vec![("load".to_owned(), 2.5), ("run".to_owned(), 0.5)];
        assert_eq!(stages(&log.join("\n")).expect("stages"), expected);
    }
}
