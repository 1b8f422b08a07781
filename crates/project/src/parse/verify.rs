//! What holds between resources: groups, access, contracts, deprecations, keys.

use super::relation_names;
use crate::code;
use crate::flags::Flags;
use chrono::{DateTime, Utc};
use indexmap::IndexMap;
use platform_core::node::Column;
use platform_core::{Diagnostic, Manifest, Node, Place, ResourceType, UniqueId};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// Everything that is wrong with a manifest before references are resolved.
pub fn check(manifest: &Manifest, flags: &Flags) -> Vec<Diagnostic> {
    let mut found = relation_names::check(manifest, flags);
    for node in manifest.nodes.values() {
        found.extend(access(node));
        found.extend(group(manifest, node));
        found.extend(contract(node));
        found.extend(unsupported_constraints(node));
        found.extend(microbatch(manifest, node));
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

/// What an enforced contract asks of its model.
fn contract(node: &Node) -> Option<Diagnostic> {
    if node.resource_type != ResourceType::Model || !node.contract.enforced {
        return None;
    }
    // dbt looks at what a contract names where it reads a model's properties: without any, the run tells.
    let faults = if node.patch_path.is_some() { contract_faults(node) } else { Vec::new() };
    let materialized = node.config.materialized();
    let on_change = node.config.text("on_schema_change").unwrap_or("ignore");
    if faults.is_empty()
        && materialized == "incremental"
        && !matches!(on_change, "append_new_columns" | "fail")
    {
        return Some(
            parsing(
                format!(
                    "Invalid value for on_schema_change: {on_change}. Models materialized as incremental with \
                     contracts enabled must set on_schema_change to 'append_new_columns' or 'fail'"
                ),
                code::CONFIG,
            )
            .at(place(node)),
        );
    }
    if faults.is_empty() {
        return None;
    }
    let message =
        format!("Contract enforcement failed for: ({})\n{}", node.original_file_path, faults.join("\n"));
    Some(parsing(message, code::CONFIG).at(place(node)))
}

fn contract_faults(node: &Node) -> Vec<String> {
    let mut faults = Vec::new();
    if node.language != "sql" {
        faults.push(format!("Language Error: Expected 'sql' but found '{}'", node.language));
    }
    if node.columns.is_empty() {
        faults.push(
            "Constraints must be defined in a `yml` schema configuration file like `schema.yml`.".to_owned(),
        );
    }
    let materialized = node.config.materialized();
    if materialized == "ephemeral" {
        faults.push(format!(
            "Materialization Error: Only table, view, and incremental materializations are supported for \
             constraints, but found '{materialized}'"
        ));
    }
    faults.extend(too_many_keys(node));
    faults
}

/// A table has one primary key, and one of several columns is the table's.
fn too_many_keys(node: &Node) -> Option<String> {
    let is_key = |constraint: &&Value| constraint["type"] == "primary_key";
    let whole = node.only.constraints.iter().flatten().filter(is_key).count();
    let columns: Vec<String> = node
        .columns
        .values()
        .filter(|column| column.constraints.iter().any(|it| is_key(&it)))
        .map(|column| format!("'{}'", column.name))
        .collect();
    match (whole, columns.len()) {
        (_, 2..) => Some(format!(
            "Found {} columns ([{}]) with primary key constraints defined. A primary key of several columns is a \
             constraint of the model: {{type: primary_key, columns: [{}]}}",
            columns.len(),
            columns.join(", "),
            columns.join(", ")
        )),
        (1.., 1) => Some(format!(
            "Primary key constraints defined at the model level and the columns level: keep one of them ({})",
            columns.join(", ")
        )),
        _ => None,
    }
}

/// Constraints of what is no table are for people alone.
fn unsupported_constraints(node: &Node) -> Option<Diagnostic> {
    let materialized = node.config.materialized();
    if node.resource_type != ResourceType::Model
        || !node.contract.enforced
        || matches!(materialized, "table" | "incremental")
    {
        return None;
    }
    let of_columns = node.columns.values().flat_map(|column| &column.constraints);
    let kinds: Vec<&str> = of_columns
        .chain(node.only.constraints.iter().flatten())
        .filter(|constraint| constraint["warn_unsupported"] != false)
        .filter_map(|constraint| constraint["type"].as_str())
        .collect();
    if kinds.is_empty() {
        return None;
    }
    let message = format!(
        "Constraint types are not supported for {materialized} materializations and will be ignored. Set \
         'warn_unsupported: false' on this constraint to ignore this warning. Constraints of {}: {}",
        node.name,
        kinds.join(", ")
    );
    let place = node.patch_path.as_deref().and_then(|path| path.split_once("://"));
    let place = place.map_or(node.original_file_path.as_str(), |(_, path)| path);
    let warning = Diagnostic::warning(code::CONFIG, message).event("UnsupportedConstraintMaterialization");
    Some(warning.at(Place::file(place)))
}

/// What a microbatch model has to say of its batches. A project with a strategy of that name of its own has its own
/// rules.
fn microbatch(manifest: &Manifest, node: &Node) -> Option<Diagnostic> {
    if !is_microbatch(manifest, node) {
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
    if !text("begin").is_some_and(is_moment) {
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
    None
}

fn is_microbatch(manifest: &Manifest, node: &Node) -> bool {
    let has_own = || {
        manifest.macros.values().any(|it| {
            it.name == "get_incremental_microbatch_sql"
                && !crate::context::macros::is_internal(&it.package_name)
        })
    };
    node.resource_type == ResourceType::Model
        && node.config.materialized() == "incremental"
        && node.config.text("incremental_strategy") == Some("microbatch")
        && !has_own()
}

/// Microbatch models none of whose inputs has a time: each batch reads all of their rows.
pub fn unfiltered_batches(manifest: &Manifest) -> Vec<Diagnostic> {
    let has_time = |id: &UniqueId| {
        let node = manifest.nodes.get(id).map(|node| &node.config);
        node.or_else(|| manifest.sources.get(id).map(|source| &source.config))
            .is_some_and(|config| config.text("event_time").is_some())
    };
    let unfiltered = manifest
        .nodes
        .values()
        .filter(|node| is_microbatch(manifest, node) && !node.depends_on.nodes.iter().any(has_time));
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

/// Microbatch models that ask for batches beside each other, which Postgres' batches are not.
pub fn concurrent_batches(manifest: &Manifest) -> Option<Diagnostic> {
    let asks = |node: &&Node| {
        is_microbatch(manifest, node) && node.config.get("concurrent_batches") == Some(&Value::Bool(true))
    };
    let asking: Vec<&Node> = manifest.nodes.values().filter(asks).collect();
    let first = asking.first()?;
    let count = asking.len();
    let plural = if count == 1 { "" } else { "s" };
    let message = format!(
        "Found {count} microbatch model{plural} with the `concurrent_batches` config set to true, but the postgres adapter \
         does not support running batches concurrently. Batches will be run sequentially."
    );
    let warning = Diagnostic::warning(code::CONFIG, message).event("InvalidConcurrentBatchesConfig");
    Some(warning.at(place(first)).with("num_models", count).with("adapter_type", "postgres"))
}

/// A date, or a date with a time, as ISO 8601 has them.
fn is_moment(text: &str) -> bool {
    let text = text.trim();
    let naive = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"];
    let zoned = ["%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%d %H:%M:%S%.f%#z"];
    chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok()
        || naive.iter().any(|format| chrono::NaiveDateTime::parse_from_str(text, format).is_ok())
        || zoned.iter().any(|format| DateTime::parse_from_str(text, format).is_ok())
        || DateTime::parse_from_rfc3339(text).is_ok()
}

/// The checksum of an enforced contract: columns with types and constraints, by name.
pub fn contract_checksum(node: &Node) -> Option<String> {
    if !node.contract.enforced {
        return None;
    }
    let mut columns: Vec<&Column> = node.columns.values().collect();
    columns.sort_by(|left, right| left.name.cmp(&right.name));
    let mut state = String::new();
    for column in columns {
        state.push('|');
        state.push_str(&column.name);
        state.push_str(column.data_type.as_deref().unwrap_or("None"));
        state.push_str(&constraints(&column.constraints, "ColumnLevelConstraint"));
    }
    let materialized = node.config.materialized();
    if matches!(materialized, "table" | "incremental") {
        state.push_str(materialized);
        state.push_str(&constraints(
            node.only.constraints.as_deref().unwrap_or_default(),
            "ModelLevelConstraint",
        ));
    }
    Some(hex::encode(Sha256::digest(state.as_bytes())))
}

fn constraints(list: &[Value], class: &str) -> String {
    let one = |it: &Value| {
        let kind = it["type"].as_str().unwrap_or_default();
        let mut fields = vec![format!("type=<ConstraintType.{kind}: '{kind}'>")];
        for key in ["name", "expression", "warn_unenforced", "warn_unsupported", "to", "to_columns"] {
            fields.push(format!("{key}={}", crate::python::repr(&it[key])));
        }
        if let Some(columns) = it.get("columns") {
            fields.push(format!("columns={}", crate::python::repr(columns)));
        }
        format!("{class}({})", fields.join(", "))
    };
    format!("[{}]", list.iter().map(one).collect::<Vec<_>>().join(", "))
}

/// Which columns tell a model's rows apart: its primary key constraint, else what its tests say.
pub fn primary_keys(manifest: &mut Manifest, tests_of: &IndexMap<UniqueId, Vec<KeyTest>>) {
    for node in manifest.nodes.values_mut().filter(|node| node.resource_type == ResourceType::Model) {
        let none = Vec::new();
        let tests = tests_of.get(&node.unique_id).unwrap_or(&none);
        node.only.primary_key = Some(primary_key(node, tests));
    }
}

/// A test that says something of keys.
#[derive(Clone, Debug)]
pub struct KeyTest {
    /// Whether it asks for uniqueness; otherwise for values.
    pub unique: bool,
    /// Whether it is switched on.
    pub enabled: bool,
    /// The columns.
    pub columns: Vec<String>,
}

impl KeyTest {
    /// What a test node says of keys.
    pub fn of(node: &Node) -> Option<(UniqueId, Self)> {
        let metadata = node.only.test_metadata.as_ref()?;
        let unique = match metadata.name.as_str() {
            "unique" | "unique_combination_of_columns" => true,
            "not_null" => false,
            _ => return None,
        };
        let columns =
            match (metadata.kwargs.get("column_name"), metadata.kwargs.get("combination_of_columns")) {
                (Some(Value::String(column)), _) => vec![column.clone()],
                (_, Some(Value::Array(columns))) => {
                    columns.iter().filter_map(|it| it.as_str().map(str::to_owned)).collect()
                }
                _ => return None,
            };
        let target = node.only.attached_node.clone()?;
        Some((target, Self { unique, enabled: node.config.enabled(), columns }))
    }
}

fn primary_key(node: &Node, tests: &[KeyTest]) -> Vec<String> {
    let is_key = |it: &Value| it["type"] == "primary_key";
    if let Some(constraint) = node.only.constraints.iter().flatten().find(|it| is_key(it)) {
        let columns = constraint["columns"].as_array().cloned().unwrap_or_default();
        return columns.iter().filter_map(|it| it.as_str().map(str::to_owned)).collect();
    }
    if let Some(column) = node.columns.values().find(|column| column.constraints.iter().any(is_key)) {
        return vec![column.name.clone()];
    }
    let of = |wanted: &dyn Fn(&KeyTest) -> bool| {
        let columns = tests.iter().filter(|it| wanted(it)).flat_map(|it| it.columns.iter().cloned());
        // In the order of their names, as in dbt's manifest.
        columns.collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>()
    };
    let unique = of(&|it| it.unique);
    let both: Vec<String> = of(&|it| !it.unique).into_iter().filter(|it| unique.contains(it)).collect();
    let enabled = of(&|it| it.unique && it.enabled);
    if !both.is_empty() {
        both
    } else if !enabled.is_empty() {
        enabled
    } else {
        unique
    }
}

/// Models past their deprecation date, and references to models that have one.
pub fn deprecations(manifest: &Manifest, now: DateTime<Utc>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for node in manifest.nodes.values() {
        if let Some(date) = deprecation_date(node) {
            if date < now {
                let version = version_suffix(node);
                found.push(
                    Diagnostic::warning(
                        code::DEPRECATED_MODEL,
                        format!(
                            "Model {}{version} has passed its deprecation date of {}. This model should be disabled \
                             or removed.",
                            node.name,
                            shown(date)
                        ),
                    )
                    .event("DeprecatedModel")
                    .at(place(node))
                    .with("model_name", node.name.as_str())
                    .with("model_version", shown_version(node))
                    .with("deprecation_date", shown(date)),
                );
            }
        }
        if node.resource_type != ResourceType::Model {
            continue;
        }
        for id in &node.depends_on.nodes {
            let Some(target) = manifest.nodes.get(id) else { continue };
            let Some(date) = deprecation_date(target) else { continue };
            found.push(deprecated_reference(node, target, date, now));
        }
    }
    found
}

fn version_suffix(node: &Node) -> String {
    node.only
        .version
        .as_ref()
        .map(|version| format!(".v{}", crate::python::text(version)))
        .unwrap_or_default()
}

fn deprecation_date(node: &Node) -> Option<DateTime<Utc>> {
    let text = node.only.deprecation_date.as_ref()?.as_str()?;
    Some(DateTime::parse_from_rfc3339(text).ok()?.with_timezone(&Utc))
}

fn shown(date: DateTime<Utc>) -> String {
    date.format("%Y-%m-%dT%H:%M:%S+00:00").to_string()
}

fn deprecated_reference(node: &Node, target: &Node, date: DateTime<Utc>, now: DateTime<Utc>) -> Diagnostic {
    let (event, how) = if date < now {
        ("DeprecatedReference", "was deprecated on")
    } else {
        ("UpcomingReferenceDeprecation", "is slated for deprecation on")
    };
    let latest = match (&target.only.version, &target.only.latest_version) {
        (Some(own), Some(latest)) if own != latest => format!(
            "A new version of '{}' is available. Try it out: {{{{ ref('{}', '{}', v='{}') }}}}.",
            target.name,
            target.package_name,
            target.name,
            crate::python::text(latest)
        ),
        _ => String::new(),
    };
    Diagnostic::warning(
        code::DEPRECATED_MODEL,
        format!(
            "While compiling '{}': Found a reference to {}{}, which {how} '{}'. {latest}",
            node.name,
            target.name,
            version_suffix(target),
            shown(date)
        ),
    )
    .event(event)
    .at(place(node))
    .with("model_name", node.name.as_str())
    .with("ref_model_name", target.name.as_str())
    .with("ref_model_package", target.package_name.as_str())
    .with("ref_model_version", shown_version(target))
    .with("ref_model_deprecation_date", shown(date))
}

fn shown_version(node: &Node) -> String {
    node.only.version.as_ref().map(crate::python::text).unwrap_or_default()
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
