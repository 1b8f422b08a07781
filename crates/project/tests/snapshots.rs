//! Snapshots end to end: several runs over a source that changes in between.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that can't go on says so and fails"
)]

mod workshop;

use serde_json::{Value, json};
use workshop::{Plan, Workshop};

fn snapshot(plan: Plan, name: &str, config: Value) -> Plan {
    let mut all = json!({"materialized": "snapshot", "unique_key": "id"});
    all.as_object_mut().unwrap().extend(config.as_object().cloned().unwrap());
    plan.node("snapshot", name, all, "select * from shop.source", json!({}))
}

/// Rows of a snapshot without what differs from run to run: `o` is a version that holds.
fn history(shop: &Workshop, name: &str, columns: &str) -> String {
    shop.rows(&format!(
        "select {columns}, case when dbt_valid_to is null or dbt_valid_to > '3000-01-01' then 'o' else 'x' end \
         from shop.{name} order by 1, 2, dbt_valid_from, dbt_scd_id"
    ))
}

fn three_runs(plan: Plan, names: &[&str]) -> Workshop {
    let shop = Workshop::new(plan);
    let steps = [
        "create table shop.source as select * from (values (1, 'a', timestamp '2020-01-01'), (2, 'b', '2020-01-01')) as t(id, name, at)",
        "update shop.source set name = 'B', at = '2020-01-02' where id = 2; insert into shop.source values (3, 'c', '2020-01-02')",
        "delete from shop.source where id = 1; update shop.source set name = null, at = '2020-01-03' where id = 3",
    ];
    for step in steps {
        shop.sql(step);
        for name in names {
            shop.built(&format!("snapshot.shop.{name}"));
        }
    }
    shop
}

#[test]
fn a_timestamp_tells_new_versions() {
    let plan = snapshot(Plan::default(), "plain", json!({"strategy": "timestamp", "updated_at": "at"}));
    let plan = snapshot(
        plan,
        "closed",
        json!({"strategy": "timestamp", "updated_at": "at", "hard_deletes": "invalidate",
            "dbt_valid_to_current": "'9999-12-31'::timestamp"}),
    );
    let shop = three_runs(plan, &["plain", "closed"]);
    assert_eq!(history(&shop, "plain", "id, name"), "1|a|o, 2|B|o, 2|b|x, 3|c|x, 3|-|o");
    assert_eq!(history(&shop, "closed", "id, name"), "1|a|x, 2|B|o, 2|b|x, 3|c|x, 3|-|o");
    assert_eq!(shop.rows("select dbt_valid_to from shop.plain where name = 'b'"), "2020-01-02 00:00:00");
    // The id of a version is dbt's own: a table that dbt began goes on.
    let expected = "select count(*) from shop.plain where dbt_scd_id = md5(coalesce(cast(id as varchar), '') \
                    || '|' || coalesce(cast(at as varchar), ''))";
    assert_eq!(shop.rows(expected), "5");
}

#[test]
fn columns_tell_new_versions() {
    let plan = snapshot(Plan::default(), "everything", json!({"strategy": "check", "check_cols": "all"}));
    let plan =
        snapshot(plan, "some", json!({"strategy": "check", "check_cols": ["name"], "unique_key": ["id"]}));
    let plan = snapshot(
        plan,
        "marked",
        json!({"strategy": "check", "check_cols": ["name"], "hard_deletes": "new_record"}),
    );
    let shop = three_runs(plan, &["everything", "some", "marked"]);
    for name in ["everything", "some"] {
        assert_eq!(history(&shop, name, "id, name"), "1|a|o, 2|B|o, 2|b|x, 3|c|x, 3|-|o", "{name}");
    }
    assert_eq!(
        history(&shop, "marked", "id, name, dbt_is_deleted"),
        "1|a|False|x, 1|a|True|o, 2|B|False|o, 2|b|False|x, 3|c|False|x, 3|-|False|o"
    );
    // A row that comes back begins a new version.
    shop.sql("insert into shop.source values (1, 'a', '2020-01-01')");
    shop.built("snapshot.shop.marked");
    assert_eq!(
        shop.rows(
            "select string_agg(dbt_is_deleted, ' ' order by dbt_valid_from) from shop.marked where id = 1"
        ),
        "False True False"
    );
}

#[test]
fn a_new_column_is_added_and_makes_a_new_version() {
    let plan = snapshot(Plan::default(), "s", json!({"strategy": "check", "check_cols": "all"}));
    let shop = three_runs(plan, &["s"]);
    shop.sql("alter table shop.source add column more numeric(6, 2) default 1.5");
    shop.built("snapshot.shop.s");
    assert_eq!(
        shop.rows("select id, name, more from shop.s where dbt_valid_to is null order by 1"),
        "1|a|-, 2|B|1.50, 3|-|1.50"
    );
    let unchanged = shop.rows("select count(*) from shop.s");
    shop.built("snapshot.shop.s");
    assert_eq!(shop.rows("select count(*) from shop.s"), unchanged);
}

#[test]
fn a_table_that_does_not_fit_any_more_is_told_of_in_dbts_words() {
    let config = json!({"strategy": "check", "check_cols": ["name"], "hard_deletes": "new_record"});
    let shop = three_runs(snapshot(Plan::default(), "s", config), &["s"]);
    shop.sql("alter table shop.source alter column name type date using null");
    let message = shop.fails("snapshot.shop.s");
    assert!(message.contains("operator does not exist: text <> date"), "{message}");
    shop.sql("alter table shop.s drop column dbt_is_deleted");
    let message = shop.fails("snapshot.shop.s");
    let words = "Snapshot target is missing configured columns (missing \"dbt_is_deleted\"). See https://";
    assert!(message.contains(words), "{message}");
}

#[test]
fn columns_have_the_names_that_the_project_gives() {
    let names = json!({"dbt_valid_from": "since", "dbt_valid_to": "until", "dbt_scd_id": "version",
        "dbt_updated_at": "seen", "dbt_is_deleted": "gone"});
    let config = json!({"strategy": "timestamp", "updated_at": "at", "hard_deletes": "new_record",
        "snapshot_table_column_names": names});
    let shop = three_runs(snapshot(Plan::default(), "s", config), &["s"]);
    assert_eq!(
        shop.rows("select id, gone, until is null from shop.s order by 1, since"),
        "1|False|f, 1|True|t, 2|False|f, 2|False|t, 3|False|f, 3|False|t"
    );
}
