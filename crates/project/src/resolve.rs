//! References resolved: what every resource reads, and who may read whom.
//!
//! Names become ids in `depends_on.nodes`; what is missing, disabled or not for the reader's eyes is a
//! diagnostic in dbt's words. A test that can't be resolved is disabled with a warning, as in dbt.

use crate::code;
use crate::flags::Flags;
use crate::runtime::references::{References, Wanted, described};
use indexmap::{IndexMap, IndexSet};
use platform_core::diagnostic::nearest;
use platform_core::node::{Exposure, Node, RefArgs};
use platform_core::{Diagnostic, Manifest, Place, ResourceType, UniqueId};
use rayon::prelude::*;
use std::collections::HashSet;

/// What resolving needs to know besides the manifest.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    /// The root project's name.
    pub root: &'a str,
    /// The packages that set `restrict-access`.
    pub restricted: &'a [String],
    /// Names of files that could not be read: what they define is not there, and no reference is to blame.
    pub unread: &'a HashSet<String>,
    /// Where a file of a package (path below its root) names something in quotes.
    pub named: &'a (dyn Fn(&str, &str, &str) -> Place + Sync),
    /// Flags: which package's resource a name means.
    pub flags: &'a Flags,
}

/// Resolves every reference of a manifest and fills its maps.
pub fn resolve(manifest: &mut Manifest, known: Known<'_>) -> Vec<Diagnostic> {
    give_groups_to_tests(manifest);
    let resolver = Resolver { manifest, references: References::new(manifest, known.flags), known };
    let all: Vec<&Node> = manifest.nodes.values().chain(manifest.functions.values()).collect();
    let found: Vec<Found> = all.into_par_iter().map(|node| resolver.node(node)).collect();
    let exposures: Vec<Found> = manifest.exposures.values().map(|it| resolver.exposure(it)).collect();
    let mut problems = Vec::new();
    let nodes = manifest.nodes.values_mut().chain(manifest.functions.values_mut());
    for (node, found) in nodes.zip(found) {
        add(&mut node.depends_on.nodes, found.ids);
        // A test that can't be resolved stays in the manifest, switched off.
        if !found.whole && node.resource_type == ResourceType::Test {
            node.config.0.insert("enabled".to_owned(), false.into());
        }
        problems.extend(found.problems);
    }
    for (exposure, found) in manifest.exposures.values_mut().zip(exposures) {
        add(&mut exposure.depends_on.nodes, found.ids);
        problems.extend(found.problems);
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
    for test in manifest.disabled.values_mut().flatten() {
        let attached = test["attached_node"].as_str().map(UniqueId::from);
        if let Some(group) = attached.and_then(|id| manifest.nodes.get(&id)?.group.clone()) {
            test["group"] = group.into();
        }
    }
}

/// Finds the model below every semantic model, and its relation.
pub fn semantic_models(manifest: &mut Manifest, root: &str, flags: &Flags) -> Vec<Diagnostic> {
    let references = References::new(manifest, flags);
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
pub fn saved_queries(manifest: &mut Manifest) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    let metrics: IndexMap<String, UniqueId> =
        manifest.metrics.values().map(|it| (it.name.clone(), it.unique_id.clone())).collect();
    for query in manifest.saved_queries.values_mut() {
        let names = query.more.get("query_params").and_then(|it| it.get("metrics")?.as_array()).cloned();
        let found = names.unwrap_or_default();
        for name in found.iter().filter_map(|it| it.as_str()) {
            match metrics.get(name) {
                Some(id) => query.depends_on.nodes.push(id.clone()),
                None => {
                    let hint = nearest(name, metrics.keys().map(String::as_str))
                        .first()
                        .map(|near| format!("did you mean `{near}`?"));
                    let message = format!(
                        "The metric `{name}` does not exist but was referenced by saved query `{}`.",
                        query.name
                    );
                    let problem = Diagnostic::error(code::SEMANTIC, message).event("ParsingError");
                    let place = Place::file(query.original_file_path.as_str());
                    problems.push(Diagnostic { hint, ..problem.at(place) });
                }
            }
        }
    }
    problems
}

fn add(known: &mut Vec<UniqueId>, found: Vec<UniqueId>) {
    for id in found {
        if !known.contains(&id) {
            known.push(id);
        }
    }
}

struct Resolver<'a> {
    manifest: &'a Manifest,
    references: References,
    known: Known<'a>,
}

/// Who reads, for messages and rights.
struct Reader<'a> {
    described: &'a dyn Fn() -> String,
    id: &'a UniqueId,
    package: &'a str,
    group: Option<&'a str>,
    file: &'a str,
    is_test: bool,
}

/// What was found of what a resource reads.
#[derive(Default)]
struct Found {
    ids: Vec<UniqueId>,
    /// Whether that is all of it.
    whole: bool,
    problems: Vec<Diagnostic>,
}

impl Found {
    fn take(&mut self, result: Result<UniqueId, Option<Diagnostic>>) {
        match result {
            Ok(id) => self.ids.push(id),
            Err(problem) => {
                self.whole = false;
                self.problems.extend(problem);
            }
        }
    }
}

impl Resolver<'_> {
    fn node(&self, node: &Node) -> Found {
        let reader = Reader {
            described: &|| described(node),
            id: &node.unique_id,
            package: &node.package_name,
            group: node.group.as_deref(),
            file: &node.original_file_path,
            is_test: node.resource_type == ResourceType::Test,
        };
        let mut found = Found { whole: true, ..Found::default() };
        node.sources.iter().for_each(|call| found.take(self.source(&reader, call)));
        node.refs.iter().for_each(|call| self.reference(&reader, call, &mut found));
        node.functions.iter().for_each(|call| found.take(self.function(&reader, call)));
        node.metrics.iter().for_each(|call| found.take(self.metric(&reader, call)));
        found
    }

    /// Of an exposure whose sources or models aren't all there, none of that kind is linked.
    fn exposure(&self, exposure: &Exposure) -> Found {
        let reader = Reader {
            described: &|| format!("Exposure '{}' ({})", exposure.unique_id, exposure.original_file_path),
            id: &exposure.unique_id,
            package: &exposure.package_name,
            group: None,
            file: &exposure.original_file_path,
            is_test: false,
        };
        let (mut sources, mut models) =
            (Found { whole: true, ..Found::default() }, Found { whole: true, ..Found::default() });
        exposure.sources.iter().for_each(|call| sources.take(self.source(&reader, call)));
        exposure.refs.iter().for_each(|call| self.reference(&reader, call, &mut models));
        let mut found = Found::default();
        for part in [sources, models] {
            found.ids.extend(part.ids.into_iter().filter(|_| part.whole));
            found.problems.extend(part.problems);
        }
        exposure.metrics.iter().for_each(|call| found.take(self.metric(&reader, call)));
        found
    }

    fn reference(&self, reader: &Reader<'_>, call: &RefArgs, found: &mut Found) {
        let wanted =
            Wanted { package: call.package.as_deref(), name: &call.name, version: call.version.as_ref() };
        match self.references.node(&self.manifest.nodes, &wanted, reader.package, self.known.root) {
            Some(target) => {
                found.problems.extend(self.refused(reader, target));
                found.problems.extend(self.inverted(reader, call, target));
                found.ids.push(target.unique_id.clone());
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
                found.take(Err(self.missing(reader, &what, &call.name, disabled, hint)));
            }
        }
    }

    /// A package that reads the root project, which may not have meant to.
    fn inverted(&self, reader: &Reader<'_>, call: &RefArgs, target: &Node) -> Option<Diagnostic> {
        let root = self.known.root;
        if reader.package == root || target.package_name != root || call.package.is_some() {
            return None;
        }
        let (package, id) = (reader.package, &target.unique_id);
        let name = reader.id.as_str().splitn(3, '.').nth(2).unwrap_or_default();
        let message = format!(
            "The node '{name}' in package '{package}' depends on the root project node '{id}'. This may lead to unexpected \
             cycles downstream."
        );
        let warning =
            Diagnostic::warning(code::SUSPICIOUS, message).event("PackageNodeDependsOnRootProjectNode");
        let place = (self.known.named)(package, reader.file, &call.name);
        Some(
            warning
                .at(place)
                .hint("set `require_ref_searches_node_package_before_root: true` under `flags` of dbt_project.yml")
                .with("node_name", name)
                .with("package_name", package)
                .with("root_project_unique_id", id.as_str()),
        )
    }

    fn source(&self, reader: &Reader<'_>, call: &[String]) -> Result<UniqueId, Option<Diagnostic>> {
        let (Some(source), Some(table)) = (call.first(), call.get(1)) else { return Err(None) };
        if let Some(found) =
            self.references.source(self.manifest, source, table, reader.package, self.known.root)
        {
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
        Err(self.missing(reader, &format!("source named '{wanted}'"), table, disabled, hint))
    }

    fn function(&self, reader: &Reader<'_>, call: &[String]) -> Result<UniqueId, Option<Diagnostic>> {
        let (package, name) = match call {
            [name] => (None, name),
            [package, name, ..] => (Some(package.as_str()), name),
            [] => return Err(None),
        };
        let wanted = Wanted { package, name, version: None };
        match self.references.function(self.manifest, &wanted, reader.package, self.known.root) {
            Some(found) => Ok(found.unique_id.clone()),
            None => Err(self.missing(reader, &format!("function named '{name}'"), name, false, None)),
        }
    }

    fn metric(&self, reader: &Reader<'_>, call: &[String]) -> Result<UniqueId, Option<Diagnostic>> {
        let (package, name) = match call {
            [name] => (None, name),
            [package, name, ..] => (Some(package.as_str()), name),
            [] => return Err(None),
        };
        let found = self.manifest.metrics.values().filter(|metric| metric.name == *name);
        let mut found: Vec<_> =
            found.filter(|metric| package.is_none_or(|package| metric.package_name == package)).collect();
        found.sort_by_key(|metric| {
            (metric.package_name != reader.package, metric.package_name != self.known.root)
        });
        if let Some(metric) = found.first() {
            return Ok(metric.unique_id.clone());
        }
        let disabled = self.manifest.disabled.keys().any(|id| {
            id.resource_type() == Some(ResourceType::Metric)
                && id.as_str().rsplit('.').next() == Some(name)
                && package.is_none_or(|package| id.package() == package)
        });
        let names = self.manifest.metrics.values().map(|metric| metric.name.as_str());
        let hint = nearest(name, names).first().map(|near| format!("did you mean `{near}`?"));
        Err(self.missing(reader, &format!("metric named '{name}'"), name, disabled, hint))
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

    /// What is told of a missing `name`; nothing of a test that reads what is switched off, nor of what has a file that
    /// could not be read: that is told already.
    fn missing(
        &self,
        reader: &Reader<'_>,
        what: &str,
        name: &str,
        disabled: bool,
        hint: Option<String>,
    ) -> Option<Diagnostic> {
        if (reader.is_test && disabled) || self.known.unread.contains(name) {
            return None;
        }
        let why = if disabled { "is disabled" } else { "was not found" };
        let message = format!("{} depends on a {what} which {why}", (reader.described)());
        let problem = if reader.is_test {
            Diagnostic::warning(code::TEST_TARGET, message).event("NodeNotFoundOrDisabled")
        } else {
            Diagnostic::error(code::MISSING, message).event("CompilationError")
        };
        let hint = hint.filter(|_| !disabled).or_else(|| {
            disabled.then(|| "it is switched off: by `enabled: false`, or by a condition on it".to_owned())
        });
        Some(Diagnostic { hint, ..problem.at((self.known.named)(reader.package, reader.file, name)) })
    }

    /// Private models are for their group, protected ones for their package
    /// (<https://docs.getdbt.com/docs/mesh/govern/model-access>).
    fn refused(&self, reader: &Reader<'_>, target: &Node) -> Option<Diagnostic> {
        let message = |scope: String| {
            format!(
                "Node {} attempted to reference node {}, which is not allowed because the referenced node is {scope}.",
                reader.id, target.unique_id
            )
        };
        let restricted = self.known.restricted.contains(&target.package_name);
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
        let place = (self.known.named)(reader.package, reader.file, &target.name);
        Some(Diagnostic::error(code::ACCESS, why).event("DbtReferenceError").at(place))
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
