//! The manifest: everything a project holds after reading it, as `target/manifest.json` (schema v12).

use crate::node::{
    Documentation, Exposure, Function, Group, MacroDefinition, Metric, Node, SavedQuery, SemanticModel,
    Source, UnitTest,
};
use crate::unique_id::UniqueId;
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The schema that `manifest.json` follows.
pub const SCHEMA: &str = "https://schemas.getdbt.com/dbt/manifest/v12.json";

/// A project, read and resolved. Immutable while it runs: compiled SQL travels beside it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Manifest {
    /// Who wrote it, when, for which project.
    pub metadata: Metadata,
    /// Models, seeds, snapshots, data tests, analyses, hooks.
    pub nodes: IndexMap<UniqueId, Node>,
    /// Sources, a table each.
    pub sources: IndexMap<UniqueId, Source>,
    /// Macros of every package.
    pub macros: IndexMap<UniqueId, MacroDefinition>,
    /// Doc blocks.
    pub docs: IndexMap<UniqueId, Documentation>,
    /// Exposures.
    pub exposures: IndexMap<UniqueId, Exposure>,
    /// Metrics.
    pub metrics: IndexMap<UniqueId, Metric>,
    /// Groups.
    pub groups: IndexMap<UniqueId, Group>,
    /// YAML selectors as written.
    pub selectors: Map<String, Value>,
    /// Disabled resources by id; several may share one.
    pub disabled: IndexMap<UniqueId, Vec<Value>>,
    /// Ids each node reads from.
    pub parent_map: IndexMap<UniqueId, Vec<UniqueId>>,
    /// Ids that read from each node.
    pub child_map: IndexMap<UniqueId, Vec<UniqueId>>,
    /// Members of each group by its name.
    pub group_map: IndexMap<String, Vec<UniqueId>>,
    /// Saved queries.
    pub saved_queries: IndexMap<UniqueId, SavedQuery>,
    /// Semantic models.
    pub semantic_models: IndexMap<UniqueId, SemanticModel>,
    /// Unit tests.
    pub unit_tests: IndexMap<UniqueId, UnitTest>,
    /// User-defined functions.
    pub functions: IndexMap<UniqueId, Function>,
}

/// `metadata` of an artifact (<https://docs.getdbt.com/reference/artifacts/dbt-artifacts>).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Metadata {
    /// URL of the JSON schema.
    pub dbt_schema_version: String,
    /// The dbt version we are compatible with.
    pub dbt_version: String,
    /// UTC, RFC 3339 with microseconds and `Z`.
    pub generated_at: String,
    /// One uuid per command.
    pub invocation_id: Option<String>,
    /// When the command started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invocation_started_at: Option<String>,
    /// `DBT_ENV_CUSTOM_ENV_*` variables, without the prefix.
    pub env: Map<String, Value>,
    /// Further keys of one artifact: `project_name`, `project_id`, `adapter_type`, `quoting`, …
    #[serde(flatten)]
    pub more: Map<String, Value>,
}
