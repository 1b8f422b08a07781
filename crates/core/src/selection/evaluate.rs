//! Evaluating an expression: criteria, graph operators, tests that come along, set operations.

use super::SelectionError;
use super::contract;
use super::expression::{Criterion, Expression, IndirectSelection, Reach};
use super::method::Method;
use super::set::NodeSet;
use super::state::PreviousState;
use super::suggestion::Names;
use crate::diagnostic::Diagnostic;
use crate::graph::Graph;
use crate::manifest::Manifest;
use crate::resource::Resource;
use crate::unique_id::UniqueId;
use indexmap::IndexSet;

/// What a selection is evaluated over.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The project.
    pub manifest: &'a Manifest,
    /// Its whole graph.
    pub graph: &'a Graph,
    /// What `--state` holds, for `state:`, `result:` and `source_status:`.
    pub previous: Option<&'a PreviousState>,
}

/// What was chosen.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Ids, in the graph's order.
    pub ids: IndexSet<UniqueId>,
    /// A warning for each criterion that matched nothing, with the nearest names; and what comparing with an earlier
    /// manifest found.
    pub warnings: Vec<Diagnostic>,
}

/// Evaluates an expression.
pub fn select(expression: &Expression, context: Context<'_>) -> Result<Selection, SelectionError> {
    let resources: Vec<Option<Resource<'_>>> =
        context.graph.ids().map(|id| context.manifest.resource(id)).collect();
    let mut evaluation =
        Evaluation { context, resources, names: None, is_compared: false, warnings: Vec::new() };
    let mut chosen = evaluation.expression(expression)?;
    evaluation.settle(&mut chosen);
    let ids = chosen.direct.iter().map(|index| context.graph.id(index).clone());
    // A test whose target is missing or switched off stands in the manifest, switched off itself.
    let ids = ids.filter(|id| context.manifest.node(id).is_none_or(|node| node.config.enabled())).collect();
    Ok(Selection { ids, warnings: evaluation.warnings })
}

/// What part of an expression chose so far.
struct Chosen {
    /// Chosen.
    direct: NodeSet,
    /// Tests that join in the end if all their parents are chosen.
    cautious: NodeSet,
    /// Tests that join in the end if all their parents are chosen or above something chosen.
    buildable: NodeSet,
}

impl Chosen {
    fn combine(&mut self, other: &Self, operation: fn(&mut NodeSet, &NodeSet)) {
        operation(&mut self.direct, &other.direct);
        operation(&mut self.cautious, &other.cautious);
        operation(&mut self.buildable, &other.buildable);
    }
}

struct Evaluation<'a> {
    context: Context<'a>,
    resources: Vec<Option<Resource<'a>>>,
    names: Option<Names<'a>>,
    is_compared: bool,
    warnings: Vec<Diagnostic>,
}

impl Evaluation<'_> {
    fn expression(&mut self, expression: &Expression) -> Result<Chosen, SelectionError> {
        match expression {
            Expression::Everything => {
                let mut all = self.nothing();
                for index in 0..self.context.graph.len() {
                    all.direct.insert(index);
                }
                Ok(all)
            }
            Expression::Criterion(criterion) => self.criterion(criterion),
            Expression::Expected(text, expected) => {
                let chosen = self.expression(expected)?;
                if chosen.direct.is_empty() {
                    self.warn(text, expected);
                }
                Ok(chosen)
            }
            Expression::Union(parts) => self.fold(parts, NodeSet::unite),
            Expression::Intersection(parts) => self.fold(parts, NodeSet::intersect),
            Expression::Difference(from, without) => {
                let mut left = self.expression(from)?;
                let without = self.expression(without)?;
                left.combine(&without, NodeSet::subtract);
                // A test that is left out does not join in the end.
                left.cautious.subtract(&without.direct);
                left.buildable.subtract(&without.direct);
                Ok(left)
            }
        }
    }

    fn nothing(&self) -> Chosen {
        let empty = NodeSet::new(self.context.graph.len());
        Chosen { direct: empty.clone(), cautious: empty.clone(), buildable: empty }
    }

    fn fold(
        &mut self,
        parts: &[Expression],
        operation: fn(&mut NodeSet, &NodeSet),
    ) -> Result<Chosen, SelectionError> {
        let mut folded: Option<Chosen> = None;
        for part in parts {
            let part = self.expression(part)?;
            match &mut folded {
                None => folded = Some(part),
                Some(folded) => folded.combine(&part, operation),
            }
        }
        Ok(folded.unwrap_or_else(|| self.nothing()))
    }

    fn criterion(&mut self, criterion: &Criterion) -> Result<Chosen, SelectionError> {
        let method = Method::new(criterion, self.context)?;
        self.compare(criterion)?;
        let mut matched = NodeSet::new(self.context.graph.len());
        for (index, resource) in self.resources.iter().enumerate() {
            if resource.is_some_and(|resource| method.matches(resource)) {
                matched.insert(index);
            }
        }
        let direct = self.grown(criterion, matched);
        Ok(self.with_tests(direct, criterion.indirect))
    }

    /// Where a criterion asks for changes: what is to be said of them, once.
    fn compare(&mut self, criterion: &Criterion) -> Result<(), SelectionError> {
        const WORDS: [&str; 3] = ["modified", "modified.contract", "unmodified"];
        if self.is_compared || criterion.method != "state" || !WORDS.contains(&criterion.value.as_str()) {
            return Ok(());
        }
        self.is_compared = true;
        if let Some(before) = self.context.previous.and_then(|it| it.manifest.as_ref()) {
            self.warnings.extend(contract::compared(self.context.manifest, before)?);
        }
        Ok(())
    }

    fn warn(&mut self, text: &str, expected: &Expression) {
        let names = self.names.get_or_insert_with(|| Names::of(&self.resources));
        let message = format!("The selection criterion '{text}' does not match any enabled nodes");
        let warning = Diagnostic::warning("S001", message).event("NoNodesForSelectionCriteria");
        let warning = warning.with("spec_raw", text);
        let hint = match expected {
            Expression::Criterion(criterion) => names.hint(criterion),
            Expression::Intersection(parts) => parts.iter().find_map(|part| match part {
                Expression::Criterion(criterion) => names.hint(criterion),
                _ => None,
            }),
            _ => None,
        };
        self.warnings.push(match hint {
            Some(hint) => warning.hint(hint),
            None => warning,
        });
    }

    /// The matched nodes with what the graph operators add.
    fn grown(&self, criterion: &Criterion, matched: NodeSet) -> NodeSet {
        let graph = self.context.graph;
        let mut all = matched.clone();
        if criterion.childrens_parents {
            all.unite(&graph.grow_down(&matched, None));
            let with_children = all.clone();
            all.unite(&graph.grow_up(&with_children, None));
        }
        if let Some(reach) = criterion.parents {
            all.unite(&graph.grow_up(&matched, Reach::limit(reach)));
        }
        if let Some(reach) = criterion.children {
            all.unite(&graph.grow_down(&matched, Reach::limit(reach)));
        }
        all
    }

    /// Adds the tests that the mode lets come along, and keeps aside those that may join later.
    fn with_tests(&self, direct: NodeSet, mode: IndirectSelection) -> Chosen {
        let mut chosen = self.nothing();
        chosen.direct = direct;
        if mode == IndirectSelection::Empty {
            return chosen;
        }
        let mut tests = NodeSet::new(self.context.graph.len());
        for index in chosen.direct.iter() {
            for child in self.context.graph.child_indexes(index) {
                if self.resources[*child].is_some_and(Resource::is_test) {
                    tests.insert(*child);
                }
            }
        }
        match mode {
            IndirectSelection::Eager => chosen.direct.unite(&tests),
            IndirectSelection::Cautious => {
                self.add_covered(&mut chosen.direct, &tests, |_| false);
                chosen.cautious = tests;
            }
            _ => {
                let above = self.above(&chosen.direct);
                self.add_covered(&mut chosen.direct, &tests, |index| above.contains(index));
                chosen.buildable = tests;
            }
        }
        chosen
    }

    /// Lets the tests kept aside join where the whole selection covers their parents.
    fn settle(&self, chosen: &mut Chosen) {
        self.add_covered(&mut chosen.direct, &chosen.cautious, |_| false);
        if !chosen.buildable.is_empty() {
            let above = self.above(&chosen.direct);
            self.add_covered(&mut chosen.direct, &chosen.buildable, |index| above.contains(index));
        }
    }

    /// Ancestors, and every source: what exists or could be built before the selection.
    fn above(&self, direct: &NodeSet) -> NodeSet {
        let mut above = self.context.graph.grow_up(direct, None);
        for (index, resource) in self.resources.iter().enumerate() {
            if matches!(resource, Some(Resource::Source(_))) {
                above.insert(index);
            }
        }
        above
    }

    fn add_covered(&self, direct: &mut NodeSet, tests: &NodeSet, also: impl Fn(usize) -> bool) {
        let covered: Vec<usize> = tests
            .iter()
            .filter(|test| {
                let parents = self.context.graph.parent_indexes(*test);
                parents.iter().all(|parent| direct.contains(*parent) || also(*parent))
            })
            .collect();
        for test in covered {
            direct.insert(test);
        }
    }
}

impl Graph {
    fn grow_up(&self, from: &NodeSet, depth: Option<usize>) -> NodeSet {
        self.grow(from, depth, Self::parent_indexes)
    }

    fn grow_down(&self, from: &NodeSet, depth: Option<usize>) -> NodeSet {
        self.grow(from, depth, Self::child_indexes)
    }

    fn grow(&self, from: &NodeSet, depth: Option<usize>, next: fn(&Self, usize) -> &[usize]) -> NodeSet {
        let mut reached = from.clone();
        let mut frontier: Vec<usize> = from.iter().collect();
        let mut steps = 0;
        while !frontier.is_empty() && depth.is_none_or(|depth| steps < depth) {
            let mut beyond = Vec::new();
            for index in frontier {
                beyond.extend(next(self, index).iter().copied().filter(|near| reached.insert(*near)));
            }
            frontier = beyond;
            steps += 1;
        }
        reached
    }
}
