//! `cargo xtask web`: is what the site embeds of others what npm has?
//!
//! The site has no build step: its scripts are served as they stand in `crates/docs/web`. One of them is a library,
//! committed so that building the platform needs cargo alone.

use crate::workspace;
use anyhow::{Context, bail};
use clap::Args;
use std::io::Write;
use std::path::Path;
use std::process::{Command, ExitCode};

/// The library that lays out graphs in the browser, as npm names it.
const PACKAGE: &str = "@dagrejs/dagre";
const VERSION: &str = "3.1.3";

/// A file of the package and where it is committed.
const FILES: [(&str, &str); 2] = [("dist/dagre.min.js", "dagre.min.js"), ("LICENSE", "LICENSE")];

/// Compares the embedded library with the package of its version.
#[derive(Debug, Args)]
pub struct Web {
    /// Take the package's files where they differ
    #[arg(long)]
    write: bool,
}

/// Fetches the package, and fails where the committed files differ.
pub fn run(options: &Web) -> anyhow::Result<ExitCode> {
    let folder = workspace::root().join("target/web");
    std::fs::create_dir_all(&folder).with_context(|| format!("failed to make {}", folder.display()))?;
    fetch(&folder)?;
    let committed = workspace::root().join("crates/docs/web/dagre");
    let mut out = std::io::stdout().lock();
    let mut differ = false;
    for (name, bytes) in files(&folder)? {
        let path = committed.join(name);
        if std::fs::read(&path).is_ok_and(|known| known == bytes) {
            writeln!(out, "{name}: as in {PACKAGE} {VERSION}")?;
        } else if options.write {
            std::fs::write(&path, bytes).with_context(|| format!("failed to write {}", path.display()))?;
            writeln!(out, "{name}: taken from {PACKAGE} {VERSION}")?;
        } else {
            writeln!(
                out,
                "{name}: differs from {PACKAGE} {VERSION}; `cargo xtask web --write` takes the package's"
            )?;
            differ = true;
        }
    }
    Ok(if differ { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Installs the package below `folder`; nothing of it is run.
fn fetch(folder: &Path) -> anyhow::Result<()> {
    let mut npm = Command::new("npm");
    npm.args(["install", "--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"]);
    let output =
        npm.arg(folder).arg(format!("{PACKAGE}@{VERSION}")).output().context("failed to start npm")?;
    if !output.status.success() {
        bail!("npm could not fetch {PACKAGE} {VERSION}: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}

/// The files as they are to be committed: byte for byte, but for the last line, which names a map that we don't ship.
fn files(folder: &Path) -> anyhow::Result<Vec<(&'static str, Vec<u8>)>> {
    let package = folder.join("node_modules").join(PACKAGE);
    let read = |(from, to): (&str, &'static str)| {
        let path = package.join(from);
        let text =
            std::fs::read_to_string(&path).with_context(|| format!("failed to read {}", path.display()))?;
        let kept = match text.split_once("//# sourceMappingURL=") {
            Some((code, _)) => code.to_owned(),
            None => text,
        };
        Ok((to, kept.into_bytes()))
    };
    FILES.into_iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_library_is_that_of_npm() {
        let fetched = tempfile::tempdir().expect("a folder");
        if let Err(why) = fetch(fetched.path()) {
            let _ = writeln!(
                std::io::stderr(),
                "SKIPPED: the embedded library was not compared with npm's: {why:#}"
            );
            return;
        }
        let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/docs/web/dagre");
        for (name, bytes) in files(fetched.path()).expect("the package's files") {
            let known = std::fs::read(committed.join(name)).expect("the committed file");
            assert!(
                known == bytes,
                "{name} differs from {PACKAGE} {VERSION}; `cargo xtask web --write` takes it"
            );
        }
    }
}
