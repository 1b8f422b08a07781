//! References resolved: what every resource reads, and who may read whom.
//!
//! Names become ids in `depends_on.nodes`; what is missing, disabled or not for the reader's eyes is a
//! diagnostic in dbt's words. A test that can't be resolved is disabled with a warning, as in dbt.

use crate::code;
use crate::runtime::references::{References, Wanted, described};
use indexmap::{IndexMap, IndexSet};
use platform_core::diagnostic::nearest;
use platform_core::node::{Node, RefArgs};
use platform_core::{Diagnostic, Manifest, Place, ResourceType, UniqueId};

/// Resolves every reference of a manifest and fills its maps. `root` is the project's name; `restricted` are
/// the packages that set `restrict-access`.
pub fn resolve(manifest: &mut Manifest, root: &str, restricted: &[String]) -> Vec<Diagnostic> {
    give_groups_to_tests(manifest);
    let mut resolver =
        Resolver { manifest, references: References::default(), root, restricted, problems: Vec::new() };
    resolver.references = References::new(resolver.manifest);
    let nodes: Vec<(UniqueId, Found)> = resolver
        .manifest
        .nodes
        .keys()
        .cloned()
        .collect::<Vec<_>>()
        .into_iter()
        .map(|id| resolver.node(id))
        .collect();
    let functions: Vec<(UniqueId, Found)> = resolver
        .manifest
        .functions
        .keys()
        .cloned()
        .collect::<Vec<_>>()
        .into_iter()
        .map(|id| resolver.a_function(id))
        .collect();
    let exposures = resolver.exposures();
    let problems = std::mem::take(&mut resolver.problems);
    for (id, found) in nodes {
        let Some(node) = manifest.nodes.get_mut(&id) else { continue };
        add(&mut node.depends_on.nodes, found.ids);
        // A test that can't be resolved stays in the manifest, switched off.
        if !found.whole && node.resource_type == ResourceType::Test {
            node.config.0.insert("enabled".to_owned(), false.into());
        }
    }
    for (id, found) in functions {
        if let Some(node) = manifest.functions.get_mut(&id) {
            add(&mut node.depends_on.nodes, found.ids);
        }
    }
    for (id, found) in exposures {
        if let Some(exposure) = manifest.exposures.get_mut(&id) {
            add(&mut exposure.depends_on.nodes, found);
        }
    }
    fill_maps(manifest);
    problems
}

/// A generic test is of its model's group, so that it may read a private one.
fn give_groups_to_tests(manifest: &mut Manifest) {
    let group = |test: &Node| manifest.nodes.get(test.only.attached_node.as_ref()?)?.group.clone();
    let groups: Vec<(UniqueId, String)> =
        manifest.nodes.values().filter_map(|test| Some((test.unique_id.clone(), group(test)?))).collect();
    for (id, group) in groups {
        if let Some(test) = manifest.nodes.get_mut(&id) {
            test.group = Some(group);
        }
    }
}

/// Finds the model below every semantic model, and its relation.
pub fn semantic_models(manifest: &mut Manifest, root: &str) -> Vec<Diagnostic> {
    let references = References::new(manifest);
    let mut problems = Vec::new();
    let mut found = Vec::new();
    for model in manifest.semantic_models.values() {
        let refs: Vec<RefArgs> = model
            .more
            .get("refs")
            .and_then(|refs| serde_json::from_value(refs.clone()).ok())
            .unwrap_or_default();
        for call in &refs {
            let wanted =
                Wanted { package: call.package.as_deref(), name: &call.name, version: call.version.as_ref() };
            match references.node(&manifest.nodes, &wanted, &model.package_name, root) {
                Some(node) => found.push((model.unique_id.clone(), node.clone())),
                None => problems.push(
                    Diagnostic::error(
                        code::MISSING,
                        format!(
                            "Semantic_Model '{}' ({}) depends on a node named '{}' which was not found",
                            model.unique_id, model.original_file_path, call.name
                        ),
                    )
                    .event("CompilationError")
                    .at(Place::file(model.original_file_path.as_str())),
                ),
            }
        }
    }
    for (id, node) in found {
        if let Some(model) = manifest.semantic_models.get_mut(&id) {
            crate::parse::semantic::relate(model, &node);
            model.depends_on.nodes.push(node.unique_id.clone());
        }
    }
    problems
}

/// Finds the metrics that saved queries ask for.
pub fn saved_queries(manifest: &mut Manifest) {
    let metrics: IndexMap<String, UniqueId> =
        manifest.metrics.values().map(|it| (it.name.clone(), it.unique_id.clone())).collect();
    for query in manifest.saved_queries.values_mut() {
        let names = query.more.get("query_params").and_then(|it| it.get("metrics")?.as_array()).cloned();
        let found = names.unwrap_or_default();
        query.depends_on.nodes = found.iter().filter_map(|it| metrics.get(it.as_str()?).cloned()).collect();
    }
}

fn add(known: &mut Vec<UniqueId>, found: Vec<UniqueId>) {
    for id in found {
        if !known.contains(&id) {
            known.push(id);
        }
    }
}

struct Resolver<'a> {
    manifest: &'a mut Manifest,
    references: References,
    root: &'a str,
    restricted: &'a [String],
    problems: Vec<Diagnostic>,
}

/// Who reads, for messages and rights.
struct Reader<'a> {
    described: String,
    id: UniqueId,
    package: &'a str,
    group: Option<&'a str>,
    file: &'a str,
    is_test: bool,
}

/// What was found of what a node reads.
#[derive(Default)]
struct Found {
    ids: Vec<UniqueId>,
    /// Whether that is all of it.
    whole: bool,
}

impl Resolver<'_> {
    fn node(&mut self, id: UniqueId) -> (UniqueId, Found) {
        let Some(node) = self.manifest.nodes.get(&id).cloned() else { return (id, Found::default()) };
        (id, self.of_node(&node))
    }

    fn a_function(&mut self, id: UniqueId) -> (UniqueId, Found) {
        let Some(node) = self.manifest.functions.get(&id).cloned() else { return (id, Found::default()) };
        (id, self.of_node(&node))
    }

    fn of_node(&mut self, node: &Node) -> Found {
        let reader = Reader {
            described: described(node),
            id: node.unique_id.clone(),
            package: &node.package_name,
            group: node.group.as_deref(),
            file: &node.original_file_path,
            is_test: node.resource_type == ResourceType::Test,
        };
        let mut found: Vec<Result<UniqueId, ()>> = Vec::new();
        found.extend(node.sources.iter().map(|call| self.source(&reader, call)));
        found.extend(node.refs.iter().map(|call| self.reference(&reader, call)));
        found.extend(node.functions.iter().map(|call| self.function(&reader, call)));
        found.extend(node.metrics.iter().filter_map(|call| self.metric(&reader, call)).map(Ok));
        Found { whole: found.iter().all(Result::is_ok), ids: found.into_iter().flatten().collect() }
    }

    fn exposures(&mut self) -> Vec<(UniqueId, Vec<UniqueId>)> {
        let exposures: Vec<_> = self.manifest.exposures.values().cloned().collect();
        exposures
            .iter()
            .map(|exposure| {
                let reader = Reader {
                    described: format!("Exposure '{}' ({})", exposure.unique_id, exposure.original_file_path),
                    id: exposure.unique_id.clone(),
                    package: &exposure.package_name,
                    group: None,
                    file: &exposure.original_file_path,
                    is_test: false,
                };
                let mut found = self.sources(&reader, &exposure.sources).unwrap_or_default();
                found.extend(self.refs(&reader, &exposure.refs).unwrap_or_default());
                for call in &exposure.metrics {
                    found.extend(self.metric(&reader, call));
                }
                (exposure.unique_id.clone(), found)
            })
            .collect()
    }

    fn refs(&mut self, reader: &Reader<'_>, calls: &[RefArgs]) -> Result<Vec<UniqueId>, ()> {
        calls.iter().map(|call| self.reference(reader, call)).collect()
    }

    fn reference(&mut self, reader: &Reader<'_>, call: &RefArgs) -> Result<UniqueId, ()> {
        let wanted =
            Wanted { package: call.package.as_deref(), name: &call.name, version: call.version.as_ref() };
        match self.references.node(&self.manifest.nodes, &wanted, reader.package, self.root) {
            Some(target) => {
                let refused = self.refused(reader, target);
                let id = target.unique_id.clone();
                self.problems.extend(refused);
                Ok(id)
            }
            None => {
                let disabled = self.is_disabled(&wanted);
                let version = call.version.as_ref().map(|version| match version.as_str() {
                    Some(text) => format!(" with version '{text}'"),
                    None => format!(" with version '{version}'"),
                });
                let package =
                    call.package.as_ref().map(|package| format!(" in package or project '{package}'"));
                let what = format!(
                    "node named '{}'{}{}",
                    call.name,
                    version.unwrap_or_default(),
                    package.unwrap_or_default()
                );
                let names = self
                    .manifest
                    .nodes
                    .values()
                    .filter(|node| node.is_refable())
                    .map(|node| node.name.as_str());
                let hint = nearest(&call.name, names).first().map(|near| format!("did you mean `{near}`?"));
                self.missing(reader, &what, disabled, hint)
            }
        }
    }

    fn sources(&mut self, reader: &Reader<'_>, calls: &[Vec<String>]) -> Result<Vec<UniqueId>, ()> {
        calls.iter().map(|call| self.source(reader, call)).collect()
    }

    fn source(&mut self, reader: &Reader<'_>, call: &[String]) -> Result<UniqueId, ()> {
        let (Some(source), Some(table)) = (call.first(), call.get(1)) else { return Err(()) };
        if let Some(found) = self.references.source(self.manifest, source, table, reader.package, self.root) {
            return Ok(found.unique_id.clone());
        }
        let end = format!(".{source}.{table}");
        let disabled = self
            .manifest
            .disabled
            .keys()
            .any(|id| id.as_str().starts_with("source.") && id.as_str().ends_with(&end));
        let wanted = format!("{source}.{table}");
        let names: Vec<String> =
            self.manifest.sources.values().map(|it| format!("{}.{}", it.source_name, it.name)).collect();
        let hint = nearest(&wanted, names.iter().map(String::as_str))
            .first()
            .map(|near| format!("did you mean `{near}`?"));
        self.missing(reader, &format!("source named '{wanted}'"), disabled, hint)
    }

    fn function(&mut self, reader: &Reader<'_>, call: &[String]) -> Result<UniqueId, ()> {
        let (package, name) = match call {
            [name] => (None, name),
            [package, name, ..] => (Some(package.as_str()), name),
            [] => return Err(()),
        };
        let wanted = Wanted { package, name, version: None };
        match self.references.function(self.manifest, &wanted, reader.package, self.root) {
            Some(found) => Ok(found.unique_id.clone()),
            None => self.missing(reader, &format!("function named '{name}'"), false, None),
        }
    }

    fn metric(&self, reader: &Reader<'_>, call: &[String]) -> Option<UniqueId> {
        let (package, name) = match call {
            [name] => (None, name),
            [package, name, ..] => (Some(package.as_str()), name),
            [] => return None,
        };
        let found = self.manifest.metrics.values().filter(|metric| metric.name == *name);
        let mut found: Vec<_> =
            found.filter(|metric| package.is_none_or(|package| metric.package_name == package)).collect();
        found.sort_by_key(|metric| (metric.package_name != reader.package, metric.package_name != self.root));
        found.first().map(|metric| metric.unique_id.clone())
    }

    fn is_disabled(&self, wanted: &Wanted<'_>) -> bool {
        self.manifest.disabled.keys().any(|id| {
            let mut parts = id.as_str().splitn(3, '.');
            let (kind, package, name) = (parts.next(), parts.next(), parts.next().unwrap_or_default());
            matches!(kind, Some("model" | "seed" | "snapshot"))
                && wanted.package.is_none_or(|wanted| package == Some(wanted))
                && (name == wanted.name
                    || name.strip_prefix(wanted.name).is_some_and(|rest| rest.starts_with(".v")))
        })
    }

    fn missing<T>(
        &mut self,
        reader: &Reader<'_>,
        what: &str,
        disabled: bool,
        hint: Option<String>,
    ) -> Result<T, ()> {
        let why = if disabled { "is disabled" } else { "was not found" };
        let message = format!("{} depends on a {what} which {why}", reader.described);
        // Only what tests reads may be switched off without a word of error.
        if reader.is_test {
            if !disabled {
                self.problems.push(
                    Diagnostic::warning(code::TEST_TARGET, message)
                        .event("NodeNotFoundOrDisabled")
                        .at(Place::file(reader.file)),
                );
            }
            return Err(());
        }
        let mut diagnostic =
            Diagnostic::error(code::MISSING, message).event("CompilationError").at(Place::file(reader.file));
        diagnostic.hint = hint;
        self.problems.push(diagnostic);
        Err(())
    }

    /// Private models are for their group, protected ones for their package
    /// (<https://docs.getdbt.com/docs/mesh/govern/model-access>).
    fn refused(&self, reader: &Reader<'_>, target: &Node) -> Option<Diagnostic> {
        if reader.is_test {
            return None;
        }
        let message = |scope: String| {
            format!(
                "Node {} attempted to reference node {}, which is not allowed because the referenced node is {scope}.",
                reader.id, target.unique_id
            )
        };
        let restricted = self.restricted.contains(&target.package_name);
        let elsewhere = reader.package != target.package_name && restricted;
        let why = match target.only.access.as_deref() {
            Some("private")
                if target.group.is_some() && (target.group.as_deref() != reader.group || elsewhere) =>
            {
                message(format!("private to the '{}' group", target.group.as_deref().unwrap_or_default()))
            }
            Some("protected") if elsewhere => {
                message(format!("protected to the '{}' package", target.package_name))
            }
            _ => return None,
        };
        Some(Diagnostic::error(code::ACCESS, why).event("DbtReferenceError").at(Place::file(reader.file)))
    }
}

/// `parent_map`, `child_map` and `group_map`, sorted, as artifacts have them.
fn fill_maps(manifest: &mut Manifest) {
    let mut parents: IndexMap<UniqueId, Vec<UniqueId>> = IndexMap::new();
    let mut insert = |id: &UniqueId, needs: &[UniqueId]| {
        let unique: IndexSet<UniqueId> = needs.iter().cloned().collect();
        let mut needs: Vec<UniqueId> = unique.into_iter().collect();
        needs.sort();
        parents.insert(id.clone(), needs);
    };
    manifest.nodes.iter().for_each(|(id, it)| insert(id, &it.depends_on.nodes));
    manifest.sources.keys().for_each(|id| insert(id, &[]));
    manifest.exposures.iter().for_each(|(id, it)| insert(id, &it.depends_on.nodes));
    manifest.metrics.iter().for_each(|(id, it)| insert(id, &it.depends_on.nodes));
    manifest.semantic_models.iter().for_each(|(id, it)| insert(id, &it.depends_on.nodes));
    manifest.saved_queries.iter().for_each(|(id, it)| insert(id, &it.depends_on.nodes));
    manifest.unit_tests.iter().for_each(|(id, it)| insert(id, &it.depends_on.nodes));
    manifest.functions.iter().for_each(|(id, it)| insert(id, &it.depends_on.nodes));
    let mut children: IndexMap<UniqueId, Vec<UniqueId>> =
        parents.keys().map(|id| (id.clone(), Vec::new())).collect();
    for (child, needs) in &parents {
        for parent in needs {
            children.entry(parent.clone()).or_default().push(child.clone());
        }
    }
    children.values_mut().for_each(|list| list.sort());
    let mut groups: IndexMap<String, Vec<UniqueId>> =
        manifest.groups.values().map(|group| (group.name.clone(), Vec::new())).collect();
    for node in manifest.nodes.values() {
        if let Some(members) = node.group.as_ref().and_then(|group| groups.get_mut(group)) {
            members.push(node.unique_id.clone());
        }
    }
    for metric in manifest.metrics.values() {
        let group = metric.config.text("group").and_then(|group| groups.get_mut(group));
        group.into_iter().for_each(|members| members.push(metric.unique_id.clone()));
    }
    manifest.parent_map = parents;
    manifest.child_map = children;
    manifest.group_map = groups;
}
