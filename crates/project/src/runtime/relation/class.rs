//! `api.Relation`: the class, which makes relations.

use super::RelationObject;
use crate::context::arguments::{Arguments, bound_method, no_method};
use jinja::{HostError, Object, State, Value};
use platform_core::Relation;
use platform_core::relation::Quoting;
use std::fmt;
use std::sync::Arc;

/// `api.Relation`: the class.
#[derive(Debug)]
pub struct RelationClass {
    /// Quoting of the project.
    pub quoting: Quoting,
}

/// `api.Relation.create(database=…, schema=…, identifier=…, type=…, quote_policy=…)`.
pub(crate) fn create(args: &[Value]) -> Result<Value, HostError> {
    let arguments = Arguments::new("create", args)?;
    let keywords = arguments.into_keywords();
    let made = RelationObject::new(Relation::default()).changed(keywords)?;
    Ok(Value::from_object(made))
}

impl Object for RelationClass {
    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        match key {
            "View"
            | "Table"
            | "CTE"
            | "MaterializedView"
            | "External"
            | "Function"
            | "renameable_relations"
            | "replaceable_relations"
            | "quote_character" => RelationObject::new(Relation::default()).attribute(key),
            "get_relation_type" => Some(Value::from_dyn_object(self.clone())),
            "create" | "scd_args" => Some(bound_method(Value::from_dyn_object(self.clone()), key)),
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
            "create" => {
                let made = create(args)?;
                let given = Arguments::new("create", args)?.into_keywords();
                match RelationObject::of(&made) {
                    Some(relation) if !given.iter().any(|(key, _)| key == "quote_policy") => {
                        let mut relation = (*relation).clone();
                        relation.relation.quoting = self.quoting;
                        Ok(Value::from_object(relation))
                    }
                    _ => Ok(made),
                }
            }
            "scd_args" => {
                let [key, updated_at] =
                    Arguments::new(method, args)?.bind(["primary_key", "updated_at"], 2)?;
                let mut all: Vec<Value> = match key {
                    Some(key) if key.as_str().is_none() => key.try_iter()?.collect(),
                    key => key.into_iter().collect(),
                };
                all.extend(updated_at);
                Ok(jinja::value::list(all))
            }
            "get_relation_type" => Ok(Value::from_dyn_object(self.clone())),
            _ => Err(no_method("PostgresRelation", method)),
        }
    }

    fn render(self: &Arc<Self>, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("<class 'dbt.adapters.postgres.relation.PostgresRelation'>")
    }
}
