//! A company of five customers whose balances all move, with a database and a mail server of its own.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use notifier::{Evaluation, Policy, Rule};
use platform_core::Manifest;
use platform_core::event::Silence;
use serde_json::json;
use smtp_sink::{Hook, Mode, Options, Sink};
use std::collections::{BTreeMap, BTreeSet};
use warehouse::testing::TestDatabase;
use warehouse::{Settings, Warehouse};

pub const CUSTOMERS: usize = 5;
/// Seconds for the answer to a mail, where nothing hangs.
pub const PATIENCE: u32 = 60;

pub struct Company {
    pub warehouse: Warehouse,
    pub sink: Sink,
    /// The connection as a worker's argument.
    pub url: String,
    _database: Option<TestDatabase>,
    _folder: tempfile::TempDir,
}

pub fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 22).expect("a day")
}

/// Nine o'clock of the day, and so many hours.
pub fn at(hours: i64) -> DateTime<Utc> {
    today().and_hms_opt(9, 0, 0).expect("a time").and_utc() + TimeDelta::hours(hours)
}

/// The rule, over the table of [`Company::new`].
pub fn rule() -> Rule {
    let manifest: Manifest = serde_json::from_value(json!({
        "nodes": {"model.shop.daily": {
            "name": "daily", "resource_type": "model", "package_name": "shop", "path": "daily.sql",
            "original_file_path": "models/daily.sql", "unique_id": "model.shop.daily", "fqn": [],
            "alias": "daily", "schema": "analytics", "database": "any", "config": {}, "created_at": 0.0,
            "checksum": {"name": "none", "checksum": ""},
        }},
        "exposures": {"exposure.shop.balances": {
            "name": "balances", "resource_type": "exposure", "package_name": "shop", "path": "exposures.yml",
            "original_file_path": "models/exposures.yml", "unique_id": "exposure.shop.balances", "fqn": [],
            "type": "application", "owner": {"email": "operations@example.com"},
            "config": {"meta": {"alert": {
                "id": "balance_change", "key": "organization_id", "date": "recorded_date", "value": "balance",
            }}},
            "depends_on": {"macros": [], "nodes": ["model.shop.daily"]},
        }},
    }))
    .expect("a manifest");
    let (mut rules, problems) = notifier::read_rules(&manifest, std::path::Path::new("."));
    assert!(problems.is_empty(), "{problems:?}");
    rules.remove(0)
}

/// A mail a customer, to one server that is given so many seconds to take a mail and so many to answer.
pub fn policy(patience: u32) -> Policy {
    let folder = tempfile::tempdir().expect("a folder");
    let text = format!(
        "version: 1\nfrom: alerts@example.com\nroutes: [{{match: {{}}, to: [ops], mode: thread}}]\nchannels:\n  \
         ops: {{type: smtp, url_env: CHAOS_SMTP, tls: none, to: [ops@example.com], message_timeout: {patience}s, reply_timeout: {patience}s}}\n"
    );
    std::fs::write(folder.path().join("alerts.yml"), text).expect("a file");
    let (policy, problems) = notifier::read_policy(folder.path());
    assert!(problems.is_empty(), "{problems:?}");
    policy
}

impl Company {
    /// On a database of the tests' server.
    pub async fn new(mode: Mode, hook: Option<Hook>, seed: u64) -> Self {
        let (warehouse, database) = warehouse::testing::warehouse().await.expect("a test database");
        // By the socket: checking a password costs more than all the rest of a worker.
        let url = url(&database.settings);
        Self::on(warehouse, url, Some(database), Options { mode, hook, seed, ..Options::default() }).await
    }

    /// Yesterday's balances, evaluated; today's, each doubled.
    pub async fn on(
        warehouse: Warehouse,
        url: String,
        database: Option<TestDatabase>,
        options: Options,
    ) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let options = Options { folder: Some(folder.path().to_owned()), ..options };
        let sink = Sink::start(options).await.expect("a server");
        let company = Self { warehouse, sink, url, _database: database, _folder: folder };
        company
            .sql(&format!(
                "create schema analytics;
                 create table analytics.daily (organization_id text, recorded_date date, balance numeric, primary key (organization_id, recorded_date));
                 insert into analytics.daily select 'org' || n, date '2026-11-21', 100 from generate_series(1, {CUSTOMERS}) n"
            ))
            .await;
        let yesterday = today().pred_opt().expect("a day");
        let evaluation = Evaluation { now: Some(at(-24)), ..Evaluation::of(yesterday) };
        notifier::evaluate(&[rule()], &policy(PATIENCE), evaluation, &company.warehouse, &Silence)
            .await
            .expect("evaluated");
        company
            .sql(&format!(
                "insert into analytics.daily select 'org' || n, date '2026-11-22', 200 from generate_series(1, {CUSTOMERS}) n"
            ))
            .await;
        company
    }

    pub async fn sql(&self, sql: &str) {
        let session = self.warehouse.get().await.expect("a session");
        session.batch_execute(sql).await.unwrap_or_else(|problem| panic!("{problem}"));
    }

    /// How many attempts ended so.
    pub async fn attempts(&self, outcome: &str) -> usize {
        let session = self.warehouse.get().await.expect("a session");
        let row = session
            .query_one("select count(*) from alerting.delivery_attempt where outcome = $1", &[&outcome])
            .await;
        usize::try_from(row.expect("a count").get::<_, i64>(0)).unwrap_or(0)
    }

    /// Lost customers, mails beyond one for each, and how many of those a mailbox would show.
    pub fn compare(&self) -> (usize, usize, usize) {
        let mut shown: BTreeMap<String, BTreeSet<(Option<String>, Option<String>)>> = BTreeMap::new();
        let mails = self.sink.accepted();
        for mail in &mails {
            let subject = mail.header("Subject").unwrap_or_default();
            shown.entry(subject).or_default().insert((mail.header("Message-ID"), mail.header("Date")));
        }
        let lost = CUSTOMERS.saturating_sub(shown.len());
        let duplicates = shown.values().map(|ids| ids.len() - 1).sum();
        (lost, mails.len().saturating_sub(shown.len()), duplicates)
    }
}

/// Settings as a worker's argument, password and all: this one goes to our own child.
pub fn url(settings: &Settings) -> String {
    settings.to_url().reveal().to_owned()
}
