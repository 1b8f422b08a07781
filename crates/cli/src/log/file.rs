//! `logs/dbt.log`

use super::format::Style;
use chrono::Utc;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

/// dbt's default of `--log-file-max-bytes`.
const LARGEST: u64 = 10 * 1024 * 1024;

/// How many files that grew too large are kept: `dbt.log.1`, the newest, to `dbt.log.5`.
const KEPT: usize = 5;

/// The log file; once it has grown too large it is put aside as `dbt.log.1`, and another is begun.
pub struct LogFile {
    folder: PathBuf,
    writer: BufWriter<File>,
    /// Bytes in the file.
    size: u64,
    /// Bytes that it may have; 0 for any number.
    largest: u64,
}

impl LogFile {
    /// Opens or continues the file in that folder, and writes the head of a command. A largest size that isn't above
    /// zero is none.
    pub(super) fn open(
        folder: &Path,
        largest: Option<i64>,
        invocation_id: &str,
        style: Style,
    ) -> std::io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let writer = begin(folder)?;
        let size = writer.get_ref().metadata()?.len();
        let largest = largest.map_or(LARGEST, |bytes| u64::try_from(bytes).unwrap_or(0));
        let mut file = Self { folder: folder.to_owned(), writer, size, largest };
        if style.is_text() {
            let line = "=".repeat(30);
            let now = Utc::now().format("%H:%M:%S%.6f");
            file.write(&format!("\n\n{line} {now} | {invocation_id} {line}"), false);
        }
        Ok(file)
    }

    /// Writes a line; a full disk must not stop a run.
    pub(super) fn write(&mut self, line: &str, now: bool) {
        let bytes = line.len() as u64 + 1;
        if self.largest > 0 && self.size > 0 && self.size + bytes >= self.largest {
            let _ = self.put_aside();
        }
        self.size += bytes;
        let written = writeln!(self.writer, "{line}");
        if now && written.is_ok() {
            let _ = self.writer.flush();
        }
    }

    fn put_aside(&mut self) -> std::io::Result<()> {
        self.writer.flush()?;
        let kept = |number: usize| self.folder.join(format!("dbt.log.{number}"));
        for number in (1..KEPT).rev() {
            match std::fs::rename(kept(number), kept(number + 1)) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        std::fs::rename(self.folder.join("dbt.log"), kept(1))?;
        self.writer = begin(&self.folder)?;
        self.size = 0;
        Ok(())
    }
}

fn begin(folder: &Path) -> std::io::Result<BufWriter<File>> {
    let file = File::options().create(true).append(true).open(folder.join("dbt.log"))?;
    Ok(BufWriter::new(file))
}
