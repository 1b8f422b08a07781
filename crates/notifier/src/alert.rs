//! An alert that waits for a message: one finding, as the tables have it.

use crate::amount::Amount;
use crate::{Result, Rule};
use chrono::NaiveDate;
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
    pub told: Option<Told>,
}

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
    /// How far the value moved, for sorting only.
    pub fn size(&self) -> f64 {
        let number =
            |amount: &Option<Amount>| amount.as_ref().and_then(|amount| amount.as_str().parse::<f64>().ok());
        match (number(&self.value), number(&self.base_value)) {
            (Some(value), Some(base)) => (value - base).abs(),
            (Some(one), None) | (None, Some(one)) => one.abs(),
            (None, None) => 0.0,
        }
    }

    /// Whether it says that something told before holds no more.
    pub fn is_withdrawal(&self) -> bool {
        self.outcome == "withdrawn"
    }

    /// What was told before and is corrected by this.
    pub fn corrects(&self) -> Option<&Told> {
        self.told.as_ref().filter(|told| told.outcome != "withdrawn")
    }
}

/// The alerts of a rule that wait for a message, oldest first.
pub(crate) async fn pending(session: &Session, rule: &Rule) -> Result<Vec<Alert>> {
    let rows = session.query(include_str!("sql/pending.sql"), &[&rule.id]).await?;
    rows.iter().map(from_row).collect()
}

/// The newest alert of each of these incidents.
pub(crate) async fn newest(session: &Session, incidents: &[i64]) -> Result<Vec<Alert>> {
    let incidents = incidents.to_vec();
    let rows = session.query(include_str!("sql/newest.sql"), &[&incidents]).await?;
    rows.iter().map(from_row).collect()
}

fn from_row(row: &Row) -> Result<Alert> {
    let amount =
        |index| -> Result<Option<Amount>> { Ok(get::<Option<String>>(row, index)?.map(Amount::new)) };
    let told = match get::<Option<String>>(row, 18)? {
        Some(outcome) => {
            Some(Told { outcome, base_value: amount(19)?, value: amount(20)?, change_percent: get(row, 21)? })
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
