//! `dbt_project.yml`, resolved (<https://docs.getdbt.com/reference/dbt_project.yml>).

mod check;
mod file;

pub(crate) use file::profile_name;
pub use file::{flags_of, read, read_alone, read_package};

use crate::yaml::Document;
use platform_core::Diagnostic;
use platform_core::relation::Quoting;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What `dbt_project.yml` of one package says, defaults filled in.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Name of the package.
    pub name: String,
    /// Its version.
    pub version: Option<String>,
    /// `profile`.
    pub profile: Option<String>,
    /// `model-paths`; `models` by default.
    pub model_paths: Vec<String>,
    /// `seed-paths`; `seeds` by default.
    pub seed_paths: Vec<String>,
    /// `test-paths`; `tests` by default.
    pub test_paths: Vec<String>,
    /// `analysis-paths`; `analyses` by default.
    pub analysis_paths: Vec<String>,
    /// `macro-paths`; `macros` by default.
    pub macro_paths: Vec<String>,
    /// `snapshot-paths`; `snapshots` by default.
    pub snapshot_paths: Vec<String>,
    /// `function-paths`; `functions` by default.
    pub function_paths: Vec<String>,
    /// `docs-paths`; all of the others by default.
    pub docs_paths: Vec<String>,
    /// `asset-paths`.
    pub asset_paths: Vec<String>,
    /// `target-path`, command line and environment applied.
    pub target_path: String,
    /// `log-path`, likewise.
    pub log_path: String,
    /// `packages-install-path`.
    pub packages_install_path: String,
    /// `clean-targets`.
    pub clean_targets: Vec<String>,
    /// `quoting`, with Postgres's defaults.
    pub quoting: Quoting,
    /// `quoting` as written: `database`, `schema`, `identifier`.
    pub quoting_written: Map<String, Value>,
    /// `on-run-start`.
    pub on_run_start: Vec<String>,
    /// `on-run-end`.
    pub on_run_end: Vec<String>,
    /// `dispatch`: search orders by macro namespace.
    pub dispatch: Vec<Dispatch>,
    /// `vars` as written.
    pub vars: Map<String, Value>,
    /// `query-comment` as written; `None` where the key is missing.
    pub query_comment: Option<Value>,
    /// `require-dbt-version`.
    pub require_dbt_version: Vec<String>,
    /// `restrict-access`.
    pub restrict_access: bool,
    /// `flags`.
    pub flags: Map<String, Value>,
    /// `models`, `seeds`, `snapshots`, `data_tests`, … by their key.
    pub configs: BTreeMap<String, ConfigTree>,
    /// The file, for places in messages.
    pub document: Option<Arc<Document>>,
    /// What should be told about the file.
    pub warnings: Vec<Diagnostic>,
}

impl Settings {
    /// The template of the query comment, empty where none is wanted; `None` where it is dbt's.
    pub fn own_query_comment(&self) -> Option<&str> {
        match self.query_comment.as_ref()? {
            Value::Object(map) => map.get("comment").and_then(Value::as_str),
            Value::String(text) => Some(text),
            _ => Some(""),
        }
    }
}

/// One entry of `dispatch`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dispatch {
    /// The package whose macros are looked for elsewhere.
    pub macro_namespace: String,
    /// Where, first to last.
    pub search_order: Vec<String>,
}

/// One section of configuration by package and folder.
#[derive(Clone, Debug, Default)]
pub struct ConfigTree {
    /// With Jinja rendered, but for hooks.
    pub rendered: Map<String, Value>,
    /// As written.
    pub written: Map<String, Value>,
}

/// Keys of the sections of configuration, as [`Settings::configs`] has them.
pub const SECTIONS: &[&str] = &[
    "models",
    "seeds",
    "snapshots",
    "data_tests",
    "sources",
    "exposures",
    "metrics",
    "semantic-models",
    "saved-queries",
    "unit_tests",
    "functions",
    "analyses",
    "macros",
    "groups",
];
