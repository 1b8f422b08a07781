//! Outages: of the mail server, of the database, of the disk below it.

use crate::company::{Company, at, policy, url};
use crate::experiment::{Figures, ends};
use crate::random::Random;
use crate::worker::start;
use notifier::operate::{self, Replay};
use smtp_sink::{Hook, Mode, Options, Sink};
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use warehouse::embedded::{Keep, Running, Server, Tuning};
use warehouse::{Environment, Warehouse};

/// Nobody listens; hours later somebody does.
pub async fn mail_server_down(seed: u64) -> Figures {
    let mut figures = Figures::default();
    let mut company = Company::new(Mode::Well, None, seed).await;
    ends("evaluate", &company, 0).await;
    let port = company.sink.address.port();
    company.sink.close().await;
    for hours in 0..6 {
        ends("send", &company, hours).await;
    }
    figures.faults = company.attempts("deferred").await;
    company.sink = Sink::start_at(Options::default(), port).await.expect("a server");
    ends("send", &company, 7).await;
    figures.add(&company);
    figures
}

/// A server that takes a mail and never answers.
pub async fn mail_server_hangs(seed: u64) -> Figures {
    let mut figures = Figures::default();
    let company = Company::new(Mode::HangAfterData, None, seed).await;
    ends("evaluate", &company, 0).await;
    ends("send-impatiently", &company, 0).await;
    company.sink.set_mode(Mode::Well);
    ends("send", &company, 1).await;
    figures.faults = company.attempts("unknown").await;
    figures.add(&company);
    figures
}

/// A server that doesn't know the recipient, until somebody mends that and replays what died.
pub async fn recipient_refused(seed: u64) -> Figures {
    let mut figures = Figures::default();
    let company = Company::new(Mode::Recipient("ops", "550 5.1.1 no such user"), None, seed).await;
    ends("evaluate", &company, 0).await;
    ends("send", &company, 0).await;
    company.sink.set_mode(Mode::Well);
    ends("send", &company, 1).await;
    figures.faults = company.attempts("rejected").await;
    let settings = policy(1);
    operate::replay(Replay::Dead, false, &settings, &company.warehouse, Some(at(2))).await.expect("replayed");
    ends("send", &company, 3).await;
    figures.add(&company);
    figures
}

/// A server of the database's own, with a company on it whose mails go out slowly.
struct Place {
    server: Server,
    running: Running,
    company: Company,
}

impl Place {
    async fn new(folder: &Path, seed: u64) -> Self {
        let environment: Environment = std::env::vars().collect();
        let server = Server::at(folder, Path::new("pg"), &environment, Tuning::Bulk).expect("a server");
        let running = begin(&server).await;
        let slow: Hook = Arc::new(|step: &str| {
            if step == "mail" {
                std::thread::sleep(Duration::from_millis(120));
            }
        });
        let warehouse = Warehouse::connect(server.settings(&running), 2).await.expect("a pool");
        let address = url(&server.settings(&running));
        let options = Options { hook: Some(slow), seed, ..Options::default() };
        let company = Company::on(warehouse, address, None, options).await;
        Self { server, running, company }
    }

    fn url(&self) -> String {
        url(&self.server.settings(&self.running))
    }

    /// Runs a worker; gives whether it succeeded.
    async fn work(&self, task: &str, hours: i64) -> bool {
        let mut child = start(task, &self.url(), &self.company.sink.url(), hours, "never", 1);
        let status = tokio::task::spawn_blocking(move || child.wait()).await.expect("a thread");
        status.expect("a status").success()
    }

    async fn end(self) -> Company {
        let server = self.server;
        let stopped = tokio::task::spawn_blocking(move || server.stop(true)).await;
        stopped.expect("a thread").expect("stopped");
        self.company
    }
}

async fn begin(server: &Server) -> Running {
    let server = server.clone();
    tokio::task::spawn_blocking(move || server.start(Keep::Forever).expect("a start").running().clone())
        .await
        .expect("a thread")
}

/// The database crashes while mails go out, again and again.
pub async fn database_crashes(times: u64, seed: u64) -> Figures {
    let folder = tempfile::tempdir().expect("a folder");
    let mut place = Place::new(folder.path(), seed).await;
    assert!(place.work("evaluate", 0).await);
    let mut random = Random::new(seed);
    let mut figures = Figures::default();
    for round in 0..times {
        let hours = i64::try_from(round).unwrap_or(0) + 1;
        let mut sender = start("send", &place.url(), &place.company.sink.url(), hours, "never", 1);
        tokio::time::sleep(Duration::from_millis(100 + random.below(500) as u64)).await;
        // What `pg_ctl stop -m immediate` does.
        let _ = Command::new("kill").args(["-QUIT", &place.running.pid.to_string()]).status();
        figures.faults += 1;
        let _ = tokio::task::spawn_blocking(move || sender.wait()).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        place.running = begin(&place.server).await;
    }
    assert!(place.work("send", 40).await, "the last sender failed");
    figures.add(&place.end().await);
    figures
}

/// The database's disk is full while customers are evaluated and mails go out, and has room again. Nothing
/// where no small disk can be mounted.
pub async fn disk_full(times: u64, seed: u64) -> Option<Figures> {
    let disk = Disk::mount()?;
    let mut place = Place::new(disk.folder.path(), seed).await;
    let mut figures = Figures::default();
    for round in 0..=times {
        let hours = i64::try_from(round).unwrap_or(0);
        let full = disk.fill();
        // The log of the database must go on in another file, for which there is no room.
        let session = place.company.warehouse.session().await;
        if let Ok(session) = session {
            let _ = session.batch_execute("select pg_switch_wal()").await;
        }
        let task = if round == 0 { "evaluate" } else { "send" };
        let worked = place.work(task, hours).await;
        figures.faults += usize::from(!worked);
        fs::remove_file(full).expect("room");
        tokio::time::sleep(Duration::from_millis(500)).await;
        place.running = begin(&place.server).await;
        if round == 0 {
            assert!(worked || place.work("evaluate", 0).await, "there is room again");
        }
    }
    assert!(place.work("send", 40).await, "the last sender failed");
    figures.add(&place.end().await);
    Some(figures)
}

/// A disk of its own in memory; gone when dropped.
struct Disk {
    folder: tempfile::TempDir,
}

impl Disk {
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=300m,mode=755", "tmpfs"])
            .arg(folder.path())
            .stderr(Stdio::null())
            .status();
        mounted.is_ok_and(|status| status.success()).then_some(Self { folder })
    }

    /// Writes a file that leaves no room.
    fn fill(&self) -> PathBuf {
        let path = self.folder.path().join("full");
        let mut file = File::create(&path).expect("a file");
        for size in [1_048_576, 4_096, 1] {
            while file.write_all(&vec![b'x'; size]).is_ok() {}
        }
        path
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.folder.path()).status();
    }
}
