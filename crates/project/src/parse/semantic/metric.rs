//! Metrics, and what they are made of.

use super::{GRANULARITIES, Words, filter, flag, object, or_null, text_or_null, window, word};
use crate::code;
use crate::config::{self, Kind};
use crate::parse::Scene;
use crate::parse::exposures::fqn;
use crate::properties::Block;
use crate::yaml::Node as Yaml;
use indexmap::IndexMap;
use platform_core::node::{DependsOn, Metric, SemanticModel};
use platform_core::{Diagnostic, Manifest, NodeConfig, Place, ResourceType, UniqueId};
use serde_json::{Map, Value, json};

const PERIOD_AGGREGATIONS: Words = Words("PeriodAggregation", &["first", "last", "average"]);
const CALCULATIONS: Words = Words("ConversionCalculationType", &["conversions", "conversion_rate"]);
const TYPES: &[&str] = &["simple", "ratio", "cumulative", "derived", "conversion"];

/// The metric of a block; what it reads is known once all are: see [`link`].
pub fn metric(scene: &Scene<'_>, block: &Block) -> Result<Metric, Diagnostic> {
    let node = &block.node;
    for key in ["label", "type", "type_params"] {
        if node.get(key).is_none() {
            return Err(block.invalid("[]", &format!("'{key}' is a required property"), node));
        }
    }
    let kind = node.text_of("type").unwrap_or_default().to_lowercase();
    let kind = kind.as_str();
    if !TYPES.contains(&kind) {
        let listed: Vec<String> = TYPES.iter().map(|it| format!("'{it}'")).collect();
        return Err(block.invalid(
            "['type']",
            &format!("'{kind}' is not one of [{}]", listed.join(", ")),
            node,
        ));
    }
    let faults = faults_of_name(block.name());
    if !faults.is_empty() {
        let message = format!("The metric name '{}' is invalid.  It {}", block.name(), faults.join(", "));
        return Err(block.fault(node, message));
    }
    let fqn = fqn(block);
    let own = block.map(node, "config", "")?;
    let levels = scene.levels(block.package());
    let config = levels.replacing(&["tags"], Kind::Metric, &fqn, &own);
    config::check(Kind::Metric, &config).map_err(|why| block.fault(node, why).event("SchemaConfigError"))?;
    let params = node.get("type_params").unwrap_or(node);
    let tags: Vec<String> = match node.get("tags") {
        Some(tags) if tags.is_list() => tags.items().iter().filter_map(Yaml::scalar_text).collect(),
        Some(tag) => tag.scalar_text().into_iter().collect(),
        None => Vec::new(),
    };
    // What the configuration says goes before the key beside it.
    let meta = match config.get("meta") {
        Some(Value::Object(meta)) if !meta.is_empty() => meta.clone(),
        _ => block.map(node, "meta", "")?,
    };
    let file = &block.properties.file;
    let more = object([
        ("description", node.get("description").map_or_else(|| json!(""), Yaml::to_json)),
        ("label", or_null(node, "label")),
        ("type", json!(kind)),
        ("type_params", type_params(block, params, kind)?),
        ("filter", filter(node.get("filter"))),
        ("metadata", Value::Null),
        ("time_granularity", or_null(node, "time_granularity")),
        ("meta", Value::Object(meta)),
        ("tags", json!(tags)),
        ("unrendered_config", Value::Object(levels.unrendered(Kind::Metric, &fqn, &own, &Map::new()))),
        ("sources", json!([])),
        ("refs", json!([])),
        ("metrics", json!([])),
        ("created_at", json!(scene.created_at)),
        ("group", config.get("group").cloned().unwrap_or_default()),
    ]);
    Ok(Metric {
        name: block.name().to_owned(),
        resource_type: ResourceType::Metric,
        package_name: block.package().to_owned(),
        path: file.relative().to_owned(),
        original_file_path: file.path.to_string(),
        unique_id: UniqueId::of(ResourceType::Metric, block.package(), block.name()),
        fqn,
        config: NodeConfig(config),
        depends_on: DependsOn::default(),
        more,
    })
}

fn faults_of_name(name: &str) -> Vec<&'static str> {
    let faults = [
        (name.contains(' '), "cannot contain spaces"),
        (name.chars().count() > LONGEST_NAME, "cannot contain more than 250 characters"),
        (!name.starts_with(char::is_alphabetic), "must begin with a letter"),
        (
            !name.chars().all(|it| it.is_alphanumeric() || it == '_'),
            "must contain only letters, numbers and underscores",
        ),
    ];
    faults.into_iter().filter(|(wrong, _)| *wrong).map(|(_, fault)| fault).collect()
}

const LONGEST_NAME: usize = 250;

fn type_params(block: &Block, params: &Yaml, kind: &str) -> Result<Value, Diagnostic> {
    let metrics: Result<Vec<Value>, Diagnostic> =
        block.list(params, "metrics", "['type_params']")?.iter().map(|it| input_metric(block, it)).collect();
    let one = |key: &str| params.get(key).map(|it| input_metric(block, it)).transpose();
    let grain = |node: &Yaml| text_or_null(node, "grain_to_date");
    // A cumulative metric may give its window at either level.
    let cumulative = match (params.get("cumulative_type_params"), kind) {
        (Some(given), _) => json!({
            "window": window(block, given.get("window"))?,
            "grain_to_date": grain(given),
            "period_agg": match word(block, given, "period_agg", &PERIOD_AGGREGATIONS)? {
                Value::Null => json!("first"),
                given => given,
            },
            "metric": given.get("metric").map(|it| input_metric(block, it)).transpose()?,
        }),
        (None, "cumulative") => json!({
            "window": window(block, params.get("window"))?,
            "grain_to_date": grain(params),
            "period_agg": "first",
            "metric": null,
        }),
        _ => Value::Null,
    };
    Ok(Value::Object(object([
        ("measure", params.get("measure").map_or(Value::Null, input_measure)),
        ("input_measures", json!([])),
        ("numerator", one("numerator")?.unwrap_or_default()),
        ("denominator", one("denominator")?.unwrap_or_default()),
        ("expr", text_or_null(params, "expr")),
        ("window", window(block, params.get("window"))?),
        ("grain_to_date", word(block, params, "grain_to_date", &GRANULARITIES)?),
        ("metrics", Value::Array(metrics?)),
        ("conversion_type_params", conversion(block, params.get("conversion_type_params"))?),
        ("cumulative_type_params", cumulative),
        ("metric_aggregation_params", Value::Null),
    ])))
}

fn conversion(block: &Block, given: Option<&Yaml>) -> Result<Value, Diagnostic> {
    let Some(given) = given else { return Ok(Value::Null) };
    let constants = given.get("constant_properties").map(|constants| {
        let item = |it: &Yaml| {
            json!({
                "base_property": or_null(it, "base_property"), "conversion_property": or_null(it, "conversion_property")
            })
        };
        Value::Array(constants.items().iter().map(item).collect())
    });
    Ok(json!({
        "base_measure": given.get("base_measure").map_or(Value::Null, input_measure),
        "conversion_measure": given.get("conversion_measure").map_or(Value::Null, input_measure),
        "entity": or_null(given, "entity"),
        "calculation": match word(block, given, "calculation", &CALCULATIONS)? {
            Value::Null => json!("conversion_rate"),
            given => given,
        },
        "window": window(block, given.get("window"))?,
        "constant_properties": constants,
    }))
}

/// A measure named alone, or with more.
fn input_measure(node: &Yaml) -> Value {
    match node.scalar_text() {
        Some(name) => bare_measure(&name),
        None => json!({
            "name": or_null(node, "name"),
            "filter": filter(node.get("filter")),
            "alias": or_null(node, "alias"),
            "join_to_timespine": flag(node, "join_to_timespine"),
            "fill_nulls_with": or_null(node, "fill_nulls_with"),
        }),
    }
}

fn bare_measure(name: &str) -> Value {
    json!({"name": name, "filter": null, "alias": null, "join_to_timespine": false, "fill_nulls_with": null})
}

fn input_metric(block: &Block, node: &Yaml) -> Result<Value, Diagnostic> {
    Ok(match node.scalar_text() {
        Some(name) => {
            json!({"name": name, "filter": null, "alias": null, "offset_window": null, "offset_to_grain": null})
        }
        None => json!({
            "name": or_null(node, "name"),
            "filter": filter(node.get("filter")),
            "alias": or_null(node, "alias"),
            "offset_window": window(block, node.get("offset_window"))?,
            "offset_to_grain": or_null(node, "offset_to_grain"),
        }),
    })
}

/// The metrics that measures with `create_metric` make.
pub fn created(scene: &Scene<'_>, block: &Block, model: &SemanticModel) -> Vec<Metric> {
    let measures = block.node.get("measures").map(Yaml::items).unwrap_or_default();
    let made = measures.iter().filter(|it| flag(it, "create_metric")).filter_map(|measure| {
        let name = measure.get("name").and_then(Yaml::scalar_text)?;
        let mut fqn = model.fqn.clone();
        fqn.pop();
        fqn.push(name.clone());
        let description = measure
            .get("description")
            .and_then(Yaml::scalar_text)
            .unwrap_or_else(|| format!("Metric created from measure {name}"));
        let params = object([
            ("measure", bare_measure(&name)),
            ("input_measures", json!([])),
            ("numerator", Value::Null),
            ("denominator", Value::Null),
            (
                "expr",
                measure.get("expr").and_then(Yaml::scalar_text).map_or_else(|| json!(name), Value::String),
            ),
            ("window", Value::Null),
            ("grain_to_date", Value::Null),
            ("metrics", json!([])),
            ("conversion_type_params", Value::Null),
            ("cumulative_type_params", Value::Null),
            ("metric_aggregation_params", Value::Null),
        ]);
        let label = measure.get("label").and_then(Yaml::scalar_text).unwrap_or_else(|| name.clone());
        let enabled = model.config.enabled();
        let group = model.config.get("group").cloned().unwrap_or_default();
        let meta = model.config.get("meta").cloned().unwrap_or_else(|| json!({}));
        Some(Metric {
            unique_id: UniqueId::of(ResourceType::Metric, &model.package_name, &name),
            resource_type: ResourceType::Metric,
            package_name: model.package_name.clone(),
            path: model.path.clone(),
            original_file_path: model.original_file_path.clone(),
            fqn,
            config: NodeConfig(object([
                ("enabled", json!(enabled)),
                ("group", group.clone()),
                ("meta", meta.clone()),
            ])),
            depends_on: DependsOn::default(),
            more: object([
                ("description", json!(description)),
                ("label", json!(label)),
                ("type", json!("simple")),
                ("type_params", Value::Object(params)),
                ("filter", Value::Null),
                ("metadata", Value::Null),
                ("time_granularity", Value::Null),
                ("meta", meta.clone()),
                ("tags", json!([])),
                ("unrendered_config", json!({"enabled": enabled, "meta": meta})),
                ("sources", json!([])),
                ("refs", json!([])),
                ("metrics", json!([])),
                ("created_at", json!(scene.created_at)),
                ("group", group),
            ]),
            name,
        })
    });
    made.collect()
}

/// Fills in what every metric reads: the semantic models of its measures, or other metrics; and the measures at
/// the bottom of each.
pub fn link(manifest: &mut Manifest) -> Vec<Diagnostic> {
    let mut measures: IndexMap<String, UniqueId> = IndexMap::new();
    for model in manifest.semantic_models.values() {
        for measure in model.more.get("measures").and_then(Value::as_array).into_iter().flatten() {
            if let Some(name) = measure.get("name").and_then(Value::as_str) {
                measures.insert(name.to_owned(), model.unique_id.clone());
            }
        }
    }
    let disabled = disabled_measures(manifest);
    let mut problems = shared_measures(manifest);
    let by_name: IndexMap<String, UniqueId> =
        manifest.metrics.values().map(|metric| (metric.name.clone(), metric.unique_id.clone())).collect();
    let mut linked = Vec::new();
    for metric in manifest.metrics.values() {
        let mut found: Vec<UniqueId> = Vec::new();
        let mut add = |id: &UniqueId| {
            if !found.contains(id) {
                found.push(id.clone());
            }
        };
        for name in own_measures(metric) {
            match measures.get(&name) {
                Some(id) => add(id),
                None => problems.push(missing(
                    metric,
                    &match disabled.get(&name) {
                        Some(model) => {
                            format!(
                                "The measure `{name}` is referenced on disabled semantic model `{model}`."
                            )
                        }
                        None => format!(
                            "A semantic model having a measure `{name}` does not exist but was referenced."
                        ),
                    },
                )),
            }
        }
        for name in input_metrics(metric) {
            match by_name.get(&name) {
                Some(id) => add(id),
                None => problems.push(missing(
                    metric,
                    &format!(
                        "The metric `{name}` does not exist but was referenced by metric `{}`.",
                        metric.name
                    ),
                )),
            }
        }
        let mut inputs = Vec::new();
        bottom(manifest, metric, &by_name, &mut inputs, 0);
        linked.push((metric.unique_id.clone(), found, inputs));
    }
    for (id, found, inputs) in linked {
        let Some(metric) = manifest.metrics.get_mut(&id) else { continue };
        metric.depends_on.nodes = found;
        if let Some(Value::Object(params)) = metric.more.get_mut("type_params") {
            params.insert("input_measures".to_owned(), Value::Array(inputs));
        }
    }
    problems
}

/// Measures go by their names alone: no two may share one.
fn shared_measures(manifest: &Manifest) -> Vec<Diagnostic> {
    let mut seen: IndexMap<&str, &str> = IndexMap::new();
    let mut found = Vec::new();
    for model in manifest.semantic_models.values() {
        for measure in model.more.get("measures").and_then(Value::as_array).into_iter().flatten() {
            let name = measure["name"].as_str().unwrap_or_default();
            let Some(earlier) = seen.insert(name, &model.name) else { continue };
            let message = format!(
                "Found measure with name `{name}` in multiple semantic models with names ('{earlier}', '{}'): a measure's \
                 name is its own",
                model.name
            );
            found.push(
                Diagnostic::error(code::SEMANTIC, message)
                    .event("SemanticValidationFailure")
                    .at(Place::file(model.original_file_path.as_str()))
                    .hint("give one of them another name"),
            );
        }
    }
    found
}

/// Measures of semantic models that are switched off, and their model's name.
fn disabled_measures(manifest: &Manifest) -> IndexMap<String, String> {
    let off = manifest.disabled.iter().filter(|(id, _)| id.as_str().starts_with("semantic_model."));
    let models = off.flat_map(|(_, models)| models);
    let mut found = IndexMap::new();
    for model in models {
        let name = model["name"].as_str().unwrap_or_default();
        for measure in model["measures"].as_array().into_iter().flatten() {
            if let Some(measure) = measure["name"].as_str() {
                found.insert(measure.to_owned(), name.to_owned());
            }
        }
    }
    found
}

fn missing(metric: &Metric, message: &str) -> Diagnostic {
    Diagnostic::error(code::SEMANTIC, message)
        .event("ParsingError")
        .at(Place::file(metric.original_file_path.as_str()))
}

fn params(metric: &Metric) -> &Value {
    metric.more.get("type_params").unwrap_or(&Value::Null)
}

fn measures_of(metric: &Metric) -> Vec<&Value> {
    let params = params(metric);
    let conversion = &params["conversion_type_params"];
    [&params["measure"], &conversion["base_measure"], &conversion["conversion_measure"]]
        .into_iter()
        .filter(|it| it.is_object())
        .collect()
}

fn own_measures(metric: &Metric) -> Vec<String> {
    measures_of(metric).iter().filter_map(|it| it["name"].as_str().map(str::to_owned)).collect()
}

fn input_metrics(metric: &Metric) -> Vec<String> {
    let params = params(metric);
    let listed = params["metrics"].as_array().into_iter().flatten();
    let single = [&params["numerator"], &params["denominator"], &params["cumulative_type_params"]["metric"]];
    single.into_iter().chain(listed).filter_map(|it| it["name"].as_str().map(str::to_owned)).collect()
}

/// The measures that a metric comes down to, each once.
fn bottom(
    manifest: &Manifest,
    metric: &Metric,
    by_name: &IndexMap<String, UniqueId>,
    into: &mut Vec<Value>,
    depth: usize,
) {
    for measure in measures_of(metric) {
        if !into.contains(measure) {
            into.push(measure.clone());
        }
    }
    // Metrics that read each other in a circle are told elsewhere.
    if depth > by_name.len() {
        return;
    }
    for name in input_metrics(metric) {
        if let Some(input) = by_name.get(&name).and_then(|id| manifest.metrics.get(id)) {
            bottom(manifest, input, by_name, into, depth + 1);
        }
    }
}
