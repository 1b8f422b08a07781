//! Events: how libraries speak. The terminal, the JSON log and the log file are listeners.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::sync::Arc;

/// How much an event matters; the words of `--log-level`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// For people who look for a fault: every statement sent.
    Debug,
    /// What a person wants to see.
    Info,
    /// Something to change.
    Warn,
    /// Something failed.
    Error,
}

/// What a stretch of a message means; listeners with colours draw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tone {
    /// It worked.
    Good,
    /// To look at, or left out.
    Caution,
    /// It failed.
    Bad,
}

/// Something that happened.
#[derive(Clone, Debug)]
pub struct Event {
    /// How much it matters.
    pub level: Level,
    /// dbt's name of the event (`LogModelResult`), or ours where dbt has none.
    pub name: String,
    /// dbt's code of the event (`Q012`), or `""`.
    pub code: String,
    /// One line for people; no secrets.
    pub message: String,
    /// The bytes of the message that mean something, and what.
    pub emphasis: Option<(std::ops::Range<usize>, Tone)>,
    /// Facts, under dbt's keys: `index`, `total`, `status`, `execution_time`, …
    pub data: Map<String, Value>,
    /// The node that this is about: dbt's `node_info`, which all its events share.
    pub node_info: Option<Arc<Value>>,
}

impl Event {
    /// An event without facts.
    pub fn new(level: Level, name: &str, message: impl Into<String>) -> Self {
        Self {
            level,
            name: name.to_owned(),
            code: String::new(),
            message: message.into(),
            emphasis: None,
            data: Map::new(),
            node_info: None,
        }
    }

    /// With dbt's code of the event.
    #[must_use]
    pub fn code(mut self, code: &str) -> Self {
        code.clone_into(&mut self.code);
        self
    }

    /// With the whole message in a tone.
    #[must_use]
    pub fn toned(self, tone: Tone) -> Self {
        let whole = 0..self.message.len();
        self.emphasis(whole, tone)
    }

    /// With a stretch of the message in a tone.
    #[must_use]
    pub fn emphasis(mut self, bytes: std::ops::Range<usize>, tone: Tone) -> Self {
        self.emphasis = Some((bytes, tone));
        self
    }

    /// With one fact more.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.data.insert(key.to_owned(), value.into());
        self
    }

    /// With the node that it is about.
    #[must_use]
    pub fn about(mut self, node_info: Arc<Value>) -> Self {
        self.node_info = Some(node_info);
        self
    }
}

/// Where events go. Called from many threads; must not block for long.
pub trait EventSink: Send + Sync {
    /// Takes one event.
    fn send(&self, event: Event);

    /// Whether the warning of that name is an error (`--warn-error`), for those who must stop at it.
    fn is_error(&self, _warning: &str) -> bool {
        false
    }
}

/// Drops everything; for tests and for callers that don't listen.
pub struct Silence;

impl EventSink for Silence {
    fn send(&self, _event: Event) {}
}
