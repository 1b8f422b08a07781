//! Doc blocks, and descriptions that use them (<https://docs.getdbt.com/docs/build/documentation>).

use super::diagnose::Texts;
use crate::code;
use crate::context::raised::Raised;
use crate::files::Source;
use crate::render::{Renderer, has_jinja};
use indexmap::IndexMap;
use jinja::{BlockTags, Environment, HostError, Object, SourceFile, State, Value};
use platform_core::diagnostic::nearest;
use platform_core::node::Documentation;
use platform_core::{Diagnostic, Place, ResourceType, UniqueId};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

/// Doc blocks of every package, the root project's before the others.
#[derive(Debug, Default)]
pub struct Docs {
    /// By id.
    pub blocks: IndexMap<UniqueId, Documentation>,
    root: String,
    shown: Mutex<HashSet<UniqueId>>,
}

/// The text of the site's first page where the project has none.
const OVERVIEW: &str = include_str!("overview.md");

impl Docs {
    /// No blocks yet but the built-in overview.
    pub fn new(root: &str) -> Self {
        let id = UniqueId::of(ResourceType::Doc, "dbt", "__overview__");
        let overview = Documentation {
            name: "__overview__".to_owned(),
            resource_type: ResourceType::Doc,
            package_name: "dbt".to_owned(),
            path: "overview.md".to_owned(),
            original_file_path: "docs/overview.md".to_owned(),
            unique_id: id.clone(),
            block_contents: OVERVIEW.trim().to_owned(),
        };
        Self { blocks: IndexMap::from([(id, overview)]), root: root.to_owned(), shown: Mutex::default() }
    }

    /// Adds the blocks of a file; `shown` is the path that messages name.
    pub fn add(
        &mut self,
        source: &Source,
        package: &str,
        shown: Arc<str>,
        jinja: &Environment,
        texts: &Texts,
    ) -> Vec<Diagnostic> {
        texts.add(shown.clone(), source.text.clone(), source.skipped);
        let file = SourceFile::new(shown, source.text.clone());
        let parsed = match jinja.parse_file(&file, BlockTags::DOCS) {
            Ok(parsed) => parsed,
            Err(error) => return vec![texts.diagnostic(&error)],
        };
        let mut diagnostics = Vec::new();
        for block in parsed.blocks {
            let id = UniqueId::of(ResourceType::Doc, package, &block.name);
            let documentation = Documentation {
                name: block.name.to_string(),
                resource_type: ResourceType::Doc,
                package_name: package.to_owned(),
                path: source.file.relative().to_owned(),
                original_file_path: source.file.path.to_string(),
                unique_id: id.clone(),
                block_contents: match plain(block.body(), &file, jinja) {
                    Ok(text) => text.trim().to_owned(),
                    Err(error) => {
                        diagnostics.push(texts.diagnostic(&error));
                        continue;
                    }
                },
            };
            if let Some(earlier) = self.blocks.get(&id) {
                let place = texts.place(&block.place());
                diagnostics.push(
                    Diagnostic::error(
                        code::DUPLICATE,
                        format!(
                            "dbt found two docs with the same name: '{}'\n in files {} and {}",
                            block.name, earlier.original_file_path, source.file.path
                        ),
                    )
                    .event("CompilationError")
                    .at(place),
                );
                continue;
            }
            self.blocks.insert(id, documentation);
        }
        diagnostics
    }

    /// The blocks that no description has shown so far.
    pub fn unused(&self) -> impl Iterator<Item = &Documentation> {
        let shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.blocks.values().filter(move |doc| !shown.contains(&doc.unique_id))
    }

    /// The block that `doc(package, name)` means to a resource of `from`.
    pub fn find(&self, package: Option<&str>, name: &str, from: &str) -> Option<&Documentation> {
        let of = |package: &str| self.blocks.get(&UniqueId::of(ResourceType::Doc, package, name));
        match package {
            Some(package) => of(package),
            None => of(from)
                .or_else(|| of(&self.root))
                .or_else(|| self.blocks.values().find(|it| it.name == name)),
        }
    }
}

/// The text of a block: a template that is given no names, so that `raw` and comments work.
fn plain(body: &str, file: &SourceFile, jinja: &Environment) -> Result<String, jinja::Error> {
    if !has_jinja(body) {
        return Ok(body.to_owned());
    }
    let body = SourceFile::new(file.path.clone(), body);
    jinja.template(&body)?.render(jinja, &Value::UNDEFINED)
}

/// Renders descriptions of one package's resources.
pub struct Describer<'a> {
    docs: &'a Arc<Docs>,
    renderer: &'a Renderer,
    package: &'a str,
}

impl<'a> Describer<'a> {
    /// A describer with that package's variables.
    pub fn new(docs: &'a Arc<Docs>, renderer: &'a Renderer, package: &'a str) -> Self {
        Self { docs, renderer, package }
    }

    /// The text, and the ids of the blocks it uses; `owner` is the resource that messages name.
    pub fn render(
        &self,
        text: &str,
        owner: &str,
        place: impl Fn() -> Place,
    ) -> Result<(String, Vec<UniqueId>), Diagnostic> {
        if !has_jinja(text) {
            return Ok((text.to_owned(), Vec::new()));
        }
        let doc = Arc::new(Doc {
            docs: self.docs.clone(),
            package: self.package.to_owned(),
            owner: owner.to_owned(),
            used: Mutex::default(),
        });
        let renderer = self.renderer.forked().with("doc", Value::from_dyn_object(doc.clone()));
        let value = renderer.plain(text, place)?;
        let mut used = std::mem::take(&mut *doc.used.lock().unwrap_or_else(PoisonError::into_inner));
        let bare = bare_calls(text);
        used.retain(|id| bare.iter().any(|name| id.as_str().rsplit('.').next() == Some(name.as_str())));
        Ok((value, used))
    }
}

/// The names of the blocks that a text shows by a call alone, `{{ doc('name') }}`: what dbt counts as using a block.
fn bare_calls(text: &str) -> Vec<String> {
    let expressions = text.split("{{").skip(1).filter_map(|rest| rest.split_once("}}")).map(|(it, _)| it);
    let name = |expression: &str| {
        let expression = expression.trim_matches('-').trim();
        let arguments = expression.strip_prefix("doc")?.trim_start().strip_prefix('(')?.strip_suffix(')')?;
        let name = arguments.rsplit(',').next()?.trim().trim_matches(['\'', '"']);
        name.chars().all(|it| it.is_alphanumeric() || it == '_').then(|| name.to_owned())
    };
    expressions.filter_map(name).collect()
}

/// The `doc` of descriptions.
#[derive(Debug)]
struct Doc {
    docs: Arc<Docs>,
    package: String,
    owner: String,
    used: Mutex<Vec<UniqueId>>,
}

impl Object for Doc {
    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn call(self: &Arc<Self>, _: &mut State<'_, '_>, args: &[Value]) -> Result<Value, HostError> {
        let texts: Vec<String> = args.iter().map(jinja::value::to_str).collect();
        let (package, name) = match texts.as_slice() {
            [name] => (None, name),
            [package, name] => (Some(package.as_str()), name),
            _ => {
                return Err(Raised::compilation(format!(
                    "doc() takes at most two arguments ({} given)",
                    texts.len()
                )));
            }
        };
        let Some(found) = self.docs.find(package, name, &self.package) else {
            let names = self.docs.blocks.values().map(|it| it.name.as_str());
            let near =
                nearest(name, names).first().map(|it| format!(": did you mean `{it}`?")).unwrap_or_default();
            let within = package.map(|it| format!(" specified in package '{it}'")).unwrap_or_default();
            return Err(Raised::compilation(format!(
                "Documentation for '{}' depends on doc '{name}' {within} which was not found{near}",
                self.owner
            )));
        };
        self.docs.shown.lock().unwrap_or_else(PoisonError::into_inner).insert(found.unique_id.clone());
        self.used.lock().unwrap_or_else(PoisonError::into_inner).push(found.unique_id.clone());
        Ok(Value::from(found.block_contents.as_str()))
    }
}
