//! Tests: what a query that should find nothing found, and what follows from it.
//!
//! What lives here: data tests, generic and singular, with their thresholds and messages; unit tests, and what
//! differs from what they expect; how fresh sources are. What does not: how a test's SQL is made (`project`), and in which order tests run
//! (`model-graph`).
//!
//! Generic tests of one relation share a scan where their meaning is known ([`companies`] says which, [`scan`] by
//! which statement, [`together`] what each makes of the answer).

mod companies;
mod difference;
mod freshness;
mod memory;
mod sample;
mod scan;
mod threshold;
mod together;
mod unit;
mod verdict;

pub use freshness::{Gauge, is_gauged};
pub use verdict::Verdict;

use companies::Companies;
use platform_core::{Executor, Node, NodeResult, Resource, RunContext, Status, UniqueId};
use project::runtime::{Compiled, Connection, Failure, Runtime, Slots, Stopwatch};
use sample::Keys;
use serde_json::{Map, Value};
use std::sync::{Arc, OnceLock};
use tokio::sync::Semaphore;
use warehouse::settings::Host;

/// Runs data tests and unit tests.
pub struct Tester {
    /// Compiles and runs them.
    runtime: Runtime,
    /// The connections of the run.
    slots: Arc<Slots>,
    companies: Companies,
    /// How many companies may scan at once.
    scans: Semaphore,
    /// What the rows of a failed test are shown with; gathered when the first one fails.
    keys: OnceLock<Keys>,
    /// Whether a test that warns fails.
    warnings_fail: bool,
}

/// A test that ran: its verdict, its SQL, what the database said.
struct Ran {
    verdict: Verdict,
    compiled: Arc<Compiled>,
    response: Map<String, Value>,
}

impl Tester {
    /// Runs tests one by one.
    pub fn new(runtime: Runtime, slots: Arc<Slots>) -> Self {
        let scans = Semaphore::new(scans_at_once(&slots));
        let companies = Companies::default();
        Self { runtime, slots, companies, scans, keys: OnceLock::new(), warnings_fail: false }
    }

    /// The same, and a test that warns fails: `--warn-error`
    /// (<https://docs.getdbt.com/reference/global-configs/warnings>).
    #[must_use]
    pub fn failing_warnings(self, warnings_fail: bool) -> Self {
        Self { warnings_fail, ..self }
    }

    /// The same, and those of the selected tests that can be answered together are. Under `--empty` there is nothing
    /// to scan.
    #[must_use]
    pub fn fused<'a>(mut self, selected: impl IntoIterator<Item = &'a UniqueId>) -> Self {
        if !self.runtime.reads_nothing() {
            self.companies = Companies::new(&self.runtime, selected);
        }
        self
    }

    fn test(&self, node: &Node, slot: usize) -> NodeResult {
        let mut watch = Stopwatch::start();
        let connection = self.slots.connection(slot).map_err(|error| {
            self.runtime.plain_failure(Resource::Node(node), "Database Error", &error.to_string())
        });
        let done =
            connection.and_then(|connection| Ok((self.run(node, &connection, &mut watch)?, connection)));
        let (timing, execution_time) = watch.stop();
        let mut result = match done {
            Ok((ran, connection)) => {
                let mut result = self.judged(node, ran.verdict, &ran.compiled, &connection);
                result.adapter_response = ran.response;
                result
            }
            Err(failure) => {
                let mut result =
                    NodeResult::new(node.unique_id.clone(), Status::Error, Some(failure.message));
                result.diagnostic = Some(Box::new(failure.diagnostic));
                result.compiled_code = failure.compiled.map(|compiled| compiled.sql.clone());
                result.compiled = Some(result.compiled_code.is_some());
                result.relation_name = self.kept_in(node);
                result
            }
        };
        result.timing = timing;
        result.execution_time = execution_time;
        result
    }

    fn run(&self, node: &Node, connection: &Arc<Connection>, watch: &mut Stopwatch) -> Result<Ran, Failure> {
        let resource = Resource::Node(node);
        let failed = |error| self.runtime.failure(resource, &error);
        self.set_memory(connection);
        self.runtime.begin_node(node, connection).map_err(failed)?;
        let compiled = self.runtime.compile(node, connection).map_err(failed)?;
        watch.next("execute");
        let built = self.runtime.build(node, &compiled, connection, None).map_err(|error| Failure {
            compiled: Some(compiled.clone()),
            ..self.runtime.failure(resource, &error)
        })?;
        let verdict = Verdict::of(&built).map_err(|problem| Failure {
            compiled: Some(compiled.clone()),
            ..self.runtime.plain_failure(resource, "Compilation Error", &problem)
        })?;
        Ok(Ran { verdict, compiled, response: built.adapter_response() })
    }

    /// The result of a test with a verdict, and rows to show where it isn't a pass.
    fn judged(
        &self,
        node: &Node,
        verdict: Verdict,
        compiled: &Compiled,
        connection: &Arc<Connection>,
    ) -> NodeResult {
        let (status, message) = verdict.told(&node.config, self.warnings_fail);
        let mut result = NodeResult::new(node.unique_id.clone(), status, message);
        let passed = status == Status::Pass;
        result.failures = Some(if passed { 0 } else { verdict.failures });
        if !passed {
            result.sample = self.sample(node, compiled, connection);
        }
        result.compiled_code = Some(compiled.sql.clone());
        result.compiled = Some(true);
        result.relation_name = self.kept_in(node);
        result
    }
}

/// As many as there are slots; on a server of this machine no more than it has cores. More would take as long, need
/// more memory, and each would last longer than it must.
fn scans_at_once(slots: &Slots) -> usize {
    let is_local = slots.warehouse().settings().servers().iter().all(Host::is_local);
    let cores = std::thread::available_parallelism().ok().filter(|_| is_local);
    cores.map_or(slots.count(), |cores| cores.get().min(slots.count()))
}

impl Executor for Tester {
    fn execute(&self, id: &UniqueId, slot: usize, context: &RunContext) -> NodeResult {
        if self.company(id).is_some() {
            let mut results = self.together(std::slice::from_ref(id), slot, context);
            if let Some(result) = results.pop() {
                return result;
            }
        }
        match context.manifest.resource(id) {
            Some(Resource::Node(node)) => self.test(node, slot),
            Some(Resource::UnitTest(test)) => self.unit_test(test, slot),
            _ => NodeResult::new(id.clone(), Status::Error, Some(format!("{id} is not in the manifest"))),
        }
    }

    fn company(&self, id: &UniqueId) -> Option<usize> {
        self.companies.of(id)
    }

    fn execute_together(&self, ids: &[UniqueId], slot: usize, context: &RunContext) -> Vec<NodeResult> {
        self.together(ids, slot, context)
    }

    fn cancel(&self) {
        self.slots.cancel_and_wait();
    }
}
