//! What Postgres remembers of runs: `platform.runs` and `platform.node_results`.
//!
//! Only a database in which the platform keeps its state gets a record: a project that is merely run there, as
//! dbt would run it, finds no schema it did not ask for.

use chrono::{DateTime, NaiveDate, Utc};
use platform_core::{NodeResult, Status, UniqueId};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;
use warehouse::{Error, Session, get};

/// A run, as it is remembered.
#[derive(Clone, Debug)]
pub struct RunRecord {
    /// The invocation's id.
    pub run_id: Uuid,
    /// The verb: `build`.
    pub command: String,
    /// The command line.
    pub arguments: String,
    /// The project's name.
    pub project: String,
    /// The profile's target.
    pub target: String,
    /// Commit of the project, where it is a git repository.
    pub git_sha: Option<String>,
    /// Version of the platform.
    pub platform_version: &'static str,
    /// The business date that the run was for, where it had one.
    pub as_of: Option<NaiveDate>,
    /// When it began.
    pub started_at: DateTime<Utc>,
}

#[derive(Serialize)]
struct NodeRecord<'a> {
    unique_id: &'a UniqueId,
    resource_type: &'a str,
    status: &'a str,
    started_at: Option<&'a str>,
    finished_at: Option<&'a str>,
    seconds: f64,
    rows_affected: Option<i64>,
    failures: Option<i64>,
    relation_name: Option<&'a str>,
    thread: &'a str,
    message: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    sample: Vec<Vec<Option<String>>>,
}

/// Remembers a run that ended, with what became of its nodes. Two round trips; tells whether there is a place
/// to remember it in.
pub async fn record(session: &Session, run: &RunRecord, results: &[NodeResult]) -> Result<bool, Error> {
    let asked = session.query("select to_regclass('platform.node_results') is not null", &[]).await?;
    if !asked.first().map_or(Ok(false), |row| get(row, 0))? {
        return Ok(false);
    }
    let failures = results.iter().filter(|result| result.is_failure()).count();
    let nodes: Vec<NodeRecord<'_>> = results.iter().map(node).collect();
    let nodes = serde_json::to_value(&nodes).unwrap_or_default();
    let process = i32::try_from(std::process::id()).ok();
    let (count, failures) = (number(results.len()), number(failures));
    session
        .execute(
            include_str!("history.sql"),
            &[
                &run.run_id,
                &run.command,
                &run.arguments,
                &run.project,
                &run.target,
                &run.git_sha,
                &run.platform_version,
                &process,
                &run.as_of,
                &run.started_at,
                &outcome(results),
                &count,
                &failures,
                &nodes,
            ],
        )
        .await?;
    Ok(true)
}

fn number(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

fn outcome(results: &[NodeResult]) -> &'static str {
    if results.iter().any(NodeResult::is_failure) {
        "error"
    } else if results.iter().any(|result| result.status == Status::Warn) {
        "warn"
    } else {
        "success"
    }
}

fn node(result: &NodeResult) -> NodeRecord<'_> {
    let first = result.timing.iter().find_map(|phase| phase.started_at.as_deref());
    let last = result.timing.iter().rev().find_map(|phase| phase.completed_at.as_deref());
    NodeRecord {
        unique_id: &result.unique_id,
        resource_type: result.unique_id.resource_type().map_or("", platform_core::ResourceType::as_str),
        status: result.status.as_str(),
        started_at: first,
        finished_at: last,
        seconds: result.execution_time,
        rows_affected: result.adapter_response.get("rows_affected").and_then(Value::as_i64),
        failures: result.failures,
        relation_name: result.relation_name.as_deref(),
        thread: &result.thread_id,
        // Postgres keeps no NUL in jsonb.
        message: result.message.as_ref().map(|message| message.replace('\0', "\u{fffd}")),
        // Text of the database, which has none either.
        sample: result.sample.clone(),
    }
}
