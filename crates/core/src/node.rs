//! The resources of a manifest. Field names and shapes are those of manifest v12.

mod block;
mod exposure;
mod semantic;
mod source;
mod unit_test;

pub use crate::reference::RefArgs;
pub use block::{Documentation, MacroDefinition, MacroDependsOn};
pub use exposure::{Exposure, Group};
pub use semantic::{Metric, SavedQuery, SemanticModel};
pub use source::Source;
pub use unit_test::UnitTest;

use crate::config::NodeConfig;
use crate::relation::{Quoting, Relation};
use crate::unique_id::{ResourceType, UniqueId};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A node that is compiled or run: model, seed, snapshot, data test, analysis, hook, inline query.
///
/// One type for all of them; what a resource type lacks is left out when an artifact is written
/// (`node_artifact.rs`).
#[derive(Clone, Debug, Deserialize)]
pub struct Node {
    /// Database it is built in.
    pub database: Option<String>,
    /// Schema it is built in.
    #[serde(default)]
    pub schema: String,
    /// Name, as `ref` uses it.
    pub name: String,
    /// What it is.
    pub resource_type: ResourceType,
    /// Package it stands in.
    pub package_name: String,
    /// Path below its resource folder.
    pub path: String,
    /// Path below the package's root.
    pub original_file_path: String,
    /// Its id.
    pub unique_id: UniqueId,
    /// Package, folders, name.
    pub fqn: Vec<String>,
    /// Name in the database.
    pub alias: String,
    /// Of the file's content.
    #[serde(default)]
    pub checksum: Checksum,
    /// Resolved configuration.
    pub config: NodeConfig,
    /// Tags, from `config.tags`.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Rendered description.
    #[serde(default)]
    pub description: String,
    /// Documented columns by name.
    #[serde(default)]
    pub columns: IndexMap<String, Column>,
    /// From `config.meta`.
    #[serde(default)]
    pub meta: Map<String, Value>,
    /// Group it belongs to.
    #[serde(default)]
    pub group: Option<String>,
    /// `docs`: show, node_color.
    #[serde(default)]
    pub docs: Map<String, Value>,
    /// `package://path` of the properties file that describes it.
    #[serde(default)]
    pub patch_path: Option<String>,
    /// Where the executed SQL was written.
    #[serde(default)]
    pub build_path: Option<String>,
    /// Configuration as written, before rendering.
    #[serde(default)]
    pub unrendered_config: Map<String, Value>,
    /// Seconds since the epoch.
    #[serde(default)]
    pub created_at: f64,
    /// Quoted name in the database, null for what has none.
    #[serde(default)]
    pub relation_name: Option<String>,
    /// Text of the file.
    #[serde(default)]
    pub raw_code: String,
    /// Doc blocks its description uses.
    #[serde(default)]
    pub doc_blocks: Vec<UniqueId>,
    /// `sql`.
    #[serde(default)]
    pub language: String,
    /// Calls of `ref`, in order, once each.
    #[serde(default)]
    pub refs: Vec<RefArgs>,
    /// Calls of `source`.
    #[serde(default)]
    pub sources: Vec<Vec<String>>,
    /// Calls of `metric`.
    #[serde(default)]
    pub metrics: Vec<Vec<String>>,
    /// Calls of `function`.
    #[serde(default)]
    pub functions: Vec<Vec<String>>,
    /// What it needs.
    #[serde(default)]
    pub depends_on: DependsOn,
    /// Where the compiled SQL was written.
    #[serde(default)]
    pub compiled_path: Option<String>,
    /// Whether it was compiled in this invocation.
    #[serde(default)]
    pub compiled: bool,
    /// The SQL, ephemeral models injected.
    #[serde(default)]
    pub compiled_code: Option<String>,
    /// Whether ephemeral models were injected.
    #[serde(default)]
    pub extra_ctes_injected: bool,
    /// Ephemeral models used, in dependency order.
    #[serde(default)]
    pub extra_ctes: Vec<ExtraCte>,
    /// Model contract.
    #[serde(default)]
    pub contract: Contract,
    /// What templates are told of a node beyond its artifact.
    #[serde(skip)]
    pub calls: ConfigCalls,
    /// What only one or two resource types have.
    #[serde(flatten)]
    pub only: ResourceFields,
}

/// What a node's own `config(…)` says.
#[derive(Clone, Debug, Default)]
pub struct ConfigCalls {
    /// With the values that it has.
    pub rendered: Map<String, Value>,
    /// As it stands in the file, where states are compared by that.
    pub written: Map<String, Value>,
}

/// Fields of single resource types; `None` where the type has none.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ResourceFields {
    /// Models: private, protected, public.
    pub access: Option<String>,
    /// Models: constraints of the whole table.
    pub constraints: Option<Vec<Value>>,
    /// Models: this version.
    pub version: Option<Value>,
    /// Models: the version that a bare `ref` gets.
    pub latest_version: Option<Value>,
    /// Models.
    pub deprecation_date: Option<Value>,
    /// Models: columns told unique and not null.
    pub primary_key: Option<Vec<String>>,
    /// Models.
    pub time_spine: Option<Value>,
    /// Seeds: absolute path of the package.
    pub root_path: Option<String>,
    /// Generic tests: name, arguments and namespace.
    pub test_metadata: Option<TestMetadata>,
    /// Tests: the column tested.
    pub column_name: Option<String>,
    /// Tests: key of the properties file, `models.orders`.
    pub file_key_name: Option<String>,
    /// Tests: the node tested.
    pub attached_node: Option<UniqueId>,
    /// Operations: place in the list of hooks.
    pub index: Option<usize>,
    /// Whatever else an artifact's schema has.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

impl Node {
    /// Its relation in the database.
    pub fn relation(&self, quoting: Quoting) -> Relation {
        Relation {
            database: self.database.clone(),
            schema: Some(self.schema.clone()),
            identifier: Some(self.alias.clone()),
            kind: None,
            quoting,
        }
    }

    /// What people call it: the name, with the version where it has one.
    pub fn display_name(&self) -> String {
        match &self.only.version {
            Some(Value::String(version)) => format!("{}.v{version}", self.name),
            Some(version) => format!("{}.v{version}", self.name),
            None => self.name.clone(),
        }
    }

    /// Its foreign keys that say `to:`, of the table and of its columns.
    pub fn foreign_keys_mut(&mut self) -> impl Iterator<Item = &mut Value> {
        let of_columns = self.columns.values_mut().flat_map(|column| &mut column.constraints);
        let all = self.only.constraints.iter_mut().flatten().chain(of_columns);
        all.filter(|it| it["type"] == "foreign_key")
            .filter_map(|it| it.get_mut("to"))
            .filter(|to| to.is_string())
    }

    /// What they say, as written: `ref('orders')`.
    pub fn foreign_keys(&self) -> Vec<String> {
        let of_columns = self.columns.values().flat_map(|column| &column.constraints);
        let all = self.only.constraints.iter().flatten().chain(of_columns);
        let keys = all.filter(|it| it["type"] == "foreign_key");
        keys.filter_map(|it| it["to"].as_str().map(str::to_owned)).collect()
    }

    /// Whether it is interpolated as a CTE and never built.
    pub fn is_ephemeral(&self) -> bool {
        self.resource_type == ResourceType::Model && self.config.materialized() == "ephemeral"
    }

    /// Whether it makes a relation that others may read.
    pub fn is_refable(&self) -> bool {
        matches!(self.resource_type, ResourceType::Model | ResourceType::Seed | ResourceType::Snapshot)
    }
}

/// `checksum` of a node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checksum {
    /// `sha256`, `path` (large seeds) or `none`.
    pub name: String,
    /// Hexadecimal digest, or the path.
    pub checksum: String,
}

/// A documented column.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Column {
    /// Name as written.
    pub name: String,
    /// Rendered description.
    pub description: String,
    /// Free data.
    pub meta: Map<String, Value>,
    /// Type, for contracts and documentation.
    pub data_type: Option<String>,
    /// Constraints.
    pub constraints: Vec<Value>,
    /// Whether the name is quoted in tests.
    pub quote: Option<bool>,
    /// `config` of the column: meta, tags.
    pub config: Map<String, Value>,
    /// Tags, inherited by its tests.
    pub tags: Vec<String>,
    /// Time granularity.
    pub granularity: Option<String>,
    /// Doc blocks its description uses.
    pub doc_blocks: Vec<UniqueId>,
    /// Whatever else was written beside.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// Ids a node needs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DependsOn {
    /// Macros called.
    pub macros: Vec<UniqueId>,
    /// Nodes read.
    pub nodes: Vec<UniqueId>,
}

/// An ephemeral model injected as a CTE.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExtraCte {
    /// The ephemeral model.
    pub id: UniqueId,
    /// `name as (select …)`.
    pub sql: String,
}

impl Default for UniqueId {
    fn default() -> Self {
        Self::new("")
    }
}

/// `contract` of a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Contract {
    /// Whether column names and types are enforced.
    pub enforced: bool,
    /// Whether type names are mapped to the platform's.
    pub alias_types: bool,
    /// Of the contract, once enforced.
    pub checksum: Option<String>,
}

impl Default for Contract {
    fn default() -> Self {
        Self { enforced: false, alias_types: true, checksum: None }
    }
}

/// `test_metadata` of a generic test.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TestMetadata {
    /// Name without namespace: `unique`.
    pub name: String,
    /// Arguments, rendered.
    pub kwargs: Map<String, Value>,
    /// Package of the macro, where given.
    pub namespace: Option<String>,
}

/// A user-defined function: a node with arguments and a return type in `only.more`.
pub type Function = Node;
