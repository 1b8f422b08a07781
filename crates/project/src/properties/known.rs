//! Keys that mean something; others are told, with what was likely meant.

use super::block::{Block, Properties, Section};
use super::columns;
use crate::code;
use crate::yaml::{Entry, Node};
use platform_core::Diagnostic;
use platform_core::diagnostic::nearest;

/// A key at the top of a file that names no section.
pub fn unknown_section(properties: &Properties, entry: &Entry) -> Option<Diagnostic> {
    if matches!(entry.key.as_str(), "version" | "anchors" | "x-anchors") {
        return None;
    }
    let keys = Section::ALL.iter().map(|section| section.key());
    Some(warning(properties, entry, "a properties file", "CustomTopLevelKeyDeprecation", keys))
}

fn warning<'a>(
    properties: &Properties,
    entry: &Entry,
    of: &str,
    event: &str,
    known: impl Iterator<Item = &'a str> + Clone,
) -> Diagnostic {
    let warning = Diagnostic::warning(code::UNKNOWN_KEY, format!("unknown key `{}` in {of}", entry.key))
        .event(event)
        .at(properties.document.place(&entry.span));
    match (entry.key.as_str(), nearest(&entry.key, known).first()) {
        ("test", _) => warning.hint("write `data_tests:`: these tests never run"),
        (_, Some(near)) => warning.hint(format!("did you mean `{near}`?")),
        _ => warning.hint("it has no effect: remove it, or put it under `meta`"),
    }
}

/// Keys of a block, its columns, tables and versions that nothing reads.
pub fn unknown_keys(block: &Block) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let known = keys(block.section);
    if !known.is_empty() {
        check(block, &block.written, known, &format!("`{}`", block.section.key()), &mut found);
    }
    columns_of(block, &block.written, &mut found);
    for version in block.written.get("versions").map(Node::items).unwrap_or_default() {
        columns_of(block, version, &mut found);
    }
    for table in block.written.get("tables").map(Node::items).unwrap_or_default() {
        check(block, table, TABLE, "a table of a source", &mut found);
        columns_of(block, table, &mut found);
    }
    found
}

fn columns_of(block: &Block, node: &Node, found: &mut Vec<Diagnostic>) {
    for column in node.get("columns").map(Node::items).unwrap_or_default() {
        // Other keys of a column are carried into artifacts: only likely mistakes are told.
        for entry in column.entries() {
            let known = columns::KEYS.iter().copied().chain(["include", "exclude", "policy_tags"]);
            let is_known = known.clone().any(|key| key == entry.key);
            if !is_known && (entry.key == "test" || !nearest(&entry.key, known.clone()).is_empty()) {
                found.push(warning(
                    &block.properties,
                    entry,
                    "a column",
                    "CustomKeyInObjectDeprecation",
                    known,
                ));
            }
        }
    }
}

fn check(block: &Block, node: &Node, known: &[&str], of: &str, found: &mut Vec<Diagnostic>) {
    for entry in node.entries().iter().filter(|entry| !known.contains(&entry.key.as_str())) {
        let mut told =
            warning(&block.properties, entry, of, "CustomKeyInObjectDeprecation", known.iter().copied());
        if MOVED.contains(&entry.key.as_str()) {
            told = told.hint(format!("it has no effect here: write `config: {{{}: …}}`", entry.key));
        }
        found.push(told);
    }
}

/// Configuration that people write beside `config` and not in it.
const MOVED: &[&str] = &[
    "materialized",
    "tags",
    "enabled",
    "schema",
    "database",
    "alias",
    "persist_docs",
    "pre-hook",
    "post-hook",
    "pre_hook",
    "post_hook",
    "unique_key",
    "grants",
    "contract",
    "event_time",
    "strategy",
    "updated_at",
    "check_cols",
    "target_schema",
];

const TABLE: &[&str] = &[
    "name",
    "description",
    "identifier",
    "loader",
    "loaded_at_field",
    "loaded_at_query",
    "freshness",
    "external",
    "quoting",
    "tags",
    "meta",
    "config",
    "columns",
    "tests",
    "data_tests",
    "docs",
];

fn keys(section: Section) -> &'static [&'static str] {
    match section {
        Section::Models => &[
            "name",
            "description",
            "docs",
            "group",
            "access",
            "contract",
            "latest_version",
            "deprecation_date",
            "config",
            "constraints",
            "quote_columns",
            "columns",
            "tests",
            "data_tests",
            "versions",
            "meta",
            "time_spine",
            "semantic_model",
            "agg_time_dimension",
            "metrics",
            "derived_semantics",
            "primary_entity",
        ],
        Section::Seeds => &[
            "name",
            "description",
            "docs",
            "group",
            "access",
            "config",
            "quote_columns",
            "columns",
            "tests",
            "data_tests",
            "meta",
        ],
        Section::Snapshots => &[
            "name",
            "description",
            "docs",
            "group",
            "access",
            "config",
            "columns",
            "tests",
            "data_tests",
            "meta",
            "relation",
        ],
        Section::Macros => &["name", "description", "docs", "meta", "arguments", "config"],
        Section::Analyses => &["name", "description", "docs", "config", "columns", "meta", "group", "access"],
        Section::DataTests | Section::Tests => &["name", "description", "config", "docs", "meta"],
        Section::Functions => &[
            "name",
            "description",
            "docs",
            "config",
            "arguments",
            "returns",
            "meta",
            "group",
            "access",
            "columns",
            "tests",
            "data_tests",
        ],
        // Their forms know every key there is: others are errors.
        Section::Sources
        | Section::Exposures
        | Section::Groups
        | Section::UnitTests
        | Section::Metrics
        | Section::SemanticModels
        | Section::SavedQueries => &[],
    }
}
