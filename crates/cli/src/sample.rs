//! `dp seed --show`: some rows of each seed that was loaded, in dbt's words.

use crate::invocation::Invocation;
use platform_core::event::Level;
use platform_core::{NodeResult, Status};
use project::runtime::Runtime;
use project::runtime::table::Drawing;
use serde_json::json;
use std::io::Write as _;

/// As many rows as dbt shows.
const ROWS: usize = 10;

/// Shows them; of a seed that could not be read again, nothing.
pub fn show(invocation: &Invocation, runtime: &Runtime, results: &[NodeResult]) {
    let loaded = results.iter().filter(|result| result.status == Status::Success);
    for node in loaded.filter_map(|result| runtime.project().manifest.node(&result.unique_id)) {
        let Some(table) = runtime.seed_sample(node, ROWS + 1) else { continue };
        let header = format!("Random sample of table: {}.{}", node.schema, node.alias);
        let line = "-".repeat(header.len());
        if !invocation.is_on("quiet") {
            invocation.blank();
            let facts = json!({"schema": node.schema, "alias": node.alias});
            invocation.tell(Level::Info, "SeedHeader", "Q004", header, facts);
            invocation.tell(Level::Info, "Formatting", "Z017", line.clone(), json!({"msg": line}));
        }
        let drawn = table.drawn(&Drawing { rows: ROWS, columns: usize::MAX, ..Drawing::default() });
        // Data and not talk: whatever the log's format and level. A closed pipe is the reader's wish.
        drop(std::io::stdout().lock().write_all(drawn.as_bytes()));
        invocation.blank();
    }
}
