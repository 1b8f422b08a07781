//! What an engine leaves behind, as data.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::Context;
use serde::{Deserialize, Serialize};

/// Everything that is compared.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The commands, in order.
    pub steps: Vec<StepRecord>,
    /// Every node's parents, as the last manifest has them.
    pub parents: BTreeMap<String, Vec<String>>,
    /// What is known of each node, one property a line.
    #[serde(default)]
    pub nodes: BTreeMap<String, Vec<String>>,
    /// The compiled SQL of what people wrote, line by line.
    #[serde(default)]
    pub compiled: BTreeMap<String, Vec<String>>,
    /// Tables and views by schema and name.
    pub relations: BTreeMap<String, RelationRecord>,
    /// Functions by signature: their kind, result and volatility.
    pub functions: BTreeMap<String, String>,
}

/// One command.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepRecord {
    /// As written in verify.txt.
    pub command: String,
    /// The exit code.
    pub exit: i32,
    /// Results by node.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub results: BTreeMap<String, NodeRecord>,
    /// Standard output, of commands that are asked for it by `--quiet`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub output: Vec<String>,
}

/// A node's result.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeRecord {
    /// `success`, `pass`, `warn`, `error`, …
    pub status: String,
    /// Failing rows, of a test.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failures: Option<i64>,
    /// The message, where the node went well: `SELECT 3`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// A table or view.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelationRecord {
    /// `table`, `view`, `materialized view`, …, with `unlogged` before it.
    pub kind: String,
    /// Name, type and comment of each column, in order.
    pub columns: Vec<String>,
    /// Comment, indexes, constraints, grants: everything about it that isn't a row.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub properties: Vec<String>,
    /// Rows in sorted order, as JSON arrays of texts; moments of the run are `<now>`.
    pub rows: Vec<String>,
}

/// Reads a record.
pub fn read(path: &Path) -> anyhow::Result<Record> {
    let hint = "hint: `cargo xtask verify --write` makes it";
    let text =
        fs::read_to_string(path).with_context(|| format!("failed to read {}\n{hint}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("failed to understand {}\n{hint}", path.display()))
}

/// Writes a record.
pub fn write(path: &Path, record: &Record) -> anyhow::Result<()> {
    let mut text = serde_json::to_string_pretty(record).context("failed to write JSON")?;
    text.push('\n');
    fs::write(path, text).with_context(|| format!("failed to write {}", path.display()))
}
