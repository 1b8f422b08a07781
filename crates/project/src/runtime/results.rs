//! `results` in hooks of `on-run-end`: what became of each node, with the node itself.

use crate::context::arguments::{Arguments, truth};
use jinja::{Enumerator, HostError, Object, ObjectRepr, State};
use platform_core::{Manifest, NodeResult};
use serde_json::{Map, Value as Json};
use std::collections::BTreeSet;
use std::sync::Arc;

pub use jinja::Value;

/// A value of JSON as templates want it.
pub fn from_json(json: &serde_json::Value) -> Value {
    jinja::value::from_json(json)
}

/// The names that hooks of `on-run-end` may use beside: `results`, `schemas`, `database_schemas`
/// (<https://docs.getdbt.com/reference/dbt-jinja-functions/on-run-end-context>).
pub fn names(
    results: &[NodeResult],
    manifest: &Manifest,
    schemas: &BTreeSet<(String, String)>,
) -> Vec<(String, Value)> {
    let only = schemas.iter().map(|(_, schema)| schema.as_str()).collect::<BTreeSet<_>>();
    let pairs = schemas.iter().map(|(database, schema)| {
        jinja::value::tuple(vec![Value::from(database.as_str()), Value::from(schema.as_str())])
    });
    vec![
        ("results".to_owned(), to_value(results, manifest)),
        ("schemas".to_owned(), jinja::value::list(only.into_iter().map(Value::from).collect())),
        ("database_schemas".to_owned(), jinja::value::list(pairs.collect())),
    ]
}

/// The results as templates read them: `result.status`, `result.node.unique_id`, …
pub fn to_value(results: &[NodeResult], manifest: &Manifest) -> Value {
    let values = results.iter().map(|result| one(result, manifest)).collect();
    jinja::value::list(values)
}

fn one(result: &NodeResult, manifest: &Manifest) -> Value {
    let mut fields = match serde_json::to_value(result) {
        Ok(Json::Object(fields)) => fields,
        _ => Map::new(),
    };
    let node = match manifest.resource(&result.unique_id) {
        Some(resource) => resource.to_json(),
        None => Json::Null,
    };
    fields.insert("node".to_owned(), node);
    Record::value(fields)
}

/// What dbt has as an object: fields by name, and all of them by `to_dict()`. Packages that keep results in tables ask
/// for either.
#[derive(Debug)]
struct Record {
    fields: Map<String, Json>,
    /// The same as a mapping of templates.
    mapping: Value,
    /// What isn't configured is none, in place of undefined.
    is_config: bool,
}

/// Fields as dbt's objects have them.
pub(crate) fn record(fields: Map<String, Json>) -> Value {
    Record::value(fields)
}

impl Record {
    fn value(fields: Map<String, Json>) -> Value {
        Self::of(fields, false)
    }

    fn of(fields: Map<String, Json>, is_config: bool) -> Value {
        let mapping = jinja::value::from_json(&Json::Object(fields.clone()));
        Value::from_object(Self { fields, mapping, is_config })
    }
}

/// What a configuration can do; these are no keys of it.
const METHODS: [&str; 8] = ["get", "items", "keys", "values", "to_dict", "copy", "update", "pop"];

impl Object for Record {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        let Some(field) = self.fields.get(key) else {
            return (self.is_config && !METHODS.contains(&key)).then(|| Value::from(()));
        };
        match (key, field) {
            ("config", Json::Object(fields)) => Some(Self::of(fields.clone(), true)),
            ("node" | "vars", Json::Object(fields)) => Some(Self::value(fields.clone())),
            ("timing", Json::Array(phases)) => {
                let phases = phases.iter().filter_map(Json::as_object);
                Some(jinja::value::list(phases.map(|phase| Self::value(phase.clone())).collect()))
            }
            _ => self.mapping.get_attr(key).ok(),
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.fields.keys().map(|key| Value::from(key.as_str())).collect())
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn call_method(
        self: &Arc<Self>,
        state: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, HostError> {
        if method != "to_dict" {
            return self.mapping.call_method(state, method, args);
        }
        let [omit_none] = Arguments::new(method, args)?.bind(["omit_none"], 0)?;
        if !truth(omit_none.as_ref(), false) {
            return Ok(self.mapping.clone());
        }
        let told = self.fields.iter().filter(|(_, value)| !value.is_null());
        let told = told.map(|(key, value)| (key.clone(), value.clone())).collect();
        Ok(jinja::value::from_json(&Json::Object(told)))
    }
}
