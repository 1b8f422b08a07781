//! `package-lock.yml`: the packages and the revisions that `deps` settled on.

use crate::options::ReadOptions;
use crate::package::error::Error;
use crate::package::resolve::identity;
use crate::package::spec::{self, Asked, Spec};
use crate::package::version::{Range, Version};
use crate::yaml;
use serde_json::{Map, Value, json};
use sha1::{Digest as _, Sha1};
use std::path::{Path, PathBuf};

/// The file's name.
pub const FILE: &str = "package-lock.yml";

/// One package, settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Locked {
    /// The package, with its one version or commit.
    pub spec: Spec,
    /// Name of its project.
    pub name: String,
}

/// What the file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lock {
    /// The packages.
    pub packages: Vec<Locked>,
    /// Of what was asked for.
    pub hash: String,
}

/// Where a project's lock file is.
pub fn path(project: &Path) -> PathBuf {
    project.join(FILE)
}

/// Reads the file; `None` where there is none, or one of an older form.
pub fn read(options: &ReadOptions) -> Result<Option<Lock>, Error> {
    let path = path(&options.project_dir);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(Error::File { action: "read", path, source }),
    };
    let document =
        yaml::parse(FILE, text).map_err(|error| Error::Project(yaml::diagnostic(&error).into()))?;
    let hash = document.root.get("sha1_hash").and_then(yaml::Node::scalar_text).unwrap_or_default();
    let names: Vec<Option<String>> = document
        .root
        .get("packages")
        .map(|list| list.items().iter().map(|item| item.text_of("name").map(str::to_owned)).collect())
        .unwrap_or_default();
    let specs = spec::specs(options, &document).map_err(|fault| Error::Project(fault.into()))?;
    let both: Option<Vec<Locked>> =
        specs.into_iter().zip(names).map(|((spec, _), name)| Some(Locked { spec, name: name? })).collect();
    Ok(both.map(|packages| Lock { packages, hash }))
}

/// Writes the file.
pub fn write(project: &Path, packages: &[Locked], hash: &str) -> Result<(), Error> {
    let entries: Vec<Value> = packages.iter().map(entry).collect();
    let text = laid_out(&json!({"packages": entries, "sha1_hash": hash}));
    let path = path(project);
    std::fs::write(&path, text).map_err(|source| Error::File { action: "write", path, source })
}

/// YAML in dbt's own layout: items of each list stand two blanks in.
pub(super) fn laid_out(value: &Value) -> String {
    let blanks = |line: &str| match line {
        _ if line.starts_with("  - ") => 4,
        _ if line.starts_with(['-', ' ']) => 2,
        _ => 0,
    };
    let line = |line: &str| format!("{}{line}\n", " ".repeat(blanks(line)));
    yaml::writer::dump(value).lines().map(line).collect()
}

fn entry(package: &Locked) -> Value {
    let mut entry = Map::new();
    let mut put = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            entry.insert(key.to_owned(), value);
        }
    };
    let name = Some(Value::from(package.name.as_str()));
    match &package.spec {
        Spec::Local { path } => {
            put("local", Some(path.as_str().into()));
            put("name", name);
        }
        Spec::Git { written, revision, subdirectory, .. } => {
            put("git", Some(written.as_str().into()));
            put("name", name);
            put("revision", revision.as_deref().map(Value::from));
            put("subdirectory", subdirectory.as_deref().map(Value::from));
        }
        Spec::Tarball { url, .. } => {
            put("name", name);
            put("tarball", Some(url.as_str().into()));
        }
        Spec::Registry { package, version, .. } => {
            put("name", name);
            put("package", Some(package.as_str().into()));
            put("version", version.first().map(|version| version.as_str().into()));
        }
        Spec::Private { name: repository, .. } => put("private", Some(repository.as_str().into())),
    }
    Value::Object(entry)
}

/// dbt's fingerprint of what is asked for: entries rendered, with all that they may say, and as they were written.
/// Of entries that were just added it knows nothing as it was written.
pub fn hash(asked: &[Asked], as_written: bool) -> String {
    let line = |asked: &Asked| {
        let mut entry = asked.rendered.clone();
        let written = if as_written { asked.written.clone() } else { json!({}) };
        entry.insert("unrendered".to_owned(), written);
        crate::json::dumps_sorted(&Value::Object(entry))
    };
    let mut lines: Vec<String> = asked.iter().map(line).collect();
    lines.sort();
    hex::encode(Sha1::digest(lines.join("\n").as_bytes()))
}

/// Whether a lock holds something for everything that is asked for; git revisions are taken on trust.
pub fn satisfies(lock: &Lock, wanted: &[Spec]) -> bool {
    wanted.iter().all(|spec| {
        lock.packages.iter().any(|locked| match (&locked.spec, spec) {
            (
                Spec::Registry { package: one, version: fixed, .. },
                Spec::Registry { package: two, version, .. },
            ) => {
                let fixed = fixed.first().and_then(|text| Version::parse(text));
                let ranges = version.iter().flat_map(|text| text.split(','));
                one.eq_ignore_ascii_case(two)
                    && fixed.is_some_and(|fixed| {
                        ranges
                            .into_iter()
                            .all(|range| Range::parse(range).is_some_and(|it| it.accepts(&fixed)))
                    })
            }
            (
                Spec::Git { written: one, subdirectory: a, .. },
                Spec::Git { written: two, subdirectory: b, .. },
            ) => one == two && a == b,
            (one, two) => identity(one) == identity(two),
        })
    })
}
