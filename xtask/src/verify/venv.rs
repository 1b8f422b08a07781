//! dbt Core in a virtual environment of our own, made on first use.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

/// What is installed: the series of dbt Core that we answer for.
const PACKAGES: [&str; 2] = ["dbt-core>=1.11,<1.12", "dbt-postgres>=1.10,<1.12"];

/// The path of `dbt` in a virtual environment under `folder`, made and filled where it isn't.
pub fn dbt(folder: &Path) -> anyhow::Result<PathBuf> {
    let environment = folder.join("venv");
    let dbt = environment.join("bin/dbt");
    if dbt.exists() {
        return Ok(dbt);
    }
    let python = environment.join("bin/python");
    call(Command::new("python3").args(["-m", "venv"]).arg(&environment))?;
    let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    call(Command::new(python).args(install).args(PACKAGES))?;
    if !dbt.exists() {
        bail!("pip installed dbt-core, but {} is not there", dbt.display());
    }
    Ok(dbt)
}

fn call(command: &mut Command) -> anyhow::Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| format!("failed to start {program}"))?;
    if !output.status.success() {
        let words = String::from_utf8_lossy(&output.stderr);
        let last: Vec<&str> = words.lines().rev().take(5).collect();
        bail!("{program} failed: {}", last.into_iter().rev().collect::<Vec<_>>().join("\n"));
    }
    Ok(())
}
