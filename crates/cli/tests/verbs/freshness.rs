//! source freshness: sources.json, exit codes, thresholds, filters, queries.

use crate::scene::Scene;

const SOURCES: &str = "
sources:
  - name: raw
    loaded_at_field: at
    config:
      freshness: {warn_after: {count: 1, period: day}, error_after: {count: 10, period: day}}
    tables:
      - name: fresh
      - name: old
      - name: filtered
        identifier: old
        config: {freshness: {warn_after: {count: 5, period: day}, filter: 'id = 1'}}
      - name: asked
        loaded_at_query: \"select min(at) from {{ this }}\"
        identifier: old
      - name: unwatched
        config: {freshness: null}
";

async fn scene() -> Scene {
    let scene = Scene::new(&[("models/sources.yml", SOURCES)]).await;
    scene
        .run_sql(
            "create schema raw; create table raw.fresh as select now() as at;
             create table raw.old as select 1 as id, now() - interval '30 days' as at
                union all select 2, now() - interval '3 days'",
        )
        .await;
    scene
}

#[tokio::test]
async fn judges_the_age_of_sources() {
    let scene = scene().await;
    let done = scene.dp("source freshness");
    assert_eq!(done.code, 1, "{}", done.text);
    done.says("PASS freshness of raw.fresh");
    done.says("WARN freshness of raw.old");
    done.says("ERROR STALE freshness of raw.filtered");
    done.says("ERROR STALE freshness of raw.asked");
    done.says("Finished running 4 sources in");
    let written = scene.artifact("sources.json");
    assert_eq!(written["metadata"]["dbt_schema_version"], "https://schemas.getdbt.com/dbt/sources/v3.json");
    let results = written["results"].as_array().expect("a list");
    assert_eq!(results.len(), 4);
    let old = results.iter().find(|it| it["unique_id"] == "source.shop.raw.old").expect("a result");
    assert_eq!((old["status"].as_str(), &old["criteria"]["warn_after"]["count"]), (Some("warn"), &1.into()));
    let age = old["max_loaded_at_time_ago_in_s"].as_f64().expect("seconds");
    assert!((259_199.0..260_000.0).contains(&age), "{age}");
}

#[tokio::test]
async fn takes_a_selection_and_a_path() {
    let scene = scene().await;
    scene.good("source freshness --select source:raw.fresh --output fresh.json");
    let text = std::fs::read_to_string(scene.path("fresh.json")).expect("a file");
    assert!(text.contains("source.shop.raw.fresh") && !text.contains("source.shop.raw.old"), "{text}");
}

#[tokio::test]
async fn a_source_that_is_not_there_is_an_error_of_its_own() {
    let scene = scene().await;
    scene.run_sql("drop table raw.fresh").await;
    let done = scene.dp("source freshness --select source:raw.fresh");
    assert_eq!(done.code, 1);
    done.says("ERROR freshness of raw.fresh");
    done.says("relation \"raw.fresh\" does not exist");
    // As in dbt, it doesn't end what should fail fast; a source that is too old does.
    let done =
        scene.dp("source freshness --fail-fast --threads 1 --select source:raw.fresh source:raw.filtered");
    done.says("ERROR STALE freshness of raw.filtered");
    let done =
        scene.dp("source freshness --fail-fast --threads 1 --select source:raw.filtered source:raw.old");
    assert!(!done.text.contains("freshness of raw.old"), "{}", done.text);
}
