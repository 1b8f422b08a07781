//! Chaos: real processes, killed with SIGKILL at every step of evaluation and of delivery, against a real
//! Postgres and an SMTP server that keeps on disk what it accepts. Then what was to be told is compared with
//! what arrived.
//!
//! `CHAOS_RUNS` (100) and `CHAOS_SEED` (1) repeat it; `cargo xtask chaos` sets them. The same binary is the
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
mod outage;
mod random;
mod worker;

use experiment::Figures;
use std::process::ExitCode;
use std::time::Instant;

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
    let (runs, seed) = (number("CHAOS_RUNS", 100), number("CHAOS_SEED", 1));
    runtime.block_on(all(runs, seed))
}

/// What must hold of an experiment.
#[derive(Clone, Copy, PartialEq)]
enum Promise {
    /// Nothing is lost, and no mailbox shows anything twice.
    Kept,
    /// And without a fault there is no reason for a copy either.
    NoCopies,
    /// The usual design, which must fail: else the faults prove nothing.
    Broken,
}

impl Promise {
    fn holds(self, figures: &Figures) -> bool {
        match self {
            Self::Kept => figures.lost == 0 && figures.duplicates == 0,
            Self::NoCopies => figures.lost == 0 && figures.copies == 0,
            Self::Broken => figures.duplicates > 0,
        }
    }
}

/// The table of what was done and what came of it.
struct Table {
    good: bool,
    /// When the last row was done.
    last: Instant,
}

impl Table {
    fn row(&mut self, name: &str, figures: &Figures, promise: Promise) {
        println!(
            "{name:<42} {:>7} {:>7} {:>5} {:>11} {:>18} {:>8.1}",
            figures.alerts,
            figures.faults,
            figures.lost,
            figures.copies,
            figures.duplicates,
            self.last.elapsed().as_secs_f32()
        );
        self.last = Instant::now();
        self.good &= promise.holds(figures);
    }
}

/// Runs every experiment and prints what came of it, row by row.
async fn all(runs: u64, seed: u64) -> ExitCode {
    use Promise::{Broken, Kept, NoCopies};
    let few = (runs / 16).max(2);
    let rounds = runs.min(100) / 16 + 2;
    println!(
        "{:<42} {:>7} {:>7} {:>5} {:>11} {:>18} {:>8}",
        "experiment", "alerts", "faults", "lost", "raw copies", "visible duplicates", "seconds"
    );
    let mut table = Table { good: true, last: Instant::now() };
    for (senders, runs) in [(1, runs), (2, few), (4, few)] {
        let figures = experiment::kills(runs, seed + senders as u64 - 1, senders).await;
        let plural = if senders == 1 { "" } else { "s" };
        table.row(&format!("SIGKILL, {senders} sender{plural}, {runs} runs"), &figures, Kept);
    }
    let figures = experiment::drops(few, seed + 2).await;
    table.row("mail server keeps, then drops, 30 %", &figures, Kept);
    table.row("clocks a day ahead and behind, and jumping", &experiment::skewed(few, seed + 8).await, Kept);
    table.row("mail server greylists", &experiment::greylisting(seed + 3).await, Kept);
    table.row("mail server down for six hours", &outage::mail_server_down(seed).await, Kept);
    table.row("mail server hangs after the last byte", &outage::mail_server_hangs(seed).await, Kept);
    table.row("recipient refused, mended, replayed", &outage::recipient_refused(seed).await, Kept);
    let figures = outage::database_crashes(rounds, seed + 6).await;
    table.row(&format!("database crashes, {rounds} times"), &figures, Kept);
    match outage::disk_full(rounds.min(6), seed + 7).await {
        Some(figures) => table.row("database's disk full", &figures, Kept),
        None => println!("database's disk full: NOT TESTED, no small disk can be mounted here (needs root)"),
    }
    table.row("no fault, 4 senders", &experiment::crowd(seed + 4).await, NoCopies);
    let figures = experiment::naive(few, seed + 5).await;
    table.row(&format!("\"send all, mark after\", {few} runs"), &figures, Broken);
    if table.good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
