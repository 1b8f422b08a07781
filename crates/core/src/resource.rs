//! One view on every resource of the graph: what selection, listing and events ask of any of them.

use crate::config::NodeConfig;
use crate::manifest::Manifest;
use crate::node::{Exposure, Metric, Node, SavedQuery, SemanticModel, Source, UnitTest};
use crate::unique_id::{ResourceType, UniqueId};
use serde_json::{Map, Value};

/// A resource that takes part in the graph.
#[derive(Clone, Copy, Debug)]
pub enum Resource<'a> {
    /// Model, seed, snapshot, data test, analysis, hook, function.
    Node(&'a Node),
    /// A source's table.
    Source(&'a Source),
    /// An exposure.
    Exposure(&'a Exposure),
    /// A metric.
    Metric(&'a Metric),
    /// A saved query.
    SavedQuery(&'a SavedQuery),
    /// A semantic model.
    SemanticModel(&'a SemanticModel),
    /// A unit test.
    UnitTest(&'a UnitTest),
}

/// The same field of every kind of resource.
macro_rules! field {
    ($resource:expr, $it:ident => $value:expr) => {
        match $resource {
            Resource::Node($it) => $value,
            Resource::Source($it) => $value,
            Resource::Exposure($it) => $value,
            Resource::Metric($it) => $value,
            Resource::SavedQuery($it) => $value,
            Resource::SemanticModel($it) => $value,
            Resource::UnitTest($it) => $value,
        }
    };
}

impl<'a> Resource<'a> {
    /// Its id.
    pub fn unique_id(self) -> &'a UniqueId {
        field!(self, it => &it.unique_id)
    }

    /// What it is.
    pub fn resource_type(self) -> ResourceType {
        field!(self, it => it.resource_type)
    }

    /// Its name.
    pub fn name(self) -> &'a str {
        field!(self, it => &it.name)
    }

    /// The package it stands in.
    pub fn package_name(self) -> &'a str {
        field!(self, it => &it.package_name)
    }

    /// Path below its resource folder.
    pub fn path(self) -> &'a str {
        field!(self, it => &it.path)
    }

    /// Path below the package's root.
    pub fn original_file_path(self) -> &'a str {
        field!(self, it => &it.original_file_path)
    }

    /// Package, folders, name.
    pub fn fqn(self) -> &'a [String] {
        field!(self, it => &it.fqn)
    }

    /// Resolved configuration.
    pub fn config(self) -> &'a NodeConfig {
        field!(self, it => &it.config)
    }

    /// Its tags.
    pub fn tags(self) -> Vec<&'a str> {
        fn texts(value: Option<&Value>) -> Vec<&str> {
            match value {
                Some(Value::String(tag)) => vec![tag],
                Some(Value::Array(tags)) => tags.iter().filter_map(Value::as_str).collect(),
                _ => Vec::new(),
            }
        }
        let owned = |tags: &'a [String]| tags.iter().map(String::as_str).collect();
        match self {
            Self::Node(it) => owned(&it.tags),
            Self::Source(it) => owned(&it.tags),
            Self::Exposure(it) => owned(&it.tags),
            Self::Metric(it) => texts(it.more.get("tags")),
            Self::SavedQuery(it) => texts(it.more.get("tags").or_else(|| it.config.get("tags"))),
            Self::SemanticModel(it) => texts(it.more.get("tags").or_else(|| it.config.get("tags"))),
            Self::UnitTest(it) => texts(it.config.get("tags")),
        }
    }

    /// The ids it reads.
    pub fn needs(self) -> &'a [UniqueId] {
        match self {
            Self::Node(it) => &it.depends_on.nodes,
            Self::Source(_) => &[],
            Self::Exposure(it) => &it.depends_on.nodes,
            Self::Metric(it) => &it.depends_on.nodes,
            Self::SavedQuery(it) => &it.depends_on.nodes,
            Self::SemanticModel(it) => &it.depends_on.nodes,
            Self::UnitTest(it) => &it.depends_on.nodes,
        }
    }

    /// The macros it calls directly.
    pub fn macros(self) -> &'a [UniqueId] {
        match self {
            Self::Node(it) => &it.depends_on.macros,
            Self::Source(_) => &[],
            Self::Exposure(it) => &it.depends_on.macros,
            Self::Metric(it) => &it.depends_on.macros,
            Self::SavedQuery(it) => &it.depends_on.macros,
            Self::SemanticModel(it) => &it.depends_on.macros,
            Self::UnitTest(it) => &it.depends_on.macros,
        }
    }

    /// The group it belongs to by its own configuration: that of what it tests is not a test's own.
    pub fn group(self) -> Option<&'a str> {
        match self {
            Self::Node(it) if it.resource_type == ResourceType::Test => it.config.0.get("group")?.as_str(),
            Self::Node(it) => it.group.as_deref(),
            Self::Metric(it) => it.more.get("group")?.as_str(),
            Self::SavedQuery(it) => it.more.get("group")?.as_str(),
            Self::SemanticModel(it) => it.more.get("group")?.as_str(),
            _ => None,
        }
    }

    /// Whether it is a data test or a unit test: those are selected with what they test.
    pub fn is_test(self) -> bool {
        matches!(self.resource_type(), ResourceType::Test | ResourceType::UnitTest)
    }

    /// Everything known of it, in the shape of the manifest.
    pub fn to_json(self) -> Value {
        // Types with text keys and finite numbers: serialization cannot fail.
        field!(self, it => serde_json::to_value(it)).unwrap_or_default()
    }

    /// The node, where it is one.
    pub fn node(self) -> Option<&'a Node> {
        match self {
            Self::Node(node) => Some(node),
            _ => None,
        }
    }

    /// The keys of one kind of resource alone, where its type is an open one.
    pub(crate) fn more(self) -> Option<&'a Map<String, Value>> {
        match self {
            Self::Metric(it) => Some(&it.more),
            Self::SavedQuery(it) => Some(&it.more),
            Self::SemanticModel(it) => Some(&it.more),
            _ => None,
        }
    }
}

impl Manifest {
    /// The resource of that id, if it takes part in the graph.
    pub fn resource(&self, id: &UniqueId) -> Option<Resource<'_>> {
        match id.resource_type()? {
            ResourceType::Source => self.sources.get(id).map(Resource::Source),
            ResourceType::Exposure => self.exposures.get(id).map(Resource::Exposure),
            ResourceType::Metric => self.metrics.get(id).map(Resource::Metric),
            ResourceType::SavedQuery => self.saved_queries.get(id).map(Resource::SavedQuery),
            ResourceType::SemanticModel => self.semantic_models.get(id).map(Resource::SemanticModel),
            ResourceType::UnitTest => self.unit_tests.get(id).map(Resource::UnitTest),
            ResourceType::Function => self.functions.get(id).map(Resource::Node),
            _ => self.nodes.get(id).map(Resource::Node),
        }
    }

    /// The node or function of that id.
    pub fn node(&self, id: &UniqueId) -> Option<&Node> {
        self.nodes.get(id).or_else(|| self.functions.get(id))
    }

    /// The project's own package, from the metadata.
    pub fn project_name(&self) -> &str {
        self.metadata.more.get("project_name").and_then(Value::as_str).unwrap_or_default()
    }
}
