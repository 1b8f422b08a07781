//! `dp compile`: writes SQL, and shows that of one node or of a query.

use crate::arguments::verb::Compile;
use crate::arguments::{Output, Selection};
use crate::choice::{self, Request};
use crate::exit::{Exit, Stop};
use crate::invocation::Invocation;
use crate::verb::inline;
use crate::verb::nodes::{Task, Walk, Walked, walk};
use indexmap::IndexSet;
use model_graph::Order;
use platform_core::ResourceType::{self, Analysis, Function, Model, Operation, Seed, Snapshot, Test};
use platform_core::event::Level;
use platform_core::{Event, EventSink as _, UniqueId};
use project::runtime::Runtime;
use serde_json::json;

/// What is compiled: everything that has SQL of its own.
pub const COMPILED: [ResourceType; 7] = [Model, Seed, Snapshot, Test, Analysis, Function, Operation];

/// Compiles nodes, or a query of the command line.
pub fn compile(invocation: &Invocation, arguments: &Compile) -> Result<Exit, Stop> {
    if inline::given(&arguments.inline).is_some() {
        return inline::compile(invocation, arguments);
    }
    let types = choice::resource_types(&arguments.resources, &COMPILED, &COMPILED)?;
    let request = Request::of(&arguments.selection);
    let plan = Walk { request, types, order: Order::Dependencies, task: Task::Compile };
    let walked = walk(invocation, &plan)?;
    show_selected(invocation, &walked, &arguments.selection, arguments.inline.output);
    Ok(walked.exit)
}

/// As in dbt, what a selection of nodes compiles to is shown, unless it failed.
pub fn show_selected(
    invocation: &Invocation,
    walked: &Walked,
    selection: &Selection,
    output: Option<Output>,
) {
    if let (false, Some(runtime)) = (selection.select.is_empty(), &walked.runtime) {
        show_named(invocation, runtime, &walked.selected, &Request::of(selection), output);
    }
}

/// The SQL of the node that the selection names, or that is its only one; the tests that come with it don't count.
fn show_named(
    invocation: &Invocation,
    runtime: &Runtime,
    selected: &IndexSet<UniqueId>,
    request: &Request<'_>,
    output: Option<Output>,
) {
    let manifest = &runtime.project().manifest;
    let no_test = |id: &&UniqueId| id.resource_type() != Some(Test);
    let is_named = |id: &&UniqueId| manifest.node(id).is_some_and(|node| request.names(&node.name));
    let mut named: Vec<&UniqueId> = match selected.len() {
        1 => selected.iter().collect(),
        _ => selected.iter().filter(no_test).collect(),
    };
    if named.len() > 1 {
        named.retain(is_named);
    }
    let compiled = runtime.all_compiled();
    for id in named {
        let (Some(node), Some(compiled)) = (manifest.node(id), compiled.get(id)) else { continue };
        show(invocation, &node.display_name(), id.as_str(), &compiled.sql, output, false);
    }
}

/// Shows compiled SQL as text or as JSON.
pub fn show(
    invocation: &Invocation,
    name: &str,
    id: &str,
    sql: &str,
    output: Option<Output>,
    is_inline: bool,
) {
    let text = match output {
        Some(Output::Json) => {
            let shown =
                if is_inline { json!({"compiled": sql}) } else { json!({"node": name, "compiled": sql}) };
            serde_json::to_string_pretty(&shown).unwrap_or_default()
        }
        _ if invocation.is_on("quiet") => sql.to_owned(),
        _ if is_inline => format!("Compiled inline node is:\n{sql}"),
        _ => format!("Compiled node '{name}' is:\n{sql}"),
    };
    let format = if output == Some(Output::Json) { "json" } else { "text" };
    invocation.log.send(
        Event::new(Level::Info, "CompiledNode", text)
            .code("Q042")
            .with("node_name", name)
            .with("compiled", sql)
            .with("is_inline", is_inline)
            .with("output_format", format)
            .with("quiet", invocation.is_on("quiet"))
            .with("unique_id", id),
    );
}
