//! `state:`: what changed since an earlier manifest
//! (<https://docs.getdbt.com/reference/node-selection/state-comparison-caveats>).
//!
//! Which fields count was found by comparing with dbt Core on a project that changes one thing a
//! resource: `fixtures/state`.

use super::SelectionError;
use crate::manifest::Manifest;
use crate::node::{Exposure, Node, Source};
use crate::resource::Resource;
use crate::unique_id::{ResourceType, UniqueId};
use indexmap::IndexMap;
use serde_json::{Map, Value};
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, HashSet};

/// What the folder of `--state` holds, and this project's own freshness results.
#[derive(Clone, Debug, Default)]
pub struct PreviousState {
    /// Its manifest.json.
    pub manifest: Option<Manifest>,
    /// Status of each node in its run_results.json.
    pub statuses: Option<IndexMap<UniqueId, String>>,
    /// `max_loaded_at` of each source in its sources.json.
    pub freshness: Option<IndexMap<UniqueId, String>>,
    /// `max_loaded_at` of each source in this project's sources.json.
    pub current_freshness: Option<IndexMap<UniqueId, String>>,
    /// Compare sources as their files say them, not as the environment makes them:
    /// `state_modified_compare_more_unrendered_values`.
    pub compares_written: bool,
}

/// Configuration that changes with the environment or has no effect on what is built.
const NOT_COMPARED: [&str; 5] = ["alias", "database", "group", "schema", "tags"];

/// The configuration of a data test that counts: what its result follows from.
const COMPARED_IN_TESTS: [&str; 8] =
    ["error_if", "fail_calc", "limit", "severity", "store_failures", "store_failures_as", "warn_if", "where"];

/// Packages that come with the engine: their macros differ between versions, not between states.
const BUILT_IN: [&str; 2] = ["dbt", "dbt_postgres"];

/// Which of the changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Question {
    New,
    Old,
    Modified,
    Unmodified,
    Body,
    Configs,
    PersistedDescriptions,
    Relation,
    Macros,
    Contract,
}

const QUESTIONS: [(&str, Question); 10] = [
    ("new", Question::New),
    ("old", Question::Old),
    ("modified", Question::Modified),
    ("unmodified", Question::Unmodified),
    ("modified.body", Question::Body),
    ("modified.configs", Question::Configs),
    ("modified.persisted_descriptions", Question::PersistedDescriptions),
    ("modified.relation", Question::Relation),
    ("modified.macros", Question::Macros),
    ("modified.contract", Question::Contract),
];

/// One `state:` criterion over two manifests.
pub(super) struct StateQuery<'a> {
    question: Question,
    now: &'a Manifest,
    before: &'a Manifest,
    compares_written: bool,
    /// Macros known to differ, themselves or in what they call.
    macros: RefCell<HashMap<UniqueId, bool>>,
}

impl<'a> StateQuery<'a> {
    /// Reads the criterion's value.
    pub fn new(
        value: &str,
        now: &'a Manifest,
        previous: Option<&'a PreviousState>,
    ) -> Result<Self, SelectionError> {
        let compares_written = previous.is_some_and(|previous| previous.compares_written);
        let before = previous.and_then(|previous| previous.manifest.as_ref()).ok_or_else(|| {
            SelectionError::MissingState("Got a state selector method, but no comparison manifest".into())
        })?;
        let question = QUESTIONS.iter().find(|(word, _)| *word == value).map(|(_, question)| *question);
        let question = question.ok_or_else(|| {
            let words: Vec<String> = QUESTIONS.iter().map(|(word, _)| format!("'{word}'")).collect();
            SelectionError::Value(format!(
                "Got an invalid selector \"{value}\", expected one of \"[{}]\"",
                words.join(", ")
            ))
        })?;
        Ok(Self { question, now, before, compares_written, macros: RefCell::default() })
    }

    /// Whether the resource is what the criterion asks for.
    pub fn matches(&self, now: Resource<'_>) -> bool {
        let before = self.before.resource(now.unique_id());
        match (self.question, before) {
            (Question::Macros, _) => self.macros_changed(now),
            (Question::Old, before) => before.is_some(),
            (Question::New, Some(_)) => false,
            (Question::New | Question::Configs, None) => true,
            // What isn't built and is new counts as unchanged, as in dbt.
            (Question::Unmodified, None) => !is_built(now),
            (_, None) => is_built(now),
            (Question::Modified, Some(before)) => self.changed(now, before),
            (Question::Unmodified, Some(before)) => !self.changed(now, before),
            (Question::Body, Some(before)) => body_changed(now, before),
            (Question::Configs, Some(before)) => configs_changed(now, before),
            (Question::PersistedDescriptions, Some(before)) => descriptions_changed(now, before),
            (Question::Relation, Some(before)) => relation_changed(now, before, self.compares_written),
            (Question::Contract, Some(before)) => contract_changed(now, before),
        }
    }

    fn changed(&self, now: Resource<'_>, before: Resource<'_>) -> bool {
        body_changed(now, before)
            || configs_changed(now, before)
            || descriptions_changed(now, before)
            || (!is_generic_test(now) && relation_changed(now, before, self.compares_written))
            || contract_changed(now, before)
            || now.fqn() != before.fqn()
            || definition_changed(now, before)
            || self.macros_changed(now)
    }

    fn macros_changed(&self, now: Resource<'_>) -> bool {
        now.macros().iter().any(|id| self.macro_changed(id, &mut HashSet::new()))
    }

    fn macro_changed(&self, id: &UniqueId, visiting: &mut HashSet<UniqueId>) -> bool {
        if BUILT_IN.contains(&id.package()) {
            return false;
        }
        if let Some(known) = self.macros.borrow().get(id) {
            return *known;
        }
        if !visiting.insert(id.clone()) {
            return false;
        }
        let changed = match (self.now.macros.get(id), self.before.macros.get(id)) {
            (Some(now), Some(before)) => {
                now.macro_sql != before.macro_sql
                    || now.depends_on.macros.iter().any(|called| self.macro_changed(called, visiting))
            }
            (None, None) => false,
            _ => true,
        };
        visiting.remove(id);
        if changed || visiting.is_empty() {
            self.macros.borrow_mut().insert(id.clone(), changed);
        }
        changed
    }
}

/// Whether a resource has code or is a test; not so sources, exposures and the semantic layer.
fn is_built(resource: Resource<'_>) -> bool {
    matches!(resource, Resource::Node(_) | Resource::UnitTest(_))
}

/// A data test of a file of properties: where its failures are stored doesn't change what it is.
fn is_generic_test(resource: Resource<'_>) -> bool {
    resource.node().is_some_and(|node| node.only.test_metadata.is_some())
}

/// Of a seed the rows count, of everything else the code: dbt's versions differ in what they take a checksum of.
fn body_changed(now: Resource<'_>, before: Resource<'_>) -> bool {
    match (now, before) {
        (Resource::Node(now), Resource::Node(before)) if now.resource_type == ResourceType::Seed => {
            now.checksum != before.checksum
        }
        (Resource::Node(now), Resource::Node(before)) => now.raw_code != before.raw_code,
        _ => false,
    }
}

fn configs_changed(now: Resource<'_>, before: Resource<'_>) -> bool {
    let (Some(left), Some(right)) = (written_config(now), written_config(before)) else { return false };
    let skipped = |key: &str| match now.node() {
        Some(node) if node.resource_type == ResourceType::Test => !COMPARED_IN_TESTS.contains(&key),
        Some(_) => NOT_COMPARED.contains(&key),
        None => false,
    };
    let keys: HashSet<&String> = left.keys().chain(right.keys()).collect();
    keys.into_iter()
        .any(|key| !skipped(key) && !same_written(now, before, key, left.get(key), right.get(key)))
}

/// The name that a written key has in the configuration: `pre_hook` is what a `config(…)` says, where states are
/// compared by what was written.
fn resolved(key: &str) -> &str {
    match key {
        "pre_hook" => "pre-hook",
        "post_hook" => "post-hook",
        other => other,
    }
}

/// Whether a key of the written configuration says the same in both.
///
/// dbt repeats the items of some lists, and keeps what `config(…)` of a file says as `Keyword(key=…)`, where states are
/// compared by what was written: then the values themselves are compared.
fn same_written(
    now: Resource<'_>,
    before: Resource<'_>,
    key: &str,
    left: Option<&Value>,
    right: Option<&Value>,
) -> bool {
    let node_of_jinja = |value: Option<&'_ Value>| {
        let text = value.and_then(Value::as_str).filter(|text| text.starts_with("Keyword(key='"))?;
        // What isn't a literal has a value of its environment.
        Some(["value=Const(", "value=List(", "value=Dict("].iter().any(|literal| text.contains(literal)))
    };
    let value = |resource: Resource<'_>| resource.node().and_then(|it| it.config.get(resolved(key)).cloned());
    match (left, right) {
        (None | Some(Value::Null), None | Some(Value::Null)) => true,
        (Some(left), Some(right)) if left == right => true,
        (Some(Value::Array(left)), Some(Value::Array(right))) => {
            left.iter().all(|item| right.contains(item)) && right.iter().all(|item| left.contains(item))
        }
        (Some(Value::Object(left)), Some(Value::Object(right))) => {
            let keys: HashSet<&String> = left.keys().chain(right.keys()).collect();
            keys.into_iter().all(|key| same_written(now, before, key, left.get(key), right.get(key)))
        }
        (left, right) => match (node_of_jinja(left), node_of_jinja(right)) {
            (Some(is_literal), None) | (None, Some(is_literal)) => !is_literal || value(now) == value(before),
            _ => of_a_version(now) && is_template(left) != is_template(right) && value(now) == value(before),
        },
    }
}

/// Whether dbt writes down the values of this resource's properties where it writes others' templates.
fn of_a_version(resource: Resource<'_>) -> bool {
    resource.node().is_some_and(|node| node.only.version.as_ref().is_some_and(|it| !it.is_null()))
}

fn is_template(value: Option<&Value>) -> bool {
    value.and_then(Value::as_str).is_some_and(|text| text.contains("{{"))
}

fn written_config(resource: Resource<'_>) -> Option<&Map<String, Value>> {
    match resource {
        Resource::Node(it) => Some(&it.unrendered_config),
        Resource::Source(it) => Some(&it.unrendered_config),
        Resource::Exposure(it) => Some(&it.unrendered_config),
        Resource::UnitTest(_) => None,
        _ => resource.more()?.get("unrendered_config")?.as_object(),
    }
}

fn descriptions_changed(now: Resource<'_>, before: Resource<'_>) -> bool {
    let (Some(now), Some(before)) = (now.node(), before.node()) else { return false };
    let persists = |key: &str| {
        now.config.get("persist_docs").and_then(|docs| docs.get(key)).and_then(Value::as_bool) == Some(true)
    };
    let columns = |node: &Node| -> BTreeMap<String, String> {
        node.columns.iter().map(|(name, column)| (name.clone(), column.description.clone())).collect()
    };
    (persists("relation") && now.description != before.description)
        || (persists("columns") && columns(now) != columns(before))
}

fn relation_changed(now: Resource<'_>, before: Resource<'_>, compares_written: bool) -> bool {
    match (now, before) {
        (Resource::Node(now), Resource::Node(before)) => ["database", "schema", "alias"].iter().any(|key| {
            let (left, right) = (now.unrendered_config.get(*key), before.unrendered_config.get(*key));
            !same_written(Resource::Node(now), Resource::Node(before), key, left, right)
        }),
        (Resource::Source(now), Resource::Source(before)) if compares_written => {
            now.identifier != before.identifier
                || ["unrendered_database", "unrendered_schema"]
                    .iter()
                    .any(|key| now.more.get(*key) != before.more.get(*key))
        }
        (Resource::Source(now), Resource::Source(before)) => {
            (&now.database, &now.schema, &now.identifier)
                != (&before.database, &before.schema, &before.identifier)
        }
        _ => false,
    }
}

fn contract_changed(now: Resource<'_>, before: Resource<'_>) -> bool {
    let (Some(now), Some(before)) = (now.node(), before.node()) else { return false };
    now.contract.enforced != before.contract.enforced
        || (now.contract.enforced && now.contract.checksum != before.contract.checksum)
}

/// What else of a resource's definition counts, kind by kind.
fn definition_changed(now: Resource<'_>, before: Resource<'_>) -> bool {
    match (now, before) {
        (Resource::Node(now), Resource::Node(before)) => node_changed(now, before),
        (Resource::Source(now), Resource::Source(before)) => source_changed(now, before),
        (Resource::Exposure(now), Resource::Exposure(before)) => exposure_changed(now, before),
        (Resource::UnitTest(now), Resource::UnitTest(before)) => now.checksum != before.checksum,
        (Resource::Metric(_), Resource::Metric(_)) => {
            open_keys_changed(now, before, &["description", "label", "metadata", "time_granularity"])
        }
        (Resource::SavedQuery(_), Resource::SavedQuery(_)) => {
            open_keys_changed(now, before, &["description", "label", "group", "query_params"])
                || exports(now) != exports(before)
        }
        (Resource::SemanticModel(_), Resource::SemanticModel(_)) => open_keys_changed(
            now,
            before,
            &[
                "model",
                "description",
                "defaults",
                "entities",
                "dimensions",
                "measures",
                "label",
                "group",
                "primary_entity",
            ],
        ),
        _ => true,
    }
}

/// What a saved query's exports say; where they go by default is the target's.
fn exports(query: Resource<'_>) -> Vec<Value> {
    let listed = query.more().and_then(|it| it.get("exports")?.as_array()).into_iter().flatten();
    let said = |export: &Value| {
        let mut config = export["config"].as_object().cloned().unwrap_or_default();
        for (key, written) in [("schema_name", "schema"), ("database", "database")] {
            if export["unrendered_config"].get(written).is_none_or(Value::is_null) {
                config.remove(key);
            }
        }
        config.retain(|_, value| !value.is_null());
        Value::Array(vec![export["name"].clone(), Value::Object(config)])
    };
    listed.map(said).collect()
}

fn node_changed(now: &Node, before: &Node) -> bool {
    let (left, right) = (&now.only, &before.only);
    left.version != right.version
        || left.latest_version != right.latest_version
        || left.deprecation_date != right.deprecation_date
        || (now.resource_type == ResourceType::Function
            && ["arguments", "returns"].iter().any(|key| !same(left.more.get(*key), right.more.get(*key))))
}

fn source_changed(now: &Source, before: &Source) -> bool {
    now.quoting != before.quoting
        || now.freshness != before.freshness
        || now.loaded_at_field != before.loaded_at_field
        || now.loaded_at_query != before.loaded_at_query
        || now.external != before.external
}

fn exposure_changed(now: &Exposure, before: &Exposure) -> bool {
    let needs =
        |exposure: &Exposure| -> HashSet<UniqueId> { exposure.depends_on.nodes.iter().cloned().collect() };
    needs(now) != needs(before)
        || now.description != before.description
        || now.label != before.label
        || now.maturity != before.maturity
        || now.owner != before.owner
        || now.kind != before.kind
        || now.url != before.url
}

fn open_keys_changed(now: Resource<'_>, before: Resource<'_>, keys: &[&str]) -> bool {
    let (Some(now), Some(before)) = (now.more(), before.more()) else { return true };
    keys.iter().any(|key| !same(now.get(*key), before.get(*key)))
}

/// Whether two values are the same where a key that an earlier version of manifests doesn't have is null,
/// inside of values as well.
fn same(now: Option<&Value>, before: Option<&Value>) -> bool {
    match (now, before) {
        (None | Some(Value::Null), None | Some(Value::Null)) => true,
        (Some(Value::Array(now)), Some(Value::Array(before))) => {
            now.len() == before.len()
                && now.iter().zip(before).all(|(now, before)| same(Some(now), Some(before)))
        }
        (Some(Value::Object(now)), Some(Value::Object(before))) => {
            let keys: HashSet<&String> = now.keys().chain(before.keys()).collect();
            keys.into_iter().all(|key| same(now.get(key), before.get(key)))
        }
        (now, before) => now == before,
    }
}
