//! Sources, and the generic tests of everything.

use super::{Assembler, PatchKey, PatchMap};
use crate::code;
use crate::parse::generic::{self, Target};
use crate::parse::sources;
use crate::parse::verify::{self, KeyTest};
use crate::properties::tests::TestSpec;
use crate::properties::{Block, Section};
use indexmap::IndexMap;
use platform_core::{Diagnostic, Node, ResourceType, UniqueId};
use rayon::prelude::*;
use std::borrow::Cow;
use std::collections::HashMap;

/// A test to make: where it is written, what it says, what it is of.
type Wanted<'a> = (Block, Cow<'a, TestSpec>, Target);

fn overridden_twice(earlier: &Block, later: &Block) -> Diagnostic {
    let message = format!(
        "dbt found two schema.yml entries for the same source named {} in package {}. Sources may only be overridden a \
         single time: remove it from one of these files:\n - {}\n - {}",
        later.name(),
        later.node.text_of("overrides").unwrap_or_default(),
        later.properties.file.path,
        earlier.properties.file.path
    );
    Diagnostic::error(code::DUPLICATE, message).event("CompilationError").at(later.name_place())
}

impl Assembler<'_> {
    pub(super) fn sources_and_tests(&mut self, blocks: &[Block], order: &[PatchKey], patches: &PatchMap) {
        let mut wanted: Vec<Wanted<'_>> = Vec::new();
        let enabled = self.manifest.nodes.values().filter(|node| node.is_refable()).map(|node| {
            let version = node.only.version.as_ref().map(crate::python::text).unwrap_or_default();
            ((node.package_name.clone(), node.name.clone(), version), node.unique_id.clone())
        });
        let mut ids: HashMap<(String, String, String), UniqueId> = self.disabled_ids();
        ids.extend(enabled);
        for key in order {
            let Some(patch) = patches.get(key) else { continue };
            let version = patch.version.as_ref().map(crate::python::text).unwrap_or_default();
            let id = ids.get(&(key.1.clone(), patch.block.name().to_owned(), version)).cloned();
            for spec in &patch.tests {
                let target = Target::Node {
                    name: patch.block.name().to_owned(),
                    version: patch.version.clone(),
                    id: id.clone(),
                };
                wanted.push((patch.block.clone(), Cow::Borrowed(spec), target));
            }
        }
        self.sources(blocks, &mut wanted);
        let scene = self.scene;
        let built: Vec<Result<Node, Diagnostic>> = wanted
            .into_par_iter()
            .filter_map(|(block, spec, target)| {
                let renderer = scene.renderers.get(block.package())?;
                Some(generic::build(scene, renderer, &block, &spec, &target))
            })
            .collect();
        let mut keys: IndexMap<UniqueId, Vec<KeyTest>> = IndexMap::new();
        for (target, test) in built.iter().filter_map(|it| KeyTest::of(it.as_ref().ok()?)) {
            keys.entry(target).or_default().push(test);
        }
        self.take(built);
        verify::primary_keys(&mut self.manifest, &keys);
    }

    /// Switched-off nodes that tests may be of, by package, name and version.
    pub(super) fn disabled_ids(&self) -> HashMap<(String, String, String), UniqueId> {
        let refable = |id: &UniqueId| {
            let mut parts = id.as_str().splitn(4, '.');
            let kind = parts.next()?;
            let (package, name) = (parts.next()?.to_owned(), parts.next()?.to_owned());
            let version = parts.next().and_then(|it| it.strip_prefix('v')).unwrap_or_default().to_owned();
            matches!(kind, "model" | "seed" | "snapshot").then_some(((package, name, version), id.clone()))
        };
        self.manifest.disabled.keys().filter_map(refable).collect()
    }

    pub(super) fn sources(&mut self, blocks: &[Block], wanted: &mut Vec<Wanted<'_>>) {
        let all: Vec<&Block> = blocks.iter().filter(|it| it.section == Section::Sources).collect();
        let (over, own): (Vec<&Block>, Vec<&Block>) =
            all.iter().partition(|it| it.node.get("overrides").is_some());
        for (at, later) in over.iter().enumerate() {
            let of = later.node.text_of("overrides");
            let is_same = |it: &&&Block| it.name() == later.name() && it.node.text_of("overrides") == of;
            if let Some(earlier) = over[..at].iter().find(is_same) {
                self.diagnostics.push(overridden_twice(earlier, later));
            }
        }
        for block in own {
            let patch = over.iter().find(|it| {
                it.name() == block.name() && it.node.text_of("overrides") == Some(block.package())
            });
            match sources::tables(self.scene, block, patch.copied()) {
                Ok((tables, warnings)) => {
                    self.diagnostics.extend(warnings);
                    for table in tables {
                        self.source(table, wanted);
                    }
                }
                Err(error) => self.diagnostics.push(error),
            }
        }
    }

    pub(super) fn source(&mut self, table: sources::Table, wanted: &mut Vec<Wanted<'_>>) {
        let source = table.source;
        let id = source.unique_id.clone();
        let own = |spec| (table.block.clone(), Cow::Owned(spec), table.target.clone());
        wanted.extend(table.tests.into_iter().map(own));
        let disabled = self.manifest.disabled.get(&id).and_then(|all| all.first());
        let path = |json: &serde_json::Value| json.get("original_file_path")?.as_str().map(str::to_owned);
        let earlier = self.manifest.sources.get(&id).map(|it| it.original_file_path.clone());
        if let Some(earlier) = earlier.or_else(|| disabled.and_then(path)) {
            let paths = [source.original_file_path.as_str(), earlier.as_str()];
            self.diagnostics.push(verify::duplicate(ResourceType::Source, &id, &source.name, paths));
            return;
        }
        if !source.config.enabled() {
            let json = serde_json::to_value(&source).unwrap_or_default();
            self.manifest.disabled.entry(id).or_default().push(json);
            return;
        }
        self.manifest.sources.insert(id, source);
    }
}
