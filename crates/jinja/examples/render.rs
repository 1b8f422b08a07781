//! Renders each text of a JSON list on stdin with `tests/golden/context.json`; prints a JSON list of answers.
//! With the argument `parse`, as at parse time; with `native`, as the strings of YAML files.
//! `tests/golden/fuzz.py` compares them with Jinja2's.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a tool for people")]

use jinja::{Environment, SourceFile, UndefinedMode, functions, value};

fn main() {
    let sources: Vec<String> = serde_json::from_reader(std::io::stdin()).unwrap();
    let context = serde_json::from_str(include_str!("../tests/golden/context.json")).unwrap();
    let wanted = std::env::args().nth(1).unwrap_or_default();
    let mode = if wanted == "parse" { UndefinedMode::ParseTime } else { UndefinedMode::RunTime };
    let env = Environment::new()
        .with_undefined(mode)
        .with_global("set", functions::set_type())
        .with_global("zip", functions::zip_type())
        .with_global("modules", functions::modules());
    let answers: Vec<serde_json::Value> = sources
        .iter()
        .map(|source| {
            let file = SourceFile::new("x", source.as_str());
            let context = value::from_json(&context);
            let rendered = if wanted == "native" {
                let value = env.render_native(&file, &context);
                value.map(|it| format!("{} {}", value::type_name(&it), value::repr(&it)))
            } else {
                env.template(&file).and_then(|template| template.render(&env, &context))
            };
            match rendered {
                Ok(text) => serde_json::json!({ "text": text }),
                Err(error) => serde_json::json!({ "message": error.message() }),
            }
        })
        .collect();
    println!("{}", serde_json::to_string(&answers).unwrap());
}
