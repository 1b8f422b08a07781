//! The built-in macros as files: every one parses and compiles, and every dispatch has something to find.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that can't go on says so and fails"
)]

use project::builtin::FILES;
use regex::Regex;
use std::collections::BTreeMap;

fn blocks() -> Vec<(&'static str, jinja::Block)> {
    let environment = jinja::Environment::new();
    let mut all = Vec::new();
    for file in FILES {
        let source = jinja::SourceFile::new(file.path, file.text);
        let parsed = environment.parse_file(&source, jinja::BlockTags::MACRO_FILE);
        let parsed = parsed.unwrap_or_else(|error| panic!("{}: {error}", file.path));
        assert!(!parsed.blocks.is_empty(), "{} holds no block", file.path);
        all.extend(parsed.blocks.into_iter().map(|block| (file.package, block)));
    }
    all
}

#[test]
fn every_macro_compiles() {
    let environment = jinja::Environment::new();
    for (package, block) in blocks() {
        let checked = block.to_macro().check(&environment);
        assert!(checked.is_ok(), "{package}.{}: {}", block.name, checked.unwrap_err());
    }
}

#[test]
fn every_name_is_there_once() {
    let mut seen: BTreeMap<(String, String), u32> = BTreeMap::new();
    for (package, block) in blocks() {
        *seen.entry((package.to_owned(), format!("{:?} {}", block.kind, block.name))).or_default() += 1;
    }
    let twice: Vec<_> = seen.iter().filter(|(_, count)| **count > 1).collect();
    assert!(twice.is_empty(), "{twice:?}");
}

#[test]
fn every_dispatch_finds_something() {
    let all = blocks();
    let names: Vec<&str> = all.iter().map(|(_, block)| block.name.as_ref()).collect();
    let dispatch = Regex::new(r"adapter\.dispatch\('(\w+)', 'dbt'\)").expect("a pattern");
    let mut missing = Vec::new();
    for (_, block) in &all {
        for found in dispatch.captures_iter(block.source()) {
            let name = &found[1];
            let candidates = [format!("postgres__{name}"), format!("default__{name}")];
            if !candidates.iter().any(|it| names.contains(&it.as_str())) {
                missing.push(name.to_owned());
            }
        }
    }
    assert!(missing.is_empty(), "{missing:?}");
}
