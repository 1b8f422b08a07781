//! Letters about what moved: the digest, the thread of one customer, the mass change, the correction.

use super::head::{compared, head};
use super::line::{TAKEN_BACK, line, name};
use super::rule_words::{capital, noun, rule_words};
use super::{
    Kind, Letter, Line, Note, ROWS, Section, Tone, date, many, moment, some_names, steps, table, were,
};
use crate::Policy;
use crate::alert::Alert;
use crate::plain::{NAME, plain};
use crate::rule::{Currency, Rule};
use chrono::{DateTime, NaiveDate, Utc};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// What stands around the alerts.
#[derive(Clone, Debug)]
pub(crate) struct Facts<'a> {
    pub rule: &'a Rule,
    pub policy: &'a Policy,
    pub as_of: NaiveDate,
    pub now: DateTime<Utc>,
    pub checked: i64,
    pub first_records: i64,
    pub below_floor: i64,
    pub missing: i64,
    /// Names whose alerts a silence covers now.
    pub silenced: Vec<String>,
    /// Names whose alerts a silence covered that has ended since.
    pub was_silenced: Vec<String>,
    /// Names whose incidents settled by themselves.
    pub settled: Vec<String>,
    /// The incident above those of a mass change.
    pub mass_incident: Option<i64>,
}

/// One message for all alerts of a run; `mass` if there are so many that they are one event.
pub(crate) fn changes(facts: &Facts<'_>, alerts: &[&Alert], mass: bool) -> Letter {
    let of = |wanted: &[&str]| -> Vec<&Alert> {
        let mut found: Vec<&Alert> =
            alerts.iter().copied().filter(|alert| wanted.contains(&alert.outcome.as_str())).collect();
        found.sort_by_cached_key(|alert| alert.rank());
        found
    };
    let moved = of(&["alert"]);
    let broken = of(&["bad_data", "currency_changed"]);
    let missing = of(&["missing"]);
    let withdrawn = of(&["withdrawn"]);
    // What to do is shown by the example that the reader sees first.
    let by_size: Vec<&Alert> = moved.iter().chain(&broken).chain(&missing).copied().collect();
    let mut letter = frame(facts, alerts);
    letter.kind = Some(if mass { Kind::MassChange } else { Kind::Digest });
    head(&mut letter, facts, [&moved, &broken, &missing], mass);
    // A mass change shows the largest, and leaves the rest to the list.
    let rows = if mass { 20 } else { ROWS };
    letter.sections = by_day(facts, &moved, rows);
    let more = [
        (
            "Records that cannot be compared",
            "The value is missing, is no number, or is in another currency than before.",
            broken,
        ),
        ("No record", "Other customers have records of these days.", missing),
        (
            "Corrections",
            "We told you of these before. The records behind them have changed since.",
            withdrawn,
        ),
    ];
    for (title, note, found) in more {
        if !found.is_empty() {
            letter.sections.push(section(facts, title, note, &found, rows));
        }
    }
    if mass {
        // They have one number together.
        letter
            .sections
            .iter_mut()
            .flat_map(|section| &mut section.lines)
            .for_each(|line| line.incident = None);
    }
    letter.notes = notes(facts);
    letter.actions = if mass { steps::of_mass(facts, &by_size) } else { steps::of_changes(facts, &by_size) };
    letter.table = Some(table::table(facts, alerts));
    letter
}

/// Only corrections: a short mail that takes back what was said.
pub(crate) fn correction_only(facts: &Facts<'_>, alerts: &[&Alert]) -> Letter {
    let mut letter = changes(facts, alerts, false);
    let noun = noun(facts.rule);
    letter.kind = Some(Kind::Correction);
    letter.tone = Tone::Resolved;
    letter.eyebrow = "Correction".to_owned();
    letter.headline = format!(
        "{} no longer {}",
        many(alerts.len(), &format!("{noun} alert")),
        if alerts.len() == 1 { "holds" } else { "hold" }
    );
    letter.subject = format!("Correction: {}, {}", letter.headline, date(facts.as_of));
    letter.lead =
        "Records that we alerted on were changed since. What we wrote about them is not so any more; \
                   this is how they stand now."
            .to_owned();
    letter.preheader = preheader(&letter);
    letter.actions.clear();
    if let Some(section) = letter.sections.first_mut() {
        section.title.clear();
        section.note.clear();
    }
    letter
}

/// What there is to say about one organization, in its own thread.
pub(crate) fn thread(facts: &Facts<'_>, alerts: &[&Alert]) -> Letter {
    let only_corrections = alerts.iter().all(|alert| alert.is_withdrawal());
    let mut letter =
        if only_corrections { correction_only(facts, alerts) } else { changes(facts, alerts, false) };
    let Some(first) = alerts.first() else { return letter };
    let name = name(first);
    letter.kind = Some(Kind::Thread);
    // Of several days, the newest.
    if let Some(line) = letter.sections.last().and_then(|section| section.lines.first()) {
        letter.headline = thread_headline(&name, line);
        letter.lead = match line.direction {
            "" => letter.lead,
            _ => thread_lead(facts, line),
        };
    }
    for action in &mut letter.actions {
        action.what = action.what.replace("a customer", "this customer");
    }
    // Mail programs keep a thread together only while its subject stays the same.
    letter.subject = match plain(&first.organization, NAME) {
        id if id == name => format!("{} alert: {name}", capital(&noun(facts.rule))),
        id => format!("{} alert: {name} ({id})", capital(&noun(facts.rule))),
    };
    letter.figures.clear();
    letter.notes.clear();
    letter.table = None;
    letter.thread = Some(format!("{}|{}", facts.rule.id, first.organization));
    letter.preheader = preheader(&letter);
    letter
}

/// `Acme Ltd rose by 80%: 100.00 to 180.00 USD`
fn thread_headline(name: &str, line: &Line) -> String {
    let amounts = format!("{} to {} {}", line.from, line.to, line.currency);
    let by = line.change.trim_start_matches(['+', '-']);
    let by = if line.change == "from zero" { by.to_owned() } else { format!("by {by}") };
    match line.direction {
        "up" => format!("{name} rose {by}: {}", amounts.trim()),
        "down" => format!("{name} fell {by}: {}", amounts.trim()),
        _ if line.change == TAKEN_BACK => format!("{name}: the alert no longer holds"),
        _ => format!("{name}: {}", line.change),
    }
}

/// Between which days, and who else was looked at.
fn thread_lead(facts: &Facts<'_>, line: &Line) -> String {
    format!(
        "This is the change of the {} from {}. {} checked on {}; each {}.",
        noun(facts.rule),
        line.dates,
        were(facts.checked, "customer"),
        date(facts.as_of),
        compared(facts)
    )
}

/// What every letter of this kind has.
fn frame(facts: &Facts<'_>, alerts: &[&Alert]) -> Letter {
    let mut identity: Vec<String> = alerts
        .iter()
        .map(|alert| format!("{}|{}|{}", alert.organization, alert.record_date, alert.revision))
        .collect();
    identity.sort_unstable();
    let incidents: BTreeSet<i64> = alerts.iter().filter_map(|alert| alert.incident).collect();
    Letter {
        tone: Tone::Alert,
        rule: facts.rule.id.clone(),
        rule_words: rule_words(facts.rule),
        written: moment(facts.now, facts.policy.timezone),
        as_of: date(facts.as_of),
        identity: format!("{}|{}", facts.as_of, hex::encode(Sha256::digest(identity.join("\n").as_bytes()))),
        evaluations: alerts.iter().map(|alert| alert.id).collect(),
        incidents: incidents.into_iter().collect(),
        ..Letter::default()
    }
}

/// The changes, under the day they happened on where there are several days.
fn by_day(facts: &Facts<'_>, moved: &[&Alert], rows: usize) -> Vec<Section> {
    let days: BTreeSet<NaiveDate> = moved.iter().map(|alert| alert.record_date).collect();
    if days.len() < 2 {
        return if moved.is_empty() { Vec::new() } else { vec![section(facts, "", "", moved, rows)] };
    }
    days.into_iter()
        .map(|day| {
            let found: Vec<&Alert> = moved.iter().copied().filter(|alert| alert.record_date == day).collect();
            section(facts, &date(day), "", &found, rows)
        })
        .collect()
}

fn section(facts: &Facts<'_>, title: &str, note: &str, alerts: &[&Alert], rows: usize) -> Section {
    Section {
        title: title.to_owned(),
        note: note.to_owned(),
        lines: alerts.iter().take(rows).map(|alert| line(alert, facts)).collect(),
        hidden: alerts.len().saturating_sub(rows),
    }
}

fn notes(facts: &Facts<'_>) -> Vec<Note> {
    let mut notes = Vec::new();
    let mut note = |name: &str, text: String| notes.push(Note { name: name.to_owned(), text });
    if facts.missing > 0 {
        note("No record today", many(usize::try_from(facts.missing).unwrap_or(usize::MAX), "customer"));
    }
    if facts.first_records > 0 {
        note(
            "First record, nothing to compare",
            many(usize::try_from(facts.first_records).unwrap_or(0), "customer"),
        );
    }
    if facts.below_floor > 0 {
        let unit = match &facts.rule.source.currency {
            Currency::Code(code) => format!(" {code}"),
            _ => String::new(),
        };
        note(
            &format!("Moved by less than the floor of {}{unit}", facts.rule.judgement.min_abs_change),
            many(usize::try_from(facts.below_floor).unwrap_or(0), "customer"),
        );
    }
    if !facts.silenced.is_empty() {
        note("Silenced", format!("{}: {}", facts.silenced.len(), some_names(&facts.silenced, 10)));
    }
    if !facts.was_silenced.is_empty() {
        let changes = many(facts.was_silenced.len(), "change");
        note("While silenced", format!("{changes}: {}", some_names(&facts.was_silenced, 10)));
    }
    if !facts.settled.is_empty() {
        note("Settled since", some_names(&facts.settled, 10));
    }
    notes
}

fn preheader(letter: &Letter) -> String {
    let lines = letter.sections.iter().flat_map(|section| &section.lines).take(3);
    lines
        .map(|line| format!("{} {}: {} to {}", line.name, line.change, line.from, line.to))
        .collect::<Vec<_>>()
        .join(" · ")
}

pub(super) fn organizations(alerts: &[&Alert]) -> usize {
    alerts.iter().map(|alert| &alert.organization).collect::<BTreeSet<_>>().len()
}
