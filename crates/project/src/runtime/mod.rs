//! What templates see when a node runs, and the running of them.
//!
//! A [`Runtime`] is made once a command. A slot has a [`Connection`]; on it, a node is compiled
//! ([`Runtime::compile`]) and built by its materialization macro ([`Runtime::materialize`]). Everything here
//! blocks: it belongs on a thread of its own, never on an async worker.
//!
//! | module | what it holds |
//! |---|---|
//! | [`names`] | the node's names: `this`, `ref`, `model`, … |
//! | [`adapter`], [`relation`], [`column`], [`table`] | the adapter surface that macros call |
//! | [`connection`], [`slots`], [`statements`] | connections of a run, statements, transactions, named results |
//! | [`compile`], [`inject`], [`materialize`] | from a node to SQL, from SQL to a table |
//! | [`sql_files`] | `target/compiled` and `target/run` |
//! | [`Batch`] | one window of a microbatch model |
//! | [`unit_test`] | a model's query over given rows |
//! | [`builtin_test`] | generic tests whose meaning is known |
//! | [`freshness`] | a source's newest row |
//! | [`failure`], [`results`] | what became of nodes, for run_results.json and for hooks |

pub mod adapter;
mod batch;
pub mod builtin_test;
pub mod catalog;
mod cell;
pub mod column;
mod compared;
pub mod compile;
pub mod config;
pub mod connection;
mod constraints;
mod data_type;
pub mod failure;
pub mod freshness;
mod indexes;
mod inject;
mod input_columns;
mod lasting;
pub mod materialize;
pub mod names;
mod omit;
mod operation;
pub mod origin;
mod plain_query;
mod preparation;
pub mod references;
pub mod relation;
pub mod results;
pub mod seed;
mod seed_insert;
pub mod seed_memory;
pub mod slots;
mod snapshot;
mod sql_files;
pub mod statements;
pub mod table;
pub mod telling;
mod test_arguments;
pub mod timing;
pub mod unit_test;
mod validation;

pub use batch::{Batch, Turn};
pub use builtin_test::{BuiltinTest, TestKind};
pub use compared::{CellKind, ComparedRows};
pub use compile::Compiled;
pub use connection::Connection;
pub use failure::Failure;
pub use materialize::Built;
pub use preparation::{PreparationError, prepare};
pub use slots::{Opening, Slots};
pub use timing::Stopwatch;
pub use unit_test::UnitRun;

use crate::Project;
use crate::context::vars::{Missing, Var, Vars};
use crate::context::{Context, Shared};
use indexmap::IndexMap;
use jinja::Value;
use names::{NodeNames, NodeState};
use platform_core::event::EventSink;
use platform_core::node::Source;
use platform_core::relation::Quoting;
use platform_core::seed::SeedReader;
use platform_core::{Manifest, Node, Relation, UniqueId};
use references::{References, Wanted};
use relation::RelationObject;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use warehouse::RelationCache;

/// What the command line says of a run.
#[derive(Clone, Default)]
pub struct RuntimeOptions {
    /// `--empty`: read no rows.
    pub empty: bool,
    /// `--sample`, or `--event-time-start/end` outside of microbatch: the window that is read of inputs with an
    /// `event_time`; UTC, `YYYY-MM-DD HH:MM:SS`.
    pub window: Option<Window>,
    /// `--defer`: another manifest's relations for what is not built here.
    pub defer: Option<Deferred>,
    /// Ids selected, in the order of the command; all if empty.
    pub selected: Vec<UniqueId>,
    /// The command's arguments, as `invocation_args_dict`.
    pub invocation_args: serde_json::Map<String, serde_json::Value>,
}

/// A window of event times; the end is not part of it. `YYYY-MM-DD HH:MM:SS+00:00`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// First moment.
    pub start: Option<String>,
    /// First moment after.
    pub end: Option<String>,
}

impl Window {
    /// The start as templates see it: a `datetime`, or none.
    pub fn start_time(&self) -> Value {
        moment(self.start.as_deref())
    }

    /// The end, likewise.
    pub fn end_time(&self) -> Value {
        moment(self.end.as_deref())
    }

    /// What both have in common. Times are texts of one form, so that their order is that of the texts.
    fn within(&self, other: &Self) -> Self {
        let both =
            |one: &Option<String>, two: &Option<String>, pick: fn(String, String) -> String| match (one, two)
            {
                (Some(one), Some(two)) => Some(pick(one.clone(), two.clone())),
                (one, two) => one.clone().or_else(|| two.clone()),
            };
        Self {
            start: both(&self.start, &other.start, std::cmp::max),
            end: both(&self.end, &other.end, std::cmp::min),
        }
    }
}

fn moment(text: Option<&str>) -> Value {
    let parse = |text: &str| chrono::DateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f%:z").ok();
    match text.map(|text| (text, parse(text))) {
        Some((_, Some(time))) => jinja::value::moment(time.to_utc()),
        Some((text, None)) => Value::from(text),
        None => Value::from(()),
    }
}

/// Another state of the project, whose relations stand in for what is missing here.
#[derive(Clone)]
pub struct Deferred {
    /// Its manifest.
    pub manifest: Arc<Manifest>,
    /// Prefer its relations even if ours exist.
    pub favor_state: bool,
}

/// Compiles and runs the nodes of one command. Cheap to clone.
#[derive(Clone)]
pub struct Runtime {
    inner: Arc<Inner>,
}

struct Inner {
    project: Project,
    shared: Arc<Shared>,
    vars: Vars,
    references: References,
    cache: Arc<RelationCache>,
    seeds: Option<Arc<dyn SeedReader>>,
    options: RuntimeOptions,
    selected: HashSet<UniqueId>,
    graph: OnceLock<Value>,
    compiled: Mutex<HashMap<UniqueId, Arc<Compiled>>>,
    /// The macros that nodes called which did not compile.
    called: Mutex<BTreeMap<UniqueId, Vec<UniqueId>>>,
    run_files: Mutex<HashMap<UniqueId, String>>,
    test_settings: OnceLock<String>,
    inputs: input_columns::Inputs,
}

impl fmt::Debug for Runtime {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Runtime").field("project", &self.root()).finish_non_exhaustive()
    }
}

impl Runtime {
    /// A runtime over a project that was read without errors.
    pub fn new(
        project: Project,
        seeds: Option<Arc<dyn SeedReader>>,
        events: Arc<dyn EventSink>,
        options: RuntimeOptions,
    ) -> Self {
        let packages = project.packages.iter().map(|(name, package)| (name.as_str(), &package.settings));
        let vars = Vars::new(packages, &project.cli_vars);
        let constants = Shared::constants(
            &project.env,
            &project.manifest.metadata.env,
            &project.profile,
            &project.flags,
            &project.invocation_id,
            project.now,
            project.name(),
        );
        let shared = Shared {
            jinja: project.jinja.clone(),
            macros: project.macros.clone(),
            vars: vars.clone(),
            env: project.env.clone(),
            profile: project.profile.clone(),
            flags: project.flags.clone(),
            project_name: project.name().into(),
            invocation_id: project.invocation_id.clone(),
            now: project.now,
            events,
            constants,
        };
        let inner = Inner {
            references: References::new(&project.manifest, &project.flags),
            selected: options.selected.iter().cloned().collect(),
            project,
            shared: Arc::new(shared),
            vars,
            cache: Arc::default(),
            seeds,
            options,
            graph: OnceLock::new(),
            compiled: Mutex::default(),
            called: Mutex::default(),
            run_files: Mutex::default(),
            test_settings: OnceLock::new(),
            inputs: input_columns::Inputs::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// The project.
    pub fn project(&self) -> &Project {
        &self.inner.project
    }

    /// What exists in the database, as far as it was asked.
    pub fn cache(&self) -> &Arc<RelationCache> {
        &self.inner.cache
    }

    /// What the transaction of a data test begins with, asked of `settings` once a command.
    pub fn test_settings(&self, settings: impl FnOnce() -> String) {
        self.inner.test_settings.get_or_init(settings);
    }

    /// The root project's name.
    pub fn root(&self) -> &str {
        self.project().name()
    }

    /// The connection's database.
    pub fn database(&self) -> &str {
        &self.project().profile.database
    }

    /// `quoting` of the project.
    pub fn quoting(&self) -> Quoting {
        self.project().settings().quoting
    }

    /// A context for a node's templates, or for the project's own (`None`).
    pub fn context(
        &self,
        node: Option<Arc<Node>>,
        connection: &Arc<Connection>,
        batch: Option<Batch>,
    ) -> NodeContext {
        let package: Arc<str> = node.as_ref().map_or(self.root(), |node| &node.package_name).into();
        let state = Arc::new(NodeState::new(self.clone(), node, connection.clone(), batch));
        self.context_of(state, package)
    }

    pub(crate) fn context_of(&self, state: Arc<NodeState>, package: Arc<str>) -> NodeContext {
        let names = Arc::new(NodeNames(state.clone()));
        let mode = jinja::UndefinedMode::RunTime;
        NodeContext { context: Context::new(self.inner.shared.clone(), package, names, mode, None), state }
    }

    fn seeds(&self) -> Option<&Arc<dyn SeedReader>> {
        self.inner.seeds.as_ref()
    }

    fn find_node(&self, wanted: &Wanted<'_>, from: &str) -> Option<&Node> {
        self.inner.references.node(&self.project().manifest.nodes, wanted, from, self.root())
    }

    fn find_source(&self, source: &str, table: &str, from: &str) -> Option<&Source> {
        self.inner.references.source(&self.project().manifest, source, table, from, self.root())
    }

    fn find_function(&self, wanted: &Wanted<'_>, from: &str) -> Option<&Node> {
        self.inner.references.function(&self.project().manifest, wanted, from, self.root())
    }

    /// Whether no row is read of any relation: `--empty`.
    pub fn reads_nothing(&self) -> bool {
        self.inner.options.empty
    }

    /// A node's relation, quoted as the project says: `quoting` of a node has no effect in dbt.
    pub fn relation_of(&self, node: &Node) -> Relation {
        node.relation(self.quoting())
    }

    /// The relation that a `ref` of a node reads: ours or the deferred one, its rows limited as the command says.
    fn readable(&self, target: &Node, reader: Option<&Node>, batch: Option<&Batch>) -> RelationObject {
        let own = self.relation_of(target);
        let relation = self.deferred(target, &own).unwrap_or(own);
        let event_time = target.config.text("event_time").map(str::to_owned);
        self.limited(RelationObject::new(relation), event_time, reader, batch)
    }

    /// A relation with the rows that `--empty` leaves of it to every reader, and `--sample` or a batch to what is built.
    fn limited(
        &self,
        mut relation: RelationObject,
        event_time: Option<String>,
        reader: Option<&Node>,
        batch: Option<&Batch>,
    ) -> RelationObject {
        use platform_core::ResourceType::{Model, Snapshot};
        relation.limit = self.inner.options.empty.then_some(0);
        if !reader.is_some_and(|node| matches!(node.resource_type, Model | Snapshot)) {
            return relation;
        }
        let sample = self.inner.options.window.as_ref();
        let window = match (batch.map(|batch| &batch.window), sample) {
            (Some(batch), Some(sample)) => Some(batch.within(sample)),
            (one, other) => one.or(other).cloned(),
        };
        if let (Some(column), Some(window)) = (event_time, window) {
            let from = window.start.as_ref().map(|start| format!("{column} >= '{start}'"));
            let to = window.end.as_ref().map(|end| format!("{column} < '{end}'"));
            let both: Vec<String> = from.into_iter().chain(to).collect();
            relation.event_time_filter = (!both.is_empty()).then(|| both.join(" and "));
        }
        relation
    }

    /// The deferred relation, if there is one and it is to be used: where the own doesn't exist, and where the state is
    /// favoured, but for what the command chose.
    fn deferred(&self, target: &Node, own: &Relation) -> Option<Relation> {
        let deferred = self.inner.options.defer.as_ref()?;
        let is_favored = deferred.favor_state && !self.inner.selected.contains(&target.unique_id);
        let use_it = is_favored || self.cache().get(own).is_none();
        use_it.then(|| self.defer_relation(target)).flatten()
    }

    /// The manifest that `--defer` or `clone` reads.
    pub fn deferred_manifest(&self) -> Option<&Manifest> {
        self.inner.options.defer.as_ref().map(|it| &*it.manifest)
    }

    /// The node's relation in the deferred state.
    pub fn defer_relation(&self, node: &Node) -> Option<Relation> {
        let other = self.inner.options.defer.as_ref()?.manifest.nodes.get(&node.unique_id)?;
        other.relation_name.as_ref()?;
        Some(other.relation(self.quoting()))
    }

    fn var(&self, package: &str, node: Option<&Node>) -> Value {
        let owner = node.map_or_else(|| "<Configuration>".to_owned(), |node| node.name.clone());
        Var::value(self.inner.vars.of(package), Missing::Error, owner)
    }

    /// The project's settings and those of its packages, as `builtins.ref.config` has them.
    fn settings_value(&self) -> Value {
        let project = self.project();
        let described = |settings: &crate::Settings, root: &std::path::Path| {
            serde_json::json!({
                "project_name": settings.name, "version": settings.version, "vars": settings.vars,
                "project_root": root.display().to_string(), "model_paths": settings.model_paths,
                "macro_paths": settings.macro_paths, "seed_paths": settings.seed_paths,
                "packages_install_path": settings.packages_install_path, "target_path": settings.target_path,
            })
        };
        let packages = project.packages.iter();
        let packages: serde_json::Map<String, serde_json::Value> =
            packages.map(|(name, it)| (name.clone(), described(&it.settings, &it.root))).collect();
        let mut settings = described(project.settings(), &project.root);
        settings["profile_name"] = project.profile.name.as_str().into();
        settings["target_name"] = project.profile.target.as_str().into();
        settings["threads"] = project.profile.threads.into();
        settings["cli_vars"] = serde_json::Value::Object((*project.cli_vars).clone());
        settings["args"] = serde_json::Value::Object(self.inner.options.invocation_args.clone());
        settings["dependencies"] = serde_json::Value::Object(packages);
        let fields = settings.as_object().cloned().unwrap_or_default();
        results::record(fields)
    }

    /// `graph`: the manifest as templates read it, converted once.
    fn graph(&self) -> Value {
        let made = || {
            let manifest = &self.project().manifest;
            let part = |json: serde_json::Result<serde_json::Value>| json.unwrap_or_default();
            let nodes = |nodes: &IndexMap<UniqueId, Node>| -> serde_json::Map<_, _> {
                let seen = |node| serde_json::Value::Object(names::node_in_templates(node));
                nodes.iter().map(|(id, node)| (id.to_string(), seen(node))).collect()
            };
            let graph = serde_json::json!({
                "exposures": part(serde_json::to_value(&manifest.exposures)),
                "functions": nodes(&manifest.functions),
                "groups": part(serde_json::to_value(&manifest.groups)),
                "metrics": part(serde_json::to_value(&manifest.metrics)),
                "nodes": nodes(&manifest.nodes),
                "sources": part(serde_json::to_value(&manifest.sources)),
                "semantic_models": part(serde_json::to_value(&manifest.semantic_models)),
                "saved_queries": part(serde_json::to_value(&manifest.saved_queries)),
            });
            jinja::value::from_json(&graph)
        };
        self.inner.graph.get_or_init(made).clone()
    }

    fn selected(&self) -> Value {
        let ids = self.inner.options.selected.iter().map(|id| Value::from(id.as_str()));
        jinja::value::list(ids.collect())
    }

    fn invocation_args(&self) -> Value {
        jinja::value::from_json(&serde_json::Value::Object(self.inner.options.invocation_args.clone()))
    }

    fn remember(&self, id: &UniqueId, compiled: Arc<Compiled>) {
        self.inner.compiled.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone(), compiled);
    }

    fn remembered(&self, id: &UniqueId) -> Option<Arc<Compiled>> {
        self.inner.compiled.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    /// Compiled nodes by id, for the manifest that is written at the end.
    pub fn all_compiled(&self) -> BTreeMap<UniqueId, Arc<Compiled>> {
        let compiled = self.inner.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        compiled.iter().map(|(id, compiled)| (id.clone(), compiled.clone())).collect()
    }

    /// What nodes that did not compile called up to there, for the same manifest.
    pub fn called_in_vain(&self) -> BTreeMap<UniqueId, Vec<UniqueId>> {
        self.inner.called.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A context and the state of the node it belongs to.
#[derive(Clone)]
pub struct NodeContext {
    /// What templates look names up in.
    pub context: Arc<Context>,
    /// The node's results and references.
    pub(crate) state: Arc<NodeState>,
}

/// The name of an ephemeral model in its CTE: with its version, where it has one.
pub(crate) fn cte_model_name(node: &Node) -> String {
    if node.alias.is_empty() { node.name.clone() } else { node.alias.clone() }
}
