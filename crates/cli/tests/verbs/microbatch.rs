//! Batches of microbatch models: which run beside each other, and that nobody can tell by the rows.

use crate::scene::{Done, Scene};

/// A row of one key a day: the later a day, the quicker its batch.
const EVENTS: &str = "{{ config(materialized='table', event_time='at') }}
select 1 as id, at, extract(day from at)::int as day
from generate_series(timestamptz '2026-01-01 00:00+00', '2026-01-05 00:00+00', '1 day') at";

fn model(config: &str, query: &str) -> String {
    format!(
        "{{{{ config(materialized='incremental', incremental_strategy='microbatch', event_time='at', \
         batch_size='day', begin='2026-01-01', unique_key='id'{config}) }}}}\n{query}"
    )
}

const SLOW: &str = "select id, at, day, pg_sleep((6 - day) * 0.1)::text as slept from {{ ref('events') }}";

fn built(scene: &Scene, threads: usize) -> Done {
    scene.good(&format!(
        "--log-level debug run --threads {threads} --event-time-start 2026-01-01 --event-time-end 2026-01-06"
    ))
}

#[tokio::test]
async fn batches_between_the_first_and_the_last_run_beside_each_other_and_write_in_order() {
    let scene = Scene::new(&[("models/events.sql", EVENTS), ("models/daily.sql", &model("", SLOW))]).await;
    let done = built(&scene, 3);
    for (day, how) in [(1, "sequentially"), (2, "concurrently"), (4, "concurrently"), (5, "sequentially")] {
        done.says(&format!("batch 2026-01-0{day} of dev.daily is being run {how}"));
    }
    let at = |words: &str| done.text.find(words).unwrap_or_else(|| panic!("{words}\n{}", done.text));
    assert!(at("Batch 3 of 5 START") < at("Batch 2 of 5 OK created"), "{}", done.text);
    assert!(at("Batch 2 of 5 OK created") < at("Batch 4 of 5 OK created"), "{}", done.text);
    assert!(at("Batch 4 of 5 OK created") < at("Batch 5 of 5 START"), "{}", done.text);
    assert_eq!(scene.texts("select day::text from dev.daily").await, ["5"]);
    let results = scene.artifact("run_results.json");
    let daily =
        results["results"].as_array().expect("a list").iter().find(|it| it["batch_results"].is_object());
    let batches = daily.expect("batches")["batch_results"]["successful"].clone();
    let starts: Vec<&str> =
        batches.as_array().expect("a list").iter().filter_map(|it| it[0].as_str()).collect();
    assert_eq!(starts.len(), 5);
    assert!(starts.is_sorted(), "{starts:?}");
}

#[tokio::test]
async fn a_batch_that_fails_beside_others_is_the_only_one_that_fails() {
    let query = "select id, at, day, 1 / (day - 3) as broken from {{ ref('events') }}";
    let scene = Scene::new(&[("models/events.sql", EVENTS), ("models/daily.sql", &model("", query))]).await;
    let done = scene.dp("run --threads 4 --event-time-start 2026-01-01 --event-time-end 2026-01-06");
    assert_eq!(done.code, 1, "{}", done.text);
    done.says("PARTIAL SUCCESS (4/5)");
    assert_eq!(scene.texts("select day::text from dev.daily").await, ["5"]);
    // Tried again and again, it stays the only one that is: what worked is not forgotten.
    for _ in 0..2 {
        let done = scene.dp("retry");
        assert_eq!(done.code, 1, "{}", done.text);
        done.says("Batch 1 of 1 ERROR creating batch 2026-01-03 of dev.daily");
    }
}

#[tokio::test]
async fn batches_run_one_by_one_where_they_read_what_former_ones_wrote_or_are_told_to() {
    let reads =
        "{% if is_incremental() %}{% set last = run_query('select max(day) from ' ~ this) %}{% endif %}
                 select id, at, day from {{ ref('events') }}";
    let scene = Scene::new(&[
        ("models/events.sql", EVENTS),
        ("models/told.sql", &model(", concurrent_batches=false", SLOW)),
        ("models/reads.sql", &model("", reads)),
        ("models/asks.sql", &model(", concurrent_batches=true", reads)),
    ])
    .await;
    let done = built(&scene, 4);
    done.says("batch 2026-01-03 of dev.told is being run sequentially");
    done.says("batch 2026-01-03 of dev.reads is being run sequentially");
    done.says("batch 2026-01-03 of dev.asks is being run concurrently");
    done.says("Found 1 microbatch model with the `concurrent_batches` config set to true");
}

#[tokio::test]
async fn a_batch_that_loses_its_connection_is_the_only_one_that_fails() {
    let query = "select id, at, day, case when day = 3 then pg_terminate_backend(pg_backend_pid())::text end as gone \
                 from {{ ref('events') }}";
    let files =
        [("models/events.sql", EVENTS), ("models/daily.sql", &model(", concurrent_batches=false", query))];
    let scene = Scene::new(&files).await;
    let done = scene.dp("run --threads 1 --event-time-start 2026-01-01 --event-time-end 2026-01-06");
    assert_eq!(done.code, 1, "{}", done.text);
    done.says("PARTIALLY created sql microbatch model dev.daily");
    done.says("PARTIAL SUCCESS (4/5)");
    done.says("terminating connection due to administrator command");
}

#[tokio::test]
async fn batches_after_a_first_that_fails_are_skipped_and_a_full_refresh_is_one_to_all_of_them() {
    let query = "select id, at, day, 1 / (day - 1) as broken from {{ ref('events') }}";
    let told = "select id, at, day, '{{ is_incremental() }}' as told from {{ ref('events') }}";
    let times = "--event-time-start 2026-01-01 --event-time-end 2026-01-04";
    let files = [
        ("models/events.sql", EVENTS),
        ("models/daily.sql", &model("", "select 1 as id, now() as at, 2 as day")),
    ];
    let scene = Scene::new(&files).await;
    scene.good(&format!("run {times}"));
    scene.write("models/daily.sql", &model("", query));
    let done = scene.dp(&format!("run {times}"));
    assert_eq!(done.code, 1, "{}", done.text);
    done.says("Batch 2 of 3 SKIP batch 2026-01-02 of dev.daily");
    scene.write("models/daily.sql", &model("", told).replace("'id'", "'day'"));
    scene.good(&format!("run {times} --full-refresh"));
    let rows = "select distinct told from dev.daily";
    assert_eq!(scene.texts(rows).await, ["False"]);
    // A sample stands above the times, and an empty input stays empty.
    let sample = r#"{"start":"2026-01-04T00:00:00","end":"2026-01-06T00:00:00"}"#;
    let done = scene.good(&format!("run {times} --sample {sample}"));
    done.says("Batch 1 of 2 OK created batch 2026-01-04 of dev.daily");
    scene.good(&format!("run {times} --empty --full-refresh"));
    assert_eq!(scene.texts("select count(*)::text from dev.daily").await, ["0"]);
}
