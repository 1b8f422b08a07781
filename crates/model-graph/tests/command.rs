//! The binary `model-graph` from outside: flags, exit codes, tables, artifacts.

#![expect(clippy::expect_used, reason = "a test stops where its fixture is broken")]

use platform_core::{RunResults, Status};
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;
use warehouse::testing::{self, TestDatabase};

const PROFILES: &str = "shop:
  target: dev
  outputs:
    dev: {type: postgres, host: nowhere.invalid, user: a, password: b, port: 1, dbname: c, schema: shop}
";

fn project(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().expect("a folder");
    let settings = ("dbt_project.yml", "name: shop\nversion: '1.0'\nprofile: shop\n");
    for (path, text) in files.iter().chain([&settings]) {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }
    folder
}

fn ask(folder: &Path, database: &TestDatabase, words: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_model-graph"));
    command.args(words).arg("--project-dir").arg(folder).env("DBT_SCHEMA", "shop");
    command.env_remove("DBT_PROFILES_DIR").env_remove("DBT_TARGET_PATH");
    command.env("DATABASE_URL", database.tcp_settings().to_url().reveal());
    let Output { status, stderr, .. } = command.output().expect("the binary");
    (status.code(), String::from_utf8(stderr).expect("text"))
}

#[tokio::test(flavor = "multi_thread")]
async fn models_are_built_and_a_failed_one_is_exit_one() {
    let (warehouse, database) = testing::warehouse().await.expect("a database");
    let folder = project(&[
        ("models/orders.sql", "select 1 as id, {{ var('amount') }} as amount"),
        ("models/paid.sql", "{{ config(materialized='table') }} select * from {{ ref('orders') }}"),
        ("models/broken.sql", "select * from nowhere.at_all"),
        ("models/reader.sql", "select * from {{ ref('broken') }}"),
    ]);
    let vars = ["--vars", "{amount: 7}", "--threads", "2"];
    let chosen = [&["run", "--select", "+paid"][..], &vars].concat();
    let (code, said) = ask(folder.path(), &database, &chosen);
    assert_eq!(code, Some(0), "{said}");
    let session = warehouse.session().await.expect("a session");
    let row = session.query_one("select amount from shop.paid", &[]).await.expect(&said);
    assert_eq!(warehouse::get::<i32>(&row, 0).expect("a number"), 7);
    let (code, said) = ask(folder.path(), &database, &[&["run"][..], &vars].concat());
    assert_eq!(code, Some(1), "{said}");
    let text = std::fs::read(folder.path().join("target/run_results.json")).expect("results");
    let results: RunResults = serde_json::from_slice(&text).expect("results");
    let mut found: Vec<(&str, Status)> =
        results.results.iter().map(|it| (it.unique_id.as_str(), it.status)).collect();
    found.sort_unstable_by_key(|(id, _)| *id);
    assert_eq!(
        found,
        [
            ("model.shop.broken", Status::Error),
            ("model.shop.orders", Status::Success),
            ("model.shop.paid", Status::Success),
            ("model.shop.reader", Status::Skipped),
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_project_is_exit_two_and_parse_needs_no_database() {
    let database = testing::database().await.expect("a database");
    let folder = project(&[("models/a.sql", "select * from {{ ref('b') }}")]);
    let (code, said) = ask(folder.path(), &database, &["run"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.starts_with("failed to read the project: ") && said.contains("'b'"), "{said}");
    let folder = project(&[("models/a.sql", "select 1 as one"), ("profiles.yml", PROFILES)]);
    let profiles = folder.path().to_string_lossy().into_owned();
    let (code, said) = ask(folder.path(), &database, &["parse", "--profiles-dir", &profiles]);
    assert_eq!(code, Some(0), "{said}");
    let manifest = std::fs::read_to_string(folder.path().join("target/manifest.json")).expect("a manifest");
    assert!(manifest.contains("model.shop.a"));
}
