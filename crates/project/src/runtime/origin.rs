//! Where in a model's own file a piece of its compiled SQL was written.
//!
//! Text outside of tags is copied as it is, so the longest piece around a place that the file has too is where it
//! came from. What a tag made has no such piece: then it is the tag after the text before.

use std::ops::Range;

/// How much text on either side is looked at: enough to tell repeated lines apart.
const REACH: usize = 400;

/// The bytes of `written` that byte `at` of `compiled` came from.
pub fn origin(written: &str, compiled: &str, at: usize) -> Option<Range<usize>> {
    let at = compiled.floor_char_boundary(at.min(compiled.len()));
    let tags = written;
    let written = &without_tags(written);
    let word = word(compiled, at);
    if word.is_empty() || !written.contains(&compiled[word.clone()]) {
        return tag_after(
            tags,
            written,
            &compiled[compiled.floor_char_boundary(at.saturating_sub(REACH))..at],
        );
    }
    let start = grown(compiled, word.start, |from| written.contains(&compiled[from..word.end]));
    let rest = compiled.ceil_char_boundary((word.end + REACH).min(compiled.len()));
    let mut end = word.end;
    for (offset, letter) in compiled[word.end..rest].char_indices() {
        let next = word.end + offset + letter.len_utf8();
        if !written.contains(&compiled[start..next]) {
            break;
        }
        end = next;
    }
    let whole = &compiled[start..end];
    // Of several, the one as far down the file as the place is down the SQL.
    let far = |found: &usize| (found * compiled.len().max(1)).abs_diff(start * written.len());
    let found = written.match_indices(whole).map(|(found, _)| found).min_by_key(far)?;
    let from = found + word.start - start;
    Some(from..from + word.len())
}

/// The name, number or sign at a place.
fn word(text: &str, at: usize) -> Range<usize> {
    let part = |letter: char| letter.is_alphanumeric() || letter == '_';
    let rest = &text[at..];
    let length = match rest.chars().next() {
        Some(first) if part(first) => rest.find(|it| !part(it)).unwrap_or(rest.len()),
        Some(first) if !first.is_whitespace() => first.len_utf8(),
        _ => 0,
    };
    at..at + length
}

/// The furthest start before `end` up to which `holds` does.
fn grown(text: &str, end: usize, holds: impl Fn(usize) -> bool) -> usize {
    let first = text.floor_char_boundary(end.saturating_sub(REACH));
    let starts = text[first..end].char_indices().rev().map(|(offset, _)| first + offset);
    starts.take_while(|start| holds(*start)).last().unwrap_or(end)
}

/// A text with its tags blotted out, byte for byte.
fn without_tags(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find("{{").into_iter().chain(rest.find("{%")).chain(rest.find("{#")).min() {
        let close = match rest.as_bytes()[open + 1] {
            b'{' => "}}",
            b'%' => "%}",
            _ => "#}",
        };
        let end = rest[open..].find(close).map_or(rest.len(), |length| open + length + close.len());
        plain.push_str(&rest[..open]);
        plain.extend(std::iter::repeat_n('\0', end - open));
        rest = &rest[end..];
    }
    plain + rest
}

/// The first tag after the text that stands before a place.
fn tag_after(tags: &str, written: &str, before: &str) -> Option<Range<usize>> {
    let start = grown(before, before.len(), |from| written.contains(&before[from..]));
    let literal = &before[start..];
    let from = if literal.trim().is_empty() { 0 } else { written.find(literal)? + literal.len() };
    let open = from + tags[from..].find("{{").or_else(|| tags[from..].find("{%"))?;
    let close = tags[open..].find("}}").or_else(|| tags[open..].find("%}"));
    Some(open..close.map_or(open + 2, |length| open + length + 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(written: &str, compiled: &str, wrong: &str, want: &str) {
        let at = compiled.find(wrong).expect("present");
        let found = origin(written, compiled, at).expect("found");
        let line = written[..found.start].matches('\n').count() + 1;
        assert_eq!(format!("{line}: {}", &written[found]), want);
    }

    #[test]
    fn text_is_found_below_what_tags_took_away() {
        check(
            "{{ config(materialized='view') }}\n\nselect\n    nosuch\nfrom {{ ref('a') }}\n",
            "\n\nselect\n    nosuch\nfrom \"dev\".\"a\"\n",
            "nosuch",
            "4: nosuch",
        );
    }

    #[test]
    fn of_equal_lines_it_is_the_one_in_the_same_surroundings() {
        check(
            "select a.id as one\nfrom a\nunion all\nselect a.id as two\nfrom a\n",
            "select a.id as one\nfrom a\nunion all\nselect a.id as two\nfrom a\n",
            "id as two",
            "4: id",
        );
    }

    #[test]
    fn what_a_tag_made_is_that_tag() {
        check(
            "select 1 as x,\n  {{ cents('amount') }} as cents\nfrom t",
            "select 1 as x,\n  (amount / 100) as cents\nfrom t",
            "(amount",
            "2: {{ cents('amount') }}",
        );
    }

    #[test]
    fn letters_of_more_than_a_byte_are_counted_whole() {
        check("select 'é' as é, nosuch\n", "select 'é' as é, nosuch\n", "nosuch", "1: nosuch");
    }
}
