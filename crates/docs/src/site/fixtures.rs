//! What a unit test gives its model, and what it expects.

use super::data::Fixture;
use super::facts::plain;
use platform_core::node::UnitTest;
use serde_json::Value;

/// The inputs in order, then what is expected.
pub(super) fn of(unit_test: &UnitTest) -> Vec<Fixture> {
    let given = unit_test.given.iter().map(|given| {
        let input = given.get("input").map(plain).unwrap_or_default();
        fixture(format!("Given {input}"), given)
    });
    given.chain([fixture("Expected".to_owned(), &unit_test.expect)]).collect()
}

/// The model tested, and what is set for the test alone.
pub(super) fn facts(unit_test: &UnitTest) -> Vec<(String, String)> {
    let mut facts = vec![("Model".to_owned(), unit_test.model.clone())];
    for kind in ["vars", "macros", "env_vars"] {
        let set = unit_test.overrides.as_ref().and_then(|set| set.get(kind)).and_then(Value::as_object);
        facts.extend(set.into_iter().flatten().map(|(name, value)| (format!("{kind}.{name}"), plain(value))));
    }
    facts
}

fn fixture(label: String, written: &Value) -> Fixture {
    let rows = written.get("rows");
    let file = written.get("fixture").and_then(Value::as_str);
    let text = match (rows, file) {
        (_, Some(file)) => format!("fixture {file}"),
        (Some(Value::String(text)), None) => text.clone(),
        _ => String::new(),
    };
    let rows = rows.and_then(Value::as_array).map(|rows| table(rows)).unwrap_or_default();
    Fixture { label, text: if rows.is_empty() { text } else { String::new() }, rows }
}

/// Objects as rows under the names of all their keys; what a row doesn't say is null.
fn table(objects: &[Value]) -> Vec<Vec<Option<String>>> {
    let mut names: Vec<&str> = Vec::new();
    for object in objects.iter().filter_map(Value::as_object) {
        for name in object.keys() {
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
    }
    if names.is_empty() {
        return Vec::new();
    }
    let cell = |value: Option<&Value>| value.filter(|value| !value.is_null()).map(plain);
    let rows = objects.iter().map(|object| names.iter().map(|name| cell(object.get(*name))).collect());
    std::iter::once(names.iter().map(|name| Some((*name).to_owned())).collect()).chain(rows).collect()
}
