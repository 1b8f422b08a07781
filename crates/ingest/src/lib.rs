//! CSV → Postgres: drops in `csv_data/`, seeds, quarantine, load ledger.

pub mod csv;
pub mod date;
pub mod feed;
pub mod kind;
pub mod load;
pub mod sift;
pub mod stamps;
