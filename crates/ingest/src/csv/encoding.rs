//! Encodings: recognised at a file's head, decoded where the project names one, refused otherwise.

use encoding_rs::{Decoder, DecoderResult, Encoding};
use std::io::{self, Read};

/// Bytes at a file's head that are looked at.
pub const HEAD: usize = 64 << 10;

/// What the head of a text tells about its encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guess {
    /// Nothing speaks against UTF-8; the length of its byte order mark, 0 or 3.
    Utf8(usize),
    /// Two bytes a character.
    Utf16 {
        /// Whether the low byte comes first.
        little_endian: bool,
        /// Length of the byte order mark, 0 or 2.
        mark: usize,
    },
    /// Four bytes a character: nothing here decodes it.
    Utf32,
    /// No text at all; the name of what it is.
    Binary(&'static str),
}

impl Guess {
    /// Looks at the first bytes of a (decompressed) file.
    pub fn of(head: &[u8]) -> Self {
        match head {
            [0xEF, 0xBB, 0xBF, ..] => return Self::Utf8(3),
            [0xFF, 0xFE, 0, 0, ..] | [0, 0, 0xFE, 0xFF, ..] => return Self::Utf32,
            [0xFF, 0xFE, ..] => return Self::Utf16 { little_endian: true, mark: 2 },
            [0xFE, 0xFF, ..] => return Self::Utf16 { little_endian: false, mark: 2 },
            _ => {}
        }
        let binary: [(&[u8], &str); 7] = [
            (b"PK\x03\x04", "a zip archive (or an Excel workbook)"),
            (b"\xD0\xCF\x11\xE0", "an Excel workbook"),
            (b"PAR1", "a Parquet file"),
            (b"Obj\x01", "an Avro file"),
            (b"%PDF", "a PDF"),
            (b"BZh", "a bzip2 archive"),
            (b"\xFD7zXZ", "an xz archive"),
        ];
        if let Some((_, name)) = binary.iter().find(|(magic, _)| head.starts_with(magic)) {
            return Self::Binary(name);
        }
        // Without a mark: ASCII text in UTF-16 has a zero in every other byte, and the first line is the header.
        let pairs = head.len().min(256) / 2;
        if pairs >= 2 {
            let zeros = |odd| (0..pairs).filter(|pair| head[pair * 2 + odd] == 0).count();
            let (even, odd) = (zeros(0), zeros(1));
            if odd * 10 >= pairs * 9 && even == 0 {
                return Self::Utf16 { little_endian: true, mark: 0 };
            }
            if even * 10 >= pairs * 9 && odd == 0 {
                return Self::Utf16 { little_endian: false, mark: 0 };
            }
        }
        Self::Utf8(0)
    }

    /// The value of `encoding` that reads such a file.
    pub fn label(self) -> Option<&'static str> {
        match self {
            Self::Utf8(_) => Some("utf-8"),
            Self::Utf16 { little_endian: true, .. } => Some("utf-16le"),
            Self::Utf16 { little_endian: false, .. } => Some("utf-16be"),
            Self::Utf32 | Self::Binary(_) => None,
        }
    }
}

/// The encoding of a name in `encoding:` (the labels of the WHATWG standard, `latin1` and `cp1252` among them).
///
/// `None` for an unknown name; `Some(None)` for UTF-8, which needs no decoding.
pub fn named(label: &str) -> Option<Option<&'static Encoding>> {
    let folded = label.trim().to_ascii_lowercase().replace('_', "-");
    let alias = match folded.as_str() {
        "utf-8-sig" => "utf-8",
        "latin-1" => "latin1",
        "cp-1252" | "win1252" => "windows-1252",
        "utf16" => "utf-16le",
        "utf-16-le" => "utf-16le",
        "utf-16-be" => "utf-16be",
        other => other,
    };
    let encoding = Encoding::for_label(alias.as_bytes())?;
    Some((encoding != encoding_rs::UTF_8).then_some(encoding))
}

/// What bytes that are not UTF-8 may be instead, for the message.
pub fn likely(record: &[u8]) -> &'static str {
    let (mut rest, mut whole) = (record, false);
    loop {
        match std::str::from_utf8(rest) {
            Ok(text) => {
                whole |= !text.is_ascii();
                break;
            }
            Err(error) => {
                whole |= !rest[..error.valid_up_to()].is_ascii();
                let skip = error.valid_up_to() + error.error_len().unwrap_or(rest.len()).max(1);
                rest = &rest[skip.min(rest.len())..];
            }
        }
    }
    if whole {
        "damaged UTF-8"
    } else if record.iter().any(|byte| (0x80..0xA0).contains(byte)) {
        "windows-1252"
    } else {
        "latin1"
    }
}

/// Decodes another encoding to UTF-8 while it is read; what the encoding does not know is an error of kind
/// [`io::ErrorKind::InvalidData`].
pub struct Decoding<R> {
    input: R,
    name: &'static str,
    decoder: Decoder,
    ready: Vec<u8>,
    given: usize,
    raw: Vec<u8>,
    from: usize,
    to: usize,
    consumed: u64,
    ended: bool,
    finished: bool,
}

impl<R: Read> Decoding<R> {
    /// Decodes `input` from `encoding`; a byte order mark is dropped.
    pub fn new(input: R, encoding: &'static Encoding) -> Self {
        Self {
            input,
            name: encoding.name(),
            decoder: encoding.new_decoder_with_bom_removal(),
            ready: Vec::new(),
            given: 0,
            raw: vec![0; HEAD],
            from: 0,
            to: 0,
            consumed: 0,
            ended: false,
            finished: false,
        }
    }
}

impl<R: Read> Decoding<R> {
    /// Decodes the next piece into `ready`; leaves it empty at the input's end.
    fn decode(&mut self) -> io::Result<()> {
        self.ready.clear();
        while self.ready.is_empty() && !self.finished {
            if self.from == self.to && !self.ended {
                self.from = 0;
                self.to = self.input.read(&mut self.raw)?;
                self.ended = self.to == 0;
            }
            self.ready.resize(HEAD, 0);
            let raw = &self.raw[self.from..self.to];
            let (result, read, written) =
                self.decoder.decode_to_utf8_without_replacement(raw, &mut self.ready, self.ended);
            self.ready.truncate(written);
            self.from += read;
            self.consumed += read as u64;
            match result {
                DecoderResult::Malformed(bad, after) => {
                    let at = self.consumed - u64::from(bad) - u64::from(after);
                    let text = format!("byte {at} is not {}", self.name);
                    return Err(io::Error::new(io::ErrorKind::InvalidData, text));
                }
                DecoderResult::InputEmpty => self.finished = self.ended,
                DecoderResult::OutputFull => {}
            }
        }
        Ok(())
    }
}

impl<R: Read> Read for Decoding<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.given == self.ready.len() {
            self.given = 0;
            self.decode()?;
        }
        let length = out.len().min(self.ready.len() - self.given);
        out[..length].copy_from_slice(&self.ready[self.given..self.given + length]);
        self.given += length;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recognises_heads() {
        assert_eq!(Guess::of(b"a,b\n1,2\n"), Guess::Utf8(0));
        assert_eq!(Guess::of(b"\xEF\xBB\xBFa,b"), Guess::Utf8(3));
        assert_eq!(Guess::of(b"\xFF\xFEa\0,\0"), Guess::Utf16 { little_endian: true, mark: 2 });
        assert_eq!(Guess::of(b"a\0,\0b\0\n\0"), Guess::Utf16 { little_endian: true, mark: 0 });
        assert_eq!(Guess::of(b"\0a\0,\0b\0\n"), Guess::Utf16 { little_endian: false, mark: 0 });
        assert_eq!(Guess::of(b"a,b\n\0,\0\n"), Guess::Utf8(0));
        assert_eq!(Guess::of(b""), Guess::Utf8(0));
        assert!(matches!(Guess::of(b"PK\x03\x04rest"), Guess::Binary(_)));
    }

    #[test]
    fn knows_names() {
        assert_eq!(named("UTF-8"), Some(None));
        assert_eq!(named("utf_8_sig"), Some(None));
        assert_eq!(named("latin-1").flatten().map(Encoding::name), Some("windows-1252"));
        assert_eq!(named("utf-16").flatten().map(Encoding::name), Some("UTF-16LE"));
        assert_eq!(named("ebcdic"), None);
    }

    #[test]
    fn names_what_it_may_be() {
        assert_eq!(likely(b"caf\xE9,1"), "latin1");
        assert_eq!(likely(b"\x80 5"), "windows-1252");
        assert_eq!(likely("é and \u{fffd}".as_bytes().split_last().expect("bytes").1), "damaged UTF-8");
    }

    #[test]
    fn decodes_and_places_what_it_cannot() {
        let text = "é,ü\n".repeat(50_000);
        let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let mut out = String::new();
        Decoding::new(&bytes[..], encoding_rs::UTF_16LE).read_to_string(&mut out).expect("decodes");
        assert_eq!(out, text);
        let mut bad = b"ab".to_vec();
        bad.extend([0x81, 0x20, b'c']);
        let error = Decoding::new(&bad[..], encoding_rs::SHIFT_JIS)
            .read_to_string(&mut String::new())
            .expect_err("fails");
        assert_eq!(error.to_string(), "byte 2 is not Shift_JIS");
    }
}
