//! The one seam of a run: the scheduler knows the graph and executors, and nothing of what they do.

use crate::event::EventSink;
use crate::manifest::Manifest;
use crate::results::NodeResult;
use crate::unique_id::UniqueId;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

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
    /// Columns before the status of a line of progress (`--printer-width`).
    pub printer_width: usize,
}

impl RunContext {
    /// dbt's width.
    pub const PRINTER_WIDTH: usize = 80;

    /// Whether the command was interrupted or failed fast.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}

/// A part of a node's work, for the slot that takes it.
pub type Share<'a> = Box<dyn FnOnce(usize, &RunContext) + Send + 'a>;

/// Does a node's work. A failed node is a [`NodeResult`]; it never panics the run.
///
/// Not async on purpose: a slot is an operating system thread with a database session of its own, on
/// which Jinja renders and waits for the database, as macros ask for it in the middle of rendering.
pub trait Executor: Send + Sync {
    /// Runs one node in slot `slot` (from 0; one thread and one session a slot).
    fn execute(&self, id: &UniqueId, slot: usize, context: &RunContext) -> NodeResult;

    /// What a node would share its work with: ready nodes of one number are given to
    /// [`Executor::execute_together`] at once, lower numbers first. `None` for a node that is done alone.
    fn company(&self, _id: &UniqueId) -> Option<usize> {
        None
    }

    /// Runs nodes of one company in one slot; one result each, in their order.
    fn execute_together(&self, ids: &[UniqueId], slot: usize, context: &RunContext) -> Vec<NodeResult> {
        ids.iter().map(|id| self.execute(id, slot, context)).collect()
    }

    /// Whether a node may give parts of its work to other slots.
    fn may_share(&self, _id: &UniqueId) -> bool {
        false
    }

    /// Runs one node in a slot. `call` wakes the slots that have nothing to do; they ask for a share.
    fn execute_sharing(
        &self,
        id: &UniqueId,
        slot: usize,
        context: &RunContext,
        _call: &(dyn Fn() + Sync),
    ) -> NodeResult {
        self.execute(id, slot, context)
    }

    /// What a slot without a node of its own may do for one that another slot runs.
    fn share(&self) -> Option<Share<'_>> {
        None
    }

    /// Cancels the statements that run now; the nodes end as errors. Called from another thread.
    fn cancel(&self) {}
}
