//! `cargo xtask test`: all that must hold before a change is merged, the cheapest first.

use crate::{tidy, workspace};
use anyhow::Context;
use clap::Args;
use std::io::Write;
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

/// Runs the checks and the tests.
#[derive(Debug, Args)]
pub struct Test {
    /// Also the tests that download (Postgres binaries through npm and pip)
    #[arg(long)]
    downloads: bool,
    /// For the test runner: names of tests, or its options
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// Runs one after the other and stops at the first that fails. The runner's own summary is the last
/// thing written.
pub fn run(options: &Test) -> anyhow::Result<ExitCode> {
    let ok = step("format", cargo(&["fmt", "--all", "--check"]))?
        && step(
            "lints",
            cargo(&["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"]),
        )?
        && tidy::run()? == ExitCode::SUCCESS
        && step("tests", tests(options))?;
    Ok(if ok { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// nextest where it is installed, Cargo's own runner elsewhere.
fn tests(options: &Test) -> Command {
    let mut command = if has_nextest() {
        let mut command = cargo(&["nextest", "run", "--workspace", "--no-fail-fast", "--no-tests=pass"]);
        if options.downloads {
            command.args(["--run-ignored", "all"]);
        }
        command
    } else {
        cargo(&["test", "--workspace", "--lib", "--bins", "--tests", "--no-fail-fast"])
    };
    command.args(&options.arguments);
    command
}

fn has_nextest() -> bool {
    let mut version = cargo(&["nextest", "--version"]);
    version.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(workspace::root());
    command
}

fn step(name: &str, mut command: Command) -> anyhow::Result<bool> {
    let mut talk = std::io::stderr();
    writeln!(talk, "── {name}")?;
    let begun = Instant::now();
    let status = command.status().with_context(|| format!("run {}", command.get_program().display()))?;
    if !status.success() {
        writeln!(talk, "{name}: failed after {:.1} s", begun.elapsed().as_secs_f32())?;
    }
    Ok(status.success())
}
