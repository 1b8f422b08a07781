//! `deps`: settles on packages, writes the lock file, puts them into the project
//! (<https://docs.getdbt.com/reference/commands/deps>).

use crate::code;
use crate::error::Error as ProjectError;
use crate::options::ReadOptions;
use crate::package::error::Error;
use crate::package::lock::{self, Lock};
use crate::package::registry::Registry;
use crate::package::resolve::{Fetcher, Pinned, resolve, shown};
use crate::package::spec::{self, Spec, Wanted};
use crate::settings;
use platform_core::event::Level;
use platform_core::{Diagnostic, Event};
use std::path::{Path, PathBuf};

/// What is asked of `deps`.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Write the lock file and install nothing.
    pub lock: bool,
    /// Look for newer versions than the lock file has.
    pub upgrade: bool,
    /// Entries were just added to what is asked for.
    pub added: bool,
    /// The registry's address.
    pub hub: Option<String>,
}

/// Settles on packages and installs them; what was installed before stays until all is there.
pub fn install(options: &ReadOptions, request: &Request) -> Result<(), ProjectError> {
    run(options, request).map_err(ProjectError::from)
}

fn run(options: &ReadOptions, request: &Request) -> Result<(), Error> {
    let settings = settings::read_alone(options)?;
    let wanted = spec::read(options, &options.project_dir)?;
    if wanted.packages.is_empty() {
        let text = "Warning: No packages were found in packages.yml";
        options.events.send(Event::new(Level::Info, "DepsNoPackagesFound", text).code("M013"));
        return Ok(());
    }
    let folder = options.project_dir.join(&settings.packages_install_path);
    let scratch = scratch(&folder)?;
    let registry = Registry::new(request.hub.as_deref());
    let fetcher = Fetcher { options, registry, scratch: scratch.path() };
    let pinned = settle(&fetcher, request, &wanted, &settings.name)?;
    if !request.lock {
        put(options, &pinned, &folder, scratch.path())?;
    }
    Ok(())
}

/// What the lock file says, where it still answers what is asked for; else everything anew.
fn settle(
    fetcher: &Fetcher<'_>,
    request: &Request,
    wanted: &Wanted,
    project: &str,
) -> Result<Vec<Pinned>, Error> {
    let options = fetcher.options;
    let hash = lock::hash(&wanted.asked, !request.added);
    let wanted = wanted.packages.as_slice();
    let known = if request.upgrade { None } else { lock::read(options)? };
    if let Some(known) = known.as_ref().filter(|lock| lock.hash == hash) {
        return locked(fetcher, known);
    }
    let pinned = match resolve(fetcher, wanted) {
        Ok(pinned) => pinned,
        // Without a network, a lock file that answers everything is better than nothing.
        Err(error @ (Error::Download { .. } | Error::Clone { .. })) => {
            return match known.filter(|lock| lock::satisfies(lock, wanted)) {
                Some(known) => locked(fetcher, &known).map_err(|_| error),
                None => Err(error),
            };
        }
        Err(error) => return Err(error),
    };
    if pinned.iter().any(|package| package.locked.name == project) {
        let message = format!(
            "Found a dependency with the same name as the root project \"{project}\". Package names must be unique in a \
             project. Please rename one of these packages."
        );
        return Err(
            ProjectError::from(Diagnostic::error(code::PACKAGE, message).event("DbtProjectError")).into()
        );
    }
    let path = lock::path(&options.project_dir);
    let text = format!("Updating lock file in file path: {}", path.display());
    let event = Event::new(Level::Info, "DepsLockUpdating", text).code("M031");
    options.events.send(event.with("lock_filepath", path.display().to_string()));
    let packages: Vec<_> = pinned.iter().map(|package| package.locked.clone()).collect();
    lock::write(&options.project_dir, &packages, &hash)?;
    Ok(pinned)
}

fn locked(fetcher: &Fetcher<'_>, lock: &Lock) -> Result<Vec<Pinned>, Error> {
    let packages = lock.packages.iter().enumerate();
    packages.map(|(number, package)| fetcher.fetch(&package.spec, number)).collect()
}

/// A scratch folder beside the packages' own, so that renaming works.
fn scratch(folder: &Path) -> Result<tempfile::TempDir, Error> {
    let parent = folder.parent().unwrap_or(Path::new("."));
    let failed = |source| Error::File { action: "create", path: parent.to_owned(), source };
    std::fs::create_dir_all(parent).map_err(failed)?;
    tempfile::Builder::new().prefix(".dbt_packages-").tempdir_in(parent).map_err(failed)
}

/// Puts what was fetched in the place of what was installed.
fn put(options: &ReadOptions, pinned: &[Pinned], folder: &Path, scratch: &Path) -> Result<(), Error> {
    let ready = scratch.join("ready");
    create(&ready)?;
    for package in pinned {
        let (name, spec) = (&package.locked.name, &package.locked.spec);
        say(options, "DepsStartPackageInstall", "M014", &format!("Installing {}", shown(spec)));
        let place = ready.join(name);
        match spec {
            Spec::Local { path } => {
                link(&package.folder, &place)?;
                say(options, "DepsInstallInfo", "M015", &format!("Installed from <local @ {path}>"));
            }
            Spec::Git { revision, subdirectory, .. } => {
                relocate(&package.folder, &place)?;
                let revision = revision.as_deref().unwrap_or("HEAD");
                say(options, "DepsInstallInfo", "M015", &format!("Installed from revision {revision}"));
                if let Some(subdirectory) = subdirectory {
                    say(options, "DepsListSubdirectory", "M018", &format!("and subdirectory {subdirectory}"));
                }
            }
            Spec::Registry { version, .. } => {
                relocate(&package.folder, &place)?;
                let version = version.first().map(String::as_str).unwrap_or_default();
                say(options, "DepsInstallInfo", "M015", &format!("Installed from version {version}"));
                match &package.newest {
                    Some(newest) => {
                        let text = format!("Updated version available: {newest}");
                        say(options, "DepsUpdateAvailable", "M016", &text);
                    }
                    None => say(options, "DepsUpToDate", "M017", "Up to date!"),
                }
            }
            Spec::Tarball { url, .. } => {
                relocate(&package.folder, &place)?;
                say(options, "DepsInstallInfo", "M015", &format!("Installed from tarball (url: {url})"));
            }
            Spec::Private { .. } => {}
        }
    }
    let outdated: Vec<String> =
        pinned.iter().filter(|it| it.newest.is_some()).map(|it| shown(&it.locked.spec)).collect();
    if folder.exists() || folder.is_symlink() {
        rename(folder, &scratch.join("former"))?;
    }
    rename(&ready, folder)?;
    if !outdated.is_empty() {
        let text = format!(
            "Updates available for packages: {}\nUpdate your versions in packages.yml, then run `deps`",
            outdated.join(", ")
        );
        say(options, "DepsNotifyUpdatesAvailable", "M019", &text);
    }
    Ok(())
}

fn say(options: &ReadOptions, name: &str, code: &str, text: &str) {
    options.events.send(Event::new(Level::Info, name, text).code(code));
}

fn create(folder: &Path) -> Result<(), Error> {
    std::fs::create_dir_all(folder).map_err(|source| Error::File {
        action: "create",
        path: folder.to_owned(),
        source,
    })
}

fn rename(from: &Path, to: &Path) -> Result<(), Error> {
    std::fs::rename(from, to).map_err(|source| Error::File { action: "replace", path: to.to_owned(), source })
}

/// Moves a fetched folder to its place, without what only git needs.
fn relocate(from: &Path, to: &Path) -> Result<(), Error> {
    let history = from.join(".git");
    if history.is_dir() {
        // A leftover history is no harm.
        drop(std::fs::remove_dir_all(&history));
    }
    rename(from, to)
}

/// A local package stays where it is: what is edited there counts at once.
fn link(from: &Path, to: &Path) -> Result<(), Error> {
    let failed = |source| Error::File { action: "link", path: from.to_owned(), source };
    let real: PathBuf = std::fs::canonicalize(from).map_err(failed)?;
    #[cfg(unix)]
    return std::os::unix::fs::symlink(&real, to).map_err(failed);
    #[cfg(not(unix))]
    return copy(&real, to).map_err(failed);
}

#[cfg(not(unix))]
fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?
        } else {
            drop(std::fs::copy(entry.path(), target)?)
        }
    }
    Ok(())
}
