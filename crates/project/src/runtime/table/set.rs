//! What `group_by` makes of a table: a table for every value of a column, in the order in which the values come.

use super::output::print;
use super::{Drawing, Table};
use crate::context::arguments::{Arguments, no_method};
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
            "print_structure" => {
                let rows = self.groups.iter().map(|(key, it)| {
                    let key =
                        if key.is_none() { Value::from("") } else { Value::from(jinja::value::to_str(key)) };
                    vec![key, Value::from(jinja::value::to_str(&Value::from(it.rows.len())))]
                });
                let structure = Table::new(vec!["table".to_owned(), "rows".to_owned()], rows.collect());
                print(state, structure.drawn(&Drawing::default()).trim_end())
            }
            _ => Err(no_method("TableSet", method)),
        }
    }

    fn render(self: &Arc<Self>, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("<agate.tableset.TableSet object>")
    }
}
