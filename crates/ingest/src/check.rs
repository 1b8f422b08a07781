//! Checks: a file read as a load would read it, without a database.

use crate::csv::flaw::Rejected;
use crate::csv::records::Record;
use crate::feed::Feed;
use crate::load::SHOWN;
use crate::report::{bad_rows, grouped, nothing_left};
use crate::sift::{Refusal, Sink, Stop, Tally, place, sift};
use platform_core::Diagnostic;
use std::path::Path;

/// What a file is.
#[derive(Clone, Debug, Default)]
pub struct CheckReport {
    /// Its columns, in its own order.
    pub columns: Vec<String>,
    /// Its records, as far as they were read.
    pub tally: Tally,
    /// The first of its rejects.
    pub rejected: Vec<Rejected>,
    /// Why a load would refuse it.
    pub problems: Vec<Diagnostic>,
    /// What to know though it would stop nothing.
    pub notes: Vec<Diagnostic>,
}

impl CheckReport {
    /// Whether a load would take the file.
    pub fn is_good(&self) -> bool {
        self.problems.is_empty()
    }

    /// The file in one line: columns and what a load would make of its records.
    pub fn summary(&self) -> String {
        if !self.is_good() {
            return "a load would refuse it".to_owned();
        }
        let Tally { physical, rows, rejected, blank } = self.tally;
        let s = |count: u64| if count == 1 { "" } else { "s" };
        let columns = self.columns.len() as u64;
        format!(
            "{columns} column{}, {} record{} = {} to load + {} to quarantine + {} blank",
            s(columns),
            grouped(physical),
            s(physical),
            grouped(rows),
            grouped(rejected),
            grouped(blank)
        )
    }
}

/// Reads a file as `feed` would; `name` is its path as people know it.
pub fn check(path: &Path, name: &str, feed: &Feed) -> CheckReport {
    let mut looking = Looking { report: CheckReport::default(), count: 0 };
    let sifted = sift(path, name, feed, &mut looking);
    let Looking { mut report, count } = looking;
    if count > feed.max_bad_rows {
        report.problems.extend(bad_rows(name, &feed.table(), &report.rejected, count, 0, feed.max_bad_rows));
    }
    match sifted {
        Ok(sifted) => {
            report.tally = sifted.tally;
            if !feed.allow_empty && count <= feed.max_bad_rows {
                report.problems.extend(nothing_left(name, &sifted.tally));
            }
            report.notes = sifted.notes;
            // Within the limit they stop nothing, but who checks a file wants to see them.
            if count <= feed.max_bad_rows {
                let shown = report.rejected.iter().map(|rejected| {
                    Diagnostic::warning("I010", rejected.flaw.to_string()).at(place(name, rejected))
                });
                report.notes.extend(shown);
            }
        }
        Err(Refusal::Problems(problems)) => report.problems.extend(problems),
        Err(Refusal::Stopped) => {}
    }
    report
}

struct Looking {
    report: CheckReport,
    count: u64,
}

impl Sink for Looking {
    fn begin(&mut self, columns: &[String]) -> Result<(), Stop> {
        self.report.columns = columns.to_vec();
        Ok(())
    }

    fn row(&mut self, _record: &Record<'_>) -> Result<(), Stop> {
        Ok(())
    }

    fn reject(&mut self, rejected: Rejected) -> Result<(), Stop> {
        self.count += 1;
        if self.report.rejected.len() < SHOWN {
            self.report.rejected.push(rejected);
        }
        Ok(())
    }

    fn progress(&mut self, tally: &Tally, _bytes: u64) {
        self.report.tally = *tally;
    }
}
