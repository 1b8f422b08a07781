//! Tests whose meaning is known: a generic test that nothing has overridden on its way from the properties file to
//! the statement, and what it asks of which relation.

use crate::context::macros::{Entry, is_internal};
use crate::runtime::{Connection, Runtime};
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
    /// The tested column, as SQL has it.
    pub column: String,
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
            Self::Unique | Self::NotNull => &[],
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
const TEXT: [&str; 3] = ["_counted_by", "_plain_query", "_query_with"];

impl Runtime {
    /// Which built-in test a node is; `None` where it is another, keeps its failures, or where the project or a
    /// package has a macro of its own anywhere on the way.
    pub fn builtin_kind(&self, node: &Node) -> Option<TestKind> {
        let metadata = node.only.test_metadata.as_ref()?;
        let kind = TestKind::named(&metadata.name)?;
        let is_plain = matches!(metadata.namespace.as_deref(), None | Some("dbt"));
        let stores = node.config.boolean("store_failures");
        let stores = stores.unwrap_or_else(|| self.project().flags.is_on("store_failures"));
        (is_plain && !stores && self.is_ours(&metadata.name, &node.package_name)).then_some(kind)
    }

    fn is_ours(&self, test: &str, package: &str) -> bool {
        let macros = &self.project().macros;
        let ours = |entry: Option<&Arc<Entry>>| entry.is_some_and(|entry| is_internal(&entry.package));
        let found = |name: &str| {
            [package, "dbt"].iter().all(|from| ours(macros.lookup(from, name)))
                && ours(macros.resolve(package, name))
        };
        let dispatched = |name: &str| ours(macros.dispatch("dbt", name, Some("dbt")).ok());
        let name = format!("test_{test}");
        let explicit =
            self.project().flags.get("require_explicit_package_overrides_for_builtin_materializations");
        let by_packages = explicit.and_then(Json::as_bool) == Some(false);
        found(&name)
            && dispatched(&name)
            && ON_THE_WAY.iter().all(|name| found(name))
            && DISPATCHED.iter().all(|name| dispatched(name))
            && TEXT.iter().all(|name| ours(macros.lookup("dbt", name)))
            && ours(macros.materialization("test", package, by_packages))
    }

    /// The test with its arguments; `None` where it is none of ours, or where an argument is more than a plain
    /// name or value, so that its own query alone says what it means.
    pub fn builtin_test(
        &self,
        node: &Node,
        connection: &Arc<Connection>,
    ) -> Result<Option<BuiltinTest>, jinja::Error> {
        let (Some(kind), Some(metadata)) = (self.builtin_kind(node), &node.only.test_metadata) else {
            return Ok(None);
        };
        let known = |name: &&String| {
            matches!(name.as_str(), "model" | "column_name") || kind.arguments().contains(&name.as_str())
        };
        if !metadata.kwargs.keys().all(|name| known(&name)) {
            return Ok(None);
        }
        let context = self.context(Some(Arc::new(node.clone())), connection, None);
        let argument = |name: &str| -> Result<Option<Value>, jinja::Error> {
            let raw = metadata.kwargs.get(name);
            raw.map(|raw| self.test_argument(name, raw, &context)).transpose()
        };
        let (Some(model), Some(column)) = (argument("model")?, argument("column_name")?) else {
            return Ok(None);
        };
        let filter = node.config.text("where").filter(|filter| !filter.is_empty()).map(str::to_owned);
        let model = jinja::value::to_str(&model);
        let relation = match &filter {
            None => Some(model.as_str()),
            Some(filter) => model
                .strip_prefix("(select * from ")
                .and_then(|rest| rest.strip_suffix(&format!(" where {filter}) dbt_subquery"))),
        };
        let Some(relation) = relation.filter(|name| is_name(name)) else { return Ok(None) };
        let column = jinja::value::to_str(&column);
        let mut test = BuiltinTest {
            kind,
            relation: relation.to_owned(),
            filter,
            column,
            values: Vec::new(),
            parent: None,
        };
        if !is_column(&test.column) || test.filter.as_deref().is_some_and(|it| !stands_alone(it)) {
            return Ok(None);
        }
        match kind {
            TestKind::Unique | TestKind::NotNull => {}
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

/// Whether a condition means the same wherever it stands in parentheses: its quotes and parentheses end in it, it
/// has no comment and no query of its own.
fn stands_alone(condition: &str) -> bool {
    let mut depth = 0_usize;
    let mut word = String::new();
    let mut letters = condition.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter.is_alphanumeric() || letter == '_' {
            word.extend(letter.to_lowercase());
            continue;
        }
        if std::mem::take(&mut word) == "select" {
            return false;
        }
        match (letter, letters.peek()) {
            ('-', Some('-')) | ('/', Some('*')) | ('\\' | ';' | '$', _) => return false,
            ('(', _) => depth += 1,
            (')', _) => match depth.checked_sub(1) {
                Some(less) => depth = less,
                None => return false,
            },
            (quote @ ('\'' | '"'), _) => loop {
                match letters.next() {
                    None | Some('\\') => return false,
                    Some(next) if next == quote => break,
                    Some(_) => {}
                }
            },
            _ => {}
        }
    }
    depth == 0 && word != "select"
}

/// The accepted values as the test's own text has them; `None` where one is more than a text or a number.
fn literals(values: &Value, quote: bool) -> Option<Vec<String>> {
    if jinja::value::type_name(values) != "list" {
        return None;
    }
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

    #[test]
    fn tells_conditions_that_stand_alone() {
        for text in ["a > 1", "(a = ')') or b", "date_trunc('day', a) = \"b\"", "selected and a - 1 > 0"] {
            assert!(stands_alone(text), "{text}");
        }
        for text in ["a > 1 -- b", "a) or (b", "a = 'x", "a in (select 1)", "a; b", "$$a$$", "/* a", "E'\\''"]
        {
            assert!(!stands_alone(text), "{text}");
        }
    }
}
