//! `target/compiled` and `target/run`: the SQL of nodes, for people.

use super::{Batch, Runtime};
use platform_core::event::Level;
use platform_core::{Event, Node, UniqueId};
use std::collections::HashMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::PoisonError;

impl Runtime {
    /// `target/run/…`: where the statements of a node are kept for people.
    pub(super) fn write_run(&self, node: &Node, batch: Option<&Batch>, sql: &str) {
        self.write_file(&self.batch_path("run", node, batch), sql);
        if batch.is_some() {
            return;
        }
        let path = self.display_path("run", node);
        let mut files = self.inner.run_files.lock().unwrap_or_else(PoisonError::into_inner);
        files.insert(node.unique_id.clone(), path);
    }

    /// `build_path` of the manifest that is written at the end: the files of what ran at once, by id. A model that
    /// runs in batches has none.
    pub fn run_files(&self) -> HashMap<UniqueId, String> {
        self.inner.run_files.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The same for a batch: in a folder that goes by the model's name, its label behind it.
    pub(super) fn batch_path(&self, folder: &str, node: &Node, batch: Option<&Batch>) -> PathBuf {
        let path = self.artifact_path(folder, node);
        let Some(batch) = batch else { return path };
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let name = format!("{stem}_{}.sql", batch.label);
        path.with_file_name(stem).join(name)
    }

    /// Path of a node's SQL below `target/compiled` or `target/run`, relative to the target folder.
    pub fn artifact_path(&self, folder: &str, node: &Node) -> PathBuf {
        let mut path = PathBuf::from(folder).join(&node.package_name).join(&node.original_file_path);
        // A generic test stands in its properties file, under a name of its own; a hook in dbt_project.yml. What has
        // the file's own name is that file, though its `path` may begin otherwise, as an analysis' does.
        let name = |path: &str| Path::new(path).file_name().map(std::ffi::OsStr::to_owned);
        if name(&node.original_file_path) != name(&node.path) {
            path.push(&node.path);
        }
        path
    }

    /// Path of a node's file below `target/compiled` or `target/run`, as people type it in the project.
    pub fn display_path(&self, folder: &str, node: &Node) -> String {
        let project = self.project();
        let path = project.target_path.join(self.artifact_path(folder, node));
        path.strip_prefix(&project.root).unwrap_or(&path).display().to_string()
    }

    /// Writes a file below the target folder; one that holds just that already is left alone, since a file system may
    /// write a shortened file to the disk at once, which takes ten times as long as the look.
    pub(super) fn write_file(&self, path: &Path, sql: &str) {
        let path = self.project().target_path.join(path);
        if let Err(error) = write_changed(&path, sql) {
            let message = format!("write `{}`: {error}", path.display());
            self.inner.shared.events.send(Event::new(Level::Warn, "WriteFailed", message));
        }
    }
}

fn write_changed(path: &Path, text: &str) -> std::io::Result<()> {
    if std::fs::read(path).is_ok_and(|known| known == text.as_bytes()) {
        return Ok(());
    }
    match std::fs::write(path, text) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            path.parent().map_or(Ok(()), std::fs::create_dir_all)?;
            std::fs::write(path, text)
        }
        written => written,
    }
}
