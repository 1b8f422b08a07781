//! Who may import whom: the table of ARCHITECTURE.md, as data. A new arrow is a changed line here.

use super::Finding;
use anyhow::Context;
use std::collections::BTreeMap;
use std::path::Path;

/// Our crates: folder, and what each may import of ours. Stages never import each other.
const OURS: [(&str, &[&str]); 12] = [
    ("crates/core", &[]),
    ("crates/jinja", &["platform-core"]),
    ("crates/warehouse", &["platform-core"]),
    ("crates/project", &["platform-core", "jinja", "warehouse"]),
    ("crates/ingest", &["platform-core", "warehouse"]),
    ("crates/model-graph", &["platform-core", "project", "warehouse"]),
    ("crates/tests-runner", &["platform-core", "project", "warehouse"]),
    ("crates/docs", &["platform-core", "warehouse"]),
    ("crates/notifier", &["platform-core", "warehouse", "smtp-sink"]),
    ("crates/smtp-sink", &[]),
    (
        "crates/cli",
        &[
            "platform-core",
            "jinja",
            "warehouse",
            "project",
            "ingest",
            "model-graph",
            "tests-runner",
            "docs",
            "notifier",
        ],
    ),
    ("xtask", &["platform-core", "warehouse", "cli", "smtp-sink"]),
];

/// Crates of others that any crate of ours may use: values, errors, threads, checksums.
const FOR_ALL: [&str; 26] = [
    "anyhow",
    "async-trait",
    "base64",
    "bytes",
    "chrono",
    "chrono-tz",
    "clap",
    "flate2",
    "futures-util",
    "globset",
    "hex",
    "indexmap",
    "md-5",
    "memchr",
    "rayon",
    "regex",
    "serde",
    "serde_json",
    "sha1",
    "sha2",
    "tar",
    "tempfile",
    "thiserror",
    "tokio",
    "uuid",
    "walkdir",
];

/// Crates of others with a home: what they are is known there and nowhere else.
const WITH_A_HOME: &[(&str, &[&str])] = &[
    ("aho-corasick", &["crates/project"]),
    ("annotate-snippets", &["crates/cli", "crates/project"]),
    ("axum", &["crates/docs"]),
    ("csv", &["crates/ingest", "crates/notifier"]),
    ("encoding_rs", &["crates/ingest"]),
    ("deadpool", &["crates/warehouse"]),
    ("deadpool-postgres", &["crates/warehouse"]),
    ("fancy-regex", &["crates/jinja"]),
    ("granit-parser", &["crates/project"]),
    ("hmac", &["crates/notifier"]),
    ("indicatif", &["crates/cli"]),
    ("lettre", &["crates/notifier"]),
    ("mimalloc", &["crates/cli"]),
    ("minijinja", &["crates/jinja", "crates/notifier"]),
    ("minijinja-contrib", &["crates/jinja"]),
    ("nix", &["crates/warehouse", "crates/cli"]),
    ("num-bigint", &["crates/jinja"]),
    ("pulldown-cmark", &["crates/docs"]),
    ("rcgen", &["crates/smtp-sink"]),
    ("refinery", &["crates/warehouse"]),
    ("rust_decimal", &["crates/notifier", "crates/project"]),
    ("rustls", &["crates/warehouse", "crates/smtp-sink"]),
    ("rustls-native-certs", &["crates/warehouse"]),
    ("serde-saphyr", &["crates/project", "crates/notifier"]),
    ("socket2", &["crates/warehouse"]),
    ("sqlparser", &["crates/docs"]),
    ("stacker", &["crates/jinja"]),
    ("tokio-postgres", &["crates/warehouse"]),
    ("tokio-postgres-rustls", &["crates/warehouse"]),
    ("tokio-rustls", &["crates/smtp-sink"]),
    ("unicode-width", &["crates/core", "crates/notifier"]),
    ("ureq", &["crates/project", "crates/notifier"]),
    ("zstd", &["crates/ingest"]),
    // Never: each was tried, and has its reason in ARCHITECTURE.md.
    ("postgresql_embedded", &[]),
    ("openssl", &[]),
    ("serde_yaml", &[]),
    ("postgres", &[]),
];

/// Crates of others for tests alone.
const FOR_TESTS: [&str; 3] = ["insta", "proptest", "tempfile"];

/// Checks the manifests of all crates.
pub fn check(root: &Path) -> anyhow::Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for (folder, allowed) in OURS {
        let path = root.join(folder).join("Cargo.toml");
        let text = std::fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
        for (section, names) in dependencies(&text) {
            for name in names {
                findings.extend(judge(folder, allowed, section, name));
            }
        }
    }
    let text = std::fs::read_to_string(root.join("Cargo.toml")).context("read the workspace's Cargo.toml")?;
    for member in members(&text) {
        if !OURS.iter().any(|(folder, _)| *folder == member) {
            findings.push(finding(
                "Cargo.toml",
                format!("member `{member}` has no line in the table of xtask/src/tidy/arrows.rs"),
            ));
        }
    }
    Ok(findings)
}

fn finding(place: &str, text: String) -> Finding {
    Finding { place: place.to_owned(), text }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Section {
    Code,
    Tests,
}

fn judge(folder: &str, allowed: &[&str], section: Section, name: &str) -> Option<Finding> {
    let place = format!("{folder}/Cargo.toml");
    let ours = OURS.iter().any(|(_, names)| names.contains(&name));
    if ours {
        let known = allowed.contains(&name);
        return (!known).then(|| {
            finding(&place, format!("may not import `{name}` (table of xtask/src/tidy/arrows.rs)"))
        });
    }
    if FOR_ALL.contains(&name) || section == Section::Tests && FOR_TESTS.contains(&name) {
        return None;
    }
    match WITH_A_HOME.iter().find(|(outside, _)| *outside == name) {
        Some((_, homes)) if homes.contains(&folder) => None,
        Some((_, [])) => {
            Some(finding(&place, format!("`{name}` is not used here, for a reason in ARCHITECTURE.md")))
        }
        Some((_, homes)) => Some(finding(&place, format!("only {} may use `{name}`", homes.join(", ")))),
        None => Some(finding(
            &place,
            format!(
                "`{name}` is new: give it a line in xtask/src/tidy/arrows.rs, and its reason in ARCHITECTURE.md"
            ),
        )),
    }
}

/// The names in the dependency sections of a manifest.
fn dependencies(text: &str) -> BTreeMap<Section, Vec<&str>> {
    let mut sections: BTreeMap<Section, Vec<&str>> = BTreeMap::new();
    let mut section = None;
    for line in text.lines() {
        if let Some(header) = line.strip_prefix('[') {
            let header = header.trim_end_matches(']');
            section = match header.rsplit('.').next().unwrap_or_default() {
                "dependencies" | "build-dependencies" => Some(Section::Code),
                "dev-dependencies" => Some(Section::Tests),
                _ => None,
            };
            continue;
        }
        let name = line.split(['.', '=', ' ']).next().unwrap_or_default();
        if let Some(section) = section
            && !name.is_empty()
            && !name.starts_with('#')
        {
            sections.entry(section).or_default().push(name);
        }
    }
    sections
}

/// The folders that the workspace lists.
fn members(text: &str) -> Vec<&str> {
    let list = text.split("members = [").nth(1).and_then(|rest| rest.split("\n]").next()).unwrap_or_default();
    list.lines().filter_map(|line| line.trim().strip_prefix('"')?.split('"').next()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(folder: &str, section: Section, name: &str, verdict: Option<&str>) {
        let allowed = OURS.iter().find(|(ours, _)| *ours == folder).expect("a folder of ours").1;
        let found = judge(folder, allowed, section, name);
        match (found, verdict) {
            (None, None) => {}
            (Some(found), Some(words)) => assert!(found.text.contains(words), "{found:?}"),
            (found, verdict) => panic!("{found:?} instead of {verdict:?}"),
        }
    }

    #[test]
    fn arrows_are_checked() {
        check("crates/ingest", Section::Code, "warehouse", None);
        check("crates/ingest", Section::Code, "docs", Some("may not import `docs`"));
        check("crates/core", Section::Code, "warehouse", Some("may not import"));
        check("crates/ingest", Section::Code, "tokio-postgres", Some("only crates/warehouse"));
        check("crates/ingest", Section::Code, "serde_yaml", Some("not used here"));
        check("crates/ingest", Section::Code, "left-pad", Some("is new"));
        check("crates/ingest", Section::Code, "insta", Some("is new"));
        check("crates/ingest", Section::Tests, "insta", None);
    }

    #[test]
    fn manifests_are_read() {
        let text = "[package]\nname = \"x\"\n\n[dependencies]\na.workspace = true\n# b\nc = { path = \"d\" }\n\n\
                    [target.'cfg(unix)'.dev-dependencies]\ne = \"1\"\n";
        let sections = dependencies(text);
        assert_eq!(sections[&Section::Code], ["a", "c"]);
        assert_eq!(sections[&Section::Tests], ["e"]);
        assert_eq!(
            members("members = [\n    \"crates/a\", # one\n    \"b\",\n]\nother = [\"c\"]"),
            ["crates/a", "b"]
        );
    }
}
