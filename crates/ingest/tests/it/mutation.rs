//! The reader on bytes that nobody wrote: the fuzzer's corpus and the hostile fixtures, each changed at random.
//!
//! What must hold stands in `fuzz/oracle.rs`; `cargo fuzz` looks for more in the same way, only longer.

#[path = "../../../../fuzz/oracle.rs"]
mod oracle;

use std::panic::catch_unwind;
use std::path::Path;

/// Longer files are cut: what is odd about them is at their beginning.
const LONGEST: usize = 600;
/// Bytes that mean something to the reader.
const WORDS: [&[u8]; 16] = [
    b"\"",
    b"\"\"",
    b",",
    b"\n",
    b"\r",
    b"\r\n",
    b";",
    b"\t",
    "§".as_bytes(),
    b"\0",
    b"\xEF\xBB\xBF",
    b"\xFF\xFE",
    b"\xC3",
    b"\x1F\x8B",
    b"\\.\n",
    b"\"\n\"",
];

struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % (limit.max(1) as u64)).expect("below the limit")
    }

    fn change(&mut self, bytes: &mut Vec<u8>) {
        let at = self.below(bytes.len() + 1);
        let end = (at + self.below(40)).min(bytes.len());
        match self.below(5) {
            0 => drop(bytes.splice(at..at, WORDS[self.below(WORDS.len())].iter().copied())),
            1 => drop(bytes.splice(at..end, WORDS[self.below(WORDS.len())].iter().copied())),
            2 => drop(bytes.drain(at..end)),
            3 => {
                let copied = bytes[at..end].to_vec();
                let to = self.below(bytes.len() + 1);
                drop(bytes.splice(to..to, copied));
            }
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = u8::try_from(self.below(256)).expect("a byte");
                }
            }
        }
    }
}

fn files() -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    for folder in ["tests/it/fixtures/hostile", "../../fuzz/corpus/reader"] {
        let entries = std::fs::read_dir(root.join(folder)).expect("a folder of files");
        paths.extend(entries.map(|entry| entry.expect("a file").path()));
    }
    paths.sort();
    paths.iter().map(|path| std::fs::read(path).expect("reads")).collect()
}

#[track_caller]
fn check(bytes: &[u8]) {
    let held = catch_unwind(|| oracle::hold(bytes));
    assert!(held.is_ok(), "the reader is wrong about the bytes {}", hex::encode(bytes));
}

#[test]
fn nothing_is_lost_whatever_the_bytes() {
    let mut files = files();
    assert!(files.len() > 60, "fixtures and corpus are there");
    for file in &mut files {
        file.truncate(LONGEST);
        check(file);
    }
    let count: usize = std::env::var("MUTATIONS").ok().and_then(|count| count.parse().ok()).unwrap_or(4_000);
    let mut random = Random(0x2545_F491_4F6C_DD1D);
    for _ in 0..count {
        let mut bytes = files[random.below(files.len())].clone();
        for _ in 0..=random.below(6) {
            random.change(&mut bytes);
        }
        bytes.truncate(2 * LONGEST);
        check(&bytes);
    }
}
