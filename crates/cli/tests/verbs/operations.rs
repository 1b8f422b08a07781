//! `run-operation`: what a failed one says.

use crate::scene::Scene;

#[tokio::test]
async fn a_failed_operation_says_where() {
    let scene = Scene::new(&[(
        "macros/m.sql",
        "{% macro deep() %}{{ exceptions.raise_compiler_error('not so') }}{% endmacro %}
{% macro calls() %}{{ deep() }}{% endmacro %}
{% macro misses() %}{{ ref('nowhere') }}{% endmacro %}
{% macro misses_table() %}{{ source('no', 'where') }}{% endmacro %}
{% macro asks() %}{% do run_query('select nope') %}{% endmacro %}
",
    )])
    .await;
    for (name, code, told) in [
        ("calls", 1, "Compilation Error in macro calls (macros/m.sql)\n  not so\n  --> macros/m.sql:1:22"),
        ("calls", 1, "\n  in macro `deep` [macros/m.sql:2:23]\n  in macro `calls` [macros/m.sql:2:1]"),
        (
            "misses",
            1,
            "Macro 'macro.shop.misses' (macros/m.sql) depends on a node named 'nowhere' which was not found",
        ),
        (
            "misses_table",
            1,
            "depends on a source named 'no.where' which was not found\n  --> macros/m.sql:4:30",
        ),
        ("asks", 1, "Database Error\n  column \"nope\" does not exist"),
        ("shop.nope", 2, "dbt could not find a macro with the name \"nope\" in the \"shop\" package"),
        ("nope", 2, "dbt could not find a macro with the name \"nope\" in any package"),
    ] {
        let done = scene.dp(&format!("run-operation {name}"));
        assert_eq!(done.code, code, "{name}: {}", done.text);
        done.says(told);
    }
    scene.dp("run-operation calls");
    let result = &scene.artifact("run_results.json")["results"][0];
    assert_eq!((&result["compiled"], &result["thread_id"]), (&false.into(), &"MainThread".into()));
    assert!(result["message"].is_null(), "{result}");
}

#[tokio::test]
async fn templates_are_told_what_a_node_says_of_itself_and_of_nothing_else() {
    let told = "{% if execute %}{% do print(model.config_call_dict | tojson ~ model.refs | tojson) %}
        {% do print(this ~ ' ' ~ model.checksum.name ~ ' ' ~ model.fqn | tojson) %}{% endif %}";
    let model = "{{ config(tags=['t'], my_own=3) }} select id from {{ ref('n') }}";
    let unit = "unit_tests: [{name: u, model: m, given: [{input: ref('n'), rows: [{id: 1}]}], expect: {rows: [{id: 1}]}}]";
    let of_graph = "{% macro of_graph() %}{{ print(graph.nodes['model.shop.m'].config_call_dict | tojson) }}{% endmacro %}";
    let scene = Scene::new(&[
        ("models/m.sql", &format!("{model}{told}")),
        ("models/n.sql", "select 1 as id"),
        ("models/p.yml", unit),
        ("macros/of_graph.sql", of_graph),
    ])
    .await;
    let call = r#"{"my_own": 3, "tags": ["t"]}"#;
    let built = scene.good("run --quiet").text;
    assert!(built.contains(&format!("{call}[{{\"name\": \"n\"}}]")), "{built}");
    assert!(built.contains(r#""dev"."m" sha256 ["shop", "m"]"#), "{built}");
    assert!(scene.good("run-operation of_graph --quiet").text.contains(call));
    // A unit test is no model: it has a place of its own, and rows of the model's only where some are given.
    let tested = scene.good("test --quiet").text;
    assert!(tested.contains(r#"None none ["unit_test", "shop", "m", "u"]"#), "{tested}");
}
