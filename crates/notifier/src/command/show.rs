//! `show`.

use super::{Exit, Project, Show, columns, say, texts};
use crate::amount::{Amount, percent};
use crate::{Error, Result};
use std::io::Write;

pub(super) async fn show(show: &Show, project: &Project<'_>, out: &mut (dyn Write + Send)) -> Result<Exit> {
    if show.message { message(show.id, project, out).await } else { incident(show.id, project, out).await }
}

async fn incident(id: i64, project: &Project<'_>, out: &mut (dyn Write + Send)) -> Result<Exit> {
    let zone = project.policy.timezone.name();
    let found = texts(project, include_str!("../sql/show_incident.sql"), &[&id, &zone]).await?;
    let row = found.into_iter().next().and_then(|row| <[String; 5]>::try_from(row).ok());
    let Some([key, state, name, opened, detail]) = row else {
        return Err(Error::NotFound {
            what: format!("an incident with the number {id}; for a message add --message"),
        });
    };
    say(out, &format!("incident {id}  {state}  {key}"))?;
    for line in [name, format!("opened {opened}"), detail] {
        if !line.is_empty() {
            say(out, &format!("  {line}"))?;
        }
    }
    let findings = texts(project, include_str!("../sql/show_findings.sql"), &[&id]).await?;
    let rows: Vec<Vec<String>> = findings.iter().map(|row| finding(row)).collect();
    section(out, "findings", &["date", "revision", "outcome", "from", "to", "change"], &rows)?;
    let events = texts(project, include_str!("../sql/show_events.sql"), &[&id, &zone]).await?;
    section(out, "events", &["at", "what", "who", "detail"], &events)?;
    let messages = texts(project, include_str!("../sql/show_messages.sql"), &[&id, &zone]).await?;
    section(out, "messages", &["id", "state", "kind", "channel", "recipient", "at", "reply"], &messages)
}

/// Amounts as people read them.
fn finding(row: &[String]) -> Vec<String> {
    let pretty =
        |text: &String| if text.is_empty() { String::new() } else { Amount::new(text.as_str()).pretty() };
    row.iter()
        .enumerate()
        .map(|(index, cell)| match index {
            3 | 4 => pretty(cell),
            5 if !cell.is_empty() => percent(cell),
            _ => cell.clone(),
        })
        .collect()
}

async fn message(id: i64, project: &Project<'_>, out: &mut (dyn Write + Send)) -> Result<Exit> {
    let zone = project.policy.timezone.name();
    let found = texts(project, include_str!("../sql/show_message.sql"), &[&id, &zone]).await?;
    let Some(row) = found.first() else {
        return Err(Error::NotFound { what: format!("a message with the number {id}") });
    };
    let names = [
        "state",
        "kind",
        "subject",
        "channel",
        "recipient",
        "Message-ID",
        "created",
        "due",
        "sent",
        "reply",
        "error",
        "bytes",
    ];
    say(out, &format!("message {id}"))?;
    for (name, cell) in names.iter().zip(row) {
        if !cell.is_empty() {
            say(out, &format!("  {name:<11} {cell}"))?;
        }
    }
    let attempts = texts(project, include_str!("../sql/show_attempts.sql"), &[&id, &zone]).await?;
    section(out, "attempts", &["at", "outcome", "phase", "code", "worker", "reply"], &attempts)
}

fn section(out: &mut (dyn Write + Send), title: &str, header: &[&str], rows: &[Vec<String>]) -> Result<Exit> {
    if rows.is_empty() {
        return Ok(Exit::Done);
    }
    say(out, &format!("\n{title}"))?;
    for line in columns(header, rows) {
        say(out, &format!("  {line}"))?;
    }
    Ok(Exit::Done)
}
