//! The semantic layer: metrics, saved queries, semantic models.

use super::DependsOn;
use crate::config::NodeConfig;
use crate::unique_id::{ResourceType, UniqueId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Resources of the semantic layer keep what was written beside the fields we act on.
macro_rules! open_resource {
    ($($(#[$doc:meta])* $name:ident),+) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Serialize, Deserialize)]
        pub struct $name {
            /// Name.
            pub name: String,
            /// What it is.
            pub resource_type: ResourceType,
            /// Package.
            pub package_name: String,
            /// Path of the file.
            pub path: String,
            /// The same, below the package's root.
            pub original_file_path: String,
            /// Its id.
            pub unique_id: UniqueId,
            /// Package, folders, name.
            pub fqn: Vec<String>,
            /// Resolved configuration.
            #[serde(default)]
            pub config: NodeConfig,
            /// What it needs.
            #[serde(default)]
            pub depends_on: DependsOn,
            /// Everything else, in the schema's shape.
            #[serde(flatten)]
            pub more: Map<String, Value>,
        }
    )+};
}

open_resource! {
    /// A metric.
    Metric,
    /// A saved query.
    SavedQuery,
    /// A semantic model.
    SemanticModel
}
