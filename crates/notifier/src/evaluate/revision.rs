//! Revisions of a rule: editing a threshold must not mail history.
//!
//! A revision judges the records after the last day that was evaluated before it came. Earlier days,
//! looked at again for late and corrected records, are judged as they were.

use crate::measure::{Floor, Threshold};
use crate::rule::{Condition, Judgement, Measure, Segment, Test};
use crate::{Result, Rule};
use chrono::NaiveDate;
use serde_json::Value;
use warehouse::{Session, get};

/// A judgement and the days it holds for.
#[derive(Clone, Debug)]
pub(super) struct Revision {
    pub number: i32,
    pub judgement: Judgement,
    /// It judges the records after that day; `None` for all.
    pub after: Option<NaiveDate>,
}

/// All revisions, oldest first; never empty.
#[derive(Debug)]
pub(super) struct Revisions(Vec<Revision>);

/// Days of one revision within a window: after the first, up to the second.
#[derive(Debug)]
pub(super) struct Piece<'a> {
    pub revision: &'a Revision,
    pub since: NaiveDate,
    pub as_of: NaiveDate,
}

impl Revisions {
    pub fn current(&self) -> i32 {
        self.0.last().map_or(1, |revision| revision.number)
    }

    /// Cuts `(since, as_of]` at the days on which revisions begin to hold.
    pub fn pieces(&self, since: NaiveDate, as_of: NaiveDate) -> Vec<Piece<'_>> {
        let mut pieces = Vec::new();
        for (index, revision) in self.0.iter().enumerate() {
            let from = revision.after.map_or(since, |after| after.max(since));
            let to =
                self.0.get(index + 1).and_then(|next| next.after).map_or(as_of, |after| after.min(as_of));
            if from < to {
                pieces.push(Piece { revision, since: from, as_of: to });
            }
        }
        pieces
    }
}

/// The rule's revisions, its present judgement among them: written down if it is new.
pub(super) async fn current(session: &Session, rule: &Rule) -> Result<Revisions> {
    let rows = session
        .query(
            "select revision, spec::text, spec_sha256, effective_after from alerting.rule where rule_id = $1 order by revision",
            &[&rule.id],
        )
        .await?;
    let (sha256, mut last_sha256) = (rule.judgement.sha256(), String::new());
    let mut revisions = Vec::new();
    for row in &rows {
        let spec: String = get(row, 1)?;
        last_sha256 = get(row, 2)?;
        let judgement = if last_sha256 == sha256 { rule.judgement.clone() } else { read(&spec, rule) };
        revisions.push(Revision { number: get(row, 0)?, judgement, after: get(row, 3)? });
    }
    if last_sha256 != sha256 {
        let number = revisions.last().map_or(1, |last| last.number + 1);
        let after = store(session, rule, number, &sha256).await?;
        revisions.push(Revision { number, judgement: rule.judgement.clone(), after });
    }
    Ok(Revisions(revisions))
}

async fn store(session: &Session, rule: &Rule, number: i32, sha256: &str) -> Result<Option<NaiveDate>> {
    let spec = serde_json::to_value(&rule.judgement).unwrap_or_default();
    let row = session
        .query_one(
            "insert into alerting.rule (rule_id, revision, spec, spec_sha256, effective_after)
             select $1, $2, $3, $4, max(as_of) from alerting.eval_run where rule_id = $1 and status = 'ok'
             returning effective_after",
            &[&rule.id, &number, &spec, &sha256],
        )
        .await?;
    Ok(get(&row, 0)?)
}

/// A judgement as it was written down. What cannot be read is as it is today.
fn read(spec: &str, rule: &Rule) -> Judgement {
    let today = &rule.judgement;
    let Ok(spec) = serde_json::from_str::<Value>(spec) else { return today.clone() };
    let number =
        |key: &str| spec.get(key).and_then(Value::as_u64).and_then(|number| u16::try_from(number).ok());
    Judgement {
        threshold: parsed(&spec, "threshold").unwrap_or(today.threshold),
        min_abs_change: parsed(&spec, "min_abs_change").unwrap_or(today.min_abs_change),
        measure: match spec.get("measure").and_then(Value::as_str) {
            Some("symmetric_max") => Measure::SymmetricMax,
            _ => Measure::Previous,
        },
        compare_to_days: number("compare_to_days").unwrap_or(today.compare_to_days),
        max_baseline_age_days: number("max_baseline_age_days"),
        segments: spec
            .get("segments")
            .and_then(Value::as_array)
            .map_or_else(Vec::new, |segments| segments.iter().filter_map(read_segment).collect()),
    }
}

fn parsed<T: std::str::FromStr>(spec: &Value, key: &str) -> Option<T> {
    spec.get(key)?.as_str()?.parse().ok()
}

fn read_segment(spec: &Value) -> Option<Segment> {
    let when = spec.get("when")?.as_array()?.iter().filter_map(read_condition).collect();
    let threshold: Threshold = parsed(spec, "threshold")?;
    let min_abs_change: Floor = parsed(spec, "min_abs_change")?;
    Some(Segment { id: spec.get("id")?.as_str()?.to_owned(), when, threshold, min_abs_change })
}

fn read_condition(spec: &Value) -> Option<Condition> {
    let test = spec.get("test")?;
    let text = |key: &str| test.get(key)?.as_str().map(str::to_owned);
    let list = test.get("in").and_then(Value::as_array);
    let test = if let Some(values) = list {
        Test::In(values.iter().filter_map(|value| value.as_str().map(str::to_owned)).collect())
    } else if let Some(number) = text("at_least") {
        Test::AtLeast(number)
    } else {
        Test::AtMost(text("at_most")?)
    };
    Some(Condition { column: spec.get("column")?.as_str()?.to_owned(), test })
}
