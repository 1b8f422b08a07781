//! Planning: which alerts go into which message, to whom.
//!
//! An alert is in exactly one message for each channel and recipient. A message that nobody tried to send
//! yet may be taken back and written anew.

use crate::alert::{self, Alert};
use crate::evaluate::{Counts, Run};
use crate::letter::{self, Facts, Kind, Letter};
use crate::outbox::{Destination, Outbox, Planned, recipients};
use crate::policy::{Mode, Route, Subject};
use crate::{Error, Result};
use indexmap::IndexMap;
use platform_core::event::{Event, Level};
use std::collections::{BTreeMap, BTreeSet};
use warehouse::get;

/// Alerts of one route.
struct Batch<'a> {
    route: &'a Route,
    alerts: Vec<&'a Alert>,
}

/// Takes back messages that nobody tried to send: those with an alert that is not so any more or that a
/// silence covers, and those that are held while there is more to say.
pub(crate) async fn take_back(run: &Run<'_>) -> Result<()> {
    run.session.execute(include_str!("sql/take_back.sql"), &[&run.rule.id, &run.now, &run.found_by]).await?;
    Ok(())
}

/// Writes the messages for every alert that waits for one.
pub(crate) async fn plan(run: &Run<'_>, counts: &Counts, settled: &[String]) -> Result<Vec<Planned>> {
    let alerts = alert::pending(run.session, run.rule, run.found_by).await?;
    // A correction of what nobody was told is no news.
    let alerts: Vec<Alert> =
        alerts.into_iter().filter(|alert| !alert.is_withdrawal() || alert.corrects().is_some()).collect();
    let mut planned = Vec::new();
    if !alerts.is_empty() {
        let mut facts = facts(run, counts, settled).await?;
        let told = assigned(run, &alerts).await?;
        let mut outbox = Outbox::open(run.session, run.policy, Some(run.id), run.now).await?;
        outbox.dry_run = run.dry_run;
        let mass = is_mass(run, counts, &alerts);
        if mass {
            facts.mass_incident = Some(open_mass_incident(run, &alerts).await?);
        }
        for batch in batches(run, &alerts, mass)? {
            send_batch(run, &outbox, &facts, &batch, mass, &told, &mut planned).await?;
        }
        mark_summarized(run).await?;
    }
    run.session
        .execute(
            "update alerting.evaluation set planned_at = $2 where rule_id = $1 and planned_at is null",
            &[&run.rule.id, &run.now],
        )
        .await?;
    Ok(planned)
}

/// Many at once are one event: that many and that share of those checked, or that many in all.
fn is_mass(run: &Run<'_>, counts: &Counts, alerts: &[Alert]) -> bool {
    let organizations: BTreeSet<&str> = alerts
        .iter()
        .filter(|alert| !alert.is_withdrawal())
        .map(|alert| alert.organization.as_str())
        .collect();
    let number = i64::try_from(organizations.len()).unwrap_or(i64::MAX);
    let mass = &run.rule.mass_change;
    let share = rust_decimal::Decimal::from(counts.checked.max(1)) * mass.ratio.fraction();
    number > i64::from(mass.hard_cap)
        || (number >= i64::from(mass.min_count) && rust_decimal::Decimal::from(number) >= share)
}

/// Alerts by route, in the routes' order.
fn batches<'a>(run: &Run<'a>, alerts: &'a [Alert], mass: bool) -> Result<Vec<Batch<'a>>> {
    let mut batches: IndexMap<&str, Batch<'a>> = IndexMap::new();
    for route in &run.policy.routes {
        batches.insert(&route.id, Batch { route, alerts: Vec::new() });
    }
    for alert in alerts {
        let subject = Subject {
            rule: &run.rule.id,
            message: match (mass, alert.outcome.as_str()) {
                (true, _) => "mass_change",
                (false, "withdrawn") => "correction",
                (false, _) => "alert",
            },
            // One mass change is one message: what each customer did doesn't part it.
            kind: if mass { "" } else { alert.kind.as_deref().unwrap_or(&alert.outcome) },
            segment: alert.segment.as_deref().filter(|_| !mass),
            organization: Some(alert.organization.as_str()).filter(|_| !mass),
        };
        let route = run
            .policy
            .route(subject)
            .ok_or_else(|| Error::NotFound { what: "a route that matches every alert".to_owned() })?;
        if let Some(batch) = batches.get_mut(route.id.as_str()) {
            batch.alerts.push(alert);
        }
    }
    Ok(batches.into_values().filter(|batch| !batch.alerts.is_empty()).collect())
}

async fn send_batch(
    run: &Run<'_>,
    outbox: &Outbox<'_>,
    facts: &Facts<'_>,
    batch: &Batch<'_>,
    mass: bool,
    told: &BTreeSet<(i64, String, String)>,
    planned: &mut Vec<Planned>,
) -> Result<()> {
    for name in &batch.route.to {
        let channel = run
            .policy
            .channels
            .get(name)
            .ok_or_else(|| Error::NotFound { what: format!("channel `{name}`") })?;
        for recipient in recipients(channel, Some(run.rule)) {
            let untold = |alert: &&&Alert| !told.contains(&(alert.id, name.clone(), recipient.clone()));
            let alerts: Vec<&Alert> = batch.alerts.iter().filter(untold).copied().collect();
            for mut letter in letters(facts, &alerts, batch.route.mode, mass) {
                letter.why = why(&batch.route.id, name);
                let destination = Destination {
                    route: &batch.route.id,
                    channel: name,
                    recipient: &recipient,
                    bypass_quiet_hours: batch.route.bypass_quiet_hours,
                };
                let Some(message) = outbox.put(&letter, destination, Some(run.rule)).await? else { continue };
                assign(run, &letter, &message).await?;
                run.events.send(
                    Event::new(Level::Info, "AlertPlanned", format!("message {} for {name}", message.id))
                        .with("alerts", letter.evaluations.len()),
                );
                planned.push(message);
            }
        }
    }
    Ok(())
}

/// Why the reader gets it.
pub(crate) fn why(route: &str, channel: &str) -> String {
    format!("You get this because the route {route} of alerts.yml sends it to the channel {channel}.")
}

/// The letters for one recipient.
fn letters(facts: &Facts<'_>, alerts: &[&Alert], mode: Mode, mass: bool) -> Vec<Letter> {
    if alerts.is_empty() {
        return Vec::new();
    }
    if mode == Mode::Thread && !mass {
        let mut each: BTreeMap<&str, Vec<&Alert>> = BTreeMap::new();
        for alert in alerts {
            each.entry(&alert.organization).or_default().push(alert);
        }
        return each.values().map(|alerts| letter::thread(facts, alerts)).collect();
    }
    if alerts.iter().all(|alert| alert.is_withdrawal()) {
        return vec![letter::correction_only(facts, alerts)];
    }
    vec![letter::changes(facts, alerts, mass)]
}

/// Who was told of these alerts already.
async fn assigned(run: &Run<'_>, alerts: &[Alert]) -> Result<BTreeSet<(i64, String, String)>> {
    let ids: Vec<i64> = alerts.iter().map(|alert| alert.id).collect();
    let rows = run
        .session
        .query(
            "select outbox_alert.evaluation_id, outbox_alert.channel, outbox_alert.recipient
             from alerting.outbox_alert join alerting.outbox on outbox.id = outbox_alert.outbox_id
             where outbox_alert.evaluation_id = any ($1) and outbox.state <> 'cancelled'",
            &[&ids],
        )
        .await?;
    rows.iter().map(|row| Ok((get(row, 0)?, get(row, 1)?, get(row, 2)?))).collect()
}

/// Notes which message tells of which alerts.
async fn assign(run: &Run<'_>, letter: &Letter, message: &Planned) -> Result<()> {
    run.session
        .execute(
            include_str!("sql/assign.sql"),
            &[
                &message.channel,
                &message.recipient,
                &letter.evaluations,
                &message.id,
                &run.now,
                &letter.incidents,
            ],
        )
        .await?;
    Ok(())
}

/// One incident above those of a mass change.
async fn open_mass_incident(run: &Run<'_>, alerts: &[Alert]) -> Result<i64> {
    let incidents: Vec<i64> = alerts.iter().filter_map(|alert| alert.incident).collect();
    let key = format!("{}|{}|{}", run.rule.id, Kind::MassChange.as_str(), run.as_of);
    let row = run
        .session
        .query_one(
            include_str!("sql/incident_mass.sql"),
            &[&key, &run.rule.id, &run.as_of, &run.now, &incidents],
        )
        .await?;
    Ok(get(&row, 0)?)
}

/// What stands around the alerts.
async fn facts<'a>(run: &Run<'a>, counts: &Counts, settled: &[String]) -> Result<Facts<'a>> {
    let rows = run.session.query(include_str!("sql/silenced.sql"), &[&run.rule.id, &run.now]).await?;
    let (mut silenced, mut was_silenced) = (Vec::new(), Vec::new());
    for row in &rows {
        let name = crate::plain::plain(&get::<String>(row, 0)?, crate::plain::NAME);
        if get(row, 1)? { silenced.push(name) } else { was_silenced.push(name) }
    }
    let settled = settled.iter().map(|name| crate::plain::plain(name, crate::plain::NAME)).collect();
    Ok(Facts {
        rule: run.rule,
        policy: run.policy,
        as_of: run.as_of,
        now: run.now,
        checked: counts.checked,
        first_records: counts.first_records,
        below_floor: counts.below_floor,
        missing: counts.missing,
        silenced,
        was_silenced,
        settled,
        mass_incident: None,
    })
}

/// What a digest said of ended silences is said.
async fn mark_summarized(run: &Run<'_>) -> Result<()> {
    run.session.execute(include_str!("sql/summarized.sql"), &[&run.rule.id, &run.now]).await?;
    Ok(())
}
