//! What a command says before its first node: what the project holds, and how many nodes run at once.

use crate::invocation::Invocation;
use indexmap::IndexMap;
use model_graph::counted;
use platform_core::event::Level;
use platform_core::{Event, EventSink as _, Manifest, ResourceType};
use project::Project;

/// `Found 5 models, 1 seed, 4 data tests, 2 sources, 477 macros`
pub fn found(invocation: &Invocation, project: &Project) {
    let holdings = holdings(&project.manifest);
    let event = Event::new(Level::Info, "FoundStats", format!("Found {holdings}")).code("W006");
    invocation.log.send(event.with("stat_line", holdings));
}

/// `Concurrency: 4 threads (target='dev')`
pub fn concurrency(invocation: &Invocation, project: &Project, threads: usize, nodes: usize) {
    let target = project.profile.target.as_str();
    let text = format!("Concurrency: {threads} threads (target='{target}')");
    invocation.blank();
    invocation.log.send(
        Event::new(Level::Info, "ConcurrencyLine", text)
            .code("Q027")
            .with("node_count", nodes)
            .with("num_threads", threads)
            .with("target_name", target),
    );
    invocation.blank();
}

fn holdings(manifest: &Manifest) -> String {
    let mut counts: IndexMap<&str, usize> = IndexMap::new();
    for node in manifest.nodes.values() {
        *counts.entry(noun(node.resource_type)).or_default() += 1;
    }
    let more = [
        ("source", manifest.sources.len()),
        ("exposure", manifest.exposures.len()),
        ("metric", manifest.metrics.len()),
        ("macro", manifest.macros.len()),
        ("group", manifest.groups.len()),
        ("semantic model", manifest.semantic_models.len()),
        ("saved query", manifest.saved_queries.len()),
        ("unit test", manifest.unit_tests.len()),
        ("function", manifest.functions.len()),
    ];
    let all = counts.into_iter().chain(more).filter(|(_, count)| *count > 0);
    all.map(|(noun, count)| counted(count, noun)).collect::<Vec<_>>().join(", ")
}

/// The type as people read it.
pub fn noun(kind: ResourceType) -> &'static str {
    match kind {
        ResourceType::Test => "data test",
        ResourceType::UnitTest => "unit test",
        ResourceType::SqlOperation => "sql operation",
        ResourceType::SavedQuery => "saved query",
        ResourceType::SemanticModel => "semantic model",
        other => other.as_str(),
    }
}
