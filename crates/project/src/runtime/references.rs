//! `ref`, `source` and `function` while a node runs: ids found, rights checked, relations made.
//!
//! <https://docs.getdbt.com/reference/dbt-jinja-functions/ref>

use crate::context::raised::Raised;
use crate::flags::Flags;
use indexmap::IndexMap;
use jinja::HostError;
use platform_core::node::Source;
use platform_core::{Manifest, Node, ResourceType, UniqueId};
use serde_json::Value as Json;
use std::collections::HashMap;

/// Resources by the names that templates use. Built once a command.
#[derive(Debug, Default)]
pub struct References {
    nodes: HashMap<String, Vec<UniqueId>>,
    sources: HashMap<(String, String), Vec<UniqueId>>,
    functions: HashMap<String, Vec<UniqueId>>,
    own_first: bool,
}

impl References {
    /// The names of a manifest. Where two packages have what a template names, the root project's goes before that
    /// of the template's own package, unless the project's flags say otherwise
    /// (<https://docs.getdbt.com/reference/global-configs/behavior-changes>).
    pub fn new(manifest: &Manifest, flags: &Flags) -> Self {
        let own_first = flags.is_on("require_ref_searches_node_package_before_root");
        let mut made = Self { own_first, ..Self::default() };
        for node in manifest.nodes.values().filter(|node| node.is_refable()) {
            made.nodes.entry(node.name.clone()).or_default().push(node.unique_id.clone());
        }
        for source in manifest.sources.values() {
            let key = (source.source_name.clone(), source.name.clone());
            made.sources.entry(key).or_default().push(source.unique_id.clone());
        }
        for function in manifest.functions.values() {
            made.functions.entry(function.name.clone()).or_default().push(function.unique_id.clone());
        }
        made
    }

    /// The node that `ref(package, name, version)` means to a template of `from`.
    pub fn node<'a>(
        &self,
        nodes: &'a IndexMap<UniqueId, Node>,
        wanted: &Wanted<'_>,
        from: &str,
        root: &str,
    ) -> Option<&'a Node> {
        let ids = self.nodes.get(wanted.name)?;
        let found = ids.iter().filter_map(|id| nodes.get(id)).filter(|node| wanted.fits(node));
        nearest(found, wanted.package, self.order(from, root))
    }

    /// The source table of that name.
    pub fn source<'a>(
        &self,
        manifest: &'a Manifest,
        source: &str,
        table: &str,
        from: &str,
        root: &str,
    ) -> Option<&'a Source> {
        let ids = self.sources.get(&(source.to_owned(), table.to_owned()))?;
        let all: Vec<&Source> = ids.iter().filter_map(|id| manifest.sources.get(id)).collect();
        let of = |package: &str| all.iter().find(|it| it.package_name == package).copied();
        let [first, second] = self.order(from, root);
        of(first).or_else(|| of(second)).or_else(|| all.first().copied())
    }

    fn order<'s>(&self, from: &'s str, root: &'s str) -> [&'s str; 2] {
        if self.own_first { [from, root] } else { [root, from] }
    }

    /// The function of that name.
    pub fn function<'a>(
        &self,
        manifest: &'a Manifest,
        wanted: &Wanted<'_>,
        from: &str,
        root: &str,
    ) -> Option<&'a Node> {
        let ids = self.functions.get(wanted.name)?;
        nearest(
            ids.iter().filter_map(|id| manifest.functions.get(id)),
            wanted.package,
            self.order(from, root),
        )
    }
}

fn nearest<'a>(
    found: impl Iterator<Item = &'a Node>,
    package: Option<&str>,
    [first, second]: [&str; 2],
) -> Option<&'a Node> {
    let all: Vec<&Node> = found.collect();
    let of = |package: &str| all.iter().find(|it| it.package_name == package).copied();
    match package {
        Some(package) => of(package),
        None => of(first).or_else(|| of(second)).or_else(|| all.first().copied()),
    }
}

/// What a `ref` asks for.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// Package, where given.
    pub package: Option<&'a str>,
    /// Name.
    pub name: &'a str,
    /// Version, where given.
    pub version: Option<&'a Json>,
}

impl Wanted<'_> {
    fn fits(&self, node: &Node) -> bool {
        match (&node.only.version, self.version) {
            (None, None) => true,
            (None, Some(_)) => false,
            (Some(own), Some(version)) => same_version(own, version),
            (Some(own), None) => {
                node.only.latest_version.as_ref().is_none_or(|latest| same_version(own, latest))
            }
        }
    }

    /// The error where nothing of that name is to be had.
    pub fn missing(&self, node: Option<&Node>) -> HostError {
        match node {
            Some(node) => not_found(node, &self.phrase()),
            None => Raised::compilation(format!("depends on a {} which was not found", self.phrase())),
        }
    }

    /// `node named 'orders' with version '1'`.
    pub fn phrase(&self) -> String {
        let package =
            self.package.map(|package| format!(" in package or project '{package}'")).unwrap_or_default();
        let version =
            self.version.map(|version| format!(" with version '{}'", plain(version))).unwrap_or_default();
        format!("node named '{}'{version}{package}", self.name)
    }
}

/// The error of a node that asks for what isn't there, or for what its unit test gives no rows for.
pub fn not_found(node: &Node, wanted: &str) -> HostError {
    Raised::compilation(format!("{} depends on a {wanted} which was not found", described(node)))
}

/// `Model 'model.shop.orders' (models/orders.sql)`.
pub fn described(node: &Node) -> String {
    let kind = match node.resource_type {
        ResourceType::Operation => "Operation".to_owned(),
        ResourceType::UnitTest => "Unit_Test".to_owned(),
        other => {
            let text = other.as_str();
            text[..1].to_uppercase() + &text[1..]
        }
    };
    format!("{kind} '{}' ({})", node.unique_id, node.original_file_path)
}

fn same_version(left: &Json, right: &Json) -> bool {
    left == right || plain(left) == plain(right)
}

fn plain(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
