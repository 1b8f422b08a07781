//! A YAML document as a value of templates: dates are dates, and keys keep their types.

use super::{Content, Document, Entry, Node, scalar};
use jinja::Value;

/// What Python's `yaml.safe_load` gives for the document.
pub fn value_of(document: &Document) -> Value {
    node(&document.root, &document.text)
}

fn node(it: &Node, text: &str) -> Value {
    match &it.content {
        Content::List(items) => jinja::value::list(items.iter().map(|item| node(item, text)).collect()),
        Content::Map(entries) => {
            jinja::value::dict(entries.iter().map(|entry| (key(entry, text), node(&entry.value, text))))
        }
        scalar => plain(scalar),
    }
}

fn plain(content: &Content) -> Value {
    match content {
        Content::Null | Content::Undefined | Content::List(_) | Content::Map(_) => Value::from(()),
        Content::Bool(flag) => Value::from(*flag),
        Content::Int(number) => jinja::value::int(*number),
        Content::Float(number) => Value::from(*number),
        Content::Date(iso) => jinja::value::date_of(iso)
            .or_else(|| jinja::value::moment_of(iso))
            .unwrap_or_else(|| Value::from(iso.as_str())),
        Content::Text(text) => Value::from(text.as_str()),
    }
}

/// Entries know their keys as text: what stands without quotes is resolved once more.
fn key(entry: &Entry, text: &str) -> Value {
    let written = text.get(entry.span.clone()).unwrap_or_default();
    if written.starts_with(['"', '\'', '|', '>', '!']) {
        return Value::from(entry.key.as_str());
    }
    plain(&scalar::resolve(&entry.key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_dates_have_types() {
        let text = "a: 2024-01-01\nb: 2024-01-02 03:04:05\nc: -.inf\n1: x\n~: z\n'2': s\nno: [.nan]\n";
        let document = super::super::parse("t.yml", text).expect("valid");
        let want = "{'a': datetime.date(2024, 1, 1), 'b': datetime.datetime(2024, 1, 2, 3, 4, 5), 'c': -inf, \
                    1: 'x', None: 'z', '2': 's', False: [nan]}";
        assert_eq!(jinja::value::repr(&value_of(&document)), want);
    }
}
