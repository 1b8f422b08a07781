//! `cargo xtask tidy`: the rules of ARCHITECTURE.md and STYLE.md that a machine can check.

mod arrows;
mod files;
mod sql;

use crate::workspace;
use anyhow::Context;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// Something to mend: where, and what.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Finding {
    place: String,
    text: String,
}

/// Writes what is to be mended.
pub fn run() -> anyhow::Result<ExitCode> {
    let findings = check(&workspace::root())?;
    let mut talk = std::io::stderr();
    for finding in &findings {
        writeln!(talk, "{}: {}", finding.place, finding.text)?;
    }
    if findings.is_empty() {
        writeln!(talk, "── tidy")?;
        return Ok(ExitCode::SUCCESS);
    }
    writeln!(talk, "tidy: {} to mend", findings.len())?;
    Ok(ExitCode::FAILURE)
}

/// All findings, in order.
fn check(root: &Path) -> anyhow::Result<Vec<Finding>> {
    let paths = tracked(root)?;
    let mut findings = arrows::check(root)?;
    for path in &paths {
        let Ok(text) = std::fs::read_to_string(root.join(path)) else { continue };
        findings.extend(files::check(path, &text));
        findings.extend(sql::check(path, &text));
    }
    findings.sort();
    Ok(findings)
}

/// The files that are, or will be, in the repository.
fn tracked(root: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let output = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output()
        .context("list the repository's files with git")?;
    anyhow::ensure!(
        output.status.success(),
        "git ls-files: {}",
        String::from_utf8_lossy(&output.stderr).trim()
    );
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.split('\0').filter(|path| !path.is_empty()).map(PathBuf::from).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workspace_is_tidy() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace");
        let findings = check(root).expect("the files can be read");
        let lines: Vec<String> = findings.iter().map(|f| format!("{}: {}", f.place, f.text)).collect();
        assert!(lines.is_empty(), "{}", lines.join("\n"));
    }
}
