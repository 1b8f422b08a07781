//! Broken projects, and what each of them is told: read the snapshots as a user would.
//!
//! A case is a project's files and a command; a kind of fault is a module of cases and a snapshot of its own.

#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a test that can't go on says so and fails"
)]

mod configuration;
mod deprecations;
mod jinja;
mod project_file;
mod properties;
mod references;
mod selection;

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

/// One broken project.
pub struct Case {
    /// What is broken.
    pub name: &'static str,
    /// Its files; those that every project has are added where they are missing.
    pub files: &'static [(&'static str, &'static str)],
    /// The command line after `dp`.
    pub command: &'static str,
}

/// A project that is broken when it is read.
pub const fn parse(name: &'static str, files: &'static [(&'static str, &'static str)]) -> Case {
    Case { name, files, command: "parse" }
}

const ALWAYS: [(&str, &str); 2] = [
    ("dbt_project.yml", "name: shop\nprofile: shop\n"),
    (
        "profiles.yml",
        "shop:\n  target: dev\n  outputs:\n    dev:\n      type: postgres\n      host: localhost\n      port: 5432\n      \
         user: shop\n      password: secret\n      dbname: shop\n      schema: shop\n      threads: 1\n",
    ),
];

/// Runs every case and compares what was said with the snapshot of that name.
#[track_caller]
pub fn check(kind: &str, cases: &[Case]) {
    let mut said = String::new();
    for case in cases {
        let folder = tempfile::tempdir().expect("a folder");
        let missing = ALWAYS.iter().filter(|(path, _)| case.files.iter().all(|(own, _)| own != path));
        for (path, text) in case.files.iter().chain(missing) {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("created");
            std::fs::write(path, text).expect("written");
        }
        let _ =
            writeln!(said, "━━ {}\n$ dp {}\n{}", case.name, case.command, run(folder.path(), case.command));
    }
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(kind, said));
}

fn run(folder: &Path, command: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_dp"))
        .args(command.split(' '))
        .args(["--profiles-dir", "."])
        .env_clear()
        .env("DBT_USE_COLORS", "false")
        .current_dir(folder)
        .output()
        .expect("dp runs");
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let root = folder.canonicalize().expect("a folder");
    let text = text.replace(&format!("{}", root.display()), "PROJECT");
    let mut lines: Vec<&str> = text.lines().map(without_time).map(str::trim_end).collect();
    // The version, the number of macros that we bring, and where the time that it took is told.
    let same = ["Running with dp=", "Found ", "Performance info: "];
    lines.retain(|line| !same.iter().any(|start| line.starts_with(start)));
    let code = output.status.code().map_or("killed".to_owned(), |code| code.to_string());
    format!("{}\nexit code {code}\n", lines.join("\n"))
}

/// A line of the log without its time: `01:02:03  text`.
fn without_time(line: &str) -> &str {
    let is_clock = line.get(..8).is_some_and(|clock| {
        clock.bytes().enumerate().all(|(at, it)| if at % 3 == 2 { it == b':' } else { it.is_ascii_digit() })
    });
    if is_clock { line[8..].trim_start() } else { line }
}
