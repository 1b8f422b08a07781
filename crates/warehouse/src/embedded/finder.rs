//! Finding the server's binaries on this machine.

use crate::settings::Environment;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The oldest server that the platform is made for.
const OLDEST: u32 = 13;

/// A folder with `initdb` and `postgres`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binaries {
    /// The folder.
    pub folder: PathBuf,
    /// Version, e.g. `15.18`.
    pub version: String,
    /// Major version, e.g. 15.
    pub major: u32,
}

impl Binaries {
    /// Asks the binaries of a folder for their version.
    pub(super) fn ask(folder: &Path) -> Option<Self> {
        if !folder.join("initdb").is_file() || !folder.join("postgres").is_file() {
            return None;
        }
        let output =
            Command::new(folder.join("postgres")).arg("--version").stdin(Stdio::null()).output().ok()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let version = version_of(&text)?.to_owned();
        let major = version.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()?;
        Some(Self { folder: folder.to_owned(), version, major })
    }

    /// Whether they can still be run.
    pub(super) fn still_there(&self) -> bool {
        self.folder.join("initdb").is_file() && self.folder.join("postgres").is_file()
    }

    /// One of them.
    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

/// `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`: the word after the brackets.
fn version_of(text: &str) -> Option<&str> {
    text.split_once(") ")?.1.split_whitespace().next()
}

/// All usable binaries, the preferred first.
pub(super) fn find(environment: &Environment, cache: &Path) -> Vec<Binaries> {
    let mut found: Vec<Binaries> = Vec::new();
    for folder in folders(environment, cache) {
        let folder = std::fs::canonicalize(&folder).unwrap_or(folder);
        if found.iter().any(|known| known.folder == folder) {
            continue;
        }
        found.extend(Binaries::ask(&folder).filter(|binaries| binaries.major >= OLDEST));
    }
    found
}

/// The binaries for a cluster of that major version, or the preferred for a new one.
pub(super) fn choose(found: &[Binaries], cluster: Option<u32>) -> Option<Binaries> {
    found.iter().find(|binaries| cluster.is_none_or(|major| binaries.major == major)).cloned()
}

/// Where binaries may be: what the person says, what the path says, then where packages put them.
fn folders(environment: &Environment, cache: &Path) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = Vec::new();
    folders.extend(environment.get("PGBIN").map(PathBuf::from));
    let path = environment.get("PATH").map(String::as_str).unwrap_or_default();
    let on_path: Vec<PathBuf> = path.split(':').filter(|part| !part.is_empty()).map(PathBuf::from).collect();
    folders.extend(on_path.iter().cloned());
    folders.extend(pg_config(&on_path));
    for (parent, prefix, inside) in [
        ("/usr/lib/postgresql", "", "bin"),
        ("/opt/homebrew/opt", "postgresql@", "bin"),
        ("/usr/local/opt", "postgresql@", "bin"),
        ("/home/linuxbrew/.linuxbrew/opt", "postgresql@", "bin"),
        ("/Applications/Postgres.app/Contents/Versions", "", "bin"),
        ("/usr", "pgsql-", "bin"),
        ("/usr/local", "pgsql", "bin"),
    ] {
        folders.extend(newest_first(Path::new(parent), prefix).into_iter().map(|folder| folder.join(inside)));
    }
    folders.extend(newest_first(cache, "").into_iter().map(|package| package.join("bin")));
    folders
}

fn pg_config(path: &[PathBuf]) -> Option<PathBuf> {
    let program = path.iter().map(|folder| folder.join("pg_config")).find(|program| program.is_file())?;
    let output = Command::new(program).arg("--bindir").stdin(Stdio::null()).output().ok()?;
    let folder = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    (!folder.is_empty()).then(|| PathBuf::from(folder))
}

/// The folders in `parent` whose name begins with `prefix`, by the number that follows, newest first.
fn newest_first(parent: &Path, prefix: &str) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(parent) else { return Vec::new() };
    let mut folders: Vec<(u32, PathBuf)> = entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let number = name.strip_prefix(prefix)?.trim_start_matches(|c: char| !c.is_ascii_digit());
            let major = number.split(|c: char| !c.is_ascii_digit()).next()?.parse().unwrap_or(0);
            Some((major, entry.path()))
        })
        .collect();
    folders.sort_by(|a, b| b.cmp(a));
    folders.into_iter().map(|(_, folder)| folder).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_versions() {
        assert_eq!(version_of("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"), Some("15.18"));
        assert_eq!(version_of("postgres (PostgreSQL) 17devel\n"), Some("17devel"));
        assert_eq!(version_of("nonsense"), None);
    }

    #[test]
    fn a_cluster_keeps_its_version() {
        let of = |major: u32| Binaries { folder: PathBuf::new(), version: major.to_string(), major };
        let found = [of(17), of(15)];
        assert_eq!(choose(&found, None).map(|b| b.major), Some(17));
        assert_eq!(choose(&found, Some(15)).map(|b| b.major), Some(15));
        assert_eq!(choose(&found, Some(14)), None);
    }
}
