//! The macros of the built-in packages, written by us under the names dbt documents.

/// A file of macros of a built-in package.
#[derive(Clone, Copy, Debug)]
pub struct File {
    /// `dbt` or `dbt_postgres`.
    pub package: &'static str,
    /// Path below the package's root: `macros/adapters/relation.sql`.
    pub path: &'static str,
    /// The text.
    pub text: &'static str,
}

/// Every file of macros.
pub const FILES: &[File] = &[];
