//! Rows of a table: asked by place, by name or as attribute.

use super::{Table, place};
use crate::context::arguments::{Arguments, no_method, text};
use indexmap::IndexMap;
use jinja::{DynObject, Enumerator, HostError, Object, ObjectRepr, State, Value};
use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

/// One row of a table.
#[derive(Debug)]
pub struct Row {
    pub(super) names: Arc<[Arc<str>]>,
    pub(super) values: Vec<Value>,
}

impl Row {
    fn position(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| &**known == name)
    }

    fn pairs(&self) -> IndexMap<&str, &Value> {
        self.names.iter().map(|name| &**name).zip(&self.values).collect()
    }
}

impl Object for Row {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let at = match key.as_str() {
            Some(name) => self.position(name)?,
            None => place(key.as_i64()?, self.values.len())?,
        };
        self.values.get(at).cloned()
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        self.values.get(self.position(key)?).cloned()
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.values.len())
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, HostError> {
        let arguments = Arguments::new(method, args)?;
        let pairs = || self.pairs().into_iter().map(|(name, value)| (Value::from(name), value.clone()));
        match method {
            "values" => Ok(jinja::value::tuple(self.values.clone())),
            "keys" => Ok(jinja::value::tuple(pairs().map(|(name, _)| name).collect())),
            "items" => Ok(jinja::value::list(
                pairs().map(|(name, value)| jinja::value::tuple(vec![name, value])).collect(),
            )),
            "dict" => Ok(jinja::value::dict(pairs())),
            "get" => {
                let [key, default] = arguments.bind(["key", "default"], 1)?;
                let found = text(key.as_ref()).and_then(|key| self.get_value_by_str(&key));
                Ok(found.or(default).unwrap_or_else(|| Value::from(())))
            }
            _ => Err(no_method("Row", method)),
        }
    }

    fn custom_cmp(self: &Arc<Self>, other: &DynObject) -> Option<Ordering> {
        Some(self.values.cmp(&other.downcast_ref::<Self>()?.values))
    }

    fn render(self: &Arc<Self>, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values: Vec<String> = self.values.iter().map(jinja::value::repr).collect();
        write!(out, "<agate.Row: ({})>", values.join(", "))
    }
}

/// `table.rows`
#[derive(Debug)]
pub(super) struct Rows(pub(super) Arc<Table>);

impl Object for Rows {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let is_named = |name: &Value| key.as_i64().is_none() && jinja::value::equal(name, key);
        if let Some(at) = self.0.row_names.iter().position(is_named) {
            return self.0.rows.get(at).map(|row| Value::from_dyn_object(row.clone()));
        }
        let row = self.0.rows.get(place(key.as_i64()?, self.0.rows.len())?)?;
        Some(Value::from_dyn_object(row.clone()))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.0.rows.len())
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, HostError> {
        match method {
            "values" => Ok(jinja::value::tuple(
                self.0.rows.iter().map(|row| Value::from_dyn_object(row.clone())).collect(),
            )),
            "keys" if self.0.row_names.is_empty() => Ok(Value::from(())),
            "keys" => Ok(jinja::value::tuple(self.0.row_names.clone())),
            "get" => {
                let [key, default] = Arguments::new(method, args)?.bind(["key", "default"], 1)?;
                let key = key.filter(|key| key.as_i64().is_none());
                Ok(key.and_then(|key| self.get_value(&key)).or(default).unwrap_or_else(|| Value::from(())))
            }
            _ => Err(no_method("MappedSequence", method)),
        }
    }
}
