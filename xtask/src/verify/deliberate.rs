//! Differences that are meant: `differs.txt` beside a fixture.
//!
//! A paragraph is a reason, in lines that begin with `#`, and below it the differences that it explains, each by its
//! beginning. A line that explains nothing is told, so that none outlives what it was written for.

use std::fs;
use std::path::Path;

use anyhow::Context;

/// The beginnings of the differences that are meant; none where there is no file.
pub fn read(path: &Path) -> anyhow::Result<Vec<String>> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    let text = fs::read_to_string(path).with_context(|| format!("failed to read {}", path.display()))?;
    let mut reasoned = false;
    let mut meant = Vec::new();
    for line in text.lines().map(str::trim) {
        match line {
            "" => reasoned = false,
            _ if line.starts_with('#') => reasoned = true,
            _ if !reasoned => anyhow::bail!("{} gives no reason for `{line}`", path.display()),
            _ => meant.push(line.to_owned()),
        }
    }
    Ok(meant)
}

/// The differences that aren't meant, and what is meant but doesn't differ.
pub fn unmeant(differences: Vec<String>, meant: &[String]) -> Vec<String> {
    let idle = meant.iter().filter(|it| !differences.iter().any(|found| found.starts_with(*it)));
    let idle: Vec<String> = idle.map(|it| format!("differs.txt: nothing differs by `{it}`")).collect();
    let other = |found: &String| !meant.iter().any(|it| found.starts_with(it));
    differences.into_iter().filter(other).chain(idle).collect()
}

#[cfg(test)]
mod tests {
    use super::unmeant;

    #[test]
    fn what_is_meant_is_left_out_and_what_is_not_is_told() {
        let found = || vec!["a: 1".to_owned(), "b: 2".to_owned()];
        assert_eq!(unmeant(found(), &["a:".to_owned()]), ["b: 2"]);
        assert_eq!(
            unmeant(found(), &["a".to_owned(), "b".to_owned(), "c".to_owned()]),
            ["differs.txt: nothing differs by `c`"]
        );
    }
}
