//! A failed test as its owner hears of it.

use crate::story::{Story, day, manifest, morning};
use notifier::{PipelineFailure, pipeline};
use platform_core::failing::{FailingTest, FailingTests};
use platform_core::{Manifest, RunResults};
use serde_json::{Value, json};

const ID: &str = "test.shop.accepted_values_daily_status.0a1b2c3d4e";

/// What a test of statuses found: two kinds of rows, one of them with a status that is not like any text.
pub fn test_of_statuses() -> FailingTest {
    serde_json::from_value(json!({
        "unique_id": ID, "name": "accepted_values_daily_status", "status": "fail",
        "message": "Got 3 results, configured to fail if != 0", "failures": 3,
        "tested": "model.shop.daily", "relation": "\"db\".\"analytics\".\"daily\"", "column": "status",
        "compiled_path": "target/dbt/compiled/shop/models/schema.yml/accepted_values_daily_status.sql",
        "stored_in": null, "columns": ["value_field", "n_records"],
        "rows": [["a status\nthat nobody\u{202e} knows", "1200"], ["", "7"], ["paid ", "1"]],
    }))
    .expect("a failing test")
}

/// The project of the story, its model owned by a group.
fn owned() -> Manifest {
    let mut whole = serde_json::to_value(manifest(json!({}))).expect("JSON");
    let mut test = whole["nodes"]["model.shop.daily"].clone();
    whole["nodes"]["model.shop.daily"]["config"]["group"] = "finance".into();
    whole["groups"] = json!({"group.shop.finance": {
        "name": "finance", "resource_type": "group", "package_name": "shop", "path": "g.yml",
        "original_file_path": "g.yml", "unique_id": "group.shop.finance",
        "owner": {"name": "Finance", "email": "finance@example.com"},
    }});
    test["unique_id"] = ID.into();
    test["resource_type"] = "test".into();
    test["name"] = "accepted_values_daily_status".into();
    test["original_file_path"] = "models/schema.yml".into();
    test["attached_node"] = "model.shop.daily".into();
    test["depends_on"] = json!({"macros": [], "nodes": ["model.shop.daily"]});
    whole["nodes"][ID] = test;
    serde_json::from_value(whole).expect("a manifest")
}

fn results(invocation: &str) -> RunResults {
    let metadata = json!({"dbt_schema_version": "", "dbt_version": "", "generated_at": "", "env": {},
        "invocation_id": invocation});
    let result = json!({"status": "fail", "unique_id": ID, "message": "Got 3 results, configured to fail if != 0",
        "failures": 3, "compiled": true, "compiled_code": null, "relation_name": null});
    serde_json::from_value(
        json!({"metadata": metadata, "results": [result], "elapsed_time": 0.0, "args": {}}),
    )
    .expect("results")
}

fn failing() -> FailingTests {
    let metadata = results("this run").metadata;
    FailingTests { metadata, tests: vec![test_of_statuses()] }
}

fn reported(results: &RunResults) -> PipelineFailure {
    let manifest = owned();
    let rule = crate::story::rule(Value::Object(serde_json::Map::new()));
    pipeline::failures(&manifest, results, Some(&failing()), &[rule], day("23")).expect("a failure")
}

#[tokio::test]
async fn the_owner_of_what_a_test_tests_reads_which_rows_failed() {
    let failure = reported(&results("this run"));
    assert_eq!(failure.failures[0].owner.as_deref(), Some("Finance <finance@example.com>"));
    let mut story = Story::new().await;
    story.set_policy(
        "version: 1\ninstallation: test\nroutes: [{match: {}, to: [ops], owners: true}]\n\
         channels:\n  ops: {type: file, dir: outbox, to: [ops@example.com]}\n",
    );
    story.report_failure(&failure, morning("23")).await;
    story.deliver("23").await;
    let session = story.session().await;
    let letters = session
        .query("select recipient, convert_from(payload, 'UTF8') from alerting.outbox order by recipient", &[])
        .await
        .expect("the outbox");
    let recipients: Vec<String> = letters.iter().map(|row| row.get(0)).collect();
    assert_eq!(recipients, ["finance@example.com", "ops@example.com"]);
    let mail: String = letters[0].get(1);
    let quoted: Vec<&str> =
        mail.lines().map(str::trim_end).skip_while(|line| !line.starts_with("  | ")).take(11).collect();
    insta::assert_snapshot!(quoted.join("\n"));
    // A table whose cells carry their heading, for screens on which they stand one below the other.
    let drawn = mail.replace("=\r\n", "");
    assert_eq!(drawn.matches(">n_records</span>").count(), 3, "{drawn}");
}

#[test]
fn rows_of_an_older_run_are_not_told() {
    assert_eq!(reported(&results("this run")).failures[0].test.as_deref(), Some(&test_of_statuses()));
    assert_eq!(reported(&results("another run")).failures[0].test, None);
}
