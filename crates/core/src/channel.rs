//! Channels: where finished notifications go.

use crate::event::EventSink;
use async_trait::async_trait;
use std::time::Duration;

/// A finished message: bytes that are sent as they are, again and again if need be.
#[derive(Clone, Debug)]
pub struct Message {
    /// Key under which the receiver can drop a repetition.
    pub dedupe_key: String,
    /// Message-ID, without angle brackets.
    pub message_id: String,
    /// Address or room.
    pub recipient: String,
    /// RFC 5322 bytes for email, JSON for services, text for the console.
    pub payload: Vec<u8>,
    /// What the receiver called the first message of its thread, where it names them.
    pub thread: Option<String>,
}

/// What became of one try to deliver, and how far it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What became of it.
    pub delivery: Delivery,
    /// How far it came.
    pub phase: Phase,
    /// The receiver's code: SMTP reply or HTTP status.
    pub code: Option<u16>,
    /// The receiver's words or ours, one line, no secrets.
    pub reply: String,
    /// When the receiver wants to be asked again.
    pub retry_after: Option<Duration>,
    /// What the receiver calls the message.
    pub remote_id: Option<String>,
}

/// What became of one try to deliver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// The receiver took responsibility.
    Accepted,
    /// Not now; try again later.
    Deferred(Deferral),
    /// Never.
    Rejected(Rejection),
    /// The channel is set up wrongly; the message stays until somebody mends it.
    Misconfigured,
    /// Lost after the last byte: it may have arrived. Send the same bytes again.
    Unknown,
}

/// Why not now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deferral {
    /// The receiver as a whole does not work.
    Channel,
    /// This recipient or message is put off; others may pass.
    Message,
    /// Too fast.
    Throttled,
}

/// What is wrong for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// There is no such recipient.
    Recipient,
    /// The message itself.
    Content,
}

/// How far a try came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Nothing was sent.
    Claimed,
    /// There was a connection.
    Connected,
    /// Sender and recipient were named.
    Envelope,
    /// The message was on its way.
    Data,
    /// The receiver answered for it.
    Done,
}

impl Phase {
    /// The word in tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Claimed => "claimed",
            Self::Connected => "connected",
            Self::Envelope => "envelope",
            Self::Data => "data",
            Self::Done => "done",
        }
    }
}

impl Outcome {
    /// An outcome without a code.
    pub fn new(delivery: Delivery, phase: Phase, reply: impl Into<String>) -> Self {
        Self { delivery, phase, code: None, reply: reply.into(), retry_after: None, remote_id: None }
    }

    /// The receiver took it.
    pub fn accepted(reply: impl Into<String>) -> Self {
        Self::new(Delivery::Accepted, Phase::Done, reply)
    }

    /// With the receiver's code.
    #[must_use]
    pub fn code(self, code: u16) -> Self {
        Self { code: Some(code), ..self }
    }
}

/// One way to deliver. It may keep a connection from one message to the next, but never one on which
/// something went wrong.
#[async_trait]
pub trait Channel: Send {
    /// Delivers one message; every failure is an [`Outcome`]. Each step is told as an event.
    async fn deliver(&mut self, message: &Message, events: &dyn EventSink) -> Outcome;

    /// Ends what it keeps open.
    async fn close(&mut self) {}
}
