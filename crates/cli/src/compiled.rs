//! Compiled SQL for verbs that read it and build nothing: `docs generate`, `ls --lineage`.

use crate::compiled_manifest;
use crate::database::Database;
use crate::exit::Stop;
use crate::invocation::Invocation;
use crate::seeds;
use indexmap::IndexSet;
use platform_core::{Manifest, Node, Resource, ResourceType, UniqueId};
use project::Project;
use project::runtime::{Connection, Runtime, RuntimeOptions, Slots};
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Compiles the chosen models, tests, analyses and snapshots of a project into its manifest, several at once.
/// Gives what could not be compiled, each with the reason.
pub fn compile(
    invocation: &Invocation,
    project: Project,
    database: &Database,
    chosen: &IndexSet<UniqueId>,
    manifest: &mut Manifest,
) -> Result<Vec<(UniqueId, String)>, Stop> {
    let threads = invocation.threads().unwrap_or(project.profile.threads).max(1);
    let options = RuntimeOptions {
        selected: chosen.iter().cloned().collect(),
        invocation_args: invocation.result_arguments(),
        ..RuntimeOptions::default()
    };
    let runtime = Runtime::new(project, Some(seeds::reader()), invocation.log.clone(), options);
    let handle = database.runtime.handle().clone();
    let slots = Slots::new(database.warehouse.clone(), handle, invocation.log.clone(), threads);
    model_graph::prepare(&runtime, &slots.connection(0)?, &IndexSet::new())?;
    let nodes: Vec<&Node> = chosen
        .iter()
        .filter_map(|id| runtime.project().manifest.nodes.get(id))
        .filter(|node| !matches!(node.resource_type, ResourceType::Seed | ResourceType::Operation))
        .collect();
    let (next, failed) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        let work = |slot: usize| {
            while let Some(node) = nodes.get(next.fetch_add(1, Ordering::Relaxed)) {
                let done = slots
                    .connection(slot)
                    .map_err(|error| error.to_string())
                    .and_then(|connection| one(&runtime, node, &connection));
                if let Err(why) = done {
                    let mut failed = failed.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                    failed.push((node.unique_id.clone(), why));
                }
            }
        };
        for slot in 1..threads {
            scope.spawn(move || work(slot));
        }
        work(0);
    });
    for (id, compiled) in runtime.all_compiled() {
        if let Some(node) = manifest.nodes.get_mut(&id) {
            compiled_manifest::fill(node, &compiled);
        }
    }
    let mut failed = failed.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    failed.sort();
    Ok(failed)
}

fn one(runtime: &Runtime, node: &Node, connection: &Arc<Connection>) -> Result<(), String> {
    let compiled = runtime.begin_node(node, connection).and_then(|()| runtime.compile(node, connection));
    compiled.map(drop).map_err(|error| runtime.failure(Resource::Node(node), &error).message)
}
