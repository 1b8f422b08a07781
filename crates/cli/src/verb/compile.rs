//! `dp compile`: writes SQL, and shows that of one node or of a query.

use crate::arguments::Output;
use crate::arguments::verb::Compile;
use crate::choice::{self, Request};
use crate::exit::{Exit, Stop};
use crate::invocation::Invocation;
use crate::verb::inline;
use crate::verb::nodes::{Task, Walk, walk};
use model_graph::Order;
use platform_core::ResourceType::{self, Analysis, Function, Model, Operation, Seed, Snapshot, Test};
use platform_core::event::Level;
use platform_core::{Event, EventSink as _};
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
    let named = !arguments.selection.select.is_empty();
    if let (true, Some(runtime), Some(id)) = (named, &walked.runtime, walked.selected.first()) {
        let node = runtime.project().manifest.node(id);
        let compiled = runtime.all_compiled().get(id).map(|compiled| compiled.sql.clone());
        if let (Some(node), Some(sql), true) = (node, compiled, walked.selected.len() == 1) {
            show(
                invocation,
                &node.display_name(),
                node.unique_id.as_str(),
                &sql,
                arguments.inline.output,
                false,
            );
        }
    }
    Ok(walked.exit)
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
            .with("unique_id", id),
    );
}
