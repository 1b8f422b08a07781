//! Installed packages: found, their settings read, their files listed and read.

use crate::code;
use crate::error::Error;
use crate::files::{self, Source};
use crate::options::ReadOptions;
use crate::profile::Profile;
use crate::project::Package;
use crate::settings::{self, Settings};
use indexmap::IndexMap;
use platform_core::Diagnostic;
use std::path::{Path, PathBuf};

/// The files of one package.
pub struct Loaded {
    /// The package.
    pub package: String,
    /// Its files with their text.
    pub sources: Vec<Source>,
}

/// The root project and the packages installed in it.
pub fn packages(
    options: &ReadOptions,
    profile: &Profile,
    root: Settings,
) -> Result<IndexMap<String, Package>, Error> {
    let install = options.project_dir.join(&root.packages_install_path);
    let shown = root.packages_install_path.clone();
    let folders = folders(&install)?;
    check_installed(options, &root, folders.len())?;
    let mut packages = IndexMap::new();
    let name = root.name.clone();
    let root_dir = std::path::absolute(&options.project_dir).unwrap_or_else(|_| options.project_dir.clone());
    packages.insert(name.clone(), Package { root: root_dir, shown: String::new(), settings: root });
    for folder in folders {
        let part = folder.file_name().map(|it| it.to_string_lossy().into_owned()).unwrap_or_default();
        let shown = format!("{shown}/{part}");
        let file = format!("{shown}/dbt_project.yml");
        let settings = settings::read_package(options, profile, &folder, &file)?;
        let own = settings.name.clone();
        let folder = std::path::absolute(&folder).unwrap_or(folder);
        let package = Package { root: folder, shown, settings };
        if let Some(earlier) = packages.get(&own) {
            return Err(same_name(&own, earlier, &package).into());
        }
        packages.insert(own, package);
    }
    Ok(packages)
}

/// The files of every package.
pub fn files(packages: &IndexMap<String, Package>) -> Result<(Vec<Loaded>, Vec<Diagnostic>), Error> {
    let mut loaded = Vec::with_capacity(packages.len());
    let mut diagnostics = Vec::new();
    for (name, package) in packages {
        let listed = files::list(&package.root, &package.settings)?;
        let mut sources = Vec::with_capacity(listed.len());
        for file in files::read(listed)? {
            match file {
                Ok(source) => sources.push(source),
                Err(diagnostic) => diagnostics.push(diagnostic),
            }
        }
        loaded.push(Loaded { package: name.clone(), sources });
    }
    Ok((loaded, diagnostics))
}

fn folders(install: &Path) -> Result<Vec<PathBuf>, Error> {
    let entries = match std::fs::read_dir(install) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(Error::File { action: "list", path: install.to_owned(), source }),
    };
    let mut found: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .filter(|entry| !entry.file_name().to_string_lossy().starts_with(['.', '_']))
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect();
    found.sort();
    Ok(found)
}

fn check_installed(options: &ReadOptions, root: &Settings, installed: usize) -> Result<(), Error> {
    let wanted = super::spec::read(options, &options.project_dir)?;
    if wanted.packages.len() <= installed {
        return Ok(());
    }
    Err(Diagnostic::error(
        code::PACKAGE,
        format!(
            "dbt found {} package(s) specified in {}, but only {installed} package(s) installed in {}. Run \"dbt \
             deps\" to install package dependencies.",
            wanted.packages.len(),
            wanted.file,
            root.packages_install_path
        ),
    )
    .event("CompilationError")
    .hint("run `dp deps`")
    .into())
}

fn same_name(name: &str, earlier: &Package, later: &Package) -> Diagnostic {
    let of =
        |package: &Package| if package.shown.is_empty() { ".".to_owned() } else { package.shown.clone() };
    Diagnostic::error(
        code::PACKAGE,
        format!(
            "dbt found more than one package with the name \"{name}\" included in this project:\n- {}\n- {}",
            of(earlier),
            of(later)
        ),
    )
    .event("CompilationError")
}
