//! `dp ls`: lists resources.

use crate::arguments::List;
use crate::arguments::verb::{Grain, ListOutput};
use crate::artifact;
use crate::choice::{Request, choose, resource_types};
use crate::exit::{Exit, Stop};
use crate::invocation::Invocation;
use crate::opening;
use crate::verb::lineage;
use platform_core::event::Level;
use platform_core::{Event, EventSink as _, Resource, ResourceType};
use serde_json::{Map, Value};

/// Every type that can be listed.
const LISTED: [ResourceType; 12] = [
    ResourceType::Model,
    ResourceType::Snapshot,
    ResourceType::Seed,
    ResourceType::Test,
    ResourceType::Source,
    ResourceType::Exposure,
    ResourceType::Metric,
    ResourceType::SavedQuery,
    ResourceType::SemanticModel,
    ResourceType::UnitTest,
    ResourceType::Function,
    ResourceType::Analysis,
];

/// The keys of `--output json`.
const KEYS: [&str; 10] = [
    "alias",
    "name",
    "package_name",
    "depends_on",
    "tags",
    "config",
    "resource_type",
    "source_name",
    "original_file_path",
    "unique_id",
];

/// Lists the chosen resources, a line each.
pub fn list(invocation: &Invocation, arguments: &List) -> Result<Exit, Stop> {
    let project = invocation.read()?;
    artifact::write_manifest(invocation, &project)?;
    artifact::write_graph_summary(invocation, &project)?;
    opening::found(invocation, &project);
    let models_only = !arguments.selection.models.is_empty();
    let types = if models_only {
        if !arguments.resources.resource_types.is_empty() {
            return Err(Stop::runtime("\"models\" and \"resource_type\" are mutually exclusive arguments"));
        }
        vec![ResourceType::Model]
    } else {
        let usual = &LISTED[..LISTED.len() - 1];
        resource_types(&arguments.resources, usual, &LISTED)?
    };
    let request = Request {
        select: if models_only { &arguments.selection.models } else { &arguments.selection.select },
        exclude: &arguments.selection.exclude,
        selector: arguments.selection.selector.as_deref(),
    };
    let mut ids: Vec<_> =
        choose(invocation, &project, &request, |kind| types.contains(&kind))?.into_iter().collect();
    ids.sort();
    if ids.is_empty() {
        invocation.say(Level::Warn, "NoNodesSelected", "P003", "No nodes selected!");
        invocation.stop_if_escalated()?;
    }
    if arguments.lineage == Some(Grain::Column) {
        return lineage::columns(invocation, project, &ids, arguments.output == ListOutput::Json);
    }
    for resource in ids.iter().filter_map(|id| project.manifest.resource(id)) {
        let line = match arguments.output {
            ListOutput::Selector => selector(resource),
            ListOutput::Name => name(resource),
            ListOutput::Path => resource.original_file_path().to_owned(),
            ListOutput::Json => facts(resource, &arguments.output_keys),
        };
        print(invocation, line);
    }
    Ok(Exit::Success)
}

/// A line of the listing.
pub(super) fn print(invocation: &Invocation, line: String) {
    invocation.log.send(Event::new(Level::Info, "PrintEvent", line.clone()).code("Z052").with("msg", line));
}

/// What selects the resource.
fn selector(resource: Resource<'_>) -> String {
    let package = resource.package_name();
    match resource {
        Resource::Node(node) => node.fqn.join("."),
        Resource::Source(source) => format!("source:{package}.{}.{}", source.source_name, source.name),
        Resource::UnitTest(test) => {
            let last = test.unique_id.as_str().rsplit('.').next().unwrap_or(&test.name);
            format!("unit_test:{package}.{last}")
        }
        other => format!("{}:{package}.{}", other.resource_type(), other.name()),
    }
}

/// The name, with its source or its version.
fn name(resource: Resource<'_>) -> String {
    match resource {
        Resource::Source(source) => format!("{}.{}", source.source_name, source.name),
        Resource::Node(node) => match node.only.version.as_ref().filter(|version| !version.is_null()) {
            Some(version) => {
                let version = version.as_str().map_or_else(|| version.to_string(), str::to_owned);
                format!("{}.v{version}", node.name)
            }
            None => node.name.clone(),
        },
        other => other.name().to_owned(),
    }
}

/// The facts asked for, as one JSON object; `config.materialized` reaches into a fact.
fn facts(resource: Resource<'_>, keys: &[String]) -> String {
    let Value::Object(whole) = resource.to_json() else { return "{}".to_owned() };
    let mut facts = Map::new();
    if keys.is_empty() {
        facts.extend(whole.into_iter().filter(|(key, _)| KEYS.contains(&key.as_str())));
    } else {
        let keys: Vec<&str> = keys.iter().flat_map(|key| key.split([' ', ','])).collect();
        for key in keys.into_iter().filter(|key| !key.is_empty()) {
            let mut parts = key.split('.');
            let first = parts.next().and_then(|part| whole.get(part));
            let value = parts.try_fold(first, |at, part| at.map(|at| at.get(part))).flatten();
            // As in dbt, what is nothing within a fact isn't there.
            let is_told = |value: &&Value| !value.is_null() || !key.contains('.');
            if let Some(value) = value.filter(is_told) {
                facts.insert(key.to_owned(), value.clone());
            }
        }
    }
    project::json::dumps(&Value::Object(facts))
}
