//! Documentation: what the data is today.
//!
//! What lives here: the catalog (what the database holds), lineage, the static site and its server. It reads
//! the manifest, results and the database; it builds nothing and changes nothing.

pub mod catalog;
pub mod generate;
pub mod history;
pub mod lineage;
pub mod markdown;
pub mod results;
pub mod serve;
pub mod site;

pub use catalog::Catalog;
pub use generate::{Request, Written, generate};
pub use history::History;
