//! `docs generate`: the catalog from the database, then the site from everything known.

use crate::catalog::{self, Catalog, CatalogRow};
use crate::history::History;
use crate::lineage::{self, Share};
use crate::site::{self, SiteError, assemble::Input};
use platform_core::freshness::FreshnessResults;
use platform_core::manifest::Metadata;
use platform_core::{Manifest, RunResults, UniqueId};
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// What is written, and from what.
pub struct Request<'a> {
    /// The project.
    pub manifest: &'a Manifest,
    /// Results of the last command that built or tested something.
    pub results: Option<&'a RunResults>,
    /// Earlier runs, loads and incidents.
    pub history: &'a History,
    /// Age of the sources' data, where it was asked.
    pub freshness: Option<&'a FreshnessResults>,
    /// Stamps of `catalog.json`; its schema version is set here.
    pub metadata: Metadata,
    /// The database that was asked for the catalog; `None` if none was.
    pub database: Option<&'a str>,
    /// Why the database's answer is not all that was asked for; the catalog tells of it.
    pub refused: Vec<String>,
    /// Resources whose relations the catalog lists; all if `None`.
    pub selected: Option<&'a HashSet<UniqueId>>,
    /// The target folder.
    pub folder: &'a Path,
    /// Also write `static_index.html`, the site as one file.
    pub single_file: bool,
}

/// What was written.
pub struct Written {
    /// `catalog.json`.
    pub catalog: Catalog,
    /// How much of the column lineage is known.
    pub traced: Share,
}

/// Why documentation could not be generated.
#[derive(Debug, thiserror::Error)]
pub enum Error {
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

/// Writes `catalog.json` and the site; without rows of the database the catalog is empty (`--empty-catalog`).
pub fn generate(request: &Request<'_>, rows: Vec<CatalogRow>) -> Result<Written, Error> {
    let metadata = Metadata { dbt_schema_version: catalog::SCHEMA.to_owned(), ..request.metadata.clone() };
    let wanted = |id: &UniqueId| request.selected.is_none_or(|selected| selected.contains(id));
    let mut catalog = catalog::assemble(request.manifest, rows, metadata, wanted);
    let mut refused = request.refused.clone();
    refused.extend(
        request.database.map(|it| catalog::refused(request.manifest, it, wanted)).into_iter().flatten(),
    );
    catalog.errors = (!refused.is_empty()).then_some(refused);
    let path = request.folder.join("catalog.json");
    write(&path, serde_json::to_vec(&catalog).map_err(SiteError::Json)?)?;
    let lineage = lineage::of_project(request.manifest, &catalog);
    let traced = lineage::Share::of(&lineage);
    let input = Input {
        manifest: request.manifest,
        catalog: &catalog,
        results: request.results,
        history: request.history,
        freshness: request.freshness,
        lineage: &lineage,
    };
    site::write(&input, request.folder)?;
    if request.single_file {
        write(&request.folder.join("static_index.html"), site::single_file(&input)?.into_bytes())?;
    }
    Ok(Written { catalog, traced })
}

fn write(path: &Path, content: Vec<u8>) -> Result<(), Error> {
    let failed = |source| Error::Write { path: path.to_owned(), source };
    std::fs::create_dir_all(path.parent().unwrap_or(path)).map_err(failed)?;
    std::fs::write(path, content).map_err(failed)
}
