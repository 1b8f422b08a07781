//! Migrations: each schema of ours brought to its newest form, once, by whoever comes first.

use crate::run_lock::{RunLock, Sharing};
use crate::session::get;
use crate::{Error, Result, Session, Warehouse};
use platform_core::relation::{Relation, quote_identifier};
use std::error::Error as _;
use std::time::Duration;
use tokio_postgres::types::Type;

/// How long to wait for another program that migrates the same schema.
const PATIENCE: Duration = Duration::from_mins(2);

/// The migrations of one schema, in order. Their history is kept in the schema's table `migrations`.
#[derive(Clone, Copy, Debug)]
pub struct Migrations {
    /// The schema; made where it is missing.
    pub schema: &'static str,
    /// Name (`V1__loads`) and SQL of each; a migration that was applied anywhere never changes again.
    pub steps: &'static [(&'static str, &'static str)],
}

/// Loads, runs and node results: what the platform remembers.
pub const PLATFORM: Migrations = Migrations {
    schema: "platform",
    steps: &[
        ("V1__loads_and_runs", include_str!("../migrations/V1__loads_and_runs.sql")),
        ("V2__drops", include_str!("../migrations/V2__drops.sql")),
        ("V3__runs_as_recorded", include_str!("../migrations/V3__runs_as_recorded.sql")),
        ("V4__failing_rows", include_str!("../migrations/V4__failing_rows.sql")),
        ("V5__corrections", include_str!("../migrations/V5__corrections.sql")),
        ("V6__seeds", include_str!("../migrations/V6__seeds.sql")),
    ],
};

/// Brings a schema to its newest form; gives the number of steps applied. One query when there is
/// nothing to do. Two programs that migrate at once wait for each other.
pub async fn migrate(warehouse: &Warehouse, migrations: &Migrations) -> Result<usize> {
    let steps = steps(migrations)?;
    let session = warehouse.get().await?;
    if is_current(&session, migrations, &steps).await? {
        return Ok(0);
    }
    drop(session);
    let name = format!("migrations of schema {}", migrations.schema);
    let description = format!("migrating schema {}", migrations.schema);
    let lock = RunLock::take(warehouse, &name, Sharing::Alone, &description, PATIENCE).await?;
    let session = lock.into_session();
    session
        .batch_execute(&format!("create schema if not exists {}", quote_identifier(migrations.schema)))
        .await?;
    let mut runner = refinery::Runner::new(&steps);
    runner.set_migration_table_name(history(migrations));
    // The lock ends with the connection, after the last step.
    let mut client = session.into_client();
    let report = runner.run_async(&mut *client).await.map_err(|error| failed(migrations, &error))?;
    Ok(report.applied_migrations().len())
}

/// The same where the schema is in use already: a database that was never asked to keep anything stays as it is.
pub async fn migrate_existing(warehouse: &Warehouse, migrations: &Migrations) -> Result<usize> {
    let session = warehouse.get().await?;
    let exists = session
        .query_typed("select to_regclass($1) is not null", &[(&history(migrations), Type::TEXT)])
        .await?;
    drop(session);
    if exists.first().map_or(Ok(false), |row| get(row, 0))? {
        return migrate(warehouse, migrations).await;
    }
    Ok(0)
}

fn history(migrations: &Migrations) -> String {
    Relation::in_schema(migrations.schema, "migrations").to_string()
}

fn steps(migrations: &Migrations) -> Result<Vec<refinery::Migration>> {
    migrations
        .steps
        .iter()
        .map(|(name, sql)| {
            refinery::Migration::unapplied(name, sql).map_err(|error| failed(migrations, &error))
        })
        .collect()
}

/// Whether the history shows exactly these steps. Anything else is for the library to judge.
async fn is_current(
    session: &Session,
    migrations: &Migrations,
    steps: &[refinery::Migration],
) -> Result<bool> {
    let exists = session
        .query_typed("select to_regclass($1) is not null", &[(&history(migrations), Type::TEXT)])
        .await?;
    if !exists.first().map_or(Ok(false), |row| get(row, 0))? {
        return Ok(false);
    }
    let sql = format!("select version::int, checksum from {} order by 1", history(migrations));
    let rows = session.query_typed(&sql, &[]).await?;
    let applied =
        rows.iter().map(|row| Ok((get(row, 0)?, get(row, 1)?))).collect::<Result<Vec<(i32, String)>>>()?;
    let wanted = steps.iter().map(|step| (step.version(), step.checksum().to_string()));
    Ok(applied.into_iter().eq(wanted))
}

fn failed(migrations: &Migrations, error: &refinery::Error) -> Error {
    let mut cause = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        let text = match inner
            .downcast_ref::<tokio_postgres::Error>()
            .and_then(tokio_postgres::Error::as_db_error)
        {
            Some(db) => format!("{} ({})", db.message(), db.code().code()),
            None => inner.to_string(),
        };
        cause.push_str(": ");
        cause.push_str(&text);
        source = inner.source();
    }
    Error::Migrate { schema: migrations.schema.to_owned(), cause }
}
