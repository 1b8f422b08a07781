//! Properties files: what YAML says of resources
//! (<https://docs.getdbt.com/reference/configs-and-properties>).
//!
//! A file is a mapping of sections; a section is a list of blocks, one a resource. A block's strings are rendered
//! but for those that are rendered later, with more to see: descriptions (doc blocks), tests (their own context),
//! hooks (the database), filters of metrics.

pub mod block;
pub mod columns;
mod forms;
pub mod known;
mod moved;
pub mod patch;
pub mod tests;

pub use block::{Block, Properties, Section};
pub use forms::DOCS;

use crate::code;
use crate::files::Source;
use crate::render::{Renderer, UNDEFINED_HINT};
use crate::yaml::{self, Content, Document, Node};
use platform_core::Diagnostic;
use platform_core::diagnostic::nearest;
use std::sync::Arc;

/// The blocks of one file, and what is wrong with it; `is_own` where it is of the root project.
pub fn read(
    source: &Source,
    package: &str,
    is_own: bool,
    renderer: &Renderer,
) -> (Vec<Block>, Vec<Diagnostic>) {
    let mut document = match yaml::parse(source.file.path.clone(), source.text.clone()) {
        Ok(document) => document,
        Err(mut error) => {
            error.place.line += source.skipped;
            return (Vec::new(), vec![unreadable(&yaml::diagnostic(&error), source, package)]);
        }
    };
    document.skipped = source.skipped;
    let mut diagnostics = duplicate_keys(&document);
    // The blocks own what the file says; the document stays for places.
    let root = std::mem::replace(&mut document.root, Node::new(Content::Null, 0..0));
    if root.is_null() {
        return (Vec::new(), diagnostics);
    }
    let Content::Map(entries) = root.content else {
        let error = Diagnostic::error(
            code::PROPERTIES,
            format!("Contents of file '{}' are not valid. Dictionary expected.", source.file.path),
        );
        let error = error.event("ParsingError").at(document.place(&root.span));
        diagnostics.push(unreadable(&error, source, package));
        return (Vec::new(), diagnostics);
    };
    let nests_arguments = !renderer.flags().is_off("require_generic_test_arguments_property");
    let properties =
        Properties { package: package.to_owned(), file: source.file.clone(), document, nests_arguments };
    let properties = Arc::new(properties);
    let mut blocks = Vec::new();
    for entry in entries {
        let Some(section) = Section::parse(&entry.key) else {
            diagnostics.extend(known::unknown_section(&properties, &entry));
            continue;
        };
        if entry.value.is_null() && matches!(section, Section::Tests | Section::DataTests) {
            continue;
        }
        if !entry.value.is_list() {
            let fault = properties.fault(
                &entry.value,
                format!(
                    "The schema file at {} is invalid because the value of '{}' is not a list",
                    source.file.path, entry.key
                ),
            );
            diagnostics.push(fault.hint("begin each entry with a minus: `- name: …`"));
            continue;
        }
        let Content::List(items) = entry.value.content else { continue };
        for (index, item) in items.into_iter().enumerate() {
            match block(&properties, section, index, item, renderer) {
                Ok(block) => {
                    diagnostics.extend(known::unknown_keys(&block));
                    if is_own {
                        diagnostics.extend(moved::to_config(&block));
                    }
                    blocks.push(block);
                }
                Err(error) => diagnostics.push(error),
            }
        }
    }
    (blocks, diagnostics)
}

fn block(
    properties: &Arc<Properties>,
    section: Section,
    index: usize,
    item: Node,
    renderer: &Renderer,
) -> Result<Block, Diagnostic> {
    let lacks = match (item.is_map(), item.entry("name")) {
        (false, _) => Some("is not a dictionary"),
        (true, None) => Some("does not have a name attribute."),
        _ => None,
    };
    if let Some(lacks) = lacks {
        let (file, key) = (&properties.file.path, section.key());
        let message =
            format!("The schema file at {file} is invalid because a list element for '{key}' {lacks}");
        return Err(properties.fault(&item, message));
    }
    let written = Arc::new(item);
    let keep = |path: &[&str]| section.keeps(path);
    let node = if renderer.has_work(&written, &keep) {
        Arc::new(renderer.render(&properties.document, &written, &keep)?)
    } else {
        written.clone()
    };
    let block = Block { properties: properties.clone(), section, index, node, written };
    match forms::form(section, &block.node).check(&*block.node) {
        Ok(()) => match block.node.undefined() {
            Some(node) => {
                let error = block.fault(node, format!("A value of '{}' is Undefined", block.name()));
                Err(error.hint(UNDEFINED_HINT))
            }
            None => Ok(block),
        },
        Err(fault) => {
            let error = block.invalid(&fault.path, &fault.why, fault.at);
            let Some((key, known)) = fault.unexpected else {
                return Err(match fault.at.undefined() {
                    Some(_) => error.hint(UNDEFINED_HINT),
                    None => error,
                });
            };
            let place = fault
                .at
                .entry(key)
                .map_or_else(|| block.place(fault.at), |it| properties.document.place(&it.span));
            let near = nearest(key, known.iter().map(|(known, _)| *known));
            Err(match near.first() {
                Some(near) => error.at(place).hint(format!("did you mean `{near}`?")),
                None => error.at(place).hint("remove it, or put it under `config: {meta: …}`"),
            })
        }
    }
}

fn unreadable(error: &Diagnostic, source: &Source, package: &str) -> Diagnostic {
    let message =
        format!("Error reading {package}: {} - Runtime Error\n{}", source.file.relative(), error.message);
    Diagnostic { message, event: Some("ParsingError".to_owned()), ..error.clone() }
}

/// Keys that stand twice in one mapping. The message counts as dbt does, which takes white space from both ends of a file
/// before it reads it; the place is the file's own.
pub(crate) fn duplicate_keys(document: &Document) -> Vec<Diagnostic> {
    let above = &document.text[..document.text.len() - document.text.trim_start().len()];
    let blank =
        u32::try_from(above.matches('\n').count()).unwrap_or(u32::MAX).saturating_add(document.skipped);
    let indent = u32::try_from(above.chars().rev().take_while(|it| *it != '\n').count()).unwrap_or(u32::MAX);
    let warning = |(key, span): &(String, std::ops::Range<usize>)| {
        let place = document.place(span);
        let line = place.line.saturating_sub(blank);
        let column = if line == 1 { place.column.saturating_sub(indent) } else { place.column };
        Diagnostic::warning(
            code::DUPLICATE_KEY,
            format!(
                "Duplicate key '{key}' in \"<unicode string>\", line {line}, column {column} in file `{}`: the last one \
                 holds",
                document.file
            ),
        )
        .event("DuplicateYAMLKeysDeprecation")
        .at(place)
    };
    document.duplicates.iter().map(warning).collect()
}
