//! The ledger, `platform.loads`: which file was loaded into which table, when, and with what result.
//!
//! A file is known by table, path and content. A load is written down as `running` before it begins and as `loaded` in
//! the very transaction that makes its rows visible: after a crash the two can't disagree.

use crate::drop::{Drop, DropFile, Part};
use crate::feed::Mode;
use crate::sift::{Stat, Tally};
use chrono::{DateTime, NaiveDate, Utc};
use std::collections::BTreeMap;
use std::path::Path;
use warehouse::types::Type;
use warehouse::{Result, Session, get};

/// The newest load of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Order of loads.
    pub load: i64,
    /// Bytes.
    pub size: u64,
    /// Time of the file's last change.
    pub modified: Option<DateTime<Utc>>,
    /// SHA-256 of its content, in hexadecimal.
    pub sha256: String,
    /// Its business date.
    pub date: NaiveDate,
}

/// What the ledger knows of some tables: by table, then by file.
#[derive(Clone, Debug, Default)]
pub struct Known(BTreeMap<String, BTreeMap<String, Entry>>);

/// Whether a part of a drop needs loading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Its content is in the table, or was and a newer drop took its place.
    Nothing,
    /// Never loaded.
    New,
    /// A file of it was loaded with another content.
    Correction,
    /// The table holds an earlier drop since that one was corrected: this one comes again after it.
    Again,
}

impl Need {
    /// The word for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nothing => "loaded",
            Self::New => "new",
            Self::Correction => "corrected",
            Self::Again => "again",
        }
    }
}

/// How to tell whether a file is the one that was loaded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sameness {
    /// The same content: a hash of every file of the same size, at the disk's speed.
    #[default]
    Content,
    /// The same size and time of change: no file is read.
    Stat,
}

impl Known {
    /// What is known of tables, given as `schema.table`; those that do not exist any more are unknown.
    pub async fn of(session: &Session, tables: &[String]) -> Result<Self> {
        let mut known = Self::default();
        let rows =
            session.query_typed(include_str!("ledger/known.sql"), &[(&tables, Type::TEXT_ARRAY)]).await?;
        for row in &rows {
            let entry = Entry {
                load: get(row, 0)?,
                size: u64::try_from(get::<i64>(row, 3)?).unwrap_or_default(),
                modified: get(row, 4)?,
                sha256: get::<Option<String>>(row, 5)?.unwrap_or_default(),
                date: get::<Option<NaiveDate>>(row, 6)?.unwrap_or_default(),
            };
            known.0.entry(get(row, 1)?).or_default().insert(get(row, 2)?, entry);
        }
        Ok(known)
    }

    /// Forgets a table, whose rows are gone.
    pub fn forget(&mut self, table: &str) {
        self.0.remove(table);
    }

    /// The business date of the drop loaded last.
    fn held(&self, table: &str) -> Option<NaiveDate> {
        let entries = self.0.get(table)?;
        entries.values().max_by_key(|entry| entry.load).map(|entry| entry.date)
    }

    /// Writes down that a part will have been loaded: for plans of several drops.
    pub fn suppose(&mut self, part: &Part, date: NaiveDate) {
        let entries = self.0.entry(part.feed.table()).or_default();
        let load = entries.values().map(|entry| entry.load).max().unwrap_or_default() + 1;
        for file in &part.files {
            let entry = Entry {
                load,
                size: file.stat.size,
                modified: modified(&file.stat),
                sha256: entries.get(&file.name).map(|entry| entry.sha256.clone()).unwrap_or_default(),
                date,
            };
            entries.insert(file.name.clone(), entry);
        }
    }

    /// Whether a file is the one loaded last under its name. Reads it where only its content can tell.
    pub fn is_loaded(&self, table: &str, file: &DropFile, sameness: Sameness) -> std::io::Result<bool> {
        let Some(entry) = self.0.get(table).and_then(|entries| entries.get(&file.name)) else {
            return Ok(false);
        };
        if entry.size != file.stat.size {
            return Ok(false);
        }
        if sameness == Sameness::Stat {
            return Ok(entry.modified == modified(&file.stat));
        }
        Ok(hex::encode(crate::csv::input::sha256(Path::new(&file.path))?) == entry.sha256)
    }

    /// What there is to do for each part of a drop, and the files to read, by position. Blocks where files must be hashed.
    ///
    /// Of a full dump all files are read, of others those that are new. When a part of a drop is to be loaded, so is every
    /// full dump of it whose table holds another drop: the tables then are of one date.
    pub fn needs(&self, drop: &Drop, sameness: Sameness) -> std::io::Result<Vec<(Need, Vec<usize>)>> {
        let needs = drop
            .parts
            .iter()
            .map(|part| self.need(part, drop.date, sameness))
            .collect::<std::io::Result<Vec<_>>>()?;
        let any = needs.iter().any(|need| *need != Need::Nothing);
        let mut all = Vec::new();
        for (part, need) in drop.parts.iter().zip(needs) {
            let table = part.feed.table();
            let elsewhere = part.feed.mode == Mode::Replace && self.held(&table) != Some(drop.date);
            let need = if any && need == Need::Nothing && elsewhere { Need::Again } else { need };
            let mut files = Vec::new();
            for (at, file) in part.files.iter().enumerate() {
                let whole = part.feed.mode == Mode::Replace && need != Need::Nothing;
                if whole || need != Need::Nothing && !self.is_loaded(&table, file, sameness)? {
                    files.push(at);
                }
            }
            all.push((need, files));
        }
        Ok(all)
    }

    /// Whether a part of a drop of a date needs loading. Blocks where files must be hashed.
    pub fn need(&self, part: &Part, date: NaiveDate, sameness: Sameness) -> std::io::Result<Need> {
        let table = part.feed.table();
        let Some(entries) = self.0.get(&table) else { return Ok(Need::New) };
        let known: Vec<&Entry> = part.files.iter().filter_map(|file| entries.get(&file.name)).collect();
        for file in &part.files {
            if !self.is_loaded(&table, file, sameness)? {
                // A full dump under the name that yesterday's had corrects nothing.
                let same = |entry: &&Entry| part.feed.mode != Mode::Replace || entry.date == date;
                return Ok(if known.iter().any(same) { Need::Correction } else { Need::New });
            }
        }
        // The date at which it was loaded counts: a file without a date is not new tomorrow.
        let date = known.iter().map(|entry| entry.date).max();
        let stale = part.feed.mode == Mode::Replace && self.held(&table) < date;
        Ok(if stale { Need::Again } else { Need::Nothing })
    }
}

/// Time of change as the ledger keeps it, in microseconds.
pub fn modified(stat: &Stat) -> Option<DateTime<Utc>> {
    let at: DateTime<Utc> = stat.modified?.into();
    DateTime::from_timestamp_micros(at.timestamp_micros())
}

/// Notes loads that a dead loader left running. Only for the holder of the lock.
pub async fn note_interrupted(session: &Session, tables: &[String]) -> Result<()> {
    session.query_typed(include_str!("ledger/interrupted.sql"), &[(&tables, Type::TEXT_ARRAY)]).await?;
    Ok(())
}

/// Writes down that a file is being loaded; gives the load's number.
pub async fn begin(
    session: &Session,
    run: Option<&str>,
    part: &Part,
    file: &DropFile,
    date: NaiveDate,
) -> Result<i64> {
    let size = i64::try_from(file.stat.size).unwrap_or(i64::MAX);
    let rows = session
        .query_typed(
            include_str!("ledger/begin.sql"),
            &[
                (&run, Type::TEXT),
                (&part.feed.id.as_str(), Type::TEXT),
                (&part.feed.table(), Type::TEXT),
                (&file.name, Type::TEXT),
                (&size, Type::INT8),
                (&modified(&file.stat), Type::TIMESTAMPTZ),
                (&date, Type::DATE),
                (&part.feed.mode.as_str(), Type::TEXT),
            ],
        )
        .await?;
    rows.first()
        .map_or_else(|| Err(warehouse::Error::Decode("no load was noted".to_owned())), |row| get(row, 0))
}

/// Writes down that a file is loaded: in the transaction that makes its rows visible. Gives the load that this one
/// corrects, where the file had another content before.
pub async fn finish(
    session: &Session,
    load: i64,
    sha256: &[u8; 32],
    size: u64,
    tally: &Tally,
) -> Result<Option<i64>> {
    let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let rows = session
        .query_typed(
            include_str!("ledger/finish.sql"),
            &[
                (&load, Type::INT8),
                (&hex::encode(sha256), Type::TEXT),
                (&count(size), Type::INT8),
                (&count(tally.physical), Type::INT8),
                (&count(tally.rows), Type::INT8),
                (&count(tally.rejected), Type::INT8),
                (&count(tally.blank), Type::INT8),
            ],
        )
        .await?;
    // Whoever took the lock meanwhile has noted the load as dead and may load the file itself.
    let lost = || warehouse::Error::Decode(format!("load {load} is not under way any more"));
    rows.first().ok_or_else(lost).and_then(|row| get(row, 0))
}

/// Writes down that a part was found to be loaded already.
pub async fn skip(session: &Session, run: Option<&str>, part: &Part) -> Result<()> {
    let files: Vec<&str> = part.files.iter().map(|file| file.name.as_str()).collect();
    session
        .query_typed(
            include_str!("ledger/skip.sql"),
            &[(&run, Type::TEXT), (&part.feed.table(), Type::TEXT), (&files, Type::TEXT_ARRAY)],
        )
        .await?;
    Ok(())
}

/// Writes down that loads failed, and why.
pub async fn fail(session: &Session, loads: &[i64], reason: &str) -> Result<()> {
    session
        .query_typed(include_str!("ledger/fail.sql"), &[(&loads, Type::INT8_ARRAY), (&reason, Type::TEXT)])
        .await?;
    Ok(())
}

/// The tables of a drop, as the ledger names them.
pub fn tables(drop: &Drop) -> Vec<String> {
    drop.parts.iter().map(|part| part.feed.table()).collect()
}
