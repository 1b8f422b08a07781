//! The table that a benchmark prints.

use super::measure::Figure;
use anyhow::Context;
use std::io::Write;

/// The heading line.
pub fn heading(title: &str) -> anyhow::Result<()> {
    line(&format!("{title:<44} {:>9} {:>9}", "seconds", "peak MB"))
}

/// One figure.
pub fn figure(what: &str, figure: &Figure) -> anyhow::Result<()> {
    let peak = figure.peak.map_or_else(|| "-".to_owned(), |bytes| (bytes / 1_000_000).to_string());
    line(&format!("{what:<44} {:>9.3} {peak:>9}", figure.seconds))
}

/// Something said between figures.
pub fn line(text: &str) -> anyhow::Result<()> {
    writeln!(std::io::stdout(), "{text}").context("failed to write")
}
