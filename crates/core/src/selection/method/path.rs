//! `path:`: files and folders below the project's root.

use crate::resource::Resource;
use crate::selection::SelectionError;
use crate::selection::evaluate::Context;
use crate::selection::pattern::PathPattern;
use std::collections::HashSet;

/// Paths of the project, files and folders, that fit the pattern.
///
/// A package's resource counts where its own path is also one of the project's, as dbt looks the
/// pattern up in the project's folder and compares paths below each package's root.
pub(in crate::selection) struct PathQuery {
    fits: HashSet<String>,
}

impl PathQuery {
    /// Reads the pattern; one below the root of the file system is refused, as by Python.
    pub fn new(value: &str, context: Context<'_>) -> Result<Self, SelectionError> {
        if std::path::Path::new(value).is_absolute() {
            return Err(SelectionError::Value(format!(
                "Non-relative patterns are unsupported: \"{value}\"\nhint: name the path from the project's folder"
            )));
        }
        let pattern = PathPattern::new(value);
        let project = context.manifest.project_name();
        let mut seen = HashSet::new();
        let mut fits = HashSet::new();
        let resources = context.graph.ids().filter_map(|id| context.manifest.resource(id));
        for resource in resources.filter(|it| project.is_empty() || it.package_name() == project) {
            for part in paths(resource) {
                if seen.insert(part) && pattern.matches(part) {
                    fits.insert(part.to_owned());
                }
            }
        }
        Ok(Self { fits })
    }

    pub fn matches(&self, resource: Resource<'_>) -> bool {
        !self.fits.is_empty() && paths(resource).any(|part| self.fits.contains(part))
    }
}

/// Its file and the folders of that, and the properties file that describes it, whose folders say nothing of it.
fn paths(resource: Resource<'_>) -> impl Iterator<Item = &str> {
    let described = resource.node().and_then(|node| node.patch_path.as_deref());
    let described = described.and_then(|path| path.split_once("://")).map(|(_, path)| path);
    and_folders(resource.original_file_path()).chain(described)
}

/// `a/b/c.sql`, `a/b`, `a`
fn and_folders(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(path), |path| path.rsplit_once('/').map(|(folder, _)| folder))
}
