//! The commands as people write them.

use crate::measure::Span;
use chrono::NaiveDate;
use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;
use std::path::PathBuf;

/// What a scheduler reads off the exit code.
const CODES: &str = "Exit codes: 0 done, nothing left; 1 usage or settings; 2 evaluation failed; 3 something is \
    undelivered or was given up; 4 the day's data is missing; 5 another evaluation is running; 10 new alerts, with \
    --fail-on-alert.";

/// What to do about alerts.
#[derive(Subcommand, Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// Evaluate, remind, and send what is due: what a scheduler calls.
    #[command(after_help = CODES)]
    Check(Check),
    /// Find what is new and write the messages, without sending them.
    #[command(after_help = CODES)]
    Eval(Eval),
    /// Send what is due.
    #[command(after_help = CODES)]
    Send(SendDue),
    /// Check again and again, until stopped; the message in flight is finished first.
    Watch(Watch),
    /// List incidents, messages, silences or runs.
    List(List),
    /// Show an incident, or a message.
    Show(Show),
    /// Say why a customer was, or was not, alerted on: records, arithmetic, rule, decision, messages.
    Explain(Explain),
    /// Hear nothing of a customer, a rule or a kind of change for a while. It is counted, and told in sum.
    #[command(subcommand)]
    Silence(Silence),
    /// Say that you are on an incident: no reminders until something new happens.
    Ack(Ack),
    /// Close an incident by hand.
    Resolve(ResolveIncident),
    /// Send messages again: the same bytes, under the same Message-ID. One that waits is due now.
    Replay(ReplayMessages),
    /// Write a message to a file or to stdout, to look at it.
    Render(Render),
    /// Send a test by a channel, through the outbox.
    TestSend(TestSend),
    /// Count what a rule would have sent in the past.
    Backtest(Backtest),
    /// Look for what is set up wrongly.
    Doctor,
    /// Forget the contents of messages that were sent long ago.
    Purge(Purge),
}

/// `check`
#[derive(Args, Clone, Debug, Default, Serialize)]
pub struct Check {
    /// Business date up to which records are looked at; today by default.
    #[arg(long, value_name = "DATE")]
    pub as_of: Option<NaiveDate>,
    /// End with code 10 if there are new alerts.
    #[arg(long)]
    pub fail_on_alert: bool,
    /// Wait that long for another evaluation to end, then end with code 5; 30 by default.
    #[arg(long, value_name = "SECONDS")]
    pub wait: Option<u64>,
}

/// `eval`
#[derive(Args, Clone, Debug, Default, Serialize)]
pub struct Eval {
    /// Business date up to which records are looked at; today by default.
    #[arg(long, value_name = "DATE")]
    pub as_of: Option<NaiveDate>,
    /// Look at the records after that date.
    #[arg(long, value_name = "DATE")]
    pub since: Option<NaiveDate>,
    /// Only that rule.
    #[arg(long)]
    pub rule: Option<String>,
    /// Print what would be found and sent, and keep nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// End with code 10 if there are new alerts.
    #[arg(long)]
    pub fail_on_alert: bool,
    /// Wait that long for another evaluation to end, then end with code 5; 30 by default.
    #[arg(long, value_name = "SECONDS")]
    pub wait: Option<u64>,
}

/// `send`
#[derive(Args, Clone, Debug, Default, Serialize)]
pub struct SendDue {
    /// That many messages at most.
    #[arg(long)]
    pub limit: Option<usize>,
    /// Wait for messages that were put off, until none is left.
    #[arg(long)]
    pub until_empty: bool,
}

/// `watch`
#[derive(Args, Clone, Debug, Serialize)]
pub struct Watch {
    /// How often.
    #[arg(long, default_value = "60s", value_name = "SPAN")]
    pub every: Span,
}

/// `list`
#[derive(Args, Clone, Debug, Serialize)]
pub struct List {
    /// What to list.
    #[arg(value_enum, default_value = "incidents")]
    pub what: Listed,
    /// Closed ones too.
    #[arg(long)]
    pub all: bool,
    /// That many at most.
    #[arg(long, default_value_t = 50)]
    pub limit: i64,
    /// JSON, one object a line.
    #[arg(long)]
    pub json: bool,
}

/// What can be listed.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Listed {
    /// What belongs together over days.
    Incidents,
    /// Messages.
    Outbox,
    /// Messages that were given up.
    Dead,
    /// Silences.
    Silences,
    /// Evaluations.
    Runs,
}

/// `show`
#[derive(Args, Clone, Debug, Serialize)]
pub struct Show {
    /// Number of an incident; with --message of a message.
    pub id: i64,
    /// Show the message with that number.
    #[arg(long)]
    pub message: bool,
}

/// `explain`
#[derive(Args, Clone, Debug, Serialize)]
pub struct Explain {
    /// The organization's id.
    #[arg(allow_hyphen_values = true)]
    pub organization: String,
    /// Business date; the newest record by default.
    #[arg(long, value_name = "DATE")]
    pub date: Option<NaiveDate>,
}

/// `silence`
#[derive(Subcommand, Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Silence {
    /// Make a silence.
    Add(SilenceAdd),
    /// End a silence before its time.
    End {
        /// Its number.
        id: i64,
    },
}

/// `silence add`
#[derive(Args, Clone, Debug, Serialize)]
#[command(group = clap::ArgGroup::new("what").required(true).multiple(true).args(["org", "rule", "kind"]))]
pub struct SilenceAdd {
    /// An organization's id.
    #[arg(long, allow_hyphen_values = true, value_name = "ORG")]
    pub org: Option<String>,
    /// A rule's id.
    #[arg(long)]
    pub rule: Option<String>,
    /// A kind: increase, decrease, from_zero, to_zero, sign_flip, bad_data, currency_changed, missing.
    #[arg(long)]
    pub kind: Option<String>,
    /// For how long: 24h, 7d.
    #[arg(long = "for", value_name = "SPAN")]
    pub lasts: Span,
    /// Your name, for the record.
    #[arg(long, value_name = "NAME")]
    pub by: String,
    /// Why, for those who wonder later.
    #[arg(long, value_name = "TEXT")]
    pub comment: String,
}

/// `ack`
#[derive(Args, Clone, Debug, Serialize)]
pub struct Ack {
    /// Number of the incident.
    pub id: i64,
    /// Your name, for the record.
    #[arg(long, value_name = "NAME")]
    pub by: String,
    /// A word about it.
    #[arg(long, default_value = "", value_name = "TEXT")]
    pub note: String,
}

/// `resolve`
#[derive(Args, Clone, Debug, Serialize)]
pub struct ResolveIncident {
    /// Number of the incident.
    pub id: i64,
    /// Why it is over.
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// Your name, for the record.
    #[arg(long, default_value = "operator", value_name = "NAME")]
    pub by: String,
}

/// `replay`
#[derive(Args, Clone, Debug, Serialize)]
#[command(group = clap::ArgGroup::new("which").required(true).args(["id", "dead"]))]
pub struct ReplayMessages {
    /// Number of a message.
    pub id: Option<i64>,
    /// All that were given up.
    #[arg(long)]
    pub dead: bool,
    /// Under another Message-ID: people will see them again.
    #[arg(long)]
    pub as_new: bool,
}

/// `render`
#[derive(Args, Clone, Debug, Serialize)]
#[command(group = clap::ArgGroup::new("which").required(true).args(["id", "digest", "sample"]))]
pub struct Render {
    /// Number of a message.
    pub id: Option<i64>,
    /// What an evaluation up to that date would send now.
    #[arg(long, value_name = "DATE")]
    pub digest: Option<NaiveDate>,
    /// An example: digest, mass_change, thread, correction, stale, pipeline, recovered, heartbeat, test.
    #[arg(long, value_name = "KIND")]
    pub sample: Option<String>,
    /// Which part of it.
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
    /// File to write to; stdout by default.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// A part of a mail.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Plain text.
    Text,
    /// HTML.
    Html,
    /// The whole mail.
    Eml,
}

/// `test-send`
#[derive(Args, Clone, Debug, Serialize)]
pub struct TestSend {
    /// Name of the channel.
    pub channel: String,
}

/// `backtest`
#[derive(Args, Clone, Debug, Serialize)]
pub struct Backtest {
    /// First business date.
    #[arg(long, value_name = "DATE")]
    pub from: NaiveDate,
    /// Last business date; today by default.
    #[arg(long, value_name = "DATE")]
    pub to: Option<NaiveDate>,
    /// Another threshold than the rule's: 0.30.
    #[arg(long)]
    pub threshold: Option<String>,
    /// Only that rule.
    #[arg(long)]
    pub rule: Option<String>,
}

/// `purge`
#[derive(Args, Clone, Debug, Serialize)]
pub struct Purge {
    /// Sent longer ago than that.
    #[arg(long, default_value = "30d", value_name = "SPAN")]
    pub older_than: Span,
}

impl Verb {
    /// Whether it sends: asked to end, it first finishes the message in flight.
    pub fn sends(&self) -> bool {
        matches!(self, Self::Check(_) | Self::Send(_) | Self::Watch(_) | Self::TestSend(_))
    }
}
