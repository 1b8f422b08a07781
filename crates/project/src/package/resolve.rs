//! From what a project and its packages ask for to one version of each.

use crate::options::ReadOptions;
use crate::package::download;
use crate::package::error::Error;
use crate::package::git::{self, Repository};
use crate::package::lock::Locked;
use crate::package::registry::Registry;
use crate::package::spec::{self, Spec};
use crate::yaml;
use indexmap::IndexMap;
use platform_core::Event;
use platform_core::event::{Level, Tone};
use std::path::{Path, PathBuf};

/// One package, fetched.
#[derive(Clone, Debug)]
pub struct Pinned {
    /// What the lock file says of it.
    pub locked: Locked,
    /// Where its files are now; a folder of the user's for a local one.
    pub folder: PathBuf,
    /// A newer version of the registry.
    pub newest: Option<String>,
}

/// Fetches packages into a scratch folder.
pub struct Fetcher<'a> {
    /// The project.
    pub options: &'a ReadOptions,
    /// The registry.
    pub registry: Registry,
    /// Where they are fetched.
    pub scratch: &'a Path,
}

/// What was asked for so far, by identity.
#[derive(Default)]
struct Asked {
    specs: IndexMap<String, Spec>,
    done: IndexMap<String, (Spec, Pinned)>,
}

/// Every package that is needed, those of packages too.
pub fn resolve(fetcher: &Fetcher<'_>, wanted: &[Spec]) -> Result<Vec<Pinned>, Error> {
    let mut asked = Asked::default();
    for spec in wanted {
        asked.add(spec)?;
    }
    while let Some((key, spec)) = asked.open() {
        warn_unpinned(fetcher.options, &spec);
        let pinned = fetcher.fetch(&spec, asked.done.len())?;
        let more = spec::read(fetcher.options, &pinned.folder)?;
        asked.done.insert(key, (spec, pinned));
        for spec in &more.packages {
            asked.add(spec)?;
        }
    }
    // In the order in which they were asked for, whatever had to be fetched twice.
    let mut pinned = Vec::new();
    for key in asked.specs.keys() {
        if let Some((_, found)) = asked.done.get(key) {
            pinned.push(found.clone());
        }
    }
    one_name_each(&pinned)?;
    Ok(pinned)
}

impl Asked {
    fn add(&mut self, spec: &Spec) -> Result<(), Error> {
        let key = identity(spec);
        match self.specs.get_mut(&key) {
            None => drop(self.specs.insert(key, spec.clone())),
            Some(known) => merge(known, spec)?,
        }
        Ok(())
    }

    /// Something that is not fetched yet, or was before more was asked of it.
    fn open(&self) -> Option<(String, Spec)> {
        let is_done = |key: &String, spec: &Spec| self.done.get(key).is_some_and(|(known, _)| known == spec);
        let found = self.specs.iter().find(|(key, spec)| !is_done(key, spec));
        found.map(|(key, spec)| (key.clone(), spec.clone()))
    }
}

/// What makes two entries one package.
pub fn identity(spec: &Spec) -> String {
    match spec {
        Spec::Local { path } => format!("local {path}"),
        Spec::Git { url, subdirectory, .. } => {
            let url = url.trim_end_matches('/').trim_end_matches(".git");
            format!("git {url} {}", subdirectory.as_deref().unwrap_or_default())
        }
        Spec::Tarball { url, .. } => format!("tarball {url}"),
        Spec::Registry { package, .. } => format!("package {}", package.to_lowercase()),
        Spec::Private { name, subdirectory, .. } => {
            format!("private {name} {}", subdirectory.as_deref().unwrap_or_default())
        }
    }
}

fn merge(known: &mut Spec, more: &Spec) -> Result<(), Error> {
    match (known, more) {
        (
            Spec::Registry { version, prerelease, .. },
            Spec::Registry { version: other, prerelease: allowed, .. },
        ) => {
            version.extend(other.iter().filter(|it| !version.contains(it)).cloned().collect::<Vec<_>>());
            *prerelease |= *allowed;
        }
        (
            Spec::Git { written, revision, warn_unpinned, .. },
            Spec::Git { revision: other, warn_unpinned: warned, .. },
        ) => {
            *warn_unpinned &= *warned;
            match (&revision, other) {
                (Some(one), Some(two)) if one != two => {
                    return Err(Error::Revisions {
                        url: written.clone(),
                        revisions: format!("{one}, {two}"),
                    });
                }
                (None, Some(_)) => revision.clone_from(other),
                _ => {}
            }
        }
        _ => {}
    }
    Ok(())
}

fn one_name_each(pinned: &[Pinned]) -> Result<(), Error> {
    for (at, package) in pinned.iter().enumerate() {
        if pinned[..at].iter().any(|other| other.locked.name == package.locked.name) {
            return Err(Error::SameName(package.locked.name.clone()));
        }
    }
    Ok(())
}

fn warn_unpinned(options: &ReadOptions, spec: &Spec) {
    let Spec::Git { written, revision, warn_unpinned: true, .. } = spec else { return };
    let how = match revision.as_deref() {
        None | Some("HEAD") => "is not pinned, using HEAD (default branch).".to_owned(),
        Some(branch @ ("main" | "master")) => format!("is pinned to the \"{branch}\" branch."),
        Some(_) => return,
    };
    let message = format!(
        "The git package \"{written}\" \n\t{how}\n\tThis can introduce breaking changes into your project without \
         warning!\n\thint: name a tag or a commit as its `revision`, or say `warn-unpinned: false`"
    );
    options.events.send(
        Event::new(Level::Warn, "DepsUnpinned", message)
            .code("M029")
            .toned(Tone::Caution)
            .with("git", written.as_str())
            .with("revision", revision.as_deref().unwrap_or("HEAD")),
    );
}

impl Fetcher<'_> {
    /// Fetches one package.
    pub fn fetch(&self, spec: &Spec, number: usize) -> Result<Pinned, Error> {
        let folder = self.scratch.join(number.to_string());
        if folder.exists() {
            std::fs::remove_dir_all(&folder).map_err(|source| Error::File {
                action: "delete",
                path: folder.clone(),
                source,
            })?;
        }
        let mut newest = None;
        let (spec, folder) = match spec {
            Spec::Local { path } => (spec.clone(), self.options.project_dir.join(path)),
            Spec::Git { url, written, revision, subdirectory, .. } => {
                let repository = Repository { url, shown: written };
                let commit = git::check_out(repository, revision.as_deref(), &folder)?;
                let inside = match subdirectory {
                    Some(subdirectory) => below(&folder, subdirectory)?,
                    None => folder,
                };
                let mut pinned = spec.clone();
                if let Spec::Git { revision, .. } = &mut pinned {
                    *revision = Some(commit);
                }
                (pinned, inside)
            }
            Spec::Tarball { url, .. } => {
                unpack(url, &folder)?;
                (spec.clone(), folder)
            }
            Spec::Registry { package, version, prerelease } => {
                let release = self.registry.find(package, version, *prerelease)?;
                if release.package != *package {
                    self.options.events.send(moved(package, &release.package));
                }
                unpack(&release.tarball, &folder)?;
                newest = (release.newest != release.text).then_some(release.newest);
                let version = vec![release.text];
                (Spec::Registry { package: release.package, version, prerelease: *prerelease }, folder)
            }
            Spec::Private { name, .. } => {
                return Err(Error::Unsupported(format!(
                    "Private packages are not supported: {name}\nhint: name the repository as a `git` package"
                )));
            }
        };
        let name = project_name(&folder, &shown(&spec))?;
        Ok(Pinned { locked: Locked { spec, name }, folder, newest })
    }
}

fn unpack(url: &str, folder: &Path) -> Result<(), Error> {
    let missing = || Error::Download { url: url.to_owned(), why: "the server has no such file".to_owned() };
    download::unpack(&download::get(url)?.ok_or_else(missing)?, folder)
}

/// What is told of a package that goes by another name now.
fn moved(old: &str, new: &str) -> Event {
    let message = format!(
        "[WARNING]: The `{old}` package is deprecated in favor of `{new}`. Please update your `packages.yml` configuration \
         to use `{new}` instead."
    );
    Event::new(Level::Warn, "PackageRedirectDeprecation", message).with("old_name", old).with("new_name", new)
}

/// A folder below another one, and really below it.
fn below(folder: &Path, subdirectory: &str) -> Result<PathBuf, Error> {
    let path = Path::new(subdirectory);
    let inside =
        path.is_relative() && path.components().all(|part| !matches!(part, std::path::Component::ParentDir));
    if !inside {
        return Err(Error::Unsupported(format!("`subdirectory: {subdirectory}` leaves the repository")));
    }
    Ok(folder.join(path))
}

/// The `name` of the package's dbt_project.yml.
fn project_name(folder: &Path, shown: &str) -> Result<String, Error> {
    let missing = || Error::NoProject { shown: shown.to_owned() };
    let path = ["dbt_project.yml", "dbt_project.yaml"].iter().map(|name| folder.join(name));
    let path = path.into_iter().find(|path| path.is_file()).ok_or_else(missing)?;
    let text = std::fs::read_to_string(&path).map_err(|source| Error::File {
        action: "read",
        path: path.clone(),
        source,
    })?;
    let document = yaml::parse("dbt_project.yml", text)
        .map_err(|error| Error::Project(yaml::diagnostic(&error).into()))?;
    document.root.text_of("name").map(str::to_owned).ok_or_else(missing)
}

/// A package as messages name it.
pub fn shown(spec: &Spec) -> String {
    match spec {
        Spec::Local { path } => path.clone(),
        Spec::Git { written, subdirectory: Some(subdirectory), .. } => format!("{written}/{subdirectory}"),
        Spec::Git { written, .. } => written.clone(),
        Spec::Tarball { name, .. } | Spec::Private { name, .. } => name.clone(),
        Spec::Registry { package, .. } => package.clone(),
    }
}
