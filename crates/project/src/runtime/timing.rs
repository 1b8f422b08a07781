//! How long the phases of a node took.

use chrono::{DateTime, SecondsFormat, Utc};
use platform_core::results::Timing;
use std::time::Instant;

/// Measures `compile` and `execute`, one after the other.
pub struct Stopwatch {
    began: Instant,
    phase: Option<(&'static str, DateTime<Utc>)>,
    done: Vec<Timing>,
}

impl Stopwatch {
    /// Begins with `compile`.
    pub fn start() -> Self {
        Self { began: Instant::now(), phase: Some(("compile", Utc::now())), done: Vec::new() }
    }

    /// Begins with another phase than `compile`.
    pub fn start_at(phase: &'static str) -> Self {
        Self { phase: Some((phase, Utc::now())), ..Self::start() }
    }

    /// Ends the phase that runs and begins another.
    pub fn next(&mut self, phase: &'static str) {
        self.end();
        self.phase = Some((phase, Utc::now()));
    }

    /// Ends the last phase: the phases, and the seconds since the start.
    pub fn stop(mut self) -> (Vec<Timing>, f64) {
        self.end();
        (self.done, self.began.elapsed().as_secs_f64())
    }

    fn end(&mut self) {
        let stamp = |time: DateTime<Utc>| Some(time.to_rfc3339_opts(SecondsFormat::Micros, true));
        if let Some((name, started)) = self.phase.take() {
            self.done.push(Timing {
                name: name.to_owned(),
                started_at: stamp(started),
                completed_at: stamp(Utc::now()),
            });
        }
    }
}
