//! The dependency graph of a manifest: who reads whom, in which order, and where a cycle stands.

use crate::manifest::Manifest;
use crate::unique_id::UniqueId;
use indexmap::{IndexMap, IndexSet};

/// Parents and children of every resource that takes part in the graph, by dense index.
///
/// Built once a run; every walk is linear in nodes and edges.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    ids: IndexSet<UniqueId>,
    parents: Vec<Vec<usize>>,
    children: Vec<Vec<usize>>,
}

impl Graph {
    /// The graph of ids with what each needs. Needs outside of the ids are left out.
    pub fn new<'a>(needs: impl IntoIterator<Item = (&'a UniqueId, &'a [UniqueId])>) -> Self {
        let needs: Vec<_> = needs.into_iter().collect();
        let ids: IndexSet<UniqueId> = needs.iter().map(|(id, _)| (*id).clone()).collect();
        let mut parents = vec![Vec::new(); ids.len()];
        let mut children = vec![Vec::new(); ids.len()];
        let mut last_child = vec![usize::MAX; ids.len()];
        for (id, needed) in needs {
            let Some(child) = ids.get_index_of(id) else { continue };
            for parent in needed.iter().filter_map(|need| ids.get_index_of(need)) {
                if std::mem::replace(&mut last_child[parent], child) != child {
                    parents[child].push(parent);
                    children[parent].push(child);
                }
            }
        }
        Self { ids, parents, children }
    }

    /// The graph of everything in a manifest that depends on something or is depended on.
    pub fn of(manifest: &Manifest) -> Self {
        let none: &[UniqueId] = &[];
        let nodes = manifest.nodes.iter().map(|(id, node)| (id, node.depends_on.nodes.as_slice()));
        let sources = manifest.sources.keys().map(|id| (id, none));
        let exposures = manifest.exposures.iter().map(|(id, it)| (id, it.depends_on.nodes.as_slice()));
        let metrics = manifest.metrics.iter().map(|(id, it)| (id, it.depends_on.nodes.as_slice()));
        let models = manifest.semantic_models.iter().map(|(id, it)| (id, it.depends_on.nodes.as_slice()));
        let queries = manifest.saved_queries.iter().map(|(id, it)| (id, it.depends_on.nodes.as_slice()));
        let units = manifest.unit_tests.iter().map(|(id, it)| (id, it.depends_on.nodes.as_slice()));
        let functions = manifest.functions.iter().map(|(id, it)| (id, it.depends_on.nodes.as_slice()));
        Self::new(
            nodes
                .chain(sources)
                .chain(exposures)
                .chain(metrics)
                .chain(models)
                .chain(queries)
                .chain(units)
                .chain(functions),
        )
    }

    /// Ids, in the order given.
    pub fn ids(&self) -> impl ExactSizeIterator<Item = &UniqueId> {
        self.ids.iter()
    }

    /// How many take part.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether nothing takes part.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Place of the id among [`Graph::ids`].
    pub fn index(&self, id: &UniqueId) -> Option<usize> {
        self.ids.get_index_of(id)
    }

    /// The id at a place. The place must come from this graph.
    pub fn id(&self, index: usize) -> &UniqueId {
        &self.ids[index]
    }

    /// Places of what the one at a place reads directly.
    pub fn parent_indexes(&self, index: usize) -> &[usize] {
        &self.parents[index]
    }

    /// Places of what reads the one at a place directly.
    pub fn child_indexes(&self, index: usize) -> &[usize] {
        &self.children[index]
    }

    /// Whether the id takes part.
    pub fn contains(&self, id: &UniqueId) -> bool {
        self.ids.contains(id)
    }

    /// What the id reads directly.
    pub fn parents(&self, id: &UniqueId) -> impl Iterator<Item = &UniqueId> {
        self.neighbours(&self.parents, id)
    }

    /// What reads the id directly.
    pub fn children(&self, id: &UniqueId) -> impl Iterator<Item = &UniqueId> {
        self.neighbours(&self.children, id)
    }

    fn neighbours<'a>(
        &'a self,
        edges: &'a [Vec<usize>],
        id: &UniqueId,
    ) -> impl Iterator<Item = &'a UniqueId> {
        let found = self.ids.get_index_of(id).map_or(&[][..], |index| edges[index].as_slice());
        found.iter().map(|index| &self.ids[*index])
    }

    /// Everything the ids read, `depth` steps up at most; without the ids themselves.
    pub fn ancestors(&self, of: &IndexSet<UniqueId>, depth: Option<usize>) -> IndexSet<UniqueId> {
        self.reach(&self.parents, of, depth)
    }

    /// Everything that reads the ids, `depth` steps down at most; without the ids themselves.
    pub fn descendants(&self, of: &IndexSet<UniqueId>, depth: Option<usize>) -> IndexSet<UniqueId> {
        self.reach(&self.children, of, depth)
    }

    fn reach(
        &self,
        edges: &[Vec<usize>],
        of: &IndexSet<UniqueId>,
        depth: Option<usize>,
    ) -> IndexSet<UniqueId> {
        let mut seen = vec![false; self.ids.len()];
        let mut frontier: Vec<usize> = of.iter().filter_map(|id| self.ids.get_index_of(id)).collect();
        for index in &frontier {
            seen[*index] = true;
        }
        let mut found = IndexSet::new();
        let mut steps = 0;
        while !frontier.is_empty() && depth.is_none_or(|depth| steps < depth) {
            let mut next = Vec::new();
            for index in frontier {
                for neighbour in &edges[index] {
                    if !std::mem::replace(&mut seen[*neighbour], true) {
                        found.insert(self.ids[*neighbour].clone());
                        next.push(*neighbour);
                    }
                }
            }
            frontier = next;
            steps += 1;
        }
        found
    }

    /// The graph of `keep` alone, edges through left-out nodes kept as direct ones, so that the order
    /// in which things are built holds whatever was selected.
    #[must_use]
    pub fn subgraph(&self, keep: &IndexSet<UniqueId>) -> Self {
        // Nearest kept ancestors of every node, in topological order; nodes on a cycle have none.
        let mut nearest: Vec<IndexSet<usize>> = vec![IndexSet::new(); self.ids.len()];
        for index in self.topological_indexes() {
            let mut own = IndexSet::new();
            for parent in &self.parents[index] {
                if keep.contains(&self.ids[*parent]) {
                    own.insert(*parent);
                } else {
                    own.extend(nearest[*parent].iter().copied());
                }
            }
            nearest[index] = own;
        }
        let edges: IndexMap<UniqueId, Vec<UniqueId>> = self
            .ids
            .iter()
            .enumerate()
            .filter(|(_, id)| keep.contains(*id))
            .map(|(index, id)| {
                (id.clone(), nearest[index].iter().map(|parent| self.ids[*parent].clone()).collect())
            })
            .collect();
        Self::new(edges.iter().map(|(id, parents)| (id, parents.as_slice())))
    }

    /// Ids, parents first. Nodes on a cycle are missing: see [`Graph::cycle`].
    pub fn topological(&self) -> Vec<UniqueId> {
        self.topological_indexes().into_iter().map(|index| self.ids[index].clone()).collect()
    }

    fn topological_indexes(&self) -> Vec<usize> {
        let mut missing: Vec<usize> = self.parents.iter().map(Vec::len).collect();
        let mut ready: std::collections::VecDeque<usize> =
            (0..self.ids.len()).filter(|index| missing[*index] == 0).collect();
        let mut order = Vec::with_capacity(self.ids.len());
        while let Some(index) = ready.pop_front() {
            order.push(index);
            for child in &self.children[index] {
                missing[*child] -= 1;
                if missing[*child] == 0 {
                    ready.push_back(*child);
                }
            }
        }
        order
    }

    /// One cycle, first id repeated at the end; `None` if there is none.
    pub fn cycle(&self) -> Option<Vec<UniqueId>> {
        let mut stuck = vec![true; self.ids.len()];
        for index in self.topological_indexes() {
            stuck[index] = false;
        }
        // Every stuck node has a stuck parent or hangs below a cycle: walking up must repeat.
        let mut at = stuck.iter().position(|stuck| *stuck)?;
        let mut path: IndexSet<usize> = IndexSet::new();
        while path.insert(at) {
            at = *self.parents[at].iter().find(|parent| stuck[**parent])?;
        }
        let start = path.get_index_of(&at)?;
        let mut cycle: Vec<UniqueId> =
            path.iter().skip(start).map(|index| self.ids[*index].clone()).collect();
        cycle.reverse();
        cycle.extend(cycle.first().cloned());
        Some(cycle)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(edges: &[(&str, &[&str])]) -> Graph {
        let owned: Vec<(UniqueId, Vec<UniqueId>)> = edges
            .iter()
            .map(|(id, needs)| {
                (UniqueId::from(*id), needs.iter().map(|need| UniqueId::from(*need)).collect())
            })
            .collect();
        Graph::new(owned.iter().map(|(id, needs)| (id, needs.as_slice())))
    }

    fn texts(ids: impl IntoIterator<Item = UniqueId>) -> Vec<String> {
        ids.into_iter().map(|id| id.to_string()).collect()
    }

    #[test]
    fn orders_parents_first_and_keeps_order_through_left_out_nodes() {
        let graph = graph(&[("c", &["b"]), ("b", &["a"]), ("a", &[])]);
        assert_eq!(texts(graph.topological()), ["a", "b", "c"]);
        let keep = ["a", "c"].into_iter().map(UniqueId::from).collect();
        let kept = graph.subgraph(&keep);
        assert_eq!(texts(kept.parents(&"c".into()).cloned()), ["a"]);
    }

    #[test]
    fn finds_a_cycle_and_ignores_what_hangs_below_it() {
        let graph = graph(&[("a", &["b"]), ("b", &["a"]), ("d", &["a"])]);
        let cycle = texts(graph.cycle().expect("a cycle"));
        assert_eq!(cycle.first(), cycle.last());
        assert_eq!(cycle.len(), 3);
    }

    #[test]
    fn walks_a_given_number_of_steps() {
        let graph = graph(&[("a", &[]), ("b", &["a"]), ("c", &["b"]), ("d", &["c"])]);
        let start = std::iter::once(UniqueId::from("a")).collect();
        assert_eq!(texts(graph.descendants(&start, Some(2))), ["b", "c"]);
        assert_eq!(texts(graph.descendants(&start, None)), ["b", "c", "d"]);
    }
}
