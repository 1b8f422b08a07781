//! Sources: tables that others fill.

use super::Column;
use crate::config::NodeConfig;
use crate::relation::{Quoting, Relation};
use crate::unique_id::{ResourceType, UniqueId};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A table that others fill.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Source {
    /// Database.
    pub database: Option<String>,
    /// Schema.
    #[serde(default)]
    pub schema: String,
    /// Table's name, as `source` uses it.
    pub name: String,
    /// Always `source`.
    pub resource_type: ResourceType,
    /// Package.
    pub package_name: String,
    /// Path of the properties file.
    pub path: String,
    /// The same, below the package's root.
    pub original_file_path: String,
    /// Its id.
    pub unique_id: UniqueId,
    /// Package, folders, source, table.
    pub fqn: Vec<String>,
    /// Name of the source.
    pub source_name: String,
    /// Of the source.
    #[serde(default)]
    pub source_description: String,
    /// Loader named by the user.
    #[serde(default)]
    pub loader: String,
    /// Name in the database.
    pub identifier: String,
    /// `quoting` as written.
    #[serde(default)]
    pub quoting: Map<String, Value>,
    /// Column or expression of freshness.
    #[serde(default)]
    pub loaded_at_field: Option<String>,
    /// Query of freshness.
    #[serde(default)]
    pub loaded_at_query: Option<String>,
    /// warn_after, error_after, filter.
    #[serde(default)]
    pub freshness: Option<Value>,
    /// `external` properties.
    #[serde(default)]
    pub external: Option<Value>,
    /// Rendered description.
    #[serde(default)]
    pub description: String,
    /// Documented columns.
    #[serde(default)]
    pub columns: IndexMap<String, Column>,
    /// Free data of the table.
    #[serde(default)]
    pub meta: Map<String, Value>,
    /// Free data of the source.
    #[serde(default)]
    pub source_meta: Map<String, Value>,
    /// Tags.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Resolved configuration.
    #[serde(default)]
    pub config: NodeConfig,
    /// Where another file patches it.
    #[serde(default)]
    pub patch_path: Option<String>,
    /// Configuration as written.
    #[serde(default)]
    pub unrendered_config: Map<String, Value>,
    /// Quoted name in the database.
    #[serde(default)]
    pub relation_name: Option<String>,
    /// Seconds since the epoch.
    #[serde(default)]
    pub created_at: f64,
    /// Doc blocks its description uses.
    #[serde(default)]
    pub doc_blocks: Vec<UniqueId>,
    /// Whatever else an artifact's schema has.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

impl Source {
    /// Its relation in the database.
    pub fn relation(&self) -> Relation {
        let quoted = |key: &str| self.quoting.get(key).and_then(Value::as_bool).unwrap_or(true);
        Relation {
            database: self.database.clone(),
            schema: Some(self.schema.clone()),
            identifier: Some(self.identifier.clone()),
            kind: None,
            quoting: Quoting {
                database: quoted("database"),
                schema: quoted("schema"),
                identifier: quoted("identifier"),
            },
        }
    }
}
