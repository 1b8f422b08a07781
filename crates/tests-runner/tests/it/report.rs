//! What people are shown of a failed test.

use crate::shop::Shop;
use platform_core::{Executor, Status};
use project::Flags;
use serde_json::Map;

const SOURCES: &str = "
sources:
  - name: shop
    tables:
      - name: rows
        columns:
          - name: id
            data_tests: [unique]
          - name: name
            data_tests:
              - not_null: {name: named}
              - not_null: {name: well_named, config: {where: id > 1, limit: 1}}
              - unique: {name: different}
              - relationships: {name: known, arguments: {to: \"source('shop', 'names')\", field: name}}
              - accepted_values: {name: accepted, arguments: {values: [a]}, config: {severity: warn}}
      - name: names
";

#[test]
fn failing_rows_are_shown_with_their_key() {
    let shop = Shop::new(&[
        ("models/sources.yml", SOURCES),
        ("tests/odd.sql", "select id, name from {{ source('shop', 'rows') }} where id % 2 = 1 order by id"),
    ]);
    shop.sql(
        "create table shop.rows as select * from (values (1, null), (2, null), (3, 'a'), (4, 'b'), (5, 'b')) \
         as t(id, name); create table shop.names as select 'a' as name",
    );
    let ids = shop.tests();
    let (tester, context) = (shop.tester().fused(&ids), shop.context());
    let run = |name: &str| {
        let id = ids.iter().find(|id| id.as_str().split('.').nth(2) == Some(name)).expect(name);
        tester.execute(id, 0, &context)
    };
    let shown = |name: &str| {
        let result = run(name);
        assert!(matches!(result.status, Status::Fail | Status::Warn), "{name} {:?}", result.message);
        let cell = |cell: &Option<String>| cell.clone().unwrap_or_else(|| "-".to_owned());
        let row = |row: &Vec<Option<String>>| row.iter().map(cell).collect::<Vec<_>>().join("|");
        result.sample.iter().map(row).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(shown("named"), "id|name 1|- 2|-");
    assert_eq!(shown("well_named"), "id|name 2|-");
    assert_eq!(shown("different"), "unique_field|n_records b|2");
    assert_eq!(shown("known"), "id|name 4|b 5|b");
    assert_eq!(shown("accepted"), "value_field|n_records b|2");
    assert_eq!(shown("odd"), "id|name 1|- 3|a 5|b");
    let passing = run("source_unique_shop_rows_id");
    assert!(passing.status == Status::Pass && passing.sample.is_empty());
}

#[test]
fn a_generic_test_that_the_server_refuses_points_at_no_line_of_its_properties() {
    let sources = "sources:\n  - name: shop\n    tables:\n      - name: rows\n        columns:\n          - name: nowhere\n            data_tests: [not_null]\n";
    let shop = Shop::new(&[("models/sources.yml", sources)]);
    shop.sql("create table shop.rows as select 1 as id");
    let ids = shop.tests();
    let message = shop.tester().execute(&ids[0], 0, &shop.context()).message.expect("a message");
    assert!(message.contains("column \"nowhere\" does not exist") && !message.contains("-->"), "{message}");
}

#[test]
fn rows_that_a_flag_keeps_are_told_where_they_are() {
    let sources = "sources:\n  - name: shop\n    tables:\n      - name: rows\n        columns:\n          - name: id\n            data_tests:\n              - not_null: {name: kept}\n              - not_null: {name: loose, config: {store_failures: false}}\n";
    let flags = Flags::given(Map::from_iter([("store_failures".to_owned(), true.into())]));
    let shop = Shop::with_flags(&[("models/sources.yml", sources)], flags);
    shop.sql("create table shop.rows as select null::integer as id");
    let ids = shop.tests();
    let (tester, context) = (shop.tester(), shop.context());
    for (name, kept) in [("kept", true), ("loose", false)] {
        let id = ids.iter().find(|id| id.as_str().contains(name)).expect(name);
        let result = tester.execute(id, 0, &context);
        assert_eq!(result.status, Status::Fail, "{:?}", result.message);
        let told = result
            .relation_name
            .as_deref()
            .is_some_and(|it| it.ends_with(r#""shop_dbt_test__audit"."kept""#));
        assert_eq!(told, kept, "{name}: {:?}", result.relation_name);
    }
}
