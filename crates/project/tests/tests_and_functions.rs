//! Data tests, functions, clones and custom materializations end to end.

mod workshop;

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
