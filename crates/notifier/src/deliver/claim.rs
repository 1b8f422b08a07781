//! Claiming a message: state, attempt and lock in one statement.

use crate::Result;
use crate::schema::lock;
use chrono::{DateTime, Utc};
use platform_core::channel::Message;
use warehouse::types::ToSql;
use warehouse::{Session, get};

/// What may be claimed.
pub(super) struct Claim<'a> {
    pub worker: &'a str,
    pub now: Option<DateTime<Utc>>,
    pub channels: &'a [String],
    pub busy: &'a [i64],
}

/// The result of a claim.
pub(super) enum Claimed {
    /// It is ours, and so is its lock.
    Mine(Box<Mine>),
    /// It is due, but its last sender has not let go of the lock. Nothing was changed.
    Busy(i64),
}

/// A claimed message.
pub(super) struct Mine {
    pub id: i64,
    pub attempt: i64,
    pub channel: String,
    pub subject: String,
    /// How often it was tried, this time included.
    pub attempts: i32,
    /// How often the channel was told to slow down.
    pub slower: i32,
    pub message: Message,
}

impl Claim<'_> {
    /// Claims the next message that is due.
    pub async fn take(&self, session: &Session) -> Result<Option<Claimed>> {
        let parameters: [&(dyn ToSql + Sync); 5] =
            [&self.worker, &self.now, &self.channels, &self.busy, &lock::MESSAGE];
        let rows = session.query(include_str!("../sql/claim.sql"), &parameters).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let id: i64 = get(row, 0)?;
        if !get::<bool>(row, 1)? {
            return Ok(Some(Claimed::Busy(id)));
        }
        Ok(Some(Claimed::Mine(Box::new(Mine {
            id,
            attempt: get(row, 2)?,
            channel: get(row, 3)?,
            subject: get(row, 4)?,
            attempts: get(row, 5)?,
            slower: get(row, 6)?,
            message: Message {
                dedupe_key: get(row, 7)?,
                message_id: get(row, 8)?,
                recipient: get(row, 9)?,
                payload: get(row, 10)?,
                thread: get(row, 11)?,
            },
        }))))
    }
}
