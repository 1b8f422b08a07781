//! Filling: one file into the table beside, over several connections.
//!
//! One thread reads the file from its first byte to its last, since only that tells for sure where quotes open and close,
//! and encodes rows into chunks that end where a row ends. Each connection takes the next chunk as soon as it has sent one:
//! the file is split at record boundaries, and a slow connection holds up nobody.

use super::Context;
use super::quarantine::Spool;
use super::rows::Encoder;
use super::table::{Beside, Filling};
use crate::csv::flaw::Rejected;
use crate::csv::records::Record;
use crate::drop::{DropFile, Part};
use crate::feed::Feed;
use crate::progress::Progress;
use crate::sift::{Refusal, Sifted, Sink, Stop, Tally, sift};
use crate::{Error, Result};
use bytes::Bytes;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::task::JoinSet;
use warehouse::{Session, Warehouse};

/// Files below this size are not worth a second connection.
const WORTH_SPLITTING: u64 = 8 << 20;

/// What became of a file.
pub struct Filled {
    /// How it was read.
    pub sifted: std::result::Result<Sifted, Refusal>,
    /// Its rejects.
    pub spool: Spool,
    /// Rows that the server took.
    pub copied: u64,
    /// Seconds of reading and copying.
    pub seconds: f64,
}

/// Connections that copy, opened when they are needed and kept for the next file.
pub struct Copiers {
    warehouse: Warehouse,
    most: usize,
    sessions: Vec<Arc<Session>>,
}

impl Copiers {
    /// At most `most` connections.
    pub fn new(warehouse: &Warehouse, most: usize) -> Self {
        Self { warehouse: warehouse.clone(), most: most.max(1), sessions: Vec::new() }
    }

    async fn for_size(&mut self, size: u64) -> warehouse::Result<Vec<Arc<Session>>> {
        let wanted = if size < WORTH_SPLITTING { 1 } else { self.most };
        while self.sessions.len() < wanted {
            let session = self.warehouse.session_named("data platform load").await?;
            super::unhurried(&session).await?;
            self.sessions.push(Arc::new(session));
        }
        Ok(self.sessions[..wanted].to_vec())
    }
}

/// Where a file's rows go.
pub enum Target<'a> {
    /// Into a table beside, made when the first file's columns are known.
    Table {
        /// The session that makes it.
        session: &'a Session,
        /// The table, once it is made.
        beside: &'a mut Option<Beside>,
        /// The number in its name.
        load: i64,
        /// What it is for.
        filling: Filling,
    },
    /// Nowhere: the file is only looked at, since the drop has been refused already.
    Nowhere,
}

/// Reads a file and copies its rows. `allowed` are the bad rows that the drop may still have.
pub async fn fill(
    part: &Part,
    file: &DropFile,
    date: chrono::NaiveDate,
    target: Target<'_>,
    copiers: &mut Copiers,
    allowed: u64,
    context: &Context,
) -> Result<Filled> {
    let begun = Instant::now();
    let (columns_known, columns) = oneshot::channel();
    let (chunks, taken) = mpsc::channel(2 * copiers.most);
    let copying = matches!(target, Target::Table { .. });
    let pour = Pour {
        columns: Some(columns_known),
        chunks: copying.then_some(chunks),
        encoder: None,
        feed: part.feed.clone(),
        spool: Spool::default(),
        allowed,
        broken: None,
        progress: Progress::new(context.events.clone(), &file.name, &part.feed.table(), file.stat.size),
        cancelled: context.cancelled.clone(),
    };
    let reading = tokio::task::spawn_blocking({
        let (path, name, feed) = (file.path.clone(), file.name.clone(), part.feed.clone());
        move || read(&path, &name, &feed, pour)
    });
    let named =
        |source| Error::Copy { file: file.name.clone(), table: part.feed.table(), source: Box::new(source) };
    let mut copied = Ok(0);
    // No columns: the file was refused before its first row.
    if let (Target::Table { session, beside, load, filling }, Ok(columns)) = (target, columns.await) {
        let known = match beside.take() {
            Some(beside) => beside,
            None => Beside::create(session, part, load, &table_columns(part, &columns), filling).await?,
        };
        let beside = beside.insert(known);
        if !beside.is_stamped_last() {
            beside.stamp(session, context.now, date, &file.name).await?;
        }
        let sessions = copiers.for_size(file.stat.size).await.map_err(named)?;
        copied = copy(&beside.copy_statement(&columns), sessions, taken).await;
        if beside.is_stamped_last() && copied.is_ok() {
            beside.stamp(session, context.now, date, &file.name).await?;
        }
    }
    let (sifted, pour) = reading.await?;
    let copied = copied.map_err(named)?;
    if let Some(source) = pour.broken {
        return Err(Error::Read { path: "the spool of rejects".to_owned(), source });
    }
    Ok(Filled { sifted, spool: pour.spool, copied, seconds: begun.elapsed().as_secs_f64() })
}

/// The columns of the table: the documented ones, else the header's.
fn table_columns(part: &Part, header: &[String]) -> Vec<String> {
    if part.feed.columns.is_empty() { header.to_vec() } else { part.feed.columns.clone() }
}

/// Reads the file; runs on a thread of its own.
fn read(
    path: &Path,
    name: &str,
    feed: &Feed,
    mut pour: Pour,
) -> (std::result::Result<Sifted, Refusal>, Pour) {
    let sifted = sift(path, name, feed, &mut pour);
    let rest = pour.encoder.as_mut().map(Encoder::take).filter(|rest| !rest.is_empty());
    if let (Ok(_), Some(rest), Some(chunks)) = (&sifted, rest, &pour.chunks) {
        // Nobody takes it: the copy failed, and its reason is known there.
        let _ = chunks.blocking_send(rest);
    }
    // Whoever waits for columns or chunks learns that there will be none.
    pour.columns = None;
    pour.chunks = None;
    (sifted, pour)
}

/// Copies chunks over all sessions; gives the rows that the server took.
async fn copy(
    statement: &str,
    sessions: Vec<Arc<Session>>,
    taken: mpsc::Receiver<Bytes>,
) -> warehouse::Result<u64> {
    let taken = Arc::new(Mutex::new(taken));
    let mut copies = JoinSet::new();
    for session in sessions {
        let (taken, statement) = (taken.clone(), statement.to_owned());
        copies.spawn(async move {
            let rows = copy_one(&session, &statement, &taken).await;
            if rows.is_err() {
                taken.lock().await.close();
            }
            rows
        });
    }
    let (mut rows, mut failed) = (0, None);
    while let Some(copy) = copies.join_next().await {
        match copy {
            Ok(Ok(count)) => rows += count,
            Ok(Err(error)) => failed = failed.or(Some(error)),
            Err(error) => failed = failed.or(Some(warehouse::Error::Decode(error.to_string()))),
        }
    }
    failed.map_or(Ok(rows), Err)
}

async fn copy_one(
    session: &Session,
    statement: &str,
    taken: &Mutex<mpsc::Receiver<Bytes>>,
) -> warehouse::Result<u64> {
    let mut sink = session.copy_in(statement).await?;
    loop {
        let chunk = taken.lock().await.recv().await;
        let Some(chunk) = chunk else { break };
        sink.send(chunk).await?;
    }
    sink.finish().await
}

/// Where the records of a file go: rows to the connections, rejects to the spool.
struct Pour {
    columns: Option<oneshot::Sender<Vec<String>>>,
    chunks: Option<mpsc::Sender<Bytes>>,
    encoder: Option<Encoder>,
    feed: Arc<Feed>,
    spool: Spool,
    allowed: u64,
    broken: Option<io::Error>,
    progress: Progress,
    cancelled: Arc<AtomicBool>,
}

impl Sink for Pour {
    fn begin(&mut self, columns: &[String]) -> std::result::Result<(), Stop> {
        self.encoder = Some(Encoder::new(self.feed.delimiter, self.feed.nulls));
        let told = self.columns.take().is_none_or(|known| known.send(columns.to_vec()).is_ok());
        if told || self.chunks.is_none() { Ok(()) } else { Err(Stop) }
    }

    #[inline]
    fn row(&mut self, record: &Record<'_>) -> std::result::Result<(), Stop> {
        if self.cancelled.load(Ordering::Relaxed) {
            return Err(Stop);
        }
        let (Some(chunks), Some(encoder)) = (&self.chunks, &mut self.encoder) else { return Ok(()) };
        match encoder.push(record) {
            Some(chunk) => chunks.blocking_send(chunk).map_err(|_| Stop),
            None => Ok(()),
        }
    }

    fn reject(&mut self, rejected: Rejected) -> std::result::Result<(), Stop> {
        // Too many: the drop is refused, but the whole file is read so that all is said at once.
        if self.spool.count >= self.allowed {
            self.chunks = None;
        }
        let keep = self.chunks.is_some();
        self.spool.push(rejected, keep).map_err(|error| {
            self.broken = Some(error);
            Stop
        })
    }

    fn progress(&mut self, tally: &Tally, bytes: u64) {
        self.progress.tell(tally, bytes);
    }
}
