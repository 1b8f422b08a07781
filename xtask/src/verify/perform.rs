//! Performs the steps of a project under an engine.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Output;

use anyhow::{Context, bail};
use warehouse::Session;

use super::artifacts;
use super::engine::Engine;
use super::place::copy_tree;
use super::record::StepRecord;
use super::steps::Step;

/// Takes one step; gives a record where it was a command.
pub async fn take(
    step: &Step,
    [engine, loader]: [Option<&Engine>; 2],
    copy: &Path,
    profiles: &Path,
    session: &Session,
) -> anyhow::Result<Option<StepRecord>> {
    match step {
        Step::Sql(sql) => {
            session.run(sql).await.with_context(|| format!("failed to run `{sql}`"))?;
            Ok(None)
        }
        Step::Write { file, text } => {
            let path = copy.join(file);
            fs::write(&path, text).with_context(|| format!("failed to write {}", path.display()))?;
            Ok(None)
        }
        Step::Keep(name) => {
            copy_tree(&copy.join("target"), &copy.join(name))?;
            Ok(None)
        }
        Step::Load(date) => {
            let loader = loader.context("loading a drop needs dp")?;
            let output = loader.call(&["load", "--drop", date].map(str::to_owned), copy, profiles)?;
            if !output.status.success() {
                let words = String::from_utf8_lossy(&output.stderr).into_owned();
                bail!("failed to load the drop of {date}: {words}");
            }
            Ok(None)
        }
        Step::Command { line, words } => {
            let target = copy.join("target");
            let before = artifacts::before(&target);
            let output = engine.context("a command needs an engine")?.call(words, copy, profiles)?;
            keep_output(line, &output, &copy.with_file_name("output.txt"))?;
            Ok(Some(StepRecord {
                command: line.clone(),
                exit: output.status.code().unwrap_or(-1),
                results: artifacts::results(&target, &before)?,
                output: if words.iter().any(|word| word == "--quiet") { data(&output) } else { Vec::new() },
            }))
        }
    }
}

/// The lines of standard output that are data: what an engine says of an error are its own words.
fn data(output: &Output) -> Vec<String> {
    if !output.status.success() {
        return Vec::new();
    }
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().map(|line| line.trim_end().to_owned()).collect()
}

/// Adds what a command said to a file, for people to read.
fn keep_output(line: &str, output: &Output, path: &Path) -> anyhow::Result<()> {
    let context = || format!("failed to write {}", path.display());
    let mut file = fs::OpenOptions::new().create(true).append(true).open(path).with_context(context)?;
    let heading = format!("\n$ {line}\n");
    let parts = [heading.as_bytes(), &output.stdout, &output.stderr];
    file.write_all(&parts.concat()).with_context(context)
}
