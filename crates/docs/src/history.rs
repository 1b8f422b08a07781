//! What happened before: earlier runs of a node, loads of a source, incidents of a rule.
//!
//! Read from the schemas `platform` and `alerting`; a database without them has no history, and that is fine.

use crate::site::data::{Incident, Load, PastRun};
use platform_core::UniqueId;
use std::collections::HashMap;

/// History by resource.
#[derive(Debug, Default)]
pub struct History {
    /// Earlier runs, oldest first.
    pub runs: HashMap<UniqueId, Vec<PastRun>>,
    /// Loads of sources, newest first.
    pub loads: HashMap<UniqueId, Vec<Load>>,
    /// Incidents of exposures, newest first.
    pub incidents: HashMap<UniqueId, Vec<Incident>>,
}
