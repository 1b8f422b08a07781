//! The binary `tests-runner` from outside: flags, exit codes, what it says.

use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;
use warehouse::testing::{self, TestDatabase};

const SOURCES: &str = "sources:
  - name: shop
    tables:
      - name: orders
        columns:
          - name: id
            data_tests: [unique, not_null]
          - name: status
            data_tests:
              - accepted_values: {arguments: {values: [paid]}, config: {severity: warn}}
              - not_null
";

fn ask(folder: &Path, database: &TestDatabase, words: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tests-runner"));
    command.args(words).arg("--project-dir").arg(folder);
    command.env_remove("DBT_PROFILES_DIR").env_remove("DBT_TARGET_PATH");
    command.env("DATABASE_URL", database.tcp_settings().to_url().reveal());
    let Output { status, stderr, .. } = command.output().expect("the binary");
    (status.code(), String::from_utf8(stderr).expect("text"))
}

#[tokio::test(flavor = "multi_thread")]
async fn tests_are_told_by_line_and_exit_code() {
    let (warehouse, database) = testing::warehouse().await.expect("a database");
    let session = warehouse.session().await.expect("a session");
    let tables = "create schema shop; create table shop.orders as select * from (values (1, 'paid'), (2, 'open')) \
                  as t(id, status)";
    session.batch_execute(tables).await.expect("a table");
    let folder = TempDir::new().expect("a folder");
    std::fs::create_dir_all(folder.path().join("models")).expect("a folder");
    let settings = "name: shop\nversion: '1.0'\nprofile: shop\n";
    std::fs::write(folder.path().join("dbt_project.yml"), settings).expect("a file");
    std::fs::write(folder.path().join("models/sources.yml"), SOURCES).expect("a file");
    for more in [&[][..], &["--no-fuse", "--threads", "2"]] {
        let (code, said) = ask(folder.path(), &database, more);
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains("warn  test.shop.source_accepted_values_shop_orders_status__paid."), "{said}");
        assert!(said.contains("  Got 1 result, configured to warn if != 0\n"), "{said}");
        assert!(said.ends_with("3 passed, 1 warned, 0 failed\n"), "{said}");
    }
    session.batch_execute("insert into shop.orders values (1, null)").await.expect("a row");
    let (code, said) = ask(folder.path(), &database, &[]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.ends_with("1 passed, 1 warned, 2 failed\n"), "{said}");
    let (code, said) = ask(
        folder.path(),
        &database,
        &["--select", "test_type:generic", "--exclude", "*unique*", "*status*"],
    );
    assert_eq!(code, Some(0), "{said}");
    assert!(said.ends_with("1 passed, 0 warned, 0 failed\n"), "{said}");
    std::fs::write(folder.path().join("models/a.sql"), "{{ ref('b') }}").expect("a file");
    assert_eq!(ask(folder.path(), &database, &[]).0, Some(2));
}
