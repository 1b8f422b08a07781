//! `urlize`: addresses in a text become links.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use fancy_regex::Regex;
use minijinja::Value;

use super::html::escape;
use crate::eval::{Evaluated, Evaluator};
use crate::python::arguments::{Arguments, flag, length};
use crate::python::iterate::items;
use crate::python::text::to_str;

/// What counts as a web address; after Jinja2's documentation and its results.
static WEB: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?ix)^
        (
            (https?://|www\.) (([\w%-]+\.)+)? ([a-z]{2,63} | xn--[\w%]{2,59})
          | ([\w%-]{2,63}\.)+ (com|net|int|edu|gov|org|info|mil)
          | (https?://) ( (\d{1,3})(\.\d{1,3}){3} | (\[([\da-f]{0,4}:){2}([\da-f]{0,4}:?){1,6}\]) )
        )
        (?::\d{1,5})?
        (?:[/?\#]\S*)?
        $",
    )
    .ok()
});

static MAIL: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^\S+@\w[\w.-]*\.\w+$").ok());

fn matches(regex: &LazyLock<Option<Regex>>, text: &str) -> bool {
    regex.as_ref().is_some_and(|regex| regex.is_match(text).unwrap_or(false))
}

struct Links {
    limit: Option<usize>,
    attributes: String,
    schemes: Vec<String>,
}

pub(super) fn urlize(_: &mut Evaluator<'_, '_, '_>, call: &Arguments<'_>) -> Evaluated<Value> {
    let [text, limit, nofollow, target, rel, schemes] =
        call.bind(["value", "trim_url_limit", "nofollow", "target", "rel", "extra_schemes"], 1)?;
    let text = to_str(&text.unwrap_or_default());
    let given = |value: Option<Value>| value.filter(|it| !it.is_none());
    let limit = match given(limit) {
        Some(limit) => Some(length(Some(&limit), 0)?),
        None => None,
    };
    let rel = given(rel).map_or_else(String::new, |rel| to_str(&rel));
    let mut words: BTreeSet<&str> = rel.split_whitespace().collect();
    words.insert("noopener");
    if flag(nofollow.as_ref(), false) {
        words.insert("nofollow");
    }
    let rel = words.into_iter().collect::<Vec<_>>().join(" ");
    let mut attributes = format!(" rel=\"{}\"", escape(&rel));
    if let Some(target) = given(target) {
        attributes += &format!(" target=\"{}\"", escape(&to_str(&target)));
    }
    let schemes = match given(schemes) {
        Some(schemes) => items(&schemes)?.iter().map(to_str).collect(),
        None => Vec::new(),
    };
    let links = Links { limit, attributes, schemes };
    let mut out = String::new();
    let escaped = escape(&text);
    let mut rest = escaped.as_str();
    while !rest.is_empty() {
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        out.push_str(&links.word(&rest[..end]));
        rest = &rest[end..];
        let space = rest.find(|c: char| !c.is_whitespace()).unwrap_or(rest.len());
        out.push_str(&rest[..space]);
        rest = &rest[space..];
    }
    Ok(Value::from(out))
}

impl Links {
    /// A word with the punctuation around it.
    fn word(&self, word: &str) -> String {
        let mut middle = word;
        while let Some(rest) = ["(", "<", "&lt;"].iter().find_map(|it| middle.strip_prefix(it)) {
            middle = rest;
        }
        let head = &word[..word.len() - middle.len()];
        let rest = middle;
        while let Some(shorter) = [")", "&gt;", ">", ".", ","].iter().find_map(|it| middle.strip_suffix(it)) {
            middle = shorter;
        }
        let mut tail = rest[middle.len()..].to_owned();
        let mut middle = middle.to_owned();
        for (open, close) in [("(", ")"), ("<", ">"), ("&lt;", "&gt;")] {
            let opened = middle.matches(open).count();
            if opened <= middle.matches(close).count() {
                continue;
            }
            for _ in 0..opened.min(tail.matches(close).count()) {
                if let Some(at) = tail.find(close) {
                    let end = at + close.len();
                    middle.push_str(&tail[..end]);
                    tail.drain(..end);
                }
            }
        }
        format!("{head}{}{tail}", self.link(&middle))
    }

    fn link(&self, middle: &str) -> String {
        let attributes = &self.attributes;
        if matches(&WEB, middle) {
            let scheme =
                if middle.starts_with("https://") || middle.starts_with("http://") { "" } else { "https://" };
            let shown = self.trimmed(middle);
            return format!("<a href=\"{scheme}{middle}\"{attributes}>{shown}</a>");
        }
        if let Some(address) = middle.strip_prefix("mailto:")
            && matches(&MAIL, address)
        {
            return format!("<a href=\"{middle}\">{address}</a>");
        }
        let is_mail = middle.contains('@') && !middle.starts_with("www.") && !middle.contains(':');
        if is_mail && matches(&MAIL, middle) {
            return format!("<a href=\"mailto:{middle}\">{middle}</a>");
        }
        let scheme = self
            .schemes
            .iter()
            .find(|scheme| middle != scheme.as_str() && middle.starts_with(scheme.as_str()));
        match scheme {
            Some(_) => format!("<a href=\"{middle}\"{attributes}>{middle}</a>"),
            None => middle.to_owned(),
        }
    }

    fn trimmed(&self, address: &str) -> String {
        match self.limit {
            Some(limit) if address.chars().count() > limit => {
                address.chars().take(limit).collect::<String>() + "..."
            }
            _ => address.to_owned(),
        }
    }
}
