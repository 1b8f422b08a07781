//! Who uses the data and who owns it: exposures and groups.

use super::DependsOn;
use crate::config::NodeConfig;
use crate::reference::RefArgs;
use crate::unique_id::{ResourceType, UniqueId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A use of the data outside of the project.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Exposure {
    /// Name.
    pub name: String,
    /// Always `exposure`.
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
    /// dashboard, notebook, analysis, ml, application.
    #[serde(rename = "type")]
    pub kind: String,
    /// name, email.
    pub owner: Map<String, Value>,
    /// Rendered description.
    #[serde(default)]
    pub description: String,
    /// Title.
    #[serde(default)]
    pub label: Option<String>,
    /// high, medium, low.
    #[serde(default)]
    pub maturity: Option<String>,
    /// Free data.
    #[serde(default)]
    pub meta: Map<String, Value>,
    /// Tags.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Resolved configuration.
    #[serde(default)]
    pub config: NodeConfig,
    /// Configuration as written.
    #[serde(default)]
    pub unrendered_config: Map<String, Value>,
    /// Address of the thing.
    #[serde(default)]
    pub url: Option<String>,
    /// What it reads.
    #[serde(default)]
    pub depends_on: DependsOn,
    /// `ref`s under depends_on.
    #[serde(default)]
    pub refs: Vec<RefArgs>,
    /// `source`s under depends_on.
    #[serde(default)]
    pub sources: Vec<Vec<String>>,
    /// `metric`s under depends_on.
    #[serde(default)]
    pub metrics: Vec<Vec<String>>,
    /// Seconds since the epoch.
    #[serde(default)]
    pub created_at: f64,
}

/// A group of nodes with an owner.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Group {
    /// Name.
    pub name: String,
    /// Always `group`.
    pub resource_type: ResourceType,
    /// Package.
    pub package_name: String,
    /// Path of the properties file.
    pub path: String,
    /// The same, below the package's root.
    pub original_file_path: String,
    /// Its id.
    pub unique_id: UniqueId,
    /// name, email.
    pub owner: Map<String, Value>,
    /// Rendered description.
    #[serde(default)]
    pub description: Option<String>,
    /// Resolved configuration.
    #[serde(default)]
    pub config: NodeConfig,
}
