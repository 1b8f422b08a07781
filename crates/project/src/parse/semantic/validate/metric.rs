//! What the semantic layer asks of metrics (<https://docs.getdbt.com/docs/build/metrics-overview>).

use super::{Fault, fault, name, parts, warning, wrong_name};
use crate::parse::semantic::item::{Place, items};
use crate::parse::semantic::{GRANULARITIES, Words};
use platform_core::Manifest;
use platform_core::node::{Metric, SemanticModel};
use serde_json::Value;

/// What is wrong with metrics.
pub fn faults<'a>(manifest: &'a Manifest, granularities: &[&str]) -> Vec<Fault<'a>> {
    let mut found = Vec::new();
    for metric in manifest.metrics.values() {
        let Some(params) = metric.more.get("type_params") else { continue };
        let mut messages = windows(metric, params, granularities);
        match metric.more.get("type").and_then(Value::as_str).unwrap_or_default() {
            "derived" => messages.extend(derived(metric, params, granularities)),
            "conversion" => messages.extend(conversion(manifest, params)),
            _ => {}
        }
        messages.extend(filters(metric, params, granularities));
        messages.extend(constrained(metric, params));
        found.extend(messages.into_iter().map(|message| fault(message, metric)));
        found.extend(aliases(metric, params).filter_map(|alias| wrong_name(alias, metric)));
        found.extend(filtered_conversion(params).map(|message| warning(message, metric)));
    }
    found
}

fn list<'a>(params: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    params[key].as_array().into_iter().flatten()
}

fn is_standard(granularity: &str) -> bool {
    let Words(_, standard) = GRANULARITIES;
    standard.iter().any(|word| word.eq_ignore_ascii_case(granularity))
}

fn wrong_window(window: &Value, custom_allowed: bool, granularities: &[&str]) -> Option<String> {
    let granularity = window["granularity"].as_str()?;
    let is_custom = granularities.contains(&granularity);
    if is_standard(granularity) || (is_custom && custom_allowed) {
        return None;
    }
    let also = if is_custom { " Custom granularities are not supported for this field yet." } else { "" };
    Some(format!(
        "Invalid time granularity '{granularity}' in window: '{} {granularity}'{also}",
        window["count"]
    ))
}

fn wrong_grain(params: &Value, key: &str) -> Option<String> {
    let grain = params[key].as_str().filter(|grain| !is_standard(grain))?;
    Some(format!(
        "Invalid time granularity found in `{key}`: '{grain}'. Custom granularities are not supported for this field yet."
    ))
}

/// Windows of cumulative and conversion metrics: of a standard granularity, and one way at a time.
fn windows(metric: &Metric, params: &Value, granularities: &[&str]) -> Vec<String> {
    const BOTH: &str =
        "Both window and grain_to_date set for cumulative metric. Please set one or the other.";
    let (nested, outer) = (&params["cumulative_type_params"], params);
    let mut found = Vec::new();
    if nested.is_object() {
        let value = |key: &str| if nested[key].is_null() { &outer[key] } else { &nested[key] };
        if !value("window").is_null() && !value("grain_to_date").is_null() {
            found.push(BOTH.to_owned());
        }
        let (inner, old) = (&nested["window"], &outer["window"]);
        if !inner.is_null() && !old.is_null() && inner != old {
            let shown = |window: &Value| {
                format!("{} {}", window["count"], window["granularity"].as_str().unwrap_or_default())
            };
            found.push(format!(
                "Got differing values for `window` on cumulative metric '{}'. In `type_params.window`, got '{}'. In \
                 `type_params.cumulative_type_params.window`, got '{}'. Please remove the value from `type_params.window`.",
                metric.name,
                shown(old),
                shown(inner)
            ));
        }
        found.extend(wrong_window(value("window"), false, granularities));
        found.extend(wrong_grain(nested, "grain_to_date"));
    }
    found.extend(wrong_window(&params["conversion_type_params"]["window"], false, granularities));
    found
}

fn derived(metric: &Metric, params: &Value, granularities: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    if params["expr"].as_str().is_none_or(str::is_empty) {
        found.push(format!(
            "No `expr` set for derived metric {}. Please add an `expr` that references all input metrics.",
            metric.name
        ));
    }
    let names: Vec<&str> = list(params, "metrics").map(name).collect();
    if names.is_empty() {
        found.push(format!(
            "No input metrics found for derived metric '{}'. Please add metrics to type_params.metrics.",
            metric.name
        ));
    }
    for input in list(params, "metrics") {
        if let Some(alias) = input["alias"].as_str().filter(|alias| names.contains(alias)) {
            found.push(format!(
                "Alias '{alias}' for input metric: '{}' is already being used. Please choose another alias.",
                name(input)
            ));
        }
        if !input["offset_window"].is_null() && !input["offset_to_grain"].is_null() {
            found.push(format!(
                "Both offset_window and offset_to_grain set for derived metric '{}' on input metric '{}'. Please set one \
                 or the other.",
                metric.name,
                name(input)
            ));
        }
        found.extend(wrong_window(&input["offset_window"], true, granularities));
        found.extend(wrong_grain(input, "offset_to_grain"));
    }
    found
}

fn aliases<'a>(metric: &'a Metric, params: &'a Value) -> impl Iterator<Item = &'a str> {
    let is_derived = metric.more.get("type").and_then(Value::as_str) == Some("derived");
    let inputs = list(params, "metrics").filter(move |_| is_derived);
    inputs.chain([&params["measure"]]).filter_map(|input| input["alias"].as_str())
}

/// The semantic model of a measure, and the measure.
fn measured<'a>(manifest: &'a Manifest, input: &Value) -> Option<(&'a SemanticModel, &'a Value)> {
    let wanted = name(input);
    let mut models = manifest.semantic_models.values();
    models.find_map(|model| Some((model, parts(model, "measures").find(|it| name(it) == wanted)?)))
}

/// Both measures count, and what joins them is known in both models.
fn conversion(manifest: &Manifest, params: &Value) -> Vec<String> {
    let params = &params["conversion_type_params"];
    let mut found = Vec::new();
    for (side, property) in [("base", "base_property"), ("conversion", "conversion_property")] {
        let Some((model, measure)) = measured(manifest, &params[&*format!("{side}_measure")]) else {
            continue;
        };
        let known = |wanted: &str, keys: &[&str]| {
            keys.iter().any(|key| parts(model, key).any(|it| name(it) == wanted))
        };
        if let Some(entity) = params["entity"].as_str().filter(|entity| !known(entity, &["entities"])) {
            found.push(format!("Entity: {entity} not found in {side} semantic model: {}.", model.name));
        }
        let agg = measure["agg"].as_str().unwrap_or_default();
        let counts = matches!(agg, "count" | "count_distinct")
            || (agg == "sum" && measure["expr"].as_str() == Some("1"));
        if !counts {
            found.push(format!(
                "For conversion metrics, the measure must be COUNT/SUM(1)/COUNT_DISTINCT. Measure: {} is agg type: {}",
                name(measure),
                agg.to_uppercase()
            ));
        }
        for constant in list(params, "constant_properties") {
            let property = constant[property].as_str();
            if let Some(unknown) = property.filter(|it| !known(it, &["dimensions", "entities"])) {
                found.push(format!(
                    "The provided constant property: {unknown}, cannot be found in semantic model {}",
                    model.name
                ));
            }
        }
    }
    found
}

fn filtered_conversion(params: &Value) -> Option<String> {
    let measure = &params["conversion_type_params"]["conversion_measure"];
    measure["filter"].is_object().then(|| {
        format!(
            "Measure input {} has a filter. For conversion metrics, filtering on a conversion input measure is not fully \
             supported yet.",
            name(measure)
        )
    })
}

/// A measure that a metric takes under different filters goes by different names.
fn constrained(metric: &Metric, params: &Value) -> Vec<String> {
    let conversion = &params["conversion_type_params"];
    let inputs = [&params["measure"], &conversion["base_measure"], &conversion["conversion_measure"]];
    let inputs: Vec<&Value> = inputs.into_iter().filter(|it| it.is_object()).collect();
    let mut found = Vec::new();
    for (index, input) in inputs.iter().enumerate() {
        let others = || inputs.iter().filter(|it| name(it) == name(input));
        let is_first = inputs[..index].iter().all(|it| name(it) != name(input));
        let differ = others().any(|it| it["filter"] != input["filter"]);
        let unnamed = others().any(|it| it["filter"].is_object() && it["alias"].is_null());
        if is_first && differ && unnamed {
            found.push(format!(
                "Metric {} depends on multiple different constrained versions of measure {}. In such cases, aliases must \
                 be provided: add an `alias` where there is a `filter`.",
                metric.name,
                name(input)
            ));
        }
    }
    found
}

/// Filters of the metric and of its inputs can be read, and want granularities that there are.
fn filters(metric: &Metric, params: &Value, granularities: &[&str]) -> Vec<String> {
    let metric_name = &metric.name;
    let mut all = Vec::new();
    if let Some(filter) = metric.more.get("filter") {
        all.push((format!("filter of metric `{metric_name}`"), filter));
    }
    let conversion = &params["conversion_type_params"];
    for measure in [&params["measure"], &conversion["base_measure"], &conversion["conversion_measure"]] {
        let about = format!("filter of measure input `{}` on metric `{metric_name}`", name(measure));
        all.push((about, &measure["filter"]));
    }
    for side in ["numerator", "denominator"] {
        all.push((format!("the {side} filter on metric `{metric_name}`"), &params[side]["filter"]));
    }
    for input in list(params, "metrics") {
        let about = format!("filter for input metric `{}` on metric `{metric_name}`", name(input));
        all.push((about, &input["filter"]));
    }
    let owner = format!("metric `{metric_name}`");
    all.iter().flat_map(|(about, filter)| unreadable(about, &owner, filter, granularities)).collect()
}

/// What is wrong with a filter.
pub fn unreadable(about: &str, owner: &str, filter: &Value, granularities: &[&str]) -> Vec<String> {
    let templates = list(filter, "where_filters").filter_map(|it| it["where_sql_template"].as_str());
    let read = templates.flat_map(|template| match items(template, Place::Where, granularities) {
        Ok(items) => {
            let grains = items.into_iter().filter_map(|item| item.grain);
            let unknown = grains.filter(|grain| !granularities.contains(&grain.as_str()));
            unknown
                .map(|grain| {
                    format!(
                        "Filter for {owner} is not valid. `{grain}` is not a valid granularity name. Valid granularity \
                         options: {}",
                        granularities.join(", ")
                    )
                })
                .collect::<Vec<_>>()
        }
        Err(why) => vec![format!("An error occurred while trying to parse {about}: {why}\n  {template}")],
    });
    read.collect()
}
