//! Delivery: what is due goes out, from any number of processes, and none of it twice or never.
//!
//! A message is claimed, its attempt written down and its lock taken in one statement; then it is sent;
//! then its fate is written down in one statement. The lock is the session's: whoever dies loses it, and
//! the next sender gives the message back at once, to be sent again with the same bytes. Fate and next claim
//! are one transaction: it waits for the disk once a message, and still before the message's first byte.

mod claim;
mod mark;
mod orphan;

use crate::channel::{self, Console, Environment};
use crate::policy::Policy;
use crate::{Error, Result, schema};
use chrono::{DateTime, Utc};
use claim::{Claim, Claimed, Mine};
use indexmap::IndexMap;
use platform_core::EventSink;
use platform_core::channel::{Channel, Delivery};
use platform_core::event::{Event, Level};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use warehouse::{Session, Warehouse, get};

/// How to deliver.
#[derive(Clone)]
pub struct Sending<'a> {
    /// Messages at most; all that are due where nothing is said.
    pub limit: Option<usize>,
    /// The time; the database's clock where nothing is given.
    pub now: Option<DateTime<Utc>>,
    /// Who sends, for the table of attempts.
    pub worker: String,
    /// Set to stop after the message in flight.
    pub stop: &'a AtomicBool,
    /// Values of the environment.
    pub environment: Environment<'a>,
    /// Where the console channel writes.
    pub console: Console,
}

/// What was delivered, and what is left.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeliveryReport {
    /// Accepted by their receivers.
    pub sent: usize,
    /// Put off.
    pub deferred: usize,
    /// Given up: nobody will get them unless a person acts.
    pub dead: usize,
    /// Lost after the last byte; sent again later.
    pub unknown: usize,
    /// Given back after their sender had died.
    pub rescued: usize,
    /// What is wrong with channels.
    pub problems: Vec<String>,
    /// Messages that should have been delivered by now.
    pub waiting: i64,
    /// Dead messages in all.
    pub dead_in_all: i64,
}

impl DeliveryReport {
    /// Whether nothing is left undone: nothing waits that should not, nothing is dead, every channel works.
    pub fn is_clean(&self) -> bool {
        self.dead_in_all == 0 && self.waiting == 0 && self.problems.is_empty()
    }
}

/// Sends every message that is due. Returns when nothing is due any more, at the limit, or when told to
/// stop. A lost connection to the database is an error; the message in flight is then sent again.
pub async fn deliver(
    policy: &Policy,
    sending: &Sending<'_>,
    warehouse: &Warehouse,
    events: &dyn EventSink,
) -> Result<DeliveryReport> {
    schema::prepare(warehouse).await?;
    let session = schema::session(warehouse).await?;
    refuse_pooler(&session, warehouse).await?;
    let (channels, problems) = channel::open_all(policy, sending.environment, &sending.console);
    let mut worker = Worker {
        policy,
        sending,
        session: &session,
        events,
        channels,
        pace: BTreeMap::new(),
        busy: Vec::new(),
    };
    let mut report = DeliveryReport::default();
    worker.note_problems(problems, &mut report).await?;
    let result = worker.run(&mut report).await;
    for channel in worker.channels.values_mut() {
        channel.close().await;
    }
    result?;
    let row = session.query_one(include_str!("sql/outbox_left.sql"), &[&sending.now]).await?;
    report.waiting = get(&row, 0)?;
    report.dead_in_all = get(&row, 1)?;
    let homeless: Vec<String> =
        get(&session.query_one(include_str!("sql/outbox_homeless.sql"), &[&known(policy)]).await?, 0)?;
    for name in homeless {
        report.problems.push(format!("messages wait for channel `{name}`, which alerts.yml no longer has"));
    }
    Ok(report)
}

fn known(policy: &Policy) -> Vec<String> {
    policy.channels.keys().cloned().collect()
}

/// One sender.
struct Worker<'a> {
    policy: &'a Policy,
    sending: &'a Sending<'a>,
    session: &'a Session,
    events: &'a dyn EventSink,
    channels: IndexMap<String, Box<dyn Channel>>,
    /// When each channel may send again.
    pace: BTreeMap<String, Instant>,
    /// Messages whose last sender is about to let go.
    busy: Vec<i64>,
}

impl Worker<'_> {
    /// A channel that cannot be opened keeps its messages, and its fallback is told of them at once.
    async fn note_problems(&mut self, problems: Vec<Error>, report: &mut DeliveryReport) -> Result<()> {
        for problem in problems {
            let Error::Channel { channel, problem } = problem else { continue };
            let waits = mark::misconfigured(self.session, &channel, &problem, self.sending.now).await?;
            if waits > 0 {
                report.problems.push(format!("channel `{channel}`: {problem}"));
                self.warn(&channel, &problem);
            }
        }
        Ok(())
    }

    async fn run(&mut self, report: &mut DeliveryReport) -> Result<()> {
        report.rescued += orphan::rescue(self.session, self.policy, self.sending.now).await?;
        let mut claimed = None;
        // What is claimed is sent, whatever comes up.
        while claimed.is_some() || self.goes_on(report) {
            let next = match claimed.take() {
                Some(next) => Some(next),
                None => self.claim().await?,
            };
            match next {
                Some(Claimed::Mine(message)) => claimed = self.send(*message, report).await?,
                Some(Claimed::Busy(id)) => self.busy.push(id),
                None if self.open_channels().len() < self.channels.len() => self.wait_for_pace().await,
                None if self.busy.is_empty() => return Ok(()),
                None => {
                    // Their sender is between its last statement and its unlock, or at work.
                    self.busy.clear();
                    if orphan::rescue(self.session, self.policy, self.sending.now).await? == 0 {
                        return Ok(());
                    }
                }
            }
        }
        Ok(())
    }

    /// Whether more may be claimed: nobody said stop, and the limit is not reached.
    fn goes_on(&self, report: &DeliveryReport) -> bool {
        let done = report.sent + report.deferred + report.dead + report.unknown;
        !self.sending.stop.load(Ordering::Acquire) && self.sending.limit.is_none_or(|limit| done < limit)
    }

    async fn claim(&self) -> Result<Option<Claimed>> {
        let open = self.open_channels();
        let claim =
            Claim { worker: &self.sending.worker, now: self.sending.now, channels: &open, busy: &self.busy };
        claim.take(self.session).await
    }

    /// Sends a message and writes down its fate; in the same transaction the next one is claimed.
    async fn send(&mut self, message: Mine, report: &mut DeliveryReport) -> Result<Option<Claimed>> {
        self.say("claimed");
        let Some(channel) = self.channels.get_mut(&message.channel) else { return Ok(None) };
        let outcome = channel.deliver(&message.message, self.events).await;
        self.say("before mark");
        self.session.begin().await?;
        let now = self.sending.now;
        let fate = mark::mark(self.session, self.policy, &message, &outcome, now).await?;
        match fate {
            mark::Fate::Sent => report.sent += 1,
            mark::Fate::Dead => report.dead += 1,
            mark::Fate::Waits if outcome.delivery == Delivery::Unknown => report.unknown += 1,
            mark::Fate::Waits => report.deferred += 1,
        }
        self.set_pace(&message);
        // Only after a success: who failed has changed the channel, and lets go of it before anything else.
        let next = match fate {
            mark::Fate::Sent if self.goes_on(report) => self.claim().await?,
            _ => None,
        };
        orphan::commit_and_unlock(self.session, message.id).await?;
        self.say("marked");
        if outcome.delivery == Delivery::Misconfigured {
            report.problems.push(format!("channel `{}`: {}", message.channel, outcome.reply));
        }
        if fate != mark::Fate::Sent {
            self.warn(&message.channel, &outcome.reply);
        }
        Ok(next)
    }

    /// Channels that may send now.
    fn open_channels(&self) -> Vec<String> {
        let now = Instant::now();
        let may = |name: &&String| self.pace.get(*name).is_none_or(|at| *at <= now);
        self.channels.keys().filter(may).cloned().collect()
    }

    async fn wait_for_pace(&self) {
        let now = Instant::now();
        let next = self.pace.values().filter(|at| **at > now).min().map_or(Duration::ZERO, |at| *at - now);
        tokio::time::sleep(next.min(Duration::from_millis(500))).await;
    }

    /// The rate of the settings, halved each time the receiver said "too fast".
    fn set_pace(&mut self, message: &Mine) {
        let rate = self.policy.channels.get(&message.channel).and_then(|channel| channel.rate_per_second);
        let rate = match (rate, message.slower) {
            (None, 0) => return,
            (rate, slower) => f64::from(rate.unwrap_or(10)) / f64::from(1_u32 << slower.clamp(0, 6)),
        };
        self.pace.insert(message.channel.clone(), Instant::now() + Duration::from_secs_f64(1.0 / rate));
    }

    fn say(&self, step: &str) {
        channel::step(self.events, step);
    }

    fn warn(&self, channel: &str, reply: &str) {
        self.events.send(Event::new(Level::Warn, "AlertNotDelivered", format!("channel {channel}: {reply}")));
    }
}

/// Session locks need a session of one's own. Behind a pooler that shares them, a setting made on this
/// connection is gone while another connection holds a transaction, or shows up there.
pub(crate) async fn refuse_pooler(session: &Session, warehouse: &Warehouse) -> Result<()> {
    session.batch_execute("set dp.session_probe = 'mine'").await?;
    let other = warehouse.get().await?;
    other.batch_execute("begin").await?;
    let probe = "select coalesce(current_setting('dp.session_probe', true), '')";
    let mine: String = get(&session.query_one(probe, &[]).await?, 0)?;
    let theirs: String = get(&other.query_one(probe, &[]).await?, 0)?;
    other.rollback().await?;
    if mine == "mine" && theirs.is_empty() { Ok(()) } else { Err(Error::Pooler) }
}
