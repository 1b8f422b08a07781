//! The header: columns matched by name, in any order and any case; everything else is refused by name.

use super::scanner::{Delimiter, Form, Scanner};
use platform_core::diagnostic::nearest;
use platform_core::{Diagnostic, Place};

/// Delimiters that are tried where the configured one does not fit.
const CANDIDATES: [char; 4] = [',', ';', '\t', '|'];

/// One name in a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heading {
    /// As written, without quotes and space around it.
    pub name: String,
    /// Where it begins, in characters from 1.
    pub column: u32,
    /// Its length as written, in characters.
    pub length: u32,
}

/// The line of the header, for messages.
#[derive(Clone, Debug)]
pub struct HeaderLine<'a> {
    /// Path as people know it.
    pub file: &'a str,
    /// Line, from 1.
    pub line: u64,
    /// The record's text.
    pub text: &'a str,
}

impl HeaderLine<'_> {
    /// The line's start.
    pub fn start(&self) -> Place {
        self.place(1, 0)
    }

    fn place(&self, column: u32, length: u32) -> Place {
        Place {
            file: self.file.to_owned(),
            line: u32::try_from(self.line).unwrap_or(u32::MAX),
            column,
            length,
            snippet: self.text.chars().take(400).map(|c| if c.is_control() { '·' } else { c }).collect(),
        }
    }
}

/// The names of a header.
pub fn headings(text: &str, delimiter: Delimiter) -> Vec<Heading> {
    let mut scanner = Scanner::new(delimiter);
    scanner.begin();
    scanner.scan(text.as_bytes(), true);
    let count = |part: &str| u32::try_from(part.chars().count()).unwrap_or(u32::MAX);
    let heading = |span: &super::scanner::Span| {
        let raw = &text[span.start as usize..span.end as usize];
        let name = match span.form {
            Form::Plain => {
                let bare = raw.trim();
                bare.strip_prefix('"').and_then(|bare| bare.strip_suffix('"')).unwrap_or(bare).to_owned()
            }
            _ => raw.trim_matches('"').replace("\"\"", "\""),
        };
        Heading {
            name: name.trim().to_owned(),
            column: count(&text[..span.start as usize]) + 1,
            length: count(raw),
        }
    };
    scanner.spans().iter().map(heading).collect()
}

/// The columns in the order of the file: for each heading the name in the table.
///
/// `wanted` are the table's columns without stamps; empty where nobody documented any: then the header
/// decides, in lower case. `reserved` are names that a header must not use.
pub fn matched(
    found: &[Heading],
    wanted: &[String],
    reserved: &[&str],
    line: &HeaderLine<'_>,
    table: &str,
) -> Result<Vec<String>, Vec<Diagnostic>> {
    let mut problems = Vec::new();
    let mut columns: Vec<String> = Vec::with_capacity(found.len());
    let fold = |name: &str| name.to_lowercase();
    for (at, heading) in found.iter().enumerate() {
        let place = || line.place(heading.column, heading.length);
        let folded = fold(&heading.name);
        if folded.is_empty() {
            let message = format!("column {} of the header has no name", at + 1);
            let hint = "name it, or remove the delimiter that makes it";
            problems.push(Diagnostic::error("I005", message).at(place()).hint(hint));
        } else if found[..at].iter().any(|earlier| fold(&earlier.name) == folded) {
            let message = format!("column `{}` stands twice in the header", heading.name);
            problems
                .push(Diagnostic::error("I005", message).at(place()).hint("remove or rename one of the two"));
        } else if wanted.is_empty() && reserved.contains(&folded.as_str()) {
            let message =
                format!("column `{}` has the name of a stamp that the load adds itself", heading.name);
            problems.push(Diagnostic::error("I004", message).at(place()).hint("rename it"));
        } else if wanted.is_empty() && folded.len() > 63 {
            let message = format!("column `{}` has a name of more than 63 bytes", heading.name);
            problems.push(
                Diagnostic::error("I004", message).at(place()).hint("Postgres would cut it: shorten it"),
            );
        } else if wanted.is_empty() {
            columns.push(folded);
        } else if let Some(name) = wanted.iter().find(|name| fold(name) == folded) {
            columns.push(name.clone());
        } else {
            let free =
                wanted.iter().filter(|name| !found.iter().any(|other| fold(&other.name) == fold(name)));
            let hint = match nearest(&folded, free.map(String::as_str)).first() {
                Some(name) => format!("did you mean `{name}`?"),
                None => format!(
                    "add it to the columns of `{table}` in the source's properties, or drop it from the file"
                ),
            };
            let message = format!("column `{}` is not a column of `{table}`", heading.name);
            problems.push(Diagnostic::error("I004", message).at(place()).hint(hint));
        }
    }
    for name in wanted.iter().filter(|name| !found.iter().any(|heading| fold(&heading.name) == fold(name))) {
        let unknown =
            found.iter().filter(|heading| !wanted.iter().any(|name| fold(name) == fold(&heading.name)));
        let hint = match nearest(name, unknown.map(|heading| heading.name.as_str())).first() {
            Some(near) => format!("the header has `{near}`: rename it"),
            None => format!("the header must name every column of `{table}`: {}", wanted.join(", ")),
        };
        let message = format!("column `{name}` is missing from the header");
        problems.push(Diagnostic::error("I003", message).at(line.start()).hint(hint));
    }
    if problems.is_empty() { Ok(columns) } else { Err(problems) }
}

/// The delimiter that makes more of a header line than `used` does; `None` where none is better.
pub fn better_delimiter(text: &str, wanted: &[String], used: Delimiter) -> Option<char> {
    let score = |delimiter| {
        let found = headings(text, delimiter);
        let known = found.iter().filter(|heading| {
            wanted.is_empty() || wanted.iter().any(|name| name.to_lowercase() == heading.name.to_lowercase())
        });
        known.count()
    };
    let usual = score(used);
    let scored = CANDIDATES
        .into_iter()
        .filter_map(|candidate| Some((candidate, Delimiter::new(candidate)?)))
        .filter(|(_, delimiter)| *delimiter != used)
        .map(|(candidate, delimiter)| (score(delimiter), candidate));
    scored
        .filter(|(score, _)| *score > usual.max(1))
        .max_by_key(|(score, _)| *score)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comma() -> Delimiter {
        Delimiter::new(',').expect("a delimiter")
    }

    fn check(text: &str, wanted: &[&str]) -> String {
        let wanted: Vec<String> = wanted.iter().map(|name| (*name).to_owned()).collect();
        let line = HeaderLine { file: "a.csv", line: 1, text };
        match matched(&headings(text, comma()), &wanted, &["_line"], &line, "raw.t") {
            Ok(columns) => columns.join(" "),
            Err(problems) => problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
        }
    }

    #[test]
    fn matches_in_any_order_and_case() {
        assert_eq!(check("B, \"a\" ,c d", &["a", "b", "C D"]), "b a C D");
        assert_eq!(check("\"A\"\"x\",b", &["a\"x", "b"]), "a\"x b");
        assert_eq!(check("Id,Name", &[]), "id name");
    }

    #[test]
    fn refuses_by_name_and_suggests() {
        insta::assert_snapshot!(check("invoice_id,ammount,amount,AMOUNT,,x", &["invoice_id", "amount", "status"]), @r"
        I004 a.csv:1:12  column `ammount` is not a column of `raw.t`
          hint: add it to the columns of `raw.t` in the source's properties, or drop it from the file
        I005 a.csv:1:27  column `AMOUNT` stands twice in the header
          hint: remove or rename one of the two
        I005 a.csv:1:34  column 5 of the header has no name
          hint: name it, or remove the delimiter that makes it
        I004 a.csv:1:35  column `x` is not a column of `raw.t`
          hint: add it to the columns of `raw.t` in the source's properties, or drop it from the file
        I003 a.csv:1:1  column `status` is missing from the header
          hint: the header must name every column of `raw.t`: invoice_id, amount, status
        ");
        insta::assert_snapshot!(check("invoice_id,payment_amt", &["invoice_id", "payment_amount"]), @r"
        I004 a.csv:1:12  column `payment_amt` is not a column of `raw.t`
          hint: did you mean `payment_amount`?
        I003 a.csv:1:1  column `payment_amount` is missing from the header
          hint: the header has `payment_amt`: rename it
        ");
        insta::assert_snapshot!(check("_LINE,a", &[]), @r"
        I004 a.csv:1:1  column `_LINE` has the name of a stamp that the load adds itself
          hint: rename it
        ");
    }

    #[test]
    fn finds_the_delimiter() {
        let wanted = ["a".to_owned(), "b".to_owned()];
        assert_eq!(better_delimiter("A;B", &wanted, comma()), Some(';'));
        assert_eq!(better_delimiter("a,b", &wanted, comma()), None);
        assert_eq!(better_delimiter("x|y|z", &[], comma()), Some('|'));
        assert_eq!(better_delimiter("a\tb", &[], comma()), Some('\t'));
        assert_eq!(better_delimiter("a", &[], comma()), None);
    }
}
