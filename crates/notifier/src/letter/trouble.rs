//! Letters about what is broken: missing data, failed runs, and that they are mended.

use super::{Action, Figure, Kind, Letter, Quote, QuotedRows, Tone, date, many, moment};
use crate::plain::{NAME, plain, plain_lines};
use crate::policy::Policy;
use crate::rule::Rule;
use chrono::{DateTime, NaiveDate, Utc};
use platform_core::failing::FailingTest;
use platform_core::rows;

/// Columns of a mail's text, less what stands before a quoted line.
const ROWS_WIDTH: usize = 68;

/// A run whose data must not be alerted on.
#[derive(Clone, Debug, Default)]
pub struct PipelineFailure {
    /// Business date of the data.
    pub as_of: NaiveDate,
    /// What failed.
    pub failures: Vec<Failure>,
    /// How many nodes were not built because of it.
    pub skipped: usize,
    /// What readers still see: `yesterday's data` and so on; may be empty.
    pub consequence: String,
}

/// One thing that failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Failure {
    /// Its id: `model.shop.orders`, `drop 2026-11-22/invoices.csv`.
    pub node: String,
    /// `model`, `test`, `source`, `drop`, …
    pub what: String,
    /// What the program said.
    pub message: String,
    /// Path of the file to look at.
    pub file: Option<String>,
    /// Line in it.
    pub line: Option<u32>,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Of a test: what it found.
    pub test: Option<Box<FailingTest>>,
}

impl PipelineFailure {
    /// The same failure again is no news: which nodes failed.
    pub(crate) fn fingerprint(&self) -> String {
        let mut nodes: Vec<&str> = self.failures.iter().map(|failure| failure.node.as_str()).collect();
        nodes.sort_unstable();
        nodes.dedup();
        nodes.join("\n")
    }

    /// Mail addresses of the owners that have one, each once.
    pub(crate) fn owners(&self) -> Vec<String> {
        let mut addresses: Vec<String> = Vec::new();
        for owner in self.failures.iter().filter_map(|failure| failure.owner.as_ref()) {
            let address =
                owner.parse::<lettre::message::Mailbox>().ok().map(|mailbox| mailbox.email.to_string());
            addresses.extend(address.filter(|address| !addresses.contains(address)));
        }
        addresses
    }
}

/// The pipeline failed. `repeats` counts the mails about it so far.
pub(crate) fn pipeline(
    failure: &PipelineFailure,
    repeats: i32,
    now: DateTime<Utc>,
    policy: &Policy,
) -> Letter {
    let number = failure.failures.len();
    let first = failure.failures.first();
    let tests_only =
        number > 0 && failure.failures.iter().all(|one| one.what == "test" || one.what == "unit_test");
    let again = if repeats > 0 { "still " } else { "" };
    let headline = match (first, tests_only) {
        (Some(one), true) if number == 1 => format!("A test {again}failed: {}", bare(&one.node)),
        (Some(one), false) if number == 1 => format!("The data run {again}failed at {}", bare(&one.node)),
        (_, true) => format!("{} {again}failed", many(number, "test")),
        _ => format!("The data run {again}failed in {}", many(number, "place")),
    };
    let mut lead = format!(
        "The data of {} cannot be trusted, so nothing was checked and no alerts were sent on it.",
        date(failure.as_of)
    );
    if !failure.consequence.is_empty() {
        lead.push(' ');
        lead.push_str(&plain(&failure.consequence, 300));
    }
    lead.push_str(" Once a run succeeds, every change since the last good day is told.");
    let mut figures = vec![Figure { value: number.to_string(), name: "failed".to_owned() }];
    if failure.skipped > 0 {
        figures.push(Figure { value: failure.skipped.to_string(), name: "not run because of it".to_owned() });
    }
    Letter {
        kind: Some(Kind::Pipeline),
        tone: Tone::Trouble,
        rule: "pipeline".to_owned(),
        subject: format!("{headline}, {}", date(failure.as_of)),
        preheader: first.map(|one| plain(&one.message, 140)).unwrap_or_default(),
        eyebrow: if tests_only { "Data test" } else { "Data run" }.to_owned(),
        headline,
        lead,
        figures,
        quotes: failure.failures.iter().take(10).map(quote).collect(),
        actions: actions(failure),
        rule_words:
            "Sent when a run or an error-severity test fails, again every 24 hours while it stays so, \
                     and once more when it is mended."
                .to_owned(),
        written: moment(now, policy.timezone),
        as_of: date(failure.as_of),
        owners: failure.owners(),
        event: "pipeline".to_owned(),
        ..Letter::default()
    }
}

fn actions(failure: &PipelineFailure) -> Vec<Action> {
    let mut actions = vec![Action {
        what: "Look at the files named above, or ask the owners named there".to_owned(),
        command: String::new(),
    }];
    let test = failure.failures.iter().find(|one| one.what == "test");
    actions.extend(test.map(|one| Action {
        what: "See the rows that broke a test".to_owned(),
        command: format!("dp test --store-failures --select {}", crate::shell::quoted(&bare(&one.node))),
    }));
    actions.push(Action {
        what: "Once the cause is mended, run again".to_owned(),
        command: "dp pipeline".to_owned(),
    });
    actions
}

fn quote(failure: &Failure) -> Quote {
    let place = match (&failure.file, failure.line) {
        (Some(file), Some(line)) => format!("{}:{line}", plain(file, 200)),
        (Some(file), None) => plain(file, 200),
        _ => String::new(),
    };
    let what = plain(&failure.what, 40).replace('_', " ");
    Quote {
        title: format!("{what} {}", bare(&failure.node)).trim().to_owned(),
        place,
        owner: failure.owner.as_deref().map(|owner| plain(owner, NAME)).unwrap_or_default(),
        lines: plain_lines(&failure.message, 400, 12)
            .into_iter()
            .chain(failure.test.iter().flat_map(|test| found(test)))
            .collect(),
        rows: failure.test.as_ref().and_then(|test| rows_of(test)),
    }
}

/// What a test is about, and where its SQL stands.
fn found(test: &FailingTest) -> Vec<String> {
    let mut lines = Vec::new();
    let mut say = |name: &str, what: Option<&str>| {
        lines.extend(what.map(|what| format!("{name}: {}", plain(what, 200))));
    };
    say("relation", test.relation.as_deref());
    say("column", test.column.as_deref());
    say("all failing rows", test.stored_in.as_deref());
    say("SQL", test.compiled_path.as_deref());
    lines
}

/// Some of the rows that a test found.
fn rows_of(test: &FailingTest) -> Option<QuotedRows> {
    if test.rows.is_empty() {
        return None;
    }
    let excerpt = rows::excerpt(&test.columns, &test.rows, ROWS_WIDTH);
    let cells = |row: &Vec<String>| row.iter().map(|cell| plain(cell, NAME)).collect();
    Some(QuotedRows {
        // Below a heading of ten rows at most, a rule and what has no room.
        lines: plain_lines(&excerpt.lines().join("\n"), 400, 13),
        columns: cells(&excerpt.columns),
        rows: excerpt.rows.iter().map(cells).collect(),
        is_numeric: excerpt.is_numeric,
        hidden: excerpt.hidden,
    })
}

/// `orders` of `model.shop.orders`; anything else as it is.
fn bare(node: &str) -> String {
    let parts: Vec<&str> = node.split('.').collect();
    match parts.as_slice() {
        ["model" | "seed" | "snapshot" | "test" | "unit_test" | "source" | "operation", _, rest @ ..]
            if !rest.is_empty() =>
        {
            let hash = |part: &&&str| part.len() == 10 && part.chars().all(|c| c.is_ascii_hexdigit());
            let rest: Vec<&str> = match rest.split_last() {
                Some((last, before)) if !before.is_empty() && hash(&last) => before.to_vec(),
                _ => rest.to_vec(),
            };
            plain(&rest.join("."), 80)
        }
        _ => plain(node, 80),
    }
}

/// The pipeline works again.
pub(crate) fn recovered(
    what: &str,
    event: &str,
    since: DateTime<Utc>,
    as_of: NaiveDate,
    now: DateTime<Utc>,
    policy: &Policy,
) -> Letter {
    let hours = (now - since).num_hours();
    let lasted = match hours {
        0 => many(usize::try_from((now - since).num_minutes().max(1)).unwrap_or(1), "minute"),
        1..48 => many(usize::try_from(hours).unwrap_or(1), "hour"),
        _ => many(usize::try_from(hours / 24).unwrap_or(1), "day"),
    };
    let headline = format!("Recovered: {what}");
    Letter {
        kind: Some(Kind::Recovered),
        tone: Tone::Resolved,
        rule: "pipeline".to_owned(),
        subject: format!("{headline}, {}", date(as_of)),
        preheader: format!("It lasted {lasted}."),
        eyebrow: "Recovered".to_owned(),
        headline,
        lead: format!(
            "It began on {} and lasted {lasted}. Changes of the days in between are told as usual, each under its own day.",
            moment(since, policy.timezone)
        ),
        rule_words: "Sent once, when what we told you of is over.".to_owned(),
        written: moment(now, policy.timezone),
        as_of: date(as_of),
        identity: format!("{event}|{}", since.timestamp_micros()),
        event: event.to_owned(),
        ..Letter::default()
    }
}

/// Nobody has a record of the day.
pub(crate) fn stale(
    rule: &Rule,
    last: Option<NaiveDate>,
    as_of: NaiveDate,
    now: DateTime<Utc>,
    policy: &Policy,
) -> Letter {
    let headline = format!("No data for {}", date(as_of));
    let by =
        rule.freshness.deadline.map(|time| format!(" by {time} {}", policy.timezone)).unwrap_or_default();
    let last_words = match last {
        Some(day) => format!("The newest records are of {}.", date(day)),
        None => "There are no records at all.".to_owned(),
    };
    Letter {
        kind: Some(Kind::Stale),
        tone: Tone::Trouble,
        rule: rule.id.clone(),
        subject: format!("{headline}: no {} was checked", super::rule_words::noun(rule)),
        preheader: last_words.clone(),
        eyebrow: "Missing data".to_owned(),
        headline,
        lead: format!(
            "Not one customer had a record of {}{by}. {last_words} Nothing was compared: that you heard of no change today does not mean that there was none.",
            date(as_of)
        ),
        actions: vec![
            Action {
                what: "See whether the day's drop arrived, then run".to_owned(),
                command: "dp pipeline".to_owned(),
            },
            Action {
                what: "See what was evaluated when".to_owned(),
                command: "dp alerts list runs".to_owned(),
            },
        ],
        rule_words: format!("Rule {}: records of the day must be there{by}.", rule.id),
        written: moment(now, policy.timezone),
        as_of: date(as_of),
        identity: as_of.to_string(),
        event: format!("{}|stale", rule.id),
        owners: rule.owner.iter().filter_map(|owner| owner.email.clone()).collect(),
        ..Letter::default()
    }
}

#[cfg(test)]
mod tests {
    use super::bare;

    #[test]
    fn nodes_are_called_by_their_names() {
        assert_eq!(bare("model.shop.orders"), "orders");
        assert_eq!(bare("test.shop.not_null_orders_id.0a1b2c3d4e"), "not_null_orders_id");
        assert_eq!(bare("source.shop.raw.orders"), "raw.orders");
        assert_eq!(bare("csv_data/2026-11-22/invoices.csv"), "csv_data/2026-11-22/invoices.csv");
    }
}
