//! Segments: other thresholds for some customers, as structured conditions and never as SQL.

use super::as_text;
use crate::measure::{Floor, Threshold};
use crate::written::{Keys, Tree, Written, error, not_exact};
use platform_core::Diagnostic;
use rust_decimal::Decimal;
use serde::Serialize;
use std::str::FromStr;

/// Another threshold for the customers that meet every condition.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Segment {
    /// Its name, for routes; `segment_1` and so on where none is given.
    pub id: String,
    /// All must hold.
    pub when: Vec<Condition>,
    /// How far, as a fraction.
    #[serde(serialize_with = "as_text")]
    pub threshold: Threshold,
    /// How much at least.
    #[serde(serialize_with = "as_text")]
    pub min_abs_change: Floor,
}

/// What a column must hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Condition {
    /// The column, of the relation or of the dimension.
    pub column: String,
    /// The test.
    pub test: Test,
}

/// A test of one column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Test {
    /// Its text is one of these.
    In(Vec<String>),
    /// Its number is at least that.
    AtLeast(String),
    /// Its number is at most that.
    AtMost(String),
}

/// Reads `segments`. What a segment leaves out is the rule's.
pub(super) fn read_segments(
    written: &Written,
    threshold: Threshold,
    floor: Floor,
    problems: &mut Vec<Diagnostic>,
) -> Vec<Segment> {
    if !matches!(written.value, Tree::List(_)) {
        problems.push(error("A003", written.place.as_ref(), "`segments` must be a list"));
    }
    let mut segments: Vec<Segment> = Vec::new();
    for (index, item) in written.items().iter().enumerate() {
        let mut keys = Keys::of(format!("segment {}", index + 1), item, problems);
        let id = keys.text("id").unwrap_or_else(|| format!("segment_{}", index + 1));
        let threshold = keys.exact("threshold").unwrap_or(threshold);
        let min_abs_change = keys.exact("min_abs_change").unwrap_or(floor);
        let when = match keys.get("when") {
            Some(when) => read_conditions(when, keys.problems),
            None => Vec::new(),
        };
        if when.is_empty() {
            keys.wrong("when", "says for whom, e.g. `when: {country: [VN]}`");
        }
        if segments.iter().any(|segment| segment.id == id) {
            keys.wrong("id", format_args!("`{id}` is used twice"));
        }
        keys.finish();
        segments.push(Segment { id, when, threshold, min_abs_change });
    }
    segments
}

fn read_conditions(written: &Written, problems: &mut Vec<Diagnostic>) -> Vec<Condition> {
    let Tree::Map(map) = &written.value else { return Vec::new() };
    let mut conditions = Vec::new();
    for (key, entry) in map {
        let before = conditions.len();
        for (suffix, test) in [("_at_least", Test::AtLeast as fn(String) -> Test), ("_at_most", Test::AtMost)]
        {
            if let (Some(column), Some(text)) = (key.strip_suffix(suffix), entry.value.as_text()) {
                if let Tree::Rounded(text) = &entry.value.value {
                    let message = format!("condition on `{column}`: {}", not_exact(text));
                    problems.push(error("A003", entry.value.place.as_ref(), message));
                }
                conditions.push(Condition { column: column.to_owned(), test: test(text) });
            }
        }
        if conditions.len() > before {
            continue;
        }
        match &entry.value.value {
            Tree::Map(_) => {
                let mut keys = Keys::of(format!("condition `{key}`"), &entry.value, problems);
                let tests =
                    [keys.exact("at_least").map(Test::AtLeast), keys.exact("at_most").map(Test::AtMost)];
                keys.finish();
                conditions
                    .extend(tests.into_iter().flatten().map(|test| Condition { column: key.clone(), test }));
            }
            Tree::List(items) => {
                let values = items.iter().filter_map(Written::as_text).collect();
                conditions.push(Condition { column: key.clone(), test: Test::In(values) });
            }
            _ => {
                let values = entry.value.as_text().into_iter().collect();
                conditions.push(Condition { column: key.clone(), test: Test::In(values) });
            }
        }
    }
    for condition in &conditions {
        let (Test::AtLeast(text) | Test::AtMost(text)) = &condition.test else { continue };
        if Decimal::from_str(text).is_err() {
            let message = format!("condition on `{}`: `{text}` is no number", condition.column);
            problems.push(error("A003", written.place.as_ref(), message));
        }
    }
    conditions
}
