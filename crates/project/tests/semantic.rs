//! The semantic layer: what it inherits, what is refused, and what MetricFlow is told.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on says so and fails")]

mod reading;

use reading::{manifest, read, refused};
use serde_json::json;

const LAYER: &str = "models:
  - {name: spine, time_spine: {standard_granularity_column: date_day}, columns: [{name: date_day, granularity: day}]}
semantic_models:
  - name: people
    model: ref('m')
    config: {meta: {x: own}}
    defaults: {agg_time_dimension: created}
    entities: [{name: person, type: primary, expr: id}]
    dimensions: [{name: created, expr: d, type: time, type_params: {time_granularity: day}}]
    measures: [{name: headcount, agg: count, expr: id}]
metrics:
  - {name: first, label: one, type: simple, type_params: {measure: headcount}, meta: {own: 1}, tags: [own]}
  - {name: other, label: two, type: simple, type_params: {measure: headcount}, config: {meta: {own: 1}, tags: [c]}}
saved_queries:
  - {name: asked, query_params: {metrics: [first]}, tags: [own], config: {tags: [c]}}
";

fn layer<'a>(properties: &'a str, project: &'a str) -> [(&'a str, &'a str); 4] {
    [
        ("dbt_project.yml", project),
        ("models/m.sql", "select 1 as id, current_date as d"),
        ("models/spine.sql", "select current_date as date_day"),
        ("models/s.yml", properties),
    ]
}

#[test]
fn the_semantic_layer_inherits_as_in_dbt() {
    let project = "name: shop
profile: shop
metrics: {+meta: {proj: 1}, +tags: [ptag]}
semantic-models: {+meta: {proj: 1}}
saved-queries: {+meta: {proj: 1}, +tags: [ptag]}
";
    let found = serde_json::to_value(manifest(&layer(LAYER, project))).unwrap();
    let (first, second) = (&found["metrics"]["metric.shop.first"], &found["metrics"]["metric.shop.other"]);
    assert_eq!((&first["meta"], &first["tags"]), (&json!({"proj": 1}), &json!(["own"])));
    assert_eq!(first["config"]["tags"], json!(["ptag"]));
    assert_eq!(second["meta"], json!({"proj": 1, "own": 1}));
    assert_eq!(second["config"]["tags"], json!(["c"]));
    let model = &found["semantic_models"]["semantic_model.shop.people"];
    assert_eq!(model["entities"][0]["config"]["meta"], json!({"proj": 1, "x": "own"}));
    let query = &found["saved_queries"]["saved_query.shop.asked"];
    assert_eq!(
        (&query["tags"], &query["unrendered_config"]),
        (&json!(["c", "own"]), &json!({"tags": ["c"]}))
    );
    let bare = serde_json::to_value(manifest(&layer(LAYER, "name: shop\nprofile: shop\n"))).unwrap();
    assert_eq!(bare["metrics"]["metric.shop.first"]["meta"], json!({"own": 1}));
    assert_eq!(bare["metrics"]["metric.shop.first"]["config"]["meta"], json!({}));
}

#[test]
fn the_semantic_layer_is_validated() {
    let project = "name: shop\nprofile: shop\n";
    for (from, to, why) in [
        ("created", "day", "Invalid name `day` - names cannot match reserved time granularity keywords"),
        ("person", "Person", "Invalid name `Person` - names may only contain lower case letters"),
        ("asked", "asked_", "Invalid name `asked_` - names may only contain lower case letters"),
        (
            "label: two",
            "label: one",
            "Can't use label `one` for  metric `other` as it's already used for metric",
        ),
        (
            "name: person,",
            "name: headcount,",
            "can't use name `headcount` for a entity when it was already used",
        ),
        (
            "agg_time_dimension: created",
            "agg_time_dimension: other",
            "measure 'headcount' has the aggregation time dimension set to 'other', which is not a valid time dimension",
        ),
        (
            "granularity: day}]}\nsem",
            "granularity: month}]}\nsem",
            "requires a time spine model with granularity DAY",
        ),
        (
            ", granularity: day}]}\nsem",
            "}]}\nsem",
            "Time spine standard granularity column must have a granularity",
        ),
        (
            "column: date_day",
            "column: other",
            "Got invalid column name 'other' for model 'spine'. Valid names: ['date_day']",
        ),
        ("name: person, type: primary", "name: person, type: foreign", "does not define a primary entity"),
        (
            "model: ref('m')",
            "primary_entity: key\n    model: ref('m')",
            "Both should not be present in the model",
        ),
        ("agg: count, expr: id", "agg: count", "uses a COUNT aggregation, which requires an expr"),
        ("agg: count,", "agg: percentile,", "requires agg_params.percentile to be provided"),
        (
            "agg: count,",
            "agg: percentile, agg_params: {percentile: 1.5},",
            "'1.5', but must be between 0 and 1",
        ),
        ("agg: count,", "agg: counted,", "Invalid enum value: `counted` in enum AggregationType"),
        (
            "agg: count,",
            "agg: count, non_additive_dimension: {name: gone, window_choice: max, window_groupings: [who]},",
            "name 'gone' that is not defined as a dimension",
        ),
        (
            "time_granularity: day}",
            "time_granularity: day, validity_params: {is_start: true}}",
            "1 dimensions defined with validity params",
        ),
        ("type: primary, expr", "type: natural, expr", "does not define a validity window"),
        (
            "label: one, type: simple, type_params: {measure: headcount}",
            "label: one, type: derived, type_params: {metrics: [other]}",
            "No `expr` set for derived metric first",
        ),
        (
            "label: one, type: simple, type_params: {measure: headcount}",
            "label: one, type: cumulative, type_params: {measure: headcount, cumulative_type_params: \
             {window: 7 days, grain_to_date: month}}",
            "Both window and grain_to_date set",
        ),
        (
            "label: one, type: simple, type_params: {measure: headcount}",
            "label: one, type: conversion, type_params: {conversion_type_params: {base_measure: headcount, \
             conversion_measure: headcount, entity: visit}}",
            "Entity: visit not found in base semantic model: people",
        ),
        (
            "label: one,",
            "label: one, filter: \"{{ Dimension('created') }}\",",
            "Name is in an incorrect format: 'created'",
        ),
        (
            "label: one,",
            "label: one, filter: \"{{ TimeDimension('metric_time', 'fortnight') }}\",",
            "`fortnight` is not a valid granularity name",
        ),
        (
            "metrics: [first]}",
            "metrics: [first], group_by: [\"Dimension('person__size')\"]}",
            "`Dimension('person__size')` is not a valid group-by name",
        ),
        (
            "metrics: [first]}",
            "metrics: [first], order_by: [\"Metric('other')\"]}",
            "Metric('other') does not match any of the listed metrics",
        ),
        ("metrics: [first]}", "metrics: [first], limit: -1}", "Invalid limit value: -1"),
        (
            "column: date_day}",
            "column: date_day, custom_granularities: [{name: retail}]}",
            "Columns not found: ['retail']; Available columns: ['date_day']",
        ),
    ] {
        let properties = LAYER.replace(from, to);
        assert_ne!(properties, LAYER, "{from}");
        refused(&layer(&properties, project), why);
    }
}

#[test]
fn a_fault_of_the_semantic_layer_stands_where_its_owner_is_named() {
    for (from, to, line) in [
        ("expr: id}]\nmetrics", "expr: gone, agg_time_dimension: other}]\nmetrics", 4),
        ("label: two", "label: one", 13),
        ("metrics: [first]}", "metrics: [first], limit: -1}", 15),
        ("column: date_day", "column: other", 2),
    ] {
        let properties = LAYER.replace(from, to);
        let project = read(&layer(&properties, "name: shop\nprofile: shop\n")).unwrap();
        let found: Vec<_> = project.errors().collect();
        let place = found[0].place.as_ref().unwrap();
        assert_eq!((place.file.as_str(), place.line), ("models/s.yml", line), "{:?}", found[0]);
    }
}

#[test]
fn a_flag_refuses_a_cumulative_window_at_its_old_place() {
    let window = "type: cumulative, type_params: {measure: headcount, window: 7 days}";
    let properties = LAYER.replacen("type: simple, type_params: {measure: headcount}", window, 1);
    let project = read(&layer(&properties, "name: shop\nprofile: shop\n")).unwrap();
    let is_told =
        |it: &platform_core::Diagnostic| it.event.as_deref() == Some("MFCumulativeTypeParamsDeprecation");
    assert_eq!(project.warnings().filter(|it| is_told(it)).count(), 1);
    let project = "name: shop\nprofile: shop\nflags: {require_nested_cumulative_type_params: true}\n";
    refused(&layer(&properties, project), "Invalid metrics: first. See documentation on behavior changes");
}

#[test]
fn words_of_the_semantic_layer_are_read_in_any_case() {
    let properties = LAYER
        .replace("agg: count,", "agg: COUNT,")
        .replace("type: time", "type: Time")
        .replacen("type: simple", "type: SIMPLE", 1);
    let found = serde_json::to_value(manifest(&layer(&properties, "name: shop\nprofile: shop\n"))).unwrap();
    let model = &found["semantic_models"]["semantic_model.shop.people"];
    assert_eq!(model["measures"][0]["agg"], "count");
    assert_eq!(model["dimensions"][0]["type"], "time");
    assert_eq!(found["metrics"]["metric.shop.first"]["type"], "simple");
}

#[test]
fn metricflow_reads_what_stands_in_the_semantic_manifest() {
    let queries = "saved_queries:
  - name: by_day
    query_params:
      metrics: [first]
      group_by: [\"TimeDimension('metric_time', 'day')\"]
      order_by: [\"Metric('first').descending(true)\"]
      where: \"{{ Dimension('person__created') }} is not null\"
    exports: [{name: days, config: {export_as: TABLE}}]
";
    let properties = LAYER.replace("saved_queries:\n", queries).replace(
        "type: simple, type_params: {measure: headcount}, meta",
        "type: cumulative, type_params: {measure: {name: headcount, fill_nulls_with: 0}, cumulative_type_params: \
         {window: 7 days}}, meta",
    );
    let found = manifest(&layer(&properties, "name: shop\nprofile: shop\n"));
    let semantic = serde_json::to_string_pretty(&platform_core::semantic_manifest(&found)).unwrap();
    insta::assert_snapshot!(semantic);
}
