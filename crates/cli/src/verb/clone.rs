//! `dp clone`: relations of another environment in this one
//! (<https://docs.getdbt.com/reference/commands/clone>).

use crate::arguments::verb::CloneNodes;
use crate::choice::{self, Request};
use crate::exit::{Exit, Stop};
use crate::invocation::Invocation;
use crate::verb::nodes::{Task, Walk, walk};
use model_graph::Order;
use platform_core::ResourceType::{Model, Seed, Snapshot};

/// Makes the chosen nodes as `--state` has them.
pub fn clone(invocation: &Invocation, arguments: &CloneNodes) -> Result<Exit, Stop> {
    let cloned = [Model, Seed, Snapshot];
    let mut types = choice::resource_types(&arguments.resources, &cloned, &choice::TYPES)?;
    types.retain(|kind| cloned.contains(kind));
    let request = Request::of(&arguments.selection);
    // As in dbt, one that is taken up again waits for what it reads.
    let order = if invocation.retry.is_some() { Order::Dependencies } else { Order::Any };
    let plan = Walk { request, types, order, task: Task::Clone };
    walk(invocation, &plan).map(|walked| walked.exit)
}
