//! Says what was compared, and how it went.

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;

use super::record::Record;

/// How many differences of a project are shown.
const SHOWN: usize = 12;

/// The table, line by line.
#[derive(Debug)]
pub struct Report {
    projects: usize,
    differing: usize,
    all: bool,
    peer: &'static str,
}

impl Report {
    /// A table without lines; `all` shows every difference. What dp is held against is called `peer`.
    pub fn new(all: bool, peer: &'static str) -> Self {
        Self { projects: 0, differing: 0, all, peer }
    }

    /// A project that was compared; `took` is dbt Core's time and dp's.
    pub fn compared(
        &mut self,
        project: &str,
        expected: &Record,
        took: [Duration; 2],
        differences: &[String],
    ) -> anyhow::Result<()> {
        self.heading([self.peer, "dp", "differences"])?;
        let verdict = match differences.len() {
            0 => "none".to_owned(),
            count => count.to_string(),
        };
        line(project, expected, [seconds(took[0]), seconds(took[1]), verdict])?;
        let shown = if self.all { differences.len() } else { SHOWN };
        for difference in differences.iter().take(shown) {
            say(&format!("    {difference}"))?;
        }
        if differences.len() > shown {
            say(&format!("    and {} more: --all shows them", differences.len() - shown))?;
        }
        self.differing += usize::from(!differences.is_empty());
        Ok(())
    }

    /// A project whose record was written.
    pub fn written(&mut self, project: &str, record: &Record, took: Duration) -> anyhow::Result<()> {
        self.heading(["dbt Core", "", "exit codes"])?;
        let codes: Vec<String> = record.steps.iter().map(|step| step.exit.to_string()).collect();
        line(project, record, [seconds(took), String::new(), codes.join(" ")])
    }

    /// A project that couldn't be run at all.
    pub fn failed(&mut self, project: &str, problem: &anyhow::Error) -> anyhow::Result<()> {
        self.projects += 1;
        self.differing += 1;
        say(&format!("{project:<24} failed: {problem:#}"))
    }

    /// The last line, and the exit code: 1 where anything differs.
    pub fn close(self, written: bool) -> anyhow::Result<ExitCode> {
        let Self { projects, differing, peer, .. } = self;
        say(&match (differing, written) {
            (0, true) => format!("{projects} records written"),
            (0, false) => format!("{projects} projects, no difference"),
            (failed, true) => format!("{failed} of {projects} projects couldn't be run"),
            (differing, false) => format!("{differing} of {projects} projects differ from {peer}"),
        })?;
        Ok(if differing == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    fn heading(&mut self, last: [&str; 3]) -> anyhow::Result<()> {
        self.projects += 1;
        if self.projects > 1 {
            return Ok(());
        }
        let [first, second, third] = last;
        say(&format!("{:<24} {:>5} {:>9} {first:>12} {second:>9}  {third}", "project", "steps", "relations"))
    }
}

fn line(project: &str, record: &Record, [first, second, third]: [String; 3]) -> anyhow::Result<()> {
    let (steps, relations) = (record.steps.len(), record.relations.len());
    say(&format!("{project:<24} {steps:>5} {relations:>9} {first:>12} {second:>9}  {third}"))
}

/// Says loudly that nothing was compared.
pub fn skipped(problem: &anyhow::Error) -> anyhow::Result<()> {
    say("SKIPPED  dbt Core can't be installed here, so nothing was compared.")?;
    say(&format!("         {problem:#}"))?;
    say("         --recorded compares with what it gave before; --require makes this an error.")
}

fn seconds(took: Duration) -> String {
    format!("{:.1} s", took.as_secs_f64())
}

fn say(line: &str) -> anyhow::Result<()> {
    writeln!(io::stdout(), "{line}").context("failed to write to standard output")
}
