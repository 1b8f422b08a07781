//! `dp docs generate` and `dp docs serve`.

use crate::arguments::verb::{DocsGenerate, DocsServe};
use crate::artifact;
use crate::choice::{self, Request};
use crate::database;
use crate::exit::{Exit, Stop};
use crate::invocation::Invocation;
use crate::verb::nodes;
use platform_core::Manifest;
use platform_core::event::Level;
use project::Project;
use std::net::{IpAddr, SocketAddr};
use std::path::{Component, Path};

/// Reads the catalog and writes the site.
pub fn generate(invocation: &Invocation, arguments: &DocsGenerate) -> Result<Exit, Stop> {
    let project = invocation.read()?;
    let manifest = with_compiled(&project)?;
    if arguments.compile != Some(false) {
        artifact::write(invocation, &project, "manifest.json", "WritableManifest", &manifest)?;
    }
    copy_assets(&project)?;
    let results = nodes::last_results(&project)?;
    let database = database::open(invocation, &project.profile, 2)?;
    let failed = |error: docs::generate::Error| Stop::runtime(error.to_string());
    let selected = if arguments.selection.select.is_empty() {
        None
    } else {
        let request = Request::of(&arguments.selection);
        Some(choice::choose(invocation, &project, &request, |_| true)?.into_iter().collect())
    };
    let catalog = database.runtime.block_on(async {
        let session = database.warehouse.get().await?;
        let history = docs::history::read(&session, &manifest).await?;
        let request = docs::Request {
            manifest: &manifest,
            results: results.as_ref(),
            history: &history,
            metadata: invocation.metadata(docs::catalog::SCHEMA),
            selected: selected.as_ref(),
            folder: &project.target_path,
            single_file: arguments.static_site,
        };
        let session = (!arguments.empty_catalog).then_some(&*session);
        docs::generate(&request, session).await.map_err(failed)
    })?;
    let relations = catalog.nodes.len() + catalog.sources.len();
    let page = project.target_path.join("index.html");
    let message = format!("Catalog of {relations} relations and the site written to {}", page.display());
    invocation.say(Level::Info, "CatalogWritten", "E042", message);
    Ok(Exit::Success)
}

/// The project as it is now. SQL that an earlier command compiled of the same file is kept: the pages show it.
fn with_compiled(project: &Project) -> Result<Manifest, Stop> {
    let mut manifest = (*project.manifest).clone();
    let Some(before): Option<Manifest> = choice::read_json(&project.target_path.join("manifest.json"))?
    else {
        return Ok(manifest);
    };
    for (id, node) in &mut manifest.nodes {
        let Some(old) = before.nodes.get(id).filter(|old| old.compiled && old.checksum == node.checksum)
        else {
            continue;
        };
        node.compiled = true;
        node.compiled_code.clone_from(&old.compiled_code);
        node.compiled_path.clone_from(&old.compiled_path);
        node.extra_ctes_injected = old.extra_ctes_injected;
        node.extra_ctes.clone_from(&old.extra_ctes);
    }
    Ok(manifest)
}

/// `asset-paths`: folders with pictures of descriptions, beside the site under their own names.
fn copy_assets(project: &Project) -> Result<(), Stop> {
    let inside = |name: &&String| {
        !Path::new(name).components().any(|part| !matches!(part, Component::Normal(_) | Component::CurDir))
    };
    for name in project.settings().asset_paths.iter().filter(inside) {
        let (from, to) = (project.root.join(name), project.target_path.join(name));
        for entry in walkdir::WalkDir::new(&from).follow_links(true).into_iter().filter_map(Result::ok) {
            let Ok(below) = entry.path().strip_prefix(&from) else { continue };
            let target = to.join(below);
            let copied = if entry.file_type().is_dir() {
                std::fs::create_dir_all(&target)
            } else {
                std::fs::copy(entry.path(), &target).map(drop)
            };
            copied.map_err(|source| Stop::File { action: "write", path: target, source })?;
        }
    }
    Ok(())
}

/// Serves the site until interrupted.
pub fn serve(invocation: &Invocation, arguments: &DocsServe) -> Result<Exit, Stop> {
    let project = invocation.read()?;
    let host: IpAddr = arguments
        .host
        .replace("localhost", "127.0.0.1")
        .parse()
        .map_err(|_| Stop::runtime("`--host` wants an address of this machine, such as 127.0.0.1"))?;
    let address = SocketAddr::new(host, arguments.port);
    if !host.is_loopback() {
        let warning = format!(
            "the site is served to everybody who reaches {address}: it shows names and samples of data"
        );
        invocation.say(Level::Warn, "ServeOpen", "", warning);
    }
    let threads = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = threads.map_err(|error| Stop::runtime(format!("no threads could be started: {error}")))?;
    let started = |address: SocketAddr| {
        let message = format!("Serving the site at http://{address} (Ctrl-C ends it)");
        invocation.say(Level::Info, "ServingDocs", "Z018", message);
    };
    let stop = async {
        // Without a signal handler the process ends by the signal itself.
        drop(tokio::signal::ctrl_c().await);
    };
    let served = runtime.block_on(docs::serve::serve(&project.target_path, address, started, stop));
    served.map_err(|error| Stop::runtime(error.to_string()))?;
    Ok(Exit::Success)
}
