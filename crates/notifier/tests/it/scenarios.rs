//! Scenarios over days, each a test under its number.

mod corrections;
mod days;
mod incidents;
mod letters;
mod many;
mod trouble;

use crate::story::Story;
use notifier::operate::{self, Silencing};
use platform_core::event::Silence;

/// A company whose customers had these balances on 21 November, which was evaluated.
async fn on_the_21st(balances: &[(&str, &str)]) -> Story {
    let story = Story::new().await;
    for (organization, balance) in balances {
        story.record(organization, "21", balance).await;
    }
    story.run("21").await;
    story
}

fn silencing(organization: &str) -> Silencing {
    Silencing {
        organization: Some(organization.to_owned()),
        lasts: "7d".parse().expect("a span"),
        by: "me".to_owned(),
        comment: "known".to_owned(),
        ..Silencing::default()
    }
}

impl Story {
    async fn silence(&self, organization: &str, now: chrono::DateTime<chrono::Utc>) -> i64 {
        let rules = std::slice::from_ref(&self.rule);
        operate::silence(&silencing(organization), rules, &self.policy, &self.warehouse, Some(now), &Silence)
            .await
            .unwrap_or_else(|problem| panic!("{problem}"))
    }

    async fn incidents(&self) -> Vec<String> {
        let session = self.session().await;
        let rows = session
            .query(
                "select kind || ' ' || coalesce(organization_id, '') || ' ' || state || coalesce(' ' || resolve_reason, '')
                 from alerting.incident order by id",
                &[],
            )
            .await
            .expect("incidents");
        rows.iter().map(|row| row.get(0)).collect()
    }

    /// The plain text of the newest mail, unfolded.
    async fn newest(&self) -> String {
        let payload = self.outbox().await.pop().expect("a mail").payload;
        let text = payload.split("Content-Type: text/plain").nth(1).expect("a text part");
        let text = text.split("\r\n--=").next().unwrap_or_default();
        text.replace("=\r\n", "").replace("=C3=9C", "Ü").split_whitespace().collect::<Vec<_>>().join(" ")
    }
}
