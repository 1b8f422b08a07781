//! What search finds beyond names: the words of all descriptions and of all SQL, and where each stands.
//!
//! An inverted index in a script of its own, which the browser loads when somebody searches. It has the same
//! answers as reading every page's details, at a fraction of their size.

use super::data::{Brief, Detail};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Shorter words are in every text, longer ones are not words (a hash, a line of base64).
const LENGTH: std::ops::RangeInclusive<usize> = 2..=60;

/// Words in order, and for each the places of the resources that have it.
#[derive(Debug, Default, Serialize)]
pub struct Words {
    /// Of descriptions, those of columns too.
    pub prose: Postings,
    /// Of SQL as written.
    pub code: Postings,
}

/// Words, and where they stand.
#[derive(Debug, Default, Serialize)]
pub struct Postings {
    /// In alphabetical order, parted by blanks.
    words: String,
    /// In the order of the words; places ascend, and each is given as its distance from the one before.
    places: Vec<Vec<usize>>,
}

impl Words {
    /// Of all resources. The engine's own macros are not searched for their text.
    pub fn of(briefs: &[Brief], details: &[Detail]) -> Self {
        let mut prose = BTreeMap::new();
        let mut code = BTreeMap::new();
        for (place, (brief, detail)) in briefs.iter().zip(details).enumerate() {
            if brief.kind == "macro" && brief.hidden {
                continue;
            }
            let columns = detail.columns.iter().map(|column| column.description.as_str());
            for html in columns.chain([detail.description.as_str()]) {
                note(&mut prose, &without_tags(html), place);
            }
            note(&mut code, &detail.raw_code, place);
        }
        Self { prose: postings(prose), code: postings(code) }
    }
}

fn note(found: &mut BTreeMap<String, BTreeSet<usize>>, text: &str, place: usize) {
    let words = text.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
    for word in words.filter(|word| LENGTH.contains(&word.chars().count())) {
        found.entry(word.to_lowercase()).or_default().insert(place);
    }
}

fn postings(found: BTreeMap<String, BTreeSet<usize>>) -> Postings {
    let mut postings = Postings::default();
    for (word, places) in found {
        if !postings.words.is_empty() {
            postings.words.push(' ');
        }
        postings.words.push_str(&word);
        let mut last = 0;
        let distances = places.into_iter().map(|place| {
            let distance = place - last;
            last = place;
            distance
        });
        postings.places.push(distances.collect());
    }
    postings
}

/// The text of HTML that we made: tags fall out, the few entities it has stay and are no words.
fn without_tags(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut inside = false;
    for letter in html.chars() {
        match letter {
            '<' => inside = true,
            '>' => {
                inside = false;
                text.push(' ');
            }
            other if !inside => text.push(other),
            _ => {}
        }
    }
    for (entity, letter) in [("&quot;", "\""), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")] {
        text = text.replace(entity, letter);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_in_order_with_distances() {
        let mut found = BTreeMap::new();
        note(&mut found, &without_tags("<p>Order &amp; amount</p>"), 3);
        note(&mut found, "sum(order) -- a", 7);
        let made = postings(found);
        assert_eq!(made.words, "amount order sum");
        assert_eq!(made.places, [vec![3], vec![3, 4], vec![7]]);
    }
}
