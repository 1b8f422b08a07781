//! Drops: the files of one business date, found in `csv_data/`.
//!
//! `csv_data/2026-11-20/invoices.csv` belongs to that date, and so does `csv_data/invoices_2026-11-20.csv`; a file without a
//! date belongs to the date the caller gives. A drop is loaded as a whole or not at all.

use crate::date;
use crate::feed::{Feed, Mode};
use crate::sift::Stat;
use chrono::NaiveDate;
use platform_core::diagnostic::nearest;
use platform_core::{Diagnostic, Place};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A file of a drop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DropFile {
    /// Where it is.
    pub path: PathBuf,
    /// Its path below the project, with `/`: what the ledger and the rows say.
    pub name: String,
    /// Its size and time of change when it was found.
    pub stat: Stat,
}

/// The files that a drop has for one table.
#[derive(Clone, Debug)]
pub struct Part {
    /// The table and how it is filled.
    pub feed: Arc<Feed>,
    /// The files, by name.
    pub files: Vec<DropFile>,
}

/// The files of one business date.
#[derive(Clone, Debug)]
pub struct Drop {
    /// The business date.
    pub date: NaiveDate,
    /// One part a table, in the order of the manifest.
    pub parts: Vec<Part>,
    /// Why it cannot be loaded as it lies there: an expected file is missing, a file is there twice.
    pub problems: Vec<Diagnostic>,
}

impl Drop {
    /// Bytes of all files, as they lie on disk.
    pub fn size(&self) -> u64 {
        self.parts.iter().flat_map(|part| &part.files).map(|file| file.stat.size).sum()
    }
}

/// Where drops lie.
#[derive(Clone, Debug)]
pub struct Folder {
    /// The folder, usually `csv_data` in the project.
    pub path: PathBuf,
    /// What its files' names begin with: `csv_data`.
    pub name: String,
}

impl Folder {
    /// The folder of a project.
    pub fn of_project(project: &Path) -> Self {
        Self { path: project.join("csv_data"), name: "csv_data".to_owned() }
    }
}

/// The drops in a folder by date, and warnings about files that no feed takes.
///
/// `today` is the date of files without one. No folder, no drops.
pub fn find(
    feeds: &[Arc<Feed>],
    folder: &Folder,
    today: NaiveDate,
) -> io::Result<(Vec<Drop>, Vec<Diagnostic>)> {
    let mut paths = Vec::new();
    if folder.path.is_dir() {
        walk(&folder.path, "", &mut paths)?;
    }
    let mut dates: BTreeMap<NaiveDate, Vec<Vec<DropFile>>> = BTreeMap::new();
    let mut warnings = Vec::new();
    for below in paths {
        let takers: Vec<usize> = (0..feeds.len()).filter(|&at| feeds[at].takes(&below)).collect();
        let name = format!("{}/{below}", folder.name);
        if takers.is_empty() {
            warnings.extend(unclaimed(feeds, &below, &name));
            continue;
        }
        let path = folder.path.join(&below);
        let stat = Stat::of(&path)?;
        let files = dates
            .entry(date::in_path(&below).unwrap_or(today))
            .or_insert_with(|| vec![Vec::new(); feeds.len()]);
        for at in takers {
            files[at].push(DropFile { path: path.clone(), name: name.clone(), stat });
        }
    }
    Ok((dates.into_iter().map(|(date, files)| drop_of(date, files, feeds, folder)).collect(), warnings))
}

fn drop_of(date: NaiveDate, files: Vec<Vec<DropFile>>, feeds: &[Arc<Feed>], folder: &Folder) -> Drop {
    let mut problems = Vec::new();
    let source_of = |feed: &Feed| feed.id.as_str().rsplit_once('.').map(|(source, _)| source.to_owned());
    for (at, feed) in feeds.iter().enumerate() {
        let sibling = (0..feeds.len()).find(|&other| {
            other != at && !files[other].is_empty() && source_of(&feeds[other]) == source_of(feed)
        });
        if let (true, true, Some(sibling)) = (files[at].is_empty(), feed.required, sibling) {
            let there = &files[sibling][0].name;
            let message = format!(
                "the drop of {date} has {there}, but no file for `{}` ({})",
                feed.table(),
                feed.patterns.join(", ")
            );
            let hint = "put the file there and load again, or set `required: false` under its `drop`; nothing of this \
                        drop is loaded, the tables keep what they have";
            problems.push(Diagnostic::error("I017", message).at(Place::file(folder_of(there))).hint(hint));
        }
        if let Some((one, other)) = twins(&files[at]) {
            let message = format!("{one} and {other} are the same file, packed and not");
            let hint = "remove one of the two: loading both would double its rows";
            problems.push(Diagnostic::error("I018", message).at(Place::file(other)).hint(hint));
        }
        if feed.mode == Mode::Replace && feed.columns.is_empty() && files[at].len() > 1 {
            let message =
                format!("`{}` has {} files and no documented columns", feed.table(), files[at].len());
            let hint = "list the columns of the source, so that every file is held against the same";
            problems.push(Diagnostic::error("I018", message).at(Place::file(folder.name.clone())).hint(hint));
        }
    }
    let parts = feeds.iter().zip(files).filter(|(_, files)| !files.is_empty());
    let parts = parts.map(|(feed, files)| Part { feed: feed.clone(), files }).collect();
    Drop { date, parts, problems }
}

fn folder_of(name: &str) -> String {
    name.rsplit_once('/').map_or(name, |(folder, _)| folder).to_owned()
}

/// A name without the ending of a packed file.
fn unpacked(name: &str) -> &str {
    [".gz", ".zst", ".zstd"].into_iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name)
}

fn twins(files: &[DropFile]) -> Option<(String, String)> {
    let pairs = files.windows(2).find(|pair| unpacked(&pair[0].name) == unpacked(&pair[1].name))?;
    Some((pairs[0].name.clone(), pairs[1].name.clone()))
}

/// A warning about a file that no feed takes, if it looks like one that should be.
fn unclaimed(feeds: &[Arc<Feed>], below: &str, name: &str) -> Option<Diagnostic> {
    let is_data =
        ["csv", "tsv", "txt"].iter().any(|end| unpacked(below).to_lowercase().ends_with(&format!(".{end}")));
    if !is_data || feeds.is_empty() {
        return None;
    }
    let file = below.rsplit('/').next().unwrap_or(below);
    let patterns = || feeds.iter().flat_map(|feed| &feed.patterns);
    let wanted = patterns().map(|pattern| {
        let last = pattern.rsplit('/').next().unwrap_or(pattern);
        last.split_once('{').map_or(last, |(start, _)| start)
    });
    let hint = match nearest(unpacked(file), wanted).first() {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("patterns: {}", patterns().cloned().collect::<Vec<_>>().join(", ")),
    };
    let message = "the file matches no source's `drop` pattern and is not loaded";
    Some(Diagnostic::warning("I019", message).at(Place::file(name)).hint(hint))
}

/// Paths of files below a folder, sorted, with `/`; hidden ones are left out.
fn walk(folder: &Path, below: &str, out: &mut Vec<String>) -> io::Result<()> {
    let mut entries = std::fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name();
        let Some(name) = name.to_str().filter(|name| !name.starts_with('.')) else { continue };
        let path = if below.is_empty() { name.to_owned() } else { format!("{below}/{name}") };
        // Follows links: a drop may lie elsewhere.
        let Ok(metadata) = std::fs::metadata(entry.path()) else { continue };
        if metadata.is_dir() {
            walk(&entry.path(), &path, out)?;
        } else {
            out.push(path);
        }
    }
    Ok(())
}
