//! Failed runs: no alert on data that cannot be trusted, and a message that says so.

use crate::letter::{self, Failure, PipelineFailure};
use crate::outbox::{Outbox, Planned};
use crate::policy::Policy;
use crate::{Result, Rule, schema, stale};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use indexmap::IndexSet;
use platform_core::event::{Event, Level};
use platform_core::failing::{FailingTest, FailingTests};
use platform_core::results::{NodeResult, RunResults};
use platform_core::{EventSink, Graph, Manifest, ResourceType, Status, UniqueId};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use warehouse::{Session, Warehouse, get};

/// Incidents of the pipeline have this key; there is at most one alive.
const KEY: &str = "pipeline";
/// The same failure is told again after that long.
const AGAIN: TimeDelta = TimeDelta::hours(24);

/// What of a run keeps the rules from being evaluated: failures upstream of what they watch, and failed
/// error-severity tests of it. Nothing if the run can be trusted.
pub fn failures(
    manifest: &Manifest,
    results: &RunResults,
    failing: Option<&FailingTests>,
    rules: &[Rule],
    as_of: NaiveDate,
) -> Option<PipelineFailure> {
    let watched: IndexSet<UniqueId> =
        rules.iter().flat_map(|rule| &rule.depends_on).map(|id| UniqueId::new(id.as_str())).collect();
    let graph = Graph::of(manifest);
    let mut upstream = graph.ancestors(&watched, None);
    upstream.extend(watched);
    let matters =
        |id: &UniqueId| upstream.contains(id) || graph.parents(id).any(|parent| upstream.contains(parent));
    let failed: Vec<Failure> = results
        .results
        .iter()
        .filter(|result| result.is_failure() && matters(&result.unique_id))
        .map(|result| failure(manifest, result, failing.and_then(|it| it.find(results, &result.unique_id))))
        .collect();
    let skipped = results.results.iter().filter(|result| result.status == Status::Skipped).count();
    (!failed.is_empty()).then_some(PipelineFailure {
        as_of,
        failures: failed,
        skipped,
        consequence: String::new(),
    })
}

/// One failed node, with its file and its owner. A test that has none is the matter of what it tests.
pub fn failure(manifest: &Manifest, result: &NodeResult, test: Option<&FailingTest>) -> Failure {
    let id = &result.unique_id;
    let node = manifest.nodes.get(id);
    let source = manifest.sources.get(id);
    let unit_test = manifest.unit_tests.get(id);
    let file = node
        .map(|node| node.original_file_path.clone())
        .or_else(|| source.map(|source| source.original_file_path.clone()))
        .or_else(|| unit_test.map(|test| test.original_file_path.clone()));
    let tested = node
        .and_then(|node| node.only.attached_node.clone().or_else(|| node.depends_on.nodes.first().cloned()))
        .or_else(|| unit_test.and_then(|test| test.tested_node_unique_id.clone()))
        .filter(|_| matches!(id.resource_type(), Some(ResourceType::Test | ResourceType::UnitTest)));
    Failure {
        node: id.to_string(),
        what: id.resource_type().map_or("node", platform_core::ResourceType::as_str).to_owned(),
        message: result.message.clone().unwrap_or_else(|| result.status.as_str().to_owned()),
        line: result.message.as_deref().and_then(line_of),
        file,
        owner: owner(manifest, id).or_else(|| owner(manifest, tested.as_ref()?)),
        test: test.cloned().map(Box::new),
    }
}

/// `meta.owner` of a node or source, else the owner of its group.
fn owner(manifest: &Manifest, id: &UniqueId) -> Option<String> {
    let node = manifest.nodes.get(id).map(|node| &node.config);
    let config = node.or_else(|| manifest.sources.get(id).map(|source| &source.config))?;
    let group = || {
        let name = config.text("group")?;
        let group = manifest.groups.values().find(|group| group.name == name)?;
        Some(Value::Object(group.owner.clone()))
    };
    config.meta().and_then(|meta| meta.get("owner")).cloned().or_else(group).as_ref().and_then(owner_words)
}

/// `Data Team` of a text, `Data Team <data@example.com>` of a mapping.
fn owner_words(owner: &Value) -> Option<String> {
    if let Some(text) = owner.as_str() {
        return Some(text.to_owned());
    }
    let word = |key: &str| owner.get(key).and_then(Value::as_str);
    match (word("name"), word("email")) {
        (Some(name), Some(email)) => Some(format!("{name} <{email}>")),
        (one, other) => one.or(other).map(str::to_owned),
    }
}

/// The number after `line `, as error texts have it.
fn line_of(message: &str) -> Option<u32> {
    let after = message.split("line ").nth(1)?;
    let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// A run failed: one message, again every 24 hours while it stays so, and at once if something else fails.
pub async fn report_failure(
    failure: &PipelineFailure,
    policy: &Policy,
    warehouse: &Warehouse,
    events: &dyn EventSink,
) -> Result<Vec<Planned>> {
    report_failure_at(failure, policy, warehouse, events, None).await
}

/// [`report_failure`] at a given time.
pub async fn report_failure_at(
    failure: &PipelineFailure,
    policy: &Policy,
    warehouse: &Warehouse,
    events: &dyn EventSink,
    now: Option<DateTime<Utc>>,
) -> Result<Vec<Planned>> {
    schema::prepare(warehouse).await?;
    let session = schema::session(warehouse).await?;
    session.batch_execute("begin").await?;
    let result = report(failure, policy, &session, now).await;
    if result.is_ok() {
        session.commit().await?;
    } else {
        session.rollback().await?;
    }
    result.inspect(|planned| tell(events, planned))
}

/// A run succeeded: if people were told of a failure, they are told once that it is over. [`crate::evaluate`]
/// does the same, so this is for runs after which nothing is evaluated.
pub async fn report_recovery(
    as_of: NaiveDate,
    policy: &Policy,
    warehouse: &Warehouse,
    events: &dyn EventSink,
) -> Result<Vec<Planned>> {
    schema::prepare(warehouse).await?;
    let session = schema::session(warehouse).await?;
    session.batch_execute("begin").await?;
    let now = schema::now(&session).await?;
    let result = recover(&session, policy, as_of, now).await;
    if result.is_ok() {
        session.commit().await?;
    } else {
        session.rollback().await?;
    }
    result.inspect(|planned| tell(events, planned))
}

fn tell(events: &dyn EventSink, planned: &[Planned]) {
    for message in planned {
        let words = format!("{} message {} for {}", message.kind, message.id, message.channel);
        events.send(Event::new(Level::Info, "AlertPlanned", words));
    }
}

async fn report(
    failure: &PipelineFailure,
    policy: &Policy,
    session: &Session,
    now: Option<DateTime<Utc>>,
) -> Result<Vec<Planned>> {
    // One reporter at a time, so that two runs that fail at once are one message.
    session.query_one("select pg_advisory_xact_lock($1)", &[&schema::lock::PIPELINE]).await?;
    let now = match now {
        Some(now) => now,
        None => schema::now(session).await?,
    };
    let fingerprint = hex::encode(Sha256::digest(failure.fingerprint().as_bytes()));
    let row = session
        .query_one(
            include_str!("sql/incident_trouble.sql"),
            &[
                &KEY,
                &KEY,
                &KEY,
                &failure.as_of,
                &now,
                &json!({"failed": fingerprint, "owners": failure.owners()}),
            ],
        )
        .await?;
    let (incident, is_new, repeats): (i64, bool, i32) = (get(&row, 0)?, get(&row, 1)?, get(&row, 2)?);
    let told_at: Option<DateTime<Utc>> = get(&row, 3)?;
    let before: Option<Value> = get(&row, 4)?;
    let same =
        before.as_ref().and_then(|detail| detail.get("failed")?.as_str()) == Some(fingerprint.as_str());
    let due = told_at.is_none_or(|told_at| now - told_at >= AGAIN);
    if !is_new && same && !due {
        return Ok(Vec::new());
    }
    let mut letter = letter::pipeline(failure, if same { repeats + 1 } else { 0 }, now, policy);
    letter.identity = format!("{incident}|{fingerprint}|{}", now.timestamp_micros());
    letter.incidents = vec![incident];
    let outbox = Outbox::open(session, policy, None, now).await?;
    let planned = stale::send(&outbox, policy, None, letter).await?;
    session
        .execute(
            "update alerting.incident set told_at = $2, repeats = $3 where id = $1",
            &[&incident, &now, &(if is_new || !same { 0 } else { repeats + 1 })],
        )
        .await?;
    Ok(planned)
}

/// A run succeeded: if people were told of a failure, they are told that it is over.
pub(crate) async fn recover(
    session: &Session,
    policy: &Policy,
    as_of: NaiveDate,
    now: DateTime<Utc>,
) -> Result<Vec<Planned>> {
    let row = session.query_opt(include_str!("sql/incident_recover.sql"), &[&KEY, &now]).await?;
    let Some(row) = row else { return Ok(Vec::new()) };
    let since: DateTime<Utc> = get(&row, 0)?;
    let mut letter = letter::recovered("the data run succeeds again", KEY, since, as_of, now, policy);
    let detail: Value = get(&row, 1)?;
    let owners = detail.get("owners").and_then(Value::as_array).into_iter().flatten();
    letter.owners = owners.filter_map(Value::as_str).map(str::to_owned).collect();
    let outbox = Outbox::open(session, policy, None, now).await?;
    stale::send(&outbox, policy, None, letter).await
}
