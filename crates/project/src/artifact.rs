//! Artifacts that reading alone makes.

use crate::context::shared::DBT_VERSION;
use crate::options::ReadOptions;
use crate::settings::Settings;
use chrono::{DateTime, Utc};
use platform_core::manifest::{Metadata, SCHEMA};
use serde_json::{Map, Value, json};

/// `metadata` of `manifest.json`.
pub fn metadata(options: &ReadOptions, settings: &Settings) -> Metadata {
    let written = |key: &str, default: Value| {
        settings.quoting_written.get(key).filter(|it| !it.is_null()).cloned().unwrap_or(default)
    };
    let quoting = json!({
        "database": written("database", json!(true)),
        "schema": written("schema", json!(true)),
        "identifier": written("identifier", json!(true)),
        "column": written("column", Value::Null),
    });
    let more = [
        ("project_name", json!(settings.name)),
        ("project_id", json!(crate::context::functions::md5_hex(&settings.name))),
        ("user_id", Value::Null),
        ("send_anonymous_usage_stats", json!(false)),
        ("adapter_type", json!("postgres")),
        ("quoting", quoting),
        ("run_started_at", json!(options.now.format("%Y-%m-%dT%H:%M:%S%.6f+00:00").to_string())),
    ];
    Metadata {
        dbt_schema_version: SCHEMA.to_owned(),
        dbt_version: DBT_VERSION.to_owned(),
        generated_at: stamp(options.now),
        invocation_id: Some(options.invocation_id.clone()),
        invocation_started_at: Some(stamp(options.now)),
        env: options.metadata_envs.clone(),
        more: more.into_iter().map(|(key, value)| (key.to_owned(), value)).collect::<Map<_, _>>(),
    }
}

/// UTC with microseconds, as artifacts have it.
pub fn stamp(moment: DateTime<Utc>) -> String {
    moment.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}
