//! Ctrl-C: statements are cancelled, results written, exit code 2.

use crate::scene::{Done, Scene};
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

#[tokio::test]
async fn an_interrupted_run_cancels_its_statements_and_writes_results() {
    let slow = "{{ config(materialized='table') }} select pg_sleep(90)::text as id";
    let scene = Scene::new(&[
        ("models/slow.sql", slow),
        ("models/quick.sql", "select 1 as id"),
        ("models/below.sql", "select * from {{ ref('slow') }}"),
    ])
    .await;
    let mut child =
        scene.command("run").stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("dp starts");
    let mut lines = BufReader::new(child.stdout.take().expect("an output")).lines();
    let mut text = String::new();
    // Quick is done and slow was begun: then the run waits for the database alone.
    while !(text.contains("OK created") && text.contains("START sql table model")) {
        let line = lines.next().expect("the run goes on").expect("a line");
        text.push_str(&line);
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    let interrupted = Instant::now();
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill starts");
    assert!(sent.success());
    let mut rest = String::new();
    for line in lines {
        rest.push_str(&line.expect("a line"));
        rest.push('\n');
    }
    let status = child.wait().expect("an end");
    let done = Done { code: status.code().unwrap_or(-1), text: rest };
    assert!(interrupted.elapsed() < Duration::from_mins(1), "the statement was not cancelled");
    assert_eq!(done.code, 2, "{}", done.text);
    done.says("Exited because of keyboard interrupt");
    assert_eq!(scene.statuses(), ["below skipped", "quick success", "slow error"]);
    let left = "select count(*)::text from pg_stat_activity where query like '%pg_sleep(90)%' and pid <> pg_backend_pid()
                and datname = current_database()";
    assert_eq!(scene.texts(left).await, ["0"]);
}

#[tokio::test]
async fn an_operation_is_ended_on_the_server_too() {
    let operation = "{% macro slow() %}{% do run_query('select pg_sleep(91)') %}{% endmacro %}";
    let scene = Scene::new(&[("macros/slow.sql", operation)]).await;
    let running =
        "select count(*)::text from pg_stat_activity where query like '%pg_sleep(91)%' and state = 'active'
                   and pid <> pg_backend_pid() and datname = current_database()";
    for (signal, code) in [("-INT", 2), ("-TERM", 143)] {
        let mut child = scene.command("run-operation slow").stdout(Stdio::null()).spawn().expect("dp starts");
        while scene.texts(running).await != ["1"] {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let sent =
            Command::new("kill").args([signal, &child.id().to_string()]).status().expect("kill starts");
        assert!(sent.success());
        assert_eq!(child.wait().expect("an end").code(), Some(code), "{signal}");
        assert_eq!(scene.texts(running).await, ["0"], "{signal}");
    }
}
