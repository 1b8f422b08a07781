//! What is wrong with a project, where, and what to do next: plain data; only the reporter draws it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::fmt;

/// A place in a file the reader wrote. Line and column count from 1, columns in characters.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place {
    /// Path below the project's root.
    pub file: String,
    /// Line, from 1; 0 where only the file is known.
    pub line: u32,
    /// Column, from 1; 0 where only the line is known.
    pub column: u32,
    /// How many characters are meant; 0 where unknown.
    pub length: u32,
    /// The line's text, for the snippet.
    pub snippet: String,
}

impl Place {
    /// The place of a byte range in a file's text.
    pub fn of(file: impl Into<String>, text: &str, range: std::ops::Range<usize>) -> Self {
        let start = text.floor_char_boundary(range.start.min(text.len()));
        let end = text.floor_char_boundary(range.end.clamp(start, text.len()));
        let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
        let count = |text: &str| u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
        Self {
            file: file.into(),
            line: count_lines(&text[..start]),
            column: count(&text[line_start..start]) + 1,
            length: count(&text[start..end.min(line_end)]),
            snippet: text[line_start..line_end].trim_end_matches('\r').to_owned(),
        }
    }

    /// A whole file.
    pub fn file(file: impl Into<String>) -> Self {
        Self { file: file.into(), ..Self::default() }
    }
}

fn count_lines(before: &str) -> u32 {
    u32::try_from(before.bytes().filter(|byte| *byte == b'\n').count()).unwrap_or(u32::MAX).saturating_add(1)
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.line, self.column) {
            (0, _) => out.write_str(&self.file),
            (line, 0) => write!(out, "{}:{line}", self.file),
            (line, column) => write!(out, "{}:{line}:{column}", self.file),
        }
    }
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The command goes on; `--warn-error` makes it an error.
    Warning,
    /// The command stops.
    Error,
}

/// One thing to tell the reader.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    /// `D012`; listed in the documentation of the crate that raises it.
    pub code: String,
    /// dbt's name of the same warning or error where it has one (`UnusedResourceConfigPath`), for
    /// `--warn-error-options`.
    pub event: Option<String>,
    /// How bad it is.
    pub severity: Severity,
    /// One sentence, no full stop, names in backticks.
    pub message: String,
    /// The node or macro whose template broke, as dbt's heading has it: `model orders (models/orders.sql)`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Where.
    pub place: Option<Place>,
    /// The macros in between, innermost last: name and place.
    pub stack: Vec<(String, Place)>,
    /// What to do next.
    pub hint: Option<String>,
    /// Facts for machines, under dbt's keys of the event (`model_name`).
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub facts: Map<String, Value>,
}

impl Diagnostic {
    /// An error.
    pub fn error(code: &str, message: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            event: None,
            severity: Severity::Error,
            message: message.into(),
            subject: None,
            place: None,
            stack: Vec::new(),
            hint: None,
            facts: Map::new(),
        }
    }

    /// With the node or macro whose template broke: kind, name and file.
    #[must_use]
    pub fn about(mut self, kind: &str, name: &str, file: &str) -> Self {
        self.subject = Some(format!("{kind} {name} ({file})"));
        self
    }

    /// A warning.
    pub fn warning(code: &str, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, message) }
    }

    /// With a place.
    #[must_use]
    pub fn at(self, place: Place) -> Self {
        Self { place: Some(place), ..self }
    }

    /// Without the text of the line, where it may hold a secret.
    #[must_use]
    pub fn without_snippet(mut self) -> Self {
        if let Some(place) = &mut self.place {
            place.snippet.clear();
        }
        self
    }

    /// With a hint.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// With dbt's name of the event.
    #[must_use]
    pub fn event(self, name: &str) -> Self {
        Self { event: Some(name.to_owned()), ..self }
    }

    /// With one fact more.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.facts.insert(key.to_owned(), value.into());
        self
    }
}

impl fmt::Display for Diagnostic {
    /// One line a fact, without colour or snippet: for logs and tests.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.code)?;
        if let Some(place) = &self.place {
            write!(out, " {place}")?;
        }
        write!(out, "  {}", self.message)?;
        for (name, place) in &self.stack {
            write!(out, "\n  in macro `{name}` [{place}]")?;
        }
        if let Some(hint) = &self.hint {
            write!(out, "\n  hint: {hint}")?;
        }
        Ok(())
    }
}

/// The candidates most like `wanted`, best first, three at most: for "did you mean".
pub fn nearest<'a>(wanted: &str, candidates: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let limit = (wanted.chars().count() / 3).max(1);
    let lower = wanted.to_lowercase();
    let mut found: Vec<(usize, &str)> = candidates
        .into_iter()
        .map(|candidate| (edit_distance(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .collect();
    found.sort_unstable();
    found.dedup();
    found.into_iter().take(3).map(|(_, candidate)| candidate).collect()
}

/// Optimal string alignment distance: insertions, deletions, substitutions, swaps of neighbours.
fn edit_distance(left: &str, right: &str) -> usize {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    let mut rows = vec![vec![0; right.len() + 1]; left.len() + 1];
    rows[0] = (0..=right.len()).collect();
    for i in 1..=left.len() {
        rows[i][0] = i;
        for j in 1..=right.len() {
            let cost = usize::from(left[i - 1] != right[j - 1]);
            let mut best = (rows[i - 1][j] + 1).min(rows[i][j - 1] + 1).min(rows[i - 1][j - 1] + cost);
            if i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[left.len()][right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_counts_characters_and_keeps_the_line() {
        let text = "select 1\n  , é as ref('x')\n";
        let start = text.find("ref").expect("present");
        let place = Place::of("models/a.sql", text, start..start + 3);
        assert_eq!((place.line, place.column, place.length), (2, 10, 3));
        assert_eq!(place.to_string(), "models/a.sql:2:10");
        assert_eq!(place.snippet, "  , é as ref('x')");
    }

    #[test]
    fn suggests_what_is_near() {
        assert_eq!(nearest("stg_order", ["stg_orders", "raw_orders", "customers"]), ["stg_orders"]);
        assert_eq!(nearest("materialization", ["materialized", "tags"]), ["materialized"]);
        assert!(nearest("abc", ["xyz"]).is_empty());
    }
}
