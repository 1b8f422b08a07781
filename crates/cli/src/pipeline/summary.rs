//! What a pipeline's run came to: the numbers people look for, and the exit code.

use platform_core::{RunResults, Status};
use std::path::PathBuf;

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
    /// Nodes that failed or were skipped for it.
    pub failed: usize,
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
        for result in &results.results {
            match result.status {
                Status::Success | Status::NoOp => self.built += 1,
                Status::Pass => self.passed += 1,
                Status::Warn => self.warned += 1,
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

fn alerts(count: i64) -> String {
    match count {
        0 => "no balance moved by the rule".to_owned(),
        1 => "1 balance alert".to_owned(),
        count => format!("{count} balance alerts"),
    }
}
