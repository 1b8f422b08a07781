//! Materializations end to end: macros, context and a real Postgres.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that can't go on says so and fails"
)]

mod workshop;

use platform_core::Resource;
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

#[test]
fn a_failed_build_leaves_the_old_table() {
    let shop = Workshop::new(Plan::default().model("t", json!({"materialized": "table"}), "select 1 as id"));
    shop.built("model.shop.t");
    let shop =
        shop.edited(|plan| plan.model("t", json!({"materialized": "table"}), "select 2 as id\nfrom nowhere"));
    assert_eq!(
        shop.fails("model.shop.t"),
        "relation \"nowhere\" does not exist\nLINE 4: from nowhere\n             ^"
    );
    assert_eq!(shop.rows("select id from shop.t"), "1");
    assert_eq!(shop.standing(), "t|r");
}

#[test]
fn a_refusal_points_at_the_models_own_line() {
    let sql =
        "{% set first = 1 %}\n\nselect\n    {{ first }} as id\n    , nosuch\nfrom (select 1 as one) as t\n";
    let shop = Workshop::new(Plan::default().model("t", json!({"materialized": "table"}), sql));
    let node = shop.node("model.shop.t");
    let error = shop.build("model.shop.t").expect_err("there is no such column");
    let failure = shop.runtime.failure(Resource::Node(&node), &error);
    let place = failure.diagnostic.place.expect("a place");
    assert_eq!(place.to_string(), "models/t.sql:5:7");
    assert_eq!(place.snippet, "    , nosuch");
    assert!(failure.message.contains("\n  --> models/t.sql:5:7\n"), "{}", failure.message);
}

#[test]
fn tables_have_indexes_grants_comments_and_headers() {
    let config = json!({
        "materialized": "table",
        "unlogged": true,
        "indexes": [{"columns": ["id"], "unique": true}, {"columns": ["name", "id"], "type": "btree"}],
        "grants": {"select": ["pg_monitor"]},
        "persist_docs": {"relation": true, "columns": true},
        "sql_header": "set local work_mem = '8MB';",
    });
    let fields = json!({
        "description": "it's $$ here",
        "columns": {"id": {"name": "id", "description": "the \"id\""}, "gone": {"name": "gone"}},
    });
    let shop = Workshop::new(Plan::default().node(
        "model",
        "t",
        config,
        "select 1 as id, current_setting('work_mem') as name",
        fields,
    ));
    for _ in 0..2 {
        shop.built("model.shop.t");
        let indexes = "select regexp_replace(indexdef, 'INDEX \\S+ ', 'INDEX ') from pg_indexes \
                       where schemaname = 'shop' order by 1";
        assert_eq!(
            shop.rows(indexes),
            "CREATE INDEX ON shop.t USING btree (name, id), CREATE UNIQUE INDEX ON shop.t USING btree (id)"
        );
        assert_eq!(
            shop.rows("select name, relpersistence from shop.t, pg_class where relname = 't'"),
            "8MB|u"
        );
        assert_eq!(
            shop.rows("select obj_description('shop.t'::regclass), col_description('shop.t'::regclass, 1)"),
            "it's $$ here|the \"id\""
        );
        assert_eq!(shop.rows("select has_table_privilege('pg_monitor', 'shop.t', 'select')"), "t");
    }
}

#[test]
fn incremental_strategies_add_replace_and_merge() {
    let source = "select {{ 2 if is_incremental() else 1 }} as id, '{{ 'new' if is_incremental() else 'old' }}' \
                  as name union all select 3, '{{ 'new' if is_incremental() else 'old' }}'";
    let model = |plan: Plan, name: &str, config: serde_json::Value| {
        let mut all = json!({"materialized": "incremental"});
        all.as_object_mut().unwrap().extend(config.as_object().cloned().unwrap());
        plan.model(name, all, source)
    };
    let mut plan = Plan::default();
    plan = model(plan, "plain", json!({}));
    plan = model(plan, "keyed", json!({"unique_key": "id"}));
    plan =
        model(plan, "listed", json!({"unique_key": ["id", "name"], "incremental_strategy": "delete+insert"}));
    plan = model(plan, "merged", json!({"unique_key": "id", "incremental_strategy": "merge"}));
    plan = model(
        plan,
        "kept",
        json!({"unique_key": "id", "incremental_strategy": "merge", "merge_exclude_columns": ["name"]}),
    );
    plan = model(
        plan,
        "partly",
        json!({"unique_key": "id", "incremental_predicates": ["DBT_INTERNAL_DEST.id < 3"]}),
    );
    let shop = Workshop::new(plan);
    let expected = [
        ("plain", "1|old, 2|new, 3|new, 3|old"),
        ("keyed", "1|old, 2|new, 3|new"),
        ("listed", "1|old, 2|new, 3|new, 3|old"),
        ("merged", "1|old, 2|new, 3|new"),
        ("kept", "1|old, 2|new, 3|old"),
        ("partly", "1|old, 2|new, 3|new, 3|old"),
    ];
    for (name, rows) in expected {
        let id = format!("model.shop.{name}");
        shop.built(&id);
        shop.built(&id);
        assert_eq!(shop.rows(&format!("select * from shop.{name} order by 1, 2")), rows, "{name}");
    }
    let shop = shop.edited(|plan| plan.flag("full_refresh", true));
    shop.built("model.shop.merged");
    assert_eq!(shop.rows("select * from shop.merged order by 1, 2"), "1|old, 3|old");
}

#[test]
fn a_merge_without_a_key_adds_all_rows_and_tells_wrong_predicates() {
    let model = |predicates: serde_json::Value| {
        let config = json!({
            "materialized": "incremental",
            "incremental_strategy": "merge",
            "incremental_predicates": predicates,
        });
        Plan::default().model("t", config, "select 1 as id")
    };
    let shop = Workshop::new(model(json!(["DBT_INTERNAL_DEST.id = 1"])));
    shop.built("model.shop.t");
    shop.built("model.shop.t");
    assert_eq!(shop.rows("select * from shop.t"), "1, 1");
    for (predicates, said) in [
        (json!(["nosuch > 1"]), "column \"nosuch\" does not exist"),
        (json!("id > 1"), "can only concatenate list (not \"str\") to list"),
    ] {
        let shop = Workshop::new(model(predicates));
        shop.built("model.shop.t");
        let message = shop.fails("model.shop.t");
        assert!(message.starts_with(said), "{message}");
    }
}

#[test]
fn a_changed_schema_is_followed_as_configured() {
    let sql = "select 1 as id{% if not is_incremental() %}, 2 as gone{% else %}, 3 as added{% endif %}";
    let mut plan = Plan::default();
    for wish in ["ignore", "fail", "append_new_columns", "sync_all_columns"] {
        plan = plan.model(wish, json!({"materialized": "incremental", "on_schema_change": wish}), sql);
    }
    let shop = Workshop::new(plan);
    for wish in ["append_new_columns", "sync_all_columns"] {
        shop.built(&format!("model.shop.{wish}"));
        shop.built(&format!("model.shop.{wish}"));
    }
    assert_eq!(shop.rows("select * from shop.append_new_columns order by 3"), "1|-|3, 1|2|-");
    assert_eq!(shop.rows("select * from shop.sync_all_columns order by 2"), "1|3, 1|-");
    shop.built("model.shop.fail");
    let message = shop.fails("model.shop.fail");
    for words in ["are out of sync!", "Source columns not in target: [", "Target columns not in source: ["] {
        assert!(message.contains(words), "{message}");
    }
    shop.built("model.shop.ignore");
    let message = shop.fails("model.shop.ignore");
    assert!(message.contains("column \"gone\" does not exist"), "{message}");
}

#[test]
fn hooks_run_inside_and_outside_of_the_transaction() {
    let shop = Workshop::new(Plan::default().model(
        "t",
        json!({
            "materialized": "table",
            "pre-hook": [
                {"sql": "vacuum shop.log", "transaction": false},
                {"sql": "insert into shop.log select 'before', pg_current_xact_id()::text", "transaction": true},
            ],
            "post-hook": [
                {"sql": "insert into shop.log select '{{ this.name }}', pg_current_xact_id()::text", "transaction": true},
                {"sql": "vacuum {{ this }}", "transaction": false},
            ],
        }),
        "select 1 as id",
    ));
    shop.sql("create table shop.log (what text, xact text)");
    shop.built("model.shop.t");
    assert_eq!(shop.rows("select what, xact = min(xact) over () from shop.log order by 1"), "before|t, t|t");
    let shop = shop.edited(|plan| {
        plan.model(
            "t",
            json!({"materialized": "table", "post-hook": [{"sql": "select 1/0", "transaction": true}]}),
            "select 2 as id",
        )
    });
    assert_eq!(shop.fails("model.shop.t"), "division by zero");
    assert_eq!(shop.rows("select id from shop.t"), "1");
}

#[test]
fn ephemeral_models_become_ctes() {
    let shop = Workshop::new(
        Plan::default()
            .model("first", json!({"materialized": "ephemeral"}), "select 1 as id")
            .model("second", json!({"materialized": "ephemeral"}), "select * from {{ ref('first') }}")
            .model(
                "t",
                json!({"materialized": "table"}),
                "with own as (select 2)\nselect * from {{ ref('second') }} where id in (select id from {{ ref('first') }})",
            ),
    );
    let built = shop.build("model.shop.t").unwrap();
    assert_eq!(
        built.compiled.sql,
        "with  __dbt__cte__first as (\nselect 1 as id\n),  __dbt__cte__second as (\nselect * from \
         __dbt__cte__first\n), own as (select 2)\nselect * from __dbt__cte__second where id in (select id from __dbt__cte__first)"
    );
}

#[test]
fn contracts_hold_or_tell_the_difference() {
    let columns = json!({
        "id": {"name": "id", "data_type": "int", "constraints": [{"type": "not_null"}, {"type": "check", "expression": "id > 0"}]},
        "Name": {"name": "Name", "quote": true, "data_type": "text"},
    });
    let fields = json!({"columns": columns, "constraints": [{"type": "primary_key", "columns": ["id"]}], "contract": {"enforced": true}});
    let config = json!({"materialized": "table", "contract": {"enforced": true, "alias_types": true}});
    let shop = Workshop::new(
        Plan::default()
            .node("model", "good", config.clone(), "select 'n'::text as \"Name\", 1 as id", fields.clone())
            .node("model", "bad", config, "select 1.5 as id, 1 as more", fields),
    );
    shop.built("model.shop.good");
    let constraints = "select pg_get_constraintdef(oid) from pg_constraint \
                       where conrelid = 'shop.good'::regclass order by 1";
    assert_eq!(shop.rows(constraints), "CHECK ((id > 0)), PRIMARY KEY (id)");
    assert_eq!(shop.rows("select * from shop.good"), "1|n");
    insta::assert_snapshot!(shop.fails("model.shop.bad"));
}

#[test]
fn columns_are_commented_under_their_very_names() {
    let config = |columns: serde_json::Value| json!({"materialized": "table", "persist_docs": {"relation": true, "columns": columns}});
    let columns = json!({
        "ID": {"name": "ID", "description": "other case"},
        "mixed": {"name": "mixed", "description": "other case"},
        "Mixed": {"name": "Mixed", "quote": true, "description": "quoted"},
    });
    let sql = "select 1 as id, 2 as \"Mixed\"";
    let made = |columns: &serde_json::Value, wish: serde_json::Value| {
        Plan::default().node("model", "t", config(wish), sql, json!({"columns": columns}))
    };
    let shop = Workshop::new(made(&columns, json!(true)));
    shop.built("model.shop.t");
    let comments = "select attname, col_description(attrelid, attnum) from pg_attribute \
                    where attrelid = 'shop.t'::regclass and attnum > 0 order by attnum";
    assert_eq!(shop.rows(comments), "id|-, Mixed|quoted");
    // A text is true to Python, whatever it says.
    let shop = Workshop::new(made(&columns, json!("false")));
    shop.built("model.shop.t");
    assert_eq!(shop.rows(comments), "id|-, Mixed|quoted");
    let shop = Workshop::new(made(&columns, json!(false)));
    shop.built("model.shop.t");
    assert_eq!(shop.rows(comments), "id|-, Mixed|-");
    let refused =
        json!({"Mixed": {"name": "Mixed", "quote": true, "description": "$dbt_comment_literal_block$"}});
    let shop = Workshop::new(made(&refused, json!(true)));
    assert_eq!(
        shop.fails("model.shop.t"),
        "The string $dbt_comment_literal_block$ is not allowed in comments."
    );
}

#[test]
fn an_index_that_is_misconfigured_is_refused_by_dbts_schema() {
    for (index, message) in [
        (json!("id"), "at path []: 'id' is not of type 'object'"),
        (json!({"unique": true}), "at path []: 'columns' is a required property"),
        (json!({"columns": "id"}), "at path ['columns']: 'id' is not of type 'array'"),
        (json!({"columns": ["id", 1]}), "at path ['columns'][1]: 1 is not of type 'string'"),
        (json!({"columns": ["id"], "unique": null}), "at path ['unique']: None is not of type 'boolean'"),
        (
            json!({"columns": ["id"], "type": 3}),
            "at path ['type']: 3 is not valid under any of the given schemas",
        ),
        (
            json!({"columns": ["id"], "name": "i"}),
            "at path []: Additional properties are not allowed ('name' was unexpected)",
        ),
    ] {
        let config = json!({"materialized": "table", "indexes": [index]});
        let shop = Workshop::new(Plan::default().model("t", config, "select 1 as id"));
        let said = shop.fails("model.shop.t");
        assert!(said.starts_with(&format!("Could not parse index config: {message}\n")), "{said}");
    }
}

#[test]
fn the_case_of_an_indexs_columns_and_method_is_no_change() {
    let config = json!({
        "materialized": "materialized_view",
        "on_configuration_change": "fail",
        "indexes": [{"columns": ["ID"], "type": "BTREE"}],
    });
    let shop = Workshop::new(Plan::default().model("mv", config, "select 1 as id"));
    shop.built("model.shop.mv");
    assert_eq!(shop.built("model.shop.mv"), "REFRESH MATERIALIZED VIEW");
}

#[test]
fn materialized_views_are_refreshed_and_altered() {
    let config = |wish: &str, column: &str| json!({"materialized": "materialized_view", "on_configuration_change": wish, "indexes": [{"columns": [column]}]});
    let sql = "select id, 2 as n from shop.base";
    let shop = Workshop::new(Plan::default().model("mv", config("apply", "id"), sql));
    shop.sql("create table shop.base as select 1 as id");
    shop.built("model.shop.mv");
    shop.sql("insert into shop.base values (2)");
    assert_eq!(shop.built("model.shop.mv"), "REFRESH MATERIALIZED VIEW");
    assert_eq!(shop.rows("select count(*) from shop.mv"), "2");
    let indexes =
        "select regexp_replace(indexdef, '.*USING ', '') from pg_indexes where tablename = 'mv' order by 1";
    let failing = shop.edited(|plan| plan.model("mv", config("fail", "n"), sql));
    let message = failing.fails("model.shop.mv");
    assert!(message.starts_with("Configuration changes were identified"), "{message}");
    assert_eq!(shop.rows(indexes), "btree (id)");
    let shop = shop.edited(|plan| plan.model("mv", config("apply", "n"), sql));
    shop.built("model.shop.mv");
    assert_eq!(shop.rows(indexes), "btree (n)");
    let shop = shop.edited(|plan| plan.model("mv", json!({"materialized": "table"}), sql));
    shop.built("model.shop.mv");
    assert_eq!(shop.standing(), "base|r, mv|r");
}

#[test]
fn what_stands_in_a_schema_that_is_created_again_is_found() {
    let shop = Workshop::new(Plan::default().model("t", json!({}), "select 1 as id"));
    shop.sql("create schema other; create table other.metadata (id int)");
    let text = "{% do adapter.create_schema(api.Relation.create(schema='other')) %}\
                {{ adapter.get_relation(target.database, 'other', 'metadata').identifier }}\
                {% do adapter.create_schema(api.Relation.create(schema='fresh')) %}\
                {{ adapter.get_relation(target.database, 'fresh', 'metadata') }}";
    assert_eq!(shop.render("model.shop.t", text).unwrap(), "metadataNone");
}

#[test]
fn long_names_that_begin_alike_have_their_own_names_while_they_are_built() {
    let shop = Workshop::new(Plan::default().model("t", json!({}), "select 1 as id"));
    let made = |last: &str| {
        let base = format!("{}{last}", "n".repeat(61));
        let text = format!(
            "{{%- set base = api.Relation.create(schema='s', identifier='{base}') -%}}
             {{{{- make_intermediate_relation(base).identifier }}}} {{{{ make_backup_relation(base, 'table').identifier }}}}
             {{{{- ' ' ~ make_intermediate_relation(base, 's' * 60).identifier -}}}}"
        );
        shop.render("model.shop.t", &text).unwrap().trim().to_owned()
    };
    let (one, two) = (made("a"), made("b"));
    for (one, two) in one.split(' ').zip(two.split(' ')) {
        assert!(
            one.len() <= 63 && two.len() <= 63 && (one != two || one.ends_with(&"s".repeat(60))),
            "{one} {two}"
        );
    }
    assert_eq!(one.split(' ').count(), 3);
}

#[test]
fn a_statements_result_is_handed_over_once() {
    let ask = "{% call statement('n', fetch_result=true) %}select 1 as n{% endcall %}{% set once = load_result('n') %}";
    let view = json!({"materialized": "view"});
    let twice = format!("{ask}{{% set twice = load_result('n') %}}select 1 as id");
    let shop = Workshop::new(
        Plan::default()
            .model("once", view.clone(), &format!("{ask}select {{{{ once['data'][0][0] }}}} as id"))
            .model("twice", view, &twice),
    );
    assert_eq!(shop.built("model.shop.once"), "CREATE VIEW");
    assert_eq!(
        shop.fails("model.shop.twice"),
        "The 'statement' result named 'n' has already been loaded into a variable"
    );
}

#[test]
fn a_default_of_none_is_a_default() {
    let sql = "select {{ 1 if var('unset', none) is none else 2 }} as id";
    let shop = Workshop::new(Plan::default().model("m", json!({"materialized": "table"}), sql));
    shop.built("model.shop.m");
    assert_eq!(shop.rows("select id from shop.m"), "1");
}

#[test]
fn a_name_that_postgres_would_cut_is_refused() {
    let name = "a".repeat(64);
    let shop =
        Workshop::new(Plan::default().model(&name, json!({"materialized": "table"}), "select 1 as id"));
    assert_eq!(
        shop.fails(&format!("model.shop.{name}")),
        format!("Relation name '{name}' is longer than 63 characters")
    );
    assert_eq!(shop.standing(), "");
}

#[test]
fn python_is_refused_by_the_materialization() {
    let python = "def model(dbt, session):\n    return dbt.ref('{{ x')";
    let fields = json!({"language": "python"});
    let shop =
        Workshop::new(Plan::default().node("model", "p", json!({"materialized": "table"}), python, fields));
    assert_eq!(
        shop.fails("model.shop.p"),
        "Materialization \"materialization_table_default\" only supports languages ['sql']; got \"python\""
    );
}

#[test]
fn a_contract_names_types_that_have_no_name() {
    let config = json!({"materialized": "table", "contract": {"enforced": true}});
    let fields = json!({
        "contract": {"enforced": true},
        "columns": {"price": {"name": "price", "data_type": "money"}},
    });
    let shop = Workshop::new(Plan::default().node("model", "m", config, "select 1.5 as price", fields));
    let message = shop.fails("model.shop.m");
    assert!(
        message.contains("| price       | DECIMAL         | unknown type_code 790 | data type mismatch |"),
        "{message}"
    );
}

#[test]
fn what_can_be_called_is_callable() {
    let shop = Workshop::new(Plan::default().model("m", json!({"materialized": "view"}), "select 1 as id"));
    let text = "{{ [ref, var, is_incremental, adapter.dispatch, load_result] | map('string') | list | length }}\
                {{ ref is callable }} {{ var is callable }} {{ is_incremental is callable }} {{ ref is mapping }}";
    assert_eq!(shop.render("model.shop.m", text).unwrap(), "5True True True False");
}

#[test]
fn a_rendered_relation_is_a_name() {
    let sql = "select count(*) as n from {{ ref('a').render() }}";
    let shop =
        Workshop::new(Plan::default().model("a", json!({"materialized": "table"}), "select 1 as id").node(
            "model",
            "b",
            json!({"materialized": "table"}),
            sql,
            json!({"depends_on": {"nodes": ["model.shop.a"]}}),
        ));
    shop.built("model.shop.a");
    shop.built("model.shop.b");
    assert_eq!(shop.rows("select n from shop.b"), "1");
}

#[test]
fn a_statement_that_the_server_ended_in_a_deadlock_is_sent_again() {
    let shop = Workshop::new(Plan::default());
    shop.sql("create table shop.a (); create table shop.b ()");
    let other = "set deadlock_timeout = '10s'; begin; lock table shop.b; select pg_sleep(0.4); \
                 lock table shop.a; commit; reset deadlock_timeout";
    shop.connection.open_operation();
    shop.connection.run("set deadlock_timeout = '20ms'").unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| shop.sql(other));
        std::thread::sleep(std::time::Duration::from_millis(100));
        let ours = "do $$ begin lock table shop.a; perform pg_sleep(0.6); lock table shop.b; end $$";
        shop.connection.run(ours).expect("sent again");
    });
}

#[test]
fn tables_are_looked_through_as_agates() {
    let shop = Workshop::new(Plan::default().model("m", json!({}), "select 1 as id"));
    let rows =
        "(values (1, 'x', 2.5, true), (2, 'y', 0.5, false), (3, null, 1.0, true)) as v(id, name, n, b)";
    let check = |template: &str, expected: &str| {
        let text = format!("{{% set t = run_query(\"select * from {rows}\") %}}{template}");
        assert_eq!(shop.render("model.shop.m", &text).unwrap(), expected, "{template}");
    };
    check("{{ t.columns['name'].values_sorted() }}", "['x', 'y', None]");
    check("{{ t.columns['name'].values_without_nulls_sorted() }}", "['x', 'y']");
    check("{{ t.columns['n'].data_type.jsonify(t.rows[0]['n']) }}", "2.5");
    check("{{ t.group_by('b').keys() }}", "(True, False)");
    check("{{ t.group_by('b').get(true).columns['id'].values() }}", "(1, 3)");
    check("{% macro of(row) %}{{ return(row.n > 1) }}{% endmacro %}{{ t.find(of).id }}", "1");
    check("{{ t.exclude(['id', 'nobody']).column_names }}", "('name', 'n', 'b')");
    check("{{ t.columns.dict() | list }}", "['id', 'name', 'n', 'b']");
    let wrong = shop.render("model.shop.m", "{{ run_query('select 1 as id').select('name') }}").unwrap_err();
    assert!(wrong.to_string().contains("the table has no column `name`, but id"), "{wrong}");
}
