//! Tests: what a query that should find nothing found, and what follows from it.
//!
//! What lives here: data tests, generic and singular, with their thresholds and messages; unit tests, and what
//! differs from what they expect. What does not: how a test's SQL is made (`project`), and in which order tests run
//! (`model-graph`).

mod difference;
mod unit;
mod verdict;

pub use verdict::Verdict;

use platform_core::{Executor, Node, NodeResult, Resource, RunContext, Status, UniqueId};
use project::runtime::{Failure, Runtime, Slots, Stopwatch};
use std::sync::Arc;

/// Runs data tests and unit tests.
pub struct Tester {
    /// Compiles and runs them.
    pub runtime: Runtime,
    /// The connections of the run.
    pub slots: Arc<Slots>,
}

impl Tester {
    fn test(&self, node: &Node, slot: usize) -> NodeResult {
        let mut watch = Stopwatch::start();
        let done = self.verdict(node, slot, &mut watch);
        let (timing, execution_time) = watch.stop();
        let id = node.unique_id.clone();
        let mut result = match done {
            Ok((verdict, compiled, response)) => {
                let (status, message) = verdict.told(&node.config);
                let mut result = NodeResult::new(id, status, message);
                result.failures = Some(verdict.failures);
                result.compiled_code = Some(compiled);
                result.adapter_response = response;
                result
            }
            Err(failure) => {
                let mut result = NodeResult::new(id, Status::Error, Some(failure.message));
                result.diagnostic = Some(Box::new(failure.diagnostic));
                result.compiled_code = failure.compiled.map(|compiled| compiled.sql.clone());
                result
            }
        };
        result.timing = timing;
        result.execution_time = execution_time;
        result.compiled = Some(result.compiled_code.is_some());
        result.relation_name.clone_from(&node.relation_name);
        result
    }

    fn verdict(
        &self,
        node: &Node,
        slot: usize,
        watch: &mut Stopwatch,
    ) -> Result<(Verdict, String, serde_json::Map<String, serde_json::Value>), Failure> {
        let resource = Resource::Node(node);
        let connection = self
            .slots
            .connection(slot)
            .map_err(|error| self.runtime.plain_failure(resource, "Database Error", &error.to_string()))?;
        let failed = |error| self.runtime.failure(resource, &error);
        self.runtime.begin_node(node, &connection).map_err(failed)?;
        let compiled = self.runtime.compile(node, &connection).map_err(failed)?;
        watch.next("execute");
        let built = self.runtime.build(node, &compiled, &connection, None).map_err(|error| Failure {
            compiled: Some(compiled.clone()),
            ..self.runtime.failure(resource, &error)
        })?;
        let verdict = Verdict::of(&built).map_err(|problem| Failure {
            compiled: Some(compiled.clone()),
            ..self.runtime.plain_failure(resource, "Compilation Error", &problem)
        })?;
        Ok((verdict, compiled.sql.clone(), built.adapter_response()))
    }
}

impl Executor for Tester {
    fn execute(&self, id: &UniqueId, slot: usize, context: &RunContext) -> NodeResult {
        match context.manifest.resource(id) {
            Some(Resource::Node(node)) => self.test(node, slot),
            Some(Resource::UnitTest(test)) => self.unit_test(test, slot),
            _ => NodeResult::new(id.clone(), Status::Error, Some(format!("{id} is not in the manifest"))),
        }
    }

    fn cancel(&self) {
        self.slots.cancel();
    }
}
