//! Detection: which records moved too far from the one before. One statement, exact.

use crate::amount::Amount;
use crate::rule::{Currency, Judgement, Measure};
use crate::source::{Bound, Names};
use crate::{Result, Rule};
use chrono::NaiveDate;
use warehouse::types::{ToSql, Type};
use warehouse::{Row, Session, get};

const DETECT: &str = include_str!("sql/detect.sql");
const PERCENT: &str = include_str!("sql/percent.sql");
const JUDGE: &str = include_str!("sql/judge.sql");
/// What [`JUDGE`] wants to see judged however calm it is.
const ASKED_FOR: &str = "(not $11 and ($10 is null or organization_id = $10))";

/// What detection says of one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// The organization.
    pub organization: String,
    /// The business date of the record.
    pub record_date: NaiveDate,
    /// Its value; `None` is null.
    pub value: Option<Amount>,
    /// The business date of the baseline.
    pub base_date: Option<NaiveDate>,
    /// The baseline.
    pub base_value: Option<Amount>,
    /// The baseline's currency.
    pub base_currency: Option<String>,
    /// The record's currency.
    pub currency: Option<String>,
    /// The organization's name.
    pub label: Option<String>,
    /// The segment whose threshold held.
    pub segment: Option<String>,
    /// The threshold that held.
    pub threshold: Amount,
    /// The floor that held.
    pub floor: Amount,
    /// `alert`, `bad_data`, `currency_changed` or `ok`.
    pub outcome: String,
    /// `increase`, `decrease`, `from_zero`, `to_zero` or `sign_flip`, of an alert.
    pub kind: Option<String>,
    /// `moved`, `unchanged`, `below_threshold`, `below_floor`, `first_record`, …
    pub reason: String,
    /// The signed change in percent, cut to the rule's decimals.
    pub change_percent: Option<String>,
    /// Whether the baseline is older than the rule likes.
    pub is_stale_baseline: bool,
    /// How far it moved.
    pub difference: Option<Amount>,
    /// How far it has to move at least: the threshold times the reference.
    pub needed: Option<Amount>,
    /// What the threshold is a fraction of.
    pub reference: Option<Amount>,
}

/// Judges the records of the days after `since` up to `as_of`: all of them, or with `findings_only` those
/// worth telling; of all organizations or of one. Reads, and writes nothing.
pub async fn judge(
    session: &Session,
    rule: &Rule,
    days: (NaiveDate, NaiveDate),
    organization: Option<&str>,
    findings_only: bool,
) -> Result<Vec<Judged>> {
    let names = Names::read(session, rule).await?;
    let question = Question { rule, judgement: &rule.judgement, since: days.0, as_of: days.1 };
    let extra: Parameters = vec![
        (Box::new(organization.map(str::to_owned)), Type::TEXT),
        (Box::new(findings_only), Type::BOOL),
        (Box::new(rule.judgement.segment_ids()), Type::TEXT_ARRAY),
    ];
    let (sql, parameters) = question.statement(&names, JUDGE, ASKED_FOR, extra);
    query(session, &sql, &parameters).await?.iter().map(Judged::from_row).collect()
}

impl Judged {
    fn from_row(row: &Row) -> Result<Self> {
        let amount =
            |index| -> Result<Option<Amount>> { Ok(get::<Option<String>>(row, index)?.map(Amount::new)) };
        Ok(Self {
            organization: get(row, 0)?,
            record_date: get(row, 1)?,
            value: amount(2)?,
            base_date: get(row, 3)?,
            base_value: amount(4)?,
            base_currency: get(row, 5)?,
            currency: get(row, 6)?,
            label: get(row, 7)?,
            segment: get(row, 8)?,
            threshold: Amount::new(get::<String>(row, 9)?),
            floor: Amount::new(get::<String>(row, 10)?),
            outcome: get(row, 11)?,
            kind: get(row, 12)?,
            reason: get(row, 13)?,
            change_percent: get(row, 14)?,
            is_stale_baseline: get(row, 15)?,
            difference: amount(16)?,
            needed: amount(17)?,
            reference: amount(18)?,
        })
    }
}

/// What is asked: the records of `(since, as_of]` under one judgement.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Question<'a> {
    pub rule: &'a Rule,
    pub judgement: &'a Judgement,
    pub since: NaiveDate,
    pub as_of: NaiveDate,
}

/// Values bound to a statement, with their types.
pub(crate) type Parameters = Vec<(Box<dyn ToSql + Sync + Send>, Type)>;

/// How many parameters stand before those of segments.
const FIXED: usize = 19;

impl Question<'_> {
    /// The statement `around` with the steps of detection in it, and the values of its parameters: $1 to $9
    /// are detection's own, `extra` are those of the statement, $10 to $19. `watched` says which organizations
    /// are judged even if they can be seen to be all right without.
    pub fn statement(
        &self,
        names: &Names,
        around: &str,
        watched: &str,
        extra: Parameters,
    ) -> (String, Parameters) {
        let (segment, bound) = names.segment(self.rule, self.judgement, FIXED + 1);
        let sql = [
            ("{detect}", DETECT.trim_end()),
            ("{percent}", PERCENT.trim_end()),
            ("{watched}", watched.trim_end()),
            ("{one_currency}", names.one_currency()),
            ("{key}", &names.key),
            ("{date}", &names.date),
            ("{value}", &names.value),
            ("{currency}", &names.currency),
            ("{label}", &names.label),
            ("{segment}", &segment),
            ("{relation}", &names.relation),
            ("{dimension}", &names.dimension),
        ]
        .into_iter()
        .fold(around.to_owned(), |sql, (mark, text)| sql.replace(mark, text));
        let mut parameters = self.parameters();
        parameters.extend(extra);
        while parameters.len() < FIXED {
            parameters.push((Box::new(None::<bool>), Type::BOOL));
        }
        parameters.extend(bound.into_iter().map(|bound| -> (Box<dyn ToSql + Sync + Send>, Type) {
            match bound {
                Bound::Text(text) => (Box::new(text), Type::TEXT),
                Bound::Texts(texts) => (Box::new(texts), Type::TEXT_ARRAY),
            }
        }));
        (sql, parameters)
    }

    fn parameters(&self) -> Parameters {
        let judgement = self.judgement;
        let segments = &judgement.segments;
        let thresholds: Vec<String> = std::iter::once(judgement.threshold)
            .chain(segments.iter().map(|segment| segment.threshold))
            .map(|threshold| threshold.to_string())
            .collect();
        let floors: Vec<String> = std::iter::once(judgement.min_abs_change)
            .chain(segments.iter().map(|segment| segment.min_abs_change))
            .map(|floor| floor.to_string())
            .collect();
        let currency = match &self.rule.source.currency {
            Currency::Code(code) => Some(code.clone()),
            Currency::Column(_) | Currency::None => None,
        };
        vec![
            (Box::new(self.since), Type::DATE),
            (Box::new(self.as_of), Type::DATE),
            (Box::new(i32::from(judgement.compare_to_days)), Type::INT4),
            (Box::new(thresholds), Type::TEXT_ARRAY),
            (Box::new(floors), Type::TEXT_ARRAY),
            (Box::new(judgement.measure == Measure::SymmetricMax), Type::BOOL),
            (Box::new(currency), Type::TEXT),
            (Box::new(judgement.decimals()), Type::INT4),
            (Box::new(judgement.max_baseline_age_days.map(i32::from)), Type::INT4),
        ]
    }
}

impl Judgement {
    /// Ids of the segments as the detection statement numbers them: the rule's own first, which has none.
    pub(crate) fn segment_ids(&self) -> Vec<Option<String>> {
        std::iter::once(None).chain(self.segments.iter().map(|segment| Some(segment.id.clone()))).collect()
    }

    /// Decimals of percentages: enough that none looks as if it stood across its threshold.
    pub fn decimals(&self) -> i32 {
        let all =
            std::iter::once(self.threshold).chain(self.segments.iter().map(|segment| segment.threshold));
        all.map(crate::measure::Threshold::decimals)
            .max()
            .and_then(|most| i32::try_from(most).ok())
            .unwrap_or(1)
    }
}

/// Runs a statement with owned parameters.
pub(crate) async fn query(
    session: &Session,
    sql: &str,
    parameters: &Parameters,
) -> Result<Vec<warehouse::Row>> {
    let borrowed: Vec<(&(dyn ToSql + Sync), Type)> = parameters
        .iter()
        .map(|(value, kind)| (value.as_ref() as &(dyn ToSql + Sync), kind.clone()))
        .collect();
    Ok(session.query_typed(sql, &borrowed).await?)
}

/// Settings of the planner for one transaction: a bound for each step, of which some twenty are kept at a time (what
/// goes beyond is written to files of the server, which costs next to nothing as long as memory has room for them); no start-up costs of compilation or of helpers on a machine that has other work, and no plans
/// made from the guess that a step gives few rows.
pub(crate) const PLANNER: &str = "set local work_mem = '8MB'; set local jit = off; \
     set local max_parallel_workers_per_gather = 0; set local enable_mergejoin = off; \
     set local enable_nestloop = off";
/// For small statements after it, the planner is right again.
pub(crate) const PLANNER_OFF: &str = "set local enable_mergejoin = on; set local enable_nestloop = on";
