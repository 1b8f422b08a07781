//! The macros of the built-in packages, written by us under the names dbt documents.
//!
//! They are Jinja, as in dbt, so that a project or a package can override any of them. `dbt_postgres` holds what
//! `adapter.dispatch` finds under the prefix `postgres__`, `dbt` the rest. What a macro renders into a model's own
//! text (`dbt.dateadd`, generic tests, …) is the same as dbt's; statements that only run are ours. Macros that are no
//! part of that interface begin with `_`.

/// A file of macros of a built-in package.
#[derive(Clone, Copy, Debug)]
pub struct File {
    /// `dbt` or `dbt_postgres`.
    pub package: &'static str,
    /// Path below the package's root: `macros/relations.sql`.
    pub path: &'static str,
    /// The text.
    pub text: &'static str,
}

macro_rules! files {
    ($($package:literal: [$($path:literal),+ $(,)?]),+ $(,)?) => {
        &[$($(File {
            package: $package,
            path: $path,
            text: include_str!(concat!("builtin/", $package, "/", $path)),
        }),+),+]
    };
}

/// Every file of macros.
#[rustfmt::skip]
pub const FILES: &[File] = files! {
    "dbt_postgres": [
        "macros/catalog.sql",
        "macros/clock.sql",
        "macros/columns.sql",
        "macros/comments.sql",
        "macros/function.sql",
        "macros/grants.sql",
        "macros/indexes.sql",
        "macros/materialized_view.sql",
        "macros/names.sql",
        "macros/relations.sql",
        "macros/sql.sql",
    ],
    "dbt": [
        "macros/builds.sql",
        "macros/catalog.sql",
        "macros/clock.sql",
        "macros/columns.sql",
        "macros/comments.sql",
        "macros/contracts.sql",
        "macros/date_strings.sql",
        "macros/freshness.sql",
        "macros/generic_tests.sql",
        "macros/grants.sql",
        "macros/indexes.sql",
        "macros/materializations/clone.sql",
        "macros/materializations/function.sql",
        "macros/materializations/incremental.sql",
        "macros/materializations/incremental_strategies.sql",
        "macros/materializations/materialized_view.sql",
        "macros/materializations/schema_changes.sql",
        "macros/materializations/seed.sql",
        "macros/materializations/snapshot.sql",
        "macros/materializations/snapshot_strategies.sql",
        "macros/materializations/table.sql",
        "macros/materializations/test.sql",
        "macros/materializations/view.sql",
        "macros/naming.sql",
        "macros/relation_sql.sql",
        "macros/relations.sql",
        "macros/schemas.sql",
        "macros/sql/arrays.sql",
        "macros/sql/dates.sql",
        "macros/sql/sets.sql",
        "macros/sql/text.sql",
        "macros/sql/types.sql",
        "macros/statements.sql",
        "macros/switches.sql",
        "macros/unit_tests.sql",
        "tests/generic/builtin.sql",
    ],
};
