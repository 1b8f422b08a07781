//! Programs measured from outside: how long they take, and how much memory they hold at most.

use crate::workspace;
use anyhow::{Context, bail};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// How often a running program's memory is looked at. The system keeps the maximum itself.
const GLANCE: Duration = Duration::from_millis(20);

/// What a program took.
#[derive(Clone, Copy, Debug)]
pub struct Figure {
    /// Seconds from start to end.
    pub seconds: f64,
    /// Bytes of memory held at most by the program itself; known on Linux.
    pub peak: Option<u64>,
}

/// Runs a program to its end; its output is kept, not shown. A program that fails is an error that says what it
/// said.
pub fn program(command: &mut Command) -> anyhow::Result<(Figure, Output)> {
    watched(command, watch)
}

/// The same, but the memory is what the program and the processes beside it hold together at one time, of their
/// own: without what they share, such as the server's buffers and the pages of files. `beside` gives the folders
/// of these processes.
pub fn program_beside(
    command: &mut Command,
    beside: fn() -> Vec<PathBuf>,
) -> anyhow::Result<(Figure, Output)> {
    watched(command, |child| watch_beside(child, beside))
}

fn watched(
    command: &mut Command,
    watch: impl FnOnce(&Child) -> std::thread::JoinHandle<Option<u64>>,
) -> anyhow::Result<(Figure, Output)> {
    let name = command.get_program().to_string_lossy().into_owned();
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let begun = Instant::now();
    let child = command.spawn().with_context(|| format!("failed to start {name}"))?;
    let watch = watch(&child);
    let output = child.wait_with_output().with_context(|| format!("failed to wait for {name}"))?;
    let seconds = begun.elapsed().as_secs_f64();
    let peak = watch.join().ok().flatten();
    if !output.status.success() {
        let said = [&output.stdout[..], &output.stderr[..]].concat();
        let said = String::from_utf8_lossy(&said);
        let last: Vec<&str> = said.lines().rev().take(12).collect();
        bail!("{name} failed:\n{}", last.into_iter().rev().collect::<Vec<_>>().join("\n"));
    }
    Ok((Figure { seconds, peak }, output))
}

fn watch(child: &Child) -> std::thread::JoinHandle<Option<u64>> {
    let status = PathBuf::from(format!("/proc/{}/status", child.id()));
    std::thread::spawn(move || {
        let mut peak = None;
        while let Some(now) = std::fs::read_to_string(&status).ok().and_then(|text| high_water(&text)) {
            peak = peak.max(Some(now));
            std::thread::sleep(GLANCE);
        }
        peak
    })
}

fn watch_beside(child: &Child, beside: fn() -> Vec<PathBuf>) -> std::thread::JoinHandle<Option<u64>> {
    let folder = PathBuf::from(format!("/proc/{}", child.id()));
    std::thread::spawn(move || {
        let mut peak = None;
        while let Some(own) = own_memory(&folder) {
            let others: u64 = beside().iter().filter_map(|other| own_memory(other)).sum();
            peak = peak.max(Some(own + others));
            std::thread::sleep(GLANCE);
        }
        peak
    })
}

/// What a process holds of its own, in bytes. A program that has ended holds nothing.
fn own_memory(process: &Path) -> Option<u64> {
    let status = std::fs::read_to_string(process.join("status")).ok()?;
    bytes(&status, "RssAnon:")
}

/// `VmHWM` of a status file, in bytes. A program that has ended has none.
fn high_water(status: &str) -> Option<u64> {
    bytes(status, "VmHWM:")
}

fn bytes(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

/// A program of the workspace, built for release.
pub fn release(package: &str, name: &str) -> anyhow::Result<PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(["build", "--release", "--quiet", "--package", package, "--bin", name])
        .current_dir(workspace::root())
        .status()
        .context("failed to start cargo")?;
    if !status.success() {
        bail!("failed to build {name}");
    }
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace::root().join("target"), PathBuf::from);
    Ok(target.join("release").join(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_high_water_mark() {
        assert_eq!(high_water("Name:\tdp\nVmHWM:\t   2048 kB\nVmRSS:\t 1 kB\n"), Some(2_097_152));
        assert_eq!(high_water("Name:\tdp\n"), None);
    }

    #[test]
    fn a_failing_program_says_why() {
        let problem =
            program(Command::new("sh").args(["-c", "echo no such table >&2; exit 3"])).expect_err("fails");
        assert!(problem.to_string().contains("no such table"), "{problem}");
    }
}
