//! The second implementation, written from the definitions: a record against its baseline, one at a time,
//! comparisons in decimals and percentages in whole numbers.

use super::history::{History, Record};
use chrono::{NaiveDate, TimeDelta};
use rust_decimal::Decimal;
use serde_json::Value;

/// What a rule says, read from the same settings by other code.
#[derive(Clone, Debug)]
pub struct Terms {
    pub threshold: Decimal,
    pub floor: Decimal,
    of_the_larger: bool,
    days_before: i64,
    max_age: Option<i64>,
    decimals: u32,
}

/// What is said of one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub reason: String,
    pub outcome: String,
    pub kind: Option<String>,
    pub base: Option<(NaiveDate, Decimal)>,
    pub percent: Option<Decimal>,
    pub is_old: bool,
}

impl Terms {
    pub fn of(settings: &Value) -> Self {
        let decimal = |value: &Value| value.as_str().map(|text| text.parse::<Decimal>().expect("a decimal"));
        let whole = decimal(&settings["threshold"]).unwrap_or(Decimal::new(5, 1));
        // All records are German, so the segment's threshold holds where there is one.
        let held = decimal(&settings["segments"][0]["threshold"]).unwrap_or(whole);
        let digits = |threshold: Decimal| (threshold * Decimal::ONE_HUNDRED).normalize().scale().max(1);
        Self {
            threshold: held,
            floor: decimal(&settings["min_abs_change"]).unwrap_or_default(),
            of_the_larger: settings["measure"] == "symmetric_max",
            days_before: settings["compare_to"]
                .as_str()
                .and_then(|text| text.split(' ').next()?.parse().ok())
                .unwrap_or(1),
            max_age: settings["max_baseline_age"].as_i64(),
            decimals: digits(whole).max(digits(held)),
        }
    }
}

/// The verdicts on the records of the days after `since` up to `as_of`.
pub fn verdicts(
    history: &History,
    terms: &Terms,
    since: NaiveDate,
    as_of: NaiveDate,
) -> Vec<(NaiveDate, Verdict)> {
    let current = |record: &&Record| since < record.day && record.day <= as_of;
    history
        .records
        .iter()
        .filter(current)
        .map(|record| (record.day, verdict(record, history, terms)))
        .collect()
}

fn verdict(record: &Record, history: &History, terms: &Terms) -> Verdict {
    let latest = record.day - TimeDelta::days(terms.days_before);
    let earlier = history.records.iter().filter(|one| one.day <= latest);
    let valid = earlier.filter_map(|one| Some((one, one.value.number()?)));
    let base = valid.max_by_key(|(one, _)| one.day);
    let told = |outcome: &str, reason: &str| Verdict {
        reason: reason.to_owned(),
        outcome: outcome.to_owned(),
        kind: None,
        base: base.map(|(one, value)| (one.day, value)),
        percent: None,
        is_old: base.is_some_and(|(one, _)| {
            terms.max_age.is_some_and(|most| (record.day - one.day).num_days() > most)
        }),
    };
    let Some(value) = record.value.number() else { return told("bad_data", "bad_data") };
    let Some((before, was)) = base else { return told("ok", "first_record") };
    if record.currency != before.currency {
        return told("currency_changed", "currency_changed");
    }
    if value == was {
        return told("ok", "unchanged");
    }
    let moved = (value - was).abs();
    let reference = if terms.of_the_larger { value.abs().max(was.abs()) } else { was.abs() };
    let (outcome, reason) = if moved < terms.threshold * reference {
        ("ok", "below_threshold")
    } else if moved < terms.floor {
        ("ok", "below_floor")
    } else {
        ("alert", "moved")
    };
    Verdict {
        kind: (outcome == "alert").then(|| kind(was, value).to_owned()),
        percent: (!was.is_zero()).then(|| percent(value - was, reference, terms.decimals)),
        ..told(outcome, reason)
    }
}

fn kind(was: Decimal, value: Decimal) -> &'static str {
    if was.is_zero() {
        "from_zero"
    } else if value.is_zero() {
        "to_zero"
    } else if was.is_sign_negative() != value.is_sign_negative() {
        "sign_flip"
    } else if value > was {
        "increase"
    } else {
        "decrease"
    }
}

/// The change in percent, cut after so many decimals: whole numbers throughout.
fn percent(change: Decimal, reference: Decimal, decimals: u32) -> Decimal {
    let scale = change.scale().max(reference.scale());
    let whole = |number: Decimal| number.mantissa() * 10_i128.pow(scale - number.scale());
    let cut = whole(change) * 100 * 10_i128.pow(decimals) / whole(reference);
    Decimal::from_i128_with_scale(cut, decimals)
}
