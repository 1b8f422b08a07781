//! What `group_by` makes of a table: a table for every value of a column, in the order in which the values come.

use super::output::print;
use super::{Drawing, Table};
use crate::context::arguments::{Arguments, no_method, text};
use jinja::{Enumerator, HostError, Object, ObjectRepr, State, Value};
use std::fmt;
use std::sync::Arc;

/// Tables by a key.
#[derive(Debug)]
pub struct TableSet {
    key: String,
    groups: Vec<(Value, Arc<Table>)>,
}

impl TableSet {
    /// The rows of a table by what they have in a column, or by what a function says of them.
    pub fn of(
        table: &Table,
        key: String,
        mut value: impl FnMut(usize) -> Result<Value, HostError>,
    ) -> Result<Self, HostError> {
        let mut found: Vec<(Value, Vec<usize>)> = Vec::new();
        for at in 0..table.rows.len() {
            let value = value(at)?;
            match found.iter_mut().find(|(known, _)| *known == value) {
                Some((_, rows)) => rows.push(at),
                None => found.push((value, vec![at])),
            }
        }
        let rows =
            |at: Vec<usize>| Arc::new(table.with_rows(at.iter().map(|at| table.rows[*at].clone()).collect()));
        Ok(Self { key, groups: found.into_iter().map(|(value, at)| (value, rows(at))).collect() })
    }

    /// `merge(groups, group_name)`: one table again, the keys in its first column.
    fn merge(&self, args: &[Value]) -> Result<Table, HostError> {
        let parameters = ["groups", "group_name", "group_type"];
        let [groups, name, _] = Arguments::new("merge", args)?.bind(parameters, 0)?;
        let keys: Vec<Value> = match groups.filter(|it| !it.is_none()) {
            Some(groups) => groups.try_iter()?.collect(),
            None => self.groups.iter().map(|(key, _)| key.clone()).collect(),
        };
        let tables = self.groups.iter().zip(&keys).map(|((_, table), key)| (key, table));
        let Some((_, first)) = self.groups.first() else { return Ok(Table::empty()) };
        let names = std::iter::once(text(name.as_ref()).unwrap_or_else(|| self.key.clone()));
        let types = std::iter::once(super::type_of(keys.iter())).chain(first.types.iter().copied());
        let rows = tables.flat_map(|(key, table)| {
            table.rows.iter().map(move |row| std::iter::once(key.clone()).chain(row.values.clone()).collect())
        });
        Ok(Table::typed(names.chain(first.column_names()).collect(), types.collect(), rows.collect()))
    }

    /// How many rows each table has, drawn.
    fn structure(&self) -> String {
        let rows = self.groups.iter().map(|(key, it)| {
            let key = if key.is_none() { Value::from("") } else { Value::from(jinja::value::to_str(key)) };
            vec![key, Value::from(jinja::value::to_str(&Value::from(it.rows.len())))]
        });
        let structure = Table::new(vec!["table".to_owned(), "rows".to_owned()], rows.collect());
        structure.drawn(&Drawing::default())
    }

    fn find(&self, key: &Value) -> Option<Value> {
        let found = self.groups.iter().find(|(known, _)| known == key);
        found.map(|(_, table)| Value::from_dyn_object(table.clone()))
    }
}

impl Object for TableSet {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        match (key.as_str(), key.as_usize()) {
            (Some("key_name"), _) => Some(Value::from(self.key.as_str())),
            (None, Some(at)) => self.groups.get(at).map(|(_, table)| Value::from_dyn_object(table.clone())),
            _ => self.find(key),
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.groups.len())
    }

    fn call_method(
        self: &Arc<Self>,
        state: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, HostError> {
        let table = |it: &Arc<Table>| Value::from_dyn_object(it.clone());
        let all = |pick: fn(&(Value, Value)) -> Value| {
            let pairs = self.groups.iter().map(|(key, it)| (key.clone(), table(it)));
            Ok(jinja::value::tuple(pairs.map(|pair| pick(&pair)).collect()))
        };
        match method {
            "keys" => all(|(key, _)| key.clone()),
            "values" => all(|(_, table)| table.clone()),
            "items" => all(|(key, table)| jinja::value::tuple(vec![key.clone(), table.clone()])),
            "dict" => Ok(jinja::value::dict(self.groups.iter().map(|(key, it)| (key.clone(), table(it))))),
            "get" => {
                let [key, default] = Arguments::new(method, args)?.bind(["key", "default"], 1)?;
                let found = key.and_then(|key| self.find(&key));
                Ok(found.or(default).unwrap_or_else(|| Value::from(())))
            }
            "print_structure" => print(state, self.structure().trim_end()),
            "merge" => self.merge(args).map(Value::from_object),
            "select" | "exclude" | "where" | "limit" | "order_by" | "distinct" | "join" | "homogenize"
            | "normalize" | "denormalize" | "pivot" => {
                let mut groups = Vec::with_capacity(self.groups.len());
                for (key, it) in &self.groups {
                    let made = table(it).call_method(state, method, args)?;
                    let made =
                        made.downcast_object::<Table>().ok_or_else(|| no_method("TableSet", method))?;
                    groups.push((key.clone(), made));
                }
                Ok(Value::from_object(Self { key: self.key.clone(), groups }))
            }
            _ => Err(no_method("TableSet", method)),
        }
    }

    fn render(self: &Arc<Self>, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.structure())
    }
}
