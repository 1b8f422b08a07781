//! A few of the rows that failed, for people: with the key of the tested relation where it has one.

use crate::Tester;
use platform_core::{Manifest, Node};
use project::runtime::{BuiltinTest, Compiled, Connection, TestKind};
use std::collections::{BTreeSet, HashMap};
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
        let keys = self.keys.get_or_init(|| Keys::of(&self.runtime.project().manifest));
        let query = match (self.kept_in(node), test) {
            (Some(relation), _) => format!("select * from {relation}"),
            (None, Some(test)) if compiled.ctes.is_empty() => {
                rows(&test, keys.beside(node)).unwrap_or_else(|| whole(compiled))
            }
            _ => whole(compiled),
        };
        self.runtime.begin_node(node, connection).ok()?;
        let outcome = connection.run(&format!("{PATIENCE};\n{query}\nlimit {limit}")).ok()?;
        let result = outcome.rows.filter(|result| !result.rows.is_empty())?;
        let header = result.columns.into_iter().map(|column| Some(column.name)).collect();
        Some(std::iter::once(header).chain(result.rows).collect())
    }

    /// Where the failing rows are kept, if they are: by configuration, or since the command was asked to.
    pub(crate) fn kept_in(&self, node: &Node) -> Option<String> {
        let asked = || self.runtime.project().flags.is_on("store_failures");
        let is_kept = node.config.boolean("store_failures").unwrap_or_else(asked)
            && node.config.text("store_failures_as") != Some("ephemeral");
        let named = || self.runtime.relation_of(node).to_string();
        is_kept.then(|| node.relation_name.clone().unwrap_or_else(named))
    }
}

fn whole(compiled: &Compiled) -> String {
    format!("select * from (\n{}\n) as failing", compiled.sql.trim_end())
}

/// The failing rows of a test whose own query leaves their key out.
fn rows<'a>(test: &'a BuiltinTest, keys: impl Iterator<Item = &'a str>) -> Option<String> {
    let mut columns: Vec<&str> = keys.filter(|key| *key != test.column).collect();
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

/// The columns of each tested relation that have a `unique` test, by package and by the relation as arguments name it.
#[derive(Debug)]
pub(crate) struct Keys(HashMap<(String, String), BTreeSet<String>>);

/// No more than this many columns of a key.
const KEY: usize = 3;

impl Keys {
    /// Of all tests of a project.
    pub fn of(manifest: &Manifest) -> Self {
        let mut keys: HashMap<_, BTreeSet<String>> = HashMap::new();
        for node in manifest.nodes.values() {
            let Some(metadata) = &node.only.test_metadata else { continue };
            let column = metadata.kwargs.get("column_name").and_then(serde_json::Value::as_str);
            if let (Some(tested), Some(column)) = (tested(node), column)
                && metadata.name == "unique"
                && metadata.namespace.is_none()
            {
                keys.entry(tested).or_default().insert(column.to_owned());
            }
        }
        Self(keys)
    }

    /// Of the relation that a test is about.
    fn beside<'a>(&'a self, test: &Node) -> impl Iterator<Item = &'a str> {
        let columns = tested(test).and_then(|tested| self.0.get(&tested));
        columns.into_iter().flatten().map(String::as_str).take(KEY)
    }
}

fn tested(test: &Node) -> Option<(String, String)> {
    let model = test.only.test_metadata.as_ref()?.kwargs.get("model")?;
    Some((test.package_name.clone(), model.to_string()))
}
