//! Projects as files: what is read of them, and what is refused.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that can't go on says so and fails"
)]

mod reading;

use reading::{manifest, read, refused};
use serde_json::json;

const CONTRACT: &str = "models:
- name: m
  config: {contract: {enforced: true}, materialized: table}
";

#[test]
fn a_text_variable_is_a_template() {
    let manifest = manifest(&[
        ("dbt_project.yml", "name: shop\nprofile: shop\nvars: {where: \"{{ ref('a') }}\"}\n"),
        ("models/a.sql", "select 1 as id"),
        ("models/b.sql", "select * from {{ var('where') }}"),
    ]);
    let reader = &manifest.nodes["model.shop.b"];
    assert_eq!(reader.depends_on.nodes, ["model.shop.a".into()]);
}

#[test]
fn a_foreign_key_makes_an_edge() {
    let models = [("models/m.sql", "select 1 as id"), ("models/n.sql", "select 1 as id")];
    let schema = |to: &str| {
        format!(
            "{CONTRACT}  constraints: [{{type: foreign_key, columns: [id], to: \"{to}\", to_columns: [id]}}]
  columns: [{{name: id, data_type: int}}]
"
        )
    };
    let good = manifest(&[models[0], models[1], ("models/s.yml", &schema("ref('n')"))]);
    assert_eq!(good.nodes["model.shop.m"].depends_on.nodes, ["model.shop.n".into()]);
    for (to, message) in [
        ("ref('gone')", "depends on a node named 'gone' which was not found"),
        ("n", "Invalid 'ref' or 'source' syntax on foreign key constraint 'to' on model m: n"),
    ] {
        refused(&[models[0], models[1], ("models/s.yml", &schema(to))], message);
    }
}

#[test]
fn a_table_has_one_primary_key() {
    let model = ("models/m.sql", "select 1 as id, 2 as n");
    let columns = "  columns:
  - {name: id, data_type: int, constraints: [{type: primary_key}]}
";
    let both = format!("{CONTRACT}  constraints: [{{type: primary_key, columns: [id]}}]\n{columns}");
    refused(
        &[model, ("models/s.yml", &both)],
        "Primary key constraints defined at the model level and the columns level",
    );
    let two =
        format!("{CONTRACT}{columns}  - {{name: n, data_type: int, constraints: [{{type: primary_key}}]}}\n");
    refused(
        &[model, ("models/s.yml", &two)],
        "Found 2 columns (['id', 'n']) with primary key constraints defined",
    );
}

#[test]
fn a_microbatch_model_says_what_a_batch_is() {
    let model = |more: &str| {
        format!(
            "{{{{ config(materialized='incremental', incremental_strategy='microbatch'{more}) }}}} select 1"
        )
    };
    let good = ", event_time='at', begin='2026-01-01', batch_size='day'";
    for (more, message) in [
        (", begin='2026-01-01', batch_size='day'", "must provide an 'event_time'"),
        (", event_time='at', batch_size='day'", "must provide a 'begin'"),
        (", event_time='at', batch_size='day', begin='2026-01-01 11 PM'", "got '2026-01-01 11 PM'"),
        (", event_time='at', begin='2026-01-01', batch_size='week'", "got 'week'"),
        (&format!("{good}, lookback='1'"), "must give 'lookback' as an integer"),
        (&format!("{good}, lookback=1.5"), "got 1.5"),
        (&format!("{good}, concurrent_batches='x'"), "must give 'concurrent_batches' as true or false"),
    ] {
        refused(&[("models/m.sql", &model(more))], message);
    }
    for begin in ["2026-01-01T00:00:00", "20260101", "2026-01-01T10", "2026-01-01T10:00:00+02:00"] {
        let more = format!(", event_time='at', begin='{begin}', batch_size='day', lookback=none");
        manifest(&[("models/m.sql", &model(&more))]);
    }
}

#[test]
fn the_latest_version_may_go_by_the_models_name() {
    let manifest = manifest(&[
        ("models/m.sql", "select 1"),
        ("models/m_v1.sql", "select 1"),
        ("models/s.yml", "models: [{name: m, latest_version: 2, versions: [{v: 1}, {v: 2}]}]"),
    ]);
    assert_eq!(manifest.nodes["model.shop.m.v2"].original_file_path, "models/m.sql");
    assert_eq!(manifest.nodes["model.shop.m.v1"].original_file_path, "models/m_v1.sql");
}

#[test]
fn a_python_model_is_read() {
    let manifest = manifest(&[
        ("models/a.SQL", "select 1"),
        ("models/p.py", "def model(dbt, session):\n    dbt.config(tags=['x'])\n    return dbt.ref('a')\n"),
    ]);
    let node = &manifest.nodes["model.shop.p"];
    assert_eq!((node.language.as_str(), &node.tags), ("python", &vec!["x".to_owned()]));
    assert_eq!(node.depends_on.nodes, ["model.shop.a".into()]);
    let asks = "def model(dbt, session):\n    x = dbt.config.get('a')\n    return dbt.config.get('b', 2)\n";
    let asking = reading::manifest(&[("models/p.py", asks)]);
    let config = &asking.nodes["model.shop.p"].config;
    assert_eq!(config.get("config_keys_used"), Some(&json!(["a", "b"])));
    assert_eq!(config.get("config_keys_defaults"), Some(&json!([null, 2])));
    assert_eq!(config.get("meta_keys_used"), Some(&json!([])));
    for code in ["dbt.config(tags=[tag])", "dbt.ref(name)", "dbt.config.get('a', f'{b}')"] {
        refused(
            &[("models/p.py", &format!("def model(dbt, session):\n    {code}\n"))],
            "only Python literal structures",
        );
    }
}

#[test]
fn unit_tests_have_what_they_read() {
    let model = (
        "models/m.sql",
        "{{ config(materialized='incremental') }} select * from {{ ref('a') }} {{ is_incremental() }}",
    );
    let input = ("models/a.sql", "select 1 as id");
    let test = |given: &str| {
        format!(
            "unit_tests:
- name: t
  model: m
  overrides: {{macros: {{is_incremental: true}}}}
  given: [{given}]
  expect: {{rows: []}}
"
        )
    };
    refused(
        &[model, input, ("models/s.yml", &test("{input: ref('a'), rows: []}"))],
        "Unit test 't' for incremental model 'm' must have a 'this' input",
    );
    let unsaid = test("{input: ref('a'), rows: []}, {input: this, rows: []}");
    let unsaid = unsaid.replace("is_incremental: true", "is_incremental: 1");
    refused(
        &[model, input, ("models/s.yml", &unsaid)],
        "Boolean override for 'is_incremental' must be provided for unit test 't' in model 'm'",
    );
    refused(
        &[model, input, ("models/s.yml", &test("{input: this, rows: []}, {input: ref('gone')}"))],
        "Unable to find seed 'shop.gone' for unit tests",
    );
}

#[test]
fn unit_tests_name_versions_in_one_way() {
    let models = "models: [{name: m, latest_version: 2, versions: [{v: 1}, {v: 2}]}]\n\
                  unit_tests: [{name: u, model: m, versions: {include: [1], exclude: [2]}, given: [], expect: {rows: [{a: 1}]}}]";
    let files = [
        ("models/m_v1.sql", "select 1 as a"),
        ("models/m_v2.sql", "select 1 as a"),
        ("models/s.yml", models),
    ];
    refused(&files, "'include' and 'exclude' exclude each other");
    let unversioned =
        "unit_tests: [{name: u, model: m, versions: {include: [1]}, given: [], expect: {rows: [{a: 1}]}}]";
    refused(
        &[("models/m.sql", "select 1 as a"), ("models/s.yml", unversioned)],
        "Unit test 'u' should not have a versions include or exclude when referencing non-versioned model 'm'",
    );
}

#[test]
fn expressions_are_noted_as_written_where_states_are_compared_so() {
    let sql = "{{ config(materialized=env_var('NOWHERE', 'table'), alias='other') }} select 1 as a";
    let written = |flags: &str| {
        let settings = format!("name: shop\nversion: '1.0'\nprofile: shop\n{flags}");
        let found = manifest(&[("dbt_project.yml", &settings), ("models/m.sql", sql)]);
        let node = found.nodes.values().next().unwrap();
        assert_eq!(node.config.materialized(), "table");
        assert_eq!(node.unrendered_config["alias"], "other");
        node.unrendered_config["materialized"].clone()
    };
    assert_eq!(written(""), "table");
    let flags = "flags: {state_modified_compare_more_unrendered_values: true}";
    assert_eq!(written(flags), "env_var('NOWHERE', 'table')");
}

#[test]
fn a_hook_of_a_file_stands_beside_the_projects_where_states_are_compared_by_what_was_written() {
    let settings = "name: shop\nversion: '1.0'\nprofile: shop\nmodels: {+pre-hook: select 0}\n\
                    flags: {state_modified_compare_more_unrendered_values: true}";
    let sql = "{{ config(pre_hook='select 1') }} select 1 as id";
    let found = manifest(&[("dbt_project.yml", settings), ("models/m.sql", sql)]);
    let node = found.nodes.values().next().unwrap();
    assert_eq!(node.unrendered_config["pre-hook"], "select 0");
    assert_eq!(node.unrendered_config["pre_hook"], "select 1");
}

#[test]
fn a_tables_column_of_load_times_goes_before_its_sources_query() {
    let sources = "sources:\n  - name: raw\n    config: {loaded_at_query: select now()}\n    \
                   tables: [{name: a, config: {loaded_at_field: at}}, {name: b}]";
    let found = manifest(&[("models/s.yml", sources)]);
    let read = |name: &str| {
        let source = found.sources.values().find(|source| source.name == name).unwrap();
        (source.loaded_at_field.as_deref(), source.loaded_at_query.as_deref())
    };
    assert_eq!(read("a"), (Some("at"), None));
    assert_eq!(read("b"), (None, Some("select now()")));
    let sources = "sources:\n  - name: raw\n    config: {loaded_at_field: at}\n    \
                   tables: [{name: a, config: {loaded_at_field: null, loaded_at_query: select now()}}]";
    let found = manifest(&[("models/s.yml", sources)]);
    assert_eq!(found.sources["source.shop.raw.a"].loaded_at_field.as_deref(), Some("at"));
}

#[test]
fn a_metrics_name_says_what_is_wrong_with_it() {
    let named = |name: &str| {
        format!("metrics: [{{name: '{name}', label: a, type: simple, type_params: {{measure: m}}}}]")
    };
    let blanks =
        "'a b' is invalid.  It cannot contain spaces, must contain only letters, numbers and underscores";
    refused(&[("models/s.yml", &named("a b"))], blanks);
    refused(&[("models/s.yml", &named(&"a".repeat(251)))], "It cannot contain more than 250 characters");
    refused(&[("models/s.yml", &named("1a"))], "It must begin with a letter");
}

const SPINE: (&str, &str) = ("models/spine.sql", "select current_date as day");
const METRICS: &str = "
models:
  - {name: spine, time_spine: {standard_granularity_column: day}, columns: [{name: day, granularity: day}]}
semantic_models:
  - name: days
    model: ref('spine')
    defaults: {agg_time_dimension: on_day}
    entities: [{name: day_key, type: primary, expr: day}]
    dimensions: [{name: on_day, expr: day, type: time, type_params: {time_granularity: day}}]
    measures: [{name: days, agg: count, expr: day}]
metrics:
  - {name: all_days, label: All days, type: simple, type_params: {measure: days}}
  - {name: no_days, label: None, type: simple, type_params: {measure: days}, config: {enabled: false}}
";

#[test]
fn metrics_that_are_asked_for_are_there() {
    let query = "saved_queries: [{name: asked, description: \"{{ doc('about') }}\", query_params: {metrics: [all_days]}}]";
    let good = format!("{METRICS}{query}");
    let files = |properties| {
        let about = ("models/about.md", "{% docs about %}Days{% enddocs %}");
        [
            SPINE,
            about,
            ("models/s.yml", properties),
            ("models/m.sql", "select 1 as a -- {{ metric('all_days') }}"),
        ]
    };
    let found = manifest(&files(good.as_str()));
    let query = found.saved_queries.values().next().unwrap();
    assert_eq!(query.more["description"], "Days");
    assert_eq!(query.depends_on.nodes, ["metric.shop.all_days".into()]);

    let bad = good.replace("metrics: [all_days]", "metrics: [all_dayz]");
    refused(
        &files(bad.as_str()),
        "The metric `all_dayz` does not exist but was referenced by saved query `asked`.",
    );
    for (name, why) in [("no_days", "is disabled"), ("all_dayz", "was not found")] {
        let sql = format!("select 1 as a -- {{{{ metric('{name}') }}}}");
        let files = [SPINE, ("models/s.yml", METRICS), ("models/m.sql", sql.as_str())];
        refused(&files, &format!("depends on a metric named '{name}' which {why}"));
    }
}

#[test]
fn hooks_of_seeds_read_nothing() {
    refused(
        &[
            (
                "dbt_project.yml",
                "name: shop\nprofile: shop\nseeds: {post-hook: \"select * from {{ ref('m') }}\"}\n",
            ),
            ("models/m.sql", "select 1"),
            ("seeds/s.csv", "a\n1\n"),
        ],
        "Seeds cannot depend on other nodes",
    );
}

#[test]
fn configurations_are_held_against_what_they_may_be() {
    refused(
        &[("models/m.sql", "{{ config(docs={'node_color': 'reddish'}) }} select 1")],
        "Invalid color name for docs.node_color: reddish",
    );
    refused(
        &[
            ("dbt_project.yml", "name: shop\nprofile: shop\nseeds: {materialized: table}\n"),
            ("seeds/s.csv", "a\n1\n"),
        ],
        "is not one of ['seed']",
    );
    refused(
        &[("dbt_project.yml", "name: shop\nprofile: shop\ndbt-cloud: text\n")],
        "at path ['dbt-cloud']: 'text' is not valid",
    );
}

#[test]
fn batches_that_read_everything_are_told() {
    let model = "{{ config(materialized='incremental', incremental_strategy='microbatch', event_time='at', \
                 begin='2026-01-01', batch_size='day') }} select * from {{ ref('a') }}";
    let told = |input: &str| {
        let project = read(&[("models/m.sql", model), ("models/a.sql", input)]);
        let project = project.unwrap_or_else(|error| panic!("{error}"));
        project.warnings().any(|it| it.event.as_deref() == Some("MicrobatchModelNoEventTimeInputs"))
    };
    assert!(told("select 1"));
    assert!(!told("{{ config(event_time='at') }} select 1"));
}

#[test]
fn a_doc_block_that_only_a_disabled_resource_shows_is_of_use() {
    let unused = |properties: &str| {
        let project = read(&[
            ("models/m.sql", "select 1 as id"),
            ("models/m.md", "{% docs m %}A model.{% enddocs %}"),
            ("models/m.yml", properties),
        ]);
        let project = project.unwrap_or_else(|error| panic!("{error}"));
        project.warnings().any(|it| it.event.as_deref() == Some("UnusedDocBlock"))
    };
    assert!(unused("models: [{name: m}]"));
    assert!(!unused("models: [{name: m, config: {enabled: false}, description: \"{{ doc('m') }}\"}]"));
    let snapshot = "{name: s, relation: ref('m'), description: \"{{ doc('m') }}\", config: {enabled: false}}";
    assert!(!unused(&format!("snapshots: [{snapshot}]")));
}

/// A project and a package, each with a model and a seed of one name; the package's are switched off.
const REPLACED: [(&str, &str); 8] = [
    (
        "dbt_project.yml",
        "name: shop\nprofile: shop\nmodels: {lent: {+enabled: false}}\nseeds: {lent: {+enabled: false}}\n",
    ),
    ("packages.yml", "packages: [{local: lent}]\n"),
    ("dbt_packages/lent/dbt_project.yml", "name: lent\n"),
    ("dbt_packages/lent/models/m.sql", "select 1 as id"),
    ("dbt_packages/lent/seeds/s.csv", "id\n1\n"),
    (
        "dbt_packages/lent/models/m.yml",
        "models: [{name: m, description: lent, config: {materialized: table}}]
seeds: [{name: s, config: {column_types: {id: \"{{ 'bigint' }}\"}}}]\n",
    ),
    ("models/m.sql", "select 2 as id"),
    ("seeds/s.csv", "id\n2\n"),
];

#[test]
fn what_replaces_a_packages_file_has_the_packages_properties() {
    let replaced = manifest(&REPLACED);
    let (model, seed) = (&replaced.nodes["model.shop.m"], &replaced.nodes["seed.shop.s"]);
    assert_eq!(model.description, "lent");
    assert_eq!(model.config.materialized(), "table");
    assert_eq!(model.patch_path.as_deref(), Some("lent://models/m.yml"));
    assert_eq!(seed.config.get("column_types").unwrap()["id"], "bigint");
    assert_eq!(seed.unrendered_config["column_types"]["id"], "bigint");
    assert!(seed.only.root_path.is_some());

    let [left] = <[_; 1]>::try_from(replaced.disabled["seed.lent.s"].clone()).unwrap();
    assert_eq!((&left["description"], &left["patch_path"]), (&"".into(), &serde_json::Value::Null));
    assert_eq!(left["config"]["column_types"], serde_json::json!({}));

    let own = [("models/m.yml", "models: [{name: m, description: own}]\n")];
    let described: Vec<_> = REPLACED.into_iter().chain(own).collect();
    assert_eq!(manifest(&described).nodes["model.shop.m"].description, "own");
}

#[test]
fn a_rendered_tests_version_is_the_text_of_its_call() {
    let read = manifest(&[
        ("models/m_v1.sql", "select 1 as id"),
        (
            "models/m.yml",
            "models: [{name: m, versions: [{v: 1}], columns: [{name: id, data_tests: [unique, {accepted_values: {values: \
             [1]}}]}]}]",
        ),
    ]);
    let version = |prefix: &str| {
        let test = read.nodes.values().find(|it| it.name.starts_with(prefix)).unwrap();
        test.refs[0].version.clone().unwrap()
    };
    assert_eq!((version("unique"), version("accepted_values")), (1.into(), "1".into()));
}

#[test]
fn a_source_is_noted_once_where_a_model_is_read_without_rendering() {
    let twice = "{{ source('s', 't') }} {{ source('s', 't') }}";
    let manifest = manifest(&[
        ("models/sources.yml", "sources: [{name: s, tables: [{name: t}]}]\n"),
        ("models/a.sql", twice),
        ("models/b.sql", &format!("{{% set a = 1 %}}{twice}")),
        ("models/c.sql", &format!("{{{{ config({{'materialized': 'table'}}) }}}}{twice}")),
        ("models/d.sql", &format!("{{{{ config(materialized='table') }}}}{twice}")),
        ("models/e.sql", &format!("{{{{- config(materialized='table') }}}}{twice}")),
        ("models/f.sql", &format!("{twice} -- {{{{ this }}}}")),
    ]);
    for (model, times) in [("a", 1), ("b", 2), ("c", 2), ("d", 1), ("e", 2), ("f", 2)] {
        let id = format!("model.shop.{model}");
        assert_eq!(manifest.nodes[id.as_str()].sources.len(), times, "{model}");
    }
}

const LENT: &[(&str, &str)] = &[
    ("packages.yml", "packages: [{local: lent}]\n"),
    ("dbt_packages/lent/dbt_project.yml", "name: lent\nversion: '1.0'\n"),
    (
        "dbt_packages/lent/macros/lent.sql",
        "{% macro borrowed() %}{% endmacro %}{% macro default__borrowed() %}{% endmacro %}",
    ),
];

#[track_caller]
fn depends(macros: &str, expected: &[&str]) {
    let files: Vec<_> = LENT.iter().copied().chain([("macros/m.sql", macros)]).collect();
    let manifest = manifest(&files);
    let found: Vec<&str> = manifest.macros["macro.shop.m"]
        .depends_on
        .macros
        .iter()
        .map(platform_core::UniqueId::as_str)
        .collect();
    assert_eq!(found, expected, "{macros}");
}

#[test]
fn a_macro_depends_on_what_it_calls_by_whatever_object() {
    depends("{% macro m(x) %}{{ x.borrowed() }}{% endmacro %}", &["macro.lent.borrowed"]);
    depends("{% macro m(x) %}{{ adapter.borrowed() }}{{ x.y.borrowed() }}{% endmacro %}", &[]);
    depends("{% macro m() %}{{ m() }}{% endmacro %}", &[]);
    depends("{% macro m() %}{{ shop.m() }}{% endmacro %}", &["macro.shop.m"]);
    depends(
        "{% macro m() %}{{ borrowed(dbt.type_int()) }}{% endmacro %}",
        &["macro.lent.borrowed", "macro.dbt.type_int"],
    );
    depends(
        "{% macro m() %}{{ adapter.dispatch('borrowed', 'nobody')() }}{% endmacro %}",
        &["macro.lent.borrowed", "macro.lent.default__borrowed"],
    );
}

#[test]
fn white_space_goes_to_the_tag_that_takes_it_away() {
    let text = "{%- macro a() -%}{%- endmacro -%}\n\n{%- macro b() %}{% endmacro %}\n\n{%- macro c() %}{% endmacro %}";
    let manifest = manifest(&[("macros/m.sql", text)]);
    let text = |name: &str| manifest.macros[&*format!("macro.shop.{name}")].macro_sql.clone();
    assert_eq!(text("a"), "{%- macro a() -%}{%- endmacro -%}\n\n");
    assert_eq!(text("b"), "{%- macro b() %}{% endmacro %}");
    assert_eq!(text("c"), "\n\n{%- macro c() %}{% endmacro %}");
}

#[test]
fn what_properties_say_is_rendered_without_its_last_line_break() {
    let settings = "name: shop\nprofile: shop\nvars: {v: \"{{ target.schema }}\"}\n";
    let properties = "models:
- name: m
  description: \"{{ var('v') }}\\n\"
  config: {meta: {text: \"a\\n\", of: \"{{ var('v') }}\"}}
  columns:
  - name: a
    tests:
    - accepted_values:
        column_name: b
        arguments: {values: [1]}
        config: {where: \"a = 1\\n\", meta: {deep: \"{{ 1 }}\"}}
";
    let files =
        [("dbt_project.yml", settings), ("models/m.sql", "select 1 as a"), ("models/m.yml", properties)];
    let manifest = manifest(&files);
    let model = &manifest.nodes["model.shop.m"];
    assert_eq!(model.meta["text"], "a");
    assert_eq!(model.meta["of"], "{{ target.schema }}", "a variable is no template in YAML");
    let test = manifest.nodes.values().find(|node| node.only.test_metadata.is_some()).unwrap();
    assert_eq!(test.name, "accepted_values_m_a__1", "a column's test is about that column");
    assert_eq!(test.config.get("where").unwrap(), "a = 1");
    assert_eq!(test.config.get("meta").unwrap()["deep"], "{{ 1 }}");
}

#[test]
fn tests_have_no_spaces_in_their_names_either() {
    let properties = "models: [{name: m, columns: [{name: a, tests: [{not_null: {name: never null}}]}]}]\n";
    refused(
        &[("models/m.sql", "select 1 as a"), ("models/m.yml", properties)],
        "Resource names cannot contain spaces",
    );
}

#[test]
fn properties_describe_the_enabled_one_of_a_name() {
    let off = "{{ config(enabled=false) }} select 1 as a";
    let described = "models: [{name: m, description: one, columns: [{name: a}]}]\n";
    let files =
        [("models/on/m.sql", "select 1 as a"), ("models/off/m.sql", off), ("models/m.yml", described)];
    let manifest = manifest(&files);
    assert_eq!(manifest.nodes["model.shop.m"].description, "one");
    let twin = &manifest.disabled["model.shop.m"][0];
    assert_eq!((&twin["description"], &twin["patch_path"]), (&"".into(), &serde_json::Value::Null));
}

#[test]
fn a_packages_test_that_the_project_hides_configures_nothing_before_a_run() {
    let test = "{% test odd(model) %}{{ config(fail_calc='sum(n)') }}select 1 as n{% endtest %}";
    let hidden = ("macros/odd.sql", "{% test odd(model) %}select 1 as n{% endtest %}");
    let passed_on = ("macros/odd.sql", "{% test odd(model) %}{{ lent.test_odd(model) }}{% endtest %}");
    let rest = [
        ("dbt_packages/lent/macros/odd.sql", test),
        ("models/m.sql", "select 1 as n"),
        ("models/m.yml", ODD),
    ];
    for (own, expected) in [(hidden, "count(*)"), (passed_on, "sum(n)")] {
        let files: Vec<_> = LENT.iter().chain(&rest).copied().chain([own]).collect();
        let manifest = manifest(&files);
        let test = manifest.nodes.values().find(|node| node.only.test_metadata.is_some()).unwrap();
        assert_eq!(test.config.get("fail_calc").unwrap(), expected);
    }
}

const ODD: &str = "models: [{name: m, tests: [lent.odd]}]\n";

#[test]
fn what_a_unit_test_gives_is_rendered_as_the_file_is_read() {
    let tests = "unit_tests:
- name: u
  model: n
  given: [{input: ref('m'), format: sql, rows: \"{% set x = 7 %}select {{ x }} as a\\n\"}]
  expect: {rows: [{a: \"{{ 3 }}\"}]}
";
    let files = [
        ("models/m.sql", "select 1 as a"),
        ("models/n.sql", "select a from {{ ref('m') }}"),
        ("models/u.yml", tests),
    ];
    let manifest = manifest(&files);
    let test = &manifest.unit_tests["unit_test.shop.n.u"];
    assert_eq!(test.given[0]["rows"], "select 7 as a");
    assert_eq!(test.expect["rows"][0]["a"], "3");
}
