//! What people do: silence, acknowledge, resolve, replay, purge.

use crate::evaluate::replan;
use crate::measure::Span;
use crate::outbox::{Destination, Outbox, Planned, recipients};
use crate::{Error, Policy, Result, Rule, letter, schema};
use chrono::{DateTime, Utc};
use platform_core::EventSink;
use platform_core::diagnostic::nearest;
use warehouse::types::Type;
use warehouse::{Session, Warehouse, get};

/// Kinds of findings that a silence can be about.
const KINDS: [&str; 9] = [
    "alert",
    "increase",
    "decrease",
    "from_zero",
    "to_zero",
    "sign_flip",
    "bad_data",
    "currency_changed",
    "missing",
];

/// What a silence covers, and who wants it why. What is not given matches everything.
#[derive(Clone, Debug, Default)]
pub struct Silencing {
    /// An organization.
    pub organization: Option<String>,
    /// A rule.
    pub rule: Option<String>,
    /// A kind of change.
    pub kind: Option<String>,
    /// From then on; now where nothing is given.
    pub from: Option<DateTime<Utc>>,
    /// For how long.
    pub lasts: Span,
    /// Who.
    pub by: String,
    /// Why.
    pub comment: String,
}

impl Default for Span {
    fn default() -> Self {
        Self::hours(24)
    }
}

/// Makes a silence, and takes out of the messages that wait what it covers. Gives its number.
pub async fn silence(
    silencing: &Silencing,
    rules: &[Rule],
    policy: &Policy,
    warehouse: &Warehouse,
    now: Option<DateTime<Utc>>,
    events: &dyn EventSink,
) -> Result<i64> {
    check(silencing, rules)?;
    schema::prepare(warehouse).await?;
    let session = schema::session(warehouse).await?;
    let now = moment(&session, now).await?;
    let from = silencing.from.unwrap_or(now);
    let row = session
        .query_one(
            "insert into alerting.silence (rule_id, organization_id, kind, starts_at, ends_at, created_by, comment)
             values ($1, $2, $3, $4, $5, $6, $7) returning id",
            &[
                &silencing.rule,
                &silencing.organization,
                &silencing.kind,
                &from,
                &(from + silencing.lasts.delta()),
                &silencing.by,
                &silencing.comment,
            ],
        )
        .await?;
    for rule in rules {
        replan(rule, policy, &session, now, events).await?;
    }
    Ok(get(&row, 0)?)
}

/// A misspelt rule or kind would cover nothing, and nobody would notice before the next mail.
fn check(silencing: &Silencing, rules: &[Rule]) -> Result<()> {
    let known: Vec<&str> = rules.iter().map(|rule| rule.id.as_str()).collect();
    one_of("rule", silencing.rule.as_deref(), &known)?;
    one_of("kind", silencing.kind.as_deref(), &KINDS)
}

fn one_of(what: &str, word: Option<&str>, known: &[&str]) -> Result<()> {
    let Some(word) = word.filter(|word| !known.contains(word)) else { return Ok(()) };
    let hint = match nearest(word, known.iter().copied()).first() {
        Some(best) => format!("did you mean `{best}`?"),
        None => format!("there are: {}", known.join(", ")),
    };
    Err(Error::NotFound { what: format!("the {what} `{}`\nhint: {hint}", crate::plain::plain(word, 60)) })
}

/// Ends a silence before its time.
pub async fn end_silence(id: i64, warehouse: &Warehouse, now: Option<DateTime<Utc>>) -> Result<()> {
    let session = schema::session(warehouse).await?;
    let now = moment(&session, now).await?;
    let ended = session
        .execute(
            "update alerting.silence set ended_at = $2 where id = $1 and ended_at is null and ends_at > $2",
            &[&id, &now],
        )
        .await?;
    found(ended, || format!("a silence with the number {id} that has not ended"))
}

/// Acknowledges an incident: no reminders until something new happens.
pub async fn acknowledge(
    id: i64,
    by: &str,
    note: &str,
    warehouse: &Warehouse,
    now: Option<DateTime<Utc>>,
) -> Result<()> {
    let session = schema::session(warehouse).await?;
    let now = moment(&session, now).await?;
    let acked = session.execute(include_str!("sql/incident_ack.sql"), &[&id, &now, &by, &note]).await?;
    if acked == 0 {
        return Err(Error::NotFound { what: not_open(&session, id).await? });
    }
    Ok(())
}

/// Resolves an incident by hand.
pub async fn resolve(
    id: i64,
    by: &str,
    reason: &str,
    warehouse: &Warehouse,
    now: Option<DateTime<Utc>>,
) -> Result<()> {
    let session = schema::session(warehouse).await?;
    let now = moment(&session, now).await?;
    let resolved =
        session.execute(include_str!("sql/incident_resolve.sql"), &[&id, &now, &by, &reason]).await?;
    found(resolved, || format!("an unresolved incident with the number {id}"))
}

/// Which messages to send again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replay {
    /// That one.
    One(i64),
    /// All that are dead.
    Dead,
}

/// Sends messages again: the same bytes under the same Message-ID, which a mailbox that has them drops;
/// or, `as_new`, under another. A message that waits, after a failure or for the end of quiet hours, is due now.
/// Gives their numbers.
pub async fn replay(
    which: Replay,
    as_new: bool,
    policy: &Policy,
    warehouse: &Warehouse,
    now: Option<DateTime<Utc>>,
) -> Result<Vec<i64>> {
    let session = schema::session(warehouse).await?;
    let now = moment(&session, now).await?;
    let id = match which {
        Replay::One(id) => Some(id),
        Replay::Dead => None,
    };
    let expires = now + policy.give_up_after.delta();
    let sql = if as_new { include_str!("sql/replay_as_new.sql") } else { include_str!("sql/replay.sql") };
    let rows = session
        .query_typed(sql, &[(&id, Type::INT8), (&now, Type::TIMESTAMPTZ), (&expires, Type::TIMESTAMPTZ)])
        .await?;
    let ids = rows.iter().map(|row| Ok(get(row, 0)?)).collect::<Result<Vec<i64>>>()?;
    if let (Replay::One(id), true) = (which, ids.is_empty()) {
        return Err(Error::NotFound { what: no_replay(&session, id, as_new).await? });
    }
    Ok(ids)
}

/// Puts a test for a channel into the outbox.
pub async fn test_send(
    channel: &str,
    rules: &[Rule],
    policy: &Policy,
    warehouse: &Warehouse,
    now: Option<DateTime<Utc>>,
) -> Result<Vec<Planned>> {
    schema::prepare(warehouse).await?;
    let session = schema::session(warehouse).await?;
    let now = moment(&session, now).await?;
    let found = policy.channels.get(channel);
    let settings = found.ok_or_else(|| Error::NotFound { what: unknown_channel(channel, policy) })?;
    let mut letter = letter::test(channel, now, policy);
    letter.why = format!("You get this because you are behind the channel {channel} of alerts.yml.");
    let outbox = Outbox::open(&session, policy, None, now).await?;
    let rule = rules.first();
    let mut planned = Vec::new();
    for recipient in recipients(settings, rule) {
        let destination =
            Destination { route: "test", channel, recipient: &recipient, bypass_quiet_hours: true };
        planned.extend(outbox.put(&letter, destination, rule).await?);
    }
    Ok(planned)
}

/// Forgets the contents of messages that were done with that long ago; hashes and attempts stay. Gives
/// how many.
pub async fn purge(older_than: Span, warehouse: &Warehouse, now: Option<DateTime<Utc>>) -> Result<u64> {
    let session = schema::session(warehouse).await?;
    let now = moment(&session, now).await?;
    Ok(session
        .execute(
            "update alerting.outbox set payload = null
             where payload is not null and state in ('sent', 'dead', 'cancelled') and coalesce(sent_at, created_at) < $1",
            &[&(now - older_than.delta())],
        )
        .await?)
}

async fn moment(session: &Session, now: Option<DateTime<Utc>>) -> Result<DateTime<Utc>> {
    match now {
        Some(now) => Ok(now),
        None => schema::now(session).await,
    }
}

fn unknown_channel(channel: &str, policy: &Policy) -> String {
    let known: Vec<&str> = policy.channels.keys().map(String::as_str).collect();
    let hint = match nearest(channel, known.iter().copied()).first() {
        Some(best) => format!("did you mean `{best}`?"),
        None => format!("channels: {}", known.join(", ")),
    };
    format!("channel `{channel}` in alerts.yml\nhint: {hint}")
}

/// An open incident is wanted, and this one is none: in words that go on after "find".
async fn not_open(session: &Session, id: i64) -> Result<String> {
    let row = session
        .query_opt("select state, coalesce(acked_by, '') from alerting.incident where id = $1", &[&id])
        .await?;
    let Some(row) = row else { return Ok(format!("an incident with the number {id}")) };
    let (state, by): (String, String) = (get(&row, 0)?, get(&row, 1)?);
    Ok(match state.as_str() {
        "acked" => format!("incident {id} open: {} is on it already", crate::plain::plain(&by, 60)),
        _ => format!("incident {id} open: it is {state}"),
    })
}

/// A message is wanted that can be sent again, and this one cannot: in words that go on after "find".
async fn no_replay(session: &Session, id: i64, as_new: bool) -> Result<String> {
    let row =
        session.query_opt("select state, payload is null from alerting.outbox where id = $1", &[&id]).await?;
    let Some(row) = row else { return Ok(format!("a message with the number {id}")) };
    let (state, is_forgotten): (String, bool) = (get(&row, 0)?, get(&row, 1)?);
    Ok(match state.as_str() {
        _ if is_forgotten => format!("the contents of message {id}: they were forgotten after their time"),
        "ready" | "held" if as_new => {
            format!("message {id} done with: it still waits to be sent; without --as-new it is sent now")
        }
        _ => format!("message {id} at rest: it is being sent at this moment"),
    })
}

fn found(rows: u64, what: impl Fn() -> String) -> Result<()> {
    if rows == 0 { Err(Error::NotFound { what: what() }) } else { Ok(()) }
}
