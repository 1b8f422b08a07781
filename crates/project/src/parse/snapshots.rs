//! Snapshots: blocks in SQL files, and whole definitions in YAML
//! (<https://docs.getdbt.com/docs/build/snapshots>).

use super::Scene;
use super::node::{self, Built, Draft};
use crate::code;
use crate::files::Source;
use crate::properties::Block;
use crate::properties::patch::Patch;
use jinja::{BlockTags, SourceFile};
use platform_core::{Diagnostic, Node, Place, ResourceType};

/// The drafts of a file's snapshot blocks.
pub fn of_file<'a>(
    scene: &Scene<'_>,
    package: &'a str,
    source: &Source,
) -> Result<Vec<Draft<'a>>, Diagnostic> {
    let shown = scene.shown_path(package, &source.file.path);
    let file = SourceFile::new(shown, source.text.clone());
    let parsed = scene.shared.jinja.parse_file(&file, BlockTags::SNAPSHOT);
    let parsed = parsed.map_err(|error| scene.texts.diagnostic(&error))?;
    for tag in &parsed.strays {
        scene.note(super::macros::stray(&(tag.word.clone(), file.place(tag.span)), &scene.texts));
    }
    let drafts = parsed.blocks.iter().map(|block| {
        let mut draft =
            Draft::of_file(ResourceType::Snapshot, package, source, source.file.stem().to_owned());
        draft.name = block.name.to_string();
        draft.id_name.clone_from(&draft.name);
        draft.fqn.push(draft.name.clone());
        draft.raw_code = block.body().to_owned();
        draft.template =
            Some(SourceFile::new(file.path.clone(), blanked(&source.text, block.body_span.range())));
        draft
    });
    Ok(drafts.collect())
}

/// The text with everything outside of a range blank, so that places in it are those of the file.
fn blanked(text: &str, keep: std::ops::Range<usize>) -> String {
    let blank =
        |part: &str| -> String { part.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }).collect() };
    format!("{}{}{}", blank(&text[..keep.start]), &text[keep.clone()], blank(&text[keep.end..]))
}

/// Whether a block defines a snapshot, and doesn't only describe one.
pub fn is_definition(block: &Block) -> bool {
    block.node.entry("relation").is_some()
}

/// The node of a definition in YAML.
pub fn of_yaml(scene: &Scene<'_>, block: &Block, patch: &Patch) -> Built {
    let properties = &block.properties;
    let file = &properties.file;
    let given = block.written.entry("relation").map_or(&*block.written, |entry| &entry.value);
    let Some(relation) = given.text().filter(|text| !crate::render::has_jinja(text)) else {
        let shown = crate::python::text(&given.to_json());
        return Err(block
            .fault(given, format!("Invalid jinja expression: {shown}"))
            .hint("write the call without braces: `relation: ref('orders')`"));
    };
    let relation = relation.trim();
    let mut fqn = vec![block.package().to_owned()];
    fqn.extend(file.folders().map(str::to_owned));
    fqn.push(block.name().to_owned());
    let draft = Draft {
        resource: ResourceType::Snapshot,
        package: block.package(),
        name: block.name().to_owned(),
        id_name: block.name().to_owned(),
        fqn,
        path: format!("{}/{}.sql", file.relative(), block.name()),
        original_file_path: file.path.to_string(),
        raw_code: format!("select * from {{{{ {relation} }}}}"),
        checksum: node::sha256(&properties.document.text),
        template: None,
        language: "sql",
    };
    node::build(scene, draft, Some(patch))
}

/// What a snapshot must have, in dbt's words.
pub fn check(node: &Node, place: &Place) -> Option<Diagnostic> {
    let config = &node.config;
    let lacks = |key: &str| config.get(key).is_none_or(is_empty);
    let message = if lacks("strategy") || lacks("unique_key") {
        "Snapshots must be configured with a 'strategy' and 'unique_key'."
    } else if config.text("strategy") == Some("check") && lacks("check_cols") {
        "A snapshot configured with the check strategy must specify a check_cols configuration."
    } else if config.text("strategy") == Some("check") && !is_check_cols(config.get("check_cols")) {
        return Some(fault(
            &format!(
                "Invalid value for 'check_cols': {}. Expected 'all' or a list of strings.",
                crate::python::text(config.get("check_cols")?)
            ),
            place,
        ));
    } else if config.text("strategy") == Some("timestamp") && lacks("updated_at") {
        "A snapshot configured with the timestamp strategy must specify an updated_at configuration."
    } else if config.materialized() != "snapshot" {
        "A snapshot must have a materialized value of 'snapshot'"
    } else {
        return None;
    };
    Some(fault(message, place))
}

/// An empty text or list says as little as none.
fn is_empty(value: &serde_json::Value) -> bool {
    value.as_str().is_some_and(str::is_empty) || value.as_array().is_some_and(Vec::is_empty)
}

fn is_check_cols(value: Option<&serde_json::Value>) -> bool {
    value.is_some_and(|value| value.as_str() == Some("all") || value.is_array())
}

fn fault(message: &str, place: &Place) -> Diagnostic {
    Diagnostic::error(code::CONFIG, message).event("ValidationError").at(place.clone())
}
