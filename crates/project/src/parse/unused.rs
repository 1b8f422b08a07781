//! What a project says and nothing hears: configuration paths and keys, doc blocks. Of the root project only:
//! packages are not the reader's to mend.

mod mentions;

use super::Scene;
use crate::code;
use crate::config::{Kind, known};
use crate::properties::block::Block;
use crate::properties::patch::Patch;
use crate::render::has_jinja;
use crate::yaml::{Document, Entry, Node as Yaml};
use mentions::{Text, in_quotes, mentioned};
use platform_core::diagnostic::nearest;
use platform_core::node::{Documentation, MacroDefinition};
use platform_core::{Diagnostic, Manifest, Place, ResourceType};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Everything of the kind.
pub fn check(
    scene: &Scene<'_>,
    manifest: &Manifest,
    patches: &[&Arc<Patch>],
    blocks: &[Block],
) -> Vec<Diagnostic> {
    let mut found = paths(scene, manifest);
    let keys = Keys { scene, manifest };
    let mut told = keys.of_project();
    told.extend(patches.iter().flat_map(|patch| keys.of_properties(patch)));
    told.extend(keys.of_templates());
    found.extend(keys.unread(told));
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
}

/// What may be said of a key.
enum Told<'a> {
    /// This, whatever else is known.
    Warning(Diagnostic),
    /// That nothing reads it, unless a template does.
    Custom { kind: Kind, key: &'a str, path: Option<String>, place: Where<'a> },
}

/// Where a key stands; a place in YAML is found when it is told.
enum Where<'a> {
    Yaml(&'a Document, &'a Entry),
    Template(Place),
}

impl<'a> Keys<'a> {
    fn of_project(&self) -> Vec<Told<'a>> {
        let settings = &self.scene.root().settings;
        let Some(document) = &settings.document else { return Vec::new() };
        let mut found = Vec::new();
        for (section, kind) in Kind::SECTIONS {
            let old = (*section == "data_tests").then_some("tests");
            let root = &document.root;
            let node = root.get(section).or_else(|| root.get(old?));
            if let Some(node) = node {
                Self::level(document, *kind, node, section, &mut found);
            }
        }
        found
    }

    fn level(document: &'a Document, kind: Kind, level: &'a Yaml, path: &str, found: &mut Vec<Told<'a>>) {
        for entry in level.entries() {
            let path = format!("{path}.{}", entry.key);
            let place = Where::Yaml(document, entry);
            match entry.key.strip_prefix('+') {
                Some(key) => found.extend(custom(kind, key.trim(), Some(path), place)),
                None if entry.value.is_map() => Self::level(document, kind, &entry.value, &path, found),
                None if known::is_known(kind, &entry.key) => {
                    found.push(Told::Warning(without_plus(entry, &path, document.place(&entry.span))));
                }
                // An empty folder says nothing.
                None if entry.value.is_null() => {}
                None => found.extend(custom(kind, &entry.key, Some(path), place)),
            }
        }
    }

    fn of_properties(&self, patch: &'a Patch) -> Vec<Told<'a>> {
        let block = &patch.block;
        let Some(kind) = known::of_section(block.section) else { return Vec::new() };
        if block.package() != self.scene.root().settings.name {
            return Vec::new();
        }
        let entries = block.written.get("config").map(Yaml::entries).unwrap_or_default();
        let told = |entry: &'a Entry| {
            let path = format!("{}.config", block.path());
            custom(kind, &entry.key, Some(path), Where::Yaml(&block.properties.document, entry))
        };
        entries.iter().filter_map(told).collect()
    }

    /// Calls of `config()`: what they said stands with the node.
    fn of_templates(&self) -> Vec<Told<'a>> {
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
                found.extend(custom(kind, key, None, Where::Template(place)));
            }
        }
        found
    }

    /// The warnings, without those of keys that a macro or a model names in quotes: `config.get('dbt_date_zone')`.
    fn unread(&self, told: Vec<Told<'a>>) -> Vec<Diagnostic> {
        let keys = told.iter().filter_map(|it| match it {
            Told::Custom { key, .. } => Some(*key),
            Told::Warning(_) => None,
        });
        let nodes = self.manifest.nodes.values().filter(|it| it.only.test_metadata.is_none());
        let texts = (self.manifest.macros.values().map(|it| it.macro_sql.as_str()))
            .chain(nodes.map(|it| it.raw_code.as_str()))
            .map(Text::from);
        let read = mentioned(keys.collect(), &texts.collect::<Vec<_>>(), in_quotes);
        let warning = |it| match it {
            Told::Warning(warning) => Some(warning),
            Told::Custom { key, .. } if read.contains(key) => None,
            Told::Custom { kind, key, path, place } => Some(unread(kind, key, path, &place)),
        };
        told.into_iter().filter_map(warning).collect()
    }
}

/// A key, if it is none of dbt's; `path` is where the configuration stands in its file, if that is YAML.
fn custom<'a>(kind: Kind, key: &'a str, path: Option<String>, place: Where<'a>) -> Option<Told<'a>> {
    (!known::is_known(kind, key)).then_some(Told::Custom { kind, key, path, place })
}

fn unread(kind: Kind, key: &str, path: Option<String>, place: &Where<'_>) -> Diagnostic {
    let near = nearest(key, known::keys(kind)).first().map(|near| format!("did you mean `{near}`?"));
    let hint = near.unwrap_or_else(|| "remove it, or put it under `meta`".to_owned());
    let at = path.as_ref().map(|path| format!(" at path `{path}`")).unwrap_or_default();
    Diagnostic::warning(
        code::UNKNOWN_KEY,
        format!("Custom key `{key}` found in `config`{at}: nothing reads it"),
    )
    .event("CustomKeyInConfigDeprecation")
    .at(match place {
        Where::Yaml(document, entry) => document.place(&entry.span),
        Where::Template(place) => place.clone(),
    })
    .hint(hint)
    .with("key", key)
    .with("key_path", path.unwrap_or_default())
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
    let unshown = scene.docs.unused().filter(|doc| doc.package_name == *root && !doc.name.starts_with("__"));
    let unshown: Vec<(&Documentation, [String; 2])> = unshown
        .map(|doc| (doc, [format!("doc('{}')", doc.name), format!("doc(\"{}\")", doc.name)]))
        .collect();
    // The description of what is disabled isn't rendered, and shows it all the same.
    let texts: Vec<Text<'_>> = documents(blocks).map(|text| Text::from(&**text)).collect();
    let calls = unshown.iter().flat_map(|(_, calls)| calls).map(String::as_str);
    let called = mentioned(calls.collect(), &texts, |_, _| true);
    let unused = unshown.iter().filter(|(_, calls)| !calls.iter().any(|call| called.contains(call.as_str())));
    let told = unused.map(|(doc, _)| {
        let shown = scene.shown_path(root, &doc.original_file_path);
        Diagnostic::warning(code::UNUSED_DOC, format!("no description shows the doc block `{}`", doc.name))
            .event("UnusedDocBlock")
            .at(scene.texts.tag(&shown, &["docs", &doc.name]))
            .hint(format!("show it by `{{{{ doc('{}') }}}}`, or remove it", doc.name))
    });
    told.collect()
}

/// The texts of properties files.
fn documents(blocks: &[Block]) -> impl Iterator<Item = &Arc<str>> {
    let mut texts: Vec<&Arc<str>> = blocks.iter().map(|block| &block.properties.document.text).collect();
    texts.dedup_by(|one, other| Arc::ptr_eq(one, other));
    texts.into_iter()
}

/// What a macro does that somebody may call by `run-operation`: it speaks, or asks the database.
const OPERATIONS: [&str; 7] =
    ["log(", "print(", "run_query", "statement", "adapter.", "exceptions.", "query("];

/// Macros that nothing calls. Left out is what others may call without its name: what takes the place of another
/// package's macro or of a built-in one, what dispatch finds, tests, materializations; what may be an operation; and what
/// has a description, which says that it is meant to be there.
fn macros(scene: &Scene<'_>, manifest: &Manifest, blocks: &[Block]) -> Vec<Diagnostic> {
    let root = &scene.root().settings.name;
    let foreign = manifest.macros.values().filter(|it| it.package_name != *root);
    let elsewhere: BTreeSet<&str> = foreign.map(|it| it.name.as_str()).collect();
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
    let uncalled = manifest.macros.values().filter(|it| {
        it.package_name == *root
            && it.description.is_empty()
            && is_plain(&it.name)
            && !called.contains(it.unique_id.as_str())
            && !OPERATIONS.iter().any(|word| it.macro_sql.contains(word))
            && !elsewhere.contains(it.name.as_str())
    });
    let uncalled: Vec<&MacroDefinition> = uncalled.collect();
    // Called where no dependency says so: in YAML, by a name in quotes, in what is switched off.
    let project = scene.root().settings.document.as_ref().map(|document| &document.text);
    let disabled = manifest.disabled.values().flatten().filter_map(|node| node["raw_code"].as_str());
    let texts = (documents(blocks).chain(project).map(|text| Text::from(&**text)))
        .chain(manifest.nodes.values().map(|node| Text::from(node.raw_code.as_str())))
        .chain(disabled.map(Text::from))
        .chain(manifest.macros.values().map(|it| Text { text: &it.macro_sql, defines: Some(&it.name) }));
    let names = uncalled.iter().map(|it| it.name.as_str()).collect();
    let named = mentioned(names, &texts.collect::<Vec<_>>(), |_, _| true);
    let told = uncalled.into_iter().filter(|it| !named.contains(it.name.as_str())).map(|it| {
        let name = it.name.as_str();
        let shown = scene.shown_path(root, &it.original_file_path);
        Diagnostic::warning(code::UNUSED_MACRO, format!("nothing calls the macro `{name}`"))
            .event("UnusedMacro")
            .at(scene.texts.tag(&shown, &["macro", name]))
            .hint("remove it; or describe it in a properties file, if people call it themselves")
    });
    told.collect()
}
