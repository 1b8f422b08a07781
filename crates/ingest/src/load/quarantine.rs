//! The quarantine: records that are no rows, kept in `<table>__rejected` with file, place and reason.
//!
//! While a file is read its rejects wait in a spool (memory, then a temporary file); they reach the table in the
//! transaction that makes the file's rows visible.

use crate::csv::flaw::Rejected;
use bytes::{BufMut as _, Bytes, BytesMut};
use chrono::{DateTime, NaiveDate, Utc};
use platform_core::Relation;
use std::io::{self, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use tempfile::SpooledTempFile;
use warehouse::types::Type;
use warehouse::{Result, Session};

/// What a binary COPY begins with: signature, flags, length of the header's extension (PostgreSQL manual, COPY, "Binary
/// Format").
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// What it ends with.
const TRAILER: &[u8] = b"\xff\xff";
/// Rejects that a message shows.
pub const SHOWN: usize = 20;
/// Bytes of rejects kept in memory.
const IN_MEMORY: usize = 1 << 20;
/// Bytes sent at once.
const CHUNK: usize = 256 << 10;

/// The table of rejects beside a table.
pub fn relation(table: &Relation) -> Relation {
    table.with_identifier(super::beside(table.identifier_name(), "__rejected"))
}

/// The rejects of one file.
#[derive(Debug)]
pub struct Spool {
    file: SpooledTempFile,
    /// How many they are, also beyond those kept.
    pub count: u64,
    /// The first of them.
    pub first: Vec<Rejected>,
}

impl Default for Spool {
    fn default() -> Self {
        Self { file: SpooledTempFile::new(IN_MEMORY), count: 0, first: Vec::new() }
    }
}

impl Spool {
    /// Adds a reject. With `keep` false it is counted, and shown if it is one of the first.
    pub fn push(&mut self, rejected: Rejected, keep: bool) -> io::Result<()> {
        self.count += 1;
        if keep {
            let mut row = Vec::with_capacity(rejected.raw.len() + 128);
            put(&mut row, &rejected.line.to_be_bytes());
            put(&mut row, &rejected.byte.to_be_bytes());
            put(&mut row, &rejected.column.to_be_bytes());
            put(&mut row, rejected.flaw.to_string().as_bytes());
            put(&mut row, rejected.raw.as_bytes());
            self.file.write_all(&u32::try_from(row.len()).unwrap_or(u32::MAX).to_be_bytes())?;
            self.file.write_all(&row)?;
        }
        if self.first.len() < SHOWN {
            self.first.push(rejected);
        }
        Ok(())
    }
}

/// What all rejects of a file have in common.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// The file's name.
    pub file: &'a str,
    /// Its SHA-256, in hexadecimal.
    pub sha256: &'a str,
    /// When it was loaded.
    pub loaded_at: DateTime<Utc>,
    /// The drop's date.
    pub date: NaiveDate,
}

/// Makes the table of rejects where it is missing.
pub async fn prepare(session: &Session, table: &Relation) -> Result<()> {
    let sql = include_str!("quarantine/table.sql").replace("{rejected}", &relation(table).to_string());
    session.batch_execute(&sql).await
}

/// Puts a file's rejects in the place of those it had. Gives their number.
pub async fn replace(
    session: &Session,
    table: &Relation,
    origin: &Origin<'_>,
    spool: &mut Spool,
) -> Result<u64> {
    let rejected = relation(table);
    let sql = format!("delete from {rejected} where file = $1");
    session.query_typed(&sql, &[(&origin.file, Type::TEXT)]).await?;
    if spool.count == 0 {
        return Ok(0);
    }
    let mut common = Vec::new();
    common.put_i16(9);
    put(&mut common, origin.file.as_bytes());
    put(&mut common, origin.sha256.as_bytes());
    put(&mut common, &microseconds(origin.loaded_at).to_be_bytes());
    put(&mut common, &days(origin.date).to_be_bytes());
    let statement = include_str!("quarantine/copy.sql").replace("{rejected}", &rejected.to_string());
    let mut sink = session.copy_in(&statement).await?;
    sink.send(Bytes::from_static(HEADER)).await?;
    let file = std::mem::replace(&mut spool.file, SpooledTempFile::new(0));
    let mut rows = Rows::new(file);
    while let Some(chunk) = rows.next(&common).map_err(unreadable)? {
        sink.send(chunk).await?;
    }
    sink.send(Bytes::from_static(TRAILER)).await?;
    sink.finish().await
}

/// Reads a spool back.
struct Rows {
    file: Option<BufReader<SpooledTempFile>>,
    spooled: Option<SpooledTempFile>,
}

impl Rows {
    fn new(file: SpooledTempFile) -> Self {
        Self { file: None, spooled: Some(file) }
    }

    fn next(&mut self, common: &[u8]) -> io::Result<Option<Bytes>> {
        if let Some(mut spooled) = self.spooled.take() {
            spooled.seek(SeekFrom::Start(0))?;
            self.file = Some(BufReader::new(spooled));
        }
        let Some(file) = &mut self.file else { return Ok(None) };
        let mut chunk = BytesMut::new();
        while chunk.len() < CHUNK {
            let mut length = [0; 4];
            match file.read_exact(&mut length) {
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => break,
                read => read?,
            }
            let start = chunk.len() + common.len();
            chunk.extend_from_slice(common);
            chunk.resize(start + u32::from_be_bytes(length) as usize, 0);
            file.read_exact(&mut chunk[start..])?;
        }
        Ok((!chunk.is_empty()).then(|| chunk.freeze()))
    }
}

fn unreadable(error: io::Error) -> warehouse::Error {
    warehouse::Error::Decode(format!("the spool of rejects: {error}"))
}

/// Appends a value with its length.
fn put(out: &mut Vec<u8>, value: &[u8]) {
    out.put_i32(i32::try_from(value.len()).unwrap_or(i32::MAX));
    out.put_slice(value);
}

/// Microseconds since 2000-01-01 00:00 UTC, as Postgres counts.
fn microseconds(at: DateTime<Utc>) -> i64 {
    at.timestamp_micros() - 946_684_800_000_000
}

/// Days since 2000-01-01.
fn days(date: NaiveDate) -> i32 {
    let since = date.signed_duration_since(NaiveDate::from_ymd_opt(2000, 1, 1).unwrap_or_default());
    i32::try_from(since.num_days()).unwrap_or(i32::MAX)
}
