//! The two engines, called as programs.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, bail};

use super::place::Place;

/// A program with dbt's command line.
#[derive(Debug, Clone)]
pub struct Engine {
    /// `dbt` or `dp`: names folders and databases.
    pub name: &'static str,
    program: PathBuf,
}

/// dbt Core at a path.
pub fn dbt(program: &Path) -> Engine {
    Engine { name: "dbt", program: program.to_path_buf() }
}

/// `dp` at a path, else built from this source.
pub fn dp(path: Option<&Path>, place: &Place) -> anyhow::Result<Engine> {
    if let Some(path) = path {
        let program = path.canonicalize().with_context(|| format!("failed to find {}", path.display()))?;
        return Ok(Engine { name: "dp", program });
    }
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(["build", "--quiet", "--package", "platform-cli", "--bin", "dp"])
        .current_dir(&place.root)
        .status()
        .context("failed to start cargo")?;
    let here = std::env::current_exe().context("failed to find the running program")?;
    let program = here.with_file_name("dp");
    if !status.success() || !program.exists() {
        bail!("failed to build dp\nhint: --dp names one that is built");
    }
    Ok(Engine { name: "dp", program })
}

impl Engine {
    /// Runs one command in a project's copy and waits for it.
    pub fn call(&self, words: &[String], project: &Path, profiles: &Path) -> anyhow::Result<Output> {
        let mut command = Command::new(&self.program);
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy().into_owned();
            if name.starts_with("DBT_") || name.starts_with("PG") || name == "DATABASE_URL" {
                command.env_remove(name);
            }
        }
        command
            .args(words)
            .arg("--project-dir")
            .arg(project)
            .arg("--profiles-dir")
            .arg(profiles)
            .env("DBT_SEND_ANONYMOUS_USAGE_STATS", "false")
            .env("DBT_USE_COLORS", "false")
            .env("FIXTURE_ENV", "from the environment")
            .env("NO_COLOR", "1")
            .current_dir(project)
            .output()
            .with_context(|| format!("failed to start {}", self.program.display()))
    }
}
