//! Every file of every package → the manifest, in dbt's order.

mod annotations;
mod described;
mod files;
mod macros;
mod meaning;
mod sources;

use super::docs::{Describer, Docs};
use super::names::{Heard, ParseNames};
use super::{Scene, deprecated, hooks, query_comment, unused, verify};
use crate::config::Unused;
use crate::context::{Context, Shared};
use crate::files::FileKind;
use crate::package::load::Loaded;
use crate::parse::diagnose::Texts;
use crate::performance::FileTimes;
use crate::project::Package;
use crate::properties::patch::Patch;
use crate::properties::{Block, Section};
use crate::render::Renderer;
use crate::resolve;
use indexmap::IndexMap;
use jinja::UndefinedMode;
use platform_core::diagnostic::Severity;
use platform_core::node::MacroDefinition;
use platform_core::{Diagnostic, Manifest, Node, ResourceType, UniqueId};
use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Instant;

pub use macros::register_macros;

/// Section, package and file name of a resource that has a file of its own.
type PatchKey = (Section, String, String);

/// What properties files say of such resources.
type PatchMap = HashMap<PatchKey, Arc<Patch>>;

/// The manifest and everything that is wrong.
pub struct Assembled {
    /// The resources.
    pub manifest: Manifest,
    /// What is wrong, in the order found.
    pub diagnostics: Vec<Diagnostic>,
    /// How long files took.
    pub times: FileTimes,
    /// When all was read, and the rest began.
    pub parsed: Instant,
}

/// What is there before anything is parsed.
pub struct Input<'a> {
    /// What contexts share.
    pub shared: Arc<Shared>,
    /// Packages, the root project first.
    pub packages: &'a IndexMap<String, Package>,
    /// Their files.
    pub loaded: &'a [Loaded],
    /// Texts for messages.
    pub texts: Arc<Texts>,
    /// The manifest's macros.
    pub macros: Vec<MacroDefinition>,
    /// Which configuration paths were used.
    pub unused: &'a Unused,
    /// Seconds since the epoch.
    pub created_at: f64,
}

/// Parses everything but macros.
pub fn assemble(input: Input<'_>) -> Assembled {
    let mut diagnostics = Vec::new();
    let times = FileTimes::default();
    let docs = doc_blocks(&input, &times, &mut diagnostics);
    let renderers = renderers(&input);
    let naming = naming_context(&input);
    let scene = Scene {
        shared: input.shared.clone(),
        packages: input.packages,
        texts: input.texts.clone(),
        naming,
        created_at: input.created_at,
        unused: input.unused,
        docs: Arc::new(docs),
        renderers,
        times,
        notes: Mutex::default(),
    };
    let mut assembler =
        Assembler { scene: &scene, input: &input, manifest: Manifest::default(), diagnostics };
    let parsed = assembler.run();
    let Assembler { manifest, diagnostics, .. } = assembler;
    Assembled { manifest, diagnostics, times: scene.times, parsed }
}

fn doc_blocks(input: &Input<'_>, times: &FileTimes, diagnostics: &mut Vec<Diagnostic>) -> Docs {
    let mut docs = Docs::new(&input.packages[0].settings.name);
    for loaded in input.loaded {
        let shown = input.packages.get(&loaded.package).map(|it| it.shown.as_str()).unwrap_or_default();
        for source in loaded.sources.iter().filter(|it| it.file.kind == FileKind::Docs) {
            let path: Arc<str> = if shown.is_empty() {
                source.file.path.clone()
            } else {
                format!("{shown}/{}", source.file.path).into()
            };
            let read = || docs.add(source, &loaded.package, path, &input.shared.jinja, &input.texts);
            diagnostics.extend(times.time(&loaded.package, FileKind::Docs, read));
        }
    }
    docs
}

fn renderers(input: &Input<'_>) -> IndexMap<String, Renderer> {
    let secrets = crate::context::env::Secrets::Refused;
    // YAML sees no macros: only variables, the environment and the target.
    let shared = Arc::new(input.shared.without_macros());
    let of = |name: &String| {
        (
            name.clone(),
            Renderer::new(crate::render::Reading::Properties, &shared, &shared.vars, name, secrets),
        )
    };
    input.packages.keys().map(of).collect()
}

fn naming_context(input: &Input<'_>) -> Arc<Context> {
    let root = &input.packages[0].settings;
    let names = Arc::new(Heard(ParseNames::without_node(root.quoting)));
    Context::new(input.shared.clone(), root.name.as_str().into(), names, UndefinedMode::RunTime, None)
}

struct Assembler<'a> {
    scene: &'a Scene<'a>,
    input: &'a Input<'a>,
    manifest: Manifest,
    diagnostics: Vec<Diagnostic>,
}

impl Assembler<'_> {
    /// Reads everything, then sees how it goes together; when the second began.
    fn run(&mut self) -> Instant {
        self.diagnostics.extend(query_comment::check(self.scene));
        let blocks = self.properties();
        let (patches, order) = self.patches(&blocks);
        let mut used = HashSet::new();
        let fixtures = self.fixtures();
        self.file_nodes(&patches, &mut used);
        self.adopted(&order, &patches, &mut used);
        for package in self.input.packages.keys() {
            let hooks = hooks::of_package(self.scene, package);
            self.take(hooks);
        }
        self.yaml_snapshots(&blocks, &patches, &mut used);
        self.leave_disabled_twins_undescribed();
        self.unmatched(&order, &patches, &used);
        self.groups(&blocks);
        self.sources_and_tests(&blocks, &order, &patches);
        self.macro_patches(&blocks);
        self.exposures(&blocks);
        self.semantic_layer(&blocks);
        self.unit_tests(&blocks, &fixtures);
        let parsed = Instant::now();
        self.manifest.docs = self.scene.docs.blocks.clone();
        self.diagnostics.extend(verify::check(&self.manifest, &self.scene.shared.flags));
        self.diagnostics.extend(crate::catalogs::asked_for(&self.manifest));
        self.diagnostics.extend(deprecated::check(self.scene, &self.manifest));
        let restricted: Vec<String> = self
            .input
            .packages
            .iter()
            .filter(|(_, package)| package.settings.restrict_access)
            .map(|(name, _)| name.clone())
            .collect();
        self.link_semantic_models(&blocks);
        let root = self.scene.root().settings.name.clone();
        let scene = self.scene;
        let named =
            |package: &str, file: &str, name: &str| scene.texts.named(&scene.shown_path(package, file), name);
        let unread = self.unread();
        let known = resolve::Known {
            root: &root,
            restricted: &restricted,
            unread: &unread,
            named: &named,
            flags: &scene.shared.flags,
        };
        self.diagnostics.extend(resolve::resolve(&mut self.manifest, known));
        self.diagnostics.extend(verify::unfiltered_batches(&self.manifest, &self.scene.shared.flags));
        self.diagnostics.extend(verify::concurrent_batches(&self.manifest, &self.scene.shared.flags));
        self.diagnostics.extend(verify::deprecations(&self.manifest, self.scene.shared.now));
        self.diagnostics.extend(self.scene.take_notes());
        // What can't be built says nothing of what it would have used.
        if self.diagnostics.iter().all(|it| it.severity == Severity::Warning) {
            let patches: Vec<&Arc<Patch>> = order.iter().filter_map(|key| patches.get(key)).collect();
            self.diagnostics.extend(unused::check(self.scene, &self.manifest, &patches, &blocks));
        }
        parsed
    }

    /// Names of files that could not be read, without their extensions.
    fn unread(&self) -> HashSet<String> {
        let errors = self.diagnostics.iter().filter(|it| it.severity == Severity::Error);
        let stem = |error: &Diagnostic| {
            let file = Path::new(&error.place.as_ref()?.file).file_stem()?;
            Some(file.to_string_lossy().into_owned())
        };
        errors.filter_map(stem).collect()
    }

    /// Puts nodes into the manifest, the switched-off ones among the disabled.
    fn take(&mut self, nodes: Vec<Result<Node, Diagnostic>>) {
        for result in nodes {
            match result {
                Ok(node) => self.insert(node),
                Err(error) => self.diagnostics.push(error),
            }
        }
    }

    /// Properties of a name describe the resource that is enabled, not the switched-off ones of the same name.
    fn leave_disabled_twins_undescribed(&mut self) {
        for (id, twins) in &mut self.manifest.disabled {
            if !self.manifest.nodes.contains_key(id) {
                continue;
            }
            for twin in twins.iter_mut().filter_map(serde_json::Value::as_object_mut) {
                for (key, undescribed) in [
                    ("description", serde_json::json!("")),
                    ("columns", serde_json::json!({})),
                    ("patch_path", serde_json::Value::Null),
                    ("doc_blocks", serde_json::json!([])),
                ] {
                    twin.insert(key.to_owned(), undescribed);
                }
            }
        }
    }

    fn insert(&mut self, node: Node) {
        let id = node.unique_id.clone();
        if !node.config.enabled() {
            let json = serde_json::to_value(&node).unwrap_or_default();
            self.manifest.disabled.entry(id).or_default().push(json);
            return;
        }
        let map = match node.resource_type {
            ResourceType::Function => &mut self.manifest.functions,
            _ => &mut self.manifest.nodes,
        };
        if let Some(earlier) = map.get(&id) {
            let paths = [node.original_file_path.as_str(), earlier.original_file_path.as_str()];
            self.diagnostics.push(verify::duplicate(node.resource_type, &id, &node.name, paths));
            return;
        }
        map.insert(id, node);
    }
}

impl Scene<'_> {
    /// A description of a block's resource, rendered, and the doc blocks it uses.
    pub fn describe(
        &self,
        block: &Block,
        text: &str,
        owner: &UniqueId,
    ) -> Result<(String, Vec<UniqueId>), Diagnostic> {
        let Some(renderer) = self.renderers.get(block.package()) else {
            return Ok((text.to_owned(), Vec::new()));
        };
        let describer = Describer::new(&self.docs, renderer, block.package());
        describer.render(text, owner.as_str(), || {
            block.written.get("description").map_or_else(|| block.name_place(), |node| block.place(node))
        })
    }
}
