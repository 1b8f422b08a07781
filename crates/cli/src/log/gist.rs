//! The terminal of a command that runs many others: what is going on in one moving line, results that matter below
//! each other, and nothing of what went as it should.

use indicatif::{ProgressBar, ProgressFinish, ProgressStyle};
use platform_core::Event;
use platform_core::event::Level;
use std::io::IsTerminal as _;
use std::time::Duration;

/// How often the line moves.
const BEAT: Duration = Duration::from_millis(120);

/// Events of a stage that say what its summary says too.
const IN_THE_SUMMARY: [&str; 9] = [
    "MainReportVersion",
    "AdapterRegistered",
    "FoundStats",
    "ConcurrencyLine",
    "StatsLine",
    "Formatting",
    "FinishedRunningStats",
    "LogHookStartLine",
    "LogHookEndLine",
];

/// The moving line.
pub(super) struct Gist {
    bar: ProgressBar,
}

impl Gist {
    /// A line on a terminal; off one, nothing moves.
    pub fn new() -> Self {
        if !std::io::stdout().is_terminal() {
            return Self { bar: ProgressBar::hidden() };
        }
        let bar = ProgressBar::new_spinner().with_finish(ProgressFinish::AndClear);
        if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg}") {
            bar.set_style(style);
        }
        Self { bar }
    }

    /// Whether the event is told by the moving line, or need not be told.
    pub fn swallows(&self, event: &Event) -> bool {
        let fact = |key: &str| event.data.get(key).and_then(serde_json::Value::as_u64).unwrap_or_default();
        match event.name.as_str() {
            "LogStartLine" => {
                let what = event.data.get("description").and_then(serde_json::Value::as_str);
                let what = what.unwrap_or_default();
                // It moves from the first node on.
                self.bar.enable_steady_tick(BEAT);
                self.bar.set_message(format!("{} of {}  {what}", fact("index"), fact("total")));
                true
            }
            "LogTestResult" => event.level == Level::Info,
            name => event.level == Level::Info && IN_THE_SUMMARY.contains(&name),
        }
    }

    /// Writes above the moving line.
    pub fn write(&self, write: impl FnOnce()) {
        self.bar.suspend(write);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_what_people_must_see() {
        let gist = Gist { bar: ProgressBar::hidden() };
        let swallows = |level, name| gist.swallows(&Event::new(level, name, "text"));
        assert!(swallows(Level::Info, "LogTestResult"));
        assert!(swallows(Level::Info, "LogStartLine"));
        assert!(!swallows(Level::Error, "LogTestResult"));
        assert!(!swallows(Level::Warn, "LogTestResult"));
        assert!(!swallows(Level::Info, "LogModelResult"));
        assert!(!swallows(Level::Error, "StatsLine"));
    }
}
