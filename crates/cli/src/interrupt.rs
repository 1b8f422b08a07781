//! Ctrl-C: nothing new begins, what runs in the database is cancelled, results are written.

use crate::verb::Runner;
use platform_core::Event;
use platform_core::event::{Level, Tone};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::task::JoinHandle;

/// How long a statement that began meanwhile may run.
const AGAIN: Duration = Duration::from_millis(300);

/// Listens for an interruption as long as it lives.
pub struct Interruption {
    happened: Arc<AtomicBool>,
    listener: JoinHandle<()>,
}

impl Interruption {
    /// Listens on the run's threads.
    pub fn listen(handle: &tokio::runtime::Handle, runner: &Runner<'_>) -> Self {
        let happened = runner.interrupted.clone();
        let (told, context, slots) = (happened.clone(), runner.context.clone(), runner.slots.clone());
        let listener = handle.spawn(async move {
            // Without a signal handler the process ends by the signal itself.
            if tokio::signal::ctrl_c().await.is_err() {
                return;
            }
            told.store(true, Ordering::Relaxed);
            context.cancelled.store(true, Ordering::Relaxed);
            let text = "CANCEL: the statements that run now are cancelled";
            let event = Event::new(Level::Error, "LogCancelLine", text).code("Q022");
            context.events.send(event.emphasis(0.."CANCEL".len(), Tone::Bad));
            // A statement may begin in this very moment, on a connection that is still being opened: until the run has
            // ended, what runs is cancelled again.
            loop {
                drop(slots.cancel());
                tokio::time::sleep(AGAIN).await;
            }
        });
        Self { happened, listener }
    }

    /// Whether it happened.
    pub fn happened(&self) -> bool {
        self.happened.load(Ordering::Relaxed)
    }
}

impl Drop for Interruption {
    fn drop(&mut self) {
        self.listener.abort();
    }
}
