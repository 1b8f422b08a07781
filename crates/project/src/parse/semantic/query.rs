//! Saved queries and their exports.

use super::{filter, object, or_null};
use crate::config::{self, Kind};
use crate::parse::Scene;
use crate::parse::exposures::fqn;
use crate::properties::Block;
use crate::yaml::Node as Yaml;
use platform_core::node::{DependsOn, SavedQuery};
use platform_core::{Diagnostic, NodeConfig, ResourceType, UniqueId};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// The saved query of a block.
pub fn saved_query(scene: &Scene<'_>, block: &Block) -> Result<SavedQuery, Diagnostic> {
    let node = &block.node;
    let Some(params) = node.get("query_params") else {
        return Err(block.invalid("[]", "'query_params' is a required property", node));
    };
    let fqn = fqn(block);
    let own = block.map(node, "config", "")?;
    let levels = scene.levels(block.package());
    let mut config = levels.replacing(&["tags"], Kind::SavedQuery, &fqn, &own);
    config::check(Kind::SavedQuery, &config)
        .map_err(|why| block.fault(node, why).event("SchemaConfigError"))?;
    let enabled = config.get("cache").and_then(|it| it.get("enabled")).cloned().unwrap_or(json!(false));
    config.insert("cache".to_owned(), json!({"enabled": enabled}));
    let texts = |key: &str| {
        let items = params.get(key).map(|it| match it.text() {
            Some(one) => vec![one.to_owned()],
            None => it.items().iter().filter_map(Yaml::scalar_text).collect(),
        });
        json!(items.unwrap_or_default())
    };
    let query = json!({
        "metrics": texts("metrics"),
        "group_by": texts("group_by"),
        "where": filter(params.get("where")),
        "order_by": texts("order_by"),
        "limit": or_null(params, "limit"),
    });
    let exports: Result<Vec<Value>, Diagnostic> =
        block.list(node, "exports", "")?.iter().map(|item| export(scene, block, item, &config)).collect();
    let tags: BTreeSet<String> = config::tags(&config)
        .into_iter()
        .chain(node.get("tags").map(Yaml::items).unwrap_or_default().iter().filter_map(Yaml::scalar_text))
        .collect();
    let file = &block.properties.file;
    let more = object([
        ("query_params", query),
        ("exports", Value::Array(exports?)),
        ("description", or_null(node, "description")),
        ("label", or_null(node, "label")),
        ("metadata", Value::Null),
        ("unrendered_config", Value::Object(own)),
        ("group", config.get("group").cloned().unwrap_or_default()),
        ("created_at", json!(scene.created_at)),
        ("refs", json!([])),
        ("tags", json!(tags)),
    ]);
    Ok(SavedQuery {
        name: block.name().to_owned(),
        resource_type: ResourceType::SavedQuery,
        package_name: block.package().to_owned(),
        path: file.relative().to_owned(),
        original_file_path: file.path.to_string(),
        unique_id: UniqueId::of(ResourceType::SavedQuery, block.package(), block.name()),
        fqn,
        config: NodeConfig(config),
        depends_on: DependsOn::default(),
        more,
    })
}

/// What a saved query can be written as.
const DESTINATIONS: [&str; 2] = ["table", "view"];

fn export(
    scene: &Scene<'_>,
    block: &Block,
    item: &Yaml,
    query: &Map<String, Value>,
) -> Result<Value, Diagnostic> {
    let Some(name) = item.get("name").and_then(Yaml::scalar_text) else {
        return Err(block.invalid("['exports']", "'name' is a required property", item));
    };
    let own = block.map(item, "config", "['exports']")?;
    let inherited = |key: &str| query.get(key).cloned().unwrap_or_default();
    let export_as = own.get("export_as").cloned().unwrap_or_else(|| inherited("export_as"));
    let export_as = match export_as.as_str() {
        None => export_as,
        Some(word) if DESTINATIONS.contains(&word.to_lowercase().as_str()) => json!(word.to_lowercase()),
        Some(word) => {
            let message = format!(
                "Field \"export_as\" of type ExportDestinationType in ExportConfig has invalid value '{word}': it is one \
                 of {}",
                DESTINATIONS.join(", ")
            );
            return Err(block.fault(item, message));
        }
    };
    let profile = &scene.shared.profile;
    let schema = own.get("schema").cloned().or_else(|| Some(inherited("schema")).filter(|it| !it.is_null()));
    let config = json!({
        "export_as": export_as,
        "schema_name": schema.unwrap_or_else(|| json!(profile.schema)),
        "alias": own.get("alias").cloned().unwrap_or_else(|| json!(name)),
        "database": own.get("database").cloned().unwrap_or_else(|| json!(profile.database)),
    });
    Ok(json!({"name": name, "config": config, "unrendered_config": own}))
}
