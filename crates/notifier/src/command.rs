//! Commands: what `dp alerts …` and `notifier …` do.

mod backtest;
mod doctor;
mod explain;
mod list;
mod render;
mod run;
mod show;

use crate::channel::{Console, Environment};
use crate::measure::Span;
use crate::operate::{self, Replay, Silencing};
use crate::policy::Policy;
use crate::rule::Rule;
use crate::{Error, Result, schema};
use chrono::{DateTime, NaiveDate, Utc};
use clap::{Args, Subcommand, ValueEnum};
use platform_core::failing::FailingTests;
use platform_core::{Diagnostic, EventSink, Manifest, RunResults};
use serde::Serialize;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use warehouse::{Warehouse, get};

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
    /// Send messages again: the same bytes, under the same Message-ID.
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

/// What a command works on.
pub struct Project<'a> {
    /// Rules of the project.
    pub rules: Vec<Rule>,
    /// Routes and channels.
    pub policy: Policy,
    /// What is wrong with both.
    pub problems: Vec<Diagnostic>,
    /// The project.
    pub manifest: &'a Manifest,
    /// The last run, if there was one.
    pub results: Option<&'a RunResults>,
    /// What its tests found.
    pub failing: Option<FailingTests>,
    /// The database.
    pub warehouse: &'a Warehouse,
    /// Values of the environment.
    pub environment: Environment<'a>,
    /// Where the console channel writes.
    pub console: Console,
    /// Where to say what happens.
    pub events: &'a dyn EventSink,
    /// Set to stop after the message in flight.
    pub stop: &'a AtomicBool,
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Nothing is left to do.
    Done = 0,
    /// The command or the settings are wrong.
    Usage = 1,
    /// Evaluation failed.
    Failed = 2,
    /// Something is undelivered or dead.
    Undelivered = 3,
    /// The day's data is missing.
    Stale = 4,
    /// Another evaluation is running.
    Locked = 5,
    /// There are new alerts, and that was asked for as a failure.
    Alerted = 10,
}

impl Exit {
    /// The process's exit code.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The code for an error.
    pub fn of(error: &Error) -> Self {
        match error {
            Error::Locked => Self::Locked,
            Error::Settings(_) | Error::NotFound { .. } | Error::Channel { .. } | Error::Template { .. } => {
                Self::Usage
            }
            _ => Self::Failed,
        }
    }
}

impl<'a> Project<'a> {
    /// Reads rules and routes of the project in `root`.
    #[expect(clippy::too_many_arguments, reason = "each is a part of the world that the caller owns")]
    pub fn read(
        root: &Path,
        manifest: &'a Manifest,
        results: Option<&'a RunResults>,
        warehouse: &'a Warehouse,
        environment: Environment<'a>,
        console: Console,
        events: &'a dyn EventSink,
        stop: &'a AtomicBool,
    ) -> Self {
        let (rules, mut problems) = crate::read_rules(manifest, root);
        let (policy, more) = crate::read_policy(root);
        problems.extend(more);
        Self {
            rules,
            policy,
            problems,
            manifest,
            results,
            failing: None,
            warehouse,
            environment,
            console,
            events,
            stop,
        }
    }

    /// The same, with what the last run's tests found.
    #[must_use]
    pub fn with_failing(self, failing: Option<FailingTests>) -> Self {
        Self { failing, ..self }
    }

    /// The settings are right, or nothing is done.
    fn sound(&self) -> Result<()> {
        if self.problems.is_empty() { Ok(()) } else { Err(Error::Settings(self.problems.clone())) }
    }

    /// The business date of today.
    async fn today(&self) -> Result<NaiveDate> {
        Ok(self.now().await?.with_timezone(&self.policy.timezone).date_naive())
    }

    async fn now(&self) -> Result<DateTime<Utc>> {
        schema::now(&*self.warehouse.get().await?).await
    }

    /// The rules, or the one of that name.
    fn rules(&self, id: Option<&str>) -> Result<Vec<Rule>> {
        let rules: Vec<Rule> =
            self.rules.iter().filter(|rule| id.is_none_or(|id| rule.id == id)).cloned().collect();
        match id {
            Some(id) if rules.is_empty() => {
                Err(Error::NotFound { what: format!("a rule with the id `{id}`") })
            }
            _ => Ok(rules),
        }
    }
}

impl Verb {
    /// Whether it sends: asked to end, it first finishes the message in flight.
    pub fn sends(&self) -> bool {
        matches!(self, Self::Check(_) | Self::Send(_) | Self::Watch(_) | Self::TestSend(_))
    }
}

/// Does what a command says; writes data to `out`.
pub async fn run(verb: &Verb, project: &Project<'_>, out: &mut (dyn Write + Send)) -> Result<Exit> {
    if !matches!(verb, Verb::Doctor) {
        project.sound()?;
        schema::prepare(project.warehouse).await?;
    }
    match verb {
        Verb::Check(check) => run::check(check, project, out).await,
        Verb::Eval(eval) => run::eval(eval, project, out).await,
        Verb::Send(send) => run::send(send, project, out).await,
        Verb::Watch(watch) => run::watch(watch, project, out).await,
        Verb::List(list) => list::list(list, project, out).await,
        Verb::Show(show) => show::show(show, project, out).await,
        Verb::Explain(explain) => explain::explain(explain, project, out).await,
        Verb::Silence(silence) => self::silence(silence, project, out).await,
        Verb::Ack(ack) => {
            operate::acknowledge(ack.id, &ack.by, &ack.note, project.warehouse, None).await?;
            say(out, &format!("incident {} is acknowledged by {}", ack.id, ack.by))
        }
        Verb::Resolve(resolve) => {
            operate::resolve(resolve.id, &resolve.by, &resolve.reason, project.warehouse, None).await?;
            say(out, &format!("incident {} is resolved: {}", resolve.id, resolve.reason))
        }
        Verb::Replay(replay) => {
            let which = replay.id.map_or(Replay::Dead, Replay::One);
            let ids = operate::replay(which, replay.as_new, &project.policy, project.warehouse, None).await?;
            let numbers: Vec<String> = ids.iter().map(ToString::to_string).collect();
            say(
                out,
                &format!(
                    "ready to be sent: {}",
                    if ids.is_empty() { "nothing".to_owned() } else { numbers.join(", ") }
                ),
            )
        }
        Verb::Render(render) => render::render(render, project, out).await,
        Verb::TestSend(test) => {
            let planned =
                operate::test_send(&test.channel, &project.rules, &project.policy, project.warehouse, None)
                    .await?;
            for message in &planned {
                say(
                    out,
                    &format!("message {} for {} at {}", message.id, message.recipient, message.channel),
                )?;
            }
            run::send(&SendDue::default(), project, out).await
        }
        Verb::Backtest(backtest) => backtest::backtest(backtest, project, out).await,
        Verb::Doctor => doctor::doctor(project, out).await,
        Verb::Purge(purge) => {
            let number = operate::purge(purge.older_than, project.warehouse, None).await?;
            say(out, &format!("forgot the contents of {number} messages"))
        }
    }
}

async fn silence(silence: &Silence, project: &Project<'_>, out: &mut (dyn Write + Send)) -> Result<Exit> {
    match silence {
        Silence::Add(add) => {
            if add.comment.trim().chars().count() < 3 {
                return Err(Error::NotFound { what: "a reason: --comment must say why".to_owned() });
            }
            let silencing = Silencing {
                organization: add.org.clone(),
                rule: add.rule.clone(),
                kind: add.kind.clone(),
                from: None,
                lasts: add.lasts,
                by: add.by.clone(),
                comment: add.comment.clone(),
            };
            let id = operate::silence(
                &silencing,
                &project.rules,
                &project.policy,
                project.warehouse,
                None,
                project.events,
            )
            .await?;
            say(out, &format!("silence {id} holds for {}; end it with: silence end {id}", add.lasts))
        }
        Silence::End { id } => {
            operate::end_silence(*id, project.warehouse, None).await?;
            say(out, &format!("silence {id} has ended"))
        }
    }
}

/// Writes a line.
fn say(out: &mut (dyn Write + Send), line: &str) -> Result<Exit> {
    writeln!(out, "{line}").map_err(|source| Error::File { action: "write to stdout".to_owned(), source })?;
    Ok(Exit::Done)
}

/// Rows in columns as wide as their widest cell.
fn columns(header: &[&str], rows: &[Vec<String>]) -> Vec<String> {
    use unicode_width::UnicodeWidthStr as _;
    let widths: Vec<usize> = (0..header.len())
        .map(|index| {
            let cells = rows.iter().filter_map(|row| row.get(index)).map(|cell| cell.width());
            cells.chain([header[index].width()]).max().unwrap_or(0)
        })
        .collect();
    let line = |cells: Vec<&str>| {
        let padded: Vec<String> = cells
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell}{}", " ".repeat(width.saturating_sub(cell.width()))))
            .collect();
        padded.join("  ").trim_end().to_owned()
    };
    std::iter::once(line(header.to_vec()))
        .chain(rows.iter().map(|row| line(row.iter().map(String::as_str).collect())))
        .collect()
}

/// Rows of a query of our own, every cell as text.
async fn texts(
    project: &Project<'_>,
    sql: &str,
    parameters: &[&(dyn warehouse::types::ToSql + Sync)],
) -> Result<Vec<Vec<String>>> {
    let session = project.warehouse.get().await?;
    let rows = session.query(sql, parameters).await?;
    rows.iter()
        .map(|row| {
            (0..row.len()).map(|index| Ok(get::<Option<String>>(row, index)?.unwrap_or_default())).collect()
        })
        .collect()
}
