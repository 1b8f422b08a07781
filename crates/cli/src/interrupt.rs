//! Ctrl-C and SIGTERM: nothing new begins, what runs in the database is cancelled, results are written.

use crate::exit::Exit;
use platform_core::event::{Level, Tone};
use platform_core::{Event, EventSink};
use project::runtime::Slots;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;

/// How long a statement that began meanwhile may run.
const AGAIN: Duration = Duration::from_millis(300);

/// What a command's process says that was ended by SIGTERM, as shells have it.
const TERMINATED: u8 = 128 + 15;

/// Listens for an interruption as long as it lives.
pub struct Interruption {
    happened: Arc<AtomicBool>,
    terminated: Arc<AtomicBool>,
    listener: JoinHandle<()>,
}

impl Interruption {
    /// Listens on the run's threads. An interruption sets `happened` and `cancelled`, and cancels what runs in the
    /// slots.
    pub fn listen(
        handle: &tokio::runtime::Handle,
        slots: Arc<Slots>,
        events: Arc<dyn EventSink>,
        happened: Arc<AtomicBool>,
        cancelled: Arc<AtomicBool>,
    ) -> Self {
        let terminated = Arc::new(AtomicBool::new(false));
        let (told, by_term) = (happened.clone(), terminated.clone());
        let listener = handle.spawn(async move {
            // Without a signal handler the process ends by the signal itself.
            let Ok(mut term) = signal(SignalKind::terminate()) else { return };
            tokio::select! {
                interrupted = tokio::signal::ctrl_c() => if interrupted.is_err() { return },
                _ = term.recv() => by_term.store(true, Ordering::Relaxed),
            }
            told.store(true, Ordering::Relaxed);
            cancelled.store(true, Ordering::Relaxed);
            let text = "CANCEL: the statements that run now are cancelled";
            let event = Event::new(Level::Error, "LogCancelLine", text).code("Q022");
            events.send(event.emphasis(0.."CANCEL".len(), Tone::Bad));
            // A statement may begin in this very moment, on a connection that is still being opened: until the run has
            // ended, what runs is cancelled again.
            loop {
                drop(slots.cancel());
                tokio::time::sleep(AGAIN).await;
            }
        });
        Self { happened, terminated, listener }
    }

    /// How the command ends that was interrupted; `None` if it wasn't.
    pub fn exit(&self) -> Option<Exit> {
        let code = if self.terminated.load(Ordering::Relaxed) { TERMINATED } else { 2 };
        self.happened().then_some(Exit::Code(code))
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
