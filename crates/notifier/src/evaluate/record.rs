//! Writing down what detection found.

use super::revision::Revisions;
use super::{RuleStatus, Run};
use crate::detect::{Parameters, Question, query};
use crate::policy::Resolve;
use crate::source::Names;
use crate::{Result, Rule};
use chrono::{Days, NaiveDate};
use uuid::Uuid;
use warehouse::types::Type;
use warehouse::{Session, get};

const RECORD: &str = include_str!("../sql/record.sql");
/// Organizations of which something is known, so that it may have to be taken back.
const KNOWN: &str = include_str!("../sql/known.sql");

/// What a run counted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counts {
    /// Organizations with a record of the day.
    pub checked: i64,
    /// Of these, those with their first record.
    pub first_records: i64,
    /// Moved far enough, but by less than the floor.
    pub below_floor: i64,
    /// Organizations without a record of the day.
    pub missing: i64,
    pub alerts: i64,
    pub bad_data: i64,
    pub withdrawn: i64,
    pub silent: i64,
    /// Incidents whose organization has a later record without an alert.
    pub settled: Vec<i64>,
}

impl Counts {
    /// How many rows the statements after detection go over.
    pub fn findings(&self) -> i64 {
        let settled = i64::try_from(self.settled.len()).unwrap_or(i64::MAX);
        self.alerts + self.bad_data + self.missing + self.withdrawn + self.silent + settled
    }
}

/// The last day that was evaluated.
pub(super) async fn last_run(session: &Session, rule: &Rule) -> Result<Option<NaiveDate>> {
    let row = session
        .query_one(
            "select max(as_of) from alerting.eval_run where rule_id = $1 and status = 'ok'",
            &[&rule.id],
        )
        .await?;
    Ok(get(&row, 0)?)
}

/// Records after that day are looked at: as far back as the rule says, and at least to the last run, so
/// that nothing is lost however long nobody ran it.
pub(super) fn since(rule: &Rule, as_of: NaiveDate, last: Option<NaiveDate>) -> NaiveDate {
    let lookback = as_of.checked_sub_days(Days::new(u64::from(rule.lookback.0))).unwrap_or(as_of);
    last.map_or(lookback, |last| last.min(lookback))
}

/// Detects and writes, each revision of the rule over its own days.
pub(super) async fn record(
    run: &Run<'_>,
    names: &Names,
    revisions: &Revisions,
    since: NaiveDate,
    last: Option<NaiveDate>,
) -> Result<Counts> {
    let mut total = Counts::default();
    let pieces = revisions.pieces(since, run.as_of);
    for (index, piece) in pieces.iter().enumerate() {
        let is_last = index + 1 == pieces.len();
        let question = Question {
            rule: run.rule,
            judgement: &piece.revision.judgement,
            since: piece.since,
            as_of: piece.as_of,
        };
        let extra: Parameters = vec![
            (Box::new(run.rule.id.clone()), Type::TEXT),
            (Box::new(piece.revision.number), Type::INT4),
            (Box::new(run.id), Type::UUID),
            (Box::new(run.now), Type::TIMESTAMPTZ),
            (Box::new(last.is_none()), Type::BOOL),
            (Box::new(last), Type::DATE),
            (Box::new(piece.revision.judgement.segment_ids()), Type::TEXT_ARRAY),
            (Box::new(i32::from(run.rule.freshness.missing_days)), Type::INT4),
            (Box::new(is_last), Type::BOOL),
            (Box::new(run.policy.resolve == Resolve::Reverted), Type::BOOL),
        ];
        let (sql, parameters) = question.statement(names, RECORD, KNOWN, extra);
        let rows = query(run.session, &sql, &parameters).await?;
        for row in &rows {
            total.alerts += get::<i64>(row, 4)?;
            total.bad_data += get::<i64>(row, 5)?;
            total.withdrawn += get::<i64>(row, 6)?;
            total.silent += get::<i64>(row, 7)?;
            if is_last {
                total.checked = get(row, 0)?;
                total.first_records = get(row, 1)?;
                total.below_floor = get(row, 2)?;
                total.missing = get(row, 3)?;
                total.settled = get(row, 8)?;
            }
        }
    }
    Ok(total)
}

/// The newest run that evaluated the rule: its number, revision, day and counts.
pub(super) async fn newest_run(
    session: &Session,
    rule: &Rule,
) -> Result<Option<(Uuid, i32, NaiveDate, Counts)>> {
    let row = session
        .query_opt(
            "select run_id, rule_revision, as_of, checked, alerts, bad_data, missing, withdrawn from alerting.eval_run
             where rule_id = $1 and status = 'ok' order by finished_at desc limit 1",
            &[&rule.id],
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    let counts = Counts {
        checked: get(&row, 3)?,
        alerts: get(&row, 4)?,
        bad_data: get(&row, 5)?,
        missing: get(&row, 6)?,
        withdrawn: get(&row, 7)?,
        ..Counts::default()
    };
    Ok(Some((get(&row, 0)?, get(&row, 1)?, get(&row, 2)?, counts)))
}

/// Notes that the rule was looked at, and how it went.
pub(crate) async fn remember(
    run: &Run<'_>,
    since: NaiveDate,
    status: RuleStatus,
    counts: &Counts,
) -> Result<()> {
    run.session
        .execute(
            "insert into alerting.eval_run (run_id, rule_id, rule_revision, as_of, since, clock_now, status, checked, alerts, bad_data, missing, withdrawn)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
            &[
                &run.id,
                &run.rule.id,
                &run.revision,
                &run.as_of,
                &since,
                &run.now,
                &status.as_str(),
                &counts.checked,
                &counts.alerts,
                &counts.bad_data,
                &counts.missing,
                &counts.withdrawn,
            ],
        )
        .await?;
    Ok(())
}
