//! Which of many names stand in the project's texts: one pass over each text finds them all, where a search for every
//! name would read every text again.

use aho_corasick::AhoCorasick;
use rayon::prelude::*;
use std::collections::{BTreeSet, HashSet};
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

/// A text, and the name whose definition it is: that is no mention of it.
pub struct Text<'a> {
    pub text: &'a str,
    pub defines: Option<&'a str>,
}

impl<'a> From<&'a str> for Text<'a> {
    fn from(text: &'a str) -> Self {
        Self { text, defines: None }
    }
}

/// The names that stand somewhere in the texts, also within a longer word, where `counts` takes the place for a mention.
pub fn mentioned<'n>(
    names: BTreeSet<&'n str>,
    texts: &[Text<'_>],
    counts: impl Fn(&str, Range<usize>) -> bool + Sync,
) -> HashSet<&'n str> {
    if names.is_empty() {
        return HashSet::new();
    }
    let names: Vec<&str> = names.into_iter().collect();
    // It refuses only what no memory holds; then nothing is said against any name.
    let Ok(searcher) = AhoCorasick::new(&names) else { return names.into_iter().collect() };
    let seen: Vec<AtomicBool> = names.iter().map(|_| AtomicBool::new(false)).collect();
    texts.par_iter().for_each(|Text { text, defines }| {
        for found in searcher.find_overlapping_iter(text) {
            let index = found.pattern().as_usize();
            let is_news = !seen[index].load(Ordering::Relaxed) && *defines != Some(names[index]);
            if is_news && counts(text, found.range()) {
                seen[index].store(true, Ordering::Relaxed);
            }
        }
    });
    let seen = seen.into_iter().map(AtomicBool::into_inner);
    names.into_iter().zip(seen).filter_map(|(name, is_seen)| is_seen.then_some(name)).collect()
}

/// Whether the place has the same quotes on both sides.
pub fn in_quotes(text: &str, place: Range<usize>) -> bool {
    let before = text[..place.start].chars().next_back();
    before == text[place.end..].chars().next() && matches!(before, Some('\'' | '"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_within_each_other_but_not_in_their_own_definition() {
        let texts = [
            Text { text: "{% macro cents() %}{{ cents() }} euros", defines: Some("cents") },
            Text::from("select 'colour', \"shape' from to_euros(a)"),
        ];
        let names = || BTreeSet::from(["cents", "euros", "to_euros", "uro", "colour", "shape", "none"]);
        let everywhere = mentioned(names(), &texts, |_, _| true);
        assert_eq!(everywhere, HashSet::from(["euros", "to_euros", "uro", "colour", "shape"]));
        assert_eq!(mentioned(names(), &texts, in_quotes), HashSet::from(["colour"]));
        assert!(mentioned(BTreeSet::new(), &texts, |_, _| true).is_empty());
    }
}
