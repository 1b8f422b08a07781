//! `dp source freshness`: how old the newest rows of sources are
//! (<https://docs.getdbt.com/reference/commands/source>).

use crate::arguments::verb::Freshness;
use crate::artifact;
use crate::choice::{self, Request};
use crate::closing;
use crate::database;
use crate::deprecations;
use crate::exit::{Exit, Stop};
use crate::invocation::Invocation;
use crate::opening;
use crate::times;
use crate::verb::nodes::{Runner, some_threads};
use model_graph::{Moment, Order, Plan, ResultsFile, RunOptions, Telling};
use platform_core::event::Level;
use platform_core::freshness::{FreshnessResult, FreshnessResults, SCHEMA, SourceFreshness};
use platform_core::{EventSink as _, NodeResult, ResourceType};
use project::runtime::RuntimeOptions;
use std::time::Instant;
use tests_runner::{Gauge, is_gauged};

/// Asks the chosen sources and writes sources.json.
pub fn freshness(invocation: &Invocation, arguments: &Freshness) -> Result<Exit, Stop> {
    let project = invocation.read()?;
    let with_hooks = !project.flags.is_off("source_freshness_run_project_hooks");
    let settings = project.settings();
    let has_hooks = !settings.on_run_start.is_empty() || !settings.on_run_end.is_empty();
    if has_hooks && !with_hooks {
        invocation.log.send(deprecations::of_unrun_hooks());
    }
    if let Some(path) = &arguments.output {
        invocation.log.send(deprecations::of_freshness_output(path));
    }
    invocation.stop_if_escalated()?;
    artifact::write_manifest(invocation, &project)?;
    opening::found(invocation, &project);
    let request = Request::of(&arguments.selection);
    let mut chosen = choice::choose(invocation, &project, &request, |kind| kind == ResourceType::Source)?;
    chosen.retain(|id| project.manifest.sources.get(id).is_some_and(is_gauged));
    if chosen.is_empty() {
        invocation.nothing_to_do()?;
        write(invocation, &project, arguments, &[])?;
        invocation.say(Level::Info, "FreshnessCheckComplete", "Q003", "Done.");
        return Ok(Exit::Success);
    }
    let threads = invocation.threads().unwrap_or(project.profile.threads);
    some_threads(threads)?;
    opening::concurrency(invocation, &project, threads, chosen.len());
    let database = database::open(invocation, &project.profile, 2)?;
    let options = RuntimeOptions {
        selected: chosen.iter().cloned().collect(),
        invocation_args: invocation.result_arguments(),
        ..RuntimeOptions::default()
    };
    let runner = Runner::new(invocation, project, &database, options, times::read(invocation)?, threads);
    let began = Instant::now();
    let interruption = runner.listen(&database);
    let first = runner.slots.connection(0)?;
    let mut results: Vec<NodeResult> = Vec::new();
    if with_hooks {
        results.extend(runner.hooks(Moment::Start, &first, &[])?);
    }
    let gauge = Gauge::new(runner.runtime.clone(), runner.slots.clone());
    let skip_all = model_graph::skips_nodes(&runner.runtime, &results);
    let plan = Plan::new(&runner.context.manifest, &chosen, Order::Any);
    let options =
        RunOptions { threads, fail_fast: invocation.is_on("fail_fast"), telling: Telling::Nodes, skip_all };
    let file = ResultsFile::new(None, crate::verb::nodes::head(invocation));
    let run = model_graph::run(&plan, &gauge, &runner.context, &options, &file);
    let ends = if with_hooks {
        runner.hooks(Moment::End, &first, if skip_all { &[] } else { run.results.as_slice() })?
    } else {
        Vec::new()
    };
    runner.slots.close();
    results.extend(run.results);
    results.extend(ends);
    write(invocation, runner.runtime.project(), arguments, &gauge.found())?;
    closing::finished(invocation, &runner.context.manifest, &results, began.elapsed());
    for result in results.iter().filter(|result| result.status.is_failure()) {
        closing::explain(invocation, &runner.runtime, result);
    }
    invocation.say(Level::Info, "FreshnessCheckComplete", "Q003", "Done.");
    let failed = results.iter().any(|result| result.status.is_failure());
    Ok(interruption.exit().unwrap_or(if failed { Exit::Failure } else { Exit::Success }))
}

fn write(
    invocation: &Invocation,
    project: &project::Project,
    arguments: &Freshness,
    found: &[SourceFreshness],
) -> Result<(), Stop> {
    let results = FreshnessResults {
        metadata: invocation.metadata(SCHEMA),
        results: found.iter().cloned().map(FreshnessResult::Asked).collect(),
        elapsed_time: invocation.began.elapsed().as_secs_f64(),
    };
    let path = match &arguments.output {
        Some(path) => project.root.join(path),
        None => project.target_path.join("sources.json"),
    };
    artifact::write_to(invocation, &path, "FreshnessExecutionResultArtifact", &results)
}
