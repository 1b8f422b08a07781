//! `adapter` while a node runs: what macros ask of the database and of the relation cache.
//!
//! Each module below holds the methods of one subject, by name.
//!
//! <https://docs.getdbt.com/reference/dbt-jinja-functions/adapter>

mod behavior;
mod columns;
mod materialization;
mod relations;
mod statement;
mod text;

use crate::context::Context;
use crate::context::arguments::{Arguments, bound_method, no_method};
use crate::context::macros::is_internal;
use crate::runtime::connection::Connection;
use crate::runtime::names::NodeState;
use behavior::Behavior;
use jinja::{HostError, Object, State, Value};
use platform_core::relation::Quoting;
use std::fmt;
use std::sync::Arc;
use warehouse::RelationCache;

/// The `adapter` of one node.
pub struct Adapter {
    /// The node's context, for macros.
    pub context: Arc<Context>,
    /// The slot's connection.
    pub connection: Arc<Connection>,
    /// What exists.
    pub cache: Arc<RelationCache>,
    /// The connection's database.
    pub database: String,
    /// `quoting` of the project.
    pub quoting: Quoting,
    /// The node.
    pub node: Arc<NodeState>,
}

/// What a method does with its arguments.
type Method = fn(&Adapter, Arguments<'_>, &mut State<'_, '_>) -> Result<Value, HostError>;

fn method(name: &str) -> Option<Method> {
    let all =
        [statement::METHODS, relations::METHODS, columns::METHODS, materialization::METHODS, text::METHODS];
    all.into_iter().flatten().find(|(known, _)| *known == name).map(|(_, method)| *method)
}

impl Adapter {
    /// `adapter.config`: what the project's settings say, as far as macros ask for it.
    fn config(&self) -> Value {
        let shared = self.context.shared();
        let Quoting { database, schema, identifier } = self.quoting;
        jinja::value::from_json(&serde_json::json!({
            "project_name": &*shared.project_name,
            "profile_name": shared.profile.name,
            "target_name": shared.profile.target,
            "threads": shared.profile.threads,
            "quoting": {"database": database, "schema": schema, "identifier": identifier},
        }))
    }

    /// A macro that a method is made of: the root project's of that name, else an installed package's, else ours.
    fn call_macro(&self, name: &str, args: &[Value], state: &mut State<'_, '_>) -> Result<Value, HostError> {
        let macros = self.context.macros();
        match macros.resolve(macros.root(), name) {
            // An installed package's macro looks names up in its package.
            Some(entry) if !is_internal(&entry.package) => {
                self.context.of_package(entry.package.clone()).bind(entry).call(state, args)
            }
            Some(entry) => self.context.bind(entry).call(state, args),
            None => self.context.dispatch(name, Some("dbt"))?.call(state, args),
        }
    }
}

impl fmt::Debug for Adapter {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Adapter")
    }
}

impl Object for Adapter {
    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        match key {
            "behavior" => Some(Value::from_object(Behavior { context: self.context.clone() })),
            "config" => Some(self.config()),
            "Relation" => {
                Some(Value::from_object(super::relation::RelationClass { quoting: Quoting::default() }))
            }
            "Column" => Some(Value::from_object(super::column::ColumnClass)),
            // What messages call it.
            "__class__" => Some(Value::from("dbt.context.providers.RuntimeDatabaseWrapper")),
            name if name == "dispatch" || method(name).is_some() => {
                Some(bound_method(Value::from_dyn_object(self.clone()), name))
            }
            _ => None,
        }
    }

    fn call_method(
        self: &Arc<Self>,
        state: &mut State<'_, '_>,
        name: &str,
        args: &[Value],
    ) -> Result<Value, HostError> {
        if name == "dispatch" {
            return self.context.dispatch_call(args);
        }
        let method = method(name).ok_or_else(|| no_method("PostgresAdapter", name))?;
        method(self, Arguments::new(name, args)?, state)
    }

    fn render(self: &Arc<Self>, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("<dbt.adapters.postgres.impl.PostgresAdapter>")
    }
}
