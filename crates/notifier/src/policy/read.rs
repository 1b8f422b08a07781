//! Reading `alerts.yml`.

use super::channel::read_channel;
use super::{Channel, ChannelKind, Escalate, FILE, Match, Mode, Policy, QuietHours, Repeat, Resolve, Route};
use crate::measure::Span;
use crate::written::{Keys, Tree, Written, error, read_yaml};
use chrono_tz::Tz;
use indexmap::IndexMap;
use platform_core::Diagnostic;
use platform_core::diagnostic::nearest;
use std::path::Path;

/// Kinds a route may name.
const KINDS: [&str; 14] = [
    "alert",
    "mass_change",
    "stale",
    "pipeline",
    "missing",
    "bad_data",
    "currency_changed",
    "increase",
    "decrease",
    "from_zero",
    "to_zero",
    "sign_flip",
    "correction",
    "heartbeat",
];

impl Default for Policy {
    /// Without `alerts.yml`: every alert as an `.eml` file in `outbox/`, and a word on the console.
    fn default() -> Self {
        let channels = [
            ("outbox", Channel::of(ChannelKind::File { dir: "outbox".into() })),
            ("console", Channel::of(ChannelKind::Console)),
        ];
        Self {
            timezone: Tz::UTC,
            installation: None,
            from: "Data Platform <alerts@data-platform.localhost>".to_owned(),
            routes: vec![Route {
                id: "everything".to_owned(),
                to: channels.iter().map(|(name, _)| (*name).to_owned()).collect(),
                ..Route::default()
            }],
            channels: channels.into_iter().map(|(name, channel)| (name.to_owned(), channel)).collect(),
            repeat: None,
            escalate: None,
            quiet_hours: None,
            heartbeat: false,
            resolve: Resolve::default(),
            give_up_after: Span::hours(72),
            fallback_after: Span::hours(1),
            templates: None,
        }
    }
}

/// The policy of the project in `root`, and what is wrong with it. Without the file, the default.
pub fn read_policy(root: &Path) -> (Policy, Vec<Diagnostic>) {
    let (mut policy, problems) = match std::fs::read_to_string(root.join(FILE)) {
        Ok(text) => parse(&text),
        Err(problem) if problem.kind() == std::io::ErrorKind::NotFound => (Policy::default(), Vec::new()),
        Err(problem) => {
            let message = format!("read {FILE}: {problem}");
            (Policy::default(), vec![error("A002", None, message)])
        }
    };
    policy.resolve_paths(root);
    (policy, problems)
}

/// Reads the text of the file.
pub(crate) fn parse(text: &str) -> (Policy, Vec<Diagnostic>) {
    let mut problems = Vec::new();
    match read_yaml(FILE, text) {
        Ok(written) => {
            let policy = read(&written, &mut problems);
            problems.sort_by_key(|problem| problem.place.as_ref().map(|place| (place.line, place.column)));
            (policy, problems)
        }
        Err(problem) => (Policy::default(), vec![*problem]),
    }
}

fn read(written: &Written, problems: &mut Vec<Diagnostic>) -> Policy {
    let mut policy = Policy::default();
    let mut keys = Keys::of(FILE, written, problems);
    if let Some(version) = keys.text("version").filter(|version| version != "1") {
        keys.wrong("version", format_args!("`{version}` is unknown, this is version 1"));
    }
    for key in ["rules", "source"] {
        if keys.get(key).is_some() {
            keys.wrong(key, "stands in the project: under `config.meta.alert` of an exposure");
        }
    }
    policy.timezone = keys.parsed("timezone").unwrap_or(policy.timezone);
    policy.installation = keys.text("installation");
    policy.heartbeat = keys.boolean("heartbeat").unwrap_or(false);
    policy.templates = keys.text("templates").map(Into::into);
    policy.give_up_after = keys.parsed("give_up_after").unwrap_or(policy.give_up_after);
    policy.fallback_after = keys.parsed("fallback_after").unwrap_or(policy.fallback_after);
    if let Some(from) = keys.text("from") {
        if from.parse::<lettre::message::Mailbox>().is_err() {
            keys.wrong("from", format_args!("`{from}` is no mail address"));
        }
        policy.from = from;
    }
    policy.resolve = match keys.text("resolve").as_deref() {
        None | Some("stable") => Resolve::Stable,
        Some("reverted") => Resolve::Reverted,
        Some(other) => {
            keys.wrong("resolve", format_args!("`{other}` is neither stable nor reverted"));
            Resolve::Stable
        }
    };
    policy.quiet_hours = read_quiet_hours(&mut keys, policy.timezone);
    policy.repeat = keys.keys("repeat").map(|mut below| {
        let (after, max) = (below.parsed("unacked_after"), below.parsed("max"));
        below.finish();
        Repeat { unacked_after: after.unwrap_or(Span::hours(24)), max: max.unwrap_or(3) }
    });
    policy.escalate = keys.keys("escalate").map(|mut below| {
        let (after, to) = (below.parsed("unacked_after"), below.texts("to"));
        below.finish();
        Escalate { unacked_after: after.unwrap_or(Span::hours(4)), to: to.unwrap_or_default() }
    });
    if let Some(channels) = keys.get("channels") {
        policy.channels = read_channels(channels, keys.problems);
        if keys.get("routes").is_none() {
            // Every channel named, no route: everything goes everywhere.
            policy.routes = vec![Route {
                id: "everything".into(),
                to: policy.channels.keys().cloned().collect(),
                ..Route::default()
            }];
        }
    }
    if let Some(routes) = keys.get("routes") {
        policy.routes = read_routes(routes, keys.problems);
    }
    let declared: Vec<String> = match keys.get("channels").map(|written| &written.value) {
        Some(Tree::Map(map)) => map.keys().cloned().collect(),
        _ => policy.channels.keys().cloned().collect(),
    };
    check_names(&policy, &declared, &mut keys);
    keys.finish();
    policy
}

fn read_quiet_hours(keys: &mut Keys<'_>, timezone: Tz) -> Option<QuietHours> {
    let mut below = keys.keys("quiet_hours")?;
    let (from, to) = (below.parsed("from"), below.parsed("to"));
    let timezone = below.parsed("timezone").unwrap_or(timezone);
    if from.is_none() || to.is_none() {
        below.wrong("from", "quiet hours need both `from` and `to`");
    }
    if from.is_some() && from == to {
        below.wrong("to", "is the same time as `from`");
    }
    below.finish();
    Some(QuietHours { from: from?, to: to?, timezone })
}

fn read_channels(written: &Written, problems: &mut Vec<Diagnostic>) -> IndexMap<String, Channel> {
    let Tree::Map(map) = &written.value else {
        problems.push(error("A003", written.place.as_ref(), "`channels` must be a mapping"));
        return IndexMap::new();
    };
    map.iter()
        .filter_map(|(name, entry)| Some((name.clone(), read_channel(name, &entry.value, problems)?)))
        .collect()
}

fn read_routes(written: &Written, problems: &mut Vec<Diagnostic>) -> Vec<Route> {
    let mut routes: Vec<Route> = Vec::new();
    for (index, item) in written.items().iter().enumerate() {
        let mut keys = Keys::of(format!("route {}", index + 1), item, problems);
        let id = keys.text("id").unwrap_or_else(|| format!("route_{}", index + 1));
        if routes.iter().any(|route| route.id == id) {
            keys.wrong("id", format_args!("`{id}` is used twice"));
        }
        let to = keys.texts("to").unwrap_or_default();
        if to.is_empty() {
            keys.wrong("to", "names the channels, e.g. `to: [ops_email]`");
        }
        let mode = match keys.text("mode").as_deref() {
            None | Some("digest") => Mode::Digest,
            Some("thread") => Mode::Thread,
            Some(other) => {
                keys.wrong("mode", format_args!("`{other}` is neither digest nor thread"));
                Mode::Digest
            }
        };
        let bypass_quiet_hours = keys.boolean("bypass_quiet_hours").unwrap_or(false);
        let owners = keys.boolean("owners").unwrap_or(false);
        let matches = read_match(&mut keys);
        keys.finish();
        routes.push(Route { id, matches, to, mode, bypass_quiet_hours, owners });
    }
    if !routes.last().is_some_and(|route| route.matches.is_everything()) {
        let message = "the last route must match everything, or some alerts would reach nobody";
        problems
            .push(error("A006", written.place.as_ref(), message).hint("end with `- {match: {}, to: [..]}`"));
    }
    routes
}

fn read_match(keys: &mut Keys<'_>) -> Match {
    let Some(mut below) = keys.keys("match") else { return Match::default() };
    let mut list = |key| below.texts(key).unwrap_or_default();
    let matches = Match {
        rule: list("rule"),
        kind: list("kind"),
        segment: list("segment"),
        organization: list("organization"),
    };
    for kind in matches.kind.iter().filter(|kind| !KINDS.contains(&kind.as_str())) {
        let near = nearest(kind, KINDS);
        let hint = near.first().map_or(KINDS.join(", "), |best| format!("did you mean `{best}`?"));
        below.wrong("kind", format_args!("`{kind}` is unknown; {hint}"));
    }
    below.finish();
    matches
}

/// Channels that are named must be there.
fn check_names(policy: &Policy, declared: &[String], keys: &mut Keys<'_>) {
    let mut check = |key: &str, who: &str, name: &String| {
        if declared.contains(name) {
            return;
        }
        let near = nearest(name, declared.iter().map(String::as_str));
        let hint = near.first().map_or_else(
            || format!("channels: {}", declared.join(", ")),
            |best| format!("did you mean `{best}`?"),
        );
        keys.wrong(key, format_args!("{who} names the channel `{name}`, which is not there; {hint}"));
    };
    for route in &policy.routes {
        for name in &route.to {
            check("routes", &format!("route `{}`", route.id), name);
        }
    }
    for name in policy.escalate.iter().flat_map(|escalate| &escalate.to) {
        check("escalate", "`to`", name);
    }
    for (own, channel) in &policy.channels {
        if let Some(name) = &channel.fallback {
            check("channels", &format!("the fallback of `{own}`"), name);
        }
    }
    for (own, channel) in &policy.channels {
        if channel.fallback.as_ref() == Some(own) {
            keys.wrong("channels", format_args!("`{own}` is its own fallback"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn problems(text: &str) -> String {
        let (_, problems) = parse(text);
        problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }

    const GOOD: &str = r#"
version: 1
timezone: Asia/Singapore
from: alerts@example.com
routes:
  - {match: {kind: [mass_change, stale, pipeline]}, to: [ops_email, ops_slack], mode: digest, bypass_quiet_hours: true, owners: true}
  - {match: {segment: key_accounts}, to: [ops_email], mode: thread}
  - {match: {}, to: [ops_email], mode: digest}
repeat: {unacked_after: 24h, max: 3}
escalate: {unacked_after: 4h, to: [hook]}
quiet_hours: {from: "22:00", to: "07:00", timezone: Asia/Singapore}
channels:
  ops_email: {type: smtp, url_env: DP_SMTP_URL, tls: required, to: [ops@example.com], rate_per_second: 5, on_unknown: resend, fallback: ops_file}
  ops_slack: {type: slack, url_env: DP_SLACK_URL}
  hook:      {type: webhook, url_env: DP_HOOK_URL, hmac_env: DP_HOOK_KEY, allow_hosts: [hooks.example.com]}
  ops_file:  {type: file, dir: ./outbox, format: eml}
  console:   {type: console}
"#;

    #[test]
    fn reads_a_whole_file() {
        let (policy, found) = parse(GOOD);
        assert!(found.is_empty(), "{found:?}");
        assert_eq!(policy.routes[1].mode, Mode::Thread);
        let subject = Subject { rule: "r", message: "mass_change", ..Subject::default() };
        assert_eq!(policy.route(subject).map(|route| route.id.as_str()), Some("route_1"));
        let subject =
            Subject { message: "alert", kind: "increase", segment: Some("key_accounts"), ..subject };
        assert_eq!(policy.route(subject).map(|route| route.id.as_str()), Some("route_2"));
    }

    use super::super::Subject;

    #[test]
    fn mistakes_are_told_with_place_and_suggestion() {
        let text = r"
version: 1
timezon: UTC
quiet_hours: {from: 22:00, to: '07:00'}
routes:
  - {match: {kind: [mass_chnge]}, to: [ops_emial], mode: digets}
  - {to: [ops_email], matches: {}}
  - {match: {rule: x}, to: [ops_email]}
channels:
  ops_email: {type: smtp, url: 'smtp://me:canary@mail.example.com', tls: opportunistic, to: [nobody]}
  files: {type: fil}
  hook: {type: webhook, hmac: canary}
  loop: {type: console, fallback: loop, colour: red}
";
        let told = problems(text);
        let (_, all) = parse(text);
        assert!(!format!("{all:?}").contains("canary"), "a secret in a message: {all:?}");
        insta::assert_snapshot!(told);
    }

    #[test]
    fn an_empty_file_is_the_default() {
        assert_eq!(problems("# nothing yet\n"), "");
    }
}
