//! One stage of a drop: a verb of `dp`, run in this process with the drop's business date.

use super::options::Pipeline;
use crate::arguments::{self, Global};
use crate::exit::{Exit, Stop};
use crate::invocation::{Environment, Invocation};
use crate::verb;
use chrono::NaiveDate;
use model_graph::counted;
use notifier::letter::Failure;
use platform_core::failing::FailingTests;
use platform_core::{Manifest, RunResults};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// What the stages of one drop share.
pub struct Stages<'a> {
    /// The command's options.
    pub options: &'a Pipeline,
    /// Flags that every verb takes.
    pub global: &'a Global,
    /// The process' environment, the database's address added.
    pub environment: &'a Environment,
    /// The project's folder.
    pub folder: &'a Path,
    /// Where artifacts go.
    pub target: PathBuf,
    /// The business date.
    pub date: NaiveDate,
}

impl Stages<'_> {
    /// Runs a verb. `Ok(false)` is a command that ended with failed nodes, which its results tell of.
    pub fn run(&self, words: &[&str]) -> Result<bool, Stop> {
        let mut line: Vec<OsString> = vec!["dp".into()];
        line.extend(words.iter().map(OsString::from));
        line.extend(["--project-dir".into(), self.folder.into()]);
        line.extend(["--vars".into(), format!("{{as_of: '{}'}}", self.date).into()]);
        if let Some(threads) = self.options.threads {
            line.extend(["--threads".into(), threads.to_string().into()]);
        }
        if !self.options.select.is_empty() && words[0] != "docs" {
            line.push("--select".into());
            line.extend(self.options.select.iter().map(OsString::from));
        }
        let line = arguments::parse(line).map_err(|error| Stop::runtime(error.to_string()))?;
        let given = crate::verb_arguments(&line.verb);
        let mut global = self.global.clone();
        global.place = line.global.place;
        let invocation = Invocation::new(global, line.verb.name(), given, self.environment.clone())?;
        Ok(verb::execute(&invocation, line.verb)? == Exit::Success)
    }

    /// The results of the last verb that wrote any.
    pub fn results(&self) -> Result<RunResults, Stop> {
        let path = self.target.join("run_results.json");
        let unreadable = |source| Stop::File { action: "read", path: path.clone(), source };
        let bytes = std::fs::read(&path).map_err(unreadable)?;
        serde_json::from_slice(&bytes).map_err(|error| unreadable(error.into()))
    }
}

/// What failed, for the mail about it.
pub fn failures(
    results: &RunResults,
    manifest: &Manifest,
    failing: Option<&FailingTests>,
) -> (Vec<Failure>, usize) {
    let failed = results.results.iter().filter(|result| result.is_failure());
    let failures = failed.map(|result| {
        let test = failing.and_then(|failing| failing.find(results, &result.unique_id));
        notifier::pipeline::failure(manifest, result, test)
    });
    let skipped = results.results.iter().filter(|it| it.status == platform_core::Status::Skipped).count();
    (failures.collect(), skipped)
}

/// `2 tests failed: not_null_orders_id and 1 more`.
pub fn in_words(failures: &[Failure]) -> String {
    let name = |failure: &Failure| failure.node.split('.').nth(2).unwrap_or(&failure.node).to_owned();
    match failures {
        [] => "nothing".to_owned(),
        [one] => format!("{} {} failed", one.what, name(one)),
        [first, ..] => format!("{} failed, {} first", counted(failures.len(), "node"), name(first)),
    }
}
