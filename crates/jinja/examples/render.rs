//! Renders each text of a JSON list on stdin with `tests/golden/context.json`; prints a JSON list of answers.
//! `tests/golden/fuzz.py` compares them with Jinja2's.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a tool for people")]

use jinja::{Environment, SourceFile, functions, value};

fn main() {
    let sources: Vec<String> = serde_json::from_reader(std::io::stdin()).unwrap();
    let context = serde_json::from_str(include_str!("../tests/golden/context.json")).unwrap();
    let env = Environment::new()
        .with_global("set", functions::set_type())
        .with_global("zip", functions::zip_type())
        .with_global("modules", functions::modules());
    let answers: Vec<serde_json::Value> = sources
        .iter()
        .map(|source| {
            let file = SourceFile::new("x", source.as_str());
            let context = value::from_json(&context);
            match env.template(&file).and_then(|template| template.render(&env, &context)) {
                Ok(text) => serde_json::json!({ "text": text }),
                Err(error) => serde_json::json!({ "message": error.message() }),
            }
        })
        .collect();
    println!("{}", serde_json::to_string(&answers).unwrap());
}
