//! Missing data: silence must mean that nothing moved, so silence of the source is an alert.

use crate::Result;
use crate::evaluate::{Counts, RuleReport, RuleStatus, Run, remember};
use crate::letter::{self, Kind, Letter};
use crate::outbox::{Destination, Outbox, Planned, recipients};
use crate::plan;
use crate::policy::{Policy, Subject, local_instant};
use crate::rule::Rule;
use chrono::{DateTime, NaiveDate, Utc};
use warehouse::get;

/// Nobody has a record of the day: it may be early, or it is stale and one message says so.
pub(crate) async fn report(run: &Run<'_>, since: NaiveDate) -> Result<RuleReport> {
    let deadline = run.rule.freshness.deadline;
    let due = deadline.and_then(|time| local_instant(run.policy.timezone, run.as_of, time));
    let mut report = RuleReport {
        rule: run.rule.id.clone(),
        status: RuleStatus::Waiting,
        checked: 0,
        alerts: 0,
        bad_data: 0,
        missing: 0,
        withdrawn: 0,
        silent: 0,
        silenced: 0,
        messages: Vec::new(),
    };
    if due.is_none_or(|due| due <= run.now) {
        report.status = RuleStatus::Stale;
        open(run).await?;
        let last = newest_day(run).await?;
        let letter = letter::stale(run.rule, last, run.as_of, run.now, run.policy);
        report.messages = tell(run, letter).await?;
    }
    remember(run, since, report.status, &Counts::default()).await?;
    Ok(report)
}

/// The records came after all: closes the incident, and says so if it was told.
pub(crate) async fn recover(run: &Run<'_>) -> Result<()> {
    let key = format!("{}|stale", run.rule.id);
    let row = run.session.query_opt(include_str!("sql/incident_recover.sql"), &[&key, &run.now]).await?;
    let Some(row) = row else { return Ok(()) };
    let since: DateTime<Utc> = get(&row, 0)?;
    let mut letter =
        letter::recovered("the day's data has come", &key, since, run.as_of, run.now, run.policy);
    letter.owners = run.rule.owner.iter().filter_map(|owner| owner.email.clone()).collect();
    tell(run, letter).await?;
    Ok(())
}

/// Nothing to tell, and that is told: once a day.
pub(crate) async fn all_quiet(run: &Run<'_>, checked: i64) -> Result<Vec<Planned>> {
    tell(run, letter::heartbeat(run.rule, run.as_of, checked, run.now, run.policy)).await
}

async fn open(run: &Run<'_>) -> Result<()> {
    let key = format!("{}|stale", run.rule.id);
    run.session
        .execute(
            include_str!("sql/incident_trouble.sql"),
            &[&key, &run.rule.id, &Kind::Stale.as_str(), &run.as_of, &run.now, &serde_json::json!({})],
        )
        .await?;
    Ok(())
}

async fn newest_day(run: &Run<'_>) -> Result<Option<NaiveDate>> {
    let names = crate::source::Names::read(run.session, run.rule).await?;
    let sql = format!(
        "select max(({date})::date) from {relation} where ({date})::date < $1",
        date = names.date,
        relation = names.relation
    );
    Ok(get(&run.session.query_one(&sql, &[&run.as_of]).await?, 0)?)
}

async fn tell(run: &Run<'_>, letter: Letter) -> Result<Vec<Planned>> {
    let outbox = Outbox::open(run.session, run.policy, Some(run.id), run.now).await?;
    send(&outbox, run.policy, Some(run.rule), letter).await
}

/// Sends a letter that is about no customer by the route of its kind.
pub(crate) async fn send(
    outbox: &Outbox<'_>,
    policy: &Policy,
    rule: Option<&Rule>,
    mut letter: Letter,
) -> Result<Vec<Planned>> {
    let kind = letter.kind.unwrap_or(Kind::Digest).as_str();
    // That something is mended goes to those who heard that it was broken.
    let message = match (kind, letter.event.as_str()) {
        ("recovered", "pipeline") => "pipeline",
        ("recovered", _) => "stale",
        (kind, _) => kind,
    };
    let subject = Subject { rule: rule.map_or("", |rule| &rule.id), message, ..Subject::default() };
    let mut planned = Vec::new();
    let Some(route) = policy.route(subject) else { return Ok(planned) };
    for name in &route.to {
        let Some(channel) = policy.channels.get(name) else { continue };
        letter.why = plan::why(&route.id, name);
        let mut people = recipients(channel, rule);
        if route.owners && channel.is_mail() {
            let others = letter.owners.iter().filter(|owner| !people.contains(owner));
            people.extend(others.cloned().collect::<Vec<_>>());
        }
        for recipient in people {
            let destination = Destination {
                route: &route.id,
                channel: name,
                recipient: &recipient,
                bypass_quiet_hours: route.bypass_quiet_hours,
            };
            planned.extend(outbox.put(&letter, destination, rule).await?);
        }
    }
    Ok(planned)
}
