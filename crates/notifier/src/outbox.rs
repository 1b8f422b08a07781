//! The outbox: finished messages, written in the transaction that made them necessary.

use crate::letter::{Kind, Letter};
use crate::mail::{self, Envelope, Templates};
use crate::policy::{Channel, ChannelKind, Policy, WebhookShape};
use crate::rule::Rule;
use crate::{Error, Result, chat, schema};
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use uuid::Uuid;
use warehouse::{Session, get};

/// A message in the outbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// Its number.
    pub id: i64,
    /// What it is about.
    pub kind: String,
    /// Subject line.
    pub subject: String,
    /// Name of its channel.
    pub channel: String,
    /// To whom.
    pub recipient: String,
    /// When it may go out at the earliest.
    pub not_before: DateTime<Utc>,
    /// Its bytes; of a dry run only, where the outbox does not keep them.
    pub payload: Vec<u8>,
}

/// Puts letters into the outbox.
pub(crate) struct Outbox<'a> {
    pub session: &'a Session,
    pub policy: &'a Policy,
    pub templates: Templates,
    pub installation: String,
    pub run: Option<Uuid>,
    pub now: DateTime<Utc>,
    /// Whether nothing will be kept.
    pub dry_run: bool,
}

/// Where a letter goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Destination<'a> {
    pub route: &'a str,
    pub channel: &'a str,
    pub recipient: &'a str,
    pub bypass_quiet_hours: bool,
}

/// A row to be written.
struct Row<'a> {
    letter: &'a Letter,
    kind: Kind,
    destination: Destination<'a>,
    not_before: DateTime<Utc>,
    held: bool,
    fallback: Option<(i64, &'a str)>,
}

impl<'a> Outbox<'a> {
    /// Reads the templates and the installation's id.
    pub async fn open(
        session: &'a Session,
        policy: &'a Policy,
        run: Option<Uuid>,
        now: DateTime<Utc>,
    ) -> Result<Outbox<'a>> {
        let templates = Templates::read(policy)?;
        let installation = match &policy.installation {
            Some(name) => name.clone(),
            None => schema::installation(session).await?,
        };
        Ok(Self { session, policy, templates, installation, run, now, dry_run: false })
    }

    /// Writes one letter for one recipient, and holds a copy for the fallback channel. Gives nothing if
    /// the very same message is there already.
    pub async fn put(
        &self,
        letter: &Letter,
        destination: Destination<'_>,
        rule: Option<&Rule>,
    ) -> Result<Option<Planned>> {
        let kind = letter.kind.unwrap_or(Kind::Digest);
        let not_before = self.policy.opens_at(self.now, destination.bypass_quiet_hours);
        let row = Row { letter, kind, destination, not_before, held: not_before > self.now, fallback: None };
        let Some(planned) = self.insert(&row).await? else { return Ok(None) };
        let channel = self.channel(destination.channel)?;
        if let Some(name) = &channel.fallback {
            let fallback = self.channel(name)?;
            for recipient in recipients(fallback, rule) {
                let row = Row {
                    letter,
                    kind,
                    destination: Destination { channel: name, recipient: &recipient, ..destination },
                    not_before: not_before + self.policy.fallback_after.delta(),
                    held: true,
                    fallback: Some((planned.id, destination.channel)),
                };
                self.insert(&row).await?;
            }
        }
        Ok(Some(planned))
    }

    fn channel(&self, name: &str) -> Result<&'a Channel> {
        self.policy.channels.get(name).ok_or_else(|| Error::NotFound { what: format!("channel `{name}`") })
    }

    async fn insert(&self, row: &Row<'_>) -> Result<Option<Planned>> {
        let destination = row.destination;
        let channel = self.channel(destination.channel)?;
        let mut dedupe_key = format!(
            "{}|{}|{}|{}|{}|{}",
            self.installation,
            row.letter.rule,
            row.kind.as_str(),
            row.letter.thread.as_deref().unwrap_or_default(),
            row.letter.identity,
            destination.channel,
        );
        if let Some((primary, _)) = row.fallback {
            dedupe_key.push_str(&format!("|for {primary}"));
        }
        let from = channel.from.as_deref().unwrap_or(&self.policy.from);
        let domain = mail_domain(from);
        let message_id = format!("dp.{}@{domain}", hash(&format!("{dedupe_key}|{}", destination.recipient)));
        let thread_key = row.letter.thread.as_ref().map(|thread| format!("{}|{thread}", self.installation));
        let payload = match &channel.kind {
            ChannelKind::Smtp(_) | ChannelKind::File { .. } => {
                let envelope = Envelope {
                    from,
                    to: destination.recipient,
                    reply_to: channel.reply_to.as_deref(),
                    message_id: &message_id,
                    date: self.now,
                    thread: thread_key.as_ref().map(|key| format!("dp.thread.{}@{domain}", hash(key))),
                    fallback_for: row.fallback.map(|(_, name)| name),
                };
                self.mail(row.letter, &envelope)?
            }
            ChannelKind::Console => {
                let (_, text) = self.templates.draw(row.letter)?;
                format!("{}\n\n{text}", row.letter.subject).into_bytes()
            }
            ChannelKind::Slack { token, .. } => {
                chat::slack(row.letter, token.is_some().then_some(destination.recipient))
            }
            ChannelKind::Webhook { shape: WebhookShape::Events, .. } => {
                chat::webhook(row.letter, &dedupe_key)
            }
            ChannelKind::Webhook { shape: WebhookShape::PagerDuty, .. } => chat::pagerduty(row.letter),
        };
        let sha256 = hex::encode(Sha256::digest(&payload));
        let rows = self
            .session
            .query(
                include_str!("sql/outbox_put.sql"),
                &[
                    &dedupe_key,
                    &(row.letter.rule.as_str()),
                    &destination.route,
                    &destination.channel,
                    &destination.recipient,
                    &row.kind.as_str(),
                    &row.letter.subject,
                    &message_id,
                    &payload,
                    &sha256,
                    &row.kind.priority(),
                    &(if row.held { "held" } else { "ready" }),
                    &row.not_before,
                    &(row.not_before + self.policy.give_up_after.delta()),
                    &self.now,
                    &row.fallback.map(|(primary, _)| primary),
                    &thread_key,
                    &self.run,
                ],
            )
            .await?;
        let Some(first) = rows.first() else { return Ok(None) };
        Ok(Some(Planned {
            id: get(first, 0)?,
            kind: row.kind.as_str().to_owned(),
            subject: row.letter.subject.clone(),
            channel: destination.channel.to_owned(),
            recipient: destination.recipient.to_owned(),
            not_before: row.not_before,
            payload: if self.dry_run { payload } else { Vec::new() },
        }))
    }

    /// A mail; and if that cannot be written, a plainer one that can.
    fn mail(&self, letter: &Letter, envelope: &Envelope<'_>) -> Result<Vec<u8>> {
        mail::write(letter, &self.templates, envelope).or_else(|problem| match problem {
            Error::Mail { .. } | Error::Template { .. } => {
                let plain = Letter {
                    kind: letter.kind,
                    rule: letter.rule.clone(),
                    subject: format!("Alert of rule {}", letter.rule),
                    headline: "An alert that could not be drawn in full".to_owned(),
                    lead: format!("See it with `dp alerts list`. {problem}"),
                    written: letter.written.clone(),
                    ..Letter::default()
                };
                mail::write(&plain, &self.templates, envelope)
            }
            other => Err(other),
        })
    }
}

fn mail_domain(from: &str) -> String {
    mail::domain(from)
}

/// The first 40 hexadecimal digits of SHA-256.
fn hash(text: &str) -> String {
    let mut digits = hex::encode(Sha256::digest(text.as_bytes()));
    digits.truncate(40);
    digits
}

/// Who is behind a channel: those it names, or else the owner of the rule.
pub(crate) fn recipients(channel: &Channel, rule: Option<&Rule>) -> Vec<String> {
    if !channel.to.is_empty() {
        return channel.to.clone();
    }
    let owner = rule.and_then(|rule| rule.owner.as_ref()).and_then(|owner| owner.email.clone());
    match (&channel.kind, owner) {
        (ChannelKind::Smtp(_) | ChannelKind::File { .. }, Some(email)) => vec![email],
        (ChannelKind::Smtp(_) | ChannelKind::File { .. }, None) => vec!["operations@localhost".to_owned()],
        (ChannelKind::Console, _) => vec!["console".to_owned()],
        (ChannelKind::Slack { .. }, _) => vec!["slack".to_owned()],
        (ChannelKind::Webhook { .. }, _) => vec!["webhook".to_owned()],
    }
}
