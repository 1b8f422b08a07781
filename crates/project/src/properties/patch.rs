//! What properties say of a resource that has a file of its own: models, seeds, snapshots, analyses, singular
//! tests, functions.

use super::block::{Block, Section};
use super::columns::{columns, constraint};
use super::tests::{TestSpec, tests};
use crate::code;
use crate::yaml::{Content, Node};
use indexmap::IndexMap;
use platform_core::Diagnostic;
use platform_core::node::Column;
use serde_json::{Map, Value};

/// The properties of one resource, or of one version of a model.
#[derive(Clone, Debug)]
pub struct Patch {
    /// The block.
    pub block: Block,
    /// Description, not rendered yet.
    pub description: String,
    /// Documented columns, descriptions not rendered yet.
    pub columns: IndexMap<String, Column>,
    /// Configuration, top-level keys of old form included.
    pub config: Map<String, Value>,
    /// The same as written.
    pub written_config: Map<String, Value>,
    /// Data tests.
    pub tests: Vec<TestSpec>,
    /// Constraints of the whole table.
    pub constraints: Vec<Value>,
    /// ISO form.
    pub deprecation_date: Option<String>,
    /// This version.
    pub version: Option<Value>,
    /// The version that a bare `ref` gets.
    pub latest_version: Option<Value>,
    /// `time_spine`.
    pub time_spine: Option<Value>,
}

/// The patches of a block: one, or one a version with the name of the file that defines it.
#[derive(Debug, Default)]
pub struct Patches {
    /// File name without extension, and what is said of it.
    pub by_file: Vec<(String, Patch)>,
    /// What should be told.
    pub warnings: Vec<Diagnostic>,
}

/// Top-level keys that count as configuration.
fn movable(section: Section) -> &'static [&'static str] {
    match section {
        Section::Models => &["meta", "docs", "group", "access", "contract"],
        Section::DataTests | Section::Tests => &["meta", "docs"],
        _ => &["meta", "docs", "group", "access"],
    }
}

/// Reads a block.
pub fn patches(block: &Block) -> Result<Patches, Diagnostic> {
    let versions = block.list(&block.node, "versions", "")?;
    let base = base(block)?;
    if versions.is_empty() || block.section != Section::Models {
        if let Some(latest) = block.node.get("latest_version") {
            return Err(block.fault(
                latest,
                format!(
                    "latest_version: {} is not one of model '{}' versions: [] ",
                    shown(latest),
                    block.name()
                ),
            ));
        }
        let mut base = base;
        let (specs, warnings) = tests(block, &block.node, "")?;
        base.tests = specs;
        return Ok(Patches { by_file: vec![(block.name().to_owned(), base)], warnings });
    }
    let mut patches = Patches::default();
    patches.warnings.extend(unread_date(block));
    let latest = latest(block, versions)?;
    let mut seen: Vec<String> = Vec::new();
    for (index, item) in versions.iter().enumerate() {
        let path = format!("['versions'][{index}]");
        let Some(v) = item.get("v").filter(|v| v.scalar_text().is_some()) else {
            return Err(block.invalid(&path, "'v' is a required property", item));
        };
        let shown = v.scalar_text().unwrap_or_default();
        if seen.contains(&shown) {
            return Err(block.fault(
                v,
                format!("Found duplicate version: '{shown}' in versions list of model '{}'", block.name()),
            ));
        }
        seen.push(shown.clone());
        let file = item.text_of("defined_in").filter(|name| !name.is_empty()).map(str::to_owned);
        let file = file.unwrap_or_else(|| format!("{}_v{shown}", block.name()));
        patches.warnings.extend(unread_configs(block, item));
        let (mut patch, warnings) = version(block, &base, item, &path)?;
        patch.version = Some(v.to_json());
        patch.latest_version = Some(latest.clone());
        patches.warnings.extend(warnings);
        patches.by_file.push((file, patch));
    }
    Ok(patches)
}

fn shown(node: &Node) -> String {
    node.scalar_text().unwrap_or_default()
}

/// `latest_version`, or the greatest: numbers as numbers, everything else as text.
fn latest(block: &Block, versions: &[Node]) -> Result<Value, Diagnostic> {
    let all: Vec<&Node> = versions.iter().filter_map(|it| it.get("v")).collect();
    if let Some(latest) = block.node.get("latest_version") {
        // A number is not the text that shows it.
        let is_text = |node: &Node| node.text().is_some();
        let known = all.iter().find(|v| shown(v) == shown(latest) && is_text(v) == is_text(latest));
        return known.map(|v| v.to_json()).ok_or_else(|| {
            let listed: Vec<String> = all.iter().map(|v| crate::python::repr(&v.to_json())).collect();
            block.fault(
                latest,
                format!(
                    "latest_version: {} is not one of model '{}' versions: [{}] ",
                    shown(latest),
                    block.name(),
                    listed.join(", ")
                ),
            )
        });
    }
    let numbers: Option<Vec<f64>> = all.iter().map(|v| shown(v).parse().ok()).collect();
    let greatest = match numbers {
        Some(numbers) => {
            let best = numbers.iter().enumerate().max_by(|left, right| left.1.total_cmp(right.1));
            best.map(|(index, _)| all[index])
        }
        None => all.iter().copied().max_by_key(|v| shown(v)),
    };
    Ok(greatest.map(Node::to_json).unwrap_or_default())
}

fn base(block: &Block) -> Result<Patch, Diagnostic> {
    let node = &block.node;
    let keys = movable(block.section);
    let constraints: Result<Vec<Value>, Diagnostic> =
        block.list(node, "constraints", "")?.iter().map(|it| constraint(block, it, true)).collect();
    Ok(Patch {
        description: block.text(node, "description", "")?.unwrap_or_default().to_owned(),
        columns: columns(block, node, "")?,
        config: block.config(node, keys)?,
        written_config: block.config(&block.written, keys)?,
        tests: Vec::new(),
        constraints: constraints?,
        deprecation_date: deprecation_date(block, node)?,
        version: None,
        latest_version: None,
        time_spine: node.get("time_spine").map(Node::to_json),
        block: block.clone(),
    })
}

/// A moment in ISO form; where no zone is written, UTC.
fn deprecation_date(block: &Block, node: &Node) -> Result<Option<String>, Diagnostic> {
    let Some(value) = node.get("deprecation_date") else { return Ok(None) };
    let text = value.scalar_text().unwrap_or_default();
    let parsed = match crate::yaml::scalar::resolve(&text) {
        Content::Date(text) => Some(text),
        _ => None,
    };
    let Some(text) = parsed else {
        return Err(block
            .fault(
                value,
                format!("Field \"deprecation_date\" of model '{}' has invalid value '{text}'", block.name()),
            )
            .hint("write a date: `2030-01-31`"));
    };
    let text = if text.contains('T') { text } else { format!("{text}T00:00:00") };
    let has_zone = text.get(11..).is_some_and(|clock| clock.contains(['+', '-']));
    Ok(Some(if has_zone { text } else { format!("{text}+00:00") }))
}

/// The date of a model with versions, which none of them takes over.
fn unread_date(block: &Block) -> Option<Diagnostic> {
    let entry = block.node.entries().iter().find(|entry| entry.key == "deprecation_date")?;
    let message = format!(
        "`deprecation_date` of model '{}' has no effect: each of its versions has a date of its own, or none",
        block.name()
    );
    let place = block.properties.document.place(&entry.span);
    let hint = "write it below the versions that it is meant for";
    Some(Diagnostic::warning(code::UNKNOWN_KEY, message).at(place).hint(hint))
}

/// Configuration of a version that stands beside its `config`: dbt allows it there and reads it nowhere.
fn unread_configs(block: &Block, item: &Node) -> Vec<Diagnostic> {
    let beside = item.entries().iter().filter(|entry| matches!(entry.key.as_str(), "access" | "docs"));
    let told = beside.map(|entry| {
        let key = &entry.key;
        let message =
            format!("`{key}` of a version of model '{}' has no effect beside `config`", block.name());
        Diagnostic::warning(code::UNKNOWN_KEY, message)
            .at(block.properties.document.place(&entry.span))
            .hint(format!("write `config: {{{key}: …}}`"))
    });
    told.collect()
}

/// One version: what it says itself over what the model says.
fn version(
    block: &Block,
    base: &Patch,
    item: &Node,
    path: &str,
) -> Result<(Patch, Vec<Diagnostic>), Diagnostic> {
    let mut patch = base.clone();
    let own = block.map(item, "config", path)?;
    crate::config::merge_version(&mut patch.config, &own);
    crate::config::merge_version(&mut patch.written_config, &own);
    if let Some(description) = block.text(item, "description", path)? {
        description.clone_into(&mut patch.description);
    }
    // As in dbt, the model's own date is none of its versions'.
    patch.deprecation_date = deprecation_date(block, item)?;
    if item.get("constraints").is_some() {
        let own: Result<Vec<Value>, Diagnostic> =
            block.list(item, "constraints", path)?.iter().map(|it| constraint(block, it, true)).collect();
        patch.constraints = own?;
    }
    let (described_anew, columns_node, columns) = version_columns(block, base, item, path)?;
    patch.columns = columns;
    let has_tests = item.get("tests").is_some() || item.get("data_tests").is_some();
    // A column that the version describes anew keeps the tests it has in the model.
    let (mut specs, mut warnings) = tests(block, &described_anew, path)?;
    let (own, more) = tests(block, &columns_node, path)?;
    specs.extend(own);
    warnings.extend(more);
    let (whole, more) = tests(block, &without_columns(if has_tests { item } else { &block.node }), path)?;
    specs.extend(whole);
    warnings.extend(more);
    patch.tests = specs;
    Ok((patch, warnings))
}

fn without_columns(node: &Node) -> Node {
    let entries = node.entries().iter().filter(|it| it.key != "columns").cloned().collect();
    Node::new(Content::Map(entries), node.span.clone())
}

/// The columns of a version, after those of the model that it describes anew: those that `include`/`exclude` take from the model, then its own over them.
fn version_columns(
    block: &Block,
    base: &Patch,
    item: &Node,
    path: &str,
) -> Result<(Node, Node, IndexMap<String, Column>), Diagnostic> {
    let inherited = block.list(&block.node, "columns", "")?;
    let own = block.list(item, "columns", path)?;
    let (filters, own): (Vec<&Node>, Vec<&Node>) =
        own.iter().partition(|it| it.get("include").is_some() || it.get("exclude").is_some());
    if filters.len() > 1 {
        return Err(block.fault(filters[1], "version can have at most one include/exclude element"));
    }
    let filter = filters.first().copied();
    let is_taken = |name: &str| filter.is_none_or(|filter| selects(filter, name));
    let is_own = |name: &str| own.iter().any(|it| it.text_of("name") == Some(name));
    let mut items: Vec<Node> = inherited
        .iter()
        .filter(|it| it.text_of("name").is_some_and(|name| is_taken(name) && !is_own(name)))
        .cloned()
        .collect();
    items.extend(own.iter().map(|it| (*it).clone()));
    let listed = |items: Vec<Node>| {
        let entry = crate::yaml::Entry {
            key: "columns".to_owned(),
            span: item.span.clone(),
            value: Node::new(Content::List(items), item.span.clone()),
        };
        Node::new(Content::Map(vec![entry]), item.span.clone())
    };
    let anew =
        inherited.iter().filter(|it| it.text_of("name").is_some_and(|name| is_taken(name) && is_own(name)));
    let (anew, node) = (listed(anew.cloned().collect()), listed(items));
    let mut own_columns = columns(block, &node, path)?;
    for (name, column) in &base.columns {
        if is_taken(name) && !is_own(name) {
            own_columns.insert(name.clone(), column.clone());
        }
    }
    Ok((anew, node, own_columns))
}

/// `include: all | '*' | [names]`, `exclude: [names]`.
fn selects(filter: &Node, name: &str) -> bool {
    let names = |key: &str| -> Option<Vec<String>> {
        let node = filter.get(key)?;
        Some(match node.text() {
            Some(one) => vec![one.to_owned()],
            None => node.items().iter().filter_map(Node::scalar_text).collect(),
        })
    };
    let included = names("include")
        .is_some_and(|include| include.iter().any(|it| it == name || it == "*" || it == "all"));
    included && !names("exclude").unwrap_or_default().iter().any(|it| it == name)
}
