//! `dp docs generate` and `dp ls --lineage` over a small project, from the command line to the files.

#![allow(clippy::expect_used, reason = "a test that can't go on says so and fails")]

use serde_json::Value;
use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};
use warehouse::migrate::{Migrations, PLATFORM, migrate};
use warehouse::testing::TestDatabase;

/// A seed, an ephemeral model, a table over it and a test that finds a row.
const FILES: [(&str, &str); 6] = [
    ("dbt_project.yml", "name: shop\nversion: '1.0'\nprofile: shop\n"),
    ("seeds/payments.csv", "id,order_id,cents\n1,1,100\n2,1,-50\n3,2,-7\n"),
    (
        "models/positive.sql",
        "{{ config(materialized='ephemeral') }}\nselect id, order_id, cents as amount from {{ ref('payments') }}",
    ),
    (
        "models/orders.sql",
        "{{ config(materialized='table') }}\nselect order_id, sum(amount) as total, 'x' as kind from {{ ref('positive') }} group by order_id",
    ),
    ("tests/no_refunds.sql", "select order_id, total from {{ ref('orders') }} where total < 0"),
    ("models/shop.yml", "models:\n  - name: orders\n    description: One row per order.\n"),
];

struct Shop {
    folder: tempfile::TempDir,
    database: TestDatabase,
}

impl Shop {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in FILES {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            fs::write(path, text).expect("written");
        }
        Self { folder, database: warehouse::testing::database().await.expect("a database") }
    }

    fn dp(&self, words: &[&str]) -> Output {
        let settings = self.database.tcp_settings();
        Command::new(env!("CARGO_BIN_EXE_dp"))
            .args(words)
            .current_dir(self.folder.path())
            .env_remove("DBT_TARGET_PATH")
            .env("DATABASE_URL", settings.to_url().reveal())
            .output()
            .expect("dp starts")
    }

    #[track_caller]
    fn must(&self, words: &[&str]) -> String {
        let output = self.dp(words);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{words:?}: {text}{}", String::from_utf8_lossy(&output.stderr));
        text
    }

    fn target(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join("target").join(name)).unwrap_or_default()
    }

    fn catalog(&self) -> Vec<String> {
        let catalog: Value = serde_json::from_str(&self.target("catalog.json")).expect("a catalog");
        catalog["nodes"].as_object().expect("nodes").keys().cloned().collect()
    }

    fn details(&self) -> String {
        let folder = self.folder.path().join("target/site/details");
        let shards = fs::read_dir(folder).into_iter().flatten().flatten();
        shards.map(|shard| fs::read_to_string(shard.path()).expect("a shard")).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_catalog_is_what_the_projects_own_macro_says() {
    let shop = Shop::new().await;
    shop.must(&["seed"]);
    shop.must(&["run"]);
    let own = |name: &str, argument: &str, kind: &str| {
        let macros = shop.folder.path().join("macros");
        fs::create_dir_all(&macros).expect("a folder");
        let text = format!(
            "{{% macro {name}(information_schema, {argument}) %}}
            {{% call statement('catalog', fetch_result=true) %}}
            select current_database() as table_database, relations.nspname as table_schema, name as table_name
                , '{kind}' as table_type, null as table_comment, 'me' as table_owner, 'total' as column_name
                , 1 as column_index, 'money' as column_type, 'of {{{{ {argument} | length }}}}' as column_comment
                , 'Rows' as \"stats:rows:label\", 5 as \"stats:rows:value\", '' as \"stats:rows:description\"
                , true as \"stats:rows:include\"
            from unnest(array['ORDERS', 'unknown']) as name
            , (select relnamespace::regnamespace::text as nspname from pg_class where relname = 'orders') as relations
            {{% endcall %}}
            {{{{ return(load_result('catalog').table) }}}}{{% endmacro %}}"
        );
        fs::write(macros.join(format!("{name}.sql")), text).expect("written");
    };
    let catalog = || -> Value { serde_json::from_str(&shop.target("catalog.json")).expect("a catalog") };
    own("get_catalog_relations", "relations", "BY NAME");
    shop.must(&["docs", "generate"]);
    let read = catalog();
    assert_eq!(shop.catalog(), ["model.shop.orders"]);
    let orders = &read["nodes"]["model.shop.orders"];
    assert_eq!(orders["metadata"]["type"], "BY NAME");
    // The seed and the table; an ephemeral model has no relation.
    assert_eq!(orders["columns"]["total"]["comment"], "of 2");
    assert_eq!(
        (&orders["stats"]["rows"]["value"], &orders["stats"]["has_stats"]["value"]),
        (&5.into(), &true.into())
    );
    // Without compilation whole schemas are asked for, which is another macro's.
    shop.must(&["docs", "generate", "--no-compile"]);
    assert_eq!(shop.catalog(), ["model.shop.orders", "seed.shop.payments"]);
    own("postgres__get_catalog", "schemas", "BY SCHEMA");
    shop.must(&["docs", "generate", "--no-compile"]);
    assert_eq!(catalog()["nodes"]["model.shop.orders"]["metadata"]["type"], "BY SCHEMA");
    let broken =
        "{% macro get_catalog_relations(information_schema, relations) %}{{ return(1) }}{% endmacro %}";
    fs::write(shop.folder.path().join("macros/get_catalog_relations.sql"), broken).expect("written");
    let refused = shop.dp(&["docs", "generate"]);
    assert_eq!(refused.status.code(), Some(1));
    assert_eq!(catalog()["errors"][0], "Runtime Error\n  macro `get_catalog_relations` gave no table");
}

#[tokio::test(flavor = "multi_thread")]
async fn generate_compiles_asks_the_database_and_writes_what_was_asked_for() {
    let shop = Shop::new().await;
    let platform = shop.database.connect().await.expect("connects");
    warehouse::migrate(&platform, &warehouse::migrate::PLATFORM).await.expect("migrates");
    assert_eq!(shop.dp(&["build"]).status.code(), Some(1), "the test finds refunds");

    let said = shop.must(&["docs", "generate"]);
    assert!(said.contains("origin known of 6 of 6 columns"), "{said}");
    assert_eq!(shop.catalog(), ["model.shop.orders", "seed.shop.payments"]);
    assert!(shop.target("index.html").contains("site/graph.js"));
    let details = shop.details();
    assert!(details.contains(r#""sample":[["order_id","total"],["2","-7"]]"#), "the rows that failed");
    assert!(details.contains(r#""history":[{"at":"#), "earlier runs");
    assert!(!Path::new(&shop.folder.path().join("target/static_index.html")).exists());

    shop.must(&["docs", "generate", "--select", "orders", "--static"]);
    assert_eq!(shop.catalog(), ["model.shop.orders"]);
    assert!(shop.target("static_index.html").contains("class Graph"));

    shop.must(&["docs", "generate", "--empty-catalog"]);
    assert!(shop.catalog().is_empty());
}

/// As databases were kept before failed tests left their rows there, and before that.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_an_older_version_is_read_and_then_kept_on() {
    for steps in [1, 3] {
        let shop = Shop::new().await;
        let warehouse = shop.database.connect().await.expect("connects");
        let older = Migrations { steps: &PLATFORM.steps[..steps], ..PLATFORM };
        assert_eq!(migrate(&warehouse, &older).await.expect("migrates"), steps);
        let session = warehouse.get().await.expect("a session");
        session
            .run(
                "insert into platform.runs (run_id, command, project, platform_version, status, started_at, finished_at) \
                 values (gen_random_uuid(), 'seed', 'shop', '0', 'success', '2026-01-01', '2026-01-01'); \
                 insert into platform.node_results (run_id, unique_id, resource_type, status, started_at, seconds) \
                 select run_id, 'seed.shop.payments', 'seed', 'success', started_at, 7 from platform.runs",
            )
            .await
            .expect("an old run");
        shop.must(&["docs", "generate", "--no-compile"]);
        let details = shop.details();
        assert!(details.contains(r#""history":[{"at":"2026-01-01T00:00:00Z""#), "{details}");

        let build = shop.dp(&["build"]);
        let said = String::from_utf8_lossy(&build.stdout).into_owned();
        assert!(!said.contains("not in platform.runs"), "{said}");
        let kept = session
            .query("select count(*) from platform.node_results where sample is not null", &[])
            .await
            .expect("the new column");
        assert_eq!(warehouse::get::<i64>(&kept[0], 0).expect("a count"), 1);
        shop.must(&["docs", "generate"]);
        assert!(shop.details().contains(r#""sample":[["order_id","total"],["2","-7"]]"#));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_site_is_served_and_a_browser_is_told_where() {
    let shop = Shop::new().await;
    shop.must(&["docs", "generate", "--no-compile", "--empty-catalog"]);
    let told = shop.folder.path().join("told");
    let browser = shop.folder.path().join("browser");
    fs::write(&browser, "#!/bin/sh\nprintf %s \"$1\" > told.part && mv told.part told\n").expect("written");
    fs::set_permissions(&browser, fs::Permissions::from_mode(0o755)).expect("made a program");
    let mut server = Command::new(env!("CARGO_BIN_EXE_dp"))
        .args(["docs", "serve", "--port", "0", "--browser"])
        .current_dir(shop.folder.path())
        .env_remove("DBT_TARGET_PATH")
        .env("BROWSER", &browser)
        .spawn()
        .expect("dp starts");
    let began = std::time::Instant::now();
    while !told.exists() && began.elapsed().as_secs() < 30 {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let address = fs::read_to_string(&told).unwrap_or_default();
    let host = address.strip_prefix("http://").unwrap_or_default().to_owned();
    let page = std::net::TcpStream::connect(&host).and_then(|mut stream| {
        stream
            .write_all(format!("GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").as_bytes())?;
        let mut page = String::new();
        stream.read_to_string(&mut page).map(|_| page)
    });
    server.kill().expect("ends");
    server.wait().expect("ended");
    let page = page.expect("an answer");
    assert!(page.starts_with("HTTP/1.1 200") && page.contains("site/index.js"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_asked_of_a_database_that_nothing_is_wanted_of() {
    let shop = Shop::new().await;
    let output = Command::new(env!("CARGO_BIN_EXE_dp"))
        .args(["docs", "generate", "--no-compile", "--empty-catalog"])
        .current_dir(shop.folder.path())
        .env_remove("DBT_TARGET_PATH")
        .env("DATABASE_URL", "postgres://nobody@127.0.0.1:1/nothing")
        .output()
        .expect("dp starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert!(shop.target("site/index.js").contains("model.shop.orders"));
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_are_listed_with_what_they_are_computed_from() {
    let shop = Shop::new().await;
    shop.must(&["seed"]);
    let listed = shop.must(&["--quiet", "ls", "--lineage", "column", "--select", "orders positive"]);
    let mut lines: Vec<&str> = listed.lines().collect();
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "orders.kind <-",
            "orders.order_id <- positive.order_id",
            "orders.total <- positive.amount",
            "positive.amount <- payments.cents",
            "positive.id <- payments.id",
            "positive.order_id <- payments.order_id",
        ]
    );
    let object =
        shop.must(&["--quiet", "ls", "--lineage", "column", "--select", "orders", "--output", "json"]);
    let total = object.lines().find(|line| line.contains("total")).expect("a line");
    assert_eq!(
        serde_json::from_str::<Value>(total).expect("JSON"),
        serde_json::json!({
            "unique_id": "model.shop.orders", "column": "total", "unknown": false,
            "sources": [{"unique_id": "model.shop.positive", "column": "amount"}],
        })
    );
}
