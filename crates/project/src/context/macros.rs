//! Every macro of every package, and how a name finds one.

use indexmap::IndexMap;
use platform_core::UniqueId;
use std::sync::Arc;

/// One macro, compiled on its first call.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its id: `macro.dbt_utils.star`.
    pub id: UniqueId,
    /// Its package.
    pub package: Arc<str>,
    /// Its name, prefixes included (`test_unique`, `materialization_view_default`).
    pub name: Arc<str>,
    /// The callable.
    pub callable: jinja::Macro,
    /// Languages that a materialization supports.
    pub supported_languages: Vec<String>,
}

/// Macros by package and name.
#[derive(Debug, Default)]
pub struct Macros {
    packages: IndexMap<Arc<str>, IndexMap<Arc<str>, Arc<Entry>>>,
    root: Arc<str>,
}

impl Macros {
    /// The macro of that name in that package.
    pub fn get(&self, package: &str, name: &str) -> Option<&Arc<Entry>> {
        self.packages.get(package)?.get(name)
    }

    /// The root project's name.
    pub fn root(&self) -> &str {
        &self.root
    }
}
