//! Locks between runs: one writer of a schema at a time, and who it is.

use crate::session::get;
use crate::{Error, Result, Session, Warehouse};
use sha2::{Digest as _, Sha256};
use std::time::{Duration, Instant};
use tokio_postgres::types::Type;

/// A lock held by a session of its own: released when dropped, when the process dies, when the
/// connection breaks.
#[derive(Debug)]
pub struct RunLock {
    session: Session,
    name: String,
}

/// Whether others may hold the lock too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sharing {
    /// Nobody else: a run.
    Alone,
    /// Others that share: readers who want no run meanwhile.
    Shared,
}

/// The name of the lock of a target schema, the same for every run and reader of it.
pub fn schema_lock(database: &str, schema: &str) -> String {
    format!("run in {database}.{schema}")
}

impl RunLock {
    /// Takes the lock `name`, or fails with the holder's description once `patience` is over (zero:
    /// at once). `description` is what others will read, e.g. `dp run 1f3a on host, process 42`; at
    /// most 63 bytes of it are kept. Never waits inside a transaction, which would block
    /// `create index concurrently`.
    pub async fn take(
        warehouse: &Warehouse,
        name: &str,
        sharing: Sharing,
        description: &str,
        patience: Duration,
    ) -> Result<Self> {
        let session = warehouse.session_named(description).await?;
        // A lock that sits idle all through a run must not be ended for it.
        let calm = "select set_config(name, '0', false) from pg_catalog.pg_settings \
                    where name in ('idle_session_timeout', 'statement_timeout')";
        session.query_typed(calm, &[]).await?;
        let begun = Instant::now();
        let mut pause = Duration::from_millis(50);
        loop {
            if try_take(&session, name, sharing).await? {
                return Ok(Self { session, name: name.to_owned() });
            }
            if begun.elapsed() >= patience {
                let holder = holder(&session, name).await?;
                return Err(Error::Locked { what: name.to_owned(), holder });
            }
            tokio::time::sleep(pause.min(patience.saturating_sub(begun.elapsed()))).await;
            pause = (pause * 2).min(Duration::from_secs(1));
        }
    }

    /// Whether it is still held: its connection lives.
    pub fn is_held(&self) -> bool {
        !self.session.is_closed()
    }

    /// Gives it back and waits until it is free.
    pub async fn release(self) -> Result<()> {
        self.session.query_typed("select pg_advisory_unlock_all()", &[]).await?;
        Ok(())
    }

    /// What it locks.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The session that holds it.
    pub(crate) fn into_session(self) -> Session {
        self.session
    }
}

/// The key of a lock: the first eight bytes of its name's hash.
fn key(name: &str) -> i64 {
    let hash = Sha256::digest(format!("data platform: {name}"));
    let mut first = [0; 8];
    first.copy_from_slice(&hash[..8]);
    i64::from_be_bytes(first)
}

async fn try_take(session: &Session, name: &str, sharing: Sharing) -> Result<bool> {
    let sql = match sharing {
        Sharing::Alone => "select pg_try_advisory_lock($1)",
        Sharing::Shared => "select pg_try_advisory_lock_shared($1)",
    };
    let rows = session.query_typed(sql, &[(&key(name), Type::INT8)]).await?;
    rows.first().map_or(Ok(false), |row| get(row, 0))
}

/// Who holds the lock: name in `pg_stat_activity`, process of the server, and since when.
async fn holder(session: &Session, name: &str) -> Result<String> {
    let rows = session.query_typed(include_str!("run_lock/holder.sql"), &[(&key(name), Type::INT8)]).await?;
    let holders = rows.iter().map(|row| get(row, 0)).collect::<Result<Vec<String>>>()?;
    Ok(if holders.is_empty() { "a session that has just ended".to_owned() } else { holders.join("; ") })
}
