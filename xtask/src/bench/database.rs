//! A database to measure in, on the workspace's private server.

use crate::workspace;
use anyhow::Context;
use std::path::Path;
use std::process::Command;
use tokio::runtime::Runtime;
use warehouse::embedded::{self, Handle, Keep};
use warehouse::{Environment, Session, Settings, Warehouse};

/// The server, while a benchmark needs it.
pub struct Server {
    handle: Handle,
    runtime: Runtime,
}

impl Server {
    /// Starts it where it doesn't run.
    pub fn open() -> anyhow::Result<Self> {
        let runtime = Runtime::new().context("failed to start the runtime")?;
        let environment: Environment = std::env::vars().collect();
        let handle = runtime.block_on(embedded::start(&workspace::root(), &environment, Keep::WhileUsed))?;
        Ok(Self { handle, runtime })
    }

    /// How to reach a database of that name.
    pub fn settings(&self, database: &str) -> Settings {
        self.handle.tcp_settings().with_dbname(database)
    }

    /// An empty database, or a copy of another; one of that name is dropped first.
    pub fn make(&self, database: &str, template: &str) -> anyhow::Result<()> {
        self.drop(database)?;
        self.run(embedded::NAME, &format!("create database \"{database}\" template \"{template}\""))
    }

    /// Drops a database.
    pub fn drop(&self, database: &str) -> anyhow::Result<()> {
        self.run(embedded::NAME, &format!("drop database if exists \"{database}\" with (force)"))
    }

    /// Runs statements that give no rows.
    pub fn run(&self, database: &str, sql: &str) -> anyhow::Result<()> {
        let settings = self.settings(database);
        self.runtime.block_on(async {
            let session: Session = Warehouse::lazy(settings, 1)?.session().await?;
            session.batch_execute(sql).await.with_context(|| format!("failed to run `{sql}`"))
        })
    }

    /// psql that runs one command line of its own.
    pub fn psql(&self, database: &str, line: &str) -> Command {
        let mut command = self.client(Path::new("psql"), database);
        command.args(["--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", "--command", line]);
        command
    }

    /// A program that finds the database by libpq's variables and by DATABASE_URL.
    pub fn client(&self, program: &Path, database: &str) -> Command {
        let settings = self.settings(database);
        let mut command = Command::new(program);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("DBT_") {
                command.env_remove(name);
            }
        }
        command.env("PGUSER", settings.login()).env("PGDATABASE", settings.database());
        for host in settings.servers() {
            command.env("PGHOST", host.name).env("PGPORT", host.port.to_string());
        }
        if let Some(password) = &settings.password {
            command.env("PGPASSWORD", password.reveal());
        }
        command.env("DATABASE_URL", settings.to_url().reveal());
        command
    }
}
