//! Every file of every package → the manifest, in dbt's order.

use super::docs::{Describer, Docs};
use super::generic::{self, Target};
use super::names::{Heard, ParseNames};
use super::node::{self, Draft};
use super::units::{Fixtures, Parts};
use super::verify::{self, KeyTest};
use super::{Scene, exposures, hooks, semantic, snapshots, sources, units, unused};
use crate::code;
use crate::config::Unused;
use crate::context::{Context, Shared};
use crate::files::{FileKind, Source};
use crate::package::load::Loaded;
use crate::parse::diagnose::Texts;
use crate::parse::macros::{self, MacroFiles};
use crate::project::Package;
use crate::properties::patch::{Patch, patches};
use crate::properties::tests::TestSpec;
use crate::properties::{self, Block, Section};
use crate::render::Renderer;
use crate::resolve;
use indexmap::IndexMap;
use jinja::UndefinedMode;
use platform_core::diagnostic::Severity;
use platform_core::node::{Checksum, MacroDefinition, UnitTest};
use platform_core::{Diagnostic, Manifest, Node, Place, ResourceType, UniqueId};
use rayon::prelude::*;
use serde_json::Value;
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};

/// What a properties file may say of resources that have a file of their own, by section, package and file name.
type PatchMap = HashMap<(Section, String, String), Arc<Patch>>;

/// What became of a file, and the properties it has.
type Made = (Option<(Section, String, String)>, node::Built);

/// A test to make: where it is written, what it says, what it is of.
type Wanted<'a> = (Block, Cow<'a, TestSpec>, Target);

/// The manifest and everything that is wrong.
pub struct Assembled {
    /// The resources.
    pub manifest: Manifest,
    /// What is wrong, in the order found.
    pub diagnostics: Vec<Diagnostic>,
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

/// Registers every package's macros.
pub fn register_macros(
    registry: crate::context::macros::Macros,
    packages: &IndexMap<String, Package>,
    loaded: &[Loaded],
    jinja: &jinja::Environment,
    texts: &Texts,
) -> (crate::context::macros::Macros, Vec<Diagnostic>) {
    let files: Vec<MacroFiles<'_>> = loaded
        .iter()
        .filter_map(|it| {
            let kinds = [FileKind::Macros, FileKind::GenericTests];
            let sources = it.sources.iter().filter(|source| kinds.contains(&source.file.kind)).collect();
            let shown = &packages.get(&it.package)?.shown;
            Some(MacroFiles { package: &it.package, shown, sources })
        })
        .collect();
    macros::register(registry, &files, jinja, texts)
}

/// Parses everything but macros.
pub fn assemble(input: Input<'_>) -> Assembled {
    let mut diagnostics = Vec::new();
    let docs = doc_blocks(&input, &mut diagnostics);
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
        notes: Mutex::default(),
    };
    let mut assembler =
        Assembler { scene: &scene, input: &input, manifest: Manifest::default(), diagnostics };
    assembler.run();
    let Assembler { manifest, diagnostics, .. } = assembler;
    Assembled { manifest, diagnostics }
}

fn doc_blocks(input: &Input<'_>, diagnostics: &mut Vec<Diagnostic>) -> Docs {
    let mut docs = Docs::new(&input.packages[0].settings.name);
    for loaded in input.loaded {
        let shown = input.packages.get(&loaded.package).map(|it| it.shown.as_str()).unwrap_or_default();
        for source in loaded.sources.iter().filter(|it| it.file.kind == FileKind::Docs) {
            let path: Arc<str> = if shown.is_empty() {
                source.file.path.clone()
            } else {
                format!("{shown}/{}", source.file.path).into()
            };
            diagnostics.extend(docs.add(source, &loaded.package, path, &input.shared.jinja, &input.texts));
        }
    }
    docs
}

fn renderers(input: &Input<'_>) -> IndexMap<String, Renderer> {
    let secrets = crate::context::env::Secrets::Refused;
    // YAML sees no macros: only variables, the environment and the target.
    let shared = Arc::new(input.shared.without_macros());
    let of = |name: &String| (name.clone(), Renderer::new(&shared, &shared.vars, name, secrets));
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
    fn run(&mut self) {
        let blocks = self.properties();
        let (patches, order) = self.patches(&blocks);
        let mut used = HashSet::new();
        let fixtures = self.fixtures();
        self.file_nodes(&patches, &mut used);
        for package in self.input.packages.keys() {
            let hooks = hooks::of_package(self.scene, package);
            self.take(hooks);
        }
        self.yaml_snapshots(&blocks, &patches, &mut used);
        self.unmatched(&order, &patches, &used);
        self.groups(&blocks);
        self.sources_and_tests(&blocks, &order, &patches);
        self.macro_patches(&blocks);
        self.exposures(&blocks);
        self.semantic_layer(&blocks);
        self.unit_tests(&blocks, &fixtures);
        self.manifest.docs = self.scene.docs.blocks.clone();
        self.diagnostics.extend(verify::check(&self.manifest));
        let restricted: Vec<String> = self
            .input
            .packages
            .iter()
            .filter(|(_, package)| package.settings.restrict_access)
            .map(|(name, _)| name.clone())
            .collect();
        self.link_semantic_models();
        let root = self.scene.root().settings.name.clone();
        let scene = self.scene;
        let named =
            |package: &str, file: &str, name: &str| scene.texts.named(&scene.shown_path(package, file), name);
        let known = resolve::Known { root: &root, restricted: &restricted, named: &named };
        self.diagnostics.extend(resolve::resolve(&mut self.manifest, known));
        self.diagnostics.extend(verify::unfiltered_batches(&self.manifest));
        self.diagnostics.extend(verify::deprecations(&self.manifest, self.scene.shared.now));
        self.diagnostics.extend(self.scene.take_notes());
        // What can't be built says nothing of what it would have used.
        if self.diagnostics.iter().all(|it| it.severity == Severity::Warning) {
            let patches: Vec<&Arc<Patch>> = order.iter().filter_map(|key| patches.get(key)).collect();
            self.diagnostics.extend(unused::check(self.scene, &self.manifest, &patches));
        }
    }

    /// Blocks of every properties file.
    fn properties(&mut self) -> Vec<Block> {
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
                match renderers.get(package) {
                    Some(renderer) => properties::read(source, package, renderer),
                    None => (Vec::new(), Vec::new()),
                }
            })
            .collect();
        let mut blocks = Vec::new();
        for (found, problems) in read {
            blocks.extend(found);
            self.diagnostics.extend(problems);
        }
        blocks
    }

    fn patches(&mut self, blocks: &[Block]) -> (PatchMap, Vec<(Section, String, String)>) {
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
    fn defining_file(&self, block: &Block, file: String, patch: &Patch) -> String {
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

    fn fixtures(&self) -> Fixtures {
        let mut fixtures = Fixtures::default();
        for loaded in self.input.loaded {
            for source in loaded.sources.iter().filter(|it| it.file.kind == FileKind::Fixture) {
                fixtures.add(&loaded.package, source);
            }
        }
        fixtures
    }

    /// Models, snapshots in SQL, analyses, singular tests, seeds, functions.
    fn file_nodes(&mut self, patches: &PatchMap, used: &mut HashSet<(Section, String, String)>) {
        let sources: Vec<(&str, &Source)> = self
            .input
            .loaded
            .iter()
            .flat_map(|it| it.sources.iter().map(move |source| (it.package.as_str(), source)))
            .collect();
        let scene = self.scene;
        let built: Vec<Vec<Made>> = sources
            .into_par_iter()
            .map(|(package, source)| {
                let drafts = match drafts(scene, package, source) {
                    Ok(drafts) => drafts,
                    Err(error) => return vec![(None, Err(error))],
                };
                drafts
                    .into_iter()
                    .map(|(section, draft)| one(scene, patches, package, section, draft))
                    .collect()
            })
            .collect();
        let mut nodes = Vec::new();
        for (key, node) in built.into_iter().flatten() {
            used.extend(key);
            nodes.push(node);
        }
        self.take(nodes);
    }

    fn yaml_snapshots(
        &mut self,
        blocks: &[Block],
        patches: &PatchMap,
        used: &mut HashSet<(Section, String, String)>,
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

    /// Puts nodes into the manifest, the switched-off ones among the disabled.
    fn take(&mut self, nodes: Vec<Result<Node, Diagnostic>>) {
        for result in nodes {
            match result {
                Ok(node) => self.insert(node),
                Err(error) => self.diagnostics.push(error),
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

    /// Properties of resources that aren't there.
    fn unmatched(
        &mut self,
        order: &[(Section, String, String)],
        patches: &PatchMap,
        used: &HashSet<(Section, String, String)>,
    ) {
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

    fn groups(&mut self, blocks: &[Block]) {
        for block in blocks.iter().filter(|it| it.section == Section::Groups) {
            match exposures::group(self.scene, block) {
                Ok(group) => {
                    let id = group.unique_id.clone();
                    if let Some(earlier) = self.manifest.groups.get(&id) {
                        let paths = [group.original_file_path.as_str(), earlier.original_file_path.as_str()];
                        self.diagnostics.push(verify::duplicate(
                            ResourceType::Group,
                            &id,
                            &group.name,
                            paths,
                        ));
                    } else {
                        self.manifest.groups.insert(id, group);
                    }
                }
                Err(error) => self.diagnostics.push(error),
            }
        }
    }

    fn sources_and_tests(
        &mut self,
        blocks: &[Block],
        order: &[(Section, String, String)],
        patches: &PatchMap,
    ) {
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
    fn disabled_ids(&self) -> HashMap<(String, String, String), UniqueId> {
        let refable = |id: &UniqueId| {
            let mut parts = id.as_str().splitn(4, '.');
            let kind = parts.next()?;
            let (package, name) = (parts.next()?.to_owned(), parts.next()?.to_owned());
            let version = parts.next().and_then(|it| it.strip_prefix('v')).unwrap_or_default().to_owned();
            matches!(kind, "model" | "seed" | "snapshot").then_some(((package, name, version), id.clone()))
        };
        self.manifest.disabled.keys().filter_map(refable).collect()
    }

    fn sources(&mut self, blocks: &[Block], wanted: &mut Vec<Wanted<'_>>) {
        let all: Vec<&Block> = blocks.iter().filter(|it| it.section == Section::Sources).collect();
        let (over, own): (Vec<&Block>, Vec<&Block>) =
            all.iter().partition(|it| it.node.get("overrides").is_some());
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

    fn source(&mut self, table: sources::Table, wanted: &mut Vec<Wanted<'_>>) {
        let source = table.source;
        let id = source.unique_id.clone();
        let own = |spec| (table.block.clone(), Cow::Owned(spec), table.target.clone());
        wanted.extend(table.tests.into_iter().map(own));
        if !source.config.enabled() {
            let json = serde_json::to_value(&source).unwrap_or_default();
            self.manifest.disabled.entry(id).or_default().push(json);
            return;
        }
        if let Some(earlier) = self.manifest.sources.get(&id) {
            let paths = [source.original_file_path.as_str(), earlier.original_file_path.as_str()];
            self.diagnostics.push(verify::duplicate(ResourceType::Source, &id, &source.name, paths));
            return;
        }
        self.manifest.sources.insert(id, source);
    }

    fn macro_patches(&mut self, blocks: &[Block]) {
        let mut definitions: IndexMap<UniqueId, MacroDefinition> =
            self.input.macros.iter().map(|it| (it.unique_id.clone(), it.clone())).collect();
        for block in blocks.iter().filter(|it| it.section == Section::Macros) {
            let id = UniqueId::of(ResourceType::Macro, block.package(), block.name());
            let Some(definition) = definitions.get_mut(&id) else {
                let names = self.input.macros.iter().map(|it| it.name.as_str());
                let near = platform_core::diagnostic::nearest(block.name(), names);
                let warning = Diagnostic::warning(
                    code::UNUSED_PROPERTIES,
                    format!("Found patch for macro \"{}\" which was not found", block.name()),
                )
                .event("MacroNotFoundForPatch")
                .at(block.name_place());
                self.diagnostics.push(match near.first() {
                    Some(near) => warning.hint(format!("did you mean `{near}`?")),
                    None => warning,
                });
                continue;
            };
            if let Some(path) = &definition.patch_path {
                let earlier = path.split_once("://").map_or(path.as_str(), |(_, path)| path).to_owned();
                let own = block.properties.file.path.to_string();
                self.diagnostics.push(
                    Diagnostic::error(
                        code::DUPLICATE,
                        format!(
                            "dbt found two schema.yml entries for the same macro in package {} named {}: in \
                             {earlier}\nand in {own}",
                            block.package(),
                            block.name()
                        ),
                    )
                    .event("CompilationError")
                    .at(block.name_place()),
                );
                continue;
            }
            if let Err(error) = describe_macro(self.scene, definition, block) {
                self.diagnostics.push(error);
            }
        }
        self.manifest.macros = definitions;
    }

    fn exposures(&mut self, blocks: &[Block]) {
        for block in blocks.iter().filter(|it| it.section == Section::Exposures) {
            let (mut exposure, warnings) = match exposures::exposure(self.scene, block) {
                Ok(found) => found,
                Err(error) => {
                    self.diagnostics.push(error);
                    continue;
                }
            };
            self.diagnostics.extend(warnings);
            let id = exposure.unique_id.clone();
            if !exposure.config.enabled() {
                let json = serde_json::to_value(&exposure).unwrap_or_default();
                self.manifest.disabled.entry(id).or_default().push(json);
                continue;
            }
            match self.scene.describe(block, &exposure.description, &id) {
                Ok((text, _)) => exposure.description = text,
                Err(error) => self.diagnostics.push(error),
            }
            if let Some(earlier) = self.manifest.exposures.get(&id) {
                let paths = [exposure.original_file_path.as_str(), earlier.original_file_path.as_str()];
                self.diagnostics.push(verify::duplicate(ResourceType::Exposure, &id, &exposure.name, paths));
                continue;
            }
            self.manifest.exposures.insert(id, exposure);
        }
    }

    fn semantic_layer(&mut self, blocks: &[Block]) {
        for block in blocks {
            match block.section {
                Section::Metrics => match semantic::metric(self.scene, block) {
                    Ok(metric) => self.metric(metric),
                    Err(error) => self.diagnostics.push(error),
                },
                Section::SavedQueries => match semantic::saved_query(self.scene, block) {
                    Ok(mut query) => {
                        let id = query.unique_id.clone();
                        if let Some(text) = query.more.get("description").and_then(Value::as_str) {
                            match self.scene.describe(block, text, &id) {
                                Ok((text, _)) => {
                                    query.more.insert("description".to_owned(), text.into());
                                }
                                Err(error) => self.diagnostics.push(error),
                            }
                        }
                        if query.config.enabled() {
                            self.manifest.saved_queries.insert(id, query);
                        } else {
                            let json = serde_json::to_value(&query).unwrap_or_default();
                            self.manifest.disabled.entry(id).or_default().push(json);
                        }
                    }
                    Err(error) => self.diagnostics.push(error),
                },
                _ => {}
            }
        }
        for block in blocks.iter().filter(|it| it.section == Section::SemanticModels) {
            match semantic::semantic_model(self.scene, block) {
                Ok(model) => {
                    let id = model.unique_id.clone();
                    let created = semantic::created(self.scene, block, &model);
                    if model.config.enabled() {
                        self.manifest.semantic_models.insert(id, model);
                    } else {
                        let json = serde_json::to_value(&model).unwrap_or_default();
                        self.manifest.disabled.entry(id).or_default().push(json);
                    }
                    created.into_iter().for_each(|metric| self.metric(metric));
                }
                Err(error) => self.diagnostics.push(error),
            }
        }
    }

    fn metric(&mut self, metric: platform_core::node::Metric) {
        let id = metric.unique_id.clone();
        if !metric.config.enabled() {
            let json = serde_json::to_value(&metric).unwrap_or_default();
            self.manifest.disabled.entry(id).or_default().push(json);
            return;
        }
        if let Some(earlier) = self.manifest.metrics.get(&id) {
            let paths = [metric.original_file_path.as_str(), earlier.original_file_path.as_str()];
            self.diagnostics.push(verify::duplicate(ResourceType::Metric, &id, &metric.name, paths));
            return;
        }
        self.manifest.metrics.insert(id, metric);
    }

    /// An input without rows is a seed, whose file has them.
    fn inputs_exist(&self, block: &Block, test: &UnitTest) -> Result<(), Diagnostic> {
        for given in test.given.iter().filter(|given| given["rows"].is_null() && given["fixture"].is_null()) {
            let input = given["input"].as_str().unwrap_or_default();
            let Some(name) = units::referenced(input) else { continue };
            let known = self.manifest.nodes.values().any(|node| node.name == name && node.is_refable());
            if !known {
                let message = format!("Unable to find seed '{}.{name}' for unit tests", block.package());
                return Err(block.fault(&block.node, message));
            }
        }
        Ok(())
    }

    fn link_semantic_models(&mut self) {
        let root = self.scene.root().settings.name.clone();
        self.diagnostics.extend(resolve::semantic_models(&mut self.manifest, &root));
        self.diagnostics.extend(semantic::link(&mut self.manifest));
        self.diagnostics.extend(resolve::saved_queries(&mut self.manifest));
    }

    fn unit_tests(&mut self, blocks: &[Block], fixtures: &Fixtures) {
        let disabled: Vec<Node> = self
            .manifest
            .disabled
            .iter()
            .filter(|(id, _)| id.as_str().starts_with("model."))
            .filter_map(|(_, nodes)| serde_json::from_value(nodes.first()?.clone()).ok())
            .collect();
        for block in blocks.iter().filter(|it| it.section == Section::UnitTests) {
            let parts = Parts { block, fixtures };
            let models =
                self.manifest.nodes.values().filter(|node| node.resource_type == ResourceType::Model);
            let tests = match units::unit_tests(self.scene, &parts, models, &disabled) {
                Ok(tests) => tests,
                Err(error) => {
                    self.diagnostics.push(error);
                    continue;
                }
            };
            for test in tests {
                if let Err(error) = self.inputs_exist(block, &test) {
                    self.diagnostics.push(error);
                }
                let id = test.unique_id.clone();
                if !test.config.enabled() {
                    let json = serde_json::to_value(&test).unwrap_or_default();
                    self.manifest.disabled.entry(id).or_default().push(json);
                } else if let Some(earlier) = self.manifest.unit_tests.get(&id) {
                    let paths = [test.original_file_path.as_str(), earlier.original_file_path.as_str()];
                    self.diagnostics.push(verify::duplicate(ResourceType::UnitTest, &id, &test.name, paths));
                } else {
                    self.manifest.unit_tests.insert(id, test);
                }
            }
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
    Ok(node::sha256(String::from_utf8_lossy(&bytes).trim()))
}

/// A draft with what is said of it; the key of the patch that was used.
fn one(scene: &Scene<'_>, patches: &PatchMap, package: &str, section: Section, draft: Draft<'_>) -> Made {
    let key = (section, package.to_owned(), draft.name.clone());
    let found = patches.get(&key);
    let is_seed = draft.resource == ResourceType::Seed;
    let node = node::build(scene, draft, found.map(Arc::as_ref)).map(|mut node| {
        if is_seed {
            node.raw_code = String::new();
            node.only.root_path = scene.packages.get(package).map(|it| it.root.display().to_string());
        }
        node
    });
    (found.map(|_| key), node)
}

fn describe_macro(
    scene: &Scene<'_>,
    definition: &mut MacroDefinition,
    block: &Block,
) -> Result<(), Diagnostic> {
    let node = &block.node;
    let config = block.config(node, &["meta", "docs"])?;
    let meta = config.get("meta").and_then(Value::as_object).cloned().unwrap_or_default();
    let mut docs = definition.docs.clone();
    if let Some(Value::Object(own)) = config.get("docs") {
        docs.extend(own.clone());
    }
    definition.config.0.insert("meta".to_owned(), Value::Object(meta.clone()));
    definition.config.0.insert("docs".to_owned(), Value::Object(docs.clone()));
    definition.meta = meta;
    definition.docs = docs;
    definition.patch_path = Some(block.properties.patch_path());
    let description = block.text(node, "description", "")?.unwrap_or_default();
    definition.description = scene.describe(block, description, &definition.unique_id)?.0;
    definition.arguments = block
        .list(node, "arguments", "")?
        .iter()
        .map(|item| {
            let text = item.text_of("description").unwrap_or_default();
            let description = scene.describe(block, text, &definition.unique_id)?.0;
            Ok(serde_json::json!({
                "name": item.get("name").map(crate::yaml::Node::to_json),
                "type": item.get("type").map(crate::yaml::Node::to_json),
                "description": description,
            }))
        })
        .collect::<Result<_, Diagnostic>>()?;
    Ok(())
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
