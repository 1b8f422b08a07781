//! Letters as JSON: for Slack, for a webhook, for services shaped like PagerDuty. And as a line of talk.

use crate::letter::{Letter, Line, Tone};
use serde_json::{Value, json};

/// Lines that a chat message shows.
const ROWS: usize = 40;
/// Slack takes that many characters in a block of text.
const BLOCK: usize = 2_900;

/// A Slack message; `room` for a bot, nothing for an incoming webhook.
pub(crate) fn slack(letter: &Letter, room: Option<&str>) -> Vec<u8> {
    let mut blocks =
        vec![json!({"type": "header", "text": {"type": "plain_text", "text": cut(&letter.headline, 150)}})];
    let mut text = |text: &str| {
        if !text.is_empty() {
            blocks.push(json!({"type": "section", "text": {"type": "mrkdwn", "text": cut(text, BLOCK)}}));
        }
    };
    text(&escape(&letter.lead));
    let lines: Vec<String> =
        letter.sections.iter().flat_map(|section| &section.lines).map(slack_line).collect();
    let hidden = lines.len().saturating_sub(ROWS)
        + letter.sections.iter().map(|section| section.hidden).sum::<usize>();
    for block in lines[..lines.len().min(ROWS)].chunks(10) {
        text(&block.join("\n"));
    }
    if hidden > 0 {
        text(&format!("and {hidden} more"));
    }
    for quote in &letter.quotes {
        let place =
            if quote.place.is_empty() { String::new() } else { format!(" at `{}`", escape(&quote.place)) };
        let rows = quote.rows.iter().flat_map(|rows| &rows.lines);
        let lines: Vec<&str> = quote.lines.iter().chain(rows).map(String::as_str).collect();
        text(&format!(
            "*{}*{place}\n```{}```",
            escape(&quote.title),
            escape(&lines.join("\n")).replace('`', "'")
        ));
    }
    let notes: Vec<String> =
        letter.notes.iter().map(|note| escape(&format!("{}: {}", note.name, note.text))).collect();
    text(&notes.join("\n"));
    let foot = format!("{} Written {}.", letter.rule_words, letter.written);
    blocks.push(
        json!({"type": "context", "elements": [{"type": "mrkdwn", "text": cut(&escape(&foot), BLOCK)}]}),
    );
    let mut message = json!({"text": escape(&letter.subject), "blocks": blocks});
    if let (Some(room), Value::Object(map)) = (room, &mut message) {
        map.insert("channel".to_owned(), Value::String(room.to_owned()));
    }
    serde_json::to_vec(&message).unwrap_or_default()
}

fn slack_line(line: &Line) -> String {
    let arrow = match line.direction {
        "up" => ":small_red_triangle: ",
        "down" => ":small_red_triangle_down: ",
        _ => "",
    };
    let remarks: Vec<&str> = std::iter::once(line.dates.as_str())
        .chain(line.marks.iter().map(String::as_str))
        .filter(|text| !text.is_empty())
        .collect();
    format!(
        "{arrow}*{}*  {}  {} \u{2192} {} {}  _{}_",
        escape(&line.name).replace('*', "\u{2217}"),
        escape(&line.change),
        escape(&line.from),
        escape(&line.to),
        escape(&line.currency),
        escape(&remarks.join(", ")).replace('_', " "),
    )
}

/// Slack's three special characters.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most - 1).chain(['…']).collect()
}

/// What happens to an incident of the receiver.
fn action(letter: &Letter) -> &'static str {
    if letter.tone == Tone::Resolved { "resolve" } else { "trigger" }
}

/// The key under which a receiver keeps its incident.
fn event_key(letter: &Letter) -> &str {
    if letter.event.is_empty() { &letter.identity } else { &letter.event }
}

/// Our own JSON.
pub(crate) fn webhook(letter: &Letter, dedupe_key: &str) -> Vec<u8> {
    let body = json!({
        "version": 1,
        "dedupe_key": dedupe_key,
        "event_action": action(letter),
        "event_key": format!("{}|{}", letter.rule, event_key(letter)),
        "letter": letter,
        "table": letter.table.as_ref().map(|table| json!({"header": table.header, "rows": table.first, "total": table.total})),
    });
    serde_json::to_vec(&body).unwrap_or_default()
}

/// PagerDuty's Events API v2. The routing key is a secret and comes in when it is sent.
pub(crate) fn pagerduty(letter: &Letter) -> Vec<u8> {
    let severity = match letter.tone {
        Tone::Trouble => "critical",
        Tone::Alert => "warning",
        Tone::Resolved | Tone::Information => "info",
    };
    let lines: Vec<String> = letter
        .sections
        .iter()
        .flat_map(|section| &section.lines)
        .take(ROWS)
        .map(|line| format!("{} {}: {} to {} {}", line.name, line.change, line.from, line.to, line.currency))
        .collect();
    let body = json!({
        "event_action": action(letter),
        "dedup_key": cut(&format!("{}|{}", letter.rule, event_key(letter)), 255),
        "payload": {
            "summary": cut(&letter.subject, 1_024),
            "source": "data-platform",
            "severity": severity,
            "component": letter.rule,
            "class": letter.kind,
            "custom_details": {"lead": letter.lead, "lines": lines, "rule": letter.rule_words},
        },
    });
    serde_json::to_vec(&body).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::letter::Section;

    #[test]
    fn slack_cannot_be_made_to_ping_everybody() {
        let line = Line { name: "<!channel> & *friends*".to_owned(), ..Line::default() };
        let letter = Letter {
            headline: "x".to_owned(),
            sections: vec![Section { lines: vec![line; 60], ..Section::default() }],
            ..Letter::default()
        };
        let text = String::from_utf8(slack(&letter, None)).expect("text");
        assert!(!text.contains("<!channel>") && text.contains("&lt;!channel&gt; &amp;"));
        assert!(text.contains("and 20 more"));
    }
}
