//! Messages whose sender died: its lock is free, so they are given back at once.

use crate::Result;
use crate::policy::{OnUnknown, Policy};
use crate::schema::lock;
use chrono::{DateTime, Utc};
use warehouse::types::Type;
use warehouse::{Session, get};

/// Gives back every message that is being sent by nobody; gives how many.
pub(super) async fn rescue(session: &Session, policy: &Policy, now: Option<DateTime<Utc>>) -> Result<usize> {
    let rows = session
        .query_typed("select id from alerting.outbox where state = 'sending' order by id", &[])
        .await?;
    let held: Vec<String> = policy
        .channels
        .iter()
        .filter(|(_, channel)| channel.on_unknown == OnUnknown::Hold)
        .map(|(name, _)| name.clone())
        .collect();
    let mut rescued = 0;
    for row in &rows {
        let id: i64 = get(row, 0)?;
        if !try_lock(session, id).await? {
            continue;
        }
        let given = session
            .query_typed(
                include_str!("../sql/rescue.sql"),
                &[(&id, Type::INT8), (&now, Type::TIMESTAMPTZ), (&held, Type::TEXT_ARRAY)],
            )
            .await?;
        unlock(session, id).await?;
        rescued += given.len();
    }
    Ok(rescued)
}

async fn try_lock(session: &Session, id: i64) -> Result<bool> {
    let rows = session
        .query_typed("select pg_try_advisory_lock($1)", &[(&(lock::MESSAGE + id), Type::INT8)])
        .await?;
    Ok(rows.first().map_or(Ok(false), |row| get(row, 0))?)
}

/// Commits, then lets go of a message: nobody may find it unlocked and still being sent.
pub(super) async fn commit_and_unlock(session: &Session, id: i64) -> Result<()> {
    let key = lock::MESSAGE + id;
    session.batch_execute(&format!("commit; select pg_advisory_unlock({key})")).await?;
    Ok(())
}

/// Lets go of a message.
async fn unlock(session: &Session, id: i64) -> Result<()> {
    session.query_typed("select pg_advisory_unlock($1)", &[(&(lock::MESSAGE + id), Type::INT8)]).await?;
    Ok(())
}
