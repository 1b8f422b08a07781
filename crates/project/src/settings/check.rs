//! What `dbt_project.yml` may say; dbt's own words where it may not.

use crate::code;
use crate::context::shared::DBT_VERSION;
use crate::package::is_entry;
use crate::package::version::{Range, Version};
use crate::render::UNDEFINED_HINT;
use crate::settings::SECTIONS;
use crate::shape::{
    BOOLEAN_OR_NULL, Fault, INTEGER_OR_NULL, Object, Shape, TEXT_OR_NULL, TEXT_OR_TEXTS_OR_NULL, TEXTS,
};
use crate::yaml::{Content, Document, Node};
use platform_core::Diagnostic;
use platform_core::diagnostic::nearest;

/// What `dbt_project.yml` may say (<https://docs.getdbt.com/reference/dbt_project.yml>).
const PROJECT: Object = Object {
    base: None,
    required: &["name"],
    fields: &[
        ("name", Shape::Matching(is_name, "^[^\\\\d\\\\W]\\\\w*$")),
        // A number is a version too: see `version_number`.
        ("version", Shape::Any),
        ("config-version", INTEGER_OR_NULL),
        ("profile", TEXT_OR_NULL),
        ("model-paths", TEXTS_OR_NULL),
        ("seed-paths", TEXTS_OR_NULL),
        ("test-paths", TEXTS_OR_NULL),
        ("analysis-paths", TEXTS_OR_NULL),
        ("macro-paths", TEXTS_OR_NULL),
        ("snapshot-paths", TEXTS_OR_NULL),
        ("function-paths", TEXTS_OR_NULL),
        ("docs-paths", TEXTS_OR_NULL),
        ("asset-paths", TEXTS_OR_NULL),
        ("target-path", TEXT_OR_NULL),
        ("log-path", TEXT_OR_NULL),
        ("packages-install-path", TEXT_OR_NULL),
        ("clean-targets", TEXTS_OR_NULL),
        ("quoting", Shape::Either(&[Shape::Object(&QUOTING), Shape::Null])),
        ("on-run-start", TEXT_OR_TEXTS_OR_NULL),
        ("on-run-end", TEXT_OR_TEXTS_OR_NULL),
        ("dispatch", Shape::List(&Shape::Mapping)),
        ("vars", MAPPING_OR_NULL),
        ("query-comment", Shape::Either(&[Shape::Object(&QUERY_COMMENT), Shape::Text, Shape::Null])),
        ("require-dbt-version", TEXT_OR_TEXTS_OR_NULL),
        ("restrict-access", Shape::Boolean),
        ("flags", Shape::Mapping),
        ("models", MAPPING_OR_NULL),
        ("seeds", MAPPING_OR_NULL),
        ("snapshots", MAPPING_OR_NULL),
        ("tests", Shape::Mapping),
        ("data_tests", Shape::Mapping),
        ("sources", Shape::Mapping),
        ("exposures", Shape::Mapping),
        ("metrics", Shape::Mapping),
        ("semantic-models", Shape::Mapping),
        ("saved-queries", Shape::Mapping),
        ("unit_tests", Shape::Mapping),
        ("functions", Shape::Mapping),
        ("analyses", Shape::Mapping),
        ("packages", Shape::List(&Shape::Any)),
        ("dbt-cloud", MAPPING_OR_NULL),
        // Where the project stands is known without it.
        ("project-root", Shape::Any),
        // Keys of old: see `RENAMED`.
        ("source-paths", TEXTS_OR_NULL),
        ("data-paths", TEXTS_OR_NULL),
        ("modules-path", TEXT_OR_NULL),
    ],
    open: false,
};

const TEXTS_OR_NULL: Shape = Shape::Either(&[TEXTS, Shape::Null]);
const MAPPING_OR_NULL: Shape = Shape::Either(&[Shape::Mapping, Shape::Null]);

const QUOTING: Object = Object {
    base: None,
    required: &[],
    fields: &[
        ("schema", BOOLEAN_OR_NULL),
        ("database", BOOLEAN_OR_NULL),
        ("project", BOOLEAN_OR_NULL),
        ("identifier", BOOLEAN_OR_NULL),
        ("snowflake_ignore_case", BOOLEAN_OR_NULL),
    ],
    open: false,
};

const QUERY_COMMENT: Object = Object {
    base: None,
    required: &[],
    fields: &[("comment", Shape::Text), ("append", BOOLEAN_OR_NULL), ("job-label", Shape::Boolean)],
    open: false,
};

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
    if root.get("name").is_none() {
        return Err(fault(document, root, "Required \"name\" field not present in project"));
    }
    if root.get("tests").is_some() && root.get("data_tests").is_some() {
        return Err(fault(
            document,
            root,
            "at path []: Invalid project config: cannot have both 'tests' and 'data_tests' defined",
        ));
    }
    Ok(())
}

/// Fails on values that aren't what they may be, once their templates are rendered.
pub fn values(document: &Document, rendered: &Node) -> Result<(), Diagnostic> {
    PROJECT.check(rendered).map_err(|found| refused(document, &found))?;
    if let Some(node) = rendered.get("version").filter(|node| !is_version(node)) {
        let shown = crate::python::repr(&node.to_json());
        let why = format!("at path ['version']: {shown} is not valid under any of the given schemas");
        return Err(fault(document, node, why).hint("write a semantic version: `version: 1.0.0`"));
    }
    if let Some(node) = rendered.get("config-version").filter(|it| !matches!(it.content, Content::Int(2))) {
        let shown = crate::python::repr(&node.to_json());
        let why = format!("Got an unexpected project version={shown}, expected 2");
        return Err(fault(document, node, why));
    }
    let packages = rendered.get("packages").map(Node::items).unwrap_or_default();
    if let Some((at, item)) = packages.iter().enumerate().find(|(_, item)| !is_entry(item)) {
        let shown = crate::python::repr(&item.to_json());
        let why = format!("at path ['packages'][{at}]: {shown} is not valid under any of the given schemas");
        return Err(fault(document, item, why).hint("packages stand in packages.yml"));
    }
    for item in rendered.get("dispatch").map(Node::items).unwrap_or_default() {
        if item.get("macro_namespace").is_none() || item.get("search_order").is_none() {
            let shown = crate::json::dumps(&item.to_json());
            let why = format!("at path []: Invalid project dispatch config: {shown}");
            return Err(
                fault(document, item, why).hint("every entry has `macro_namespace` and `search_order`")
            );
        }
    }
    Ok(())
}

/// Fails on a configuration whose template gives nothing that there is, such as a misspelt variable.
pub fn configs_defined(document: &Document, rendered: &Node) -> Result<(), Diagnostic> {
    let is_section = |key: &str| key == "tests" || SECTIONS.contains(&key);
    let mut sections = rendered.entries().iter().filter(|entry| is_section(&entry.key));
    match sections.find_map(|entry| entry.value.undefined()) {
        Some(node) => {
            let error = fault(document, node, "A configuration is Undefined");
            Err(error.event("ParsingError").hint(UNDEFINED_HINT))
        }
        None => Ok(()),
    }
}

/// What the form of the file refuses, with what may have been meant.
fn refused(document: &Document, found: &Fault<'_, Node>) -> Diagnostic {
    let error = fault(document, found.at, format!("at path {}: {}", found.path, found.why));
    if let Some((key, known)) = found.unexpected {
        let place = found.at.entry(key).map_or(&found.at.span, |entry| &entry.span);
        let error = error.at(document.place(place));
        return match nearest(key, known.iter().map(|(known, _)| *known)).first() {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => error,
        };
    }
    if found.at.undefined().is_some() {
        return error.hint(UNDEFINED_HINT);
    }
    let key = found.path.split('\'').nth(1).unwrap_or_default();
    match key {
        "name" => {
            error.hint("a project's name has letters, digits and underscores, and begins with no digit")
        }
        "quoting" => {
            error.hint("quoting has the keys `database`, `schema` and `identifier`: each `true` or `false`")
        }
        "query-comment" => error.hint("write a text, or a mapping with `comment` and `append`"),
        "require-dbt-version" => {
            error.hint("write a version range or a list of them: `[\">=1.6.0\", \"<2.0.0\"]`")
        }
        "dbt-cloud" => error.hint("dbt-cloud has keys, such as `project-id`"),
        _ if key.ends_with("-paths") || key == "clean-targets" => {
            error.hint("write a list of paths: `[models]`")
        }
        _ => error,
    }
}

/// Text of two or three numbers with points between, or a number that reads so.
fn is_version(node: &Node) -> bool {
    let text = match &node.content {
        Content::Text(_) | Content::Float(_) => node.scalar_text().unwrap_or_default(),
        _ => return false,
    };
    let core = text.split(['-', '+']).next().unwrap_or_default();
    let is_number = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|it| it.is_ascii_digit())
            && (part == "0" || !part.starts_with('0'))
    };
    (2..=3).contains(&core.split('.').count()) && core.split('.').all(is_number)
}

/// Keys of old, and what they are called now.
pub const RENAMED: &[(&str, &str)] = &[
    ("source-paths", "model-paths"),
    ("data-paths", "seed-paths"),
    ("modules-path", "packages-install-path"),
];

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
        let range =
            Range::parse(text.trim()).filter(|_| !wanted.iter().any(|it| it == text && it.is_empty()));
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
