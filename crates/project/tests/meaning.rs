//! Properties that describe: versions, doc blocks, exposures and the semantic layer, as dbt Core reads them.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that can't go on says so and fails"
)]

mod reading;

use platform_core::UniqueId;
use project::package::install::Request;
use project::{Profile, ReadOptions};
use reading::{manifest, read, refused};
use serde_json::{Value, json};
use tempfile::TempDir;

const VERSIONS: &str = "models:
  - name: v
    tests: [custom]
    columns: [{name: id, data_tests: [unique]}, {name: other}]
    versions:
      - {v: 1, tests: , columns: [{include: all, exclude: [other]}, {name: id, tests: [not_null]}]}
      - {v: 2, data_tests: []}
      - {v: 3, columns: [{include: [other]}, {name: id}]}
";

#[test]
fn versions_keep_the_tests_of_their_model() {
    let macros = ("macros/t.sql", "{% test custom(model) %}select 1{% endtest %}");
    let files = [("models/v_v1.sql", "select 1 as id"), ("models/v_v2.sql", "select 1 as id")];
    let third = ("models/v_v3.sql", "select 1 as id");
    let found = manifest(&[macros, files[0], files[1], third, ("models/v.yml", VERSIONS)]);
    let mut tests: Vec<&str> = found
        .nodes
        .values()
        .filter(|it| it.only.attached_node.is_some())
        .map(|it| it.name.as_str())
        .collect();
    tests.sort_unstable();
    let wanted = ["custom_v_v1_", "custom_v_v3_", "not_null_v_v1_id", "unique_v_v1_id", "unique_v_v2_id"];
    assert_eq!(tests, wanted);
}

#[test]
fn only_a_bare_call_counts_as_using_a_doc_block() {
    let properties = r#"models:
  - name: m
    description: "{{ doc('a') | upper }}"
    columns:
      - {name: c1, description: "{{ doc(\"a\") }} and {{doc('b')}}"}
      - {name: c2, description: "{{ doc('a').format() }} {{ doc('b') }}"}
      - {name: c3, description: "{{ doc('shop', 'a') }}"}
"#;
    let docs = ("models/d.md", "{% docs a %}A{% enddocs %}{% docs b %}B{% enddocs %}");
    let found = manifest(&[docs, ("models/m.sql", "select 1"), ("models/m.yml", properties)]);
    let model = serde_json::to_value(&found.nodes[&UniqueId::from("model.shop.m")]).unwrap();
    assert_eq!(model["doc_blocks"], json!([]));
    let column = |name: &str| model["columns"][name]["doc_blocks"].clone();
    assert_eq!(column("c1"), json!(["doc.shop.a", "doc.shop.b"]));
    assert_eq!(column("c2"), json!(["doc.shop.b"]));
    assert_eq!(column("c3"), json!(["doc.shop.a"]));
}

/// What dbt renders of properties is a matter of how deep it stands.
#[test]
fn texts_are_templates_by_their_depth() {
    let properties = r#"models:
  - name: m
    config:
      description: "{{ a }}\n"
      meta: {description: "{{ 1 + 1 }}", deep: {er: {description: "{{ b }}", also: "{{ 1 + 1 }}"}}}
    time_spine: {standard_granularity_column: day}
    columns:
      - {name: day, granularity: day}
      - {name: id, description: "{{ doc('x') }}", meta: {at: {description: "{{ c }}"}, is: "{{ 1 + 1 }}"}}
sources:
  - name: s
    config: {meta: {l: [{description: "{{ 1 + 1 }}"}]}}
    tables: [{name: t, config: {description: "{{ d }}", meta: {l: [{description: "{{ e }}"}]}}}]
exposures:
  - {name: e, type: dashboard, owner: {name: o, description: "{{ f }}", tests: "{{ g }}", deep: {tests: "{{ 1 + 1 }}"}}}
semantic_models:
  - name: sm
    model: ref('m')
    description: "sm {{ doc('x') }}"
    entities: [{name: id, type: primary, description: "entity {{ doc('x') }}", expr: "id {{ 1 + 1 }}"}]
"#;
    let docs = ("models/d.md", "{% docs x %}X{% enddocs %}");
    let found = manifest(&[docs, ("models/m.sql", "select 1 as id"), ("models/m.yml", properties)]);
    let found = serde_json::to_value(&found).expect("JSON");
    let model = &found["nodes"]["model.shop.m"];
    assert_eq!(model["config"]["description"], "{{ a }}\n");
    let meta = json!({"description": "2", "deep": {"er": {"description": "{{ b }}", "also": "2"}}});
    assert_eq!(model["config"]["meta"], meta);
    assert_eq!(model["columns"]["id"]["description"], "X");
    assert_eq!(model["columns"]["id"]["meta"], json!({"at": {"description": "{{ c }}"}, "is": "2"}));
    let source = &found["sources"]["source.shop.s.t"];
    assert_eq!(source["source_meta"], json!({"l": [{"description": "2"}]}));
    assert_eq!(source["config"]["description"], "{{ d }}");
    assert_eq!(source["config"]["meta"], json!({"l": [{"description": "{{ e }}"}]}));
    let owner = &found["exposures"]["exposure.shop.e"]["owner"];
    assert_eq!((&owner["description"], &owner["tests"]), (&json!("{{ f }}"), &json!("{{ g }}")));
    assert_eq!(owner["deep"], json!({"tests": "2"}));
    let semantic = &found["semantic_models"]["semantic_model.shop.sm"];
    assert_eq!(semantic["description"], "sm X");
    let entity = &semantic["entities"][0];
    assert_eq!((&entity["description"], &entity["expr"]), (&json!("entity X"), &json!("id 2")));
}

#[test]
fn exposures_take_what_stands_plainly_in_the_project() {
    let project = |exposures: &str| format!("name: shop\nprofile: shop\nexposures: {exposures}\n");
    let properties = "exposures:
  - {name: a, type: dashboard, owner: {name: x}, meta: {own: 1}, tags: [own, common]}
  - {name: b, type: dashboard, owner: {name: x}, config: {meta: {own: 1, x: o}, tags: [own]}}
";
    let of = |exposures: &str| {
        let found = manifest(&[("dbt_project.yml", &project(exposures)), ("models/e.yml", properties)]);
        let shown = |name: &str| {
            let exposure = &found.exposures[&UniqueId::from(format!("exposure.shop.{name}").as_str())];
            (Value::Object(exposure.meta.clone()), exposure.tags.clone())
        };
        [shown("a"), shown("b")]
    };
    let [a, b] = of("{tags: [ptag, common], meta: {proj: 1, x: p}}");
    assert_eq!(
        (a.0, a.1),
        (json!({"proj": 1, "x": "p", "own": 1}), vec!["common".into(), "own".into(), "ptag".into()])
    );
    assert_eq!(b.0, json!({"proj": 1, "x": "o", "own": 1}));
    assert_eq!(b.1, ["common", "own", "ptag"]);
    let [a, b] = of("{+tags: [ptag, common], +meta: {proj: 1, x: p}}");
    assert_eq!(a.1, ["common", "own", "ptag"]);
    assert_eq!((b.0, b.1), (json!({"own": 1, "x": "o"}), vec!["own".to_owned()]));
}

#[test]
fn a_git_package_without_an_address_is_told_so() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("dbt_project.yml"), "name: shop\nprofile: shop\n").unwrap();
    std::fs::write(folder.path().join("packages.yml"), "packages:\n  - git: ''\n").unwrap();
    let options = ReadOptions::new(folder.path().to_owned());
    let error = project::package::install::install(&options, &Request::default()).unwrap_err().to_string();
    assert!(error.contains("A git package is missing the value. It is a required property."), "{error}");
}

#[test]
fn packages_and_cleaning_need_no_variables() {
    let folder = TempDir::new().unwrap();
    let settings = "name: shop\nprofile: shop\nmodels: {+materialized: \"{{ var('how') }}\"}\n";
    std::fs::write(folder.path().join("dbt_project.yml"), settings).unwrap();
    let options = ReadOptions::new(folder.path().to_owned());
    project::package::install::install(&options, &Request::default()).unwrap();
    let alone = project::settings::read_alone(&options).unwrap();
    assert_eq!(alone.name, "shop");
    assert!(project::settings::read(&options, &Profile::default()).is_err());
}

#[test]
fn a_generic_test_of_a_package_dispatches_within_it() {
    let package = "packages:\n  - local: dep\n";
    let test = "{% test same(model) %}{{ return(adapter.dispatch('test_same')(model)) }}{% endtest %}
{% macro default__test_same(model) %}select 1{% endmacro %}";
    let found = manifest(&[
        ("packages.yml", package),
        ("dbt_packages/dep/dbt_project.yml", "name: dep\nprofile: shop\n"),
        ("dbt_packages/dep/macros/same.sql", test),
        ("models/m.sql", "select 1 as id"),
        ("models/m.yml", "models: [{name: m, data_tests: [dep.same]}]"),
    ]);
    assert!(found.nodes.keys().any(|id| id.as_str().starts_with("test.shop.dep_same_m_")));
}

#[test]
fn a_macro_that_nothing_calls_is_told_of() {
    let told = |more: &[(&str, &str)]| {
        let files = [
            ("models/m.sql", "select {{ used() }} as id"),
            (
                "macros/a.sql",
                "{% macro used() %}{{ inner() }}{% endmacro %}{% macro inner() %}1{% endmacro %}",
            ),
        ];
        let files: Vec<_> = files.iter().chain(more).copied().collect();
        let project = read(&files).unwrap_or_else(|error| panic!("{error}"));
        let found = project.warnings().filter(|it| it.event.as_deref() == Some("UnusedMacro"));
        found.map(|it| (it.message.clone(), it.place.as_ref().map(|it| it.line))).collect::<Vec<_>>()
    };
    let idle = ("macros/b.sql", "\n{% macro idle(a) %}{{ a }}{% endmacro %}");
    assert_eq!(told(&[]), []);
    assert_eq!(told(&[idle]), [("nothing calls the macro `idle`".to_owned(), Some(2))]);
    for reason in [
        ("macros/b.yml", "macros: [{name: idle, description: For people.}]"),
        ("models/c.sql", "{{ config(enabled=false) }} select {{ idle(1) }}"),
        ("models/d.sql", "select 1 as id -- {{ context.get('idle') }}"),
        ("models/e.yml", "models: [{name: m, config: {pre_hook: \"{{ idle(1) }}\"}}]"),
    ] {
        assert_eq!(told(&[idle, reason]), [], "{reason:?}");
    }
    for meant in [
        "{% macro default__idle() %}1{% endmacro %}",
        "{% macro generate_schema_name(name, node) %}{{ target.schema }}{% endmacro %}",
        "{% macro grant_all() %}{% do run_query('grant …') %}{% endmacro %}",
        "{% macro date_trunc(part, date) %}x{% endmacro %}",
        "{% macro get_incremental_mine_sql(arguments) %}select 1{% endmacro %}",
        "{% test positive(model) %}select 1{% endtest %}",
    ] {
        assert_eq!(told(&[("macros/c.sql", meant)]), [], "{meant}");
    }
}

#[test]
fn macros_are_noted_where_a_call_names_them() {
    let project =
        "name: shop\nprofile: shop\nflags: {validate_macro_args: true}\non-run-end:\n- |\n  select 1\n";
    let manifest = manifest(&[
        ("dbt_project.yml", project),
        (
            "macros/m.sql",
            "{% macro ref(name) %}{{ return(builtins.ref(name)) }}{% endmacro %}\
             {% macro kind() %}int{% endmacro %}\
             {% macro cast_to(column, kind=kind()) %}{{ column }}::{{ kind }}{% endmacro %}\
             {% macro reads() %}{{ ref('a') }}{{ cast_to('b') }}{% endmacro %}\
             {% test in_macros(model) %}select 1{% endtest %}",
        ),
        ("tests/generic/t.sql", "{% test in_tests(model) %}select 1{% endtest %}"),
    ]);
    let of = |name: &str| {
        let definition = &manifest.macros[format!("macro.shop.{name}").as_str()];
        (
            definition.depends_on.macros.iter().map(ToString::to_string).collect::<Vec<_>>(),
            definition.arguments.len(),
        )
    };
    // A default is a call as well.
    assert_eq!(of("cast_to"), (vec!["macro.shop.kind".to_owned()], 2));
    // By its bare name `ref` is nobody's macro, even where it is.
    assert_eq!(of("reads").0, ["macro.shop.cast_to"]);
    // Tests that have a folder of their own tell nothing of their arguments.
    assert_eq!((of("test_in_macros").1, of("test_in_tests").1), (1, 0));
    // The last line break of the file belongs to no text in it.
    assert_eq!(manifest.nodes["operation.shop.shop-on-run-end-0"].raw_code, "select 1");
}

#[test]
fn tests_may_read_private_models_of_their_own_group_alone() {
    let properties = |test: &str| {
        format!(
            "groups: [{{name: g, owner: {{name: me}}}}]
models:
- {{name: a, access: private, group: g, data_tests: [{{unique: {{column_name: id}}}}]}}
- {{name: b, data_tests: [{test}]}}
"
        )
    };
    let files = |singular: &'static str, all: &str| {
        [
            ("models/a.sql", "select 1 as id".to_owned()),
            ("models/b.sql", "select 1 as id".to_owned()),
            ("tests/s.sql", singular.to_owned()),
            ("models/all.yml", all.to_owned()),
        ]
    };
    let why = "which is not allowed because the referenced node is private to the 'g' group";
    let plain = properties("{unique: {column_name: id}}");
    let other = properties(
        "{relationships: {column_name: id, arguments: {to: ref('a'), field: id}, config: {group: g}}}",
    );
    for (singular, all, refuses) in [
        ("select * from {{ ref('a') }}", &plain, true),
        ("{{ config(group='g') }}select * from {{ ref('a') }}", &plain, false),
        ("select 1", &other, true),
    ] {
        let files = files(singular, all);
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
        if refuses { refused(&files, why) } else { drop(manifest(&files)) }
    }
}

#[test]
fn what_could_not_be_read_is_told_once_and_not_as_missing() {
    let properties = "models: [{name: broken, data_tests: [{unique: {column_name: id}}]}]
unit_tests: [{name: u, model: broken, given: [], expect: {rows: []}}]
";
    let project = read(&[
        ("models/broken.sql", "{{ config(alias='a', alias='b') }}select 1 as id"),
        ("models/reader.sql", "select * from {{ ref('broken') }}"),
        ("models/all.yml", properties),
    ])
    .unwrap();
    let told: Vec<&str> = project.errors().map(|it| it.message.as_str()).collect();
    assert_eq!(told, ["keyword argument repeated: alias"]);
    assert_eq!(project.warnings().count(), 0);
}
