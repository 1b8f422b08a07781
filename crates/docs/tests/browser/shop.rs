//! Projects to look at: a small shop with a failed test, and thousands of models.

use docs::lineage::of_project;
use docs::site::assemble::Input;
use docs::site::data::{Incident, Load, PastCommand, PastRun};
use docs::{Catalog, History};
use platform_core::freshness::FreshnessResults;
use platform_core::{Manifest, RunResults, UniqueId};
use serde_json::{Map, Value, json};
use std::path::Path;

/// A model `name` that selects `columns` from its parents.
pub fn model(name: &str, description: &str, parents: &[&str], columns: &[&str]) -> (String, Value) {
    let id = format!("model.shop.{name}");
    let documented: Map<String, Value> = columns
        .iter()
        .map(|name| {
            (
                (*name).to_owned(),
                json!({"name": name, "description": "A **column**.", "meta": {"unit": "EUR"}}),
            )
        })
        .collect();
    let from = parents.first().map_or_else(String::new, |parent| format!(" from shop.{parent}"));
    let node = json!({
        "database": "db", "schema": "shop", "name": name, "resource_type": "model", "package_name": "shop",
        "path": format!("{name}.sql"), "original_file_path": format!("models/marts/{name}.sql"), "unique_id": id,
        "fqn": ["shop", name], "alias": name, "config": {"materialized": "table"}, "description": description,
        "columns": documented, "relation_name": format!("\"db\".\"shop\".\"{name}\""),
        "raw_code": format!("select * from {{{{ ref('x') }}}} where note = 'of {name}' -- last words"),
        "compiled_code": format!("select {}{from}", columns.join(", ")), "compiled": true,
        "depends_on": {"nodes": parents.iter().map(|it| format!("model.shop.{it}")).collect::<Vec<_>>(), "macros": ["macro.shop.cents"]},
        "tags": ["daily"], "group": "finance",
    });
    (id, node)
}

fn test(name: &str, of: &str, column: &str) -> (String, Value) {
    let id = format!("test.shop.{name}.1234567890");
    let node = json!({
        "database": "db", "schema": "shop", "name": name, "resource_type": "test", "package_name": "shop",
        "path": format!("{name}.sql"), "original_file_path": "models/marts/shop.yml", "unique_id": id,
        "fqn": ["shop", name], "alias": name, "config": {"materialized": "test"}, "column_name": column,
        "attached_node": format!("model.shop.{of}"), "test_metadata": {"name": "not_null", "kwargs": {}},
        "depends_on": {"nodes": [format!("model.shop.{of}")], "macros": []}, "raw_code": "{{ test_not_null() }}",
    });
    (id, node)
}

/// A manifest of nodes.
pub fn manifest(nodes: Vec<(String, Value)>) -> Manifest {
    let parents: Map<String, Value> =
        nodes.iter().map(|(id, node)| (id.clone(), node["depends_on"]["nodes"].clone())).collect();
    let nodes: Map<String, Value> = nodes.into_iter().collect();
    serde_json::from_value(json!({
        "metadata": {"project_name": "shop", "generated_at": "2026-11-22T10:00:00Z"}, "nodes": nodes, "parent_map": parents,
    }))
    .expect("a manifest")
}

/// Three models, a source, an exposure with an alert rule, a macro, a group, docs of all kinds.
pub fn shop() -> Manifest {
    let mut nodes = vec![
        model("orders", "One row per order.", &[], &["order_id", "amount"]),
        model("order_items", "One row per item.", &["orders"], &["order_id", "amount"]),
        model(
            "customers",
            "<script>window.broken = 1</script><img src=x onerror='window.broken = 1'> [x](javascript:window.broken=1)",
            &["orders"],
            &["amount"],
        ),
    ];
    nodes.push(test("not_null_orders_amount", "orders", "amount"));
    let mut manifest = serde_json::to_value(manifest(nodes)).expect("JSON");
    manifest["sources"] = json!({"source.shop.raw.orders": {
        "database": "db", "schema": "raw", "name": "orders", "resource_type": "source", "package_name": "shop",
        "path": "models/raw.yml", "original_file_path": "models/raw.yml", "unique_id": "source.shop.raw.orders",
        "fqn": ["shop", "raw", "orders"], "source_name": "raw", "source_description": "What the till **writes**.", "identifier": "orders", "loader": "csv",
    }});
    manifest["exposures"] = json!({"exposure.shop.alert": {
        "name": "alert", "label": "Orders that grew", "resource_type": "exposure", "package_name": "shop",
        "path": "models/e.yml", "original_file_path": "models/e.yml", "unique_id": "exposure.shop.alert",
        "fqn": ["shop", "alert"], "type": "application", "owner": {"name": "Ops", "email": "ops@example.com"},
        "url": "https://example.com/board", "meta": {"alert": {"id": "grew", "threshold": "0.50", "mass_change": {"ratio": "0.20"}}},
    }});
    manifest["macros"] = json!({"macro.shop.cents": {
        "name": "cents", "resource_type": "macro", "package_name": "shop", "path": "macros/cents.sql",
        "original_file_path": "macros/cents.sql", "unique_id": "macro.shop.cents",
        "macro_sql": "{% macro cents(column) %}{{ column }} / 100{% endmacro %}", "description": "Cents to euros.",
        "arguments": [{"name": "column", "type": "string", "description": "What to *divide*."}],
    }});
    manifest["groups"] = json!({"group.shop.finance": {
        "name": "finance", "resource_type": "group", "package_name": "shop", "path": "models/g.yml",
        "original_file_path": "models/g.yml", "unique_id": "group.shop.finance", "owner": {"name": "The books"},
    }});
    manifest["metrics"] = json!({"metric.shop.revenue": {
        "name": "revenue", "resource_type": "metric", "package_name": "shop", "path": "models/m.yml",
        "original_file_path": "models/m.yml", "unique_id": "metric.shop.revenue", "fqn": ["shop", "revenue"],
        "label": "Revenue", "type": "simple", "description": "All that was paid.", "type_params": {"measure": {"name": "paid"}},
    }});
    manifest["unit_tests"] = json!({"unit_test.shop.orders.adds_up": {
        "name": "adds_up", "model": "orders", "resource_type": "unit_test", "package_name": "shop", "path": "models/u.yml",
        "original_file_path": "models/u.yml", "unique_id": "unit_test.shop.orders.adds_up", "fqn": ["shop", "orders", "adds_up"],
        "given": [{"input": "source('raw', 'orders')", "rows": [{"id": 1, "cents": 250}, {"id": 2}], "format": "dict"}],
        "expect": {"rows": "select 2.5 as amount", "format": "sql"}, "tested_node_unique_id": "model.shop.orders",
        "overrides": {"vars": {"rate": 100}},
    }});
    let of_package = |kind: &str, name: &str| {
        json!({
            "database": "db", "schema": "tools", "name": name, "resource_type": kind, "package_name": "tools",
            "path": format!("{name}.sql"), "original_file_path": format!("{kind}s/{name}.sql"),
            "unique_id": format!("{kind}.tools.{name}"), "fqn": ["tools", name], "alias": name,
            "config": {"materialized": kind}, "description": format!("A {kind} of a package."), "checksum": {"name": "none", "checksum": ""},
        })
    };
    manifest["nodes"]["seed.tools.days"] = of_package("seed", "days");
    manifest["nodes"]["snapshot.tools.past"] = of_package("snapshot", "past");
    for version in [1, 2] {
        let mut rates = of_package("model", "rates");
        let id = format!("model.tools.rates.v{version}");
        (rates["version"], rates["latest_version"], rates["unique_id"]) =
            (json!(version), json!(2), json!(id));
        manifest["nodes"][&id] = rates;
    }
    manifest["docs"] = json!({"doc.tools.__tools__": {
        "name": "__tools__", "resource_type": "doc", "package_name": "tools", "path": "o.md", "original_file_path": "models/o.md",
        "unique_id": "doc.tools.__tools__", "block_contents": "Tools for *everybody*.",
    }, "doc.shop.__overview__": {
        "name": "__overview__", "resource_type": "doc", "package_name": "shop", "path": "o.md", "original_file_path": "models/o.md",
        "unique_id": "doc.shop.__overview__", "block_contents": "# The shop\n\n| a | b |\n|---|---|\n| 1 | 2 |\n",
    }});
    let orders = &mut manifest["nodes"]["model.shop.orders"];
    orders["access"] = json!("public");
    orders["contract"] = json!({"enforced": true});
    orders["constraints"] = json!([{"type": "check", "expression": "amount >= 0"}]);
    orders["primary_key"] = json!(["order_id"]);
    orders["columns"]["amount"]["constraints"] = json!([{"type": "not_null"}]);
    manifest["parent_map"]["model.shop.orders"] = json!(["source.shop.raw.orders"]);
    manifest["parent_map"]["exposure.shop.alert"] = json!(["model.shop.customers"]);
    serde_json::from_value(manifest).expect("a manifest")
}

fn run(at: &str, status: &str, seconds: f64) -> PastRun {
    PastRun { at: at.to_owned(), status: status.to_owned(), seconds, rows: Some(1200), failures: None }
}

/// What the shop's database remembers: runs, a load, an incident.
fn history() -> History {
    let id = |text: &str| UniqueId::from(text);
    let mut history = History::default();
    history.runs.insert(
        id("model.shop.orders"),
        vec![
            run("2026-11-20T10:00:00Z", "success", 0.8),
            run("2026-11-21T10:00:00Z", "error", 0.1),
            run("2026-11-22T10:00:00Z", "success", 1.4),
        ],
    );
    let test = id("test.shop.not_null_orders_amount.1234567890");
    let failed = PastRun { failures: Some(2), rows: None, ..run("2026-11-22T10:00:01Z", "fail", 0.1) };
    history.runs.insert(test.clone(), vec![failed]);
    let sample = vec![vec![Some("order_id".to_owned())], vec![Some("77".to_owned())], vec![None]];
    let message = Some("Got 2 results, configured to fail if != 0".to_owned());
    history.said.insert(test, docs::history::Said { message, sample });
    history.commands.push(PastCommand {
        at: "2026-11-22T10:00:00Z".to_owned(),
        command: "build".to_owned(),
        status: "error".to_owned(),
        seconds: Some(2.0),
        nodes: Some(4),
        failures: Some(1),
    });
    history.loads.insert(
        id("source.shop.raw.orders"),
        vec![Load {
            file: "orders.csv".to_owned(),
            business_date: Some("2026-11-22".to_owned()),
            at: "2026-11-22T09:00:00Z".to_owned(),
            loaded: 1200,
            quarantined: 3,
            state: "loaded".to_owned(),
            error: None,
        }],
    );
    history.open.insert(id("exposure.shop.alert"), 1);
    history.incidents.insert(
        id("exposure.shop.alert"),
        vec![Incident {
            id: 7,
            subject: "customer 5".to_owned(),
            state: "open".to_owned(),
            what: "moved by 60.0 %".to_owned(),
            before: Some("100".to_owned()),
            after: Some("160".to_owned()),
            at: "2026-11-22T10:00:02Z".to_owned(),
        }],
    );
    history
}

fn freshness() -> FreshnessResults {
    serde_json::from_value(json!({"results": [{
        "unique_id": "source.shop.raw.orders", "status": "warn", "max_loaded_at": "2026-11-21T00:00:00Z",
        "snapshotted_at": "2026-11-22T10:00:00Z", "max_loaded_at_time_ago_in_s": 122_400.0,
    }]}))
    .expect("freshness")
}

/// Writes a site, and what it takes for one in a single file.
pub fn write_site(manifest: &Manifest, folder: &Path) {
    let catalog = Catalog::default();
    let input = Input {
        manifest,
        catalog: &catalog,
        results: None::<&RunResults>,
        history: &history(),
        freshness: Some(&freshness()),
        lineage: &of_project(manifest, &catalog),
    };
    docs::site::write(&input, folder).expect("written");
    let single = docs::site::single_file(&input).expect("made");
    std::fs::write(folder.join("static_index.html"), single).expect("written");
}
