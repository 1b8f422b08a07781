//! A slot's connection: statements with the query comment, transactions as dbt has them, errors with a place.

use super::telling;
use crate::context::raised::{Kind, Raised};
use platform_core::event::{Event, EventSink, Level};
use platform_core::node_info::about_current;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Instant;
use tokio::runtime::Handle;
use warehouse::{Outcome, Session, Warehouse};

/// One slot's connection. Used from one blocking thread at a time; never from an async worker.
pub struct Connection {
    opened: OnceLock<Session>,
    /// Where the session comes from.
    warehouse: Warehouse,
    is_another: bool,
    handle: Handle,
    events: Arc<dyn EventSink>,
    /// A transaction that templates think is open and that nothing was sent in yet.
    begun: AtomicBool,
    /// Whether nothing begins a transaction any more.
    settled: AtomicBool,
    /// Whether a statement changed the session for those that come after.
    changed: AtomicBool,
    comment: Mutex<Comment>,
    /// Statements that every transaction begins with: settings that end with it.
    preamble: Mutex<String>,
}

/// What is put around every statement (<https://docs.getdbt.com/reference/project-configs/query-comment>).
#[derive(Clone, Debug, Default)]
pub struct Comment {
    /// The comment's text, without `/*` and `*/`; empty for none.
    pub text: String,
    /// Behind the statement instead of before it.
    pub append: bool,
    /// The node whose statements these are, or a word like `master`, for the log.
    pub name: String,
}

/// A statement that the database refused, and what was sent.
#[derive(Debug)]
pub struct Refused {
    /// The database's answer.
    pub error: warehouse::Error,
    /// The statement without comment.
    pub sql: String,
    /// Place in `sql` that the answer points at, in characters from 1.
    pub position: Option<usize>,
}

impl std::fmt::Display for Refused {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.message())
    }
}

impl std::error::Error for Refused {}

impl Refused {
    /// The message in the words of Postgres' own client, the line in question under a caret.
    pub fn message(&self) -> String {
        let Some(db) = self.error.db() else { return self.error.to_string() };
        let mut text = db.message.clone();
        if let Some((line, column, content)) = self.line() {
            text += &format!("\n{}", pointed_at(line, column, &content));
        }
        for (label, more) in [("DETAIL", &db.detail), ("HINT", &db.hint), ("CONTEXT", &db.context)] {
            if let Some(more) = more {
                text += &format!("\n{label}:  {more}");
            }
        }
        text
    }

    /// Line and column from 1, and the line's text.
    pub fn line(&self) -> Option<(usize, usize, String)> {
        let at = self.position?.checked_sub(1)?;
        let before: String = self.sql.chars().take(at).collect();
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = before.matches('\n').count() + 1;
        let column = before[start..].chars().count() + 1;
        Some((line, column, self.sql.lines().nth(line - 1).unwrap_or_default().to_owned()))
    }
}

/// A line of a statement with a caret under the column, as Postgres' own client shows them: no more than 60
/// characters, and ten of them after the caret where there are as many.
fn pointed_at(line: usize, column: usize, content: &str) -> String {
    const WIDTH: usize = 60;
    const AFTER: usize = 10;
    let characters: Vec<char> = content.chars().map(|it| if it == '\t' { ' ' } else { it }).collect();
    let (at, mut start, mut end) = (column - 1, 0, characters.len());
    if end > WIDTH {
        if at + AFTER <= WIDTH {
            end = WIDTH;
        } else {
            end = end.min(at + AFTER);
            start = end.saturating_sub(WIDTH);
        }
    }
    let before = if start > 0 { "..." } else { "" };
    let after = if end < characters.len() { "..." } else { "" };
    let number = format!("LINE {line}: {before}");
    let shown: String = characters[start..end].iter().collect();
    format!("{number}{shown}{after}\n{}^", " ".repeat(number.len() + at - start))
}

impl Connection {
    /// A connection that is opened by the first statement; statements are waited for on `handle`. `is_another` says that
    /// one was lost or put away before it.
    pub fn new(warehouse: Warehouse, handle: Handle, events: Arc<dyn EventSink>, is_another: bool) -> Self {
        Self {
            opened: OnceLock::new(),
            warehouse,
            is_another,
            handle,
            events,
            begun: AtomicBool::new(false),
            settled: AtomicBool::new(true),
            changed: AtomicBool::new(false),
            comment: Mutex::default(),
            preamble: Mutex::default(),
        }
    }

    /// What every transaction begins with from here on; `set local …`, so that it ends with the transaction.
    pub fn set_preamble(&self, statements: &str) {
        statements.clone_into(&mut self.preamble.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// The session, for what is not a template's statement; it is opened where it isn't yet.
    pub fn session(&self) -> Result<&Session, warehouse::Error> {
        if let Some(session) = self.opened.get() {
            return Ok(session);
        }
        telling::opening(&*self.events, self.is_another);
        let session = self.handle.block_on(self.warehouse.session())?;
        Ok(self.opened.get_or_init(|| session))
    }

    /// The session, if it has been opened.
    pub fn opened(&self) -> Option<&Session> {
        self.opened.get()
    }

    /// Whether the server is gone.
    pub fn is_lost(&self) -> bool {
        self.opened().is_some_and(Session::is_closed)
    }

    fn is_within_transaction(&self) -> bool {
        self.opened().is_some_and(Session::in_transaction)
    }

    /// Whether a statement left something behind in the session, which no other node may meet.
    pub fn is_changed(&self) -> bool {
        self.changed.load(Ordering::Acquire)
    }

    /// Waits for something asynchronous.
    pub fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.handle.block_on(work)
    }

    /// Where events go.
    pub fn events(&self) -> &Arc<dyn EventSink> {
        &self.events
    }

    /// Whose statements follow.
    pub fn set_comment(&self, comment: Comment) {
        let name = comment.name.clone();
        let former =
            std::mem::replace(&mut *self.comment.lock().unwrap_or_else(PoisonError::into_inner), comment);
        telling::whose(&*self.events, &former.name, &name);
    }

    /// Whose statements these are, for the log.
    pub fn name(&self) -> String {
        self.comment.lock().unwrap_or_else(PoisonError::into_inner).name.clone()
    }

    /// Whether templates have a transaction open.
    pub fn in_transaction(&self) -> bool {
        self.begun.load(Ordering::Acquire) || self.is_within_transaction()
    }

    /// A node begins: its first statement begins a transaction, which lasts until somebody commits. That is how
    /// dbt's driver has it: a query made while the node is compiled is undone with the rest if the node fails.
    pub fn open_node(&self) {
        self.settled.store(false, Ordering::Release);
        self.begin();
    }

    /// From here on every statement stands for itself, as for hooks of a run and for operations.
    pub fn open_operation(&self) {
        self.rollback();
        self.settled.store(true, Ordering::Release);
    }

    /// Begins a transaction unless one is open or the node's own has been committed. It is sent with the next
    /// statement: one round trip saved.
    pub fn begin(&self) {
        if !self.settled.load(Ordering::Acquire) && !self.is_within_transaction() {
            self.begun.store(true, Ordering::Release);
        }
    }

    /// Ends the node's transaction and keeps what it did.
    pub fn commit(&self) -> Result<(), Refused> {
        self.settled.store(true, Ordering::Release);
        if self.begun.swap(false, Ordering::AcqRel) || !self.is_within_transaction() {
            return Ok(());
        }
        self.tell_of("SQLCommit", "E018", "COMMIT");
        self.send("commit", "commit", 0).map(drop)
    }

    /// Says how the transaction ends.
    fn tell_of(&self, event: &str, code: &str, command: &str) {
        let name = self.name();
        let event = Event::new(Level::Debug, event, format!("On {name}: {command}")).code(code);
        self.events.send(about_current(event.with("conn_name", name)));
    }

    /// Ends the transaction and takes back what it did; a lost connection has none.
    pub fn rollback(&self) {
        self.begun.store(false, Ordering::Release);
        if self.is_within_transaction() {
            self.tell_of("Rollback", "E012", "ROLLBACK");
            // What can't be rolled back was never committed: the server does it when the connection ends.
            drop(self.send("rollback", "rollback", 0));
        }
    }

    /// Sends statements; gives the outcome of the last one.
    pub fn run(&self, sql: &str) -> Result<Outcome, Refused> {
        if super::lasting::outlives_transaction(sql) {
            self.changed.store(true, Ordering::Release);
        }
        let comment = self.comment.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let preamble = self.preamble.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let begin = match self.begun.swap(false, Ordering::AcqRel) {
            true if preamble.is_empty() => "begin;\n".to_owned(),
            true => format!("begin;\n{preamble}\n"),
            false => String::new(),
        };
        // The comment is the first thing sent: that is where readers of the server's log and of pg_stat_activity look.
        let (head, body) = if comment.text.is_empty() {
            (String::new(), sql.to_owned())
        } else if comment.append {
            let trimmed = sql.trim_end().trim_end_matches(';');
            (String::new(), format!("{trimmed}\n/* {} */;", comment.text))
        } else {
            (format!("/* {} */\n", comment.text), sql.to_owned())
        };
        let shift = head.chars().count() + begin.chars().count();
        let sent = format!("{head}{begin}{body}");
        telling::sent(&*self.events, &comment.name, &format!("{head}{body}"), &sent);
        self.send_again_after_deadlock(&sent, sql, shift)
    }

    /// Sends statements that are a transaction by themselves once more where the server ended it to end a deadlock:
    /// nothing of it has happened. Two nodes that drop tables with foreign keys between them meet so.
    fn send_again_after_deadlock(&self, sent: &str, sql: &str, shift: usize) -> Result<Outcome, Refused> {
        const TIMES: usize = 3;
        const DEADLOCK: &str = "40P01";
        let is_alone = !self.is_within_transaction() && !sql.to_ascii_lowercase().contains("commit");
        let mut outcome = self.send(sent, sql, shift);
        for _ in 0..TIMES {
            let is_deadlock =
                outcome.as_ref().is_err_and(|refused| refused.error.sqlstate() == Some(DEADLOCK));
            if !is_alone || !is_deadlock {
                break;
            }
            if self.is_within_transaction() {
                self.send("rollback", "rollback", 0)?;
            }
            outcome = self.send(sent, sql, shift);
        }
        outcome
    }

    fn send(&self, sent: &str, sql: &str, shift: usize) -> Result<Outcome, Refused> {
        let started = Instant::now();
        let run = |session: &Session| self.handle.block_on(session.run(sent));
        let outcome = self.session().and_then(run).map_err(|error| {
            let position =
                error.db().and_then(|db| db.position).and_then(|at| (at as usize).checked_sub(shift));
            let refused = Refused { error, sql: sql.to_owned(), position };
            telling::refused(&*self.events, &refused.message());
            refused
        })?;
        telling::answered(&*self.events, &outcome.tag, started.elapsed());
        Ok(outcome)
    }

    /// Asks for rows with a query of ours, which no template sends, and tells of it as of others; `rows` counts them.
    pub fn ask<T>(
        &self,
        sql: &str,
        query: impl Future<Output = Result<T, warehouse::Error>>,
        rows: impl FnOnce(&T) -> usize,
    ) -> Result<T, warehouse::Error> {
        let started = Instant::now();
        telling::sent(&*self.events, &self.name(), sql, sql);
        let answer = self.wait(query)?;
        telling::answered(&*self.events, &format!("SELECT {}", rows(&answer)), started.elapsed());
        Ok(answer)
    }
}

impl From<Refused> for jinja::HostError {
    fn from(refused: Refused) -> Self {
        let message = refused.message();
        jinja::Error::new(jinja::ErrorKind::Host, message.clone())
            .with_cause(DatabaseError {
                raised: Raised::new(Kind::Database, message),
                refused: Arc::new(refused),
            })
            .into()
    }
}

/// What stands inside of an error of Jinja that the database caused.
#[derive(Clone, Debug)]
pub struct DatabaseError {
    /// Headline and message.
    pub raised: Raised,
    /// Statement and answer.
    pub refused: Arc<Refused>,
}

impl std::fmt::Display for DatabaseError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.raised.message)
    }
}

impl std::error::Error for DatabaseError {}

#[cfg(test)]
mod tests {
    use super::pointed_at;

    #[test]
    fn long_lines_are_cut_around_the_caret() {
        #[track_caller]
        fn check(shown: &str, before: &str, text: &str, after: &str, caret: &str) {
            let (line, marker) = shown.split_once('\n').expect("two lines");
            assert_eq!(line, format!("LINE 3: {before}{text}{after}"));
            assert_eq!(&line[marker.len() - 1..marker.len() - 1 + caret.len()], caret);
        }
        let line = format!("{}here{}", "a".repeat(50), "b".repeat(50));
        check(&pointed_at(3, 5, "a\tb nope"), "", "a b nope", "", "nope");
        check(&pointed_at(3, 51, &line), "", &line[..60], "...", "here");
        check(&pointed_at(3, 52, &line), "...", &line[1..61], "...", "ere");
        check(&pointed_at(3, 104, &line), "...", &line[44..], "", "b");
    }
}
