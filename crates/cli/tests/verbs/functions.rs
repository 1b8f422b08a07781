//! Functions of a project: what is read of them, what stands beside them, and what the manifest says.

use crate::scene::Scene;
use serde_json::json;

const RETURNS: &str = "returns: {data_type: int, description: \"{{ doc('d') }}\"}";

#[tokio::test(flavor = "multi_thread")]
async fn a_function_stands_beside_a_model_of_its_name() {
    let properties = format!("functions: [{{name: m, description: \"{{{{ doc('d') }}}} x\", {RETURNS}}}]");
    let scene = Scene::new(&[
        ("functions/m.sql", "select 7"),
        ("functions/m.yml", &properties),
        ("models/m.sql", "select {{ function('m') }}() as x"),
        ("models/d.md", "{% docs d %}hello{% enddocs %}"),
    ])
    .await;
    scene.good("build");
    assert_eq!(scene.texts("select x::text from dev.m").await, ["7"]);
    // As in dbt, what a function does is described without a template.
    let manifest = scene.artifact("manifest.json");
    let function = &manifest["functions"]["function.shop.m"];
    assert_eq!(function["description"], "{{ doc('d') }} x");
    assert_eq!(function["returns"]["description"], "{{ doc('d') }}");
    assert_eq!((&function["compiled"], &function["compiled_code"]), (&json!(true), &json!("select 7")));
}

#[tokio::test(flavor = "multi_thread")]
async fn arguments_with_defaults_come_last() {
    let properties = |first: &str, second: &str| {
        format!(
            "functions: [{{name: f, {RETURNS}, arguments: [{{name: a, data_type: int{first}}}, \
             {{name: b, data_type: int{second}}}]}}]"
        )
    };
    let scene = Scene::new(&[("functions/f.sql", "select a + b")]).await;
    scene.write("functions/f.yml", &properties("", ", default_value: 2"));
    scene.good("build");
    assert_eq!(scene.texts("select dev.f(1)::text").await, ["3"]);
    scene.write("functions/f.yml", &properties(", default_value: 2", ""));
    let done = scene.dp("build");
    assert_eq!(done.code, 2);
    done.says("Non-defaulted argument 'b' of function 'f' comes after a defaulted argument.");
    scene.write("functions/f.yml", &properties(", description: \"{{ doc('d') }}\"", ""));
    let done = scene.dp("parse");
    assert_eq!(done.code, 2);
    done.says("Could not render {{ doc('d') }}: 'doc' is undefined");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_compilation_that_failed_leaves_the_manifest_and_the_catalog_alone() {
    let asks = "{% macro asks() %}{% do run_query('select nope') %}{% endmacro %}";
    let scene = Scene::new(&[
        ("models/a.sql", "select 1 as a"),
        ("models/b.sql", "select 1 as b {{ asks() if execute }}"),
        ("macros/asks.sql", asks),
    ])
    .await;
    assert_eq!(scene.dp("compile").code, 2);
    assert!(scene.artifact("manifest.json")["nodes"]["model.shop.a"]["compiled_code"].is_null());
    assert_eq!(scene.dp("docs generate").code, 2);
    assert!(!scene.path("target/catalog.json").exists());
    assert_eq!(scene.dp("run").code, 1);
    let manifest = scene.artifact("manifest.json");
    assert_eq!(manifest["nodes"]["model.shop.a"]["compiled_code"], "select 1 as a");
    assert_eq!(manifest["nodes"]["model.shop.b"]["depends_on"]["macros"], json!(["macro.shop.asks"]));
}
