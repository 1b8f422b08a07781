//! A small company for tests: a fact table, a rule, and a database of its own.

use chrono::NaiveDate;
use notifier::Rule;
use platform_core::Manifest;
use serde_json::{Value, json};
use warehouse::testing::TestDatabase;
use warehouse::{Session, Warehouse};

/// A company with its database.
pub struct Story {
    pub warehouse: Warehouse,
    _database: TestDatabase,
}

/// A day: `22` is 22 November 2026.
pub fn day(text: &str) -> NaiveDate {
    text.parse().unwrap_or_else(|_| {
        NaiveDate::from_ymd_opt(2026, 11, text.parse().expect("a day of November")).expect("a day")
    })
}

/// A rule with the given settings over `analytics.daily`.
pub fn rule(alert: Value) -> Rule {
    let mut settings = json!({
        "id": "balance_change", "key": "organization_id", "date": "recorded_date", "value": "balance",
        "currency": "currency", "label": "organization_name",
    });
    if let (Value::Object(settings), Value::Object(alert)) = (&mut settings, alert) {
        settings.extend(alert);
    }
    let (mut rules, problems) = notifier::read_rules(&manifest(settings), std::path::Path::new("."));
    assert!(problems.is_empty(), "{problems:?}");
    rules.remove(0)
}

/// A manifest with one model and one exposure.
pub fn manifest(alert: Value) -> Manifest {
    let json = json!({
        "nodes": {"model.shop.daily": {
            "name": "daily", "resource_type": "model", "package_name": "shop", "path": "daily.sql",
            "original_file_path": "models/daily.sql", "unique_id": "model.shop.daily",
            "fqn": ["shop", "daily"], "alias": "daily", "schema": "analytics", "database": "any",
            "checksum": {"name": "none", "checksum": ""}, "config": {}, "created_at": 0.0,
        }},
        "exposures": {"exposure.shop.balances": {
            "name": "balances", "resource_type": "exposure", "package_name": "shop", "path": "exposures.yml",
            "original_file_path": "models/exposures.yml", "unique_id": "exposure.shop.balances",
            "fqn": ["shop", "balances"], "type": "application", "label": "Customer balances",
            "description": "Tells operations which balances moved.",
            "owner": {"name": "Operations", "email": "operations@example.com"},
            "config": {"meta": {"alert": alert}},
            "depends_on": {"macros": [], "nodes": ["model.shop.daily"]},
        }},
    });
    serde_json::from_value(json).expect("a manifest")
}

impl Story {
    /// An empty company.
    pub async fn new() -> Self {
        let (warehouse, database) = warehouse::testing::warehouse().await.expect("a test database");
        let story = Self { warehouse, _database: database };
        story
            .sql(
                "create schema analytics;
                 create table analytics.daily (organization_id text, organization_name text, recorded_date date,
                   balance numeric, currency text, country text, contracts int, primary key (organization_id, recorded_date))",
            )
            .await;
        story
    }

    /// A session of one's own.
    pub async fn session(&self) -> Session {
        self.warehouse.session().await.expect("a session")
    }

    /// Runs statements.
    pub async fn sql(&self, sql: &str) {
        let session = self.warehouse.get().await.expect("a session");
        session.batch_execute(sql).await.unwrap_or_else(|problem| panic!("{problem}\n{sql}"));
    }

    /// Records a balance; `null` and `NaN` are balances too. A second record of the day replaces the first.
    pub async fn record(&self, organization: &str, on: &str, balance: &str) {
        self.record_in(organization, on, balance, "USD").await;
    }

    /// The same in a currency.
    pub async fn record_in(&self, organization: &str, on: &str, balance: &str, currency: &str) {
        let session = self.warehouse.get().await.expect("a session");
        let name = format!("{organization} Ltd");
        let balance = (balance != "null").then_some(balance);
        session
            .execute(
                "insert into analytics.daily values ($1, $2, $3, $4::text::numeric, $5, 'DE', 1)
                 on conflict (organization_id, recorded_date) do update set balance = excluded.balance, currency = excluded.currency",
                &[&organization, &name, &day(on), &balance, &currency],
            )
            .await
            .expect("a record");
    }
}
