//! The executor of models, seeds, snapshots and functions: compile, then the materialization macro.

use crate::microbatch::{self, EventTimes, Former, OpenBatches};
use platform_core::node_info::{self, Stage};
use platform_core::{
    Executor, Node, NodeResult, Resource, ResourceType, RunContext, Share, Status, UniqueId,
};
use project::runtime::materialize::Error;
use project::runtime::{Built, Connection, Failure, Runtime, Slots, Stopwatch};
use std::collections::HashMap;
use std::sync::Arc;

/// Builds nodes in the database.
pub struct Builder {
    /// Compiles and runs them.
    pub runtime: Runtime,
    /// The connections of the run.
    pub slots: Arc<Slots>,
    /// Event times of microbatch models.
    pub times: EventTimes,
    /// `retry`: the batches of microbatch models that failed before; those of others are found anew.
    pub batches: HashMap<UniqueId, Former>,
    /// Microbatch models that run and have batches for other slots.
    pub open: OpenBatches,
}

impl Builder {
    /// Whether the node is built from nothing: its own `full_refresh`, else the flag.
    pub(crate) fn full_refresh(&self, node: &Node) -> bool {
        node.config
            .boolean("full_refresh")
            .unwrap_or_else(|| self.runtime.project().flags.is_on("full_refresh"))
    }

    fn node(&self, node: &Node, slot: usize, context: &RunContext, call: &(dyn Fn() + Sync)) -> NodeResult {
        let mut watch = Stopwatch::start();
        let done = match self.slots.connection(slot) {
            Err(error) => {
                let resource = Resource::Node(node);
                Err(self.runtime.plain_failure(resource, "Database Error", &error.to_string()))
            }
            Ok(connection) if node.is_ephemeral() => self.compile(node, &connection),
            Ok(connection) if self.runtime.project().is_batched(node) => {
                return microbatch::build(self, node, &connection, slot, context, call);
            }
            Ok(connection) => self.build(node, &connection, &mut watch),
        };
        result(node, done, watch)
    }

    /// An ephemeral model: compiled for those that read it.
    fn compile(&self, node: &Node, connection: &Arc<Connection>) -> Result<Built, Failure> {
        let compiled = self
            .runtime
            .begin_node(node, connection)
            .and_then(|()| self.runtime.compile(node, connection))
            .map_err(|error| self.runtime.failure(Resource::Node(node), &error))?;
        Ok(Built { compiled, ..Built::default() })
    }

    fn build(
        &self,
        node: &Node,
        connection: &Arc<Connection>,
        watch: &mut Stopwatch,
    ) -> Result<Built, Failure> {
        let failed = |error: Error| self.runtime.failure(Resource::Node(node), &error);
        self.runtime.begin_node(node, connection).map_err(failed)?;
        let compiled = self.runtime.compile(node, connection).map_err(failed)?;
        watch.next("execute");
        let built = self.runtime.build(node, &compiled, connection, None);
        built.map_err(|error| Failure {
            compiled: Some(compiled),
            ..self.runtime.failure(Resource::Node(node), &error)
        })
    }
}

/// What run_results.json says of a node that was built, or was not.
fn result(node: &Node, done: Result<Built, Failure>, watch: Stopwatch) -> NodeResult {
    let (timing, execution_time) = watch.stop();
    let id = node.unique_id.clone();
    let mut result = match done {
        Ok(built) => {
            let message = built.response.as_ref().map(|response| response.message.clone());
            let mut result = NodeResult::new(id, Status::Success, message);
            result.adapter_response = built.adapter_response();
            result.compiled_code = (!built.compiled.sql.is_empty()).then(|| built.compiled.sql.clone());
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
    let is_seed = node.resource_type == ResourceType::Seed;
    if is_seed {
        result.compiled_code = None;
    }
    result.compiled = (!is_seed).then_some(result.compiled_code.is_some());
    result.relation_name = if is_seed { None } else { node.relation_name.clone() };
    result
}

impl Executor for Builder {
    fn execute(&self, id: &UniqueId, slot: usize, context: &RunContext) -> NodeResult {
        self.execute_sharing(id, slot, context, &|| {})
    }

    fn may_share(&self, id: &UniqueId) -> bool {
        let project = self.runtime.project();
        project.manifest.nodes.get(id).is_some_and(|node| project.is_batched(node))
    }

    fn share(&self) -> Option<Share<'_>> {
        let (batches, index) = self.open.take()?;
        Some(Box::new(move |slot, context| {
            let connection = self.slots.connection(slot);
            batches.run(index, connection, context);
        }))
    }

    fn execute_sharing(
        &self,
        id: &UniqueId,
        slot: usize,
        context: &RunContext,
        call: &(dyn Fn() + Sync),
    ) -> NodeResult {
        match context.manifest.resource(id) {
            Some(Resource::Node(node)) => self.node(node, slot, context, call),
            // Exposures and saved queries are part of a build, and nothing is to be done for them.
            Some(_) => {
                let mut watch = Stopwatch::start();
                for stage in [Stage::Compiling, Stage::Executing] {
                    node_info::enter(id, stage, &*context.events);
                }
                watch.next("execute");
                let mut result = NodeResult::new(id.clone(), Status::NoOp, Some("NO-OP".to_owned()));
                result.failures = Some(0);
                (result.timing, result.execution_time) = watch.stop();
                result
            }
            None => NodeResult::new(id.clone(), Status::Error, Some(format!("{id} is not in the manifest"))),
        }
    }

    fn cancel(&self) {
        self.slots.cancel_and_wait();
    }
}
