//! Properties files: what they say, of what, and what they say of nothing.

use super::{Assembler, PatchKey, PatchMap};
use crate::code;
use crate::files::{FileKind, Source};
use crate::properties::patch::{Patch, patches};
use crate::properties::{self, Block, Section};
use platform_core::{Diagnostic, ResourceType};
use rayon::prelude::*;
use std::collections::HashSet;
use std::sync::Arc;

impl Assembler<'_> {
    /// Blocks of every properties file.
    pub(super) fn properties(&mut self) -> Vec<Block> {
        let files: Vec<(&str, &Source)> = self
            .input
            .loaded
            .iter()
            .flat_map(|it| it.sources.iter().map(move |source| (it.package.as_str(), source)))
            .filter(|(_, source)| source.file.kind == FileKind::Properties)
            .collect();
        let scene = self.scene;
        let renderers = &scene.renderers;
        let read: Vec<(Vec<Block>, Vec<Diagnostic>)> = files
            .into_par_iter()
            .map(|(package, source)| {
                let shown = scene.shown_path(package, &source.file.path);
                scene.texts.add(shown, source.text.clone(), source.skipped);
                let Some(renderer) = renderers.get(package) else { return Default::default() };
                let is_own = package == scene.root().settings.name;
                let read = || properties::read(source, package, is_own, renderer);
                scene.times.time(package, source.file.kind, read)
            })
            .collect();
        let mut blocks = Vec::new();
        for (found, problems) in read {
            blocks.extend(found);
            self.diagnostics.extend(problems);
        }
        blocks
    }

    pub(super) fn patches(&mut self, blocks: &[Block]) -> (PatchMap, Vec<PatchKey>) {
        let mut map = PatchMap::new();
        let mut order = Vec::new();
        for block in blocks {
            let section = match block.section {
                Section::Tests => Section::DataTests,
                Section::Models
                | Section::Seeds
                | Section::Snapshots
                | Section::Analyses
                | Section::DataTests
                | Section::Functions => block.section,
                _ => continue,
            };
            let found = match patches(block) {
                Ok(found) => found,
                Err(error) => {
                    self.diagnostics.push(error);
                    continue;
                }
            };
            self.diagnostics.extend(found.warnings);
            for (file, patch) in found.by_file {
                let file = self.defining_file(block, file, &patch);
                let key = (section, block.package().to_owned(), file);
                if let Some(earlier) = map.get(&key) {
                    self.diagnostics.push(described_twice(earlier, &patch));
                    continue;
                }
                order.push(key.clone());
                map.insert(key, Arc::new(patch));
            }
        }
        (map, order)
    }

    /// The latest version may stand in a file that goes by the model's name alone.
    pub(super) fn defining_file(&self, block: &Block, file: String, patch: &Patch) -> String {
        if patch.version.is_none() || patch.version != patch.latest_version {
            return file;
        }
        let has = |name: &str| {
            let of_package = self.input.loaded.iter().filter(|loaded| *loaded.package == *block.package());
            of_package.flat_map(|loaded| &loaded.sources).any(|source| {
                matches!(source.file.kind, FileKind::Model | FileKind::PythonModel)
                    && source.file.stem() == name
            })
        };
        if !has(&file) && has(block.name()) { block.name().to_owned() } else { file }
    }

    /// Properties of resources that aren't there.
    pub(super) fn unmatched(&mut self, order: &[PatchKey], patches: &PatchMap, used: &HashSet<PatchKey>) {
        for key in order.iter().filter(|key| !used.contains(*key)) {
            let Some(patch) = patches.get(key) else { continue };
            let (section, package, name) = key;
            let place = patch.block.name_place();
            let file = &patch.block.properties.file.path;
            let other = self.manifest.nodes.values().find(|node| {
                node.name == *name
                    && node.package_name == *package
                    && matches!(
                        node.resource_type,
                        ResourceType::Model
                            | ResourceType::Seed
                            | ResourceType::Snapshot
                            | ResourceType::Analysis
                    )
            });
            let warning = match other {
                Some(node) => {
                    let kind = node.resource_type;
                    let plural =
                        if kind == ResourceType::Analysis { "analyses".into() } else { format!("{kind}s") };
                    Diagnostic::warning(
                        code::UNUSED_PROPERTIES,
                        format!(
                            "'{name}' is a {kind} node, but it is specified in the {} section of {file}.\nTo fix this \
                             error, place the `{name}` specification under the {plural} key instead.",
                            section.key()
                        ),
                    )
                    .event("WrongResourceSchemaFile")
                }
                None => {
                    let names = self.manifest.nodes.values().map(|node| node.name.as_str());
                    let near = platform_core::diagnostic::nearest(name, names);
                    let warning = Diagnostic::warning(
                        code::UNUSED_PROPERTIES,
                        format!(
                            "Did not find matching node for patch with name '{name}' in the '{}' section of file \
                             '{file}'",
                            section.key()
                        ),
                    )
                    .event("NoNodeForYamlKey");
                    match near.first() {
                        Some(near) => warning.hint(format!("did you mean `{near}`?")),
                        None => warning,
                    }
                }
            };
            self.diagnostics.push(warning.at(place));
        }
    }
}

fn described_twice(earlier: &Patch, later: &Patch) -> Diagnostic {
    let name = later.block.name();
    let (first, second) = (&earlier.block.properties.file.path, &later.block.properties.file.path);
    let places =
        if first == second { format!("twice in {first}") } else { format!("in {first}\nand in {second}") };
    let message = format!("dbt found two schema.yml entries for the same resource named {name}: {places}");
    Diagnostic::error(code::DUPLICATE, message)
        .event("CompilationError")
        .hint("put all that is said of it into one entry")
        .at(later.block.name_place())
}
