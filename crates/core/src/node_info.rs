//! `node_info` and `run_result` of events, as in dbt's structured logs
//! (<https://docs.getdbt.com/reference/events-logging#node_info>).

use crate::event::{Event, EventSink, Level};
use crate::resource::Resource;
use crate::results::{NodeResult, Status};
use crate::unique_id::UniqueId;
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value, json};
use std::cell::RefCell;
use std::sync::Arc;

/// Where a node stands: when it began, when it ended, its status.
#[derive(Clone, Debug)]
pub struct Phase {
    started: Option<DateTime<Utc>>,
    finished: Option<DateTime<Utc>>,
    status: String,
}

impl Phase {
    /// Not begun.
    pub fn none() -> Self {
        Self { started: None, finished: None, status: "None".to_owned() }
    }

    /// Begun now.
    pub fn started() -> Self {
        Self { started: Some(Utc::now()), finished: None, status: "started".to_owned() }
    }

    /// Ended as a result tells.
    pub fn of(result: &NodeResult) -> Self {
        let time = |text: &str| DateTime::parse_from_rfc3339(text).ok().map(|time| time.to_utc());
        let starts = result.timing.iter().filter_map(|timing| time(timing.started_at.as_deref()?));
        let ends = result.timing.iter().filter_map(|timing| time(timing.completed_at.as_deref()?));
        let (started, finished) = (starts.min(), ends.max());
        Self { started, finished, status: result.status.as_str().to_owned() }
    }

    /// Ended now.
    #[must_use]
    pub fn finished(&self, status: Status) -> Self {
        Self { started: self.started, finished: Some(Utc::now()), status: status.as_str().to_owned() }
    }
}

/// The facts of a node that every event about it carries.
pub fn node_info(resource: Resource<'_>, phase: &Phase) -> Arc<Value> {
    let stamp = |time: Option<DateTime<Utc>>| {
        time.map(|time| time.naive_utc().format("%Y-%m-%dT%H:%M:%S%.6f").to_string()).unwrap_or_default()
    };
    let node = resource.node();
    Arc::new(json!({
        "materialized": resource.config().materialized(),
        "meta": resource.config().meta().cloned().unwrap_or_default(),
        "node_checksum": node.map(|node| node.checksum.checksum.as_str()).unwrap_or_default(),
        "node_finished_at": stamp(phase.finished),
        "node_name": resource.name(),
        "node_path": resource.path(),
        "node_relation": relation(resource),
        "node_started_at": stamp(phase.started),
        "node_status": phase.status,
        "resource_type": resource.resource_type().as_str(),
        "unique_id": resource.unique_id().as_str(),
    }))
}

fn relation(resource: Resource<'_>) -> Value {
    let parts = |database: Option<&str>, schema: &str, alias: &str, name: Option<&str>| {
        json!({
            "alias": alias,
            "database": database.unwrap_or_default(),
            "relation_name": name.unwrap_or_default(),
            "schema": schema,
        })
    };
    match resource {
        Resource::Node(node) => {
            parts(node.database.as_deref(), &node.schema, &node.alias, node.relation_name.as_deref())
        }
        Resource::Source(source) => parts(
            source.database.as_deref(),
            &source.schema,
            &source.identifier,
            source.relation_name.as_deref(),
        ),
        Resource::UnitTest(test) => parts(None, test.schema.as_deref().unwrap_or_default(), "", None),
        _ => parts(None, "", "", None),
    }
}

/// Says that work on a node begins.
pub fn began(resource: Resource<'_>, phase: &Phase) -> Event {
    let message = format!("Began running node {}", resource.unique_id());
    Event::new(Level::Debug, "NodeStart", message).code("Q024").about(node_info(resource, phase))
}

/// Says that work on a node ended, with its facts as they are then.
pub fn ended(id: &UniqueId, info: Arc<Value>, result: &NodeResult) -> Event {
    Event::new(Level::Debug, "NodeFinished", format!("Finished running node {id}"))
        .code("Q025")
        .about(info)
        .with("run_result", run_result(result))
}

/// A node's result, as events carry it.
pub fn run_result(result: &NodeResult) -> Value {
    let mut fields = Map::new();
    fields.insert("adapter_response".into(), Value::Object(result.adapter_response.clone()));
    fields.insert("execution_time".into(), result.execution_time.into());
    fields.insert("message".into(), result.message.clone().unwrap_or_default().into());
    fields.insert("num_failures".into(), result.failures.unwrap_or_default().into());
    fields.insert("status".into(), result.status.as_str().into());
    fields.insert("thread".into(), result.thread_id.clone().into());
    fields.insert("timing_info".into(), json!(result.timing));
    Value::Object(fields)
}

/// A time as artifacts have it: UTC, RFC 3339 with microseconds and `Z`.
pub fn timestamp(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}

thread_local! {
    /// The node that this thread works on, and where it stands.
    static CURRENT: RefCell<Option<Arc<Value>>> = const { RefCell::new(None) };
}

/// What a thread does for a node.
#[derive(Clone, Copy, Debug)]
pub enum Stage {
    /// Its SQL is made.
    Compiling,
    /// Its statements are sent.
    Executing,
}

/// From here to the drop of what is returned, this thread works on a node: events of its templates and statements say so.
#[must_use]
pub fn working_on(resource: Resource<'_>, phase: &Phase) -> Working {
    Working(CURRENT.replace(Some(node_info(resource, phase))))
}

/// A thread's work on a node.
#[derive(Debug)]
pub struct Working(Option<Arc<Value>>);

impl Drop for Working {
    fn drop(&mut self) {
        CURRENT.set(self.0.take());
    }
}

/// The node that this thread works on comes to a stage; nothing where it works on another, as where an ephemeral model is
/// compiled for one that reads it.
pub fn enter(id: &UniqueId, stage: Stage, events: &dyn EventSink) {
    let (name, code, verb, status) = match stage {
        Stage::Compiling => ("NodeCompiling", "Q030", "compiling", "compiling"),
        Stage::Executing => ("NodeExecuting", "Q031", "executing", "executing"),
    };
    let entered = CURRENT.with_borrow_mut(|current| {
        let info =
            current.as_mut().filter(|it| it["unique_id"] == id.as_str() && it["node_status"] != status)?;
        Arc::make_mut(info)["node_status"] = status.into();
        Some(Arc::clone(info))
    });
    if let Some(info) = entered {
        let event = Event::new(Level::Debug, name, format!("Began {verb} node {id}")).code(code);
        events.send(event.about(info));
    }
}

/// The event with the node that this thread works on, if it works on one.
#[must_use]
pub fn about_current(event: Event) -> Event {
    match CURRENT.with_borrow(Clone::clone) {
        Some(info) => event.about(info),
        None => event,
    }
}
