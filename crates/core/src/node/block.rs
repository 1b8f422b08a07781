//! What stands in block tags: macros and doc blocks.

use crate::config::NodeConfig;
use crate::unique_id::{ResourceType, UniqueId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A Jinja macro.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MacroDefinition {
    /// Name; generic tests are `test_…`, materializations `materialization_…_default`.
    pub name: String,
    /// Always `macro`.
    pub resource_type: ResourceType,
    /// Package.
    pub package_name: String,
    /// Path below the package's root.
    pub path: String,
    /// The same.
    pub original_file_path: String,
    /// Its id.
    pub unique_id: UniqueId,
    /// Text from its opening to its closing tag.
    pub macro_sql: String,
    /// Macros it calls.
    #[serde(default)]
    pub depends_on: MacroDependsOn,
    /// Rendered description.
    #[serde(default)]
    pub description: String,
    /// Free data.
    #[serde(default)]
    pub meta: Map<String, Value>,
    /// show, node_color.
    #[serde(default)]
    pub docs: Map<String, Value>,
    /// Resolved configuration: meta, docs.
    #[serde(default)]
    pub config: NodeConfig,
    /// Where it is described.
    #[serde(default)]
    pub patch_path: Option<String>,
    /// Documented arguments.
    #[serde(default)]
    pub arguments: Vec<Value>,
    /// Seconds since the epoch.
    #[serde(default)]
    pub created_at: f64,
    /// Languages a materialization supports.
    #[serde(default)]
    pub supported_languages: Option<Vec<String>>,
}

/// Macros that a macro calls.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MacroDependsOn {
    /// Their ids.
    pub macros: Vec<UniqueId>,
}

fn doc() -> ResourceType {
    ResourceType::Doc
}

/// A doc block.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Documentation {
    /// Name, as `doc` uses it.
    pub name: String,
    /// Always `doc`; manifests before version 8 don't say so.
    #[serde(default = "doc")]
    pub resource_type: ResourceType,
    /// Package.
    pub package_name: String,
    /// Path below its folder.
    pub path: String,
    /// Path below the package's root.
    pub original_file_path: String,
    /// Its id.
    pub unique_id: UniqueId,
    /// Markdown.
    pub block_contents: String,
}
