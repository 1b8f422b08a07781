//! The rows of a seed: as data for COPY, or as values.

use super::infer::boolean;
use super::moment::{Moment, date, date_time, iso};
use super::number::{Number, plain};
use super::text::is_null;
use super::{Lines, Seed, text_of};
use crate::copy_text::{NULL, escape};
use chrono::{Datelike as _, Duration, NaiveDate, NaiveDateTime, TimeZone as _};
use chrono_tz::Tz;
use platform_core::seed::{SeedError, SeedType, SeedValue};
use std::io::Write as _;

/// Bytes after which a piece is given.
const PIECE: usize = 256 << 10;

/// A seed's rows for `copy … from stdin` in text format.
pub struct CopyData<'a> {
    seed: &'a Seed,
    kinds: Vec<SeedType>,
    lines: Option<Lines>,
    zone: Zone,
    begun: bool,
    rows: u64,
    scratch: Vec<u8>,
}

impl<'a> CopyData<'a> {
    /// Reads the file when the first piece is asked for.
    pub fn new(seed: &'a Seed, time_zone: &str) -> Self {
        Self {
            seed,
            kinds: seed.kinds(),
            lines: None,
            zone: Zone::new(time_zone),
            begun: false,
            rows: 0,
            scratch: Vec::new(),
        }
    }

    fn piece(&mut self) -> Result<Option<Vec<u8>>, SeedError> {
        if !self.begun {
            self.begun = true;
            let mut lines = Lines::open(self.seed)?;
            lines.header()?;
            self.lines = Some(lines);
        }
        let Some(lines) = &mut self.lines else { return Ok(None) };
        let mut out = Vec::with_capacity(PIECE + (PIECE >> 2));
        let width = self.kinds.len();
        while out.len() < PIECE {
            let Some(record) = lines.next(width)? else {
                let lines = self.lines.take();
                let same = lines.map_or(Ok(true), |lines| {
                    lines.finish().map(|hash| hex::encode(hash) == self.seed.sha256)
                })?;
                if self.rows != self.seed.row_count || !same {
                    let path = self.seed.path.display();
                    return Err(SeedError::Unreadable(format!(
                        "{path}: the file changed while it was loaded\nhint: load it again"
                    )));
                }
                return Ok((!out.is_empty()).then_some(out));
            };
            for (at, kind) in self.kinds.iter().enumerate() {
                if at > 0 {
                    out.push(b'\t');
                }
                // A short row is filled up with nulls, and an empty line is a row of them.
                let span = record.spans.get(at).filter(|span| span.end > span.start);
                match span {
                    Some(span) => {
                        let text = text_of(&record, *span, &mut self.scratch);
                        write(&mut out, &text, *kind, &self.zone)
                            .map_err(|problem| problem.at(self.seed, record.position.line, at))?;
                    }
                    None => out.extend_from_slice(NULL),
                }
            }
            out.push(b'\n');
            self.rows += 1;
        }
        Ok(Some(out))
    }
}

impl Iterator for CopyData<'_> {
    type Item = Result<Vec<u8>, SeedError>;

    fn next(&mut self) -> Option<Self::Item> {
        let piece = self.piece().transpose();
        if matches!(piece, Some(Err(_))) {
            self.lines = None;
        }
        piece
    }
}

/// A value that its column's type has, but Postgres has not.
enum Problem {
    Zone(String),
    Offset(String),
}

impl Problem {
    fn at(&self, seed: &Seed, line: u64, column: usize) -> SeedError {
        let place = format!("{}:{line}: column `{}`", seed.path.display(), seed.columns[column].name);
        SeedError::Unreadable(match self {
            Self::Zone(zone) => format!(
                "{place} has a time with an offset, and the session's time zone `{zone}` is not known here\n\
                 hint: set the session's TimeZone to a name like `Europe/Lisbon` or `UTC`"
            ),
            Self::Offset(value) => {
                format!("{place}: `{value}` is a day or more from UTC\nhint: correct the offset")
            }
        })
    }
}

/// Writes one value as COPY's text format has it, after dbt's own conversions.
fn write(out: &mut Vec<u8>, text: &str, kind: SeedType, zone: &Zone) -> Result<(), Problem> {
    if let (SeedType::Integer | SeedType::Float, Some(plain)) = (kind, plain(text.as_bytes())) {
        // `-0.0` would keep its sign in a float8, which dbt's literal does not.
        let as_it_is =
            if kind == SeedType::Integer { !plain.point } else { !text.starts_with('-') || plain.whole > 0 };
        if as_it_is {
            out.extend_from_slice(text.as_bytes());
            return Ok(());
        }
    }
    if is_null(text) {
        out.extend_from_slice(NULL);
        return Ok(());
    }
    match kind {
        SeedType::Text => escape(out, text.as_bytes()),
        SeedType::Boolean => match boolean(text).flatten() {
            Some(truth) => out.push(if truth { b't' } else { b'f' }),
            None => out.extend_from_slice(NULL),
        },
        SeedType::Integer | SeedType::Float => {
            // Types were inferred from the same values: all can be read.
            let Some(number) = Number::read(text) else {
                escape(out, text.as_bytes());
                return Ok(());
            };
            let literal = match kind {
                SeedType::Integer => number.whole().unwrap_or_else(|| number.to_string()),
                _ => number.float(),
            };
            out.extend_from_slice(literal.as_bytes());
        }
        SeedType::Date => match date(text) {
            Some(date) => put_date(out, date),
            None => escape(out, text.as_bytes()),
        },
        SeedType::DateTime => match date_time(text) {
            Some(moment) => put_time(out, moment.local),
            None => escape(out, text.as_bytes()),
        },
        SeedType::IsoDateTime => match iso(text) {
            Some(moment) => put_time(out, zone.local(&moment, text)?),
            None => escape(out, text.as_bytes()),
        },
    }
    Ok(())
}

fn put_date(out: &mut Vec<u8>, date: NaiveDate) {
    // Writing to a vector cannot fail.
    let _ = write!(out, "{:04}-{:02}-{:02}", date.year(), date.month(), date.day());
}

/// Local time may leave the years of Python: Postgres knows the years before Christ by `BC`.
fn put_time(out: &mut Vec<u8>, time: NaiveDateTime) {
    let (year, era) = if time.year() < 1 { (1 - time.year(), " BC") } else { (time.year(), "") };
    let _ =
        write!(out, "{year:04}-{:02}-{:02} {}{era}", time.month(), time.day(), time.format("%H:%M:%S%.6f"));
}

/// The session's time zone.
struct Zone {
    name: String,
    zone: Option<Tz>,
}

impl Zone {
    fn new(name: &str) -> Self {
        Self { name: name.to_owned(), zone: name.parse().ok() }
    }

    /// A moment in local time, as Postgres casts a `timestamptz` to a `timestamp`.
    fn local(&self, moment: &Moment, text: &str) -> Result<NaiveDateTime, Problem> {
        let Some(offset) = moment.offset else { return Ok(moment.local) };
        if offset.abs() >= 24 * 60 {
            return Err(Problem::Offset(text.to_owned()));
        }
        let zone = self.zone.ok_or_else(|| Problem::Zone(self.name.clone()))?;
        let utc = moment.local - Duration::minutes(i64::from(offset));
        Ok(zone.from_utc_datetime(&utc).naive_local())
    }
}

/// A seed's rows as values.
pub struct Values<'a> {
    seed: &'a Seed,
    lines: Option<Lines>,
    begun: bool,
}

impl<'a> Values<'a> {
    /// Reads the file when the first row is asked for.
    pub fn new(seed: &'a Seed) -> Self {
        Self { seed, lines: None, begun: false }
    }

    fn row(&mut self) -> Result<Option<Vec<SeedValue>>, SeedError> {
        if !self.begun {
            self.begun = true;
            let mut lines = Lines::open(self.seed)?;
            lines.header()?;
            self.lines = Some(lines);
        }
        let Some(lines) = &mut self.lines else { return Ok(None) };
        let columns = &self.seed.columns;
        let Some(record) = lines.next(columns.len())? else {
            self.lines = None;
            return Ok(None);
        };
        let mut scratch = Vec::new();
        let mut row = Vec::with_capacity(columns.len());
        for (at, column) in columns.iter().enumerate() {
            row.push(match record.spans.get(at) {
                Some(span) => typed(&text_of(&record, *span, &mut scratch), column.kind),
                None => SeedValue::Null,
            });
        }
        Ok(Some(row))
    }
}

impl Iterator for Values<'_> {
    type Item = Result<Vec<SeedValue>, SeedError>;

    fn next(&mut self) -> Option<Self::Item> {
        let row = self.row().transpose();
        if matches!(row, Some(Err(_))) {
            self.lines = None;
        }
        row
    }
}

/// A value of its column's type.
fn typed(text: &str, kind: SeedType) -> SeedValue {
    if is_null(text) {
        return SeedValue::Null;
    }
    let read = match kind {
        SeedType::Text => None,
        SeedType::Boolean => boolean(text).map(|truth| truth.map_or(SeedValue::Null, SeedValue::Boolean)),
        SeedType::Integer | SeedType::Float => {
            Number::read(text).map(|number| SeedValue::Number(number.to_string()))
        }
        SeedType::Date => date(text).map(|date| SeedValue::Date(date.to_string())),
        SeedType::DateTime => date_time(text).map(|moment| SeedValue::DateTime(moment.to_string())),
        SeedType::IsoDateTime => iso(text).map(|moment| SeedValue::DateTime(moment.to_string())),
    };
    read.unwrap_or_else(|| SeedValue::Text(text.to_owned()))
}
