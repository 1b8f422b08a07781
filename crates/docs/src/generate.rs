//! `docs generate`: the catalog from the database, then the site from everything known.

use crate::catalog::{self, Catalog};
use crate::history::History;
use crate::site::{self, SiteError, assemble::Input};
use platform_core::manifest::Metadata;
use platform_core::{Manifest, RunResults, UniqueId};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use warehouse::Session;

/// What is written, and from what.
pub struct Request<'a> {
    /// The project.
    pub manifest: &'a Manifest,
    /// Results of the last command that built or tested something.
    pub results: Option<&'a RunResults>,
    /// Earlier runs, loads and incidents.
    pub history: &'a History,
    /// Stamps of `catalog.json`; its schema version is set here.
    pub metadata: Metadata,
    /// Resources whose relations the catalog lists; all if `None`.
    pub selected: Option<&'a HashSet<UniqueId>>,
    /// The target folder.
    pub folder: &'a Path,
    /// Also write `static_index.html`, the site as one file.
    pub single_file: bool,
}

/// Why documentation could not be generated.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database could not be asked.
    #[error("read the catalog")]
    Catalog(#[from] warehouse::Error),
    /// The site could not be written.
    #[error(transparent)]
    Site(#[from] SiteError),
    /// An artifact could not be written.
    #[error("write `{}`", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

/// Writes `catalog.json` and the site. Without a session the catalog is empty (`--empty-catalog`).
pub async fn generate(request: &Request<'_>, session: Option<&Session>) -> Result<Catalog, Error> {
    let rows = match session {
        Some(session) => catalog::read(session, &catalog::schemas(request.manifest)).await?,
        None => Vec::new(),
    };
    let metadata = Metadata { dbt_schema_version: catalog::SCHEMA.to_owned(), ..request.metadata.clone() };
    let wanted = |id: &UniqueId| request.selected.is_none_or(|selected| selected.contains(id));
    let catalog = catalog::assemble(request.manifest, rows, metadata, wanted);
    let path = request.folder.join("catalog.json");
    write(&path, serde_json::to_vec(&catalog).map_err(SiteError::Json)?)?;
    let input = Input {
        manifest: request.manifest,
        catalog: &catalog,
        results: request.results,
        history: request.history,
    };
    site::write(&input, request.folder)?;
    if request.single_file {
        write(&request.folder.join("static_index.html"), site::single_file(&input)?.into_bytes())?;
    }
    Ok(catalog)
}

fn write(path: &Path, content: Vec<u8>) -> Result<(), Error> {
    let failed = |source| Error::Write { path: path.to_owned(), source };
    std::fs::create_dir_all(path.parent().unwrap_or(path)).map_err(failed)?;
    std::fs::write(path, content).map_err(failed)
}
