//! `catalogs.yml`: where other warehouses than Postgres keep tables of open formats
//! (<https://docs.getdbt.com/docs/mesh/iceberg/about-catalogs>). Postgres has no such catalog, so that all there is to do
//! is to say what is wrong with the file, and what can't be had.

use crate::code;
use crate::context::shared::Shared;
use crate::error::Error;
use crate::render::{self, Reading, Renderer};
use crate::shape::{Object, Shape, TEXT_OR_NULL};
use crate::yaml::{self, Document, Node};
use platform_core::{Diagnostic, Manifest, Place};
use std::path::Path;
use std::sync::Arc;

/// The file's name in a project's folder.
const FILE: &str = "catalogs.yml";

/// Verbs that read the file, as in dbt: those that build, and what comes before.
const READERS: [&str; 7] = ["build", "compile", "parse", "run", "seed", "snapshot", "test"];

const CATALOG: Object = Object {
    base: None,
    required: &["name"],
    fields: &[
        ("name", Shape::Text),
        ("active_write_integration", TEXT_OR_NULL),
        ("write_integrations", Shape::List(&Shape::Object(&INTEGRATION))),
    ],
    open: false,
};

const INTEGRATION: Object = Object {
    base: None,
    required: &["name", "catalog_type"],
    fields: &[
        ("name", Shape::Text),
        ("catalog_type", Shape::Text),
        ("catalog_name", TEXT_OR_NULL),
        ("table_format", TEXT_OR_NULL),
        ("external_volume", TEXT_OR_NULL),
        ("file_format", TEXT_OR_NULL),
        ("adapter_properties", Shape::Mapping),
    ],
    open: false,
};

/// Reads the file of a project's folder for a verb; nothing where it has none, or none that says anything.
pub fn check(folder: &Path, verb: Option<&str>, shared: &Arc<Shared>) -> Result<(), Error> {
    if !verb.is_some_and(|verb| READERS.contains(&verb)) {
        return Ok(());
    }
    let path = folder.join(FILE);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(Error::File { action: "read", path, source }),
    };
    let document = yaml::parse(FILE, text).map_err(|error| yaml::diagnostic(&error))?;
    if document.root.is_null() {
        let empty = format!("The file at {} is empty", path.display());
        return Err(fault(&document, &document.root, empty).into());
    }
    let renderer = Renderer::of_root(Reading::Properties, shared);
    let root = renderer.render(&document, &document.root, &render::all)?;
    let Some(catalogs) = root.get("catalogs") else {
        return if root.is_map() {
            Ok(())
        } else {
            Err(fault(&document, &root, "expected a mapping with `catalogs`").into())
        };
    };
    if !catalogs.is_list() {
        return Err(fault(&document, catalogs, "`catalogs` must be a list of catalogs").into());
    }
    for catalog in catalogs.items() {
        known(&document, catalog)?;
    }
    // What is right in itself can't be had here.
    match catalogs.items().iter().find_map(|catalog| catalog.get("write_integrations")?.items().first()) {
        None => Ok(()),
        Some(integration) => {
            let kind = integration.text_of("catalog_type").unwrap_or_default();
            let message = format!("Catalog type is not supported.\nReceived: {kind}\nExpected one of: ");
            Err(fault(&document, integration, message)
                .hint(format!("Postgres has no catalogs: leave `{FILE}` out of projects that run on it"))
                .into())
        }
    }
}

/// What a catalog must be.
fn known(document: &Document, catalog: &Node) -> Result<(), Diagnostic> {
    CATALOG
        .check(catalog)
        .map_err(|it| fault(document, it.at, format!("at path {}: {}", it.path, it.why)))?;
    let name = catalog.text_of("name").unwrap_or_default();
    let integrations = catalog.get("write_integrations").map(Node::items).unwrap_or_default();
    let names: Vec<&str> = integrations.iter().filter_map(|it| it.text_of("name")).collect();
    for (index, integration) in integrations.iter().enumerate() {
        if names[..index].contains(&names[index]) {
            let twice = names[index];
            let message = format!(
                "Catalog '{name}' cannot have multiple 'write_integrations' with the same name: '{twice}'."
            );
            return Err(fault(document, integration, message));
        }
    }
    match catalog.text_of("active_write_integration") {
        None if names.len() != 1 => Err(fault(
            document,
            catalog,
            format!(
                "Catalog '{name}' must specify an 'active_write_integration' when multiple 'write_integrations' are \
                 provided."
            ),
        )),
        Some(active) if !names.contains(&active) => {
            let all: Vec<String> = names.iter().map(|it| format!("'{it}'")).collect();
            let message = format!(
                "Catalog '{name}' must specify an 'active_write_integration' from its set of defined \
                 'write_integrations': [{}]. Got: '{active}'.",
                all.join(", ")
            );
            Err(fault(document, catalog.get("active_write_integration").unwrap_or(catalog), message))
        }
        _ => Ok(()),
    }
}

/// Nodes that are to be kept in a catalog, disabled ones too as in dbt: there is none that Postgres could write to.
pub fn asked_for(manifest: &Manifest) -> impl Iterator<Item = Diagnostic> {
    let refused = |name: &str, file: &str| {
        let message = format!("Catalog not found.\nReceived: {name}\nExpected one of: ?");
        Diagnostic::error(code::UNSUPPORTED, message)
            .event("DbtCatalogIntegrationNotFoundError")
            .at(Place::file(file))
            .hint("Postgres keeps its tables itself: leave `catalog_name` out where the target is Postgres")
    };
    let enabled = manifest.nodes.values().filter_map(move |node| {
        let text = |key: &str| node.config.text(key).filter(|name| !name.is_empty());
        let name = text("catalog_name").or_else(|| text("catalog"))?;
        Some(refused(name, &node.original_file_path))
    });
    let disabled = manifest.disabled.values().flatten().filter_map(move |node| {
        let text = |key: &str| node["config"][key].as_str().filter(|name| !name.is_empty());
        let name = text("catalog_name").or_else(|| text("catalog"))?;
        Some(refused(name, node["original_file_path"].as_str().unwrap_or_default()))
    });
    enabled.chain(disabled)
}

fn fault(document: &Document, node: &Node, message: impl Into<String>) -> Diagnostic {
    Diagnostic::error(code::UNSUPPORTED, message).event("DbtRuntimeError").at(document.place(&node.span))
}
