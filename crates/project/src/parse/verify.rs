//! What holds between resources: groups, access, contracts, deprecations, keys.

mod contract;
mod deprecation;
mod key;
pub mod microbatch;

pub use contract::checksum as contract_checksum;
pub use deprecation::deprecations;
pub use key::{KeyTest, primary_keys};
pub use microbatch::{concurrent_batches, moment, unfiltered_batches};

use super::relation_names;
use crate::code;
use crate::flags::Flags;
use platform_core::{Diagnostic, Manifest, Node, Place, ResourceType, UniqueId};

/// Everything that is wrong with a manifest before references are resolved.
pub fn check(manifest: &Manifest, flags: &Flags) -> Vec<Diagnostic> {
    let mut found = relation_names::check(manifest, flags);
    for node in manifest.nodes.values() {
        found.extend(access(node));
        found.extend(group(manifest, node));
        found.extend(contract::check(node));
        found.extend(contract::unsupported_constraints(node));
        found.extend(microbatch::check(manifest, flags, node));
        if node.resource_type == ResourceType::Snapshot {
            found.extend(super::snapshots::check(node, &place(node)));
        }
    }
    found
}

fn place(node: &Node) -> Place {
    Place::file(node.original_file_path.as_str())
}

fn parsing(message: impl Into<String>, code: &str) -> Diagnostic {
    Diagnostic::error(code, message).event("ParsingError")
}

/// Two resources with one id.
pub fn duplicate(kind: ResourceType, id: &UniqueId, name: &str, paths: [&str; 2]) -> Diagnostic {
    let (plural, lookup) = match kind {
        ResourceType::Model | ResourceType::Seed | ResourceType::Snapshot => {
            (format!("{kind}s"), format!("ref(\"{name}\")"))
        }
        ResourceType::Source => {
            let parts: Vec<&str> = id.as_str().splitn(4, '.').collect();
            (
                "sources".to_owned(),
                format!("source(\"{}\", \"{}\")", parts[2], parts.get(3).copied().unwrap_or_default()),
            )
        }
        ResourceType::Analysis => ("analyses".to_owned(), name.to_owned()),
        ResourceType::SavedQuery => ("saved queries".to_owned(), name.to_owned()),
        ResourceType::Test => ("data_tests".to_owned(), name.to_owned()),
        other => (format!("{other}s"), name.to_owned()),
    };
    let shown = match kind {
        ResourceType::Source => id.as_str().splitn(3, '.').nth(2).unwrap_or(name).replacen('.', "_", 1),
        _ => name.to_owned(),
    };
    Diagnostic::error(
        code::DUPLICATE,
        format!(
            "dbt found two {plural} with the name \"{shown}\", and {lookup} can mean only one:\n- {id} ({})\n- {id} ({})",
            paths[0], paths[1]
        ),
    )
    .event("CompilationError")
    .hint("give one of them another name")
    .at(Place::file(paths[0]))
}

fn access(node: &Node) -> Option<Diagnostic> {
    if node.resource_type != ResourceType::Model {
        return None;
    }
    let access = node.only.access.as_deref().unwrap_or("protected");
    let message = if !matches!(access, "private" | "protected" | "public") {
        format!("Node {} has an invalid value ({access}) for the access field", node.unique_id)
    } else if access == "public" && node.is_ephemeral() {
        format!(
            "Node {} with 'ephemeral' materialization has an invalid value ({access}) for the access field",
            node.unique_id
        )
    } else {
        return None;
    };
    Some(parsing(message, code::ACCESS).at(place(node)))
}

fn group(manifest: &Manifest, node: &Node) -> Option<Diagnostic> {
    // Nothing asks of which group a test is.
    let group = node.group.as_deref().filter(|_| node.resource_type != ResourceType::Test)?;
    let of_package: Vec<&str> = manifest
        .groups
        .values()
        .filter(|it| it.package_name == node.package_name)
        .map(|it| it.name.as_str())
        .collect();
    if of_package.contains(&group) {
        return None;
    }
    let listed: Vec<String> = of_package.iter().map(|it| format!("'{it}'")).collect();
    Some(
        parsing(format!("Invalid group '{group}', expected one of [{}]", listed.join(", ")), code::ACCESS)
            .at(place(node)),
    )
}

/// A circle of nodes that read each other, in dbt's words; a command that needs an order fails on it.
///
/// `named` finds where a node's file names another.
pub fn cycle(manifest: &Manifest, named: impl Fn(&Node, &str) -> Place) -> Option<Diagnostic> {
    let cycle = platform_core::Graph::of(manifest).cycle()?;
    let shown: Vec<&str> = cycle.iter().map(UniqueId::as_str).collect();
    let diagnostic = Diagnostic::error(code::CYCLE, format!("Found a cycle: {}", shown.join(" --> ")))
        .event("DbtRuntimeError")
        .hint("one of these nodes must stop reading the one before it");
    // A node of the circle that says so in its own text.
    let mut around = cycle.iter().filter_map(|id| manifest.nodes.get(id));
    let link = around.find_map(|node| {
        let read = node.depends_on.nodes.iter().filter(|id| cycle.contains(*id));
        let mut places = read.filter_map(|id| Some(named(node, &manifest.nodes.get(id)?.name)));
        places.find(|place| place.line > 0)
    });
    let first = || cycle.first().and_then(|id| manifest.nodes.get(id)).map(place);
    Some(match link.or_else(first) {
        Some(place) => diagnostic.at(place),
        None => diagnostic,
    })
}
