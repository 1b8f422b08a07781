//! What must hold of any bytes, shared by the fuzz target and by the ordinary tests.
//!
//! The reader is asked three ways (in one piece, in small pieces, through the whole sieve) and the answers are held
//! against each other and against the bytes: no byte is lost, no record is lost, none comes twice.

use ingest::csv::field::value;
use ingest::csv::flaw::Rejected;
use ingest::csv::input::Input;
use ingest::csv::records::{Fault, Record, Records};
use ingest::csv::scanner::Delimiter;
use ingest::feed::Feed;
use ingest::sift::{Refusal, Sink, Stop, Tally, sift_input};
use platform_core::Relation;
use std::io::{Cursor, Read};

/// Panics where the reader is wrong about the bytes.
pub fn hold(bytes: &[u8]) {
    // The first byte chooses how the rest is read.
    let (choice, text) = bytes.split_first().map_or((0, bytes), |(choice, text)| (*choice, text));
    let delimiter = [',', ';', '\t', '§'][usize::from(choice & 3)];
    let delimiter = Delimiter::new(delimiter).expect("a delimiter");
    let whole = records(Whole(text), delimiter, usize::MAX >> 8);
    every_byte_belongs_to_a_record(text, delimiter);
    let pieces =
        records(Pieces { rest: text, size: usize::from(choice >> 2) % 7 + 1 }, delimiter, usize::MAX >> 8);
    assert_eq!(whole, pieces, "pieces change nothing");
    a_limit_forgets_long_records_only(text, delimiter, &whole);
    written_again_it_reads_the_same(&whole);
    the_sieve_accounts_for_everything(text, delimiter, &whole);
}

/// A record as far as it matters: its fields, or that it was never closed.
#[derive(Clone, Debug, PartialEq)]
struct Seen {
    line: u64,
    byte: u64,
    blank: bool,
    fault: Option<Fault>,
    fields: Vec<Option<Vec<u8>>>,
}

struct Whole<'a>(&'a [u8]);

impl Read for Whole<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(out)
    }
}

struct Pieces<'a> {
    rest: &'a [u8],
    size: usize,
}

impl Read for Pieces<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let length = self.size.min(out.len()).min(self.rest.len());
        out[..length].copy_from_slice(&self.rest[..length]);
        self.rest = &self.rest[length..];
        Ok(length)
    }
}

fn seen(record: &Record<'_>) -> Seen {
    let mut scratch = Vec::new();
    let fields = record.spans.iter().map(|span| value(record, *span, &mut scratch).map(<[u8]>::to_vec));
    Seen {
        line: record.position.line,
        byte: record.position.byte,
        blank: record.is_blank() && record.fault.is_none(),
        fault: record.fault,
        fields: fields.collect(),
    }
}

fn records(input: impl Read, delimiter: Delimiter, limit: usize) -> Vec<Seen> {
    let mut records = Records::new(input, delimiter, limit, 0);
    let mut all = Vec::new();
    while let Some(record) = records.next().expect("memory reads") {
        all.push(seen(&record));
    }
    all
}

fn every_byte_belongs_to_a_record(text: &[u8], delimiter: Delimiter) {
    let mut records = Records::new(text, delimiter, usize::MAX >> 8, 0);
    let mut end = 0;
    while let Some(record) = records.next().expect("memory reads") {
        assert_eq!(record.position.byte, end, "a record begins where the last one ended");
        let body = usize::try_from(record.position.byte).expect("small") + record.bytes.len();
        assert_eq!(record.bytes, &text[usize::try_from(end).expect("small")..body]);
        let ending = &text[body..usize::try_from(records.position().byte).expect("small")];
        assert!(matches!(ending, b"" | b"\n" | b"\r" | b"\r\n"), "{ending:?} ends a record");
        end = records.position().byte;
    }
    assert_eq!(end, text.len() as u64, "the last record ends with the input");
    let ends = |at: usize| text[at] == b'\r' || text[at] == b'\n' && (at == 0 || text[at - 1] != b'\r');
    let lines = (0..text.len()).filter(|&at| ends(at)).count() as u64;
    assert_eq!(records.position().line, lines + 1, "every line's end was counted");
}

fn a_limit_forgets_long_records_only(text: &[u8], delimiter: Delimiter, whole: &[Seen]) {
    let limited = records(text, delimiter, 64);
    assert_eq!(limited.len(), whole.len(), "the same records, kept or not");
    for (limited, whole) in limited.iter().zip(whole) {
        assert_eq!((limited.line, limited.byte), (whole.line, whole.byte));
        match limited.fault {
            Some(Fault::TooLong { length }) => assert!(length >= 64, "{length} bytes are not long"),
            _ => assert!(limited == whole || whole.fault.is_some(), "{limited:?} is {whole:?}"),
        }
    }
}

/// Fields in quotes where they need them, as RFC 4180 has it.
fn written_again_it_reads_the_same(whole: &[Seen]) {
    let sound = |seen: &&Seen| seen.fault.is_none() && !seen.blank;
    let sound: Vec<&Seen> = whole.iter().filter(sound).collect();
    let mut text = Vec::new();
    for seen in &sound {
        for (at, field) in seen.fields.iter().enumerate() {
            if at > 0 {
                text.push(b',');
            }
            // A record of one field that is nothing would be an empty line.
            if field.is_none() && seen.fields.len() > 1 {
                continue;
            }
            text.push(b'"');
            for byte in field.iter().flatten() {
                text.push(*byte);
                if *byte == b'"' {
                    text.push(b'"');
                }
            }
            text.push(b'"');
        }
        text.push(b'\n');
    }
    let again = records(Whole(&text), Delimiter::new(',').expect("a delimiter"), usize::MAX >> 8);
    assert_eq!(again.len(), sound.len());
    for (again, seen) in again.iter().zip(sound) {
        assert_eq!(again.fields, seen.fields);
    }
}

#[derive(Default)]
struct Counting {
    columns: Option<usize>,
    rows: u64,
    rejected: u64,
    told: Tally,
}

impl Sink for Counting {
    fn begin(&mut self, columns: &[String]) -> Result<(), Stop> {
        self.columns = Some(columns.len());
        Ok(())
    }

    fn row(&mut self, record: &Record<'_>) -> Result<(), Stop> {
        assert_eq!(Some(record.spans.len()), self.columns, "a row has the header's fields");
        let text = std::str::from_utf8(record.bytes).expect("a row is UTF-8");
        assert!(!text.contains('\0'), "a row has no NUL");
        self.rows += 1;
        Ok(())
    }

    fn reject(&mut self, rejected: Rejected) -> Result<(), Stop> {
        assert!(!rejected.raw.contains('\0') && !rejected.flaw.to_string().is_empty());
        assert!(rejected.column >= 1 && rejected.snippet().chars().count() <= 1300);
        self.rejected += 1;
        Ok(())
    }

    fn progress(&mut self, tally: &Tally, _bytes: u64) {
        self.told = *tally;
    }
}

fn the_sieve_accounts_for_everything(text: &[u8], delimiter: Delimiter, whole: &[Seen]) {
    let mut feed = Feed::of_header(Relation::in_schema("raw", "t"), delimiter);
    feed.allow_empty = true;
    let Ok(input) = Input::new(Box::new(Cursor::new(text.to_vec())), None) else { return };
    // Packed or marked, the bytes are not the text.
    let plain = input.compression == ingest::csv::input::Compression::None && input.skipped == 0;
    let mut sink = Counting::default();
    match sift_input(input, "t.csv", &feed, &mut sink) {
        Ok(sifted) => {
            let tally = sifted.tally;
            assert!(tally.balances(), "{tally:?}");
            assert_eq!(
                (tally.rows, tally.rejected),
                (sink.rows, sink.rejected),
                "what was counted was given"
            );
            assert_eq!(sink.told, tally, "the last word on progress is the result");
            if plain {
                let header = u64::from(sink.columns.is_some_and(|columns| columns > 0));
                assert_eq!(tally.physical + header, whole.len() as u64, "every record but the header");
                assert_eq!(tally.blank, whole.iter().filter(|seen| seen.blank).count() as u64);
            }
        }
        Err(Refusal::Problems(problems)) => {
            assert!(!problems.is_empty(), "a refusal says why");
            assert!(sink.told.balances(), "{:?}", sink.told);
            assert_eq!((sink.told.rows, sink.told.rejected), (sink.rows, sink.rejected));
        }
        Err(Refusal::Stopped) => unreachable!("this sink takes everything"),
    }
}
