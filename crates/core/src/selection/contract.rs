//! What `state:modified` finds beside changes: broken contracts, seeds too large to compare, tests that are gone.

use super::SelectionError;
use crate::diagnostic::{Diagnostic, Place};
use crate::manifest::Manifest;
use crate::node::{Column, Node};
use crate::unique_id::ResourceType;
use serde_json::Value;
use std::fmt::Write as _;

/// Materializations whose constraints the database enforces.
const ENFORCING: [&str; 2] = ["table", "incremental"];

/// What breaks the contracts of an earlier manifest
/// (<https://docs.getdbt.com/reference/resource-configs/contract#detecting-breaking-changes>): an error for a versioned
/// model, a warning for another; and the warnings of seeds.
pub(super) fn compared(now: &Manifest, before: &Manifest) -> Result<Vec<Diagnostic>, SelectionError> {
    missing_test(now)?;
    let mut warnings = Vec::new();
    let contracted = |node: &&Node| node.resource_type == ResourceType::Model && node.contract.enforced;
    for earlier in before.nodes.values().filter(contracted) {
        let Some(change) = change(now, earlier) else { continue };
        let shown = format!("{} ({})", earlier.name, earlier.original_file_path);
        if earlier.only.version.is_some() {
            let message = format!(
                "While comparing to previous project state, dbt detected a breaking change to an enforced contract.\n{change}"
            );
            let error = Diagnostic::error("S002", message)
                .event(&format!("Breaking change to contract Error in model {shown}"))
                .hint("make a change that only adds, or write a new version of the model");
            return Err(SelectionError::Breaking(Box::new(error)));
        }
        let message = format!(
            "Breaking change to contracted, unversioned model {shown}\nWhile comparing to previous project state, dbt detected \
             a breaking change to an unversioned model.\n{change}"
        );
        warnings.push(
            Diagnostic::warning("S002", message)
                .event("UnversionedBreakingChange")
                .with("model_name", earlier.name.as_str())
                .with("model_file_path", earlier.original_file_path.as_str()),
        );
    }
    warnings.extend(now.nodes.values().filter_map(|node| large_seed(node, before)));
    Ok(warnings)
}

/// How a contract was broken, a line for each kind of change and each change.
fn change(now: &Manifest, before: &Node) -> Option<String> {
    let id = &before.unique_id;
    let Some(node) = now.nodes.get(id) else {
        let how = if now.disabled.contains_key(id) { "disabled" } else { "deleted or renamed" };
        return Some(format!("  - Contracted model '{id}' was {how}."));
    };
    if !node.contract.enforced {
        return Some("  - Contract enforcement was removed.".to_owned());
    }
    if node.contract.checksum == before.contract.checksum {
        return None;
    }
    let mut text = String::new();
    let mut say = |what: &str, which: Vec<String>| {
        if !which.is_empty() {
            let _ = write!(text, "  - {what}: \n    - {}\n", which.join("\n    - "));
        }
    };
    let columns = || before.columns.values();
    let same = |column: &Column| node.columns.get(&column.name);
    say(
        "Columns were removed",
        columns().filter(|it| same(it).is_none()).map(|it| it.name.clone()).collect(),
    );
    let retyped = columns().filter_map(|it| retyped(it, same(it)?));
    say("Columns with data_type changes", retyped.collect());
    let (earlier, later) = (before.config.materialized(), node.config.materialized());
    if ENFORCING.contains(&earlier) {
        let of_columns = columns().filter_map(|it| Some((it, same(it)?)));
        let gone = of_columns.flat_map(|(it, now)| {
            let gone = it.constraints.iter().filter(|constraint| !now.constraints.contains(constraint));
            gone.map(|constraint| format!("'{}' constraint on column {}", kind(constraint), it.name))
        });
        say("Enforced column level constraints were removed", gone.collect());
        let all = before.only.constraints.iter().flatten();
        let kept = node.only.constraints.as_deref().unwrap_or_default();
        let gone = all.filter(|constraint| !kept.contains(constraint));
        let gone = gone.map(|constraint| {
            format!("'{}' constraint on columns {}", kind(constraint), constraint["columns"])
        });
        say("Enforced model level constraints were removed", gone.collect());
        let has_constraints = before.only.constraints.as_ref().is_some_and(|it| !it.is_empty())
            || columns().any(|it| !it.constraints.is_empty());
        if has_constraints && !ENFORCING.contains(&later) {
            say("Materialization changed with enforced constraints", vec![format!("{earlier} -> {later}")]);
        }
    }
    (!text.is_empty()).then(|| text.trim_end().to_owned())
}

fn retyped(before: &Column, now: &Column) -> Option<String> {
    let shown = |column: &Column| column.data_type.clone().unwrap_or_else(|| "none".to_owned());
    // Another size, precision or scale breaks nothing.
    let kind = |column: &Column| {
        let text = column.data_type.as_deref().unwrap_or_default().to_lowercase();
        let bare = match (text.find('('), text.rfind(')')) {
            (Some(start), Some(end)) if start < end => format!("{}{}", &text[..start], &text[end + 1..]),
            _ => text,
        };
        bare.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    (kind(before) != kind(now)).then(|| format!("{} ({} -> {})", before.name, shown(before), shown(now)))
}

fn kind(constraint: &Value) -> &str {
    constraint["type"].as_str().unwrap_or_default()
}

/// A seed of more than 1 MB has its path for a checksum: whether its rows changed is not known.
fn large_seed(node: &Node, before: &Manifest) -> Option<Diagnostic> {
    if node.resource_type != ResourceType::Seed || node.checksum.name != "path" {
        return None;
    }
    let earlier = before.nodes.get(&node.unique_id)?;
    let seed = format!("{}.{}", node.package_name, node.name);
    let (event, what) = match earlier.checksum.name.as_str() {
        "path" if earlier.checksum.checksum == node.checksum.checksum => (
            "SeedExceedsLimitSamePath",
            "at the same path, dbt cannot tell if it has changed: assuming they are the same",
        ),
        "path" => ("SeedExceedsLimitAndPathChanged", "at another path, assuming it has changed"),
        _ => ("SeedIncreased", "where it was smaller, so it has changed"),
    };
    let message = format!("Found a seed ({seed}) >1MB in size {what}");
    let place = Place::file(node.original_file_path.as_str());
    Some(Diagnostic::warning("S003", message).event(event).at(place).with("name", node.name.as_str()))
}

/// A test whose macro is gone can't be compared.
fn missing_test(now: &Manifest) -> Result<(), SelectionError> {
    let tests = now.nodes.values().filter(|node| node.config.enabled());
    let mut named = tests.filter_map(|node| Some((node, &node.only.test_metadata.as_ref()?.name)));
    let calls_it = |node: &Node, name: &str| {
        let mut called = node.depends_on.macros.iter().filter_map(|id| id.as_str().rsplit('.').next());
        called.any(|called| called.strip_prefix("test_") == Some(name))
    };
    let Some((node, name)) = named.find(|(node, name)| !calls_it(node, name)) else { return Ok(()) };
    let message = format!(
        "Generic test '{name}' of '{}' does not exist: there is no macro or generic test of that name",
        node.unique_id
    );
    let place = node.original_file_path.as_str();
    let error = Diagnostic::error("S004", message).event("CompilationError").at(Place::file(place));
    Err(SelectionError::Breaking(Box::new(error)))
}
