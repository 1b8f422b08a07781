//! Rules for single files: a sentence at the top, a size, a telling name, no place of one machine.

use super::Finding;
use std::path::Path;

/// Lines of a Rust file at most.
const LIMIT: usize = 600;

/// Files that may be longer, up to what is written here, and why.
const LONGER: [(&str, usize, &str); 5] = [
    ("crates/project/src/runtime/table.rs", 700, "a table, its rows and its columns, as agate has them"),
    ("crates/core/src/node.rs", 700, "one struct for each kind of node, as the manifest's schema has them"),
    ("crates/project/src/runtime/adapter.rs", 800, "the methods of `adapter`, one match arm each"),
    ("crates/project/src/parse/assemble.rs", 900, "everything a project holds, put together in dbt's order"),
    ("crates/notifier/tests/it/scenarios.rs", 900, "28 scenarios, one function each"),
];

/// Names under which things are lost.
const JUNK_DRAWERS: [&str; 8] =
    ["common", "helper", "helpers", "misc", "stuff", "util", "utilities", "utils"];

/// Beginnings of paths that exist on one machine alone.
const ONE_MACHINE: [&str; 5] = [
    concat!("/ho", "me/"),
    concat!("/Us", "ers/"),
    concat!("/ro", "ot/"),
    concat!("/wo", "rk/"),
    concat!("/fa", "rm/"),
];

/// Checks a file of the repository.
pub fn check(path: &Path, text: &str) -> Vec<Finding> {
    let place = path.display().to_string();
    let mut findings = Vec::new();
    let mut add = |line: Option<usize>, text: String| {
        let place = line.map_or_else(|| place.clone(), |line| format!("{place}:{line}"));
        findings.push(Finding { place, text });
    };
    if path.extension().is_some_and(|extension| extension == "rs") {
        if !text.starts_with("//!") {
            add(Some(1), "begins without a `//!` sentence that says what it holds".to_owned());
        }
        let limit =
            LONGER.iter().find(|(longer, _, _)| Path::new(longer) == path).map_or(LIMIT, |longer| longer.1);
        let lines = text.lines().count();
        if lines > limit {
            add(None, format!("has {lines} lines, at most {limit}: look for the second noun"));
        }
        if let Some(junk) = junk_drawer(path) {
            add(None, format!("`{junk}` is a junk drawer: name it after what it holds"));
        }
    }
    if !is_foreign(path) {
        for (number, line) in text.lines().enumerate() {
            if let Some(found) = one_machine(line) {
                add(Some(number + 1), format!("names a path of one machine: `{found}`"));
            }
        }
    }
    findings
}

fn junk_drawer(path: &Path) -> Option<&str> {
    path.iter().filter_map(|part| part.to_str()).find(|part| {
        let stem = part.split('.').next().unwrap_or_default();
        JUNK_DRAWERS.contains(&stem)
    })
}

/// Whether the file is data and not our words.
fn is_foreign(path: &Path) -> bool {
    let data =
        ["csv", "lock", "svg", "snap"].iter().any(|known| path.extension().is_some_and(|is| is == *known));
    data || path.starts_with("fixtures")
}

/// A path of one machine in a line: its beginning, then a name, then a slash.
fn one_machine(line: &str) -> Option<&str> {
    ONE_MACHINE.iter().find_map(|start| {
        let at = line.find(start)?;
        let before = line[..at].chars().next_back();
        // Part of a longer path or URL, or a well-known place of a package manager.
        let inside = before.is_some_and(|before| before.is_alphanumeric() || "._-}$*".contains(before));
        let rest = &line[at + start.len()..];
        let name_end =
            rest.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '-').unwrap_or(rest.len());
        let name = &rest[..name_end];
        (!inside && !name.is_empty() && name != "linuxbrew").then(|| &line[at..at + start.len() + name_end])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn finds(path: &str, text: &str, words: &[&str]) {
        let findings = check(Path::new(path), text);
        assert_eq!(findings.len(), words.len(), "{findings:?}");
        for (finding, words) in findings.iter().zip(words) {
            assert!(finding.text.contains(words), "{finding:?}");
        }
    }

    #[test]
    fn files_are_checked() {
        finds("crates/x/src/orders.rs", "//! Orders.\n", &[]);
        finds("crates/x/src/orders.rs", "fn main() {}\n", &["`//!`"]);
        finds("crates/x/src/utils.rs", "//! Things.\n", &["junk drawer"]);
        finds("crates/x/src/utils/a.rs", "//! Things.\n", &["junk drawer"]);
        finds("crates/x/src/long.rs", &format!("//! Long.\n{}", "\n".repeat(700)), &["701 lines"]);
        finds("README.md", concat!("see /ho", "me/anna/x\n"), &["one machine"]);
        finds("README.md", concat!("see /opt/ho", "me/anna/x and /ho", "me/linuxbrew/x\n"), &[]);
        finds("crates/x/a.csv", concat!("/ro", "ot/x\n"), &[]);
    }
}
