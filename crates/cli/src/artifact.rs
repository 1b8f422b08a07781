//! Artifacts of every command: manifest.json, semantic_manifest.json, graph_summary.json.

use crate::exit::Stop;
use crate::invocation::Invocation;
use model_graph::write_aside;
use platform_core::event::Level;
use platform_core::{Event, EventSink as _, Graph, Manifest};
use project::Project;
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::path::Path;

/// Writes manifest.json and semantic_manifest.json, unless `--no-write-json`.
pub fn write_manifest(invocation: &Invocation, project: &Project) -> Result<(), Stop> {
    let manifest = project.manifest.as_ref();
    write(invocation, project, "manifest.json", "WritableManifest", manifest)?;
    let semantic = platform_core::semantic_manifest(manifest);
    write(invocation, project, "semantic_manifest.json", "SemanticManifest", &semantic)
}

/// Writes graph_summary.json: names, types and children of nodes, before and after tests became edges.
pub fn write_graph_summary(invocation: &Invocation, project: &Project) -> Result<(), Stop> {
    let summary = graph_summary(&project.manifest, &invocation.id);
    write(invocation, project, "graph_summary.json", "GraphSummary", &summary)
}

/// Writes one artifact into the target folder.
pub fn write(
    invocation: &Invocation,
    project: &Project,
    file: &str,
    kind: &str,
    artifact: &impl Serialize,
) -> Result<(), Stop> {
    write_to(invocation, &project.target_path.join(file), kind, artifact)
}

/// Writes one artifact to a path.
pub fn write_to(
    invocation: &Invocation,
    path: &Path,
    kind: &str,
    artifact: &impl Serialize,
) -> Result<(), Stop> {
    if !invocation.writes_json() {
        return Ok(());
    }
    let failed = |source| Stop::File { action: "write", path: path.to_owned(), source };
    write_aside(path, |file| Ok(serde_json::to_writer(file, artifact)?)).map_err(failed)?;
    let message = format!("Wrote artifact {kind} to {}", path.display());
    invocation.log.send(
        Event::new(Level::Debug, "ArtifactWritten", message)
            .code("P001")
            .with("artifact_type", kind)
            .with("artifact_path", path.display().to_string()),
    );
    Ok(())
}

fn graph_summary(manifest: &Manifest, invocation_id: &str) -> Value {
    let graph = Graph::of(manifest);
    let mut linked = Map::new();
    for index in 0..graph.len() {
        let id = graph.id(index);
        let mut entry = Map::new();
        entry.insert("name".into(), id.as_str().into());
        entry.insert("type".into(), id.resource_type().map(platform_core::ResourceType::as_str).into());
        let children = graph.child_indexes(index);
        if !children.is_empty() {
            entry.insert("succ".into(), json!(children));
        }
        linked.insert(index.to_string(), Value::Object(entry));
    }
    json!({"_invocation_id": invocation_id, "linked": linked})
}
