//! A small company for tests: a fact table, a rule, and a database of its own.

use chrono::{DateTime, NaiveDate, Utc};
use notifier::{
    DeliveryReport, Evaluation, EvaluationReport, PipelineFailure, Planned, Policy, Rule, Sending,
};
use platform_core::Manifest;
use platform_core::event::Silence;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use warehouse::testing::TestDatabase;
use warehouse::{Session, Warehouse};

/// A company with its database, its rule and its policy.
pub struct Story {
    pub warehouse: Warehouse,
    pub rule: Rule,
    pub policy: Policy,
    pub folder: tempfile::TempDir,
    pub environment: BTreeMap<String, String>,
    pub console: Arc<Mutex<Vec<u8>>>,
    pub database: TestDatabase,
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

/// A policy from the text of `alerts.yml`; without one, mails as files for `ops@example.com`.
pub fn policy(folder: &std::path::Path, text: &str) -> Policy {
    let text = if text.is_empty() {
        "version: 1\ninstallation: test\nfrom: Alerts <alerts@example.com>\nchannels:\n  ops: {type: file, dir: outbox, to: [ops@example.com]}\n"
    } else {
        text
    };
    std::fs::write(folder.join("alerts.yml"), text).expect("a file");
    let (policy, problems) = notifier::read_policy(folder);
    assert!(problems.is_empty(), "{problems:?}");
    policy
}

/// A message as the outbox has it.
#[derive(Debug, PartialEq, Eq)]
pub struct Stored {
    pub id: i64,
    pub kind: String,
    pub state: String,
    pub subject: String,
    pub channel: String,
    pub recipient: String,
    pub payload: String,
}

/// Nine in the morning of a day.
pub fn morning(on: &str) -> DateTime<Utc> {
    day(on).and_hms_opt(9, 0, 0).expect("a time").and_utc()
}

impl Story {
    /// An empty company.
    pub async fn new() -> Self {
        let (warehouse, database) = warehouse::testing::warehouse().await.expect("a test database");
        let folder = tempfile::tempdir().expect("a folder");
        let policy = policy(folder.path(), "");
        let story = Self {
            warehouse,
            rule: rule(json!({})),
            policy,
            folder,
            environment: BTreeMap::new(),
            console: Arc::default(),
            database,
        };
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

    /// Evaluates a day at nine in the morning.
    pub async fn evaluate(&self, on: &str) -> EvaluationReport {
        self.evaluate_at(on, morning(on)).await
    }

    /// Evaluates a day at a time.
    pub async fn evaluate_at(&self, on: &str, now: DateTime<Utc>) -> EvaluationReport {
        let evaluation = Evaluation { now: Some(now), ..Evaluation::of(day(on)) };
        notifier::evaluate(
            std::slice::from_ref(&self.rule),
            &self.policy,
            evaluation,
            &self.warehouse,
            &Silence,
        )
        .await
        .unwrap_or_else(|problem| panic!("{problem}"))
    }

    /// Everything in the outbox, oldest first.
    pub async fn outbox(&self) -> Vec<Stored> {
        let session = self.session().await;
        let rows = session
            .query(
                "select id, kind, state, subject, channel, recipient, coalesce(convert_from(payload, 'UTF8'), '')
                 from alerting.outbox order by id",
                &[],
            )
            .await
            .expect("the outbox");
        rows.iter()
            .map(|row| Stored {
                id: row.get(0),
                kind: row.get(1),
                state: row.get(2),
                subject: row.get(3),
                channel: row.get(4),
                recipient: row.get(5),
                payload: row.get(6),
            })
            .collect()
    }

    /// Kind, state and subject of every message.
    pub async fn told(&self) -> Vec<String> {
        self.outbox().await.iter().map(|one| format!("{} {}: {}", one.kind, one.state, one.subject)).collect()
    }

    /// A number from the database.
    pub async fn count(&self, sql: &str) -> i64 {
        self.session().await.query_one(sql, &[]).await.unwrap_or_else(|problem| panic!("{problem}")).get(0)
    }

    /// Takes another `alerts.yml`.
    pub fn set_policy(&mut self, text: &str) {
        self.policy = policy(self.folder.path(), text);
    }

    /// Delivers what is due at nine in the morning of a day.
    pub async fn deliver(&self, on: &str) -> DeliveryReport {
        self.deliver_at(morning(on)).await
    }

    /// Delivers what is due at a time.
    pub async fn deliver_at(&self, now: DateTime<Utc>) -> DeliveryReport {
        let stop = AtomicBool::new(false);
        let environment = |name: &str| self.environment.get(name).cloned();
        let sending = Sending {
            limit: None,
            now: Some(now),
            worker: "test".to_owned(),
            stop: &stop,
            environment: &environment,
            console: notifier::Console::to(self.console.clone()),
        };
        notifier::deliver(&self.policy, &sending, &self.warehouse, &Silence)
            .await
            .unwrap_or_else(|problem| panic!("{problem}"))
    }

    /// Evaluates and delivers.
    pub async fn run(&self, on: &str) -> DeliveryReport {
        self.evaluate(on).await;
        assert_eq!(self.count(include_str!("loose_ends.sql")).await, 0, "something points at nothing");
        self.deliver(on).await
    }

    /// Reports a failed run; gives what was written to tell of it.
    pub async fn report_failure(&self, failure: &PipelineFailure, at: DateTime<Utc>) -> Vec<Planned> {
        notifier::pipeline::report_failure_at(failure, &self.policy, &self.warehouse, &Silence, Some(at))
            .await
            .unwrap_or_else(|problem| panic!("{problem}"))
    }

    /// The texts of the mails in the folder, by file name.
    pub fn files(&self) -> BTreeMap<String, String> {
        let Ok(entries) = std::fs::read_dir(self.folder.path().join("outbox")) else {
            return BTreeMap::new();
        };
        entries
            .flatten()
            .map(|entry| {
                let name = entry.file_name().to_string_lossy().into_owned();
                (name, std::fs::read_to_string(entry.path()).expect("a mail"))
            })
            .collect()
    }

    /// State, attempts and last error of every message.
    pub async fn states(&self) -> Vec<String> {
        let session = self.session().await;
        let rows = session
            .query(
                "select channel || ' ' || state || ' ' || attempts || coalesce(': ' || last_error, '') from alerting.outbox order by id",
                &[],
            )
            .await
            .expect("the outbox");
        rows.iter().map(|row| row.get(0)).collect()
    }
}
