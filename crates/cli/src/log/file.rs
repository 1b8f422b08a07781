//! `logs/dbt.log`

use super::format::Style;
use chrono::Utc;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

/// dbt's default of `--log-file-max-bytes`.
const LARGEST: u64 = 10 * 1024 * 1024;

/// The log file; one that has grown too large is put aside as `dbt.log.1`.
pub struct LogFile {
    writer: BufWriter<File>,
}

impl LogFile {
    /// Opens or continues the file in that folder, and writes the head of a command.
    pub(super) fn open(
        folder: &Path,
        largest: Option<u64>,
        invocation_id: &str,
        style: Style,
    ) -> std::io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let path = folder.join("dbt.log");
        let largest = largest.unwrap_or(LARGEST);
        if largest > 0 && std::fs::metadata(&path).is_ok_and(|file| file.len() > largest) {
            std::fs::rename(&path, folder.join("dbt.log.1"))?;
        }
        let file = File::options().create(true).append(true).open(&path)?;
        let mut writer = BufWriter::new(file);
        if style.is_text() {
            let line = "=".repeat(30);
            writeln!(writer, "\n\n{line} {} | {invocation_id} {line}", Utc::now().format("%H:%M:%S%.6f"))?;
        }
        Ok(Self { writer })
    }

    /// Writes a line; a full disk must not stop a run.
    pub(super) fn write(&mut self, line: &str, now: bool) {
        let written = writeln!(self.writer, "{line}");
        if now && written.is_ok() {
            let _ = self.writer.flush();
        }
    }
}
