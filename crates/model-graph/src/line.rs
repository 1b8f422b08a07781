//! One line a node, as dbt prints it: `1 of 5 OK created sql view model … [CREATE VIEW in 0.05s]`.

use platform_core::event::{Level, Tone};
use platform_core::node_info::run_result;
use platform_core::{Event, Node, NodeResult, Resource, ResourceType, Status, UniqueId};

/// `1 error`, `2 errors`.
pub fn counted(count: usize, noun: &str) -> String {
    format!("{count} {}", plural(count, noun))
}

/// The noun for that many: `error`, `errors`; `model`, `models`; `query`, `queries`.
pub fn plural(count: usize, noun: &str) -> String {
    match (count, noun.strip_suffix('y')) {
        (1, _) => noun.to_owned(),
        (_, Some(stem)) => format!("{stem}ies"),
        _ => format!("{noun}s"),
    }
}

/// A line's number: `3 of 10`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    /// From 1.
    pub number: usize,
    /// How many there are.
    pub total: usize,
    /// Columns before the status.
    pub width: usize,
}

/// The line's text, dots up to the status, and the status with its time.
pub(crate) fn aligned(
    text: &str,
    at: Line,
    status: &str,
    seconds: Option<f64>,
) -> (String, std::ops::Range<usize>) {
    let mut line = format!("{} of {} {text} ", at.number, at.total);
    let missing = at.width.saturating_sub(line.chars().count());
    line.extend(std::iter::repeat_n('.', missing));
    line.push_str(" [");
    let start = line.len();
    line.push_str(status);
    let end = line.len();
    if let Some(seconds) = seconds {
        line.push_str(&format!(" in {seconds:.2}s"));
    }
    line.push(']');
    (line, start..end)
}

/// What is run, in words: `sql view model sel.orders`, `test unique_orders_id`. A model that is built in batches says so.
pub(crate) fn description(resource: Resource<'_>, in_batches: bool) -> String {
    match resource {
        Resource::Node(node) => {
            let place = format!("{}.{}", node.schema, node.alias);
            match node.resource_type {
                ResourceType::Model => {
                    let language = if node.language.is_empty() { "sql" } else { &node.language };
                    let kind = if in_batches { "microbatch" } else { node.config.materialized() };
                    format!("{language} {kind} model {place}")
                }
                ResourceType::Seed => format!("seed file {place}"),
                ResourceType::Snapshot => format!("snapshot {place}"),
                ResourceType::Function => format!("function {place}"),
                other => format!("{other} {}", node.name),
            }
        }
        Resource::UnitTest(test) => format!("unit_test {}", unit_test_name(test)),
        Resource::Source(source) => format!("freshness of {}.{}", source.source_name, source.name),
        other => format!("{} {}", other.resource_type(), other.name()),
    }
}

fn unit_test_name(test: &platform_core::node::UnitTest) -> String {
    format!("{}::{}", test.model, test.name)
}

/// What begins; nothing for what is never done (exposures, saved queries).
pub(crate) fn start(resource: Resource<'_>, in_batches: bool, at: Line) -> Option<Event> {
    let runs = matches!(resource, Resource::Node(_) | Resource::UnitTest(_) | Resource::Source(_));
    if !runs {
        return None;
    }
    let description = description(resource, in_batches);
    let (line, _) = aligned(&format!("START {description}"), at, "RUN", None);
    let event = Event::new(Level::Info, "LogStartLine", line).code("Q011");
    Some(event.with("description", description).with("index", at.number).with("total", at.total))
}

/// What became of a node.
pub(crate) fn end(resource: Resource<'_>, in_batches: bool, result: &NodeResult, at: Line) -> Event {
    let (name, code) = match (resource.resource_type(), result.status) {
        (ResourceType::Test | ResourceType::UnitTest, _) => ("LogTestResult", "Q007"),
        (_, Status::NoOp) => ("LogNodeNoOpResult", "Q019"),
        (ResourceType::Seed, _) => ("LogSeedResult", "Q016"),
        (ResourceType::Snapshot, _) => ("LogSnapshotResult", "Q015"),
        (ResourceType::Source, _) => ("LogFreshnessResult", "Q018"),
        (ResourceType::Function, _) => ("LogFunctionResult", "Q047"),
        _ => ("LogModelResult", "Q012"),
    };
    let (text, status) = outcome(resource, in_batches, result);
    let level = match result.status {
        Status::Fail | Status::Error | Status::RuntimeError => Level::Error,
        Status::Warn => Level::Warn,
        _ => Level::Info,
    };
    let tone = match level {
        Level::Error => Tone::Bad,
        Level::Warn => Tone::Caution,
        _ if matches!(result.status, Status::Skipped | Status::PartialSuccess) => Tone::Caution,
        _ => Tone::Good,
    };
    let (line, emphasis) = aligned(&text, at, &status, Some(result.execution_time));
    let event = Event::new(level, name, line)
        .code(code)
        .emphasis(emphasis, tone)
        .with("execution_time", result.execution_time)
        .with("index", at.number)
        .with("status", result.status.as_str());
    facts(event, resource, in_batches, result, at.total)
}

/// Says that nothing below a node that failed is run.
pub(crate) fn children_skipped(resource: Resource<'_>, result: &NodeResult) -> Event {
    let (id, status) = (resource.unique_id(), result.status.as_str());
    let why = result.message.as_deref().unwrap_or_default();
    let text =
        format!("Marking all children of '{id}' to be skipped because of status '{status}'.  Reason: {why}.");
    Event::new(Level::Debug, "MarkSkippedChildren", text)
        .code("Z033")
        .with("unique_id", id.as_str())
        .with("status", status)
        .with("run_result", run_result(result))
}

/// The keys that dbt's events of one kind have.
fn facts(event: Event, resource: Resource<'_>, in_batches: bool, result: &NodeResult, total: usize) -> Event {
    let message = || result.message.clone().unwrap_or_default();
    match resource {
        Resource::Node(node) if node.resource_type == ResourceType::Test => event
            .with("name", node.name.clone())
            .with("num_failures", result.failures.unwrap_or_default())
            .with("num_models", total)
            .with(
                "attached_node",
                node.only.attached_node.as_ref().map(UniqueId::as_str).unwrap_or_default(),
            ),
        Resource::UnitTest(test) => event
            .with("name", unit_test_name(test))
            .with("num_failures", result.failures.unwrap_or_default())
            .with("num_models", total)
            .with("attached_node", ""),
        Resource::Source(source) => event
            .with("source_name", source.source_name.clone())
            .with("table_name", source.name.clone())
            .with("total", total),
        Resource::Node(node) if node.resource_type == ResourceType::Seed => event
            .with("relation", node.alias.clone())
            .with("result_message", message())
            .with("schema", node.schema.clone())
            .with("total", total),
        Resource::Node(node) if node.resource_type == ResourceType::Snapshot => event
            .with("cfg", printed(node))
            .with("description", description(resource, in_batches))
            .with("result_message", message())
            .with("total", total),
        other => event.with("description", description(other, in_batches)).with("total", total),
    }
}

/// The configuration with each value as Python prints it, which is how dbt's event has it.
fn printed(node: &Node) -> serde_json::Map<String, serde_json::Value> {
    let config = match serde_json::to_value(&node.config) {
        Ok(serde_json::Value::Object(config)) => config,
        _ => serde_json::Map::new(),
    };
    let set = config.into_iter().filter(|(_, value)| !value.is_null());
    set.map(|(key, value)| (key, project::python::text(&value).into())).collect()
}

/// The words of a result, and its status as shown in brackets.
fn outcome(resource: Resource<'_>, in_batches: bool, result: &NodeResult) -> (String, String) {
    let failures = result.failures.unwrap_or_default();
    let message = result.message.as_deref().unwrap_or_default();
    let failed = matches!(result.status, Status::Error | Status::RuntimeError);
    let about = description(resource, in_batches);
    match (resource.resource_type(), result.status) {
        (ResourceType::Test | ResourceType::UnitTest, status) => {
            let name = about.split_once(' ').map_or(about.as_str(), |(_, name)| name);
            let word = match status {
                Status::Pass => "PASS".to_owned(),
                Status::Warn => format!("WARN {failures}"),
                Status::Fail => format!("FAIL {failures}"),
                other => other.as_str().to_uppercase(),
            };
            (format!("{word} {name}"), word)
        }
        (_, Status::NoOp) => (format!("NO-OP {about}"), "NO-OP".to_owned()),
        (_, Status::Skipped) => (format!("SKIP {about}"), "SKIP".to_owned()),
        (ResourceType::Source, status) => {
            let word = match status {
                Status::Error => "ERROR STALE",
                Status::RuntimeError => "ERROR",
                Status::Warn => "WARN",
                _ => "PASS",
            };
            (format!("{word} {about}"), word.to_owned())
        }
        (ResourceType::Seed, _) if failed => (format!("ERROR loading {about}"), "ERROR".to_owned()),
        (ResourceType::Seed, _) => (format!("OK loaded {about}"), message.to_owned()),
        (ResourceType::Snapshot, _) => {
            let place = about.split_once(' ').map_or(about.as_str(), |(_, place)| place);
            if failed {
                (format!("ERROR snapshotting {place}"), "ERROR".to_owned())
            } else {
                (format!("OK snapshotted {place}"), message.to_owned())
            }
        }
        (_, Status::PartialSuccess) => (format!("PARTIALLY created {about}"), message.to_owned()),
        _ if failed => (format!("ERROR creating {about}"), "ERROR".to_owned()),
        (ResourceType::Function, _) => (format!("OK created {about}"), "SUCCESS".to_owned()),
        _ => (format!("OK created {about}"), message.to_owned()),
    }
}

/// A node that was not run because of another.
pub(crate) fn skip(resource: Resource<'_>, cause: &UniqueId, at: Line) -> Event {
    let (kind, name, schema) = match resource {
        Resource::Node(node)
            if matches!(
                node.resource_type,
                ResourceType::Model | ResourceType::Seed | ResourceType::Snapshot
            ) =>
        {
            // By its name in the project, as dbt has it, though it would stand under its alias.
            ("relation".to_owned(), format!("{}.{}", node.schema, node.name), node.schema.clone())
        }
        other => (other.resource_type().to_string(), other.name().to_owned(), String::new()),
    };
    let (line, emphasis) = aligned(&format!("SKIP {kind} {name}"), at, "SKIP", None);
    Event::new(Level::Info, "SkippingDetails", line)
        .code("Q034")
        .emphasis(emphasis, Tone::Caution)
        .with("cause", cause.as_str())
        .with("index", at.number)
        .with("node_name", resource.name())
        .with("resource_type", resource.resource_type().as_str())
        .with("schema", schema)
        .with("total", at.total)
}

/// A node that was not run because of an ephemeral model in it, which has no line of its own.
pub(crate) fn skip_because(resource: Resource<'_>, status: Status, at: Line) -> Event {
    let (schema, relation) = match resource {
        Resource::Node(node) => (node.schema.as_str(), node.alias.as_str()),
        other => ("", other.name()),
    };
    let text =
        format!("SKIP relation {schema}.{relation} due to ephemeral model status '{}'", status.as_str());
    let (line, emphasis) = aligned(&text, at, "ERROR SKIP", None);
    Event::new(Level::Error, "LogSkipBecauseError", line)
        .code("Z034")
        .emphasis(emphasis, Tone::Bad)
        .with("index", at.number)
        .with("relation", relation)
        .with("schema", schema)
        .with("status", status.as_str())
        .with("total", at.total)
}

/// What a result says of a node that was not run.
pub(crate) fn fill(result: &mut NodeResult, resource: Resource<'_>) {
    if let Resource::Node(node) = resource {
        // A seed has nothing to compile, and dbt tells its relation in the manifest only.
        let is_seed = node.resource_type == ResourceType::Seed;
        result.relation_name = node.relation_name.clone().filter(|_| !is_seed);
        result.compiled = (!is_seed).then_some(false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aligns_the_status() {
        let (line, bytes) =
            aligned("START hook: play.on-run-end.0", Line { number: 1, total: 1, width: 80 }, "RUN", None);
        assert_eq!(
            line,
            "1 of 1 START hook: play.on-run-end.0 ........................................... [RUN]"
        );
        assert_eq!(&line[bytes], "RUN");
        let (line, _) = aligned("OK hook", Line { number: 1, total: 2, width: 80 }, "OK", Some(0.017));
        assert!(line.ends_with(" [OK in 0.02s]"));
    }

    #[test]
    fn counts_in_words() {
        assert_eq!(counted(1, "error"), "1 error");
        assert_eq!(counted(2, "saved query"), "2 saved queries");
        assert_eq!(counted(0, "data test"), "0 data tests");
    }
}
