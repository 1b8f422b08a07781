//! `verify.txt`: what is done with a project, one step a line.

use std::fs;
use std::path::Path;

use anyhow::{Context, bail};

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A command of dbt's, as written and in words: `run --select a`.
    Command { line: String, words: Vec<String> },
    /// SQL run on the database between two commands: `sql update …`.
    Sql(String),
    /// A drop of csv_data/ to load: `load 2026-11-20`.
    Load(String),
    /// The target folder kept under another name, for `--state`: `keep before`.
    Keep(String),
    /// A line written into a file of the project's copy: `write models/a.sql select 1`.
    Write { file: String, text: String },
}

/// Reads the steps of the project in `folder`: `verify.txt`, or else its packages and one `build`.
pub fn read(folder: &Path) -> anyhow::Result<Vec<Step>> {
    let path = folder.join("verify.txt");
    if !path.exists() {
        let lines: &[&str] =
            if folder.join("packages.yml").exists() { &["deps", "build"] } else { &["build"] };
        return lines.iter().copied().map(command).collect();
    }
    let text = fs::read_to_string(&path).with_context(|| format!("failed to read {}", path.display()))?;
    let lines = text.lines().enumerate();
    let steps = lines.filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
    steps.map(|(at, line)| step(line).with_context(|| format!("{}:{}", path.display(), at + 1))).collect()
}

fn step(line: &str) -> anyhow::Result<Step> {
    let (verb, rest) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
    match verb {
        "sql" => Ok(Step::Sql(rest.to_owned())),
        "load" => Ok(Step::Load(rest.to_owned())),
        "keep" => Ok(Step::Keep(rest.to_owned())),
        "write" => match rest.split_once(' ') {
            Some((file, text)) => {
                Ok(Step::Write { file: file.to_owned(), text: text.replace("\\n", "\n") + "\n" })
            }
            None => bail!("`write` needs a file and a text"),
        },
        _ => command(line),
    }
}

fn command(line: &str) -> anyhow::Result<Step> {
    Ok(Step::Command { line: line.trim().to_owned(), words: words(line)? })
}

/// Splits a line at blanks; `'…'` and `"…"` hold words together.
fn words(line: &str) -> anyhow::Result<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for letter in line.chars() {
        match (quote, letter) {
            (Some(open), _) if letter == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (None, ' ') => words.extend(word.take()),
            _ => word.get_or_insert_default().push(letter),
        }
    }
    if quote.is_some() {
        bail!("a quote is not closed");
    }
    words.extend(word);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::words;

    #[track_caller]
    fn check(line: &str, expected: &[&str]) {
        assert_eq!(words(line).expect("words"), expected);
    }

    #[test]
    fn lines_are_split_as_a_shell_splits_them() {
        check("run  --select a+", &["run", "--select", "a+"]);
        check("run --vars '{day: 1, \"b\": 2}'", &["run", "--vars", "{day: 1, \"b\": 2}"]);
        check("show --inline \"select ''\" ''", &["show", "--inline", "select ''", ""]);
        assert!(words("run 'a").is_err());
    }
}
