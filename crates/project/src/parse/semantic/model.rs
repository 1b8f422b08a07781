//! Semantic models.

use super::{AGGREGATIONS, GRANULARITIES, Words, flag, object, or_null, part_config, text_or_null, word};
use crate::config::{self, Kind};
use crate::parse::Scene;
use crate::parse::exposures::{Calls, fqn};
use crate::properties::Block;
use crate::yaml::{Content, Node as Yaml};
use platform_core::node::{DependsOn, SemanticModel};
use platform_core::{Diagnostic, Node, NodeConfig, ResourceType, UniqueId};
use serde_json::{Map, Value, json};

const ENTITY_TYPES: Words = Words("EntityType", &["foreign", "natural", "primary", "unique"]);
const DIMENSION_TYPES: Words = Words("DimensionType", &["categorical", "time"]);

/// The semantic model of a block; its relation is known once references are resolved: see [`relate`].
pub fn semantic_model(scene: &Scene<'_>, block: &Block) -> Result<SemanticModel, Diagnostic> {
    let node = &block.node;
    let Some(model) = node.get("model") else {
        return Err(block.invalid("[]", "'model' is a required property", node));
    };
    let mut calls = Calls::default();
    calls.take(scene, block, model)?;
    let fqn = fqn(block);
    let own = block.map(node, "config", "")?;
    let levels = scene.levels(block.package());
    let config = levels.resolve(Kind::SemanticModel, &fqn, &own, &Map::new());
    config::check(Kind::SemanticModel, &config)
        .map_err(|why| block.fault(node, why).event("SchemaConfigError"))?;
    let list = |key: &'static str, read: fn(&Block, &Yaml) -> Result<Map<String, Value>, Diagnostic>| {
        let part = |item: &Yaml| {
            let mut part = read(block, item)?;
            part.insert("config".to_owned(), part_config(item, &config));
            Ok(Value::Object(part))
        };
        let items: Result<Vec<Value>, Diagnostic> =
            block.list(node, key, "").and_then(|items| items.iter().map(part).collect());
        items.map(Value::Array)
    };
    let defaults = match node.get("defaults") {
        Some(defaults) => json!({"agg_time_dimension": or_null(defaults, "agg_time_dimension")}),
        None => Value::Null,
    };
    let file = &block.properties.file;
    let more = object([
        ("model", Value::String(model.text().unwrap_or_default().to_owned())),
        ("node_relation", Value::Null),
        ("description", or_null(node, "description")),
        ("label", or_null(node, "label")),
        ("defaults", defaults),
        ("entities", list("entities", entity)?),
        ("measures", list("measures", measure)?),
        ("dimensions", list("dimensions", dimension)?),
        ("metadata", Value::Null),
        ("refs", serde_json::to_value(&calls.refs).unwrap_or_default()),
        ("created_at", json!(scene.created_at)),
        ("unrendered_config", Value::Object(levels.unrendered(Kind::SemanticModel, &fqn, &own, &Map::new()))),
        ("primary_entity", or_null(node, "primary_entity")),
        ("group", config.get("group").cloned().unwrap_or_default()),
    ]);
    Ok(SemanticModel {
        name: block.name().to_owned(),
        resource_type: ResourceType::SemanticModel,
        package_name: block.package().to_owned(),
        path: file.relative().to_owned(),
        original_file_path: file.path.to_string(),
        unique_id: UniqueId::of(ResourceType::SemanticModel, block.package(), block.name()),
        fqn,
        config: NodeConfig(config),
        depends_on: DependsOn::default(),
        more,
    })
}

/// Fills in the relation of the model that it stands on.
pub fn relate(model: &mut SemanticModel, node: &Node) {
    let relation = json!({
        "alias": node.alias,
        "schema_name": node.schema,
        "database": node.database,
        "relation_name": node.relation_name,
    });
    model.more.insert("node_relation".to_owned(), relation);
}

fn named(block: &Block, item: &Yaml) -> Result<Value, Diagnostic> {
    let name = item.get("name").and_then(Yaml::scalar_text);
    name.map(Value::String).ok_or_else(|| block.invalid("[]", "'name' is a required property", item))
}

fn entity(block: &Block, item: &Yaml) -> Result<Map<String, Value>, Diagnostic> {
    Ok(object([
        ("name", named(block, item)?),
        ("type", word(block, item, "type", &ENTITY_TYPES)?),
        ("description", or_null(item, "description")),
        ("label", or_null(item, "label")),
        ("role", or_null(item, "role")),
        ("expr", text_or_null(item, "expr")),
    ]))
}

fn measure(block: &Block, item: &Yaml) -> Result<Map<String, Value>, Diagnostic> {
    let agg_params = match item.get("agg_params") {
        Some(given) => json!({
            "percentile": or_null(given, "percentile"),
            "use_discrete_percentile": flag(given, "use_discrete_percentile"),
            "use_approximate_percentile": flag(given, "use_approximate_percentile"),
        }),
        None => Value::Null,
    };
    let non_additive = match item.get("non_additive_dimension") {
        Some(given) => json!({
            "name": or_null(given, "name"),
            "window_choice": match word(block, given, "window_choice", &AGGREGATIONS)? {
                Value::Null => json!("min"),
                choice => choice,
            },
            "window_groupings": given.get("window_groupings").map_or_else(|| json!([]), Yaml::to_json),
        }),
        None => Value::Null,
    };
    Ok(object([
        ("name", named(block, item)?),
        ("agg", word(block, item, "agg", &AGGREGATIONS)?),
        ("description", or_null(item, "description")),
        ("label", or_null(item, "label")),
        ("create_metric", json!(false)),
        ("expr", text_or_null(item, "expr")),
        ("agg_params", agg_params),
        ("non_additive_dimension", non_additive),
        ("agg_time_dimension", or_null(item, "agg_time_dimension")),
    ]))
}

fn dimension(block: &Block, item: &Yaml) -> Result<Map<String, Value>, Diagnostic> {
    let type_params = match item.get("type_params").filter(|it| !matches!(it.content, Content::Null)) {
        Some(given) => {
            let validity = given.get("validity_params").map_or(Value::Null, |validity| {
                json!({"is_start": flag(validity, "is_start"), "is_end": flag(validity, "is_end")})
            });
            let granularity = word(block, given, "time_granularity", &GRANULARITIES)?;
            json!({"time_granularity": granularity, "validity_params": validity})
        }
        None => Value::Null,
    };
    Ok(object([
        ("name", named(block, item)?),
        ("type", word(block, item, "type", &DIMENSION_TYPES)?),
        ("description", or_null(item, "description")),
        ("label", or_null(item, "label")),
        ("is_partition", json!(flag(item, "is_partition"))),
        ("type_params", type_params),
        ("expr", text_or_null(item, "expr")),
        ("metadata", Value::Null),
    ]))
}
