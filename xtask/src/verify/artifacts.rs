//! Reads what an engine writes into its target folder.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::Context;
use serde::Deserialize;

use super::record::NodeRecord;

#[derive(Deserialize)]
struct Results {
    results: Vec<NodeResult>,
}

#[derive(Deserialize)]
struct NodeResult {
    unique_id: String,
    status: String,
    #[serde(default)]
    failures: Option<i64>,
    #[serde(default)]
    message: Option<String>,
}

/// The artifacts that hold results.
const RESULTS: [&str; 2] = ["run_results.json", "sources.json"];

/// The artifacts as they stand before a command, to know which of them it wrote.
#[derive(Debug)]
pub struct Before([Option<Vec<u8>>; 2]);

/// Looks at a target folder before a command.
pub fn before(target: &Path) -> Before {
    Before(RESULTS.map(|name| fs::read(target.join(name)).ok()))
}

/// The results that the command wrote, if it wrote any.
pub fn results(target: &Path, before: &Before) -> anyhow::Result<BTreeMap<String, NodeRecord>> {
    let mut records = BTreeMap::new();
    for (name, before) in RESULTS.iter().zip(&before.0) {
        let path = target.join(name);
        let after = fs::read(&path).ok();
        if after.is_some() && after != *before {
            let found: Results = read(&path)?;
            records
                .extend(found.results.into_iter().map(|result| (result.unique_id.clone(), record(result))));
        }
    }
    Ok(records)
}

fn record(result: NodeResult) -> NodeRecord {
    let went_well = matches!(result.status.as_str(), "success" | "pass");
    let message = result.message.filter(|message| went_well && tells_of_data(message));
    NodeRecord { status: result.status, failures: result.failures, message }
}

/// Whether a message is the tag of a statement that made the relation or changed its rows. Other tags are of
/// whichever statement happened to come last: `CREATE INDEX`, `COMMENT`.
fn tells_of_data(message: &str) -> bool {
    ["SELECT", "INSERT", "MERGE", "UPDATE", "DELETE", "REFRESH", "CREATE VIEW", "CREATE TABLE"]
        .iter()
        .any(|tag| message.starts_with(tag))
}

/// Reads an artifact.
pub fn read<T: serde::de::DeserializeOwned>(path: &Path) -> anyhow::Result<T> {
    let text = fs::read_to_string(path).with_context(|| format!("failed to read {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("failed to understand {}", path.display()))
}
