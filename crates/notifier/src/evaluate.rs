//! Evaluation: what is new is found, put into incidents and finished messages, in one transaction.
//!
//! Running it again finds nothing new. Killing it at any point leaves nothing half-done: either all of
//! it is there, or the next run does all of it.

mod incidents;
mod record;
mod revision;
mod silences;

pub(crate) use record::{Counts, remember};

use crate::mail::Templates;
use crate::outbox::Planned;
use crate::plan;
use crate::rule::Rule;
use crate::schema::{self, lock};
use crate::source::Names;
use crate::{Error, Policy, Result, detect, pipeline, stale};
use chrono::{DateTime, NaiveDate, Utc};
use platform_core::EventSink;
use platform_core::event::{Event, Level};
use std::time::Duration;
use uuid::Uuid;
use warehouse::{Session, Warehouse, get};

/// How long to wait for another evaluation to end, unless told otherwise.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often to begin again when another transaction got in between.
const ATTEMPTS: u32 = 6;

/// Up to so many findings the planner is left alone with the statements that follow from them. It takes what was
/// written in this transaction for next to nothing, and for more it would choose loops within loops.
const FEW: i64 = 500;

/// What to evaluate.
#[derive(Clone, Copy, Debug)]
pub struct Evaluation {
    /// The business date up to which records are looked at.
    pub as_of: NaiveDate,
    /// Look at the records after that date, where it should not follow from the rule and the last run.
    pub since: Option<NaiveDate>,
    /// The time; the database's clock where nothing is given.
    pub now: Option<DateTime<Utc>>,
    /// Find and render, and keep nothing.
    pub dry_run: bool,
    /// How long to wait for another evaluation to end.
    pub patience: Duration,
}

impl Evaluation {
    /// Everything new up to that date.
    pub fn of(as_of: NaiveDate) -> Self {
        Self { as_of, since: None, now: None, dry_run: false, patience: PATIENCE }
    }
}

/// What an evaluation found.
#[derive(Clone, Debug, Default)]
pub struct EvaluationReport {
    /// Messages that say that the pipeline works again.
    pub recovered: Vec<Planned>,
    /// Rule by rule.
    pub rules: Vec<RuleReport>,
}

/// What became of one rule.
#[derive(Clone, Debug)]
pub struct RuleReport {
    /// Its id.
    pub rule: String,
    /// Whether it was evaluated.
    pub status: RuleStatus,
    /// Organizations with a record of the day.
    pub checked: i64,
    /// New alerts, silenced ones included.
    pub alerts: i64,
    /// New records without a usable value.
    pub bad_data: i64,
    /// Organizations without a record of the day.
    pub missing: i64,
    /// Alerts that no longer hold.
    pub withdrawn: i64,
    /// Found on the first run over history, and told to nobody.
    pub silent: i64,
    /// New alerts that a silence covers.
    pub silenced: i64,
    /// Messages put into the outbox.
    pub messages: Vec<Planned>,
}

/// Whether a rule was evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleStatus {
    /// It was.
    Evaluated,
    /// The day's records are not there, and need not be yet.
    Waiting,
    /// The day's records are not there, and should be.
    Stale,
}

impl RuleStatus {
    /// The word in the table of runs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Evaluated => "ok",
            Self::Waiting => "waiting",
            Self::Stale => "stale",
        }
    }
}

/// One evaluation of one rule.
pub(crate) struct Run<'a> {
    pub id: Uuid,
    /// The run whose findings wait for a message: itself, or none where messages are only written anew.
    pub found_by: Option<Uuid>,
    pub rule: &'a Rule,
    pub policy: &'a Policy,
    pub revision: i32,
    pub as_of: NaiveDate,
    pub now: DateTime<Utc>,
    pub session: &'a Session,
    pub events: &'a dyn EventSink,
    pub dry_run: bool,
}

impl Run<'_> {
    fn say(&self, step: &str) {
        self.events
            .send(Event::new(Level::Debug, "EvaluationStep", step).with("rule", self.rule.id.as_str()));
    }
}

/// Evaluates rules up to a business date, and writes the messages that follow from it. The caller has
/// seen to it that the run that built the watched relation succeeded; if an earlier one had failed, people
/// are told that it is over.
pub async fn evaluate(
    rules: &[Rule],
    policy: &Policy,
    evaluation: Evaluation,
    warehouse: &Warehouse,
    events: &dyn EventSink,
) -> Result<EvaluationReport> {
    // A template that cannot be read is found today and not on the day of the first alert.
    Templates::read(policy)?;
    schema::prepare(warehouse).await?;
    let session = schema::session(warehouse).await?;
    take_turn(&session, evaluation.patience).await?;
    let mut report = EvaluationReport::default();
    if !evaluation.dry_run {
        report.recovered = recovered(policy, evaluation, &session).await?;
    }
    for rule in rules {
        report.rules.push(evaluate_again(rule, policy, evaluation, &session, events).await?);
    }
    session.execute("select pg_advisory_unlock($1)", &[&lock::EVALUATION]).await?;
    Ok(report)
}

/// Waits for another evaluation to end. The lock is the session's: it ends with this process.
async fn take_turn(session: &Session, patience: Duration) -> Result<()> {
    let started = std::time::Instant::now();
    loop {
        let row = session.query_one("select pg_try_advisory_lock($1)", &[&lock::EVALUATION]).await?;
        if get(&row, 0)? {
            return Ok(());
        }
        if started.elapsed() >= patience {
            return Err(Error::Locked);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn recovered(policy: &Policy, evaluation: Evaluation, session: &Session) -> Result<Vec<Planned>> {
    session.batch_execute("begin").await?;
    let now = match evaluation.now {
        Some(now) => now,
        None => schema::now(session).await?,
    };
    let result = pipeline::recover(session, policy, evaluation.as_of, now).await;
    if result.is_ok() {
        session.commit().await?;
    } else {
        session.rollback().await?;
    }
    result
}

/// Writes the messages that wait anew, with what a new silence covers left out.
pub(crate) async fn replan(
    rule: &Rule,
    policy: &Policy,
    session: &Session,
    now: DateTime<Utc>,
    events: &dyn EventSink,
) -> Result<()> {
    take_turn(session, PATIENCE).await?;
    session.batch_execute("begin isolation level repeatable read").await?;
    let result = replan_in(rule, policy, session, now, events).await;
    if result.is_ok() {
        session.commit().await?;
    } else {
        session.rollback().await?;
    }
    session.execute("select pg_advisory_unlock($1)", &[&lock::EVALUATION]).await?;
    result
}

async fn replan_in(
    rule: &Rule,
    policy: &Policy,
    session: &Session,
    now: DateTime<Utc>,
    events: &dyn EventSink,
) -> Result<()> {
    let Some((id, revision, as_of, counts)) = record::newest_run(session, rule).await? else { return Ok(()) };
    let run = Run { id, found_by: None, rule, policy, revision, as_of, now, session, events, dry_run: false };
    plan::take_back(&run).await?;
    silences::apply(&run).await?;
    plan::plan(&run, &counts, &[]).await?;
    Ok(())
}

/// Begins again when a delivery or a command changed what this transaction had seen.
async fn evaluate_again(
    rule: &Rule,
    policy: &Policy,
    evaluation: Evaluation,
    session: &Session,
    events: &dyn EventSink,
) -> Result<RuleReport> {
    let mut attempt = 0;
    loop {
        attempt += 1;
        let result = evaluate_once(rule, policy, evaluation, session, events).await;
        let Err(problem) = result else { return result };
        session.rollback().await?;
        let Error::Warehouse(cause) = &problem else { return Err(problem) };
        match cause.sqlstate() {
            Some("40001" | "40P01") if attempt < ATTEMPTS => {
                tokio::time::sleep(Duration::from_millis(20 * u64::from(attempt))).await;
            }
            Some("23505") => return Err(duplicate(rule, problem)),
            _ => return Err(problem),
        }
    }
}

fn duplicate(rule: &Rule, problem: Error) -> Error {
    let Error::Warehouse(cause) = &problem else { return problem };
    match cause.db() {
        Some(db) if db.constraint.as_deref() == Some("evaluation_pkey") => Error::Duplicate {
            rule: rule.id.clone(),
            detail: format!(
                "two records of one organization on one day: {}",
                db.detail.as_deref().unwrap_or(&db.message)
            ),
        },
        _ => problem,
    }
}

async fn evaluate_once(
    rule: &Rule,
    policy: &Policy,
    evaluation: Evaluation,
    session: &Session,
    events: &dyn EventSink,
) -> Result<RuleReport> {
    session.batch_execute("begin isolation level repeatable read").await?;
    session.batch_execute(detect::PLANNER).await?;
    let now = match evaluation.now {
        Some(now) => now,
        None => schema::now(session).await?,
    };
    let revisions = revision::current(session, rule).await?;
    let id = Uuid::new_v4();
    let run = Run {
        id,
        found_by: Some(id),
        rule,
        policy,
        revision: revisions.current(),
        as_of: evaluation.as_of,
        now,
        session,
        events,
        dry_run: evaluation.dry_run,
    };
    run.say("begun");
    let names = Names::read(session, rule).await?;
    let last = record::last_run(session, rule).await?;
    let since = evaluation.since.unwrap_or_else(|| record::since(rule, evaluation.as_of, last));
    session.batch_execute("savepoint evaluation").await?;
    let counts = record::record(&run, &names, &revisions, since, last).await?;
    run.say("detected");
    let report = if counts.checked == 0 {
        session.batch_execute("rollback to savepoint evaluation").await?;
        stale::report(&run, since).await?
    } else {
        finish(&run, since, &counts).await?
    };
    run.say("before commit");
    if evaluation.dry_run {
        session.rollback().await?;
    } else {
        session.commit().await?;
        run.say("committed");
    }
    Ok(report)
}

/// Everything that follows from what was found.
async fn finish(run: &Run<'_>, since: NaiveDate, counts: &Counts) -> Result<RuleReport> {
    if counts.findings() <= FEW {
        run.session.batch_execute(detect::PLANNER_OFF).await?;
    }
    if counts.withdrawn > 0 {
        incidents::withdraw(run).await?;
    }
    let settled = incidents::settle(run, &counts.settled).await?;
    stale::recover(run).await?;
    plan::take_back(run).await?;
    let silenced = silences::apply(run).await?;
    run.say("incidents");
    let mut messages = plan::plan(run, counts, &settled).await?;
    if messages.is_empty() && run.policy.heartbeat {
        messages = stale::all_quiet(run, counts.checked).await?;
    }
    run.say("outbox");
    record::remember(run, since, RuleStatus::Evaluated, counts).await?;
    Ok(RuleReport {
        rule: run.rule.id.clone(),
        status: RuleStatus::Evaluated,
        checked: counts.checked,
        alerts: counts.alerts,
        bad_data: counts.bad_data,
        missing: counts.missing,
        withdrawn: counts.withdrawn,
        silent: counts.silent,
        silenced,
        messages,
    })
}
