//! Reminders: what nobody acknowledged is told again, and then to others.

use crate::letter::{self, Due, Facts};
use crate::outbox::{Destination, Outbox, Planned, recipients};
use crate::policy::Policy;
use crate::{Result, Rule, alert, schema, stale};
use chrono::{DateTime, NaiveDate, Utc};
use warehouse::{Row, Session, Warehouse, get};

/// Repeats and escalates what is due, as `alerts.yml` says; nothing where it says nothing.
pub async fn remind(
    rules: &[Rule],
    policy: &Policy,
    warehouse: &Warehouse,
    as_of: NaiveDate,
    now: Option<DateTime<Utc>>,
) -> Result<Vec<Planned>> {
    if policy.repeat.is_none() && policy.escalate.is_none() {
        return Ok(Vec::new());
    }
    schema::prepare(warehouse).await?;
    let session = schema::session(warehouse).await?;
    session.batch_execute("begin").await?;
    let result = remind_all(rules, policy, &session, as_of, now).await;
    if result.is_ok() {
        session.commit().await?;
    } else {
        session.rollback().await?;
    }
    result
}

async fn remind_all(
    rules: &[Rule],
    policy: &Policy,
    session: &Session,
    as_of: NaiveDate,
    now: Option<DateTime<Utc>>,
) -> Result<Vec<Planned>> {
    let now = match now {
        Some(now) => now,
        None => schema::now(session).await?,
    };
    let mut planned = Vec::new();
    for rule in rules {
        let facts = facts(rule, policy, as_of, now);
        planned.extend(repeat(session, &facts).await?);
        planned.extend(escalate(session, &facts).await?);
    }
    Ok(planned)
}

fn facts<'a>(rule: &'a Rule, policy: &'a Policy, as_of: NaiveDate, now: DateTime<Utc>) -> Facts<'a> {
    Facts {
        rule,
        policy,
        as_of,
        now,
        checked: 0,
        first_records: 0,
        below_floor: 0,
        missing: 0,
        silenced: Vec::new(),
        was_silenced: Vec::new(),
        settled: Vec::new(),
        mass_incident: None,
    }
}

async fn repeat(session: &Session, facts: &Facts<'_>) -> Result<Vec<Planned>> {
    let Some(repeat) = facts.policy.repeat else { return Ok(Vec::new()) };
    let before = facts.now - repeat.unacked_after.delta();
    let rows = session
        .query(
            include_str!("sql/remind_repeat.sql"),
            &[&facts.rule.id, &before, &i32::from(repeat.max), &facts.now],
        )
        .await?;
    let due = rows.iter().map(due).collect::<Result<Vec<_>>>()?;
    if due.is_empty() {
        return Ok(Vec::new());
    }
    let alerts = alert::newest(session, &incidents(&due)).await?;
    let letter = letter::reminder(facts, &due, &alerts, false);
    let outbox = Outbox::open(session, facts.policy, None, facts.now).await?;
    stale::send(&outbox, facts.policy, Some(facts.rule), letter).await
}

async fn escalate(session: &Session, facts: &Facts<'_>) -> Result<Vec<Planned>> {
    let Some(escalate) = &facts.policy.escalate else { return Ok(Vec::new()) };
    let before = facts.now - escalate.unacked_after.delta();
    let rows = session
        .query(include_str!("sql/remind_escalate.sql"), &[&facts.rule.id, &before, &facts.now])
        .await?;
    let due = rows.iter().map(due).collect::<Result<Vec<_>>>()?;
    let mut planned = Vec::new();
    if due.is_empty() {
        return Ok(planned);
    }
    let alerts = alert::newest(session, &incidents(&due)).await?;
    let mut letter = letter::reminder(facts, &due, &alerts, true);
    let outbox = Outbox::open(session, facts.policy, None, facts.now).await?;
    for name in &escalate.to {
        let Some(channel) = facts.policy.channels.get(name) else { continue };
        letter.why = format!("You get this because `escalate` of alerts.yml sends it to the channel {name}.");
        for recipient in recipients(channel, Some(facts.rule)) {
            let destination = Destination {
                route: "escalate",
                channel: name,
                recipient: &recipient,
                bypass_quiet_hours: false,
            };
            planned.extend(outbox.put(&letter, destination, Some(facts.rule)).await?);
        }
    }
    Ok(planned)
}

fn due(row: &Row) -> Result<Due> {
    Ok(Due { incident: get(row, 0)?, opened_at: get(row, 1)?, repeats: get(row, 2)? })
}

fn incidents(due: &[Due]) -> Vec<i64> {
    due.iter().map(|one| one.incident).collect()
}
