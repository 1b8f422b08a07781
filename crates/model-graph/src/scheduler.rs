//! Walking a plan on one thread a slot.

use crate::artifact::ResultsFile;
use crate::fault;
use crate::line::{self, Line};
use crate::plan::Plan;
use crate::schedule::{Schedule, Skipped, Turn};
use platform_core::event::Level;
use platform_core::node_info::{Phase, began, ended, node_info, working_on};
use platform_core::{
    Event, Executor, NodeResult, Resource, ResourceType, RunContext, Share, Status, UniqueId,
};
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// What dbt says of a node that `--fail-fast` left alone.
const FAILED_FAST: &str = "Skipping due to fail_fast";

/// How a plan is walked.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// Slots: threads, each with a database session of its own.
    pub threads: usize,
    /// Begin nothing new after the first failure.
    pub fail_fast: bool,
    /// What is told of nodes.
    pub telling: Telling,
    /// Skip every node: a hook before them failed, and the project asks for it.
    pub skip_all: bool,
}

/// What a run tells of its nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Telling {
    /// Each as it begins and as it ends.
    Nodes,
    /// Nothing: `clone`, `compile` of all.
    Nothing,
    /// Nothing, and ephemeral models have results as others do: `compile --select`.
    Compiled,
}

impl Telling {
    fn is_silent(self) -> bool {
        self != Self::Nodes
    }
}

/// What became of a plan.
#[derive(Debug, Default)]
pub struct Run {
    /// One result a node, in the order of completion. Ephemeral models give none unless `--fail-fast` ended the run,
    /// a silent one fails, or their SQL is asked for.
    pub results: Vec<NodeResult>,
    /// Ephemeral models that failed and have no result: the nodes that read them are skipped for it.
    pub broken: Vec<NodeResult>,
    /// Whether `--fail-fast` ended it early; the node that failed.
    pub failed_fast: Option<UniqueId>,
}

/// Runs every node of the plan; each result goes to `file` at once.
pub fn run(
    plan: &Plan,
    executor: &dyn Executor,
    context: &RunContext,
    options: &RunOptions,
    file: &ResultsFile,
) -> Run {
    let walk = Walk::new(plan, executor, context, options, file);
    // One that shares its work with others can keep more slots busy than there are nodes.
    let shares = plan.graph().ids().any(|id| executor.may_share(id));
    let useful = if shares { options.threads } else { plan.graph().len() };
    let slots = options.threads.clamp(1, useful.max(1));
    std::thread::scope(|scope| {
        let walk = &walk;
        for slot in 0..slots {
            let name = thread_name(slot);
            let thread = std::thread::Builder::new().name(name).stack_size(STACK);
            let spawned = thread.spawn_scoped(scope, move || walk.work(slot));
            if spawned.is_err() && slot == 0 {
                walk.work(slot);
            }
        }
    });
    let mut state = walk.state.into_inner().unwrap_or_else(PoisonError::into_inner);
    if state.failed_fast.is_some() {
        // As in dbt, whatever has no result when a run ends early was left alone: ephemeral models that compiled too.
        let left = state.compiled.drain(..).map(left_alone);
        state.results.extend(left.inspect(|result| file.add(result)));
    }
    Run { results: state.results, broken: state.broken, failed_fast: state.failed_fast }
}

/// A slot's stack, in bytes: address space, not memory, until something goes deep.
const STACK: usize = 64 * 1024 * 1024;

/// What the work on nodes gives. A fault of ours in it fails these nodes, and not the run with all that it has built.
fn contained(ids: &[UniqueId], work: impl FnOnce() -> Vec<NodeResult>) -> Vec<NodeResult> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let told = fault::told(&*panic);
        let failed = |id: &UniqueId| {
            let message = format!("Internal Error in {id}\n  {told}");
            NodeResult::new(id.clone(), Status::Error, Some(message))
        };
        ids.iter().map(failed).collect()
    })
}

/// The result of an ephemeral model in a run that failed fast.
fn left_alone(result: NodeResult) -> NodeResult {
    NodeResult {
        status: Status::Skipped,
        message: Some(FAILED_FAST.to_owned()),
        timing: Vec::new(),
        ..result
    }
}

/// dbt's name of a slot's thread.
fn thread_name(slot: usize) -> String {
    format!("Thread-{} (worker)", slot + 1)
}

struct Walk<'a> {
    plan: &'a Plan,
    executor: &'a dyn Executor,
    context: &'a RunContext,
    options: &'a RunOptions,
    file: &'a ResultsFile,
    total: usize,
    state: Mutex<State<'a>>,
    changed: Condvar,
}

struct State<'a> {
    schedule: Schedule<'a>,
    /// Nodes begun or skipped so far, ephemeral models left out: `3 of 10`.
    counted: usize,
    results: Vec<NodeResult>,
    broken: Vec<NodeResult>,
    /// Ephemeral models that are ready for those that read them.
    compiled: Vec<NodeResult>,
    /// For nodes that were not built: the ephemeral model that those below them name, and what became of it. It has
    /// no line of its own, so they tell. In a `build` it is the one right above, else the one that broke.
    causes: HashMap<usize, (usize, Status)>,
    failed_fast: Option<UniqueId>,
}

/// What a slot does next.
enum Work<'a> {
    /// Nodes of the plan.
    Nodes(Vec<Task>),
    /// A part of a node that another slot runs.
    Share(Share<'a>),
}

/// A turn with its number.
struct Task {
    turn: Turn,
    number: usize,
}

/// A node that runs, and since when.
struct Begun<'a> {
    index: usize,
    number: usize,
    resource: Resource<'a>,
    phase: Phase,
}

impl<'a> Walk<'a> {
    fn new(
        plan: &'a Plan,
        executor: &'a dyn Executor,
        context: &'a RunContext,
        options: &'a RunOptions,
        file: &'a ResultsFile,
    ) -> Self {
        let total = plan
            .graph()
            .ids()
            .filter_map(|id| context.manifest.resource(id))
            .filter(|resource| !is_ephemeral(*resource))
            .count();
        let state = State {
            schedule: Schedule::new(plan, |id| executor.company(id)),
            counted: 0,
            results: Vec::with_capacity(total),
            broken: Vec::new(),
            compiled: Vec::new(),
            causes: HashMap::new(),
            failed_fast: None,
        };
        Self {
            plan,
            executor,
            context,
            options,
            file,
            total,
            state: Mutex::new(state),
            changed: Condvar::new(),
        }
    }

    fn work(&self, slot: usize) {
        while let Some(work) = self.next() {
            let tasks = match work {
                Work::Nodes(tasks) => tasks,
                Work::Share(share) => {
                    share(slot, self.context);
                    continue;
                }
            };
            let mut begun = Vec::with_capacity(tasks.len());
            for task in tasks {
                match task.turn {
                    Turn::Run(index) if self.options.skip_all => {
                        let skipped = Skipped { index, first: index, last: index };
                        self.finish(index, self.skip(skipped, task.number, slot));
                    }
                    Turn::Run(index) => match self.begin(index, task.number, slot) {
                        Ok(node) => begun.push(node),
                        Err(result) => self.finish(index, *result),
                    },
                    Turn::Skip(skipped) => {
                        self.finish(skipped.index, self.skip(skipped, task.number, slot));
                    }
                }
            }
            self.execute(begun, slot);
        }
    }

    /// Waits for a node to be ready, and takes those along that it shares its work with, or for a part of a node that
    /// runs; `None` once all are finished.
    fn next(&self) -> Option<Work<'a>> {
        let mut state = self.lock();
        loop {
            if let Some(turn) = state.schedule.next() {
                let mut turns = vec![turn];
                if let Turn::Run(index) = turns[0] {
                    let others = state.schedule.take_along(index);
                    turns.extend(others.into_iter().map(Turn::Run));
                }
                let number = |turn| {
                    let (Turn::Run(index) | Turn::Skip(Skipped { index, .. })) = turn;
                    if !self.resource(index).is_some_and(is_ephemeral) {
                        state.counted += 1;
                    }
                    Task { number: state.counted, turn }
                };
                return Some(Work::Nodes(turns.into_iter().map(number).collect()));
            }
            if let Some(share) = self.executor.share() {
                return Some(Work::Share(share));
            }
            if state.schedule.is_done() {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Says that a node begins; the result of one that does not.
    fn begin(&self, index: usize, number: usize, slot: usize) -> Result<Begun<'_>, Box<NodeResult>> {
        let id = self.plan.graph().id(index);
        let Some(resource) = self.resource(index) else {
            let problem = format!("{id} is not in the manifest");
            return Err(Box::new(NodeResult::new(id.clone(), Status::Error, Some(problem))));
        };
        if self.context.is_cancelled() {
            return Err(Box::new(self.not_begun(id, slot)));
        }
        let phase = Phase::started();
        self.context.events.send(began(resource, &phase));
        if !self.options.telling.is_silent()
            && !is_ephemeral(resource)
            && let Some(event) = line::start(resource, self.executor.may_share(id), self.line(number))
        {
            self.context.events.send(event.about(node_info(resource, &phase)));
        }
        Ok(Begun { index, number, resource, phase })
    }

    /// Runs one node, or several that share their work. After the failure that ends a run with `--fail-fast`,
    /// the rest of them count as not begun: that is what they would be one by one.
    fn execute(&self, begun: Vec<Begun<'_>>, slot: usize) {
        let ids: Vec<UniqueId> = begun.iter().map(|node| node.resource.unique_id().clone()).collect();
        let clock = Instant::now();
        if ids.is_empty() {
            return;
        }
        let _working = begun.first().map(|node| working_on(node.resource, &node.phase));
        let results = contained(&ids, || match ids.as_slice() {
            [id] => vec![self.executor.execute_sharing(id, slot, self.context, &|| self.call_idle())],
            ids => self.executor.execute_together(ids, slot, self.context),
        });
        let elapsed = clock.elapsed().as_secs_f64();
        let mut results = results.into_iter();
        for (at, node) in begun.iter().enumerate() {
            let id = &ids[at];
            if at > 0 && self.lock().failed_fast.is_some() {
                self.finish(node.index, self.not_begun(id, slot));
                continue;
            }
            let mut result = results.next().unwrap_or_else(|| {
                NodeResult::new(id.clone(), Status::Error, Some(format!("{id} was not run")))
            });
            result.thread_id = thread_name(slot);
            if result.execution_time == 0.0 {
                result.execution_time = elapsed;
            }
            self.end(node, &result);
            self.finish(node.index, result);
        }
    }

    /// Wakes the slots that wait for something to do. The lock is what makes sure that none of them is about to
    /// wait without having seen what there is.
    fn call_idle(&self) {
        drop(self.lock());
        self.changed.notify_all();
    }

    /// Says what became of a node.
    fn end(&self, node: &Begun<'_>, result: &NodeResult) {
        let resource = node.resource;
        let info = node_info(resource, &node.phase.finished(result.status));
        if let (Status::Error, Some(why)) = (result.status, &result.message) {
            let event = Event::new(Level::Debug, "CatchableExceptionOnRun", why.clone()).code("W002");
            let event = event.with("exc", why.as_str());
            self.context.events.send(event.about(Arc::clone(&info)));
        }
        if !is_ephemeral(resource) && !self.options.telling.is_silent() {
            let event = line::end(
                resource,
                self.executor.may_share(resource.unique_id()),
                result,
                self.line(node.number),
            );
            self.context.events.send(event.about(Arc::clone(&info)));
        }
        self.context.events.send(ended(resource.unique_id(), info, result));
        if result.status.is_failure() && !self.options.telling.is_silent() {
            self.context.events.send(line::children_skipped(resource, result));
        }
    }

    fn skip(&self, skipped: Skipped, number: usize, slot: usize) -> NodeResult {
        let id = self.plan.graph().id(skipped.index);
        let (cause, failed_fast) = {
            let mut state = self.lock();
            let failed_fast = state.failed_fast.clone();
            let cause = state.causes.get(&skipped.last).copied().filter(|_| failed_fast.is_none());
            if let Some(cause) = cause.filter(|_| !self.plan.is_build()) {
                state.causes.insert(skipped.index, cause);
            }
            (cause, failed_fast)
        };
        // What goes with a unit test that failed is told along with it; what else a run that failed fast leaves alone is not.
        let never_began = failed_fast.is_some() && !self.goes_with(id, failed_fast.as_ref());
        let message = cause.map(|(cause, _)| {
            let cause = self.plan.graph().id(cause);
            format!(
                "Compilation Error in {id}, caused by compilation error in referenced ephemeral model {cause}"
            )
        });
        let message = message.or_else(|| never_began.then(|| FAILED_FAST.to_owned()));
        let mut result = NodeResult::new(id.clone(), Status::Skipped, message);
        result.thread_id = thread_name(slot);
        let Some(resource) = self.resource(skipped.index) else { return result };
        line::fill(&mut result, resource);
        if !self.options.telling.is_silent() && !is_ephemeral(resource) && !never_began {
            let phase = Phase::started().finished(Status::Skipped);
            let event = match cause {
                Some((_, status)) => line::skip_because(resource, status, self.line(number)),
                None => line::skip(resource, self.plan.graph().id(skipped.first), self.line(number)),
            };
            self.context.events.send(event.about(node_info(resource, &phase)));
        }
        result
    }

    /// Whether a node is skipped along with a unit test: its model, or another unit test of it.
    fn goes_with(&self, id: &UniqueId, failed: Option<&UniqueId>) -> bool {
        let tests = &self.context.manifest.unit_tests;
        let model_of = |id: &UniqueId| tests.get(id)?.depends_on.nodes.first();
        let model = failed.and_then(model_of).filter(|_| self.plan.unit_tests_go_with_models());
        model.is_some_and(|model| id == model || model_of(id) == Some(model))
    }

    /// The result of a node that an interruption or `--fail-fast` left alone.
    fn not_begun(&self, id: &UniqueId, slot: usize) -> NodeResult {
        let failed_fast = self.lock().failed_fast.is_some();
        let message = failed_fast.then(|| FAILED_FAST.to_owned());
        let mut result = NodeResult::new(id.clone(), Status::Skipped, message);
        result.thread_id = thread_name(slot);
        if let Some(resource) = self.context.manifest.resource(id) {
            line::fill(&mut result, resource);
        }
        result
    }

    fn finish(&self, index: usize, mut result: NodeResult) {
        let (status, failed) = (result.status, result.status.is_failure());
        let stops_children = failed || status == Status::Skipped;
        // An ephemeral model whose SQL was asked for, and is there, is a node as any other.
        let is_ephemeral = self.resource(index).is_some_and(is_ephemeral)
            && (failed || self.options.telling != Telling::Compiled);
        let broke = is_ephemeral && failed;
        let failed_fast = self.fail_fast(&result);
        // What broke is told by those that read it. Where that ended the run, it counts as a node that never began.
        let broken = (broke && !self.options.telling.is_silent()).then(|| result.clone());
        if broken.is_some() {
            result = left_alone(result);
        }
        let is_listed = if is_ephemeral {
            self.lists_ephemeral(status, failed_fast)
        } else {
            !self.never_came_up(&result)
        };
        if is_listed {
            self.file.add(&result);
        }
        let mut state = self.lock();
        state.broken.extend(broken);
        if is_listed {
            state.results.push(result);
        } else if is_ephemeral && status == Status::Success && !self.options.telling.is_silent() {
            state.compiled.push(result);
        }
        if broke || (is_ephemeral && stops_children && self.plan.is_build()) {
            state.causes.insert(index, (index, status));
        }
        state.schedule.finish(index, stops_children);
        drop(state);
        self.changed.notify_all();
    }

    /// Ends the run at the first failure if that is asked for; whether it has been ended so. As in dbt, a source whose
    /// age could not be found out ends nothing.
    fn fail_fast(&self, result: &NodeResult) -> bool {
        let mut state = self.lock();
        let is_first = state.failed_fast.is_none() && !self.context.is_cancelled();
        let ends = result.status.is_failure() && result.status != Status::RuntimeError;
        if self.options.fail_fast && is_first && ends {
            state.failed_fast = Some(result.unique_id.clone());
            self.context.cancelled.store(true, std::sync::atomic::Ordering::Relaxed);
            self.executor.cancel();
        }
        state.failed_fast.is_some()
    }

    /// Whether an ephemeral model has a result of its own: where nothing is told on the way, if it broke; else where
    /// no node is run, and where the run ended before what reads it could tell.
    fn lists_ephemeral(&self, status: Status, failed_fast: bool) -> bool {
        if self.options.telling.is_silent() {
            return status.is_failure();
        }
        self.options.skip_all || failed_fast && (status.is_failure() || status == Status::Skipped)
    }

    /// As in dbt, unit tests come up with their models: of one that never did there is nothing to keep.
    fn never_came_up(&self, result: &NodeResult) -> bool {
        self.plan.unit_tests_go_with_models()
            && result.unique_id.resource_type() == Some(ResourceType::UnitTest)
            && result.message.as_deref() == Some(FAILED_FAST)
    }

    fn line(&self, number: usize) -> Line {
        Line { number, total: self.total, width: self.context.printer_width }
    }

    fn resource(&self, index: usize) -> Option<Resource<'_>> {
        self.context.manifest.resource(self.plan.graph().id(index))
    }

    fn lock(&self) -> MutexGuard<'_, State<'a>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_ephemeral(resource: Resource<'_>) -> bool {
    resource.node().is_some_and(platform_core::Node::is_ephemeral)
}
