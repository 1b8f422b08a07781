//! Values → YAML text, laid out as Python's `yaml.safe_dump` lays it out.

use super::writing::{Out, is_break};
use jinja::Value;
use std::collections::HashMap;

/// A JSON value in block style, its keys in their order.
pub fn dump(value: &serde_json::Value) -> String {
    // Nothing in JSON lacks a form in YAML.
    dump_value(&jinja::value::from_json(value), false).unwrap_or_default()
}

/// A value of a template in block style; none where a part of it has no form in YAML, as relations and undefined
/// values.
pub fn dump_value(value: &Value, sort_keys: bool) -> Option<String> {
    let mut writer = Writer { out: Out::default(), sort_keys, seen: HashMap::new(), anchors: 0 };
    writer.count(value, 0)?;
    let plain = writer.node(value, Around { indent: None, parent: Parent::Other })?;
    // A document that is one plain scalar needs a mark at its end.
    Some(writer.out.finish() + if plain { "...\n" } else { "" })
}

/// How deep a value may nest.
const DEPTH: usize = 200;

/// A key that is longer, or has line breaks, stands behind a question mark.
const SIMPLE_KEY: usize = 128;

struct Writer {
    out: Out,
    sort_keys: bool,
    /// Lists and mappings by identity.
    seen: HashMap<usize, Seen>,
    anchors: usize,
}

#[derive(Default)]
struct Seen {
    /// From one; zero while it has occurred once.
    anchor: usize,
    written: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Parent {
    /// A key that has its line with the value.
    Key,
    Other,
}

#[derive(Clone, Copy)]
struct Around {
    /// Of the collection that holds the value.
    indent: Option<usize>,
    parent: Parent,
}

/// How a scalar is written.
enum Form {
    /// As it is.
    Plain(String),
    /// Quoted and folded where it has to be.
    Text(String),
}

impl Writer {
    /// Notes which lists and mappings occur more than once: those get an anchor.
    fn count(&mut self, value: &Value, depth: usize) -> Option<()> {
        if depth > DEPTH {
            return None;
        }
        if scalar_form(value).is_some() {
            return Some(());
        }
        let children = children(value, self.sort_keys)?;
        if let Some(id) = jinja::value::identity(value) {
            if let Some(seen) = self.seen.get_mut(&id) {
                if seen.anchor == 0 {
                    self.anchors += 1;
                    seen.anchor = self.anchors;
                }
                return Some(());
            }
            self.seen.insert(id, Seen::default());
        }
        match children {
            Children::List(items) => items.iter().try_for_each(|item| self.count(item, depth + 1)),
            Children::Map(pairs, _) => pairs.iter().try_for_each(|(key, value)| {
                self.count(key, depth + 1)?;
                self.count(value, depth + 1)
            }),
        }
    }

    /// Writes a value; whether it's a plain scalar.
    fn node(&mut self, value: &Value, around: Around) -> Option<bool> {
        if let Some(form) = scalar_form(value) {
            let indent = around.indent.map_or(2, |indent| indent + 2);
            return Some(match form {
                Form::Plain(text) => {
                    self.out.word(&text);
                    true
                }
                Form::Text(text) => self.out.text(&text, Some(indent)),
            });
        }
        if self.alias(value) {
            return Some(false);
        }
        match children(value, self.sort_keys)? {
            Children::List(items) if items.is_empty() => self.out.word("[]"),
            Children::Map(pairs, false) if pairs.is_empty() => self.out.word("{}"),
            Children::List(items) => {
                // A list under a key stands at the key's own depth.
                let deeper = if around.parent == Parent::Key { 0 } else { 2 };
                let indent = around.indent.map_or(0, |indent| indent + deeper);
                for item in &items {
                    self.out.line(indent);
                    self.out.mark("-");
                    self.node(item, Around { indent: Some(indent), parent: Parent::Other })?;
                }
            }
            Children::Map(pairs, is_set) => {
                if is_set {
                    self.out.word("!!set");
                }
                let indent = around.indent.map_or(0, |indent| indent + 2);
                for (key, value) in &pairs {
                    self.out.line(indent);
                    self.pair(key, value, indent)?;
                }
            }
        }
        Some(false)
    }

    /// Writes the anchor of what occurs again, or the alias where it has occurred: whether that is all.
    fn alias(&mut self, value: &Value) -> bool {
        let seen = jinja::value::identity(value).and_then(|id| self.seen.get_mut(&id));
        let Some(seen) = seen.filter(|seen| seen.anchor > 0) else { return false };
        let written = std::mem::replace(&mut seen.written, true);
        self.out.word(&format!("{}id{:03}", if written { '*' } else { '&' }, seen.anchor));
        written
    }

    fn pair(&mut self, key: &Value, value: &Value, indent: usize) -> Option<bool> {
        let around = |parent| Around { indent: Some(indent), parent };
        match scalar_form(key) {
            Some(form) if is_simple_key(&form) => {
                match form {
                    Form::Plain(text) => self.out.word(&text),
                    Form::Text(text) => {
                        self.out.text(&text, None);
                    }
                }
                self.out.colon();
                self.node(value, around(Parent::Key))
            }
            _ => {
                self.out.mark("?");
                self.node(key, around(Parent::Other))?;
                self.out.line(indent);
                self.out.mark(":");
                self.node(value, around(Parent::Other))
            }
        }
    }
}

fn is_simple_key(form: &Form) -> bool {
    match form {
        Form::Plain(_) => true,
        Form::Text(text) => !text.is_empty() && text.chars().count() < SIMPLE_KEY && !text.contains(is_break),
    }
}

enum Children {
    List(Vec<Value>),
    /// With whether it stands for a set.
    Map(Vec<(Value, Value)>, bool),
}

fn children(value: &Value, sort_keys: bool) -> Option<Children> {
    match jinja::value::type_name(value).as_str() {
        "list" | "tuple" => jinja::value::items(value).ok().map(Children::List),
        "dict" => jinja::value::pairs(value).map(|pairs| Children::Map(sorted(pairs, sort_keys), false)),
        "set" => {
            let items = jinja::value::items(value).ok()?;
            let pairs = items.into_iter().map(|item| (item, Value::from(()))).collect();
            Some(Children::Map(sorted(pairs, sort_keys), true))
        }
        _ => None,
    }
}

/// Sorted if all keys are texts or all numbers; Python can't compare others and leaves them.
fn sorted(mut pairs: Vec<(Value, Value)>, sort_keys: bool) -> Vec<(Value, Value)> {
    let texts = pairs.iter().all(|(key, _)| key.as_str().is_some());
    let numbers = pairs.iter().all(|(key, _)| f64::try_from(key.clone()).is_ok());
    if sort_keys && texts {
        pairs.sort_by(|left, right| left.0.as_str().cmp(&right.0.as_str()));
    } else if sort_keys && numbers {
        pairs.sort_by(|left, right| left.0.cmp(&right.0));
    }
    pairs
}

fn scalar_form(value: &Value) -> Option<Form> {
    Some(match jinja::value::type_name(value).as_str() {
        "NoneType" => Form::Plain("null".to_owned()),
        "bool" => Form::Plain(value.is_true().to_string()),
        "int" | "datetime.date" | "datetime.datetime" => Form::Plain(jinja::value::to_str(value)),
        "float" => Form::Plain(float(f64::try_from(value.clone()).ok()?)),
        "str" => Form::Text(jinja::value::to_str(value)),
        _ => return None,
    })
}

/// Without a point a number with an exponent would be a text.
fn float(number: f64) -> String {
    if number.is_nan() {
        return ".nan".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    let mut text = jinja::value::float_repr(number);
    if !text.contains('.') {
        text = text.replace('e', ".0e");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lays_out_as_python() {
        let value = serde_json::json!({
            "version": 2, "models": [{"name": "a", "tags": ["x", "yes"], "meta": {}}], "d": "", "t": "a: b"
        });
        let want =
            "version: 2\nmodels:\n- name: a\n  tags:\n  - x\n  - 'yes'\n  meta: {}\nd: ''\nt: 'a: b'\n";
        assert_eq!(dump(&value), want);
    }

    #[test]
    fn ends_a_plain_document_with_a_mark() {
        for (value, want) in [("plain", "plain\n...\n"), ("", "''\n"), ("a\nb", "'a\n\n  b'\n")] {
            assert_eq!(dump(&value.into()), want);
        }
        assert_eq!(dump(&1.into()), "1\n...\n");
        assert_eq!(dump(&serde_json::json!([])), "[]\n");
    }

    #[test]
    fn gives_anchors_to_what_occurs_again() {
        let list = jinja::value::list(vec![1.into(), 2.into()]);
        let twice = jinja::value::dict([("a".into(), list.clone()), ("b".into(), list.clone())]);
        assert_eq!(dump_value(&twice, false).as_deref(), Some("a: &id001\n- 1\n- 2\nb: *id001\n"));
        let twice = jinja::value::list(vec![list.clone(), list]);
        assert_eq!(dump_value(&twice, false).as_deref(), Some("- &id001\n  - 1\n  - 2\n- *id001\n"));
    }

    #[test]
    fn long_and_odd_keys_stand_behind_a_question_mark() {
        let tuple = jinja::value::tuple(vec![1.into(), 2.into()]);
        let value = jinja::value::dict([("".into(), 1.into()), (tuple, 2.into()), (3.into(), "x".into())]);
        assert_eq!(dump_value(&value, false).as_deref(), Some("? ''\n: 1\n? - 1\n  - 2\n: 2\n3: x\n"));
        assert_eq!(dump_value(&Value::UNDEFINED, false), None);
    }
}
