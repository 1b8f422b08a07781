//! Hooks of the project: `on-run-start` and `on-run-end`, one after the other on the first slot.

use crate::line::{Line, aligned};
use platform_core::event::{Level, Tone};
use platform_core::node_info::{Phase, node_info, working_on};
use platform_core::{
    Event, Manifest, Node, NodeResult, Resource, ResourceType, RunContext, Status, UniqueId,
};
use project::runtime::{Connection, Failure, Runtime, Stopwatch, results};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Which hooks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// `on-run-start`
    Start,
    /// `on-run-end`
    End,
}

impl Moment {
    /// dbt's name, also the hooks' tag.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Start => "on-run-start",
            Self::End => "on-run-end",
        }
    }
}

/// Whether no node is run because a hook before them failed: where the project says so
/// (<https://docs.getdbt.com/reference/global-configs/behavior-changes#failures-in-on-run-start-hooks>).
pub fn skips_nodes(runtime: &Runtime, starts: &[NodeResult]) -> bool {
    runtime.project().flags.is_on("skip_nodes_if_on_run_start_fails")
        && starts.iter().any(|hook| hook.status == Status::Error)
}

/// What hooks of the end are told: of nodes and of the hook that failed; of nothing, where that stopped all.
pub fn told_at_end(starts: &[NodeResult], nodes: &[NodeResult], skip_all: bool) -> Vec<NodeResult> {
    if skip_all {
        return Vec::new();
    }
    starts.iter().filter(|hook| hook.status == Status::Error).chain(nodes).cloned().collect()
}

/// Runs the hooks of a moment; after one that failed the rest is skipped. `so_far` is what `results` holds.
///
/// # Errors
///
/// A hook's template that can't be rendered, as where a macro in it raises an error: as in dbt, that is no outcome of
/// the hook but the end of the command.
pub fn run_hooks(
    moment: Moment,
    runtime: &Runtime,
    connection: &Arc<Connection>,
    context: &RunContext,
    so_far: &[NodeResult],
) -> Result<Vec<NodeResult>, Failure> {
    let hooks = hooks(&context.manifest, moment, runtime.root());
    let total = hooks.len();
    let mut done: Vec<NodeResult> = Vec::with_capacity(total);
    let mut failed = false;
    for (index, hook) in hooks.into_iter().enumerate() {
        let name = format!("{}.{}.{}", hook.package_name, moment.as_str(), index);
        let line = Line { number: index + 1, total, width: context.printer_width };
        if failed || context.is_cancelled() {
            done.push(skipped(hook, &name, line, context));
            continue;
        }
        let names = match moment {
            Moment::Start => Vec::new(),
            Moment::End => end_names(&context.manifest, so_far),
        };
        let started = Phase::started();
        say_start(hook, &name, line, &started, context);
        let _working = working_on(Resource::Node(hook), &started);
        let mut watch = Stopwatch::start();
        let failure = |error| runtime.failure(Resource::Node(hook), &error);
        // One that runs is counted from one, as in dbt.
        let mut counted = hook.clone();
        counted.only.index = Some(index + 1);
        let compiled = runtime.compile_hook(&counted, connection, names).map_err(failure)?;
        watch.next("execute");
        let outcome = runtime.run_hook(&compiled, connection).map_err(failure);
        let mut result = result(hook, &name, outcome, watch);
        result.compiled_code = Some(compiled.sql.clone());
        failed = result.status == Status::Error;
        say_end(hook, &name, line, &result, &started, context);
        done.push(result);
    }
    Ok(done)
}

/// The hooks of a moment: packages' first, in their order.
fn hooks<'a>(manifest: &'a Manifest, moment: Moment, root: &str) -> Vec<&'a Node> {
    let mut hooks: Vec<&Node> = manifest
        .nodes
        .values()
        .filter(|node| node.resource_type == ResourceType::Operation)
        .filter(|node| node.tags.iter().any(|tag| tag == moment.as_str()))
        .collect();
    hooks.sort_by_key(|hook| (hook.package_name == root, hook.package_name.clone(), hook.only.index));
    hooks
}

/// What hooks of `on-run-end` may use beside.
fn end_names(manifest: &Manifest, so_far: &[NodeResult]) -> Vec<(String, project::runtime::results::Value)> {
    let mut schemas = BTreeSet::new();
    let built = |result: &&NodeResult| !result.status.is_failure() && result.status != Status::Skipped;
    for result in so_far.iter().filter(built) {
        // A test's relation is told where its failing rows are kept.
        let is_built = |node: &&Node| {
            node.is_refable() || (node.resource_type == ResourceType::Test && result.relation_name.is_some())
        };
        if let Some(node) = manifest.node(&result.unique_id).filter(is_built) {
            schemas.insert((node.database.clone().unwrap_or_default(), node.schema.clone()));
        }
    }
    results::names(so_far, manifest, &schemas)
}

fn result(hook: &Node, name: &str, outcome: Result<(), Failure>, watch: Stopwatch) -> NodeResult {
    let (timing, execution_time) = watch.stop();
    let (status, message, diagnostic) = match outcome {
        Ok(()) => (Status::Success, format!("{name} passed"), None),
        Err(failure) => (
            Status::Error,
            format!("{name} failed, error:\n {}", failure.diagnostic.message),
            Some(Box::new(failure.diagnostic)),
        ),
    };
    let mut result = NodeResult::new(hook.unique_id.clone(), status, Some(message));
    result.failures = Some(i64::from(status == Status::Error));
    result.thread_id = "main".to_owned();
    result.timing = timing;
    result.execution_time = execution_time;
    result.compiled = Some(true);
    result.diagnostic = diagnostic;
    result
}

fn skipped(hook: &Node, name: &str, line: Line, context: &RunContext) -> NodeResult {
    let (text, bytes) = aligned(&format!("SKIP hook: {name}"), line, "SKIP", Some(0.0));
    context.events.send(
        Event::new(Level::Info, "LogHookEndLine", text)
            .code("Q033")
            .emphasis(bytes, Tone::Caution)
            .with("statement", name)
            .with("status", "skipped"),
    );
    let mut result =
        NodeResult::new(hook.unique_id.clone(), Status::Skipped, Some(format!("{name} skipped")));
    result.thread_id = "main".to_owned();
    result.compiled = Some(false);
    result.failures = Some(1);
    result
}

fn say_start(hook: &Node, name: &str, line: Line, phase: &Phase, context: &RunContext) {
    let (text, _) = aligned(&format!("START hook: {name}"), line, "RUN", None);
    context.events.send(
        Event::new(Level::Info, "LogHookStartLine", text)
            .code("Q032")
            .with("statement", name)
            .with("index", line.number)
            .with("total", line.total)
            .about(node_info(Resource::Node(hook), phase)),
    );
}

fn say_end(hook: &Node, name: &str, line: Line, result: &NodeResult, started: &Phase, context: &RunContext) {
    let failed = result.status == Status::Error;
    let word = if failed { "ERROR" } else { "OK" };
    let (text, bytes) = aligned(&format!("{word} hook: {name}"), line, word, Some(result.execution_time));
    let (level, tone) = if failed { (Level::Error, Tone::Bad) } else { (Level::Info, Tone::Good) };
    context.events.send(
        Event::new(level, "LogHookEndLine", text)
            .code("Q033")
            .emphasis(bytes, tone)
            .with("statement", name)
            .with("status", result.status.as_str())
            .with("execution_time", result.execution_time)
            .with("index", line.number)
            .with("total", line.total)
            .about(node_info(Resource::Node(hook), &started.finished(result.status))),
    );
}

/// Ids of the hooks of a moment, for those who count.
pub fn hook_ids(manifest: &Manifest, moment: Moment, root: &str) -> Vec<UniqueId> {
    hooks(manifest, moment, root).into_iter().map(|hook| hook.unique_id.clone()).collect()
}
