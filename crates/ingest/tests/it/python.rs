//! The reader held against Python's csv module on texts made at random.

use ingest::csv::field::value;
use ingest::csv::records::Records;
use ingest::csv::scanner::Delimiter;
use std::io::Write as _;
use std::process::{Command, Stdio};

const TEXTS: usize = 3_000;
const PIECES: [&str; 16] =
    ["a", "1", " ", "é", "𝄞", ",", ",", ";", "\"", "\"", "\"\"", "\n", "\n", "\r", "\r\n", "\\"];
/// A list of texts in, for each the list of its records out.
const PROGRAM: &str = r"
import csv, io, json, sys
csv.field_size_limit(1 << 30)
rows = lambda case: list(csv.reader(io.StringIO(case[1], newline=''), delimiter=case[0]))
json.dump([rows(case) for case in json.load(sys.stdin)], sys.stdout)
";

fn texts() -> Vec<(char, String)> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut below = move |limit: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % limit as u64).expect("small")
    };
    let mut text = |length| (0..length).map(|_| PIECES[below(PIECES.len())]).collect::<String>();
    (0..TEXTS).map(|nth| (if nth % 5 == 0 { ';' } else { ',' }, text(nth % 40))).collect()
}

fn ours((delimiter, text): &(char, String)) -> Vec<Vec<String>> {
    let delimiter = Delimiter::new(*delimiter).expect("a delimiter");
    let mut records = Records::new(text.as_bytes(), delimiter, 1 << 20, 0);
    let (mut all, mut scratch) = (Vec::new(), Vec::new());
    while let Some(record) = records.next().expect("memory reads") {
        if record.is_blank() && record.fault.is_none() {
            all.push(Vec::new());
            continue;
        }
        let fields = record.spans.iter().map(|span| {
            let value = value(&record, *span, &mut scratch).unwrap_or_default();
            String::from_utf8(value.to_vec()).expect("UTF-8")
        });
        all.push(fields.collect());
    }
    all
}

#[test]
fn records_and_values_are_pythons() {
    let spawned =
        Command::new("python3").args(["-c", PROGRAM]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut python) = spawned else {
        let _ = writeln!(std::io::stderr(), "SKIPPED: there is no python3 to compare with");
        return;
    };
    let texts = texts();
    let mut input = python.stdin.take().expect("a pipe");
    let sent = serde_json::to_vec(&texts).expect("JSON");
    let sending = std::thread::spawn(move || input.write_all(&sent).expect("Python reads"));
    let output = python.wait_with_output().expect("ends");
    sending.join().expect("sent");
    assert!(output.status.success(), "Python failed");
    let theirs: Vec<Vec<Vec<String>>> = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(theirs.len(), texts.len());
    let mut records = 0;
    for (text, theirs) in texts.iter().zip(theirs) {
        records += theirs.len();
        assert_eq!(ours(text), theirs, "{:?}", text.1);
    }
    assert!(records > 10 * TEXTS / 3, "{records} records were compared");
}
