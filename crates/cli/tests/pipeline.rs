//! The story the platform is for, with the real project on a real server: drops in, one mail when a balance moves.

#![expect(clippy::expect_used, clippy::panic, reason = "a test that can't go on says why and fails")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use warehouse::testing::TestDatabase;

const INVOICES: &str = "invoice_id,parent_invoice_id,transaction_id,organization_id,type,status,currency,payment_currency,\
                        payment_method,amount,payment_amount,fx_rate,fx_rate_payment";
const ORGANIZATIONS: &str = "organization_id,first_payment_date,last_payment_date,legal_entity_country_code,\
                             count_total_contracts_active,created_date";

/// A copy of the customer project with drops of its own, and a database.
struct Scene {
    folder: tempfile::TempDir,
    database: TestDatabase,
}

impl Scene {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        for name in ["dbt_project.yml", "alerts.yml", "sql", "seeds"] {
            copy(&root.join(name), &folder.path().join(name));
        }
        Self { folder, database: warehouse::testing::database().await.expect("a database") }
    }

    /// A drop in which organization 7 owes `balance` and organization 8 always 10.
    fn drop_of(&self, date: &str, balance: &str) {
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

    fn file(&self, date: &str, name: &str) -> PathBuf {
        self.folder.path().join("csv_data").join(date).join(name)
    }

    fn pipeline(&self) -> Output {
        let settings = self.database.tcp_settings();
        Command::new(env!("CARGO_BIN_EXE_dp"))
            .arg("pipeline")
            .arg("--project-dir")
            .arg(self.folder.path())
            .current_dir(self.folder.path())
            .env_remove("DBT_TARGET_PATH")
            .env("DATABASE_URL", settings.to_url().reveal())
            .output()
            .expect("dp starts")
    }

    /// The mails so far: their subjects, by the time of their files.
    fn subjects(&self) -> Vec<String> {
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

    async fn balance(&self) -> Vec<String> {
        let warehouse = self.database.connect().await.expect("connects");
        let session = warehouse.get().await.expect("a session");
        let rows = session
            .query(
                "select recorded_date::text || ' ' || balance::numeric(20, 0) from analytics.fact_organization_daily_metrics \
                 where organization_id = '7' order by 1",
                &[],
            )
            .await
            .expect("rows");
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
fn ended(output: &Output, code: i32) {
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{text}");
}

#[tokio::test]
async fn a_balance_that_moves_by_half_is_told_once_and_a_broken_drop_moves_nothing() {
    let scene = Scene::new().await;
    scene.drop_of("2026-11-20", "100");
    ended(&scene.pipeline(), 0);
    assert_eq!(scene.subjects(), Vec::<String>::new(), "the first day has nothing to compare with");

    scene.drop_of("2026-11-21", "180");
    ended(&scene.pipeline(), 0);
    let subjects = scene.subjects();
    assert_eq!(subjects.len(), 1, "{subjects:?}");
    assert!(subjects[0].starts_with("1 customer balance moved"), "{subjects:?}");

    let again = scene.pipeline();
    ended(&again, 0);
    assert!(
        String::from_utf8_lossy(&again.stdout).contains("Nothing to do")
            || String::from_utf8_lossy(&again.stderr).contains("Nothing to do")
    );
    assert_eq!(scene.subjects().len(), 1, "the same day again is no news");

    scene.drop_of("2026-11-22", "180");
    ended(&scene.pipeline(), 0);
    assert_eq!(scene.subjects().len(), 1, "the same balance is no news");
    assert_eq!(scene.balance().await, ["2026-11-20 100", "2026-11-21 180", "2026-11-22 180"]);

    scene.drop_of("2026-11-23", "999");
    fs::write(scene.file("2026-11-23", "invoices.csv"), format!("{INVOICES}\n1,2,3\n\"never closed\n"))
        .expect("written");
    ended(&scene.pipeline(), 1);
    let subjects = scene.subjects();
    assert_eq!(subjects.len(), 2, "one mail about the broken drop: {subjects:?}");
    assert!(subjects[1].contains("failed"), "{subjects:?}");
    assert_eq!(scene.balance().await.len(), 3, "nothing of it became data");
    ended(&scene.pipeline(), 1);
    assert_eq!(scene.subjects().len(), 2, "the same failure is told once");

    scene.drop_of("2026-11-23", "181");
    ended(&scene.pipeline(), 0);
    let subjects = scene.subjects();
    assert!(!subjects.iter().any(|subject| subject.starts_with("2 customer")), "{subjects:?}");
    assert_eq!(scene.balance().await.last().map(String::as_str), Some("2026-11-23 181"));
}

#[tokio::test]
async fn a_drop_without_one_of_its_files_is_refused_by_name() {
    let scene = Scene::new().await;
    scene.drop_of("2026-11-20", "100");
    fs::remove_file(scene.file("2026-11-20", "organizations.csv")).expect("removed");
    let output = scene.pipeline();
    ended(&output, 1);
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("organizations.csv"), "{text}");
}
