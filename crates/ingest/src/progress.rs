//! Progress: how far a file is, told twice a second at most.

use crate::report::{bytes, grouped};
use crate::sift::Tally;
use platform_core::event::Level;
use platform_core::{Event, EventSink};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Time between two events.
const PAUSE: Duration = Duration::from_millis(500);

/// Tells of one file's progress: events `LoadProgress` with `file`, `relation`, `bytes`, `total_bytes`, `rows`, `rejected`,
/// `rows_per_second` and `eta_seconds`.
pub struct Progress {
    events: Arc<dyn EventSink>,
    file: String,
    table: String,
    size: u64,
    begun: Instant,
    told: Instant,
}

impl Progress {
    /// Progress of a file of `size` bytes.
    pub fn new(events: Arc<dyn EventSink>, file: &str, table: &str, size: u64) -> Self {
        let now = Instant::now();
        Self { events, file: file.to_owned(), table: table.to_owned(), size, begun: now, told: now }
    }

    /// Tells, if it is time.
    pub fn tell(&mut self, tally: &Tally, read: u64) {
        if self.told.elapsed() < PAUSE {
            return;
        }
        self.told = Instant::now();
        let seconds = self.begun.elapsed().as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "an estimate")]
        let (rate, eta) = {
            let left = self.size.saturating_sub(read) as f64;
            (tally.rows as f64 / seconds, left * seconds / (read.max(1) as f64))
        };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a positive estimate")]
        let rate = rate as u64;
        let message = format!(
            "{}: {} of {}, {} rows, {} rows/s, {eta:.0} s left",
            self.file,
            bytes(read),
            bytes(self.size),
            grouped(tally.rows),
            grouped(rate)
        );
        let event = Event::new(Level::Info, "LoadProgress", message)
            .with("file", self.file.as_str())
            .with("relation", self.table.as_str())
            .with("bytes", read)
            .with("total_bytes", self.size)
            .with("rows", tally.rows)
            .with("rejected", tally.rejected)
            .with("rows_per_second", rate)
            .with("eta_seconds", eta);
        self.events.send(event);
    }
}
