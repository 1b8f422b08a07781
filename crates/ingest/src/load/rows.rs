//! Rows as Postgres's binary COPY takes them (PostgreSQL manual, COPY, "Binary Format").
//!
//! Binary and not text, because it measures faster: a value needs no escaping here and no unescaping there, and the
//! stamps, the same in every row, need no parsing.

use crate::csv::field::value;
use crate::csv::records::Record;
use crate::csv::scanner::Form;
use crate::feed::Nulls;
use bytes::{BufMut as _, Bytes, BytesMut};
use chrono::{DateTime, NaiveDate, Utc};

/// Bytes after which a chunk goes out.
const CHUNK: usize = 256 << 10;
/// What every binary COPY begins with: signature, flags, length of the header's extension.
pub const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// What it ends with.
pub const TRAILER: &[u8] = b"\xff\xff";

/// Encodes rows of one file into chunks that end where a row ends.
#[derive(Debug)]
pub struct Encoder {
    chunk: BytesMut,
    fields: i16,
    nulls: Nulls,
    stamps: Vec<u8>,
    scratch: Vec<u8>,
}

impl Encoder {
    /// An encoder for rows of `columns` fields from the file `name`.
    pub fn new(
        columns: usize,
        nulls: Nulls,
        loaded_at: DateTime<Utc>,
        business_date: NaiveDate,
        name: &str,
    ) -> Self {
        let mut stamps = Vec::new();
        put(&mut stamps, &microseconds(loaded_at).to_be_bytes());
        put(&mut stamps, &days(business_date).to_be_bytes());
        put(&mut stamps, name.as_bytes());
        stamps.put_i32(8);
        let fields = i16::try_from(columns + crate::stamps::STAMPS.len()).unwrap_or(i16::MAX);
        Self {
            chunk: BytesMut::with_capacity(CHUNK + (CHUNK >> 2)),
            fields,
            nulls,
            stamps,
            scratch: Vec::new(),
        }
    }

    /// Adds a row; gives a chunk whenever one is full.
    #[inline]
    pub fn push(&mut self, record: &Record<'_>) -> Option<Bytes> {
        let out = &mut self.chunk;
        // Four bytes more a field and the stamps: one check for room instead of one a field.
        out.reserve(record.bytes.len() + 6 * record.spans.len() + self.stamps.len() + 16);
        out.put_i16(self.fields);
        for &span in record.spans {
            if span.form == Form::Plain && span.end > span.start {
                let raw = record.raw(span);
                out.put_i32(length(raw));
                out.put_slice(raw);
                continue;
            }
            let value = value(record, span, &mut self.scratch);
            let null = match self.nulls {
                Nulls::EmptyUnquoted => value.is_none(),
                Nulls::Empty => value.is_none_or(<[u8]>::is_empty),
                Nulls::Never => false,
            };
            if null {
                out.put_i32(-1);
            } else {
                let value = value.unwrap_or_default();
                out.put_i32(length(value));
                out.put_slice(value);
            }
        }
        out.put_slice(&self.stamps);
        out.put_i64(record.position.line.cast_signed());
        (out.len() >= CHUNK).then(|| self.take())
    }

    /// What has not gone out yet.
    pub fn take(&mut self) -> Bytes {
        let full = std::mem::replace(&mut self.chunk, BytesMut::with_capacity(CHUNK + (CHUNK >> 2)));
        full.freeze()
    }
}

/// Appends a value with its length.
fn put(out: &mut Vec<u8>, value: &[u8]) {
    out.put_i32(length(value));
    out.put_slice(value);
}

#[inline]
fn length(value: &[u8]) -> i32 {
    // The reader keeps no field of 2 GiB.
    i32::try_from(value.len()).unwrap_or(i32::MAX)
}

/// Microseconds since 2000-01-01 00:00 UTC, as Postgres counts.
pub fn microseconds(at: DateTime<Utc>) -> i64 {
    at.timestamp_micros() - 946_684_800_000_000
}

/// Days since 2000-01-01.
pub fn days(date: NaiveDate) -> i32 {
    let since = date.signed_duration_since(NaiveDate::from_ymd_opt(2000, 1, 1).unwrap_or_default());
    i32::try_from(since.num_days()).unwrap_or(i32::MAX)
}
