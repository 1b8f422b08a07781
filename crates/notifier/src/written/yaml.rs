//! YAML with the place of every key and value.

use super::{Entry, Tree, Written, error};
use indexmap::IndexMap;
use platform_core::{Diagnostic, Place};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{Location, Spanned};
use std::fmt;

/// Reads a YAML text. `file` names it in places.
pub(crate) fn read_yaml(file: &str, text: &str) -> Result<Written, Box<Diagnostic>> {
    if text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
        return Ok(Written { place: Some(Place::file(file)), value: Tree::Null });
    }
    let lines = Lines { file, lines: text.lines().collect() };
    match serde_saphyr::from_str::<Spanned<Raw>>(text) {
        Ok(raw) => Ok(lines.written(raw)),
        Err(problem) => {
            let place = problem.location().map_or_else(|| Place::file(file), |at| lines.place(at, 0));
            // The library's text ends in its own place and drawing of the line; ours has both already.
            let words = problem.without_snippet().to_string();
            let words = words.lines().next().unwrap_or_default();
            let words = words.split(" at line ").next().unwrap_or(words);
            let words = words.split(", set Dup").next().unwrap_or(words);
            Err(Box::new(error("A002", Some(&place), format!("read the YAML: {words}"))))
        }
    }
}

enum Raw {
    Null,
    Bool(bool),
    Number(String),
    Fraction(f64),
    Text(String),
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<String>, Spanned<Raw>)>),
}

struct Lines<'a> {
    file: &'a str,
    lines: Vec<&'a str>,
}

impl Lines<'_> {
    fn place(&self, at: Location, length: usize) -> Place {
        let number = |value: u64| u32::try_from(value).unwrap_or(u32::MAX);
        let line = usize::try_from(at.line()).unwrap_or(usize::MAX);
        let snippet =
            line.checked_sub(1).and_then(|index| self.lines.get(index)).copied().unwrap_or_default();
        Place {
            file: self.file.to_owned(),
            line: number(at.line()),
            column: number(at.column()),
            length: number(length as u64),
            snippet: without_secrets(snippet),
        }
    }

    fn written(&self, raw: Spanned<Raw>) -> Written {
        let length = match &raw.value {
            Raw::Text(text) | Raw::Number(text) => text.chars().count(),
            Raw::Fraction(value) => value.to_string().len(),
            _ => 0,
        };
        let place = Some(self.place(raw.referenced, length));
        let value = match raw.value {
            Raw::Null => Tree::Null,
            Raw::Bool(value) => Tree::Bool(value),
            Raw::Number(text) => Tree::Number(text),
            Raw::Fraction(value) => match self.digits(raw.defined, value) {
                Some(digits) => Tree::Number(digits.to_owned()),
                None => Tree::Rounded(value.to_string()),
            },
            Raw::Text(text) => Tree::Text(text),
            Raw::List(items) => Tree::List(items.into_iter().map(|item| self.written(item)).collect()),
            Raw::Map(entries) => Tree::Map(self.map(entries)),
        };
        Written { place, value }
    }

    /// A fraction as it stands there, digit by digit: the parser has made it the nearest binary one.
    fn digits(&self, at: Location, value: f64) -> Option<&str> {
        let line = self.lines.get(usize::try_from(at.line()).ok()?.checked_sub(1)?)?;
        let before = usize::try_from(at.column()).ok()?.checked_sub(1)?;
        let (start, _) = line.char_indices().nth(before)?;
        let rest = &line[start..];
        let end =
            rest.find(|c: char| !(c.is_ascii_alphanumeric() || "+-.".contains(c))).unwrap_or(rest.len());
        (rest[..end].parse() == Ok(value)).then_some(&rest[..end])
    }

    fn map(&self, entries: Vec<(Spanned<String>, Spanned<Raw>)>) -> IndexMap<String, Entry> {
        entries
            .into_iter()
            .map(|(key, value)| {
                let place = self.place(key.referenced, key.value.chars().count());
                (key.value, Entry { key: Some(place), value: self.written(value) })
            })
            .collect()
    }
}

/// A line that may hold a literal secret, fit to be shown: what follows a telling key and what stands
/// between `://` and `@` is masked.
fn without_secrets(line: &str) -> String {
    let mut shown = line.to_owned();
    if let Some(start) = shown.find("://")
        && let Some(length) = shown[start..].find('@')
    {
        shown.replace_range(start + 3..start + length, "***");
    }
    for key in ["token:", "hmac:", "password:", "routing_key:"] {
        let Some(start) = shown.find(key).map(|at| at + key.len()) else { continue };
        let end = shown[start..].find([',', '}']).map_or(shown.len(), |length| start + length);
        shown.replace_range(start..end, " ***");
    }
    shown
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_none<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Raw, D::Error> {
        Raw::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Number(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Raw, E> {
        Ok(Raw::Number(value.to_string()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Raw, E> {
        if value.is_finite() { Ok(Raw::Fraction(value)) } else { Err(E::custom("a number must be finite")) }
    }

    fn visit_str<E>(self, value: &str) -> Result<Raw, E> {
        Ok(Raw::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Raw, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Raw::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Raw, A::Error> {
        let mut entries: Vec<(Spanned<String>, Spanned<Raw>)> = Vec::new();
        while let Some(entry) = access.next_entry::<Spanned<String>, Spanned<Raw>>()? {
            if entries.iter().any(|(key, _)| key.value == entry.0.value) {
                return Err(A::Error::custom(format_args!("the key `{}` stands here twice", entry.0.value)));
            }
            entries.push(entry);
        }
        Ok(Raw::Map(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_has_its_place() {
        let tree =
            read_yaml("alerts.yml", "version: 1\nroutes:\n  - {to: [ops], mode: digest}\n").expect("reads");
        let route = &tree.get("routes").expect("routes").items()[0];
        let mode = route.get("mode").expect("mode").place.clone().expect("a place");
        assert_eq!((mode.to_string().as_str(), mode.length), ("alerts.yml:3:23", 6));
        assert_eq!(mode.snippet, "  - {to: [ops], mode: digest}");
    }

    #[test]
    fn numbers_are_read_digit_by_digit() {
        let yaml = "half: &half 0.5\nlist: [0.1, 0.30000000000000001, -1.50, 100000000000000000000.25]\n\
                    same: *half\nsmall: 5e-1\ninteger: 12\ngrouped: 1_000.5\n";
        let tree = read_yaml("alerts.yml", yaml).expect("reads");
        let text = |key: &str| tree.get(key).expect("it").as_text().expect("a number");
        let list: Vec<_> =
            tree.get("list").expect("it").items().iter().filter_map(Written::as_text).collect();
        assert_eq!(list, ["0.1", "0.30000000000000001", "-1.50", "100000000000000000000.25"]);
        assert_eq!((text("half"), text("same"), text("integer")), ("0.5".into(), "0.5".into(), "12".into()));
        assert_eq!(text("small"), "5e-1");
        for key in ["half", "same", "small", "integer"] {
            assert!(matches!(tree.get(key).expect("it").value, Tree::Number(_)), "{key}");
        }
    }

    #[test]
    fn broken_yaml_is_told_with_its_place() {
        let problem = read_yaml("alerts.yml", "a: 1\nb: [1, 2\nc: 3\n").expect_err("is broken");
        insta::assert_snapshot!(problem.to_string());
        let problem = read_yaml("alerts.yml", "a: 1\na: 2\n").expect_err("is broken");
        insta::assert_snapshot!(problem.to_string());
    }
}
