//! Microbatch models: what they have to say of their batches, and what they read.

use super::{parsing, place};
use crate::code;
use crate::context::macros::is_internal;
use crate::flags::Flags;
use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime};
use platform_core::node::MacroDefinition;
use platform_core::{Diagnostic, Manifest, Node, ResourceType, UniqueId};
use serde_json::Value;

/// What a microbatch model has to say of its batches.
pub(super) fn check(manifest: &Manifest, flags: &Flags, node: &Node) -> Option<Diagnostic> {
    if !is_batched(manifest, flags, node) {
        return None;
    }
    let text = |key: &str| node.config.get(key).and_then(Value::as_str);
    let fault = |what: String| {
        Some(parsing(format!("Microbatch model '{}' {what}", node.name), code::CONFIG).at(place(node)))
    };
    let given = |key: &str| node.config.get(key).map_or_else(|| "nothing".to_owned(), crate::python::repr);
    if text("event_time").is_none() {
        return fault(format!(
            "must provide an 'event_time' (string) config that indicates the name of the event time column; got {}",
            given("event_time")
        ));
    }
    if text("begin").and_then(moment).is_none() {
        return fault(format!(
            "must provide a 'begin' (datetime) config that indicates the earliest timestamp the model is built from; got {}",
            given("begin")
        ));
    }
    if !text("batch_size").is_some_and(|size| ["hour", "day", "month", "year"].contains(&size)) {
        return fault(format!(
            "must provide a 'batch_size' config that is one of hour, day, month, year; got {}",
            given("batch_size")
        ));
    }
    // To Python, dbt's language, a truth value is an integer.
    if !node.config.get("lookback").is_none_or(|it| it.is_null() || it.is_boolean() || it.is_i64()) {
        return fault(format!(
            "must give 'lookback' as an integer, the number of batches to build again; got {}",
            given("lookback")
        ));
    }
    if !node.config.get("concurrent_batches").is_none_or(|it| it.is_null() || it.is_boolean()) {
        return fault(format!(
            "must give 'concurrent_batches' as true or false; got {}",
            given("concurrent_batches")
        ));
    }
    None
}

/// The flag that gives a strategy of the project's own one batch at a time.
pub const FLAG: &str = "require_batched_execution_for_custom_microbatch_strategy";

/// Whether a model is built batch by batch. A project or a package with a strategy of that name of its own is given all
/// rows at once, unless a flag says otherwise
/// (<https://docs.getdbt.com/reference/global-configs/behavior-changes#custom-microbatch-strategy>).
pub fn is_batched(manifest: &Manifest, flags: &Flags, node: &Node) -> bool {
    is_microbatch(node) && (flags.is_on(FLAG) || own_strategy(manifest).is_none())
}

/// Whether a model says that it is built in batches.
pub fn is_microbatch(node: &Node) -> bool {
    node.resource_type == ResourceType::Model
        && node.config.materialized() == "incremental"
        && node.config.text("incremental_strategy") == Some("microbatch")
}

/// The macro of a strategy that isn't ours.
pub fn own_strategy(manifest: &Manifest) -> Option<&MacroDefinition> {
    let is_own =
        |it: &&MacroDefinition| it.name == "get_incremental_microbatch_sql" && !is_internal(&it.package_name);
    manifest.macros.values().find(is_own)
}

/// Microbatch models none of whose inputs has a time: each batch reads all of their rows.
pub fn unfiltered_batches(manifest: &Manifest, flags: &Flags) -> Vec<Diagnostic> {
    let has_time = |id: &UniqueId| {
        let node = manifest.nodes.get(id).map(|node| &node.config);
        node.or_else(|| manifest.sources.get(id).map(|source| &source.config))
            .is_some_and(|config| config.text("event_time").is_some())
    };
    let unfiltered = manifest
        .nodes
        .values()
        .filter(|node| is_batched(manifest, flags, node) && !node.depends_on.nodes.iter().any(has_time));
    unfiltered
        .map(|node| {
            let message = format!(
                "The microbatch model '{}' reads nothing that has an 'event_time': every batch reads all rows, and rows may \
                 be written more than once",
                node.name
            );
            Diagnostic::warning(code::CONFIG, message)
                .event("MicrobatchModelNoEventTimeInputs")
                .at(place(node))
                .hint("set `event_time` on the models and sources it reads")
        })
        .collect()
}

/// Microbatch models that ask for batches beside each other. dbt's adapter runs none so and warns; here they do as far as
/// rows come out the same.
pub fn concurrent_batches(manifest: &Manifest, flags: &Flags) -> Option<Diagnostic> {
    let asks = |node: &&Node| {
        is_batched(manifest, flags, node) && node.config.get("concurrent_batches") == Some(&Value::Bool(true))
    };
    let asking: Vec<&Node> = manifest.nodes.values().filter(asks).collect();
    let first = asking.first()?;
    let count = asking.len();
    let plural = if count == 1 { "" } else { "s" };
    let message = format!(
        "Found {count} microbatch model{plural} with the `concurrent_batches` config set to true, but the postgres adapter \
         of dbt does not support running batches concurrently and runs them sequentially. Here their queries run beside each \
         other, and their rows are written one batch after the other."
    );
    let warning = Diagnostic::warning(code::CONFIG, message).event("InvalidConcurrentBatchesConfig");
    Some(warning.at(place(first)).with("num_models", count).with("adapter_type", "postgres"))
}

/// A date, or a date with a time, as ISO 8601 has them: `2026-11-22`, `2026-11-22T10`, `2026-11-22 10:00:00`,
/// `20261122`, `2026-11-22T10:00:00Z`; without a zone it is UTC. `None` for anything else.
pub fn moment(text: &str) -> Option<DateTime<FixedOffset>> {
    let text = text.trim();
    let zoned = ["%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%d %H:%M:%S%.f%#z"];
    let rfc = DateTime::parse_from_rfc3339(&text.replacen(' ', "T", 1)).ok();
    if let Some(time) =
        rfc.or_else(|| zoned.iter().find_map(|form| DateTime::parse_from_str(text, form).ok()))
    {
        return Some(time);
    }
    let naive = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"];
    let of = |text: &str, forms: &[&str]| {
        forms.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
    };
    // An hour alone, and a date without hyphens.
    let time = of(text, &naive)
        .or_else(|| of(&format!("{text}:00"), &naive[2..]))
        .or_else(|| of(text, &["%Y%m%dT%H%M%S", "%Y%m%d %H%M%S"]));
    let day = || {
        let day = ["%Y-%m-%d", "%Y%m%d"].iter().find_map(|form| NaiveDate::parse_from_str(text, form).ok());
        day?.and_hms_opt(0, 0, 0)
    };
    Some(time.or_else(day)?.and_utc().fixed_offset())
}
