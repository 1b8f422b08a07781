//! The usual design, for comparison: read what is unsent, send all of it, mark all of it.

use lettre::message::Mailbox;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use platform_core::event::{Event, EventSink, Level};
use warehouse::Warehouse;

fn say(events: &dyn EventSink, step: &str) {
    events.send(Event::new(Level::Debug, "Step", step));
}

/// One run of it.
pub async fn send(warehouse: &Warehouse, events: &dyn EventSink) {
    let session = warehouse.session().await.expect("a session");
    let rows = session
        .query("select organization_id from analytics.alerts where not sent order by 1", &[])
        .await
        .expect("alerts");
    say(events, "claimed");
    let smtp = std::env::var("CHAOS_SMTP").expect("CHAOS_SMTP");
    let address = smtp.trim_start_matches("smtp://").to_owned();
    let hello = ClientId::Domain("localhost".to_owned());
    let mut connection =
        AsyncSmtpConnection::connect_tokio1(address, None, &hello, None, None).await.expect("a connection");
    say(events, "connected");
    let from: Mailbox = "alerts@example.com".parse().expect("an address");
    let to: Mailbox = "ops@example.com".parse().expect("an address");
    for row in &rows {
        let organization: String = row.get(0);
        let mail = lettre::Message::builder()
            .from(from.clone())
            .to(to.clone())
            .subject(format!("Balance alert: {organization}"))
            .message_id(None)
            .body("It moved.".to_owned())
            .expect("a mail");
        connection.command(Mail::new(Some(from.email.clone()), Vec::new())).await.expect("sender");
        connection.command(Rcpt::new(to.email.clone(), Vec::new())).await.expect("recipient");
        say(events, "envelope");
        connection.command(Data).await.expect("data");
        say(events, "data");
        connection.message(&mail.formatted()).await.expect("accepted");
        say(events, "replied");
    }
    say(events, "before mark");
    session.execute("update analytics.alerts set sent = true", &[]).await.expect("marked");
    say(events, "marked");
}
