//! The reader of seeds, handed from the crate that reads CSV to the engine.

use platform_core::SeedReader;
use std::sync::Arc;

/// Opens the CSV files of seeds.
pub fn reader() -> Arc<dyn SeedReader> {
    ingest::seeds::reader()
}
