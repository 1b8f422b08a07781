//! build, retry, fail-fast, compile: what runs, what is said of it, how the command ends.

use crate::scene::Scene;
use serde_json::{Value, json};

const ORDERS: (&str, &str) = ("models/orders.sql", "select 1 as id union all select 2");
const BROKEN: (&str, &str) = ("models/broken.sql", "{{ config(materialized='table') }} select 1 / 0 as id");
const BELOW: (&str, &str) = ("models/below.sql", "select * from {{ ref('broken') }}");

#[tokio::test]
async fn retry_takes_up_what_failed_and_what_was_skipped_with_the_same_flags() {
    let scene = Scene::new(&[ORDERS, BROKEN, BELOW]).await;
    let done = scene.dp("run --full-refresh --vars '{limit: 3}'");
    assert_eq!(done.code, 1, "{}", done.text);
    assert_eq!(scene.statuses(), ["below skipped", "broken error", "orders success"]);

    scene.write(BROKEN.0, "select {{ var('limit') }} as id, '{{ flags.FULL_REFRESH }}' as fresh");
    scene.good("retry");
    assert_eq!(scene.statuses(), ["below success", "broken success"]);
    assert_eq!(scene.texts("select id || fresh from dev.below").await, ["3True"]);

    // What was chosen and where it ran stay as they were; nothing to do leaves no results, which are no run to retry.
    scene.good("retry --vars '{limit: 4}'").says("Nothing to do");
    let results = scene.artifact("run_results.json");
    assert_eq!(results["results"], json!([]));
    assert_eq!(results["args"]["vars"], json!({"limit": 4}));
    assert_eq!(results["args"]["full_refresh"], true);
    let none = scene.dp("retry");
    assert_eq!(none.code, 2, "{}", none.text);
    assert!(none.text.contains("Could not find previous run in 'target' target directory"), "{}", none.text);
}

#[tokio::test]
async fn a_retry_stays_with_the_target_and_the_selection_of_the_run() {
    let scene = Scene::new(&[ORDERS, BROKEN, BELOW]).await;
    let done = scene.dp("build --select broken --fail-fast");
    assert_eq!(done.code, 1, "{}", done.text);
    let again = scene.dp("retry --no-fail-fast --full-refresh --threads 3");
    assert_eq!(again.code, 1, "{}", again.text);
    let arguments = scene.artifact("run_results.json")["args"].clone();
    assert_eq!(arguments["select"], json!(["broken"]));
    assert_eq!(arguments["fail_fast"], true);
    assert_eq!(arguments["threads"], 3);
    assert_eq!(arguments["full_refresh"], Value::Null);
}

#[tokio::test]
async fn a_model_without_versions_beside_versions_of_its_name_is_refused() {
    let versions = "models: [{name: orders, versions: [{v: 1}, {v: 2}]}]";
    let scene = Scene::new(&[ORDERS, ("models/orders_v1.sql", "select 1 as id")]).await;
    scene.write("models/orders_v2.sql", "select 2 as id");
    scene.write("models/all.yml", versions);
    let refused = scene.dp("parse");
    assert_eq!(refused.code, 2, "{}", refused.text);
    for part in [
        "dbt found versioned and unversioned models with the name \"orders\".",
        " (models/orders.sql)\n",
        "or add the unversioned model to the versions in ",
    ] {
        assert!(refused.text.contains(part), "{}", refused.text);
    }
}

#[tokio::test]
async fn a_build_ends_with_exposures_counts_and_reasons() {
    let properties = "
exposures:
  - {name: board, type: dashboard, owner: {name: me}, depends_on: [ref('orders')]}
models:
  - name: orders
    columns:
      - name: id
        data_tests:
          - unique
          - accepted_values: {arguments: {values: [1]}, config: {severity: warn}}
";
    let scene = Scene::new(&[ORDERS, BROKEN, ("models/all.yml", properties)]).await;
    let done = scene.dp("build");
    assert_eq!(done.code, 1, "{}", done.text);
    done.says("Found 2 models, 2 data tests, 1 exposure");
    done.says("Concurrency: 2 threads (target='dev')");
    done.says(
        "Finished running 1 exposure, 1 table model, 2 data tests, 1 view model in 0 hours 0 minutes and",
    );
    done.says("Completed with 1 error, 0 partial successes, and 1 warning:");
    done.says("Failure in model broken (models/broken.sql)");
    done.says("division by zero");
    done.says("Warning in test accepted_values_orders_id__1 (models/all.yml)");
    done.says("Done. PASS=2 WARN=1 ERROR=1 SKIP=0 NO-OP=1 TOTAL=5");

    let quiet = scene.dp("--quiet build --exclude broken");
    assert_eq!((quiet.code, quiet.text.as_str()), (0, ""));
}

#[tokio::test]
async fn fail_fast_leaves_the_rest_but_runs_the_last_hooks() {
    let scene =
        Scene::new(&[("models/z.sql", "select 1 as id"), ("models/a.sql", "select 1 / 0 as id")]).await;
    scene.write("models/E.sql", "{{ config(materialized='ephemeral') }}select 1 as id");
    let project = "name: shop\nversion: '1.0'\nprofile: shop\n\
                   models: {+materialized: table}\non-run-end: create table dev.ended as select {{ 1 }} as id\n";
    scene.write("dbt_project.yml", project);
    let done = scene.dp("run --fail-fast --threads 1");
    assert_eq!(done.code, 1, "{}", done.text);
    assert_eq!(scene.statuses(), ["E skipped", "a error", "shop-on-run-end-0 success", "z skipped"]);
    assert_eq!(scene.texts("select id::text from dev.ended").await, ["1"]);
    let hook = "create table dev.ended as select 1 as id";
    let results = scene.artifact("run_results.json");
    let codes = results["results"].as_array().into_iter().flatten().map(|it| &it["compiled_code"]);
    assert_eq!(codes.filter(|code| *code == hook).count(), 1, "what a hook came to, not what was written");
    let written = scene.path("target/compiled/shop/dbt_project.yml/hooks/shop-on-run-end-0.sql");
    assert_eq!(std::fs::read_to_string(written).unwrap_or_default(), hook);
}

/// <https://docs.getdbt.com/reference/global-configs/behavior-changes#failures-in-on-run-start-hooks>
#[tokio::test]
async fn nodes_run_after_a_failed_first_hook_unless_the_project_says_otherwise() {
    let scene = Scene::new(&[ORDERS]).await;
    let project = "name: shop\nversion: '1.0'\nprofile: shop\n\
                   on-run-start: [select 1, select nope, select 3]\non-run-end: ['select {{ results | length }}']\n";
    scene.write("dbt_project.yml", project);
    let order = || {
        let results = scene.artifact("run_results.json");
        let list = results["results"].as_array().cloned().unwrap_or_default();
        let text = |it: &serde_json::Value, key: &str| it[key].as_str().unwrap_or_default().to_owned();
        let one = |it: &serde_json::Value| {
            let id = text(it, "unique_id");
            format!("{} {}", id.rsplit('.').next().unwrap_or_default(), text(it, "status"))
        };
        list.iter().map(one).collect::<Vec<_>>()
    };
    let hooks = ["shop-on-run-start-0 success", "shop-on-run-start-1 error", "shop-on-run-start-2 skipped"];
    assert_eq!(scene.dp("run").code, 1);
    assert_eq!(order()[..3], hooks);
    assert_eq!(order()[3..], ["orders success", "shop-on-run-end-0 success"]);

    let project = format!("{project}flags: {{skip_nodes_if_on_run_start_fails: true}}\n");
    scene.write("dbt_project.yml", &project);
    scene.write("models/e.sql", "{{ config(materialized='ephemeral') }}select 1 as id");
    // One after the other, so that the order is that of their names.
    let done = scene.dp("run --threads 1");
    done.says("1 of 1 SKIP relation dev.orders");
    assert_eq!(done.code, 1, "{}", done.text);
    assert_eq!(order()[..3], hooks);
    assert_eq!(order()[3..], ["e skipped", "orders skipped", "shop-on-run-end-0 success"]);
    let compiled = scene.path("target/compiled/shop/dbt_project.yml/hooks/shop-on-run-end-0.sql");
    assert_eq!(
        std::fs::read_to_string(compiled).unwrap_or_default(),
        "select 0",
        "skipped nodes have no results"
    );
}

/// <https://docs.getdbt.com/reference/global-configs/behavior-changes#custom-microbatch-strategy>
#[tokio::test]
async fn a_microbatch_strategy_of_the_projects_own_gets_batches_where_a_flag_says_so() {
    let days = "{{ config(materialized='table', event_time='day') }}
        select timestamp '2024-01-01' + i * interval '1 day' as day from generate_series(0, 3) as i";
    let batches = "{{ config(materialized='incremental', incremental_strategy='microbatch', event_time='day'
        , begin='2024-01-02', batch_size='day') }} select * from {{ ref('days') }}";
    let own = "{% macro get_incremental_microbatch_sql(arg_dict) %}
        insert into {{ arg_dict['target_relation'] }} select * from {{ arg_dict['temp_relation'] }}{% endmacro %}";
    let files = [("models/days.sql", days), ("models/batches.sql", batches), ("macros/own.sql", own)];
    let scene = Scene::new(&files).await;
    let run = "run --event-time-start 2024-01-02 --event-time-end 2024-01-04";
    scene.good(run).says("START sql incremental model dev.batches");
    assert_eq!(scene.texts("select count(*)::text from dev.batches").await, ["4"]);

    let project = "name: shop\nversion: '1.0'\nprofile: shop\n\
                   flags: {require_batched_execution_for_custom_microbatch_strategy: true}\n";
    scene.write("dbt_project.yml", project);
    scene.good(&format!("{run} --full-refresh")).says("START sql microbatch model dev.batches");
    assert_eq!(scene.texts("select count(*)::text from dev.batches").await, ["2"]);
}

#[tokio::test]
async fn compile_shows_one_node_or_a_query() {
    let scene = Scene::new(&[ORDERS]).await;
    scene.good("compile --select orders").says("Compiled node 'orders' is:\nselect 1 as id");
    let inline = scene.good("compile --quiet --output json --inline 'select * from {{ ref(\"orders\") }}'");
    inline.says("\"compiled\": \"select * from \\\"");
    let whole = scene.good("compile");
    assert!(!whole.text.contains("Compiled node"), "{}", whole.text);
    let broken = scene.dp("compile --inline 'select {{ nothing() }}'");
    assert_eq!(broken.code, 2, "{}", broken.text);
    broken.says("'nothing' is undefined");
    // An ephemeral model that is chosen is a result as any other.
    scene.write("models/inner.sql", "{{ config(materialized='ephemeral') }} select 1 as id");
    scene.write("models/outer.sql", "select * from {{ ref('inner') }}");
    scene.good("compile --select inner+");
    assert_eq!(scene.statuses(), ["inner success", "outer success"]);
    let arguments = scene.artifact("run_results.json")["args"].clone();
    assert!(arguments.get("resource_types").is_none(), "{arguments}");
    scene.good("compile");
    assert_eq!(scene.statuses(), ["orders success", "outer success"]);
}

#[tokio::test]
async fn keys_of_a_listing_reach_into_facts() {
    let scene = Scene::new(&[ORDERS]).await;
    let keys = "version config.schema config.enabled config.nope nope";
    let listed = scene.good(&format!("ls --quiet --output json --output-keys {keys}"));
    assert_eq!(listed.text.trim(), r#"{"version": null, "config.enabled": true}"#);
}

#[tokio::test]
async fn a_build_runs_unit_tests_with_their_models_alone_as_dbts_does() {
    let unit = "unit_tests: [{name: u, model: m, given: [], expect: {rows: [{id: 2}]}}]";
    let scene = Scene::new(&[("models/m.sql", "select 1 as id"), ("models/m.yml", unit)]).await;
    for line in ["build --select u", "build --resource-type unit_test", "build --exclude-resource-type model"]
    {
        let done = scene.good(line);
        done.says("1 unit test left out");
        done.says("Nothing to do");
    }
    for line in ["build --select m", "test --select u"] {
        assert_eq!(scene.dp(line).code, 1, "{line}");
    }
    // Nothing is deferred where nothing is chosen.
    scene.good("test --select nowhere --defer");
}

#[tokio::test]
async fn compiled_files_stand_where_the_written_ones_do_and_seeds_are_not_compiled() {
    let scene = Scene::new(&[
        ORDERS,
        ("analyses/monthly/late.sql", "select * from {{ ref('orders') }}"),
        ("models/orders.yml", "models: [{name: orders, columns: [{name: id, data_tests: [unique]}]}]"),
        ("seeds/countries.csv", "code\nde\n"),
        ("macros/late.sql", "{% macro late() %}1{% endmacro %}"),
        ("models/late.sql", "select {% if execute %}{{ late() }}{% else %}0{% endif %} as id"),
    ])
    .await;
    scene.good("compile");
    // What is called where the node runs is noted as well.
    let late = &scene.artifact("manifest.json")["nodes"]["model.shop.late"]["depends_on"]["macros"];
    assert_eq!(*late, serde_json::json!(["macro.shop.late"]));
    for path in ["analyses/monthly/late.sql", "models/orders.sql", "models/orders.yml/unique_orders_id.sql"] {
        assert!(scene.path("target/compiled/shop").join(path).is_file(), "{path}");
    }
    let results = scene.artifact("run_results.json");
    let seed = results["results"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|it| it["unique_id"] == "seed.shop.countries");
    let seed = seed.expect("a result");
    for key in ["compiled", "compiled_code", "relation_name"] {
        assert!(seed[key].is_null(), "{key}: {seed}");
    }
}

#[tokio::test]
async fn a_node_that_does_not_compile_leaves_no_results() {
    let broken = (
        "models/broken.sql",
        "select {% if execute %}{{ exceptions.raise_compiler_error('no') }}{% endif %} 1 as a",
    );
    let scene = Scene::new(&[ORDERS, broken]).await;
    let done = scene.dp("compile");
    assert_eq!(done.code, 2, "{}", done.text);
    done.says("Compilation Error in model broken (models/broken.sql)");
    let none = scene.dp("compile --exclude * --warn-error");
    assert_eq!(none.code, 2, "{}", none.text);
    assert!(!scene.path("target/run_results.json").exists());
    scene.good("compile --select orders");
    assert_eq!(scene.statuses(), ["orders success"]);
}

#[tokio::test]
async fn failures_tell_of_their_node_and_its_group() {
    let properties = "groups: [{name: sales, owner: {name: Ann}}]\n\
                      models: [{name: orders, config: {group: sales}, columns: [{name: id, data_tests: [{accepted_values: {arguments: {values: [7]}}}]}]}]";
    let scene = Scene::new(&[ORDERS, ("models/orders.yml", properties)]).await;
    let done = scene.dp("build --log-format json");
    assert_eq!(done.code, 1, "{}", done.text);
    for name in ["RunResultFailure", "RunResultError"] {
        let events =
            done.text.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
        let found: Vec<_> = events.filter(|event| event["info"]["name"] == name).collect();
        assert_eq!(found.len(), 1, "{name}: {}", done.text);
        assert_eq!(found[0]["data"]["group"]["owner"]["name"], "Ann");
        assert_eq!(found[0]["data"]["node_info"]["resource_type"], "test");
        assert_eq!(found[0]["data"]["node_info"]["node_status"], "fail");
    }
}

#[tokio::test]
async fn functions_and_macros_are_true_while_a_project_is_read() {
    let text = "{% set answers = [] %}\n{% for it in [dbt.type_float, ref, var, env_var, adapter, adapter.dispatch, flags, api.Relation, \
                exceptions, log, answer] %}{% do answers.append('yes' if it else 'no') %}{% endfor %}\n\
                {{ config(tags=answers) }} select '{{ answers | unique | join }}' as answer";
    let answer = "{% macro answer() %}{{ return(1) }}{% endmacro %}";
    let scene = Scene::new(&[("models/truth.sql", text), ("macros/answer.sql", answer)]).await;
    scene.good("run");
    assert_eq!(scene.texts("select answer from dev.truth").await, ["yes"]);
    let manifest = scene.artifact("manifest.json");
    let tags = manifest["nodes"]["model.shop.truth"]["config"]["tags"].as_array().expect("a list");
    assert!(!tags.is_empty() && tags.iter().all(|tag| tag == "yes"), "{tags:?}");
}

#[tokio::test]
async fn the_start_of_a_run_is_a_time_and_ref_knows_the_project() {
    let scene = Scene::new(&[]).await;
    let query = "{{ run_started_at.strftime(\"%Y\") }} {{ (run_started_at - modules.datetime.timedelta(days=1)) < run_started_at }} \
                 {{ builtins.ref.config.project_name }} {{ builtins.ref.config.dependencies[\"shop\"].version }} \
                 {{ builtins.ref.config.vars.to_dict() }}";
    scene.good(&format!("compile --quiet --inline '{query}'")).says(" True shop 1.0 {}");
}

#[tokio::test]
async fn hooks_are_counted_across_packages_and_long_names_of_ephemeral_models_are_refused() {
    let long = "a".repeat(52);
    let reads = format!("select * from {{{{ ref('{long}') }}}}");
    let quoting = "{{ config(materialized='table') }}\
                   select '{{ adapter.config.quoting.database if execute }}' as database";
    let batches = "{{ config(materialized='incremental', incremental_strategy='microbatch', event_time='at', \
                   begin='2026-01-01', batch_size='year', unique_key='id') }}select 1 as id, now() as at";
    let scene = Scene::new(&[
        ("near/dbt_project.yml", "name: near\nversion: '1.0'\non-run-start: select 1\n"),
        ("packages.yml", "packages: [{local: near}]\n"),
        (&format!("models/{long}.sql"), "{{ config(materialized='ephemeral') }}select 1 as id"),
        ("models/reads.sql", &reads),
        ("models/quoting.sql", quoting),
        (
            "models/strange.sql",
            "{{ config(materialized='incremental', incremental_strategy='insert_overwrite') }}select 1 as id",
        ),
        ("models/batches.sql", batches),
    ])
    .await;
    scene.write("dbt_project.yml", "name: shop\nversion: '1.0'\nprofile: shop\non-run-start: select 2\n");
    scene.good("deps");
    scene.dp("run").says(&format!("Relation name '__dbt__cte__{long}' is longer than 63 characters"));
    let results = scene.artifact("run_results.json");
    let results = results["results"].as_array().expect("a list");
    // What the adapter refuses comes without the macros on the way.
    let strategy = results.iter().find(|it| it["unique_id"] == "model.shop.strange").expect("a result");
    let message = "Runtime Error in model strange (models/strange.sql)\n  The incremental strategy 'insert_overwrite' is not valid for this \
                   adapter";
    assert_eq!(strategy["message"], message);
    // The manifest says where the statements of what ran were written.
    let manifest = scene.artifact("manifest.json");
    let run = |model: &str| manifest["nodes"][format!("model.shop.{model}")]["build_path"].clone();
    assert_eq!(run("quoting"), "target/run/shop/models/quoting.sql");
    assert_eq!((run("reads"), run("batches")), (Value::Null, Value::Null));
    for (id, message) in
        [("near.near", "near.on-run-start.0 passed"), ("shop.shop", "shop.on-run-start.1 passed")]
    {
        let hook = results.iter().find(|it| it["unique_id"] == format!("operation.{id}-on-run-start-0"));
        assert_eq!(hook.map(|it| &it["message"]), Some(&serde_json::json!(message)));
    }
    assert_eq!(scene.texts("select database from dev.quoting").await, ["True"]);
}

#[tokio::test]
async fn a_hook_that_cannot_be_rendered_ends_the_command() {
    let scene = Scene::new(&[ORDERS]).await;
    let project = |moment: &str| {
        format!(
            "name: shop\nversion: '1.0'\nprofile: shop\n\
             {moment}: \"{{% if execute %}}{{{{ exceptions.raise_compiler_error('not now') }}}}{{% endif %}}\"\n"
        )
    };
    scene.write("dbt_project.yml", &project("on-run-start"));
    let done = scene.dp("run");
    assert_eq!(done.code, 2, "{}", done.text);
    done.says("not now");
    // Nothing was begun.
    assert!(!scene.path("target/run_results.json").exists());
    scene.write("dbt_project.yml", &project("on-run-end"));
    let done = scene.dp("run");
    assert_eq!(done.code, 2, "{}", done.text);
    // What was built is told.
    assert_eq!(scene.statuses(), ["orders success"]);
}

#[tokio::test]
async fn macros_of_names_see_the_targets_schema_and_database() {
    let scene = Scene::new(&[
        ("models/a.sql", "{{ config(schema='own') }} select 1 as id"),
        (
            "macros/names.sql",
            "{% macro generate_schema_name(custom, node) %}{{ print('schema ' ~ node.schema ~ (node.database == target.dbname)) }}\
             {{ node.schema }}_{{ custom }}{% endmacro %}\
             {% macro generate_database_name(custom=none, node=none) %}{{ print('database ' ~ node.schema) }}\
             {{- target.dbname }}{% endmacro %}\
             {% macro generate_alias_name(custom=none, node=none) %}{{ print('alias ' ~ node.schema) }}\
             {{- node.name }}{% endmacro %}",
        ),
    ])
    .await;
    let done = scene.good("--quiet parse");
    done.says("database dev\n");
    done.says("schema devTrue\n");
    done.says("alias dev_own\n");
    assert_eq!(scene.artifact("manifest.json")["nodes"]["model.shop.a"]["schema"], "dev_own");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_node_sets_ends_with_the_node() {
    let scene = Scene::new(&[
        ("dbt_project.yml", "name: shop\nprofile: shop\non-run-end: [\"create table {{ target.schema }}.ended as select current_setting('statement_timeout') as t\"]\n"),
        ("models/a.sql", "{{ config(pre_hook=[\"set statement_timeout = '500ms'\", 'create temp table t (a int)']) }}select 1 as id"),
        ("models/b.sql", "{{ config(materialized='table', pre_hook='create temp table t (a int)') }}
                          select current_setting('statement_timeout') as t from {{ ref('a') }}"),
    ])
    .await;
    scene.good("run --threads 1");
    assert_eq!(scene.texts("select t from dev.b union all select t from dev.ended").await, ["0", "0"]);
}

#[tokio::test]
async fn a_node_that_a_template_breaks_says_so_in_dbts_words() {
    const ADVICE: &str = ". This can happen when calling a macro that does not exist. Check for typos and/or install \
                          package dependencies with \"dbt deps\".";
    const CASES: [(&str, &str, bool); 9] = [
        ("{{ nothing() }}", "'nothing' is undefined", true),
        ("{{ shop.nothing() }}", "'dict object' has no attribute 'nothing'", true),
        ("{{ shop.nothing.more }}", "'dict object' has no attribute 'nothing'", true),
        (
            "{{ adapter.nothing() if execute }}",
            "'dbt.context.providers.RuntimeDatabaseWrapper object' has no attribute 'nothing'",
            true,
        ),
        ("{{ calls_nothing() if execute }}", "'nothing' is undefined", false),
        ("{{ divides() if execute }}", "division by zero", false),
        (
            "{{ asks(more=1) if execute }}",
            "macro 'dbt_macro__divides' takes no keyword argument 'more'\n  \n  > in macro asks (macros/m.sql)\n  > called \
             by model m6 (models/m6.sql)",
            false,
        ),
        (
            "{{ through('calls_nothing') if execute }}",
            "'nothing' is undefined\n  \n  > in macro through (macros/m.sql)\n  > called by model m7 (models/m7.sql)",
            false,
        ),
        (
            "{{ through('loops') if execute }}",
            "'NoneType' object is not iterable\n  \n  > in macro through (macros/m.sql)\n  > called by model m8 \
             (models/m8.sql)",
            false,
        ),
    ];
    let files: Vec<(String, String)> = CASES
        .iter()
        .enumerate()
        .map(|(at, case)| (format!("models/m{at}.sql"), format!("{}select 1 as id", case.0)))
        .collect();
    let mut files: Vec<(&str, &str)> =
        files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    files.push((
        "macros/m.sql",
        "{% macro calls_nothing() %}{{ nothing() }}{% endmacro %}{% macro divides() %}{{ 1 / 0 }}{% endmacro %}\
         {% macro asks(more=2) %}{{ divides(more=more) }}{% endmacro %}\
         {% macro through(name) %}{{ context[name]() }}{% endmacro %}\
         {% macro loops() %}{% for one in none %}{% endfor %}{% endmacro %}",
    ));
    let scene = Scene::new(&files).await;
    assert_eq!(scene.dp("run").code, 1);
    let results = scene.artifact("run_results.json");
    for (at, (_, message, is_advised)) in CASES.iter().enumerate() {
        let id = format!("model.shop.m{at}");
        let told = results["results"].as_array().expect("a list").iter().find(|it| it["unique_id"] == id);
        let advice = if *is_advised { ADVICE } else { "" };
        let expected = format!("Compilation Error in model m{at} (models/m{at}.sql)\n  {message}{advice}");
        assert_eq!(told.expect("a result")["message"], expected);
    }
}

#[tokio::test]
async fn an_empty_query_that_is_refused_was_compiled() {
    let scene = Scene::new(&[("models/a.sql", "{{ '' }}")]).await;
    assert_eq!(scene.dp("run").code, 1);
    let result = &scene.artifact("run_results.json")["results"][0];
    assert_eq!((&result["compiled"], &result["compiled_code"]), (&true.into(), &"".into()));
}

#[tokio::test]
async fn what_reads_a_broken_ephemeral_model_names_it() {
    let broken =
        "{{ config(materialized='ephemeral') }}{{ exceptions.raise_compiler_error('broken') if execute }}";
    let scene = Scene::new(&[
        ("models/hidden.sql", broken),
        ("models/nested.sql", "{{ config(materialized='ephemeral') }}select * from {{ ref('hidden') }}"),
        ("models/reader.sql", "select * from {{ ref('nested') }}"),
        ("tests/empty.sql", "select * from {{ ref('nested') }}"),
    ])
    .await;
    let run = scene.dp("run");
    assert_eq!(run.code, 1, "{}", run.text);
    run.says("Failure in model hidden (models/hidden.sql)");
    run.says("ERROR=0 SKIP=1");
    let test = scene.dp("test");
    assert_eq!(test.code, 1, "{}", test.text);
    test.says("Compilation Error in model hidden (models/hidden.sql)");
    // As in dbt, what nothing reads makes no command fail.
    scene.good("run --select hidden").says("Failure in model hidden");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_skipped_and_where_failures_are_kept_is_told_in_dbts_lines() {
    let scene = Scene::new(&[
        ("models/a.sql", "select nope as id"),
        ("models/b.sql", "{{ config(alias='renamed') }}select * from {{ ref('a') }}"),
        ("tests/kept.sql", "{{ config(store_failures=true) }}select 1 as x"),
        (
            "dbt_project.yml",
            "name: shop\nversion: '1.0'\nprofile: shop\non-run-end: [select nope, select 1]\n",
        ),
    ])
    .await;
    let done = scene.dp("build");
    done.says("SKIP relation dev.b ");
    done.says("2 of 2 SKIP hook: shop.on-run-end.1 ");
    done.says("[SKIP in 0.00s]");
    let lines: Vec<&str> = done.text.lines().collect();
    let at = lines.iter().position(|line| line.trim_start().starts_with("select * from")).expect("a query");
    assert_eq!(lines[at - 1], lines[at + 1]);
    assert_eq!(lines[at - 1].len(), lines[at].len(), "{}", done.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_without_a_schema_is_refused_before_anything_is_built() {
    let scene = Scene::new(&[
        ("models/a.sql", "select 1 as id"),
        ("models/e.sql", "{{ config(materialized='ephemeral') }}select 1 as id"),
        ("macros/s.sql", "{% macro generate_schema_name(custom, node) %}{{ return(custom) }}{% endmacro %}"),
    ])
    .await;
    let done = scene.dp("run");
    done.says("Database Error\n  `model.shop.a` has no schema");
    assert_eq!(done.code, 2);
    // What the database says of a schema that is to be made stands under its heading.
    scene.write(
        "macros/c.sql",
        "{% macro create_schema(relation) %}{% do run_query('select nope') %}{% endmacro %}",
    );
    scene.write("models/a.sql", "{{ config(schema='elsewhere') }}select 1 as id");
    let done = scene.dp("run");
    done.says("Encountered an error:\nDatabase Error\n  column \"nope\" does not exist");
    assert_eq!(done.code, 2);
    scene.write("macros/c.sql", "");
    scene.good("compile --select e");
    scene.write("models/a.sql", "{{ config(schema='own') }}select 1 as id");
    scene.good("run");
    assert_eq!(scene.texts("select id::text from own.a").await, ["1"]);
}

#[tokio::test]
async fn a_seed_that_stands_says_where_its_statement_is() {
    let scene = Scene::new(&[("seeds/s.csv", "id\n1\n")]).await;
    let project = |hook: &str| {
        scene.write(
            "dbt_project.yml",
            &format!("name: shop\nversion: '1.0'\nprofile: shop\nseeds: {{+{hook}-hook: select nope}}\n"),
        );
        assert_eq!(scene.dp("seed").code, 1);
        scene.artifact("run_results.json")["results"][0]["message"].as_str().unwrap_or_default().to_owned()
    };
    let path = "compiled code at target/run/shop/seeds/s.csv";
    assert!(project("post").ends_with(path));
    assert!(!project("pre").contains(path));
}

#[tokio::test]
async fn a_query_of_the_command_line_leaves_what_a_node_leaves_unless_it_is_taken_as_it_is() {
    let scene = Scene::new(&[("models/m.sql", "select 1 as id")]).await;
    let artifacts = || {
        let files =
            ["manifest.json", "run_results.json", "compiled/shop/from remote system.sql/sql/inline_query"];
        files.map(|file| scene.path("target").join(file).exists())
    };
    scene.good("show --inline-direct 'select 1 as \"{{ a\"'").says("{{ a");
    assert_eq!(artifacts(), [false; 3]);
    for line in ["show --inline 'select 2 as b'", "compile --inline 'select 2 as b'"] {
        scene.good(line);
        assert_eq!(artifacts(), [true; 3], "{line}");
        std::fs::remove_dir_all(scene.path("target")).expect("removed");
    }
    let broken = scene.dp("show --inline 'select nope'");
    assert_eq!(broken.code, 2);
    broken.says("Runtime Error\n  Database Error in sql_operation inline_query");
}
