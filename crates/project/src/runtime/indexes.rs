//! Indexes of a model's configuration: names as dbt makes them, and what changed on a materialized view.
//!
//! <https://docs.getdbt.com/reference/resource-configs/postgres-configs#indexes>

use crate::context::arguments::{Arguments, no_method, text, truth};
use crate::context::functions::md5_hex;
use crate::context::raised::Raised;
use chrono::Utc;
use jinja::{Enumerator, HostError, Object, ObjectRepr, State, Value};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

/// One index of a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    columns: Vec<String>,
    unique: bool,
    kind: Option<String>,
}

impl Index {
    /// Reads `{columns: […], unique: …, type: …}`; an error for anything else.
    pub fn parse(raw: &Value) -> Result<Self, HostError> {
        let wrong =
            |why: &str| Raised::compilation(format!("Could not parse index config: {why}\n  got: {raw}"));
        if raw.kind() != jinja::ValueKind::Map {
            return Err(wrong(&format!("at path []: {} is not of type 'object'", jinja::value::repr(raw))));
        }
        for key in raw.try_iter()? {
            let key = key.to_string();
            if !["columns", "unique", "type"].contains(&key.as_str()) {
                return Err(wrong(&format!(
                    "at path []: Additional properties are not allowed ('{key}' was unexpected)"
                )));
            }
        }
        let columns = raw.get_attr("columns").ok().filter(|columns| !columns.is_undefined());
        let columns = columns.ok_or_else(|| wrong("at path []: 'columns' is a required property"))?;
        if columns.as_str().is_some() || columns.try_iter().is_err() {
            return Err(wrong(&format!(
                "at path ['columns']: {} is not of type 'array'",
                jinja::value::repr(&columns)
            )));
        }
        let mut named = columns.try_iter()?.enumerate();
        if let Some((at, column)) = named.find(|(_, column)| column.as_str().is_none()) {
            let column = jinja::value::repr(&column);
            return Err(wrong(&format!("at path ['columns'][{at}]: {column} is not of type 'string'")));
        }
        let given = |key: &str| raw.get_attr(key).ok().filter(|it| !it.is_undefined());
        let unique = given("unique");
        if let Some(given) = unique.as_ref().filter(|it| it.kind() != jinja::ValueKind::Bool) {
            return Err(wrong(&format!(
                "at path ['unique']: {} is not of type 'boolean'",
                jinja::value::repr(given)
            )));
        }
        let kind = given("type").filter(|it| !it.is_none());
        if let Some(given) = kind.as_ref().filter(|it| it.as_str().is_none()) {
            return Err(wrong(&format!(
                "at path ['type']: {} is not valid under any of the given schemas",
                jinja::value::repr(given)
            )));
        }
        Ok(Self {
            columns: columns.try_iter()?.filter_map(|column| text(Some(&column))).collect(),
            unique: truth(unique.as_ref(), false),
            kind: text(kind.as_ref()),
        })
    }

    /// The index's name: an MD5 of what it is, on which table, and when, so that a table's next generation
    /// can have the same index before the old one is gone.
    fn name(&self, relation: &str) -> String {
        let now = Utc::now().format("%Y-%m-%dT%H:%M:%S%.6f").to_string();
        let unique = if self.unique { "True" } else { "False" };
        let kind = self.kind.clone().unwrap_or_else(|| "None".to_owned());
        let parts = [self.columns.clone(), vec![relation.to_owned(), unique.to_owned(), kind, now]].concat();
        md5_hex(&parts.join("_"))
    }
}

impl Object for Index {
    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        match key {
            "columns" | "column_names" => Some(jinja::value::list(
                self.columns.iter().map(|column| Value::from(column.as_str())).collect(),
            )),
            "unique" => Some(Value::from(self.unique)),
            "type" | "method" => Some(self.kind.as_deref().map_or_else(|| Value::from(()), Value::from)),
            "as_node_config" => {
                let mut pairs = vec![
                    (Value::from("columns"), self.get_value_by_str("columns")?),
                    (Value::from("unique"), Value::from(self.unique)),
                ];
                pairs.extend(self.kind.as_deref().map(|kind| (Value::from("type"), Value::from(kind))));
                Some(jinja::value::dict(pairs))
            }
            _ => None,
        }
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, HostError> {
        match method {
            "render" => {
                let [relation] = Arguments::new(method, args)?.bind(["relation"], 1)?;
                Ok(Value::from(self.name(&text(relation.as_ref()).unwrap_or_default())))
            }
            _ => Err(no_method("PostgresIndexConfig", method)),
        }
    }
}

/// What differs between a materialized view's indexes in the database and in its configuration; `None` if nothing.
///
/// `described` is what the macros found out: a mapping whose `indexes` is a table with name, method, unique and
/// column_names of each index.
pub(super) fn changes(described: Option<&Value>, model: Option<&Value>) -> Result<Value, HostError> {
    let table = described.and_then(|it| it.get_attr("indexes").ok()).unwrap_or_default();
    let mut existing: Vec<(String, Index)> = Vec::new();
    for row in table.try_iter().into_iter().flatten() {
        let cell = |key: &str| row.get_attr(key).ok();
        let columns = text(cell("column_names").as_ref()).unwrap_or_default();
        let index = Index {
            columns: columns
                .split(',')
                .map(|name| name.trim().trim_matches('"').to_owned())
                .filter(|it| !it.is_empty())
                .collect(),
            unique: truth(cell("unique").as_ref(), false),
            kind: text(cell("method").as_ref()),
        };
        existing.push((text(cell("name").as_ref()).unwrap_or_default(), index));
    }
    let wanted = model
        .and_then(|model| model.get_attr("config").ok())
        .and_then(|config| config.get_attr("indexes").ok());
    let mut missing: Vec<Index> = Vec::new();
    for raw in wanted.iter().flat_map(|list| list.try_iter().into_iter().flatten()) {
        missing.push(Index::parse(&raw)?);
    }
    // Columns are written into the statement without quotes, so Postgres folds their case, and that of the method.
    let same = |left: &Index, right: &Index| {
        let kind = |index: &Index| index.kind.as_deref().unwrap_or("btree").to_lowercase();
        let columns = |index: &Index| -> BTreeSet<String> {
            index.columns.iter().map(|name| name.to_lowercase()).collect()
        };
        left.unique == right.unique && kind(left) == kind(right) && columns(left) == columns(right)
    };
    let gone: Vec<&(String, Index)> =
        existing.iter().filter(|(_, old)| !missing.iter().any(|new| same(old, new))).collect();
    let new: Vec<&Index> =
        missing.iter().filter(|new| !existing.iter().any(|(_, old)| same(old, new))).collect();
    if gone.is_empty() && new.is_empty() {
        return Ok(Value::from(()));
    }
    let change = |action: &str, name: &str, index: &Index| {
        Value::from_object(Change {
            action: action.to_owned(),
            name: name.to_owned(),
            index: Value::from_object(index.clone()),
        })
    };
    let mut all: Vec<Value> = gone.iter().map(|(name, index)| change("drop", name, index)).collect();
    all.extend(new.iter().map(|index| change("create", "", index)));
    Ok(Value::from_object(Changes(all)))
}

/// All changes of a materialized view.
#[derive(Debug)]
struct Changes(Vec<Value>);

impl Object for Changes {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        match key {
            "indexes" => Some(jinja::value::list(self.0.clone())),
            "requires_full_refresh" => Some(Value::from(false)),
            "has_changes" => Some(Value::from(true)),
            _ => None,
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Str(&["indexes", "requires_full_refresh", "has_changes"])
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }
}

/// One change: `action` and `context`, as dbt's macros read them.
#[derive(Debug)]
struct Change {
    action: String,
    name: String,
    index: Value,
}

impl Object for Change {
    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        match key {
            "action" => Some(Value::from(self.action.as_str())),
            "name" => Some(Value::from(self.name.as_str())),
            "context" => {
                Some(Value::from_object(ChangeContext { name: self.name.clone(), index: self.index.clone() }))
            }
            "requires_full_refresh" => Some(Value::from(false)),
            _ => None,
        }
    }

    fn render(self: &Arc<Self>, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "<{} index {}>", self.action, self.name)
    }
}

/// The index of a change: its name in the database and what it is.
#[derive(Debug)]
struct ChangeContext {
    name: String,
    index: Value,
}

impl Object for ChangeContext {
    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        if key == "name" {
            return Some(Value::from(self.name.as_str()));
        }
        self.index.get_attr(key).ok().filter(|value| !value.is_undefined())
    }
}
