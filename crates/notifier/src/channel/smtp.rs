//! Mail by SMTP, one connection driven by hand.
//!
//! Every phase has a deadline, and only the code 250 after the final dot counts as delivered. After
//! anything else the connection is dropped: the next message must never read this one's answer.

use super::address::Address;
use super::step;
use crate::plain::plain;
use crate::policy::{self, SmtpTls};
use async_trait::async_trait;
use lettre::address::Address as Mailbox;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::Response;
use platform_core::EventSink;
use platform_core::channel::{Channel, Deferral, Delivery, Message, Outcome, Phase, Rejection};
use std::error::Error as _;
use std::time::{Duration, Instant};
use tokio::time::timeout;

type SmtpError = lettre::transport::smtp::Error;

/// A connection that was idle for longer may have been closed by the server.
const IDLE: Duration = Duration::from_secs(10);
/// Messages on one connection: many servers close it after some hundred.
const MESSAGES: usize = 100;
/// Characters of a reply that are kept.
const REPLY: usize = 300;

/// A channel to one server.
pub(super) struct Smtp {
    address: Address,
    tls: Option<TlsParameters>,
    hello: ClientId,
    from: Mailbox,
    connect_timeout: Duration,
    message_timeout: Duration,
    reply_timeout: Duration,
    open: Option<Open>,
}

/// A connection on which everything went right so far.
struct Open {
    connection: AsyncSmtpConnection,
    last_used: Instant,
    messages: usize,
}

impl Smtp {
    pub fn new(settings: &policy::Smtp, url: &str, from: &str) -> Result<Self, String> {
        let address = Address::parse(url)?;
        let tls = match settings.tls {
            SmtpTls::Required => Some(tls_parameters(&address.host, settings)?),
            SmtpTls::None if address.wrapped => {
                return Err("`tls: none` contradicts the address, which begins with smtps".to_owned());
            }
            SmtpTls::None if !address.is_loopback() => {
                return Err("`tls: none` is for servers on this machine only".to_owned());
            }
            SmtpTls::None => None,
        };
        let from: lettre::message::Mailbox =
            from.parse().map_err(|problem| format!("the sender `{from}`: {problem}"))?;
        let duration = |span: crate::measure::Span| span.delta().to_std().unwrap_or(Duration::from_mins(1));
        Ok(Self {
            address,
            tls,
            hello: settings.hello.clone().map_or_else(ClientId::default, ClientId::Domain),
            from: from.email,
            connect_timeout: duration(settings.connect_timeout),
            message_timeout: duration(settings.message_timeout),
            reply_timeout: duration(settings.reply_timeout),
            open: None,
        })
    }

    /// The kept connection, or a new one.
    async fn connection(&mut self) -> Result<Open, Outcome> {
        if let Some(open) = self.open.take()
            && open.last_used.elapsed() < IDLE
            && open.messages < MESSAGES
        {
            return Ok(open);
        }
        let connecting = self.connect();
        match timeout(self.connect_timeout, connecting).await {
            Ok(result) => {
                result.map(|connection| Open { connection, last_used: Instant::now(), messages: 0 })
            }
            Err(_) => Err(Outcome::new(
                Delivery::Deferred(Deferral::Channel),
                Phase::Claimed,
                format!(
                    "connect to {}:{}: no answer in {:?}",
                    self.address.host, self.address.port, self.connect_timeout
                ),
            )),
        }
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, Outcome> {
        let place = (self.address.host.as_str(), self.address.port);
        let wrapper = self.tls.clone().filter(|_| self.address.wrapped);
        let mut connection = AsyncSmtpConnection::connect_tokio1(place, None, &self.hello, wrapper, None)
            .await
            .map_err(|problem| self.before_login(&problem))?;
        if let Some(tls) = &self.tls
            && !self.address.wrapped
        {
            if !connection.can_starttls() {
                let reply = format!(
                    "{}:{} offers no STARTTLS, and nothing is sent without encryption; use the port that does \
                     (587), or `smtps://` and port 465",
                    self.address.host, self.address.port
                );
                return Err(Outcome::new(Delivery::Misconfigured, Phase::Claimed, reply));
            }
            connection
                .starttls(tls.clone(), &self.hello)
                .await
                .map_err(|problem| self.before_login(&problem))?;
        }
        if let Some((user, password)) = &self.address.login {
            let credentials = Credentials::new(user.clone(), password.clone());
            connection
                .auth(&[Mechanism::Plain, Mechanism::Login], &credentials)
                .await
                .map_err(|problem| refused_login(&problem))?;
        }
        Ok(connection)
    }

    /// A failure before anything was sent: greeting, TLS.
    fn before_login(&self, problem: &SmtpError) -> Outcome {
        let reply = chain(problem);
        let code = code(problem);
        let advice = about_certificate(&reply, &self.address.host);
        let settings = matches!(code, Some(530 | 534 | 535)) || advice.is_some() || problem.is_client();
        let delivery = if settings { Delivery::Misconfigured } else { Delivery::Deferred(Deferral::Channel) };
        let reply = advice.map_or_else(|| reply.clone(), |advice| format!("{advice} ({reply})"));
        Outcome { code, ..Outcome::new(delivery, Phase::Claimed, reply) }
    }

    /// Sender, recipient, DATA, message. The connection is kept by the caller only if this says so.
    async fn send(&self, open: &mut Open, message: &Message, events: &dyn EventSink) -> Outcome {
        let Ok(recipient) = message.recipient.parse::<lettre::message::Mailbox>() else {
            let reply = format!("`{}` is no mail address", plain(&message.recipient, REPLY));
            return Outcome::new(Delivery::Rejected(Rejection::Recipient), Phase::Connected, reply);
        };
        let connection = &mut open.connection;
        let envelope = async {
            let mail = connection.command(Mail::new(Some(self.from.clone()), Vec::new())).await;
            mail.map_err(|problem| refused(&problem, Command::Mail))?;
            let rcpt = connection.command(Rcpt::new(recipient.email, Vec::new())).await;
            rcpt.map_err(|problem| refused(&problem, Command::Rcpt))?;
            step(events, "envelope");
            let data = connection.command(Data).await.map_err(|problem| refused(&problem, Command::Data))?;
            if !data.has_code(354) {
                return Err(odd(&data, Delivery::Deferred(Deferral::Message), Phase::Envelope));
            }
            Ok(())
        };
        match timeout(self.message_timeout, envelope).await {
            Ok(Ok(())) => {}
            Ok(Err(outcome)) => return outcome,
            Err(_) => {
                let reply = format!("no answer in {:?}, before the message was sent", self.message_timeout);
                return Outcome::new(Delivery::Deferred(Deferral::Channel), Phase::Envelope, reply);
            }
        }
        step(events, "data");
        let send = async {
            match whole(&message.payload) {
                Some(whole) => connection.command(whole).await,
                None => connection.message(&message.payload).await,
            }
        };
        match timeout(self.message_timeout + self.reply_timeout, send).await {
            Ok(Ok(reply)) if reply.has_code(250) => {
                step(events, "replied");
                Outcome::accepted(words(&reply)).code(250)
            }
            Ok(Ok(reply)) => odd(&reply, Delivery::Unknown, Phase::Data),
            Ok(Err(problem)) => refused(&problem, Command::Message),
            Err(_) => {
                let reply = format!(
                    "no answer to the whole message in {:?}",
                    self.message_timeout + self.reply_timeout
                );
                Outcome::new(Delivery::Unknown, Phase::Data, reply)
            }
        }
    }
}

/// A message, its dots doubled, and the final one. In one piece: of two, the system keeps the second back until
/// the first is acknowledged, and that costs 40 ms a mail. Nothing if it is no text.
fn whole(payload: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(payload).ok()?;
    let first = if text.starts_with('.') { "." } else { "" };
    Some(format!("{first}{}\r\n.\r\n", text.replace("\r\n.", "\r\n..")))
}

#[async_trait]
impl Channel for Smtp {
    async fn deliver(&mut self, message: &Message, events: &dyn EventSink) -> Outcome {
        let mut open = match self.connection().await {
            Ok(open) => open,
            Err(outcome) => return outcome,
        };
        step(events, "connected");
        let outcome = self.send(&mut open, message, events).await;
        if outcome.delivery == Delivery::Accepted {
            open.last_used = Instant::now();
            open.messages += 1;
            self.open = Some(open);
        }
        outcome
    }

    async fn close(&mut self) {
        if let Some(mut open) = self.open.take() {
            // Politeness with a deadline; the messages are delivered already.
            let _ = timeout(Duration::from_secs(2), open.connection.quit()).await;
        }
    }
}

fn tls_parameters(host: &str, settings: &policy::Smtp) -> Result<TlsParameters, String> {
    let mut builder = TlsParameters::builder(host.to_owned());
    if let Some(path) = &settings.ca_file {
        let pem = std::fs::read(path).map_err(|problem| format!("read {}: {problem}", path.display()))?;
        let certificate =
            Certificate::from_pem(&pem).map_err(|problem| format!("read {}: {problem}", path.display()))?;
        builder = builder.add_root_certificate(certificate);
    }
    builder.build().map_err(|problem| format!("set up TLS: {problem}"))
}

/// What was being said when the server refused.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Command {
    Mail,
    Rcpt,
    Data,
    Message,
}

/// What to do about a certificate that was refused; nothing if the failure was another one.
fn about_certificate(reply: &str, host: &str) -> Option<String> {
    let (_, why) = reply.split_once("invalid peer certificate: ")?;
    let why = why.to_ascii_lowercase();
    Some(if why.contains("notvalidforname") || why.contains("not valid for name") {
        format!("the certificate is for another name than {host}; put the name that it is for into the URL")
    } else if why.contains("expired") {
        format!("the certificate of {host} has expired; it has to be renewed there")
    } else {
        format!(
            "the certificate of {host} is not from an authority that this machine trusts; name that authority's \
             certificate in `ca_file` of the channel, or add it to the machine's"
        )
    })
}

/// A login that was refused; a 4xx may pass, everything else is a matter of settings.
fn refused_login(problem: &SmtpError) -> Outcome {
    let passing = problem.is_transient() || (problem.status().is_none() && !problem.is_client());
    let delivery = if passing { Delivery::Deferred(Deferral::Channel) } else { Delivery::Misconfigured };
    Outcome {
        code: code(problem),
        ..Outcome::new(delivery, Phase::Claimed, format!("log in: {}", chain(problem)))
    }
}

/// What a refusal means (RFC 5321, 4.2.3; RFC 3463 for 4.3.1).
fn refused(problem: &SmtpError, command: Command) -> Outcome {
    let phase = match command {
        Command::Mail => Phase::Connected,
        Command::Rcpt | Command::Data => Phase::Envelope,
        Command::Message => Phase::Data,
    };
    let reply = chain(problem);
    let delivery = match (code(problem), command) {
        // No answer: before the message it was not sent, after it nobody knows.
        (None, Command::Message) => Delivery::Unknown,
        (None, _) => Delivery::Deferred(Deferral::Channel),
        (Some(421), _) => Delivery::Deferred(Deferral::Channel),
        (Some(452 | 454), _) => Delivery::Deferred(Deferral::Throttled),
        (Some(530 | 534 | 535), _) => Delivery::Misconfigured,
        (Some(450 | 451), Command::Rcpt | Command::Data | Command::Message) => {
            Delivery::Deferred(Deferral::Message)
        }
        (Some(400..=499), Command::Message) => Delivery::Deferred(Deferral::Message),
        (Some(400..=499), _) => Delivery::Deferred(Deferral::Channel),
        (Some(552), _) => Delivery::Rejected(Rejection::Content),
        // The sender itself is refused: no message of this channel will pass.
        (Some(_), Command::Mail) => Delivery::Misconfigured,
        (Some(_), Command::Rcpt) => Delivery::Rejected(Rejection::Recipient),
        (Some(_), Command::Data | Command::Message) => Delivery::Rejected(Rejection::Content),
    };
    Outcome { code: code(problem), ..Outcome::new(delivery, phase, reply) }
}

/// A reply that is no error and still not the one that belongs here.
fn odd(reply: &Response, delivery: Delivery, phase: Phase) -> Outcome {
    let code = u16::from(reply.code());
    Outcome::new(delivery, phase, format!("unexpected reply {code} {}", words(reply))).code(code)
}

fn code(problem: &SmtpError) -> Option<u16> {
    problem.status().map(u16::from)
}

fn words(reply: &Response) -> String {
    plain(&reply.message().collect::<Vec<_>>().join(" "), REPLY)
}

/// An error with its causes, in one line.
fn chain(problem: &SmtpError) -> String {
    let mut text = problem.to_string();
    let mut cause = problem.source();
    while let Some(inner) = cause {
        let words = inner.to_string();
        if !text.contains(&words) && !words.is_empty() {
            text.push_str(": ");
            text.push_str(&words);
        }
        cause = inner.source();
    }
    plain(&text, REPLY)
}

#[cfg(test)]
mod tests {
    use super::{about_certificate, whole};

    #[test]
    fn a_refused_certificate_comes_with_what_to_do() {
        let advice = |why: &str| about_certificate(&format!("invalid peer certificate: {why}"), "mx.example");
        for (why, expected) in [
            ("UnknownIssuer", "ca_file"),
            ("Other(OtherError(CaUsedAsEndEntity))", "ca_file"),
            ("certificate not valid for name \"mx.example\"", "another name than mx.example"),
            ("NotValidForName", "another name than mx.example"),
            ("certificate expired: verification time 5", "has expired"),
        ] {
            assert!(advice(why).is_some_and(|advice| advice.contains(expected)), "{why}: {:?}", advice(why));
        }
        assert_eq!(about_certificate("connection refused", "mx.example"), None);
    }

    #[test]
    fn dots_are_doubled_at_the_beginning_of_lines_only() {
        assert_eq!(whole(b"a.b\r\n.\r\n..c").as_deref(), Some("a.b\r\n..\r\n...c\r\n.\r\n"));
        assert_eq!(whole(b".x").as_deref(), Some("..x\r\n.\r\n"));
        assert_eq!(whole(b"\xff"), None);
    }
}
