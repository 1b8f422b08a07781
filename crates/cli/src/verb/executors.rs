//! Who runs the nodes of a verb: built and tested, compiled only, cloned.

use model_graph::Builder;
use platform_core::node_info::{self, Stage};
use platform_core::{
    Executor, Node, NodeResult, Resource, ResourceType, RunContext, Share, Status, UniqueId,
};
use project::runtime::{Connection, Failure, Runtime, Slots, Stopwatch};
use std::sync::Arc;
use tests_runner::Tester;

/// `build` and its parts: each node to the executor of its kind.
pub struct Executors {
    /// Models, seeds, snapshots, functions.
    pub builder: Builder,
    /// Tests.
    pub tester: Tester,
}

impl Executor for Executors {
    fn execute(&self, id: &UniqueId, slot: usize, context: &RunContext) -> NodeResult {
        match id.resource_type() {
            Some(ResourceType::Test | ResourceType::UnitTest) => self.tester.execute(id, slot, context),
            _ => self.builder.execute(id, slot, context),
        }
    }

    fn company(&self, id: &UniqueId) -> Option<usize> {
        match id.resource_type() {
            Some(ResourceType::Test | ResourceType::UnitTest) => self.tester.company(id),
            _ => self.builder.company(id),
        }
    }

    fn execute_together(&self, ids: &[UniqueId], slot: usize, context: &RunContext) -> Vec<NodeResult> {
        match ids.first().and_then(UniqueId::resource_type) {
            Some(ResourceType::Test | ResourceType::UnitTest) => {
                self.tester.execute_together(ids, slot, context)
            }
            _ => self.builder.execute_together(ids, slot, context),
        }
    }

    fn may_share(&self, id: &UniqueId) -> bool {
        self.builder.may_share(id)
    }

    fn execute_sharing(
        &self,
        id: &UniqueId,
        slot: usize,
        context: &RunContext,
        call: &(dyn Fn() + Sync),
    ) -> NodeResult {
        match id.resource_type() {
            Some(ResourceType::Test | ResourceType::UnitTest) => self.tester.execute(id, slot, context),
            _ => self.builder.execute_sharing(id, slot, context, call),
        }
    }

    fn share(&self) -> Option<Share<'_>> {
        self.builder.share()
    }

    fn cancel(&self) {
        self.builder.cancel();
    }
}

/// `compile`: SQL, and nothing done with it.
pub struct Compiler {
    /// Compiles.
    pub runtime: Runtime,
    /// The connections of the run.
    pub slots: Arc<Slots>,
}

impl Executor for Compiler {
    fn execute(&self, id: &UniqueId, slot: usize, context: &RunContext) -> NodeResult {
        match context.manifest.resource(id) {
            Some(Resource::Node(node)) => {
                on_node(node, slot, &self.runtime, &self.slots, |connection, watch| {
                    let compiled = self.runtime.compile(node, connection)?;
                    // As in dbt, what is compiled into others does not execute.
                    if !node.is_ephemeral() {
                        node_info::enter(id, Stage::Executing, &*context.events);
                        watch.next("execute");
                    }
                    Ok(Done { compiled: Some(compiled.sql.clone()), ..Done::default() })
                })
            }
            _ => NodeResult::new(id.clone(), Status::Success, None),
        }
    }

    fn cancel(&self) {
        self.slots.cancel_and_wait();
    }
}

/// `clone`: each node's relation as a state has it.
pub struct Cloner {
    /// Runs the materialization `clone`.
    pub runtime: Runtime,
    /// The connections of the run.
    pub slots: Arc<Slots>,
}

impl Executor for Cloner {
    fn execute(&self, id: &UniqueId, slot: usize, context: &RunContext) -> NodeResult {
        let Some(Resource::Node(node)) = context.manifest.resource(id) else {
            return NodeResult::new(id.clone(), Status::Error, Some(format!("{id} is not in the manifest")));
        };
        on_node(node, slot, &self.runtime, &self.slots, |connection, watch| {
            watch.next("execute");
            let response = self.runtime.clone_relation(node, connection)?;
            let message = response.as_ref().map(|response| response.message.clone());
            Ok(Done {
                message: Some(message.unwrap_or_else(|| "No-op".to_owned())),
                response: response.map(|response| response.to_json()).unwrap_or_default(),
                ..Done::default()
            })
        })
    }

    fn cancel(&self) {
        self.slots.cancel_and_wait();
    }
}

#[derive(Default)]
struct Done {
    message: Option<String>,
    compiled: Option<String>,
    response: serde_json::Map<String, serde_json::Value>,
}

/// Does a node's work on its slot's connection.
fn on_node(
    node: &Node,
    slot: usize,
    runtime: &Runtime,
    slots: &Slots,
    work: impl FnOnce(&Arc<Connection>, &mut Stopwatch) -> Result<Done, project::runtime::materialize::Error>,
) -> NodeResult {
    let mut watch = Stopwatch::start();
    let resource = Resource::Node(node);
    let done = match slots.connection(slot) {
        Err(error) => Err(runtime.plain_failure(resource, "Database Error", &error.to_string())),
        Ok(connection) => runtime
            .begin_node(node, &connection)
            .and_then(|()| work(&connection, &mut watch))
            .map_err(|error| runtime.failure(resource, &error)),
    };
    let (timing, execution_time) = watch.stop();
    let id = node.unique_id.clone();
    let mut result = match done {
        Ok(done) => {
            let mut result = NodeResult::new(id, Status::Success, done.message);
            result.compiled = Some(done.compiled.is_some());
            result.compiled_code = done.compiled;
            result.adapter_response = done.response;
            result
        }
        Err(failure) => failed(id, failure),
    };
    result.timing = timing;
    result.execution_time = execution_time;
    result.relation_name.clone_from(&node.relation_name);
    // A seed is never compiled, and results say nothing of its relation.
    if node.resource_type == ResourceType::Seed {
        (result.compiled, result.compiled_code, result.relation_name) = (None, None, None);
    }
    result
}

fn failed(id: UniqueId, failure: Failure) -> NodeResult {
    let mut result = NodeResult::new(id, Status::Error, Some(failure.message));
    result.compiled = Some(false);
    result.diagnostic = Some(Box::new(failure.diagnostic));
    result
}
