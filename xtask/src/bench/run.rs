//! A thousand views with `dp run`, beside psql that sends the same statements on as many connections.

use super::database::Server;
use super::measure::{self, Figure};
use super::{Peers, synthetic, table};
use crate::workspace;
use anyhow::{Context, ensure};
use clap::Args;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

const DATABASE: &str = "bench_run";

/// How large.
#[derive(Debug, Args)]
pub struct Options {
    /// Views
    #[arg(long, default_value_t = 1_000)]
    views: usize,
    /// Connections
    #[arg(long, default_value_t = 4)]
    threads: usize,
    /// Rounds, of which the fastest counts
    #[arg(long, default_value_t = 3)]
    times: usize,
    #[command(flatten)]
    peers: Peers,
}

/// Measures and prints.
pub fn run(options: &Options) -> anyhow::Result<()> {
    let folder = workspace::root().join("target/bench/run");
    let project = folder.join("project");
    synthetic::views(&project, options.views)?;
    let dbt = options.peers.dbt(&workspace::root().join("target/verify"))?;
    let dp = measure::release("platform-cli", "dp")?;
    let server = Server::open()?;
    server.make(DATABASE, "template0")?;
    let scripts = scripts(&server, &dp, &project, options)?;
    let parse = measure::program(&mut verb(&server, &dp, &project, &["parse"]))?.0;
    let threads = options.threads.to_string();
    let build = ["run", "--threads", &threads, "--quiet"];
    let mut dp_run: Option<Figure> = None;
    let mut psql: Option<f64> = None;
    // Turn and turn about, so that a busy moment of the machine doesn't fall on one of them alone.
    for _ in 0..options.times.max(1) {
        empty(&server)?;
        let figure = measure::program(&mut verb(&server, &dp, &project, &build))?.0;
        dp_run = Some(dp_run.filter(|best| best.seconds <= figure.seconds).unwrap_or(figure));
        empty(&server)?;
        let seconds = together(&server, &scripts)?;
        psql = Some(psql.map_or(seconds, |best| best.min(seconds)));
    }
    let (dp_run, psql) = (dp_run.context("no round was run")?, psql.context("no round was run")?);
    table::heading(&format!("{} views, {} connections", options.views, options.threads))?;
    table::figure("dp run", &dp_run)?;
    table::figure("  of that, dp parse", &parse)?;
    table::figure("psql, the same statements", &Figure { seconds: psql, peak: None })?;
    if let Some(dbt) = &dbt {
        empty(&server)?;
        table::figure("dbt Core run", &measure::program(&mut verb(&server, dbt, &project, &build))?.0)?;
    }
    let views = u32::try_from(options.views.max(1)).context("more views than can be counted")?;
    let over = |seconds: f64| (seconds - psql) * 1000.0 / f64::from(views);
    table::line(&format!(
        "over psql: {:.2} ms a view, {:.2} ms without reading the project",
        over(dp_run.seconds),
        over(dp_run.seconds - parse.seconds)
    ))?;
    server.drop(DATABASE)?;
    std::fs::remove_dir_all(&folder).context("failed to remove target/bench/run")
}

fn empty(server: &Server) -> anyhow::Result<()> {
    server.run(DATABASE, "drop schema if exists bench cascade; create schema bench")
}

fn verb(server: &Server, program: &Path, project: &Path, words: &[&str]) -> Command {
    let mut command = server.client(program, DATABASE);
    command.args(words).args(["--profiles-dir", "."]).current_dir(project);
    command
}

/// A line of the log file, as far as it matters here.
#[derive(Deserialize)]
struct Line {
    info: Info,
    data: Data,
}

#[derive(Deserialize)]
struct Info {
    name: String,
}

#[derive(Deserialize)]
struct Data {
    conn_name: Option<String>,
    sql: Option<String>,
}

/// The statements of a run, as one psql script a connection; nodes stay whole.
fn scripts(server: &Server, dp: &Path, project: &Path, options: &Options) -> anyhow::Result<Vec<PathBuf>> {
    empty(server)?;
    // A log that is never put aside, as all of it is wanted.
    let words =
        ["run", "--log-level-file=debug", "--log-format-file=json", "--log-file-max-bytes=0", "--quiet"];
    measure::program(&mut verb(server, dp, project, &words))?;
    let log = std::fs::read_to_string(project.join("logs/dbt.log")).context("failed to read the log")?;
    let mut nodes: Vec<(String, String)> = Vec::new();
    let queries = log.lines().filter_map(|line| serde_json::from_str::<Line>(line).ok());
    for line in queries.filter(|line| line.info.name == "SQLQuery") {
        let (Some(node), Some(sql)) = (line.data.conn_name, line.data.sql) else { continue };
        if !node.starts_with("model.") {
            continue;
        }
        let sql = format!("{};\n", sql.trim_end().trim_end_matches(';'));
        match nodes.iter_mut().rev().take(options.threads * 2).find(|(known, _)| *known == node) {
            Some((_, text)) => text.push_str(&sql),
            None => nodes.push((node, sql)),
        }
    }
    ensure!(nodes.len() >= options.views, "the log tells of {} views only", nodes.len());
    let mut texts = vec![String::new(); options.threads.max(1)];
    let count = texts.len();
    for (at, (_, text)) in nodes.iter().enumerate() {
        texts[at % count].push_str(text);
        // What dp's driver sends in words of its own and the log leaves out.
        texts[at % count].push_str("commit;\n");
    }
    let write = |(at, text): (usize, String)| {
        let path = project.join(format!("connection_{at}.psql"));
        std::fs::write(&path, text).with_context(|| format!("failed to write {}", path.display()))?;
        Ok(path)
    };
    texts.into_iter().enumerate().map(write).collect()
}

/// Runs the scripts side by side; seconds until the last one ends.
fn together(server: &Server, scripts: &[PathBuf]) -> anyhow::Result<f64> {
    let begun = Instant::now();
    let mut running = Vec::new();
    for script in scripts {
        let mut command = server.client(Path::new("psql"), DATABASE);
        command.args(["--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", "--file"]).arg(script);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        running.push(command.spawn().context("failed to start psql")?);
    }
    for mut child in running {
        ensure!(child.wait().context("failed to wait for psql")?.success(), "psql failed");
    }
    Ok(begun.elapsed().as_secs_f64())
}
