//! What the binary of one stage needs of a project: the project, a choice of its nodes, the open database.
//!
//! `dp` composes all stages and has every flag of dbt's; a stage on its own takes the few that it cannot do
//! without.

use crate::database::{self, Database};
use crate::runtime::{Opening, Runtime, RuntimeOptions, Slots};
use crate::{Flags, Project, ReadOptions};
use clap::Args;
use indexmap::IndexSet;
use platform_core::selection::{self, IndirectSelection, SelectionError};
use platform_core::{Diagnostic, EventSink, Graph, ResourceType, RunContext, SeedReader, Severity, UniqueId};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// What the stage was told: flags that the binaries of all stages take.
#[derive(Args, Clone, Debug, Default)]
pub struct Request {
    /// Folder of the project.
    #[arg(long, default_value = ".", global = true)]
    pub project_dir: PathBuf,
    /// Folder of profiles.yml.
    #[arg(long, env = "DBT_PROFILES_DIR", global = true)]
    pub profiles_dir: Option<PathBuf>,
    /// Target of the profile.
    #[arg(long, short, env = "DBT_TARGET", global = true)]
    pub target: Option<String>,
    /// Folder of artifacts, below the project's.
    #[arg(long, env = "DBT_TARGET_PATH", global = true)]
    pub target_path: Option<PathBuf>,
    /// Variables, as YAML: '{name: value}'.
    #[arg(long, global = true)]
    pub vars: Option<String>,
    /// Nodes at once.
    #[arg(long, global = true)]
    pub threads: Option<usize>,
    /// Nodes to include, in dbt's selection syntax.
    #[arg(long, short, num_args = 1.., global = true)]
    pub select: Vec<String>,
    /// Nodes to leave out.
    #[arg(long, num_args = 1.., global = true)]
    pub exclude: Vec<String>,
    /// Other flags, under dbt's names in lower case.
    #[arg(skip)]
    pub flags: Map<String, Value>,
}

/// Why a stage cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The project is broken, or isn't one.
    #[error(transparent)]
    Project(#[from] crate::Error),
    /// What is wrong with it, one diagnostic a line.
    #[error("read the project: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Broken(Vec<Diagnostic>),
    /// The variables.
    #[error("read the variables `{0}`: they are no YAML mapping")]
    Variables(String),
    /// The selection.
    #[error(transparent)]
    Selection(#[from] SelectionError),
    /// The database.
    #[error(transparent)]
    Warehouse(#[from] warehouse::Error),
}

/// Reads the project.
pub fn read(
    request: &Request,
    environment: &Arc<BTreeMap<String, String>>,
    events: Arc<dyn EventSink>,
) -> Result<Project, Error> {
    let options = ReadOptions {
        profiles_dir: request.profiles_dir.clone(),
        target: request.target.clone(),
        threads: request.threads,
        vars: variables(request.vars.as_deref())?,
        env: environment.clone(),
        metadata_envs: crate::metadata_envs(environment.iter()),
        target_path: request.target_path.clone(),
        fallback_profile: database::fallback_profile(environment),
        flags: Flags::given(request.flags.clone()),
        events,
        ..ReadOptions::new(&request.project_dir)
    };
    let project = crate::read(&options)?;
    let errors: Vec<Diagnostic> = project.errors().cloned().collect();
    if errors.is_empty() { Ok(project) } else { Err(Error::Broken(errors)) }
}

fn variables(text: Option<&str>) -> Result<Map<String, Value>, Error> {
    let Some(text) = text.filter(|text| !text.trim().is_empty()) else { return Ok(Map::new()) };
    match crate::yaml::parse("--vars", text).map(|document| document.root.to_json()) {
        Ok(Value::Object(variables)) => Ok(variables),
        _ => Err(Error::Variables(text.to_owned())),
    }
}

/// The chosen nodes of these types, in the graph's order; a criterion that matches nothing is told.
pub fn choose(
    project: &Project,
    request: &Request,
    types: &[ResourceType],
    told: &mut Vec<Diagnostic>,
) -> Result<IndexSet<UniqueId>, Error> {
    let expression =
        selection::from_arguments(&request.select, &request.exclude, IndirectSelection::default())?;
    let graph = Graph::of(&project.manifest);
    let context = selection::Context { manifest: &project.manifest, graph: &graph, previous: None };
    let chosen = selection::select(&expression, context)?;
    told.extend(chosen.warnings.into_iter().filter(|warning| warning.severity == Severity::Warning));
    let is_wanted = |id: &UniqueId| id.resource_type().is_some_and(|kind| types.contains(&kind));
    Ok(chosen.ids.into_iter().filter(is_wanted).collect())
}

/// A project at its database, ready to run nodes.
pub struct Stage {
    /// Compiles and runs nodes.
    pub runtime: Runtime,
    /// A connection for each node at once.
    pub slots: Arc<Slots>,
    /// What every node's execution shares.
    pub context: RunContext,
    /// Nodes at once.
    pub threads: usize,
    /// Keeps the private server up.
    _database: Database,
}

/// Opens the project's database.
pub async fn open(
    project: Project,
    request: &Request,
    selected: &IndexSet<UniqueId>,
    seeds: Option<Arc<dyn SeedReader>>,
    events: Arc<dyn EventSink>,
) -> Result<Stage, Error> {
    let threads = request.threads.unwrap_or(project.profile.threads).max(1);
    let database = database::open(&project.profile, &project.root, &project.env, 2, Opening::AtOnce).await?;
    let context = RunContext {
        manifest: project.manifest.clone(),
        invocation_id: project.invocation_id.clone(),
        events: events.clone(),
        cancelled: Arc::default(),
        printer_width: RunContext::PRINTER_WIDTH,
    };
    let options =
        RuntimeOptions { selected: selected.iter().cloned().collect(), ..RuntimeOptions::default() };
    let handle = tokio::runtime::Handle::current();
    let slots = Slots::new(database.warehouse.clone(), handle, events.clone(), threads);
    let runtime = Runtime::new(project, seeds, events, options);
    Ok(Stage { runtime, slots: Arc::new(slots), context, threads, _database: database })
}
