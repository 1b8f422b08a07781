//! `dp docs generate` and `dp docs serve`.

use crate::arguments::verb::{DocsGenerate, DocsServe};
use crate::artifact;
use crate::choice::{self, Request};
use crate::database;
use crate::exit::{Exit, Stop};
use crate::invocation::Invocation;
use crate::verb::nodes;
use platform_core::event::Level;
use std::net::{IpAddr, SocketAddr};

/// Reads the catalog and writes the site.
pub fn generate(invocation: &Invocation, arguments: &DocsGenerate) -> Result<Exit, Stop> {
    let project = invocation.read()?;
    // Compiled SQL of the last command stays in the manifest on disk: the pages show it.
    let path = project.target_path.join("manifest.json");
    let manifest = match choice::read_json(&path)? {
        Some(manifest) => manifest,
        None => {
            artifact::write_manifest(invocation, &project)?;
            (*project.manifest).clone()
        }
    };
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
