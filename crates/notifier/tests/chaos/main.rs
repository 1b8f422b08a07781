//! Chaos: real processes, killed with SIGKILL at every step of evaluation and of delivery, against a real
//! Postgres and an SMTP server that keeps on disk what it accepts. Then what was to be told is compared with
//! what arrived.
//!
//! `CHAOS_RUNS` (20) and `CHAOS_SEED` (1) repeat it; `cargo xtask chaos` sets them. The same binary is the
//! worker that gets killed: it is told so by its first argument.

#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that can't go on says so and fails"
)]

mod company;
mod experiment;
mod naive;
mod random;
mod worker;

use experiment::Figures;
use std::process::ExitCode;

const NAME: &str = "nothing_is_lost_and_nothing_is_told_twice";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let Ok(runtime) = runtime else { return ExitCode::FAILURE };
    if arguments.first().is_some_and(|first| first == "worker") {
        return runtime.block_on(worker::work(&arguments[1..]));
    }
    // What test runners ask before they run anything.
    if arguments.iter().any(|argument| argument == "--list") {
        if !arguments.iter().any(|argument| argument == "--ignored") {
            println!("{NAME}: test");
        }
        return ExitCode::SUCCESS;
    }
    let wanted = arguments
        .iter()
        .filter(|argument| !argument.starts_with('-'))
        .all(|filter| NAME.contains(filter.as_str()));
    if !wanted {
        return ExitCode::SUCCESS;
    }
    let number = |name: &str, default: u64| {
        std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
    };
    let (runs, seed) = (number("CHAOS_RUNS", 20), number("CHAOS_SEED", 1));
    runtime.block_on(all(runs, seed))
}

/// Runs every experiment and prints what came of it.
async fn all(runs: u64, seed: u64) -> ExitCode {
    let few = (runs / 5).max(2);
    let mut rows: Vec<(String, Figures, bool)> = Vec::new();
    let kills = experiment::kills(runs, seed, 1).await;
    rows.push((format!("1 sender, {runs} runs"), kills, true));
    let kills = experiment::kills(few, seed + 1, 2).await;
    rows.push((format!("2 senders, {few} runs"), kills, true));
    rows.push((
        "server keeps, then drops the line, 30 %".to_owned(),
        experiment::drops(few, seed + 2).await,
        true,
    ));
    rows.push(("greylisting".to_owned(), experiment::greylisting(seed + 3).await, true));
    let crashes = runs.min(100) / 5 + 1;
    rows.push((
        format!("database crashes, {crashes} times"),
        experiment::crashes(crashes, seed + 6).await,
        true,
    ));
    rows.push(("4 senders, no fault".to_owned(), experiment::crowd(seed + 4).await, true));
    rows.push((
        format!("\"send all, mark after\", {few} runs"),
        experiment::naive(few, seed + 5).await,
        false,
    ));
    println!(
        "{:<42} {:>7} {:>7} {:>5} {:>11} {:>18}",
        "experiment", "alerts", "faults", "lost", "raw copies", "visible duplicates"
    );
    let mut good = true;
    for (name, figures, ours) in &rows {
        println!(
            "{name:<42} {:>7} {:>7} {:>5} {:>11} {:>18}",
            figures.alerts, figures.faults, figures.lost, figures.copies, figures.duplicates
        );
        good &= !ours || (figures.lost == 0 && figures.duplicates == 0);
    }
    // Without a fault there is no reason for a copy.
    good &= rows[5].1.copies == 0;
    // The comparison is worth something only if the usual design fails under the same faults.
    good &= rows[6].1.duplicates > 0;
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
