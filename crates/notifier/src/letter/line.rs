//! One alert as a line of a letter.

use super::{Facts, Line, date, span, value};
use crate::alert::{Alert, Told};
use crate::amount::{Amount, percent};
use crate::plain::{NAME, plain};

/// The word beside a change that was told and is none.
pub(super) const TAKEN_BACK: &str = "taken back";

/// One alert as a line.
pub(super) fn line(alert: &Alert, facts: &Facts<'_>) -> Line {
    let name = name(alert);
    let id = plain(&alert.organization, NAME);
    let currency = alert.currency.clone().or_else(|| alert.base_currency.clone()).unwrap_or_default();
    let mut line = Line {
        id: if id == name { String::new() } else { id },
        name,
        from: value(alert.base_value.as_ref()),
        to: value(alert.value.as_ref()),
        currency: plain(&currency, 12),
        dates: dates(alert),
        incident: alert.incident,
        ..Line::default()
    };
    describe(&mut line, alert, facts);
    if let Some(told) = alert.corrects() {
        line.note = correction(alert, told);
    }
    line
}

fn describe(line: &mut Line, alert: &Alert, facts: &Facts<'_>) {
    let signed = alert.change_percent.as_deref().map(percent).unwrap_or_default();
    let up = alert.change_percent.as_deref().is_some_and(|text| !text.starts_with('-'));
    match (alert.outcome.as_str(), alert.kind.as_deref()) {
        ("alert", Some("from_zero")) => {
            line.change = "from zero".to_owned();
            line.direction =
                if alert.value.as_ref().is_some_and(Amount::is_negative) { "down" } else { "up" };
        }
        ("alert", kind) => {
            line.change = signed;
            line.direction = if up { "up" } else { "down" };
            if kind == Some("sign_flip") {
                line.marks.push("changed sign".to_owned());
            }
            if kind == Some("to_zero") {
                line.marks.push("to zero".to_owned());
            }
        }
        ("currency_changed", _) => {
            line.change = "other currency".to_owned();
            let unit = |currency: &Option<String>| plain(currency.as_deref().unwrap_or("none"), 12);
            line.from = format!("{} {}", line.from, unit(&alert.base_currency));
            line.to = format!("{} {}", line.to, unit(&alert.currency));
            line.currency.clear();
        }
        ("missing", _) => {
            line.change = "no record".to_owned();
            line.from = format!("{} {}", line.from, line.currency).trim().to_owned();
            line.currency.clear();
            line.dates = alert.base_date.map(|day| format!("last record {}", date(day))).unwrap_or_default();
            line.to = "nothing".to_owned();
        }
        ("withdrawn", _) => {
            line.change = TAKEN_BACK.to_owned();
            if alert.value.is_none() {
                line.to = "no record".to_owned();
            }
        }
        _ => {
            line.change = "unusable".to_owned();
            if alert.value.is_none() {
                line.from = format!("{} {}", line.from, line.currency).trim().to_owned();
                line.currency.clear();
            }
        }
    }
    if alert.is_withdrawal() {
        return;
    }
    if alert.occurrences > 1 && alert.outcome == "alert" {
        line.marks.push(format!("{} day running", ordinal(alert.occurrences)));
    }
    if alert.is_late && alert.told.is_none() && alert.outcome != "missing" {
        line.marks.push("late or corrected record".to_owned());
    }
    if alert.is_stale_baseline {
        line.marks.push("old baseline".to_owned());
    }
    if let Some(segment) = &alert.segment {
        let threshold = facts.rule.judgement.segments.iter().find(|one| &one.id == segment);
        let by = threshold.map(|one| format!(", {}%", one.threshold.percent())).unwrap_or_default();
        line.marks.push(format!("segment {segment}{by}"));
    }
}

/// What we said before.
fn correction(alert: &Alert, told: &Told) -> String {
    let change =
        told.change_percent.as_deref().map(|text| format!(" ({})", percent(text))).unwrap_or_default();
    let before = format!("{} to {}{change}", value(told.base_value.as_ref()), value(told.value.as_ref()));
    match told.outcome.as_str() {
        "missing" => "We told you that there was no record; it has come.".to_owned(),
        "bad_data" => "We told you that the value was unusable.".to_owned(),
        _ if alert.is_withdrawal() => format!("We told you {before}; that is no alert any more."),
        _ => format!("Corrected: we told you {before}."),
    }
}

fn dates(alert: &Alert) -> String {
    let Some(base) = alert.base_date else { return date(alert.record_date) };
    let days = (alert.record_date - base).num_days();
    let span = span(base, alert.record_date);
    if days > 1 { format!("{span}, {days}-day gap") } else { span }
}

fn ordinal(number: i32) -> String {
    let suffix = match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{number}{suffix}")
}

pub(super) fn short(alert: &Alert) -> String {
    let change = match (alert.outcome.as_str(), &alert.change_percent) {
        ("alert", Some(text)) => percent(text),
        ("alert", None) => "from zero".to_owned(),
        ("missing", _) => "no record".to_owned(),
        _ => "not comparable".to_owned(),
    };
    format!("{} {change}", name(alert))
}

/// The name to show: the label, or the id.
pub(crate) fn name(alert: &Alert) -> String {
    let label = alert.label.as_deref().map(|label| plain(label, NAME)).filter(|label| !label.is_empty());
    label.unwrap_or_else(|| {
        let id = plain(&alert.organization, NAME);
        if id.is_empty() { "(no name)".to_owned() } else { id }
    })
}
