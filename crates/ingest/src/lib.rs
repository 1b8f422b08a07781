//! CSV → Postgres: drops in `csv_data/`, seeds, quarantine, load ledger.

pub mod check;
pub mod csv;
pub mod date;
pub mod drop;
pub mod feed;
pub mod kind;
pub mod ledger;
pub mod load;
pub mod plan;
pub mod report;
pub mod seeds;
pub mod sift;
pub mod stamps;

mod copy_text;
mod error;
mod progress;

pub use check::check;
pub use error::{Error, Result};
pub use load::load;
pub use plan::plan;
