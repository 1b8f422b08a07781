//! Letters that nothing has happened for: the test of a channel, the sign of life, and examples that check
//! templates before anything depends on them.

use super::change::{changes, correction_only, thread};
use super::trouble::{pipeline, recovered, stale};
use super::{Facts, Failure, Kind, Letter, PipelineFailure, Tone, date, many, moment, were};
use crate::Policy;
use crate::alert::{Alert, Told};
use crate::amount::Amount;
use crate::rule::Rule;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

/// A test of a channel, marked as such.
pub(crate) fn test(channel: &str, now: DateTime<Utc>, policy: &Policy) -> Letter {
    Letter {
        kind: Some(Kind::Test),
        tone: Tone::Information,
        rule: "test".to_owned(),
        subject: format!("TEST: alerts reach channel {channel}"),
        preheader: "Nothing happened. This is a test.".to_owned(),
        eyebrow: "Test".to_owned(),
        headline: "This is a test".to_owned(),
        lead: format!(
            "Somebody asked for a test of channel {channel}. Nothing happened to any customer. If you read this, \
             alerts reach you by the same way."
        ),
        rule_words: "Sent by hand, with `dp alerts test-send`.".to_owned(),
        written: moment(now, policy.timezone),
        identity: now.timestamp_micros().to_string(),
        ..Letter::default()
    }
}

/// All is well: its absence is what counts.
pub(crate) fn heartbeat(
    rule: &Rule,
    as_of: NaiveDate,
    checked: i64,
    now: DateTime<Utc>,
    policy: &Policy,
) -> Letter {
    Letter {
        kind: Some(Kind::Heartbeat),
        tone: Tone::Information,
        rule: rule.id.clone(),
        subject: format!("No alerts, {}", date(as_of)),
        preheader: format!(
            "{} checked, nothing moved.",
            many(usize::try_from(checked).unwrap_or(0), "customer")
        ),
        eyebrow: "All quiet".to_owned(),
        headline: "No alerts today".to_owned(),
        lead: format!(
            "{} checked on {}, and none of their values moved as far as its threshold.",
            were(checked, "customer"),
            date(as_of)
        ),
        rule_words: "Sent on days without an alert, so that silence is never a fault.".to_owned(),
        written: moment(now, policy.timezone),
        as_of: date(as_of),
        identity: as_of.to_string(),
        ..Letter::default()
    }
}

/// One letter of every kind, with awkward contents.
pub(crate) fn samples(rule: &Rule, policy: &Policy, now: DateTime<Utc>) -> Vec<Letter> {
    let today = now.date_naive();
    let yesterday = today.pred_opt().unwrap_or(today);
    let facts = Facts {
        rule,
        policy,
        as_of: today,
        now,
        checked: 300,
        first_records: 2,
        below_floor: i64::from(!rule.judgement.min_abs_change.is_zero()),
        missing: 1,
        silenced: vec!["Quiet Ltd".to_owned()],
        was_silenced: vec!["Loud Ltd".to_owned()],
        settled: vec!["Calm Ltd".to_owned()],
        mass_incident: None,
    };
    let alert = |number: i64, name: &str, from: &str, to: &str, kind: &str, percent: &str| Alert {
        id: number,
        organization: format!("76204106326098019{number}"),
        label: Some(name.to_owned()),
        record_date: today,
        base_date: Some(yesterday),
        base_value: Some(Amount::new(from)),
        value: Some(Amount::new(to)),
        currency: Some("USD".to_owned()),
        base_currency: Some("USD".to_owned()),
        outcome: "alert".to_owned(),
        kind: Some(kind.to_owned()),
        change_percent: (!percent.is_empty()).then(|| percent.to_owned()),
        incident: Some(number),
        occurrences: 1,
        revision: 1,
        ..Alert::default()
    };
    let alerts = [
        alert(1, "Acme Ltd", "100.00", "180.00", "increase", "80.0"),
        alert(2, "<script>alert(1)</script>", "0", "25", "from_zero", ""),
        alert(3, "Überseehandel {{ 7 }} % \u{202e}", "-1234567.89", "1", "sign_flip", "100.0"),
    ];
    let all: Vec<&Alert> = alerts.iter().collect();
    let told = Told {
        outcome: "alert".to_owned(),
        base_value: Some(Amount::new("100.00")),
        value: Some(Amount::new("180.00")),
        change_percent: Some("80.0".to_owned()),
    };
    let withdrawn = Alert {
        outcome: "withdrawn".to_owned(),
        value: Some(Amount::new("110.00")),
        change_percent: None,
        told: Some(Box::new(told)),
        ..alerts[0].clone()
    };
    let failure = PipelineFailure {
        as_of: today,
        failures: vec![Failure {
            node: "model.shop.orders".to_owned(),
            what: "model".to_owned(),
            message: "column \"amout\" does not exist\nLINE 3: , amout".to_owned(),
            file: Some("sql/models/orders.sql".to_owned()),
            line: Some(3),
            owner: Some("Data Team".to_owned()),
            test: None,
        }],
        ..PipelineFailure::default()
    };
    let mut samples = vec![
        changes(&facts, &all, false),
        changes(&facts, &all, true),
        thread(&facts, &all[..1]),
        correction_only(&facts, &[&withdrawn]),
        stale(rule, Some(yesterday), today, now, policy),
        pipeline(&failure, 0, now, policy),
        recovered("the data run", "pipeline", now - TimeDelta::hours(5), today, now, policy),
        heartbeat(rule, today, 300, now, policy),
        test("ops_email", now, policy),
    ];
    for letter in &mut samples {
        "You get this because you asked for an example.".clone_into(&mut letter.why);
    }
    samples
}
