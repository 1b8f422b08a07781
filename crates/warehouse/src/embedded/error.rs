//! What can go wrong with the embedded server, and what the person does next.

use std::path::PathBuf;

/// Failures of the embedded server.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or folder of the server.
    #[error("{verb} {path}: {source}", path = path.display())]
    Io {
        /// What was tried.
        verb: &'static str,
        /// With what.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The disk is full.
    #[error(
        "write to {folder}: the disk is full\nhint: free some space and start again; nothing is damaged",
        folder = folder.display()
    )]
    DiskFull {
        /// Where.
        folder: PathBuf,
    },
    /// Root, and nobody to run the server as.
    #[error(
        "run Postgres as root: it refuses, and there is neither a user `postgres` nor `nobody` to run it as\n\
         hint: create one (`useradd --system postgres`), or set DATABASE_URL to a server of yours"
    )]
    NoUnprivilegedUser,
    /// No folder that the unprivileged user can reach.
    #[error(
        "find a folder for Postgres that user `{user}` can enter: tried {tried}\n\
         hint: move the project, or set DATABASE_URL to a server of yours"
    )]
    NoPlace {
        /// The user.
        user: String,
        /// The folders.
        tried: String,
    },
    /// No binaries, and no way to fetch them.
    #[error(
        "find a Postgres server: no `initdb` and `postgres` on this machine{because}\n\
         hint: install one with `{install}`, or set DATABASE_URL=postgres://user:password@host/dbname to use a server of yours"
    )]
    NoBinaries {
        /// Why none could be fetched, beginning with a comma or empty.
        because: String,
        /// The command for this platform.
        install: &'static str,
    },
    /// What was fetched is not what was pinned.
    #[error(
        "check {package}: its sha512 is {got}, pinned is {pinned}\nhint: do not use it; install Postgres instead"
    )]
    Checksum {
        /// The package.
        package: String,
        /// What came.
        got: String,
        /// What should have come.
        pinned: String,
    },
    /// The cluster is of another version than any binaries here.
    #[error(
        "start the cluster in {folder}: Postgres {cluster} made it, here is {found}\n\
         hint: install Postgres {cluster}, or delete the data with `cargo xtask db reset`",
        folder = folder.display(),
        found = if found.is_empty() { "none".to_owned() } else { found.join(", ") }
    )]
    OtherVersion {
        /// Major version of the cluster.
        cluster: u32,
        /// Versions found.
        found: Vec<String>,
        /// Where the cluster is.
        folder: PathBuf,
    },
    /// A server or a helper of it failed.
    #[error("{what}: {log}\nhint: {hint}")]
    Failed {
        /// What was tried.
        what: String,
        /// The last lines it wrote.
        log: String,
        /// What to do next.
        hint: String,
    },
    /// The cluster is another user's.
    #[error(
        "use the server in {folder}: it belongs to user `{user}`\n\
         hint: run as that user, or delete the folder (with its data)",
        folder = folder.display()
    )]
    OtherUser {
        /// Where the cluster is.
        folder: PathBuf,
        /// Whose it is.
        user: String,
    },
    /// Others use the server.
    #[error(
        "stop the server in {folder}: another process uses it\nhint: wait for it to end, or add `--force`",
        folder = folder.display()
    )]
    InUse {
        /// Where the cluster is.
        folder: PathBuf,
    },
    /// The task was cancelled.
    #[error("start the server: the program is ending")]
    Interrupted,
}

impl Error {
    /// Wraps an I/O error; a full disk gets its own message.
    pub(super) fn io(verb: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| match source.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                Self::DiskFull { folder: path }
            }
            _ => Self::Io { verb, path, source },
        }
    }

    /// A failure of a program of Postgres, explained from what it wrote.
    pub(super) fn from_log(what: impl Into<String>, log: &str, folder: &std::path::Path) -> Self {
        if log.contains("No space left on device") {
            return Self::DiskFull { folder: folder.to_owned() };
        }
        let hint = if log.contains("Permission denied") {
            "the user that runs Postgres must be able to enter the folder and own its `data`".to_owned()
        } else if log.contains("could not look up effective user ID") {
            "Postgres runs only as a user with a name: add a line for it to /etc/passwd".to_owned()
        } else if log.contains("could not create shared memory segment")
            || log.contains("could not resize shared memory")
        {
            "raise the limit of shared memory (in Docker: `--shm-size=1g`)".to_owned()
        } else if log.contains("error while loading shared libraries") || log.contains("Library not loaded") {
            "the binaries need a library that is missing here: install Postgres with the system's package manager".to_owned()
        } else {
            format!(
                "see {}, or begin anew with `cargo xtask db reset` (deletes the data)",
                folder.join("server.log").display()
            )
        };
        let last: Vec<&str> = log.lines().rev().filter(|line| !line.trim().is_empty()).take(6).collect();
        let log = last.into_iter().rev().collect::<Vec<_>>().join("\n  ");
        Self::Failed { what: what.into(), log, hint }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[track_caller]
    fn explains(log: &str, words: &str) {
        let text = Error::from_log("start the server", log, Path::new("/project")).to_string();
        assert!(text.contains(words), "{text}");
    }

    #[test]
    fn logs_are_explained() {
        explains("FATAL: could not write lock file: No space left on device", "the disk is full");
        explains("could not access directory: Permission denied", "must be able to enter");
        explains("could not resize shared memory segment: ...", "--shm-size");
        explains("initdb: could not look up effective user ID 7: user does not exist", "/etc/passwd");
        explains("PANIC: could not locate a valid checkpoint record", "db reset");
        let full = Error::io("write", "/project/x")(std::io::Error::from(std::io::ErrorKind::StorageFull));
        assert!(matches!(full, Error::DiskFull { .. }));
    }
}
