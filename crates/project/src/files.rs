//! The files of a package: which there are, what each is read as, and their text.

mod ignore;

use crate::error::Error;
use crate::settings::Settings;
use platform_core::Diagnostic;
use rayon::prelude::*;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ignore::Ignore;

/// What a file is read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FileKind {
    /// Macros, tests, materializations.
    Macros,
    /// Generic tests below `tests/generic`.
    GenericTests,
    /// A model.
    Model,
    /// A model in Python, which is refused.
    PythonModel,
    /// Snapshot blocks.
    Snapshot,
    /// An analysis.
    Analysis,
    /// A singular test.
    Test,
    /// A seed.
    Seed,
    /// Doc blocks.
    Docs,
    /// A function.
    Function,
    /// A function in Python, which is refused when it is to be made.
    PythonFunction,
    /// Rows of unit tests below `tests/fixtures`.
    Fixture,
    /// Properties.
    Properties,
}

/// One file.
#[derive(Clone, Debug)]
pub struct File {
    /// What it is read as.
    pub kind: FileKind,
    /// Path below the package's root, with `/`.
    pub path: Arc<str>,
    /// How many bytes of [`File::path`] name the resource folder (`models/`).
    pub folder: usize,
    /// Where it is.
    pub location: PathBuf,
}

impl File {
    /// Path below the resource folder.
    pub fn relative(&self) -> &str {
        &self.path[self.folder..]
    }

    /// Name without folders and extension.
    pub fn stem(&self) -> &str {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        name.rsplit_once('.').map_or(name, |(stem, _)| stem)
    }

    /// Folders below the first one of the path: where dbt finds tests that stand in properties. The same as
    /// [`File::folders`] unless a resource folder lies in another.
    pub fn folders_below_the_first(&self) -> impl Iterator<Item = &str> {
        let folders = self.path.rsplit_once('/').map_or("", |(folders, _)| folders);
        folders.split('/').skip(1)
    }

    /// Folders below the resource folder.
    pub fn folders(&self) -> impl Iterator<Item = &str> {
        let relative = self.relative();
        relative.rsplit_once('/').map_or("", |(folders, _)| folders).split('/').filter(|it| !it.is_empty())
    }
}

/// A file with its text.
#[derive(Clone, Debug)]
pub struct Source {
    /// The file.
    pub file: File,
    /// Its text, white space at both ends removed, as dbt reads it.
    pub text: Arc<str>,
    /// Lines of the file before the text.
    pub skipped: u32,
}

/// Every file of a package, sorted by kind and path.
pub fn list(root: &Path, settings: &Settings) -> Result<Vec<File>, Error> {
    let ignore = Ignore::read(root)?;
    let folders: [(&[String], &[(FileKind, &[&str])]); 8] = [
        (&settings.macro_paths, &[(FileKind::Macros, &["sql"])]),
        (&settings.model_paths, &[(FileKind::Model, &["sql"]), (FileKind::PythonModel, &["py"])]),
        (&settings.snapshot_paths, &[(FileKind::Snapshot, &["sql"])]),
        (&settings.analysis_paths, &[(FileKind::Analysis, &["sql"])]),
        (&settings.test_paths, &[(FileKind::Test, &["sql"]), (FileKind::Fixture, &["csv"])]),
        (&settings.seed_paths, &[(FileKind::Seed, &["csv"])]),
        (&settings.docs_paths, &[(FileKind::Docs, &["md"])]),
        (&settings.function_paths, &[(FileKind::Function, &["sql"]), (FileKind::PythonFunction, &["py"])]),
    ];
    let mut found = Vec::new();
    for (paths, kinds) in folders {
        for path in paths {
            for (file, extension) in walk(root, path, &ignore)? {
                let kind = kinds.iter().find(|(_, extensions)| extensions.contains(&extension.as_str()));
                if let Some(kind) = kind.map(|(kind, _)| *kind).and_then(|kind| place(kind, &file)) {
                    found.push(File { kind, ..file.clone() });
                }
                let described = kinds[0].0 != FileKind::Docs;
                if described && matches!(extension.as_str(), "yml" | "yaml") {
                    found.push(File { kind: FileKind::Properties, ..file });
                }
            }
        }
    }
    found.sort_by(|left, right| (left.kind, &left.path).cmp(&(right.kind, &right.path)));
    found.dedup_by(|left, right| left.kind == right.kind && left.path == right.path);
    Ok(found)
}

/// Tests and fixtures by the folder they stand in.
fn place(kind: FileKind, file: &File) -> Option<FileKind> {
    let first = file.relative().split('/').next().unwrap_or_default();
    let below = file.relative().contains('/');
    match (kind, first) {
        (FileKind::Test, "generic") if below => Some(FileKind::GenericTests),
        (FileKind::Test, "fixtures") if below => Some(FileKind::Fixture),
        (FileKind::Fixture, "fixtures") if below => Some(FileKind::Fixture),
        (FileKind::Fixture, _) => None,
        (kind, _) => Some(kind),
    }
}

fn walk(root: &Path, folder: &str, ignore: &Ignore) -> Result<Vec<(File, String)>, Error> {
    let base = if folder.is_empty() || folder == "." { root.to_owned() } else { root.join(folder) };
    if !base.is_dir() {
        return Ok(Vec::new());
    }
    let prefix = if base == root { String::new() } else { format!("{folder}/") };
    let mut found = Vec::new();
    let entries = walkdir::WalkDir::new(&base).follow_links(true).sort_by_file_name();
    for entry in entries {
        let entry = match entry {
            Ok(entry) => entry,
            // A link that leads nowhere or back up is no file of the project.
            Err(error) if error.loop_ancestor().is_some() || error.path().is_some_and(is_dangling) => {
                continue;
            }
            Err(error) => {
                let path = error.path().unwrap_or(&base).to_owned();
                return Err(Error::File { action: "list", path, source: error.into() });
            }
        };
        if !entry.file_type().is_file() {
            continue;
        }
        let Some(extension) = entry.path().extension().and_then(|it| it.to_str()) else { continue };
        let Ok(relative) = entry.path().strip_prefix(&base) else { continue };
        let relative = relative.to_string_lossy().replace('\\', "/");
        let path = format!("{prefix}{relative}");
        if ignore.matches(&path) {
            continue;
        }
        let file = File {
            kind: FileKind::Model,
            path: path.into(),
            folder: prefix.len(),
            location: entry.path().to_owned(),
        };
        found.push((file, extension.to_ascii_lowercase()));
    }
    Ok(found)
}

fn is_dangling(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|it| it.file_type().is_symlink()) && !path.exists()
}

/// Reads the texts of files, all but the seeds', on every core.
pub fn read(files: Vec<File>) -> Result<Vec<Result<Source, Diagnostic>>, Error> {
    files
        .into_par_iter()
        .map(|file| {
            if file.kind == FileKind::Seed {
                return Ok(Ok(Source { file, text: "".into(), skipped: 0 }));
            }
            let bytes = std::fs::read(&file.location).map_err(|source| Error::File {
                action: "read",
                path: file.location.clone(),
                source,
            })?;
            Ok(match String::from_utf8(bytes) {
                Ok(text) => Ok(strip(file, text)),
                Err(error) => Err(not_utf8(&file, &error)),
            })
        })
        .collect()
}

fn strip(file: File, text: String) -> Source {
    let start = text.len() - text.trim_start().len();
    let skipped = text[..start].bytes().filter(|byte| *byte == b'\n').count();
    let text = if start == 0 && text.trim_end().len() == text.len() { text } else { text.trim().to_owned() };
    Source { file, text: text.into(), skipped: u32::try_from(skipped).unwrap_or(u32::MAX) }
}

fn not_utf8(file: &File, error: &std::string::FromUtf8Error) -> Diagnostic {
    let at = error.utf8_error().valid_up_to();
    let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
    Diagnostic::error(
        crate::code::YAML,
        format!("'utf-8' codec can't decode byte 0x{:02x} in position {at}", error.as_bytes()[at]),
    )
    .event("DbtRuntimeError")
    .at(platform_core::Place::of(file.path.as_ref(), &text, at..at + 1))
    .hint("save the file as UTF-8")
}
