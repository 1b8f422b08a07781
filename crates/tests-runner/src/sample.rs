//! A few of the rows that failed, for people: with the key of the tested relation where it has one.

use crate::Tester;
use platform_core::{Manifest, Node};
use project::runtime::{BuiltinTest, Compiled, Connection, TestKind};
use std::sync::Arc;

/// Rows shown of a failed test.
const ROWS: u64 = 10;

/// Looking for rows to show must not take long: what failed is known already.
const PATIENCE: &str = "set local statement_timeout = '15s'";

impl Tester {
    /// The names of the columns, then up to ten rows; nothing where they can't be had.
    pub(crate) fn sample(
        &self,
        node: &Node,
        compiled: &Compiled,
        connection: &Arc<Connection>,
    ) -> Vec<Vec<Option<String>>> {
        let sampled = self.ask(node, compiled, connection);
        connection.rollback();
        sampled.unwrap_or_default()
    }

    fn ask(
        &self,
        node: &Node,
        compiled: &Compiled,
        connection: &Arc<Connection>,
    ) -> Option<Vec<Vec<Option<String>>>> {
        let test = self.runtime.builtin_test(node, compiled, connection).ok()?;
        let limit = node.config.get("limit").and_then(serde_json::Value::as_u64).unwrap_or(ROWS).min(ROWS);
        let keys = keys(&self.runtime.project().manifest, node);
        let stored = node.relation_name.as_ref().filter(|_| self.keeps(node));
        let query = match (stored, test) {
            (Some(relation), _) => format!("select * from {relation}"),
            (None, Some(test)) if compiled.ctes.is_empty() => {
                rows(&test, &keys).unwrap_or_else(|| whole(compiled))
            }
            _ => whole(compiled),
        };
        self.runtime.begin_node(node, connection).ok()?;
        let outcome = connection.run(&format!("{PATIENCE};\n{query}\nlimit {limit}")).ok()?;
        let result = outcome.rows.filter(|result| !result.rows.is_empty())?;
        let header = result.columns.into_iter().map(|column| Some(column.name)).collect();
        Some(std::iter::once(header).chain(result.rows).collect())
    }

    fn keeps(&self, node: &Node) -> bool {
        let flag = || self.runtime.project().flags.is_on("store_failures");
        node.config.boolean("store_failures").unwrap_or_else(flag)
    }
}

fn whole(compiled: &Compiled) -> String {
    format!("select * from (\n{}\n) as failing", compiled.sql.trim_end())
}

/// The failing rows of a test whose own query leaves their key out.
fn rows(test: &BuiltinTest, keys: &[String]) -> Option<String> {
    let mut columns: Vec<&str> = keys.iter().map(String::as_str).filter(|key| *key != test.column).collect();
    columns.push(&test.column);
    let columns = columns.join(", ");
    let filter = test.filter.as_ref().map(|filter| format!(" where {filter}")).unwrap_or_default();
    let tested = format!("(select * from {}{filter}) as tested", test.relation);
    let column = &test.column;
    match (test.kind, &test.parent) {
        (TestKind::NotNull, _) => Some(format!("select {columns}\nfrom {tested}\nwhere {column} is null")),
        (TestKind::Relationships, Some((parent, field))) => Some(format!(
            "select {columns}\nfrom {tested}\nwhere\n    {column} is not null\n    and not exists (select 1 from \
             {parent} as parents where tested.{column} = parents.{field})"
        )),
        _ => None,
    }
}

/// The columns of the tested relation that have a `unique` test.
fn keys(manifest: &Manifest, test: &Node) -> Vec<String> {
    let model = |node: &Node| Some(node.only.test_metadata.as_ref()?.kwargs.get("model")?.to_string());
    let Some(relation) = model(test) else { return Vec::new() };
    let mut keys: Vec<String> = manifest
        .nodes
        .values()
        .filter(|node| node.package_name == test.package_name && model(node).as_ref() == Some(&relation))
        .filter_map(|node| node.only.test_metadata.as_ref())
        .filter(|metadata| metadata.name == "unique" && metadata.namespace.is_none())
        .filter_map(|metadata| metadata.kwargs.get("column_name")?.as_str().map(str::to_owned))
        .collect();
    keys.sort();
    keys.dedup();
    keys.truncate(3);
    keys
}
