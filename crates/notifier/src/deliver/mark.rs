//! Writing down what became of a message, in one statement.

use super::claim::Mine;
use crate::policy::{OnUnknown, Policy};
use crate::{Result, mail};
use chrono::{DateTime, TimeDelta, Utc};
use platform_core::channel::{Deferral, Delivery, Outcome, Rejection};
use sha2::{Digest, Sha256};
use warehouse::types::{ToSql, Type};
use warehouse::{Session, get};

/// Where a message ended up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Sent,
    Waits,
    Dead,
}

/// After so many failures in a row a channel is tried once a minute only.
const FAILURES: i32 = 5;

/// What is to be written.
struct Verdict {
    state: &'static str,
    attempt: &'static str,
    /// When to try again.
    wait: TimeDelta,
    /// Whether the fallback channel is told now.
    alarm: bool,
    /// Whether the channel failed: counts towards its circuit.
    failed: bool,
    /// Whether the circuit opens at once.
    open: bool,
    slower: bool,
}

/// Writes down the outcome of an attempt, within the caller's transaction.
pub(super) async fn mark(
    session: &Session,
    policy: &Policy,
    message: &Mine,
    outcome: &Outcome,
    now: Option<DateTime<Utc>>,
) -> Result<Fate> {
    let verdict = verdict(policy, message, outcome);
    let wait = outcome
        .retry_after
        .and_then(|wait| TimeDelta::from_std(wait).ok())
        .map_or(verdict.wait, |wait| wait.clamp(TimeDelta::seconds(1), TimeDelta::hours(1)));
    let code = outcome.code.map(i32::from);
    let parameters: [&(dyn ToSql + Sync); 16] = [
        &message.id,
        &message.attempt,
        &now,
        &verdict.state,
        &verdict.attempt,
        &outcome.phase.as_str(),
        &code,
        &outcome.reply,
        &wait.as_seconds_f64(),
        &verdict.alarm,
        &verdict.failed,
        &verdict.open,
        &verdict.slower,
        &outcome.remote_id,
        &FAILURES,
        &(outcome.delivery == Delivery::Misconfigured),
    ];
    let rows = session.query(include_str!("../sql/mark.sql"), &parameters).await?;
    let state: String = rows.first().map_or_else(|| Ok(String::new()), |row| get(row, 0))?;
    let fate = match state.as_str() {
        "sent" => Fate::Sent,
        "dead" => Fate::Dead,
        _ => Fate::Waits,
    };
    if fate == Fate::Dead && outcome.delivery == Delivery::Rejected(Rejection::Content) {
        send_plainer(session, policy, message, outcome, now).await?;
    }
    Ok(fate)
}

fn verdict(policy: &Policy, message: &Mine, outcome: &Outcome) -> Verdict {
    let waits = Verdict {
        state: "ready",
        attempt: "deferred",
        wait: backoff(message.attempts, message.id),
        alarm: false,
        failed: false,
        open: false,
        slower: false,
    };
    let dead = |attempt| Verdict { state: "dead", attempt, alarm: true, ..waits_again() };
    match outcome.delivery {
        Delivery::Accepted => Verdict { state: "sent", attempt: "accepted", ..waits },
        Delivery::Deferred(Deferral::Channel) => Verdict { failed: true, ..waits },
        Delivery::Deferred(Deferral::Message) => {
            // Greylisting wants a minute, then five.
            let wait = if message.attempts <= 1 { TimeDelta::seconds(60) } else { TimeDelta::minutes(5) };
            Verdict { wait: wait.max(if message.attempts > 3 { waits.wait } else { wait }), ..waits }
        }
        Delivery::Deferred(Deferral::Throttled) => Verdict { slower: true, ..waits },
        Delivery::Rejected(_) => dead("rejected"),
        Delivery::Misconfigured => Verdict {
            attempt: "misconfigured",
            wait: TimeDelta::minutes(1),
            alarm: true,
            open: true,
            ..waits
        },
        Delivery::Unknown => {
            let holds = policy
                .channels
                .get(&message.channel)
                .is_some_and(|channel| channel.on_unknown == OnUnknown::Hold);
            if holds { dead("unknown") } else { Verdict { attempt: "unknown", ..waits } }
        }
    }
}

fn waits_again() -> Verdict {
    Verdict {
        state: "ready",
        attempt: "deferred",
        wait: TimeDelta::zero(),
        alarm: false,
        failed: false,
        open: false,
        slower: false,
    }
}

/// 30 seconds, then 1, 2, 4, 8, 15 and 30 minutes, and 30 from then on; a fifth more or less, as the
/// message's number has it, so that not all come at once and a test can be repeated.
pub(super) fn backoff(attempts: i32, id: i64) -> TimeDelta {
    const SECONDS: [i64; 7] = [30, 60, 120, 240, 480, 900, 1800];
    let index = usize::try_from(attempts.max(1) - 1).unwrap_or(0).min(SECONDS.len() - 1);
    let hash = Sha256::digest(format!("{id}|{attempts}").as_bytes());
    let permille = 800 + i64::from(u16::from_be_bytes([hash[0], hash[1]])) * 400 / 65_535;
    TimeDelta::milliseconds(SECONDS[index] * permille)
}

/// A message whose contents were refused is dead; a short one without them is tried once.
async fn send_plainer(
    session: &Session,
    policy: &Policy,
    message: &Mine,
    outcome: &Outcome,
    now: Option<DateTime<Utc>>,
) -> Result<()> {
    let is_mail = policy.channels.get(&message.channel).is_some_and(crate::policy::Channel::is_mail);
    if !is_mail || message.message.dedupe_key.ends_with("|plain") {
        return Ok(());
    }
    let text = format!(
        "{}\n\nThe full message was refused by the mail server:\n{}\n\nSee it with: dp alerts show {}\n",
        message.subject, outcome.reply, message.id
    );
    let Some(payload) = mail::plainer(&message.message.payload, &text) else { return Ok(()) };
    let sha256 = hex::encode(Sha256::digest(&payload));
    session
        .query_typed(
            include_str!("../sql/outbox_plainer.sql"),
            &[
                (&message.id, Type::INT8),
                (&now, Type::TIMESTAMPTZ),
                (&payload, Type::BYTEA),
                (&sha256, Type::TEXT),
            ],
        )
        .await?;
    Ok(())
}

/// A channel that cannot be opened: its fallback is told of what waits; gives how many messages wait.
pub(super) async fn misconfigured(
    session: &Session,
    channel: &str,
    problem: &str,
    now: Option<DateTime<Utc>>,
) -> Result<i64> {
    let rows = session
        .query_typed(
            include_str!("../sql/channel_broken.sql"),
            &[(&channel, Type::TEXT), (&now, Type::TIMESTAMPTZ), (&problem, Type::TEXT)],
        )
        .await?;
    Ok(rows.first().map_or(Ok(0), |row| get(row, 0))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backoff_grows_to_half_an_hour_and_repeats() {
        let minutes: Vec<i64> = (1..12).map(|attempt| backoff(attempt, 7).num_seconds()).collect();
        for (seconds, plan) in minutes.iter().zip([30, 60, 120, 240, 480, 900, 1800, 1800, 1800]) {
            assert!((plan * 8 / 10..=plan * 12 / 10).contains(seconds), "{seconds} for {plan}");
        }
        assert_eq!(backoff(3, 7), backoff(3, 7));
        assert_ne!(backoff(3, 7), backoff(3, 8));
    }
}
