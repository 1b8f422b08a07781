//! What a template says of itself while it is rendered at parse time: configuration and references.

use crate::config::merge;
use crate::context::raised::Raised;
use jinja::{HostError, Value};
use platform_core::UniqueId;
use platform_core::node::RefArgs;
use serde_json::{Map, Value as Json};

/// Everything a template said.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Captured {
    /// Calls of `ref`.
    pub refs: Vec<RefArgs>,
    /// Calls of `source`.
    pub sources: Vec<Vec<String>>,
    /// Calls of `metric`.
    pub metrics: Vec<Vec<String>>,
    /// Calls of `function`.
    pub functions: Vec<Vec<String>>,
    /// `config(…)`, calls merged.
    pub config: Map<String, Json>,
    /// The same, call by call.
    pub calls: Vec<Map<String, Json>>,
    /// Whether dbt's static parser would have read the template.
    pub is_static: bool,
    /// Macros called.
    pub macros: Vec<UniqueId>,
}

impl Captured {
    /// Takes one call of `config`: keywords, or one dictionary.
    pub fn configure(&mut self, given: &Map<String, Json>) {
        let mut call = Map::new();
        for (key, value) in given {
            let key = match key.as_str() {
                "pre_hook" => "pre-hook",
                "post_hook" => "post-hook",
                key => key,
            };
            call_merge(&mut self.config, key, value);
            call.insert(key.to_owned(), value.clone());
        }
        self.calls.push(call);
    }

    /// Whether grants stand after another keyword, where the static parser makes lists of them.
    pub fn has_later_grants(&self) -> bool {
        self.calls.iter().flatten().skip(1).any(|(key, _)| key == "grants")
    }

    /// The configuration as artifacts show it unrendered: the first call as it stands, later ones over it. To the
    /// static parser each keyword is a call.
    pub fn written(&self) -> Map<String, Json> {
        let first = match self.calls.first() {
            Some(call) if self.is_static => call.len().min(1),
            Some(call) => call.len(),
            None => 0,
        };
        let mut keywords = self.calls.iter().flatten();
        let stands = keywords.by_ref().take(first);
        let mut written: Map<String, Json> =
            stands.map(|(key, value)| (key.clone(), value.clone())).collect();
        for (key, value) in keywords {
            written_merge(&mut written, key, value, self.is_static);
        }
        written
    }
}

/// What a keyword after the first call does. The static parser puts lists of tags and packages, grants and column types in
/// the place of what was there, a rendered template adds to it.
fn written_merge(written: &mut Map<String, Json>, key: &str, value: &Json, is_static: bool) {
    let mut add = |items: Vec<Json>| {
        let mut all = written.get(key).map(listed).unwrap_or_default();
        all.extend(items);
        written.insert(key.to_owned(), Json::Array(all));
    };
    match (key, value) {
        ("pre-hook" | "post-hook", _) => add(listed(value)),
        ("tags" | "packages", _) if !is_static => add(listed(value)),
        ("grants", Json::Object(grants)) if !is_static || !written.contains_key(key) => {
            let lists = |grants: &Map<String, Json>| -> Map<String, Json> {
                grants.iter().map(|(key, one)| (key.clone(), Json::Array(listed(one)))).collect()
            };
            let mut all = written.get(key).and_then(Json::as_object).map(lists).unwrap_or_default();
            all.extend(lists(grants));
            written.insert(key.to_owned(), Json::Object(all));
        }
        ("meta" | "docs" | "quoting" | "contract", Json::Object(more)) => update(written, key, more),
        ("column_types", Json::Object(more)) if !is_static => update(written, key, more),
        _ => {
            written.insert(key.to_owned(), value.clone());
        }
    }
}

fn update(written: &mut Map<String, Json>, key: &str, more: &Map<String, Json>) {
    match written.get_mut(key) {
        Some(Json::Object(existing)) => existing.extend(more.clone()),
        _ => {
            written.insert(key.to_owned(), Json::Object(more.clone()));
        }
    }
}

fn listed(value: &Json) -> Vec<Json> {
    match value {
        Json::Array(items) => items.clone(),
        one => vec![one.clone()],
    }
}

/// How a second `config(…)` goes over a first: as levels do, but values stay as they were written.
fn call_merge(config: &mut Map<String, Json>, key: &str, value: &Json) {
    match (key, config.get_mut(key)) {
        ("tags" | "packages" | "pre-hook" | "post-hook", Some(existing)) => {
            let mut items = listed(existing);
            items.extend(listed(value));
            *existing = Json::Array(items);
        }
        ("meta" | "docs" | "quoting" | "column_types" | "contract", Some(Json::Object(existing)))
            if value.is_object() =>
        {
            if let Json::Object(more) = value {
                existing.extend(more.clone());
            }
        }
        ("grants", Some(Json::Object(existing))) if value.is_object() => {
            let mut merged = Map::from_iter([("grants".to_owned(), Json::Object(existing.clone()))]);
            merge(&mut merged, &Map::from_iter([("grants".to_owned(), value.clone())]));
            config.extend(merged);
        }
        _ => {
            config.insert(key.to_owned(), value.clone());
        }
    }
}

/// The arguments of a call of `config`.
pub fn config_arguments(
    positional: &[Value],
    keywords: &[(String, Value)],
) -> Result<Map<String, Json>, HostError> {
    let json = |value: &Value| jinja::value::to_json(value).map_err(HostError::from);
    let given = match (positional, keywords.is_empty()) {
        ([], _) => keywords.iter().map(|(key, value)| Ok((key.clone(), json(value)?))).collect(),
        ([only], true) => match json(only)? {
            Json::Object(map) => Ok(map),
            _ => {
                Err(Raised::compilation("dictionary update sequence element #0 has length 1; 2 is required"))
            }
        },
        _ => Err(Raised::compilation("Invalid inline model config")),
    }?;
    let twice = [("pre_hook", "pre-hook"), ("post_hook", "post-hook")];
    match twice.iter().find(|(one, other)| given.contains_key(*one) && given.contains_key(*other)) {
        Some((one, other)) => Err(Raised::compilation(format!(
            "Invalid config, has conflicting keys \"{one}\" and \"{other}\""
        ))),
        None => Ok(given),
    }
}

/// The arguments of a call of `ref`.
pub fn ref_arguments(positional: &[Value], keywords: &[(String, Value)]) -> Result<RefArgs, HostError> {
    let version = keywords.iter().find(|(key, _)| key == "version" || key == "v").map(|(_, value)| value);
    let version = version.filter(|it| !it.is_none()).and_then(|it| jinja::value::to_json(it).ok());
    let text = |value: &Value| -> Result<String, HostError> {
        value.as_str().map(str::to_owned).ok_or_else(|| {
            Raised::compilation(format!(
                "The name argument to ref() must be a string, got {}",
                jinja::value::type_name(value)
            ))
        })
    };
    match positional {
        [name] => Ok(RefArgs { name: text(name)?, package: None, version }),
        [package, name] => Ok(RefArgs { name: text(name)?, package: Some(text(package)?), version }),
        _ => Err(Raised::compilation(format!(
            "ref() takes at most two arguments ({} given)",
            positional.len()
        ))),
    }
}

/// The arguments of a call of `source`.
pub fn source_arguments(positional: &[Value]) -> Result<Vec<String>, HostError> {
    match positional {
        [source, table] => [source, table]
            .into_iter()
            .map(|it| {
                it.as_str().map(str::to_owned).ok_or_else(|| {
                    Raised::compilation(format!(
                        "The source name (first) argument to source() must be a string, got {}",
                        jinja::value::type_name(it)
                    ))
                })
            })
            .collect(),
        _ => Err(Raised::compilation(format!(
            "source() takes exactly two arguments ({} given)",
            positional.len()
        ))),
    }
}

/// The arguments of a call of `metric` or `function`: a name, or package and name.
pub fn named_arguments(function: &str, positional: &[Value]) -> Result<Vec<String>, HostError> {
    if positional.is_empty() || positional.len() > 2 {
        return Err(Raised::compilation(format!(
            "{function}() takes at most two arguments ({} given)",
            positional.len()
        )));
    }
    Ok(positional.iter().map(jinja::value::to_str).collect())
}
