//! The keys that a configuration may have: dbt's for every resource, and those of Postgres
//! (<https://docs.getdbt.com/reference/configs-and-properties>,
//! <https://docs.getdbt.com/reference/resource-configs/postgres-configs>).

use super::{Kind, defaults};
use crate::properties::Section;

/// Keys without a default, of what is built from a query or a file.
const BUILT: &[&str] = &[
    "pre_hook",
    "post_hook",
    "indexes",
    "unlogged",
    "sql_header",
    "query_comment",
    "node_color",
    "incremental_predicates",
    "predicates",
    "merge_update_columns",
    "merge_exclude_columns",
    "auto_refresh",
    "backup",
    "access",
    "freshness",
    "latest_version",
    "name",
    "version",
    "delimiter",
    "quote_columns",
    // What a model in Python asks for.
    "config_keys_used",
    "config_keys_defaults",
    "meta_keys_used",
    "meta_keys_defaults",
];

const SNAPSHOT: &[&str] =
    &["hard_deletes", "invalidate_hard_deletes", "snapshot_table_column_names", "target_schema", "relation"];

const TEST: &[&str] = &["sql_header", "static_analysis", "description", "column_types"];

const SOURCE: &[&str] = &["quoting", "schema", "database", "identifier", "loader", "external", "group"];

/// Whether a key means something there.
pub fn is_known(kind: Kind, key: &str) -> bool {
    defaults(kind).contains_key(key) || more(kind).iter().any(|keys| keys.contains(&key))
}

/// Every key that means something there.
pub fn keys(kind: Kind) -> impl Iterator<Item = &'static str> {
    defaults(kind).keys().map(String::as_str).chain(more(kind).iter().copied().flatten().copied())
}

fn more(kind: Kind) -> &'static [&'static [&'static str]] {
    match kind {
        Kind::Snapshot => &[BUILT, SNAPSHOT],
        Kind::Test => &[TEST],
        Kind::Source => &[SOURCE],
        Kind::Model | Kind::Query | Kind::Seed | Kind::Function => &[BUILT],
        _ => &[&["group", "tags"]],
    }
}

/// The configuration that the blocks of a section have; `None` where a file of their own has none either.
pub fn of_section(section: Section) -> Option<Kind> {
    Some(match section {
        Section::Models => Kind::Model,
        Section::Seeds => Kind::Seed,
        Section::Snapshots => Kind::Snapshot,
        Section::Analyses => Kind::Query,
        Section::Functions => Kind::Function,
        Section::DataTests | Section::Tests => Kind::Test,
        _ => return None,
    })
}
