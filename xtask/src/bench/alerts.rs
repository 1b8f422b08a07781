//! Alerts: evaluating many customers, drawing a long digest, and sending mail by mail to a server next door.

use super::database::Server;
use super::measure::{self, Figure};
use super::table;
use crate::workspace;
use anyhow::{Context, bail};
use clap::Args;
use serde_json::{Value, json};
use smtp_sink::{Options as SinkOptions, Sink};
use std::path::PathBuf;
use std::process::{Command, Output};
use tokio::runtime::Runtime;

const DATABASE: &str = "bench_alerts";
/// The day that is measured; the days before it are history.
const TODAY: &str = "2026-11-22";
const YESTERDAY: &str = "2026-11-21";

/// How many.
#[derive(Debug, Args)]
pub struct Options {
    /// Customers of the large company
    #[arg(long, default_value_t = 100_000)]
    organizations: u64,
    /// Days of history, today included
    #[arg(long, default_value_t = 60)]
    days: u64,
    /// How many of a thousand move, one evaluation each
    #[arg(long, default_values_t = [1, 10, 800, 1_000], value_delimiter = ',')]
    moving: Vec<u64>,
    /// Changes of the digest that is drawn; 0 leaves it out
    #[arg(long, default_value_t = 5_000)]
    digest: u64,
    /// Mails that are sent; 0 leaves it out
    #[arg(long, default_value_t = 2_000)]
    mails: u32,
    /// A built notifier to measure in place of one built here
    #[arg(long, value_name = "PATH")]
    notifier: Option<PathBuf>,
}

/// Measures and prints.
pub fn run(options: &Options) -> anyhow::Result<()> {
    let folder = workspace::root().join("target/bench/alerts");
    let notifier = match &options.notifier {
        Some(path) => path.clone(),
        None => measure::release("notifier", "notifier")?,
    };
    let bench = Bench { server: Server::open()?, notifier, folder };
    bench.server.make(DATABASE, "template0")?;
    bench.project(&json!({}), "digest")?;
    table::heading(&format!("customers x {} days, of which move", options.days))?;
    if options.moving.len() > 1 {
        bench.evaluation(21_806, options.days, 21)?;
    }
    for of_a_thousand in &options.moving {
        let moving = options.organizations * of_a_thousand.min(&1_000) / 1_000;
        bench.evaluation(options.organizations, options.days, moving)?;
    }
    if options.digest > 0 {
        bench.digest(options.digest)?;
    }
    if options.mails > 0 {
        bench.delivery(options.mails)?;
    }
    bench.server.drop(DATABASE)?;
    std::fs::remove_dir_all(&bench.folder).context("failed to remove target/bench/alerts")
}

struct Bench {
    server: Server,
    notifier: PathBuf,
    folder: PathBuf,
}

impl Bench {
    /// The project: a manifest with one rule, and one route in that mode.
    fn project(&self, rule: &Value, mode: &str) -> anyhow::Result<()> {
        let target = self.folder.join("target");
        std::fs::create_dir_all(&target).context("failed to make the project's folder")?;
        std::fs::write(target.join("manifest.json"), manifest(rule).to_string())
            .context("failed to write the manifest")?;
        let alerts = format!(
            "version: 1\nroutes: [{{match: {{}}, to: [ops], mode: {mode}}}]\nchannels:\n  ops: {{type: smtp, url_env: BENCH_SMTP, tls: none, to: [ops@example.com]}}\n"
        );
        std::fs::write(self.folder.join("alerts.yml"), alerts).context("failed to write alerts.yml")
    }

    /// So many customers with a balance a day, of whom so many move by more than half today.
    fn company(&self, organizations: u64, days: u64, moving: u64) -> anyhow::Result<()> {
        self.server.make(DATABASE, "template0")?;
        self.server.run(
            DATABASE,
            &format!(
                "create schema analytics;
                 create table analytics.daily (organization_id text, organization_name text, recorded_date date, balance numeric(38, 2));
                 insert into analytics.daily
                 select 'org' || customer, 'Customer No. ' || customer, date '{TODAY}' - day
                    , (1000 + customer % 977 + (day * 7 + customer) % 31)
                      * case when day = 0 and customer <= {moving} then 2 else 1 end
                 from generate_series(0, {days} - 1) as day, generate_series(1, {organizations}) as customer
                 order by day desc;
                 alter table analytics.daily add primary key (organization_id, recorded_date);
                 analyze analytics.daily"
            ),
        )?;
        self.run(&["eval", "--as-of", YESTERDAY]).map(|_| ())
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.server.client(&self.notifier, DATABASE);
        command.args(arguments).arg("--project-dir").arg(&self.folder).env("DBT_TARGET_PATH", "target");
        command
    }

    fn run(&self, arguments: &[&str]) -> anyhow::Result<(Figure, Output)> {
        measure::program(&mut self.command(arguments))
    }

    /// One evaluation; the memory is the program's own and that of the server processes behind it, together.
    fn evaluation(&self, organizations: u64, days: u64, moving: u64) -> anyhow::Result<()> {
        self.company(organizations, days, moving)?;
        let (figure, output) =
            measure::program_beside(&mut self.command(&["eval", "--as-of", TODAY]), backends)?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let wanted = format!("{organizations} checked {moving} new alert");
        if !said.replace(',', "").contains(&wanted) || said.matches("ops: ").count() != 1 {
            bail!("the evaluation should say `{wanted}` and write one message, and says\n{said}");
        }
        table::figure(&format!("evaluate {organizations} customers, {moving} move"), &figure)
    }

    /// From the database to the bytes of one mail.
    fn digest(&self, changes: u64) -> anyhow::Result<()> {
        let one_mail = json!({"mass_change": {"min_count": 1_000_000, "ratio": "1", "hard_cap": 1_000_000}});
        self.project(&one_mail, "digest")?;
        self.company(changes, 2, changes)?;
        let (figure, output) = self.run(&["render", "--digest", TODAY, "--format", "eml"])?;
        let mail = String::from_utf8_lossy(&output.stdout).into_owned();
        if !mail.contains(&format!("Subject: {}", thousands(changes))) {
            bail!(
                "the digest should tell of {changes} changes:\n{}",
                mail.lines().take(8).collect::<Vec<_>>().join("\n")
            );
        }
        table::figure(&format!("evaluate and draw a digest of {changes} changes"), &figure)
    }

    /// One sender, one mail a customer.
    fn delivery(&self, mails: u32) -> anyhow::Result<()> {
        let each = json!({"mass_change": {"min_count": 1_000_000, "ratio": "1", "hard_cap": 1_000_000}});
        self.project(&each, "thread")?;
        self.company(mails.into(), 2, mails.into())?;
        self.run(&["eval", "--as-of", TODAY])?;
        let runtime = Runtime::new().context("failed to start the runtime")?;
        let sink =
            runtime.block_on(Sink::start(SinkOptions::default())).context("failed to start a mail server")?;
        let (figure, _) = measure::program(self.command(&["send"]).env("BENCH_SMTP", sink.url()))?;
        let accepted = sink.accepted().len();
        if u32::try_from(accepted) != Ok(mails) {
            bail!("{accepted} of {mails} mails arrived");
        }
        let rate = f64::from(mails) / figure.seconds;
        table::figure(&format!("send {mails} mails, {rate:.0} a second"), &figure)?;
        table::line(&format!("  over {} connections", sink.sessions()))
    }
}

fn manifest(more: &Value) -> Value {
    let mut rule = json!({
        "id": "balance_change", "key": "organization_id", "date": "recorded_date", "value": "balance",
        "label": "organization_name", "currency": "USD",
    });
    if let (Value::Object(rule), Value::Object(more)) = (&mut rule, more) {
        rule.extend(more.clone());
    }
    json!({
        "nodes": {"model.shop.daily": {
            "name": "daily", "resource_type": "model", "package_name": "shop", "path": "daily.sql",
            "original_file_path": "models/daily.sql", "unique_id": "model.shop.daily", "fqn": [],
            "alias": "daily", "schema": "analytics", "database": "any", "config": {}, "created_at": 0.0,
            "checksum": {"name": "none", "checksum": ""},
        }},
        "exposures": {"exposure.shop.balances": {
            "name": "balances", "resource_type": "exposure", "package_name": "shop", "path": "exposures.yml",
            "original_file_path": "models/exposures.yml", "unique_id": "exposure.shop.balances", "fqn": [],
            "type": "application", "owner": {"email": "operations@example.com"}, "config": {"meta": {"alert": rule}},
            "depends_on": {"macros": [], "nodes": ["model.shop.daily"]},
        }},
    })
}

/// `5,000`, as mails write numbers.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let (head, tail) = digits.split_at(digits.len().saturating_sub(3));
    if head.is_empty() { tail.to_owned() } else { format!("{head},{tail}") }
}

/// Folders of the processes that serve the benchmark's database.
fn backends() -> Vec<PathBuf> {
    let Ok(processes) = std::fs::read_dir("/proc") else { return Vec::new() };
    let serves = |path: &PathBuf| {
        std::fs::read(path.join("cmdline")).is_ok_and(|line| {
            let line = String::from_utf8_lossy(&line);
            line.starts_with("postgres:") && line.contains(DATABASE)
        })
    };
    processes.flatten().map(|entry| entry.path()).filter(serves).collect()
}

#[cfg(test)]
mod tests {
    use super::thousands;

    #[test]
    fn numbers_are_written_as_in_mails() {
        assert_eq!(
            (thousands(5_000).as_str(), thousands(21_806).as_str(), thousands(7).as_str()),
            ("5,000", "21,806", "7")
        );
    }
}
