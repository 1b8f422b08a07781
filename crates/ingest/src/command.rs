//! The verbs of the binary `ingest`: plan, load, check.

use anyhow::Context as _;
use chrono::{NaiveDate, Utc};
use clap::{Args, Parser, Subcommand};
use ingest::check::check;
use ingest::drop::{Drop, Folder, find};
use ingest::feed::{Feed, delimiter, feeds};
use ingest::ledger::{Need, Sameness};
use ingest::load::{Context, load};
use ingest::plan::{Planned, plan};
use ingest::report::Outcome;
use platform_core::event::{Event, EventSink, Level};
use platform_core::{Diagnostic, Manifest, Relation, Severity};
use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use warehouse::embedded::{self, Handle, Keep};
use warehouse::{Environment, Settings, Warehouse};

/// Loads the CSV drops of a project into Postgres, and accounts for every record.
#[derive(Parser)]
#[command(name = "ingest", version)]
pub struct Arguments {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Args)]
struct Global {
    /// Folder of the project.
    #[arg(long, default_value = ".", global = true)]
    project_dir: PathBuf,
    /// Folder of manifest.json, below the project's.
    #[arg(long, env = "DBT_TARGET_PATH", default_value = "target", global = true)]
    target_path: PathBuf,
    /// The database; the project's own private server by default.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, global = true)]
    url: Option<String>,
    /// Business date of files without one; today in UTC by default.
    #[arg(long, value_name = "DATE", global = true)]
    as_of: Option<NaiveDate>,
    /// Only these drops, by date.
    #[arg(long, value_name = "DATE", num_args = 1.., global = true)]
    drop: Vec<NaiveDate>,
    /// Take a file of the same size and time of change as the one that was loaded, without reading it.
    #[arg(long, global = true)]
    trust_mtime: bool,
}

#[derive(Subcommand)]
enum Verb {
    /// Say what would be loaded.
    Plan,
    /// Load what is new.
    Load {
        /// Only say what would be loaded.
        #[arg(long)]
        dry_run: bool,
        /// Load again what was loaded.
        #[arg(long)]
        force: bool,
        /// Seconds to wait for another loader.
        #[arg(long, default_value_t = 0)]
        wait: u64,
        /// Connections that copy a large file; by the machine's cores.
        #[arg(long)]
        connections: Option<usize>,
    },
    /// Read files as a load would, without a database.
    Check {
        /// Files, packed ones too, and folders of them; all of the drops by default.
        paths: Vec<PathBuf>,
        /// Delimiter of files that no source describes.
        #[arg(long, default_value = ",")]
        delimiter: String,
    },
}

/// Does what was asked; false where a drop or file is refused.
pub async fn run(arguments: &Arguments) -> anyhow::Result<bool> {
    let global = &arguments.global;
    match &arguments.verb {
        Verb::Check { paths, delimiter } if !paths.is_empty() => {
            check_files(global, &files_below(paths)?, delimiter)
        }
        Verb::Check { .. } => {
            let files: Vec<PathBuf> = global.drops()?.into_iter().flat_map(files_of).collect();
            check_files(global, &files, ",")
        }
        Verb::Plan | Verb::Load { dry_run: true, .. } => global.plan().await,
        Verb::Load { force, wait, connections, .. } => {
            let mut context = Context::new(Utc::now(), Arc::new(Talk::default()));
            context.again = *force;
            context.patience = Duration::from_secs(*wait);
            context.sameness = global.sameness();
            context.connections = connections.unwrap_or(context.connections);
            tokio::spawn(wait_for_signal(context.cancelled.clone()));
            global.load(&context).await
        }
    }
}

fn files_of(drop: Drop) -> Vec<PathBuf> {
    drop.parts.into_iter().flat_map(|part| part.files).map(|file| file.path).collect()
}

/// Files as they are, of folders what is in them. Hidden files are nobody's.
fn files_below(paths: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let entries = std::fs::read_dir(path).and_then(Iterator::collect::<std::io::Result<Vec<_>>>);
        let entries = entries.with_context(|| format!("read {}", shown(path)))?;
        let hidden =
            |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        let mut within: Vec<PathBuf> = entries.iter().map(std::fs::DirEntry::path).collect();
        within.retain(|path| !hidden(path));
        within.sort();
        files.extend(files_below(&within)?);
    }
    Ok(files)
}

impl Global {
    fn manifest(&self) -> anyhow::Result<Manifest> {
        let shown = shown(&self.project_dir);
        anyhow::ensure!(
            self.project_dir.join("dbt_project.yml").exists(),
            "find dbt_project.yml in {shown}\nhint: go to the project's folder, or name it by --project-dir"
        );
        let path = self.project_dir.join(&self.target_path).join("manifest.json");
        let named = path.strip_prefix(".").unwrap_or(&path).display();
        let bytes = std::fs::read(&path)
            .map_err(|error| anyhow::anyhow!("read {named}: {error}\nhint: `dp parse` writes it"))?;
        serde_json::from_slice(&bytes)
            .map_err(|error| anyhow::anyhow!("read {named}: {error}\nhint: `dp parse` writes it anew"))
    }

    fn feeds(&self) -> anyhow::Result<Vec<Arc<Feed>>> {
        let (feeds, diagnostics) = feeds(&self.manifest()?);
        tell(&diagnostics);
        let broken = diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
        anyhow::ensure!(!broken, "read the drops of the project's sources");
        Ok(feeds.into_iter().map(Arc::new).collect())
    }

    fn drops(&self) -> anyhow::Result<Vec<Drop>> {
        let folder = Folder::of_project(&self.project_dir);
        let today = self.as_of.unwrap_or_else(|| Utc::now().date_naive());
        let (mut drops, warnings) =
            find(&self.feeds()?, &folder, today).with_context(|| format!("read {}", shown(&folder.path)))?;
        tell(&warnings);
        for date in &self.drop {
            let known = drops.iter().any(|drop| drop.date == *date);
            let dates: Vec<String> = drops.iter().map(|drop| drop.date.to_string()).collect();
            let there = if dates.is_empty() { "none".to_owned() } else { dates.join(", ") };
            anyhow::ensure!(
                known,
                "find a drop of {date} in {}\nhint: there is {there}",
                shown(&folder.path)
            );
        }
        drops.retain(|drop| self.drop.is_empty() || self.drop.contains(&drop.date));
        Ok(drops)
    }

    fn sameness(&self) -> Sameness {
        if self.trust_mtime { Sameness::Stat } else { Sameness::Content }
    }

    /// The database, and the server that must stay as long as it is used.
    async fn warehouse(&self) -> anyhow::Result<(Warehouse, Option<Handle>)> {
        let environment: Environment = std::env::vars().collect();
        let Some(url) = &self.url else {
            let server = embedded::start(&self.project_dir, &environment, Keep::WhileUsed).await?;
            return Ok((Warehouse::lazy(server.settings(), 4)?, Some(server)));
        };
        let settings = Settings::from_url(url)?.with_environment(&environment);
        Ok((Warehouse::lazy(settings, 4)?, None))
    }

    async fn plan(&self) -> anyhow::Result<bool> {
        let drops = self.drops()?;
        let (warehouse, _server) = self.warehouse().await?;
        let planned = plan(drops, &warehouse, self.sameness()).await?;
        let mut out = std::io::stdout().lock();
        for planned in &planned {
            for line in planned.lines() {
                writeln!(out, "{line}")?;
            }
            tell(&planned.drop.problems);
        }
        if planned.iter().any(|planned| planned.needs.contains(&Need::Again)) {
            writeln!(out, "again: a correction took the table back to an earlier date")?;
        }
        let needed = planned.iter().filter(|planned| planned.is_needed()).count();
        let s = if planned.len() == 1 { "" } else { "s" };
        writeln!(out, "{needed} of {} drop{s} to load", planned.len())?;
        Ok(planned.iter().all(|planned| planned.drop.problems.is_empty()))
    }

    async fn load(&self, context: &Context) -> anyhow::Result<bool> {
        let drops = self.drops()?;
        let (warehouse, _server) = self.warehouse().await?;
        let mut good = true;
        let count = drops.len();
        let needed: Vec<Drop> = if context.again {
            drops
        } else {
            // Files are hashed here, those of drops that are loaded.
            let planned = plan(drops, &warehouse, context.sameness).await?;
            planned.into_iter().filter(Planned::is_needed).map(|planned| planned.drop).collect()
        };
        if needed.is_empty() {
            let (s, are) = if count == 1 { ("", "is") } else { ("s", "are") };
            writeln!(std::io::stderr(), "nothing to load: {count} drop{s} {are} loaded already")?;
        }
        for drop in needed {
            let report = load(&drop, &warehouse, context).await?;
            good &= report.outcome != Outcome::Refused;
            tell(&report.problems);
            if report.outcome == Outcome::Refused {
                let date = report.date;
                let mut out = std::io::stderr();
                writeln!(
                    out,
                    "the drop of {date} is refused: nothing of it was loaded, the tables are as they were"
                )?;
            }
            if context.cancelled.load(Ordering::Relaxed) {
                break;
            }
        }
        Ok(good)
    }
}

fn check_files(global: &Global, files: &[PathBuf], written: &str) -> anyhow::Result<bool> {
    let free = delimiter(written).with_context(|| format!("take {written:?} as a delimiter"))?;
    // Without a project a file is held against its own header.
    let feeds =
        if global.project_dir.join("dbt_project.yml").exists() { global.feeds()? } else { Vec::new() };
    let folder = Folder::of_project(&global.project_dir);
    let mut good = true;
    for file in files {
        let below = below(file, &folder.path);
        let feed = feeds.iter().find(|feed| feed.takes(&below)).cloned();
        let described = feed.is_some();
        let name = shown(file);
        let table = file.file_name().unwrap_or_default().to_string_lossy();
        let table = table.split('.').next().unwrap_or_default().to_owned();
        let feed = feed.unwrap_or_else(|| Arc::new(Feed::of_header(Relation::in_schema("raw", table), free)));
        let mut report = check(file, &name, &feed);
        for problem in report.problems.iter_mut().filter(|problem| !described && problem.code == "I006") {
            problem.hint =
                Some("no source of the project takes this file; --delimiter says how to read it".to_owned());
        }
        tell(&report.notes);
        tell(&report.problems);
        writeln!(std::io::stdout(), "{name}: {}", report.summary())?;
        good &= report.is_good();
    }
    Ok(good)
}

/// A path as people write it.
fn shown(path: &Path) -> String {
    let bare = path.strip_prefix(".").unwrap_or(path);
    if bare.as_os_str().is_empty() { "this folder".to_owned() } else { bare.display().to_string() }
}

/// A file's path below the folder of drops, or its name.
fn below(file: &Path, folder: &Path) -> String {
    let full = file.canonicalize().unwrap_or_else(|_| file.to_owned());
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let below = full.strip_prefix(&folder).ok().map(Path::to_owned);
    let below = below.unwrap_or_else(|| PathBuf::from(file.file_name().unwrap_or_default()));
    below.to_string_lossy().replace('\\', "/")
}

/// Diagnostics with the line they are about, to stderr.
fn tell(diagnostics: &[Diagnostic]) {
    let mut out = std::io::stderr().lock();
    for diagnostic in diagnostics {
        let level = if diagnostic.severity == Severity::Error { "error" } else { "warning" };
        let _ = writeln!(out, "{level}: {diagnostic}");
        if let Some(place) = diagnostic.place.as_ref().filter(|place| !place.snippet.is_empty()) {
            let _ = writeln!(out, "    {}", place.snippet);
            if place.column > 0 {
                let _ = writeln!(out, "    {}^", " ".repeat(place.column as usize - 1));
            }
        }
    }
}

/// Events: progress on one line of a terminal, or a plain line every ten seconds elsewhere.
#[derive(Default)]
struct Talk {
    told: Mutex<Option<Instant>>,
}

impl EventSink for Talk {
    fn send(&self, event: Event) {
        let mut out = std::io::stderr().lock();
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let terminal = out.is_terminal();
        let clear = if terminal { "\r\x1b[K" } else { "" };
        if event.name == "LoadProgress" {
            if terminal {
                let _ = write!(out, "{clear}{}", event.message);
                let _ = out.flush();
            } else if told.is_none_or(|told| told.elapsed() > Duration::from_secs(10)) {
                *told = Some(Instant::now());
                let _ = writeln!(out, "{}", event.message);
            }
        } else if event.level >= Level::Info {
            let warning = if event.level == Level::Warn { "warning: " } else { "" };
            let _ = writeln!(out, "{clear}{warning}{}", event.message);
        }
    }
}

/// Asked to end: what is being loaded is taken back, nothing is left half done.
async fn wait_for_signal(cancelled: Arc<AtomicBool>) {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    cancelled.store(true, Ordering::Release);
}
