//! What properties files say in unusual places, read as dbt reads it.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that can't go on says so and fails"
)]

mod reading;

use platform_core::{Manifest, Node, UniqueId};
use reading::{manifest, refused};

#[track_caller]
fn only_test(manifest: &Manifest) -> &Node {
    manifest.nodes.values().find(|node| node.only.test_metadata.is_some()).unwrap()
}

#[track_caller]
fn of_a_test(test: &str) -> Node {
    let properties = format!("models:\n- name: m\n  data_tests:\n  - {test}\n");
    let files = [
        ("models/m.sql", "select 1 as id"),
        ("models/m.yml", properties.as_str()),
        ("models/d.md", "{% docs d %}of a block{% enddocs %}"),
    ];
    only_test(&manifest(&files)).clone()
}

#[test]
fn what_stands_under_arguments_counts_as_beside_them_and_before_it() {
    let test =
        of_a_test("unique: {arguments: {column_name: id, severity: warn, name: mine, description: why}}");
    assert_eq!((test.name.as_str(), test.description.as_str()), ("mine", "why"));
    assert_eq!(test.config.get("severity").unwrap(), "warn");
    let test = of_a_test("unique: {column_name: x, where: a, arguments: {column_name: id, where: b}}");
    assert_eq!(test.name, "unique_m_id");
    assert_eq!(test.config.get("where").unwrap(), "b");
    let test = of_a_test("unique: {column_name: id, arguments: [no, mapping]}");
    assert_eq!(test.name, "unique_m_id");
}

#[test]
fn a_tests_description_is_a_template() {
    let test = of_a_test("unique: {column_name: id, description: \"{{ doc('d') }}: {{ 1 + 1 }}\"}");
    assert_eq!(test.description, "of a block: 2");
}

#[test]
fn a_test_without_arguments_has_no_colon() {
    let properties = "models:\n- name: m\n  data_tests: [{unique: }]\n";
    refused(
        &[("models/m.sql", "select 1 as id"), ("models/m.yml", properties)],
        "test arguments must be a dictionary, got nothing",
    );
}

#[test]
fn a_sources_tests_take_its_tags_and_not_those_of_its_configuration() {
    let properties = "sources:
- name: s
  tags: [a]
  config: {tags: [b]}
  tables: [{name: t, tags: [c], config: {tags: [d]}, data_tests: [{unique: {column_name: id}}]}]
";
    let manifest = manifest(&[("models/s.yml", properties)]);
    assert_eq!(only_test(&manifest).tags, ["a", "c"]);
    assert_eq!(manifest.sources["source.shop.s.t"].tags, ["a", "b", "c", "d"]);
}

#[test]
fn a_table_stands_once_also_where_it_is_disabled() {
    let properties = "sources:
- {name: s, tables: [{name: t, config: {enabled: false}}, {name: t}]}
";
    refused(&[("models/s.yml", properties)], "dbt found two sources with the name \"s_t\"");
}

#[test]
fn a_macro_may_be_configured_in_both_places() {
    let properties = "macros:
- name: m
  meta: {a: 1, b: 1}
  docs: {show: false, node_color: blue}
  config: {meta: {b: 2}, docs: {node_color: red}}
";
    let files = [("macros/m.sql", "{% macro m() %}{% endmacro %}"), ("macros/m.yml", properties)];
    let manifest = manifest(&files);
    let m = &manifest.macros["macro.shop.m"];
    assert_eq!(serde_json::to_string(&m.meta).unwrap(), r#"{"a":1,"b":2}"#);
    assert_eq!(serde_json::to_string(&m.docs).unwrap(), r#"{"show":true,"node_color":"red"}"#);
}

#[test]
fn a_version_is_deprecated_by_its_own_date_alone() {
    let files = [
        ("models/m_v1.sql", "select 1 as id"),
        ("models/m_v2.sql", "select 1 as id"),
        (
            "models/m.yml",
            "models: [{name: m, deprecation_date: 2099-01-01, versions: [{v: 1, deprecation_date: 2098-01-01}, {v: 2}]}]",
        ),
    ];
    let manifest = manifest(&files);
    let date = |version: &str| {
        let node = &manifest.nodes[&UniqueId::from(format!("model.shop.m.{version}").as_str())];
        node.only.deprecation_date.as_ref().and_then(|date| date.as_str().map(str::to_owned))
    };
    assert_eq!(date("v1").as_deref(), Some("2098-01-01T00:00:00+00:00"));
    assert_eq!(date("v2"), None);
}

#[test]
fn a_version_is_configured_by_its_config_alone() {
    let files = [
        ("models/m_v1.sql", "select 1 as id"),
        ("models/m_v2.sql", "select 1 as id"),
        (
            "models/m.yml",
            "models: [{name: m, access: public, versions: [{v: 1, defined_in: '', access: private}, {v: 2, config: {access: \
             private}}]}]",
        ),
    ];
    let manifest = manifest(&files);
    let access = |version: &str| {
        let node = &manifest.nodes[&UniqueId::from(format!("model.shop.m.{version}").as_str())];
        node.config.text("access").unwrap().to_owned()
    };
    assert_eq!((access("v1").as_str(), access("v2").as_str()), ("public", "private"));
}

#[test]
fn half_a_limit_of_freshness_is_none_and_hides_none() {
    let properties = "sources:
- name: s
  loaded_at_query: q
  loaded_at_field: null
  freshness: {warn_after: {count: 1, period: day}}
  tables:
  - {name: half, freshness: {warn_after: {count: 5}, error_after: {period: hour}}, config: {loaded_at_query: null}}
  - {name: whole, config: {freshness: {warn_after: {count: 5, period: hour}}}}
- {name: n, loaded_at_field: a, tables: [{name: none, loaded_at_field: null, freshness: {warn_after: {count: 5}}}]}
";
    let manifest = manifest(&[("models/s.yml", properties)]);
    let of = |id: &str| {
        let source = &manifest.sources[id];
        let warns = &source.config.get("freshness").unwrap()["warn_after"];
        (format!("{}{}", warns["count"], warns["period"]), source.loaded_at_query.clone())
    };
    assert_eq!(of("source.shop.s.half"), ("1\"day\"".to_owned(), Some("q".to_owned())));
    assert_eq!(of("source.shop.s.whole").0, "5\"hour\"");
    assert_eq!(manifest.sources["source.shop.n.none"].loaded_at_field, None);
}

#[test]
fn a_column_carries_no_docs_and_a_constraint_lists_its_columns() {
    let model = ("models/m.sql", "select 1 as id");
    let manifest = manifest(&[
        model,
        ("models/m.yml", "models: [{name: m, columns: [{name: id, docs: {show: false}, own: 1}]}]"),
    ]);
    let more = &manifest.nodes["model.shop.m"].columns["id"].more;
    assert_eq!(more.keys().collect::<Vec<_>>(), ["own"]);
    refused(
        &[model, ("models/m.yml", "models: [{name: m, constraints: [{type: unique, columns: id}]}]")],
        "Field \"columns\" of a constraint has invalid value 'id'",
    );
}
