//! Which tests are answered by one scan: known before anything runs, from the manifest alone.

use crate::threshold::Thresholds;
use platform_core::{Node, Resource, UniqueId};
use project::runtime::{Runtime, TestKind};
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

/// Uniqueness sorts a column of the relation: more than two in one statement gain little by sharing the scan, and
/// lose what slots could do side by side.
const SORTS: usize = 2;

/// The most tests in one statement: Postgres gives 1,664 columns, of which a test takes up to four.
const MOST: usize = 300;

/// Tests by the scan that answers them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Companies {
    numbers: HashMap<UniqueId, usize>,
}

impl Companies {
    /// Of the selected tests, numbered by their weight: what takes longest begins first, so that no slot is left with
    /// it at the end.
    pub fn new<'a>(runtime: &Runtime, selected: impl IntoIterator<Item = &'a UniqueId>) -> Self {
        let manifest = &runtime.project().manifest;
        let mut relations: BTreeMap<(&str, &str), Vec<(&UniqueId, TestKind)>> = BTreeMap::new();
        for id in selected {
            let Some(Resource::Node(node)) = manifest.resource(id) else { continue };
            if let (Some(kind), Some(relation)) = (runtime.builtin_kind(node), relation(node))
                && Thresholds::of(&node.config).is_some()
            {
                relations.entry((&node.package_name, relation)).or_default().push((id, kind));
            }
        }
        // A lone count is its own scan; a lone `unique` is quicker by hashes all the same.
        let pays = |tests: &Vec<(_, TestKind)>| {
            tests.len() > 1 || tests.iter().any(|(_, kind)| *kind == TestKind::Unique)
        };
        let mut companies: Vec<_> = relations.values().flat_map(|tests| shares(tests)).filter(pays).collect();
        companies.sort_by_key(|tests| Reverse(weight(tests)));
        let numbered = companies.into_iter().enumerate();
        let each = numbered.flat_map(|(at, tests)| tests.into_iter().map(move |(id, _)| (id.clone(), at)));
        Self { numbers: each.collect() }
    }

    /// The company of a test.
    pub fn of(&self, id: &UniqueId) -> Option<usize> {
        self.numbers.get(id).copied()
    }
}

/// The tested relation as the test's argument names it: the same text is the same relation.
fn relation(node: &Node) -> Option<&str> {
    node.only.test_metadata.as_ref()?.kwargs.get("model")?.as_str()
}

/// What tests cost beside each other, in counts of nulls: measured over five million rows. How many rows the relation
/// has is not known here.
fn weight(tests: &[(&UniqueId, TestKind)]) -> usize {
    let each = |(_, kind): &(_, TestKind)| match kind {
        TestKind::NotNull => 1,
        TestKind::AcceptedValues => 2,
        TestKind::Rows => 4,
        TestKind::Relationships => 8,
        TestKind::Unique => 10,
    };
    tests.iter().map(each).sum()
}

/// Parts of a relation's tests: no more than two sorts and a few hundred tests in each.
fn shares<'a>(tests: &[(&'a UniqueId, TestKind)]) -> Vec<Vec<(&'a UniqueId, TestKind)>> {
    let (sorts, counts): (Vec<_>, Vec<_>) =
        tests.iter().copied().partition(|(_, kind)| *kind == TestKind::Unique);
    let mut shares: Vec<Vec<_>> = sorts.chunks(SORTS).map(<[_]>::to_vec).collect();
    for (at, counts) in counts.chunks(MOST).enumerate() {
        match shares.get_mut(at) {
            Some(share) => share.extend_from_slice(counts),
            None => shares.push(counts.to_vec()),
        }
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorts_are_spread_and_counts_go_along() {
        let ids: Vec<UniqueId> = (0..7).map(|at| UniqueId::from(format!("test.p.t{at}").as_str())).collect();
        let kind = |at: usize| if at < 5 { TestKind::Unique } else { TestKind::NotNull };
        let tests: Vec<_> = ids.iter().enumerate().map(|(at, id)| (id, kind(at))).collect();
        let sizes: Vec<usize> = shares(&tests).iter().map(Vec::len).collect();
        assert_eq!(sizes, [4, 2, 1]);
        assert_eq!(shares(&tests[5..]).len(), 1);
        assert!(shares(&[]).is_empty());
    }

    #[test]
    fn sorts_and_joins_weigh_more_than_counts() {
        let id = UniqueId::from("test.p.t");
        let of = |kinds: &[TestKind]| weight(&kinds.iter().map(|kind| (&id, *kind)).collect::<Vec<_>>());
        let counts = of(&[TestKind::NotNull; 6]);
        assert!(of(&[TestKind::Unique]) > counts);
        assert!(of(&[TestKind::Relationships]) > counts);
        assert!(of(&[TestKind::NotNull, TestKind::Unique]) > of(&[TestKind::Unique]));
    }
}
