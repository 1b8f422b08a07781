//! A session: one connection, statements in turn.

use crate::connect::{Endpoint, Opened};
use crate::copy::{CopySink, CopyStream};
use crate::error::DbError;
use crate::outcome::{Outcome, ResultColumn, ResultSet, Types};
use crate::secret::Scrubber;
use crate::type_names::TypeNames;
use crate::wire::{Answer, Wire};
use crate::{Error, Result};
use deadpool_postgres::ClientWrapper;
use futures_util::{StreamExt as _, pin_mut};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Row, SimpleQueryMessage};

/// One connection. Calls from several tasks wait for each other; a call that is dropped half-way
/// leaves the session usable (its statement runs to its end on the server first).
pub struct Session {
    client: ClientWrapper,
    wire: Arc<Wire>,
    endpoint: Endpoint,
    turn: Arc<Mutex<()>>,
    unfinished: Arc<AtomicBool>,
    shared: Arc<Shared>,
}

/// What the sessions of one warehouse have in common.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    pub target: String,
    pub scrub: Scrubber,
    pub type_names: TypeNames,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Session").field("target", &self.shared.target).finish_non_exhaustive()
    }
}

/// A turn on the connection: held while a statement runs.
pub(crate) struct Turn {
    _guard: OwnedMutexGuard<()>,
    unfinished: Arc<AtomicBool>,
}

impl Turn {
    /// The statement ended and its answers were read.
    pub fn finish(self) {
        self.unfinished.store(false, Ordering::Release);
    }
}

impl Session {
    pub(crate) fn new(opened: Opened, shared: Arc<Shared>) -> Self {
        Self {
            client: opened.client,
            wire: opened.wire,
            endpoint: opened.endpoint,
            turn: Arc::default(),
            unfinished: Arc::default(),
            shared,
        }
    }

    /// Runs one or many statements by the simple query protocol, as psycopg2's `execute` does, in one
    /// round trip, and gives the outcome of the last one with the types of its columns.
    pub async fn run(&self, sql: &str) -> Result<Outcome> {
        self.run_with(sql, Types::Wanted).await
    }

    /// [`Session::run`], with or without the types of columns.
    pub async fn run_with(&self, sql: &str, types: Types) -> Result<Outcome> {
        without_nul(sql)?;
        let turn = self.turn().await?;
        self.wire.take_notices();
        self.wire.record();
        let result = self.collect(sql).await;
        let answers = self.wire.recorded();
        match self.wire.copy() {
            // The server waits for data that cannot come: only a new connection helps.
            b'G' => {
                return Err(Error::Unsupported(
                    "`copy … from stdin` cannot run as a statement: load the file as a seed or a drop",
                ));
            }
            b'H' => {
                return Err(Error::Unsupported(
                    "`copy … to stdout` cannot run as a statement: select the rows",
                ));
            }
            _ => {}
        }
        let mut rows = self.end(turn, result).await?;
        let mut outcome = Outcome { notices: self.wire.take_notices(), ..Outcome::default() };
        let mut columns = None;
        for answer in answers {
            match answer {
                Answer::Columns(types) => columns = Some(types),
                Answer::Tag(tag) => {
                    outcome.tag = tag;
                    if let (Some(rows), Some(types)) = (&mut rows, columns.take()) {
                        set_types(&mut rows.columns, &types);
                    }
                }
            }
        }
        if let (Some(rows), Types::Wanted) = (&mut rows, types) {
            self.name_types(&mut rows.columns).await?;
        }
        outcome.rows = rows;
        Ok(outcome)
    }

    /// Reads the answers to a text; the rows are the last statement's.
    async fn collect(&self, sql: &str) -> std::result::Result<Option<ResultSet>, tokio_postgres::Error> {
        let stream = self.client.simple_query_raw(sql).await?;
        pin_mut!(stream);
        let (mut open, mut last) = (None::<ResultSet>, None);
        while let Some(message) = stream.next().await {
            match message? {
                SimpleQueryMessage::RowDescription(columns) => {
                    let columns = columns
                        .iter()
                        .map(|column| ResultColumn {
                            name: column.name().to_owned(),
                            ..ResultColumn::default()
                        })
                        .collect();
                    open = Some(ResultSet { columns, rows: Vec::new() });
                }
                SimpleQueryMessage::Row(row) => {
                    let Some(set) = &mut open else { continue };
                    let value = |at| row.try_get(at).map(|value| value.map(str::to_owned));
                    let values = (0..row.len()).map(value).collect::<std::result::Result<_, _>>();
                    set.rows.push(values?);
                }
                SimpleQueryMessage::CommandComplete(_) => last = open.take(),
                _ => {}
            }
        }
        Ok(last)
    }

    async fn name_types(&self, columns: &mut [ResultColumn]) -> Result<()> {
        let unknown: Vec<u32> = self.shared.type_names.fill(columns);
        // In an aborted transaction nothing can be asked; and nothing gave rows.
        if unknown.is_empty() || self.transaction_failed() {
            return Ok(());
        }
        let rows = self
            .query_typed(
                "select oid, typname::text from pg_catalog.pg_type where oid = any($1)",
                &[(&unknown, Type::OID_ARRAY)],
            )
            .await?;
        for row in &rows {
            self.shared.type_names.learn(get(row, 0)?, get(row, 1)?);
        }
        self.shared.type_names.fill(columns);
        Ok(())
    }

    /// Runs statements whose answers nobody wants.
    pub async fn batch_execute(&self, sql: &str) -> Result<()> {
        without_nul(sql)?;
        let turn = self.turn().await?;
        let result = self.client.batch_execute(sql).await;
        self.end(turn, result).await
    }

    /// Our own SQL with bound parameters; types are asked of the server, once a session and text.
    pub async fn query(&self, sql: &str, parameters: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>> {
        let turn = self.turn().await?;
        let mut result = self.query_kept(sql, parameters).await;
        if self.is_outdated(sql, &result).await {
            result = self.query_kept(sql, parameters).await;
        }
        self.end(turn, result).await
    }

    /// The same, row by row: a long answer is never held as a whole. After an error of `take`, the rest is
    /// read and left out.
    pub async fn query_each(
        &self,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
        mut take: impl FnMut(&Row) -> Result<()>,
    ) -> Result<()> {
        let turn = self.turn().await?;
        let mut taken = Ok(());
        let result = async {
            let statement = self.client.prepare_cached(sql).await?;
            let rows = self.client.query_raw(&statement, parameters.iter().copied()).await?;
            pin_mut!(rows);
            while let Some(row) = rows.next().await {
                let row = row?;
                if taken.is_ok() {
                    taken = take(&row);
                }
            }
            Ok(())
        }
        .await;
        self.end(turn, result).await?;
        taken
    }

    /// Our own SQL with bound parameters of stated types, in one round trip.
    pub async fn query_typed(
        &self,
        sql: &str,
        parameters: &[(&(dyn ToSql + Sync), Type)],
    ) -> Result<Vec<Row>> {
        let turn = self.turn().await?;
        let result = self.client.query_typed(sql, parameters).await;
        self.end(turn, result).await
    }

    /// At most one row of our own SQL.
    pub async fn query_opt(&self, sql: &str, parameters: &[&(dyn ToSql + Sync)]) -> Result<Option<Row>> {
        Ok(self.query(sql, parameters).await?.into_iter().next())
    }

    /// The first row of our own SQL, which must give one.
    pub async fn query_one(&self, sql: &str, parameters: &[&(dyn ToSql + Sync)]) -> Result<Row> {
        let row = self.query_opt(sql, parameters).await?;
        row.ok_or_else(|| Error::Decode("the statement gave no row".to_owned()))
    }

    /// Our own SQL with bound parameters; gives the number of rows affected.
    pub async fn execute(&self, sql: &str, parameters: &[&(dyn ToSql + Sync)]) -> Result<u64> {
        let turn = self.turn().await?;
        let mut result = self.execute_kept(sql, parameters).await;
        if self.is_outdated(sql, &result).await {
            result = self.execute_kept(sql, parameters).await;
        }
        self.end(turn, result).await
    }

    async fn query_kept(
        &self,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> std::result::Result<Vec<Row>, tokio_postgres::Error> {
        self.client.query(&self.client.prepare_cached(sql).await?, parameters).await
    }

    async fn execute_kept(
        &self,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> std::result::Result<u64, tokio_postgres::Error> {
        self.client.execute(&self.client.prepare_cached(sql).await?, parameters).await
    }

    /// Whether to run a text again with a new statement, because the server has lost the one that the
    /// session keeps (`discard all`, a pooler) or refuses it (a column it gives has another type now).
    /// Not where the refusal ended a transaction.
    async fn is_outdated<T>(
        &self,
        sql: &str,
        result: &std::result::Result<T, tokio_postgres::Error>,
    ) -> bool {
        let state = result.as_ref().err().and_then(tokio_postgres::Error::code);
        if state != Some(&SqlState::INVALID_SQL_STATEMENT_NAME)
            && state != Some(&SqlState::FEATURE_NOT_SUPPORTED)
        {
            return false;
        }
        drop(self.client.statement_cache.remove(sql, &[]));
        self.wire.settled().await;
        !self.in_transaction()
    }

    /// Begins a transaction.
    pub async fn begin(&self) -> Result<()> {
        self.batch_execute("begin").await
    }

    /// Commits. A transaction in which a statement failed is rolled back by Postgres instead, which
    /// is an error here and not a silent loss.
    pub async fn commit(&self) -> Result<()> {
        let failed = self.transaction_failed();
        self.batch_execute("commit").await?;
        if failed {
            return Err(Error::Unsupported(
                "the transaction had failed and was rolled back instead of committed",
            ));
        }
        Ok(())
    }

    /// Rolls back; does nothing outside a transaction.
    pub async fn rollback(&self) -> Result<()> {
        if self.in_transaction() { self.batch_execute("rollback").await } else { Ok(()) }
    }

    /// Whether a transaction block is open, failed or not, as the server said after the last statement.
    pub fn in_transaction(&self) -> bool {
        matches!(self.wire.transaction(), b'T' | b'E')
    }

    /// Whether the open transaction block has failed and can only be rolled back.
    pub fn transaction_failed(&self) -> bool {
        self.wire.transaction() == b'E'
    }

    /// Streams data into `copy … from stdin`. Nothing is kept unless [`CopySink::finish`] is called.
    pub async fn copy_in(&self, statement: &str) -> Result<CopySink> {
        let turn = self.turn().await?;
        self.wire.expect_data();
        match self.client.copy_in(statement).await {
            Ok(sink) => Ok(CopySink::new(sink, self.wire.clone(), turn, self.shared.clone())),
            Err(error) => self.end(turn, Err(error)).await,
        }
    }

    /// Streams data out of `copy … to stdout`.
    pub async fn copy_out(&self, statement: &str) -> Result<CopyStream> {
        let turn = self.turn().await?;
        match self.client.copy_out(statement).await {
            Ok(stream) => Ok(CopyStream::new(stream, self.wire.clone(), turn, self.shared.clone())),
            Err(error) => self.end(turn, Err(error)).await,
        }
    }

    /// Notices raised since the last [`Session::run`] or call of this.
    pub fn take_notices(&self) -> Vec<DbError> {
        self.wire.take_notices()
    }

    /// What ends the running statement from another task.
    pub fn cancel_token(&self) -> CancelToken {
        CancelToken {
            token: self.client.cancel_token(),
            endpoint: self.endpoint.clone(),
            shared: self.shared.clone(),
        }
    }

    /// Whether the connection is gone, or waits for data that cannot come.
    pub fn is_closed(&self) -> bool {
        self.client.is_closed() || self.wire.copy() == b'G'
    }

    /// Waits for its turn, and for the answers of a statement whose caller went away.
    async fn turn(&self) -> Result<Turn> {
        let guard = self.turn.clone().lock_owned().await;
        if self.unfinished.load(Ordering::Acquire) {
            if self.wire.copy() == b'G' {
                return Err(Error::Unsupported("the connection waits for COPY data and cannot be used"));
            }
            self.client.simple_query("").await.map_err(|error| self.error(&error))?;
        }
        self.unfinished.store(true, Ordering::Release);
        Ok(Turn { _guard: guard, unfinished: self.unfinished.clone() })
    }

    /// Ends a turn: after an error of the server, once it is ready for the next statement. After any
    /// other error the turn stays unfinished, and the next one waits for what is still to come.
    async fn end<T>(&self, turn: Turn, result: std::result::Result<T, tokio_postgres::Error>) -> Result<T> {
        match result {
            Ok(value) => {
                turn.finish();
                Ok(value)
            }
            Err(error) => {
                if error.as_db_error().is_some() {
                    self.wire.settled().await;
                    turn.finish();
                }
                Err(self.error(&error))
            }
        }
    }

    fn error(&self, error: &tokio_postgres::Error) -> Error {
        Error::from_driver(error, &self.shared.target, &self.shared.scrub)
    }

    /// The driver's client: for the migration library.
    pub(crate) fn into_client(self) -> ClientWrapper {
        self.client
    }
}

/// The protocol ends a text with a NUL.
fn without_nul(sql: &str) -> Result<()> {
    if sql.contains('\0') {
        return Err(Error::Unsupported("the statement holds a NUL character, which Postgres cannot read"));
    }
    Ok(())
}

fn set_types(columns: &mut [ResultColumn], types: &[(u32, i32)]) {
    for (column, (oid, modifier)) in columns.iter_mut().zip(types) {
        column.type_oid = *oid;
        column.type_modifier = *modifier;
    }
}

/// Reads a value of a row of our own SQL, without the driver's panic on a wrong type.
pub fn get<'row, T: tokio_postgres::types::FromSql<'row>>(row: &'row Row, index: usize) -> Result<T> {
    row.try_get(index).map_err(|error| Error::Decode(error.to_string()))
}

/// Ends a statement that runs in another task: it fails with SQLSTATE 57014.
#[derive(Clone)]
pub struct CancelToken {
    token: tokio_postgres::CancelToken,
    endpoint: Endpoint,
    shared: Arc<Shared>,
}

impl CancelToken {
    /// Asks the server to end the statement. Whether it does shows in that statement's result.
    pub async fn cancel(&self) -> Result<()> {
        self.endpoint.cancel(&self.token).await.map_err(|cause| Error::Lost {
            target: self.shared.target.clone(),
            cause: self.shared.scrub.clean(&cause),
        })
    }
}
