//! Macros of every package: found, registered, and what each calls.

use super::diagnose::Texts;
use crate::builtin;
use crate::code;
use crate::context::macros::{Entry, Macros};
use crate::files::{FileKind, Source};
use jinja::{Block, BlockKind, BlockTags, Environment, SourceFile};
use platform_core::node::{MacroDefinition, MacroDependsOn};
use platform_core::{Diagnostic, NodeConfig, ResourceType, UniqueId};
use rayon::prelude::*;
use serde_json::{Map, Value, json};
use std::cmp::Reverse;
use std::sync::Arc;

/// A macro with the file it stands in.
struct Found {
    block: Block,
    package: Arc<str>,
    path: Arc<str>,
}

/// What a file has: macros, and tags outside of them.
struct FoundFile {
    macros: Vec<Found>,
    strays: Vec<(Arc<str>, jinja::Place)>,
}

/// What is told of a tag outside of every block.
pub fn stray((word, place): &(Arc<str>, jinja::Place), texts: &Texts) -> Diagnostic {
    Diagnostic::warning(code::DEPRECATED, format!("Found unexpected '{word}' block tag: it has no effect"))
        .event("UnexpectedJinjaBlockDeprecation")
        .at(texts.place(place))
        .hint("remove it, or put it into a macro")
        .with("msg", format!("Found unexpected '{word}' block tag."))
        .with("file", &*place.file)
}

/// The macro files of a package: what messages name and the source.
pub struct MacroFiles<'a> {
    /// The package.
    pub package: &'a str,
    /// Folder that messages name before the path; empty for the root project.
    pub shown: &'a str,
    /// Its files.
    pub sources: Vec<&'a Source>,
}

/// Registers the macros of every package, built-in ones first, then in the order given.
pub fn register(
    mut registry: Macros,
    packages: &[MacroFiles<'_>],
    jinja: &Environment,
    texts: &Texts,
) -> (Macros, Vec<Diagnostic>) {
    let mut diagnostics = Vec::new();
    let builtin: Vec<Result<FoundFile, jinja::Error>> = builtin::FILES
        .par_iter()
        .map(|file| {
            let shown = format!("{}/{}", file.package, file.path);
            let source = SourceFile::new(shown, file.text);
            found(jinja, &source, file.package, file.path, BlockTags::MACRO_FILE)
        })
        .collect();
    let own: Vec<(&MacroFiles<'_>, &Source)> =
        packages.iter().flat_map(|files| files.sources.iter().map(move |source| (files, *source))).collect();
    let own: Vec<Result<FoundFile, jinja::Error>> = own
        .into_par_iter()
        .map(|(files, source)| {
            let path = source.file.path.clone();
            let shown: Arc<str> =
                if files.shown.is_empty() { path.clone() } else { format!("{}/{path}", files.shown).into() };
            texts.add(shown.clone(), source.text.clone(), source.skipped);
            let file = SourceFile::new(shown, source.text.clone());
            let tags = match source.file.kind {
                FileKind::GenericTests => BlockTags::TEST | BlockTags::MACRO,
                _ => BlockTags::MACRO_FILE,
            };
            found(jinja, &file, files.package, &path, tags)
        })
        .collect();
    for file in builtin.into_iter().chain(own) {
        match file {
            Ok(file) => {
                diagnostics.extend(file.strays.iter().map(|place| stray(place, texts)));
                for it in file.macros {
                    diagnostics.extend(insert(&mut registry, it, texts));
                }
            }
            Err(error) => diagnostics.push(texts.diagnostic(&error)),
        }
    }
    (registry, diagnostics)
}

fn found(
    jinja: &Environment,
    file: &SourceFile,
    package: &str,
    path: &str,
    tags: BlockTags,
) -> Result<FoundFile, jinja::Error> {
    let parsed = jinja.parse_file(file, tags)?;
    let strays = parsed.strays.iter().map(|tag| (tag.word.clone(), file.place(tag.span))).collect();
    let (package, path): (Arc<str>, Arc<str>) = (package.into(), path.into());
    let with_place = |block| Found { block, package: package.clone(), path: path.clone() };
    Ok(FoundFile { macros: parsed.blocks.into_iter().map(with_place).collect(), strays })
}

fn insert(registry: &mut Macros, found: Found, texts: &Texts) -> Option<Diagnostic> {
    let name = full_name(&found.block);
    let entry = Entry {
        id: UniqueId::of(ResourceType::Macro, &found.package, &name),
        package: found.package.clone(),
        name: name.as_str().into(),
        path: found.path.clone(),
        callable: found.block.to_macro(),
        supported_languages: match &found.block.kind {
            BlockKind::Materialization { supported_languages, .. } => Some(supported_languages.clone()),
            _ => None,
        },
    };
    let earlier = registry.insert(entry)?;
    Some(
        Diagnostic::error(
            code::DUPLICATE,
            format!(
                "dbt found multiple macros named \"{name}\" in the project \"{}\":\n    - {}\n    - {}",
                found.package, found.path, earlier.path
            ),
        )
        .event("CompilationError")
        .at(texts.place(&found.block.place()))
        .hint("rename one of them"),
    )
}

/// The name that a block is called by.
fn full_name(block: &Block) -> String {
    match &block.kind {
        BlockKind::Test => format!("test_{}", block.name),
        BlockKind::Materialization { adapter, .. } => {
            format!("materialization_{}_{}", block.name, adapter.as_deref().unwrap_or("default"))
        }
        _ => block.name.to_string(),
    }
}

/// The manifest's entries, and the errors of macros that can't be parsed.
pub fn definitions(
    macros: &Macros,
    jinja: &Environment,
    texts: &Texts,
    created_at: f64,
) -> (Vec<MacroDefinition>, Vec<Diagnostic>) {
    let all: Vec<&Arc<Entry>> = macros.iter().collect();
    let made: Vec<Result<MacroDefinition, jinja::Error>> =
        all.into_par_iter().map(|entry| definition(macros, jinja, entry, created_at)).collect();
    let mut definitions = Vec::with_capacity(made.len());
    let mut diagnostics = Vec::new();
    for result in made {
        match result {
            Ok(definition) => definitions.push(definition),
            Err(error) => diagnostics.push(texts.diagnostic(&error)),
        }
    }
    (definitions, diagnostics)
}

fn definition(
    macros: &Macros,
    jinja: &Environment,
    entry: &Entry,
    created_at: f64,
) -> Result<MacroDefinition, jinja::Error> {
    let docs = json!({"show": true, "node_color": null});
    let config = Map::from_iter([("meta".to_owned(), json!({})), ("docs".to_owned(), docs.clone())]);
    Ok(MacroDefinition {
        name: entry.name.to_string(),
        resource_type: ResourceType::Macro,
        package_name: entry.package.to_string(),
        path: entry.path.to_string(),
        original_file_path: entry.path.to_string(),
        unique_id: entry.id.clone(),
        macro_sql: text(entry.callable.block()),
        depends_on: MacroDependsOn { macros: calls(macros, jinja, entry)? },
        description: String::new(),
        meta: Map::new(),
        docs: match docs {
            Value::Object(docs) => docs,
            _ => Map::new(),
        },
        config: NodeConfig(config),
        patch_path: None,
        arguments: Vec::new(),
        created_at,
        supported_languages: entry.supported_languages.clone(),
    })
}

/// The macro's text from tag to tag, with the white space that its tags take away (`{%- macro`, `endmacro -%}`) and
/// that the tag before has not taken.
fn text(block: &Block) -> String {
    let whole = &*block.file.text;
    let mut range = block.span.range();
    let source = block.source();
    let before = whole[..range.start].trim_end();
    if source.starts_with("{%-") && !before.ends_with("-%}") {
        range.start = before.len();
    }
    if source.ends_with("-%}") {
        range.end = whole.len() - whole[range.end..].trim_start().len();
    }
    whole[range].to_owned()
}

/// Names that every template knows before any macro. Called by them alone, a macro of that name is not noted, as
/// dbt has it, though it is what is called.
const UNCOUNTED: [&str; 26] = [
    "ref",
    "source",
    "config",
    "var",
    "env_var",
    "log",
    "print",
    "return",
    "set",
    "set_strict",
    "zip",
    "zip_strict",
    "fromjson",
    "tojson",
    "fromyaml",
    "toyaml",
    "local_md5",
    "diff_of_two_dicts",
    "dbt_version",
    "invocation_id",
    "run_started_at",
    "thread_id",
    "flags",
    "modules",
    "builtins",
    "project_name",
];

/// The macros that a macro calls by name, dispatched ones included: outer calls before those in their arguments.
///
/// A call on anything but a package or the adapter (`relation.drop()`) counts by its last name as well, as dbt has it.
fn calls<'a>(macros: &'a Macros, jinja: &Environment, entry: &Entry) -> Result<Vec<UniqueId>, jinja::Error> {
    let mut found: Vec<UniqueId> = Vec::new();
    let mut calls = entry.callable.extract(jinja)?.calls;
    calls.sort_by_key(|call| (call.span.start, Reverse(call.span.end)));
    // By its bare name a macro doesn't depend on itself.
    let others = |target: Option<&'a Arc<Entry>>| target.filter(|it| it.id != entry.id);
    for call in calls {
        let text = |argument: Option<&jinja::Argument>| {
            argument.and_then(|it| it.value.as_ref()).and_then(|it| it.as_str().map(str::to_owned))
        };
        let keyword = |name: &str| call.kwargs.iter().find(|(key, _)| &**key == name).map(|(_, value)| value);
        let targets = if &*call.name == "adapter.dispatch" {
            let name = text(call.args.first().or_else(|| keyword("macro_name"))).unwrap_or_default();
            let namespace = text(call.args.get(1).or_else(|| keyword("macro_namespace")));
            let target = macros.dispatch_unrendered(&name, namespace.as_deref());
            [others(macros.resolve(&entry.package, &name)), target]
        } else {
            let target = match call.name.split_once('.') {
                None if UNCOUNTED.contains(&&*call.name) => None,
                None => others(macros.resolve(&entry.package, &call.name)),
                Some((object, name)) if object != "adapter" && !name.contains('.') => {
                    macros.get(object, name).or_else(|| macros.resolve(object, name))
                }
                Some(_) => None,
            };
            [target, None]
        };
        for target in targets.into_iter().flatten() {
            if !found.contains(&target.id) {
                found.push(target.id.clone());
            }
        }
    }
    Ok(found)
}

/// Whether one macro calls another, itself or by others.
pub fn reaches(
    macros: &Macros,
    jinja: &Environment,
    from: &Entry,
    to: &UniqueId,
) -> Result<bool, jinja::Error> {
    let mut found = calls(macros, jinja, from)?;
    let mut at = 0;
    while let Some(id) = found.get(at).cloned() {
        if id == *to {
            return Ok(true);
        }
        if let Some(entry) = macros.iter().find(|it| it.id == id) {
            let more = calls(macros, jinja, entry)?;
            let new: Vec<UniqueId> = more.into_iter().filter(|id| !found.contains(id)).collect();
            found.extend(new);
        }
        at += 1;
    }
    Ok(false)
}
