//! What the semantic layer asks of names, time dimensions and time spines
//! (<https://docs.getdbt.com/docs/build/metricflow-time-spine>), held against dbt Core's answers.

mod metric;
mod model;
mod query;

use super::{GRANULARITIES, METRIC_TIME, Words, is_up_to_a_day};
use crate::code;
use crate::flags::Flags;
use indexmap::IndexMap;
use platform_core::node::{Metric, SavedQuery, SemanticModel};
use platform_core::{Diagnostic, Manifest, Node, Place, ResourceType, Severity};
use serde_json::Value;

/// What a fault is of: what its properties are called, and the file that they stand in.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// Package of the file.
    pub package: &'a str,
    /// Path below the package's root.
    pub file: &'a str,
    /// Name.
    pub name: &'a str,
}

macro_rules! subjects {
    ($($resource:ty),+) => {$(
        impl<'a> From<&'a $resource> for Subject<'a> {
            fn from(resource: &'a $resource) -> Self {
                let (package, name) = (resource.package_name.as_str(), resource.name.as_str());
                Self { package, file: &resource.original_file_path, name }
            }
        }
    )+};
}

subjects!(SemanticModel, Metric, SavedQuery);

impl<'a> From<&'a Node> for Subject<'a> {
    fn from(node: &'a Node) -> Self {
        let own = (node.package_name.as_str(), node.original_file_path.as_str());
        let (package, file) = node.patch_path.as_deref().and_then(|it| it.split_once("://")).unwrap_or(own);
        Self { package, file, name: &node.name }
    }
}

/// Something that is wrong, with no place as yet.
struct Fault<'a> {
    of: Subject<'a>,
    diagnostic: Diagnostic,
}

/// What keeps the semantic layer of a manifest from being used; `place` says where the properties of a subject stand.
pub fn validate(manifest: &Manifest, flags: &Flags, place: &dyn Fn(Subject<'_>) -> Place) -> Vec<Diagnostic> {
    let placed = |fault: Fault<'_>| fault.diagnostic.at(place(fault.of));
    let mut problems: Vec<Diagnostic> = spines(manifest).into_iter().map(placed).collect();
    if manifest.semantic_models.is_empty() {
        return problems;
    }
    if problems.is_empty() && !has_daily_spine(manifest) {
        let message = "The semantic layer requires a time spine model with granularity DAY or smaller in the project, \
                       but none was found. Guidance on creating this model can be found on our docs site \
                       (https://docs.getdbt.com/docs/build/metricflow-time-spine).";
        problems.push(
            error(message.to_owned()).hint("add a model of days, with `time_spine:` in its properties"),
        );
    }
    let mut faults = names(manifest);
    faults.extend(labels(manifest));
    faults.extend(kinds(manifest));
    faults.extend(manifest.semantic_models.values().flat_map(model::faults));
    let granularities = granularities(manifest);
    faults.extend(metric::faults(manifest, &granularities));
    faults.extend(query::faults(manifest, &granularities));
    if flags.is_on(NESTED_CUMULATIVE) {
        faults.extend(flat_cumulative(manifest));
    }
    let is_refused = faults.iter().any(|it| it.diagnostic.severity == Severity::Error);
    problems.extend(faults.into_iter().map(placed));
    if is_refused {
        problems.push(error("Semantic Manifest validation failed.".to_owned()));
    }
    problems
}

/// The flag that refuses what [`is_flat_cumulative`] finds.
pub const NESTED_CUMULATIVE: &str = "require_nested_cumulative_type_params";

/// Whether a cumulative metric has its window beside `cumulative_type_params`
/// (<https://docs.getdbt.com/reference/global-configs/behavior-changes#cumulative-metrics>).
pub fn is_flat_cumulative(metric: &Metric) -> bool {
    let has_old = |params: &Value| !params["window"].is_null() || !params["grain_to_date"].is_null();
    let is_cumulative = metric.more.get("type").and_then(Value::as_str) == Some("cumulative");
    is_cumulative && metric.more.get("type_params").is_some_and(has_old)
}

fn flat_cumulative(manifest: &Manifest) -> Option<Fault<'_>> {
    let flat: Vec<&Metric> = manifest.metrics.values().filter(|metric| is_flat_cumulative(metric)).collect();
    let names: Vec<&str> = flat.iter().map(|metric| metric.name.as_str()).collect();
    let message = format!(
        "Cumulative fields `type_params.window` and `type_params.grain_to_date` should be nested under \
         `type_params.cumulative_type_params.window` and `type_params.cumulative_type_params.grain_to_date`. Invalid \
         metrics: {}. See documentation on behavior changes: \
         https://docs.getdbt.com/reference/global-configs/behavior-changes.",
        names.join(", ")
    );
    flat.first().map(|metric| fault(message, *metric))
}

fn error(message: String) -> Diagnostic {
    Diagnostic::error(code::SEMANTIC, message).event("ParsingError")
}

fn fault<'a>(message: String, of: impl Into<Subject<'a>>) -> Fault<'a> {
    let diagnostic = Diagnostic::error(code::SEMANTIC, message).event("SemanticValidationFailure");
    Fault { of: of.into(), diagnostic }
}

fn warning<'a>(message: String, of: impl Into<Subject<'a>>) -> Fault<'a> {
    let Fault { of, diagnostic } = fault(message, of);
    Fault { of, diagnostic: Diagnostic { severity: Severity::Warning, ..diagnostic } }
}

fn models(manifest: &Manifest) -> impl Iterator<Item = &Node> {
    manifest.nodes.values().filter(|node| node.resource_type == ResourceType::Model)
}

fn spine(node: &Node) -> Option<&Value> {
    node.only.time_spine.as_ref().filter(|it| !it.is_null())
}

/// Columns that time spines name and their models don't have.
fn spines(manifest: &Manifest) -> Vec<Fault<'_>> {
    let listed = |names: Vec<&str>| {
        let shown: Vec<String> = names.iter().map(|name| format!("'{name}'")).collect();
        format!("[{}]", shown.join(", "))
    };
    let mut problems = Vec::new();
    for node in models(manifest) {
        let Some(spine) = spine(node) else { continue };
        let known: Vec<&str> = node.columns.keys().map(String::as_str).collect();
        let standard = spine["standard_granularity_column"].as_str().unwrap_or_default();
        let mut tell = |message: String| problems.push(Fault { of: node.into(), diagnostic: error(message) });
        match node.columns.get(standard) {
            None => tell(format!(
                "Time spine standard granularity column must be defined on the model. Got invalid column name \
                 '{standard}' for model '{}'. Valid names: {}.",
                node.name,
                listed(known.clone())
            )),
            Some(column) if column.granularity.is_none() => tell(format!(
                "Time spine standard granularity column must have a granularity defined. Please add one for column \
                 '{standard}' in model '{}'.",
                node.name
            )),
            Some(_) => {}
        }
        let custom = spine["custom_granularities"].as_array().into_iter().flatten();
        let missing: Vec<&str> = custom
            .filter_map(|it| it["column_name"].as_str().or_else(|| it["name"].as_str()))
            .filter(|name| !known.contains(name))
            .collect();
        if !missing.is_empty() {
            tell(format!(
                "Time spine custom granularity columns do not exist in the model. Columns not found: {}; Available \
                 columns: {}",
                listed(missing),
                listed(known)
            ));
        }
    }
    problems
}

/// Whether a model has the days, or goes by the name that made it one before there was `time_spine`.
fn has_daily_spine(manifest: &Manifest) -> bool {
    let is_daily = |node: &Node| {
        let column = spine(node).and_then(|it| node.columns.get(it["standard_granularity_column"].as_str()?));
        column.and_then(|it| it.granularity.as_deref()).is_some_and(is_up_to_a_day)
    };
    models(manifest).any(|node| node.name == "metricflow_time_spine" || is_daily(node))
}

fn parts<'a>(model: &'a SemanticModel, key: &str) -> impl Iterator<Item = &'a Value> {
    model.more.get(key).and_then(Value::as_array).into_iter().flatten()
}

fn name(part: &Value) -> &str {
    part["name"].as_str().unwrap_or_default()
}

fn names(manifest: &Manifest) -> Vec<Fault<'_>> {
    let of_models = manifest.semantic_models.values().flat_map(|model| {
        let parts = ["measures", "entities", "dimensions"].into_iter().flat_map(|key| parts(model, key));
        std::iter::once(model.name.as_str()).chain(parts.map(name)).map(move |name| (name, model.into()))
    });
    let of_metrics = manifest.metrics.values().map(|it| (it.name.as_str(), it.into()));
    let of_queries = manifest.saved_queries.values().map(|it| (it.name.as_str(), it.into()));
    let of_spines = custom_granularities(manifest).map(|(name, node)| (name, node.into()));
    let all = of_models.chain(of_metrics).chain(of_queries).chain(of_spines);
    all.filter_map(|(name, of): (&str, Subject<'_>)| wrong_name(name, of)).collect()
}

fn wrong_name<'a>(name: &str, of: impl Into<Subject<'a>>) -> Option<Fault<'a>> {
    let is_word = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
    let is_plain = name.len() > 1
        && name.starts_with(|letter: char| letter.is_ascii_lowercase())
        && name.chars().all(is_word)
        && !name.ends_with('_')
        && !name.contains("__");
    if !is_plain {
        let message = format!(
            "Invalid name `{name}` - names may only contain lower case letters, numbers, and underscores. Additionally, \
             names must start with a lower case letter, cannot end with an underscore, cannot contain dunders (double \
             underscores, or __), and must be at least 2 characters long."
        );
        return Some(fault(message, of));
    }
    if name == METRIC_TIME {
        let message = format!(
            "Invalid name `{name}` - this name is reserved by MetricFlow. Reason: Used as the query input for creating \
             time series metrics from measures with different time dimension names."
        );
        return Some(fault(message, of));
    }
    let Words(_, reserved) = GRANULARITIES;
    reserved.contains(&name).then(|| {
        let words: Vec<String> = reserved.iter().map(|word| format!("'{}'", word.to_uppercase())).collect();
        let message = format!(
            "Invalid name `{name}` - names cannot match reserved time granularity keywords ([{}])",
            words.join(", ")
        );
        fault(message, of)
    })
}

/// No two metrics share a label.
fn labels(manifest: &Manifest) -> Vec<Fault<'_>> {
    let mut seen: IndexMap<&str, &str> = IndexMap::new();
    let mut found = Vec::new();
    for metric in manifest.metrics.values() {
        let Some(label) = metric.more.get("label").and_then(Value::as_str) else { continue };
        if let Some(earlier) = seen.get(label) {
            let message = format!(
                "Can't use label `{label}` for  metric `{}` as it's already used for metric `{earlier}`",
                metric.name
            );
            found.push(fault(message, metric));
        } else {
            seen.insert(label, &metric.name);
        }
    }
    found
}

/// Granularities that time spines define, with their models.
fn custom_granularities(manifest: &Manifest) -> impl Iterator<Item = (&str, &Node)> {
    models(manifest).flat_map(|node| {
        let custom = spine(node).and_then(|it| it["custom_granularities"].as_array());
        custom.into_iter().flatten().map(move |it| (name(it), node))
    })
}

/// All granularities that items may be wanted in, in lower case.
fn granularities(manifest: &Manifest) -> Vec<&str> {
    let Words(_, standard) = GRANULARITIES;
    standard.iter().copied().chain(custom_granularities(manifest).map(|(name, _)| name)).collect()
}

/// A name means the same in all semantic models, and no granularity has it.
fn kinds(manifest: &Manifest) -> Vec<Fault<'_>> {
    let mut found = Vec::new();
    let mut uses: IndexMap<&str, Vec<(&str, &SemanticModel)>> = IndexMap::new();
    let mut types: IndexMap<&str, &str> = IndexMap::new();
    for model in manifest.semantic_models.values() {
        for (key, kind) in [("dimensions", "dimension"), ("entities", "entity"), ("measures", "measure")] {
            for part in parts(model, key) {
                uses.entry(name(part)).or_default().push((kind, model));
                if kind != "dimension" {
                    continue;
                }
                let own = part["type"].as_str().unwrap_or_default();
                let first = *types.entry(name(part)).or_insert(own);
                if first != own {
                    let message = format!(
                        "In semantic model `{}`, type conflict for dimension `{}` - already in model as type `{first}` \
                         but got `{own}`",
                        model.name,
                        name(part)
                    );
                    found.push(fault(message, model));
                }
            }
        }
    }
    for (name, uses) in &uses {
        let mut kinds: Vec<&str> = uses.iter().map(|(kind, _)| *kind).collect();
        kinds.sort_unstable();
        kinds.dedup();
        if kinds.len() > 1 {
            for (kind, model) in uses {
                let message = format!(
                    "In semantic model `{}`, element `{name}` is of type {kind}, but it is used as types {} across the \
                     semantic layer.",
                    model.name,
                    kinds.join(", ")
                );
                found.push(fault(message, *model));
            }
        }
    }
    for (granularity, node) in custom_granularities(manifest) {
        let part = uses.get(granularity).map(|uses| uses[0].0);
        let metric = || manifest.metrics.values().any(|it| it.name == granularity).then_some("metric");
        let model =
            || manifest.semantic_models.values().any(|it| it.name == granularity).then_some("semantic_model");
        if let Some(kind) = part.or_else(metric).or_else(model) {
            let message = format!(
                "Can't use name `{granularity}` for a custom granularity when it was already used for a {kind}."
            );
            found.push(fault(message, node));
        }
    }
    found
}
