//! Rows of a database drawn as a table of text: for the terminal, for mails.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// Between two columns.
const GAP: &str = " | ";

/// The widest cell: what is longer ends in `…`.
const WIDEST: usize = 40;

/// No cell is made narrower than this so that more columns fit.
const NARROWEST: usize = 10;

/// Rows as people are shown them, wherever there is more room than in a line of text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Excerpt {
    /// Headings of the columns that are shown.
    pub columns: Vec<String>,
    /// Whether a column holds numbers alone.
    pub is_numeric: Vec<bool>,
    /// Cells, each on one line, long ones cut.
    pub rows: Vec<Vec<String>>,
    /// Counts the columns that had no room; empty if all have.
    pub hidden: String,
    /// Columns of a terminal that each column may take.
    widths: Vec<usize>,
}

/// The columns that have room in a text of that width, and the rows' cells of them.
pub fn excerpt(columns: &[String], rows: &[Vec<Option<String>>], width: usize) -> Excerpt {
    let cells: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|cell| shown(cell.as_deref())).collect()).collect();
    let headings: Vec<String> = columns.iter().map(|column| one_line(column)).collect();
    let widths = widths(&headings, &cells, width);
    let kept = |row: &Vec<String>| row.iter().take(widths.len()).map(|cell| cut(cell, WIDEST)).collect();
    Excerpt {
        is_numeric: (0..widths.len()).map(|at| is_numeric(rows, at)).collect(),
        columns: kept(&headings),
        rows: cells.iter().map(kept).collect(),
        hidden: match columns.len() - widths.len() {
            0 => String::new(),
            1 => "… and 1 more column".to_owned(),
            more => format!("… and {more} more columns"),
        },
        widths,
    }
}

/// A heading, a rule and a line for each row, all of them within `width` columns of a terminal. Numbers stand on the
/// right. Long cells are cut, and columns that have no room are counted on a line of their own.
pub fn drawn(columns: &[String], rows: &[Vec<Option<String>>], width: usize) -> Vec<String> {
    excerpt(columns, rows, width).lines()
}

impl Excerpt {
    /// As [`drawn`] has it.
    pub fn lines(&self) -> Vec<String> {
        let line = |row: &[String]| {
            let cells = self.widths.iter().zip(&self.is_numeric).zip(row);
            let cells = cells.map(|((width, numeric), cell)| padded(&cut(cell, *width), *width, *numeric));
            cells.collect::<Vec<_>>().join(GAP).trim_end().to_owned()
        };
        let rule = self.widths.iter().map(|width| "-".repeat(*width)).collect::<Vec<_>>().join("-+-");
        let mut lines = vec![line(&self.columns), rule];
        lines.extend(self.rows.iter().map(|row| line(row)));
        lines.extend(Some(self.hidden.clone()).filter(|hidden| !hidden.is_empty()));
        lines
    }
}

/// A value on one line. A null is told from the text `null`, and an empty text from nothing.
fn shown(cell: Option<&str>) -> String {
    match cell {
        None => "null".to_owned(),
        Some(text) if text.is_empty() || text == "null" => format!("'{text}'"),
        Some(text) => one_line(text),
    }
}

fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len().min(256));
    for letter in text.chars() {
        match letter {
            letter if letter.is_control() => line.extend(letter.escape_default()),
            letter => line.push(letter),
        }
        if line.len() > WIDEST * 8 {
            break;
        }
    }
    line
}

/// The width of each column that is shown: the widest ones give way until all fit, then the last ones go.
fn widths(headings: &[String], cells: &[Vec<String>], room: usize) -> Vec<usize> {
    let widest = |at: usize| {
        let cells = cells.iter().filter_map(|row| row.get(at)).map(|cell| cell.width());
        cells.chain([headings[at].width()]).max().unwrap_or_default().min(WIDEST)
    };
    let mut widths: Vec<usize> = (0..headings.len()).map(widest).collect();
    let taken = |widths: &[usize]| widths.iter().sum::<usize>() + GAP.len() * widths.len().saturating_sub(1);
    while taken(&widths) > room {
        if let Some(widest) = widths.iter_mut().filter(|width| **width > NARROWEST).max() {
            *widest -= 1;
        } else if widths.len() > 1 {
            widths.pop();
        } else {
            break;
        }
    }
    widths
}

fn is_numeric(rows: &[Vec<Option<String>>], at: usize) -> bool {
    let mut values = rows.iter().filter_map(|row| row.get(at)?.as_deref()).peekable();
    values.peek().is_some() && values.all(|value| value.parse::<f64>().is_ok())
}

/// At most so many columns of the terminal.
fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let (mut kept, mut taken) = (String::new(), 1);
    for letter in text.chars() {
        taken += letter.width().unwrap_or_default();
        if taken > width {
            break;
        }
        kept.push(letter);
    }
    kept.push('…');
    kept
}

fn padded(text: &str, width: usize, right: bool) -> String {
    let blanks = " ".repeat(width.saturating_sub(text.width()));
    if right { format!("{blanks}{text}") } else { format!("{text}{blanks}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(columns: &str, rows: &str, width: usize, expected: &str) {
        let columns: Vec<String> = columns.split('|').map(str::to_owned).collect();
        let cell = |cell: &str| (cell != "-").then(|| cell.replace("\\n", "\n"));
        let rows: Vec<Vec<Option<String>>> =
            rows.split('/').map(|row| row.split('|').map(cell).collect()).collect();
        let drawn = drawn(&columns, &rows, width);
        assert_eq!(drawn.join("\n"), expected);
        assert!(drawn.iter().all(|line| line.width() <= width), "{drawn:?}");
    }

    #[test]
    fn columns_stand_below_each_other() {
        check(
            "id|name|note",
            "1|Ann|-/200|字字字|null/-|b|",
            80,
            "  id | name   | note\n-----+--------+-------\n   1 | Ann    | null\n 200 | 字字字 | 'null'\nnull | b      | ''",
        );
    }

    #[test]
    fn long_cells_are_cut_and_values_stay_on_one_line() {
        let (long, kept) = ("x".repeat(100), "x".repeat(39));
        let expected = format!("name{} | n\n{}-+--\n{kept}… | 1", " ".repeat(36), "-".repeat(40));
        check("name|n", &format!("{long}|1"), 80, &expected);
        check("a|b", "one\\ntwo|1", 80, "a        | b\n---------+--\none\\ntwo | 1");
    }

    #[test]
    fn what_has_no_room_is_counted() {
        check(
            "first|second|third",
            "aaaaaaaaaaaaaaaaaaaa|bbbbbbbbbbbbbbbbbbbb|cccccccccccccccccccc",
            24,
            "first      | second\n-----------+-----------\naaaaaaaaa… | bbbbbbbbb…\n… and 1 more column",
        );
    }
}
