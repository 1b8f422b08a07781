//! Seeds: CSV files of a project, typed and loaded as dbt Core does it, only without keeping them in memory.
//!
//! dbt reads a seed with Python's csv module in universal-newline mode and has agate infer types. So text after a
//! closing quote belongs to the value, an empty line is a row of nulls, a short row is filled up with nulls, and a long one is
//! an error. The file is read twice: for the types, then for the rows.

mod infer;
mod moment;
mod number;
mod rows;
mod text;

use crate::csv::encoding::Guess as Encoding;
use crate::csv::field::value;
use crate::csv::input::{Input, sha256};
use crate::csv::records::{Fault, Record, Records};
use crate::csv::scanner::Delimiter;
use infer::Guess;
use platform_core::seed::{
    SeedColumn, SeedError, SeedIterator, SeedOptions, SeedReader, SeedTable, SeedType, SeedValue,
};
use sha2::{Digest as _, Sha256};
use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Longest record of a seed, in bytes.
const LONGEST: usize = 256 << 20;

/// Reads seeds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reader;

/// The reader, as the command line gives it to the engine.
pub fn reader() -> Arc<dyn SeedReader> {
    Arc::new(Reader)
}

impl SeedReader for Reader {
    fn open(&self, path: &Path, options: &SeedOptions) -> Result<Arc<dyn SeedTable>, SeedError> {
        Ok(Arc::new(Seed::open(path, options)?))
    }

    fn fingerprint(&self, path: &Path, options: &SeedOptions) -> Result<String, SeedError> {
        let file =
            sha256(path).map_err(|error| SeedError::Unreadable(format!("{}: {error}", path.display())))?;
        // What stands behind a file's hash may not be mistaken for a part of it: lengths come first.
        let mut hash = Sha256::new_with_prefix(file);
        for text in [options.delimiter.to_string()].iter().chain(&options.text_columns) {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text);
        }
        Ok(hex::encode(hash.finalize()))
    }
}

/// A seed's file, its types known.
#[derive(Clone, Debug)]
pub struct Seed {
    path: PathBuf,
    delimiter: Delimiter,
    columns: Vec<SeedColumn>,
    row_count: u64,
    sha256: String,
}

impl SeedTable for Seed {
    fn columns(&self) -> &[SeedColumn] {
        &self.columns
    }

    fn row_count(&self) -> u64 {
        self.row_count
    }

    fn sha256(&self) -> &str {
        &self.sha256
    }

    fn copy_data<'a>(&'a self, time_zone: &str) -> SeedIterator<'a, Vec<u8>> {
        Box::new(rows::CopyData::new(self, time_zone))
    }

    fn rows(&self) -> SeedIterator<'_, Vec<SeedValue>> {
        Box::new(rows::Values::new(self))
    }
}

impl Seed {
    /// Reads the file once.
    pub fn open(path: &Path, options: &SeedOptions) -> Result<Self, SeedError> {
        let delimiter = Delimiter::new(options.delimiter).ok_or_else(|| {
            SeedError::Unreadable(format!(
                "{}: `{}` cannot delimit fields",
                path.display(),
                options.delimiter.escape_debug()
            ))
        })?;
        let mut seed = Self {
            path: path.to_owned(),
            delimiter,
            columns: Vec::new(),
            row_count: 0,
            sha256: String::new(),
        };
        let mut lines = Lines::open(&seed)?;
        let names = lines.header()?;
        let is_text = |name: &String| options.text_columns.contains(name);
        let mut guesses: Vec<Guess> = names.iter().map(|name| Guess::new(is_text(name))).collect();
        let mut scratch = Vec::new();
        while let Some(record) = lines.next(names.len())? {
            for (guess, span) in guesses.iter_mut().zip(record.spans) {
                if !guess.is_text() {
                    guess.see(&text_of(&record, *span, &mut scratch));
                }
            }
            seed.row_count += 1;
        }
        seed.sha256 = hex::encode(lines.finish()?);
        let kinds = guesses.iter().map(Guess::kind);
        seed.columns = names.into_iter().zip(kinds).map(|(name, kind)| SeedColumn { name, kind }).collect();
        Ok(seed)
    }

    fn kinds(&self) -> Vec<SeedType> {
        self.columns.iter().map(|column| column.kind).collect()
    }
}

/// The value of a field as Python has it: `""` where nothing stands, line ends all `\n`. UTF-8 was checked.
fn text_of<'a>(
    record: &Record<'a>,
    span: crate::csv::scanner::Span,
    scratch: &'a mut Vec<u8>,
) -> Cow<'a, str> {
    let text = String::from_utf8_lossy(value(record, span, scratch).unwrap_or_default());
    if text.contains('\r') { Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n")) } else { text }
}

/// The records of a seed, judged as Python's csv module and agate judge them.
struct Lines {
    records: Records<Input>,
    path: PathBuf,
    row: u64,
}

impl Lines {
    fn open(seed: &Seed) -> Result<Self, SeedError> {
        let failed = |problem: String| SeedError::Unreadable(format!("{}: {problem}", seed.path.display()));
        let input = Input::open(&seed.path, None).map_err(|error| failed(error.to_string()))?;
        if !matches!(input.guess, Encoding::Utf8(_)) {
            let label = input.guess.label().unwrap_or("another encoding");
            return Err(failed(format!("the file is not UTF-8 but {label}\nhint: save it as UTF-8")));
        }
        let skipped = input.skipped;
        let records = Records::new(input, seed.delimiter, LONGEST, skipped);
        Ok(Self { records, path: seed.path.clone(), row: 0 })
    }

    /// Names of columns: made up where there are none, numbered where they repeat.
    fn header(&mut self) -> Result<Vec<String>, SeedError> {
        let path = self.path.clone();
        let failed = |problem: &str| SeedError::Unreadable(format!("{}:1: {problem}", path.display()));
        let record = self.records.next().map_err(|error| failed(&error.to_string()))?;
        let record =
            record.ok_or_else(|| failed("the seed is empty\nhint: its first line must name the columns"))?;
        if record.is_blank() {
            // A file of one line break: a table without columns.
            return match self.records.next() {
                Ok(None) => Ok(Vec::new()),
                _ => Err(failed("the first line is empty\nhint: it must name the columns")),
            };
        }
        sound(&path, &record)?;
        let mut names: Vec<String> = Vec::with_capacity(record.fields);
        for (at, span) in record.spans.iter().enumerate() {
            let written = text_of(&record, *span, &mut Vec::new()).into_owned();
            let name = if written.is_empty() { letter(at) } else { written };
            let mut unique = name.clone();
            let mut number = 2;
            while names.contains(&unique) {
                unique = format!("{name}_{number}");
                number += 1;
            }
            names.push(unique);
        }
        Ok(names)
    }

    /// The next row; it has at most as many fields as there are columns.
    fn next(&mut self, width: usize) -> Result<Option<Record<'_>>, SeedError> {
        let Self { records, path, row } = self;
        let Some(record) =
            records.next().map_err(|error| SeedError::Unreadable(format!("{}: {error}", path.display())))?
        else {
            return Ok(None);
        };
        sound(path, &record)?;
        if record.fields > width {
            let problem =
                format!("Row {row} has {} values, but Table only has {width} columns.", record.fields);
            return Err(SeedError::NoTable(format!(
                "{}:{}: {problem}\nhint: quote values that have the delimiter in them",
                path.display(),
                record.position.line
            )));
        }
        *row += 1;
        Ok(Some(record))
    }

    fn finish(self) -> Result<[u8; 32], SeedError> {
        self.records
            .into_input()
            .finish()
            .map_err(|error| SeedError::Unreadable(format!("{}: {error}", self.path.display())))
    }
}

/// What no seed may have: other encodings, NUL, records without end. A quote that is never closed Python closes itself.
fn sound(path: &Path, record: &Record<'_>) -> Result<(), SeedError> {
    let failed =
        |line: u64, problem: String| SeedError::Unreadable(format!("{}:{line}: {problem}", path.display()));
    let line = record.position.line;
    if let Some(Fault::TooLong { length }) = record.fault {
        return Err(failed(
            line,
            format!("a record of {length} bytes is too long\nhint: is a quote never closed?"),
        ));
    }
    if memchr::memchr(0, record.bytes).is_some() {
        let path = path.display();
        return Err(SeedError::Unreadable(format!(
            "A string literal cannot contain NUL (0x00) characters.\n{path}:{line} has one\nhint: remove it"
        )));
    }
    if let Err(error) = std::str::from_utf8(record.bytes) {
        let at = record.position.byte + error.valid_up_to() as u64;
        let likely = crate::csv::encoding::likely(record.bytes);
        let problem = format!("byte {at} is not UTF-8; the file may be {likely}\nhint: save it as UTF-8");
        return Err(failed(line, problem));
    }
    Ok(())
}

/// agate's name for a column without one: a to z, then aa, bb, ….
fn letter(at: usize) -> String {
    let letter = char::from(b'a' + u8::try_from(at % 26).unwrap_or_default());
    std::iter::repeat_n(letter, at / 26 + 1).collect()
}
