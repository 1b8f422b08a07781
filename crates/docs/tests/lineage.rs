//! Column lineage: a query, and where each of its columns comes from.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that can't go on says so and fails"
)]

use docs::lineage::{self, Relations, Unresolved};
use platform_core::UniqueId;

/// `raw.orders`, `raw.customers`, and `raw.open`, whose columns nobody knows.
struct Shop;

impl Relations for Shop {
    fn find(&self, _schema: &str, identifier: &str) -> Option<UniqueId> {
        matches!(identifier, "orders" | "customers" | "open").then(|| UniqueId::from(identifier))
    }

    fn columns(&self, id: &UniqueId) -> Option<Vec<String>> {
        let names: &[&str] = match id.as_str() {
            "orders" => &["id", "customer_id", "amount", "placed_at"],
            "customers" => &["id", "name", "country"],
            _ => return None,
        };
        Some(names.iter().map(|name| (*name).to_owned()).collect())
    }
}

fn told(sql: &str) -> String {
    let columns = match lineage::of(sql, &Shop) {
        Ok(columns) => columns,
        Err(error) => return error.to_string(),
    };
    let lines = columns.iter().map(|column| {
        let mut from: Vec<String> =
            column.sources.columns.iter().map(|it| format!("{}.{}", it.resource, it.column)).collect();
        if column.sources.unknown {
            from.push("?".to_owned());
        }
        format!("{} < {}", column.name, from.join(" "))
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[track_caller]
fn check(sql: &str, expected: &[&str]) {
    assert_eq!(told(sql), expected.join("\n"), "{sql}");
}

#[test]
fn columns_expressions_and_constants() {
    check(
        "select o.id, amount * 2 as twice, 'x' as kind, count(*) from raw.orders as o where customer_id > 0",
        &["id < orders.id", "twice < orders.amount", "kind < ", "count < "],
    );
    check(
        r#"select "Amount" from (select amount as "Amount" from orders) as t"#,
        &["Amount < orders.amount"],
    );
    check(
        "select amount::text, max(placed_at)::date from orders",
        &["amount < orders.amount", "max < orders.placed_at"],
    );
}

#[test]
fn stars_and_using() {
    check(
        "select * from customers",
        &["id < customers.id", "name < customers.name", "country < customers.country"],
    );
    check(
        "select c.*, amount from orders join customers as c on c.id = customer_id",
        &[
            "id < customers.id",
            "name < customers.name",
            "country < customers.country",
            "amount < orders.amount",
        ],
    );
    check(
        "select * from (select id, amount from orders) as o full join (select id, name from customers) as c using (id)",
        &["id < customers.id orders.id", "amount < orders.amount", "name < customers.name"],
    );
}

#[test]
fn common_table_expressions_shadow_and_chain() {
    check(
        "with orders as (select id, amount as cents from raw.orders), b (x, y) as (select * from orders) select y, x from b",
        &["y < orders.amount", "x < orders.id"],
    );
    check(
        "with recursive t as (select id, 1 as depth from orders union all select o.id, depth + 1 from t join orders as o on o.customer_id = t.id) select * from t",
        &["id < orders.id", "depth < "],
    );
}

#[test]
fn set_operations_go_by_position() {
    check(
        "select id, name from customers union all select customer_id, 'none' from orders",
        &["id < customers.id orders.customer_id", "name < customers.name"],
    );
}

#[test]
fn windows_subqueries_and_laterals() {
    check(
        "select row_number() over (partition by customer_id order by placed_at) as n from orders",
        &["n < orders.customer_id orders.placed_at"],
    );
    check(
        "select id, (select max(amount) from orders as o where o.customer_id = c.id) as best from customers as c",
        &["id < customers.id", "best < orders.amount"],
    );
    check(
        "select c.name, l.total from customers as c cross join lateral (select sum(o.amount) + c.id as total from orders as o where o.customer_id = c.id) as l",
        &["name < customers.name", "total < customers.id orders.amount"],
    );
    check(
        "select part from customers, unnest(string_to_array(name, ' ')) as part",
        &["part < customers.name"],
    );
    check(
        "select distinct on (id) id, amount filter_me from orders order by id",
        &["id < orders.id", "filter_me < orders.amount"],
    );
}

#[test]
fn a_name_that_nothing_else_has_is_a_column_before_it() {
    check(
        "select amount * 2 as twice, twice + 1 as more, max(more) over () as id from orders",
        &["twice < orders.amount", "more < orders.amount", "id < orders.amount"],
    );
    check(
        "select l.c from customers cross join lateral (select 1 as name, name || '!' as c) as l",
        &["c < customers.name"],
    );
}

#[test]
fn what_cannot_be_told_is_said() {
    check("select x, 1 as one from raw.open", &["x < open.x", "one < "]);
    check("select x from raw.open join orders on true", &["x < open.x"]);
    check("select nowhere from customers", &["nowhere < ?"]);
    assert_eq!(
        lineage::of("select * from raw.open join orders on true", &Shop),
        Err(Unresolved::UnknownColumns)
    );
    assert_eq!(lineage::of("create table t (a int)", &Shop), Err(Unresolved::NotAQuery));
    assert!(matches!(lineage::of("select (from", &Shop), Err(Unresolved::Syntax(_))));
}
