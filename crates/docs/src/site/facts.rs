//! What a page says of a resource in short: label and value pairs.

use crate::catalog::{CatalogTable, Size};
use platform_core::Node;
use platform_core::freshness::SourceFreshness;
use platform_core::node::{Exposure, Source};
use serde_json::{Map, Value};

type Facts = Vec<(String, String)>;

fn table_facts(table: Option<&CatalogTable>) -> Facts {
    let Some(table) = table else { return Vec::new() };
    let mut facts = vec![("Kind".to_owned(), table.metadata.kind.to_lowercase())];
    facts.extend(table.metadata.owner.clone().map(|owner| ("Role".to_owned(), owner)));
    let stats = table.stats.values().filter(|stat| stat.include);
    facts.extend(stats.map(|stat| (stat.label.clone(), plain(&stat.value))));
    facts.extend(size_facts(&table.size));
    facts
}

fn size_facts(size: &Size) -> Facts {
    let rows = size.rows.map(|rows| match &size.analyzed_at {
        Some(at) => format!("about {rows}, as of {at}"),
        None => format!("about {rows}"),
    });
    let bytes = size.bytes.map(|bytes| match bytes {
        0..10_000 => format!("{bytes} bytes"),
        10_000..10_000_000 => format!("{} kB", bytes / 1000),
        _ => format!("{} MB", bytes / 1_000_000),
    });
    known([("Rows", rows), ("Size with indexes", bytes)])
}

/// Those that have a value.
pub(super) fn known<const N: usize>(facts: [(&str, Option<String>); N]) -> Facts {
    facts.into_iter().filter_map(|(label, value)| Some((label.to_owned(), value?))).collect()
}

pub(super) fn node_facts(node: &Node, table: Option<&CatalogTable>, owner: Option<String>) -> Facts {
    let mut facts = table_facts(table);
    let mut fact = |label: &str, value: Option<String>| {
        facts.extend(value.filter(|value| !value.is_empty()).map(|value| (label.to_owned(), value)));
    };
    fact("Materialized", Some(node.config.materialized().to_owned()));
    fact("Access", node.only.access.clone());
    fact("Group", node.group.clone());
    fact("Owner", owner);
    fact("Version", version(node));
    fact("Unique key", node.config.get("unique_key").filter(|key| !key.is_null()).map(list));
    fact(
        "Strategy",
        node.config.text("incremental_strategy").or_else(|| node.config.text("strategy")).map(str::to_owned),
    );
    fact("Contract", node.contract.enforced.then(|| "enforced".to_owned()));
    for held in node.only.constraints.iter().flatten() {
        fact("Constraint", Some(constraint(held)));
    }
    fact("Severity", node.config.text("severity").map(str::to_lowercase));
    fact("Column", node.only.column_name.clone());
    fact("Deprecated from", node.only.deprecation_date.as_ref().map(plain));
    facts
}

pub(super) fn source_facts(
    source: &Source,
    table: Option<&CatalogTable>,
    freshness: Option<&SourceFreshness>,
) -> Facts {
    let mut facts = table_facts(table);
    if let Some(answer) = freshness {
        let age = age(answer.max_loaded_at_time_ago_in_s);
        facts.push(("Newest data".to_owned(), format!("{}{age}", answer.max_loaded_at)));
        facts.push(("Freshness".to_owned(), answer.status.as_str().to_owned()));
        facts.push(("Asked".to_owned(), answer.snapshotted_at.clone()));
    }
    if !source.loader.is_empty() {
        facts.push(("Loader".to_owned(), source.loader.clone()));
    }
    facts.extend(source.loaded_at_field.clone().map(|field| ("Loaded at".to_owned(), field)));
    for level in ["warn_after", "error_after"] {
        let after = source.freshness.as_ref().and_then(|freshness| freshness.get(level));
        let count = after.and_then(|after| after.get("count")).filter(|count| !count.is_null());
        if let (Some(count), Some(period)) = (count, after.and_then(|after| after.get("period"))) {
            let label = if level == "warn_after" { "Warns after" } else { "Fails after" };
            facts.push((label.to_owned(), format!("{} {}s", plain(count), plain(period))));
        }
    }
    facts
}

pub(super) fn exposure_facts(exposure: &Exposure) -> Facts {
    let owner = |key: &str| exposure.owner.get(key).and_then(Value::as_str).map(str::to_owned);
    known([
        ("Type", Some(exposure.kind.clone())),
        ("Owner", owner("name")),
        ("Email", owner("email")),
        ("Maturity", exposure.maturity.clone()),
        ("Address", exposure.url.clone()),
    ])
}

/// Of metrics, semantic models and saved queries.
pub(super) fn semantic_facts(more: &Map<String, Value>) -> Facts {
    let said = |key: &str| more.get(key).and_then(Value::as_str).map(str::to_owned);
    known([("Label", said("label")), ("Type", said("type")), ("Group", said("group"))])
}

/// What makes them, as written.
pub(super) fn definition(more: &Map<String, Value>) -> Map<String, Value> {
    let written =
        ["type_params", "filter", "entities", "measures", "dimensions", "query_params", "exports", "meta"];
    let is_said = |value: &&Value| match value {
        Value::Null => false,
        Value::Array(list) => !list.is_empty(),
        Value::Object(map) => !map.is_empty(),
        _ => true,
    };
    let said =
        written.iter().filter_map(|key| Some(((*key).to_owned(), more.get(*key).filter(is_said)?.clone())));
    said.collect()
}

/// `2, the latest`, `1 of a model whose latest is 2`.
fn version(node: &Node) -> Option<String> {
    let own = plain(node.only.version.as_ref().filter(|version| !version.is_null())?);
    let latest = node.only.latest_version.as_ref().map(plain);
    Some(match latest {
        Some(latest) if latest == own => format!("{own}, the latest"),
        Some(latest) => format!("{own}; the latest is {latest}"),
        None => own,
    })
}

/// `primary key (id)`, `check (total > 0)`, `foreign key (customer_id) references customers (id)`.
pub(super) fn constraint(written: &Value) -> String {
    let said = |key: &str| written.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let list_of = |key: &str| {
        written
            .get(key)
            .and_then(Value::as_array)
            .filter(|list| !list.is_empty())
            .map(|it| list(&Value::Array(it.clone())))
    };
    let mut text = said("type").unwrap_or("constraint").replace('_', " ");
    if let Some(columns) = list_of("columns") {
        text = format!("{text} ({columns})");
    }
    if let Some(to) = said("to") {
        text = format!("{text} references {to}");
        if let Some(columns) = list_of("to_columns") {
            text = format!("{text} ({columns})");
        }
    }
    match said("expression") {
        Some(expression) if text.starts_with("check") => format!("{text} ({expression})"),
        Some(expression) => format!("{text} {expression}"),
        None => text,
    }
}

/// One value, or several with commas.
fn list(value: &Value) -> String {
    match value {
        Value::Array(values) => values.iter().map(plain).collect::<Vec<_>>().join(", "),
        one => plain(one),
    }
}

fn age(seconds: f64) -> String {
    let (number, unit) = match seconds {
        ..120.0 => (seconds, "seconds"),
        ..7_200.0 => (seconds / 60.0, "minutes"),
        ..172_800.0 => (seconds / 3600.0, "hours"),
        _ => (seconds / 86_400.0, "days"),
    };
    format!(", {number:.0} {unit} old when asked")
}

/// The alert rule of an exposure, `mass_change.ratio` for what is nested.
pub(super) fn rule_facts(meta: &Map<String, Value>) -> Facts {
    let mut facts = Vec::new();
    if let Some(Value::Object(rule)) = meta.get("alert") {
        flatten(rule, "", &mut facts);
    }
    facts
}

fn flatten(map: &Map<String, Value>, prefix: &str, facts: &mut Facts) {
    for (key, value) in map {
        let key = format!("{prefix}{key}");
        match value {
            Value::Object(inner) => flatten(inner, &format!("{key}."), facts),
            other => facts.push((key, plain(other))),
        }
    }
}

pub(super) fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
