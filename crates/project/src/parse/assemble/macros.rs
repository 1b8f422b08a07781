//! Macros: their registration, and what properties files say of them.

use super::{Assembler, annotations};
use crate::code;
use crate::files::FileKind;
use crate::package::load::Loaded;
use crate::parse::Scene;
use crate::parse::diagnose::Texts;
use crate::parse::macros::{self, MacroFiles};
use crate::project::Package;
use crate::properties::{Block, Section};
use indexmap::IndexMap;
use platform_core::node::MacroDefinition;
use platform_core::{Diagnostic, ResourceType, UniqueId};
use serde_json::Value;
use std::collections::HashSet;

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

impl Assembler<'_> {
    pub(super) fn macro_patches(&mut self, blocks: &[Block]) {
        let checks = self.scene.shared.flags.is_on("validate_macro_args");
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
            match describe_macro(self.scene, definition, block) {
                Ok(()) if checks => {
                    self.diagnostics.extend(annotations::check(self.scene, definition, block));
                }
                Ok(()) => {}
                Err(error) => self.diagnostics.push(error),
            }
        }
        if checks {
            let tests: HashSet<(&str, &str)> = self
                .input
                .loaded
                .iter()
                .flat_map(|it| it.sources.iter().map(|source| (&*it.package, source)))
                .filter(|(_, source)| source.file.kind == FileKind::GenericTests)
                .map(|(package, source)| (package, &*source.file.path))
                .collect();
            annotations::fill(self.scene, &mut definitions, |it| {
                tests.contains(&(it.package_name.as_str(), it.path.as_str()))
            });
        }
        self.manifest.macros = definitions;
    }
}

fn describe_macro(
    scene: &Scene<'_>,
    definition: &mut MacroDefinition,
    block: &Block,
) -> Result<(), Diagnostic> {
    let node = &block.node;
    // What stands in both places: `meta` is merged, of `docs` the configured one counts.
    let config = block.map(node, "config", "")?;
    let mut meta = block.map(node, "meta", "")?;
    if let Some(Value::Object(own)) = config.get("meta") {
        meta.extend(own.clone());
    }
    let mut docs = definition.docs.clone();
    match config.get("docs") {
        Some(Value::Object(own)) => docs.extend(own.clone()),
        _ => docs.extend(block.map(node, "docs", "")?),
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
