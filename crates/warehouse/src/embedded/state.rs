//! What is known of the last start, in `state.json`: enough to use the server without asking anybody.

use super::finder::Binaries;
use super::place::{self, Place};
use super::{Error, Result};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// A server that was started.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Running {
    /// Its process.
    pub pid: i32,
    /// Its port on the loopback, and in the socket's name.
    pub port: u16,
    /// The socket's folder.
    pub socket: PathBuf,
    /// The binaries it runs from.
    pub binaries: Binaries,
}

impl Running {
    /// Keeps it for later starts.
    pub(super) fn write(&self, place: &Place) -> Result<()> {
        let text = serde_json::to_string_pretty(self).unwrap_or_default();
        place::write(&place.state(), &text, 0o644)
    }
}

/// The last start, whether it still runs or not.
pub(super) fn last(place: &Place) -> Option<Running> {
    serde_json::from_str(&std::fs::read_to_string(place.state()).ok()?).ok()
}

/// The file that the server itself keeps: `postmaster.pid` (storage/file layout of the manual, 73.1).
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PidFile {
    pub pid: i32,
    pub ready: bool,
}

impl PidFile {
    /// Reads it, where there is one.
    pub fn read(place: &Place) -> Result<Option<Self>> {
        let path = place.data().join("postmaster.pid");
        match std::fs::read_to_string(&path) {
            Ok(text) => Ok(Self::parse(&text)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::io("read", path)(error)),
        }
    }

    /// First line: the process; eighth: its state.
    fn parse(text: &str) -> Option<Self> {
        let pid = text.lines().next()?.trim().parse().ok()?;
        Some(Self { pid, ready: text.lines().nth(7).is_some_and(|state| state.trim() == "ready") })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_servers_file() {
        let text = "4711\n/data\n1700000000\n5432\n/socket\n127.0.0.1\n  1 2\nready   \n";
        assert_eq!(PidFile::parse(text), Some(PidFile { pid: 4711, ready: true }));
        assert_eq!(PidFile::parse("4711\n/data\n"), Some(PidFile { pid: 4711, ready: false }));
        assert_eq!(PidFile::parse(""), None);
    }
}
