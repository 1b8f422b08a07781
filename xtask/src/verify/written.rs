//! What one engine says and writes, word for word: for comparing two ways of running the same tests.

use super::artifacts;
use super::record::NodeRecord;
use anyhow::Context;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

#[derive(Deserialize)]
struct Results {
    results: Vec<NodeResult>,
}

#[derive(Deserialize)]
struct NodeResult {
    unique_id: String,
    message: Option<String>,
    relation_name: Option<String>,
    compiled: Option<bool>,
    adapter_response: serde_json::Value,
}

/// Adds everything that results say to those that a command gave, but for times.
pub fn say(records: &mut BTreeMap<String, NodeRecord>, copy: &Path) -> anyhow::Result<()> {
    let path = copy.join("target/run_results.json");
    if records.is_empty() || !path.exists() {
        return Ok(());
    }
    let found: Results = artifacts::read(&path)?;
    for result in found.results {
        if let Some(record) = records.get_mut(&result.unique_id) {
            let place = result.relation_name.unwrap_or_default();
            let message = result.message.unwrap_or_default();
            record.message =
                Some(format!("{message} {place} {:?} {}", result.compiled, result.adapter_response));
        }
    }
    Ok(())
}

/// A generic test and a unit test stand in their properties file, a singular one in its folder.
fn is_of_a_test(path: &Path) -> bool {
    let is_yaml = |part: &str| matches!(part.rsplit_once('.'), Some((_, "yml" | "yaml")));
    let is_one = |part: &str| part == "tests" || is_yaml(part);
    path.iter().filter_map(|part| part.to_str()).any(is_one)
}

/// A line without the time of day in names of temporary tables.
fn without_moments(line: &str) -> String {
    const MARK: &str = "__dbt_tmp";
    let mut parts = line.split(MARK);
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        kept.push_str(MARK);
        kept.push_str(part.trim_start_matches(|letter: char| letter.is_ascii_digit()));
    }
    kept
}

/// Adds the files of tests below `target/compiled` and `target/run`, as they stand after a step.
pub fn add_files(files: &mut BTreeMap<String, Vec<String>>, copy: &Path, step: usize) -> anyhow::Result<()> {
    let mut open = vec![copy.join("target/compiled"), copy.join("target/run")];
    while let Some(path) = open.pop() {
        let context = || format!("failed to read {}", path.display());
        if path.is_dir() {
            for entry in fs::read_dir(&path).with_context(context)? {
                open.push(entry.with_context(context)?.path());
            }
        } else if path.exists() && is_of_a_test(path.strip_prefix(copy).unwrap_or(&path)) {
            let text = fs::read_to_string(&path).with_context(context)?;
            let name = path.strip_prefix(copy).unwrap_or(&path).display();
            files.insert(format!("step {step}: {name}"), text.lines().map(without_moments).collect());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::without_moments;

    #[test]
    fn temporary_tables_have_no_time() {
        assert_eq!(without_moments("a__dbt_tmp050325082544 b__dbt_tmp1, 7"), "a__dbt_tmp b__dbt_tmp, 7");
        assert_eq!(without_moments("limit 10"), "limit 10");
    }
}
