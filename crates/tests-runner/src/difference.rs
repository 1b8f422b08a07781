//! What differs between the rows that a unit test expects and those it got, as a table of words and arrows.
//!
//! The form is the one dbt prints: `+++` is a row that nobody expected, `---` one that is missing, `→` one that
//! differs in the cells with an arrow (`expected→actual`); `...` stands for rows that agree.

use project::runtime::CellKind;
use std::cmp::Ordering;
use std::collections::{HashMap, HashSet, VecDeque};
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

impl Line<'_> {
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
pub fn difference(
    columns: &[String],
    kinds: &[CellKind],
    mut expected: Vec<Row>,
    mut actual: Vec<Row>,
) -> Option<String> {
    expected.sort_by(|left, right| order(kinds, left, right));
    actual.sort_by(|left, right| order(kinds, left, right));
    if expected == actual {
        return None;
    }
    let pairs = pairs(&expected, &actual);
    let lines = lines(&expected, &actual, &pairs.with);
    Some(drawn(columns, kinds, &lines, &shown(columns.len(), &lines, &pairs.looked_at)))
}

/// Numbers by their value, other texts by their letters, nulls last.
fn order(kinds: &[CellKind], left: &Row, right: &Row) -> Ordering {
    let number = |text: &str| text.parse::<f64>().ok();
    left.iter()
        .zip(right)
        .enumerate()
        .map(|(at, cells)| match cells {
            (Some(left), Some(right)) if kinds.get(at) == Some(&CellKind::Number) => {
                match (number(left), number(right)) {
                    (Some(left), Some(right)) => left.total_cmp(&right),
                    _ => left.cmp(right),
                }
            }
            (Some(left), Some(right)) => left.cmp(right),
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
        })
        .find(|order| *order != Ordering::Equal)
        .unwrap_or(Ordering::Equal)
}

/// Which rows stand beside each other.
struct Pairs {
    /// For each actual row the expected one.
    with: Vec<Option<usize>>,
    /// The columns that had to be looked at.
    looked_at: HashSet<usize>,
}

/// Rows that agree in columns whose values no other row of either side has, the first columns tried first; then rows
/// that are equal.
fn pairs(expected: &[Row], actual: &[Row]) -> Pairs {
    let mut pairs = Pairs { with: vec![None; actual.len()], looked_at: HashSet::new() };
    let mut taken: HashSet<usize> = HashSet::new();
    let columns = telling(expected, actual);
    for chosen in 1..1_usize << columns.len() {
        if taken.len() == expected.len() {
            break;
        }
        let chosen: Vec<usize> =
            columns.iter().enumerate().filter(|(bit, _)| chosen >> bit & 1 == 1).map(|(_, at)| *at).collect();
        let (wanted, found) = (by_key(expected, &chosen), by_key(actual, &chosen));
        let often = wanted.values().chain(found.values()).map(Vec::len).max().unwrap_or_default();
        // Columns with a value that comes again and again tell nothing, as dbt's differ sees it.
        if often * 10 >= expected.len().max(actual.len()) + 21 {
            continue;
        }
        pairs.looked_at.extend(chosen);
        for (key, rows) in &found {
            if let ([at], Some([with])) = (rows.as_slice(), wanted.get(key).map(Vec::as_slice))
                && !key.is_empty()
                && pairs.with[*at].is_none()
                && taken.insert(*with)
            {
                pairs.with[*at] = Some(*with);
            }
        }
    }
    let mut equal: HashMap<&Row, VecDeque<usize>> = HashMap::new();
    for (at, row) in expected.iter().enumerate().filter(|(at, _)| !taken.contains(at)) {
        equal.entry(row).or_default().push_back(at);
    }
    for (row, with) in actual.iter().zip(&mut pairs.with).filter(|(_, with)| with.is_none()) {
        *with = equal.get_mut(row).and_then(VecDeque::pop_front);
    }
    pairs
}

/// Places of rows by what they have in some columns; nothing is as empty as a text.
fn by_key(rows: &[Row], columns: &[usize]) -> HashMap<String, Vec<usize>> {
    let cell = |row: &Row, at: usize| match row.get(at) {
        Some(Some(cell)) if cell != "null" => cell.clone(),
        _ => String::new(),
    };
    let mut places: HashMap<String, Vec<usize>> = HashMap::new();
    for (at, row) in rows.iter().enumerate() {
        let key: Vec<String> = columns.iter().map(|column| cell(row, *column)).collect();
        places.entry(key.join(" // ")).or_default().push(at);
    }
    places
}

/// The columns that rows are told apart by: all, or the five with the most different values.
fn telling(expected: &[Row], actual: &[Row]) -> Vec<usize> {
    const MOST: usize = 5;
    let count = expected.iter().chain(actual).map(Vec::len).max().unwrap_or_default();
    let mut columns: Vec<usize> = (0..count).collect();
    if count > MOST {
        let different = |at: usize| -> usize {
            let values = |rows: &[Row]| rows.iter().map(|row| row.get(at)).collect::<HashSet<_>>().len();
            values(expected) + values(actual)
        };
        columns.sort_by_key(|at| std::cmp::Reverse(different(*at)));
        columns.truncate(MOST);
    }
    columns
}

/// Lines in the order of the actual rows; a missing row stands before the one that follows it on its own side.
fn lines<'a>(expected: &'a [Row], actual: &'a [Row], pairs: &[Option<usize>]) -> Vec<Line<'a>> {
    let paired: HashSet<usize> = pairs.iter().flatten().copied().collect();
    let mut missing = (0..expected.len()).filter(|at| !paired.contains(at)).peekable();
    let mut lines = Vec::with_capacity(expected.len().max(actual.len()));
    for (row, pair) in actual.iter().zip(pairs) {
        let Some(pair) = *pair else {
            lines.push(Line::Added(row));
            continue;
        };
        while let Some(at) = missing.next_if(|at| *at < pair) {
            lines.push(Line::Missing(&expected[at]));
        }
        let wanted = &expected[pair];
        lines.push(if wanted == row {
            Line::Same(row)
        } else {
            Line::Changed { expected: wanted, actual: row }
        });
    }
    lines.extend(missing.map(|at| Line::Missing(&expected[at])));
    lines
}

/// The columns that are shown: those that differ and those that rows were told apart by, each with its neighbours. A
/// row that nobody expected has all of them.
fn shown(count: usize, lines: &[Line<'_>], looked_at: &HashSet<usize>) -> Vec<bool> {
    let differs = |at: usize| {
        lines.iter().any(|line| match line {
            Line::Added(_) => true,
            Line::Changed { expected, actual } => expected.get(at) != actual.get(at),
            Line::Same(_) | Line::Missing(_) => false,
        })
    };
    let matters: Vec<bool> = (0..count).map(|at| looked_at.contains(&at) || differs(at)).collect();
    let near = |at: usize| at.saturating_sub(CONTEXT)..(at + CONTEXT + 1).min(count);
    (0..count).map(|at| matters[near(at)].contains(&true)).collect()
}

/// A text whose blanks the other one lacks, if they differ in nothing else: those are shown.
fn blanks_shown(text: &str, other: &str) -> String {
    let bare = |text: &str| text.replace(' ', "");
    if text == other || bare(text) != bare(other) {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut others = other.chars().peekable();
    for letter in text.chars() {
        if letter != ' ' {
            while others.next_if_eq(&' ').is_some() {}
        }
        match others.next_if_eq(&letter) {
            None if letter == ' ' => out.push('␣'),
            _ => out.push(letter),
        }
    }
    out
}

/// A cell as it is written, and as what its column's width is measured by.
#[derive(Clone)]
struct Cell {
    written: String,
    measured: String,
}

impl Cell {
    fn plain(text: &str) -> Self {
        let text = quoted(text, false);
        Self { measured: text.clone(), written: text }
    }

    /// Of a row that both sides have.
    fn common(cell: Option<&str>) -> Self {
        let text = quoted(cell.unwrap_or("NULL"), true);
        Self { measured: text.clone(), written: text }
    }

    /// Of a row that only one side has: there, as dbt has it, nulls and booleans are small, and blanks stand bare.
    fn lone(cell: Option<&str>, kind: Option<&CellKind>) -> Self {
        let written = match cell {
            None => "null".to_owned(),
            Some(text) if kind == Some(&CellKind::Boolean) => text.to_lowercase(),
            Some(text) => quoted(text, false),
        };
        Self { measured: Self::common(cell).measured, written }
    }

    fn changed(old: Option<&str>, new: Option<&str>) -> Self {
        if old == new {
            return Self::common(new);
        }
        let (old, new) = (old.unwrap_or("NULL"), new.unwrap_or("NULL"));
        let before = blanks_shown(old, new);
        let after = blanks_shown(new, &before);
        Self::plain(&format!("{before}→{after}"))
    }
}

/// In quotes where a text holds a comma, a quote or a new line, or, if that counts, begins or ends with a blank.
fn quoted(text: &str, edges: bool) -> String {
    let has_edges = edges && (text.starts_with(' ') || text.ends_with(' '));
    if has_edges || text.contains([',', '"', '\n', '\r', '\t']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

fn drawn(columns: &[String], kinds: &[CellKind], lines: &[Line<'_>], shown: &[bool]) -> String {
    // Columns that are left out side by side are one `...`.
    let kept = |action: &str, cells: Vec<Cell>| {
        let mut row = vec![Cell::plain(action)];
        for (at, cell) in cells.into_iter().enumerate() {
            match shown.get(at) {
                Some(false) if at > 0 && shown.get(at - 1) == Some(&false) => {}
                Some(false) => row.push(Cell::plain("...")),
                _ => row.push(cell),
            }
        }
        row
    };
    let mut table = vec![kept("@@", columns.iter().map(|name| Cell::plain(name)).collect())];
    let width = table[0].len();
    let mut hidden = false;
    for (at, line) in lines.iter().enumerate() {
        let near = lines[at.saturating_sub(CONTEXT)..(at + CONTEXT + 1).min(lines.len())].iter();
        if near.into_iter().all(|line| matches!(line, Line::Same(_))) {
            hidden = true;
            continue;
        }
        if std::mem::take(&mut hidden) {
            table.push(vec![Cell::plain("..."); width]);
        }
        let cells: Vec<Cell> = match line {
            Line::Changed { expected, actual } => expected
                .iter()
                .zip(*actual)
                .map(|(old, new)| Cell::changed(old.as_deref(), new.as_deref()))
                .collect(),
            Line::Same(row) => row.iter().map(|cell| Cell::common(cell.as_deref())).collect(),
            Line::Added(row) | Line::Missing(row) => {
                row.iter().enumerate().map(|(at, cell)| Cell::lone(cell.as_deref(), kinds.get(at))).collect()
            }
        };
        table.push(kept(line.action(), cells));
    }
    if hidden {
        table.push(vec![Cell::plain("..."); width]);
    }
    aligned(&table)
}

/// Cells with commas between; all but the last column filled up with blanks.
fn aligned(table: &[Vec<Cell>]) -> String {
    let long = |cell: &Cell| cell.measured.chars().count();
    let width = |at: usize| table.iter().filter_map(|row| row.get(at)).map(long).max().unwrap_or_default();
    let widths: Vec<usize> = (0..table.first().map_or(0, Vec::len)).map(width).collect();
    let mut out = String::new();
    for row in table {
        let last = row.len().saturating_sub(1);
        for (at, cell) in row.iter().enumerate() {
            out.push_str(&cell.written);
            let missing = widths.get(at).map_or(0, |width| width.saturating_sub(long(cell)));
            let _ = if at == last { writeln!(out) } else { write!(out, "{:missing$},", "") };
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<Row> {
        let cell = |cell: &str| (cell != "-").then(|| cell.replace('_', " "));
        text.lines().map(|line| line.split('|').map(cell).collect()).collect()
    }

    #[track_caller]
    fn check(columns: &str, expected: &str, actual: &str, difference_is: Option<&str>) {
        let columns: Vec<String> = columns.split('|').map(str::to_owned).collect();
        let kind = |name: &String| match name.as_str() {
            "id" => CellKind::Number,
            "flag" => CellKind::Boolean,
            _ => CellKind::Text,
        };
        let kinds: Vec<CellKind> = columns.iter().map(kind).collect();
        let found = difference(&columns, &kinds, rows(expected), rows(actual));
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
        check("id", "1\n3\n9", "1\n5\n9", Some("@@ ,id\n   ,1\n+++,5\n---,3\n   ,9\n"));
        check(
            "id",
            "3\n2\n30\n1\n15\n4",
            "1\n2\n3\n10\n20",
            Some("@@ ,id\n...,...\n   ,3\n+++,10\n+++,20\n---,4\n---,15\n---,30\n"),
        );
        check("id", "5\n6\n7", "5\n5\n5\n6", Some("@@ ,id\n   ,5\n+++,5\n+++,5\n   ,6\n---,7\n"));
        check("s", "8\nb\na", "10\n9\nb", Some("@@ ,s\n+++,10\n+++,9\n---,8\n---,a\n   ,b\n"));
    }

    #[test]
    fn blanks_at_the_edges_and_booleans_look_as_in_dbt() {
        check(
            "id|t|flag|s|e|name",
            "1|_p_|True|z||_",
            "1|_p_|True|true||_\n2|q_|False|True|_|t\tx\n3|__|-|it||true",
            Some(
                "@@ ,id,t    ,flag ,s     ,e  ,name\n→  ,1 ,\" p \",True ,z→true,   ,\" \"\n\
                 +++,2 ,q  ,false,True  , ,\"t\tx\"\n+++,3 ,   ,null ,it    ,   ,true\n",
            ),
        );
        check("id|s", "1|A\n2|b_", "1|_p_\n2|b_", Some("@@,id,s\n→ ,1 ,A→ p \n  ,2 ,\"b \"\n"));
    }

    #[test]
    fn pairs_the_rows_that_dbt_pairs() {
        check(
            "id|s|s2",
            "3|a|b\n2|x|d\n1|e|f",
            "1|a|b\n2|c|d\n3|e|f",
            Some("@@,id,s  ,s2\n→ ,1 ,e→a,f→b\n→ ,2 ,x→c,d\n→ ,3 ,a→e,b→f\n"),
        );
        check(
            "id|s|s2",
            "4|a|b\n5|a|b\n3|a|b",
            "1|a|b\n2|a|b\n3|a|b",
            Some("@@ ,id,s,s2\n+++,1 ,a,b\n+++,2 ,a,b\n   ,3 ,a,b\n---,4 ,a,b\n---,5 ,a,b\n"),
        );
        check(
            "id|s|s2",
            "1|-|z\n4|-|-",
            "1|a|-\n2|-|-\n3|x|y",
            Some("@@ ,id ,s     ,s2\n→  ,1  ,NULL→a,z→NULL\n→  ,4→2,NULL  ,NULL\n+++,3  ,x     ,y\n"),
        );
        check(
            "id|s|s2",
            "2|b|r\n10|z|q\n5|c|q\n6|e|e",
            "10|a|q\n2|b|q\n33|c|q",
            Some("@@ ,id  ,s  ,s2\n→  ,2   ,b  ,r→q\n---,6   ,e  ,e\n→  ,10  ,z→a,q\n→  ,5→33,c  ,q\n"),
        );
    }

    #[test]
    fn nothing_is_no_reason_to_pair() {
        check("id|s", "2|-", "1|-", Some("@@ ,id,s\n+++,1 ,null\n---,2 ,null\n"));
        check("id|s", "2|null", "1|null", Some("@@ ,id,s\n+++,1 ,null\n---,2 ,null\n"));
        check("id|s|s2", "2|-|-", "1|-|-", Some("@@,id ,s   ,s2\n→ ,2→1,NULL,NULL\n"));
        check(
            "id|s|s2",
            "2|-|q\n4|a|q",
            "1|-|q\n5|b|q",
            Some("@@ ,id ,s   ,s2\n→  ,2→1,NULL,q\n+++,5  ,b   ,q\n---,4  ,a   ,q\n"),
        );
        check(
            "id|s|s2",
            "11|z|q\n12|y|q\n13|w|q\n14|v|x",
            "1|a|q\n2|b|q\n3|c|q\n4|d|x",
            Some(
                "@@ ,id,s,s2\n+++,1 ,a,q\n+++,2 ,b,q\n+++,3 ,c,q\n+++,4 ,d,x\n---,11,z,q\n---,12,y,q\n---,13,w,q\n---,14,v,x\n",
            ),
        );
        check(
            "id|s|s2",
            "1|a|z\n1|b|y\n3|d|t",
            "1|a|q\n1|b|r\n1|c|s\n2|d|t",
            Some("@@ ,id ,s,s2\n→  ,1  ,a,z→q\n→  ,1  ,b,y→r\n+++,1  ,c,s\n→  ,3→2,d,t\n"),
        );
    }

    #[test]
    fn leaves_out_columns_as_dbt_does() {
        let columns = "id|a|b|c|d|e|f|g";
        let row = |id: u8| format!("{id}|a{id}|b{id}|c{id}|d{id}|e{id}|f{id}|g{id}");
        let both = format!("{}\n{}", row(1), row(2));
        check(
            columns,
            &both.replace("d2", "X"),
            &both,
            Some("@@,id,a ,...,c ,d   ,e ,...\n  ,1 ,a1,...,c1,d1  ,e1,...\n→ ,2 ,a2,...,c2,X→d2,e2,...\n"),
        );
        check(
            columns,
            &both.replace("2|a2", "9|a2"),
            &both,
            Some("@@,id ,a ,b ,...\n  ,1  ,a1,b1,...\n→ ,9→2,a2,b2,...\n"),
        );
        check(
            columns,
            &both,
            &row(1),
            Some("@@ ,id,a ,b ,c ,d ,e ,...\n   ,1 ,a1,b1,c1,d1,e1,...\n---,2 ,a2,b2,c2,d2,e2,...\n"),
        );
        let all = "@@ ,id,a ,b ,c ,d ,e ,f ,g\n   ,1 ,a1,b1,c1,d1,e1,f1,g1\n+++,2 ,a2,b2,c2,d2,e2,f2,g2\n";
        check(columns, &row(1), &both, Some(all));
    }

    #[test]
    fn shows_blanks_that_alone_differ() {
        assert_eq!(blanks_shown("ab  ", "ab"), "ab␣␣");
        assert_eq!(blanks_shown(" c", "c"), "␣c");
        assert_eq!(blanks_shown("h i", "hi"), "h␣i");
        assert_eq!(blanks_shown("o p ", "o  p"), "o p␣");
        assert_eq!(blanks_shown("ab", "ab  "), "ab");
        assert_eq!(blanks_shown("ab ", "ac"), "ab ");
    }
}
