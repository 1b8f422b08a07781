//! Properties that dbt wants under `config` by now, and still reads where they stood
//! (<https://docs.getdbt.com/reference/deprecations#propertymovedtoconfigdeprecation>).

use super::block::{Block, Section};
use crate::code;
use crate::yaml::{Entry, Node};
use platform_core::Diagnostic;

/// The moved properties of a block, its columns and tables.
pub fn to_config(block: &Block) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    of_part(block, &block.written, keys(block.section), &|| block.path(), &mut found);
    of_columns(block, &block.written, &|| block.path(), &mut found);
    let tables = block.written.get("tables").map(Node::items).unwrap_or_default();
    for (index, table) in tables.iter().enumerate() {
        let path = || format!("{}.tables[{index}]", block.path());
        of_part(block, table, SOURCE, &path, &mut found);
        of_columns(block, table, &path, &mut found);
    }
    found
}

const SOURCE: &[&str] = &["freshness", "loaded_at_field", "meta", "tags"];

fn keys(section: Section) -> &'static [&'static str] {
    match section {
        Section::Models => &["access", "docs", "group", "meta"],
        Section::Seeds | Section::Snapshots => &["docs", "group", "meta"],
        Section::Analyses => &["docs", "meta"],
        Section::Sources => SOURCE,
        Section::Exposures => &["enabled", "meta", "tags"],
        Section::Metrics | Section::SavedQueries => &["group", "meta", "tags"],
        Section::UnitTests => &["enabled"],
        Section::Functions => &["access", "meta"],
        Section::Macros | Section::Groups | Section::DataTests | Section::Tests | Section::SemanticModels => {
            &[]
        }
    }
}

fn of_columns(block: &Block, node: &Node, path: &dyn Fn() -> String, found: &mut Vec<Diagnostic>) {
    for (index, column) in node.get("columns").map(Node::items).unwrap_or_default().iter().enumerate() {
        of_part(block, column, &["meta", "tags"], &|| format!("{}.columns[{index}]", path()), found);
    }
}

fn of_part(
    block: &Block,
    node: &Node,
    keys: &[&str],
    path: &dyn Fn() -> String,
    found: &mut Vec<Diagnostic>,
) {
    let moved = node.entries().iter().filter(|entry| keys.contains(&entry.key.as_str()));
    found.extend(moved.map(|entry| told(block, entry, &path())));
}

fn told(block: &Block, entry: &Entry, path: &str) -> Diagnostic {
    let key = &entry.key;
    let message = format!("Found `{key}` as a top-level property of `{path}`: it belongs under `config`");
    Diagnostic::warning(code::DEPRECATED, message)
        .event("PropertyMovedToConfigDeprecation")
        .at(block.properties.document.place(&entry.span))
        .hint(format!("write `config: {{{key}: …}}`"))
        .with("key", key.as_str())
        .with("key_path", path)
        .with("file", &*block.properties.file.path)
}
