//! What is wrong with a record, and where in it.

use super::encoding::likely;
use super::field::{printable, value};
use super::records::{Fault, Record};
use super::scanner::Form;
use crate::kind::Kind;
use memchr::memchr;

/// Characters of a record that a message shows.
const SNIPPET: usize = 120;
/// Bytes of a record that the quarantine keeps.
const KEPT: usize = 1 << 20;

/// Why a record was not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// Another number of fields than the header's.
    Width {
        /// Fields of the record.
        found: usize,
        /// Fields of the header.
        expected: usize,
        /// The field that is missing first.
        missing: Option<String>,
    },
    /// A NUL byte, which a text in Postgres cannot hold.
    Nul {
        /// The column.
        column: String,
    },
    /// Bytes that are not UTF-8.
    NotUtf8 {
        /// The column.
        column: String,
        /// The first of them.
        byte: u8,
        /// Where it stands in the text, from 0.
        at: u64,
        /// What the encoding may be instead.
        likely: &'static str,
    },
    /// Text between a closing quote and the delimiter.
    AfterQuote {
        /// The column.
        column: String,
    },
    /// A field longer than allowed.
    LongField {
        /// The column.
        column: String,
        /// Its length in bytes.
        length: usize,
        /// The longest allowed, in bytes.
        limit: usize,
    },
    /// A record longer than the reader keeps.
    LongRecord {
        /// Its length in bytes.
        length: u64,
    },
    /// The input ended inside quotes. Never quarantined: what else was swallowed is unknown.
    Unterminated {
        /// Line of the opening quote.
        opened: u64,
    },
    /// A value that cannot be read as what the project says the column is.
    NotKind {
        /// The column.
        column: String,
        /// The first characters of the value.
        value: String,
        /// What it should be.
        kind: Kind,
    },
    /// A column of the key without a value (mode `upsert`).
    EmptyKey {
        /// The column.
        column: String,
    },
    /// A later record of the drop has the same key (mode `upsert`).
    SameKey {
        /// The file with the later record.
        file: String,
        /// Its line.
        line: u64,
    },
}

impl std::fmt::Display for Flaw {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let s = |count: usize| if count == 1 { "" } else { "s" };
        match self {
            Self::Width { found, expected, missing: None } => {
                write!(out, "{found} field{} where the header has {expected}", s(*found))
            }
            Self::Width { found, expected, missing: Some(column) } => {
                write!(
                    out,
                    "{found} field{} where the header has {expected}: `{column}` is missing",
                    s(*found)
                )
            }
            Self::Nul { column } => write!(out, "a NUL byte in `{column}`"),
            Self::NotUtf8 { column, byte, at, likely } => {
                write!(
                    out,
                    "byte 0x{byte:02X} at offset {at}, in `{column}`, is not UTF-8; it may be {likely}"
                )
            }
            Self::AfterQuote { column } => write!(out, "text after the closing quote of `{column}`"),
            Self::LongField { column, length, limit } => {
                write!(out, "`{column}` has {length} bytes; at most {limit} are allowed (`max_field_bytes`)")
            }
            Self::LongRecord { length } => write!(out, "a record of {length} bytes is too long to be read"),
            Self::Unterminated { opened } => {
                write!(out, "the quote opened on line {opened} is never closed")
            }
            Self::NotKind { column, value, kind } => {
                write!(out, "`{column}` is no {}: `{value}`", kind.as_str())
            }
            Self::EmptyKey { column } => write!(out, "`{column}`, a column of the key, is empty"),
            Self::SameKey { file, line } => {
                write!(out, "the same key comes again in {file} on line {line}, which was kept")
            }
        }
    }
}

/// A record that was not accepted, as the quarantine keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// Line on which the record begins, from 1.
    pub line: u64,
    /// Offset of its first byte, from 0.
    pub byte: u64,
    /// Where in the record the flaw is, in characters from 1.
    pub column: u64,
    /// What is wrong.
    pub flaw: Flaw,
    /// The record, 1 MiB of it at most; what is not text as `\xNN`.
    pub raw: String,
}

impl Rejected {
    /// A record with its flaw, which stands at byte `at` of the record.
    pub fn new(record: &Record<'_>, flaw: Flaw, at: usize) -> Self {
        let at = at.min(record.bytes.len());
        let kept = &record.bytes[..record.bytes.len().min(KEPT)];
        let mut raw = printable(kept);
        let length = match record.fault {
            Some(Fault::TooLong { length }) => length,
            _ => record.bytes.len() as u64,
        };
        if length > kept.len() as u64 {
            raw.push_str(&format!("… ({} bytes more)", length - kept.len() as u64));
        }
        let column = String::from_utf8_lossy(&record.bytes[..at]).chars().count() as u64 + 1;
        Self { line: record.position.line, byte: record.position.byte, column, flaw, raw }
    }

    /// What a message shows of the record: its beginning up to the flaw and a little further, on one line.
    pub fn snippet(&self) -> String {
        let flaw = usize::try_from(self.column).unwrap_or(usize::MAX);
        let length = (flaw.saturating_add(SNIPPET / 3)).clamp(SNIPPET, 10 * SNIPPET);
        let shown = self.raw.chars().take(length).map(|c| if c.is_control() { '·' } else { c });
        shown.chain(self.raw.chars().nth(length).map(|_| '…')).collect()
    }
}

/// What every record of a file must be.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    /// Columns in the order of the file.
    pub columns: &'a [String],
    /// Longest field, in bytes as written.
    pub max_field_bytes: usize,
    /// Positions of the columns that must have a value.
    pub required: &'a [usize],
    /// Positions of the columns that must be readable as something.
    pub kinds: &'a [(usize, Kind)],
}

/// What a record without flaw is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sound {
    /// An empty line.
    Blank,
    /// A row.
    Row {
        /// A quote stands inside an unquoted field: taken as it is, worth a warning.
        literal_quote: bool,
    },
}

/// Judges a record. The flaw comes with its place: a byte of the record.
#[inline]
pub fn judge(record: &Record<'_>, rules: &Rules<'_>) -> Result<Sound, (Flaw, usize)> {
    if record.fault.is_none() && record.is_blank() {
        return Ok(Sound::Blank);
    }
    let quoted = memchr(b'"', record.bytes).is_some();
    let sound = record.fault.is_none()
        && record.fields == rules.columns.len()
        && record.bytes.len() <= rules.max_field_bytes
        && memchr(0, record.bytes).is_none()
        && (record.bytes.is_ascii() || std::str::from_utf8(record.bytes).is_ok())
        && !(quoted && record.spans.iter().any(|span| span.form == Form::Trailing))
        && rules.required.iter().all(|&at| has_value(record, at))
        && rules.kinds.iter().all(|&(at, kind)| is_kind(record, at, kind));
    if !sound && let Some(flaw) = find(record, rules) {
        return Err(flaw);
    }
    let literal = |form, raw: &[u8]| form == Form::Plain && memchr(b'"', raw).is_some();
    let literal_quote = quoted && record.spans.iter().any(|span| literal(span.form, record.raw(*span)));
    Ok(Sound::Row { literal_quote })
}

#[inline]
fn is_kind(record: &Record<'_>, at: usize, kind: Kind) -> bool {
    let span = record.spans.get(at);
    span.is_none_or(|span| value(record, *span, &mut Vec::new()).is_none_or(|value| kind.reads(value)))
}

fn has_value(record: &Record<'_>, at: usize) -> bool {
    record
        .spans
        .get(at)
        .is_some_and(|span| span.end > span.start && (span.form == Form::Plain || span.end - span.start > 2))
}

/// The first flaw of a record, in the order in which one hides another.
#[cold]
fn find(record: &Record<'_>, rules: &Rules<'_>) -> Option<(Flaw, usize)> {
    let column_at = |byte: usize| {
        let at = record.spans.iter().position(|span| byte <= span.end as usize);
        at.and_then(|at| rules.columns.get(at)).cloned().unwrap_or_else(|| "a surplus field".to_owned())
    };
    match record.fault {
        Some(Fault::Unterminated { opened }) => return Some((Flaw::Unterminated { opened }, 0)),
        Some(Fault::TooLong { length }) => return Some((Flaw::LongRecord { length }, 0)),
        None => {}
    }
    // What opened a quote wrongly tells more than the number of fields that followed from it.
    if let Some(span) = record.spans.iter().find(|span| span.form == Form::Trailing) {
        let at = span.start as usize + closing_quote(record.raw(*span));
        return Some((Flaw::AfterQuote { column: column_at(span.start as usize) }, at));
    }
    if let Some(at) = memchr(0, record.bytes) {
        return Some((Flaw::Nul { column: column_at(at) }, at));
    }
    if let Err(error) = std::str::from_utf8(record.bytes) {
        let at = error.valid_up_to();
        let flaw = Flaw::NotUtf8 {
            column: column_at(at),
            byte: record.bytes[at],
            at: record.position.byte + at as u64,
            likely: likely(record.bytes),
        };
        return Some((flaw, at));
    }
    let (found, expected) = (record.fields, rules.columns.len());
    if found != expected {
        let missing = rules.columns.get(found).cloned();
        let at = record.spans.get(expected).map_or(record.bytes.len(), |span| span.start as usize);
        return Some((Flaw::Width { found, expected, missing }, at));
    }
    let limit = rules.max_field_bytes;
    let long = record.spans.iter().position(|span| (span.end - span.start) as usize > limit);
    if let Some(at) = long {
        let span = record.spans[at];
        let length = (span.end - span.start) as usize;
        return Some((
            Flaw::LongField { column: rules.columns[at].clone(), length, limit },
            span.start as usize,
        ));
    }
    let start = |at: usize| record.spans.get(at).map_or(0, |span| span.start as usize);
    if let Some(&empty) = rules.required.iter().find(|&&at| !has_value(record, at)) {
        return Some((Flaw::EmptyKey { column: rules.columns[empty].clone() }, start(empty)));
    }
    let &(at, kind) = rules.kinds.iter().find(|(at, kind)| !is_kind(record, *at, *kind))?;
    let mut scratch = Vec::new();
    let value = printable(value(record, record.spans[at], &mut scratch).unwrap_or_default());
    let shown = value.chars().take(40).map(|c| if c.is_control() { '·' } else { c });
    let value = shown.chain(value.chars().nth(40).map(|_| '…')).collect();
    Some((Flaw::NotKind { column: rules.columns[at].clone(), value, kind }, start(at)))
}

/// The first byte after a field's closing quote.
fn closing_quote(raw: &[u8]) -> usize {
    let mut at = 1;
    while let Some(quote) = memchr(b'"', &raw[at..]) {
        at += quote + 1;
        if raw.get(at) != Some(&b'"') {
            return at;
        }
        at += 1;
    }
    raw.len()
}

#[cfg(test)]
mod tests {
    use super::super::records::Records;
    use super::super::scanner::Delimiter;
    use super::*;

    #[track_caller]
    fn check(bytes: &[u8], expected: &str) {
        let columns = ["a".to_owned(), "b".to_owned()];
        let rules =
            Rules { columns: &columns, max_field_bytes: 10, required: &[0], kinds: &[(1, Kind::Integer)] };
        let delimiter = Delimiter::new(',').expect("a delimiter");
        let mut records = Records::new(bytes, delimiter, 100, 0);
        let record = records.next().expect("reads").expect("one record");
        let found = match judge(&record, &rules) {
            Ok(sound) => format!("{sound:?}"),
            Err((flaw, at)) => format!("{}: {flaw}", Rejected::new(&record, flaw.clone(), at).column),
        };
        assert_eq!(found, expected, "{:?}", printable(bytes));
    }

    #[test]
    fn names_flaws_and_their_place() {
        check(b"1,2", "Row { literal_quote: false }");
        check(b"5\" disk,1", "Row { literal_quote: true }");
        check(b"1,x\"y\"", "3: `b` is no integer: `x\"y\"`");
        check(b"\"1\"\"\",\"2\"", "Row { literal_quote: false }");
        check(b"\n", "Blank");
        check(b"1", "2: 1 field where the header has 2: `b` is missing");
        check("é,2,3".as_bytes(), "5: 3 fields where the header has 2");
        check(b"1,x\0y", "4: a NUL byte in `b`");
        check("caf\u{e9},1".as_bytes(), "Row { literal_quote: false }");
        check(b"1,caf\xE9", "6: byte 0xE9 at offset 5, in `b`, is not UTF-8; it may be latin1");
        check(b"1,\"10\"x", "7: text after the closing quote of `b`");
        check(b"1,12345678901", "3: `b` has 11 bytes; at most 10 are allowed (`max_field_bytes`)");
        check(b"123456789,1234567890", "Row { literal_quote: false }");
        check(b",2", "1: `a`, a column of the key, is empty");
        check(b"\"\",2", "1: `a`, a column of the key, is empty");
        check(b"1,\"x\n\n", "1: the quote opened on line 1 is never closed");
        check(&[b'x'; 300], "1: a record of 300 bytes is too long to be read");
    }

    #[test]
    fn shows_the_place_in_a_long_record() {
        let text = format!("{},\"y\"z", "x".repeat(500));
        let delimiter = Delimiter::new(',').expect("a delimiter");
        let mut records = Records::new(text.as_bytes(), delimiter, 1000, 0);
        let record = records.next().expect("reads").expect("one record");
        let rejected = Rejected::new(&record, Flaw::AfterQuote { column: "b".to_owned() }, 504);
        assert_eq!((rejected.column, rejected.snippet().chars().nth(504)), (505, Some('z')));
        let short = Rejected::new(&record, Flaw::AfterQuote { column: "b".to_owned() }, 0);
        assert_eq!(short.snippet().chars().count(), 121);
    }
}
