//! A file on its way in: counted and hashed as it lies on disk, decompressed, decoded to UTF-8.

use super::encoding::{Decoding, Guess, HEAD};
use encoding_rs::Encoding;
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes asked of the file at once.
const CHUNK: usize = 256 << 10;

/// How a file is packed, told by its first bytes and not by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    None,
    /// gzip, of one or several members.
    Gzip,
    /// Zstandard, of one or several frames.
    Zstd,
}

impl Compression {
    fn of(head: &[u8]) -> Self {
        match head {
            [0x1F, 0x8B, ..] => Self::Gzip,
            // A frame, or a skippable frame before it.
            [0x28, 0xB5, 0x2F, 0xFD, ..] | [0x50..=0x5F, 0x2A, 0x4D, 0x18, ..] => Self::Zstd,
            _ => Self::None,
        }
    }
}

/// Bytes read of a file so far, for progress; shared with whoever shows it.
#[derive(Clone, Debug, Default)]
pub struct Meter(Arc<AtomicU64>);

impl Meter {
    /// Bytes of the file as it lies on disk.
    pub fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Counts and hashes what passes.
struct Tally<R> {
    input: R,
    meter: Meter,
    hash: Arc<Mutex<Sha256>>,
}

impl<R: Read> Read for Tally<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(out)?;
        self.hash.lock().unwrap_or_else(PoisonError::into_inner).update(&out[..read]);
        self.meter.0.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// Reads the file in large pieces, however small the pieces that a decompressor asks for.
type Packed = io::BufReader<io::Chain<Cursor<Vec<u8>>, Tally<Box<dyn Read + Send>>>>;

/// A file's text as it comes: UTF-8 where nothing else was named, without byte order mark.
pub struct Input {
    text: Box<dyn Read + Send>,
    rest: Arc<Mutex<Option<Packed>>>,
    hash: Arc<Mutex<Sha256>>,
    /// What the head of the text told of its encoding.
    pub guess: Guess,
    /// The first bytes of the text, 64 KiB at most, byte order mark included.
    pub head: Vec<u8>,
    /// How the file was packed.
    pub compression: Compression,
    /// Bytes dropped before the text: the byte order mark of UTF-8.
    pub skipped: u64,
    /// Bytes read so far.
    pub meter: Meter,
}

impl std::fmt::Debug for Input {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Input").field("guess", &self.guess).field("compression", &self.compression).finish()
    }
}

/// Gives what the text did not take back to the input's end, so that the hash covers the whole file.
struct Shared(Arc<Mutex<Option<Packed>>>);

impl Read for Shared {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(packed) => packed.read(out),
            None => Ok(0),
        }
    }
}

impl Input {
    /// Opens a file. `encoding` is what the project says; without it the text must be UTF-8, which
    /// [`Input::guess`] tells the caller to check.
    pub fn open(path: &Path, encoding: Option<&'static Encoding>) -> io::Result<Self> {
        Self::new(Box::new(File::open(path)?), encoding)
    }

    /// The same of any bytes.
    pub fn new(bytes: Box<dyn Read + Send>, encoding: Option<&'static Encoding>) -> io::Result<Self> {
        let (meter, hash) = (Meter::default(), Arc::new(Mutex::new(Sha256::new())));
        let mut tally = Tally { input: bytes, meter: meter.clone(), hash: hash.clone() };
        let head = read_head(&mut tally)?;
        let compression = Compression::of(&head);
        let packed = io::BufReader::with_capacity(CHUNK, Cursor::new(head).chain(tally));
        let rest = Arc::new(Mutex::new(Some(packed)));
        let mut text: Box<dyn Read + Send> = match compression {
            Compression::None => Box::new(Shared(rest.clone())),
            Compression::Gzip => Box::new(flate2::read::MultiGzDecoder::new(Shared(rest.clone()))),
            Compression::Zstd => Box::new(zstd::stream::read::Decoder::new(Shared(rest.clone()))?),
        };
        let head = read_head(&mut text)?;
        let guess = Guess::of(&head);
        let mut skipped = 0;
        let start = Cursor::new(head.clone());
        let text: Box<dyn Read + Send> = match (encoding, guess) {
            (Some(encoding), _) => Box::new(Decoding::new(start.chain(text), encoding)),
            (None, Guess::Utf8(mark)) => {
                let mut start = start;
                start.set_position(mark as u64);
                skipped = mark as u64;
                Box::new(start.chain(text))
            }
            (None, _) => Box::new(start.chain(text)),
        };
        Ok(Self { text, rest, hash, guess, head, compression, skipped, meter })
    }

    /// Reads what the text left of the file and gives the SHA-256 of all of it.
    pub fn finish(self) -> io::Result<[u8; 32]> {
        drop(self.text);
        let rest = self.rest.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(mut rest) = rest {
            io::copy(&mut rest, &mut io::sink())?;
        }
        let hash = self.hash.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Ok(hash.finalize().into())
    }
}

impl Read for Input {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.text.read(out)
    }
}

/// The SHA-256 of a file, at the speed of the disk.
pub fn sha256(path: &Path) -> io::Result<[u8; 32]> {
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut chunk = vec![0; CHUNK];
    loop {
        match file.read(&mut chunk) {
            Ok(0) => return Ok(hash.finalize().into()),
            Ok(read) => hash.update(&chunk[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn read_head(input: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(HEAD);
    input.take(HEAD as u64).read_to_end(&mut head)?;
    Ok(head)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn read(bytes: &[u8], encoding: Option<&str>) -> io::Result<(String, String)> {
        let encoding = encoding.and_then(|label| super::super::encoding::named(label).expect("known"));
        let mut input = Input::new(Box::new(Cursor::new(bytes.to_vec())), encoding)?;
        let mut text = Vec::new();
        input.read_to_end(&mut text)?;
        let hash = hex::encode(input.finish()?);
        Ok((String::from_utf8(text).expect("UTF-8"), hash))
    }

    #[test]
    fn unpacks_and_hashes_the_packed_file() {
        let text = "a,b\n".repeat(100_000);
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(text.as_bytes()).expect("writes");
        let gzip = gzip.finish().expect("writes");
        let twice = [gzip.clone(), gzip].concat();
        let zstd = zstd::encode_all(text.as_bytes(), 1).expect("writes");
        let double = text.clone() + &text;
        for (bytes, expected) in [(text.as_bytes(), &text), (&twice[..], &double), (&zstd[..], &text)] {
            let (got, hash) = read(bytes, None).expect("reads");
            assert!(got == *expected, "{} bytes of {}", got.len(), expected.len());
            assert_eq!(hash, hex::encode(Sha256::digest(bytes)));
        }
    }

    #[test]
    fn a_cut_archive_is_an_error() {
        let text: String = (0..100_000).map(|line| format!("{line}\n")).collect();
        let zstd = zstd::encode_all(text.as_bytes(), 1).expect("writes");
        assert!(read(&zstd[..zstd.len() / 2], None).is_err());
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(text.as_bytes()).expect("writes");
        let gzip = gzip.finish().expect("writes");
        assert!(read(&gzip[..gzip.len() - 3], None).is_err());
    }

    #[test]
    fn drops_the_mark_and_decodes() {
        assert_eq!(read(b"\xEF\xBB\xBFa\n", None).expect("reads").0, "a\n");
        assert_eq!(read(b"caf\xE9\n", Some("latin1")).expect("reads").0, "café\n");
        assert_eq!(read(b"\xFF\xFEa\0\n\0", Some("utf-16")).expect("reads").0, "a\n");
        assert_eq!(read(b"\xEF\xBB\xBFa\n", Some("utf-8")).expect("reads").0, "a\n");
    }
}
