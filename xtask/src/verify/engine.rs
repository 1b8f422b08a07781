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
    /// A flag that commands with tests are given.
    of_tests: Option<&'static str>,
}

/// dbt Core at a path.
pub fn dbt(program: &Path) -> Engine {
    Engine { name: "dbt", program: program.to_path_buf(), of_tests: None }
}

/// `dp` at a path, else built from this source.
pub fn dp(path: Option<&Path>, place: &Place) -> anyhow::Result<Engine> {
    if let Some(path) = path {
        let program = path.canonicalize().with_context(|| format!("failed to find {}", path.display()))?;
        return Ok(Engine { name: "dp", program, of_tests: None });
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
    Ok(Engine { name: "dp", program, of_tests: None })
}

impl Engine {
    /// The same, and each test runs by itself.
    pub fn alone(&self) -> Self {
        Self { name: "dp-alone", of_tests: Some("--no-fuse"), ..self.clone() }
    }

    /// Runs one command in a project's copy and waits for it.
    pub fn call(&self, words: &[String], project: &Path, profiles: &Path) -> anyhow::Result<Output> {
        let mut command = Command::new(&self.program);
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy().into_owned();
            if name.starts_with("DBT_") || name.starts_with("PG") || name == "DATABASE_URL" {
                command.env_remove(name);
            }
        }
        let has_tests = words.first().is_some_and(|verb| runs_tests(verb));
        command
            .args(words)
            .args(self.of_tests.filter(|_| has_tests))
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

/// Whether a verb runs tests.
pub fn runs_tests(verb: &str) -> bool {
    matches!(verb, "build" | "test")
}
