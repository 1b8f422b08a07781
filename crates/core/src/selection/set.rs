//! A set of places in a graph, as bits.

/// Places of a graph, dense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NodeSet {
    words: Vec<u64>,
}

impl NodeSet {
    /// The empty set for a graph of `len` nodes.
    pub fn new(len: usize) -> Self {
        Self { words: vec![0; len.div_ceil(64)] }
    }

    /// Adds a place; whether it was new.
    pub fn insert(&mut self, index: usize) -> bool {
        let (word, bit) = (index / 64, 1 << (index % 64));
        let new = self.words[word] & bit == 0;
        self.words[word] |= bit;
        new
    }

    /// Whether the place is in.
    pub fn contains(&self, index: usize) -> bool {
        self.words[index / 64] & (1 << (index % 64)) != 0
    }

    /// Whether nothing is in.
    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    /// Places, ascending.
    pub fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.words.iter().enumerate().flat_map(|(at, word)| {
            let mut rest = *word;
            std::iter::from_fn(move || {
                if rest == 0 {
                    return None;
                }
                let bit = rest.trailing_zeros() as usize;
                rest &= rest - 1;
                Some(at * 64 + bit)
            })
        })
    }

    /// Adds every place of the other.
    pub fn unite(&mut self, other: &Self) {
        self.zip(other, |left, right| left | right);
    }

    /// Keeps what is in both.
    pub fn intersect(&mut self, other: &Self) {
        self.zip(other, |left, right| left & right);
    }

    /// Removes every place of the other.
    pub fn subtract(&mut self, other: &Self) {
        self.zip(other, |left, right| left & !right);
    }

    fn zip(&mut self, other: &Self, combine: fn(u64, u64) -> u64) {
        for (left, right) in self.words.iter_mut().zip(&other.words) {
            *left = combine(*left, *right);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn does_set_arithmetic() {
        let set = |places: &[usize]| {
            let mut set = NodeSet::new(200);
            for place in places {
                assert!(set.insert(*place));
            }
            set
        };
        let mut left = set(&[0, 63, 64, 130]);
        assert!(!left.insert(63));
        left.unite(&set(&[199]));
        left.subtract(&set(&[0]));
        assert_eq!(left.iter().collect::<Vec<_>>(), [63, 64, 130, 199]);
        left.intersect(&set(&[64, 199]));
        assert_eq!(left.iter().collect::<Vec<_>>(), [64, 199]);
        assert!(left.contains(64) && !left.contains(63) && !left.is_empty());
    }
}
