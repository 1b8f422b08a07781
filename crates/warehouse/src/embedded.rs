//! The embedded server: a private Postgres for a project, with nothing to set up.
//!
//! A [`Server`] belongs to a project folder. [`Server::start`] reuses the running one (a few
//! milliseconds), starts the existing cluster (a third of a second) or makes it (some seconds). Every
//! [`Handle`] holds a shared file lock, which the system releases even for a killed process; the one
//! that finds no other stops the server.

mod cluster;
mod error;
mod fetch;
mod finder;
mod owner;
mod place;
mod process;
mod state;
mod step;
mod tuning;

pub use error::Error;
pub use finder::Binaries;
pub use state::Running;
pub use step::Step;
pub use tuning::Tuning;

use crate::Settings;
use crate::settings::{Environment, Host};
use owner::Owner;
use place::Place;
use std::fs::File;
use std::path::{Path, PathBuf};

type Result<T> = std::result::Result<T, Error>;

/// The role and the database of every embedded server.
pub const NAME: &str = "platform";

/// A project's server, running or not.
#[derive(Clone, Debug)]
pub struct Server {
    place: Place,
    owner: Option<Owner>,
    environment: Environment,
    tuning: Tuning,
    listener: step::Listener,
}

/// Whether the last user's leaving stops the server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keep {
    /// It stops when nobody uses it, unless it was started to stay.
    #[default]
    WhileUsed,
    /// It stays until `db stop`.
    Forever,
}

/// What a server is doing.
#[derive(Clone, Debug)]
pub enum Status {
    /// There is no cluster yet.
    Absent,
    /// There is a cluster, and no server on it.
    Stopped,
    /// It runs.
    Running(Running),
}

impl Server {
    /// The server of the project in `folder`; starts nothing. `environment` gives `PATH`, `PGBIN`,
    /// `HOME` and the like.
    pub fn of_project(folder: &Path, environment: &Environment) -> Result<Self> {
        Self::at(folder, Path::new(".platform/pg"), environment, Tuning::Bulk)
    }

    /// A server kept in `inside` of `folder`, or, when the unprivileged user cannot enter that
    /// folder, in a place of the system named after it.
    pub fn at(folder: &Path, inside: &Path, environment: &Environment, tuning: Tuning) -> Result<Self> {
        let (place, owner) = Place::choose(folder, inside)?;
        let listener = step::Listener::default();
        Ok(Self { place, owner, environment: environment.clone(), tuning, listener })
    }

    /// The same, telling `listener` of each part of a start that takes a while.
    #[must_use]
    pub fn tell(mut self, listener: impl Fn(Step) + Send + Sync + 'static) -> Self {
        self.listener = step::Listener(Some(std::sync::Arc::new(listener)));
        self
    }

    /// Uses the server, starting it where needed. Blocks: from async code, call [`start`].
    pub fn start(&self, keep: Keep) -> Result<Handle> {
        self.place.make(self.owner.as_ref())?;
        let users = place::open_lock(&self.place.users())?;
        users.lock_shared().map_err(Error::io("lock", self.place.users()))?;
        let (running, fresh) = match self.running() {
            Some(running) => (running, false),
            None => self.start_alone()?,
        };
        if keep == Keep::Forever {
            place::write(&self.place.keep(), "", 0o644)?;
        }
        Ok(Handle { users: Some(users), server: self.clone(), running, fresh })
    }

    /// Starts the server while holding the lock against other starters; tells whether it was we.
    fn start_alone(&self) -> Result<(Running, bool)> {
        let starter = place::open_lock(&self.place.starter())?;
        starter.lock().map_err(Error::io("lock", self.place.starter()))?;
        if let Some(running) = self.running() {
            return Ok((running, false));
        }
        process::clear_remains(&self.place)?;
        let binaries = self.binaries()?;
        let fresh = cluster::version(&self.place)?.is_none();
        self.listener.hear(if fresh { Step::Making } else { Step::Starting });
        cluster::prepare(&self.place, self.owner.as_ref(), &binaries, self.tuning)?;
        let running = process::launch(&self.place, self.owner.as_ref(), &binaries)?;
        running.write(&self.place)?;
        Ok((running, true))
    }

    /// The binaries to use: those of the last start, else found, else fetched.
    fn binaries(&self) -> Result<Binaries> {
        let wanted = cluster::version(&self.place)?;
        if let Some(known) = state::last(&self.place).map(|last| last.binaries)
            && known.still_there()
            && wanted.is_none_or(|wanted| wanted == known.major)
        {
            return Ok(known);
        }
        let cache = place::cache(&self.environment, self.owner.as_ref());
        let found = finder::find(&self.environment, &cache);
        if let Some(best) = finder::choose(&found, wanted) {
            return Ok(best);
        }
        let fetched = fetch::fetch(&self.environment, &cache, wanted, &|step| self.listener.hear(step));
        match (fetched, wanted) {
            (Err(Error::NoBinaries { .. }), Some(cluster)) if !found.is_empty() => {
                let found = found.iter().map(|binaries| binaries.version.clone()).collect();
                Err(Error::OtherVersion { cluster, found, folder: self.place.root.clone() })
            }
            (fetched, _) => fetched,
        }
    }

    /// The running server, if it is one and answers.
    fn running(&self) -> Option<Running> {
        state::last(&self.place).filter(|last| process::answers(&self.place, last))
    }

    /// What it is doing.
    pub fn status(&self) -> Status {
        match self.running() {
            Some(running) => Status::Running(running),
            None if self.place.data().join("PG_VERSION").exists() => Status::Stopped,
            None => Status::Absent,
        }
    }

    /// Stops it; tells whether it ran. With users, only by force.
    pub fn stop(&self, force: bool) -> Result<bool> {
        if !self.place.root.exists() {
            return Ok(false);
        }
        let users = place::open_lock(&self.place.users())?;
        if users.try_lock().is_err() && !force {
            return Err(Error::InUse { folder: self.place.root.clone() });
        }
        let _ = std::fs::remove_file(self.place.keep());
        let starter = place::open_lock(&self.place.starter())?;
        starter.lock().map_err(Error::io("lock", self.place.starter()))?;
        process::stop(&self.place)
    }

    /// Stops it and deletes the cluster with everything in it.
    pub fn reset(&self, force: bool) -> Result<()> {
        self.stop(force)?;
        match std::fs::remove_dir_all(self.place.data()) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(Error::io("delete", self.place.data())(error))
            }
            _ => Ok(()),
        }
    }

    /// The folder with the cluster, its log and its password.
    pub fn folder(&self) -> &Path {
        &self.place.root
    }

    /// How to connect to the running server.
    pub fn settings(&self, running: &Running) -> Settings {
        Settings {
            hosts: vec![Host::new(running.socket.to_string_lossy(), running.port)],
            user: Some(NAME.to_owned()),
            dbname: Some(NAME.to_owned()),
            password: cluster::password(&self.place),
            ..Settings::default()
        }
    }

    /// How another program connects: by TCP on the loopback, with the password.
    pub fn tcp_settings(&self, running: &Running) -> Settings {
        Settings {
            hosts: vec![Host::new("127.0.0.1", running.port)],
            sslmode: crate::settings::SslMode::Disable,
            ..self.settings(running)
        }
    }

    /// Stops the server if this was its last user.
    fn leave(&self, users: File) {
        drop(users);
        if self.place.keep().exists() {
            return;
        }
        if let Ok(users) = place::open_lock(&self.place.users())
            && users.try_lock().is_ok()
        {
            // Nobody waits for the answer; the next start copes with whatever is left.
            let _ = process::stop(&self.place);
        }
    }

    /// Notes in the time of the users' file that somebody uses the server now.
    pub(crate) fn touch_users(&self) {
        if let Ok(file) = place::open_lock(&self.place.users()) {
            let _ = file.set_modified(std::time::SystemTime::now());
        }
    }

    /// Runs a program as the server's user, in the server's folder.
    pub(crate) fn command(&self, program: &str) -> std::process::Command {
        let mut command = std::process::Command::new(program);
        command.current_dir(&self.place.root);
        if let Some(owner) = &self.owner {
            owner.run(&mut command);
        }
        command
    }
}

/// A use of the server. Dropping the last one stops it (a fifth of a second, blocking).
#[derive(Debug)]
pub struct Handle {
    users: Option<File>,
    server: Server,
    running: Running,
    fresh: bool,
}

impl Handle {
    /// How to connect.
    pub fn settings(&self) -> Settings {
        self.server.settings(&self.running)
    }

    /// How another program connects.
    pub fn tcp_settings(&self) -> Settings {
        self.server.tcp_settings(&self.running)
    }

    /// The server in use.
    pub fn running(&self) -> &Running {
        &self.running
    }

    /// Whether this very use started it.
    pub fn fresh(&self) -> bool {
        self.fresh
    }

    /// The folder with the cluster, its log and its password.
    pub fn folder(&self) -> PathBuf {
        self.server.place.root.clone()
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        if let Some(users) = self.users.take() {
            self.server.leave(users);
        }
    }
}

/// Uses the server of the project in `folder`, starting it where needed.
pub async fn start(folder: &Path, environment: &Environment, keep: Keep) -> crate::Result<Handle> {
    let server = Server::of_project(folder, environment)?;
    let started = tokio::task::spawn_blocking(move || server.start(keep)).await;
    match started {
        Ok(handle) => Ok(handle?),
        Err(_) => Err(Error::Interrupted.into()),
    }
}
