//! Who runs the server: ourselves, or, since Postgres refuses root, an unprivileged user.

use super::{Error, Result};
use nix::unistd::{Gid, Uid, User, chown};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

/// The unprivileged user that a root process runs the server as.
#[derive(Clone, Debug)]
pub(crate) struct Owner {
    uid: Uid,
    gid: Gid,
    pub name: String,
}

impl Owner {
    /// `postgres` or `nobody` when we are root; nobody when we are not, since then we run it ourselves.
    pub fn when_root() -> Result<Option<Self>> {
        if !nix::unistd::geteuid().is_root() {
            return Ok(None);
        }
        let user = ["postgres", "nobody"].iter().find_map(|name| User::from_name(name).ok().flatten());
        let user = user.ok_or(Error::NoUnprivilegedUser)?;
        Ok(Some(Self { uid: user.uid, gid: user.gid, name: user.name }))
    }

    /// Gives a file or folder to the user.
    pub fn give(&self, path: &Path) -> Result<()> {
        chown(path, Some(self.uid), Some(self.gid))
            .map_err(|error| Error::io("give away", path)(error.into()))
    }

    /// Runs the command as the user, with none of our groups.
    pub fn run(&self, command: &mut Command) {
        command.uid(self.uid.as_raw()).gid(self.gid.as_raw());
    }

    /// Whether the user can pass through every folder down to `path`, as far as it exists.
    pub fn can_enter(&self, path: &Path) -> bool {
        path.ancestors().filter_map(|folder| std::fs::metadata(folder).ok()).all(|folder| {
            let mode = folder.permissions().mode();
            let wanted = if folder.uid() == self.uid.as_raw() {
                0o100
            } else if folder.gid() == self.gid.as_raw() {
                0o010
            } else {
                0o001
            };
            mode & wanted != 0
        })
    }
}

/// The name under which the system knows this process's user, if it knows it.
pub(crate) fn own_name() -> Option<String> {
    User::from_uid(nix::unistd::geteuid()).ok().flatten().map(|user| user.name)
}
