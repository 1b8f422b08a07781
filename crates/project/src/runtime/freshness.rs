//! The newest row of a source, as the macros `collect_freshness` and `collect_freshness_custom_sql` ask for it.
//!
//! <https://docs.getdbt.com/reference/resource-properties/freshness>

use crate::context::raised::{Kind, Raised};
use crate::runtime::names::NodeState;
use crate::runtime::relation::RelationObject;
use crate::runtime::statements::Response;
use crate::runtime::table::Table;
use crate::runtime::{Connection, Runtime};
use jinja::Value;
use platform_core::Event;
use platform_core::event::Level;
use platform_core::node::Source;
use platform_core::node_info::{self, Stage};
use serde_json::{Map, Value as Json};
use std::sync::Arc;

/// What the database said of a source.
#[derive(Clone, Debug)]
pub struct Newest {
    /// Time of the newest row; `None` where there is no row.
    pub max_loaded_at: Option<String>,
    /// The database's clock.
    pub snapshotted_at: String,
    /// What it said of the statement.
    pub response: Map<String, Json>,
}

impl Runtime {
    /// Asks for a source's newest row.
    pub fn newest(&self, source: &Source, connection: &Arc<Connection>) -> Result<Newest, jinja::Error> {
        connection.open_operation();
        let answer = self.ask(source, connection);
        connection.rollback();
        answer
    }

    fn warn_of_bare_table(&self) {
        let message = "[WARNING]: A `collect_freshness` of the project gives a table: let it give the whole result of the \
                       statement, `{{ return(load_result('collect_freshness')) }}`";
        let event = Event::new(Level::Warn, "CollectFreshnessReturnSignature", message);
        self.inner.shared.events.send(event);
    }

    fn ask(&self, source: &Source, connection: &Arc<Connection>) -> Result<Newest, jinja::Error> {
        let mut comment = self.comment(None, connection)?;
        comment.name = source.unique_id.to_string();
        connection.set_comment(comment);
        for stage in [Stage::Compiling, Stage::Executing] {
            node_info::enter(&source.unique_id, stage, &*self.inner.shared.events);
        }
        let state = Arc::new(NodeState::new(self.clone(), None, connection.clone(), None));
        let context = self.context_of(state, source.package_name.as_str().into());
        let relation = RelationObject::value(source.relation());
        context.context.add("this", relation.clone());
        let result = match (&source.loaded_at_query, &source.loaded_at_field) {
            (Some(query), _) => {
                let file = jinja::SourceFile::new(source.original_file_path.as_str(), query.as_str());
                let query = context.context.render(&file)?;
                let keywords = [("source", relation), ("loaded_at_query", Value::from(query))];
                self.call_macro_in(&context, "collect_freshness_custom_sql", &keywords)?
            }
            (None, Some(field)) => {
                let filter = source.freshness.as_ref().and_then(|it| it.get("filter")).and_then(Json::as_str);
                let keywords = [
                    ("source", relation),
                    ("loaded_at_field", Value::from(field.as_str())),
                    ("filter", filter.map_or_else(|| Value::from(()), Value::from)),
                ];
                self.call_macro_in(&context, "collect_freshness", &keywords)?
            }
            // A drop without a column that says when a row came: the ledger of loads says when a file came.
            (None, None) if source.meta.contains_key("drop") => {
                let query = last_load(source.unique_id.as_str());
                let keywords = [("source", relation), ("loaded_at_query", Value::from(query))];
                self.call_macro_in(&context, "collect_freshness_custom_sql", &keywords)?
            }
            (None, None) => {
                return Err(Raised::error(
                    Kind::Runtime,
                    format!(
                        "Could not compute freshness for source {}: no 'loaded_at_field' provided and postgres \
                         adapter does not support metadata-based freshness checks.",
                        source.name
                    ),
                )
                .into());
            }
        };
        let attribute = |name: &str| result.get_attr(name).ok().filter(|value| !value.is_undefined());
        let table = match result.downcast_object::<Table>() {
            Some(table) => {
                self.warn_of_bare_table();
                Some(table)
            }
            None => attribute("table").and_then(|table| table.downcast_object::<Table>()),
        };
        let row = table.as_ref().filter(|table| table.column_names().len() == 2);
        let mut rows = row.map(|table| table.texts().collect::<Vec<_>>()).unwrap_or_default();
        let (Some(mut row), true) = (rows.pop(), rows.is_empty()) else {
            return Err(Raised::compilation(
                "Got an invalid result from \"collect_freshness\" macro: expected one row of two columns",
            )
            .into());
        };
        let snapshotted_at = row.pop().flatten().unwrap_or_default();
        let response = attribute("response").and_then(|it| it.downcast_object::<Response>());
        Ok(Newest {
            max_loaded_at: row.pop().flatten(),
            snapshotted_at,
            response: response.map(|response| response.to_json()).unwrap_or_default(),
        })
    }
}

/// When a file was last loaded into the source.
fn last_load(source: &str) -> String {
    format!(
        "select max(finished_at) from platform.loads where state = 'loaded' and source = '{}'",
        source.replace('\'', "''")
    )
}
