//! Microbatch models: one model, one window of event times after the other
//! (<https://docs.getdbt.com/docs/build/incremental-microbatch>).

mod window;

pub use window::{BatchSize, EventTimes, parse_time, step_back};

use crate::builder::Builder;
use crate::line::{Line, aligned};
use crate::node_info::{Phase, node_info};
use chrono::{DateTime, Utc};
use platform_core::event::{Level, Tone};
use platform_core::{Event, Node, NodeResult, Resource, RunContext, Status};
use project::runtime::{Batch, Connection, Failure, Stopwatch, Window};
use serde_json::json;
use std::sync::Arc;

/// A window of event times; the end is not part of it.
pub type Span = (DateTime<Utc>, DateTime<Utc>);

/// Builds a model batch by batch; the first that fails on a new table ends it.
pub(crate) fn build(
    builder: &Builder,
    node: &Node,
    connection: &Arc<Connection>,
    context: &RunContext,
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
        Some(known) => known.clone(),
        None => match size.spans(node, &builder.times, fresh) {
            Ok(spans) => spans,
            Err(problem) => return refused(builder, node, &problem, watch),
        },
    };
    watch.next("execute");
    let mut run = Batches { builder, node, connection, context, size, total: spans.len() };
    let mut successful: Vec<Span> = Vec::new();
    let mut failed: Vec<Span> = Vec::new();
    let mut failure = None;
    for (index, span) in spans.into_iter().enumerate() {
        let first = fresh && successful.is_empty();
        let skip = (fresh && successful.is_empty() && !failed.is_empty()) || context.is_cancelled();
        match run.one(index, span, first.then_some(fresh), skip) {
            Ok(()) => successful.push(span),
            Err(cause) => {
                failed.push(span);
                failure = failure.or(cause);
            }
        }
    }
    outcome(node, &successful, &failed, failure, watch)
}

struct Batches<'a> {
    builder: &'a Builder,
    node: &'a Node,
    connection: &'a Arc<Connection>,
    context: &'a RunContext,
    size: BatchSize,
    total: usize,
}

impl Batches<'_> {
    /// One batch. The first one of a new table builds it; those after it add to it, also under
    /// `--full-refresh`.
    fn one(
        &mut self,
        index: usize,
        span: Span,
        rebuild: Option<bool>,
        skip: bool,
    ) -> Result<(), Option<Failure>> {
        let line = Line { number: index + 1, total: self.total, width: self.context.printer_width };
        let about = format!("batch {} of {}.{}", self.size.label(span.0), self.node.schema, self.node.alias);
        if skip {
            self.say("LogBatchResult", "SKIP", &about, line, "SKIP", None);
            return Err(None);
        }
        let how = format!("{about} is being run sequentially");
        let event = Event::new(Level::Debug, "MicrobatchExecutionDebug", how.clone()).code("Q044");
        self.context.events.send(event.with("msg", how));
        self.say("LogStartBatch", "START", &about, line, "RUN", None);
        let watch = Stopwatch::start();
        let done = self.materialize(index, span, rebuild);
        let (_, seconds) = watch.stop();
        let name = "LogBatchResult";
        match done {
            Ok(status) => {
                self.say(name, "OK created", &about, line, &status, Some(seconds));
                Ok(())
            }
            Err(failure) => {
                let text = format!("{} failed: {}", about, failure.message);
                self.context.events.send(
                    Event::new(Level::Error, "GenericExceptionOnRun", text)
                        .code("W004")
                        .with("unique_id", self.node.unique_id.as_str())
                        .with("node_info", node_info(Resource::Node(self.node), &Phase::started())),
                );
                self.say(name, "ERROR creating", &about, line, "ERROR", Some(seconds));
                Err(Some(failure))
            }
        }
    }

    fn materialize(&self, index: usize, span: Span, rebuild: Option<bool>) -> Result<String, Failure> {
        let text = |time: DateTime<Utc>| time.format("%Y-%m-%d %H:%M:%S+00:00").to_string();
        let batch = Batch {
            id: self.size.id(span.0),
            label: self.size.label(span.0),
            window: Window { start: Some(text(span.0)), end: Some(text(span.1)) },
        };
        let mut node = self.node.clone();
        node.config.0.insert("full_refresh".to_owned(), rebuild.unwrap_or(false).into());
        // Hooks are the model's: before its first batch, after its last.
        if index > 0 {
            node.config.0.shift_remove("pre-hook");
        }
        if index + 1 < self.total {
            node.config.0.shift_remove("post-hook");
        }
        let runtime = &self.builder.runtime;
        let failed = |error| runtime.failure(Resource::Node(&node), &error);
        runtime.begin_node(&node, self.connection).map_err(failed)?;
        let compiled = runtime.compile_in_batch(&node, self.connection, Some(&batch)).map_err(failed)?;
        let built = runtime.build(&node, &compiled, self.connection, Some(batch)).map_err(failed)?;
        Ok(built.response.map(|response| response.message).unwrap_or_default())
    }

    fn say(&self, name: &str, verb: &str, about: &str, line: Line, status: &str, seconds: Option<f64>) {
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
            .with("node_info", node_info(Resource::Node(self.node), &Phase::started()));
        if status == "RUN" {
            self.context.events.send(event.code("Q045"));
            return;
        }
        let word = match status {
            "ERROR" => "error",
            "SKIP" => "skipped",
            other => other,
        };
        let event =
            event.code("Q046").with("status", word).with("execution_time", seconds.unwrap_or_default());
        self.context.events.send(event.emphasis(bytes.start + shift..bytes.end + shift, tone));
    }
}

fn outcome(
    node: &Node,
    successful: &[Span],
    failed: &[Span],
    failure: Option<Failure>,
    watch: Stopwatch,
) -> NodeResult {
    let (status, message) = match (successful.len(), failed.len()) {
        (_, 0) => (Status::Success, "SUCCESS".to_owned()),
        (0, _) => (Status::Error, "ERROR".to_owned()),
        (good, bad) => (Status::PartialSuccess, format!("PARTIAL SUCCESS ({good}/{})", good + bad)),
    };
    let mut result = NodeResult::new(node.unique_id.clone(), status, Some(message));
    let pairs = |spans: &[Span]| -> Vec<[String; 2]> {
        let text = |time: DateTime<Utc>| time.format("%Y-%m-%dT%H:%M:%S+00:00").to_string();
        spans.iter().map(|(start, end)| [text(*start), text(*end)]).collect()
    };
    result.batch_results = Some(json!({"successful": pairs(successful), "failed": pairs(failed)}));
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
