//! Which nodes a command is about: selection, types of resources, states.

use crate::exit::Stop;
use crate::invocation::Invocation;
use crate::report;
use indexmap::{IndexMap, IndexSet};
use platform_core::diagnostic::nearest;
use platform_core::event::Level;
use platform_core::freshness::{FreshnessResult, FreshnessResults};
use platform_core::selection::{
    Context, Expression, IndirectSelection, PreviousState, SelectionError, from_arguments, select, selectors,
};
use platform_core::{EventSink as _, Graph, Manifest, ResourceType, UniqueId};
use project::Project;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};

/// What the flags say of nodes.
#[derive(Clone, Debug, Default)]
pub struct Request<'a> {
    /// `--select`
    pub select: &'a [String],
    /// `--exclude`
    pub exclude: &'a [String],
    /// `--selector`
    pub selector: Option<&'a str>,
}

impl<'a> Request<'a> {
    /// Of the common flags.
    pub fn of(selection: &'a crate::arguments::Selection) -> Self {
        Self {
            select: &selection.select,
            exclude: &selection.exclude,
            selector: selection.selector.as_deref(),
        }
    }
}

impl Request<'_> {
    /// Whether the first word of `--select` names the node, with or without signs and a method: of several nodes, dbt shows
    /// those.
    pub fn names(&self, node: &str) -> bool {
        let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
        let first = self.select.first().map(String::as_str).unwrap_or_default();
        first.split(|letter| !is_part(letter)).any(|word| word == node)
    }
}

/// The chosen resources, of the wanted types, in the graph's order.
pub fn choose(
    invocation: &Invocation,
    project: &Project,
    request: &Request<'_>,
    wanted: impl Fn(ResourceType) -> bool,
) -> Result<IndexSet<UniqueId>, Stop> {
    let manifest = &project.manifest;
    let graph = Graph::of(manifest);
    if let Some(cycle) = project.cycle() {
        return Err(Stop::Project(vec![cycle]));
    }
    let expression = expression(invocation, manifest, request)?;
    let previous = previous_state(invocation, project)?;
    warn_of_own_state(invocation, project);
    let context = Context { manifest, graph: &graph, previous: previous.as_ref() };
    let selection = select(&expression, context).map_err(|error| stop(&error))?;
    for warning in &selection.warnings {
        let is_of_state = warning.event.as_deref() != Some("NoNodesForSelectionCriteria");
        invocation.log.send(if is_of_state {
            report::warning(warning)
        } else {
            report::plain_warning(warning).code("M030")
        });
    }
    invocation.stop_if_escalated()?;
    // A file without a text is no model yet.
    let is_empty = |id: &UniqueId| {
        manifest
            .node(id)
            .is_some_and(|node| node.resource_type != ResourceType::Seed && node.raw_code.trim().is_empty())
    };
    let is_wanted = |id: &UniqueId| id.resource_type().is_some_and(&wanted) && !is_empty(id);
    Ok(selection.ids.into_iter().filter(is_wanted).collect())
}

fn stop(error: &SelectionError) -> Stop {
    match error {
        SelectionError::MissingState(message) if !message.starts_with("Got") => {
            Stop::Said { heading: "Internal Error", message: message.clone() }
        }
        SelectionError::MissingState(message) => Stop::runtime(format!(
            "{message}\nhint: name the folder with another run's manifest.json: `--state FOLDER`"
        )),
        SelectionError::Breaking(diagnostic) => Stop::Project(vec![(**diagnostic).clone()]),
        other => Stop::runtime(other.to_string()),
    }
}

/// `--selector`, else `--select` and `--exclude`, else the default selector, else everything.
fn expression(
    invocation: &Invocation,
    manifest: &Manifest,
    request: &Request<'_>,
) -> Result<Expression, Stop> {
    let mode = invocation.global.behaviour.indirect_selection;
    let indirect = mode.map(IndirectSelection::from).unwrap_or_default();
    let is_plain = request.select.is_empty() && request.exclude.is_empty();
    if request.selector.is_some() || (is_plain && !manifest.selectors.is_empty()) {
        let known = selectors(&manifest.selectors, indirect).map_err(|error| stop(&error))?;
        match request.selector {
            Some(name) => return known.get(name).cloned().map_err(|error| stop(&error)),
            None => {
                if let Some((_, expression)) = known.default() {
                    return Ok(expression.clone());
                }
            }
        }
    }
    from_arguments(request.select, request.exclude, indirect).map_err(|error| stop(&error))
}

/// The folder of `--state`, which must exist.
pub fn state_folder(invocation: &Invocation, folder: Option<&PathBuf>) -> Result<Option<PathBuf>, Stop> {
    let Some(folder) = folder else { return Ok(None) };
    let here = invocation.environment.working_dir.join(folder);
    Ok(Some(if here.is_dir() { here } else { invocation.project_dir().join(folder) }))
}

/// This run writes over the state that it compares with.
fn warn_of_own_state(invocation: &Invocation, project: &Project) {
    let Some(given) = &invocation.global.state.state else { return };
    let Ok(Some(folder)) = state_folder(invocation, Some(given)) else { return };
    let real = |path: &Path| std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if real(&folder) == real(&project.target_path) {
        let message = format!(
            "The state and target directories are the same: '{}'. This run overwrites what it compares with, and a retry \
             may do what was done: keep the state in a folder of its own",
            given.display()
        );
        let facts = json!({"state_path": given.display().to_string()});
        invocation.tell(Level::Warn, "WarnStateTargetEqual", "I072", message, facts);
    }
}

/// What the folder of `--state` holds.
fn previous_state(invocation: &Invocation, project: &Project) -> Result<Option<PreviousState>, Stop> {
    let Some(folder) = state_folder(invocation, invocation.global.state.state.as_ref())? else {
        return Ok(None);
    };
    Ok(Some(PreviousState {
        manifest: state_manifest(&folder)?,
        statuses: read_json::<Statuses>(&folder.join("run_results.json"))?.map(Statuses::by_id),
        freshness: read_json::<FreshnessResults>(&folder.join("sources.json"))?.map(newest),
        current_freshness: read_json::<FreshnessResults>(&project.target_path.join("sources.json"))?
            .map(newest),
        compares_written: project.flags.is_on("state_modified_compare_more_unrendered_values"),
    }))
}

/// The manifest of a state; as in dbt, those before version 4 (dbt 1.0) are not read.
pub fn state_manifest(folder: &Path) -> Result<Option<Manifest>, Stop> {
    let path = folder.join("manifest.json");
    let manifest: Option<Manifest> = read_json(&path)?;
    let schema = manifest.as_ref().map(|manifest| manifest.metadata.dbt_schema_version.as_str());
    let version =
        schema.and_then(|schema| schema.rsplit_once("/v")?.1.strip_suffix(".json")?.parse::<u32>().ok());
    match version {
        Some(version) if version < 4 => Err(Stop::runtime(format!(
            "read {}: it is of version {version}, and manifests of version 4 or later are read: make it again with dbt 1.0 or later",
            path.display()
        ))),
        Some(version) if version < 10 => {
            let mut json: Value = read_json(&path)?.unwrap_or_default();
            upgrade(&mut json, version);
            let manifest = serde_json::from_value(json).map(Some);
            manifest.map_err(|error| Stop::runtime(format!("read {}: {error}", path.display())))
        }
        _ => Ok(manifest),
    }
}

/// Puts an earlier version's manifest into today's form.
fn upgrade(manifest: &mut Value, version: u32) {
    if version < 7 {
        let nodes = manifest.get_mut("nodes").and_then(Value::as_object_mut);
        for node in nodes.into_iter().flat_map(Map::values_mut).filter_map(Value::as_object_mut) {
            for (old, new) in [("raw_sql", "raw_code"), ("compiled_sql", "compiled_code")] {
                if let Some(code) = node.remove(old) {
                    node.entry(new).or_insert(code);
                }
            }
        }
    }
    // Metrics were of another kind until then.
    if version < 10 {
        manifest["metrics"] = Value::Object(Map::new());
    }
}

/// An artifact; `None` where there is none.
pub fn read_json<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<Option<T>, Stop> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(Stop::File { action: "read", path: path.to_owned(), source }),
    };
    serde_json::from_str(&text)
        .map(Some)
        .map_err(|error| Stop::runtime(format!("read {}: {error}", path.display())))
}

#[derive(Deserialize)]
struct Statuses {
    results: Vec<OneStatus>,
}

#[derive(Deserialize)]
struct OneStatus {
    unique_id: UniqueId,
    status: String,
}

impl Statuses {
    fn by_id(self) -> IndexMap<UniqueId, String> {
        self.results.into_iter().map(|it| (it.unique_id, it.status)).collect()
    }
}

/// When each source that could be asked was last loaded.
fn newest(results: FreshnessResults) -> IndexMap<UniqueId, String> {
    let answers = results.results.into_iter().filter_map(|result| match result {
        FreshnessResult::Asked(answer) => Some((answer.unique_id, answer.max_loaded_at)),
        FreshnessResult::Failed(_) => None,
    });
    answers.collect()
}

/// Every type that `--resource-type` may name, of any verb: those that a verb has nothing to do with are left out.
pub const TYPES: [ResourceType; 12] = [
    ResourceType::Model,
    ResourceType::Seed,
    ResourceType::Snapshot,
    ResourceType::Test,
    ResourceType::UnitTest,
    ResourceType::Source,
    ResourceType::Exposure,
    ResourceType::Metric,
    ResourceType::SemanticModel,
    ResourceType::SavedQuery,
    ResourceType::Analysis,
    ResourceType::Function,
];

/// `--resource-type` and `--exclude-resource-type`: which of the types a verb knows are meant.
pub fn resource_types(
    resources: &crate::arguments::Resources,
    default: &[ResourceType],
    all: &[ResourceType],
) -> Result<Vec<ResourceType>, Stop> {
    let parse = |names: &[String]| -> Result<Vec<ResourceType>, Stop> {
        let mut types = Vec::new();
        for name in names {
            match name.as_str() {
                "all" => types.extend_from_slice(all),
                "default" => types.extend_from_slice(default),
                one => match ResourceType::parse(one).filter(|kind| all.contains(kind)) {
                    Some(kind) => types.push(kind),
                    None => {
                        let known: Vec<&str> = all.iter().map(|kind| kind.as_str()).collect();
                        let near = nearest(one, known.iter().copied());
                        let hint = near.first().map(|it| format!("\nhint: did you mean `{it}`?"));
                        return Err(Stop::runtime(format!(
                            "'{one}' is not one of the resource types {}, default, all{}",
                            known.join(", "),
                            hint.unwrap_or_default()
                        )));
                    }
                },
            }
        }
        Ok(types)
    };
    let given = parse(&resources.resource_types)?;
    let excluded = parse(&resources.exclude_resource_types)?;
    let mut types = if given.is_empty() { default.to_vec() } else { given };
    types.retain(|kind| !excluded.contains(kind));
    types.sort_unstable();
    types.dedup();
    Ok(types)
}
