//! A word on the console, for people who watch.

use super::Console;
use async_trait::async_trait;
use platform_core::EventSink;
use platform_core::channel::{Channel, Deferral, Delivery, Message, Outcome, Phase};

/// Writes texts to a stream.
pub(super) struct Talk {
    console: Console,
}

impl Talk {
    pub fn new(console: Console) -> Self {
        Self { console }
    }
}

#[async_trait]
impl Channel for Talk {
    async fn deliver(&mut self, message: &Message, _events: &dyn EventSink) -> Outcome {
        let text = String::from_utf8_lossy(&message.payload);
        let frame = "=".repeat(72);
        match self.console.write(&format!("{frame}\n{}\n{frame}\n", text.trim_end())) {
            Ok(()) => Outcome::accepted("written"),
            // Nobody listens any more: `dp alerts send | head`. The next run has nobody either.
            Err(problem) if problem.kind() == std::io::ErrorKind::BrokenPipe => {
                Outcome::accepted("nobody listened")
            }
            Err(problem) => Outcome::new(
                Delivery::Deferred(Deferral::Channel),
                Phase::Claimed,
                format!("write to the console: {problem}"),
            ),
        }
    }
}
