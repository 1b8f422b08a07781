//! ingest
pub mod csv;
