//! --defer, clone, --empty, --sample, --event-time-…: what is read, and where from.

use crate::scene::{Done, Scene};

const EVENTS: (&str, &str) = (
    "models/events.sql",
    "{{ config(materialized='table', event_time='at') }}
     select i as id, timestamp '2026-11-20' + i * interval '6 hours' as at from generate_series(0, 11) i",
);
const COUNT: (&str, &str) = (
    "models/events_count.sql",
    "{{ config(materialized='table') }} select count(*) as n from {{ ref('events') }}",
);
const BATCHES: (&str, &str) = (
    "models/batches.sql",
    "{{ config(materialized='incremental', incremental_strategy='microbatch', event_time='at', batch_size='day',
              begin='2026-11-20', unique_key='id') }} select * from {{ ref('events') }}",
);

/// A project that was built in `prod`; the state of that is in `state`.
async fn built_in_prod() -> Scene {
    let scene = Scene::new(&[EVENTS, COUNT, BATCHES]).await;
    scene.good("run --target prod --target-path state --select events events_count");
    scene
}

async fn count(scene: &Scene, relation: &str) -> String {
    scene.texts(&format!("select n::text from {relation}")).await.remove(0)
}

#[tokio::test]
async fn defer_reads_what_is_not_built_here_from_the_state() {
    let scene = built_in_prod().await;
    let missing = scene.dp("run --select events_count");
    assert_eq!(missing.code, 1, "{}", missing.text);
    scene.good("run --select events_count --defer --state state");
    assert_eq!(count(&scene, "dev.events_count").await, "12");
    scene
        .good("show --inline 'select max(id) as top from {{ ref(\"events\") }}' --defer --state state")
        .says("11");

    // Where a command builds nothing, that holds for what it chose as well, favoured or not.
    for flags in ["--defer", "--defer --favor-state"] {
        let line = format!("compile --quiet --select events events_count --state state {flags}");
        scene.good(&line);
        let written = std::fs::read_to_string(scene.path("target/compiled/shop/models/events_count.sql"));
        assert!(written.unwrap_or_default().contains(".\"prod\".\"events\""), "{flags}");
    }
    scene.run_sql("create table dev.events as select 1 as id, now() as at").await;
    scene.good("run --select events_count --defer --state state");
    assert_eq!(count(&scene, "dev.events_count").await, "1");
    scene.good("run --select events_count --defer --state state --favor-state");
    assert_eq!(count(&scene, "dev.events_count").await, "12");

    let nowhere = scene.dp("run --defer");
    assert_eq!(nowhere.code, 2);
    nowhere.says("--state or --defer-state are required for deferral, but neither was provided");
    let lost = scene.dp("run --defer --state nowhere");
    assert_eq!(lost.code, 2);
    lost.says("Could not find manifest in --state path");
}

#[tokio::test]
async fn clone_makes_views_on_another_environment() {
    let scene = built_in_prod().await;
    scene.good("clone --state state --select events events_count");
    let kinds = "select table_name || ' ' || table_type from information_schema.tables where table_schema = 'dev' order by 1";
    assert_eq!(scene.texts(kinds).await, ["events VIEW", "events_count VIEW"]);
    assert_eq!(count(&scene, "dev.events_count").await, "12");
    scene.good("clone --state state --select events").says("already exists");
    // Every type may be named; what can't be cloned, or is no test, is left out.
    for verb in ["clone --state state", "test"] {
        for kind in ["source", "metric", "semantic_model", "exposure"] {
            scene.good(&format!("{verb} --resource-type {kind}")).says("Nothing to do");
        }
    }
    // One that is taken up again waits for what it reads.
    scene.run_sql("drop schema prod cascade").await;
    let select = "--state state --select events events_count --full-refresh";
    assert_eq!(scene.dp(&format!("clone {select}")).code, 1);
    assert_eq!(scene.statuses(), ["events error", "events_count error"]);
    assert_eq!(scene.dp("retry").code, 1);
    assert_eq!(scene.statuses(), ["events error", "events_count skipped"]);
}

#[tokio::test]
async fn empty_reads_no_rows_and_a_sample_reads_a_window() {
    let hidden = ("models/hidden.sql", "{{ config(materialized='ephemeral') }}select 1 as id");
    let test = ("tests/none.sql", "select * from {{ ref('hidden') }}");
    let scene = Scene::new(&[EVENTS, COUNT, hidden, test]).await;
    scene.good("build --empty");
    assert_eq!(scene.dp("test").code, 1);
    assert_eq!(count(&scene, "dev.events_count").await, "0");
    scene.good("run --sample '{start: 2026-11-20, end: 2026-11-21 12:00:00}'");
    assert_eq!(count(&scene, "dev.events_count").await, "6");
    let wrong = scene.dp("run --sample yesterday");
    assert_eq!(wrong.code, 2);
    wrong.says("Must be of form 'DAYS_INT GRAIN_SIZE'");
}

#[tokio::test]
async fn event_times_say_which_batches_and_retry_takes_those_that_failed() {
    let scene = Scene::new(&[EVENTS, BATCHES]).await;
    scene.good("run --event-time-start 2026-11-20 --event-time-end 2026-11-22");
    let days = "select distinct at::date::text from dev.batches order by 1";
    assert_eq!(scene.texts(days).await, ["2026-11-20", "2026-11-21"]);

    let one = scene.dp("run --event-time-start 2026-11-20");
    assert_eq!(one.code, 2);
    one.says("`--event-time-end` must also be present");

    // The second of three batches fails, until its rows are mended.
    let checked = BATCHES.1.replace("select *", "select id, at, 1 / (id - {{ var('bad', 6) }}) as ratio");
    scene.write("models/batches.sql", &checked);
    let partly = scene.dp("run --full-refresh --event-time-start 2026-11-20 --event-time-end 2026-11-23");
    assert_eq!(partly.code, 1, "{}", partly.text);
    partly.says("PARTIAL SUCCESS (2/3)");
    partly.says("Done. PASS=1 WARN=0 ERROR=1 SKIP=0 NO-OP=0 TOTAL=2");
    scene.good("retry --vars '{bad: 100}'").says("Batch 1 of 1 OK created batch 2026-11-21");
    assert_eq!(scene.texts(days).await, ["2026-11-20", "2026-11-21", "2026-11-22"]);
}

#[tokio::test]
async fn the_environment_changes_no_state_that_is_compared_as_written() {
    let model = ("models/m.sql", "{{ config(materialized=env_var('AS', 'view')) }} select 1 as id");
    let source = (
        "models/s.yml",
        "sources: [{name: raw, schema: \"{{ env_var('RAW', 'raw') }}\", tables: [{name: t}]}]",
    );
    let scene = Scene::new(&[model, source]).await;
    let settings = std::fs::read_to_string(scene.path("dbt_project.yml")).expect("a project");
    let changed = |flags: &str| {
        scene.write("dbt_project.yml", &format!("{settings}\n{flags}"));
        scene.good("parse --target-path state");
        let mut listing = scene.command("list --quiet --select state:modified --state state");
        Done::of(&listing.env("AS", "table").env("RAW", "other").output().expect("it runs"))
    };
    changed("").says("source:shop.raw.t");
    let flags = "flags: {state_modified_compare_more_unrendered_values: true}";
    let none = changed(flags);
    assert!(!none.text.contains("shop."), "{}", none.text);
}

#[tokio::test]
async fn older_manifests_are_states_too() {
    let about = ("models/about.md", "{% docs about %}Events{% enddocs %}");
    let scene = Scene::new(&[EVENTS, COUNT, about]).await;
    scene.good("parse --target-path state");
    let text = std::fs::read_to_string(scene.path("state/manifest.json")).expect("a manifest");
    let mut manifest: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    manifest["nodes"]["model.shop.events_count"]["refs"] = serde_json::json!([["events"]]);
    let removed = manifest["docs"]["doc.shop.about"].as_object_mut().expect("a text").remove("resource_type");
    assert!(removed.is_some());
    let mut of_version = |version: u32| {
        let schema = format!("https://schemas.getdbt.com/dbt/manifest/v{version}.json");
        manifest["metadata"]["dbt_schema_version"] = schema.into();
        scene.write("state/manifest.json", &manifest.to_string());
        scene.dp("list --select state:modified --state state")
    };
    let read = of_version(4);
    assert_eq!(read.code, 0, "{}", read.text);
    assert!(!read.text.contains("shop."), "{}", read.text);
    let refused = of_version(3);
    assert_eq!(refused.code, 2, "{}", refused.text);
    refused.says("manifests of version 4 or later are read");
}
