//! The JSON log: names, codes and facts that programs read.

use crate::scene::Scene;
use serde_json::{Value, json};

/// The events of that name.
fn events(text: &str, name: &str) -> Vec<Value> {
    let all = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    all.filter(|event| event["info"]["name"] == name).collect()
}

#[track_caller]
fn check(text: &str, name: &str, code: &str, facts: &Value) {
    let found = events(text, name);
    let event = found.first().unwrap_or_else(|| panic!("no {name} in\n{text}"));
    assert_eq!(event["info"]["code"], code);
    for (key, value) in facts.as_object().expect("facts") {
        assert_eq!(&event["data"][key], value, "{key} of {event}");
    }
}

#[tokio::test]
async fn events_have_dbts_facts() {
    let scene = Scene::new(&[
        ("models/a.sql", "select 1 as id"),
        ("models/b.sql", "select 1 / 0 as id from {{ ref('a') }}"),
        ("tests/none.sql", "select * from {{ ref('a') }}"),
        ("snapshots/s.yml", "snapshots: [{name: s, relation: ref('a'), config: {strategy: check, unique_key: id, check_cols: all}}]"),
        ("macros/say.sql", "{% macro say() %}{{ print('out') }}{{ log('told', info=true) }}{{ exceptions.warn('careful') }}{% do run_query('select nowhere') %}{% endmacro %}"),
    ])
    .await;
    let done = scene.dp("build --log-format json --store-failures");
    assert_eq!(done.code, 1);
    let text = &done.text;
    check(text, "MainReportVersion", "A001", &json!({"version": "=1.11.16", "log_version": 3}));
    let kept = &events(text, "CheckNodeTestFailure")[0]["data"]["relation_name"];
    assert!(kept.as_str().is_some_and(|name| name.ends_with(r#"."dev_dbt_test__audit"."none""#)), "{kept}");
    assert_eq!(events(text, "SQLCompiledPath")[0]["data"]["node_info"]["unique_id"], "test.shop.none");
    let done = scene.dp("snapshot --log-format json");
    check(&done.text, "LogSnapshotResult", "Q015", &json!({"result_message": "SELECT 1"}));
    assert_eq!(events(&done.text, "LogSnapshotResult")[0]["data"]["cfg"]["enabled"], "True");

    let text = scene.dp("run-operation say --log-format json").text;
    check(&text, "PrintEvent", "Z052", &json!({"msg": "out"}));
    check(&text, "JinjaLogInfo", "I062", &json!({"msg": "told"}));
    check(&text, "JinjaLogWarning", "I061", &json!({"msg": "careful"}));
    assert!(events(&text, "RunningOperationCaughtError")[0]["data"]["exc"].is_string(), "{text}");
    assert_eq!(events(&text, "FoundStats").len(), 1);

    let text = scene.dp("run --log-format json --log-level debug").text;
    check(&text, "EndRunResult", "Q037", &json!({"success": true}));
    let ended = &events(&text, "EndRunResult")[0]["data"]["results"];
    let statuses: Vec<_> =
        ended.as_array().expect("results").iter().map(|it| it["status"].as_str()).collect();
    assert_eq!(statuses, [Some("success"), Some("success")]);
    let text = scene.dp("source freshness --log-format json").text;
    check(&text, "FreshnessCheckComplete", "Q003", &json!({}));

    let text = scene.dp("run --select nowhere --log-format json").text;
    check(&text, "NoNodesForSelectionCriteria", "M030", &json!({"spec_raw": "nowhere"}));
    assert_eq!(events(&text, "NothingToDo")[0]["data"], json!({}));
}

#[tokio::test]
async fn what_is_shown_has_facts_and_is_what_the_selection_names() {
    let scene = Scene::new(&[
        ("models/a.sql", "select 1 as id"),
        ("models/b.sql", "select id + 1 as id from {{ ref('a') }}"),
        ("models/bad.sql", "select nowhere"),
    ])
    .await;
    scene.good("run --select a b");
    let text = scene.good("show --select +b --log-format json").text;
    let shown = events(&text, "ShowNode");
    assert_eq!(shown.len(), 1, "the node that is named, not its parent");
    let facts = json!({"node_name": "b", "unique_id": "model.shop.b", "is_inline": false, "output_format": "text", "quiet": false, "preview": "| id |\n| -- |\n|  2 |\n"});
    assert_eq!(shown[0]["data"], facts);
    let text = scene.good("show --select b --output json --log-format json").text;
    assert_eq!(events(&text, "ShowNode")[0]["data"]["preview"], "[{\"id\": 2}]");
    let text = scene.good("compile --select a+ --log-format json").text;
    let compiled = events(&text, "CompiledNode");
    assert_eq!(compiled.len(), 1);
    assert_eq!(compiled[0]["data"]["compiled"], "select 1 as id");
    let refused = scene.dp("show --select bad");
    assert_eq!(refused.code, 2);
    refused.says("Database Error in model bad (models/bad.sql)");
    scene.good("show --select nowhere").says("Nothing to do");
}

/// Events of templates and statements name the node that they are of, and how far it is.
#[tokio::test]
async fn events_of_templates_and_statements_name_their_node() {
    let scene = Scene::new(&[
        ("models/m_v1.sql", "{{ log('made', info=true) }} select 1 as id"),
        ("models/m_v2.sql", "select 2 as id"),
        ("models/m.yml", "models: [{name: m, latest_version: 1, versions: [{v: 1}, {v: 2}]}]"),
        (
            "models/reader.sql",
            "{{ config(pre_hook=\"{{ log('hook', info=true) }} select 1\") }} select * from {{ ref('m') }}",
        ),
    ])
    .await;
    let done = scene.dp("run --log-format json --log-level debug");
    assert_eq!(done.code, 0, "{}", done.text);
    let stages = |name: &str| -> Vec<String> {
        let named = events(&done.text, name).into_iter().filter_map(|event| {
            let info = &event["data"]["node_info"];
            Some(format!("{} {}", info["node_name"].as_str()?, info["node_status"].as_str()?))
        });
        named.collect()
    };
    assert_eq!(stages("JinjaLogInfo"), ["m compiling", "reader executing"]);
    assert!(stages("SQLQuery").contains(&"reader executing".to_owned()), "{}", done.text);
    assert_eq!(stages("NodeCompiling").len(), 3);
    assert_eq!(stages("NodeExecuting").len(), 3);
    check(
        &done.text,
        "UnpinnedRefNewVersionAvailable",
        "I064",
        &json!({"ref_node_name": "m", "ref_node_version": "1", "ref_max_version": "2"}),
    );
    assert_eq!(stages("UnpinnedRefNewVersionAvailable"), ["reader compiling"]);
}

#[tokio::test]
async fn the_log_tells_of_flags_connections_and_what_was_used_as_dbt_does() {
    let scene = Scene::new(&[("models/a.sql", "{{ config(materialized='table') }} select 1 as id")]).await;
    let text = scene.good("run --log-format json --log-level debug").text;
    check(
        &text,
        "AdapterRegistered",
        "E034",
        &json!({"adapter_name": "postgres", "adapter_version": "=1.11.0"}),
    );
    check(&text, "ResourceReport", "Z051", &json!({"command_name": "run", "command_success": true}));
    assert_eq!(events(&text, "MainReportArgs")[0]["data"]["args"]["log_level"], "debug");
    assert_eq!(
        events(&text, "WritingInjectedSQLForNode")[0]["data"]["node_info"]["unique_id"],
        "model.shop.a"
    );
    for name in ["ConnectionUsed", "SQLCommit"] {
        let named =
            events(&text, name).into_iter().filter(|event| event["data"]["conn_name"] == "model.shop.a");
        assert!(named.count() > 0, "{name}");
    }
    let of_schema = events(&text, "SchemaCreation");
    assert_eq!(of_schema[0]["data"]["relation"]["schema"], "dev");
    let words = |name: &str, key: &str| -> Vec<String> {
        events(&text, name).iter().filter_map(|it| Some(it["data"][key].as_str()?.to_owned())).collect()
    };
    assert_eq!(words("NewConnectionOpening", "connection_state"), ["init"]);
    assert!(words("NewConnection", "conn_name")[0].starts_with("list_"));
    assert_eq!(words("ConnectionReused", "conn_name").last().map(String::as_str), Some("model.shop.a"));
    assert_eq!(words("ConnectionLeftOpenInCleanup", "conn_name"), ["model.shop.a"]);

    let shown = scene.good("show --select a --log-format json --log-level debug").text;
    for name in ["NodeStart", "NodeCompiling", "NodeExecuting", "NodeFinished"] {
        assert_eq!(events(&shown, name)[0]["data"]["node_info"]["unique_id"], "model.shop.a", "{name}");
    }
    assert_eq!(events(&shown, "EndRunResult")[0]["data"]["results"][0]["status"], "success");

    scene.write("models/a.sql", "select nope");
    let failed = scene.dp("run --log-format json --log-level debug").text;
    let marked = json!({"unique_id": "model.shop.a", "status": "error"});
    check(&failed, "MarkSkippedChildren", "Z033", &marked);
    let refused = events(&failed, "AdapterEventDebug");
    let said = refused[0]["data"]["base_msg"].as_str().unwrap_or_default();
    assert!(said.contains("column \"nope\" does not exist"), "{said}");
}

/// What a variable that is named as a secret says is shown nowhere, whatever comes to hold it.
#[tokio::test]
async fn secrets_are_in_no_line() {
    let scene = Scene::new(&[
        ("models/a.sql", "select 1 as id"),
        (
            "macros/m.sql",
            "{% macro m() %}{% do run_query('select nowhere_' ~ target.schema) %}{% endmacro %}",
        ),
    ])
    .await;
    let profiles = std::fs::read_to_string(scene.path("profiles.yml")).expect("profiles");
    let secret = "\"{{ env_var('DBT_ENV_SECRET_SCHEMA') }}\"";
    scene.write("profiles.yml", &profiles.replace("schema: dev", &format!("schema: {secret}")));
    for line in ["run", "ls --output json --output-keys schema", "run-operation m", "run --log-format json"] {
        let mut command = scene.command(line);
        let output = command.env("DBT_ENV_SECRET_SCHEMA", "hush").output().expect("dp starts");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(text.contains("*****") && !text.contains("hush"), "{line}\n{text}");
    }
    let log = std::fs::read_to_string(scene.path("logs/dbt.log")).expect("a log");
    assert!(!log.contains("hush"));
}

#[tokio::test]
async fn a_log_file_that_grows_too_large_is_put_aside_and_five_are_kept() {
    let scene = Scene::new(&[("models/a.sql", "select 1 as id")]).await;
    scene.good("run --log-file-max-bytes 500");
    let sizes: Vec<u64> = ["dbt.log", "dbt.log.1", "dbt.log.5"]
        .iter()
        .map(|name| std::fs::metadata(scene.path("logs").join(name)).expect("a file").len())
        .collect();
    assert!(sizes[0] > 0, "{sizes:?}");
    assert!(!scene.path("logs/dbt.log.6").exists());
}
