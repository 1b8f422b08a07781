//! Sifting: one file, read from its first byte to its last, every record a row, a reject or a blank line.
//!
//! The one loop behind loading, checking and fuzzing; what becomes of rows and rejects is the [`Sink`]'s.

use crate::csv::encoding::Guess;
use crate::csv::field::printable;
use crate::csv::flaw::{Flaw, Rejected, Rules, Sound, judge};
use crate::csv::header::{HeaderLine, better_delimiter, headings, matched};
use crate::csv::input::{Compression, Input};
use crate::csv::records::{Fault, Record, Records};
use crate::drop::DropFile;
use crate::feed::{Feed, Mode};
use crate::stamps::STAMPS;
use platform_core::{Diagnostic, Place};
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::time::SystemTime;

/// A record may be this much longer than its longest field before it is scanned without being kept.
const RECORD_ALLOWANCE: usize = 16 << 20;
/// Records between two looks at the clock.
const STRIDE: u64 = 4096;

/// What becomes of a file's records.
pub trait Sink {
    /// The file is good so far; its columns, in the order of its fields.
    fn begin(&mut self, columns: &[String]) -> Result<(), Stop>;
    /// A row; its fields are as many as the columns, and UTF-8 without NUL.
    fn row(&mut self, record: &Record<'_>) -> Result<(), Stop>;
    /// A record that is no row.
    fn reject(&mut self, rejected: Rejected) -> Result<(), Stop>;
    /// Now and then, and at the end, good or bad: the counts so far, and bytes of the file read.
    fn progress(&mut self, tally: &Tally, bytes: u64);
}

/// The sink wants no more: the reason is known on its side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stop;

/// Every record of a file, by what became of it. The header is none of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Records read.
    pub physical: u64,
    /// Rows given to the sink.
    pub rows: u64,
    /// Records given to the sink as rejects.
    pub rejected: u64,
    /// Empty lines.
    pub blank: u64,
}

impl Tally {
    /// The accounting identity: every record is a row, a reject or blank.
    pub fn balances(&self) -> bool {
        self.physical == self.rows + self.rejected + self.blank
    }

    /// The sum of two.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        Self {
            physical: self.physical + other.physical,
            rows: self.rows + other.rows,
            rejected: self.rejected + other.rejected,
            blank: self.blank + other.blank,
        }
    }
}

/// A file read to its end.
#[derive(Clone, Debug)]
pub struct Sifted {
    /// Its records.
    pub tally: Tally,
    /// SHA-256 of the file as it lies on disk.
    pub sha256: [u8; 32],
    /// How it was packed.
    pub compression: Compression,
    /// What the reader should know though it stops nothing.
    pub notes: Vec<Diagnostic>,
}

/// Why a file was not read to its end, or cannot be used.
#[derive(Debug)]
pub enum Refusal {
    /// What is wrong with it.
    Problems(Vec<Diagnostic>),
    /// The sink stopped.
    Stopped,
}

impl From<Stop> for Refusal {
    fn from(_: Stop) -> Self {
        Self::Stopped
    }
}

impl From<Diagnostic> for Refusal {
    fn from(problem: Diagnostic) -> Self {
        Self::Problems(vec![problem])
    }
}

/// Size and time of change, as the file system has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stat {
    /// Bytes.
    pub size: u64,
    /// Time of the last change.
    pub modified: Option<SystemTime>,
}

impl Stat {
    /// Asks the file system.
    pub fn of(path: &Path) -> io::Result<Self> {
        let metadata = std::fs::metadata(path)?;
        Ok(Self { size: metadata.len(), modified: metadata.modified().ok() })
    }
}

/// Reads a file for a feed; `name` is its path as people know it.
pub fn sift(path: &Path, name: &str, feed: &Feed, sink: &mut dyn Sink) -> Result<Sifted, Refusal> {
    let unreadable = |error: io::Error| unreadable(name, &error);
    let before = Stat::of(path).map_err(unreadable)?;
    let input = Input::open(path, feed.encoding).map_err(unreadable)?;
    let sifted = sift_input(input, name, feed, sink)?;
    if Stat::of(path).map_err(unreadable)? != before {
        let problem = Diagnostic::error("I013", "the file changed while it was read").at(Place::file(name));
        let hint = "let the writer finish under another name and rename the file, then load again";
        return Err(problem.hint(hint).into());
    }
    Ok(sifted)
}

/// The same of any input.
pub fn sift_input(input: Input, name: &str, feed: &Feed, sink: &mut dyn Sink) -> Result<Sifted, Refusal> {
    if feed.encoding.is_none() {
        refuse_encoding(name, input.guess)?;
    }
    let (compression, skipped, marked) = (input.compression, input.skipped, input.guess == Guess::Utf8(3));
    let limit = feed.max_field_bytes.saturating_add(RECORD_ALLOWANCE);
    let mut records = Records::new(input, feed.delimiter, limit, skipped);
    let mut file = File { name, feed, tally: Tally::default(), literal_quotes: None, notes: Vec::new() };
    if marked {
        file.notes.push(Diagnostic::warning("I014", "a byte order mark was dropped").at(Place::file(name)));
    }
    let columns = file.header(&mut records)?;
    sink.begin(&columns)?;
    let meter = records.input().meter.clone();
    let read = file.rows(&mut records, &columns, sink);
    sink.progress(&file.tally, meter.bytes());
    read?;
    let sha256 = records.into_input().finish().map_err(|error| unreadable(name, &error))?;
    if file.tally.rows + file.tally.rejected == 0 && !feed.allow_empty {
        let message = "the file has a header and no rows";
        let hint = "loading it would empty the table; `allow_empty: true` says that this may happen";
        return Err(Diagnostic::error("I008", message).at(Place::file(name)).hint(hint).into());
    }
    Ok(Sifted { tally: file.tally, sha256, compression, notes: file.notes() })
}

/// The records that begin on the given lines, with what turned out to be wrong with them: for flaws that show only
/// when rows are held against each other. Reads the file again.
pub fn records_at(file: &DropFile, feed: &Feed, lines: &BTreeMap<u64, Flaw>) -> io::Result<Vec<Rejected>> {
    let input = Input::open(&file.path, feed.encoding)?;
    let limit = feed.max_field_bytes.saturating_add(RECORD_ALLOWANCE);
    let skipped = input.skipped;
    let mut records = Records::new(input, feed.delimiter, limit, skipped);
    let mut found = Vec::with_capacity(lines.len());
    while found.len() < lines.len() {
        let Some(record) = records.next()? else { break };
        if let Some(flaw) = lines.get(&record.position.line) {
            found.push(Rejected::new(&record, flaw.clone(), 0));
        }
    }
    Ok(found)
}

/// What is known of the file while it is read.
struct File<'a> {
    name: &'a str,
    feed: &'a Feed,
    tally: Tally,
    literal_quotes: Option<(u64, u64)>,
    notes: Vec<Diagnostic>,
}

impl File<'_> {
    /// The columns in the order of the file.
    fn header(&mut self, records: &mut Records<Input>) -> Result<Vec<String>, Refusal> {
        if !self.feed.header {
            return Ok(self.feed.columns.clone());
        }
        let record = loop {
            match records.next().map_err(|error| unreadable(self.name, &error))? {
                None if self.tally.blank == 0 => return self.empty("the file is empty"),
                None => return self.empty("the file has nothing but empty lines"),
                Some(record) if record.is_blank() && record.fault.is_none() => {
                    self.tally.physical += 1;
                    self.tally.blank += 1;
                }
                // The borrow of a record that is returned out of the loop would last too long: copy it.
                Some(record) => {
                    break (record.position.line, record.fault, record.bytes.to_vec());
                }
            }
        };
        let (line, fault, bytes) = record;
        let line_number = u32::try_from(line).unwrap_or(u32::MAX);
        let place = |length: u32| Place {
            file: self.name.to_owned(),
            line: line_number,
            column: 1,
            length,
            snippet: printable(&bytes).chars().take(200).collect(),
        };
        match fault {
            Some(Fault::Unterminated { opened }) => return Err(unterminated(opened, place(1)).into()),
            Some(Fault::TooLong { .. }) => {
                let message = "the header is longer than any header";
                return Err(Diagnostic::error("I006", message)
                    .at(place(0))
                    .hint("are the line ends right?")
                    .into());
            }
            None => {}
        }
        let text = match std::str::from_utf8(&bytes) {
            Ok(text) if !text.contains('\0') => text,
            _ if bytes.contains(&0) => {
                let message = "the header has a NUL byte: this is no text";
                let hint = "export it as CSV in UTF-8, or name its encoding under `drop` if it has another";
                return Err(Diagnostic::error("I002", message).at(place(0)).hint(hint).into());
            }
            _ => {
                let message =
                    format!("the header is not UTF-8; it may be {}", crate::csv::encoding::likely(&bytes));
                let hint = "say so under `drop`: `encoding: latin1`, or write the file in UTF-8";
                return Err(Diagnostic::error("I002", message).at(place(0)).hint(hint).into());
            }
        };
        self.match_header(text, line)
    }

    fn match_header(&self, text: &str, line: u64) -> Result<Vec<String>, Refusal> {
        let feed = self.feed;
        let found = headings(text, feed.delimiter);
        let line = HeaderLine { file: self.name, line, text };
        let reserved = STAMPS.map(|stamp| stamp.name);
        let better = better_delimiter(text, &feed.columns, feed.delimiter);
        let suspicious = feed.columns.is_empty() && found.len() == 1;
        let problems = match matched(&found, &feed.columns, &reserved, &line, &feed.table()) {
            Ok(columns) if !(suspicious && better.is_some()) => return self.keyed(columns, &line),
            Ok(_) => Vec::new(),
            Err(problems) => problems,
        };
        if let Some(better) = better {
            let count =
                crate::csv::scanner::Delimiter::new(better).map_or(0, |better| headings(text, better).len());
            let written = if better == '\t' { "tab".to_owned() } else { better.to_string() };
            let used = feed.delimiter.as_str().escape_debug().to_string();
            let message = format!(
                "with the delimiter `{used}` the header has {} column{}, with `{written}` {count}",
                found.len(),
                if found.len() == 1 { "" } else { "s" }
            );
            let hint = format!("set `delimiter: \"{written}\"` under `drop` of the source");
            return Err(Diagnostic::error("I006", message).at(line.start()).hint(hint).into());
        }
        let lower = |name: &str| name.to_lowercase();
        let known = |name: &str| feed.columns.iter().any(|column| lower(column) == lower(name));
        if !feed.columns.is_empty() && !found.iter().any(|heading| known(&heading.name)) {
            let message = format!("the first record names no column of `{}`", feed.table());
            let hint = format!(
                "a header must name {}; a file without one needs `header: false`",
                feed.columns.join(", ")
            );
            return Err(Diagnostic::error("I003", message).at(line.start()).hint(hint).into());
        }
        Err(Refusal::Problems(problems))
    }

    /// Columns of the key and of types that only the header could tell of.
    fn keyed(&self, columns: Vec<String>, line: &HeaderLine<'_>) -> Result<Vec<String>, Refusal> {
        let types = self.feed.types.iter().map(|(name, _)| name);
        match self.feed.key.iter().chain(types).find(|name| !columns.contains(name)) {
            None => Ok(columns),
            Some(name) => {
                let message = format!("column `{name}`, which the drop names, is missing from the header");
                Err(Diagnostic::error("I003", message)
                    .at(line.start())
                    .hint("correct `key` or `types`")
                    .into())
            }
        }
    }

    fn empty(&self, message: &str) -> Result<Vec<String>, Refusal> {
        if self.feed.allow_empty {
            return Ok(self.feed.columns.clone());
        }
        let hint = "loading it would empty the table; `allow_empty: true` says that this may happen";
        Err(Diagnostic::error("I007", message).at(Place::file(self.name)).hint(hint).into())
    }

    fn rows(
        &mut self,
        records: &mut Records<Input>,
        columns: &[String],
        sink: &mut dyn Sink,
    ) -> Result<(), Refusal> {
        let position = |name: &String| columns.iter().position(|column| column == name);
        let required: Vec<usize> = match self.feed.mode {
            Mode::Upsert => self.feed.key.iter().filter_map(position).collect(),
            Mode::Replace | Mode::Append => Vec::new(),
        };
        let kinds: Vec<_> =
            self.feed.types.iter().filter_map(|(name, kind)| Some((position(name)?, *kind))).collect();
        let rules =
            Rules { columns, max_field_bytes: self.feed.max_field_bytes, required: &required, kinds: &kinds };
        let meter = records.input().meter.clone();
        while let Some(record) = records.next().map_err(|error| unreadable(self.name, &error))? {
            self.tally.physical += 1;
            match judge(&record, &rules) {
                Ok(Sound::Row { literal_quote }) => {
                    if literal_quote {
                        let (first, count) = self.literal_quotes.unwrap_or((record.position.line, 0));
                        self.literal_quotes = Some((first, count + 1));
                    }
                    self.tally.rows += 1;
                    sink.row(&record)?;
                }
                Ok(Sound::Blank) => self.tally.blank += 1,
                Err((Flaw::Unterminated { opened }, at)) => {
                    // What it is nobody knows, nor how many records it swallowed.
                    self.tally.physical -= 1;
                    let rejected = Rejected::new(&record, Flaw::Unterminated { opened }, at);
                    let place = place(self.name, &rejected);
                    return Err(unterminated(opened, place).into());
                }
                Err((flaw, at)) => {
                    self.tally.rejected += 1;
                    sink.reject(Rejected::new(&record, flaw, at))?;
                }
            }
            if self.tally.physical.is_multiple_of(STRIDE) {
                sink.progress(&self.tally, meter.bytes());
            }
        }
        Ok(())
    }

    fn notes(mut self) -> Vec<Diagnostic> {
        let file = || Place::file(self.name);
        if let Some((line, count)) = self.literal_quotes {
            let s = if count == 1 { "" } else { "s" };
            let message = format!("{count} row{s} with a quote inside an unquoted field, taken as it stands");
            let place = Place { line: u32::try_from(line).unwrap_or(u32::MAX), ..file() };
            let hint = "fields with quotes should stand in quotes, their own quotes doubled";
            self.notes.push(Diagnostic::warning("I011", message).at(place).hint(hint));
        }
        if self.tally.blank > 0 {
            let s = if self.tally.blank == 1 { "" } else { "s" };
            let message = format!("{} empty line{s} skipped", self.tally.blank);
            self.notes.push(Diagnostic::warning("I012", message).at(file()));
        }
        self.notes
    }
}

/// The place of a rejected record, with the part of it that shows the flaw.
pub fn place(name: &str, rejected: &Rejected) -> Place {
    Place {
        file: name.to_owned(),
        line: u32::try_from(rejected.line).unwrap_or(u32::MAX),
        column: u32::try_from(rejected.column).unwrap_or(u32::MAX),
        length: 1,
        snippet: rejected.snippet(),
    }
}

fn refuse_encoding(name: &str, guess: Guess) -> Result<(), Refusal> {
    let (message, hint) = match guess {
        Guess::Utf8(_) => return Ok(()),
        Guess::Utf16 { mark, .. } => {
            let label = guess.label().unwrap_or("utf-16");
            let how = if mark > 0 {
                "a byte order mark at byte 0 says so"
            } else {
                "byte 0 on, every other is zero"
            };
            (
                format!("the file is {} and not UTF-8: {how}", label.to_uppercase()),
                format!("say so under `drop`: `encoding: {label}`, or write the file in UTF-8"),
            )
        }
        Guess::Utf32 => ("the file is UTF-32 and not UTF-8".to_owned(), "write the file in UTF-8".to_owned()),
        Guess::Binary(what) => (format!("the file is {what} and no CSV"), "export it as CSV".to_owned()),
    };
    Err(Diagnostic::error("I002", message).at(Place::file(name)).hint(hint).into())
}

fn unreadable(name: &str, error: &io::Error) -> Refusal {
    let (code, hint) = match error.kind() {
        io::ErrorKind::NotFound => ("I001", "is the path right, or was the file moved meanwhile?"),
        io::ErrorKind::PermissionDenied => ("I001", "let this user read the file"),
        io::ErrorKind::InvalidData if error.to_string().starts_with("byte ") => {
            ("I002", "correct `encoding` under `drop`, or write the file in UTF-8")
        }
        io::ErrorKind::UnexpectedEof
        | io::ErrorKind::InvalidData
        | io::ErrorKind::InvalidInput
        | io::ErrorKind::Other => ("I001", "the packed file is cut off or damaged: send it again"),
        _ => ("I001", "try again; if it stays, look at the disk"),
    };
    Diagnostic::error(code, format!("read the file: {error}")).at(Place::file(name)).hint(hint).into()
}

fn unterminated(opened: u64, place: Place) -> Diagnostic {
    let message = format!("the quote opened on line {opened} is never closed");
    let line = u32::try_from(opened).unwrap_or(u32::MAX);
    let hint = "close it, or double it where it is part of the value; everything after it would be one field";
    Diagnostic::error("I009", message).at(Place { line, ..place }).hint(hint)
}
