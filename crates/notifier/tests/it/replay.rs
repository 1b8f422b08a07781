//! Sending again, and sooner.

use crate::delivery::waiting;
use crate::story::{Story, morning};
use chrono::TimeDelta;
use notifier::operate::{Replay, replay};
use smtp_sink::Mode;

async fn again(story: &Story, id: i64, as_new: bool) -> Result<Vec<i64>, String> {
    let soon = morning("22") + TimeDelta::seconds(5);
    let result = replay(Replay::One(id), as_new, &story.policy, &story.warehouse, Some(soon)).await;
    result.map_err(|problem| problem.to_string())
}

/// Four seconds after the replay: long before a retry of its own, or the next probe of a channel that failed.
async fn sent_soon(story: &Story) -> usize {
    story.deliver_at(morning("22") + TimeDelta::seconds(9)).await.sent
}

#[tokio::test]
async fn a_message_that_waits_after_a_failure_is_due_now() {
    let (story, sink) = waiting(Mode::Recipient("ops", "450 come back later")).await;
    story.deliver("22").await;
    sink.set_mode(Mode::Well);
    assert_eq!(sent_soon(&story).await, 0, "it waits for a minute");
    assert_eq!(again(&story, 1, false).await, Ok(vec![1]));
    assert_eq!(sent_soon(&story).await, 1);
    assert_eq!(sink.accepted().len(), 1);
}

#[tokio::test]
async fn a_channel_that_failed_is_tried_with_it() {
    let (story, sink) = waiting(Mode::Sender("530 5.7.0 authentication required")).await;
    story.deliver("22").await;
    sink.set_mode(Mode::Well);
    assert_eq!(story.count("select count(*) from alerting.channel_state where circuit = 'open'").await, 1);
    assert_eq!(again(&story, 1, false).await, Ok(vec![1]));
    assert_eq!(sent_soon(&story).await, 1);
    assert_eq!(story.count("select count(*) from alerting.channel_state where circuit = 'open'").await, 0);
}

#[tokio::test]
async fn what_cannot_be_sent_again_is_told_with_the_reason() {
    let (story, _sink) = waiting(Mode::Well).await;
    let refused = async |id, as_new| again(&story, id, as_new).await.expect_err("refused");
    assert!(refused(1, true).await.contains("without --as-new it is sent now"));
    assert!(refused(99, false).await.contains("a message with the number 99"));
    story.sql("update alerting.outbox set state = 'sending'").await;
    assert!(refused(1, false).await.contains("it is being sent at this moment"));
    story.sql("update alerting.outbox set state = 'sent', sent_at = now(), payload = null").await;
    assert!(refused(1, false).await.contains("they were forgotten after their time"));
}
