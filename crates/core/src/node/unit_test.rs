//! Unit tests.

use super::DependsOn;
use crate::config::NodeConfig;
use crate::unique_id::{ResourceType, UniqueId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A unit test: given rows in, expected rows out.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UnitTest {
    /// Model tested.
    pub model: String,
    /// Inputs: input, rows, format, fixture.
    pub given: Vec<Value>,
    /// rows, format, fixture.
    pub expect: Value,
    /// Name.
    pub name: String,
    /// Always `unit_test`.
    pub resource_type: ResourceType,
    /// Package.
    pub package_name: String,
    /// Path of the properties file.
    pub path: String,
    /// The same, below the package's root.
    pub original_file_path: String,
    /// Its id.
    pub unique_id: UniqueId,
    /// Package, folders, name.
    pub fqn: Vec<String>,
    /// Rendered description.
    #[serde(default)]
    pub description: String,
    /// macros, vars, env_vars.
    #[serde(default)]
    pub overrides: Option<Value>,
    /// What it needs.
    #[serde(default)]
    pub depends_on: DependsOn,
    /// Resolved configuration: tags, meta, enabled.
    #[serde(default)]
    pub config: NodeConfig,
    /// Of its definition, for `state:modified`.
    #[serde(default)]
    pub checksum: Option<String>,
    /// The model's schema.
    #[serde(default)]
    pub schema: Option<String>,
    /// Seconds since the epoch.
    #[serde(default)]
    pub created_at: f64,
    /// include, exclude.
    #[serde(default)]
    pub versions: Option<Value>,
    /// Model version tested.
    #[serde(default)]
    pub version: Option<Value>,
    /// The model's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tested_node_unique_id: Option<UniqueId>,
    /// Model that stands for `this`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub this_input_node_unique_id: Option<UniqueId>,
}
