//! One event, drawn: text, debug text or JSON.

use chrono::{DateTime, SecondsFormat, Utc};
use platform_core::Event;
use platform_core::event::{Level, Tone};
use serde_json::{Value, json};

/// dbt's events that have no facts, not even their message.
const WITHOUT_FACTS: [&str; 6] = [
    "BuildingCatalog",
    "DepsNoPackagesFound",
    "FinishedCleanPaths",
    "FreshnessCheckComplete",
    "NoNodesSelected",
    "NothingToDo",
];

/// How events are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// `12:00:00  message`
    Text {
        /// ANSI colours.
        colors: bool,
    },
    /// `12:00:00.000000 [info ] [MainThread]: message`
    Debug {
        /// ANSI colours.
        colors: bool,
    },
    /// `{"data": …, "info": …}`
    Json,
}

impl Style {
    pub fn is_text(self) -> bool {
        self != Self::Json
    }
}

/// What is the same of every event of a command.
pub(super) struct Frame {
    invocation_id: String,
    pid: u32,
    /// Texts that no line shows, as they are and as JSON writes them.
    secrets: Vec<String>,
}

impl Frame {
    pub fn new(invocation_id: &str, mut secrets: Vec<String>) -> Self {
        // What is blank hides nothing.
        secrets.retain(|secret| !secret.trim().is_empty());
        let written = |secret: &String| {
            let json = Value::from(secret.as_str()).to_string();
            json[1..json.len() - 1].to_owned()
        };
        let mut secrets: Vec<String> = secrets.iter().map(written).chain(secrets.iter().cloned()).collect();
        // What holds another goes first.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        Self { invocation_id: invocation_id.to_owned(), pid: std::process::id(), secrets }
    }

    /// The event in one style; bare text is not stamped.
    pub fn line(&self, event: &Event, style: Style, bare: bool) -> String {
        let line = self.drawn(event, style, bare);
        self.secrets.iter().fold(line, |line, secret| {
            if line.contains(secret.as_str()) { line.replace(secret.as_str(), "*****") } else { line }
        })
    }

    fn drawn(&self, event: &Event, style: Style, bare: bool) -> String {
        let now = Utc::now();
        match style {
            Style::Text { colors } if bare => painted(event, colors),
            Style::Text { colors } => format!("{}  {}", now.format("%H:%M:%S"), painted(event, colors)),
            Style::Debug { colors } => format!(
                "{} [{}] [{}]: {}",
                now.format("%H:%M:%S%.6f"),
                level_name(event.level, 5),
                thread_name(10),
                painted(event, colors)
            ),
            Style::Json => self.json(event, now),
        }
    }

    fn json(&self, event: &Event, now: DateTime<Utc>) -> String {
        let mut data = event.data.clone();
        if let Some(info) = &event.node_info {
            data.insert("node_info".into(), Value::clone(info));
        }
        if data.is_empty() && !WITHOUT_FACTS.contains(&event.name.as_str()) {
            data.insert("msg".into(), event.message.clone().into());
        }
        let line = json!({
            "data": data,
            "info": {
                "category": "",
                "code": event.code,
                "extra": {},
                "invocation_id": self.invocation_id,
                "level": level_name(event.level, 0).trim_end(),
                "msg": event.message,
                "name": event.name,
                "pid": self.pid,
                "thread": std::thread::current().name().map_or("MainThread", python_name),
                "ts": now.to_rfc3339_opts(SecondsFormat::Micros, true),
            },
        });
        project::json::dumps(&line)
    }
}

fn level_name(level: Level, width: usize) -> String {
    let name = match level {
        Level::Debug => "debug",
        Level::Info => "info",
        Level::Warn => "warn",
        Level::Error => "error",
    };
    format!("{name:width$}")
}

/// dbt calls the first thread `MainThread`; slots have dbt's names already.
fn python_name(name: &str) -> &str {
    if name == "main" { "MainThread" } else { name }
}

fn thread_name(width: usize) -> String {
    let thread = std::thread::current();
    thread.name().map_or("MainThread", python_name).chars().take(width).collect()
}

fn painted(event: &Event, colors: bool) -> String {
    let message = event.message.as_str();
    let Some((bytes, tone)) = event.emphasis.as_ref().filter(|_| colors) else {
        return message.to_owned();
    };
    let (Some(before), Some(inside), Some(after)) =
        (message.get(..bytes.start), message.get(bytes.clone()), message.get(bytes.end..))
    else {
        return message.to_owned();
    };
    let code = match tone {
        Tone::Good => 32,
        Tone::Caution => 33,
        Tone::Bad => 31,
    };
    format!("{before}\u{1b}[{code}m{inside}\u{1b}[0m{after}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paints_what_is_emphasized() {
        let event = Event::new(Level::Info, "X", "a [OK]").emphasis(3..5, Tone::Good);
        assert_eq!(painted(&event, true), "a [\u{1b}[32mOK\u{1b}[0m]");
        assert_eq!(painted(&event, false), "a [OK]");
    }

    #[test]
    fn json_has_the_two_halves() {
        let event = Event::new(Level::Info, "Name", "text").code("Z001").with("key", 1);
        let line = Frame::new("id", Vec::new()).line(&event, Style::Json, false);
        let value: serde_json::Value = serde_json::from_str(&line).expect("JSON");
        assert_eq!(value["data"]["key"], 1);
        assert_eq!(value["info"]["msg"], "text");
        assert_eq!(value["info"]["level"], "info");
    }
}
