//! Columns of a table: sequences that also answer by name.

use super::{Table, place};
use crate::context::arguments::{Arguments, no_method, text};
use crate::runtime::data_type::DataType;
use jinja::{Enumerator, HostError, Object, ObjectRepr, State, Value};
use std::sync::Arc;

/// `table.columns`
#[derive(Debug)]
pub(super) struct Columns(pub(super) Arc<Table>);

impl Object for Columns {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let at = match key.as_str() {
            Some(name) => self.0.position(name)?,
            None => place(key.as_i64()?, self.0.names.len())?,
        };
        Some(self.0.column(at))
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        Some(self.0.column(self.0.position(key)?))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.0.names.len())
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, HostError> {
        let all = || (0..self.0.names.len()).map(|at| (Value::from(&*self.0.names[at]), self.0.column(at)));
        match method {
            "keys" => Ok(jinja::value::tuple(all().map(|(name, _)| name).collect())),
            "values" => Ok(jinja::value::tuple(all().map(|(_, column)| column).collect())),
            "items" => Ok(jinja::value::list(
                all().map(|(name, column)| jinja::value::tuple(vec![name, column])).collect(),
            )),
            "dict" => Ok(jinja::value::dict(all())),
            "get" => {
                let [key, default] = Arguments::new(method, args)?.bind(["key", "default"], 1)?;
                let found = text(key.as_ref()).and_then(|key| self.get_value_by_str(&key));
                Ok(found.or(default).unwrap_or_else(|| Value::from(())))
            }
            _ => Err(no_method("MappedSequence", method)),
        }
    }
}

/// One column of a table: its values, with a name and a type.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) table: Arc<Table>,
    pub(super) at: usize,
}

impl Column {
    fn values(&self) -> impl Iterator<Item = Value> {
        self.table.rows.iter().map(|row| row.values[self.at].clone())
    }
}

impl Object for Column {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        if let Some(name) = key.as_str() {
            return self.get_value_by_str(name);
        }
        let row = self.table.rows.get(place(key.as_i64()?, self.table.rows.len())?)?;
        row.values.get(self.at).cloned()
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        match key {
            "name" => Some(Value::from(&*self.table.names[self.at])),
            "index" => Some(Value::from(self.at)),
            "data_type" => Some(Value::from_object(DataType(self.table.types[self.at]))),
            _ => None,
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.table.rows.len())
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        method: &str,
        _: &[Value],
    ) -> Result<Value, HostError> {
        match method {
            "values" => Ok(jinja::value::tuple(self.values().collect())),
            "values_distinct" => {
                let mut seen: Vec<Value> = Vec::new();
                self.values().for_each(|value| {
                    if !seen.contains(&value) {
                        seen.push(value);
                    }
                });
                Ok(jinja::value::tuple(seen))
            }
            "values_without_nulls" => {
                Ok(jinja::value::tuple(self.values().filter(|value| !value.is_none()).collect()))
            }
            "values_sorted" | "values_without_nulls_sorted" => {
                let has_nulls = method == "values_sorted";
                let mut values: Vec<Value> =
                    self.values().filter(|value| has_nulls || !value.is_none()).collect();
                values.sort_by_key(|value| (value.is_none(), value.clone()));
                Ok(jinja::value::list(values))
            }
            "keys" => Ok(Value::from(())),
            _ => Err(no_method("Column", method)),
        }
    }
}
