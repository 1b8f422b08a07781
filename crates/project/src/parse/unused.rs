//! What a project says and nothing hears: configuration paths and keys, doc blocks. Of the root project only:
//! packages are not the reader's to mend.

use super::Scene;
use crate::code;
use crate::config::{Kind, known};
use crate::properties::block::Block;
use crate::properties::patch::Patch;
use crate::render::has_jinja;
use crate::yaml::{Document, Entry, Node as Yaml};
use platform_core::diagnostic::nearest;
use platform_core::{Diagnostic, Manifest, Place, ResourceType};
use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// Everything of the kind.
pub fn check(
    scene: &Scene<'_>,
    manifest: &Manifest,
    patches: &[&Arc<Patch>],
    blocks: &[Block],
) -> Vec<Diagnostic> {
    let mut found = paths(scene, manifest);
    let keys = Keys { scene, manifest, asked_for: RefCell::default() };
    found.extend(keys.of_project());
    found.extend(patches.iter().flat_map(|patch| keys.of_properties(patch)));
    found.extend(keys.of_templates());
    found.extend(docs(scene, blocks));
    found.extend(macros(scene, manifest, blocks));
    found
}

/// Configuration paths of `dbt_project.yml` that lead to no resource.
fn paths(scene: &Scene<'_>, manifest: &Manifest) -> Vec<Diagnostic> {
    let settings = &scene.root().settings;
    let Some(document) = &settings.document else { return Vec::new() };
    let unused = scene.unused.paths(settings);
    let told = unused.iter().map(|path| {
        let warning = Diagnostic::warning(
            code::UNUSED_CONFIG,
            format!(
                "Configuration paths exist in your dbt_project.yml file which do not apply to any resources: `{}`",
                path.join(".")
            ),
        )
        .event("UnusedResourceConfigPath");
        let hint = path_hint(path, manifest, &settings.name);
        let warning = Diagnostic { hint: Some(hint), ..warning };
        match entry(document, path) {
            Some(entry) => warning.at(document.place(&entry.span)),
            None => warning.at(Place::file(document.file.as_ref())),
        }
    });
    told.collect()
}

fn path_hint(path: &[String], manifest: &Manifest, project: &str) -> String {
    let (Some(section), Some(package), Some(last)) = (path.first(), path.get(1), path.last()) else {
        return String::new();
    };
    let resources = manifest.nodes.values().map(|node| (&node.fqn, section_of(node.resource_type)));
    let below: BTreeSet<&str> = resources
        .filter(|(fqn, of)| {
            *of == section && fqn.len() >= path.len() && fqn[..path.len() - 2] == path[1..path.len() - 1]
        })
        .filter_map(|(fqn, _)| fqn.get(path.len() - 2).map(String::as_str))
        .collect();
    if let Some(near) = nearest(last, below.iter().copied()).first() {
        return format!("did you mean `{near}`?");
    }
    if path.len() == 2 && package != project {
        return format!("a path begins with a package's name: `{section}: {project}: {package}: …`");
    }
    "it names folders and files below the resource folder, without extension".to_owned()
}

fn section_of(kind: ResourceType) -> &'static str {
    Kind::of(kind).section()
}

/// The entry at the end of a path of keys, `+` before them or not.
fn entry<'a>(document: &'a Document, path: &[String]) -> Option<&'a Entry> {
    let mut found: Option<&Entry> = None;
    for (depth, key) in path.iter().enumerate() {
        let node: &Yaml = found.map_or(&document.root, |entry| &entry.value);
        let old = (depth == 0 && key == "data_tests").then_some("tests");
        found = Some(node.entry(key).or_else(|| node.entry(old?))?);
    }
    found
}

/// Keys of configuration that are none of dbt's, and that no template asks for either.
struct Keys<'a> {
    scene: &'a Scene<'a>,
    manifest: &'a Manifest,
    asked_for: RefCell<HashMap<String, bool>>,
}

impl Keys<'_> {
    fn of_project(&self) -> Vec<Diagnostic> {
        let settings = &self.scene.root().settings;
        let Some(document) = &settings.document else { return Vec::new() };
        let mut found = Vec::new();
        for (section, kind) in Kind::SECTIONS {
            let old = (*section == "data_tests").then_some("tests");
            let root = &document.root;
            let node = root.get(section).or_else(|| root.get(old?));
            if let Some(node) = node {
                self.level(document, *kind, node, section, &mut found);
            }
        }
        found
    }

    fn level(&self, document: &Document, kind: Kind, level: &Yaml, path: &str, found: &mut Vec<Diagnostic>) {
        for entry in level.entries() {
            let place = || document.place(&entry.span);
            let path = format!("{path}.{}", entry.key);
            match entry.key.strip_prefix('+') {
                Some(key) => found.extend(self.unknown(kind, key.trim(), Some(&path), place)),
                None if entry.value.is_map() => self.level(document, kind, &entry.value, &path, found),
                None if known::is_known(kind, &entry.key) => found.push(without_plus(entry, &path, place())),
                // An empty folder says nothing.
                None if entry.value.is_null() => {}
                None => found.extend(self.unknown(kind, &entry.key, Some(&path), place)),
            }
        }
    }

    fn of_properties(&self, patch: &Patch) -> Vec<Diagnostic> {
        let block = &patch.block;
        let Some(kind) = known::of_section(block.section) else { return Vec::new() };
        if block.package() != self.scene.root().settings.name {
            return Vec::new();
        }
        let entries = block.written.get("config").map(Yaml::entries).unwrap_or_default();
        let unknown = |entry: &Entry| {
            let path = format!("{}.config", block.path());
            self.unknown(kind, &entry.key, Some(&path), || block.properties.document.place(&entry.span))
        };
        entries.iter().filter_map(unknown).collect()
    }

    /// Calls of `config()`: what they said stands with the node.
    fn of_templates(&self) -> Vec<Diagnostic> {
        let root = &self.scene.root().settings.name;
        let nodes = self.manifest.nodes.values().filter(|node| {
            node.package_name == *root && node.only.test_metadata.is_none() && has_jinja(&node.raw_code)
        });
        let mut found = Vec::new();
        for node in nodes {
            let kind = Kind::of(node.resource_type);
            for key in node.unrendered_config.keys().filter(|key| !known::is_known(kind, key)) {
                let shown = self.scene.shown_path(root, &node.original_file_path);
                let Some(place) = self.scene.texts.argument(&shown, key) else { continue };
                found.extend(self.unknown(kind, key, None, || place.clone()));
            }
        }
        found
    }

    /// `path` is where the configuration stands in its file, if that is YAML.
    fn unknown(
        &self,
        kind: Kind,
        key: &str,
        path: Option<&str>,
        place: impl Fn() -> Place,
    ) -> Option<Diagnostic> {
        if known::is_known(kind, key) || self.is_asked_for(key) {
            return None;
        }
        let near = nearest(key, known::keys(kind)).first().map(|near| format!("did you mean `{near}`?"));
        let hint = near.unwrap_or_else(|| "remove it, or put it under `meta`".to_owned());
        Some(
            Diagnostic::warning(
                code::UNKNOWN_KEY,
                format!(
                    "Custom key `{key}` found in `config`{}: nothing reads it",
                    path.map(|path| format!(" at path `{path}`")).unwrap_or_default()
                ),
            )
            .event("CustomKeyInConfigDeprecation")
            .at(place())
            .hint(hint)
            .with("key", key)
            .with("key_path", path.unwrap_or_default()),
        )
    }

    /// Whether a macro or a model names it in quotes: `config.get('dbt_date_zone')`.
    fn is_asked_for(&self, key: &str) -> bool {
        if let Some(known) = self.asked_for.borrow().get(key) {
            return *known;
        }
        let found = self.is_named(key);
        self.asked_for.borrow_mut().insert(key.to_owned(), found);
        found
    }

    fn is_named(&self, key: &str) -> bool {
        let names = |text: &str| {
            text.match_indices(key).any(|(at, _)| {
                let before = text[..at].chars().next_back();
                before == text[at + key.len()..].chars().next() && matches!(before, Some('\'' | '"'))
            })
        };
        self.manifest.macros.values().any(|it| names(&it.macro_sql))
            || self.manifest.nodes.values().any(|it| it.only.test_metadata.is_none() && names(&it.raw_code))
    }
}

/// Configuration that could be taken for a folder
/// (<https://docs.getdbt.com/reference/deprecations#missingplusprefixdeprecation>).
fn without_plus(entry: &Entry, path: &str, place: Place) -> Diagnostic {
    let key = &entry.key;
    Diagnostic::warning(
        code::DEPRECATED,
        format!("Missing '+' prefix on `{key}` found at `{path}`: a folder of that name would be meant too"),
    )
    .event("MissingPlusPrefixDeprecation")
    .at(place)
    .hint(format!("write `+{key}`"))
    .with("key", key.as_str())
    .with("key_path", path)
    .with("file", "dbt_project.yml")
}

/// Doc blocks that no description shows.
fn docs(scene: &Scene<'_>, blocks: &[Block]) -> Vec<Diagnostic> {
    let root = &scene.root().settings.name;
    // The description of what is disabled isn't rendered, and shows it all the same.
    let mut texts: Vec<&Arc<str>> = blocks.iter().map(|block| &block.properties.document.text).collect();
    texts.dedup_by(|one, other| Arc::ptr_eq(one, other));
    let is_named = |name: &str| {
        let calls = [format!("doc('{name}')"), format!("doc(\"{name}\")")];
        texts.iter().any(|text| calls.iter().any(|call| text.contains(call)))
    };
    let unused = scene
        .docs
        .unused()
        .filter(|doc| doc.package_name == *root && !doc.name.starts_with("__") && !is_named(&doc.name));
    let told = unused.map(|doc| {
        let shown = scene.shown_path(root, &doc.original_file_path);
        Diagnostic::warning(code::UNUSED_DOC, format!("no description shows the doc block `{}`", doc.name))
            .event("UnusedDocBlock")
            .at(scene.texts.tag(&shown, &["docs", &doc.name]))
            .hint(format!("show it by `{{{{ doc('{}') }}}}`, or remove it", doc.name))
    });
    told.collect()
}

/// What a macro does that somebody may call by `run-operation`: it speaks, or asks the database.
const OPERATIONS: [&str; 7] =
    ["log(", "print(", "run_query", "statement", "adapter.", "exceptions.", "query("];

/// Macros that nothing calls. Left out is what others may call without its name: what takes the place of another
/// package's macro or of a built-in one, what dispatch finds, tests, materializations; what may be an operation; and what
/// has a description, which says that it is meant to be there.
fn macros(scene: &Scene<'_>, manifest: &Manifest, blocks: &[Block]) -> Vec<Diagnostic> {
    let root = &scene.root().settings.name;
    let elsewhere =
        |name: &str| manifest.macros.values().any(|it| it.package_name != *root && it.name == name);
    let called: BTreeSet<&str> = (manifest.macros.values().flat_map(|it| &it.depends_on.macros))
        .chain(
            manifest.nodes.values().chain(manifest.functions.values()).flat_map(|it| &it.depends_on.macros),
        )
        .map(platform_core::UniqueId::as_str)
        .collect();
    let is_plain = |name: &str| {
        !name.starts_with('_')
            && !name.contains("__")
            && !["test_", "materialization_", "generate_", "get_incremental_"]
                .iter()
                .any(|start| name.starts_with(start))
    };
    let candidates = manifest.macros.values().filter(|it| {
        it.package_name == *root
            && it.description.is_empty()
            && is_plain(&it.name)
            && !called.contains(it.unique_id.as_str())
            && !OPERATIONS.iter().any(|word| it.macro_sql.contains(word))
            && !elsewhere(&it.name)
    });
    let project = scene.root().settings.document.as_ref().map(|document| &document.text);
    let mut texts: Vec<&Arc<str>> = blocks.iter().map(|block| &block.properties.document.text).collect();
    texts.dedup_by(|one, other| Arc::ptr_eq(one, other));
    texts.extend(project);
    let told = candidates.filter_map(|it| {
        let name = it.name.as_str();
        // Called where no dependency says so: in YAML, by a name in quotes, in what is switched off.
        let is_named = texts.iter().any(|text| text.contains(name))
            || manifest.nodes.values().any(|node| node.raw_code.contains(name))
            || manifest.macros.values().any(|other| other.name != name && other.macro_sql.contains(name))
            || manifest
                .disabled
                .values()
                .flatten()
                .any(|node| node["raw_code"].as_str().is_some_and(|code| code.contains(name)));
        if is_named {
            return None;
        }
        let shown = scene.shown_path(root, &it.original_file_path);
        Some(
            Diagnostic::warning(code::UNUSED_MACRO, format!("nothing calls the macro `{name}`"))
                .event("UnusedMacro")
                .at(scene.texts.tag(&shown, &["macro", name]))
                .hint("remove it; or describe it in a properties file, if people call it themselves"),
        )
    });
    told.collect()
}
