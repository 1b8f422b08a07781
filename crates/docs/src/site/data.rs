//! What the pages read: one index that every page loads, and details in shards that are loaded as needed.

use super::layout::Layout;
use platform_core::UniqueId;
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Loaded by every page.
#[derive(Debug, Serialize)]
pub struct Index {
    /// Name of the project.
    pub project: String,
    /// When the site was written; UTC, RFC 3339.
    pub generated_at: String,
    /// `__overview__`, as HTML.
    pub overview: String,
    /// `__package__` doc blocks, as HTML by package.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub overviews: BTreeMap<String, String>,
    /// Descriptions of sources, as HTML by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub sources: BTreeMap<String, String>,
    /// Resources a shard of details.
    pub shard_size: usize,
    /// The last command that left results in the target folder.
    pub run: Option<RunSummary>,
    /// Earlier commands, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub runs: Vec<PastCommand>,
    /// The newest open incidents of all rules, newest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub incidents: Vec<OpenIncident>,
    /// Every name that a column has, in the order of their first use.
    pub columns: Vec<String>,
    /// Every resource; edges and shards refer to places in this list.
    pub resources: Vec<Brief>,
    /// From what is read to what reads it.
    pub edges: Vec<[usize; 2]>,
    /// Where each resource stands in the whole lineage.
    pub layout: Layout,
}

/// An incident that nobody has settled.
#[derive(Debug, Serialize)]
pub struct OpenIncident {
    /// Its exposure, by place in the index.
    pub on: usize,
    /// The incident.
    #[serde(flatten)]
    pub incident: Incident,
}

/// One earlier command.
#[derive(Clone, Debug, Serialize)]
pub struct PastCommand {
    /// When it started; UTC, RFC 3339.
    pub at: String,
    /// `build`, `run`, …
    pub command: String,
    /// `success`, `warn`, `error`, `interrupted`.
    pub status: String,
    /// Seconds; `None` while it runs.
    pub seconds: Option<f64>,
    /// Nodes run.
    pub nodes: Option<i32>,
    /// Nodes that failed.
    pub failures: Option<i32>,
}

/// The last run in one line.
#[derive(Debug, Serialize)]
pub struct RunSummary {
    /// When it ended; UTC, RFC 3339.
    pub at: String,
    /// Seconds.
    pub seconds: f64,
    /// `build`, `run`, …
    pub command: String,
    /// Results by status.
    pub totals: Map<String, Value>,
}

/// A resource in lists, search and lineage.
#[derive(Debug, Serialize)]
pub struct Brief {
    /// Unique id.
    pub id: UniqueId,
    /// Name people use: `source.table` for sources, `name.vN` for versions.
    pub name: String,
    /// Resource type.
    pub kind: &'static str,
    /// Package.
    pub package: String,
    /// File.
    pub path: String,
    /// `schema.identifier` in the database.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relation: Option<String>,
    /// `view`, `table`, …
    #[serde(skip_serializing_if = "String::is_empty")]
    pub materialized: String,
    /// Tags.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Group it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Tests: what is tested, in short (`not_null`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check: Option<String>,
    /// Tests: the column tested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on: Option<String>,
    /// First sentence of the description.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub summary: String,
    /// Column names, for search: by place in the index's `columns`, since models share most of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<usize>,
    /// Of its last run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// Seconds of its last run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
    /// Tests: rows that failed in the last run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failures: Option<i64>,
    /// Rows in the database, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<i64>,
    /// Whether the rows are the database's estimate.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub about: bool,
    /// Bytes on disk with indexes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<i64>,
    /// When it was last run, tested or loaded; UTC, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// Sources: time of the newest data; UTC, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub newest: Option<String>,
    /// Sources: rows put into quarantine by the last load.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quarantined: Option<i64>,
    /// Exposures: incidents of its rule that are open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open: Option<i64>,
    /// What its last run said, where that was no success: one line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub said: Option<String>,
    /// Hidden from lists by `docs: {show: false}`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub hidden: bool,
    /// Colour from `docs: {node_color: …}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
}

/// A resource's own page.
#[derive(Debug, Default, Serialize)]
pub struct Detail {
    /// Description as HTML.
    pub description: String,
    /// Columns.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<ColumnDetail>,
    /// As written.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub raw_code: String,
    /// As sent.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub compiled_code: String,
    /// Resources of the tests on it, by place in the index.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tests: Vec<usize>,
    /// Macros it calls, by place in the index.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub macros: Vec<usize>,
    /// Macros: what calls it, by place in the index.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub callers: Vec<usize>,
    /// Macros: documented arguments.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub arguments: Vec<Argument>,
    /// Exposures: label and value pairs of the alert rule.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rule: Vec<(String, String)>,
    /// Why its column lineage is not known, where it isn't.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub untraced: Option<String>,
    /// Versions of the same model, this one too: place in the index, and what it is called.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub versions: Vec<(usize, String)>,
    /// Unit tests: rows given and expected.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fixtures: Vec<Fixture>,
    /// Label and value pairs: owner, kind, rows, access, group, …
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<(String, String)>,
    /// Free data of the project.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub meta: Map<String, Value>,
    /// What its last run said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Rows a failed test found: header first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sample: Vec<Vec<Option<String>>>,
    /// Earlier runs, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<PastRun>,
    /// Loads of a source's table, newest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub loads: Vec<Load>,
    /// Incidents raised by an exposure's rule, newest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub incidents: Vec<Incident>,
}

/// Rows of a unit test.
#[derive(Clone, Debug, Serialize)]
pub struct Fixture {
    /// `given ref('orders')`, `expected`.
    pub label: String,
    /// Header, then rows; empty where the rows are not written as rows.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<Vec<Option<String>>>,
    /// SQL, or the name of a file.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub text: String,
}

/// A documented argument of a macro.
#[derive(Clone, Debug, Serialize)]
pub struct Argument {
    /// Name.
    pub name: String,
    /// Type as written.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub kind: String,
    /// Description as HTML.
    pub description: String,
}

/// One column on a page.
#[derive(Debug, Default, Serialize)]
pub struct ColumnDetail {
    /// Name.
    pub name: String,
    /// Type in the database, else as documented.
    pub data_type: String,
    /// Description as HTML.
    pub description: String,
    /// Whether the database has it, where the database was asked.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub missing: bool,
    /// Tests, by place in the index.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tests: Vec<usize>,
    /// `primary key`, `not null`, `check (…)`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub constraints: Vec<String>,
    /// Tags.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Free data.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub meta: Map<String, Value>,
    /// Columns its values come from: place in the index, and name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub from: Vec<(usize, String)>,
    /// Columns computed from it: place in the index, and name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub into: Vec<(usize, String)>,
    /// Whether its values may come from elsewhere too.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unknown: bool,
}

/// One earlier run of a node.
#[derive(Clone, Debug, Serialize)]
pub struct PastRun {
    /// When it started; UTC, RFC 3339.
    pub at: String,
    /// Status.
    pub status: String,
    /// Seconds.
    pub seconds: f64,
    /// Rows written, where the database said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<i64>,
    /// Tests: rows that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failures: Option<i64>,
}

/// One load of a file into a source's table.
#[derive(Clone, Debug, Serialize)]
pub struct Load {
    /// File.
    pub file: String,
    /// Business date.
    pub business_date: Option<String>,
    /// When it ended; UTC, RFC 3339.
    pub at: String,
    /// Rows loaded.
    pub loaded: i64,
    /// Rows put into quarantine.
    pub quarantined: i64,
    /// `loaded`, `failed`, …
    pub state: String,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// One incident of an alert rule.
#[derive(Clone, Debug, Serialize)]
pub struct Incident {
    /// Number.
    pub id: i64,
    /// Customer, or what else it is about.
    pub subject: String,
    /// `open`, `acked`, `resolved`.
    pub state: String,
    /// What happened, in words.
    pub what: String,
    /// Value before.
    pub before: Option<String>,
    /// Value after.
    pub after: Option<String>,
    /// When; UTC, RFC 3339.
    pub at: String,
}
