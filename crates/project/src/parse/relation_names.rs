//! Names of what is built: none with spaces, none for two resources.

use crate::code;
use crate::flags::Flags;
use platform_core::{Diagnostic, Manifest, Node, Place};
use std::collections::HashMap;

/// Everything that is wrong with names.
pub fn check(manifest: &Manifest, flags: &Flags) -> Vec<Diagnostic> {
    let mut found = spaces(manifest, flags);
    found.extend(unversioned_beside_versioned(manifest));
    found.extend(shared_names(manifest, flags.is_on("require_unique_project_resource_names")));
    found.extend(aliases(manifest));
    found
}

fn place(node: &Node) -> Place {
    Place::file(node.original_file_path.as_str())
}

/// Names with spaces: an error, or what dbt made of them before 1.10
/// (<https://docs.getdbt.com/reference/global-configs/behavior-changes#no-spaces-in-resource-names>).
fn spaces(manifest: &Manifest, flags: &Flags) -> Vec<Diagnostic> {
    let bad: Vec<&Node> = manifest.nodes.values().filter(|node| node.name.contains(' ')).collect();
    let Some(first) = bad.first() else { return Vec::new() };
    if !flags.is_off("require_resource_names_without_spaces") {
        return vec![names_with_spaces(&bad, first)];
    }
    let shows_all = flags.is_on("debug");
    let one = |node: &&Node| {
        let message = format!("Found spaces in the name of `{}`", node.unique_id);
        Diagnostic::warning(code::DEPRECATED, message)
            .event("SpacesInResourceNameDeprecation")
            .at(place(node))
            .with("unique_id", node.unique_id.as_str())
    };
    let told = if shows_all { bad.len() } else { 1 };
    let mut found: Vec<Diagnostic> = bad.iter().take(told).map(one).collect();
    let more = if shows_all { "" } else { " Run again with `--debug` to see them all." };
    let message = format!(
        "Spaces found in {} resource name(s). This is deprecated, and may lead to errors when using dbt.{more}",
        bad.len()
    );
    found.push(
        Diagnostic::warning(code::DEPRECATED, message)
            .event("ResourceNamesWithSpacesDeprecation")
            .hint("write `_` for each space, in the file's name and in refs")
            .with("count_invalid_names", bad.len())
            .with("show_debug_hint", !shows_all),
    );
    found
}

fn names_with_spaces(bad: &[&Node], first: &Node) -> Diagnostic {
    let listed: Vec<String> =
        bad.iter().map(|node| format!("  * '{}' ({})", node.unique_id, node.original_file_path)).collect();
    Diagnostic::error(
        code::DUPLICATE,
        format!("Resource names cannot contain spaces:\n{}", listed.join("\n")),
    )
    .event("DbtValidationError")
    .hint("write `_` for each space, in the file's name and in refs")
    .at(place(first))
}

/// A model without versions, a seed or a snapshot beside a versioned model of its name: `ref` without a version could mean
/// either.
fn unversioned_beside_versioned(manifest: &Manifest) -> Option<Diagnostic> {
    let mut versioned: HashMap<(&str, &str), &Node> = HashMap::new();
    let refable = || manifest.nodes.values().filter(|node| node.is_refable());
    for node in refable().filter(|node| node.only.version.is_some()) {
        versioned.entry((&node.package_name, &node.name)).or_insert(node);
    }
    for node in refable().filter(|node| node.only.version.is_none()) {
        let Some(other) = versioned.get(&(node.package_name.as_str(), node.name.as_str())) else { continue };
        let name = &node.name;
        let message = format!(
            "dbt found versioned and unversioned models with the name \"{name}\".\n\nSince these resources have the same \
             name, dbt will be unable to find the correct resource\nwhen looking for ref('{name}').\n\nTo fix this, change \
             the name of the unversioned resource\n{} ({})\nor add the unversioned model to the versions in {}",
            node.unique_id,
            node.original_file_path,
            other.patch_path.as_deref().unwrap_or_default(),
        );
        return Some(Diagnostic::error(code::DUPLICATE, message).event("ParsingError").at(place(node)));
    }
    None
}

/// A model and a seed of one name in one package: `ref` takes one of them; an error where the project asks for it
/// (<https://docs.getdbt.com/reference/global-configs/behavior-changes#unique-project-resource-names>).
fn shared_names(manifest: &Manifest, are_refused: bool) -> Vec<Diagnostic> {
    let mut seen: HashMap<(&str, &str), &Node> = HashMap::new();
    let mut found = Vec::new();
    for node in manifest.nodes.values().filter(|node| node.is_refable()) {
        let key = (node.package_name.as_str(), node.name.as_str());
        match seen.get(&key) {
            Some(other) if other.resource_type != node.resource_type => {
                let message = format!(
                    "Found resources with the same name '{}' in package '{}': '{}' and '{}'. Please update one of the \
                     resources to have a unique name.",
                    node.name, node.package_name, other.unique_id, node.unique_id
                );
                found.push(if are_refused {
                    Diagnostic::error(code::DUPLICATE, message).event("CompilationError").at(place(node))
                } else {
                    Diagnostic::warning(code::DEPRECATED, message)
                        .event("DuplicateNameDistinctNodeTypesDeprecation")
                        .at(place(node))
                        .with("resource_name", node.name.as_str())
                        .with("package_name", node.package_name.as_str())
                        .with("unique_id1", other.unique_id.as_str())
                        .with("unique_id2", node.unique_id.as_str())
                });
            }
            Some(_) => {}
            None => drop(seen.insert(key, node)),
        }
    }
    found
}

fn aliases(manifest: &Manifest) -> Vec<Diagnostic> {
    let mut seen: HashMap<&str, &Node> = HashMap::new();
    let mut found = Vec::new();
    for node in manifest.nodes.values().filter(|node| node.is_refable()) {
        let Some(relation) = node.relation_name.as_deref() else { continue };
        if let Some(other) = seen.insert(relation, node) {
            found.push(
                Diagnostic::error(
                    code::DUPLICATE,
                    format!(
                        "dbt found two resources with the database representation \"{relation}\":\n- {} ({})\n- {} \
                         ({})",
                        other.unique_id, other.original_file_path, node.unique_id, node.original_file_path
                    ),
                )
                .event("CompilationError")
                .at(place(node))
                .hint("give one of them another `alias` or `schema`"),
            );
        }
    }
    found
}
