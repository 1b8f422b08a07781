//! Letters about what nobody acknowledged.

use super::change::Facts;
use super::line::line;
use super::rule_words::rule_words;
use super::{Action, Figure, Kind, Letter, ROWS, Section, Tone, date, many, moment};
use crate::alert::Alert;
use chrono::{DateTime, Utc};

/// An incident that waits for somebody.
#[derive(Clone, Debug)]
pub(crate) struct Due {
    pub incident: i64,
    pub opened_at: DateTime<Utc>,
    pub repeats: i32,
}

/// Reminds of incidents: to the same people, or (`escalated`) to others. `alerts` are the newest of each.
pub(crate) fn reminder(facts: &Facts<'_>, due: &[Due], alerts: &[Alert], escalated: bool) -> Letter {
    let number = due.len();
    let oldest = due.iter().map(|one| one.opened_at).min().unwrap_or(facts.now);
    let hours = (facts.now - oldest).num_hours().max(1);
    let waited = if hours < 48 {
        many(usize::try_from(hours).unwrap_or(1), "hour")
    } else {
        many(usize::try_from(hours / 24).unwrap_or(1), "day")
    };
    let headline = format!("{} unacknowledged for {waited}", many(number, "alert"));
    let mut lines: Vec<&Alert> = alerts.iter().collect();
    lines.sort_by_cached_key(|alert| alert.rank());
    let numbers: Vec<String> = due.iter().map(|one| format!("{}.{}", one.incident, one.repeats)).collect();
    Letter {
        kind: Some(if escalated { Kind::Escalation } else { Kind::Repeat }),
        tone: Tone::Alert,
        rule: facts.rule.id.clone(),
        subject: format!("{}: {headline}, {}", if escalated { "Escalation" } else { "Reminder" }, date(facts.as_of)),
        preheader: "Nobody has said yet that they are on it.".to_owned(),
        eyebrow: if escalated { "Escalation" } else { "Reminder" }.to_owned(),
        headline,
        lead: if escalated {
            "Operations was told of these and nobody has acknowledged them. You are next in line."
        } else {
            "We told you of these before. Nobody has said yet that they are on it, and their values have not been \
             through another day since."
        }
        .to_owned(),
        figures: vec![Figure { value: crate::amount::count(i64::try_from(number).unwrap_or(i64::MAX)), name: "waiting".to_owned() }],
        sections: vec![Section {
            lines: lines.iter().take(ROWS).map(|alert| line(alert, facts)).collect(),
            hidden: lines.len().saturating_sub(ROWS),
            ..Section::default()
        }],
        actions: due
            .first()
            .map(|one| Action {
                what: "Say that you are on it; every alert has its number".to_owned(),
                command: format!("dp alerts ack {} --by YOU", one.incident),
            })
            .into_iter()
            .collect(),
        rule_words: rule_words(facts.rule),
        written: moment(facts.now, facts.policy.timezone),
        as_of: date(facts.as_of),
        identity: numbers.join(","),
        incidents: due.iter().map(|one| one.incident).collect(),
        ..Letter::default()
    }
}
