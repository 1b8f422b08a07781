//! Channels as `alerts.yml` describes them.

use crate::measure::Span;
use crate::written::{Keys, Written};
use platform_core::Diagnostic;
use std::path::PathBuf;

/// A channel: what it is, who is behind it, what to do when it fails.
#[derive(Clone, Debug)]
pub struct Channel {
    /// What it is.
    pub kind: ChannelKind,
    /// Recipients; empty for "the owner of the rule".
    pub to: Vec<String>,
    /// Sender of mails, where it is not the policy's.
    pub from: Option<String>,
    /// Where people's answers go.
    pub reply_to: Option<String>,
    /// Messages a second, at most.
    pub rate_per_second: Option<u32>,
    /// What to do with a message that may or may not have arrived.
    pub on_unknown: OnUnknown,
    /// Name of the channel that is told when this one cannot deliver.
    pub fallback: Option<String>,
}

/// What a channel is.
#[derive(Clone, Debug)]
pub enum ChannelKind {
    /// Mails by SMTP.
    Smtp(Smtp),
    /// Mails as `.eml` files in a folder.
    File {
        /// The folder, below the project's.
        dir: PathBuf,
    },
    /// A short text on stdout.
    Console,
    /// Slack: an incoming webhook, or a bot token and a room for threads.
    Slack {
        /// Address of the incoming webhook.
        url: Option<SecretSource>,
        /// Bot token.
        token: Option<SecretSource>,
        /// Where `chat.postMessage` is, for tests and proxies.
        api: Option<String>,
        /// Hosts that may be reached beside Slack's own.
        allow_hosts: Vec<String>,
    },
    /// JSON to an address.
    Webhook {
        /// The address.
        url: SecretSource,
        /// Key of the signature.
        hmac: Option<SecretSource>,
        /// Key of a PagerDuty-shaped service.
        routing_key: Option<SecretSource>,
        /// What the JSON looks like.
        shape: WebhookShape,
        /// Hosts that may be reached.
        allow_hosts: Vec<String>,
    },
}

/// How to reach an SMTP server.
#[derive(Clone, Debug)]
pub struct Smtp {
    /// `smtp://user:password@host:587` or `smtps://…`.
    pub url: SecretSource,
    /// Whether and how TLS is used.
    pub tls: SmtpTls,
    /// Certificates trusted beside the system's (PEM).
    pub ca_file: Option<PathBuf>,
    /// Name given in EHLO.
    pub hello: Option<String>,
    /// Deadline of connecting, TLS and authentication.
    pub connect_timeout: Span,
    /// Deadline of everything before the final dot.
    pub message_timeout: Span,
    /// Deadline of the answer to the final dot.
    pub reply_timeout: Span,
}

/// Where a secret is found: never in the file itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretSource {
    /// In that environment variable.
    Environment(String),
    /// In that file.
    File(PathBuf),
    /// It is none: an address without a password in it.
    Plain(String),
}

/// TLS of SMTP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SmtpTls {
    /// STARTTLS or TLS from the first byte, as the address says; never without.
    #[default]
    Required,
    /// Without; only to a loopback address.
    None,
}

/// What to do with a message that may or may not have arrived.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnUnknown {
    /// Send the same bytes again: mailboxes drop the copy by its Message-ID.
    #[default]
    Resend,
    /// Leave it to a person, as dead.
    Hold,
}

/// What a webhook's JSON looks like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WebhookShape {
    /// Ours.
    #[default]
    Events,
    /// PagerDuty's Events API v2.
    PagerDuty,
}

impl Channel {
    /// Whether what it sends is an RFC 5322 mail.
    pub fn is_mail(&self) -> bool {
        matches!(self.kind, ChannelKind::Smtp(_) | ChannelKind::File { .. })
    }

    /// Every path it names.
    pub(super) fn paths(&mut self) -> Vec<&mut PathBuf> {
        let (mut paths, secrets) = match &mut self.kind {
            ChannelKind::Smtp(smtp) => (smtp.ca_file.iter_mut().collect(), vec![&mut smtp.url]),
            ChannelKind::File { dir } => (vec![dir], Vec::new()),
            ChannelKind::Console => (Vec::new(), Vec::new()),
            ChannelKind::Slack { url, token, .. } => (Vec::new(), url.iter_mut().chain(token).collect()),
            ChannelKind::Webhook { url, hmac, routing_key, .. } => {
                (Vec::new(), std::iter::once(url).chain(hmac).chain(routing_key).collect())
            }
        };
        paths.extend(secrets.into_iter().filter_map(|secret| match secret {
            SecretSource::File(path) => Some(path),
            _ => None,
        }));
        paths
    }

    /// A channel of that kind with everything else at its default.
    pub fn of(kind: ChannelKind) -> Self {
        Self {
            kind,
            to: Vec::new(),
            from: None,
            reply_to: None,
            rate_per_second: None,
            on_unknown: OnUnknown::default(),
            fallback: None,
        }
    }
}

/// Reads one channel.
pub(super) fn read_channel(name: &str, written: &Written, problems: &mut Vec<Diagnostic>) -> Option<Channel> {
    let mut keys = Keys::of(format!("channel `{name}`"), written, problems);
    let kind = read_kind(&mut keys)?;
    let mut channel = Channel::of(kind);
    channel.to = keys.texts("to").unwrap_or_default();
    channel.from = keys.text("from");
    channel.reply_to = keys.text("reply_to");
    channel.rate_per_second = keys.parsed("rate_per_second");
    channel.fallback = keys.text("fallback");
    channel.on_unknown = match keys.text("on_unknown").as_deref() {
        None | Some("resend") => OnUnknown::Resend,
        Some("hold") => OnUnknown::Hold,
        Some(other) => {
            keys.wrong("on_unknown", format_args!("`{other}` is neither resend nor hold"));
            OnUnknown::Resend
        }
    };
    if channel.rate_per_second == Some(0) {
        keys.wrong("rate_per_second", "must be 1 or more");
    }
    let mails = channel.is_mail();
    for address in channel.to.iter().chain(&channel.from).chain(&channel.reply_to).filter(|_| mails) {
        if address.parse::<lettre::message::Mailbox>().is_err() {
            keys.wrong("to", format_args!("`{address}` is no mail address"));
        }
    }
    keys.finish();
    Some(channel)
}

const TYPES: &str = "smtp, file, console, slack, webhook";

fn read_kind(keys: &mut Keys<'_>) -> Option<ChannelKind> {
    match keys.required("type")?.as_str() {
        "smtp" => read_smtp(keys).map(ChannelKind::Smtp),
        "file" => {
            if let Some(format) = keys.text("format").filter(|format| format != "eml") {
                keys.wrong("format", format_args!("`{format}` is unknown, files are `eml`"));
            }
            Some(ChannelKind::File { dir: keys.text("dir").unwrap_or_else(|| "outbox".to_owned()).into() })
        }
        "console" => Some(ChannelKind::Console),
        "slack" => {
            let (url, token) = (secret(keys, "url"), secret(keys, "token"));
            if url.is_none() == token.is_none() {
                keys.wrong(
                    "type",
                    "a slack channel needs either url_env (incoming webhook) or token_env (bot)",
                );
            }
            let api = keys.text("api");
            Some(ChannelKind::Slack {
                url,
                token,
                api,
                allow_hosts: keys.texts("allow_hosts").unwrap_or_default(),
            })
        }
        "webhook" => {
            let shape = match keys.text("shape").as_deref() {
                None | Some("events") => WebhookShape::Events,
                Some("pagerduty") => WebhookShape::PagerDuty,
                Some(other) => {
                    keys.wrong("shape", format_args!("`{other}` is neither events nor pagerduty"));
                    WebhookShape::Events
                }
            };
            let url = required_secret(keys, "url")?;
            let (hmac, routing_key) = (secret(keys, "hmac"), secret(keys, "routing_key"));
            let allow_hosts = keys.texts("allow_hosts").unwrap_or_default();
            Some(ChannelKind::Webhook { url, hmac, routing_key, shape, allow_hosts })
        }
        other => {
            let near = platform_core::diagnostic::nearest(other, TYPES.split(", "));
            let hint = near
                .first()
                .map_or(format!("known types: {TYPES}"), |best| format!("did you mean `{best}`?"));
            keys.wrong("type", format_args!("`{other}` is unknown; {hint}"));
            None
        }
    }
}

fn read_smtp(keys: &mut Keys<'_>) -> Option<Smtp> {
    let tls = match keys.text("tls").as_deref() {
        None | Some("required") => SmtpTls::Required,
        Some("none") => SmtpTls::None,
        Some(other) => {
            keys.wrong("tls", format_args!("`{other}` is neither required nor none"));
            SmtpTls::Required
        }
    };
    let ca_file = keys.text("ca_file").map(PathBuf::from);
    let hello = keys.text("hello");
    let connect_timeout = keys.parsed("connect_timeout").unwrap_or(Span::seconds(10));
    let message_timeout = keys.parsed("message_timeout").unwrap_or(Span::seconds(60));
    let reply_timeout = keys.parsed("reply_timeout").unwrap_or(Span::seconds(300));
    let url = required_secret(keys, "url")?;
    Some(Smtp { url, tls, ca_file, hello, connect_timeout, message_timeout, reply_timeout })
}

fn required_secret(keys: &mut Keys<'_>, name: &str) -> Option<SecretSource> {
    let before = keys.problems.len();
    let found = secret(keys, name);
    if found.is_none() && keys.problems.len() == before {
        keys.wrong(name, format_args!("is missing: give `{name}_env`, the name of an environment variable"));
    }
    found
}

/// `NAME_env`, `NAME_file`, or `NAME` itself where there is no secret in it.
fn secret(keys: &mut Keys<'_>, name: &str) -> Option<SecretSource> {
    let (env, file, plain): (&'static str, &'static str, &'static str) = match name {
        "url" => ("url_env", "url_file", "url"),
        "token" => ("token_env", "token_file", "token"),
        "hmac" => ("hmac_env", "hmac_file", "hmac"),
        _ => ("routing_key_env", "routing_key_file", "routing_key"),
    };
    let environment = keys.text(env).map(SecretSource::Environment);
    let file = keys.text(file).map(|path| SecretSource::File(path.into()));
    let plain = keys.text(plain).and_then(|text| {
        if name == "url" && text.contains("://") && !text.contains('@') {
            return Some(SecretSource::Plain(text));
        }
        keys.wrong(plain, format_args!("is a secret in a file that is shared: use `{env}`"));
        None
    });
    environment.or(file).or(plain)
}
