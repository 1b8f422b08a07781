//! Data tests, functions, clones and custom materializations end to end.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that can't go on says so and fails"
)]

mod workshop;

use project::runtime::Stopwatch;
use serde_json::{Value, json};
use workshop::{Plan, Workshop};

fn test(plan: Plan, name: &str, config: Value, call: &str) -> Plan {
    let mut all = json!({"materialized": "test", "severity": "ERROR", "fail_calc": "count(*)", "warn_if": "!= 0", "error_if": "!= 0"});
    all.as_object_mut().unwrap().extend(config.as_object().cloned().unwrap());
    plan.node("test", name, all, call, json!({}))
}

#[track_caller]
fn verdict(shop: &Workshop, name: &str) -> String {
    let built = shop.build(&format!("test.shop.{name}")).unwrap();
    let cell = |column: &str| built.cell(column).unwrap().to_string();
    [cell("failures"), cell("should_warn"), cell("should_error")].join(" ")
}

#[test]
fn the_four_generic_tests_find_what_is_wrong() {
    let mut plan = Plan::default();
    plan = test(plan, "u", json!({}), "{{ test_unique(model='shop.t', column_name='id') }}");
    plan =
        test(plan, "n", json!({"warn_if": "> 5"}), "{{ test_not_null(model='shop.t', column_name='name') }}");
    plan = test(
        plan,
        "a",
        json!({"where": "id < 3"}),
        "{{ test_accepted_values(model=get_where_subquery('shop.t'), column_name='name', values=['a']) }}",
    );
    plan = test(
        plan,
        "r",
        json!({"limit": 1}),
        "{{ test_relationships(model='shop.t', column_name='id', to='shop.parents', field='key') }}",
    );
    let shop = Workshop::new(plan);
    shop.sql("create table shop.t as select * from (values (1, 'a'), (1, null), (2, 'b'), (3, 'c')) as t(id, name); create table shop.parents as select 1 as key");
    assert_eq!(verdict(&shop, "u"), "1 True True");
    assert_eq!(verdict(&shop, "n"), "1 False True");
    assert_eq!(verdict(&shop, "a"), "1 True True");
    assert_eq!(verdict(&shop, "r"), "1 True True");
    insta::assert_snapshot!(shop.render("test.shop.a", &shop.node("test.shop.a").raw_code).unwrap());
}

#[test]
fn failures_are_kept_as_table_or_view() {
    let call = "{{ test_not_null(model='shop.t', column_name='name') }}";
    let mut plan = test(Plan::default(), "kept", json!({"store_failures": true}), call);
    plan = test(plan, "seen", json!({"store_failures": true, "store_failures_as": "view"}), call);
    let shop = Workshop::new(plan);
    shop.sql("create table shop.t as select 1 as id, null as name");
    for _ in 0..2 {
        assert_eq!(verdict(&shop, "kept"), "1 True True");
        assert_eq!(verdict(&shop, "seen"), "1 True True");
        assert_eq!(shop.standing(), "kept|r, seen|v, t|r");
        assert_eq!(shop.rows("select id, name from shop.kept"), "1|-");
    }
}

#[test]
fn functions_are_made_and_replaced() {
    let fields = |returns: &str| {
        json!({"resource_type": "function", "arguments": [{"name": "a", "data_type": "int"}, {"name": "b", "data_type": "int", "default_value": 3}],
            "returns": {"data_type": returns}})
    };
    let shop = Workshop::new(
        Plan::default()
            .node(
                "function",
                "total",
                json!({"materialized": "function", "type": "scalar", "volatility": "deterministic"}),
                "select a + b",
                fields("int"),
            )
            .node(
                "function",
                "pairs",
                json!({"materialized": "function", "type": "table"}),
                "select a, b",
                fields("table (x int, y int)"),
            ),
    );
    for _ in 0..2 {
        assert_eq!(shop.built("function.shop.total"), "CREATE FUNCTION");
        shop.built("function.shop.pairs");
    }
    assert_eq!(
        shop.rows(
            "select shop.total(1), x + y, provolatile from shop.pairs(4, 5), pg_proc where proname = 'total'"
        ),
        "4|9|i"
    );
}

#[test]
fn a_projects_own_materialization_and_macros_go_first() {
    let shop = Workshop::new(
        Plan::default()
            .macros("{% materialization list, adapter='postgres' %}{% set target = this.incorporate(type='table') %}{% call statement('main') %}create table {{ target }} as select * from unnest(array[{{ sql }}]) as t(id){% endcall %}{% do adapter.commit() %}{{ return({'relations': [target]}) }}{% endmaterialization %}\
                     {% macro postgres__get_create_index_sql(relation, index_dict) %}create index on {{ relation }} (id){% endmacro %}\
                     {% macro get_incremental_double_sql(arg_dict) %}insert into {{ arg_dict.target_relation }} select id * 2 from {{ arg_dict.temp_relation }}{% endmacro %}\
                     {% macro default__generate_alias_name(custom_alias_name=none, node=none) %}x{% endmacro %}")
            .model("mine", json!({"materialized": "list"}), "7, 8")
            .model("t", json!({"materialized": "table", "indexes": [{"columns": ["other"]}]}), "select 1 as id")
            .model("d", json!({"materialized": "incremental", "incremental_strategy": "double"}), "select 1 as id")
            .model("unknown", json!({"materialized": "nothing"}), "select 1 as id"),
    );
    shop.built("model.shop.mine");
    assert_eq!(shop.rows("select id from shop.mine"), "7, 8");
    shop.built("model.shop.t");
    assert_eq!(shop.rows("select indexname from pg_indexes where tablename = 't'"), "t__dbt_tmp_id_idx");
    shop.built("model.shop.d");
    shop.built("model.shop.d");
    assert_eq!(shop.rows("select id from shop.d order by 1"), "1, 2");
    assert_eq!(shop.render("model.shop.t", "{{ generate_alias_name('a', model) }}").unwrap(), "x");
    assert_eq!(
        shop.fails("model.shop.unknown"),
        "No materialization 'nothing' was found for adapter postgres! (searched types 'default' and 'postgres')"
    );
}

#[test]
fn cross_database_macros_say_what_dbt_says() {
    let shop = Workshop::new(Plan::default().model("m", json!({"materialized": "view"}), ""));
    let golden = include_str!("golden/cross_database.txt");
    for case in golden.split("#### ").filter(|case| !case.is_empty()) {
        let (template, expected) = case.split_once('\n').unwrap();
        let rendered = shop.render("model.shop.m", template).unwrap();
        assert_eq!(rendered, expected.strip_suffix('\n').unwrap_or(expected), "{template}");
    }
}

fn unit_test(name: &str, given: Value, expect: Value, overrides: Value) -> platform_core::node::UnitTest {
    serde_json::from_value(json!({
        "model": "m", "name": name, "resource_type": "unit_test", "package_name": "shop", "path": "s.yml",
        "original_file_path": "models/s.yml", "unique_id": format!("unit_test.shop.m.{name}"), "fqn": ["shop", "m", name],
        "given": given, "expect": expect, "overrides": overrides, "tested_node_unique_id": "model.shop.m",
    }))
    .unwrap()
}

#[test]
fn unit_tests_give_rows_in_place_of_relations() {
    let sql = "with z as (select 1)\nselect a.id, b.name, '{{ var('v', 'none') }}' as v, {{ own() }} as own, {{ dbt.current_timestamp() }} as at\n\
               from {{ ref('a') }} a join {{ ref('b') }} b on b.id = a.id and a.id < {{ env_var('E', 0) + 93 }}{% if is_incremental() %} where a.id > (select max(id) from {{ this }}){% endif %}";
    let shop = Workshop::new(
        Plan::default()
            .macros("{% macro own() %}'own'{% endmacro %}")
            .model("a", json!({"materialized": "view"}), "select 1 as id, 'x'::varchar(3) as name")
            .model("b", json!({"materialized": "ephemeral"}), "select 1 as id, 'y' as name")
            .model("m", json!({"materialized": "incremental"}), sql),
    );
    shop.built("model.shop.a");
    shop.built("model.shop.m");
    let given = json!([
        {"input": "ref('a')", "format": "dict", "rows": [{"ID": 1, "name": "longer"}, {"id": 2}, {"id": 3}]},
        {"input": "ref('b')", "format": "sql", "rows": "select * from (values (2, 'it''s'), (3, null)) as t(id, name)"},
        {"input": "this", "format": "dict", "rows": [{"id": 1}]},
    ]);
    let expect = json!({"format": "dict", "rows": [{"id": 2, "name": "it's", "v": "w", "own": "o"}, {"id": 3, "name": null, "v": "w", "own": "o"}]});
    let overrides = json!({"vars": {"v": "w"}, "macros": {"own": "'o'", "is_incremental": true, "dbt.current_timestamp": "1"}, "env_vars": {"E": 7}});
    let run = shop
        .runtime
        .unit_test(
            &unit_test("u", given, expect.clone(), overrides.clone()),
            &shop.connection,
            &mut Stopwatch::start(),
        )
        .unwrap_or_else(|failure| panic!("{}", failure.message));
    insta::assert_snapshot!(run.compiled.sql);
    assert_eq!(run.rows.rows.len(), 4);
    let fails = |given: Value, expect: Value| {
        let test = unit_test("u", given, expect, overrides.clone());
        shop.runtime
            .unit_test(&test, &shop.connection, &mut Stopwatch::start())
            .map(drop)
            .unwrap_err()
            .message
    };
    let nothing = json!([]);
    insta::assert_snapshot!(fails(nothing, expect.clone()));
    assert_eq!(
        fails(json!([{"input": "ref('a', v='2')", "rows": []}]), expect.clone()),
        "Parsing Error in unit_test u (models/s.yml)\n  Unit test 'u' had an input (ref('a', v='2')) which was not found \
         in the manifest."
    );
    insta::assert_snapshot!(fails(
        json!([{"input": "ref('a')", "rows": [{"idd": 1}]}, {"input": "ref('b')", "format": "sql", "rows": "select 1 as id, 2 as name"}, {"input": "this", "rows": []}]),
        expect
    ));
}
