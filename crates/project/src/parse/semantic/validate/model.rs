//! What the semantic layer asks of one semantic model (<https://docs.getdbt.com/docs/build/semantic-models>).

use super::{Fault, fault, name, parts};
use indexmap::IndexMap;
use platform_core::node::SemanticModel;
use serde_json::Value;

/// What is wrong with a semantic model by itself.
pub fn faults(model: &SemanticModel) -> Vec<Fault<'_>> {
    let mut found = kinds(model);
    found.extend(time_dimensions(model));
    let rules = [primary_entities, natural_entities, validity, partly_additive, aggregations];
    let messages = rules.iter().flat_map(|rule| rule(model));
    found.extend(messages.map(|message| fault(message, model)));
    found
}

fn is(part: &Value, key: &str, word: &str) -> bool {
    part[key].as_str() == Some(word)
}

fn entities<'a>(model: &'a SemanticModel, kind: &str) -> Vec<&'a str> {
    parts(model, "entities").filter(|it| is(it, "type", kind)).map(name).collect()
}

fn default_time(model: &SemanticModel) -> Option<&str> {
    model.more.get("defaults").and_then(|it| it["agg_time_dimension"].as_str())
}

fn quoted(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("'{name}'")).collect();
    quoted.join(", ")
}

/// Where there are dimensions, there is one primary entity.
fn primary_entities(model: &SemanticModel) -> Vec<String> {
    let (name, primary) = (&model.name, entities(model, "primary"));
    let key = model.more.get("primary_entity").and_then(Value::as_str);
    let mut found = Vec::new();
    match (key, primary.as_slice()) {
        (Some(key), [entity, ..]) => found.push(format!(
            "The semantic model `{name}` has an entity named `{entity}` with type primary but it also has the \
             `primary_entity` field set to `{key}`. Both should not be present in the model."
        )),
        (None, []) if parts(model, "dimensions").next().is_some() => found.push(format!(
            "The semantic model {name} contains dimensions, but it does not define a primary entity. Either add an entity \
             with type PRIMARY or set a value for the primary_entity key."
        )),
        _ => {}
    }
    if primary.len() > 1 {
        found.push(format!(
            "Semantic models can have only one primary entity. The semantic model `{name}` has {}: {}",
            primary.len(),
            primary.join(", ")
        ));
    }
    found
}

/// Dimensions that say from when, or until when, a row is valid.
fn windowed(model: &SemanticModel) -> Vec<&Value> {
    parts(model, "dimensions").filter(|it| it["type_params"]["validity_params"].is_object()).collect()
}

/// A natural entity needs rows that are valid for a time, and is the only one.
fn natural_entities(model: &SemanticModel) -> Vec<String> {
    let natural = entities(model, "natural");
    let mut found = Vec::new();
    if natural.len() > 1 {
        found.push(format!(
            "Semantic models can have at most one natural entity, but semantic model `{}` has {} distinct natural entities \
             set! {{{}}}.",
            model.name,
            natural.len(),
            quoted(&natural)
        ));
    }
    if !natural.is_empty() && windowed(model).is_empty() {
        found.push(format!(
            "The use of `natural` entities is currently supported only in conjunction with a validity window defined in \
             the set of time dimensions associated with the semantic model. Semantic model `{}` uses a natural entity \
             ({{{}}}) but does not define a validity window!",
            model.name,
            quoted(&natural)
        ));
    }
    found
}

/// Rows are valid from one time dimension to another, and stand for a natural entity.
fn validity(model: &SemanticModel) -> Vec<String> {
    const TWO: &str = "Semantic models using dimension validity params to define a validity window must have exactly two \
                       time dimensions with validity params specified - one marked `is_start` and the other marked \
                       `is_end`.";
    let (model_name, dimensions) = (&model.name, windowed(model));
    let names: Vec<&str> = dimensions.iter().map(|it| name(it)).collect();
    let marked = |key: &str| -> Vec<&str> {
        let is_marked = |it: &&&Value| it["type_params"]["validity_params"][key] == true;
        dimensions.iter().filter(is_marked).map(|it| name(it)).collect()
    };
    let (starts, ends) = (marked("is_start"), marked("is_end"));
    let mut found = Vec::new();
    match dimensions.len() {
        0 => return found,
        1 if !starts.is_empty() && !ends.is_empty() => found.push(format!(
            "Semantic model {model_name} has a single validity param dimension that defines its window: `{}`. This is not \
             a currently supported configuration! {TWO} If you have one column defining a window, as in a daily snapshot \
             table, you can define a separate dimension and increment the time value in the `expr` field as a work-around.",
            names[0]
        )),
        2 if starts.len() == 1 && ends.len() == 1 && starts != ends => {}
        2 => found.push(format!(
            "Semantic model {model_name} has two validity param dimensions defined, but does not have exactly one each \
             marked with is_start and is_end! Dimensions: [{}]. is_start dimensions: [{}]. is_end dimensions: [{}]. {TWO}",
            quoted(&names),
            quoted(&starts),
            quoted(&ends)
        )),
        count => found.push(format!(
            "Semantic model {model_name} has {count} dimensions defined with validity params. They are: [{}]. There must \
             be either zero or two! If you wish to define a validity window for this semantic model, please follow these \
             requirements: {TWO}",
            quoted(&names)
        )),
    }
    let other = [entities(model, "primary"), entities(model, "unique")].concat();
    if entities(model, "natural").is_empty() {
        found.push(format!(
            "Semantic model {model_name} has validity param dimensions defined, but does not have an entity with type \
             `natural` set. The natural key for this semantic model is what we use to process a validity window join. \
             Primary or unique entities, if any, might be suitable for use as natural keys: ([{}]).",
            quoted(&other)
        ));
    }
    if !other.is_empty() {
        found.push(format!(
            "Semantic model {model_name} has validity param dimensions defined and also has one or more entities \
             designated as `primary` or `unique`. This is not yet supported, as we do not currently process joins against \
             these key types for semantic models with validity windows specified."
        ));
    }
    let measures: Vec<&str> = parts(model, "measures").map(name).collect();
    if !measures.is_empty() {
        found.push(format!(
            "Semantic model {model_name} has both measures and validity param dimensions defined. This is not currently \
             supported! Please remove either the measures or the validity params. Measure names: [{}]. Validity param \
             dimension names: [{}].",
            quoted(&measures),
            quoted(&names)
        ));
    }
    found
}

/// A dimension over which a measure isn't added up: a time dimension of the model, as fine as the measure's own.
fn partly_additive(model: &SemanticModel) -> Vec<String> {
    let dimension = |wanted: &str| parts(model, "dimensions").find(|it| name(it) == wanted);
    let granularity =
        |it: &Value| it["type_params"]["time_granularity"].as_str().unwrap_or("day").to_uppercase();
    let entities: Vec<&str> = parts(model, "entities").map(name).collect();
    let mut found = Vec::new();
    for measure in parts(model, "measures") {
        let (measure_name, given) = (name(measure), &measure["non_additive_dimension"]);
        let Some(over) = given["name"].as_str() else { continue };
        let about = format!("Measure '{measure_name}' has a non_additive_dimension with");
        match dimension(over) {
            None => found.push(format!(
                "{about} name '{over}' that is not defined as a dimension in semantic model '{}'.",
                model.name
            )),
            Some(it) if !is(it, "type", "time") => found.push(format!(
                "{about} name '{over}' that is defined as a categorical dimension which is not supported."
            )),
            Some(it) => {
                let time = measure["agg_time_dimension"].as_str().or_else(|| default_time(model));
                if let Some(own) = time.and_then(dimension).filter(|own| granularity(own) != granularity(it))
                {
                    found.push(format!(
                        "{about} name '{over}' that has a base time granularity ({}) that is not equal to the measure's \
                         agg_time_dimension {} with a base granularity of ({}).",
                        granularity(it),
                        name(own),
                        granularity(own)
                    ));
                }
            }
        }
        let groupings = given["window_groupings"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let unknown: Vec<&str> = groupings.filter(|it| !entities.contains(it)).collect();
        if !unknown.is_empty() {
            found.push(format!(
                "{about} an invalid 'window_groupings'. These entities {{{}}} do not exist in the semantic model.",
                quoted(&unknown)
            ));
        }
    }
    found
}

/// What single aggregations ask for, and the time that every measure is aggregated over.
fn aggregations(model: &SemanticModel) -> Vec<String> {
    let mut found = Vec::new();
    for measure in parts(model, "measures") {
        let (name, percentile) = (name(measure), measure["agg_params"]["percentile"].as_f64());
        match (measure["agg"].as_str().unwrap_or_default(), percentile) {
            ("count", _) if measure["expr"].is_null() => found.push(format!(
                "Measure '{name}' uses a COUNT aggregation, which requires an expr to be provided. Provide 'expr: 1' if a \
                 count of all rows is desired."
            )),
            ("percentile", None) => found.push(format!(
                "Measure '{name}' uses a PERCENTILE aggregation, which requires agg_params.percentile to be provided."
            )),
            ("percentile", Some(it)) if it <= 0.0 || it >= 1.0 => found.push(format!(
                "Percentile aggregation parameter for measure '{name}' is '{it:?}', but must be between 0 and 1 \
                 (non-inclusive). For example, to indicate the 65th percentile value, set 'percentile: 0.65'. For \
                 percentile values of 0, please use MIN, for percentile values of 1, please use MAX."
            )),
            ("median", Some(it)) if (it - 0.5).abs() > f64::EPSILON => found.push(format!(
                "Measure '{name}' uses a MEDIAN aggregation, while percentile is set to '{it:?}', a conflicting value. \
                 Please remove the parameter or set to '0.5'."
            )),
            _ => {}
        }
        if measure["agg_time_dimension"].is_null() && default_time(model).is_none() {
            found.push(format!(
                "Aggregation time dimension for measure {name} is not set! This should either be set directly on the \
                 measure specification in the model, or else defaulted to the primary time dimension in the data source \
                 containing the measure."
            ));
        }
    }
    found
}

/// A name of a semantic model is one thing: a measure, an entity or a dimension.
fn kinds(model: &SemanticModel) -> Vec<Fault<'_>> {
    let mut seen: IndexMap<&str, &str> = IndexMap::new();
    let mut found = Vec::new();
    for (key, kind) in [("measures", "measure"), ("entities", "entity"), ("dimensions", "dimension")] {
        for name in parts(model, key).map(name) {
            if let Some(earlier) = seen.get(name) {
                let message = format!(
                    "In semantic model `{}`, can't use name `{name}` for a {kind} when it was already used for a \
                     {earlier}",
                    model.name
                );
                found.push(fault(message, model));
            } else {
                seen.insert(name, kind);
            }
        }
    }
    found
}

/// The dimension that a measure is aggregated over is a time dimension of the model.
fn time_dimensions(model: &SemanticModel) -> Vec<Fault<'_>> {
    let is_time = |part: &&Value| is(part, "type", "time");
    let known: Vec<&str> = parts(model, "dimensions").filter(is_time).map(name).collect();
    let mut found = Vec::new();
    let default = default_time(model);
    for measure in parts(model, "measures") {
        let Some(dimension) = measure["agg_time_dimension"].as_str().or(default) else { continue };
        if !known.contains(&dimension) {
            let message = format!(
                "In semantic model '{}', measure '{}' has the aggregation time dimension set to '{dimension}', which is \
                 not a valid time dimension in the semantic model",
                model.name,
                name(measure)
            );
            found.push(fault(message, model));
        }
    }
    if let Some(default) = default.filter(|default| !known.contains(default)) {
        let message = format!(
            "Default aggregation time dimension was specified as '{default}' which doesn't exist as a time dimension in \
             semantic model named '{}'.",
            model.name
        );
        found.push(fault(message, model));
    }
    found
}
