//! What a command says after its last node: how much ran in what time, what failed and why, a line of numbers.

use crate::invocation::Invocation;
use platform_core::event::{Level, Tone};
use platform_core::node_info::{Phase, node_info};
use platform_core::rows;
use platform_core::{Event, EventSink as _, Manifest, NodeResult, Resource, ResourceType, Status, UniqueId};
use project::runtime::Runtime;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// `Finished running 1 seed, 4 data tests in 0 hours 0 minutes and 4.24 seconds (4.24s).`
pub fn finished(invocation: &Invocation, manifest: &Manifest, results: &[NodeResult], took: Duration) {
    let counts = counts(manifest, results);
    let seconds = took.as_secs_f64();
    let whole = took.as_secs();
    let rest = seconds - f64::from(u32::try_from(whole - whole % 60).unwrap_or_default());
    let execution = format!(" in {} hours {} minutes and {rest:.2} seconds", whole / 3600, whole / 60 % 60);
    invocation.blank();
    invocation.log.send(
        Event::new(
            Level::Info,
            "FinishedRunningStats",
            format!("Finished running {counts}{execution} ({seconds:.2}s)."),
        )
        .code("E047")
        .with("stat_line", counts)
        .with("execution", execution)
        .with("execution_time", seconds),
    );
}

/// `1 table model, 4 data tests`, in the order of the words.
fn counts(manifest: &Manifest, results: &[NodeResult]) -> String {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for result in results {
        *counts.entry(word(manifest, &result.unique_id)).or_default() += 1;
    }
    let word = |(word, count): (String, usize)| match (word.as_str(), count) {
        (_, 1) => format!("1 {word}"),
        ("test", _) => format!("{count} data tests"),
        _ => model_graph::counted(count, &word),
    };
    counts.into_iter().map(word).collect::<Vec<_>>().join(", ")
}

fn word(manifest: &Manifest, id: &UniqueId) -> String {
    match manifest.resource(id) {
        Some(Resource::Node(node)) if node.resource_type == ResourceType::Model => {
            format!("{} model", node.config.materialized().replace('_', " "))
        }
        Some(Resource::Node(node)) if node.resource_type == ResourceType::Operation => {
            "project hook".to_owned()
        }
        Some(resource) => resource.resource_type().as_str().replace('_', " "),
        None => "node".to_owned(),
    }
}

/// `Completed with 1 error, …`, then each failure and each warning with its message, then the numbers.
pub fn summary(invocation: &Invocation, runtime: &Runtime, results: &[NodeResult], interrupted: bool) {
    let partial = |result: &&NodeResult| result.status == Status::PartialSuccess;
    let failed = |result: &&NodeResult| result.is_failure() && !partial(result);
    let warned = |result: &&NodeResult| result.status == Status::Warn;
    let errors = results.iter().filter(failed).count();
    let partials = results.iter().filter(partial).count();
    let warnings = results.iter().filter(warned).count();
    invocation.blank();
    completed(invocation, errors, partials, warnings, interrupted);
    let told = results.iter().filter(failed).filter(|result| result.status != Status::Skipped);
    for result in told.chain(results.iter().filter(partial)).chain(results.iter().filter(warned)) {
        explain(invocation, runtime, result);
    }
    invocation.blank();
    numbers(invocation, results);
}

fn completed(invocation: &Invocation, errors: usize, partials: usize, warnings: usize, interrupted: bool) {
    let counted = model_graph::counted;
    let partial =
        format!("{partials} {}", if partials == 1 { "partial success" } else { "partial successes" });
    let warned = counted(warnings, "warning");
    let (text, tone) = match (errors, partials, warnings) {
        _ if interrupted => ("Exited because of keyboard interrupt".to_owned(), Tone::Caution),
        (0, 0, 0) => ("Completed successfully".to_owned(), Tone::Good),
        (0, 0, _) => (format!("Completed with {warned}:"), Tone::Caution),
        (0, ..) => (format!("Completed with {partial} and {warned}"), Tone::Caution),
        _ => (format!("Completed with {}, {partial}, and {warned}:", counted(errors, "error")), Tone::Bad),
    };
    invocation.log.send(
        Event::new(Level::Info, "EndOfRunSummary", text)
            .code("Z030")
            .toned(tone)
            .with("keyboard_interrupt", interrupted)
            .with("num_errors", errors)
            .with("num_partial_success", partials)
            .with("num_warnings", warnings),
    );
}

/// What a command came to, result by result, for programs that read the log.
pub fn end_result(invocation: &Invocation, results: &[NodeResult]) {
    let result = |it: &NodeResult| {
        json!({
            "adapter_response": it.adapter_response, "execution_time": it.execution_time, "message": it.message,
            "num_failures": it.failures.unwrap_or(0), "status": it.status, "thread": it.thread_id,
            "timing_info": it.timing,
        })
    };
    let facts = json!({
        "elapsed_time": invocation.began.elapsed().as_secs_f64(),
        "generated_at": chrono::Utc::now().format("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "results": results.iter().map(result).collect::<Vec<_>>(),
        "success": !results.iter().any(|it| it.status.is_failure()),
    });
    invocation.tell(Level::Debug, "EndRunResult", "Q037", "Command end result", facts);
}

/// One failure, partial success or warning: what, where, why, and where its SQL stands.
pub fn explain(invocation: &Invocation, runtime: &Runtime, result: &NodeResult) {
    let manifest = &runtime.project().manifest;
    let Some(resource) = manifest.resource(&result.unique_id) else { return };
    let (kind, name) = (resource.resource_type(), resource.name());
    let path = resource.original_file_path();
    let group = group_of(manifest, resource);
    let info = node_info(resource, &Phase::of(result));
    let about = |event: Event| {
        let event = event.about(Arc::clone(&info));
        match &group {
            Some(group) => event.with("group", group.clone()),
            None => event,
        }
    };
    let send = |event: Event| invocation.log.send(event);
    let warned = result.status == Status::Warn;
    invocation.blank();
    let (level, event, code, word, tone) = match result.status {
        Status::Warn => (Level::Warn, "RunResultWarning", "Z021", "Warning", Tone::Caution),
        Status::PartialSuccess => (Level::Warn, "RunResultWarning", "Z021", "Partial success", Tone::Caution),
        _ => (Level::Error, "RunResultFailure", "Z022", "Failure", Tone::Bad),
    };
    let heading =
        Event::new(level, event, format!("{word} in {kind} {name} ({path})")).code(code).toned(tone);
    let heading = heading.with("node_name", name).with("path", path).with("resource_type", kind.as_str());
    send(about(heading));
    let message = result.message.as_deref().unwrap_or_default();
    if kind == ResourceType::Source && result.status == Status::Error {
        let text = "  Status: error";
        let event = Event::new(Level::Error, "RunResultErrorNoMessage", text).code("Z025");
        send(about(event.with("status", "error")));
    } else if warned {
        let event = Event::new(Level::Warn, "RunResultWarningMessage", message).code("Z046");
        send(about(event.with("msg", message)));
    } else if !message.is_empty() {
        let text = format!("  {message}");
        send(about(Event::new(Level::Error, "RunResultError", text).code("Z024").with("msg", message)));
    }
    if let Some(diagnostic) = result.diagnostic.as_ref().filter(|it| is_the_users(it)) {
        let place = crate::report::place(diagnostic, true);
        invocation.say(Level::Info, "FailurePlace", "", place.trim_start_matches('\n'));
    }
    tell_rows(invocation, result);
    tell_place(invocation, runtime, resource, result, &info);
}

/// Whether it points at a file of the project, not at a macro of ours.
fn is_the_users(diagnostic: &platform_core::Diagnostic) -> bool {
    diagnostic.place.as_ref().is_some_and(|place| !place.snippet.trim().is_empty())
}

/// Columns that rows may take, as wide as dbt's lines of progress are about.
const ROWS_WIDTH: usize = 100;

/// The first rows that a test found.
fn tell_rows(invocation: &Invocation, result: &NodeResult) {
    let Some((header, rows)) = result.sample.split_first().filter(|(_, rows)| !rows.is_empty()) else {
        return;
    };
    let columns: Vec<String> = header.iter().flatten().cloned().collect();
    let lines: Vec<String> =
        rows::drawn(&columns, rows, ROWS_WIDTH).iter().map(|line| format!("    {line}")).collect();
    invocation.blank();
    invocation.say(Level::Info, "FailingRows", "", lines.join("\n"));
}

fn tell_place(
    invocation: &Invocation,
    runtime: &Runtime,
    resource: Resource<'_>,
    result: &NodeResult,
    info: &Arc<Value>,
) {
    let compiled = runtime.all_compiled();
    let path = match resource {
        Resource::UnitTest(test) => runtime.compiled_unit_test(test),
        _ => compiled.get(&result.unique_id).and_then(|compiled| compiled.path.clone()),
    };
    if let Some(path) = path {
        invocation.blank();
        let text = format!("  compiled code at {path}");
        let event = Event::new(Level::Info, "SQLCompiledPath", text).code("Z026").with("path", path);
        invocation.log.send(event.about(Arc::clone(info)));
    }
    let is_counted = resource.resource_type() == ResourceType::Test && result.failures.is_some();
    if let Some(relation) = result.relation_name.as_ref().filter(|_| is_counted) {
        let line = "-".repeat("select * from ".len() + relation.len());
        let text = format!("  See test failures:\n  {line}\n  select * from {relation}\n  {line}");
        invocation.blank();
        invocation.log.send(
            Event::new(Level::Info, "CheckNodeTestFailure", text)
                .code("Z027")
                .with("relation_name", relation.as_str())
                .about(Arc::clone(info)),
        );
    }
}

/// The group of a resource; of a test that has none, the group of the node that it tests.
fn group_of(manifest: &Manifest, resource: Resource<'_>) -> Option<Value> {
    let node = resource.node()?;
    let tested = || manifest.node(node.only.attached_node.as_ref()?)?.group.as_deref();
    let name = node.group.as_deref().or_else(tested)?;
    let group = manifest.groups.values().find(|group| group.name == name)?;
    Some(json!({"name": group.name, "owner": group.owner, "package_name": group.package_name}))
}

/// `Done. PASS=5 WARN=0 ERROR=0 SKIP=0 NO-OP=0 TOTAL=5`
pub fn numbers(invocation: &Invocation, results: &[NodeResult]) {
    let count = |wanted: &[Status]| results.iter().filter(|result| wanted.contains(&result.status)).count();
    let numbers = [
        ("PASS", "pass", count(&[Status::Success, Status::Pass])),
        ("WARN", "warn", count(&[Status::Warn])),
        // Partial successes count as errors here, as in dbt.
        (
            "ERROR",
            "error",
            count(&[Status::Error, Status::Fail, Status::RuntimeError, Status::PartialSuccess]),
        ),
        ("SKIP", "skip", count(&[Status::Skipped])),
        ("NO-OP", "noop", count(&[Status::NoOp])),
        ("TOTAL", "total", results.len()),
    ];
    let words: Vec<String> = numbers.iter().map(|(label, _, count)| format!("{label}={count}")).collect();
    let stats: serde_json::Map<String, Value> =
        numbers.iter().map(|(_, key, count)| ((*key).to_owned(), (*count).into())).collect();
    invocation.log.send(
        Event::new(Level::Info, "StatsLine", format!("Done. {}", words.join(" ")))
            .code("Z023")
            .with("stats", Value::Object(stats)),
    );
}
