//! The memory of seeds: what a table was loaded from, so that a seed with `meta: {skip_unchanged: true}` is left alone
//! until its file changes.
//!
//! It stands in `platform.seeds` with the number of the table's file, which `truncate` and `create` renew, whoever does
//! it: dbt Core's seed too. Rows that somebody changes one by one go unnoticed.

use crate::context::arguments::{Arguments, no_method, text};
use crate::context::raised::Raised;
use crate::runtime::connection::Connection;
use crate::runtime::names::NodeState;
use crate::runtime::seed::{SeedFile, unread};
use jinja::{HostError, Object, ObjectRepr, State, Value};
use platform_core::Manifest;
use platform_core::node::Node;
use platform_core::relation::quote_literal;
use serde_json::Value as Json;
use std::fmt;
use std::sync::Arc;

/// The setting, under a seed's `meta`.
const SETTING: &str = "skip_unchanged";

/// What one seed would be loaded from.
pub(super) struct SeedMemory {
    connection: Arc<Connection>,
    fingerprint: String,
}

impl fmt::Debug for SeedMemory {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("SeedMemory")
    }
}

impl SeedMemory {
    /// The memory of a node that is a seed; none where the project doesn't ask for it.
    pub fn of(state: &NodeState) -> Result<Value, HostError> {
        let file = SeedFile::of(state)?;
        if !is_asked_for(file.node).map_err(Raised::compilation)? {
            return Ok(Value::from(()));
        }
        let fingerprint = file.reader.fingerprint(&file.path, &file.options);
        let fingerprint = fingerprint.map_err(|error| unread(&error))?;
        Ok(Value::from_object(Self { connection: state.connection.clone(), fingerprint }))
    }

    fn fill(&self, sql: &str, relation: &str) -> String {
        sql.replace("{relation}", &quote_literal(relation))
            .replace("{fingerprint}", &quote_literal(&self.fingerprint))
    }
}

impl Object for SeedMemory {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn call_method(
        self: &Arc<Self>,
        _state: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, HostError> {
        let [relation] = Arguments::new(method, args)?.bind(["relation"], 1)?;
        let relation = text(relation.as_ref()).unwrap_or_default();
        match method {
            "stands" => {
                let sql = self.fill(include_str!("seed_memory/stands.sql"), &relation);
                let outcome = self.connection.run(&sql)?;
                let first = outcome.rows.as_ref().and_then(|rows| rows.first());
                Ok(Value::from(first == Some("t")))
            }
            "note" => {
                self.connection.run(&self.fill(include_str!("seed_memory/note.sql"), &relation))?;
                Ok(Value::from(""))
            }
            _ => Err(no_method("SeedMemory", method)),
        }
    }
}

fn is_asked_for(seed: &Node) -> Result<bool, String> {
    match seed.config.get("meta").and_then(|meta| meta.get(SETTING)) {
        None | Some(Json::Null) => Ok(false),
        Some(Json::Bool(asked)) => Ok(*asked),
        Some(other) => {
            Err(format!("`{SETTING}` in the meta of seed `{}` is {other}, and no boolean", seed.name))
        }
    }
}

/// Whether the project has a seed that is remembered: `platform.seeds` must exist.
pub fn is_used(manifest: &Manifest) -> bool {
    manifest.nodes.values().any(|node| {
        node.resource_type == platform_core::ResourceType::Seed && is_asked_for(node).unwrap_or_default()
    })
}
