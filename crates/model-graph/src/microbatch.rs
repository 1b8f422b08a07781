//! Microbatch models: one model, one window of event times after the other
//! (<https://docs.getdbt.com/docs/build/incremental-microbatch>).

mod window;

pub use window::{BatchSize, EventTimes, parse_time, step_back};

use crate::builder::Builder;
use crate::fault;
use crate::line::{Line, aligned};
use chrono::{DateTime, Utc};
use platform_core::event::{Level, Tone};
use platform_core::node_info::{Phase, node_info, working_on};
use platform_core::{Event, Node, NodeResult, Resource, RunContext, Status};
use project::runtime::{Batch, Compiled, Connection, Failure, Runtime, Stopwatch, Turn, Window};
use serde_json::json;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// A window of event times; the end is not part of it.
pub type Span = (DateTime<Utc>, DateTime<Utc>);

/// What an earlier run made of a model's batches.
#[derive(Clone, Debug, Default)]
pub struct Former {
    /// Those that are tried again.
    pub failed: Vec<Span>,
    /// Those that worked, which the new result tells of too: else the next `retry` would forget them.
    pub successful: Vec<Span>,
}

/// Builds a model batch by batch; without the first, the others are skipped. The first and the last run alone, as they
/// make the table and run the model's hooks; those between them beside each other where nobody can tell.
pub(crate) fn build(
    builder: &Builder,
    node: &Node,
    first: &Arc<Connection>,
    slot: usize,
    context: &RunContext,
    call: &(dyn Fn() + Sync),
) -> NodeResult {
    let mut watch = Stopwatch::start();
    let exists = builder.runtime.cache().get(&builder.runtime.relation_of(node)).is_some();
    // Batches tried again add to those that worked, whatever the former command was asked.
    let retried = builder.batches.contains_key(&node.unique_id);
    let fresh = !exists || (builder.full_refresh(node) && !retried);
    let size = match BatchSize::of(node) {
        Ok(size) => size,
        Err(problem) => return refused(builder, node, &problem, watch),
    };
    let spans = match builder.batches.get(&node.unique_id) {
        Some(former) => former.failed.clone(),
        None => match size.spans(node, &builder.times, fresh) {
            Ok(spans) => spans,
            Err(problem) => return refused(builder, node, &problem, watch),
        },
    };
    watch.next("execute");
    let batches =
        Arc::new(Batches::new(builder.runtime.clone(), node.clone(), size, spans, (fresh, retried)));
    let total = batches.spans.len();
    // What the first batch set in its session holds for the others, unless the connection is lost on the way.
    let run = |index: usize| {
        let connection = if first.is_lost() { builder.slots.connection(slot) } else { Ok(first.clone()) };
        batches.run(index, connection, context);
    };
    if total > 0 {
        run(0);
    }
    if batches.overlap() {
        builder.open.offer(&batches);
        call();
    }
    while let Some(index) = batches.take() {
        run(index);
    }
    batches.wait_for(total.saturating_sub(1));
    builder.open.withdraw(&batches);
    if total > 1 {
        run(total - 1);
    }
    let ends = std::mem::take(&mut batches.lock().ends);
    let worked = builder.batches.get(&node.unique_id).map(|former| former.successful.as_slice());
    outcome(node, &batches.spans, ends, worked.unwrap_or_default(), watch)
}

/// Models with batches that any slot may run.
#[derive(Debug, Default)]
pub struct OpenBatches(Mutex<Vec<Arc<Batches>>>);

impl OpenBatches {
    /// A batch that nobody runs yet.
    pub(crate) fn take(&self) -> Option<(Arc<Batches>, usize)> {
        self.lock().iter().find_map(|batches| Some((batches.clone(), batches.take()?)))
    }

    fn offer(&self, batches: &Arc<Batches>) {
        self.lock().push(batches.clone());
    }

    fn withdraw(&self, batches: &Arc<Batches>) {
        self.lock().retain(|it| !Arc::ptr_eq(it, batches));
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Arc<Batches>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The batches of a model that runs.
pub(crate) struct Batches {
    runtime: Runtime,
    node: Node,
    size: BatchSize,
    spans: Vec<Span>,
    /// Whether the first batch makes the table.
    fresh: bool,
    /// Whether a former command's batches are tried again.
    retried: bool,
    progress: Mutex<Progress>,
    ended: Condvar,
}

struct Progress {
    /// What became of each batch: nothing yet, done, or not, and why if it was tried.
    ends: Vec<Option<Result<(), Option<Failure>>>>,
    /// The first batch after the first that no slot has taken.
    next: usize,
    /// What the first batch was compiled to.
    first: Option<Arc<Compiled>>,
    /// Whether slots run batches beside each other.
    overlap: bool,
}

impl std::fmt::Debug for Batches {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Batches").field("node", &self.node.unique_id).finish_non_exhaustive()
    }
}

impl Batches {
    fn new(
        runtime: Runtime,
        node: Node,
        size: BatchSize,
        spans: Vec<Span>,
        (fresh, retried): (bool, bool),
    ) -> Self {
        let ends = spans.iter().map(|_| None).collect();
        let progress = Mutex::new(Progress { ends, next: 1, first: None, overlap: false });
        Self { runtime, node, size, spans, fresh, retried, progress, ended: Condvar::new() }
    }

    /// Decides, once the first batch has run, whether those between it and the last run beside each other.
    fn overlap(&self) -> bool {
        let first = self.lock().first.clone();
        let overlap =
            self.spans.len() > 2 && first.is_some_and(|first| self.runtime.may_overlap(&self.node, &first));
        self.lock().overlap = overlap;
        overlap
    }

    /// The next batch between the first and the last.
    fn take(&self) -> Option<usize> {
        let mut progress = self.lock();
        let index = progress.next;
        (index + 1 < self.spans.len()).then(|| {
            progress.next += 1;
            index
        })
    }

    /// Returns once that many batches have ended, from the first on.
    fn wait_for(&self, count: usize) {
        let mut progress = self.lock();
        while progress.ends.iter().take(count).any(Option::is_none) {
            progress = self.ended.wait(progress).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Runs one batch on a slot's connection.
    pub(crate) fn run(
        self: &Arc<Self>,
        index: usize,
        connection: Result<Arc<Connection>, warehouse::Error>,
        context: &RunContext,
    ) {
        // On another slot's thread it is the only thing that tells what the thread works on.
        let _working = working_on(Resource::Node(&self.node), &Phase::started());
        // Whatever happens, the batch has ended: others wait for it.
        let end = catch_unwind(AssertUnwindSafe(|| self.one(index, connection, context)));
        let end = end.unwrap_or_else(|panic| {
            let resource = Resource::Node(&self.node);
            Err(Some(self.runtime.plain_failure(resource, "Internal Error", &fault::told(&*panic))))
        });
        self.lock().ends[index] = Some(end);
        self.ended.notify_all();
    }

    /// One batch. The first one of a new table builds it; those after it add to it, also under
    /// `--full-refresh`.
    fn one(
        self: &Arc<Self>,
        index: usize,
        connection: Result<Arc<Connection>, warehouse::Error>,
        context: &RunContext,
    ) -> Result<(), Option<Failure>> {
        let line = Line { number: index + 1, total: self.spans.len(), width: context.printer_width };
        let span = self.spans[index];
        let about = format!("batch {} of {}.{}", self.size.label(span.0), self.node.schema, self.node.alias);
        let (first_failed, overlap) = {
            let progress = self.lock();
            let first_failed = matches!(progress.ends.first(), Some(Some(Err(_))));
            (first_failed, progress.overlap && index > 0 && index + 1 < self.spans.len())
        };
        if first_failed || context.is_cancelled() {
            self.say(context, "LogBatchResult", "SKIP", &about, line, "SKIP", None);
            return Err(None);
        }
        let how = if overlap { "concurrently" } else { "sequentially" };
        let how = format!("{about} is being run {how}");
        let event = Event::new(Level::Debug, "MicrobatchExecutionDebug", how.clone()).code("Q044");
        context.events.send(event.with("msg", how));
        self.say(context, "LogStartBatch", "START", &about, line, "RUN", None);
        let watch = Stopwatch::start();
        let done = match connection {
            Ok(connection) => self.materialize(index, &connection, overlap),
            Err(error) => Err(self.runtime.plain_failure(
                Resource::Node(&self.node),
                "Database Error",
                &error.to_string(),
            )),
        };
        let (_, seconds) = watch.stop();
        let name = "LogBatchResult";
        match done {
            Ok(status) => {
                self.say(context, name, "OK created", &about, line, &status, Some(seconds));
                Ok(())
            }
            Err(failure) => {
                let text = format!("{} failed: {}", about, failure.message);
                context.events.send(
                    Event::new(Level::Error, "GenericExceptionOnRun", text)
                        .code("W004")
                        .with("unique_id", self.node.unique_id.as_str())
                        .about(node_info(Resource::Node(&self.node), &Phase::started())),
                );
                self.say(context, name, "ERROR creating", &about, line, "ERROR", Some(seconds));
                Err(Some(failure))
            }
        }
    }

    fn materialize(
        self: &Arc<Self>,
        index: usize,
        connection: &Arc<Connection>,
        overlap: bool,
    ) -> Result<String, Failure> {
        let text = |time: DateTime<Utc>| time.format("%Y-%m-%d %H:%M:%S+00:00").to_string();
        let (start, end) = self.spans[index];
        let waits = self.clone();
        let batch = Batch {
            id: self.size.id(start),
            label: self.size.label(start),
            window: Window { start: Some(text(start)), end: Some(text(end)) },
            turn: overlap.then(|| Turn(Arc::new(move || waits.wait_for(index)))),
        };
        let mut node = self.node.clone();
        // Hooks are the model's: before its first batch, after its last.
        if index > 0 {
            node.config.0.shift_remove("pre-hook");
        }
        if index + 1 < self.spans.len() {
            node.config.0.shift_remove("post-hook");
        }
        let runtime = &self.runtime;
        let failed = |error| runtime.failure(Resource::Node(&self.node), &error);
        runtime.begin_node(&node, connection).map_err(failed)?;
        // To the query a full refresh is one in all its batches: `is_incremental()` is false there. To what writes the
        // rows it is one in the first, which makes the table.
        if self.retried {
            node.config.0.insert("full_refresh".to_owned(), false.into());
        }
        let compiled = runtime.compile_in_batch(&node, connection, Some(&batch)).map_err(failed)?;
        node.config.0.insert("full_refresh".to_owned(), (self.fresh && index == 0).into());
        if index == 0 {
            self.lock().first = Some(compiled.clone());
        }
        let built = runtime.build(&node, &compiled, connection, Some(batch)).map_err(failed)?;
        Ok(built.response.map(|response| response.message).unwrap_or_default())
    }

    fn lock(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one line")]
    fn say(
        &self,
        context: &RunContext,
        name: &str,
        verb: &str,
        about: &str,
        line: Line,
        status: &str,
        seconds: Option<f64>,
    ) {
        let (text, bytes) = aligned(&format!("{verb} {about}"), line, status, seconds);
        let shift = "Batch ".len();
        let (level, tone) = match status {
            "ERROR" => (Level::Error, Tone::Bad),
            "SKIP" => (Level::Info, Tone::Caution),
            _ => (Level::Info, Tone::Good),
        };
        let event = Event::new(level, name, format!("Batch {text}"))
            .with("description", about)
            .with("batch_index", line.number)
            .with("total_batches", line.total)
            .about(node_info(Resource::Node(&self.node), &Phase::started()));
        if status == "RUN" {
            context.events.send(event.code("Q045"));
            return;
        }
        let word = match status {
            "ERROR" => "error",
            "SKIP" => "skipped",
            other => other,
        };
        let event =
            event.code("Q046").with("status", word).with("execution_time", seconds.unwrap_or_default());
        context.events.send(event.emphasis(bytes.start + shift..bytes.end + shift, tone));
    }
}

fn outcome(
    node: &Node,
    spans: &[Span],
    ends: Vec<Option<Result<(), Option<Failure>>>>,
    worked: &[Span],
    watch: Stopwatch,
) -> NodeResult {
    let (mut successful, mut failed, mut failure) = (Vec::new(), Vec::new(), None);
    for (span, end) in spans.iter().zip(ends) {
        match end {
            Some(Ok(())) => successful.push(*span),
            Some(Err(cause)) => {
                failed.push(*span);
                failure = failure.or(cause);
            }
            None => failed.push(*span),
        }
    }
    let (status, message) = match (successful.len(), failed.len()) {
        (_, 0) => (Status::Success, "SUCCESS".to_owned()),
        (0, _) => (Status::Error, "ERROR".to_owned()),
        (good, bad) => (Status::PartialSuccess, format!("PARTIAL SUCCESS ({good}/{})", good + bad)),
    };
    successful.extend(worked);
    let mut result = NodeResult::new(node.unique_id.clone(), status, Some(message));
    let pairs = |spans: &[Span]| -> Vec<[String; 2]> {
        let text = |time: DateTime<Utc>| time.format("%Y-%m-%dT%H:%M:%S+00:00").to_string();
        spans.iter().map(|(start, end)| [text(*start), text(*end)]).collect()
    };
    result.batch_results = Some(json!({"successful": pairs(&successful), "failed": pairs(&failed)}));
    result.failures = Some(0);
    result.diagnostic = failure.map(|failure| Box::new(failure.diagnostic));
    finish(node, result, watch)
}

/// The result of a model whose configuration makes no batches.
fn refused(builder: &Builder, node: &Node, problem: &str, watch: Stopwatch) -> NodeResult {
    let failure = builder.runtime.plain_failure(Resource::Node(node), "Runtime Error", problem);
    let mut result = NodeResult::new(node.unique_id.clone(), Status::Error, Some(failure.message));
    result.diagnostic = Some(Box::new(failure.diagnostic));
    finish(node, result, watch)
}

fn finish(node: &Node, mut result: NodeResult, watch: Stopwatch) -> NodeResult {
    let (timing, execution_time) = watch.stop();
    result.timing = timing;
    result.execution_time = execution_time;
    result.compiled = Some(false);
    result.relation_name.clone_from(&node.relation_name);
    result
}
