//! Our own SQL: keywords in lower case, commas in front.

use super::Finding;
use std::path::Path;

/// Words that are written in lower case.
const KEYWORDS: [&str; 41] = [
    "ALTER", "AND", "AS", "BETWEEN", "BY", "CASE", "CREATE", "CROSS", "DELETE", "DISTINCT", "DROP", "ELSE",
    "END", "EXISTS", "FROM", "FULL", "GROUP", "HAVING", "IN", "INDEX", "INNER", "INSERT", "INTO", "IS",
    "JOIN", "LEFT", "LIMIT", "NOT", "NULL", "ON", "OR", "ORDER", "SELECT", "SET", "TABLE", "THEN", "UNION",
    "UPDATE", "VALUES", "WHEN", "WHERE",
];

/// Checks an SQL file of our crates or of the project we ship.
pub fn check(path: &Path, text: &str) -> Vec<Finding> {
    let ours = path.starts_with("crates") || path.starts_with("sql") || path.starts_with("xtask");
    // What macros render is held against dbt's text, commas included.
    let fixture =
        path.iter().any(|part| ["fixtures", "snapshots", "data", "builtin"].iter().any(|name| part == *name));
    if !ours || fixture || path.extension().is_none_or(|extension| extension != "sql") {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for (number, line) in code_lines(text).iter().enumerate() {
        let place = || format!("{}:{}", path.display(), number + 1);
        let words = line.split(|c: char| !c.is_alphanumeric() && c != '_');
        for word in words.filter(|word| KEYWORDS.contains(word)) {
            findings.push(Finding { place: place(), text: format!("`{word}` in lower case, please") });
        }
        if line.trim_end().ends_with(',') {
            findings.push(Finding {
                place: place(),
                text: "the comma goes in front of the next line".to_owned(),
            });
        }
    }
    findings
}

/// The lines without comments, quoted texts and Jinja, which have their own rules.
fn code_lines(text: &str) -> Vec<String> {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    let pairs =
        [("--", "\n"), ("/*", "*/"), ("'", "'"), ("\"", "\""), ("{{", "}}"), ("{%", "%}"), ("{#", "#}")];
    while let Some(next) = rest.chars().next() {
        if let Some((open, close)) = pairs.iter().find(|(open, _)| rest.starts_with(open)) {
            let inside = &rest[open.len()..];
            let end = inside.find(close).unwrap_or(inside.len());
            code.extend(inside[..end].chars().filter(|c| *c == '\n'));
            // The end of a line comment is a line's end too.
            let skip = if *close == "\n" { end } else { (end + close.len()).min(inside.len()) };
            rest = &inside[skip..];
            code.push(if *close == "\n" { ' ' } else { '_' });
            continue;
        }
        code.push(next);
        rest = &rest[next.len_utf8()..];
    }
    code.lines().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn finds(text: &str, places: &[&str]) {
        let findings = check(Path::new("crates/x/a.sql"), text);
        let found: Vec<_> = findings.iter().map(|f| f.place.trim_start_matches("crates/x/a.sql:")).collect();
        assert_eq!(found, places, "{findings:?}");
    }

    #[test]
    fn sql_is_checked() {
        finds("select a\n    , 'FROM, here' as b -- SELECT this,\nfrom \"TABLE\"\n", &[]);
        finds("select a,\n    b\nFROM t\n", &["1", "3"]);
        finds("/* SELECT\n, */ select 1\nWHERE {{ AND }}\n", &["3"]);
    }

    #[test]
    fn fixtures_may_be_anything() {
        assert!(check(Path::new("fixtures/x/a.sql"), "SELECT 1,").is_empty());
    }
}
