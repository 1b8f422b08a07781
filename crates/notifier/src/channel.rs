//! Channels: the ways out.

mod address;
mod console;
mod file;
mod http;
mod smtp;

use crate::policy::{ChannelKind, Policy, SecretSource};
use crate::{Error, Result};
use indexmap::IndexMap;
use platform_core::Channel;
use std::io::Write;
use std::sync::{Arc, Mutex};

/// Where the console channel writes: stdout, or a buffer in a test.
#[derive(Clone)]
pub struct Console(Arc<Mutex<dyn Write + Send>>);

impl Console {
    /// Writes there.
    pub fn to<W: Write + Send + 'static>(writer: Arc<Mutex<W>>) -> Self {
        Self(writer)
    }

    /// Writes a text and flushes it.
    pub(crate) fn write(&self, text: &str) -> std::io::Result<()> {
        let mut writer = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        writer.write_all(text.as_bytes())?;
        writer.flush()
    }
}

impl Default for Console {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(std::io::stdout())))
    }
}

/// A value of the environment, by name. Read once, in the binary.
pub type Environment<'a> = &'a (dyn Fn(&str) -> Option<String> + Send + Sync);

/// The channels of a policy that can be opened, by name, and what is wrong with the others.
pub(crate) fn open_all(
    policy: &Policy,
    environment: Environment<'_>,
    console: &Console,
) -> (IndexMap<String, Box<dyn Channel>>, Vec<Error>) {
    let (mut open, mut problems) = (IndexMap::new(), Vec::new());
    for name in policy.channels.keys() {
        match open_one(policy, name, environment, console) {
            Ok(channel) => {
                open.insert(name.clone(), channel);
            }
            Err(problem) => problems.push(problem),
        }
    }
    (open, problems)
}

/// Opens one channel: finds its secrets and checks what can be checked without a connection.
pub(crate) fn open_one(
    policy: &Policy,
    name: &str,
    environment: Environment<'_>,
    console: &Console,
) -> Result<Box<dyn Channel>> {
    let wrong = |problem: String| Error::Channel { channel: name.to_owned(), problem };
    let channel =
        policy.channels.get(name).ok_or_else(|| wrong("alerts.yml has none of that name".to_owned()))?;
    let find = |source: &SecretSource| reveal(source, environment).map_err(wrong);
    let find_some = |source: &Option<SecretSource>| source.as_ref().map(find).transpose();
    Ok(match &channel.kind {
        ChannelKind::File { dir } => Box::new(file::Folder::new(dir.clone())),
        ChannelKind::Console => Box::new(console::Talk::new(console.clone())),
        ChannelKind::Smtp(settings) => {
            let from = channel.from.as_deref().unwrap_or(&policy.from);
            Box::new(smtp::Smtp::new(settings, &find(&settings.url)?, from).map_err(wrong)?)
        }
        ChannelKind::Slack { url, token, api, allow_hosts } => {
            let slack = http::Slack { url: find_some(url)?, token: find_some(token)?, api: api.clone() };
            Box::new(slack.open(allow_hosts).map_err(wrong)?)
        }
        ChannelKind::Webhook { url, hmac, routing_key, allow_hosts, .. } => {
            let hook =
                http::Hook { url: find(url)?, hmac: find_some(hmac)?, routing_key: find_some(routing_key)? };
            Box::new(hook.open(allow_hosts).map_err(wrong)?)
        }
    })
}

/// A secret, from where the settings say it is.
fn reveal(source: &SecretSource, environment: Environment<'_>) -> std::result::Result<String, String> {
    let text = match source {
        SecretSource::Plain(text) => text.clone(),
        SecretSource::Environment(name) => {
            environment(name).ok_or_else(|| format!("the environment variable {name} is not set"))?
        }
        SecretSource::File(path) => {
            std::fs::read_to_string(path).map_err(|problem| format!("read {}: {problem}", path.display()))?
        }
    };
    match text.trim() {
        "" => Err("its secret is empty".to_owned()),
        text => Ok(text.to_owned()),
    }
}

/// Tells a step of a delivery.
pub(crate) fn step(events: &dyn platform_core::EventSink, name: &str) {
    events.send(platform_core::Event::new(platform_core::event::Level::Debug, "DeliveryStep", name));
}
