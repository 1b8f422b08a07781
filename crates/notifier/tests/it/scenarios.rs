//! Scenarios over days, each a test under its number.

use crate::story::Story;

/// 100 on day one, 180 on day two: one mail. Running day two again: none. Day three at 180: none.
#[tokio::test]
async fn acceptance() {
    let story = Story::new().await;
    story.record("acme", "20", "100").await;
    assert!(story.evaluate("20").await.rules[0].messages.is_empty());
    story.record("acme", "21", "180").await;
    story.record("beta", "21", "50").await;
    story.evaluate("21").await;
    let told = story.told().await;
    assert_eq!(told, ["digest ready: 1 customer balance moved 50% or more, 21 Nov 2026"]);
    let mail = &story.outbox().await[0].payload;
    assert!(mail.contains("100.00 -> 180.00 USD") && mail.contains("up +80%"), "{mail}");
    assert_eq!(story.deliver("21").await.sent, 1);
    story.run("21").await;
    story.record("acme", "22", "180").await;
    story.run("22").await;
    assert_eq!(story.told().await, ["digest sent: 1 customer balance moved 50% or more, 21 Nov 2026"]);
    assert_eq!(story.files().len(), 1);
}
