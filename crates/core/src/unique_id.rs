//! Unique ids: `model.project.name`, the name of a node in every artifact.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// The id of a resource, as dbt writes it: `<resource type>.<package>.<name>[.…]`.
///
/// Cheap to clone; ordered as text, so that artifacts come out the same each time.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UniqueId(Arc<str>);

impl UniqueId {
    /// An id from its text, taken as it is.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// `<resource type>.<package>.<name>`.
    pub fn of(kind: ResourceType, package: &str, name: &str) -> Self {
        Self(format!("{}.{package}.{name}", kind.as_str()).into())
    }

    /// The text, as it stands in artifacts.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The resource type the id begins with; `None` if it begins with none that dbt has.
    pub fn resource_type(&self) -> Option<ResourceType> {
        ResourceType::parse(self.0.split('.').next()?)
    }

    /// The package, the second part.
    pub fn package(&self) -> &str {
        self.0.split('.').nth(1).unwrap_or_default()
    }
}

impl fmt::Display for UniqueId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl fmt::Debug for UniqueId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "`{}`", self.0)
    }
}

impl From<&str> for UniqueId {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for UniqueId {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl std::borrow::Borrow<str> for UniqueId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for UniqueId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

macro_rules! resource_types {
    ($($(#[$doc:meta])* $variant:ident = $text:literal),+ $(,)?) => {
        /// What a resource is; dbt's names (<https://docs.getdbt.com/reference/artifacts/manifest-json>).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum ResourceType { $($(#[$doc])* #[serde(rename = $text)] $variant,)+ }

        impl ResourceType {
            /// Every resource type, in the order of declaration.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The name in artifacts and on the command line.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// The type of that name.
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

resource_types! {
    /// A SQL model.
    Model = "model",
    /// A select kept in the project and compiled, never built.
    Analysis = "analysis",
    /// A data test, generic or singular.
    Test = "test",
    /// A snapshot: the history of a query.
    Snapshot = "snapshot",
    /// A hook of `on-run-start` or `on-run-end`, or a run-operation's SQL.
    Operation = "operation",
    /// A CSV file of the project.
    Seed = "seed",
    /// Not written by dbt today; kept since the id prefix exists.
    Rpc = "rpc",
    /// A query given on the command line (`--inline`).
    SqlOperation = "sql_operation",
    /// A doc block.
    Doc = "doc",
    /// A table that others fill.
    Source = "source",
    /// A Jinja macro.
    Macro = "macro",
    /// A use of the data outside of the project.
    Exposure = "exposure",
    /// A metric of the semantic layer.
    Metric = "metric",
    /// A group of nodes with an owner.
    Group = "group",
    /// A saved query of the semantic layer.
    SavedQuery = "saved_query",
    /// A semantic model.
    SemanticModel = "semantic_model",
    /// A unit test of a model.
    UnitTest = "unit_test",
    /// An inline fixture file of a unit test.
    Fixture = "fixture",
    /// A user-defined function.
    Function = "function",
}

impl fmt::Display for ResourceType {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}
