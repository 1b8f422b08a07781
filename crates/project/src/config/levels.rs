//! The levels that `dbt_project.yml` gives a resource, by package and folder.

use super::{Kind, check, defaults, finish, merge, merge_test};
use crate::settings::{ConfigTree, Settings};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

/// The sections of the root project and of one package.
#[derive(Debug)]
pub struct Levels<'a> {
    root: &'a Settings,
    package: &'a Settings,
    used: &'a Unused,
}

/// Which configuration paths no resource has used yet.
#[derive(Debug, Default)]
pub struct Unused {
    seen: Mutex<HashSet<Vec<String>>>,
}

impl Unused {
    fn mark(&self, path: &[String]) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if !seen.contains(path) {
            seen.insert(path.to_vec());
        }
    }

    /// The outermost paths (`models.shop.staging`) that configure something and apply to nothing.
    pub fn paths(&self, settings: &Settings) -> Vec<Vec<String>> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let mut found = Vec::new();
        for (section, tree) in &settings.configs {
            if Kind::SECTIONS.iter().any(|(known, _)| known == section) {
                collect(&tree.rendered, &mut vec![section.clone()], &seen, &mut found);
            }
        }
        found
    }
}

fn collect(
    level: &Map<String, Value>,
    path: &mut Vec<String>,
    seen: &HashSet<Vec<String>>,
    found: &mut Vec<Vec<String>>,
) {
    let has_config = level.iter().any(|(key, value)| key.starts_with('+') || !value.is_object());
    if (has_config || level.is_empty()) && !seen.contains(path) && path.len() > 1 {
        found.push(path.clone());
        return;
    }
    for (key, value) in level {
        if let (false, Value::Object(inner)) = (key.starts_with('+'), value) {
            path.push(key.clone());
            collect(inner, path, seen, found);
            path.pop();
        }
    }
}

impl<'a> Levels<'a> {
    /// The levels for resources of `package`.
    pub fn new(root: &'a Settings, package: &'a Settings, used: &'a Unused) -> Self {
        Self { root, package, used }
    }

    /// A resource's configuration: `properties` is what YAML says, `call` what `config()` in its file said.
    pub fn resolve(
        &self,
        kind: Kind,
        fqn: &[String],
        properties: &Map<String, Value>,
        call: &Map<String, Value>,
    ) -> Map<String, Value> {
        let mut config = defaults(kind).clone();
        let merge = if kind == Kind::Test { merge_test } else { merge };
        for level in self.of(self.package, kind, fqn, |tree| &tree.rendered) {
            merge(&mut config, &level);
        }
        let (properties, call) = (said(kind, properties, call), said(kind, call, call));
        merge(&mut config, &properties);
        merge(&mut config, &call);
        if self.package.name != self.root.name {
            for level in self.of(self.root, kind, fqn, |tree| &tree.rendered) {
                merge(&mut config, &level);
            }
        }
        if kind != Kind::Test {
            finish(kind, &mut config);
        }
        // A limit may be written as text, as templates give it.
        let limit = config.get("limit").and_then(Value::as_str).and_then(|it| it.trim().parse::<i64>().ok());
        if let (Kind::Test, Some(limit)) = (kind, limit) {
            config.insert("limit".to_owned(), limit.into());
        }
        config
    }

    /// A source's configuration: as [`Levels::resolve`], but every level's tags replace those below.
    pub fn resolve_source(&self, fqn: &[String], properties: &Map<String, Value>) -> Map<String, Value> {
        self.replacing(&["tags"], Kind::Source, fqn, properties)
    }

    /// An exposure's configuration: `meta` replaces as well.
    pub fn resolve_exposure(&self, fqn: &[String], properties: &Map<String, Value>) -> Map<String, Value> {
        self.replacing(&["tags", "meta"], Kind::Exposure, fqn, properties)
    }

    /// A configuration in which these keys of every level replace those below.
    pub fn replacing(
        &self,
        keys: &[&str],
        kind: Kind,
        fqn: &[String],
        properties: &Map<String, Value>,
    ) -> Map<String, Value> {
        let mut config = defaults(kind).clone();
        let mut put = |level: &Map<String, Value>| {
            for key in keys.iter().filter(|key| level.contains_key(**key)) {
                match defaults(kind).get(*key) {
                    // Empty again, at its place among the others.
                    Some(empty) => config.insert((*key).to_owned(), empty.clone()),
                    None => config.remove(*key),
                };
            }
            merge(&mut config, level);
        };
        self.of(self.package, kind, fqn, |tree| &tree.rendered).iter().for_each(&mut put);
        put(properties);
        if self.package.name != self.root.name {
            self.of(self.root, kind, fqn, |tree| &tree.rendered).iter().for_each(&mut put);
        }
        config
    }

    /// The configuration as written: every key from the highest level that has it, nothing merged.
    pub fn unrendered(
        &self,
        kind: Kind,
        fqn: &[String],
        properties: &Map<String, Value>,
        call: &Map<String, Value>,
    ) -> Map<String, Value> {
        // dbt has no place of its own for what functions' levels say unrendered.
        let kind = if kind == Kind::Function { Kind::Query } else { kind };
        let mut config = Map::new();
        for level in self.of(self.package, kind, fqn, |tree| &tree.written) {
            config.extend(level);
        }
        config.extend(properties.clone());
        config.extend(call.clone());
        if self.package.name != self.root.name {
            for level in self.of(self.root, kind, fqn, |tree| &tree.written) {
                config.extend(level);
            }
        }
        config
    }

    /// What a group's configuration shows: the models' levels above its file, `meta` merged.
    pub fn group(&self, fqn: &[String], own: &Map<String, Value>) -> Map<String, Value> {
        let mut config = Map::from_iter([("meta".to_owned(), Value::Object(Map::new()))]);
        let mut put = |level: &Map<String, Value>| {
            for (key, value) in level {
                match (key.as_str(), value, config.get_mut("meta")) {
                    ("meta", Value::Object(more), Some(Value::Object(meta))) => meta.extend(more.clone()),
                    ("pre-hook" | "post-hook" | "pre_hook" | "post_hook", ..) => {}
                    _ => {
                        config.insert(key.clone(), value.clone());
                    }
                }
            }
        };
        for level in self.of(self.package, Kind::Query, fqn, |tree| &tree.rendered) {
            put(&level);
        }
        put(own);
        config
    }

    /// What a section of the package's project says under a key of its own, without `+`.
    pub fn plain(&self, kind: Kind, key: &str) -> Option<&Value> {
        self.package.configs.get(kind.section())?.rendered.get(key)
    }

    fn of(
        &self,
        settings: &Settings,
        kind: Kind,
        fqn: &[String],
        side: impl Fn(&ConfigTree) -> &Map<String, Value>,
    ) -> Vec<Map<String, Value>> {
        let section = kind.section();
        let Some(tree) = settings.configs.get(section) else { return Vec::new() };
        let mut path = vec![section.to_owned()];
        let mut level = side(tree);
        let mut found = vec![flat(level)];
        for part in fqn {
            let Some(Value::Object(next)) = level.get(part) else { break };
            path.push(part.clone());
            if settings.name == self.root.name {
                self.used.mark(&path);
            }
            found.push(flat(next));
            level = next;
        }
        found
    }
}

/// What properties or the call in a file say: a key that may be nothing, and is nothing there or in the call, is left
/// as the levels above have it. Only `dbt_project.yml` takes a value back.
fn said<'l>(
    kind: Kind,
    level: &'l Map<String, Value>,
    call: &Map<String, Value>,
) -> Cow<'l, Map<String, Value>> {
    let is_nothing = |key: &str, value: &Value| value.is_null() || call.get(key).is_some_and(Value::is_null);
    let is_said =
        |(key, value): &(&String, &Value)| !(is_nothing(key, value) && check::is_optional(kind, key));
    if level.iter().all(|it| is_said(&it)) {
        return Cow::Borrowed(level);
    }
    Cow::Owned(level.iter().filter(is_said).map(|(key, value)| (key.clone(), value.clone())).collect())
}

/// The keys of one level that configure: with `+`, or whose value is no dictionary.
fn flat(level: &Map<String, Value>) -> Map<String, Value> {
    let mut config = Map::new();
    for (key, value) in level {
        match key.strip_prefix('+') {
            Some(key) => drop(config.insert(key.trim().to_owned(), value.clone())),
            None if !value.is_object() => drop(config.insert(key.clone(), value.clone())),
            None => {}
        }
    }
    config
}
