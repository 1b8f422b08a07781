//! `dp run-operation`, `dp show`.

use crate::arguments::Output;
use crate::arguments::verb::{RunOperation, Show};
use crate::artifact;
use crate::choice::{self, Request};
use crate::closing;
use crate::compiled_manifest;
use crate::database;
use crate::exit::{Exit, Stop};
use crate::flags;
use crate::invocation::Invocation;
use crate::opening;
use crate::report;
use crate::state;
use crate::verb::inline::{self, engine};
use crate::verb::nodes::{head, results_file, some_threads};
use model_graph::ResultsFile;
use platform_core::event::Level;
use platform_core::node_info::{self, Phase, working_on};
use platform_core::{EventSink as _, Node, NodeResult, Resource, ResourceType, Status, UniqueId};
use project::Project;
use project::runtime::Stopwatch;
use project::runtime::results::Value;
use project::runtime::table::{Drawing, Table};
use serde_json::json;
use std::collections::BTreeMap;

/// Runs a macro.
pub fn run_operation(invocation: &Invocation, arguments: &RunOperation) -> Result<Exit, Stop> {
    let project = invocation.read()?;
    let keywords = flags::yaml_map("--args", arguments.args.as_deref())?;
    let database = database::open(invocation, &project.profile, 2)?;
    let id = macro_id(&project, &arguments.macro_name);
    let known = project.manifest.macros.contains_key(&id);
    artifact::write_manifest(invocation, &project)?;
    artifact::write_graph_summary(invocation, &project)?;
    opening::found(invocation, &project);
    let file = results_file(invocation, &project);
    // As in dbt, an operation defers to nothing.
    let (runtime, slots) = engine(invocation, project, &database, None, Vec::new())?;
    let connection = slots.connection(0)?;
    let values: Vec<(String, Value)> = keywords
        .iter()
        .map(|(key, value)| (key.clone(), project::runtime::results::from_json(value)))
        .collect();
    let keywords: Vec<(&str, Value)> =
        values.iter().map(|(key, value)| (key.as_str(), value.clone())).collect();
    let mut watch = Stopwatch::start();
    watch.next("execute");
    let interruption = inline::listen(invocation, &database, &slots);
    let done = runtime.run_operation(&id, &arguments.macro_name, &keywords, &connection);
    connection.rollback();
    let (timing, execution_time) = watch.stop();
    let mut result = match &done {
        Ok(_) => {
            let mut result = NodeResult::new(id.clone(), Status::Success, None);
            result.failures = Some(0);
            result
        }
        Err(error) => {
            let failure = runtime.operation_failure(&id, error);
            let heading = failure.event.as_deref().unwrap_or_default();
            let message = format!("{heading}\n  {}", failure.message.replace('\n', "\n  "));
            let place = report::place(&failure, true);
            let text = format!("Encountered an error while running operation: {message}{place}");
            let facts = json!({"exc": message});
            invocation.tell(Level::Error, "RunningOperationCaughtError", "Q001", text, facts);
            if !known {
                return Err(unknown_macro(&arguments.macro_name));
            }
            // As in dbt, what it said stands in the log alone.
            let mut result = NodeResult::new(id.clone(), Status::Error, None);
            result.failures = Some(1);
            result
        }
    };
    (result.timing, result.execution_time) = (timing, execution_time);
    result.compiled = Some(false);
    "MainThread".clone_into(&mut result.thread_id);
    file.add(&result);
    finish(&file)?;
    Ok(interruption.exit().unwrap_or(if done.is_ok() { Exit::Success } else { Exit::Failure }))
}

/// The macro that a name means: the package's own, else the project's, else that of another package, else ours.
fn macro_id(project: &Project, name: &str) -> UniqueId {
    let id = |package: &str, name: &str| UniqueId::new(format!("macro.{package}.{name}"));
    if let Some((package, name)) = name.split_once('.') {
        return id(package, name);
    }
    let packages = project.packages.keys().map(String::as_str).chain(["dbt_postgres", "dbt"]);
    let ids = packages.map(|package| id(package, name));
    let known = ids.into_iter().find(|id| project.manifest.macros.contains_key(id));
    known.unwrap_or_else(|| id(project.name(), name))
}

fn unknown_macro(name: &str) -> Stop {
    let name = name.rsplit('.').next().unwrap_or(name);
    Stop::compilation(format!(
        "dbt could not find a macro with the name '{name}' in any package. This can happen when calling a macro that does \
         not exist. Check for typos and/or install package dependencies with \"dbt deps\"."
    ))
}

/// Shows the first rows of nodes, or of a query.
pub fn show(invocation: &Invocation, arguments: &Show) -> Result<Exit, Stop> {
    let project = invocation.read()?;
    let nodes: Vec<Node> = match inline::node(&project, &arguments.inline)? {
        Some(node) => vec![node],
        None if arguments.selection.select.is_empty() && arguments.selection.selector.is_none() => {
            return Err(Stop::runtime("Either --select or --inline must be passed to show"));
        }
        None => {
            let request = Request::of(&arguments.selection);
            let shown = [
                ResourceType::Model,
                ResourceType::Seed,
                ResourceType::Test,
                ResourceType::Analysis,
                ResourceType::Snapshot,
                ResourceType::Function,
            ];
            let ids = choice::choose(invocation, &project, &request, |kind| shown.contains(&kind))?;
            ids.iter().filter_map(|id| project.manifest.node(id).cloned()).collect()
        }
    };
    // As in dbt, a query that is taken as it is has no limit of none, and leaves no artifacts.
    let is_direct = inline::is_direct(&arguments.inline);
    let file = if is_direct {
        ResultsFile::new(None, head(invocation))
    } else {
        artifact::write_manifest(invocation, &project)?;
        artifact::write_graph_summary(invocation, &project)?;
        opening::found(invocation, &project);
        results_file(invocation, &project)
    };
    if nodes.is_empty() {
        invocation.nothing_to_do()?;
        finish(&file)?;
        return Ok(Exit::Success);
    }
    let threads = invocation.threads().unwrap_or(project.profile.threads);
    some_threads(threads)?;
    opening::concurrency(invocation, &project, threads, nodes.len());
    let limit = u64::try_from(arguments.limit).ok().filter(|limit| *limit > 0 || !is_direct);
    let database = database::open(invocation, &project.profile, 2)?;
    let defer = state::deferred(invocation)?;
    let selected = nodes.iter().filter(|node| node.resource_type != ResourceType::SqlOperation);
    let selected = selected.map(|node| node.unique_id.clone()).collect();
    let (runtime, slots) = engine(invocation, project, &database, defer, selected)?;
    let connection = slots.connection(0)?;
    // The tests that come with a node are run; only their own selection shows them. Of several nodes, those that the
    // selection names are shown, if it names any.
    let is_test = |node: &Node| node.resource_type == ResourceType::Test;
    let shows_tests = nodes.iter().all(is_test);
    let request = Request::of(&arguments.selection);
    let names_some = nodes.iter().any(|node| request.names(&node.name));
    let interruption = inline::listen(invocation, &database, &slots);
    let (mut limited, mut results) = (BTreeMap::new(), Vec::with_capacity(nodes.len()));
    let is_shown = |node: &Node| {
        (shows_tests || !is_test(node)) && (!names_some || request.names(&node.name) || shows_tests)
    };
    for node in &nodes {
        let phase = Phase::started();
        invocation.log.send(node_info::began(Resource::Node(node), &phase));
        let _working = working_on(Resource::Node(node), &phase);
        let mut watch = Stopwatch::start();
        watch.next("execute");
        let mut result = match runtime.show(node, limit, &connection) {
            Ok(shown) => {
                let mut result = NodeResult::new(node.unique_id.clone(), Status::Success, None);
                result.compiled = Some(true);
                limited.insert(&node.unique_id, shown.sql.clone());
                result.compiled_code = Some(shown.sql);
                result.adapter_response = shown.response.to_json();
                result.adapter_response.insert("query_id".to_owned(), serde_json::Value::Null);
                if is_shown(node) {
                    tell(invocation, node, shown.rows, arguments.inline.output);
                }
                result
            }
            Err(error) if interruption.happened() => {
                let failure = runtime.failure(Resource::Node(node), &error);
                invocation.say(Level::Error, "RunResultError", "Q035", failure.message);
                return Ok(interruption.exit().unwrap_or(Exit::Code(2)));
            }
            Err(error) if node.resource_type == ResourceType::SqlOperation => {
                return Err(inline::refused(&runtime, node, &error));
            }
            Err(error) => return Err(Stop::runtime(runtime.failure(Resource::Node(node), &error).message)),
        };
        (result.timing, result.execution_time) = watch.stop();
        result.relation_name.clone_from(&node.relation_name);
        let info = node_info::node_info(Resource::Node(node), &phase.finished(result.status));
        invocation.log.send(node_info::ended(&node.unique_id, info, &result));
        file.add(&result);
        results.push(result);
    }
    slots.close();
    // As in dbt, the manifest has nodes as they were shown, with their limit, and tells nothing of a query.
    if inline::given(&arguments.inline).is_none() {
        let mut manifest = compiled_manifest::of(&runtime);
        for (id, sql) in limited {
            if let Some(node) = manifest.nodes.get_mut(id) {
                node.compiled_code = Some(sql);
                compiled_manifest::depend_on_macros(node, &["macro.dbt.get_limit_subquery_sql"]);
            }
        }
        compiled_manifest::write(invocation, &runtime, &manifest)?;
    }
    finish(&file)?;
    closing::end_result(invocation, &results);
    Ok(Exit::Success)
}

fn finish(file: &ResultsFile) -> Result<(), Stop> {
    let path = "run_results.json".into();
    file.finish().map_err(|source| Stop::File { action: "write", path, source })
}

fn tell(invocation: &Invocation, node: &Node, table: Table, output: Option<Output>) {
    let is_inline = node.resource_type == ResourceType::SqlOperation;
    let is_json = output == Some(Output::Json);
    let (text, preview) = match output {
        Some(Output::Json) => {
            let rows = table.to_json();
            let preview = project::json::dumps(&json!(rows));
            let shown = if is_inline {
                json!({"show": rows})
            } else {
                json!({"node": node.display_name(), "show": rows})
            };
            (serde_json::to_string_pretty(&shown).unwrap_or_default(), preview)
        }
        _ => {
            // As many columns as agate draws by itself.
            let drawn = table.drawn(&Drawing { rows: usize::MAX, ..Drawing::default() });
            let text = if invocation.is_on("quiet") {
                drawn.clone()
            } else if is_inline {
                format!("Previewing inline node:\n{drawn}")
            } else {
                format!("Previewing node '{}':\n{drawn}", node.display_name())
            };
            (text, drawn)
        }
    };
    let facts = json!({
        "node_name": node.name,
        "preview": preview,
        "is_inline": is_inline,
        "output_format": if is_json { "json" } else { "text" },
        "unique_id": node.unique_id,
        "quiet": invocation.is_on("quiet"),
    });
    invocation.tell(Level::Info, "ShowNode", "Q041", text, facts);
}
