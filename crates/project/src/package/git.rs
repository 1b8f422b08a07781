//! Packages in git repositories, fetched by the `git` program: its credentials, proxies and `url.*.insteadOf` hold.

use crate::package::error::Error;
use std::path::Path;
use std::process::Command;

/// A repository as a project names it.
#[derive(Clone, Copy, Debug)]
pub struct Repository<'a> {
    /// Its address, secrets rendered.
    pub url: &'a str,
    /// The address as messages show it.
    pub shown: &'a str,
}

/// Checks out a revision (branch, tag, commit; the default branch if none) into a folder that doesn't exist yet, and
/// gives the commit.
pub fn check_out(repository: Repository<'_>, revision: Option<&str>, folder: &Path) -> Result<String, Error> {
    if let Some(revision) = revision.filter(|revision| revision.starts_with('-')) {
        return Err(Error::Revision { url: repository.shown.to_owned(), revision: revision.to_owned() });
    }
    let path = folder.as_os_str();
    let clone = |more: &[&str]| {
        let mut command = git(None);
        command.arg("clone").arg("--quiet").args(more).arg("--").arg(repository.url).arg(path);
        run(command, repository)
    };
    match revision {
        None => drop(clone(&["--depth", "1"])?),
        // A branch or a tag needs no history. A commit does, unless the server hands out single ones.
        Some(revision) if clone(&["--depth", "1", "--branch", revision]).is_ok() => {}
        Some(revision) => {
            clear(folder)?;
            clone(&["--no-checkout"])?;
            let mut command = git(Some(folder));
            command.args(["checkout", "--quiet", "--detach", revision]);
            let checked_out = run(command, repository).or_else(|refused| {
                let mut command = git(Some(folder));
                command.args(["checkout", "--quiet", "--detach", &format!("origin/{revision}")]);
                run(command, repository).map_err(|_| refused)
            });
            checked_out.map_err(|_| Error::Revision {
                url: repository.shown.to_owned(),
                revision: revision.to_owned(),
            })?;
        }
    }
    let mut command = git(Some(folder));
    command.args(["rev-parse", "HEAD"]);
    Ok(run(command, repository)?.trim().to_owned())
}

fn git(folder: Option<&Path>) -> Command {
    let mut command = Command::new("git");
    // Nobody is there to type a password.
    command.env("GIT_TERMINAL_PROMPT", "0").env("LC_ALL", "C");
    if let Some(folder) = folder {
        command.arg("-C").arg(folder);
    }
    command
}

fn run(mut command: Command, repository: Repository<'_>) -> Result<String, Error> {
    let output = command.output().map_err(Error::Git)?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    // What git says may repeat the address with its secrets.
    let said = String::from_utf8_lossy(&output.stderr).replace(repository.url, repository.shown);
    Err(Error::Clone { url: repository.shown.to_owned(), said: said.trim().to_owned() })
}

fn clear(folder: &Path) -> Result<(), Error> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::File { action: "delete", path: folder.to_owned(), source: error })
        }
        _ => Ok(()),
    }
}
