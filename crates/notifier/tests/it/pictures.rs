//! Mails to look at: written to the folder that `NOTIFIER_PICTURES` names, for people and for screenshots
//! (`cargo xtask pictures`).

use crate::failing::test_of_statuses;
use crate::story::{Story, day, morning, rule};
use chrono::TimeDelta;
use notifier::{Failure, PipelineFailure};
use serde_json::json;

/// Writes one mail of every kind from a company's real days. Checks what no reader should have to: that
/// text fits its columns, and that a mail stays below what mail programs cut.
#[tokio::test]
async fn mails_of_a_companys_days() {
    let mut story = Story::new().await;
    let names = [
        ("762041063260980198", "Nordwind Logistik GmbH"),
        ("-48151623421080", "Café & Söhne"),
        ("900719925474099", "Blue Harbor Trading Pte. Ltd."),
        ("31415926535897", "Kita"),
        (
            "-271828182845904",
            "The Very Long Named International Manufacturing and Distribution Company of Northern Europe",
        ),
        ("1123581321345589", "Acme Corporation"),
    ];
    let records = [
        ("762041063260980198", "20", "1204500.00"),
        ("762041063260980198", "21", "2010400.50"),
        ("762041063260980198", "22", "3316700.75"),
        ("-48151623421080", "18", "840.00"),
        ("-48151623421080", "22", "0"),
        ("900719925474099", "21", "0"),
        ("900719925474099", "22", "18250.00"),
        ("31415926535897", "21", "-95.10"),
        ("31415926535897", "22", "310.25"),
        ("-271828182845904", "21", "99999999999.98"),
        ("-271828182845904", "22", "49999999999.99"),
        ("1123581321345589", "21", "500"),
        ("1123581321345589", "22", "null"),
    ];
    for (organization, on, balance) in records {
        story.record(organization, on, balance).await;
    }
    for number in 0..290 {
        for on in ["20", "21", "22"] {
            story.record(&format!("quiet{number}"), on, "100").await;
        }
    }
    for (organization, name) in names {
        let session = story.session().await;
        session
            .execute(
                "update analytics.daily set organization_name = $1 where organization_id = $2",
                &[&name, &organization],
            )
            .await
            .expect("a name");
    }
    for on in ["20", "21", "22"] {
        story.run(on).await;
    }
    let failure = PipelineFailure {
        as_of: day("23"),
        failures: vec![
            Failure {
                node: "test.shop.accepted_values_stg_invoices_status.0a1b2c3d4e".to_owned(),
                what: "test".to_owned(),
                message: "Got 3 results, configured to fail if != 0".to_owned(),
                file: Some("sql/models/staging/staging.yml".to_owned()),
                line: Some(41),
                owner: Some("Data Team <data@example.com>".to_owned()),
                test: Some(Box::new(test_of_statuses())),
            },
            Failure {
                node: "model.shop.dim_organizations".to_owned(),
                what: "model".to_owned(),
                message: "column \"organisation_id\" does not exist\nLINE 14: , organisation_id\n          ^\nHINT: Perhaps you meant to reference the column \"org.organization_id\".".to_owned(),
                file: Some("sql/models/marts/dim_organizations.sql".to_owned()),
                line: Some(14),
                owner: None,
                test: None,
            },
        ],
        skipped: 4,
        consequence: "Dashboards and documents still show the data of 22 Nov 2026.".to_owned(),
    };
    story.report_failure(&failure, morning("23")).await;
    story.rule = rule(json!({"freshness": {"deadline": "09:00"}}));
    story.evaluate_at("24", morning("24")).await;
    story.record("762041063260980198", "22", "2100000.00").await;
    story.record("1123581321345589", "22", "505").await;
    story.run("22").await;
    story.sql("insert into analytics.daily select 'org' || n, 'Customer No. ' || n, date '2026-11-22', 100 + n, 'USD', 'DE', 1 from generate_series(1, 1200) n;
               insert into analytics.daily select 'org' || n, 'Customer No. ' || n, date '2026-11-25', (100 + n) * case when n < 900 then 3 else 1 end, 'USD', 'DE', 1 from generate_series(1, 1200) n").await;
    story.evaluate_at("22", morning("22") + TimeDelta::hours(5)).await;
    story.run("25").await;
    keep(&story, "").await;
    keep(&thread().await, "thread-").await;
}

/// A customer with a thread of its own: a fall, a further fall, and a correction.
async fn thread() -> Story {
    let mut story = Story::new().await;
    story.set_policy("version: 1\ninstallation: test\nroutes: [{match: {}, to: [ops], mode: thread}]\nchannels:\n  ops: {type: file, dir: outbox, to: [ops@example.com]}\n");
    for (on, balance) in [("19", "1204500.00"), ("22", "512600.25"), ("23", "180000.00")] {
        story.record("762041063260980198", on, balance).await;
        for number in 0..299 {
            story.record(&format!("quiet{number}"), on, "100").await;
        }
        story
            .sql("update analytics.daily set organization_name = 'Nordwind Logistik GmbH' where organization_id like '7%'")
            .await;
        story.run(on).await;
    }
    story.record("762041063260980198", "23", "498000.00").await;
    story.run("23").await;
    story
}

/// Checks every mail of a company, and writes it to the folder.
async fn keep(story: &Story, prefix: &str) {
    for message in story.outbox().await {
        let html = message.payload.find("text/html").expect("html");
        let end = message.payload[html..].find("\r\n--=alternative").unwrap_or(0);
        assert!(end < 100_000, "{}: {end} bytes of HTML", message.subject);
        if let Ok(folder) = std::env::var("NOTIFIER_PICTURES") {
            std::fs::create_dir_all(&folder).expect("a folder");
            let path = format!("{folder}/{prefix}{}-{}", message.id, message.kind);
            std::fs::write(format!("{path}.eml"), &message.payload).expect("a mail");
            let (exit, said) =
                story.command(&format!("render {} --format html --out {path}.html", message.id)).await;
            assert_eq!(exit, notifier::command::Exit::Done, "{said}");
        }
    }
}
