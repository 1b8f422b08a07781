//! The alert stage on its own: the manifest in a target folder, `alerts.yml`, a database.

use anyhow::Context;
use clap::Parser;
use notifier::command::{self, Exit, Project, Verb};
use notifier::{Console, interrupt};
use platform_core::event::{Event, EventSink, Level};
use platform_core::{Manifest, RunResults};
use serde::de::DeserializeOwned;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use warehouse::embedded::{self, Keep};
use warehouse::{Environment, Settings, Warehouse};

/// Alerts: tells people once what moved.
#[derive(Parser)]
#[command(name = "notifier", version)]
struct Arguments {
    /// Folder of the project.
    #[arg(long, default_value = ".", global = true)]
    project_dir: PathBuf,
    /// Folder of manifest.json, run_results.json and failing_tests.json, below the project's.
    #[arg(long, env = "DBT_TARGET_PATH", default_value = "target", global = true)]
    target_path: PathBuf,
    /// The database; the project's own private server by default.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, global = true)]
    url: Option<String>,
    #[command(subcommand)]
    verb: Verb,
}

/// Warnings and errors to stderr; nobody asked for the rest.
struct Stderr;

impl EventSink for Stderr {
    fn send(&self, event: Event) {
        if event.level >= Level::Warn {
            // Nobody can be told that stderr is closed.
            let _ = writeln!(std::io::stderr(), "{}", event.message);
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(problem) => {
            // Help and version go to stdout and are no mistake.
            let _ = problem.print();
            let exit = if problem.use_stderr() { Exit::Usage } else { Exit::Done };
            return ExitCode::from(exit.code());
        }
    };
    match run(arguments).await {
        Ok(exit) => ExitCode::from(exit.code()),
        Err(problem) => {
            let exit = if problem.is::<warehouse::Error>() {
                Exit::Failed
            } else {
                problem.downcast_ref::<notifier::Error>().map_or(Exit::Usage, Exit::of)
            };
            let _ = writeln!(std::io::stderr(), "failed to {problem:#}");
            ExitCode::from(exit.code())
        }
    }
}

async fn run(arguments: Arguments) -> anyhow::Result<Exit> {
    let root = &arguments.project_dir;
    let target = root.join(&arguments.target_path);
    let manifest: Manifest = read(&target.join("manifest.json"))?
        .with_context(|| format!("read {}/manifest.json: write it with `dp parse`", target.display()))?;
    let results: Option<RunResults> = read(&target.join("run_results.json"))?;
    let environment: Environment = std::env::vars().collect();
    let (settings, _server) = match &arguments.url {
        Some(url) => (Settings::from_url(url)?, None),
        None => {
            let server = embedded::start(root, &environment, Keep::WhileUsed).await?;
            (server.settings(), Some(server))
        }
    };
    let warehouse = Warehouse::lazy(settings, 4)?;
    let stop = Arc::new(AtomicBool::new(false));
    if arguments.verb.sends() {
        tokio::spawn(interrupt::wait(stop.clone()));
    }
    let variables = |name: &str| std::env::var(name).ok();
    let project = Project::read(
        root,
        &manifest,
        results.as_ref(),
        &warehouse,
        &variables,
        Console::default(),
        &Stderr,
        &stop,
    )
    .with_failing(read(&target.join("failing_tests.json"))?);
    Ok(command::run(&arguments.verb, &project, &mut std::io::stdout()).await?)
}

/// An artifact; `None` if it isn't there.
fn read<T: DeserializeOwned>(path: &Path) -> anyhow::Result<Option<T>> {
    match std::fs::read(path) {
        Ok(bytes) => {
            let parsed =
                serde_json::from_slice(&bytes).with_context(|| format!("read {}", path.display()))?;
            Ok(Some(parsed))
        }
        Err(problem) if problem.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(problem) => Err(problem).with_context(|| format!("read {}", path.display())),
    }
}
