//! `list`.

use super::{Exit, List, Listed, Project, columns, say, texts};
use crate::Result;
use serde_json::{Map, Value};
use std::io::Write;

pub(super) async fn list(list: &List, project: &Project<'_>, out: &mut (dyn Write + Send)) -> Result<Exit> {
    let (header, sql): (&[&str], &str) = match list.what {
        Listed::Incidents => (
            &["id", "state", "kind", "rule", "organization", "name", "days", "last", "opened"],
            include_str!("../sql/list_incidents.sql"),
        ),
        Listed::Outbox => (
            &["id", "state", "kind", "channel", "recipient", "tries", "due", "subject", "error"],
            include_str!("../sql/list_outbox.sql"),
        ),
        Listed::Dead => (
            &["id", "state", "kind", "channel", "recipient", "tries", "due", "subject", "error"],
            include_str!("../sql/list_dead.sql"),
        ),
        Listed::Silences => (
            &["id", "state", "organization", "rule", "kind", "until", "by", "comment"],
            include_str!("../sql/list_silences.sql"),
        ),
        Listed::Runs => (
            &["at", "rule", "as_of", "status", "checked", "alerts", "unusable", "missing", "withdrawn"],
            include_str!("../sql/list_runs.sql"),
        ),
    };
    let zone = project.policy.timezone.name();
    let rows = texts(project, sql, &[&list.all, &list.limit, &zone]).await?;
    if list.json {
        for row in rows {
            let object: Map<String, Value> =
                header.iter().map(|key| (*key).to_owned()).zip(row.into_iter().map(Value::String)).collect();
            say(out, &Value::Object(object).to_string())?;
        }
        return Ok(Exit::Done);
    }
    if rows.is_empty() {
        return say(out, nothing(list));
    }
    let shown: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|cell| crate::plain::plain(cell, 60)).collect()).collect();
    for line in columns(header, &shown) {
        say(out, &line)?;
    }
    Ok(Exit::Done)
}

/// What an empty list means, and how to see more.
fn nothing(list: &List) -> &'static str {
    match (list.what, list.all) {
        (Listed::Incidents, false) => "no incident is open; --all lists closed ones too",
        (Listed::Incidents, true) => "no incident was ever opened",
        (Listed::Outbox, false) => "no message waits; --all lists those that were sent too",
        (Listed::Outbox, true) => "no message was ever written",
        (Listed::Dead, _) => "no message was given up",
        (Listed::Silences, false) => "no silence holds; --all lists ended ones too",
        (Listed::Silences, true) => "nothing was ever silenced",
        (Listed::Runs, _) => "nothing was evaluated yet",
    }
}
