//! Many at once, and customers that the rules or the dimension tell apart.

use super::on_the_21st;
use crate::story::{Story, rule};
use serde_json::json;

#[tokio::test]
async fn s15_a_mass_change_is_one_mail() {
    let story = Story::new().await;
    story
        .sql(
            "insert into analytics.daily select 'org' || n, 'Org ' || n, date '2026-11-21', 100, 'USD', 'DE', 1 from generate_series(1, 1000) n;
             insert into analytics.daily select 'org' || n, 'Org ' || n, date '2026-11-22', case when n <= 800 then 300 + n else 100 end, 'USD', 'DE', 1 from generate_series(1, 1000) n",
        )
        .await;
    story.run("21").await;
    story.run("22").await;
    assert_eq!(
        story.told().await,
        ["mass_change sent: Mass change: 800 of 1,000 customer balances moved 50% or more, 22 Nov 2026"]
    );
    let mail = story.outbox().await.remove(0).payload;
    assert_eq!(
        mail.matches("alert,increase,2026-11-21,100,2026-11-22").count(),
        800,
        "the attached list has all"
    );
    let text = story.newest().await;
    assert!(!text.contains("None"), "they have one number together: {text}");
    assert!(text.contains("... and 780 more: see the attached list."), "{text}");
    assert!(text.contains("Together they went from 80,000.00 to 560,400.00 USD."), "{text}");
    assert_eq!(story.count("select count(*) from alerting.incident where kind = 'mass_change'").await, 1);
    assert_eq!(story.count("select count(*) from alerting.incident where parent_id is not null").await, 800);
    story.run("22").await;
    assert_eq!(story.told().await.len(), 1);
}

#[tokio::test]
async fn s16_three_of_five_are_three_alerts() {
    let story = on_the_21st(&[("a", "1"), ("b", "1"), ("c", "1"), ("d", "1"), ("e", "1")]).await;
    for (organization, balance) in [("a", "2"), ("b", "2"), ("c", "2"), ("d", "1"), ("e", "1")] {
        story.record(organization, "22", balance).await;
    }
    story.run("22").await;
    assert_eq!(story.told().await, ["digest sent: 3 customer balances moved 50% or more, 22 Nov 2026"]);
}

#[tokio::test]
async fn s21_a_new_threshold_begins_with_the_next_day() {
    let mut story = on_the_21st(&[("acme", "100"), ("beta", "100")]).await;
    story.record("acme", "22", "140").await;
    story.record("beta", "22", "100").await;
    story.run("22").await;
    story.rule = rule(json!({"threshold": "0.30"}));
    story.run("22").await;
    assert!(story.told().await.is_empty(), "editing a rule does not mail history");
    story.record("acme", "23", "140").await;
    story.record("beta", "23", "130").await;
    story.run("23").await;
    assert_eq!(story.told().await, ["digest sent: 1 customer balance moved 30% or more, 23 Nov 2026"]);
    // A correction of a day under the old threshold is judged by that one.
    story.record("acme", "22", "145").await;
    story.run("23").await;
    assert_eq!(story.told().await.len(), 1);
    // And back again.
    story.rule = rule(json!({}));
    story.run("23").await;
    assert_eq!(story.told().await.len(), 1);
    assert_eq!(story.count("select count(*) from alerting.rule").await, 3);
}

#[tokio::test]
async fn s22_of_two_segments_the_first_holds() {
    let mut story = Story::new().await;
    story.rule = rule(json!({"segments": [
        {"id": "large", "when": {"contracts_at_least": 1}, "threshold": "0.80"},
        {"id": "german", "when": {"country": "DE"}, "threshold": "0.20"},
    ]}));
    for (on, acme) in [("21", "100"), ("22", "130"), ("23", "300")] {
        story.record("acme", on, acme).await;
        story.run(on).await;
    }
    assert_eq!(
        story.told().await,
        ["digest sent: 1 customer balance moved by its threshold or more, 23 Nov 2026"]
    );
    assert!(story.newest().await.contains("segment large, 80%"));
}

#[tokio::test]
async fn s26_a_customer_gone_from_the_dimension_is_told_by_its_id() {
    let mut story = Story::new().await;
    story.sql("create table analytics.organizations (organization_id text primary key, legal_name text, tier text)").await;
    story.sql("insert into analytics.organizations values ('acme', 'Acme Corporation', 'gold')").await;
    let mut with_dimension = rule(json!({"label": "organization_id"}));
    with_dimension.source.dimension = Some(platform_core::Relation::in_schema("analytics", "organizations"));
    with_dimension.source.label = Some("legal_name".to_owned());
    story.rule = with_dimension;
    for (on, balance) in [("21", "100"), ("22", "160")] {
        story.record("acme", on, balance).await;
        story.record("gone", on, balance).await;
        story.run(on).await;
    }
    let text = story.newest().await;
    assert!(
        text.contains("Acme Corporation acme, alert 1") && text.contains(" gone alert 2 100.00 -> 160.00"),
        "{text}"
    );
}
