//! What may run now: counts of unfinished parents, a queue of ready nodes, and those of them that go together.

use crate::plan::Plan;
use platform_core::UniqueId;
use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, HashMap};

/// What to do with a node that is ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Run it.
    Run(usize),
    /// Don't: what it needs failed.
    Skip(Skipped),
}

/// A node that is not run, and because of what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Skipped {
    /// The node.
    pub index: usize,
    /// The node above it that failed first.
    pub first: usize,
    /// The last of its parents to end without having been built.
    pub last: usize,
}

/// A ready node's place in the queue: its rank, its company's number (nodes that have none come after), the id that it
/// comes up by, its own, its index.
type Place<'a> = (usize, usize, &'a UniqueId, &'a UniqueId, usize);

/// The state of a walk over a plan. Ready nodes come in the order of their rank, then of their
/// company, then of their id.
pub(crate) struct Schedule<'a> {
    plan: &'a Plan,
    /// The company of each node, where it has one.
    companies: Vec<Option<usize>>,
    waits_for: Vec<usize>,
    ready: BinaryHeap<Reverse<Place<'a>>>,
    /// Those of the ready nodes that have company, by its number.
    together: HashMap<usize, BTreeSet<Place<'a>>>,
    /// Whether a node had its turn: some of those in the queue were taken along by others.
    is_taken: Vec<bool>,
    /// What failed above a node: what first did, and the last parent that was not built for it.
    failed_above: Vec<Option<(usize, usize)>>,
    unfinished: usize,
}

impl<'a> Schedule<'a> {
    /// Nothing has run yet. `company` says which nodes go together.
    pub fn new(plan: &'a Plan, company: impl Fn(&UniqueId) -> Option<usize>) -> Self {
        let graph = plan.graph();
        let waits_for: Vec<usize> = (0..graph.len()).map(|index| graph.parent_indexes(index).len()).collect();
        let mut schedule = Self {
            plan,
            companies: graph.ids().map(company).collect(),
            ready: BinaryHeap::new(),
            together: HashMap::new(),
            is_taken: vec![false; graph.len()],
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
        let Reverse((.., index)) =
            std::iter::from_fn(|| self.ready.pop()).find(|Reverse((.., index))| !self.is_taken[*index])?;
        self.take(index);
        Some(match self.failed_above[index] {
            Some((first, last)) => Turn::Skip(Skipped { index, first, last }),
            None => Turn::Run(index),
        })
    }

    /// Every other node that is ready, may run, and is of the company of this one.
    pub fn take_along(&mut self, index: usize) -> Vec<usize> {
        let ready = self.companies[index].and_then(|company| self.together.get(&company));
        let may_run = |index: &usize| self.failed_above[*index].is_none();
        let others: Vec<usize> =
            ready.into_iter().flatten().map(|(.., index)| *index).filter(may_run).collect();
        for other in &others {
            self.take(*other);
        }
        others
    }

    fn take(&mut self, index: usize) {
        self.is_taken[index] = true;
        let place = self.place(index);
        if let Some(ready) = self.companies[index].and_then(|company| self.together.get_mut(&company)) {
            ready.remove(&place);
        }
    }

    /// Takes note of what became of a node: children of one that failed or was skipped are skipped.
    pub fn finish(&mut self, index: usize, failed: bool) {
        self.unfinished -= 1;
        let cause = self.failed_above[index].map(|(first, _)| first).or(failed.then_some(index));
        for child in self.plan.graph().child_indexes(index) {
            if let Some(cause) = cause {
                let first = self.failed_above[*child].map_or(cause, |(first, _)| first);
                self.failed_above[*child] = Some((first, index));
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
        let place = self.place(index);
        self.ready.push(Reverse(place));
        if let Some(company) = self.companies[index] {
            self.together.entry(company).or_default().insert(place);
        }
    }

    fn place(&self, index: usize) -> Place<'a> {
        let company = self.companies[index].unwrap_or(usize::MAX);
        (self.plan.rank(index), company, self.plan.place(index), self.plan.graph().id(index), index)
    }
}
