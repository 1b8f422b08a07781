//! `dp docs generate` and `dp docs serve`.

use crate::arguments::verb::{DocsGenerate, DocsServe};
use crate::choice::{self, Request};
use crate::columns;
use crate::database::{self, Database};
use crate::exit::{Exit, Stop};
use crate::invocation::Invocation;
use crate::verb::compile::{COMPILED, show_selected};
use crate::verb::inline::engine;
use crate::verb::nodes::{self, Task, Walk};
use docs::catalog::CatalogRow;
use model_graph::Order;
use platform_core::event::Level;
use platform_core::{Diagnostic, Manifest, UniqueId};
use project::Project;
use project::runtime::catalog::Covered;
use serde_json::json;
use std::io::IsTerminal as _;
use std::net::{IpAddr, SocketAddr};
use std::path::{Component, Path};
use std::process::{Command, Stdio};

/// Compiles, reads the catalog and writes the site. A node that can't be compiled ends the command with the
/// exit code of `compile` before anything else is written, as in dbt.
pub fn generate(invocation: &Invocation, arguments: &DocsGenerate) -> Result<Exit, Stop> {
    let project = invocation.read()?;
    let target = project.target_path.clone();
    let compiling = arguments.compile != Some(false);
    let request = Request::of(&arguments.selection);
    let narrowed = !(request.select.is_empty() && request.exclude.is_empty() && request.selector.is_none());
    let chosen = choice::choose(invocation, &project, &request, |_| true)?;
    // The pages show what the command before did, not that all was compiled for them.
    let results = docs::results::last(&target).map_err(|error| Stop::runtime(explained(&error)))?;
    let exit = if compiling { compile(invocation, &project, arguments)? } else { Exit::Success };
    if exit != Exit::Success {
        return Ok(exit);
    }
    // Asked for nothing of the database, nothing is started.
    let database = if compiling || !arguments.empty_catalog {
        Some(database::open(invocation, &project.profile, 2)?)
    } else {
        None
    };
    let manifest = with_compiled(&project)?;
    copy_assets(&project)?;
    if !arguments.empty_catalog {
        invocation.say(Level::Info, "BuildingCatalog", "E044", "Building catalog");
    }
    let (mut rows, history) = match &database {
        None => Default::default(),
        Some(database) => database.runtime.block_on(async {
            let session = database.warehouse.get().await?;
            let schemas = docs::catalog::schemas(&manifest);
            let rows = if arguments.empty_catalog {
                Vec::new()
            } else {
                docs::catalog::read(&session, &schemas).await?
            };
            Ok::<_, Stop>((rows, docs::history::read(&session, &manifest).await?))
        })?,
    };
    let mut refused = Vec::new();
    if let (Some(database), false) = (&database, arguments.empty_catalog) {
        let covered: Vec<&UniqueId> = chosen.iter().collect();
        let covered = if compiling { Covered::Chosen(&covered) } else { Covered::Schemas };
        match own_catalog(invocation, &project, database, &covered, &rows)? {
            Some(Ok(own)) => rows = own,
            Some(Err(why)) => (rows, refused) = (Vec::new(), vec![why]),
            None => {}
        }
    }
    let freshness = choice::read_json(&target.join("sources.json"))?;
    let selected = narrowed.then(|| chosen.into_iter().collect());
    let request = docs::Request {
        manifest: &manifest,
        results: results.as_ref(),
        history: &history,
        freshness: freshness.as_ref(),
        metadata: invocation.metadata(docs::catalog::SCHEMA),
        database: (!arguments.empty_catalog).then_some(project.profile.database.as_str()),
        refused,
        selected: selected.as_ref(),
        folder: &target,
        single_file: arguments.static_site,
    };
    let written = docs::generate(&request, rows).map_err(|error| Stop::runtime(explained(&error)))?;
    columns::tell_absent(invocation, &project, &written.catalog)?;
    let refused = written.catalog.errors.as_deref().unwrap_or_default();
    for problem in refused {
        let message = format!("Encountered an error while generating catalog: {problem}");
        invocation.say(Level::Warn, "CatalogGenerationError", "E040", message);
    }
    if !refused.is_empty() {
        let (count, plural) = (refused.len(), if refused.len() == 1 { "" } else { "s" });
        let message = format!("dbt encountered {count} failure{plural} while writing the catalog");
        invocation.say(Level::Error, "WriteCatalogFailure", "E041", message);
    }
    let page = if arguments.static_site { "static_index.html" } else { "index.html" };
    let catalog = target.join("catalog.json").display().to_string();
    let message = format!("Catalog written to {catalog}");
    invocation.tell(Level::Info, "CatalogWritten", "E042", message, json!({"path": catalog}));
    let message = format!(
        "The site with {} relations is at {}; {}",
        written.catalog.nodes.len() + written.catalog.sources.len(),
        target.join(page).display(),
        written.traced,
    );
    invocation.say(Level::Info, "SiteWritten", "", message);
    Ok(if refused.is_empty() { Exit::Success } else { Exit::Failure })
}

/// The catalog's rows by the macros of the project or a package, where they bring their own, or why there are none.
fn own_catalog(
    invocation: &Invocation,
    project: &Project,
    database: &Database,
    covered: &Covered<'_>,
    known: &[CatalogRow],
) -> Result<Option<Result<Vec<CatalogRow>, String>>, Stop> {
    if !project::runtime::catalog::is_own(project, covered) {
        return Ok(None);
    }
    let (runtime, slots) = engine(invocation, project.clone(), database, None, Vec::new())?;
    let connection = slots.connection(0)?;
    let given = runtime.own_catalog(covered, &connection);
    connection.rollback();
    let told = |failure: Diagnostic| match failure.event.as_deref() {
        Some(heading) => format!("{heading}\n  {}", failure.message.replace('\n', "\n  ")),
        None => failure.message,
    };
    let rows = given.map_err(told);
    let rows =
        rows.and_then(|given| docs::catalog::given::rows(&given, &project.profile.database, known.to_vec()));
    Ok(Some(rows))
}

/// Compiles what the pages show.
fn compile(invocation: &Invocation, project: &Project, arguments: &DocsGenerate) -> Result<Exit, Stop> {
    let plan = Walk {
        request: Request::of(&arguments.selection),
        types: COMPILED.to_vec(),
        order: Order::Dependencies,
        task: Task::Compile,
    };
    let walked = nodes::walk_in(invocation, project.clone(), &plan)?;
    show_selected(invocation, &walked, &arguments.selection, None);
    Ok(walked.exit)
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

/// An error with what lies under it.
pub fn explained(error: &dyn std::error::Error) -> String {
    std::iter::successors(error.source(), |error| error.source())
        .fold(error.to_string(), |text, under| format!("{text}: {under}"))
}

/// Shows the site to whoever sits here: by the program that `BROWSER` names, else by the desktop's. A machine without
/// a desktop has none, and nothing is said of it.
fn open_browser(invocation: &Invocation, address: &str) {
    let set = |name: &str| invocation.environment.get(name).filter(|value| !value.is_empty());
    let desktop = cfg!(target_os = "macos") || set("DISPLAY").or_else(|| set("WAYLAND_DISPLAY")).is_some();
    let program = match set("BROWSER") {
        Some(program) => program,
        None if !desktop => return,
        None if cfg!(target_os = "macos") => "open",
        None => "xdg-open",
    };
    let mut browser = Command::new(program);
    browser.arg(address).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    if let Err(error) = browser.spawn() {
        let message = format!("`{program}` could not be started: {error}; open {address} yourself");
        invocation.say(Level::Warn, "BrowserNotOpened", "", message);
    }
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
    let assets = project.settings().asset_paths.clone();
    let started = |address: SocketAddr| {
        let message = format!("Serving the site at http://{address} (Ctrl-C ends it)");
        invocation.say(Level::Info, "ServingDocs", "Z018", message);
        if arguments.browser.unwrap_or_else(|| std::io::stdout().is_terminal()) {
            open_browser(invocation, &format!("http://{address}"));
        }
    };
    let stop = async {
        // Without a signal handler the process ends by the signal itself.
        drop(tokio::signal::ctrl_c().await);
    };
    let served = runtime.block_on(docs::serve::serve(&project.target_path, assets, address, started, stop));
    served.map_err(|error| Stop::runtime(explained(&error)))?;
    Ok(Exit::Success)
}
