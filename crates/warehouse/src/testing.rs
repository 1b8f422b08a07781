//! Databases for tests: a fresh one for each, on one embedded server for the whole workspace.
//!
//! The server is started by the first test that wants a database, shared by all test processes, and
//! stopped by a watcher some minutes after the last of them.

use crate::embedded::{Keep, Running, Server, Tuning};
use crate::{Environment, Result, Settings, Warehouse};
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// An empty database of its own, dropped at the end.
#[derive(Debug)]
pub struct TestDatabase {
    /// How to connect to it (socket; see [`TestDatabase::tcp_settings`] for other programs).
    pub settings: Settings,
    tcp_settings: Settings,
    admin: Settings,
}

/// A fresh, empty database. Fails where no server can be had, saying what to do: a test never skips.
pub async fn database() -> Result<TestDatabase> {
    let server = shared_server()?;
    let mut attempt = 0;
    loop {
        let starter = server.clone();
        let started = tokio::task::spawn_blocking(move || use_server(&starter)).await;
        let Ok(started) = started else { return Err(crate::embedded::Error::Interrupted.into()) };
        let (running, fresh) = started?;
        if fresh {
            // What cannot be cleared now does no harm.
            let _ = drop_left_behind(&server.settings(&running)).await;
        }
        match create(&server, &running).await {
            // The watcher stopped it in this very moment.
            Err(_) if attempt < 3 => attempt += 1,
            result => return result,
        }
    }
}

/// A pool on a fresh database; keep the database until the end of the test.
pub async fn warehouse() -> Result<(Warehouse, TestDatabase)> {
    let database = database().await?;
    Ok((database.connect().await?, database))
}

impl TestDatabase {
    /// Connects with a small pool.
    pub async fn connect(&self) -> Result<Warehouse> {
        Warehouse::connect(self.settings.clone(), 4).await
    }

    /// How another program (dbt, psql) connects.
    pub fn tcp_settings(&self) -> &Settings {
        &self.tcp_settings
    }

    /// The database's name.
    pub fn name(&self) -> &str {
        self.settings.database()
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let (admin, name) = (self.admin.clone(), self.name().to_owned());
        // Drop may run inside a runtime, where this thread cannot block on another.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            if let Ok(runtime) = runtime {
                // A database that stays is dropped at the server's next start.
                let _ = runtime.block_on(async {
                    let session = Warehouse::lazy(admin, 1)?.session().await?;
                    session.batch_execute(&format!("drop database if exists {name} with (force)")).await
                });
            }
        });
        let _ = dropped.join();
    }
}

/// The workspace's test server, kept in its target folder.
fn shared_server() -> Result<Server> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let environment: Environment = std::env::vars().collect();
    Ok(Server::at(&workspace, Path::new("target/test-postgres"), &environment, Tuning::Tests)?)
}

/// Uses the server without a handle: the watcher stops it, not we.
fn use_server(server: &Server) -> Result<(Running, bool)> {
    server.touch_users();
    let handle = server.start(Keep::Forever)?;
    if handle.fresh() {
        watch(server, handle.running());
    }
    Ok((handle.running().clone(), handle.fresh()))
}

/// Drops the databases of tests that were killed.
async fn drop_left_behind(admin: &Settings) -> Result<()> {
    let session = Warehouse::lazy(admin.clone(), 1)?.session().await?;
    let sql = "select datname::text, split_part(datname::text, '_', 2)::int \
               from pg_catalog.pg_database where datname ~ '^test_[0-9]+_[0-9]+$'";
    for row in session.query(sql, &[]).await? {
        let (name, process): (String, i32) = (crate::get(&row, 0)?, crate::get(&row, 1)?);
        if nix::sys::signal::kill(nix::unistd::Pid::from_raw(process), None).is_err() {
            session.batch_execute(&format!("drop database if exists {name} with (force)")).await?;
        }
    }
    Ok(())
}

/// A shell that stops the server when no test has used it for some minutes: it outlives the tests,
/// and needs nothing that a machine with Postgres has not.
fn watch(server: &Server, running: &Running) {
    let script = format!(
        "trap '' HUP INT; while kill -0 {pid} 2>/dev/null; do sleep 20; \
         [ -n \"$(find users.lock -mmin -5)\" ] || kill -INT {pid}; done",
        pid = running.pid
    );
    let mut command = server.command("/bin/sh");
    command.arg("-c").arg(script).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    // Without a watcher the server stays until the machine stops: no reason to fail a test.
    let _ = command.spawn();
}

async fn create(server: &Server, running: &Running) -> Result<TestDatabase> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("test_{}_{number}", std::process::id());
    let admin = Settings { retries: 0, ..server.settings(running) };
    let session = Warehouse::lazy(admin.clone(), 1)?.session().await?;
    session.batch_execute(&format!("drop database if exists {name} with (force)")).await?;
    session.batch_execute(&format!("create database {name} template template0")).await?;
    keep_awake(server);
    let settings = Settings { application_name: Some(test_name()), ..admin.with_dbname(&name) };
    let tcp_settings = server.tcp_settings(running).with_dbname(&name);
    Ok(TestDatabase { settings, tcp_settings, admin })
}

/// A long test is a use of the server as long as its process lives.
fn keep_awake(server: &Server) {
    static ONCE: std::sync::Once = std::sync::Once::new();
    let server = server.clone();
    ONCE.call_once(|| {
        std::thread::spawn(move || {
            loop {
                std::thread::sleep(Duration::from_mins(1));
                server.touch_users();
            }
        });
    });
}

fn test_name() -> String {
    std::thread::current().name().unwrap_or("test").to_owned()
}
