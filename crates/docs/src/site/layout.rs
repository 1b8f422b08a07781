//! Where each node of the whole lineage stands: layers from left to right, few crossings, short edges.
//!
//! Sugiyama's three steps, each in time that grows with the edges, so that 5,000 nodes take well under a
//! second: longest-path layers with a waypoint wherever an edge passes a layer, order by the mean place of
//! neighbours (swept both ways, the best order kept), and places by isotonic regression, which is the least
//! squares answer for a given order. The libraries of this kind took from 22 s (dagre)
//! to more than 100 s (rust-sugiyama, layout-rs) for 1,000 nodes; in the browser, neighbourhoods are laid out by
//! dagre.

use serde::Serialize;

/// From one layer to the next.
const ACROSS: i32 = 262;
/// From one node to the one below it.
const DOWN: f64 = 46.0;
/// The same where an edge passes.
const PASSING: f64 = 18.0;
/// Times the order is swept.
const SWEEPS: usize = 14;
/// Times the places are evened out.
const EVENINGS: usize = 16;
/// Layers an edge may pass to be led around nodes; longer ones go straight.
const LONGEST: usize = 40;

/// Places of nodes and of the points that long edges pass.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Layout {
    /// Left edge and middle of each node; `None` for what isn't drawn.
    pub places: Vec<Option<[i32; 2]>>,
    /// For edges that pass layers: the edge's place in the list, and the height at each layer passed.
    pub bends: Vec<(usize, Vec<i32>)>,
}

/// Lays out the drawn nodes. `edges` go from what is read to what reads it.
pub fn layered(drawn: &[bool], edges: &[[usize; 2]]) -> Layout {
    let inside: Vec<(usize, [usize; 2])> = edges
        .iter()
        .enumerate()
        .filter(|(_, [from, to])| drawn[*from] && drawn[*to] && from != to)
        .map(|(at, edge)| (at, *edge))
        .collect();
    let mut touched = vec![false; drawn.len()];
    for (_, [from, to]) in &inside {
        touched[*from] = true;
        touched[*to] = true;
    }
    let ranks = ranks(drawn.len(), &inside);
    let mut graph = Layered::new(&ranks, &touched, &inside);
    graph.order();
    graph.even_out();
    let mut layout = graph.places(drawn.len());
    let alone = (0..drawn.len()).filter(|at| drawn[*at] && !touched[*at]);
    below(&mut layout.places, alone.collect(), graph.layers.len());
    layout
}

/// Longest way from a node that reads nothing; a node that reads nothing stands next to what reads it.
fn ranks(count: usize, edges: &[(usize, [usize; 2])]) -> Vec<usize> {
    let mut children = vec![Vec::new(); count];
    let mut missing = vec![0_usize; count];
    for (_, [from, to]) in edges {
        children[*from].push(*to);
        missing[*to] += 1;
    }
    let parentless: Vec<bool> = missing.iter().map(|number| *number == 0).collect();
    let mut queue: Vec<usize> = (0..count).filter(|at| parentless[*at]).collect();
    let mut ranks = vec![0_usize; count];
    let mut head = 0;
    while let Some(at) = queue.get(head).copied() {
        head += 1;
        for child in &children[at] {
            ranks[*child] = ranks[*child].max(ranks[at] + 1);
            missing[*child] -= 1;
            if missing[*child] == 0 {
                queue.push(*child);
            }
        }
    }
    for at in (0..count).filter(|at| parentless[*at]) {
        let nearest = children[at].iter().map(|child| ranks[*child]).min();
        ranks[at] = nearest.map_or(0, |nearest| nearest.saturating_sub(1));
    }
    ranks
}

/// Nodes and waypoints by layer, every edge from one layer to the next.
struct Layered {
    /// Points of each layer, top to bottom.
    layers: Vec<Vec<usize>>,
    /// What each point stands for: a node, or a waypoint.
    node: Vec<Option<usize>>,
    before: Vec<Vec<usize>>,
    after: Vec<Vec<usize>>,
    /// Waypoints of each edge that has any.
    ways: Vec<(usize, Vec<usize>)>,
    height: Vec<f64>,
}

impl Layered {
    fn new(ranks: &[usize], touched: &[bool], edges: &[(usize, [usize; 2])]) -> Self {
        let used = (0..ranks.len()).filter(|at| touched[*at]);
        let depth = used.clone().map(|at| ranks[at] + 1).max().unwrap_or(0);
        let mut graph = Self {
            layers: vec![Vec::new(); depth],
            node: Vec::new(),
            before: Vec::new(),
            after: Vec::new(),
            ways: Vec::new(),
            height: Vec::new(),
        };
        let mut point = vec![usize::MAX; ranks.len()];
        for at in used {
            point[at] = graph.add(ranks[at], Some(at));
        }
        for (number, [from, to]) in edges {
            let (first, last) = (ranks[*from], ranks[*to]);
            if last <= first || last - first > LONGEST {
                continue;
            }
            let way: Vec<usize> = (first + 1..last).map(|rank| graph.add(rank, None)).collect();
            let mut left = point[*from];
            for right in way.iter().copied().chain([point[*to]]) {
                graph.after[left].push(right);
                graph.before[right].push(left);
                left = right;
            }
            if !way.is_empty() {
                graph.ways.push((*number, way));
            }
        }
        graph
    }

    fn add(&mut self, rank: usize, node: Option<usize>) -> usize {
        let point = self.node.len();
        self.node.push(node);
        self.before.push(Vec::new());
        self.after.push(Vec::new());
        self.height.push(0.0);
        self.layers[rank].push(point);
        point
    }

    /// Orders every layer so that few edges cross.
    fn order(&mut self) {
        let mut best = (self.crossings(), self.layers.clone());
        for sweep in 0..SWEEPS {
            let forward = sweep % 2 == 0;
            let mut row = self.rows();
            let count = self.layers.len();
            for step in 0..count {
                let rank = if forward { step } else { count - 1 - step };
                let near = if forward { &self.before } else { &self.after };
                let mut layer: Vec<(f64, usize)> =
                    self.layers[rank].iter().map(|at| (mean(&near[*at], &row, row[*at]), *at)).collect();
                layer.sort_by(|a, b| a.0.total_cmp(&b.0));
                self.layers[rank] = layer.into_iter().map(|(_, at)| at).collect();
                for (place, at) in self.layers[rank].iter().enumerate() {
                    row[*at] = count_as(place);
                }
            }
            let crossings = self.crossings();
            if crossings < best.0 {
                best = (crossings, self.layers.clone());
            }
        }
        self.layers = best.1;
    }

    fn rows(&self) -> Vec<f64> {
        let mut row = vec![0.0; self.node.len()];
        for layer in &self.layers {
            for (place, at) in layer.iter().enumerate() {
                row[*at] = count_as(place);
            }
        }
        row
    }

    /// Pairs of edges that cross, counted with a Fenwick tree a layer.
    fn crossings(&self) -> usize {
        let mut place = vec![0_usize; self.node.len()];
        for layer in &self.layers {
            for (number, at) in layer.iter().enumerate() {
                place[*at] = number;
            }
        }
        let mut total = 0;
        for (left, right) in self.layers.iter().zip(self.layers.iter().skip(1)) {
            let mut tree = vec![0_usize; right.len() + 1];
            let mut seen = 0;
            for at in left {
                let mut ends: Vec<usize> = self.after[*at].iter().map(|it| place[*it]).collect();
                ends.sort_unstable();
                for end in &ends {
                    total += seen - sum(&tree, end + 1);
                }
                for end in ends {
                    add(&mut tree, end + 1);
                    seen += 1;
                }
            }
        }
        total
    }

    /// Moves points towards the middle of their neighbours without changing the order.
    fn even_out(&mut self) {
        for layer in &self.layers {
            let whole: f64 = layer.windows(2).map(|pair| self.apart(pair[0], pair[1])).sum();
            let mut at = -whole / 2.0;
            for (number, point) in layer.iter().enumerate() {
                if number > 0 {
                    at += self.apart(layer[number - 1], *point);
                }
                self.height[*point] = at;
            }
        }
        for round in 0..EVENINGS {
            let count = self.layers.len();
            for step in 0..count {
                let rank = if round % 2 == 0 { step } else { count - 1 - step };
                let layer = &self.layers[rank];
                let mut offset = 0.0;
                let mut wanted = Vec::with_capacity(layer.len());
                let mut offsets = Vec::with_capacity(layer.len());
                for (number, point) in layer.iter().enumerate() {
                    if number > 0 {
                        offset += self.apart(layer[number - 1], *point);
                    }
                    let both: Vec<usize> =
                        self.before[*point].iter().chain(&self.after[*point]).copied().collect();
                    wanted.push(mean(&both, &self.height, self.height[*point]) - offset);
                    offsets.push(offset);
                }
                for ((point, fit), offset) in layer.iter().zip(isotonic(&wanted)).zip(offsets) {
                    self.height[*point] = fit + offset;
                }
            }
        }
    }

    fn apart(&self, upper: usize, lower: usize) -> f64 {
        if self.node[upper].is_some() && self.node[lower].is_some() {
            DOWN
        } else if self.node[upper].is_none() && self.node[lower].is_none() {
            PASSING
        } else {
            f64::midpoint(DOWN, PASSING)
        }
    }

    fn places(&self, count: usize) -> Layout {
        let mut places = vec![None; count];
        let mut left = 0;
        for layer in &self.layers {
            for point in layer {
                if let Some(node) = self.node[*point] {
                    places[node] = Some([left, rounded(self.height[*point])]);
                }
            }
            left += ACROSS;
        }
        let heights = |way: &[usize]| way.iter().map(|point| rounded(self.height[*point])).collect();
        let bends = self.ways.iter().map(|(edge, way)| (*edge, heights(way))).collect();
        Layout { places, bends }
    }
}

/// Nodes without any edge, in rows under the rest.
fn below(places: &mut [Option<[i32; 2]>], alone: Vec<usize>, layers: usize) {
    let bottom =
        places.iter().flatten().map(|[_, y]| *y).max().map_or(0, |bottom| bottom + 2 * rounded(DOWN));
    let across = layers.max(4);
    let (mut left, mut top) = (0, bottom);
    for (number, at) in alone.into_iter().enumerate() {
        if number > 0 && number % across == 0 {
            left = 0;
            top += rounded(DOWN);
        }
        places[at] = Some([left, top]);
        left += ACROSS;
    }
}

fn mean(near: &[usize], of: &[f64], otherwise: f64) -> f64 {
    if near.is_empty() {
        return otherwise;
    }
    near.iter().map(|at| of[*at]).sum::<f64>() / count_as(near.len())
}

/// The nearest values that never fall (pool adjacent violators).
fn isotonic(wanted: &[f64]) -> Vec<f64> {
    let mut pools: Vec<(f64, usize)> = Vec::new();
    for value in wanted {
        pools.push((*value, 1));
        while let [.., (upper, above), (lower, below)] = pools.as_slice() {
            if upper <= lower {
                break;
            }
            let count = above + below;
            let merged = (upper * count_as(*above) + lower * count_as(*below)) / count_as(count);
            pools.truncate(pools.len() - 2);
            pools.push((merged, count));
        }
    }
    pools.into_iter().flat_map(|(value, count)| std::iter::repeat_n(value, count)).collect()
}

fn sum(tree: &[usize], mut at: usize) -> usize {
    let mut total = 0;
    while at > 0 {
        total += tree[at];
        at &= at - 1;
    }
    total
}

fn add(tree: &mut [usize], mut at: usize) {
    while at < tree.len() {
        tree[at] += 1;
        at += at & at.wrapping_neg();
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of points are far below 2^52")]
fn count_as(number: usize) -> f64 {
    number as f64
}

fn rounded(value: f64) -> i32 {
    value.round() as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_go_right_and_nodes_never_overlap() {
        let edges = [[0, 1], [1, 2], [0, 2], [3, 2], [4, 5]];
        let layout = layered(&[true; 8], &edges);
        let places: Vec<[i32; 2]> = layout.places.iter().map(|place| place.expect("drawn")).collect();
        for [from, to] in edges {
            assert!(places[from][0] < places[to][0], "{places:?}");
        }
        for (number, a) in places.iter().enumerate() {
            for b in &places[number + 1..] {
                assert!(a[0] != b[0] || (a[1] - b[1]).abs() >= 45, "{places:?}");
            }
        }
        assert_eq!(layout.bends.len(), 1, "the edge 0 → 2 passes the layer of 1");
        assert_eq!(places[3][0], places[1][0], "a node that reads nothing stands next to its reader");
    }

    #[test]
    fn two_families_do_not_cross() {
        let edges = [[0, 2], [1, 3], [2, 5], [3, 4], [0, 6], [1, 7]];
        let layout = layered(&[true; 8], &edges);
        let y = |at: usize| layout.places[at].expect("drawn")[1];
        assert_eq!(y(0) < y(1), y(2) < y(3));
        assert_eq!(y(2) < y(3), y(5) < y(4));
    }

    #[test]
    fn a_cycle_and_nothing_at_all_end_too() {
        assert_eq!(layered(&[], &[]), Layout::default());
        assert_eq!(layered(&[true, true], &[[0, 1], [1, 0]]).places.iter().flatten().count(), 2);
    }
}
