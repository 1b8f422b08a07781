//! Where Python's reader follows YAML 1.1 and the parser a later one: what the first refuses is refused here, and what
//! it takes is put in a form that the other takes too.

use memchr::memmem;
use std::borrow::Cow;
use std::ops::Range;

/// The text with line breaks that the parser knows; every byte stands where it stood.
pub fn with_known_breaks(text: &str) -> Cow<'_, str> {
    const NEXT_LINE: &str = "\u{85}";
    match memmem::find(text.as_bytes(), NEXT_LINE.as_bytes()) {
        Some(_) => Cow::Owned(text.replace(NEXT_LINE, " \n")),
        None => Cow::Borrowed(text),
    }
}

/// The text without the comment that begins right behind a bracket; every byte stands where it stood. `None` where
/// none does.
pub fn without_touching_comment(text: &str, hash: usize) -> Option<String> {
    let comment = text.get(hash..)?.lines().next().filter(|it| it.starts_with('#'))?;
    if !text[..hash].ends_with([']', '}', '"', '\'']) {
        return None;
    }
    let blank = " ".repeat(comment.len());
    Some([&text[..hash], &blank, &text[hash + comment.len()..]].concat())
}

/// Where a file with tabs may have them before the first letter of a line.
#[derive(Debug, Default)]
pub struct Tabs {
    /// Texts, and what stands in brackets.
    inside: Vec<Range<usize>>,
    /// Ends of plain texts, and the column of the block that they stand in: blank lines belong to them.
    plain: Vec<(usize, Option<usize>)>,
}

impl Tabs {
    /// Notes a text or what stands in brackets.
    pub fn allow_in(&mut self, range: &Range<usize>) {
        self.inside.push(range.clone());
    }

    /// Notes a text without quotes.
    pub fn allow_behind(&mut self, end: usize, block: Option<usize>) {
        self.plain.push((end, block));
    }

    /// The first tab that a line is indented with where none may be. White space at both ends is no part of a file.
    pub fn refused(&self, text: &str) -> Option<usize> {
        let (start, end) = (text.len() - text.trim_start().len(), text.trim_end().len());
        memchr::memchr_iter(b'\t', text.as_bytes()).filter(|at| (start..end).contains(at)).find(|at| {
            let line = start_of_line(text, *at);
            line > start
                && text[line..*at].bytes().all(|it| it == b' ')
                && !self.inside.iter().any(|range| range.start < *at && *at < range.end)
                && !self.is_of_plain_text(text, *at, *at - line)
        })
    }

    fn is_of_plain_text(&self, text: &str, at: usize, column: usize) -> bool {
        let before = self.plain.iter().rev().find(|(end, _)| *end <= at);
        before.is_some_and(|(end, block)| {
            text[*end..at].trim().is_empty() && block.is_none_or(|block| column > block)
        })
    }
}

/// The byte at which the line of a byte begins.
pub fn start_of_line(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |at| at + 1)
}

/// Why a key is none: one without `?` is something, and stands in one line with its colon.
pub fn refused_key(text: &str, key: &Range<usize>, is_empty: bool) -> Option<&'static str> {
    let behind = text.get(key.end..).unwrap_or_default();
    let gap = &behind[..behind.len() - behind.trim_start().len()];
    let is_split = behind[gap.len()..].starts_with(':')
        && (gap.contains('\n') || text.get(key.clone()).is_some_and(|it| it.contains('\n')));
    if !is_empty && !is_split {
        return None;
    }
    let before = text.get(..key.start).unwrap_or_default().trim_end();
    match before.ends_with('?') {
        true => None,
        false if is_empty => Some("did not find expected key"),
        false => Some("while scanning a simple key, could not find expected ':'"),
    }
}
