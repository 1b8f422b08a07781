//! `config` while a node runs: its resolved configuration, to be read.
//!
//! <https://docs.getdbt.com/reference/dbt-jinja-functions/config>

use crate::context::arguments::{Arguments, no_method, text};
use crate::context::raised::{Kind, Raised};
use jinja::{HostError, Object, State, Value};
use platform_core::Node;
use serde_json::Value as Json;
use std::fmt;
use std::sync::Arc;

/// The `config` of one node.
#[derive(Debug)]
pub struct Config {
    /// The node; `None` for operations.
    pub node: Option<Arc<Node>>,
}

impl Config {
    fn find(&self, key: &str) -> Option<Value> {
        let node = self.node.as_ref()?;
        node.config.0.get(key).map(jinja::value::from_json)
    }

    fn persisted(&self, what: &str) -> Result<bool, HostError> {
        let Some(persist) = self.node.as_ref().and_then(|node| node.config.get("persist_docs")) else {
            return Ok(false);
        };
        match persist {
            // Python's truth, as dbt's macros ask for it: the text `false` is true.
            Json::Object(map) => Ok(map.get(what).is_some_and(|it| jinja::value::from_json(it).is_true())),
            other => Err(Raised::compilation(format!(
                "Invalid value provided for 'persist_docs'. Expected dict but received {}",
                jinja::value::repr(&jinja::value::from_json(other))
            ))),
        }
    }

    fn validated(
        value: Value,
        validator: Option<Value>,
        state: &mut State<'_, '_>,
    ) -> Result<Value, HostError> {
        if let Some(validator) = validator.filter(|validator| !validator.is_none()) {
            validator.call(state, std::slice::from_ref(&value))?;
        }
        Ok(value)
    }
}

impl Object for Config {
    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    /// `{{ config(…) }}` was read when the project was parsed.
    fn call(self: &Arc<Self>, _: &mut State<'_, '_>, _: &[Value]) -> Result<Value, HostError> {
        Ok(Value::from(""))
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        match key {
            "model" => {
                let model = self.node.as_ref().and_then(|node| serde_json::to_value(&**node).ok())?;
                Some(jinja::value::from_json(&model))
            }
            _ => None,
        }
    }

    fn call_method(
        self: &Arc<Self>,
        state: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, HostError> {
        let arguments = Arguments::new(method, args)?;
        match method {
            "get" => {
                let [name, default, validator] = arguments.bind(["name", "default", "validator"], 1)?;
                let found = text(name.as_ref()).and_then(|name| self.find(&name));
                let value = found.or(default).unwrap_or_else(|| Value::from(()));
                Self::validated(value, validator, state)
            }
            "require" => {
                let [name, validator] = arguments.bind(["name", "validator"], 1)?;
                let name = text(name.as_ref()).unwrap_or_default();
                match self.find(&name).filter(|value| !value.is_none()) {
                    Some(value) => Self::validated(value, validator, state),
                    None => Err(Raised::error(
                        Kind::Compilation,
                        format!(
                            "Model '{}' does not define a required config parameter '{name}'.",
                            self.node.as_ref().map(|node| node.unique_id.as_str()).unwrap_or_default()
                        ),
                    )),
                }
            }
            "meta_get" | "meta_require" => {
                let [name, default] = arguments.bind(["name", "default"], 1)?;
                let name = text(name.as_ref()).unwrap_or_default();
                let meta = self.node.as_ref().and_then(|node| node.config.meta());
                match meta.and_then(|meta| meta.get(&name)) {
                    Some(value) => Ok(jinja::value::from_json(value)),
                    None if method == "meta_get" => Ok(default.unwrap_or_else(|| Value::from(()))),
                    None => {
                        Err(Raised::compilation(format!("The required meta parameter '{name}' is missing")))
                    }
                }
            }
            "set" => Ok(Value::from("")),
            "persist_relation_docs" => self.persisted("relation").map(Value::from),
            "persist_column_docs" => self.persisted("columns").map(Value::from),
            _ => Err(no_method("config", method)),
        }
    }

    fn render(self: &Arc<Self>, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("<config>")
    }
}
