//! `run_results.json`, kept current while the run goes on, so that `retry` can go on after a crash.

use chrono::Utc;
use platform_core::manifest::Metadata;
use platform_core::{NodeResult, results};
use serde_json::{Map, Value};
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The shortest time between two writes.
const PAUSE: Duration = Duration::from_millis(500);

/// Bytes of an artifact that are written at once.
const BUFFER: usize = 256 * 1024;

/// Writing may take this part of the run's time: `1 / SHARE`.
const SHARE: u32 = 20;

/// The results file of a command.
///
/// Results are serialized once, when they arrive; the file is replaced (written aside, renamed) at most
/// twice a second and at the end, so that writing costs no more than a twentieth of the run.
pub struct ResultsFile {
    path: Option<PathBuf>,
    head: Head,
    state: Mutex<State>,
}

/// What stands around the results.
#[derive(Clone, Debug)]
pub struct Head {
    /// Who, when.
    pub metadata: Metadata,
    /// The command's arguments.
    pub args: Map<String, Value>,
    /// When the command began.
    pub began: Instant,
}

struct State {
    results: String,
    written: Instant,
    pause: Duration,
}

impl ResultsFile {
    /// A file at that path; none is written with `--no-write-json`.
    pub fn new(path: Option<PathBuf>, head: Head) -> Self {
        let state = State { results: String::new(), written: Instant::now(), pause: PAUSE };
        Self { path, head, state: Mutex::new(state) }
    }

    /// Adds a result, and writes the file if it is time.
    pub fn add(&self, result: &NodeResult) {
        if self.path.is_none() {
            return;
        }
        let Ok(text) = serde_json::to_string(result) else { return };
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if !state.results.is_empty() {
            state.results.push_str(", ");
        }
        state.results.push_str(&text);
        if state.written.elapsed() >= state.pause {
            let began = Instant::now();
            // A failed write in between is told by the last one.
            let _ = self.replace(&state.results);
            state.pause = PAUSE.max(began.elapsed() * SHARE);
            state.written = Instant::now();
        }
    }

    /// Writes the file for good.
    pub fn finish(&self) -> std::io::Result<()> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        self.replace(&state.results)
    }

    fn replace(&self, results: &str) -> std::io::Result<()> {
        let Some(path) = &self.path else { return Ok(()) };
        let metadata = Metadata {
            dbt_schema_version: results::SCHEMA.to_owned(),
            generated_at: platform_core::node_info::timestamp(Utc::now()),
            ..self.head.metadata.clone()
        };
        let (metadata, args) = (serde_json::to_string(&metadata)?, serde_json::to_string(&self.head.args)?);
        let elapsed = self.head.began.elapsed().as_secs_f64();
        write_aside(path, |file| {
            write!(
                file,
                "{{\"metadata\": {metadata}, \"results\": [{results}], \"elapsed_time\": {elapsed}, \"args\": {args}}}"
            )
        })
    }
}

/// Replaces a file whole: readers see the old one or the new one.
pub fn write_aside(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> std::io::Result<()>,
) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let aside = path.with_file_name(name);
    let mut file = BufWriter::with_capacity(BUFFER, File::create(&aside)?);
    write(&mut file)?;
    file.flush()?;
    drop(file);
    std::fs::rename(&aside, path)
}
