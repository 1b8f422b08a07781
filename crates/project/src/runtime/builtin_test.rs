//! Tests whose meaning is known: a generic test that nothing has overridden on its way from the properties file to
//! the statement, and what it asks of which relation.
//!
//! A project's own generic test may be declared one, by `meta: {fusible: true}` of its macro: its query then has to be
//! the rows of its relation for which a condition holds. That is looked at, not believed.

use crate::context::macros::{Entry, is_internal};
use crate::runtime::plain_query::{condition, stands_alone};
use crate::runtime::{Compiled, Connection, Runtime};
use jinja::Value;
use platform_core::Node;
use serde_json::Value as Json;
use std::sync::Arc;

/// What a built-in generic test asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TestKind {
    /// `unique`.
    Unique,
    /// `not_null`.
    NotNull,
    /// `accepted_values`.
    AcceptedValues,
    /// `relationships`.
    Relationships,
    /// A project's own: the rows for which a condition holds.
    Rows,
}

/// A built-in test with its arguments rendered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuiltinTest {
    /// What is asked.
    pub kind: TestKind,
    /// The tested relation, as SQL has it.
    pub relation: String,
    /// `where` of the test's configuration.
    pub filter: Option<String>,
    /// The tested column, as SQL has it; empty where a condition is asked.
    pub column: String,
    /// Of a project's own test: the condition of the rows that fail.
    pub condition: Option<String>,
    /// Of `accepted_values`: the values as SQL has them.
    pub values: Vec<String>,
    /// Of `relationships`: the parent, as SQL has it, and its column.
    pub parent: Option<(String, String)>,
}

impl TestKind {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "unique" => Self::Unique,
            "not_null" => Self::NotNull,
            "accepted_values" => Self::AcceptedValues,
            "relationships" => Self::Relationships,
            _ => return None,
        })
    }

    /// Arguments beside `model` and `column_name`.
    fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Unique | Self::NotNull | Self::Rows => &[],
            Self::AcceptedValues => &["values", "quote"],
            Self::Relationships => &["to", "field"],
        }
    }
}

/// Macros that stand between a test and its statement.
const ON_THE_WAY: [&str; 7] = [
    "get_where_subquery",
    "get_test_sql",
    "get_limit_subquery_sql",
    "should_store_failures",
    "statement",
    "string_literal",
    "_configured_or",
];

/// Those of them that are dispatched.
const DISPATCHED: [&str; 3] = ["get_where_subquery", "get_test_sql", "string_literal"];

/// Macros of the tests' own text.
const TEXT: [&str; 4] = ["_counted_by", "_plain_query", "_query_with", "_test_statement"];

impl Runtime {
    /// Which built-in test a node is; `None` where it is another, keeps its failures, or where the project or a
    /// package has a macro of its own anywhere on the way.
    pub fn builtin_kind(&self, node: &Node) -> Option<TestKind> {
        let metadata = node.only.test_metadata.as_ref()?;
        let stores = node.config.boolean("store_failures");
        if stores.unwrap_or_else(|| self.project().flags.is_on("store_failures")) {
            return None;
        }
        if self.is_declared(node) {
            return self.has_our_way(&node.package_name).then_some(TestKind::Rows);
        }
        let kind = TestKind::named(&metadata.name)?;
        let is_plain = matches!(metadata.namespace.as_deref(), None | Some("dbt"));
        (is_plain && self.is_ours(&metadata.name, &node.package_name)).then_some(kind)
    }

    /// Whether the test's macro says of itself that it is fusible.
    fn is_declared(&self, node: &Node) -> bool {
        let Some(metadata) = &node.only.test_metadata else { return false };
        let (macros, name) = (&self.project().macros, format!("test_{}", metadata.name));
        let entry = match &metadata.namespace {
            Some(namespace) => macros.get(namespace, &name),
            None => macros.resolve(&node.package_name, &name),
        };
        let definition = entry.and_then(|entry| self.project().manifest.macros.get(&entry.id));
        definition.and_then(|it| it.meta.get("fusible")).and_then(Json::as_bool) == Some(true)
    }

    fn is_ours(&self, test: &str, package: &str) -> bool {
        let name = format!("test_{test}");
        self.finds_ours(package, &name) && self.dispatches_ours(&name) && self.has_our_way(package)
    }

    fn finds_ours(&self, package: &str, name: &str) -> bool {
        let macros = &self.project().macros;
        [package, "dbt"].iter().all(|from| ours(macros.lookup(from, name)))
            && ours(macros.resolve(package, name))
    }

    fn dispatches_ours(&self, name: &str) -> bool {
        ours(self.project().macros.dispatch("dbt", name, Some("dbt")).ok())
    }

    /// Whether nothing is overridden between a test's query and its verdict.
    fn has_our_way(&self, package: &str) -> bool {
        let macros = &self.project().macros;
        let explicit =
            self.project().flags.get("require_explicit_package_overrides_for_builtin_materializations");
        let by_packages = explicit.and_then(Json::as_bool) == Some(false);
        ON_THE_WAY.iter().all(|name| self.finds_ours(package, name))
            && DISPATCHED.iter().all(|name| self.dispatches_ours(name))
            && TEXT.iter().all(|name| ours(macros.lookup("dbt", name)))
            && ours(macros.materialization("test", package, by_packages))
    }

    /// Writes the statement that a test sends when it runs by itself to `target/run`, as its materialization does.
    pub fn write_test(
        &self,
        node: &Node,
        compiled: &Compiled,
        connection: &Arc<Connection>,
    ) -> Result<(), jinja::Error> {
        let context = self.context(Some(Arc::new(node.clone())), connection, None);
        let limit = node.config.get("limit").map_or_else(|| Value::from(()), jinja::value::from_json);
        let keywords = [("failing", Value::from(compiled.sql.as_str())), ("limit", limit)];
        let statement = self.call_macro_in(&context, "_test_statement", &keywords)?;
        self.write_run(node, None, &jinja::value::to_str(&statement));
        Ok(())
    }

    /// The test with its arguments; `None` where it is none of ours, or where an argument is more than a plain
    /// name or value, so that its own query alone says what it means.
    pub fn builtin_test(
        &self,
        node: &Node,
        compiled: &Compiled,
        connection: &Arc<Connection>,
    ) -> Result<Option<BuiltinTest>, jinja::Error> {
        let (Some(kind), Some(metadata)) = (self.builtin_kind(node), &node.only.test_metadata) else {
            return Ok(None);
        };
        let known = |name: &&String| {
            matches!(name.as_str(), "model" | "column_name") || kind.arguments().contains(&name.as_str())
        };
        if kind != TestKind::Rows && !metadata.kwargs.keys().all(|name| known(&name)) {
            return Ok(None);
        }
        let context = self.context(Some(Arc::new(node.clone())), connection, None);
        let argument = |name: &str| -> Result<Option<Value>, jinja::Error> {
            let raw = metadata.kwargs.get(name);
            raw.map(|raw| super::test_arguments::one(name, raw, &context)).transpose()
        };
        let Some(model) = argument("model")? else { return Ok(None) };
        let filter = node.config.text("where").filter(|filter| !filter.is_empty()).map(str::to_owned);
        let model = jinja::value::to_str(&model);
        let relation = match &filter {
            None => Some(model.as_str()),
            Some(filter) => model
                .strip_prefix("(select * from ")
                .and_then(|rest| rest.strip_suffix(&format!(" where {filter}) dbt_subquery"))),
        };
        let Some(relation) = relation.filter(|name| is_name(name)) else { return Ok(None) };
        if filter.as_deref().is_some_and(|filter| !stands_alone(filter)) {
            return Ok(None);
        }
        let mut test = BuiltinTest {
            kind,
            relation: relation.to_owned(),
            filter,
            column: String::new(),
            condition: None,
            values: Vec::new(),
            parent: None,
        };
        if kind == TestKind::Rows {
            test.condition = condition(&compiled.bare, &model).map(str::to_owned);
            return Ok(test.condition.is_some().then_some(test));
        }
        let Some(column) = argument("column_name")? else { return Ok(None) };
        test.column = jinja::value::to_str(&column);
        if !is_column(&test.column) {
            return Ok(None);
        }
        match kind {
            TestKind::Unique | TestKind::NotNull | TestKind::Rows => {}
            TestKind::AcceptedValues => {
                let quote = argument("quote")?.is_none_or(|quote| quote.is_true());
                let Some(values) = argument("values")?.and_then(|values| literals(&values, quote)) else {
                    return Ok(None);
                };
                test.values = values;
            }
            TestKind::Relationships => {
                let (Some(to), Some(field)) = (argument("to")?, argument("field")?) else { return Ok(None) };
                let (to, field) = (jinja::value::to_str(&to), jinja::value::to_str(&field));
                if !is_name(&to) || !is_column(&field) {
                    return Ok(None);
                }
                test.parent = Some((to, field));
            }
        }
        Ok(Some(test))
    }
}

fn ours(entry: Option<&Arc<Entry>>) -> bool {
    entry.is_some_and(|entry| is_internal(&entry.package))
}

/// Whether a text is a name of up to three parts.
fn is_name(text: &str) -> bool {
    let mut rest = text;
    for _ in 0..3 {
        let Some(after) = after_identifier(rest) else { return false };
        match after.strip_prefix('.') {
            Some(next) => rest = next,
            None => return after.is_empty(),
        }
    }
    false
}

/// Whether a text is one identifier.
fn is_column(text: &str) -> bool {
    after_identifier(text) == Some("")
}

/// What follows an identifier at the start.
fn after_identifier(text: &str) -> Option<&str> {
    if let Some(mut rest) = text.strip_prefix('"') {
        loop {
            let end = rest.find('"')?;
            let after = &rest[end + 1..];
            match after.strip_prefix('"') {
                Some(next) => rest = next,
                None => return (text.len() - after.len() > 2).then_some(after),
            }
        }
    }
    let is_letter = |letter: char| letter.is_ascii_alphabetic() || letter == '_';
    let end = text.find(|letter: char| !is_letter(letter) && !letter.is_ascii_digit() && letter != '$');
    text.starts_with(is_letter).then(|| &text[end.unwrap_or(text.len())..])
}

/// The accepted values as the test's own text has them; `None` where one is more than a text or a number.
fn literals(values: &Value, quote: bool) -> Option<Vec<String>> {
    if jinja::value::type_name(values) != "list" {
        return None;
    }
    let mut found = Vec::new();
    for value in jinja::value::items(values).ok()? {
        let text = jinja::value::to_str(&value);
        let is_plain = !text.contains(['\'', '\\', '\0']);
        let is_number = text.trim_start_matches('-').starts_with(|it: char| it.is_ascii_digit())
            && text.trim_start_matches('-').chars().all(|it| it.is_ascii_digit() || it == '.');
        match quote {
            true if is_plain => found.push(format!("'{text}'")),
            false if is_number => found.push(text),
            _ => return None,
        }
    }
    (!found.is_empty()).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_names_from_expressions() {
        for name in ["a", "\"a\"", "a.b", "\"d\".\"s\".\"t \"\" x\"", "__dbt__cte__a"] {
            assert!(is_name(name), "{name}");
        }
        for text in ["", "a b", "a.", "a.b.c.d", "\"a", "\"\"", "(select 1)", "a--", "1a", "lower(a)", "a,b"]
        {
            assert!(!is_name(text), "{text}");
        }
        assert!(is_column("id") && is_column("\"Id\"") && !is_column("t.id"));
    }
}
