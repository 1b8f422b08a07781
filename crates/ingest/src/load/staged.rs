//! A part of a drop on its way: its table beside, and what became of each file.

use super::fill::Filled;
use super::table::Beside;
use crate::csv::flaw::Rejected;
use crate::drop::{DropFile, Part};
use crate::ledger::Need;
use crate::report::{FileReport, TableReport};
use crate::sift::Tally;
use crate::{Error, Result};

/// A part of which every file was read.
pub struct Staged<'a> {
    /// The table and its files.
    pub part: &'a Part,
    /// Why it is loaded.
    pub need: Need,
    /// The table beside, once there are rows.
    pub beside: Option<Beside>,
    /// The files read.
    pub files: Vec<StagedFile<'a>>,
    /// Why the table stayed and its rows were replaced.
    pub kept: Vec<String>,
}

/// A file that was read.
pub struct StagedFile<'a> {
    /// The file.
    pub file: &'a DropFile,
    /// Its load's number in the ledger.
    pub load: i64,
    /// The load that it corrects, known once it is in place.
    pub corrects: Option<i64>,
    /// What became of it.
    pub filled: Filled,
}

/// The report of a table without its files.
pub fn table_report(part: &Part, need: Need) -> TableReport {
    TableReport { table: part.feed.table(), mode: part.feed.mode, need, files: Vec::new(), kept: Vec::new() }
}

impl StagedFile<'_> {
    /// The counts do not agree.
    pub fn unbalanced(&self, tally: &Tally, copied: u64) -> Error {
        Error::Unbalanced { file: self.file.name.clone(), tally: *tally, copied }
    }
}

impl Staged<'_> {
    /// The records of all files.
    pub fn tally(&self) -> Tally {
        let tallies =
            self.files.iter().filter_map(|file| file.filled.sifted.as_ref().ok()).map(|sifted| sifted.tally);
        tallies.fold(Tally::default(), |sum, tally| sum.plus(&tally))
    }

    /// Holds the rows that reached the table against those of the files.
    pub fn moved(&self, count: u64) -> Result<()> {
        let sum = self.tally();
        match self.files.first() {
            Some(file) if sum.rows != count => Err(file.unbalanced(&sum, count)),
            _ => Ok(()),
        }
    }

    /// What became of the part.
    pub fn report(&self) -> TableReport {
        let file = |staged: &StagedFile<'_>| {
            let sifted = staged.filled.sifted.as_ref().ok();
            FileReport {
                name: staged.file.name.clone(),
                size: staged.file.stat.size,
                sha256: sifted.map(|sifted| hex::encode(sifted.sha256)).unwrap_or_default(),
                tally: sifted.map(|sifted| sifted.tally).unwrap_or_default(),
                corrects: staged.corrects,
                rejected: staged.filled.spool.first.clone(),
                notes: sifted.map(|sifted| sifted.notes.clone()).unwrap_or_default(),
                seconds: staged.filled.seconds,
            }
        };
        TableReport {
            files: self.files.iter().map(file).collect(),
            kept: self.kept.clone(),
            ..table_report(self.part, self.need)
        }
    }
}

impl Filled {
    /// Moves rows among the rejects, after they were copied and taken out of the table again.
    pub fn take_out(&mut self, rejected: Vec<Rejected>) -> Result<()> {
        let Ok(sifted) = &mut self.sifted else { return Ok(()) };
        let count = rejected.len() as u64;
        sifted.tally.rows -= count;
        sifted.tally.rejected += count;
        for rejected in rejected {
            let pushed = self.spool.push(rejected, true);
            pushed.map_err(|source| Error::Read { path: "the spool of rejects".to_owned(), source })?;
        }
        Ok(())
    }
}
