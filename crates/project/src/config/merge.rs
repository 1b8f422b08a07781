//! How one level of configuration goes over the ones below it.

use super::{Kind, hook};
use chrono::{NaiveDate, NaiveDateTime};
use indexmap::IndexSet;
use serde_json::{Map, Value};

/// The name that a key is known under.
fn canonical(key: &str) -> &str {
    match key {
        "pre_hook" => "pre-hook",
        "post_hook" => "post-hook",
        other => other,
    }
}

/// Whether a level says a hook under its other name too, which is the one that counts.
fn is_said_again(level: &Map<String, Value>, key: &str) -> bool {
    (key == "pre-hook" && level.contains_key("pre_hook"))
        || (key == "post-hook" && level.contains_key("post_hook"))
}

/// Puts a level over what is there: lists of tags, packages and hooks grow, dictionaries of meta, docs, quoting,
/// column types and contract are merged, `+` before a grant's privilege adds to it, everything else is replaced.
pub fn merge(config: &mut Map<String, Value>, level: &Map<String, Value>) {
    for (key, value) in level.iter().filter(|(key, _)| !is_said_again(level, key)) {
        let key = canonical(key);
        match key {
            "tags" | "packages" => append(config, key, listed(value)),
            "pre-hook" | "post-hook" => {
                append(config, key, listed(value).iter().map(hook::normalize).collect());
            }
            "meta" | "docs" | "quoting" | "column_types" | "contract" if value.is_object() => {
                update(config, key, value);
            }
            "grants" if value.is_object() => grants(config, value),
            _ => {
                config.insert(key.to_owned(), value.clone());
            }
        }
    }
}

/// Puts a level over what is there for a data test, which knows tags and meta alone of what nodes merge: hooks are
/// left out, everything else stays as it is written and is replaced.
pub fn merge_test(config: &mut Map<String, Value>, level: &Map<String, Value>) {
    for (key, value) in level {
        match canonical(key) {
            "pre-hook" | "post-hook" => {}
            "tags" => append(config, key, listed(value)),
            "meta" if value.is_object() => update(config, key, value),
            _ => {
                config.insert(key.clone(), value.clone());
            }
        }
    }
}

/// A list, or one item. Nothing is an item too: the check of the whole configuration refuses it.
fn listed(value: &Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items.clone(),
        one => vec![one.clone()],
    }
}

fn append(config: &mut Map<String, Value>, key: &str, items: Vec<Value>) {
    match config.get_mut(key) {
        Some(Value::Array(existing)) => existing.extend(items),
        existing => {
            let mut all = existing.map(|one| listed(one)).unwrap_or_default();
            all.extend(items);
            config.insert(key.to_owned(), Value::Array(all));
        }
    }
}

fn update(config: &mut Map<String, Value>, key: &str, value: &Value) {
    let Value::Object(more) = value else { return };
    match config.get_mut(key) {
        Some(Value::Object(existing)) => existing.extend(more.clone()),
        _ => {
            config.insert(key.to_owned(), value.clone());
        }
    }
}

fn grants(config: &mut Map<String, Value>, value: &Value) {
    let Value::Object(more) = value else { return };
    let mut merged = match config.get("grants") {
        Some(Value::Object(existing)) => existing.clone(),
        _ => Map::new(),
    };
    for (key, grantees) in more {
        match key.strip_prefix('+') {
            Some(privilege) => append(&mut merged, privilege, listed(grantees)),
            None => {
                merged.insert(key.clone(), Value::Array(listed(grantees)));
            }
        }
    }
    config.insert("grants".to_owned(), Value::Object(merged));
}

/// Puts a version's configuration over its model's: dictionaries are merged at every depth, a list stands before what
/// the model says, everything else is replaced.
pub fn merge_version(config: &mut Map<String, Value>, own: &Map<String, Value>) {
    for (key, value) in own {
        match (config.get_mut(key), value) {
            (Some(Value::Object(existing)), Value::Object(more)) => merge_version(existing, more),
            (Some(existing), Value::Array(items)) if !existing.is_null() => {
                *existing = Value::Array([items.clone(), listed(existing)].concat());
            }
            _ => {
                config.insert(key.clone(), value.clone());
            }
        }
    }
}

/// Completes nested dictionaries whose keys have defaults, and leaves out keys that they don't have.
pub fn finish(kind: Kind, config: &mut Map<String, Value>) {
    complete(config, "docs", &[("show", Value::Bool(true)), ("node_color", Value::Null)]);
    complete(config, "contract", &[("enforced", Value::Bool(false)), ("alias_types", Value::Bool(true))]);
    if kind == Kind::Model {
        complete_freshness(config);
    }
    let is = |key: &str, value: &str| config.get(key).and_then(Value::as_str) == Some(value);
    if is("materialized", "incremental")
        && is("incremental_strategy", "microbatch")
        && let Some(begin) = config.get("begin").and_then(Value::as_str).and_then(moment)
    {
        config.insert("begin".to_owned(), Value::String(begin));
    }
    if config.get("materialized").and_then(Value::as_str) == Some("snapshot") {
        let names = ["dbt_valid_to", "dbt_valid_from", "dbt_scd_id", "dbt_updated_at", "dbt_is_deleted"];
        let names: Vec<_> = names.into_iter().map(|name| (name, Value::Null)).collect();
        complete(config, "snapshot_meta_column_names", &names);
    }
}

/// A day or a time of day in ISO's long form; `None` for what is neither.
fn moment(text: &str) -> Option<String> {
    if let Ok(day) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return Some(format!("{day}T00:00:00"));
    }
    let time = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())?;
    Some(time.format("%Y-%m-%dT%H:%M:%S").to_string())
}

fn complete(config: &mut Map<String, Value>, key: &str, defaults: &[(&str, Value)]) {
    let Some(Value::Object(own)) = config.get(key) else { return };
    let mut whole: Map<String, Value> =
        defaults.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
    for (key, value) in own {
        if let Some(known) = whole.get_mut(key) {
            value.clone_into(known);
        }
    }
    config.insert(key.to_owned(), Value::Object(whole));
}

/// How long a model may stay as it is: nothing without `build_after`.
fn complete_freshness(config: &mut Map<String, Value>) {
    let Some(Value::Object(own)) = config.get_mut("freshness") else { return };
    own.retain(|key, _| key == "build_after");
    if own.is_empty() {
        config.insert("freshness".to_owned(), Value::Null);
        return;
    }
    complete(
        own,
        "build_after",
        &[("count", Value::Null), ("period", Value::Null), ("updates_on", "any".into())],
    );
}

/// Tags of a configuration, each once. What is no text is none.
pub fn tags(config: &Map<String, Value>) -> IndexSet<String> {
    let tags = config.get("tags").map(listed).unwrap_or_default();
    tags.iter().filter_map(|tag| tag.as_str().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(levels: &[Value], want: &Value) {
        let mut config = Map::new();
        for level in levels {
            merge(&mut config, level.as_object().expect("an object"));
        }
        assert_eq!(&Value::Object(config), want);
    }

    #[test]
    fn each_key_merges_by_its_rule() {
        check(&[json!({"tags": "a"}), json!({"tags": ["b", "a"]})], &json!({"tags": ["a", "b", "a"]}));
        check(&[json!({"meta": {"a": 1}}), json!({"meta": {"b": 2}})], &json!({"meta": {"a": 1, "b": 2}}));
        check(
            &[
                json!({"grants": {"select": ["a"], "insert": "b"}}),
                json!({"grants": {"+select": "c", "insert": ["d"]}}),
            ],
            &json!({"grants": {"select": ["a", "c"], "insert": ["d"]}}),
        );
        check(
            &[json!({"persist_docs": {"a": 1}}), json!({"persist_docs": {"b": 1}})],
            &json!({"persist_docs": {"b": 1}}),
        );
        check(
            &[json!({"pre_hook": ["x"], "pre-hook": "y"})],
            &json!({"pre-hook": [{"sql": "x", "transaction": true, "index": null}]}),
        );
        check(
            &[json!({"pre_hook": "x"}), json!({"pre-hook": ["{\"sql\": \"y\", \"transaction\": false}"]})],
            &json!({"pre-hook": [
                {"sql": "x", "transaction": true, "index": null},
                {"sql": "y", "transaction": false, "index": null}
            ]}),
        );
    }

    #[test]
    fn a_version_stands_over_its_model_at_every_depth() {
        let model = json!({"tags": ["x"], "unique_key": "a", "pre_hook": "p", "z": [1], "schema": "s",
            "meta": {"a": 1, "deep": {"b": [2], "c": "c"}}, "grants": {"select": ["u"]}});
        let own = json!({"tags": ["y"], "unique_key": ["b"], "pre_hook": "q", "z": 2, "schema": null,
            "meta": {"deep": {"b": [1], "d": null}}, "grants": {"select": ["v"], "insert": "w"}});
        let (Value::Object(mut config), Value::Object(own)) = (model, own) else { panic!("objects") };
        merge_version(&mut config, &own);
        let want = json!({"tags": ["y", "x"], "unique_key": ["b", "a"], "pre_hook": "q", "z": 2, "schema": null,
            "meta": {"a": 1, "deep": {"b": [1, 2], "c": "c", "d": null}},
            "grants": {"select": ["v", "u"], "insert": "w"}});
        assert_eq!(Value::Object(config), want);
    }
}
