//! The verbs of the binary `model-graph`: parse, run, snapshot.

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use model_graph::{
    Builder, EventTimes, Head, Moment, OpenBatches, Order, Plan, ResultsFile, RunOptions, Telling,
    write_aside,
};
use platform_core::event::{Event, EventSink, Level};
use platform_core::{ResourceType, results};
use project::Project;
use project::stage::{self, Request};
use std::collections::{BTreeMap, HashMap};
use std::io::Write as _;
use std::sync::Arc;
use std::time::Instant;

/// Builds the models of a project.
#[derive(Parser)]
#[command(name = "model-graph", version)]
pub struct Arguments {
    #[command(flatten)]
    request: Request,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Clone, Copy, PartialEq, Eq, Subcommand)]
enum Verb {
    /// Read the project and write manifest.json.
    Parse,
    /// Build models and functions; seeds are `dp seed`'s, which knows the reader of CSV.
    Run {
        /// Build incremental models from nothing.
        #[arg(long)]
        full_refresh: bool,
    },
    /// Take snapshots.
    Snapshot,
}

/// Results to stderr, one a line.
struct Stderr;

impl EventSink for Stderr {
    fn send(&self, event: Event) {
        if event.level >= Level::Info {
            // Nobody can be told that stderr is closed.
            let _ = writeln!(std::io::stderr(), "{}", event.message);
        }
    }
}

/// Does what was asked; false where a node failed.
pub fn run(arguments: &Arguments) -> anyhow::Result<bool> {
    let began = Instant::now();
    let environment: Arc<BTreeMap<String, String>> = Arc::new(std::env::vars().collect());
    let events: Arc<dyn EventSink> = Arc::new(Stderr);
    let mut request = arguments.request.clone();
    if arguments.verb == (Verb::Run { full_refresh: true }) {
        request.flags.insert("full_refresh".to_owned(), true.into());
    }
    let project = stage::read(&request, &environment, events.clone())?;
    for warning in project.warnings() {
        events.send(Event::new(Level::Warn, "ProjectWarning", warning.to_string()));
    }
    write_manifest(&project)?;
    let types: &[ResourceType] = match arguments.verb {
        Verb::Parse => return Ok(true),
        Verb::Run { .. } => &[ResourceType::Model, ResourceType::Function],
        Verb::Snapshot => &[ResourceType::Snapshot],
    };
    build(project, &request, types, began, events)
}

fn write_manifest(project: &Project) -> anyhow::Result<()> {
    let path = project.target_path.join("manifest.json");
    let write = |file: &mut _| Ok(serde_json::to_writer(file, project.manifest.as_ref())?);
    write_aside(&path, write).with_context(|| format!("write {}", path.display()))
}

fn build(
    project: Project,
    request: &Request,
    types: &[ResourceType],
    began: Instant,
    events: Arc<dyn EventSink>,
) -> anyhow::Result<bool> {
    if let Some(cycle) = project.cycle() {
        anyhow::bail!("order the nodes: {cycle}");
    }
    let mut told = Vec::new();
    let selected = stage::choose(&project, request, types, &mut told)?;
    for warning in told {
        events.send(Event::new(Level::Warn, "SelectionWarning", warning.to_string()));
    }
    let head = Head {
        metadata: platform_core::manifest::Metadata {
            dbt_schema_version: results::SCHEMA.to_owned(),
            ..project.manifest.metadata.clone()
        },
        args: request.flags.clone(),
        began,
    };
    let file = ResultsFile::new(Some(project.target_path.join("run_results.json")), head);
    let now = project.now;
    let threads = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let stage = threads.block_on(stage::open(project, request, &selected, None, events))?;
    let first = stage.slots.connection(0)?;
    model_graph::prepare(&stage.runtime, &first, &selected)?;
    let hooks = |moment, so_far: &[_]| {
        let hooks = model_graph::run_hooks(moment, &stage.runtime, &first, &stage.context, so_far)
            .map_err(|failure| anyhow::anyhow!(failure.message))?;
        hooks.iter().for_each(|hook| file.add(hook));
        Ok::<_, anyhow::Error>(hooks)
    };
    let mut all = hooks(Moment::Start, &[])?;
    let skip_all = model_graph::skips_nodes(&stage.runtime, &all);
    let plan = Plan::new(&stage.context.manifest, &selected, Order::Dependencies);
    let builder = Builder {
        runtime: stage.runtime.clone(),
        slots: stage.slots.clone(),
        times: EventTimes { start: None, end: None, now },
        batches: HashMap::new(),
        open: OpenBatches::default(),
    };
    let options = RunOptions { threads: stage.threads, fail_fast: false, telling: Telling::Nodes, skip_all };
    let run = model_graph::run(&plan, &builder, &stage.context, &options, &file);
    for message in run.broken.iter().filter_map(|result| result.message.clone()) {
        stage.context.events.send(Event::new(Level::Error, "RunResultError", message).code("Z024"));
    }
    let ends = hooks(Moment::End, &model_graph::told_at_end(&all, &run.results, skip_all));
    file.finish().context("write run_results.json")?;
    all.extend(run.results);
    all.extend(ends?);
    Ok(!all.iter().any(platform_core::NodeResult::is_failure))
}
