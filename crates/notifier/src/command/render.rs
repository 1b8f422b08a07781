//! `render`: a message to look at.

use super::{Exit, Format, Project, Render};
use crate::evaluate::{Evaluation, evaluate};
use crate::letter;
use crate::mail::{Envelope, Templates, part, write};
use crate::{Error, Result};
use std::io::Write;
use warehouse::get;

pub(super) async fn render(
    render: &Render,
    project: &Project<'_>,
    out: &mut (dyn Write + Send),
) -> Result<Exit> {
    let bytes = if let Some(id) = render.id {
        stored(id, project).await?
    } else if let Some(kind) = &render.sample {
        sample(kind, project).await?
    } else if let Some(as_of) = render.digest {
        let evaluation = Evaluation { dry_run: true, ..Evaluation::of(as_of) };
        let report =
            evaluate(&project.rules, &project.policy, evaluation, project.warehouse, project.events).await?;
        let mut messages = report.rules.into_iter().flat_map(|rule| rule.messages);
        let first = messages
            .next()
            .ok_or_else(|| Error::NotFound { what: format!("anything new to tell on {as_of}") })?;
        first.payload
    } else {
        Vec::new()
    };
    let bytes = match render.format {
        Format::Eml => bytes,
        Format::Text => part(&bytes, "text/plain").unwrap_or(bytes),
        Format::Html => part(&bytes, "text/html")
            .ok_or_else(|| Error::NotFound { what: "HTML in this message: it is no mail".to_owned() })?,
    };
    match &render.out {
        Some(path) => std::fs::write(path, bytes)
            .map_err(|source| Error::File { action: format!("write {}", path.display()), source })?,
        None => out
            .write_all(&bytes)
            .map_err(|source| Error::File { action: "write to stdout".to_owned(), source })?,
    }
    Ok(Exit::Done)
}

async fn stored(id: i64, project: &Project<'_>) -> Result<Vec<u8>> {
    let session = project.warehouse.get().await?;
    let row = session.query_opt("select payload from alerting.outbox where id = $1", &[&id]).await?;
    let row = row.ok_or_else(|| Error::NotFound { what: format!("a message with the number {id}") })?;
    let payload: Option<Vec<u8>> = get(&row, 0)?;
    payload
        .ok_or_else(|| Error::NotFound { what: format!("the contents of message {id}, which were purged") })
}

async fn sample(kind: &str, project: &Project<'_>) -> Result<Vec<u8>> {
    let now = project.now().await?;
    let rule = project.rules.first().ok_or_else(|| Error::NotFound { what: "a rule".to_owned() })?;
    let samples = letter::samples(rule, &project.policy, now);
    let found = samples.iter().find(|letter| letter.kind.is_some_and(|one| one.as_str() == kind));
    let letter = found.ok_or_else(|| Error::NotFound { what: format!("an example of kind `{kind}`") })?;
    let envelope = Envelope {
        from: &project.policy.from,
        to: "operations@example.com",
        reply_to: None,
        message_id: "dp.sample@example.com",
        date: now,
        thread: None,
        fallback_for: None,
    };
    write(letter, &Templates::read(&project.policy)?, &envelope)
}
