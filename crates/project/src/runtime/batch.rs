//! One batch of a microbatch model, and whether it may run beside others.
//!
//! Batches run side by side as far as nobody can tell: their queries do, and their rows are written one batch after the
//! other, so that a row that stands in two of them ends as the later has it. A query that reads what former batches wrote
//! is none of these.

use crate::context::macros::is_internal;
use crate::runtime::compile::Compiled;
use crate::runtime::{Runtime, Window};
use platform_core::Node;
use std::fmt;
use std::sync::Arc;

/// One batch of a microbatch model.
#[derive(Clone, Debug)]
pub struct Batch {
    /// `20261122` and the like.
    pub id: String,
    /// `2026-11-22` and the like, in names of files.
    pub label: String,
    /// Its window.
    pub window: Window,
    /// For a batch that runs beside others.
    pub turn: Option<Turn>,
}

/// When a batch that runs beside others may write: returns once all before it have ended.
#[derive(Clone)]
pub struct Turn(pub Arc<dyn Fn() + Send + Sync>);

impl fmt::Debug for Turn {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Turn")
    }
}

/// Macros that a batch which waits for its turn goes through before: overridden, they may do anything, such as to give
/// all temporary tables one name.
const STAGING: [&str; 5] =
    ["_stage_changes", "make_temp_relation", "create_table_as", "get_create_table_as_sql", "run_query"];

impl Runtime {
    /// Whether the batches between a model's first and last may run beside each other. `first` is what the first was
    /// compiled to. `concurrent_batches` stands above what is found in the query
    /// (<https://docs.getdbt.com/docs/build/parallel-batch-execution>).
    pub fn may_overlap(&self, node: &Node, first: &Compiled) -> bool {
        match node.config.boolean("concurrent_batches") {
            Some(false) => false,
            Some(true) => self.stages_as_known(node),
            None => self.stages_as_known(node) && !self.reads_itself(node, first),
        }
    }

    /// Whether no project or package has a materialization or staging of its own.
    fn stages_as_known(&self, node: &Node) -> bool {
        let flag = "require_explicit_package_overrides_for_builtin_materializations";
        let by_packages = self.project().flags.get(flag).and_then(serde_json::Value::as_bool) == Some(false);
        let incremental =
            self.project().macros.materialization("incremental", &node.package_name, by_packages);
        let is_staging = |name: &str| {
            let bare = name.rsplit_once("__").map_or(name, |(_, bare)| bare);
            STAGING.contains(&name) || STAGING.contains(&bare)
        };
        let mut macros = self.project().manifest.macros.values();
        incremental.is_some_and(|entry| is_internal(&entry.package))
            && !macros.any(|it| !is_internal(&it.package_name) && is_staging(&it.name))
    }

    /// Whether the query may read the model's own table: by `this`, there or in a macro it calls, or by its name.
    fn reads_itself(&self, node: &Node, first: &Compiled) -> bool {
        let macros = first.macros.iter().filter_map(|id| self.project().manifest.macros.get(id));
        let mut own = macros.filter(|it| !is_internal(&it.package_name));
        says_this(&node.raw_code)
            || own.any(|it| has_word(&it.macro_sql, "this"))
            || has_word(&first.sql.to_lowercase(), &node.alias.to_lowercase())
    }
}

/// Whether `this` stands in the Jinja of a template; what is in a comment counts too, which costs time and no rows.
fn says_this(template: &str) -> bool {
    let blocks = template.split("{{").skip(1).map(|rest| rest.split("}}").next().unwrap_or(rest));
    let statements = template.split("{%").skip(1).map(|rest| rest.split("%}").next().unwrap_or(rest));
    blocks.chain(statements).any(|code| has_word(code, "this"))
}

fn has_word(text: &str, word: &str) -> bool {
    let is_part = |character: char| character.is_alphanumeric() || character == '_';
    text.match_indices(word)
        .any(|(at, _)| !text[..at].ends_with(is_part) && !text[at + word.len()..].starts_with(is_part))
}

#[cfg(test)]
mod tests {
    use super::says_this;

    #[test]
    fn finds_this_in_jinja_alone() {
        assert!(says_this("select * from x where a > (select max(a) from {{ this }})"));
        assert!(says_this("{% set last = run_query('select 1 from ' ~ this) %} select 1"));
        assert!(!says_this("select 1 as this -- of this\nfrom {{ ref('thistle') }}"));
    }
}
