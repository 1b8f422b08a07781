//! Descriptions: markdown to HTML that can't run anything.

use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, html};

/// CommonMark with tables, strikethrough and task lists; raw HTML comes out as text, and a link or image
/// whose address is not http(s), mailto, relative or a fragment loses the address.
pub fn to_html(markdown: &str) -> String {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let events = Parser::new_ext(markdown, options).map(|event| match event {
        Event::Html(raw) | Event::InlineHtml(raw) => Event::Text(raw),
        Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
            Event::Start(Tag::Link { link_type, dest_url: safe_address(dest_url), title, id })
        }
        Event::Start(Tag::Image { link_type, dest_url, title, id }) => {
            Event::Start(Tag::Image { link_type, dest_url: safe_address(dest_url), title, id })
        }
        other => other,
    });
    let mut out = String::with_capacity(markdown.len() * 3 / 2);
    html::push_html(&mut out, events);
    out
}

fn safe_address(address: CowStr<'_>) -> CowStr<'_> {
    let scheme: String = address
        .chars()
        .filter(|letter| !letter.is_control() && !letter.is_whitespace())
        .take_while(|letter| !matches!(letter, '/' | '?' | '#'))
        .collect::<String>()
        .to_lowercase();
    match scheme.split_once(':') {
        Some(("http" | "https" | "mailto", _)) | None => address,
        Some(_) => CowStr::Borrowed(""),
    }
}

/// The first sentence or line as plain text, `limit` characters at most: for lists and search results.
pub fn summary(markdown: &str, limit: usize) -> String {
    let mut text = String::new();
    for event in Parser::new(markdown) {
        match event {
            Event::Text(part) | Event::Code(part) => text.push_str(&part),
            Event::SoftBreak | Event::HardBreak => text.push(' '),
            Event::End(_) if !text.trim().is_empty() && text.chars().count() > limit / 2 => break,
            Event::End(_) if !text.is_empty() => text.push(' '),
            _ => {}
        }
    }
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.chars().count() <= limit {
        return text;
    }
    let cut: String = text.chars().take(limit).collect();
    format!("{}…", cut.rsplit_once(' ').map_or(cut.as_str(), |(head, _)| head))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_markdown_comes_out_as_text() {
        for hostile in [
            "<script>alert(1)</script>",
            "a <img src=x onerror=alert(1)> b",
            "[x](javascript:alert(1))",
            "[x](JaVa\tScript:alert(1))",
            "![x](data:text/html;base64,PHNjcmlwdD4=)",
        ] {
            let html = to_html(hostile).to_lowercase();
            assert!(!html.contains("<script") && !html.contains("<img src=x"), "{html}");
            assert!(!html.contains("javascript:") && !html.contains("data:text"), "{html}");
        }
    }

    #[test]
    fn keeps_what_descriptions_use() {
        let html = to_html("**bold** `code`\n\n| a | b |\n|---|---|\n| 1 | [l](https://x.example/y) |\n");
        assert!(html.contains("<strong>bold</strong>") && html.contains("<table>"), "{html}");
        assert!(html.contains(r#"href="https://x.example/y""#), "{html}");
    }

    #[test]
    fn a_summary_is_one_plain_line() {
        assert_eq!(summary("# Title\n\nOne *row* per `x`.", 80), "Title One row per x.");
        assert_eq!(summary("word word word word", 11), "word word…");
    }
}
