//! `dp clean`: deletes the folders of `clean-targets` (<https://docs.getdbt.com/reference/commands/clean>).

use crate::arguments::verb::Clean;
use crate::deprecations;
use crate::exit::{Exit, Stop};
use crate::invocation::{Invocation, stop};
use platform_core::EventSink as _;
use platform_core::event::Level;
use project::settings::{self, Settings};
use serde_json::json;
use std::path::{Component, Path, PathBuf};

/// Deletes the folders, if none of them is outside of the project or holds its source.
///
/// Nothing but dbt_project.yml is read: a project without its packages can be cleaned too.
pub fn clean(invocation: &Invocation, arguments: &Clean) -> Result<Exit, Stop> {
    let root = invocation.project_dir();
    let settings = settings::read_alone(&invocation.read_options()).map_err(stop)?;
    if let Some(event) = deprecations::of_clean_targets(&settings) {
        invocation.log.send(event);
        invocation.stop_if_escalated()?;
    }
    // A link's folder is deleted, not the link.
    let folders: Vec<PathBuf> = settings.clean_targets.iter().map(|name| real(&root.join(name))).collect();
    check(&folders, &root, &settings, arguments)?;
    for folder in &folders {
        let shown = format!("{}/*", folder.display());
        let path = json!({"path": folder.display().to_string()});
        let text = format!("Checking {shown}");
        invocation.tell(Level::Info, "CheckCleanPath", "Z012", text, path.clone());
        if folder.is_dir() {
            std::fs::remove_dir_all(folder).map_err(|source| Stop::File {
                action: "delete",
                path: folder.clone(),
                source,
            })?;
        }
        invocation.tell(Level::Info, "ConfirmCleanPath", "Z013", format!("Cleaned {shown}"), path);
    }
    invocation.say(Level::Info, "FinishedCleanPaths", "Z015", "Finished cleaning all paths.");
    Ok(Exit::Success)
}

/// An error, before anything is deleted, where one of the folders must stay.
fn check(folders: &[PathBuf], root: &Path, settings: &Settings, arguments: &Clean) -> Result<(), Stop> {
    let refuse = |what: &str, folders: Vec<&PathBuf>| {
        let shown: Vec<String> = folders.iter().map(|it| format!("'{}'", it.display())).collect();
        let message = format!("dbt will not clean the following {what}: [{}]", shown.join(", "));
        Err(Stop::runtime(format!("{message}\nhint: take it out of clean-targets, or delete it yourself")))
    };
    if arguments.clean_project_files_only != Some(false) {
        let outside: Vec<&PathBuf> = folders.iter().filter(|folder| !is_inside(folder, root)).collect();
        if !outside.is_empty() {
            return refuse("directories outside the project", outside);
        }
    }
    let sources: Vec<PathBuf> = [
        &settings.model_paths,
        &settings.seed_paths,
        &settings.test_paths,
        &settings.analysis_paths,
        &settings.macro_paths,
        &settings.snapshot_paths,
        &settings.function_paths,
        &settings.docs_paths,
        &settings.asset_paths,
    ]
    .into_iter()
    .flatten()
    .map(|name| real(&root.join(name)))
    .chain([real(root)])
    .collect();
    // What is above a source folder holds it as well.
    let holds_source = |folder: &&PathBuf| sources.iter().any(|source| source.starts_with(folder));
    let kept: Vec<&PathBuf> = folders.iter().filter(holds_source).collect();
    if kept.is_empty() { Ok(()) } else { refuse("source paths", kept) }
}

fn is_inside(folder: &Path, root: &Path) -> bool {
    let root = real(root);
    folder.starts_with(&root) && folder != root
}

/// The path without links, or at least without `.` and `..`.
fn real(path: &Path) -> PathBuf {
    std::fs::canonicalize(path).unwrap_or_else(|_| plain(path))
}

/// The path without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(plain.pop()),
            other => plain.push(other),
        }
    }
    plain
}
