//! The records of an input: a buffer that holds whole records and is refilled between them.

use super::scanner::{Delimiter, Scanner, Span};
use std::io::{self, Read};

/// Bytes the buffer begins with; enough for thousands of ordinary records.
const BUFFER: usize = 1 << 20;
/// Of a record that is too long to be kept, these first bytes are.
const HEAD: usize = 64 << 10;

/// Where a record begins. Lines count from 1, bytes from 0, both in the text as CSV sees it: after
/// decompression and decoding, with a UTF-8 byte order mark counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Line of the first byte.
    pub line: u64,
    /// Offset of the first byte.
    pub byte: u64,
}

/// One record, in the reader's buffer.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// Where it begins.
    pub position: Position,
    /// Its bytes without the line's end; only the first ones where [`Record::fault`] says so.
    pub bytes: &'a [u8],
    /// Its fields, in `bytes`.
    pub spans: &'a [Span],
    /// How many fields it has, also beyond those in `spans`.
    pub fields: usize,
    /// Why its fields must not be used.
    pub fault: Option<Fault>,
}

/// Why a record has no fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The input ended inside quotes; the line on which they were opened.
    Unterminated {
        /// Line of the opening quote.
        opened: u64,
    },
    /// It is longer than the reader keeps; its length in bytes.
    TooLong {
        /// Length without the line's end, in bytes.
        length: u64,
    },
}

impl<'a> Record<'a> {
    /// Whether it is an empty line.
    #[inline]
    pub fn is_blank(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The bytes of a field, quotes included.
    #[inline]
    pub fn raw(&self, span: Span) -> &'a [u8] {
        &self.bytes[span.start as usize..span.end as usize]
    }
}

/// Reads records one after another; memory is bounded by the longest record kept.
#[derive(Debug)]
pub struct Records<R> {
    input: R,
    scanner: Scanner,
    buffer: Vec<u8>,
    head: Vec<u8>,
    start: usize,
    end: usize,
    ended: bool,
    limit: usize,
    next: Position,
}

impl<R: Read> Records<R> {
    /// Records of `input`, of which those longer than `limit` bytes are scanned but not kept.
    ///
    /// `offset` counts bytes that were read before: a byte order mark.
    pub fn new(input: R, delimiter: Delimiter, limit: usize, offset: u64) -> Self {
        let limit = limit.max(64);
        Self {
            input,
            scanner: Scanner::new(delimiter),
            buffer: vec![0; BUFFER.min(limit)],
            head: Vec::new(),
            start: 0,
            end: 0,
            ended: false,
            limit,
            next: Position { line: 1, byte: offset },
        }
    }

    /// The input, for what it counted.
    pub fn input(&self) -> &R {
        &self.input
    }

    /// The input, once the records are read.
    pub fn into_input(self) -> R {
        self.input
    }

    /// Where the next record begins; after the last one, the input's end.
    pub fn position(&self) -> Position {
        self.next
    }

    /// The next record, `None` at the end.
    #[expect(
        clippy::should_implement_trait,
        reason = "a record borrows the buffer, which an `Iterator` can't say"
    )]
    pub fn next(&mut self) -> io::Result<Option<Record<'_>>> {
        self.scanner.begin();
        let position = self.next;
        self.head.clear();
        let end = loop {
            if self.start == self.end && !self.ended && self.scanner.forgotten() == 0 {
                self.refill()?;
            }
            if self.start == self.end && self.ended && self.scanner.forgotten() == 0 {
                return Ok(None);
            }
            if let Some(end) = self.scanner.scan(&self.buffer[self.start..self.end], self.ended) {
                break end;
            }
            if self.end - self.start > self.limit {
                if self.head.is_empty() {
                    self.head.extend_from_slice(&self.buffer[self.start..self.start + HEAD.min(self.limit)]);
                }
                self.start += self.scanner.forget();
            }
            self.refill()?;
        };
        let forgotten = self.scanner.forgotten();
        self.next.byte += forgotten + end.whole as u64;
        self.next.line += self.scanner.lines() + u64::from(end.whole > end.body);
        let start = self.start;
        self.start += end.whole;
        let fault = if end.unterminated {
            Some(Fault::Unterminated { opened: position.line + self.scanner.opening_line() })
        } else {
            (forgotten > 0).then_some(Fault::TooLong { length: forgotten + end.body as u64 })
        };
        if forgotten > 0 {
            return Ok(Some(Record { position, bytes: &self.head, spans: &[], fields: 0, fault }));
        }
        let bytes = &self.buffer[start..start + end.body];
        let (spans, fields) = (self.scanner.spans(), self.scanner.fields());
        Ok(Some(Record { position, bytes, spans, fields, fault }))
    }

    /// Moves what is left to the front, grows the buffer where a record fills it, and reads more.
    fn refill(&mut self) -> io::Result<()> {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        // One byte more than a record may have: whether a `\r` is its whole end shows in the next byte.
        if self.end == self.buffer.len() && self.buffer.len() <= self.limit {
            let length = (self.buffer.len() * 2).min(self.limit + 1);
            self.buffer.resize(length, 0);
        }
        let read = loop {
            match self.input.read(&mut self.buffer[self.end..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        self.ended = read == 0;
        self.end += read;
        Ok(())
    }
}
