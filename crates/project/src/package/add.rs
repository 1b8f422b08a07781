//! `deps --add-package`: one more entry in `packages.yml`, or in `dependencies.yml` where packages stand there.

use crate::code;
use crate::error::Error;
use crate::options::ReadOptions;
use crate::package::lock;
use crate::yaml;
use platform_core::event::Level;
use platform_core::{Diagnostic, Event};
use serde_json::{Map, Value, json};
use std::path::PathBuf;

/// Where a package comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The registry.
    Hub,
    /// A git repository.
    Git,
    /// A folder.
    Local,
}

/// Adds `name@version`; one of the same name is replaced.
pub fn add(options: &ReadOptions, package: &str, source: Source) -> Result<(), Error> {
    let (name, version) = match package.rsplit_once('@') {
        // `git@host:owner/name` has no version.
        Some((name, version)) if !name.is_empty() && !version.contains([':', '/']) => (name, Some(version)),
        _ => (package, None),
    };
    if let (Source::Local, Some(version)) = (source, version) {
        let message = format!("A folder has no versions: {name} can't be added as of {version}");
        let hint = format!("leave the version out: `--add-package {name} --source local`");
        return Err(Diagnostic::error(code::PACKAGE, message).event("DbtProjectError").hint(hint).into());
    }
    let (file, mut root) = file(options)?;
    let entries = root.entry("packages").or_insert_with(|| json!([]));
    let mut items = entries.as_array().cloned().unwrap_or_default();
    let key = match source {
        Source::Hub => "package",
        Source::Git => "git",
        Source::Local => "local",
    };
    items.retain(|item| {
        let same = item.get(key).and_then(Value::as_str).is_some_and(|known| known == name);
        if same {
            let shown = crate::python::repr(item);
            let text = format!("Found duplicate package in packages.yml, removing: {shown}");
            options.events.send(Event::new(Level::Info, "DepsFoundDuplicatePackage", text).code("M034"));
        }
        !same
    });
    let mut entry = Map::from_iter([(key.to_owned(), Value::from(name))]);
    match (source, version) {
        (Source::Hub, Some(version)) => drop(entry.insert("version".to_owned(), versions(version))),
        (Source::Git, Some(version)) => drop(entry.insert("revision".to_owned(), version.into())),
        _ => {}
    }
    items.push(Value::Object(entry));
    *entries = Value::Array(items);
    if !file.exists() {
        let event = Event::new(Level::Info, "DepsCreatedPackagesYml", "Created packages.yml");
        options.events.send(event.code("M032"));
    }
    let text = lock::laid_out(&Value::Object(root));
    std::fs::write(&file, text).map_err(|source| Error::File {
        action: "write",
        path: file.clone(),
        source,
    })?;
    let text = format!("Added new package {name}@{} to {}", version.unwrap_or_default(), file.display());
    options.events.send(Event::new(Level::Info, "DepsAddPackage", text).code("M033"));
    Ok(())
}

/// `1.0.0`, or the bounds of `>=1.0.0,<2.0.0`.
fn versions(text: &str) -> Value {
    let bounds: Vec<&str> = text.split(',').map(str::trim).collect();
    match bounds.as_slice() {
        [one] => (*one).into(),
        many => json!(many),
    }
}

fn file(options: &ReadOptions) -> Result<(PathBuf, Map<String, Value>), Error> {
    let own = options.project_dir.join("packages.yml");
    let other = options.project_dir.join("dependencies.yml");
    let path = if own.is_file() || !other.is_file() { own } else { other };
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok((path, Map::new())),
        Err(source) => return Err(Error::File { action: "read", path, source }),
    };
    let document = yaml::parse("packages.yml", text).map_err(|error| yaml::diagnostic(&error))?;
    Ok((path, document.root.to_json_map()))
}
