//! Letters: what a message says, before it is drawn as mail, chat or JSON.
//!
//! Every text in a letter is one plain line, whatever the data held ([`crate::plain`]).

mod change;
mod head;
mod line;
mod reminder;
mod rule_words;
mod sample;
mod steps;
mod table;
mod trouble;

pub(crate) use change::{Facts, changes, correction_only, thread};
pub(crate) use reminder::{Due, reminder};
pub(crate) use sample::{heartbeat, samples, test};
pub use table::Table;
pub use trouble::{Failure, PipelineFailure};
pub(crate) use trouble::{pipeline, recovered, stale};

use crate::amount::Amount;
use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use serde::Serialize;

/// Rows of one section that a mail shows; the attachment has all.
pub(crate) const ROWS: usize = 50;

/// What a message is about; the word in the outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// What changed in one run.
    Digest,
    /// What changed for one organization.
    Thread,
    /// So much changed that it is one message.
    MassChange,
    /// The day's records are missing.
    Stale,
    /// The pipeline failed.
    Pipeline,
    /// The pipeline works again, or the records came.
    Recovered,
    /// What was told no longer holds.
    Correction,
    /// Nobody acknowledged, to the same people.
    Repeat,
    /// Nobody acknowledged, to others.
    Escalation,
    /// All is well.
    Heartbeat,
    /// A test of a channel.
    Test,
}

impl Kind {
    /// The word in the outbox and in routes.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Digest => "digest",
            Self::Thread => "thread",
            Self::MassChange => "mass_change",
            Self::Stale => "stale",
            Self::Pipeline => "pipeline",
            Self::Recovered => "recovered",
            Self::Correction => "correction",
            Self::Repeat => "repeat",
            Self::Escalation => "escalation",
            Self::Heartbeat => "heartbeat",
            Self::Test => "test",
        }
    }

    /// Smaller goes first.
    pub fn priority(self) -> i16 {
        match self {
            Self::MassChange | Self::Stale | Self::Pipeline => 1,
            Self::Escalation => 2,
            Self::Correction | Self::Recovered => 4,
            Self::Digest | Self::Thread | Self::Repeat | Self::Test => 5,
            Self::Heartbeat => 9,
        }
    }
}

/// What a message says.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Letter {
    /// What it is about.
    pub kind: Option<Kind>,
    /// `alert`, `resolved` or `information`, for colours and for services like PagerDuty.
    pub tone: Tone,
    /// The rule's id.
    pub rule: String,
    /// Subject line.
    pub subject: String,
    /// What a list of mails shows beside the subject.
    pub preheader: String,
    /// A word above the headline: `Balance alert`.
    pub eyebrow: String,
    /// What happened, in one line.
    pub headline: String,
    /// What happened, in a sentence or two.
    pub lead: String,
    /// Figures: how many were checked and so on.
    pub figures: Vec<Figure>,
    /// What moved, in groups.
    pub sections: Vec<Section>,
    /// What else there is to know.
    pub notes: Vec<Note>,
    /// Texts shown as they are: errors.
    pub quotes: Vec<Quote>,
    /// What to do.
    pub actions: Vec<Action>,
    /// The rule, in words.
    pub rule_words: String,
    /// Why the reader gets this.
    pub why: String,
    /// When it was written, on the reader's clock.
    pub written: String,
    /// Business date.
    pub as_of: String,
    /// Full list, attached.
    #[serde(skip)]
    pub table: Option<Table>,
    /// What makes a thread of mails: rule and organization.
    #[serde(skip)]
    pub thread: Option<String>,
    /// What tells it from every other letter of its kind.
    #[serde(skip)]
    pub identity: String,
    /// What it opens or closes at services that keep incidents of their own; the identity if empty.
    #[serde(skip)]
    pub event: String,
    /// Alerts it tells of.
    #[serde(skip)]
    pub evaluations: Vec<i64>,
    /// Incidents it tells of.
    #[serde(skip)]
    pub incidents: Vec<i64>,
    /// Mail addresses of those who own what is broken.
    #[serde(skip)]
    pub owners: Vec<String>,
}

/// How bad the news is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Tone {
    /// Look at it.
    #[default]
    Alert,
    /// Something is broken.
    Trouble,
    /// It is over.
    Resolved,
    /// Good to know.
    Information,
}

/// A number with its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Figure {
    /// `300`
    pub value: String,
    /// `customers checked`
    pub name: String,
}

/// A group of lines.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Section {
    /// Its heading; may be empty.
    pub title: String,
    /// A sentence below the heading; may be empty.
    pub note: String,
    /// Its lines, the first [`ROWS`].
    pub lines: Vec<Line>,
    /// How many more there are.
    pub hidden: usize,
}

/// One customer.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Line {
    /// Name, or the id where there is no name.
    pub name: String,
    /// The id where `name` is another.
    pub id: String,
    /// What it was.
    pub from: String,
    /// What it is.
    pub to: String,
    /// Unit of both.
    pub currency: String,
    /// `+80 %`, or a word.
    pub change: String,
    /// `up`, `down` or nothing.
    pub direction: &'static str,
    /// `21 Nov to 22 Nov 2026`
    pub dates: String,
    /// Short remarks: `2nd day running`.
    pub marks: Vec<String>,
    /// A longer remark; may be empty.
    pub note: String,
    /// Number of the incident.
    pub incident: Option<i64>,
}

/// A remark with a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Note {
    /// `No record today`
    pub name: String,
    /// `1 customer: Acme Ltd`
    pub text: String,
}

/// A text as it came from a program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Quote {
    /// What it is about.
    pub title: String,
    /// Where: `sql/models/orders.sql:7`; may be empty.
    pub place: String,
    /// The person to ask; may be empty.
    pub owner: String,
    /// Its lines.
    pub lines: Vec<String>,
    /// Rows that it is about.
    pub rows: Option<QuotedRows>,
}

/// Rows of a database, as a table where there is one, as lines of text elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct QuotedRows {
    /// Headings.
    pub columns: Vec<String>,
    /// Whether a column's cells are numbers.
    pub is_numeric: Vec<bool>,
    /// Cells.
    pub rows: Vec<Vec<String>>,
    /// Counts the columns that are left out; may be empty.
    pub hidden: String,
    /// The same as lines of text.
    pub lines: Vec<String>,
}

/// A thing to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Action {
    /// In words.
    pub what: String,
    /// The command; may be empty.
    pub command: String,
}

/// `22 Nov 2026`
pub(crate) fn date(day: NaiveDate) -> String {
    day.format("%-d %b %Y").to_string()
}

/// `21 Nov to 22 Nov 2026`; the year twice only where they differ.
pub(crate) fn span(from: NaiveDate, to: NaiveDate) -> String {
    let short = if from.format("%Y").to_string() == to.format("%Y").to_string() {
        from.format("%-d %b").to_string()
    } else {
        date(from)
    };
    format!("{short} to {}", date(to))
}

/// `22 Nov 2026, 09:00 UTC`
pub(crate) fn moment(at: DateTime<Utc>, zone: Tz) -> String {
    let local = at.with_timezone(&zone);
    format!("{}, {}", date(local.date_naive()), local.format("%H:%M %Z"))
}

/// `1 customer`, `2 customers`
pub(crate) fn many(number: usize, noun: &str) -> String {
    let count = crate::amount::count(i64::try_from(number).unwrap_or(i64::MAX));
    format!("{count} {}", if number == 1 { noun.to_owned() } else { plural(noun) })
}

/// `1 customer was`, `2 customers were`
pub(crate) fn were(number: i64, noun: &str) -> String {
    let many = many(usize::try_from(number).unwrap_or(0), noun);
    format!("{many} {}", if number == 1 { "was" } else { "were" })
}

/// The plural of an English noun.
pub(crate) fn plural(noun: &str) -> String {
    let vowel_before = noun.chars().rev().nth(1).is_some_and(|c| "aeiou".contains(c));
    match noun.strip_suffix('y') {
        Some(stem) if !vowel_before => format!("{stem}ies"),
        _ if noun.ends_with(['s', 'x']) || noun.ends_with("ch") => format!("{noun}es"),
        _ => format!("{noun}s"),
    }
}

/// Names, the first few of them: `Acme, Beta and 3 more`.
pub(crate) fn some_names(names: &[String], most: usize) -> String {
    let shown: Vec<&str> = names.iter().take(most).map(String::as_str).collect();
    match names.len().saturating_sub(most) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// An amount, or a word for what is none.
pub(crate) fn value(amount: Option<&Amount>) -> String {
    amount.map_or_else(|| "no value".to_owned(), Amount::pretty)
}
