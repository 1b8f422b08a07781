//! The documentation stage on its own: artifacts in a target folder → the site beside them.

use anyhow::Context;
use clap::Parser;
use docs::site::assemble::Input;
use docs::{Catalog, History};
use platform_core::Manifest;
use platform_core::freshness::FreshnessResults;
use serde::de::DeserializeOwned;
use std::path::{Path, PathBuf};

/// Writes the documentation site from the artifacts in a target folder.
#[derive(Parser)]
#[command(name = "docs", version)]
struct Arguments {
    /// Folder with manifest.json, catalog.json and run_results.json.
    #[arg(long, env = "DBT_TARGET_PATH", default_value = "target")]
    target_path: PathBuf,
    /// One HTML file instead of a folder.
    #[arg(long)]
    r#static: bool,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let folder = &arguments.target_path;
    let manifest: Manifest = read(&folder.join("manifest.json"))?.with_context(|| {
        format!("no manifest.json in `{}`; `model-graph parse` writes it", folder.display())
    })?;
    let catalog: Option<Catalog> = read(&folder.join("catalog.json"))?;
    let results = docs::results::last(folder)?;
    let freshness: Option<FreshnessResults> = read(&folder.join("sources.json"))?;
    let catalog = catalog.unwrap_or_default();
    let input = Input {
        manifest: &manifest,
        catalog: &catalog,
        lineage: &docs::lineage::of_project(&manifest, &catalog),
        results: results.as_ref(),
        history: &History::default(),
        freshness: freshness.as_ref(),
    };
    if arguments.r#static {
        std::fs::write(folder.join("static_index.html"), docs::site::single_file(&input)?)?;
    } else {
        docs::site::write(&input, folder)?;
    }
    Ok(())
}

/// An artifact; `None` if it isn't there.
fn read<T: DeserializeOwned>(path: &Path) -> anyhow::Result<Option<T>> {
    match std::fs::read(path) {
        Ok(bytes) => {
            Ok(Some(serde_json::from_slice(&bytes).with_context(|| format!("read `{}`", path.display()))?))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("read `{}`", path.display())),
    }
}
