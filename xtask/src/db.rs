//! `cargo xtask db`: the project's private Postgres, by hand.

use crate::workspace;
use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use std::io::{BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use warehouse::embedded::{Handle, Keep, Running, Server, Status};
use warehouse::{Environment, Settings};

/// Works on the private Postgres of a project.
#[derive(Debug, Args)]
pub struct Db {
    /// The project's folder [default: this workspace]
    #[arg(long, global = true, value_name = "DIR")]
    project_dir: Option<PathBuf>,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Start it, to stay until `stop`
    Start,
    /// Stop it
    Stop {
        /// Even while another process uses it
        #[arg(long)]
        force: bool,
    },
    /// Say whether it runs, where, and how to reach it
    Status,
    /// Print a URL for other programs (it holds the password)
    Url,
    /// Open psql on it; arguments go to psql
    Psql {
        /// For psql
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Stop it and delete all its data
    Reset {
        /// Even while another process uses it
        #[arg(long)]
        force: bool,
        /// Without asking
        #[arg(long, short)]
        yes: bool,
    },
}

/// Does it.
pub fn run(options: &Db) -> anyhow::Result<ExitCode> {
    let environment: Environment = std::env::vars().collect();
    let folder = options.project_dir.clone().unwrap_or_else(workspace::root);
    let server = Server::of_project(&folder, &environment)?.tell(|step| {
        let _ = writeln!(std::io::stderr(), "{step}");
    });
    let mut out = std::io::stdout().lock();
    match &options.action {
        Action::Start => {
            let handle = server.start(Keep::Forever)?;
            report(&mut out, &server, handle.running())?;
        }
        Action::Stop { force } => {
            let stopped = server.stop(*force)?;
            writeln!(out, "{}", if stopped { "stopped" } else { "it was not running" })?;
        }
        Action::Status => return status(&mut out, &server),
        Action::Url => match server.status() {
            Status::Running(running) => {
                writeln!(out, "{}", server.tcp_settings(&running).to_url().reveal())?;
            }
            _ => bail!("the server does not run\nhint: start it with `cargo xtask db start`"),
        },
        Action::Psql { arguments } => {
            drop(out);
            return psql(&server.start(Keep::WhileUsed)?, arguments, &environment);
        }
        Action::Reset { force, yes } => {
            if !yes && !confirmed(server.folder())? {
                bail!("nothing was deleted");
            }
            server.reset(*force)?;
            writeln!(out, "deleted the data in {}", server.folder().display())?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Exit code 3 when it does not run, as `pg_ctl status` has it.
fn status(out: &mut impl Write, server: &Server) -> anyhow::Result<ExitCode> {
    match server.status() {
        Status::Running(running) => {
            report(out, server, &running)?;
            return Ok(ExitCode::SUCCESS);
        }
        Status::Stopped => writeln!(out, "stopped; its data is in {}", server.folder().display())?,
        Status::Absent => writeln!(out, "there is none yet; `cargo xtask db start` makes one")?,
    }
    Ok(ExitCode::from(3))
}

fn report(out: &mut impl Write, server: &Server, running: &Running) -> std::io::Result<()> {
    writeln!(out, "Postgres {} runs as process {}", running.binaries.version, running.pid)?;
    writeln!(out, "  data    {}", server.folder().display())?;
    writeln!(out, "  socket  {} (no password for you)", running.socket.display())?;
    writeln!(out, "  port    127.0.0.1:{} (password: `cargo xtask db url`)", running.port)?;
    writeln!(out, "  look    cargo xtask db psql")
}

fn confirmed(folder: &Path) -> anyhow::Result<bool> {
    if !std::io::stdin().is_terminal() {
        bail!("delete all data in {}? add `--yes` to say so", folder.display());
    }
    write!(std::io::stderr(), "delete all data in {}? [y/N] ", folder.display())?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer)?;
    Ok(answer.trim().eq_ignore_ascii_case("y"))
}

fn psql(handle: &Handle, arguments: &[String], environment: &Environment) -> anyhow::Result<ExitCode> {
    let settings: Settings = handle.settings();
    let beside = handle.running().binaries.folder.join("psql");
    let path = environment.get("PATH").map(String::as_str).unwrap_or_default();
    let on_path =
        path.split(':').map(|folder| Path::new(folder).join("psql")).find(|program| program.is_file());
    let program = on_path.or(beside.is_file().then_some(beside)).context(
        "there is no psql on this machine\nhint: install the Postgres client, or give `cargo xtask db url` to another program",
    )?;
    let mut command = Command::new(program);
    command.args(arguments).env("PGUSER", settings.login()).env("PGDATABASE", settings.database());
    for host in settings.servers() {
        command.env("PGHOST", host.name).env("PGPORT", host.port.to_string());
    }
    if let Some(password) = &settings.password {
        command.env("PGPASSWORD", password.reveal());
    }
    let status = command.status().context("run psql")?;
    Ok(ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)))
}
