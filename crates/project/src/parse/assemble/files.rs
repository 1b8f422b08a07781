//! Files of their own: models, analyses, tests, seeds, snapshots, functions.

use super::{Assembler, PatchKey, PatchMap};
use crate::code;
use crate::files::{FileKind, Source};
use crate::parse::node::{self, Draft};
use crate::parse::units::Fixtures;
use crate::parse::{Scene, snapshots};
use crate::properties::patch::Patch;
use crate::properties::{Block, Section};
use platform_core::node::Checksum;
use platform_core::{Diagnostic, Place, ResourceType, UniqueId};
use rayon::prelude::*;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

impl Assembler<'_> {
    pub(super) fn fixtures(&self) -> Fixtures {
        let mut fixtures = Fixtures::default();
        for loaded in self.input.loaded {
            for source in loaded.sources.iter().filter(|it| it.file.kind == FileKind::Fixture) {
                fixtures.add(&loaded.package, source);
            }
        }
        fixtures
    }

    /// Models, snapshots in SQL, analyses, singular tests, seeds, functions.
    pub(super) fn file_nodes(&mut self, patches: &PatchMap, used: &mut HashSet<PatchKey>) {
        let sources: Vec<(&str, &Source)> = self
            .input
            .loaded
            .iter()
            .flat_map(|it| it.sources.iter().map(move |source| (it.package.as_str(), source)))
            .collect();
        let scene = self.scene;
        let built: Vec<Vec<Made>> = sources
            .into_par_iter()
            .filter(|(_, source)| is_read_alone(source.file.kind))
            .map(|(package, source)| {
                scene.times.time(package, source.file.kind, || match drafts(scene, package, source) {
                    Ok(drafts) => drafts
                        .into_iter()
                        .map(|(section, draft)| one(scene, patches, package, section, draft))
                        .collect(),
                    Err(error) => vec![(None, Err(error))],
                })
            })
            .collect();
        let mut nodes = Vec::new();
        for (key, node) in built.into_iter().flatten() {
            used.extend(key);
            nodes.push(node);
        }
        self.take(nodes);
    }

    /// Properties of what a package has not, or has switched off, are those of a file of that name elsewhere: so a
    /// project that puts a seed of its own in the place of a package's keeps the package's column types.
    pub(super) fn adopted(&mut self, order: &[PatchKey], patches: &PatchMap, used: &mut HashSet<PatchKey>) {
        if self.input.packages.len() < 2 {
            return;
        }
        let unpatched: Vec<&UniqueId> = self
            .manifest
            .nodes
            .values()
            .filter(|it| it.patch_path.is_none())
            .map(|it| &it.unique_id)
            .collect();
        let own: HashSet<(ResourceType, &str, &str)> = self
            .manifest
            .nodes
            .values()
            .map(|it| (it.resource_type, it.package_name.as_str(), it.name.as_str()))
            .collect();
        let mut elsewhere: HashMap<(ResourceType, &str), &UniqueId> = HashMap::new();
        for id in unpatched.into_iter().rev() {
            let node = &self.manifest.nodes[id];
            elsewhere.insert((node.resource_type, node.name.as_str()), id);
        }
        let mut found: Vec<(UniqueId, Arc<Patch>, UniqueId)> = Vec::new();
        for key @ (section, package, file) in order {
            let (Some(kind), Some(patch)) = (section.of_files(), patches.get(key)) else { continue };
            if patch.version.is_some() || own.contains(&(kind, package, file)) {
                continue;
            }
            let Some(id) = elsewhere.remove(&(kind, file.as_str())) else { continue };
            used.insert(key.clone());
            found.push((id.clone(), patch.clone(), UniqueId::of(kind, package, file)));
        }
        for (id, patch, own) in found {
            self.build_again(&id, &patch);
            self.leave_undescribed(&own);
        }
    }

    /// Builds the node of a file once more, with properties that weren't found the first time.
    fn build_again(&mut self, id: &UniqueId, patch: &Patch) {
        let Some((at, _, node)) = self.manifest.nodes.get_full(id) else { return };
        let Some(built) =
            self.built_again(&node.package_name, &node.original_file_path, &node.name, Some(patch))
        else {
            return;
        };
        self.manifest.nodes.shift_remove_index(at);
        self.take(vec![built]);
        if let Some(now) = self.manifest.nodes.get_index_of(id) {
            self.manifest.nodes.move_index(now, at);
        }
    }

    /// The properties went to an enabled node of another package: the switched-off one of their own package is
    /// built without them.
    fn leave_undescribed(&mut self, id: &UniqueId) {
        let Some([twin]) = self.manifest.disabled.get(id).map(Vec::as_slice) else { return };
        let text = |key: &str| twin.get(key).and_then(serde_json::Value::as_str).unwrap_or_default();
        let built = self.built_again(text("package_name"), text("original_file_path"), text("name"), None);
        // Some are switched off by these very properties: in dbt they are none the less.
        let Some(Ok(bare)) = built.filter(|it| it.as_ref().is_ok_and(|node| !node.config.enabled())) else {
            return;
        };
        let json = serde_json::to_value(&bare).unwrap_or_default();
        if let Some(twins) = self.manifest.disabled.get_mut(id) {
            *twins = vec![json];
        }
    }

    fn built_again(
        &self,
        package: &str,
        path: &str,
        name: &str,
        patch: Option<&Patch>,
    ) -> Option<node::Built> {
        let of_package = self.input.loaded.iter().filter(|loaded| *loaded.package == *package);
        let source =
            of_package.flat_map(|loaded| &loaded.sources).find(|source| *source.file.path == *path)?;
        // What can't be read a second time could not be read the first time.
        let drafts = drafts(self.scene, package, source).ok()?;
        let (_, draft) = drafts.into_iter().find(|(_, draft)| draft.name == name)?;
        Some(finished(self.scene, package, draft, patch))
    }

    pub(super) fn yaml_snapshots(
        &mut self,
        blocks: &[Block],
        patches: &PatchMap,
        used: &mut HashSet<PatchKey>,
    ) {
        let mut nodes = Vec::new();
        for block in
            blocks.iter().filter(|it| it.section == Section::Snapshots && snapshots::is_definition(it))
        {
            let key = (Section::Snapshots, block.package().to_owned(), block.name().to_owned());
            if let Some(patch) = patches.get(&key) {
                nodes.push(snapshots::of_yaml(self.scene, block, patch));
                used.insert(key);
            }
        }
        self.take(nodes);
    }
}

/// Whether a file makes resources by itself.
fn is_read_alone(kind: FileKind) -> bool {
    !matches!(
        kind,
        FileKind::Macros | FileKind::GenericTests | FileKind::Docs | FileKind::Fixture | FileKind::Properties
    )
}

/// What became of a file, and the properties it has.
type Made = (Option<PatchKey>, node::Built);

/// The drafts of a file, each with the section that may describe it.
fn drafts<'p>(
    scene: &Scene<'_>,
    package: &'p str,
    source: &Source,
) -> Result<Vec<(Section, Draft<'p>)>, Diagnostic> {
    let stem = || source.file.stem().to_owned();
    let of = |resource| Draft::of_file(resource, package, source, stem());
    let shown = scene.shown_path(package, &source.file.path);
    let keep_text = || scene.texts.add(shown.clone(), source.text.clone(), source.skipped);
    Ok(match source.file.kind {
        FileKind::Model => {
            keep_text();
            vec![(Section::Models, of(ResourceType::Model))]
        }
        FileKind::PythonModel => {
            keep_text();
            vec![(Section::Models, Draft { language: "python", ..of(ResourceType::Model) })]
        }
        FileKind::Analysis => {
            keep_text();
            let mut draft = of(ResourceType::Analysis);
            draft.path = format!("analysis/{}", draft.path);
            draft.fqn.insert(1, "analysis".to_owned());
            vec![(Section::Analyses, draft)]
        }
        FileKind::Test => {
            keep_text();
            vec![(Section::DataTests, of(ResourceType::Test))]
        }
        FileKind::Function => {
            keep_text();
            vec![(Section::Functions, of(ResourceType::Function))]
        }
        FileKind::PythonFunction => {
            vec![(Section::Functions, Draft { language: "python", ..of(ResourceType::Function) })]
        }
        FileKind::Seed => {
            let mut draft = of(ResourceType::Seed);
            draft.checksum = seed_checksum(source)?;
            vec![(Section::Seeds, draft)]
        }
        FileKind::Snapshot => {
            keep_text();
            let drafts = snapshots::of_file(scene, package, source)?;
            drafts.into_iter().map(|draft| (Section::Snapshots, draft)).collect()
        }
        _ => Vec::new(),
    })
}

/// The largest seed whose content is its checksum, in bytes; of a larger one it is the path.
const LARGEST_HASHED_SEED: u64 = 1024 * 1024;

fn seed_checksum(source: &Source) -> Result<Checksum, Diagnostic> {
    let unreadable = |error: std::io::Error| {
        Diagnostic::error(code::YAML, format!("read seed {}: {error}", source.file.path))
            .at(Place::file(source.file.path.as_ref()))
    };
    let size = source.file.location.metadata().map_err(unreadable)?.len();
    if size > LARGEST_HASHED_SEED {
        return Ok(Checksum { name: "path".to_owned(), checksum: source.file.path.to_string() });
    }
    let bytes = std::fs::read(&source.file.location).map_err(unreadable)?;
    let text = std::str::from_utf8(&bytes).map_err(|error| {
        let at = error.valid_up_to();
        let line = bytes[..at].split(|byte| *byte == b'\n').count();
        let message = format!("{}:{line}: byte {at} of the seed is not UTF-8", source.file.path);
        Diagnostic::error(code::YAML, message)
            .at(Place::file(source.file.path.as_ref()))
            .hint("save the file as UTF-8")
    })?;
    Ok(node::sha256(text.trim()))
}

/// A draft with what is said of it; the key of the patch that was used.
fn one(scene: &Scene<'_>, patches: &PatchMap, package: &str, section: Section, draft: Draft<'_>) -> Made {
    let key = (section, package.to_owned(), draft.name.clone());
    let found = patches.get(&key);
    let node = finished(scene, package, draft, found.map(Arc::as_ref));
    (found.map(|_| key), node)
}

fn finished(scene: &Scene<'_>, package: &str, draft: Draft<'_>, patch: Option<&Patch>) -> node::Built {
    let is_seed = draft.resource == ResourceType::Seed;
    let mut node = node::build(scene, draft, patch)?;
    if is_seed {
        node.raw_code = String::new();
        node.only.root_path = scene.packages.get(package).map(|it| it.root.display().to_string());
    }
    Ok(node)
}
