//! The verbs that walk the graph: run, seed, snapshot, test, build, compile.

use crate::artifact;
use crate::choice::{self, Request};
use crate::database::{self, Database};
use crate::exit::{Exit, Stop};
use crate::history;
use crate::invocation::Invocation;
use crate::seeds;
use indexmap::IndexSet;
use model_graph::{Builder, EventTimes, Head, Moment, Order, Plan, ResultsFile, RunOptions};
use platform_core::event::Level;
use platform_core::{
    Executor, Node, NodeResult, Resource, ResourceType, RunContext, RunResults, Status, UniqueId, results,
};
use project::Project;
use project::runtime::{Connection, Runtime, RuntimeOptions, Slots};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use tests_runner::Tester;

/// What a verb does with the nodes it chose.
pub struct Walk<'a> {
    /// Which nodes.
    pub request: Request<'a>,
    /// Of which types.
    pub types: Vec<ResourceType>,
    /// In which order.
    pub order: Order,
    /// Only compile them.
    pub compile_only: bool,
}

/// Chooses nodes, runs them and writes what became of them.
pub fn walk(invocation: &Invocation, walk: &Walk<'_>) -> Result<Exit, Stop> {
    let project = invocation.read()?;
    artifact::write_manifest(invocation, &project)?;
    artifact::write_graph_summary(invocation, &project)?;
    stop_at_cycle(&project)?;
    let selected = choice::choose(invocation, &project, &walk.request, |kind| walk.types.contains(&kind))?;
    let threads = invocation.threads().unwrap_or(project.profile.threads).max(1);
    let file = results_file(invocation, &project);
    if selected.is_empty() {
        invocation.say(
            Level::Info,
            "NothingToDo",
            "Q035",
            "Nothing to do. Try checking your model configs and model specification args",
        );
        return finish(&file, &[]);
    }
    let database = database::open(invocation, &project.profile, 2)?;
    let runner = Runner::new(invocation, project, &database, &selected, threads);
    let results = runner.run(walk, &selected, threads, &file)?;
    if !walk.compile_only {
        let remembering =
            history::remember(invocation, runner.runtime.project(), &database.warehouse, &results);
        database.runtime.block_on(remembering);
    }
    runner.write_compiled_manifest(invocation)?;
    invocation.say(Level::Info, "StatsLine", "E047", statistics(&results));
    finish(&file, &results)
}

fn finish(file: &ResultsFile, results: &[NodeResult]) -> Result<Exit, Stop> {
    file.finish().map_err(|source| Stop::File {
        action: "write",
        path: "run_results.json".into(),
        source,
    })?;
    let failed = results.iter().any(|result| result.status.is_failure());
    Ok(if failed { Exit::Failure } else { Exit::Success })
}

fn results_file(invocation: &Invocation, project: &Project) -> ResultsFile {
    let path = invocation.writes_json().then(|| project.target_path.join("run_results.json"));
    let head = Head {
        metadata: invocation.metadata(results::SCHEMA),
        args: invocation.result_arguments(),
        began: invocation.began,
    };
    ResultsFile::new(path, head)
}

fn stop_at_cycle(project: &Project) -> Result<(), Stop> {
    match platform_core::Graph::of(&project.manifest).cycle() {
        None => Ok(()),
        Some(cycle) => {
            let way: Vec<String> = cycle.iter().map(ToString::to_string).collect();
            Err(Stop::runtime(format!("Found a cycle: {}", way.join(" --> "))))
        }
    }
}

struct Runner<'a> {
    runtime: Runtime,
    slots: Arc<Slots>,
    context: RunContext,
    invocation: &'a Invocation,
}

impl<'a> Runner<'a> {
    fn new(
        invocation: &'a Invocation,
        project: Project,
        database: &Database,
        selected: &IndexSet<UniqueId>,
        threads: usize,
    ) -> Self {
        let context = RunContext {
            manifest: project.manifest.clone(),
            invocation_id: invocation.id.clone(),
            events: invocation.log.clone(),
            cancelled: Arc::new(AtomicBool::new(false)),
        };
        let options = RuntimeOptions {
            empty: invocation.is_on("empty"),
            selected: selected.iter().cloned().collect(),
            invocation_args: invocation.result_arguments(),
            ..RuntimeOptions::default()
        };
        let runtime = Runtime::new(project, Some(seeds::reader()), invocation.log.clone(), options);
        let handle = database.runtime.handle().clone();
        let slots = Slots::new(database.warehouse.clone(), handle, invocation.log.clone(), threads);
        Self { runtime, slots: Arc::new(slots), context, invocation }
    }

    fn run(
        &self,
        walk: &Walk<'_>,
        selected: &IndexSet<UniqueId>,
        threads: usize,
        file: &ResultsFile,
    ) -> Result<Vec<NodeResult>, Stop> {
        let first = self.slots.connection(0)?;
        model_graph::prepare(&self.runtime, &first, if walk.compile_only { &EMPTY } else { selected })
            .map_err(|error| Stop::runtime(error.to_string()))?;
        let mut all = Vec::new();
        if !walk.compile_only {
            all.extend(self.hooks(Moment::Start, &first, &all));
        }
        if all.iter().any(|result| result.status == Status::Error) {
            all.iter().for_each(|result| file.add(result));
            return Ok(all);
        }
        let plan = Plan::new(&self.context.manifest, selected, walk.order);
        let options = RunOptions { threads, fail_fast: self.invocation.is_on("fail_fast") };
        let executor = self.executor(walk.compile_only, selected)?;
        let run = model_graph::run(&plan, executor.as_ref(), &self.context, &options, file);
        let hooks_before = all.len();
        all.extend(run.results);
        if !walk.compile_only {
            let ends = self.hooks(Moment::End, &first, &all[hooks_before..]);
            all.extend(ends);
        }
        for hook in all.iter().filter(|it| it.unique_id.resource_type() == Some(ResourceType::Operation)) {
            file.add(hook);
        }
        Ok(all)
    }

    fn hooks(&self, moment: Moment, connection: &Arc<Connection>, so_far: &[NodeResult]) -> Vec<NodeResult> {
        model_graph::run_hooks(moment, &self.runtime, connection, &self.context, so_far)
    }

    fn executor(&self, compile_only: bool, selected: &IndexSet<UniqueId>) -> Result<Box<dyn Executor>, Stop> {
        if compile_only {
            return Ok(Box::new(Compiler { runtime: self.runtime.clone(), slots: self.slots.clone() }));
        }
        let times = EventTimes { start: None, end: None, now: self.invocation.now };
        let builder = Builder {
            runtime: self.runtime.clone(),
            slots: self.slots.clone(),
            times,
            batches: HashMap::new(),
        };
        let mut tester = Tester::new(self.runtime.clone(), self.slots.clone());
        if self.invocation.flag("fuse").unwrap_or(true) {
            tester = tester.fused(selected);
        }
        Ok(Box::new(Executors { builder, tester }))
    }

    /// The manifest again, with the SQL of what was compiled.
    fn write_compiled_manifest(&self, invocation: &Invocation) -> Result<(), Stop> {
        let project = self.runtime.project();
        let mut manifest = (*project.manifest).clone();
        for (id, compiled) in self.runtime.all_compiled() {
            if let Some(node) = manifest.nodes.get_mut(&id) {
                fill(node, &compiled);
            }
        }
        artifact::write(invocation, project, "manifest.json", "WritableManifest", &manifest)
    }
}

static EMPTY: std::sync::LazyLock<IndexSet<UniqueId>> = std::sync::LazyLock::new(IndexSet::new);

fn fill(node: &mut Node, compiled: &project::runtime::Compiled) {
    if node.resource_type == ResourceType::Seed {
        return;
    }
    node.compiled = true;
    node.compiled_code = Some(compiled.sql.clone());
    node.compiled_path.clone_from(&compiled.path);
    node.extra_ctes_injected = true;
    node.extra_ctes.clone_from(&compiled.ctes);
}

/// `Done. PASS=5 WARN=0 ERROR=0 SKIP=0 NO-OP=0 TOTAL=5`
fn statistics(results: &[NodeResult]) -> String {
    let count = |wanted: &[Status]| results.iter().filter(|result| wanted.contains(&result.status)).count();
    let numbers = [
        ("PASS", count(&[Status::Success, Status::Pass])),
        ("WARN", count(&[Status::Warn])),
        ("ERROR", count(&[Status::Error, Status::Fail, Status::RuntimeError, Status::PartialSuccess])),
        ("SKIP", count(&[Status::Skipped])),
        ("NO-OP", count(&[Status::NoOp])),
        ("TOTAL", results.len()),
    ];
    let words: Vec<String> = numbers.iter().map(|(name, number)| format!("{name}={number}")).collect();
    format!("Done. {}", words.join(" "))
}

/// Each node to the executor of its kind.
struct Executors {
    builder: Builder,
    tester: Tester,
}

impl Executor for Executors {
    fn execute(&self, id: &UniqueId, slot: usize, context: &RunContext) -> NodeResult {
        match id.resource_type() {
            Some(ResourceType::Test | ResourceType::UnitTest) => self.tester.execute(id, slot, context),
            _ => self.builder.execute(id, slot, context),
        }
    }

    fn company(&self, id: &UniqueId) -> Option<usize> {
        self.tester.company(id)
    }

    fn execute_together(&self, ids: &[UniqueId], slot: usize, context: &RunContext) -> Vec<NodeResult> {
        self.tester.execute_together(ids, slot, context)
    }

    fn cancel(&self) {
        self.builder.cancel();
    }
}

/// `compile`: SQL, and nothing done with it.
struct Compiler {
    runtime: Runtime,
    slots: Arc<Slots>,
}

impl Executor for Compiler {
    fn execute(&self, id: &UniqueId, slot: usize, context: &RunContext) -> NodeResult {
        let Some(Resource::Node(node)) = context.manifest.resource(id) else {
            return NodeResult::new(id.clone(), Status::Success, None);
        };
        let connection = match self.slots.connection(slot) {
            Ok(connection) => connection,
            Err(error) => {
                let failure =
                    self.runtime.plain_failure(Resource::Node(node), "Database Error", &error.to_string());
                return NodeResult::new(id.clone(), Status::Error, Some(failure.message));
            }
        };
        match self
            .runtime
            .begin_node(node, &connection)
            .and_then(|()| self.runtime.compile(node, &connection))
        {
            Ok(compiled) => {
                let mut result = NodeResult::new(id.clone(), Status::Success, None);
                result.compiled = Some(true);
                result.compiled_code = Some(compiled.sql.clone());
                result.relation_name.clone_from(&node.relation_name);
                result
            }
            Err(error) => {
                let failure = self.runtime.failure(Resource::Node(node), &error);
                NodeResult::new(id.clone(), Status::Error, Some(failure.message))
            }
        }
    }
}

/// The results of the last command, for documentation.
pub fn last_results(project: &Project) -> Result<Option<RunResults>, Stop> {
    choice::read_json(&project.target_path.join("run_results.json"))
}
