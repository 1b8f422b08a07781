//! Webhooks and Slack: JSON by HTTPS, to hosts that the settings allow and to no others.
//!
//! The name is resolved once and the connection goes to that very address; addresses inside the network
//! are refused unless the host is listed; redirects are not followed.

use super::step;
use crate::plain::plain;
use async_trait::async_trait;
use hmac::{Hmac, Mac};
use platform_core::EventSink;
use platform_core::channel::{Channel, Deferral, Delivery, Message, Outcome, Phase, Rejection};
use serde_json::Value;
use sha2::Sha256;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};
use std::time::Duration;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use ureq::{Agent, Timeout};

/// Deadline of a whole request.
const DEADLINE: Duration = Duration::from_secs(10);
/// Bytes of an answer that are read.
const ANSWER: u64 = 64 * 1024;
/// Characters of an answer that are kept.
const REPLY: usize = 300;
/// Shorter words are no secrets, and may stand in any answer.
const SECRET: usize = 6;
const SLACK: &str = "https://slack.com/api/chat.postMessage";

/// A Slack channel before it is opened.
pub(super) struct Slack {
    pub url: Option<String>,
    pub token: Option<String>,
    pub api: Option<String>,
}

/// A webhook before it is opened.
pub(super) struct Hook {
    pub url: String,
    pub hmac: Option<String>,
    pub routing_key: Option<String>,
}

/// An address that JSON is posted to.
pub(super) struct Post {
    agent: Agent,
    url: String,
    bearer: Option<String>,
    hmac: Option<String>,
    routing_key: Option<String>,
    slack_bot: bool,
}

impl Slack {
    pub fn open(self, allow_hosts: &[String]) -> Result<Post, String> {
        let slack_bot = self.token.is_some();
        let url = self.url.or(self.api).unwrap_or_else(|| SLACK.to_owned());
        let mut hosts = allow_hosts.to_vec();
        hosts.extend(["slack.com", "hooks.slack.com"].map(str::to_owned));
        let agent = agent(&url, &hosts, true)?;
        Ok(Post { agent, url, bearer: self.token, hmac: None, routing_key: None, slack_bot })
    }
}

impl Hook {
    pub fn open(self, allow_hosts: &[String]) -> Result<Post, String> {
        let agent = agent(&self.url, allow_hosts, !allow_hosts.is_empty())?;
        Ok(Post {
            agent,
            url: self.url,
            bearer: None,
            hmac: self.hmac,
            routing_key: self.routing_key,
            slack_bot: false,
        })
    }
}

/// A client for one address. The address itself may be a secret, so no error repeats it.
fn agent(url: &str, allow_hosts: &[String], listed_only: bool) -> Result<Agent, String> {
    let uri: Uri = url.parse().map_err(|_| "its address is none".to_owned())?;
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let listed = allow_hosts.contains(&host);
    if listed_only && !listed {
        return Err(format!("the host `{host}` is not under allow_hosts"));
    }
    let plain_loopback = uri.scheme_str() == Some("http") && listed && is_loopback_name(&host);
    if uri.scheme_str() != Some("https") && !plain_loopback {
        return Err("its address must begin with https://".to_owned());
    }
    let config = Config::builder()
        .timeout_global(Some(DEADLINE))
        .max_redirects(0)
        .max_redirects_will_error(false)
        .http_status_as_error(false)
        .proxy(None)
        .user_agent("data-platform-notifier")
        .build();
    Ok(Agent::with_parts(config, DefaultConnector::default(), Guard { inside_allowed: listed }))
}

fn is_loopback_name(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Resolves names, and keeps addresses inside the network out.
#[derive(Debug)]
struct Guard {
    inside_allowed: bool,
}

impl Resolver for Guard {
    fn resolve(&self, uri: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
        let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("http") { 80 } else { 443 });
        let found: Vec<SocketAddr> =
            (host, port).to_socket_addrs().map_err(|_| ureq::Error::HostNotFound)?.collect();
        let mut kept = self.empty();
        for address in found.into_iter().take(8) {
            if !self.inside_allowed && is_inside(address.ip()) {
                return Err(ureq::Error::Tls(INSIDE));
            }
            kept.push(address);
        }
        if kept.is_empty() { Err(ureq::Error::HostNotFound) } else { Ok(kept) }
    }
}

const INSIDE: &str =
    "the name leads to an address inside the network; list the host under allow_hosts if it should";

/// Loopback, private, link-local (where clouds keep their metadata), shared, documentation, multicast, …
fn is_inside(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let [a, b, ..] = ip.octets();
            ip.is_loopback()
                || ip.is_private()
                || ip.is_link_local()
                || ip.is_unspecified()
                || ip.is_broadcast()
                || ip.is_multicast()
                || ip.is_documentation()
                || a == 0
                || a >= 240
                || (a == 100 && (64..128).contains(&b))
                || (a == 192 && b == 0)
                || (a == 198 && (18..20).contains(&b))
        }
        IpAddr::V6(ip) => {
            let first = ip.segments()[0];
            if let Some(mapped) = ip.to_ipv4_mapped() {
                return is_inside(IpAddr::V4(mapped));
            }
            ip.is_loopback()
                || ip.is_unspecified()
                || ip.is_multicast()
                || (first & 0xfe00) == 0xfc00
                || (first & 0xffc0) == 0xfe80
                // NAT64 and 6to4 carry IPv4 addresses.
                || first == 0x2002
                || (first == 0x64 && ip.segments()[1] == 0xff9b)
        }
    }
}

#[async_trait]
impl Channel for Post {
    async fn deliver(&mut self, message: &Message, events: &dyn EventSink) -> Outcome {
        let body = match self.body(message) {
            Ok(body) => body,
            Err(problem) => {
                return Outcome::new(Delivery::Rejected(Rejection::Content), Phase::Claimed, problem);
            }
        };
        let mut request = self
            .agent
            .post(&self.url)
            .header("Content-Type", "application/json; charset=utf-8")
            .header("Idempotency-Key", &message.message_id);
        if let Some(token) = &self.bearer {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        if let Some(key) = &self.hmac {
            request = request.header("X-Signature", signature(key, chrono::Utc::now().timestamp(), &body));
        }
        step(events, "data");
        let answer = tokio::task::spawn_blocking(move || {
            let mut response = request.send(&body[..])?;
            let status = response.status().as_u16();
            let retry_after =
                response.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
            // An answer that cannot be read is no reason to doubt its status.
            let text = response.body_mut().with_config().limit(ANSWER).read_to_string().unwrap_or_default();
            Ok::<_, ureq::Error>((status, retry_after.map(Duration::from_secs), text))
        })
        .await;
        let outcome = match answer {
            Ok(Ok((status, retry_after, text))) => {
                let outcome = if self.slack_bot && status == 200 {
                    slack_answer(&text)
                } else {
                    by_status(status, &text)
                };
                Outcome { retry_after, ..outcome }
            }
            Ok(Err(problem)) => by_error(&problem),
            Err(_) => Outcome::new(Delivery::Unknown, Phase::Data, "the request was aborted"),
        };
        step(events, "replied");
        Outcome { reply: self.without_secrets(&outcome.reply), ..outcome }
    }
}

impl Post {
    /// An answer in which the receiver repeats what was secret about the request.
    fn without_secrets(&self, reply: &str) -> String {
        let path =
            self.url.parse::<Uri>().ok().and_then(|uri| Some(uri.path_and_query()?.as_str().to_owned()));
        let secrets = [&self.bearer, &self.hmac, &self.routing_key, &Some(self.url.clone()), &path];
        let told = secrets.into_iter().flatten().filter(|secret| secret.len() >= SECRET);
        told.fold(reply.to_owned(), |reply, secret| reply.replace(secret.as_str(), "***"))
    }

    /// The stored bytes; with what is secret or only known now.
    fn body(&self, message: &Message) -> Result<Vec<u8>, String> {
        let thread = message.thread.as_ref().filter(|_| self.slack_bot);
        if self.routing_key.is_none() && thread.is_none() {
            return Ok(message.payload.clone());
        }
        let mut json: Value = serde_json::from_slice(&message.payload)
            .map_err(|problem| format!("the stored message is no JSON: {problem}"))?;
        if let Value::Object(map) = &mut json {
            if let Some(key) = &self.routing_key {
                map.insert("routing_key".to_owned(), Value::String(key.clone()));
            }
            if let Some(thread) = thread {
                map.insert("thread_ts".to_owned(), Value::String(thread.clone()));
            }
        }
        serde_json::to_vec(&json).map_err(|problem| problem.to_string())
    }
}

/// `t=TIME,v1=HEX` of HMAC-SHA256 over `TIME.BODY`.
fn signature(key: &str, time: i64, body: &[u8]) -> String {
    // HMAC takes keys of any length, so this cannot fail.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.as_bytes()) else { return String::new() };
    mac.update(format!("{time}.").as_bytes());
    mac.update(body);
    format!("t={time},v1={}", hex::encode(mac.finalize().into_bytes()))
}

fn by_status(status: u16, text: &str) -> Outcome {
    let delivery = match status {
        200..=299 => Delivery::Accepted,
        429 => Delivery::Deferred(Deferral::Throttled),
        408 | 425 | 500..=599 => Delivery::Deferred(Deferral::Channel),
        401 | 403 | 404 | 405 | 410 | 300..=399 => Delivery::Misconfigured,
        _ => Delivery::Rejected(Rejection::Content),
    };
    let said = plain(text, REPLY);
    let advice = match status {
        200..=299 => return Outcome::new(delivery, Phase::Done, said).code(status),
        300..=399 => "; redirects are not followed, the address must be the final one",
        401 | 403 => "; the secret in its settings is not the one that is wanted there",
        404 | 405 | 410 => "; nothing takes messages at this address",
        _ => "",
    };
    let said = if said.is_empty() { said } else { format!(": {said}") };
    Outcome::new(delivery, Phase::Done, format!("answered {status}{advice}{said}")).code(status)
}

/// Slack answers 200 with `ok: false`.
fn slack_answer(text: &str) -> Outcome {
    let json: Value = serde_json::from_str(text).unwrap_or_default();
    let word = |key: &str| json.get(key).and_then(Value::as_str).map(str::to_owned);
    if json.get("ok").and_then(Value::as_bool) == Some(true) {
        return Outcome { remote_id: word("ts"), ..Outcome::accepted("ok").code(200) };
    }
    let error = word("error").unwrap_or_else(|| "an answer that is not Slack's".to_owned());
    let delivery = match error.as_str() {
        "ratelimited" | "rate_limited" => Delivery::Deferred(Deferral::Throttled),
        "internal_error" | "fatal_error" | "service_unavailable" | "request_timeout" => {
            Delivery::Deferred(Deferral::Channel)
        }
        "channel_not_found" | "is_archived" | "not_in_channel" => Delivery::Rejected(Rejection::Recipient),
        "msg_too_long" | "invalid_blocks" | "no_text" | "too_many_attachments" => {
            Delivery::Rejected(Rejection::Content)
        }
        _ => Delivery::Misconfigured,
    };
    Outcome::new(delivery, Phase::Done, plain(&error, REPLY)).code(200)
}

/// A request without an answer: before the body went out it was not delivered, after that nobody knows.
fn by_error(problem: &ureq::Error) -> Outcome {
    let before = |delivery| (delivery, Phase::Claimed);
    let (delivery, phase) = match problem {
        ureq::Error::HostNotFound | ureq::Error::ConnectionFailed => {
            before(Delivery::Deferred(Deferral::Channel))
        }
        ureq::Error::Timeout(Timeout::Resolve | Timeout::Connect) => {
            before(Delivery::Deferred(Deferral::Channel))
        }
        ureq::Error::Io(cause) if cause.kind() == std::io::ErrorKind::ConnectionRefused => {
            before(Delivery::Deferred(Deferral::Channel))
        }
        ureq::Error::Io(cause) if cause.to_string().contains("certificate") => {
            before(Delivery::Misconfigured)
        }
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) | ureq::Error::BadUri(_) | ureq::Error::Http(_) => {
            before(Delivery::Misconfigured)
        }
        _ => (Delivery::Unknown, Phase::Data),
    };
    // Some of the library's texts repeat the address, which may be a secret.
    let words = match problem {
        ureq::Error::BadUri(_) => "its address is none".to_owned(),
        other => other.to_string(),
    };
    Outcome::new(delivery, phase, plain(&words, REPLY))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_inside_the_network_are_known() {
        for inside in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "::1",
            "fc00::1",
            "fe80::1",
            "::ffff:169.254.169.254",
            "2002:7f00:1::",
            "224.0.0.1",
        ] {
            assert!(is_inside(inside.parse().expect("an address")), "{inside}");
        }
        for outside in ["8.8.8.8", "2606:4700::1111", "172.32.0.1"] {
            assert!(!is_inside(outside.parse().expect("an address")), "{outside}");
        }
    }

    #[test]
    fn the_signature_is_the_documented_one() {
        // echo -n '1700000000.{}' | openssl dgst -sha256 -hmac key
        let made = signature("key", 1_700_000_000, b"{}");
        assert_eq!(made, "t=1700000000,v1=9d713ed406bb7076d4123f0dc2c39d2df5c654ed4b0cd56b52c8b4c940bd63ae");
        assert_ne!(made, signature("other", 1_700_000_000, b"{}"));
    }

    #[test]
    fn what_was_secret_is_not_repeated_from_an_answer() {
        let hook = Hook {
            url: "https://hooks.example.com/services/canary".to_owned(),
            hmac: Some("canary-key".to_owned()),
            routing_key: Some("canary-route".to_owned()),
        };
        let post = hook.open(&["hooks.example.com".to_owned()]).expect("a channel");
        for answer in ["no route /services/canary", "bad signature canary-key", "unknown key `canary-route`"]
        {
            let told = post.without_secrets(answer);
            assert!(!told.contains("canary") && told.contains("***"), "{told}");
        }
    }

    #[test]
    fn only_listed_hosts_and_https() {
        let open = |url: &str, hosts: &[&str]| {
            let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
            let hook = Hook { url: url.to_owned(), hmac: None, routing_key: None };
            hook.open(&hosts).map(|_| ()).err().unwrap_or_default()
        };
        assert_eq!(open("https://hooks.example.com/x", &["hooks.example.com"]), "");
        assert!(open("https://evil.example.com/x", &["hooks.example.com"]).contains("allow_hosts"));
        assert!(open("http://hooks.example.com/x", &["hooks.example.com"]).contains("https"));
        assert_eq!(open("http://127.0.0.1:9/x", &["127.0.0.1"]), "");
        assert!(open("http://127.0.0.1:9/x", &[]).contains("https"));
    }
}
