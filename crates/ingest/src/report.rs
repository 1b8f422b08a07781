//! Reports: what became of a drop, for people and for programs.

use crate::csv::flaw::{Flaw, Rejected};
use crate::feed::Mode;
use crate::ledger::Need;
use crate::sift::{Tally, place};
use chrono::NaiveDate;
use platform_core::Diagnostic;

/// What became of a drop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Its rows are in the tables.
    Loaded,
    /// Its rows had been there before; nothing was touched.
    Skipped,
    /// It was refused; the tables are as they were.
    Refused,
}

/// One file of a drop.
#[derive(Clone, Debug)]
pub struct FileReport {
    /// Its name below the project.
    pub name: String,
    /// Bytes as it lies on disk.
    pub size: u64,
    /// SHA-256 in hexadecimal; empty where it was not read to its end.
    pub sha256: String,
    /// Its records.
    pub tally: Tally,
    /// The load, by its number in the ledger, that had the same file with another content.
    pub corrects: Option<i64>,
    /// The first of its rejects.
    pub rejected: Vec<Rejected>,
    /// What to know though it stops nothing.
    pub notes: Vec<Diagnostic>,
    /// Seconds of reading and copying.
    pub seconds: f64,
}

/// One table of a drop.
#[derive(Clone, Debug)]
pub struct TableReport {
    /// `schema.table`.
    pub table: String,
    /// How the drop met what was there.
    pub mode: Mode,
    /// Why it was loaded, or that nothing was to do.
    pub need: Need,
    /// Its files; those already loaded are left out.
    pub files: Vec<FileReport>,
    /// Why the rows were replaced and not the table, which costs more; empty where the table was.
    pub kept: Vec<String>,
}

impl TableReport {
    /// The records of all files.
    pub fn tally(&self) -> Tally {
        self.files.iter().fold(Tally::default(), |sum, file| sum.plus(&file.tally))
    }
}

/// What became of a drop.
#[derive(Clone, Debug)]
pub struct LoadReport {
    /// The business date.
    pub date: NaiveDate,
    /// What became of it.
    pub outcome: Outcome,
    /// One a table.
    pub tables: Vec<TableReport>,
    /// Why it was refused, in the order of the files.
    pub problems: Vec<Diagnostic>,
    /// Seconds of all of it, waiting for the lock included.
    pub seconds: f64,
}

impl LoadReport {
    /// The records of all files.
    pub fn tally(&self) -> Tally {
        self.tables.iter().fold(Tally::default(), |sum, table| sum.plus(&table.tally()))
    }

    /// What to know though it stopped nothing.
    pub fn notes(&self) -> impl Iterator<Item = &Diagnostic> {
        self.tables.iter().flat_map(|table| &table.files).flat_map(|file| &file.notes)
    }
}

/// The accounting of a file, as people read it: `3,003 records = 3,001 loaded + 2 quarantined + 0 blank`.
pub fn accounting(tally: &Tally) -> String {
    format!(
        "{} record{} = {} loaded + {} quarantined + {} blank",
        grouped(tally.physical),
        if tally.physical == 1 { "" } else { "s" },
        grouped(tally.rows),
        grouped(tally.rejected),
        grouped(tally.blank)
    )
}

/// A count with commas between the thousands.
pub fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Bytes as people read them.
pub fn bytes(count: u64) -> String {
    let units = [(1 << 30, "GB"), (1 << 20, "MB"), (1 << 10, "kB")];
    match units.into_iter().find(|(size, _)| count >= *size) {
        #[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
        Some((size, unit)) => format!("{:.1} {unit}", count as f64 / size as f64),
        None => format!("{count} bytes"),
    }
}

/// A file of which no row is left must not empty a table either: the same rule as for a header alone.
pub fn nothing_left(name: &str, tally: &Tally) -> Option<Diagnostic> {
    if tally.rows > 0 || tally.rejected == 0 {
        return None;
    }
    let message = format!("not one row could be read, of {} records", grouped(tally.physical));
    let hint = "loading it would empty the table; `allow_empty: true` says that this may happen";
    Some(Diagnostic::error("I008", message).at(platform_core::Place::file(name)).hint(hint))
}

/// The bad rows of a file as problems: each one shown, then how many there are in all. `earlier` are those that the
/// drop had before them.
pub fn bad_rows(
    name: &str,
    table: &str,
    first: &[Rejected],
    count: u64,
    earlier: u64,
    allowed: u64,
) -> Vec<Diagnostic> {
    let shown = first
        .iter()
        .map(|rejected| Diagnostic::error("I010", rejected.flaw.to_string()).at(place(name, rejected)));
    let mut problems: Vec<Diagnostic> = shown.collect();
    let s = |count: u64| if count == 1 { "" } else { "s" };
    let more = count - first.len() as u64;
    let which = if more == 0 { String::new() } else { format!("; the first {} are shown", first.len()) };
    let limit = match allowed {
        0 => "none is".to_owned(),
        1 => "1 is".to_owned(),
        _ => format!("{} are", grouped(allowed)),
    };
    let all = count + earlier;
    let with = if earlier == 0 { String::new() } else { format!(" ({} in the whole drop)", grouped(all)) };
    let message =
        format!("{} bad row{} for `{table}`{with}, {limit} allowed{which}", grouped(count), s(count));
    let encoding = first.iter().find_map(|rejected| match rejected.flaw {
        Flaw::NotUtf8 { likely, .. } => Some(likely).filter(|likely| !likely.contains(' ')),
        _ => None,
    });
    let hint = match encoding {
        Some(encoding) => {
            format!("set `encoding: {encoding}` under `drop` of the source, or write the file in UTF-8")
        }
        None => format!(
            "mend the file, or set `max_bad_rows: {all}` under `drop` of the source: they then go to \
             `{table}__rejected`"
        ),
    };
    problems.push(Diagnostic::error("I010", message).at(platform_core::Place::file(name)).hint(hint));
    problems
}
