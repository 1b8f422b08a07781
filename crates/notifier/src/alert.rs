//! An alert that waits for a message: one finding, as the tables have it.

use crate::amount::Amount;
use crate::{Result, Rule};
use chrono::NaiveDate;
use std::cmp::Ordering;
use uuid::Uuid;
use warehouse::{Row, Session, get};

/// A finding.
#[derive(Clone, Debug, Default)]
pub struct Alert {
    /// Its number.
    pub id: i64,
    /// The organization's id.
    pub organization: String,
    /// The organization's name, as it was then.
    pub label: Option<String>,
    /// Business date of the record.
    pub record_date: NaiveDate,
    /// Business date of the baseline; of the last record, where one is missing.
    pub base_date: Option<NaiveDate>,
    /// The baseline.
    pub base_value: Option<Amount>,
    /// The record's value.
    pub value: Option<Amount>,
    /// Currency of the baseline.
    pub base_currency: Option<String>,
    /// Currency of the record.
    pub currency: Option<String>,
    /// Segment whose threshold held.
    pub segment: Option<String>,
    /// `alert`, `bad_data`, `currency_changed`, `missing` or `withdrawn`.
    pub outcome: String,
    /// `increase`, `decrease`, `from_zero`, `to_zero` or `sign_flip`.
    pub kind: Option<String>,
    /// The signed change in percent.
    pub change_percent: Option<String>,
    /// Whether the day had been evaluated before without it.
    pub is_late: bool,
    /// Whether the baseline is older than the rule likes.
    pub is_stale_baseline: bool,
    /// Number of its incident.
    pub incident: Option<i64>,
    /// The how-manieth finding of its incident.
    pub occurrences: i32,
    /// Revision of the pair of records, from 1.
    pub revision: i32,
    /// What people were told of the same pair of records before.
    pub told: Option<Box<Told>>,
}

/// The larger change first; of equal ones, the organizations in their order.
#[derive(Clone, Copy, Debug)]
pub struct Rank<'a> {
    size: f64,
    organization: &'a str,
}

impl Ord for Rank<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        other.size.total_cmp(&self.size).then_with(|| self.organization.cmp(other.organization))
    }
}

impl PartialOrd for Rank<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Rank<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Rank<'_> {}

/// What people were told before.
#[derive(Clone, Debug)]
pub struct Told {
    /// As [`Alert::outcome`].
    pub outcome: String,
    /// The baseline then.
    pub base_value: Option<Amount>,
    /// The value then.
    pub value: Option<Amount>,
    /// The change then.
    pub change_percent: Option<String>,
}

impl Alert {
    /// Its place in a list that begins with what moved farthest.
    pub fn rank(&self) -> Rank<'_> {
        let number =
            |amount: &Option<Amount>| amount.as_ref().and_then(|amount| amount.as_str().parse::<f64>().ok());
        let size = match (number(&self.value), number(&self.base_value)) {
            (Some(value), Some(base)) => (value - base).abs(),
            (Some(one), None) | (None, Some(one)) => one.abs(),
            (None, None) => 0.0,
        };
        Rank { size, organization: &self.organization }
    }

    /// Whether it says that something told before holds no more.
    pub fn is_withdrawal(&self) -> bool {
        self.outcome == "withdrawn"
    }

    /// What was told before and is corrected by this.
    pub fn corrects(&self) -> Option<&Told> {
        self.told.as_deref().filter(|told| told.outcome != "withdrawn")
    }
}

/// The alerts of a rule that wait for a message, oldest first: those that this run found, and those whose
/// message was taken back.
pub(crate) async fn pending(session: &Session, rule: &Rule, found_by: Option<Uuid>) -> Result<Vec<Alert>> {
    let mut alerts = Vec::new();
    session
        .query_each(include_str!("sql/pending.sql"), &[&rule.id, &found_by], |row| {
            alerts.push(from_row(row)?);
            Ok(())
        })
        .await?;
    Ok(alerts)
}

/// The newest alert of each of these incidents.
pub(crate) async fn newest(session: &Session, incidents: &[i64]) -> Result<Vec<Alert>> {
    let incidents = incidents.to_vec();
    let rows = session.query(include_str!("sql/newest.sql"), &[&incidents]).await?;
    Ok(rows.iter().map(from_row).collect::<warehouse::Result<_>>()?)
}

fn from_row(row: &Row) -> warehouse::Result<Alert> {
    let amount = |index| -> warehouse::Result<Option<Amount>> {
        Ok(get::<Option<String>>(row, index)?.map(Amount::new))
    };
    let told = match get::<Option<String>>(row, 18)? {
        Some(outcome) => {
            let (base_value, value) = (amount(19)?, amount(20)?);
            Some(Box::new(Told { outcome, base_value, value, change_percent: get(row, 21)? }))
        }
        None => None,
    };
    Ok(Alert {
        id: get(row, 0)?,
        organization: get(row, 1)?,
        label: get(row, 2)?,
        record_date: get(row, 3)?,
        base_date: get(row, 4)?,
        base_value: amount(5)?,
        value: amount(6)?,
        base_currency: get(row, 7)?,
        currency: get(row, 8)?,
        segment: get(row, 9)?,
        outcome: get(row, 10)?,
        kind: get(row, 11)?,
        change_percent: get(row, 12)?,
        is_late: get(row, 13)?,
        is_stale_baseline: get(row, 14)?,
        incident: get(row, 15)?,
        occurrences: get::<Option<i32>>(row, 16)?.unwrap_or(1),
        revision: get(row, 17)?,
        told,
    })
}
