//! What a pipeline's run came to: the numbers people look for, and the exit code.

use platform_core::{NodeResult, ResourceType, RunResults, Status};
use std::path::PathBuf;
use std::time::Duration;

/// What became of one drop.
#[derive(Clone, Debug, Default)]
pub struct DropSummary {
    /// Business date.
    pub date: String,
    /// Rows loaded.
    pub loaded: u64,
    /// Rows put into quarantine.
    pub quarantined: u64,
    /// Seeds, models and snapshots built.
    pub built: usize,
    /// Tests passed.
    pub passed: usize,
    /// Tests that warn.
    pub warned: usize,
    /// Nodes that failed.
    pub failed: usize,
    /// Nodes that were skipped, since something they need failed.
    pub skipped: usize,
    /// Customers told about.
    pub alerts: i64,
    /// Mails and messages that went out.
    pub sent: usize,
    /// Why nothing was published, if nothing was.
    pub trouble: Option<String>,
}

impl DropSummary {
    /// Counts the results of one command.
    pub fn count(&mut self, results: &RunResults) {
        for result in nodes(results) {
            match result.status {
                Status::Success | Status::NoOp => self.built += 1,
                Status::Pass => self.passed += 1,
                Status::Warn => self.warned += 1,
                Status::Skipped => self.skipped += 1,
                _ => self.failed += 1,
            }
        }
    }
}

/// What became of all drops.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// Drop by drop.
    pub drops: Vec<DropSummary>,
    /// Folders that hold `.eml` files.
    pub mails: Vec<PathBuf>,
    /// The site's first page.
    pub site: Option<PathBuf>,
    /// Messages that could not be delivered.
    pub undelivered: i64,
    /// Seconds.
    pub seconds: f64,
}

impl Summary {
    /// Lines for people.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for drop in &self.drops {
            let mut line = format!(
                "{}  {} rows loaded, {} quarantined; {} built; {} tests passed",
                drop.date,
                ingest::report::grouped(drop.loaded),
                ingest::report::grouped(drop.quarantined),
                drop.built,
                drop.passed,
            );
            if drop.warned > 0 {
                line += &format!(", {} warned", drop.warned);
            }
            if drop.failed > 0 {
                line += &format!(", {} failed", drop.failed);
            }
            if drop.skipped > 0 {
                line += &format!(", {} skipped", drop.skipped);
            }
            line += &match &drop.trouble {
                Some(trouble) => format!("; NOTHING PUBLISHED: {trouble}"),
                None => format!("; {}", alerts(drop.alerts)),
            };
            lines.push(line);
        }
        lines.extend(self.mails.iter().map(|folder| format!("mails  {}", folder.display())));
        lines.extend(
            self.site
                .iter()
                .map(|page| format!("site   {}  (`dp docs serve` for a browser elsewhere)", page.display())),
        );
        if self.undelivered > 0 {
            lines.push(format!(
                "{} messages wait to be delivered: `dp alerts list outbox` shows them",
                self.undelivered
            ));
        }
        lines
    }

    /// Whether anything went wrong.
    pub fn is_clean(&self) -> bool {
        self.undelivered == 0 && self.drops.iter().all(|drop| drop.trouble.is_none())
    }
}

/// The results that people count: hooks only where they failed.
fn nodes(results: &RunResults) -> impl Iterator<Item = &NodeResult> {
    let is_hook = |result: &NodeResult| result.unique_id.resource_type() == Some(ResourceType::Operation);
    results.results.iter().filter(move |result| result.status.is_failure() || !is_hook(result))
}

/// What became of a stage's nodes: `53 passed, 1 warned in 0.8 s`.
pub fn outcome(results: &RunResults, took: Duration) -> String {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for result in nodes(results) {
        let word = match result.status {
            Status::Success => "built",
            Status::NoOp => "unchanged",
            Status::Pass => "passed",
            Status::Warn => "warned",
            Status::Skipped => "skipped",
            Status::Fail | Status::Error | Status::RuntimeError | Status::PartialSuccess => "failed",
        };
        match counts.iter_mut().find(|(known, _)| *known == word) {
            Some((_, count)) => *count += 1,
            None => counts.push((word, 1)),
        }
    }
    let words: Vec<String> = counts.iter().map(|(word, count)| format!("{count} {word}")).collect();
    let words = if words.is_empty() { "nothing to do".to_owned() } else { words.join(", ") };
    format!("{words} in {:.1} s", took.as_secs_f64())
}

fn alerts(count: i64) -> String {
    match count {
        0 => "no balance moved by the rule".to_owned(),
        1 => "1 balance alert".to_owned(),
        count => format!("{count} balance alerts"),
    }
}
