//! The verbs that walk the graph: run, seed, snapshot, test, build, compile, clone.

use crate::artifact;
use crate::choice::{self, Request};
use crate::closing;
use crate::compiled_manifest;
use crate::database::{self, Database};
use crate::exit::{Exit, Stop};
use crate::failing;
use crate::history;
use crate::interrupt::Interruption;
use crate::invocation::Invocation;
use crate::opening;
use crate::sample;
use crate::seeds;
use crate::state;
use crate::times::{self, Times};
use crate::verb::executors::{Cloner, Compiler, Executors};
use indexmap::IndexSet;
use model_graph::{Builder, Head, Moment, OpenBatches, Order, Plan, ResultsFile, RunOptions, Telling};
use platform_core::event::Level;
use platform_core::{Executor, NodeResult, ResourceType, RunContext, UniqueId, results};
use project::Project;
use project::runtime::{Connection, Opening, Runtime, RuntimeOptions, Slots};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;
use tests_runner::Tester;

/// What is done with the chosen nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// They are built and tested.
    Build,
    /// They are compiled.
    Compile,
    /// They are made as a state has them.
    Clone,
}

/// What a verb does with the nodes it chose.
pub struct Walk<'a> {
    /// Which nodes.
    pub request: Request<'a>,
    /// Of which types.
    pub types: Vec<ResourceType>,
    /// In which order.
    pub order: Order,
    /// What is done with them.
    pub task: Task,
}

/// What became of a walk.
pub struct Walked {
    /// How the command ends.
    pub exit: Exit,
    /// What compiled; `None` where nothing was selected.
    pub runtime: Option<Runtime>,
    /// The nodes, in the order of the plan.
    pub selected: IndexSet<UniqueId>,
}

/// Chooses nodes, runs them and writes what became of them.
pub fn walk(invocation: &Invocation, walk: &Walk<'_>) -> Result<Walked, Stop> {
    walk_in(invocation, invocation.read()?, walk)
}

/// The same in a project that was read.
pub fn walk_in(invocation: &Invocation, project: Project, walk: &Walk<'_>) -> Result<Walked, Stop> {
    let times = times::read(invocation)?;
    // Read before a new one is written: the state may be this project's own folder.
    let defer = match walk.task {
        Task::Clone => state::required(invocation, false).map(Some),
        _ => state::deferred(invocation),
    };
    artifact::write_manifest(invocation, &project)?;
    artifact::write_graph_summary(invocation, &project)?;
    opening::found(invocation, &project);
    stop_at_cycle(&project)?;
    let selected = choose(invocation, &project, walk)?;
    let threads = invocation.threads().unwrap_or(project.profile.threads);
    let file = results_file(invocation, &project);
    if selected.is_empty() {
        invocation.nothing_to_do()?;
        if walk.task == Task::Clone {
            defer?;
        }
        return Ok(Walked { exit: finish(&file, &[])?, runtime: None, selected });
    }
    let defer = defer?;
    some_threads(threads)?;
    opening::concurrency(invocation, &project, threads, selected.len());
    let opening = match walk.task {
        Task::Compile => invocation.opening(),
        Task::Build | Task::Clone => Opening::AtOnce,
    };
    let database = database::open_when(invocation, &project.profile, 2, opening)?;
    if walk.task == Task::Build && project::runtime::seed_memory::is_used(&project.manifest) {
        let migrating = warehouse::migrate(&database.warehouse, &warehouse::migrate::PLATFORM);
        database.runtime.block_on(migrating)?;
    }
    let options = RuntimeOptions {
        empty: invocation.is_on("empty"),
        window: times.sample.clone(),
        defer,
        selected: selected.iter().cloned().collect(),
        invocation_args: invocation.result_arguments(),
    };
    let runner = Runner::new(invocation, project, &database, options, times, threads);
    let began = Instant::now();
    let interruption = runner.listen(&database);
    let unwritten = ResultsFile::new(None, head(invocation));
    let results = match walk.task {
        Task::Compile => runner.run(walk, &selected, threads, &unwritten)?,
        Task::Build | Task::Clone => runner.run(walk, &selected, threads, &file)?,
    };
    runner.slots.close();
    if walk.task == Task::Build {
        let remembering =
            history::remember(invocation, runner.runtime.project(), &database.warehouse, &results);
        database.runtime.block_on(remembering);
    }
    // As in dbt, a compilation that failed is no outcome of nodes: it leaves no results, and the manifest as it was read.
    let in_vain = walk.task == Task::Compile && results.iter().any(|result| result.status.is_failure());
    if !in_vain || invocation.verb != "compile" {
        runner.write_compiled_manifest(walk.task)?;
    }
    match walk.task {
        Task::Build => {
            failing::write(invocation, &runner.runtime, &results)?;
            let manifest = &runner.context.manifest;
            closing::finished(invocation, manifest, &results, began.elapsed());
            if invocation.verb == "seed" && invocation.is_on("show") {
                sample::show(invocation, &runner.runtime, &results);
            }
            closing::summary(invocation, &runner.runtime, &results, interruption.happened());
        }
        Task::Clone => closing::summary(invocation, &runner.runtime, &results, interruption.happened()),
        Task::Compile => {
            for result in results.iter().filter(|result| result.status.is_failure()) {
                closing::explain(invocation, &runner.runtime, result);
            }
            if in_vain {
                let exit = Exit::Code(2);
                return Ok(Walked { exit, runtime: Some(runner.runtime.clone()), selected });
            }
            results.iter().for_each(|result| file.add(result));
        }
    }
    let exit = finish(&file, &results)?;
    closing::end_result(invocation, &results);
    let exit = interruption.exit().unwrap_or(exit);
    Ok(Walked { exit, runtime: Some(runner.runtime.clone()), selected })
}

/// As in dbt, a build runs unit tests along with the models that they test, and none without its model.
fn leave_lone_unit_tests(invocation: &Invocation, project: &Project, chosen: &mut IndexSet<UniqueId>) {
    let is_alone = |id: &&UniqueId| {
        let test = project.manifest.unit_tests.get(*id);
        test.is_some_and(|test| !test.depends_on.nodes.first().is_some_and(|model| chosen.contains(model)))
    };
    let alone: IndexSet<UniqueId> = chosen.iter().filter(is_alone).cloned().collect();
    if alone.is_empty() {
        return;
    }
    chosen.retain(|id| !alone.contains(id));
    let count = model_graph::counted(alone.len(), "unit test");
    let text = format!("{count} left out, whose models are not built: `dp test` runs them without");
    invocation.say(Level::Info, "Note", "Z050", text);
}

/// What the flags choose; `retry` knows its nodes already.
fn choose(invocation: &Invocation, project: &Project, walk: &Walk<'_>) -> Result<IndexSet<UniqueId>, Stop> {
    let Some(retry) = &invocation.retry else {
        let mut chosen =
            choice::choose(invocation, project, &walk.request, |kind| walk.types.contains(&kind))?;
        if walk.order == Order::TestsFirst {
            leave_lone_unit_tests(invocation, project, &mut chosen);
        }
        return Ok(chosen);
    };
    let standing = retry.ids.iter().filter(|id| project.manifest.resource(id).is_some());
    Ok(standing.cloned().collect())
}

/// Writes the file to its end, and says how a command of these results ends.
pub fn finish(file: &ResultsFile, results: &[NodeResult]) -> Result<Exit, Stop> {
    file.finish().map_err(|source| Stop::File {
        action: "write",
        path: "run_results.json".into(),
        source,
    })?;
    let failed = results.iter().any(NodeResult::is_failure);
    Ok(if failed { Exit::Failure } else { Exit::Success })
}

/// The file of a command's results.
pub fn results_file(invocation: &Invocation, project: &Project) -> ResultsFile {
    let path = invocation.writes_json().then(|| project.target_path.join("run_results.json"));
    ResultsFile::new(path, head(invocation))
}

/// What stands around the results of a command.
pub fn head(invocation: &Invocation) -> Head {
    Head {
        metadata: invocation.metadata(results::SCHEMA),
        args: invocation.result_arguments(),
        began: invocation.began,
    }
}

/// Nothing runs on no thread.
pub fn some_threads(threads: usize) -> Result<(), Stop> {
    match threads {
        0 => Err(Stop::usage("`threads` must be greater than 0")),
        _ => Ok(()),
    }
}

fn stop_at_cycle(project: &Project) -> Result<(), Stop> {
    project.cycle().map_or(Ok(()), |cycle| Err(Stop::Project(vec![cycle])))
}

/// Runs nodes: the engine, its connections, the listeners.
pub struct Runner<'a> {
    /// Compiles and runs.
    pub runtime: Runtime,
    /// One connection a slot.
    pub slots: Arc<Slots>,
    /// What every execution shares.
    pub context: RunContext,
    /// Set by Ctrl-C.
    pub interrupted: Arc<AtomicBool>,
    invocation: &'a Invocation,
    times: Times,
}

impl<'a> Runner<'a> {
    /// A runner over a project and its database.
    pub fn new(
        invocation: &'a Invocation,
        project: Project,
        database: &Database,
        options: RuntimeOptions,
        times: Times,
        threads: usize,
    ) -> Self {
        let context = RunContext {
            manifest: project.manifest.clone(),
            invocation_id: invocation.id.clone(),
            events: invocation.log.clone(),
            cancelled: Arc::new(AtomicBool::new(false)),
            printer_width: invocation.global.logging.printer_width(),
        };
        let runtime = Runtime::new(project, Some(seeds::reader()), invocation.log.clone(), options);
        let handle = database.runtime.handle().clone();
        let slots = Slots::new(database.warehouse.clone(), handle, invocation.log.clone(), threads)
            .opened(database.opening);
        Self { runtime, slots: Arc::new(slots), context, interrupted: Arc::default(), invocation, times }
    }

    /// Listens for an interruption of the run.
    pub fn listen(&self, database: &Database) -> Interruption {
        let (happened, cancelled) = (self.interrupted.clone(), self.context.cancelled.clone());
        let events = self.context.events.clone();
        Interruption::listen(database.runtime.handle(), self.slots.clone(), events, happened, cancelled)
    }

    fn run(
        &self,
        walk: &Walk<'_>,
        selected: &IndexSet<UniqueId>,
        threads: usize,
        file: &ResultsFile,
    ) -> Result<Vec<NodeResult>, Stop> {
        let first = self.slots.connection(0)?;
        // What no comment may be is told once, before anything is sent under it.
        self.runtime.comment(None, &first).map_err(|error| {
            let (kind, message, _) = project::runtime::materialize::explain(&error);
            Stop::Said { heading: kind.headline(), message: crate::exit::indent(&message) }
        })?;
        let made = if walk.task == Task::Compile { &EMPTY } else { selected };
        if self.slots.opening() == Opening::AtOnce {
            model_graph::prepare(&self.runtime, &first, made)?;
        }
        let with_hooks = walk.task == Task::Build;
        let mut all = Vec::new();
        if with_hooks {
            all.extend(self.hooks(Moment::Start, &first, &all)?);
        }
        all.iter().for_each(|hook| file.add(hook));
        let plan = Plan::new(&self.context.manifest, selected, walk.order);
        let fail_fast = self.invocation.is_on("fail_fast");
        let skip_all = model_graph::skips_nodes(&self.runtime, &all);
        let telling = match walk.task {
            Task::Build => Telling::Nodes,
            // As in dbt, an ephemeral model is compiled for itself where `compile --select` chose it.
            Task::Compile if self.invocation.verb == "compile" && !walk.request.select.is_empty() => {
                Telling::Compiled
            }
            Task::Clone | Task::Compile => Telling::Nothing,
        };
        let options = RunOptions { threads, fail_fast, telling, skip_all };
        let executor = self.executor(walk.task, selected);
        let run = model_graph::run(&plan, executor.as_ref(), &self.context, &options, file);
        run.broken.iter().for_each(|result| closing::explain(self.invocation, &self.runtime, result));
        if with_hooks {
            let so_far = model_graph::told_at_end(&all, &run.results, skip_all);
            // The first connection may be one that a node gave back changed.
            let last = self.slots.connection(0).unwrap_or(first);
            let ends = self.hooks(Moment::End, &last, &so_far).or_else(|stop| {
                // What the nodes came to is kept.
                finish(file, &run.results).and(Err(stop))
            })?;
            ends.iter().for_each(|hook| file.add(hook));
            all.extend(run.results);
            all.extend(ends);
        } else {
            all.extend(run.results);
        }
        Ok(all)
    }

    /// Runs the project's hooks of a moment, an empty line around them.
    pub fn hooks(
        &self,
        moment: Moment,
        connection: &Arc<Connection>,
        so_far: &[NodeResult],
    ) -> Result<Vec<NodeResult>, Stop> {
        let any = !model_graph::hook_ids(&self.context.manifest, moment, self.runtime.root()).is_empty();
        if any && moment == Moment::End {
            self.invocation.blank();
        }
        // A run that failed fast began nothing new; its last hooks are run all the same.
        let cancelled = self.interrupted.load(Ordering::Relaxed);
        let context = RunContext { cancelled: Arc::new(AtomicBool::new(cancelled)), ..self.context.clone() };
        let results = model_graph::run_hooks(moment, &self.runtime, connection, &context, so_far)
            .map_err(|failure| Stop::Project(vec![failure.diagnostic]))?;
        if any && moment == Moment::Start {
            self.invocation.blank();
        }
        Ok(results)
    }

    fn executor(&self, task: Task, selected: &IndexSet<UniqueId>) -> Box<dyn Executor> {
        let (runtime, slots) = (self.runtime.clone(), self.slots.clone());
        match task {
            Task::Compile => Box::new(Compiler { runtime, slots }),
            Task::Clone => Box::new(Cloner { runtime, slots }),
            Task::Build => {
                let retry = self.invocation.retry.as_ref();
                let builder = Builder {
                    runtime: runtime.clone(),
                    slots: slots.clone(),
                    times: self.times.batches,
                    batches: retry.map(|retry| retry.batches.clone()).unwrap_or_default(),
                    open: OpenBatches::default(),
                };
                let mut tester =
                    Tester::new(runtime, slots).failing_warnings(self.invocation.policy.tests_fail());
                if self.invocation.flag("fuse").unwrap_or(true) {
                    tester = tester.fused(selected);
                }
                Box::new(Executors { builder, tester })
            }
        }
    }

    /// The manifest again, with the SQL of what was compiled and the relations that were deferred to.
    fn write_compiled_manifest(&self, task: Task) -> Result<(), Stop> {
        let mut manifest = compiled_manifest::of(&self.runtime);
        if task == Task::Build {
            compiled_manifest::note_what_ran(&mut manifest, &self.runtime);
        }
        compiled_manifest::write(self.invocation, &self.runtime, &manifest)
    }
}

static EMPTY: std::sync::LazyLock<IndexSet<UniqueId>> = std::sync::LazyLock::new(IndexSet::new);
