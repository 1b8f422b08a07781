//! What `dbt_project.yml` may say; dbt's own words where it may not.

use crate::code;
use crate::context::shared::DBT_VERSION;
use crate::package::version::{Range, Version};
use crate::yaml::{Content, Document, Node};
use platform_core::Diagnostic;
use platform_core::diagnostic::nearest;

/// Every key of `dbt_project.yml`.
pub const KEYS: &[&str] = &[
    "name",
    "version",
    "config-version",
    "profile",
    "model-paths",
    "seed-paths",
    "test-paths",
    "analysis-paths",
    "macro-paths",
    "snapshot-paths",
    "function-paths",
    "docs-paths",
    "asset-paths",
    "target-path",
    "log-path",
    "packages-install-path",
    "clean-targets",
    "quoting",
    "on-run-start",
    "on-run-end",
    "dispatch",
    "vars",
    "query-comment",
    "require-dbt-version",
    "restrict-access",
    "flags",
    "models",
    "seeds",
    "snapshots",
    "tests",
    "data_tests",
    "sources",
    "exposures",
    "metrics",
    "semantic-models",
    "saved-queries",
    "unit_tests",
    "functions",
    "packages",
    "dbt-cloud",
    "project-root",
    "analyses",
];

/// A fault of the file.
pub fn fault(document: &Document, node: &Node, message: impl Into<String>) -> Diagnostic {
    Diagnostic::error(code::PROJECT_FILE, message).event("DbtProjectError").at(document.place(&node.span))
}

/// Fails on what dbt refuses.
pub fn check(document: &Document) -> Result<(), Diagnostic> {
    let root = &document.root;
    if !root.is_map() || root.entries().is_empty() {
        return Err(fault(document, root, "dbt_project.yml does not parse to a dictionary"));
    }
    match root.get("config-version").map(|node| (node, node.scalar_text().unwrap_or_default())) {
        None => {}
        Some((_, version)) if version == "2" || version == "1" => {}
        Some((node, version)) => {
            return Err(fault(
                document,
                node,
                format!("Got an unexpected project version={version}, expected 2"),
            ));
        }
    }
    let Some(name) = root.get("name") else {
        return Err(fault(document, root, "Required \"name\" field not present in project"));
    };
    let text = name.scalar_text().unwrap_or_default();
    if !is_name(&text) {
        return Err(fault(
            document,
            name,
            format!("at path ['name']: '{text}' does not match '^[^\\\\d\\\\W]\\\\w*$'"),
        )
        .hint("a project's name has letters, digits and underscores, and begins with no digit"));
    }
    if root.get("tests").is_some() && root.get("data_tests").is_some() {
        return Err(fault(
            document,
            root,
            "at path []: Invalid project config: cannot have both 'tests' and 'data_tests' defined",
        ));
    }
    for entry in root.entries() {
        let key = entry.key.as_str();
        if !KEYS.contains(&key) && !RENAMED.iter().any(|(old, _)| *old == key) {
            let near = nearest(key, KEYS.iter().copied());
            let unexpected = Diagnostic::error(
                code::PROJECT_FILE,
                format!("at path []: Additional properties are not allowed ('{key}' was unexpected)"),
            )
            .event("DbtProjectError")
            .at(document.place(&entry.span));
            return Err(match near.first() {
                Some(near) => unexpected.hint(format!("did you mean `{near}`?")),
                None => unexpected,
            });
        }
        shape(document, key, &entry.value)?;
    }
    Ok(())
}

/// Keys of old, and what they are called now.
pub const RENAMED: &[(&str, &str)] = &[
    ("source-paths", "model-paths"),
    ("data-paths", "seed-paths"),
    ("modules-path", "packages-install-path"),
];

fn shape(document: &Document, key: &str, node: &Node) -> Result<(), Diagnostic> {
    if node.is_null() {
        return Ok(());
    }
    let invalid = |why: &str| {
        let shown = crate::python::repr(&node.to_json());
        fault(
            document,
            node,
            format!("at path ['{key}']: {shown} is not valid under any of the given schemas"),
        )
        .hint(why.to_owned())
    };
    let is_list_of_text = || node.is_list() && node.items().iter().all(|it| it.scalar_text().is_some());
    match key {
        _ if key.ends_with("-paths") || key == "clean-targets" => {
            if !is_list_of_text() {
                return Err(invalid("write a list of paths: `[models]`"));
            }
        }
        "dbt-cloud" if !node.is_map() => return Err(invalid("dbt-cloud has keys, such as `project-id`")),
        "quoting" => {
            let known = ["database", "schema", "identifier", "column", "snowflake_ignore_case"];
            if !node.is_map() || node.entries().iter().any(|it| !known.contains(&it.key.as_str())) {
                return Err(invalid("quoting has the keys `database`, `schema` and `identifier`"));
            }
        }
        "query-comment" => {
            let known = ["comment", "append", "job-label"];
            if node.is_list() || node.entries().iter().any(|it| !known.contains(&it.key.as_str())) {
                return Err(invalid("write a text, or a mapping with `comment` and `append`"));
            }
        }
        "dispatch" => {
            for item in node.items() {
                if item.get("macro_namespace").is_none() || item.get("search_order").is_none() {
                    let shown = crate::json::dumps(&item.to_json());
                    return Err(fault(
                        document,
                        item,
                        format!("at path []: Invalid project dispatch config: {shown}"),
                    )
                    .hint("every entry has `macro_namespace` and `search_order`"));
                }
            }
        }
        "require-dbt-version" if !(node.is_list() || matches!(node.content, Content::Text(_))) => {
            return Err(invalid("write a version range or a list of them: `[\">=1.6.0\", \"<2.0.0\"]`"));
        }
        "models" | "seeds" | "snapshots" | "tests" | "data_tests" | "sources" | "exposures" | "metrics"
        | "semantic-models" | "saved-queries" | "unit_tests" | "vars" | "flags" | "functions"
            if !node.is_map() =>
        {
            let shown = crate::json::dumps(&node.to_json());
            return Err(fault(document, node, format!("at path ['{key}']: {shown} is not of type 'object'")));
        }
        _ => {}
    }
    Ok(())
}

fn is_name(text: &str) -> bool {
    let mut letters = text.chars();
    letters.next().is_some_and(|it| it == '_' || it.is_alphabetic())
        && letters.all(|it| it == '_' || it.is_alphanumeric())
}

/// Fails if the version we are compatible with is none that the package wants.
pub fn version(document: &Document, name: &str, wanted: &[String], check: bool) -> Result<(), Diagnostic> {
    let node = document.root.get("require-dbt-version").unwrap_or(&document.root);
    let mut ranges = Vec::new();
    for text in wanted.iter().flat_map(|text| text.split(',')) {
        let range = Range::parse(text.trim());
        let range = range
            .ok_or_else(|| fault(document, node, format!("\"{text}\" is not a valid semantic version.")))?;
        ranges.push(range);
    }
    let installed = Version::parse(DBT_VERSION).unwrap_or_default();
    if !check || ranges.iter().all(|range| range.accepts(&installed)) {
        return Ok(());
    }
    let listed: Vec<String> = wanted.iter().map(|it| format!("'{it}'")).collect();
    Err(fault(
        document,
        node,
        format!(
            "This version of dbt is not supported with the '{name}' package.\n  Installed version of dbt: \
             ={DBT_VERSION}\n  Required version of dbt for '{name}': [{}]\n  Take another version of \
             '{name}', or try it as it is: --no-version-check",
            listed.join(", ")
        ),
    ))
}
