//! Where the source is.

use std::path::PathBuf;

/// The root of the workspace: `cargo run` names the folder of xtask, which lies in it.
pub fn root() -> PathBuf {
    let xtask = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    xtask.and_then(|xtask| xtask.parent().map(PathBuf::from)).unwrap_or_else(|| PathBuf::from("."))
}
