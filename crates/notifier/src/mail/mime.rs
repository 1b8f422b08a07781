//! From a letter to the bytes of a mail.

use super::Templates;
use crate::letter::{Letter, Table};
use crate::{Error, Result};
use chrono::{DateTime, Utc};
use flate2::{Compression, GzBuilder};
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailbox, MultiPart, MultiPartBuilder, SinglePart};
use sha2::{Digest, Sha256};
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A list longer than this is attached compressed: many mailboxes take 10 MB at most.
const COMPRESS_ABOVE: usize = 1_000_000;

/// What stands on the envelope and in the headers.
#[derive(Clone, Debug)]
pub(crate) struct Envelope<'a> {
    pub from: &'a str,
    pub to: &'a str,
    pub reply_to: Option<&'a str>,
    /// Without angle brackets.
    pub message_id: &'a str,
    pub date: DateTime<Utc>,
    /// Id of a thread's root, without angle brackets; that mail was never sent.
    pub thread: Option<String>,
    /// Name of the channel that should have delivered it.
    pub fallback_for: Option<&'a str>,
}

/// The domain of the sender's address, for ids.
pub(crate) fn domain(from: &str) -> String {
    let domain = from.parse::<Mailbox>().ok().map(|mailbox| mailbox.email.domain().to_owned());
    domain.unwrap_or_else(|| "localhost".to_owned())
}

/// Writes a mail. Whatever the letter holds, the result is a mail or an error, never a panic.
pub(crate) fn write(letter: &Letter, templates: &Templates, envelope: &Envelope<'_>) -> Result<Vec<u8>> {
    let (html, text) = templates.draw(letter)?;
    catch_unwind(AssertUnwindSafe(|| assemble(letter, envelope, html, text)))
        .unwrap_or_else(|_| Err("the mail library panicked".to_owned()))
        .map_err(|problem| Error::Mail { recipient: envelope.to.to_owned(), problem })
}

fn assemble(
    letter: &Letter,
    envelope: &Envelope<'_>,
    html: String,
    text: String,
) -> std::result::Result<Vec<u8>, String> {
    let mailbox =
        |address: &str| address.parse::<Mailbox>().map_err(|problem| format!("`{address}`: {problem}"));
    let mut builder = lettre::Message::builder()
        .from(mailbox(envelope.from)?)
        .to(mailbox(envelope.to)?)
        .subject(&letter.subject)
        .date(envelope.date.into())
        .message_id(Some(format!("<{}>", envelope.message_id)));
    if let Some(reply_to) = envelope.reply_to {
        builder = builder.reply_to(mailbox(reply_to)?);
    }
    if let Some(root) = &envelope.thread {
        builder = builder.in_reply_to(format!("<{root}>")).references(format!("<{root}>"));
    }
    let list = format!("<{}.alerts.{}>", letter.rule.replace('_', "-"), domain(envelope.from));
    let mut headers = vec![
        ("Auto-Submitted", "auto-generated".to_owned()),
        ("X-Auto-Response-Suppress", "All".to_owned()),
        ("List-Id", list),
    ];
    if let Some(channel) = envelope.fallback_for {
        headers.push(("X-Fallback-For", channel.to_owned()));
    }
    for (name, value) in headers {
        builder = builder.raw_header(HeaderValue::new(HeaderName::new_from_ascii_str(name), value));
    }
    let seed = hex::encode(Sha256::digest(envelope.message_id.as_bytes()));
    let boundary = |part: &str| format!("={part}-{}", &seed[..32]);
    let alternative = parts(MultiPart::alternative(), boundary("alternative"))
        .singlepart(SinglePart::plain(text))
        .singlepart(SinglePart::html(html));
    let body = match &letter.table {
        Some(table) => {
            parts(MultiPart::mixed(), boundary("mixed")).multipart(alternative).singlepart(attachment(table)?)
        }
        None => alternative,
    };
    builder.multipart(body).map(|mail| mail.formatted()).map_err(|problem| problem.to_string())
}

fn parts(builder: MultiPartBuilder, boundary: String) -> MultiPartBuilder {
    builder.boundary(boundary)
}

fn attachment(table: &Table) -> std::result::Result<SinglePart, String> {
    let (mut name, mut kind) = (table.name.clone(), "text/csv; charset=utf-8");
    let bytes = if table.csv.len() > COMPRESS_ABOVE {
        // No time stamp in the file, so that the same list gives the same bytes.
        let mut packed = GzBuilder::new().mtime(0).write(Vec::new(), Compression::default());
        packed.write_all(&table.csv).map_err(|problem| problem.to_string())?;
        name.push_str(".gz");
        kind = "application/gzip";
        packed.finish().map_err(|problem| problem.to_string())?
    } else {
        table.csv.clone()
    };
    let kind = ContentType::parse(kind).map_err(|problem| problem.to_string())?;
    Ok(Attachment::new(name).body(bytes, kind))
}

/// A mail with the headers of another and a plain text in place of its contents; nothing if the other is
/// no mail.
pub(crate) fn plainer(mail: &[u8], text: &str) -> Option<Vec<u8>> {
    let end = mail.windows(4).position(|window| window == b"\r\n\r\n")?;
    let headers = std::str::from_utf8(&mail[..end]).ok()?;
    let mut kept = String::new();
    let mut keeping = true;
    for line in headers.split("\r\n") {
        if !line.starts_with([' ', '\t']) {
            let name = line.split(':').next().unwrap_or_default().to_ascii_lowercase();
            keeping = !name.starts_with("content-") && name != "mime-version";
        }
        if keeping {
            // Another message needs another id.
            kept.push_str(&line.replacen("Message-ID: <", "Message-ID: <plain.", 1));
            kept.push_str("\r\n");
        }
    }
    let ascii: String = text.chars().map(|c| if c.is_ascii() { c } else { '?' }).collect();
    kept.push_str("MIME-Version: 1.0\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n");
    kept.push_str(&ascii.replace('\n', "\r\n"));
    Some(kept.into_bytes())
}
