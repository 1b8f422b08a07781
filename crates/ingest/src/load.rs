//! Loading a drop: every table beside first, then all of them at once.

mod loading;
mod staged;

mod fill;
mod rows;

mod apply;
mod place;
mod quarantine;
mod swap;
mod table;

use crate::Result;
use crate::drop::Drop;
use crate::ledger::Sameness;
use crate::report::{LoadReport, Outcome};
use chrono::{DateTime, Utc};
use loading::Loading;
use platform_core::event::Level;
use platform_core::{Event, EventSink};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};
use warehouse::{RunLock, Session, Sharing, Warehouse, migrate};

pub use quarantine::{SHOWN, relation as rejected_relation};

/// What every load of one command shares.
#[derive(Clone)]
pub struct Context {
    /// The run's uuid, for the ledger.
    pub run: Option<String>,
    /// The time that rows are stamped with.
    pub now: DateTime<Utc>,
    /// Where to say what happens.
    pub events: Arc<dyn EventSink>,
    /// Set once the command was interrupted.
    pub cancelled: Arc<AtomicBool>,
    /// Connections that copy a large file.
    pub connections: usize,
    /// How to tell that a file was loaded before.
    pub sameness: Sameness,
    /// Load what was loaded before.
    pub again: bool,
    /// How long to wait for another loader.
    pub patience: Duration,
    /// How long to wait for readers of a table before its rows are replaced and not the table.
    pub readers: Duration,
}

impl Context {
    /// Two to four connections by the machine's cores, content decides sameness, another loader is not waited for.
    pub fn new(now: DateTime<Utc>, events: Arc<dyn EventSink>) -> Self {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        Self {
            run: None,
            now,
            events,
            cancelled: Arc::default(),
            connections: cores.clamp(2, 4),
            sameness: Sameness::Content,
            again: false,
            patience: Duration::ZERO,
            readers: Duration::from_secs(30),
        }
    }

    fn say(&self, level: Level, name: &str, message: String) {
        self.events.send(Event::new(level, name, message));
    }
}

/// The name of a relation beside another, which fits into Postgres's 63 bytes.
fn beside(name: &str, suffix: &str) -> String {
    if name.len() + suffix.len() <= 63 {
        return format!("{name}{suffix}");
    }
    let hash = hex::encode(&Sha256::digest(name)[..4]);
    let end = name.floor_char_boundary(63 - suffix.len() - hash.len() - 1);
    format!("{}_{hash}{suffix}", &name[..end])
}

/// A load may take as long as it takes, whatever the role's settings are.
async fn unhurried(session: &Session) -> warehouse::Result<()> {
    session
        .batch_execute(
            "set statement_timeout to 0; set lock_timeout to 0; set idle_in_transaction_session_timeout to 0",
        )
        .await
}

/// Loads a drop: all its tables or none.
///
/// Whatever is wrong with the files is in the report; the tables then are as they were.
pub async fn load(drop: &Drop, warehouse: &Warehouse, context: &Context) -> Result<LoadReport> {
    let begun = Instant::now();
    let mut report = LoadReport {
        date: drop.date,
        outcome: Outcome::Refused,
        tables: Vec::new(),
        problems: drop.problems.clone(),
        seconds: 0.0,
    };
    if report.problems.is_empty() {
        let lock = take_lock(warehouse, context).await?;
        migrate(warehouse, &migrate::PLATFORM).await?;
        let session = warehouse.session_named("data platform load").await?;
        unhurried(&session).await?;
        let loading = Loading { drop, warehouse, context, session };
        loading.load(&mut report).await?;
        lock.release().await?;
    }
    report.seconds = begun.elapsed().as_secs_f64();
    Ok(report)
}

async fn take_lock(warehouse: &Warehouse, context: &Context) -> Result<RunLock> {
    let name = format!("loads into {}", warehouse.database());
    let run =
        context.run.as_deref().map(|run| format!(" {}", run.get(..8).unwrap_or(run))).unwrap_or_default();
    let description = format!("dp load{run}, process {}", std::process::id());
    Ok(RunLock::take(warehouse, &name, Sharing::Alone, &description, context.patience).await?)
}
