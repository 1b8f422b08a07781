//! What a resource's configuration is before anybody says anything.

use platform_core::ResourceType;
use serde_json::{Map, Value, json};
use std::sync::LazyLock;

/// Which configuration a resource has; one per section of `dbt_project.yml`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Models.
    Model,
    /// Analyses and hooks: models' configuration, a model's two own keys left out.
    Query,
    /// Seeds.
    Seed,
    /// Snapshots.
    Snapshot,
    /// Data tests.
    Test,
    /// Functions.
    Function,
    /// Sources.
    Source,
    /// Exposures.
    Exposure,
    /// Metrics.
    Metric,
    /// Semantic models.
    SemanticModel,
    /// Saved queries.
    SavedQuery,
    /// Unit tests.
    UnitTest,
}

impl Kind {
    /// Every section of `dbt_project.yml` that configures, with what it configures.
    pub const SECTIONS: &[(&str, Self)] = &[
        ("models", Self::Model),
        ("seeds", Self::Seed),
        ("snapshots", Self::Snapshot),
        ("data_tests", Self::Test),
        ("sources", Self::Source),
        ("exposures", Self::Exposure),
        ("metrics", Self::Metric),
        ("semantic-models", Self::SemanticModel),
        ("saved-queries", Self::SavedQuery),
        ("unit_tests", Self::UnitTest),
        ("functions", Self::Function),
    ];

    /// The section of `dbt_project.yml`.
    pub fn section(self) -> &'static str {
        match self {
            Self::Model | Self::Query => "models",
            Self::Seed => "seeds",
            Self::Snapshot => "snapshots",
            Self::Test => "data_tests",
            Self::Function => "functions",
            Self::Source => "sources",
            Self::Exposure => "exposures",
            Self::Metric => "metrics",
            Self::SemanticModel => "semantic-models",
            Self::SavedQuery => "saved-queries",
            Self::UnitTest => "unit_tests",
        }
    }

    /// That of a resource type.
    pub fn of(resource: ResourceType) -> Self {
        match resource {
            ResourceType::Model => Self::Model,
            ResourceType::Seed => Self::Seed,
            ResourceType::Snapshot => Self::Snapshot,
            ResourceType::Test => Self::Test,
            ResourceType::Function => Self::Function,
            ResourceType::Source => Self::Source,
            ResourceType::Exposure => Self::Exposure,
            ResourceType::Metric => Self::Metric,
            ResourceType::SemanticModel => Self::SemanticModel,
            ResourceType::SavedQuery => Self::SavedQuery,
            ResourceType::UnitTest => Self::UnitTest,
            _ => Self::Query,
        }
    }
}

/// The defaults, in the order of artifacts.
pub fn defaults(kind: Kind) -> &'static Map<String, Value> {
    macro_rules! fixed {
        ($json:expr) => {{
            static MAP: LazyLock<Map<String, Value>> = LazyLock::new(|| object($json));
            &MAP
        }};
    }
    match kind {
        Kind::Model => fixed!(with(node("view"), json!({"access": "protected", "freshness": null}))),
        Kind::Query => fixed!(node("view")),
        Kind::Seed => fixed!(with(node("seed"), json!({"delimiter": ",", "quote_columns": null}))),
        Kind::Snapshot => fixed!(with(
            node("snapshot"),
            json!({
                "strategy": null, "target_schema": null, "target_database": null, "updated_at": null,
                "check_cols": null, "snapshot_meta_column_names": {}, "dbt_valid_to_current": null
            })
        )),
        Kind::Function => fixed!(with(
            node("function"),
            json!({"type": "scalar", "volatility": null, "runtime_version": null, "entry_point": null})
        )),
        Kind::Test => fixed!(with(
            base(),
            json!({
                "schema": "dbt_test__audit", "materialized": "test", "severity": "ERROR", "store_failures": null,
                "store_failures_as": null, "where": null, "limit": null, "fail_calc": "count(*)",
                "warn_if": "!= 0", "error_if": "!= 0"
            })
        )),
        Kind::Source => fixed!(json!({
            "enabled": true, "event_time": null, "freshness": null, "loaded_at_field": null,
            "loaded_at_query": null, "meta": {}, "tags": [], "static_analysis": null
        })),
        Kind::Exposure => fixed!(json!({"enabled": true, "tags": [], "meta": {}})),
        Kind::Metric | Kind::SemanticModel => fixed!(json!({"enabled": true, "group": null, "meta": {}})),
        Kind::SavedQuery => fixed!(json!({
            "enabled": true, "group": null, "meta": {}, "export_as": null, "schema": null,
            "cache": {"enabled": false}
        })),
        Kind::UnitTest => fixed!(json!({"tags": [], "meta": {}, "enabled": true, "static_analysis": null})),
    }
}

fn base() -> Value {
    json!({
        "enabled": true, "alias": null, "schema": null, "database": null, "tags": [], "meta": {}, "group": null,
        "static_analysis": null
    })
}

fn node(materialized: &str) -> Value {
    with(
        base(),
        json!({
            "materialized": materialized, "incremental_strategy": null, "batch_size": null, "lookback": 1,
            "begin": null, "persist_docs": {}, "post-hook": [], "pre-hook": [], "quoting": {},
            "column_types": {}, "full_refresh": null, "unique_key": null, "on_schema_change": "ignore",
            "on_configuration_change": "apply", "grants": {}, "packages": [],
            "docs": {"show": true, "node_color": null},
            "contract": {"enforced": false, "alias_types": true}, "event_time": null,
            "concurrent_batches": null
        }),
    )
}

fn with(mut base: Value, more: Value) -> Value {
    if let (Value::Object(base), Value::Object(more)) = (&mut base, more) {
        base.extend(more);
    }
    base
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
