//! Channels: where finished notifications go.

use async_trait::async_trait;

/// A finished message: bytes that are sent as they are, again and again if need be.
#[derive(Clone, Debug)]
pub struct Message {
    /// Key under which the receiver can drop a repetition.
    pub dedupe_key: String,
    /// Message-ID, without angle brackets.
    pub message_id: String,
    /// Address or room.
    pub recipient: String,
    /// RFC 5322 bytes for email, JSON for the others.
    pub payload: Vec<u8>,
}

/// What became of one try to deliver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// The receiver took responsibility; its reply.
    Accepted(String),
    /// Not now; try again later.
    Deferred(String),
    /// Never for this recipient or content.
    Rejected(String),
    /// The channel is set up wrongly; the message stays.
    Misconfigured(String),
    /// Lost after the last byte: it may have arrived. Send the same bytes again.
    Unknown(String),
}

/// One way to deliver.
#[async_trait]
pub trait Channel: Send + Sync {
    /// Delivers one message; every failure is a [`Delivery`].
    async fn deliver(&self, message: &Message) -> Delivery;
}
