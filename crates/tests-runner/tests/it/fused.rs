//! Tests one by one and by shared scans, over the same random tables: nothing may differ.

use crate::shop::Shop;
use platform_core::{Executor, NodeResult, UniqueId};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Mutex;

/// Every test by itself.
fn apart(shop: &Shop) -> BTreeMap<String, String> {
    let (tester, context) = (shop.tester(), shop.context());
    shop.tests().iter().map(|id| (id.to_string(), told(&tester.execute(id, 0, &context)))).collect()
}

/// Every test with its company, as the scheduler hands them over; and the sizes of the companies.
fn together(shop: &Shop) -> (BTreeMap<String, String>, Vec<usize>) {
    let ids = shop.tests();
    let (tester, context) = (shop.tester().fused(&ids), shop.context());
    let mut companies: BTreeMap<Option<usize>, Vec<UniqueId>> = BTreeMap::new();
    for id in &ids {
        companies.entry(tester.company(id)).or_default().push(id.clone());
    }
    let (mut all, mut sizes) = (BTreeMap::new(), Vec::new());
    for (company, ids) in companies {
        let results: Vec<NodeResult> = if company.is_some() {
            sizes.push(ids.len());
            tester.execute_together(&ids, 0, &context)
        } else {
            ids.iter().map(|id| tester.execute(id, 0, &context)).collect()
        };
        assert_eq!(results.len(), ids.len());
        all.extend(results.iter().map(|it| (it.unique_id.to_string(), told(it))));
    }
    (all, sizes)
}

/// All that must not differ.
fn told(result: &NodeResult) -> String {
    format!(
        "{:?} {:?} {:?} {:?} {:?}\n{}",
        result.status,
        result.failures,
        result.message,
        result.sample,
        result.adapter_response,
        result.compiled_code.as_deref().unwrap_or_default()
    )
}

const COLUMNS: [(&str, &str); 9] = [
    ("id", "integer"),
    ("name", "text"),
    ("code", "varchar(8)"),
    ("amount", "numeric"),
    ("ratio", "double precision"),
    ("at", "timestamptz"),
    ("took", "interval"),
    ("tags", "integer[]"),
    ("doc", "json"),
];

/// Tests of tables by the table's name: every test on every column of `rows`; conditions that only the server
/// understands, each on a table of its own, so that what it refuses takes nobody else's answer away.
fn properties() -> String {
    let mut text = "sources:\n  - name: shop\n    tables:\n".to_owned();
    let mut table = |name: &str, tests: &[String]| {
        let _ = write!(text, "      - name: {name}\n        identifier: rows\n        data_tests:\n");
        for test in tests {
            let _ = writeln!(text, "          - {test}");
        }
    };
    let mut sound = Vec::new();
    for (column, kind) in COLUMNS {
        let mut add = |test: &str, name: &str, more: &str| {
            sound.push(format!(
                "{test}: {{name: {column}_{name}, arguments: {{column_name: {column}}}{more}}}"
            ));
        };
        for test in ["unique", "not_null"] {
            if kind == "json" && test == "unique" {
                continue;
            }
            add(test, test, "");
            add(test, &format!("{test}_where"), ", config: {where: 'amount > 1', severity: warn}");
            add(test, &format!("{test}_limit"), ", config: {limit: 1, warn_if: '>= 1', error_if: '>1'}");
        }
    }
    let more = r#"
not_null: {name: quoted_null, arguments: {column_name: '"Quoted ""Name"""'}}
unique: {name: quoted_unique, arguments: {column_name: '"Quoted ""Name"""'}}
not_null: {name: where_or, arguments: {column_name: name}, config: {where: "id = 1 or amount > 2"}}
not_null: {name: none_shown, arguments: {column_name: name}, config: {limit: 0}}
not_null: {name: no_nulls_wanted, arguments: {column_name: name}, config: {error_if: "= 0", warn_if: "< 2"}}
not_null: {name: between, arguments: {column_name: name}, config: {error_if: "between 1 and 2"}}
not_null: {name: summed, arguments: {column_name: name}, config: {fail_calc: "coalesce(sum(length(name)), 0)"}}
not_null: {name: kept, arguments: {column_name: name}, config: {store_failures: true}}
not_null: {name: an_expression, arguments: {column_name: "1 / (id - 1)"}}
unique: {name: pairs, arguments: {column_name: "(id, name)"}}
not_null: {name: where_query, arguments: {column_name: id}, config: {where: "name in (select 'a')"}}
accepted_values: {name: names, arguments: {column_name: name, values: [a, b]}}
accepted_values: {name: few_names, arguments: {column_name: name, values: [a]}, config: {error_if: ">1", limit: 1}}
accepted_values: {name: quoted, arguments: {column_name: name, values: ["it's"]}}
accepted_values: {name: numbers, arguments: {column_name: id, values: [1, 2, 3], quote: false}}
accepted_values: {name: amounts, arguments: {column_name: amount, values: [1, 1.5], quote: false}, config: {where: "id < 3"}}
accepted_values: {name: words, arguments: {column_name: id, values: [a], quote: false}}
relationships: {name: ids, arguments: {column_name: id, to: "source('shop', 'parents')", field: id}}
relationships: {name: some_ids, arguments: {column_name: id, to: "source('shop', 'parents')", field: id}, config: {where: "amount > 1", limit: 2}}
relationships: {name: codes, arguments: {column_name: code, to: "source('shop', 'parents')", field: name}}
relationships: {name: itself, arguments: {column_name: name, to: "source('shop', 'rows')", field: code}}"#;
    sound.extend(more.trim().lines().map(str::to_owned));
    let own = r#"
has_length: {name: lengths, arguments: {column_name: name, length: 1}}
has_length: {name: lengths_where, arguments: {column_name: name, length: 1}, config: {where: "id > 1", limit: 2, error_if: ">1"}}
different: {name: different_names, arguments: {column_name: name}}"#;
    sound.extend(own.trim().lines().map(str::to_owned));
    table("rows", &sound);
    let hard = r#"
has_length: {name: no_length, arguments: {column_name: name, length: "'x'"}}
has_length: {name: not_there, arguments: {column_name: nowhere, length: 1}}
not_null: {name: nowhere, arguments: {column_name: nowhere}}
not_null: {name: whoever, arguments: {column_name: current_user}}
unique: {name: documents, arguments: {column_name: doc}}
not_null: {name: broken_where, arguments: {column_name: id}, config: {where: "id > 1 -- x"}}
not_null: {name: where_rows, arguments: {column_name: name}, config: {where: "unnest(array[true, true])"}}
not_null: {name: where_window, arguments: {column_name: name}, config: {where: "row_number() over () = 1"}}
not_null: {name: where_count, arguments: {column_name: name}, config: {where: "count(*) > 0"}}
not_null: {name: where_number, arguments: {column_name: name}, config: {where: "id"}}
not_null: {name: where_zero, arguments: {column_name: name}, config: {where: "1 / (id - 1) > 0"}}
accepted_values: {name: no_numbers, arguments: {column_name: id, values: [a]}}
accepted_values: {name: no_documents, arguments: {column_name: doc, values: [a]}}
relationships: {name: no_field, arguments: {column_name: name, to: "source('shop', 'parents')", field: nowhere}}
relationships: {name: across_types, arguments: {column_name: ratio, to: "source('shop', 'parents')", field: amount}}
relationships: {name: no_equality, arguments: {column_name: name, to: "source('shop', 'parents')", field: id}}"#;
    for (at, test) in hard.trim().lines().enumerate() {
        let beside = format!("not_null: {{name: beside_{at}, arguments: {{column_name: name}}}}");
        table(&format!("rows_{at}"), &[test.to_owned(), beside]);
    }
    text.push_str("      - name: parents\n");
    text
}

/// One row's values as SQL: few different ones, so that much is equal, and much that is equal looks different.
fn row() -> impl Strategy<Value = Vec<&'static str>> {
    let pick = |values: &[&'static str]| prop::sample::select(values.to_vec());
    (
        pick(&["null", "1", "2", "3", "4"]),
        pick(&["null", "'a'", "'b'", "'A'", "'a '", "'it''s'", "''", "'null'"]),
        pick(&["null", "'a'", "'b'", "'a '"]),
        pick(&["null", "1", "1.0", "1.50", "2", "3", "'NaN'", "0.1", "0.1000000000000000001"]),
        pick(&["null", "0.1", "'-0'", "0", "'NaN'", "'Infinity'", "1.5"]),
        pick(&["null", "'2026-11-20 00:00+00'", "'2026-11-20 01:00+01'", "'infinity'"]),
        pick(&["null", "'1 day'", "'24 hours'", "'1 mon'", "'30 days'"]),
        pick(&["null", "'{}'", "'{1,null}'", "'{1,2}'"]),
        pick(&["null", "'{}'", "'[1]'"]),
    )
        .prop_map(|row| vec![row.0, row.1, row.2, row.3, row.4, row.5, row.6, row.7, row.8])
}

fn fill(shop: &Shop, rows: &[Vec<&str>], parents: &[Vec<&str>]) {
    let mut sql = "truncate shop.rows, shop.parents".to_owned();
    for (table, rows) in [("rows", rows), ("parents", parents)] {
        for row in rows {
            let _ = write!(sql, "; insert into shop.{table} values ({}, {})", row.join(", "), row[1]);
        }
    }
    shop.sql(&sql);
}

/// Two tests of the project's own that say they are fusible; of the second that is not true.
const MACROS: &str = "macros:\n  - name: test_has_length\n    config: {meta: {fusible: true}}\n  \
                      - name: test_different\n    config: {meta: {fusible: true}}\n";

const OWN: &str = "{% test has_length(model, column_name, length) %}
select {{ column_name }} as value, 'why' as reason from {{ model }} where length({{ column_name }}) != {{ length }}
{% endtest %}
{% test different(model, column_name) %}
select distinct {{ column_name }} from {{ model }} where {{ column_name }} is not null
{% endtest %}
";

fn shop() -> Shop {
    let shop = Shop::new(&[
        ("models/sources.yml", &properties()),
        ("macros/macros.yml", MACROS),
        ("tests/generic/own.sql", OWN),
    ]);
    let columns: Vec<String> = COLUMNS.iter().map(|(name, kind)| format!("{name} {kind}")).collect();
    shop.sql(&format!(
        "create table shop.rows ({0}, \"Quoted \"\"Name\"\"\" text); \
         create table shop.parents ({0}, more text); alter table shop.parents alter id type bigint",
        columns.join(", ")
    ));
    shop
}

/// Runs everything both ways over these rows; gives the statuses met.
fn both_ways(
    shop: &Shop,
    rows: &[Vec<&str>],
    parents: &[Vec<&str>],
) -> Result<BTreeSet<String>, TestCaseError> {
    fill(shop, rows, parents);
    let (apart, (together, sizes)) = (apart(shop), together(shop));
    prop_assert!(sizes.iter().sum::<usize>() > 70, "{:?} tests in company", sizes);
    for (id, alone) in &apart {
        prop_assert_eq!(alone, &together[id], "{}", id);
    }
    Ok(apart.values().map(|told| told[..4].to_owned()).collect())
}

#[test]
fn random_tables_have_the_same_verdicts_both_ways() {
    let shop = shop();
    let rows = prop::collection::vec(row(), 0..7);
    let parents = prop::collection::vec(row(), 0..4);
    let mut runner = TestRunner::new(Config { cases: 5, failure_persistence: None, ..Config::default() });
    let statuses = Mutex::new(BTreeSet::new());
    let done = runner.run(&(rows, parents), |(rows, parents)| {
        statuses.lock().expect("a set").extend(both_ways(&shop, &rows, &parents)?);
        Ok(())
    });
    done.expect("no difference");
    let seen: Vec<String> = statuses.lock().expect("a set").iter().cloned().collect();
    assert_eq!(seen, ["Erro", "Fail", "Pass", "Warn"]);
}

#[test]
fn a_child_that_equals_two_parents_is_counted_once() {
    let shop = shop();
    let row = |amount| vec!["1", "null", "null", amount, "0.1", "null", "null", "null", "null"];
    let parents = [row("0.1"), row("0.1000000000000000001")];
    both_ways(&shop, &[row("1")], &parents).expect("no difference");
}
