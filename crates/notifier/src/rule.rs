//! A rule: which values are watched, and how far they may move before people are told.
//!
//! It stands in the dbt project, under an exposure's `config.meta.alert`: the exposure's `depends_on`
//! names the relation, its `owner.email` is who is told where `alerts.yml` names nobody.

mod read;
mod segment;

pub use read::read_rules;
pub use segment::{Condition, Segment, Test};

use crate::measure::{Days, Floor, Threshold, TimeOfDay};
use platform_core::Relation;
use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};

/// A rule, every default filled in.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Its name in tables, commands and messages.
    pub id: String,
    /// What people call it; the exposure's label.
    pub title: String,
    /// One sentence for people; the exposure's description.
    pub description: String,
    /// Where to read more.
    pub url: Option<String>,
    /// Name and address of the exposure's owner.
    pub owner: Option<Owner>,
    /// What is watched.
    pub source: Source,
    /// When a change is worth an alert.
    pub judgement: Judgement,
    /// How many days back late and corrected records are looked for.
    pub lookback: Days,
    /// When many alerts become one message.
    pub mass_change: MassChange,
    /// When silence is an alert.
    pub freshness: Freshness,
    /// Nodes whose failure withholds the alerts: the exposure's `depends_on`.
    pub depends_on: Vec<String>,
}

/// Who answers for the data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// Their name.
    pub name: Option<String>,
    /// Their address.
    pub email: Option<String>,
}

/// Which relation and columns.
#[derive(Clone, Debug)]
pub struct Source {
    /// One row per key and date.
    pub relation: Relation,
    /// Column of the organization's id.
    pub key: String,
    /// Column of the business date.
    pub date: String,
    /// Column of the value.
    pub value: String,
    /// The currency.
    pub currency: Currency,
    /// Column of the organization's name.
    pub label: Option<String>,
    /// One row per key, joined for `label` and for the columns of segments.
    pub dimension: Option<Relation>,
}

/// In which unit the values are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Currency {
    /// All in one, named by its code.
    Code(String),
    /// As a column says.
    Column(String),
    /// None.
    None,
}

/// When a change is worth an alert. What changes here makes a new revision of the rule.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Judgement {
    /// How far, as a fraction.
    #[serde(serialize_with = "as_text")]
    pub threshold: Threshold,
    /// How much at least.
    #[serde(serialize_with = "as_text")]
    pub min_abs_change: Floor,
    /// A fraction of what.
    pub measure: Measure,
    /// The baseline is the latest valid record at least that many days older; one is "the last record".
    pub compare_to_days: u16,
    /// A baseline that is older is flagged.
    pub max_baseline_age_days: Option<u16>,
    /// Other thresholds for some; the first that matches holds.
    pub segments: Vec<Segment>,
}

/// Of what a change is a fraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Of the baseline: 100 to 150 is 50 %, 150 to 100 is 33 %.
    Previous,
    /// Of the larger of both: 33 % in both directions.
    SymmetricMax,
}

/// Many alerts at once are one message.
#[derive(Clone, Debug, PartialEq)]
pub struct MassChange {
    /// That many customers at least, and …
    pub min_count: u32,
    /// … that share of those checked; or …
    pub ratio: Threshold,
    /// … more than that many in all.
    pub hard_cap: u32,
}

/// Missing data.
#[derive(Clone, Debug, PartialEq)]
pub struct Freshness {
    /// When the day's records must be there; at once where nothing is said.
    pub deadline: Option<TimeOfDay>,
    /// One customer's own alert comes after that many days without a record; 0 for never.
    pub missing_days: u16,
}

impl Judgement {
    /// Hexadecimal SHA-256 of what it says: the identity of a revision.
    pub fn sha256(&self) -> String {
        let text = serde_json::to_string(self).unwrap_or_default();
        hex::encode(Sha256::digest(text.as_bytes()))
    }
}

impl Measure {
    /// The word in settings.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Previous => "previous",
            Self::SymmetricMax => "symmetric_max",
        }
    }
}

pub(crate) fn as_text<T: std::fmt::Display, S: Serializer>(value: &T, out: S) -> Result<S::Ok, S::Error> {
    out.collect_str(value)
}
