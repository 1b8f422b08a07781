//! The plan of a run: the selected nodes and what each has to wait for.

use indexmap::{IndexMap, IndexSet};
use platform_core::{Graph, Manifest, Resource, ResourceType, UniqueId};
use std::collections::{HashMap, HashSet};

/// In which order nodes may run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// As they read each other: `run`, `seed`, `snapshot`, `test`, `compile`.
    Dependencies,
    /// Tests also before what reads the nodes they test, unit tests before their model: `build`
    /// (<https://docs.getdbt.com/reference/commands/build>).
    TestsFirst,
    /// As in a `build`, but that unit tests come after their models: `retry` of one.
    DataTestsFirst,
    /// In any: `clone`, `source freshness`.
    Any,
}

const NONE: &[UniqueId] = &[];

/// The selected nodes, what each waits for, and its rank.
#[derive(Clone, Debug)]
pub struct Plan {
    graph: Graph,
    ranks: Vec<usize>,
    /// The nodes that come up as others do: unit tests that go along with their models.
    leaders: HashMap<usize, usize>,
    order: Order,
}

impl Plan {
    /// The plan of the selected nodes. Edges through nodes left out hold.
    pub fn new(manifest: &Manifest, selected: &IndexSet<UniqueId>, order: Order) -> Self {
        if order == Order::Any {
            let graph = Graph::new(selected.iter().map(|id| (id, NONE)));
            let leaders = HashMap::new();
            return Self { ranks: ranks(&graph, &leaders), graph, leaders, order };
        }
        let mut needs: IndexMap<UniqueId, Vec<UniqueId>> = Graph::of(manifest)
            .ids()
            .filter_map(|id| Some((id.clone(), manifest.resource(id)?.needs().to_vec())))
            .collect();
        if order == Order::TestsFirst {
            put_unit_tests_first(manifest, selected, &mut needs);
        }
        if matches!(order, Order::TestsFirst | Order::DataTestsFirst) {
            put_data_tests_first(manifest, selected, &mut needs);
        }
        if order == Order::TestsFirst {
            put_tests_of_inputs_first(manifest, &mut needs);
        }
        let whole = Graph::new(needs.iter().map(|(id, parents)| (id, parents.as_slice())));
        let graph = whole.subgraph(selected);
        let leaders = match order {
            Order::TestsFirst => tested_models(manifest, &graph),
            _ => HashMap::new(),
        };
        Self { ranks: ranks(&graph, &leaders), graph, leaders, order }
    }

    /// Whether it is that of `build`, at once or in a `retry`.
    pub fn is_build(&self) -> bool {
        matches!(self.order, Order::TestsFirst | Order::DataTestsFirst)
    }

    /// Whether unit tests come up along with their models, right before them.
    pub fn unit_tests_go_with_models(&self) -> bool {
        self.order == Order::TestsFirst
    }

    /// The selected nodes and their edges.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// Length of the longest way from a node without parents. A unit test that goes along with its model has its rank.
    pub fn rank(&self, index: usize) -> usize {
        self.ranks[index]
    }

    /// Whose id says which of the nodes of one rank comes first: its own, or that of the model that a unit test goes
    /// along with.
    pub fn place(&self, index: usize) -> &UniqueId {
        self.graph.id(self.leaders.get(&index).copied().unwrap_or(index))
    }
}

/// A unit test needs what its model reads, and the model waits for it. Those of one model run one after the other, by
/// their names: the first that fails leaves out the others along with the model, as in dbt.
fn put_unit_tests_first(
    manifest: &Manifest,
    selected: &IndexSet<UniqueId>,
    needs: &mut IndexMap<UniqueId, Vec<UniqueId>>,
) {
    let mut last: HashMap<&UniqueId, &UniqueId> = HashMap::new();
    let mut tests: Vec<_> = manifest.unit_tests.iter().filter(|(id, _)| selected.contains(*id)).collect();
    tests.sort_unstable_by_key(|(id, _)| *id);
    for (id, test) in tests {
        let Some(model) = test.depends_on.nodes.first() else { continue };
        let mut inputs = manifest.node(model).map(|node| node.depends_on.nodes.clone()).unwrap_or_default();
        inputs.extend(last.insert(model, id).cloned());
        needs.insert(id.clone(), inputs);
        if let Some(parents) = needs.get_mut(model) {
            parents.push(id.clone());
        }
    }
}

/// What is built and stands below all parents of a test waits for the test. Exposures, saved queries and the like are
/// not built: they wait for their parents alone.
fn put_data_tests_first(
    manifest: &Manifest,
    selected: &IndexSet<UniqueId>,
    needs: &mut IndexMap<UniqueId, Vec<UniqueId>>,
) {
    let children = children(needs);
    let mut common: HashMap<&[UniqueId], Vec<UniqueId>> = HashMap::new();
    let mut reach: HashMap<UniqueId, HashSet<UniqueId>> = HashMap::new();
    for id in selected {
        let Some(Resource::Node(test)) = manifest.resource(id) else { continue };
        if test.resource_type != ResourceType::Test {
            continue;
        }
        let waiting: &[UniqueId] = match test.depends_on.nodes.as_slice() {
            [] => continue,
            [parent] => children.get(parent).map(Vec::as_slice).unwrap_or_default(),
            parents => {
                for parent in parents {
                    reach.entry(parent.clone()).or_insert_with(|| below(parent, &children));
                }
                common.entry(parents).or_insert_with(|| below_all(parents, &reach, needs))
            }
        };
        for child in waiting {
            if is_built(child)
                && let Some(parents) = needs.get_mut(child)
            {
                parents.push(id.clone());
            }
        }
    }
}

/// A unit test waits for the data tests that its model waits for: on inputs that failed theirs it isn't run.
fn put_tests_of_inputs_first(manifest: &Manifest, needs: &mut IndexMap<UniqueId, Vec<UniqueId>>) {
    let is_data_test = |id: &&UniqueId| id.resource_type() == Some(ResourceType::Test);
    for (id, test) in &manifest.unit_tests {
        let model = test.depends_on.nodes.first();
        let Some(parents) = model.and_then(|model| needs.get(model)) else { continue };
        let tests: Vec<UniqueId> = parents.iter().filter(is_data_test).cloned().collect();
        if let Some(parents) = needs.get_mut(id) {
            parents.extend(tests);
        }
    }
}

fn is_built(id: &UniqueId) -> bool {
    use ResourceType::{Analysis, Function, Model, Seed, Snapshot};
    matches!(id.resource_type(), Some(Model | Seed | Snapshot | Function | Analysis))
}

fn is_test(id: &UniqueId) -> bool {
    matches!(id.resource_type(), Some(ResourceType::Test | ResourceType::UnitTest))
}

/// What reads a node, tests left out.
fn children(needs: &IndexMap<UniqueId, Vec<UniqueId>>) -> HashMap<UniqueId, Vec<UniqueId>> {
    let mut children: HashMap<UniqueId, Vec<UniqueId>> = HashMap::new();
    for (id, parents) in needs.iter().filter(|(id, _)| !is_test(id)) {
        for parent in parents {
            children.entry(parent.clone()).or_default().push(id.clone());
        }
    }
    children
}

/// Everything below a node, tests left out.
fn below(top: &UniqueId, children: &HashMap<UniqueId, Vec<UniqueId>>) -> HashSet<UniqueId> {
    let mut found = HashSet::new();
    let mut open = vec![top];
    while let Some(id) = open.pop() {
        for child in children.get(id).into_iter().flatten() {
            if found.insert(child.clone()) {
                open.push(child);
            }
        }
    }
    found
}

/// The uppermost nodes that stand below every parent.
fn below_all(
    parents: &[UniqueId],
    reach: &HashMap<UniqueId, HashSet<UniqueId>>,
    needs: &IndexMap<UniqueId, Vec<UniqueId>>,
) -> Vec<UniqueId> {
    let Some(smallest) = parents.iter().filter_map(|id| reach.get(id)).min_by_key(|set| set.len()) else {
        return Vec::new();
    };
    let is_common = |id: &UniqueId| {
        parents.iter().all(|parent| reach.get(parent).is_some_and(|below| below.contains(id)))
    };
    let common: HashSet<&UniqueId> = smallest.iter().filter(|id| is_common(id)).collect();
    let mut top: Vec<UniqueId> = common
        .iter()
        .filter(|id| needs.get(**id).is_none_or(|above| !above.iter().any(|id| common.contains(id))))
        .map(|id| (*id).clone())
        .collect();
    top.sort_unstable();
    top
}

/// The model of each unit test.
fn tested_models(manifest: &Manifest, graph: &Graph) -> HashMap<usize, usize> {
    let model_of = |(id, test): (&UniqueId, &platform_core::node::UnitTest)| {
        Some((graph.index(id)?, graph.index(test.depends_on.nodes.first()?)?))
    };
    manifest.unit_tests.iter().filter_map(model_of).collect()
}

fn ranks(graph: &Graph, leaders: &HashMap<usize, usize>) -> Vec<usize> {
    let mut ranks = vec![0; graph.len()];
    for id in graph.topological() {
        let Some(index) = graph.index(&id) else { continue };
        let below = |parent: &usize| ranks[*parent] + usize::from(!leaders.contains_key(parent));
        ranks[index] = graph.parent_indexes(index).iter().map(below).max().unwrap_or_default();
    }
    ranks
}
