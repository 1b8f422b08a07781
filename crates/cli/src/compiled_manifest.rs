//! manifest.json as commands leave it that compiled something: with its SQL, and what else is known only then.

use crate::artifact;
use crate::exit::Stop;
use crate::invocation::Invocation;
use model_graph::Moment;
use platform_core::{Manifest, Node, ResourceType, UniqueId};
use project::runtime::{Compiled, Runtime};

/// The manifest with all that a command compiled.
pub fn of(runtime: &Runtime) -> Manifest {
    let mut manifest = (*runtime.project().manifest).clone();
    for (id, called) in runtime.called_in_vain() {
        if let Some(node) = manifest.nodes.get_mut(&id) {
            depend_on_called(node, &called);
        }
    }
    for (id, compiled) in runtime.all_compiled() {
        if let Some(node) = manifest.nodes.get_mut(&id).or_else(|| manifest.functions.get_mut(&id)) {
            fill(node, &compiled);
        }
    }
    for (id, path) in runtime.run_files() {
        if let Some(node) = manifest.nodes.get_mut(&id) {
            node.build_path = Some(path);
        }
    }
    manifest
}

/// Notes what dbt knows of hooks and tests that ran.
pub fn note_what_ran(manifest: &mut Manifest, runtime: &Runtime) {
    let tests =
        manifest.nodes.values_mut().filter(|it| it.compiled && it.resource_type == ResourceType::Test);
    for test in tests {
        depend_on_macros(test, &RUNNING_A_TEST);
    }
    number_hooks(manifest, runtime.project().name());
}

/// Writes manifest.json.
pub fn write(invocation: &Invocation, runtime: &Runtime, manifest: &Manifest) -> Result<(), Stop> {
    artifact::write(invocation, runtime.project(), "manifest.json", "WritableManifest", manifest)
}

/// Puts what was compiled into a node of the manifest.
pub fn fill(node: &mut Node, compiled: &Compiled) {
    if node.resource_type == ResourceType::Seed {
        return;
    }
    node.compiled = true;
    node.compiled_code = Some(compiled.sql.clone());
    node.compiled_path.clone_from(&compiled.path);
    node.extra_ctes_injected = true;
    node.extra_ctes.clone_from(&compiled.ctes);
    for to in node.foreign_keys_mut() {
        if let Some((_, relation)) = compiled.targets.iter().find(|(written, _)| to == written.as_str()) {
            *to = relation.as_str().into();
        }
    }
    depend_on_called(node, &compiled.macros);
    if node.only.test_metadata.is_some() {
        depend_on_macros(node, &["macro.dbt.get_where_subquery"]);
    }
}

/// Among what a node called are macros that it calls where it runs and not where it is read; helpers of ours aren't dbt's.
fn depend_on_called(node: &mut Node, called: &[UniqueId]) {
    let is_ours = |id: &str| id.starts_with("macro.dbt._") || id.starts_with("macro.dbt_postgres._");
    let called: Vec<&str> = called.iter().map(UniqueId::as_str).filter(|id| !is_ours(id)).collect();
    depend_on_macros(node, &called);
}

/// Hooks that ran are counted from one, those that were only read from zero; as in dbt.
fn number_hooks(manifest: &mut Manifest, root: &str) {
    for moment in [Moment::Start, Moment::End] {
        for (at, id) in model_graph::hook_ids(manifest, moment, root).into_iter().enumerate() {
            if let Some(hook) = manifest.nodes.get_mut(&id) {
                hook.only.index = Some(at + 1);
            }
        }
    }
}

/// What dbt notes of a data test that ran, beside what its own template calls.
const RUNNING_A_TEST: [&str; 3] =
    ["macro.dbt.get_limit_subquery_sql", "macro.dbt.should_store_failures", "macro.dbt.statement"];

/// Adds macros that a node is known to call, those that it has aside.
pub fn depend_on_macros(node: &mut Node, macros: &[&str]) {
    for id in macros.iter().copied().map(UniqueId::from) {
        if !node.depends_on.macros.contains(&id) {
            node.depends_on.macros.push(id);
        }
    }
}
