//! A project's drops in a folder of their own, and a database of their own to load them into.

use chrono::{DateTime, NaiveDate, Utc};
use ingest::drop::{Drop, Folder, find};
use ingest::feed::Feed;
use ingest::load::{Context, load};
use ingest::report::LoadReport;
use platform_core::event::Silence;
use platform_core::node::Source;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::Arc;
use warehouse::testing::TestDatabase;
use warehouse::{Settings, Types, Warehouse};

pub struct World {
    pub folder: tempfile::TempDir,
    pub warehouse: Warehouse,
    pub feeds: Vec<Arc<Feed>>,
    pub context: Context,
    database: TestDatabase,
}

/// A source as a project has it.
pub fn source(name: &str, columns: &[&str], drop: Value) -> Source {
    let columns: serde_json::Map<String, Value> =
        columns.iter().map(|name| ((*name).to_owned(), column(name))).collect();
    let source = json!({
        "database": null,
        "schema": "raw",
        "name": name,
        "resource_type": "source",
        "package_name": "shop",
        "path": "sql/models/sources.yml",
        "original_file_path": "sql/models/sources.yml",
        "unique_id": format!("source.shop.raw.{name}"),
        "fqn": ["shop", "raw", name],
        "source_name": "raw",
        "identifier": name,
        "columns": columns,
        "config": {"enabled": true, "meta": {"drop": drop}},
    });
    serde_json::from_value(source).expect("a source")
}

fn column(name: &str) -> Value {
    json!({
        "name": name, "description": "", "meta": {}, "data_type": "text", "constraints": [], "quote": null,
        "config": {}, "tags": [], "granularity": null, "doc_blocks": [],
    })
}

/// The feed of a source that must have one.
pub fn feed(name: &str, columns: &[&str], drop: Value) -> Arc<Feed> {
    let mut problems = Vec::new();
    let feed = ingest::feed::feed(&source(name, columns, drop), &mut problems);
    assert!(problems.is_empty(), "{problems:?}");
    Arc::new(feed.expect("a feed"))
}

pub fn date(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

impl World {
    pub async fn new(feeds: Vec<Arc<Feed>>) -> Self {
        let (warehouse, database) = warehouse::testing::warehouse().await.expect("a database");
        let now: DateTime<Utc> = "2026-11-25T06:07:08.123456Z".parse().expect("a time");
        Self {
            folder: tempfile::tempdir().expect("a folder"),
            warehouse,
            feeds,
            context: Context::new(now, Arc::new(Silence)),
            database,
        }
    }

    /// One table `raw.t` with columns a and b, filled by `t.csv`.
    pub async fn simple(drop: Value) -> Self {
        let mut keys = json!({"pattern": "**/t*.csv"});
        for (key, value) in drop.as_object().expect("an object") {
            keys[key] = value.clone();
        }
        Self::new(vec![feed("t", &["a", "b"], keys)]).await
    }

    /// How another program reaches the database.
    pub fn settings(&self) -> &Settings {
        self.database.tcp_settings()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("makes the folder");
        std::fs::write(path, bytes).expect("writes");
    }

    pub fn folder(&self) -> Folder {
        Folder::of_project(self.folder.path())
    }

    pub fn drops(&self) -> Vec<Drop> {
        find(&self.feeds, &self.folder(), date("2026-11-25")).expect("reads the folder").0
    }

    pub async fn load_all(&self) -> Vec<LoadReport> {
        let mut reports = Vec::new();
        for drop in self.drops() {
            reports.push(load(&drop, &self.warehouse, &self.context).await.expect("loads"));
        }
        reports
    }

    /// The rows of a query as lines, fields by `|`, null as `∅`.
    pub async fn rows(&self, sql: &str) -> String {
        let session = self.warehouse.get().await.expect("a session");
        let outcome = session.run_with(sql, Types::NotWanted).await.expect("runs");
        let rows = outcome.rows.expect("rows").rows;
        let line = |row: Vec<Option<String>>| {
            row.into_iter().map(|value| value.unwrap_or_else(|| "∅".to_owned())).collect::<Vec<_>>().join("|")
        };
        rows.into_iter().map(line).collect::<Vec<_>>().join("\n")
    }

    pub async fn run(&self, sql: &str) {
        let session = self.warehouse.get().await.expect("a session");
        session.batch_execute(sql).await.expect("runs");
    }

    /// What a load leaves behind that nobody should see.
    pub async fn leftovers(&self) -> String {
        self.rows("select relname from pg_class where relname like '\\_\\_dp%' order by 1").await
    }
}

/// A report as text.
pub fn told(report: &LoadReport) -> String {
    let mut text = format!("{:?}\n", report.outcome);
    for table in &report.tables {
        let need = table.need.as_str();
        text += &format!(
            "{} ({}, {need}): {}\n",
            table.table,
            table.mode.as_str(),
            ingest::report::accounting(&table.tally())
        );
        for file in &table.files {
            for note in &file.notes {
                text += &format!("note {note}\n");
            }
        }
        if !table.kept.is_empty() {
            text += &format!("kept: {}\n", table.kept.join("; "));
        }
    }
    for problem in &report.problems {
        text += &format!("{problem}\n");
        if let Some(place) = problem.place.as_ref().filter(|place| !place.snippet.is_empty()) {
            text += &format!("  | {}\n", place.snippet);
        }
    }
    text
}
