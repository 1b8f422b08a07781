//! Rows as COPY's text format has them.
//!
//! Text and not binary, because it measures a little faster: of a million invoices the server's CPU takes 1.23 s instead of
//! 1.29 s, and a quarter fewer bytes go over the wire. Nearly all records need no escaping, which one look at their bytes
//! tells. Of the stamps only the line is sent; the others are the same in every row of a file and so are defaults of the
//! columns.

use crate::copy_text::{NULL, count, escape};
use crate::csv::field::value;
use crate::csv::records::Record;
use crate::feed::Nulls;
use bytes::Bytes;
use memchr::memchr3;

/// Bytes after which a chunk goes out.
const CHUNK: usize = 256 << 10;

/// Encodes rows of one file into chunks that end where a row ends.
#[derive(Debug)]
pub struct Encoder {
    chunk: Vec<u8>,
    nulls: Nulls,
    scratch: Vec<u8>,
}

impl Encoder {
    /// An encoder for rows whose fields are followed by the line.
    pub fn new(nulls: Nulls) -> Self {
        Self { chunk: Self::empty(), nulls, scratch: Vec::new() }
    }

    fn empty() -> Vec<u8> {
        Vec::with_capacity(CHUNK + (CHUNK >> 2))
    }

    /// Adds a row; gives a chunk whenever one is full.
    #[inline]
    pub fn push(&mut self, record: &Record<'_>) -> Option<Bytes> {
        // Without quotes a field has no line's end either: there is nothing to escape.
        if memchr3(b'"', b'\\', b'\t', record.bytes).is_none() {
            self.plain(record);
        } else {
            self.escaped(record);
        }
        count(&mut self.chunk, record.position.line);
        self.chunk.push(b'\n');
        (self.chunk.len() >= CHUNK).then(|| self.take())
    }

    #[inline]
    fn plain(&mut self, record: &Record<'_>) {
        let empty = if self.nulls == Nulls::Never { b"" } else { NULL };
        for &span in record.spans {
            self.chunk.extend_from_slice(if span.end > span.start { record.raw(span) } else { empty });
            self.chunk.push(b'\t');
        }
    }

    fn escaped(&mut self, record: &Record<'_>) {
        for &span in record.spans {
            let value = value(record, span, &mut self.scratch);
            let null = match self.nulls {
                Nulls::EmptyUnquoted => value.is_none(),
                Nulls::Empty => value.is_none_or(<[u8]>::is_empty),
                Nulls::Never => false,
            };
            if null {
                self.chunk.extend_from_slice(NULL);
            } else {
                escape(&mut self.chunk, value.unwrap_or_default());
            }
            self.chunk.push(b'\t');
        }
    }

    /// What has not gone out yet.
    pub fn take(&mut self) -> Bytes {
        std::mem::replace(&mut self.chunk, Self::empty()).into()
    }
}
