//! The warehouse: a pool of sessions, cheap to clone.

use crate::secret::Scrubber;
use crate::session::{Session, Shared};
use crate::settings::Settings;
use crate::{Error, Result, connect};
use deadpool::managed::{self, Metrics, RecycleError, RecycleResult};
use std::sync::Arc;
use std::time::Duration;

/// How long to wait for a pooled session: longer than any short use of one.
const POOL_WAIT: Duration = Duration::from_mins(1);

/// A Postgres database: makes sessions, and keeps some for short use.
#[derive(Clone)]
pub struct Warehouse {
    pool: managed::Pool<Connector>,
    connector: Connector,
}

impl std::fmt::Debug for Warehouse {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Warehouse").field("target", &self.connector.shared.target).finish_non_exhaustive()
    }
}

/// Opens sessions for the pool and for runs.
#[derive(Clone, Debug)]
struct Connector {
    settings: Arc<Settings>,
    shared: Arc<Shared>,
}

impl Connector {
    async fn open(&self) -> Result<Session> {
        let opened = connect::open(&self.settings, &self.shared.scrub).await?;
        Ok(Session::new(opened, self.shared.clone()))
    }
}

impl managed::Manager for Connector {
    type Type = Session;
    type Error = Error;

    async fn create(&self) -> Result<Session> {
        self.open().await
    }

    async fn recycle(&self, session: &mut Session, _: &Metrics) -> RecycleResult<Error> {
        if session.is_closed() {
            return Err(RecycleError::message("closed"));
        }
        Ok(session.rollback().await?)
    }
}

/// A session lent by the pool; given back when dropped, rolled back before its next use.
pub struct PooledSession(managed::Object<Connector>);

impl std::ops::Deref for PooledSession {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.0
    }
}

impl Warehouse {
    /// Connects: opens one session to know that it works, and keeps it in a pool of at most
    /// `pool_size`.
    pub async fn connect(settings: Settings, pool_size: usize) -> Result<Self> {
        let warehouse = Self::lazy(settings, pool_size)?;
        drop(warehouse.get().await?);
        Ok(warehouse)
    }

    /// The same without a first connection: for commands that may never need the database.
    pub fn lazy(settings: Settings, pool_size: usize) -> Result<Self> {
        let public = [settings.login(), settings.database(), "postgres"];
        let scrub = Scrubber::new(settings.password.as_ref(), &public);
        let shared = Shared { target: settings.target(), scrub, ..Shared::default() };
        let connector = Connector { settings: Arc::new(settings), shared: Arc::new(shared) };
        let pool = managed::Pool::builder(connector.clone())
            .max_size(pool_size.max(1))
            .runtime(deadpool::Runtime::Tokio1)
            .wait_timeout(Some(POOL_WAIT))
            .build()
            .map_err(|error| Error::Settings { problem: error.to_string() })?;
        Ok(Self { pool, connector })
    }

    /// A session of one's own, for a run's thread: nobody else gets it, and it closes when dropped. One that lies idle
    /// in the pool is taken, so that a run of `n` threads needs no more than `n` connections.
    pub async fn session(&self) -> Result<Session> {
        if self.pool.status().available > 0 {
            let now = managed::Timeouts { wait: Some(Duration::ZERO), ..self.pool.timeouts() };
            if let Ok(idle) = self.pool.timeout_get(&now).await {
                return Ok(managed::Object::take(idle));
            }
        }
        self.connector.open().await
    }

    /// A session of one's own under that name in `pg_stat_activity` (63 bytes are kept).
    pub async fn session_named(&self, application_name: &str) -> Result<Session> {
        let settings = self.connector.settings.with_application_name(application_name);
        let connector = Connector { settings: Arc::new(settings), ..self.connector.clone() };
        connector.open().await
    }

    /// A session from the pool, for short use.
    pub async fn get(&self) -> Result<PooledSession> {
        self.pool.get().await.map(PooledSession).map_err(|error| match error {
            managed::PoolError::Backend(error) => error,
            _ => Error::PoolTimeout { size: self.pool.status().max_size, seconds: POOL_WAIT.as_secs() },
        })
    }

    /// How it connects.
    pub fn settings(&self) -> &Settings {
        &self.connector.settings
    }

    /// The database's name.
    pub fn database(&self) -> &str {
        self.connector.settings.database()
    }

    /// Closes the pool; sessions of one's own stay.
    pub fn close(&self) {
        self.pool.close();
    }
}
