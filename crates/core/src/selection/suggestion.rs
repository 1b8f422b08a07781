//! The nearest names for a criterion that matched nothing.

use super::expression::Criterion;
use crate::diagnostic::nearest;
use crate::resource::Resource;
use std::collections::BTreeSet;

/// Names by what methods look for; gathered once, when the first criterion matches nothing.
pub(super) struct Names<'a> {
    resources: BTreeSet<&'a str>,
    tags: BTreeSet<&'a str>,
    packages: BTreeSet<&'a str>,
    groups: BTreeSet<&'a str>,
    paths: BTreeSet<&'a str>,
    sources: BTreeSet<String>,
}

impl<'a> Names<'a> {
    /// Of every resource.
    pub fn of(resources: &[Option<Resource<'a>>]) -> Self {
        let all = || resources.iter().flatten().copied();
        let mut paths = BTreeSet::new();
        for path in all().map(Resource::original_file_path) {
            paths.insert(path);
            paths.extend(path.match_indices('/').map(|(at, _)| &path[..at]));
        }
        let mut sources = BTreeSet::new();
        for resource in all() {
            if let Resource::Source(source) = resource {
                sources.insert(source.source_name.clone());
                sources.insert(format!("{}.{}", source.source_name, source.name));
            }
        }
        Self {
            resources: all()
                .filter(|resource| !resource.is_test() && !matches!(resource, Resource::Source(_)))
                .map(Resource::name)
                .collect(),
            tags: all().flat_map(Resource::tags).collect(),
            packages: all().map(Resource::package_name).collect(),
            groups: all().filter_map(Resource::group).collect(),
            paths,
            sources,
        }
    }

    /// "did you mean", or the method that a source or a tag of that name needs; nothing where the value
    /// itself is one of the names.
    pub fn hint(&self, criterion: &Criterion) -> Option<String> {
        let value = criterion.value.as_str();
        if criterion.method == "fqn" {
            if self.sources.contains(value) {
                return Some(format!("did you mean `source:{value}`?"));
            }
            if self.tags.contains(value) {
                return Some(format!("did you mean `tag:{value}`?"));
            }
        }
        let candidates: Vec<&str> = match criterion.method.as_str() {
            "tag" => self.tags.iter().copied().collect(),
            "package" => self.packages.iter().copied().collect(),
            "group" => self.groups.iter().copied().collect(),
            "path" => self.paths.iter().copied().collect(),
            "source" => self.sources.iter().map(String::as_str).collect(),
            "fqn" | "file" | "exposure" | "metric" | "semantic_model" | "saved_query" | "unit_test" => {
                self.resources.iter().copied().collect()
            }
            _ => return None,
        };
        if candidates.contains(&value) {
            return None;
        }
        let wanted = value.trim_end_matches(".sql").trim_end_matches(".csv");
        let found: Vec<String> =
            nearest(wanted, candidates).into_iter().map(|name| format!("`{name}`")).collect();
        (!found.is_empty()).then(|| format!("did you mean {}?", found.join(" or ")))
    }
}
