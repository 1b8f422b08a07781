//! Delivery against a real SMTP server: every class of reply, and a server that hangs, drops and lies late.

use crate::story::{Story, morning};
use chrono::TimeDelta;
use smtp_sink::{Certificates, Mode, Options, Sink};

const POLICY: &str = r"
version: 1
installation: test
from: Alerts <alerts@example.com>
routes:
  - {match: {}, to: [ops]}
channels:
  ops:
    type: smtp
    url_env: SMTP
    tls: none
    to: [ops@example.com]
    connect_timeout: 1s
    message_timeout: 1s
    reply_timeout: 1s
    fallback: files
  files: {type: file, dir: outbox, to: [ops@example.com]}
";

/// A company with one alert that waits for a server in that mode.
pub async fn waiting(mode: Mode) -> (Story, Sink) {
    let sink = Sink::start(Options { mode, ..Options::default() }).await.expect("a server");
    let mut story = Story::new().await;
    story.set_policy(POLICY);
    story.environment.insert("SMTP".to_owned(), sink.url());
    story.record("acme", "21", "100").await;
    story.evaluate("21").await;
    story.record("acme", "22", "160").await;
    story.evaluate("22").await;
    (story, sink)
}

/// Delivers in that mode, and tells the states of the message and of its copy for the fallback channel.
async fn after(mode: Mode) -> (Story, Sink, Vec<String>) {
    let (story, sink) = waiting(mode).await;
    story.deliver("22").await;
    let states = story.states().await;
    (story, sink, states)
}

async fn attempts(story: &Story) -> Vec<String> {
    let session = story.session().await;
    let rows = session
        .query("select outcome || ' ' || phase || coalesce(' ' || code, '') from alerting.delivery_attempt order by id", &[])
        .await
        .expect("attempts");
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn accepted_mail_is_sent_once_and_the_fallback_rests() {
    let (story, sink, states) = after(Mode::Well).await;
    assert_eq!(states, ["ops sent 1", "files cancelled 0: not needed: the channel itself delivered"]);
    assert_eq!(attempts(&story).await, ["accepted done 250"]);
    let mails = sink.accepted();
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].to, ["ops@example.com"]);
    assert_eq!(mails[0].from, "alerts@example.com");
    assert_eq!(mails[0].header("Auto-Submitted").as_deref(), Some("auto-generated"));
    assert!(story.deliver("22").await.is_clean());
    assert_eq!(sink.accepted().len(), 1);
}

#[tokio::test]
async fn what_is_stored_is_what_arrives() {
    let (story, sink) = waiting(Mode::Well).await;
    let stored = story.outbox().await.remove(0).payload;
    story.deliver("22").await;
    let arrived = String::from_utf8(sink.accepted().remove(0).data).expect("text");
    assert_eq!(arrived.trim_end(), stored.trim_end());
}

#[tokio::test]
async fn a_busy_server_defers() {
    let (story, _sink, states) = after(Mode::Greeting("421 busy")).await;
    assert_eq!(states[0], "ops ready 1: transient error (421): busy");
    assert!(states[1].starts_with("files held 0"), "{states:?}");
    assert_eq!(attempts(&story).await, ["deferred claimed 421"]);
}

#[tokio::test]
async fn a_server_that_is_not_there_defers_and_is_tried_once_a_minute_after_five_failures() {
    let (story, sink) = waiting(Mode::Well).await;
    drop(sink);
    let mut now = morning("22");
    for _ in 0..7 {
        story.deliver_at(now).await;
        now += TimeDelta::hours(1);
    }
    assert_eq!(
        story
            .count("select count(*) from alerting.channel_state where circuit = 'open' and failures >= 5")
            .await,
        1
    );
    // The fallback was told after an hour.
    assert_eq!(
        story.count("select count(*) from alerting.outbox where channel = 'files' and state = 'sent'").await,
        1
    );
    assert_eq!(story.files().len(), 1);
    let copy = story.files().into_values().next().expect("a mail");
    assert!(copy.contains("X-Fallback-For: ops"));
}

#[tokio::test]
async fn a_server_that_comes_back_gets_everything() {
    let (story, sink) = waiting(Mode::Greeting("421 busy")).await;
    let mut now = morning("22");
    for _ in 0..6 {
        story.deliver_at(now).await;
        now += TimeDelta::minutes(10);
    }
    sink.set_mode(Mode::Well);
    now += TimeDelta::minutes(40);
    story.deliver_at(now).await;
    assert_eq!(story.count("select count(*) from alerting.channel_state where circuit = 'open'").await, 0);
    assert_eq!(sink.accepted().len(), 1);
}

#[tokio::test]
async fn greylisting_is_tried_again_after_a_minute() {
    let (story, sink, states) = after(Mode::Greylist).await;
    assert!(states[0].starts_with("ops ready 1: transient error (450)"), "{states:?}");
    assert_eq!(story.count("select count(*) from alerting.channel_state").await, 0);
    story.deliver_at(morning("22") + TimeDelta::seconds(59)).await;
    assert_eq!(sink.accepted().len(), 0);
    story.deliver_at(morning("22") + TimeDelta::seconds(61)).await;
    assert_eq!(sink.accepted().len(), 1);
}

#[tokio::test]
async fn throttling_halves_the_rate() {
    let (story, _sink, states) =
        after(Mode::Message("454 Throttling failure: Maximum sending rate exceeded")).await;
    assert!(states[0].starts_with("ops ready 1: transient error (454)"), "{states:?}");
    assert_eq!(story.count("select slower::bigint from alerting.channel_state").await, 1);
    assert_eq!(story.count("select count(*) from alerting.channel_state where circuit = 'open'").await, 0);
}

#[tokio::test]
async fn a_refused_login_keeps_the_mail_opens_the_circuit_and_tells_the_fallback() {
    let (story, _sink, _) = after(Mode::Sender("530 5.7.0 authentication required")).await;
    let report = story.deliver("22").await;
    assert!(!report.is_clean());
    let states = story.states().await;
    assert_eq!(states[0], "ops ready 1: permanent error (530): 5.7.0 authentication required");
    assert_eq!(states[1], "files sent 1");
    assert_eq!(story.count("select count(*) from alerting.channel_state where circuit = 'open'").await, 1);
    // Four days later it still waits, and is not dead.
    story.deliver_at(morning("26")).await;
    assert!(story.states().await[0].starts_with("ops ready 2"));
}

#[tokio::test]
async fn an_unknown_recipient_is_dead_at_once() {
    let (story, _sink, _) = after(Mode::Recipient("ops", "550 5.1.1 no such user")).await;
    let report = story.deliver("22").await;
    assert_eq!(report.dead_in_all, 1);
    let states = story.states().await;
    assert_eq!(states[0], "ops dead 1: permanent error (550): 5.1.1 no such user");
    assert_eq!(states[1], "files sent 1");
}

#[tokio::test]
async fn one_bad_recipient_of_two_costs_the_other_nothing() {
    let (mut story, sink) = waiting(Mode::Recipient("bad", "550 no such user")).await;
    story.set_policy(&POLICY.replace(
        "to: [ops@example.com]\n    connect",
        "to: [good@example.com, bad@example.com]\n    connect",
    ));
    story.record("beta", "22", "1").await;
    story.record("beta", "23", "2").await;
    story.run("23").await;
    let to: Vec<String> = sink.accepted().iter().flat_map(|mail| mail.to.clone()).collect();
    assert!(
        to.contains(&"good@example.com".to_owned()) && !to.contains(&"bad@example.com".to_owned()),
        "{to:?}"
    );
}

#[tokio::test]
async fn refused_contents_are_dead_and_a_plain_note_goes_instead() {
    let (story, sink, states) = after(Mode::Larger(2_000, "552 5.3.4 message too big")).await;
    assert_eq!(states[0], "ops dead 1: permanent error (552): 5.3.4 message too big");
    assert_eq!(states[2], "ops sent 1");
    let mails = sink.accepted();
    assert_eq!(mails.len(), 1);
    let text = String::from_utf8(mails[0].data.clone()).expect("text");
    assert!(text.contains("The full message was refused") && text.contains("dp alerts show"), "{text}");
    assert_eq!(
        mails[0].header("Subject"),
        Some("1 customer balance moved 50% or more, 22 Nov 2026".to_owned())
    );
    assert_ne!(mails[0].header("Message-ID"), None);
    assert_eq!(story.deliver("22").await.dead_in_all, 1);
}

#[tokio::test]
async fn refused_for_good_after_data_ends_after_one_plain_note() {
    let (story, _sink, states) = after(Mode::Message("554 5.7.1 spam")).await;
    assert_eq!(states.iter().filter(|state| state.contains("dead")).count(), 2, "{states:?}");
    assert_eq!(story.outbox().await.len(), 4 - 1);
}

#[tokio::test]
async fn a_lost_answer_is_unknown_and_the_same_bytes_go_again() {
    let (story, sink, states) = after(Mode::DropAfter).await;
    assert!(states[0].starts_with("ops ready 1"), "{states:?}");
    assert_eq!(attempts(&story).await, ["unknown data"]);
    sink.set_mode(Mode::Well);
    story.deliver_at(morning("22") + TimeDelta::minutes(1)).await;
    let mails = sink.accepted();
    assert_eq!(mails.len(), 2);
    assert_eq!(mails[0].data, mails[1].data, "a copy that no mailbox would show twice");
}

#[tokio::test]
async fn on_a_channel_that_holds_the_unknown_is_for_a_person() {
    let (mut story, _sink) = waiting(Mode::DropAfter).await;
    story.set_policy(&POLICY.replace("fallback: files", "fallback: files\n    on_unknown: hold"));
    story.deliver("22").await;
    assert!(story.states().await[0].starts_with("ops dead 1"));
}

/// The server hangs past the deadline and answers "refused" late. A driver that reuses the connection
/// reads that answer as the next mail's.
#[tokio::test]
async fn a_late_answer_is_never_taken_for_the_next_mails() {
    let (story, sink) = waiting(Mode::Late(2_600, "554 refused")).await;
    let started = std::time::Instant::now();
    story.deliver("22").await;
    assert!(started.elapsed() < std::time::Duration::from_millis(4_500), "{:?}", started.elapsed());
    assert_eq!(attempts(&story).await, ["unknown data"]);
    sink.set_mode(Mode::Well);
    story.record("beta", "22", "1").await;
    story.record("beta", "23", "2").await;
    story.run("23").await;
    assert_eq!(sink.accepted().len(), 2);
    let sent =
        story.count("select count(*) from alerting.outbox where channel = 'ops' and state = 'sent'").await;
    assert_eq!(sent, 2);
    assert_eq!(sink.sessions(), 2);
}

#[tokio::test]
async fn a_server_that_hangs_costs_its_deadline_and_no_more() {
    for (mode, most) in [
        (Mode::HangAtGreeting, 2_500),
        (Mode::HangAfterEhlo, 2_500),
        (Mode::HangAfterData, 4_500),
        (Mode::Drip(400), 2_500),
    ] {
        let (story, _sink) = waiting(mode.clone()).await;
        let started = std::time::Instant::now();
        let report = story.deliver("22").await;
        assert!(
            started.elapsed() < std::time::Duration::from_millis(most),
            "{mode:?}: {:?}",
            started.elapsed()
        );
        assert_eq!(report.sent, 0, "{mode:?}");
        assert!(story.states().await[0].starts_with("ops ready 1"), "{mode:?}");
    }
}

#[tokio::test]
async fn after_three_days_of_deferrals_a_message_is_dead_and_loud() {
    let (story, sink) = waiting(Mode::Well).await;
    drop(sink);
    story.deliver("22").await;
    let report = story.deliver_at(morning("25") + TimeDelta::hours(1)).await;
    assert_eq!(report.dead_in_all, 1);
    assert!(!report.is_clean());
    assert_eq!(story.files().len(), 1);
}

/// A folder that cannot be written (a full disk, a file in its place) keeps its mails waiting.
#[tokio::test]
async fn a_folder_that_cannot_be_written_is_tried_again() {
    let story = Story::new().await;
    let folder = story.folder.path().join("outbox");
    std::fs::write(&folder, "in the way").expect("a file");
    story.record("acme", "21", "100").await;
    story.evaluate("21").await;
    story.record("acme", "22", "160").await;
    let report = story.run("22").await;
    assert_eq!((report.sent, report.deferred), (0, 1));
    assert!(!report.is_clean());
    assert!(story.states().await[0].starts_with("ops ready 1: write "), "{:?}", story.states().await);
    std::fs::remove_file(&folder).expect("out of the way");
    assert_eq!(story.deliver_at(morning("22") + TimeDelta::minutes(1)).await.sent, 1);
    assert_eq!(story.files().len(), 1);
}

#[tokio::test]
async fn a_missing_secret_is_told_and_the_fallback_delivers() {
    let (mut story, _sink) = waiting(Mode::Well).await;
    story.environment.clear();
    let report = story.deliver("22").await;
    assert_eq!(report.problems, ["channel `ops`: the environment variable SMTP is not set"]);
    assert_eq!(
        story.states().await,
        ["ops ready 0: the environment variable SMTP is not set", "files sent 1"]
    );
}

/// STARTTLS with a certificate of the authority that the channel trusts, and a login.
#[tokio::test]
async fn starttls_is_required_checked_and_used() {
    let certificates = Certificates::make().expect("certificates");
    let login = Some(("me".to_owned(), "canary pass".to_owned()));
    let policy =
        POLICY.replace("tls: none", "tls: required\n    ca_file: ca.pem").replace("fallback: files", "");
    let try_with = async |starttls, wrapped, scheme: &str, password: &str| {
        let options = Options { starttls, wrapped, login: login.clone(), ..Options::default() };
        let sink = Sink::start(options).await.expect("a server");
        let (mut story, _unused) = waiting(Mode::Well).await;
        std::fs::write(story.folder.path().join("ca.pem"), &certificates.authority).expect("a file");
        story.set_policy(&policy);
        let url = format!("{scheme}://me:{password}@localhost:{}", sink.address.port());
        story.environment.insert("SMTP".to_owned(), url);
        let report = story.deliver("22").await;
        let problems = format!("{:?} {:?}", report.problems, story.states().await);
        assert!(!problems.contains("canary"), "{problems}");
        (sink.accepted().iter().filter(|mail| mail.encrypted).count(), sink.accepted().len(), problems)
    };
    let good = Some(certificates.good.clone());
    assert_eq!(try_with(good.clone(), None, "smtp", "canary%20pass").await.0, 1);
    assert_eq!(try_with(None, good.clone(), "smtps", "canary%20pass").await.0, 1);
    for (starttls, password, words) in [
        (None, "canary%20pass", "offers no STARTTLS"),
        (Some(certificates.other_name.clone()), "canary%20pass", "for another name than localhost"),
        (Some(certificates.expired.clone()), "canary%20pass", "has expired"),
        (good, "canary-wrong", "(535)"),
    ] {
        let (_, accepted, problems) = try_with(starttls, None, "smtp", password).await;
        assert_eq!(accepted, 0);
        assert!(problems.contains(words), "{words}: {problems}");
        assert!(problems.contains("ops ready 1"), "kept, not dead: {problems}");
    }
}

#[tokio::test]
async fn without_tls_only_to_this_machine() {
    let (mut story, _sink) = waiting(Mode::Well).await;
    story.environment.insert("SMTP".to_owned(), "smtp://mail.example.com:25".to_owned());
    let report = story.deliver("22").await;
    assert_eq!(report.problems, ["channel `ops`: `tls: none` is for servers on this machine only"]);
}

/// Four senders at once: each message once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_senders_send_each_message_once() {
    let sink = Sink::start(Options::default()).await.expect("a server");
    let mut story = Story::new().await;
    story.set_policy(
        &POLICY
            .replace("{match: {}, to: [ops]}", "{match: {}, to: [ops], mode: thread}")
            .replace("fallback: files", ""),
    );
    story.environment.insert("SMTP".to_owned(), sink.url());
    for number in 0..19 {
        story.record(&format!("org{number}"), "21", "1").await;
        story.record(&format!("org{number}"), "22", "2").await;
    }
    story.evaluate("21").await;
    story.evaluate("22").await;
    let (a, b, c, d) =
        tokio::join!(story.deliver("22"), story.deliver("22"), story.deliver("22"), story.deliver("22"));
    assert_eq!(a.sent + b.sent + c.sent + d.sent, 19);
    assert_eq!(sink.accepted().len(), 19);
    assert_eq!(story.count("select count(*) from alerting.delivery_attempt").await, 19);
    let locks = "select count(*) from pg_locks join pg_database on pg_database.oid = pg_locks.database
        where locktype = 'advisory' and datname = current_database()";
    assert_eq!(story.count(locks).await, 0);
}

/// A sender that dies holds its message only as long as its connection lives.
#[tokio::test]
async fn a_dead_senders_message_is_given_back_at_once() {
    let (story, sink) = waiting(Mode::Well).await;
    story
        .sql(
            "update alerting.outbox set state = 'sending', attempts = 1 where channel = 'ops';
             insert into alerting.delivery_attempt (outbox_id, worker) select id, 'gone' from alerting.outbox where channel = 'ops'",
        )
        .await;
    let report = story.deliver("22").await;
    assert_eq!((report.rescued, report.sent), (1, 1));
    assert_eq!(attempts(&story).await, ["unknown claimed", "accepted done 250"]);
    assert_eq!(sink.accepted().len(), 1);
}

#[tokio::test]
async fn a_living_senders_message_is_left_alone() {
    let (story, sink) = waiting(Mode::Well).await;
    let other = story.session().await;
    let key = (0x6470_6d00_i64 << 32) + story.outbox().await[0].id;
    other.execute("select pg_advisory_lock($1)", &[&key]).await.expect("a lock");
    story.sql("update alerting.outbox set state = 'sending', attempts = 1 where channel = 'ops'").await;
    let report = story.deliver("22").await;
    assert_eq!((report.rescued, report.sent), (0, 0));
    // Between its last statement and its unlock: due, but locked.
    story.sql("update alerting.outbox set state = 'ready' where channel = 'ops'").await;
    assert_eq!(story.deliver("22").await.sent, 0);
    assert_eq!(story.states().await[0], "ops ready 1", "a claim without the lock changes nothing");
    drop(other);
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert_eq!(story.deliver("22").await.sent, 1);
    assert_eq!(sink.accepted().len(), 1);
}
