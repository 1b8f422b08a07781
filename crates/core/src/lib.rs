//! The domain: what every stage means by a project, a relation, a node, a result and an event.
//!
//! What lives here: plain types with serde, the graph and its selection, and the traits at which the
//! stages meet ([`Executor`], [`SeedReader`], [`Channel`]). What does not: input and output, tokio,
//! SQL text, templates. A type that stands in an artifact (`manifest.json`, `run_results.json`) has one
//! definition, here, and is what Jinja's `graph` and the documentation site read too.

pub mod channel;
pub mod config;
pub mod diagnostic;
pub mod event;
pub mod executor;
pub mod failing;
pub mod freshness;
pub mod graph;
pub mod manifest;
pub mod node;
mod node_artifact;
pub mod node_info;
mod reference;
pub mod relation;
pub mod resource;
pub mod results;
pub mod rows;
pub mod seed;
pub mod selection;
mod semantic_manifest;
pub mod unique_id;

pub use channel::Channel;
pub use config::NodeConfig;
pub use diagnostic::{Diagnostic, Place, Severity};
pub use event::{Event, EventSink};
pub use executor::{Executor, RunContext, Share};
pub use graph::Graph;
pub use manifest::Manifest;
pub use node::Node;
pub use relation::{Relation, RelationKind};
pub use resource::Resource;
pub use results::{NodeResult, RunResults, Status};
pub use seed::{SeedReader, SeedTable};
pub use semantic_manifest::semantic_manifest;
pub use unique_id::{ResourceType, UniqueId};
