//! How long the reading of a project took: `perf_info.json`, which `parse` writes
//! (<https://docs.getdbt.com/reference/commands/parse>). The keys are dbt's; times are in seconds.

use crate::files::FileKind;
use indexmap::IndexMap;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The reading of a project.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Performance {
    /// Files of the project and its packages; what is built in has none.
    pub path_count: usize,
    /// Those that were read: all, since nothing is kept from one command to the next.
    pub parsed_path_count: usize,
    /// Models, which dbt looks through for plain calls before it renders them.
    pub static_analysis_path_count: usize,
    /// Those that were not rendered: none, as rendering costs next to nothing.
    pub static_analysis_parsed_path_count: usize,
    /// `--partial-parse`, which changes nothing here.
    pub is_partial_parse_enabled: bool,
    /// `--static-parser`, which changes nothing here.
    pub is_static_analysis_enabled: bool,
    /// Finding the files and reading them.
    pub read_files_elapsed: f64,
    /// Macros and their descriptions.
    pub load_macros_elapsed: f64,
    /// Every other resource.
    pub parse_project_elapsed: f64,
    /// Sources are read along with what is said of them: no step of its own.
    pub patch_sources_elapsed: f64,
    /// References, checks, and what is unused.
    pub process_manifest_elapsed: f64,
    /// All of it.
    pub load_all_elapsed: f64,
    /// Package by package.
    pub projects: Vec<PackagePerformance>,
}

/// The reading of one package.
#[derive(Clone, Debug, Serialize)]
pub struct PackagePerformance {
    /// The package.
    pub project_name: String,
    /// The sum over its files. They are read side by side, so it may be more than went by.
    pub elapsed: f64,
    /// By kind of file.
    pub parsers: Vec<ParserPerformance>,
    /// Its files but for macros.
    pub parsed_path_count: usize,
}

/// The reading of one package's files of one kind.
#[derive(Clone, Debug, Serialize)]
pub struct ParserPerformance {
    /// dbt's name of the kind.
    pub parser: &'static str,
    /// The sum over its files.
    pub elapsed: f64,
    /// How many there are.
    pub parsed_path_count: usize,
}

/// How long files took; told of from many threads.
#[derive(Debug, Default)]
pub struct FileTimes(Mutex<IndexMap<String, BTreeMap<&'static str, (Duration, usize)>>>);

impl FileTimes {
    /// Reads a file of a package.
    pub fn time<T>(&self, package: &str, kind: FileKind, read: impl FnOnce() -> T) -> T {
        let Some(parser) = parser(kind) else { return read() };
        let began = Instant::now();
        let done = read();
        let elapsed = began.elapsed();
        let mut times = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !times.contains_key(package) {
            times.insert(package.to_owned(), BTreeMap::new());
        }
        if let Some(of_package) = times.get_mut(package) {
            let (sum, count) = of_package.entry(parser).or_default();
            *sum += elapsed;
            *count += 1;
        }
        done
    }

    /// The packages in that order.
    pub fn by_package<'a>(self, packages: impl Iterator<Item = &'a String>) -> Vec<PackagePerformance> {
        let mut times = self.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        let of_package = |name: &String| {
            let of_package = times.swap_remove(name).unwrap_or_default();
            let parsers = of_package.into_iter().map(|(parser, (sum, count))| ParserPerformance {
                parser,
                elapsed: sum.as_secs_f64(),
                parsed_path_count: count,
            });
            let parsers: Vec<ParserPerformance> = parsers.collect();
            PackagePerformance {
                project_name: name.clone(),
                elapsed: parsers.iter().map(|it| it.elapsed).sum(),
                parsed_path_count: parsers.iter().map(|it| it.parsed_path_count).sum(),
                parsers,
            }
        };
        packages.map(of_package).collect()
    }
}

/// dbt's word for what reads a kind of files; files of macros have a phase of their own, and rows of unit tests are read
/// with them. Properties go by what most of them say: tests.
fn parser(kind: FileKind) -> Option<&'static str> {
    match kind {
        FileKind::Macros | FileKind::GenericTests | FileKind::Fixture => None,
        FileKind::Model | FileKind::PythonModel => Some("model"),
        FileKind::Snapshot => Some("snapshot"),
        FileKind::Analysis => Some("analysis"),
        FileKind::Test | FileKind::Properties => Some("test"),
        FileKind::Seed => Some("seed"),
        FileKind::Docs => Some("doc"),
        FileKind::Function | FileKind::PythonFunction => Some("function"),
    }
}
