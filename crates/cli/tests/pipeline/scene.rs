//! A copy of the customer project with drops of its own, on a database of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use warehouse::testing::TestDatabase;

pub const INVOICES: &str = "invoice_id,parent_invoice_id,transaction_id,organization_id,type,status,currency,payment_currency,\
                        payment_method,amount,payment_amount,fx_rate,fx_rate_payment";
const ORGANIZATIONS: &str = "organization_id,first_payment_date,last_payment_date,legal_entity_country_code,\
                             count_total_contracts_active,created_date";

/// A copy of the customer project with drops of its own, and a database.
pub struct Scene {
    folder: tempfile::TempDir,
    pub database: TestDatabase,
}

impl Scene {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        for name in ["dbt_project.yml", "alerts.yml", "sql", "seeds"] {
            copy(&root.join(name), &folder.path().join(name));
        }
        Self { folder, database: warehouse::testing::database().await.expect("a database") }
    }

    /// A drop in which organization 7 owes `balance` and organization 8 always 10.
    pub fn drop_of(&self, date: &str, balance: &str) {
        let folder = self.folder.path().join("csv_data").join(date);
        fs::create_dir_all(&folder).expect("made");
        let invoice = |id: u32, organization: u32, amount: &str| {
            format!("{id},,{id},{organization},0,open,USD,USD,1,{amount},,1,1\n")
        };
        let invoices = format!("{INVOICES}\n{}{}", invoice(1, 7, balance), invoice(2, 8, "10"));
        fs::write(folder.join("invoices.csv"), invoices).expect("written");
        let organizations = format!("{ORGANIZATIONS}\n7,,,1,1,2020-01-01\n8,,,1,1,2020-01-01\n");
        fs::write(folder.join("organizations.csv"), organizations).expect("written");
    }

    pub fn file(&self, date: &str, name: &str) -> PathBuf {
        self.folder.path().join("csv_data").join(date).join(name)
    }

    pub fn pipeline(&self) -> Output {
        self.command().output().expect("dp starts")
    }

    /// The pipeline, to be started.
    pub fn command(&self) -> Command {
        let settings = self.database.tcp_settings();
        let mut command = Command::new(env!("CARGO_BIN_EXE_dp"));
        command
            .arg("pipeline")
            .arg("--project-dir")
            .arg(self.folder.path())
            .current_dir(self.folder.path())
            .env_remove("DBT_TARGET_PATH")
            .env("DATABASE_URL", settings.to_url().reveal());
        command
    }

    /// The mails so far: their subjects, by the time of their files.
    pub fn subjects(&self) -> Vec<String> {
        let files = fs::read_dir(self.folder.path().join("outbox")).into_iter().flatten().flatten();
        let mut mails: Vec<(std::time::SystemTime, String)> = files
            .filter(|file| file.path().extension().is_some_and(|end| end == "eml"))
            .map(|file| {
                let text = fs::read_to_string(file.path()).expect("a mail");
                let subject = text
                    .lines()
                    .find_map(|line| line.strip_prefix("Subject: "))
                    .unwrap_or_default()
                    .to_owned();
                (file.metadata().and_then(|data| data.modified()).expect("a time"), subject)
            })
            .collect();
        mails.sort();
        mails.into_iter().map(|(_, subject)| subject).collect()
    }

    /// What the load ledger counts of each drop, files that were skipped or interrupted left out.
    pub async fn loads(&self) -> Vec<String> {
        let sql = "select distinct business_date || ' ' || relation || ' ' || rows_loaded from platform.loads \
                   where state = 'loaded' order by 1";
        self.texts(sql).await
    }

    pub async fn balance(&self) -> Vec<String> {
        let sql = "select recorded_date::text || ' ' || balance::numeric(20, 0) \
                   from analytics.fact_organization_daily_metrics where organization_id = '7' order by 1";
        self.texts(sql).await
    }

    /// The texts that a query gives.
    pub async fn texts(&self, sql: &str) -> Vec<String> {
        let warehouse = self.database.connect().await.expect("connects");
        let session = warehouse.get().await.expect("a session");
        let rows = session.query(sql, &[]).await.expect("rows");
        rows.iter().map(|row| warehouse::get(row, 0).expect("a text")).collect()
    }
}

fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        fs::create_dir_all(to).expect("made");
        for entry in fs::read_dir(from).expect("a folder").flatten() {
            copy(&entry.path(), &to.join(entry.file_name()));
        }
    } else {
        fs::copy(from, to).unwrap_or_else(|error| panic!("copy {}: {error}", from.display()));
    }
}

#[track_caller]
pub fn ended(output: &Output, code: i32) {
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{text}");
}
