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
