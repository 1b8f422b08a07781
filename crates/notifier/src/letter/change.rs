//! Letters about what moved: the digest, the thread of one customer, the mass change, the correction.

use super::steps;
use super::{
    Figure, Kind, Letter, Line, Note, ROWS, Section, Table, Tone, date, many, moment, plural, some_names,
    span, value,
};
use crate::Policy;
use crate::alert::{Alert, Told};
use crate::amount::{Amount, count, percent};
use crate::plain::{NAME, plain};
use crate::rule::{Currency, Measure, Rule};
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
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
        found.sort_by(|a, b| b.size().total_cmp(&a.size()).then_with(|| a.organization.cmp(&b.organization)));
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
    letter.table = Some(table(facts, alerts));
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
    let noun = noun(facts.rule);
    format!(
        "This is the change of the {noun} from {}. {} customers were checked on {}; each {noun} is compared with \
         the same customer's last earlier record.",
        line.dates,
        count(facts.checked),
        date(facts.as_of)
    )
}

/// The word beside a change that was told and is none.
const TAKEN_BACK: &str = "taken back";

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

fn head(letter: &mut Letter, facts: &Facts<'_>, [moved, broken, missing]: [&[&Alert]; 3], mass: bool) {
    let noun = noun(facts.rule);
    let by = threshold_words(facts.rule, moved);
    let checked = count(facts.checked);
    let customers = organizations(moved);
    // A mass change is about whatever most of it is.
    let most = [moved, broken, missing].map(organizations).into_iter().max().unwrap_or(0);
    let (headline, subject) = if customers > 0 && (!mass || customers == most) {
        let who = if mass {
            format!("{} of {checked} customer {}", count_of(customers), plural(&noun))
        } else {
            many(customers, &format!("customer {noun}"))
        };
        (format!("{who} moved by {by}"), format!("{who} moved {by}"))
    } else if !broken.is_empty() && (!mass || organizations(broken) == most) {
        let words =
            format!("{} cannot be compared", many(organizations(broken), &format!("customer {noun}")));
        (words.clone(), words)
    } else {
        let words = format!("{} without a record", many(organizations(missing), "customer"));
        (words.clone(), words)
    };
    letter.eyebrow = if mass { "Mass change".to_owned() } else { format!("{} alert", capital(&noun)) };
    letter.subject = format!("{subject}, {}", date(facts.as_of));
    if mass {
        letter.subject = format!("Mass change: {}", letter.subject);
        letter.tone = Tone::Trouble;
    }
    letter.headline = headline;
    letter.lead = lead(facts, moved, mass);
    letter.figures = vec![Figure { value: checked, name: format!("checked on {}", date(facts.as_of)) }];
    for (number, name) in [
        (organizations(moved), "moved"),
        (organizations(broken), "not comparable"),
        (organizations(missing), "without a record"),
    ] {
        if number > 0 {
            letter
                .figures
                .insert(letter.figures.len() - 1, Figure { value: count_of(number), name: name.to_owned() });
        }
    }
    letter.preheader = moved
        .iter()
        .chain(broken)
        .chain(missing)
        .take(3)
        .map(|alert| short(alert))
        .collect::<Vec<_>>()
        .join(" · ");
}

fn lead(facts: &Facts<'_>, moved: &[&Alert], mass: bool) -> String {
    let noun = noun(facts.rule);
    let mut lead = match moved.len() {
        0 => String::new(),
        _ if facts.rule.judgement.compare_to_days > 1 => format!(
            "Each {noun} is compared with the same customer's record of {} days before.",
            facts.rule.judgement.compare_to_days
        ),
        _ => format!("Each {noun} is compared with the same customer's last earlier record."),
    };
    if mass {
        if let Some(total) = total(moved) {
            lead.push_str(&format!(" Together they went from {total}."));
        }
        lead.push_str(
            " So many at once are more often a fault of the data than news about customers, so this is one mail \
             instead of many. Check the last load first.",
        );
    } else if let (Some(first), Some(last)) =
        (moved.iter().map(|alert| alert.record_date).min(), moved.iter().map(|alert| alert.record_date).max())
        && first != last
    {
        lead.push_str(&format!(" These are the changes of {}, day by day.", span(first, last)));
    }
    lead.trim().to_owned()
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

/// What all of them had and have, where that can be added up exactly.
fn total(moved: &[&Alert]) -> Option<String> {
    let currency = moved.first()?.currency.clone();
    let sum = |amount: fn(&Alert) -> Option<&Amount>| {
        moved.iter().try_fold(Decimal::ZERO, |sum, alert| {
            let number = Decimal::from_str_exact(amount(alert)?.as_str()).ok()?;
            sum.checked_add(number).filter(|_| alert.currency == currency)
        })
    };
    let from = Amount::new(sum(|alert| alert.base_value.as_ref())?.to_string()).pretty();
    let to = Amount::new(sum(|alert| alert.value.as_ref())?.to_string()).pretty();
    Some(format!("{from} to {to} {}", plain(&currency.unwrap_or_default(), 12)).trim().to_owned())
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

/// The rule in words.
pub(crate) fn rule_words(rule: &Rule) -> String {
    let judgement = &rule.judgement;
    let noun = noun(rule);
    let since = match judgement.compare_to_days {
        1 => "its last earlier record".to_owned(),
        days => format!("its record of {days} days before"),
    };
    let measure = match judgement.measure {
        Measure::Previous => "",
        Measure::SymmetricMax => " of the larger of both",
    };
    let mut words = format!(
        "Rule {}: a customer's {noun} moved by {}% or more{measure} since {since}",
        rule.id,
        judgement.threshold.percent()
    );
    if !judgement.min_abs_change.is_zero() {
        words.push_str(&format!(", and by {} at least", judgement.min_abs_change));
    }
    for segment in &judgement.segments {
        words.push_str(&format!("; {}% for segment {}", segment.threshold.percent(), segment.id));
    }
    words.push('.');
    words
}

fn threshold_words(rule: &Rule, moved: &[&Alert]) -> String {
    if moved.iter().any(|alert| alert.segment.is_some()) {
        "their threshold or more".to_owned()
    } else {
        format!("{}% or more", rule.judgement.threshold.percent())
    }
}

/// `balance`, from the name of the watched column.
pub(crate) fn noun(rule: &Rule) -> String {
    plain(&rule.source.value.replace('_', " "), 40).to_lowercase()
}

pub(super) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// The name to show: the label, or the id.
pub(crate) fn name(alert: &Alert) -> String {
    let label = alert.label.as_deref().map(|label| plain(label, NAME)).filter(|label| !label.is_empty());
    label.unwrap_or_else(|| {
        let id = plain(&alert.organization, NAME);
        if id.is_empty() { "(no name)".to_owned() } else { id }
    })
}

fn short(alert: &Alert) -> String {
    let change = match (alert.outcome.as_str(), &alert.change_percent) {
        ("alert", Some(text)) => percent(text),
        ("alert", None) => "from zero".to_owned(),
        ("missing", _) => "no record".to_owned(),
        _ => "not comparable".to_owned(),
    };
    format!("{} {change}", name(alert))
}

fn preheader(letter: &Letter) -> String {
    let lines = letter.sections.iter().flat_map(|section| &section.lines).take(3);
    lines
        .map(|line| format!("{} {}: {} to {}", line.name, line.change, line.from, line.to))
        .collect::<Vec<_>>()
        .join(" · ")
}

fn organizations(alerts: &[&Alert]) -> usize {
    alerts.iter().map(|alert| &alert.organization).collect::<BTreeSet<_>>().len()
}

fn count_of(number: usize) -> String {
    count(i64::try_from(number).unwrap_or(i64::MAX))
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

/// The full list.
fn table(facts: &Facts<'_>, alerts: &[&Alert]) -> Table {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let amount = |value: &Option<Amount>| value.as_ref().map(ToString::to_string).unwrap_or_default();
    let rows = alerts
        .iter()
        .map(|alert| {
            vec![
                alert.organization.clone(),
                text(&alert.label),
                alert.outcome.clone(),
                text(&alert.kind),
                alert.base_date.map(|day| day.to_string()).unwrap_or_default(),
                amount(&alert.base_value),
                alert.record_date.to_string(),
                amount(&alert.value),
                text(&alert.currency),
                text(&alert.change_percent),
                alert.is_late.to_string(),
                alert.incident.map(|id| id.to_string()).unwrap_or_default(),
            ]
        })
        .collect();
    Table {
        name: format!("{}_{}.csv", facts.rule.id, facts.as_of),
        header: vec![
            "organization_id",
            "organization",
            "outcome",
            "kind",
            "from_date",
            "from_value",
            "to_date",
            "to_value",
            "currency",
            "change_percent",
            "is_late",
            "incident",
        ],
        rows,
    }
}
