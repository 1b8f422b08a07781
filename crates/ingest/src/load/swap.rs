//! The swap: a full table takes the place of the one that readers see, in a moment and as a whole.
//!
//! Readers must never see an error, and views on the table must live on. Views bind to a table's oid, so after the renames
//! each is defined anew (`create or replace view`, which keeps the view's own oid, owner, grants and dependents) and so
//! bound to the new table. `truncate` and `insert` would block readers for as long as the rows take to write. Where something else hangs on the table (an index, a foreign key, a materialized
//! view, …) the table stays and its rows are replaced: twice the work, no lock that a reader would feel.
//!
//! Locks: readers take them in any order, so a wait of ours while we hold one may close a circle, and Postgres would end a
//! reader for it. It looks for circles when somebody has waited for `deadlock_timeout`. So all locks are taken in one
//! statement that gives up after half that time, rolls back to its savepoint and tries again later.

use super::table::{self, Beside, Existing};
use crate::{Error, Result};
use platform_core::Relation;
use platform_core::relation::{quote_identifier, quote_literal};
use std::time::{Duration, Instant};
use warehouse::types::Type;
use warehouse::{Session, get};

/// A table and the one that will take its place.
#[derive(Debug)]
pub struct Swap {
    table: Relation,
    beside: Beside,
    existing: Option<Existing>,
    views: Vec<String>,
    /// Why the table must stay and only its rows can be replaced; empty where it need not.
    pub obstacles: Vec<String>,
}

impl Swap {
    /// Looks at what hangs on the table, and gives the new one the old one's grants, comments and owner. Inside of the
    /// final transaction.
    pub async fn prepare(session: &Session, table: &Relation, beside: Beside) -> Result<Self> {
        let existing = table::existing(session, table).await?;
        let mut swap =
            Self { table: table.clone(), beside, existing, views: Vec::new(), obstacles: Vec::new() };
        let Some(existing) = &swap.existing else { return Ok(swap) };
        if !matches!(existing.kind, 'r' | 'p') {
            return Err(Error::NoTable { name: table.to_string() });
        }
        let oid = existing.oid;
        let rows = session.query_typed(include_str!("swap/obstacles.sql"), &[(&oid, Type::OID)]).await?;
        swap.obstacles = rows.iter().map(|row| get(row, 0)).collect::<warehouse::Result<_>>()?;
        if swap.obstacles.is_empty() {
            swap.views = swap.definitions(session, oid).await?;
            swap.move_belongings(session, oid).await?;
        }
        Ok(swap)
    }

    async fn definitions(&self, session: &Session, oid: u32) -> Result<Vec<String>> {
        let path: String = get(&session.query_one("select current_setting('search_path')", &[]).await?, 0)?;
        session.batch_execute("set local search_path to ''").await?;
        let rows = session.query_typed(include_str!("swap/views.sql"), &[(&oid, Type::OID)]).await?;
        let back = format!("select set_config('search_path', {}, true)", quote_literal(&path));
        session.batch_execute(&back).await?;
        Ok(rows.iter().map(|row| get(row, 0)).collect::<warehouse::Result<_>>()?)
    }

    async fn move_belongings(&self, session: &Session, oid: u32) -> Result<()> {
        let new = self.beside.relation.to_string();
        let Some(beside) = table::existing(session, &self.beside.relation).await? else { return Ok(()) };
        let others =
            session.query_typed(include_str!("swap/others.sql"), &[(&beside.oid, Type::OID)]).await?;
        for row in &others {
            let grantee: String = get(row, 0)?;
            session.batch_execute(&format!("revoke all on {new} from {grantee}")).await?;
        }
        let sql = include_str!("swap/belongings.sql");
        let rows = session.query_typed(sql, &[(&oid, Type::OID), (&new, Type::TEXT)]).await?;
        let has = |column: &str| beside.columns.iter().any(|(name, _)| quote_as_format(name) == column);
        for row in &rows {
            let needs: Option<String> = get(row, 1)?;
            if needs.is_none_or(|column| has(&column)) {
                session.batch_execute(get(row, 2)?).await?;
            }
        }
        Ok(())
    }

    /// The statements that lock what the swap touches, views before their table, as readers of the views do.
    fn locks(&self) -> Vec<String> {
        let table =
            self.existing.iter().map(|_| format!("lock table {} in access exclusive mode", self.table));
        self.views.iter().cloned().chain(table).collect()
    }

    /// Renames, binds the views anew, drops the old table. Needs the locks.
    async fn rename(&self, session: &Session) -> Result<()> {
        let bare = Relation { schema: None, database: None, ..self.table.clone() };
        let mut sql = Vec::new();
        let old = self.table.with_identifier(format!("{}_old", self.beside.relation.identifier_name()));
        if self.existing.is_some() {
            sql.push(format!(
                "alter table {} rename to {}",
                self.table,
                quote_identifier(old.identifier_name())
            ));
        }
        sql.push(format!("alter table {} rename to {bare}", self.beside.relation));
        sql.extend(self.views.iter().map(|view| view.trim_end_matches(';').to_owned()));
        if self.existing.is_some() {
            sql.push(format!("drop table {old}"));
        }
        Ok(session.batch_execute(&sql.join(";\n")).await?)
    }

    /// Replaces the rows and keeps the table.
    async fn replace_rows(&self, session: &Session) -> Result<()> {
        table::prepare(session, &self.table, &self.beside.columns).await?;
        let columns = self.beside.column_list();
        let sql = format!(
            "delete from {table};\ninsert into {table} ({columns})\nselect {columns}\nfrom {beside};\ndrop table {beside}",
            table = self.table,
            beside = self.beside.relation,
        );
        Ok(session.batch_execute(&sql).await?)
    }
}

/// As `format('%I')` quotes: only where needed. Compared with the server's own quoting.
fn quote_as_format(name: &str) -> String {
    let plain = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_' || byte.is_ascii_digit())
        && !name.starts_with(|first: char| first.is_ascii_digit());
    if plain { name.to_owned() } else { quote_identifier(name) }
}

/// Puts the new tables in the old ones' places, all at once. Inside of the final transaction, as its last act.
///
/// Waits for readers up to `patience`; gives the tables whose rows were replaced instead, and why.
pub async fn swap_all(
    session: &Session,
    swaps: &[Swap],
    patience: Duration,
) -> Result<Vec<(Relation, Vec<String>)>> {
    let (able, staying): (Vec<&Swap>, Vec<&Swap>) = swaps.iter().partition(|swap| swap.obstacles.is_empty());
    let mut kept = Vec::new();
    for swap in staying {
        swap.replace_rows(session).await?;
        kept.push((swap.table.clone(), swap.obstacles.clone()));
    }
    // With locks held only what is quick may follow.
    if lock(session, &able, patience).await? {
        for swap in able {
            swap.rename(session).await?;
        }
        return Ok(kept);
    }
    for swap in able {
        swap.replace_rows(session).await?;
        kept.push((swap.table.clone(), vec![format!("readers held it for {} s", patience.as_secs())]));
    }
    Ok(kept)
}

/// Takes all locks at once, or none.
async fn lock(session: &Session, swaps: &[&Swap], patience: Duration) -> Result<bool> {
    let statements: Vec<String> = swaps.iter().flat_map(|swap| swap.locks()).collect();
    if statements.is_empty() {
        return Ok(true);
    }
    let body: String =
        statements.iter().map(|sql| format!("    execute {};\n", quote_literal(sql))).collect();
    let together = format!("do {}", quote_literal(&format!("begin\n{body}end")));
    let half = "select set_config('statement_timeout', (setting::int / 2)::text, true) \
                from pg_catalog.pg_settings where name = 'deadlock_timeout'";
    let begun = Instant::now();
    let mut pause = Duration::from_millis(100);
    loop {
        session.batch_execute(&format!("savepoint locks;\n{half}")).await?;
        match session.batch_execute(&together).await {
            Ok(()) => {
                session.batch_execute("set local statement_timeout to 0").await?;
                return Ok(true);
            }
            // Cancelled by the time limit, or the victim of a circle after all.
            Err(error) if matches!(error.sqlstate(), Some("57014" | "40P01" | "55P03")) => {
                session.batch_execute("rollback to savepoint locks").await?;
            }
            Err(error) => return Err(error.into()),
        }
        if begun.elapsed() + pause > patience {
            return Ok(false);
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(2));
    }
}
