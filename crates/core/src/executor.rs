//! The one seam of a run: the scheduler knows the graph and executors, and nothing of what they do.

use crate::event::EventSink;
use crate::manifest::Manifest;
use crate::results::NodeResult;
use crate::unique_id::UniqueId;
use async_trait::async_trait;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// What every execution of one command shares.
#[derive(Clone)]
pub struct RunContext {
    /// The project.
    pub manifest: Arc<Manifest>,
    /// One uuid per command.
    pub invocation_id: Arc<str>,
    /// Where to say what happens.
    pub events: Arc<dyn EventSink>,
    /// Set once the command was interrupted or failed fast: begin nothing new.
    pub cancelled: Arc<AtomicBool>,
}

/// Does a node's work. A failed node is a [`NodeResult`]; it never panics the run.
#[async_trait]
pub trait Executor: Send + Sync {
    /// Runs one node in slot `slot` (from 0; one slot a thread, one connection a slot).
    async fn execute(&self, id: &UniqueId, slot: usize, context: &RunContext) -> NodeResult;
}
