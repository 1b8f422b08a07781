//! Materializations end to end: macros, context and a real Postgres.

mod workshop;

use serde_json::json;
use workshop::{Plan, Workshop};

#[test]
fn views_and_tables_take_each_others_place() {
    let shop = Workshop::new(
        Plan::default().model("orders", json!({"materialized": "view"}), "select 1 as id").model(
            "totals",
            json!({"materialized": "table"}),
            "select count(*) as n from {{ ref('orders') }}",
        ),
    );
    assert_eq!(shop.built("model.shop.orders"), "CREATE VIEW");
    assert_eq!(shop.built("model.shop.totals"), "SELECT 1");
    assert_eq!(shop.standing(), "orders|v, totals|r");
    let shop = shop.edited(|plan| {
        plan.model("orders", json!({"materialized": "table"}), "select 2 as id").model(
            "totals",
            json!({"materialized": "view"}),
            "select count(*) as n from {{ ref('orders') }}",
        )
    });
    assert_eq!(shop.built("model.shop.orders"), "SELECT 1");
    assert_eq!(shop.built("model.shop.totals"), "CREATE VIEW");
    assert_eq!(shop.standing(), "orders|r, totals|v");
    assert_eq!(shop.rows("select id from shop.orders"), "2");
}
