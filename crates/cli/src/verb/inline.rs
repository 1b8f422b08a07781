//! A query of the command line as a node: `--inline`.

use crate::arguments::Inline;
use crate::arguments::verb::Compile;
use crate::artifact;
use crate::compiled_manifest;
use crate::database::{self, Database};
use crate::exit::{Exit, Stop};
use crate::interrupt::Interruption;
use crate::invocation::Invocation;
use crate::opening;
use crate::seeds;
use crate::state;
use crate::times;
use crate::verb::compile::show;
use crate::verb::nodes::results_file;
use platform_core::node_info::{self, Phase, working_on};
use platform_core::{Diagnostic, EventSink as _, Node, NodeResult, Resource, Status, UniqueId};
use project::Project;
use project::runtime::{Deferred, Runtime, RuntimeOptions, Slots, Stopwatch};
use serde_json::json;
use std::sync::Arc;

/// The query, if one was given; an empty one is none.
pub fn given(inline: &Inline) -> Option<&String> {
    let written = |query: &&String| !query.is_empty();
    inline.inline.as_ref().filter(written).or(inline.inline_direct.as_ref().filter(written))
}

/// Whether the query is taken as it is: it is no part of the project then, and leaves no artifacts.
pub fn is_direct(inline: &Inline) -> bool {
    inline.inline.as_ref().is_none_or(String::is_empty) && inline.inline_direct.is_some()
}

/// The query as a node: it may read everything. One that is taken as it is holds no template.
pub fn node(project: &Project, inline: &Inline) -> Result<Option<Node>, Stop> {
    let (raw, path) = match given(inline) {
        Some(sql) if is_direct(inline) => (format!("{{% raw %}}{sql}{{% endraw %}}"), ""),
        Some(sql) => (sql.clone(), "sql/inline_query"),
        None => return Ok(None),
    };
    let node = json!({
        "database": project.profile.database, "schema": project.profile.schema, "name": "inline_query",
        "resource_type": "sql_operation", "package_name": project.name(), "path": path,
        "original_file_path": "from remote system.sql",
        "unique_id": format!("sql_operation.{}.inline_query", project.name()),
        "fqn": [project.name(), "sql", "inline_query"], "alias": "inline_query", "config": {}, "raw_code": raw,
        "language": "sql",
    });
    serde_json::from_value(node).map(Some).map_err(|error| Stop::runtime(error.to_string()))
}

/// `dp compile --inline`
pub fn compile(invocation: &Invocation, arguments: &Compile) -> Result<Exit, Stop> {
    let project = invocation.read()?;
    let Some(node) = node(&project, &arguments.inline)? else { return Ok(Exit::Success) };
    artifact::write_manifest(invocation, &project)?;
    artifact::write_graph_summary(invocation, &project)?;
    opening::found(invocation, &project);
    opening::concurrency(invocation, &project, invocation.threads().unwrap_or(project.profile.threads), 1);
    let database = database::open_when(invocation, &project.profile, 2, invocation.opening())?;
    let file = results_file(invocation, &project);
    let (runtime, slots) = engine(invocation, project, &database, state::deferred(invocation)?, Vec::new())?;
    let connection = slots.connection(0)?;
    let phase = Phase::started();
    invocation.log.send(node_info::began(Resource::Node(&node), &phase));
    let working = working_on(Resource::Node(&node), &phase);
    let mut watch = Stopwatch::start();
    let done = runtime.begin_node(&node, &connection).and_then(|()| runtime.compile(&node, &connection));
    connection.rollback();
    drop(working);
    let result = match &done {
        Ok(compiled) => {
            let sql = &compiled.sql;
            watch.next("execute");
            show(invocation, &node.name, node.unique_id.as_str(), sql, arguments.inline.output, true);
            let mut result = NodeResult::new(node.unique_id.clone(), Status::Success, None);
            result.compiled = Some(true);
            result.compiled_code = Some(sql.clone());
            (result.timing, result.execution_time) = watch.stop();
            result
        }
        Err(error) => return Err(refused(&runtime, &node, error)),
    };
    compiled_manifest::write(invocation, &runtime, &compiled_manifest::of(&runtime))?;
    slots.close();
    let info = node_info::node_info(Resource::Node(&node), &phase.finished(result.status));
    invocation.log.send(node_info::ended(&node.unique_id, info, &result));
    file.add(&result);
    file.finish().map_err(|source| Stop::File {
        action: "write",
        path: "run_results.json".into(),
        source,
    })?;
    Ok(Exit::Success)
}

/// Why a query could not be compiled, or was refused by the database: no result tells of it.
pub fn refused(runtime: &Runtime, node: &Node, error: &project::runtime::materialize::Error) -> Stop {
    let failure = runtime.failure(Resource::Node(node), error);
    let (heading, message) = failure.message.split_once("\n  ").unwrap_or(("", &failure.message));
    if heading.starts_with("Database Error") {
        return Stop::runtime(failure.message);
    }
    let message = format!("Error parsing inline query\n  {message}");
    Stop::Project(vec![Diagnostic::error("R001", message).event(heading)])
}

/// An engine with one slot, for a command that runs one thing after the other; `selected` are the nodes it chose.
pub fn engine(
    invocation: &Invocation,
    project: Project,
    database: &Database,
    defer: Option<Deferred>,
    selected: Vec<UniqueId>,
) -> Result<(Runtime, Arc<Slots>), Stop> {
    let options = RuntimeOptions {
        empty: invocation.is_on("empty"),
        window: times::read(invocation)?.sample,
        defer,
        selected,
        invocation_args: invocation.result_arguments(),
    };
    let handle = database.runtime.handle().clone();
    let slots = Slots::new(database.warehouse.clone(), handle, invocation.log.clone(), 1);
    let slots = Arc::new(slots.opened(database.opening));
    let runtime = Runtime::new(project, Some(seeds::reader()), invocation.log.clone(), options);
    if runtime.deferred_manifest().is_some() {
        let connection = slots.connection(0)?;
        model_graph::prepare(&runtime, &connection, [])?;
    }
    Ok((runtime, slots))
}

/// Listens for an interruption of such a command.
pub fn listen(invocation: &Invocation, database: &Database, slots: &Arc<Slots>) -> Interruption {
    let (happened, cancelled) = (Arc::default(), Arc::default());
    Interruption::listen(
        database.runtime.handle(),
        slots.clone(),
        invocation.log.clone(),
        happened,
        cancelled,
    )
}
