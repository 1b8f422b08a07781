//! What may run now: counts of unfinished parents and a queue of ready nodes.

use crate::plan::Plan;
use platform_core::UniqueId;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// What to do with a node that is ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Run it.
    Run(usize),
    /// Don't: what it needs failed. The node that failed first.
    Skip(usize, usize),
}

/// The state of a walk over a plan. Ready nodes come in the order of their rank, then of their id.
pub(crate) struct Schedule<'a> {
    plan: &'a Plan,
    waits_for: Vec<usize>,
    ready: BinaryHeap<Reverse<(usize, &'a UniqueId, usize)>>,
    failed_above: Vec<Option<usize>>,
    unfinished: usize,
}

impl<'a> Schedule<'a> {
    /// Nothing has run yet.
    pub fn new(plan: &'a Plan) -> Self {
        let graph = plan.graph();
        let waits_for: Vec<usize> = (0..graph.len()).map(|index| graph.parent_indexes(index).len()).collect();
        let mut schedule = Self {
            plan,
            ready: BinaryHeap::new(),
            failed_above: vec![None; graph.len()],
            unfinished: graph.len(),
            waits_for,
        };
        for index in 0..graph.len() {
            if schedule.waits_for[index] == 0 {
                schedule.push(index);
            }
        }
        schedule
    }

    /// The next node, if any is ready.
    pub fn next(&mut self) -> Option<Turn> {
        let Reverse((_, _, index)) = self.ready.pop()?;
        Some(match self.failed_above[index] {
            Some(cause) => Turn::Skip(index, cause),
            None => Turn::Run(index),
        })
    }

    /// Every other node that is ready, may run, and is wanted.
    pub fn take(&mut self, is_wanted: impl Fn(&UniqueId) -> bool) -> Vec<usize> {
        let ready = std::mem::take(&mut self.ready).into_sorted_vec();
        let (taken, left): (Vec<_>, Vec<_>) = ready
            .into_iter()
            .rev()
            .partition(|Reverse((_, id, index))| self.failed_above[*index].is_none() && is_wanted(id));
        self.ready = left.into();
        taken.into_iter().map(|Reverse((_, _, index))| index).collect()
    }

    /// Takes note of what became of a node: children of one that failed or was skipped are skipped.
    pub fn finish(&mut self, index: usize, failed: bool) {
        self.unfinished -= 1;
        let cause = self.failed_above[index].or(failed.then_some(index));
        for child in self.plan.graph().child_indexes(index) {
            if self.failed_above[*child].is_none() {
                self.failed_above[*child] = cause;
            }
            self.waits_for[*child] -= 1;
            if self.waits_for[*child] == 0 {
                self.push(*child);
            }
        }
    }

    /// Whether every node is finished.
    pub fn is_done(&self) -> bool {
        self.unfinished == 0
    }

    fn push(&mut self, index: usize) {
        self.ready.push(Reverse((self.plan.rank(index), self.plan.graph().id(index), index)));
    }
}
