//! Compares what snippets render to with the answers of the real Jinja2 (`golden/make.py` writes them).

#![expect(clippy::expect_used, reason = "a test stops where it is surprised")]

use std::collections::BTreeMap;

use jinja::{Environment, SourceFile, UndefinedMode, Value, functions, value};
use serde::Deserialize;

#[derive(Deserialize)]
struct Answer {
    theme: String,
    source: String,
    text: Option<String>,
    message: Option<String>,
}

/// A deliberate difference: what we answer instead, and why.
#[derive(Deserialize)]
struct Difference {
    ours: String,
    why: String,
}

fn context() -> Value {
    let json: serde_json::Value =
        serde_json::from_str(include_str!("golden/context.json")).expect("context.json is JSON");
    value::from_json(&json)
}

fn render(answer: &Answer) -> Result<String, String> {
    let mode =
        if answer.theme.starts_with("parse_") { UndefinedMode::ParseTime } else { UndefinedMode::RunTime };
    let env = Environment::new()
        .with_global("set", functions::set_type())
        .with_global("zip", functions::zip_type())
        .with_global("modules", functions::modules())
        .with_undefined(mode);
    let file = SourceFile::new("golden.sql", answer.source.as_str());
    if answer.theme.starts_with("native_") {
        let rendered = env.render_native(&file, &context());
        let shown = rendered.map(|it| format!("{} {}", value::type_name(&it), value::repr(&it)));
        return shown.map_err(|error| error.message().to_owned());
    }
    let rendered = env.template(&file).and_then(|template| template.render(&env, &context()));
    rendered.map_err(|error| error.message().to_owned())
}

/// Addresses differ from run to run.
fn without_addresses(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("0x") {
        let digits = rest[at + 2..].bytes().take_while(u8::is_ascii_hexdigit).count();
        out.push_str(&rest[..at]);
        out.push_str(if digits >= 6 { "0x0" } else { &rest[at..at + 2 + digits] });
        rest = &rest[at + 2 + digits..];
    }
    out + rest
}

#[test]
fn renders_as_jinja2_does() {
    let answers: Vec<Answer> =
        serde_json::from_str(include_str!("golden/answers.json")).expect("answers.json is JSON");
    let differences: BTreeMap<String, Difference> =
        serde_json::from_str(include_str!("golden/differences.json")).expect("differences.json is JSON");
    let mut failures = Vec::new();
    let mut used = 0;
    for answer in &answers {
        let ours = match render(answer) {
            Ok(text) => without_addresses(&text),
            Err(message) => format!("error: {}", without_addresses(&message)),
        };
        let theirs = match (&answer.text, &answer.message) {
            (Some(text), _) => text.clone(),
            (None, message) => format!("error: {}", message.clone().unwrap_or_default()),
        };
        let wanted = match differences.get(&answer.source) {
            Some(difference) => {
                used += 1;
                assert!(!difference.why.is_empty());
                assert_ne!(theirs, difference.ours, "not a difference: {}", answer.source);
                &difference.ours
            }
            None => &theirs,
        };
        if ours != *wanted {
            failures.push(format!("{:?}\n  jinja2: {wanted:?}\n  ours:   {ours:?}", answer.source));
        }
    }
    assert_eq!(used, differences.len(), "a difference names a snippet that is gone");
    assert!(
        failures.is_empty(),
        "{} of {} answers differ:\n{}",
        failures.len(),
        answers.len(),
        failures.join("\n")
    );
}
