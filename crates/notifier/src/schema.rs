//! The schema `alerting`: brought forward before it is used.

use crate::Result;
use chrono::{DateTime, Utc};
use warehouse::{Migrations, Session, Warehouse, get};

/// The steps, in order.
const MIGRATIONS: Migrations = Migrations {
    schema: "alerting",
    steps: &[
        ("V1__alerting", include_str!("../migrations/V1__alerting.sql")),
        ("V2__privileges", include_str!("../migrations/V2__privileges.sql")),
        ("V3__bulk", include_str!("../migrations/V3__bulk.sql")),
    ],
};

/// Makes the tables, or brings them forward; one query when there is nothing to do.
pub async fn prepare(warehouse: &Warehouse) -> Result<()> {
    warehouse::migrate(warehouse, &MIGRATIONS).await?;
    Ok(())
}

/// Commits are on disk when they return: what was told must not be forgotten, however the server is tuned for
/// bulk work. And the server looks every half minute whether we are still there: the locks of a host that
/// vanished without a word would keep its message for hours.
const SESSION: &str = "set synchronous_commit = on; set tcp_keepalives_idle = 30; \
     set tcp_keepalives_interval = 10; set tcp_keepalives_count = 3; set tcp_user_timeout = 60000";

/// A session for what must not be lost.
pub(crate) async fn session(warehouse: &Warehouse) -> Result<Session> {
    let session = warehouse.session().await?;
    session.batch_execute(SESSION).await?;
    Ok(session)
}

/// The database's clock: the only one that decides anything.
pub(crate) async fn now(session: &Session) -> Result<DateTime<Utc>> {
    Ok(get(&session.query_one("select now()", &[]).await?, 0)?)
}

/// The id of this installation, drawn when the tables were made.
pub(crate) async fn installation(session: &Session) -> Result<String> {
    Ok(get(&session.query_one("select id::text from alerting.installation", &[]).await?, 0)?)
}

/// Advisory locks: the high half says what is locked, the low half which one.
pub(crate) mod lock {
    /// One evaluation at a time.
    pub const EVALUATION: i64 = 0x6470_616c << 32;
    /// One report of a failed run at a time.
    pub const PIPELINE: i64 = 0x6470_7069 << 32;
    /// One sender for a message.
    pub const MESSAGE: i64 = 0x6470_6d00 << 32;
}
