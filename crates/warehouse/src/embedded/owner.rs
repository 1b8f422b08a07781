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
        Ok(Some(Self::from(user)))
    }

    /// Who owns an existing cluster, unless that is root: the one who must go on running it.
    pub fn of_existing(data: &Path) -> Option<Self> {
        let uid = std::fs::metadata(data)
            .ok()
            .map(|data| Uid::from_raw(data.uid()))
            .filter(|uid| !uid.is_root())?;
        User::from_uid(uid).ok().flatten().map(Self::from)
    }

    /// The user's number.
    pub fn uid(&self) -> u32 {
        self.uid.as_raw()
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

impl From<User> for Owner {
    fn from(user: User) -> Self {
        Self { uid: user.uid, gid: user.gid, name: user.name }
    }
}

/// The name of a user, if the system knows it.
pub(crate) fn name_of(uid: u32) -> Option<String> {
    User::from_uid(Uid::from_raw(uid)).ok().flatten().map(|user| user.name)
}

/// The number of this process's user.
pub(crate) fn own_uid() -> u32 {
    nix::unistd::geteuid().as_raw()
}
