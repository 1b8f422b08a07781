//! What differs between the rows that a unit test expects and those it got, as a table of words and arrows.
//!
//! The form is the one dbt prints: `+++` is a row that nobody expected, `---` one that is missing, `→` one that
//! differs in the cells with an arrow (`expected→actual`); `...` stands for rows that agree.

use std::cmp::Ordering;
use std::fmt::Write as _;

/// A row: texts, `None` for null.
pub type Row = Vec<Option<String>>;

/// Lines of rows that agree, shown on both sides of one that doesn't.
const CONTEXT: usize = 1;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Line<'a> {
    Same(&'a Row),
    Added(&'a Row),
    Missing(&'a Row),
    Changed { expected: &'a Row, actual: &'a Row },
}

impl<'a> Line<'a> {
    fn place(&self) -> &'a Row {
        match self {
            Self::Same(row) | Self::Added(row) | Self::Missing(row) => row,
            Self::Changed { actual, .. } => actual,
        }
    }

    fn action(&self) -> &'static str {
        match self {
            Self::Same(_) => "",
            Self::Added(_) => "+++",
            Self::Missing(_) => "---",
            Self::Changed { .. } => "→",
        }
    }
}

/// The difference, one line a row; `None` if both sides hold the same rows, in whatever order.
pub fn difference(columns: &[String], expected: &[Row], actual: &[Row]) -> Option<String> {
    let lines = compare(expected, actual);
    if lines.iter().all(|line| matches!(line, Line::Same(_))) {
        return None;
    }
    Some(drawn(columns, &lines))
}

/// Equal rows together, then those that are most alike, in the order of their values.
fn compare<'a>(expected: &'a [Row], actual: &'a [Row]) -> Vec<Line<'a>> {
    let mut wanted: Vec<&Row> = expected.iter().collect();
    let mut found: Vec<&Row> = actual.iter().collect();
    let mut lines = Vec::new();
    wanted.retain(|row| match found.iter().position(|it| it == row) {
        Some(at) => {
            lines.push(Line::Same(found.swap_remove(at)));
            false
        }
        None => true,
    });
    wanted.sort_by(|left, right| order(left, right));
    found.sort_by(|left, right| order(left, right));
    while let Some((at, with)) = most_alike(&wanted, &found) {
        lines.push(Line::Changed { expected: wanted.remove(at), actual: found.remove(with) });
    }
    lines.extend(wanted.into_iter().map(Line::Missing));
    lines.extend(found.into_iter().map(Line::Added));
    lines.sort_by(|left, right| order(left.place(), right.place()));
    lines
}

/// The two rows with the most cells in common, the first of them; nothing where none have any.
fn most_alike(wanted: &[&Row], found: &[&Row]) -> Option<(usize, usize)> {
    let alike = |left: &Row, right: &Row| {
        left.iter().zip(right).filter(|(left, right)| left.is_some() && left == right).count()
    };
    let mut best: Option<(usize, (usize, usize))> = None;
    for (at, row) in wanted.iter().enumerate() {
        for (with, other) in found.iter().enumerate() {
            let cells = alike(row, other);
            if cells > best.map_or(0, |(most, _)| most) {
                best = Some((cells, (at, with)));
            }
        }
    }
    best.map(|(_, pair)| pair)
}

/// Numbers by their value, other texts by their letters, nulls last.
fn order(left: &Row, right: &Row) -> Ordering {
    let number = |text: &str| text.parse::<f64>().ok();
    left.iter()
        .zip(right)
        .map(|cells| match cells {
            (Some(left), Some(right)) => match (number(left), number(right)) {
                (Some(left), Some(right)) => left.total_cmp(&right),
                _ => left.cmp(right),
            },
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
        })
        .find(|order| *order != Ordering::Equal)
        .unwrap_or(Ordering::Equal)
}

fn drawn(columns: &[String], lines: &[Line<'_>]) -> String {
    let text = |cell: &Option<String>| cell.clone().unwrap_or_else(|| "NULL".to_owned());
    // As dbt has it: nulls of a row that only one side has are small.
    let lone = |cell: &Option<String>| cell.clone().unwrap_or_else(|| "null".to_owned());
    let mut table = vec![std::iter::once("@@".to_owned()).chain(columns.iter().cloned()).collect::<Vec<_>>()];
    let mut hidden = false;
    for (at, line) in lines.iter().enumerate() {
        let near = lines[at.saturating_sub(CONTEXT)..(at + CONTEXT + 1).min(lines.len())].iter();
        if near.into_iter().all(|line| matches!(line, Line::Same(_))) {
            hidden = true;
            continue;
        }
        if std::mem::take(&mut hidden) {
            table.push(vec!["...".to_owned(); columns.len() + 1]);
        }
        let cells: Vec<String> = match line {
            Line::Changed { expected, actual } => expected
                .iter()
                .zip(*actual)
                .map(|(old, new)| if old == new { text(new) } else { format!("{}→{}", text(old), text(new)) })
                .collect(),
            Line::Same(row) => row.iter().map(text).collect(),
            Line::Added(row) | Line::Missing(row) => row.iter().map(lone).collect(),
        };
        table.push(std::iter::once(line.action().to_owned()).chain(cells).collect());
    }
    if hidden {
        table.push(vec!["...".to_owned(); columns.len() + 1]);
    }
    aligned(&table)
}

/// Cells with commas between, quoted where they hold one themselves; all but the last column filled up with blanks.
fn aligned(table: &[Vec<String>]) -> String {
    let quoted = |cell: &String| match cell.contains([',', '"', '\n']) {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => cell.clone(),
    };
    let table: Vec<Vec<String>> = table.iter().map(|row| row.iter().map(quoted).collect()).collect();
    let width = |at: usize| table.iter().filter_map(|row| row.get(at)).map(|cell| cell.chars().count()).max();
    let mut out = String::new();
    for row in &table {
        let last = row.len().saturating_sub(1);
        for (at, cell) in row.iter().enumerate() {
            let width = if at == last { 0 } else { width(at).unwrap_or_default() };
            let _ = write!(out, "{cell:width$}{}", if at == last { "\n" } else { "," });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<Row> {
        let cell = |cell: &str| (cell != "-").then(|| cell.to_owned());
        text.lines().map(|line| line.trim().split('|').map(cell).collect()).collect()
    }

    #[track_caller]
    fn check(columns: &str, expected: &str, actual: &str, difference_is: Option<&str>) {
        let columns: Vec<String> = columns.split('|').map(str::to_owned).collect();
        let found = difference(&columns, &rows(expected), &rows(actual));
        assert_eq!(found.as_deref(), difference_is);
    }

    // The expected texts are dbt Core's for the same rows.
    #[test]
    fn says_what_dbt_says() {
        check("id|name", "1|a\n2|-", "2|-\n1|a", None);
        check("id|a", "2|x", "1|x", Some("@@,id ,a\n→ ,2→1,x\n"));
        check("id|name", "2|-", "1|-", Some("@@ ,id,name\n+++,1 ,null\n---,2 ,null\n"));
        check(
            "id|a",
            "1|with | pipe, and comma".replace(" | ", " / ").as_str(),
            "1|x",
            Some("@@,id,a\n→ ,1 ,\"with / pipe, and comma→x\"\n"),
        );
        check(
            "id|name",
            "6|-\n8|-\n9|-",
            "6|-\n7|-\n9|b",
            Some("@@ ,id,name\n   ,6 ,NULL\n+++,7 ,null\n---,8 ,null\n→  ,9 ,NULL→b\n"),
        );
        check(
            "id|name",
            "6|-\n7|-\n8|y",
            "6|null\n7|-\n8|x",
            Some("@@,id,name\n→ ,6 ,NULL→null\n  ,7 ,NULL\n→ ,8 ,y→x\n"),
        );
        check(
            "id",
            "1\n2\n3\n4\n5\n6\n77\n8\n9\n10\n11",
            "1\n2\n3\n4\n5\n6\n7\n8\n9\n10",
            Some("@@ ,id\n...,...\n   ,6\n+++,7\n   ,8\n...,...\n   ,10\n---,11\n---,77\n"),
        );
    }
}
