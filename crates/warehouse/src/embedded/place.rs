//! Where a project's server lives: its folder, its files, its socket.

use super::owner::{self, Owner};
use super::{Error, Result};
use crate::settings::Environment;
use sha2::{Digest as _, Sha256};
use std::fs::{File, OpenOptions, Permissions};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Longest path of a unix socket: 108 bytes on Linux and 104 on the BSDs, the ending zero included.
const SOCKET_LIMIT: usize = if cfg!(target_os = "linux") { 107 } else { 103 };

/// The longest file name of a socket.
const SOCKET_NAME: &str = "/.s.PGSQL.65535";

/// Folders of the system in which root keeps what the unprivileged user must reach.
const SYSTEM_FOLDERS: [&str; 2] = ["/var/lib/data-platform", "/var/tmp/data-platform"];

/// A server's folder.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub root: PathBuf,
    name: String,
}

impl Place {
    /// The folder for the server of `project`, and who runs it: inside the project where the server's
    /// user can go there. Root goes on with a cluster that the project's owner has made.
    pub fn choose(project: &Path, inside: &Path) -> Result<(Self, Option<Owner>)> {
        let project = std::fs::canonicalize(project).map_err(Error::io("open", project))?;
        let root = project.join(inside);
        let name = hex::encode(&Sha256::digest(root.as_os_str().as_encoded_bytes())[..8]);
        let Some(owner) = Owner::when_root()? else {
            let place = Self { root, name };
            return place.check_own().map(|()| (place, None));
        };
        let owner = Owner::of_existing(&root.join("data")).unwrap_or(owner);
        let mut tried = vec![root.display().to_string()];
        if owner.can_enter(&root) {
            return Ok((Self { root, name }, Some(owner)));
        }
        for folder in SYSTEM_FOLDERS {
            let root = Path::new(folder).join(&name);
            let made = make_system_folder(Path::new(folder)) && make_system_folder(&root);
            if made && owner.can_enter(&root) {
                return Ok((Self { root, name }, Some(owner)));
            }
            tried.push(root.display().to_string());
        }
        Err(Error::NoPlace { user: owner.name.clone(), tried: tried.join(", ") })
    }

    /// What another user made is his: his lock files and his data are closed to us.
    fn check_own(&self) -> Result<()> {
        match std::fs::metadata(&self.root) {
            Ok(root) if root.uid() != owner::own_uid() => {
                let user = owner::name_of(root.uid()).unwrap_or_else(|| root.uid().to_string());
                Err(Error::OtherUser { folder: self.root.clone(), user })
            }
            _ => Ok(()),
        }
    }

    /// Makes the folders, with the rights that each of them needs.
    pub fn make(&self, owner: Option<&Owner>) -> Result<()> {
        let socket = self.socket();
        if self.root.is_dir() && socket.is_dir() {
            return self.check_socket_owner(owner);
        }
        std::fs::create_dir_all(&self.root).map_err(Error::io("make", &self.root))?;
        let mode = if owner.is_some() { 0o711 } else { 0o700 };
        set_mode(&self.root, mode)?;
        if owner.is_some()
            && let Some(parent) = self.root.parent()
        {
            open_to_all(parent);
        }
        match std::fs::create_dir(&socket) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                return Err(Error::io("make", &socket)(error));
            }
            Ok(()) => {
                set_mode(&socket, 0o700)?;
                if let Some(owner) = owner {
                    owner.give(&socket)?;
                }
            }
            Err(_) => {}
        }
        self.check_socket_owner(owner)
    }

    /// A socket folder outside the place must not be somebody else's.
    fn check_socket_owner(&self, owner: Option<&Owner>) -> Result<()> {
        let socket = self.socket();
        if socket.starts_with(&self.root) {
            return Ok(());
        }
        let uid = owner.map_or_else(owner::own_uid, Owner::uid);
        let metadata = std::fs::symlink_metadata(&socket).map_err(Error::io("open", &socket))?;
        if metadata.is_dir() && metadata.uid() == uid && metadata.mode() & 0o777 == 0o700 {
            return Ok(());
        }
        Err(Error::io("use", &socket)(std::io::Error::other("it belongs to somebody else; delete it")))
    }

    /// The cluster.
    pub fn data(&self) -> PathBuf {
        self.root.join("data")
    }

    /// A cluster being made by this process; becomes [`Place::data`] when complete. Another process's
    /// may still be written to by a program that outlived it.
    pub fn data_in_the_making(&self) -> PathBuf {
        self.root.join(format!("data.{}.new", std::process::id()))
    }

    /// What others began to make and did not finish.
    pub fn remains(&self) -> Vec<PathBuf> {
        let Ok(entries) = std::fs::read_dir(&self.root) else { return Vec::new() };
        let unfinished = |name: &str| name.strip_suffix(".new").is_some_and(|name| name.starts_with("data."));
        let paths = entries.flatten().map(|entry| entry.path());
        paths.filter(|path| path.file_name().and_then(|name| name.to_str()).is_some_and(unfinished)).collect()
    }

    /// The socket's folder: beside the cluster, or where its path is short enough.
    pub fn socket(&self) -> PathBuf {
        let beside = self.root.join("socket");
        if beside.as_os_str().len() + SOCKET_NAME.len() <= SOCKET_LIMIT {
            return beside;
        }
        PathBuf::from(format!("/tmp/data-platform-{}", self.name))
    }

    /// The password of the role, readable by its owner alone.
    pub fn password(&self) -> PathBuf {
        self.root.join("password")
    }

    /// What the server writes.
    pub fn log(&self) -> PathBuf {
        self.root.join("server.log")
    }

    /// The last start, as [`super::state`] keeps it.
    pub fn state(&self) -> PathBuf {
        self.root.join("state.json")
    }

    /// Locked, shared, by every process that uses the server.
    pub fn users(&self) -> PathBuf {
        self.root.join("users.lock")
    }

    /// Locked by the process that starts or stops the server.
    pub fn starter(&self) -> PathBuf {
        self.root.join("start.lock")
    }

    /// Present while the server shall stay without users.
    pub fn keep(&self) -> PathBuf {
        self.root.join("keep")
    }
}

/// Opens a lock file, making it where needed.
pub(super) fn open_lock(path: &Path) -> Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o644);
    let file = options.open(path).map_err(Error::io("open", path))?;
    give_to_folder(path);
    Ok(file)
}

/// Writes a file in one step: a reader sees the old one or the new one.
pub(super) fn write(path: &Path, text: &str, mode: u32) -> Result<()> {
    // Threads of one process may write the same file at once.
    static WRITES: AtomicU64 = AtomicU64::new(0);
    let number = WRITES.fetch_add(1, Ordering::Relaxed);
    let new = path.with_extension(format!("{}-{number}.new", std::process::id()));
    let write = || {
        let mut options = OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(mode).open(&new)?;
        std::io::Write::write_all(&mut file, text.as_bytes())?;
        give_to_folder(&new);
        std::fs::rename(&new, path)
    };
    write().map_err(Error::io("write", path))
}

/// What root writes into somebody's folder is that person's, who will use it without root again.
pub(super) fn give_to_folder(path: &Path) {
    let Some(folder) = path.parent().and_then(|folder| std::fs::metadata(folder).ok()) else { return };
    if owner::own_uid() == 0 && folder.uid() != 0 {
        // Without it, that person is told whose files these are.
        let _ = std::os::unix::fs::lchown(path, Some(folder.uid()), Some(folder.gid()));
    }
}

/// Makes a folder of root's, through which everybody may pass; tells whether it is one.
fn make_system_folder(folder: &Path) -> bool {
    let made = std::fs::create_dir_all(folder).is_ok();
    // Under /var/tmp anybody could have made it, or a link.
    let ours = std::fs::symlink_metadata(folder)
        .is_ok_and(|it| it.is_dir() && it.uid() == 0 && it.mode() & 0o022 == 0);
    made && ours && open_to_all(folder)
}

fn set_mode(path: &Path, mode: u32) -> Result<()> {
    std::fs::set_permissions(path, Permissions::from_mode(mode)).map_err(Error::io("set the rights of", path))
}

/// Lets everybody pass through a folder (not list it); tells whether they can.
fn open_to_all(folder: &Path) -> bool {
    let Ok(metadata) = std::fs::metadata(folder) else { return false };
    let mode = metadata.permissions().mode() & 0o7777;
    mode & 0o111 == 0o111 || std::fs::set_permissions(folder, Permissions::from_mode(mode | 0o111)).is_ok()
}

/// Where fetched binaries are kept, for all projects.
pub(crate) fn cache(environment: &Environment, owner: Option<&Owner>) -> PathBuf {
    if owner.is_some() {
        let usable = SYSTEM_FOLDERS.iter().find(|folder| make_system_folder(Path::new(folder)));
        return Path::new(usable.unwrap_or(&SYSTEM_FOLDERS[1])).join("binaries");
    }
    let folder = |name: &str| environment.get(name).filter(|value| value.starts_with('/')).map(PathBuf::from);
    folder("XDG_CACHE_HOME")
        .or_else(|| folder("HOME").map(|home| home.join(".cache")))
        .unwrap_or_else(|| PathBuf::from("/var/tmp"))
        .join("data-platform")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_path_gets_its_socket_elsewhere() {
        let place = Place { root: PathBuf::from(format!("/srv/{}", "x".repeat(90))), name: "abc".to_owned() };
        assert_eq!(place.socket(), Path::new("/tmp/data-platform-abc"));
        let place = Place { root: PathBuf::from("/srv/x"), name: "abc".to_owned() };
        assert_eq!(place.socket(), Path::new("/srv/x/socket"));
    }
}
