//! Tests of one relation answered by one statement.
//!
//! Each is compiled on its own, as ever. What the statement can't say, or refuses, the tests say for themselves, one
//! by one: a verdict and a message are never others than those of a test that ran alone.

use crate::Tester;
use crate::scan::{Answer, Scan};
use crate::threshold::Thresholds;
use platform_core::node_info::{self, Phase, Stage, working_on};
use platform_core::results::Timing;
use platform_core::{Node, NodeResult, Resource, RunContext, Status, UniqueId};
use project::runtime::{BuiltinTest, Compiled, Connection, Stopwatch};
use serde_json::{Map, Value};
use std::sync::Arc;

/// A test of the company.
enum Seat<'a> {
    /// It has its result.
    Done(NodeResult),
    /// It runs by itself.
    Alone(&'a Node),
    /// It waits for the scan.
    Shared(Shared<'a>),
}

/// A test that waits for the scan.
struct Shared<'a> {
    node: &'a Node,
    test: BuiltinTest,
    thresholds: Thresholds,
    compiled: Arc<Compiled>,
    timing: Vec<Timing>,
    compile_time: f64,
}

/// What the scan gave, and how long it took.
struct Scanned {
    answers: Vec<Answer>,
    timing: Vec<Timing>,
    seconds: f64,
}

impl Tester {
    /// Runs tests of one company; one result each, in their order.
    pub(crate) fn together(&self, ids: &[UniqueId], slot: usize, context: &RunContext) -> Vec<NodeResult> {
        let Ok(connection) = self.slots.connection(slot) else {
            // Each test says so itself.
            return ids.iter().map(|id| self.alone(id, slot, context)).collect();
        };
        self.set_memory(&connection);
        let seats = ids.iter().map(|id| match context.manifest.resource(id) {
            Some(Resource::Node(node)) => self.seat(node, &connection),
            _ => Seat::Done(self.alone(id, slot, context)),
        });
        let mut seats: Vec<Seat<'_>> = seats.collect();
        part_strangers(&mut seats);
        let scanned = self.scan(&seats, &connection, context);
        let mut answers = scanned.iter().flat_map(|scanned| &scanned.answers);
        let mut results = Vec::with_capacity(seats.len());
        for seat in seats {
            results.push(match seat {
                Seat::Done(result) => result,
                Seat::Alone(node) => self.test(node, slot),
                Seat::Shared(shared) => match (&scanned, answers.next()) {
                    (Some(scanned), Some(Answer::Exactly(rows))) => {
                        self.counted(shared, *rows, scanned, &connection)
                    }
                    _ if context.is_cancelled() => cancelled(&shared),
                    (Some(scanned), _) => {
                        let mut result = self.test(shared.node, slot);
                        result.execution_time += scanned.share();
                        result
                    }
                    (None, _) => self.test(shared.node, slot),
                },
            });
        }
        results
    }

    fn alone(&self, id: &UniqueId, slot: usize, context: &RunContext) -> NodeResult {
        match context.manifest.resource(id) {
            Some(Resource::Node(node)) => self.test(node, slot),
            _ => NodeResult::new(id.clone(), Status::Error, Some(format!("{id} is not in the manifest"))),
        }
    }

    /// Compiles a test. One that can't be compiled says why by itself.
    fn seat<'a>(&self, node: &'a Node, connection: &Arc<Connection>) -> Seat<'a> {
        let Some(thresholds) = Thresholds::of(&node.config) else { return Seat::Alone(node) };
        let watch = Stopwatch::start();
        let _working = working_on(Resource::Node(node), &Phase::started());
        let compiled = self.runtime.begin_node(node, connection).and_then(|()| {
            let compiled = self.runtime.compile(node, connection)?;
            node_info::enter(&node.unique_id, Stage::Executing, &**connection.events());
            let test = self.runtime.builtin_test(node, &compiled, connection)?;
            if test.is_some() {
                self.runtime.write_test(node, &compiled, connection)?;
            }
            Ok((compiled, test))
        });
        let (timing, compile_time) = watch.stop();
        match compiled {
            Ok((compiled, Some(test))) => {
                Seat::Shared(Shared { node, test, thresholds, compiled, timing, compile_time })
            }
            _ => Seat::Alone(node),
        }
    }

    /// Sends the statement; `None` where there is none, or where the server refused it.
    fn scan(
        &self,
        seats: &[Seat<'_>],
        connection: &Arc<Connection>,
        context: &RunContext,
    ) -> Option<Scanned> {
        let shared = seats.iter().filter_map(|seat| match seat {
            Seat::Shared(shared) => Some(shared),
            _ => None,
        });
        let tests: Vec<_> = shared.clone().map(|it| (&it.test, it.compiled.as_ref())).collect();
        let first = shared.clone().next()?;
        // Its time is not the scan's.
        let _turn = self.slots.handle().block_on(self.scans.acquire()).ok()?;
        if context.is_cancelled() {
            return None;
        }
        self.runtime.begin_node(first.node, connection).ok()?;
        let scan = Scan::new(tests);
        let watch = Stopwatch::start_at("execute");
        let outcome = connection.run(&scan.sql());
        let (timing, seconds) = watch.stop();
        connection.rollback();
        let rows = outcome.ok()?.rows?;
        Some(Scanned { answers: scan.read(rows.rows.first()?)?, timing, seconds })
    }

    /// The result of a test whose failing rows were counted by the scan.
    fn counted(
        &self,
        shared: Shared<'_>,
        rows: i64,
        scanned: &Scanned,
        connection: &Arc<Connection>,
    ) -> NodeResult {
        let verdict = shared.thresholds.verdict(rows);
        let mut result = self.judged(shared.node, verdict, &shared.compiled, connection);
        result.adapter_response = one_row();
        result.timing = shared.timing;
        result.timing.extend_from_slice(&scanned.timing);
        result.execution_time = shared.compile_time + scanned.share();
        result
    }
}

impl Scanned {
    /// A test's part of the time.
    fn share(&self) -> f64 {
        let tests = u32::try_from(self.answers.len()).unwrap_or(u32::MAX).max(1);
        self.seconds / f64::from(tests)
    }
}

/// Tests of another relation than the first one's run alone: the same name may mean different things.
fn part_strangers(seats: &mut [Seat<'_>]) {
    let mut relation: Option<String> = None;
    for seat in seats {
        if let Seat::Shared(shared) = seat {
            let first = relation.get_or_insert_with(|| shared.test.relation.clone());
            if *first != shared.test.relation {
                *seat = Seat::Alone(shared.node);
            }
        }
    }
}

fn cancelled(shared: &Shared<'_>) -> NodeResult {
    let message = "the statement was cancelled before it had an answer".to_owned();
    let mut result = NodeResult::new(shared.node.unique_id.clone(), Status::Error, Some(message));
    result.compiled = Some(true);
    result.compiled_code = Some(shared.compiled.sql.clone());
    result
}

/// What the server says of a test's own statement.
fn one_row() -> Map<String, Value> {
    Map::from_iter([
        ("_message".to_owned(), "SELECT 1".into()),
        ("code".to_owned(), "SELECT".into()),
        ("rows_affected".to_owned(), 1.into()),
    ])
}
