//! Selection against answers of dbt Core 1.11: `dbt ls` over `fixtures/selection`, and over
//! `fixtures/state` before and after one change a resource.
//!
//! The manifests are what dbt wrote for those projects, without its own macros. A case is
//! `> arguments`, the warnings (`!`) or error (`E`) dbt gave, and the ids it listed.
#![expect(clippy::expect_used, reason = "a test stops where its fixture is broken")]

use platform_core::selection::{
    Context, IndirectSelection, PreviousState, Selection, SelectionError, from_arguments, select, selectors,
};
use platform_core::{Diagnostic, Graph, Manifest, ResourceType, UniqueId};
use std::fmt::Write as _;
use std::path::PathBuf;

fn read(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/selection").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn manifest(name: &str) -> Manifest {
    serde_json::from_str(&read(name)).expect("a manifest")
}

/// What `dbt ls` takes of the arguments, as far as the cases use it.
#[derive(Default)]
struct Arguments {
    select: Vec<String>,
    exclude: Vec<String>,
    selector: Option<String>,
    indirect: IndirectSelection,
    only: Vec<ResourceType>,
    without: Vec<ResourceType>,
}

impl Arguments {
    fn parse(line: &str, indirect: IndirectSelection) -> Self {
        let mut arguments = Self { indirect, ..Self::default() };
        let mut flag = String::new();
        for word in words(line) {
            if word.starts_with('-') {
                flag = word;
                continue;
            }
            let kinds = || match word.as_str() {
                "all" => ResourceType::ALL.to_vec(),
                "default" => default_types(),
                one => ResourceType::parse(one).into_iter().collect(),
            };
            match flag.as_str() {
                "-s" => arguments.select.push(word),
                "--exclude" => arguments.exclude.push(word),
                "--selector" => arguments.selector = Some(word),
                "--indirect-selection" => {
                    arguments.indirect = IndirectSelection::parse(&word).expect("a mode");
                }
                "--resource-type" => arguments.only.extend(kinds()),
                "--exclude-resource-type" => arguments.without.extend(kinds()),
                other => panic!("{other}"),
            }
        }
        arguments
    }
}

fn default_types() -> Vec<ResourceType> {
    ResourceType::ALL.iter().copied().filter(|kind| *kind != ResourceType::Analysis).collect()
}

fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut quoted = false;
    let mut word: Option<String> = None;
    for letter in line.chars() {
        match letter {
            '"' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            ' ' if !quoted => words.extend(word.take()),
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    words
}

fn run(arguments: &Arguments, context: Context<'_>) -> Result<Selection, SelectionError> {
    let expression = match &arguments.selector {
        Some(name) => selectors(&context.manifest.selectors, arguments.indirect)?.get(name)?.clone(),
        None => from_arguments(&arguments.select, &arguments.exclude, arguments.indirect)?,
    };
    select(&expression, context)
}

fn answer(line: &str, context: Context<'_>, indirect: IndirectSelection) -> String {
    let arguments = Arguments::parse(line, indirect);
    let mut text = format!("> {line}\n");
    let only = if arguments.only.is_empty() { default_types() } else { arguments.only.clone() };
    match run(&arguments, context) {
        Ok(selection) => {
            // What was recorded are the ids, and criteria that match nothing.
            let of_criteria = |it: &Diagnostic| it.event.as_deref() == Some("NoNodesForSelectionCriteria");
            for warning in selection.warnings.into_iter().filter(of_criteria) {
                let _ = writeln!(text, "! {}: {}", warning.event.expect("dbt's name"), warning.message);
            }
            let kind = |id: &UniqueId| id.resource_type().expect("a type");
            let mut ids: Vec<_> = selection
                .ids
                .into_iter()
                .filter(|id| only.contains(&kind(id)) && !arguments.without.contains(&kind(id)))
                .collect();
            ids.sort();
            for id in ids {
                let _ = writeln!(text, "{id}");
            }
        }
        Err(error) => {
            let kind = match error {
                SelectionError::MissingState(_) if !error.to_string().starts_with("Got") => "Internal",
                _ => "Runtime",
            };
            let _ = writeln!(text, "E {kind} Error |   {error}");
        }
    }
    text
}

#[track_caller]
fn check(file: &str, context: Context<'_>, indirect: IndirectSelection) {
    let expected = read(file);
    let mut wrong = String::new();
    let mut count = 0;
    for case in expected.split("\n\n").filter(|case| !case.trim().is_empty()) {
        count += 1;
        let line = case.lines().next().and_then(|line| line.strip_prefix("> ")).expect("a case");
        let found = answer(line, context, indirect);
        if found.trim_end() != case.trim_end() {
            let _ = writeln!(wrong, "{line}");
            for missing in case.lines().filter(|line| !found.lines().any(|other| other == *line)) {
                let _ = writeln!(wrong, "  dbt: {missing}");
            }
            for extra in found.lines().filter(|line| !case.lines().any(|other| other == *line)) {
                let _ = writeln!(wrong, "  we:  {extra}");
            }
        }
    }
    assert!(count > 10, "{count} cases in {file}");
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn chooses_what_dbt_chooses() {
    let manifest = manifest("manifest.json");
    let graph = Graph::of(&manifest);
    let context = Context { manifest: &manifest, graph: &graph, previous: None };
    check("expressions.txt", context, IndirectSelection::Eager);
}

#[test]
fn compares_with_results_and_freshness_of_a_state() {
    let manifest = manifest("manifest.json");
    let graph = Graph::of(&manifest);
    let ids = |pairs: &[(&str, &str)]| {
        Some(pairs.iter().map(|(id, text)| (UniqueId::from(*id), (*text).to_owned())).collect())
    };
    let previous = PreviousState {
        manifest: Some(manifest.clone()),
        statuses: ids(&[
            ("model.selection.customers", "error"),
            ("model.selection.stg_orders", "success"),
            ("model.selection.revenue", "skipped"),
            ("test.selection.no_negative_revenue", "warn"),
            ("test.selection.orders_have_customers", "fail"),
            ("test.shop.unique_carts_id.3160c30d5c", "pass"),
        ]),
        freshness: ids(&[("source.selection.crm.orders", "2026-01-01T00:00:00.000000Z")]),
        current_freshness: ids(&[
            ("source.selection.crm.orders", "2026-01-02T00:00:00.000000Z"),
            ("source.selection.crm.customers", "2026-01-02T00:00:00.000000Z"),
        ]),
        compares_written: false,
    };
    let context = Context { manifest: &manifest, graph: &graph, previous: Some(&previous) };
    check("with_state.txt", context, IndirectSelection::Eager);
}

/// A contract that was broken: a warning, or an error where the model has versions.
#[test]
fn finds_broken_contracts() {
    let manifest_now = manifest("after.json");
    let graph = Graph::of(&manifest_now);
    let mut before = manifest("before.json");
    let answer = |before: &Manifest| {
        let previous = PreviousState { manifest: Some(before.clone()), ..PreviousState::default() };
        let context = Context { manifest: &manifest_now, graph: &graph, previous: Some(&previous) };
        let expression =
            from_arguments(&["state:modified.contract".to_owned()], &[], IndirectSelection::Eager);
        select(&expression.expect("an expression"), context)
    };
    let warned = answer(&before).expect("a warning at most").warnings;
    let broken: Vec<&str> = warned
        .iter()
        .filter(|it| it.event.as_deref() == Some("UnversionedBreakingChange"))
        .map(|it| it.message.as_str())
        .collect();
    assert_eq!(broken.len(), 2, "{broken:?}");
    assert!(
        broken[0].contains("Columns with data_type changes: \n    - id (int -> bigint)"),
        "{}",
        broken[0]
    );
    assert!(broken[1].contains("Contract enforcement was removed."), "{}", broken[1]);

    let id = UniqueId::from("model.state.yml_contract_type");
    let set_type = |before: &mut Manifest, text: &str| {
        let node = before.nodes.get_mut(&id).expect("the model");
        node.columns.get_mut("id").expect("the column").data_type = Some(text.to_owned());
    };
    // Another size is no other type.
    set_type(&mut before, "BIGINT(9)");
    assert_eq!(answer(&before).expect("a warning at most").warnings.len(), warned.len() - 1);
    set_type(&mut before, "int");
    before.nodes.get_mut(&id).expect("the model").only.version = Some(1.into());
    let error = answer(&before).expect_err("a versioned contract");
    assert!(matches!(error, SelectionError::Breaking(_)), "{error}");
}

#[test]
fn finds_what_changed() {
    let manifest_now = manifest("after.json");
    let graph = Graph::of(&manifest_now);
    let previous = PreviousState { manifest: Some(manifest("before.json")), ..PreviousState::default() };
    let context = Context { manifest: &manifest_now, graph: &graph, previous: Some(&previous) };
    check("changes.txt", context, IndirectSelection::Empty);
}

/// Of a data test's configuration counts what its result follows from.
#[test]
fn finds_data_tests_whose_results_may_change() {
    let before = manifest("after.json");
    let id = before.nodes.keys().find(|id| id.as_str().starts_with("test.state.not_null_")).expect("a test");
    let is_modified = |key: &str, value: serde_json::Value| {
        let mut now = before.clone();
        now.nodes.get_mut(id).expect("the test").unrendered_config.insert(key.to_owned(), value);
        let graph = Graph::of(&now);
        let previous = PreviousState { manifest: Some(before.clone()), ..PreviousState::default() };
        let context = Context { manifest: &now, graph: &graph, previous: Some(&previous) };
        let expression = from_arguments(&["state:modified".to_owned()], &[], IndirectSelection::Empty);
        let chosen = select(&expression.expect("an expression"), context).expect("a selection");
        chosen.ids.contains(id)
    };
    assert!(is_modified("severity", "warn".into()));
    assert!(is_modified("where", "id > 1".into()));
    assert!(!is_modified("tags", serde_json::json!(["nightly"])));
    assert!(!is_modified("meta", serde_json::json!({"owner": "ops"})));
}

/// Where states are compared by what was written, dbt keeps what a `config(…)` says as a node of Jinja's.
#[test]
fn a_hook_that_dbt_wrote_down_as_jinja_is_the_same_hook() {
    let now = manifest("after.json");
    let id = now.nodes.keys().find(|id| id.as_str().starts_with("model.state.")).expect("a model").clone();
    let is_modified = |sql: &str| {
        let mut now = now.clone();
        let mut before = now.clone();
        let node = now.nodes.get_mut(&id).expect("the model");
        node.config.0.insert("pre-hook".to_owned(), serde_json::json!([{"sql": "select 1"}]));
        node.unrendered_config.insert("pre_hook".to_owned(), serde_json::json!("select 1"));
        let node = before.nodes.get_mut(&id).expect("the model");
        node.config.0.insert("pre-hook".to_owned(), serde_json::json!([{"sql": sql}]));
        let written = format!("Keyword(key='pre_hook', value=Const(value='{sql}'))");
        node.unrendered_config.insert("pre_hook".to_owned(), written.into());
        let graph = Graph::of(&now);
        let previous = PreviousState { manifest: Some(before), ..PreviousState::default() };
        let context = Context { manifest: &now, graph: &graph, previous: Some(&previous) };
        let expression = from_arguments(&["state:modified".to_owned()], &[], IndirectSelection::Empty);
        select(&expression.expect("an expression"), context).expect("a selection").ids.contains(&id)
    };
    assert!(!is_modified("select 1"));
    assert!(is_modified("select 2"));
}

/// Of versions dbt keeps what properties came to, where it keeps others' as they were written.
#[test]
fn a_version_whose_schema_dbt_resolved_is_the_same_version() {
    let now = manifest("after.json");
    let id = now.nodes.keys().find(|id| id.as_str().starts_with("model.state.")).expect("a model").clone();
    let is_modified = |version: Option<i64>, resolved: &str| {
        let state = |written: &str, resolved: &str| {
            let mut manifest = now.clone();
            let node = manifest.nodes.get_mut(&id).expect("the model");
            node.only.version = version.map(Into::into);
            node.config.0.insert("schema".to_owned(), resolved.into());
            node.unrendered_config.insert("schema".to_owned(), written.into());
            manifest
        };
        let (now, before) = (state("{{ env_var('S') }}", "s"), state(resolved, resolved));
        let graph = Graph::of(&now);
        let previous = PreviousState { manifest: Some(before), ..PreviousState::default() };
        let context = Context { manifest: &now, graph: &graph, previous: Some(&previous) };
        let expression = from_arguments(&["state:modified".to_owned()], &[], IndirectSelection::Empty);
        select(&expression.expect("an expression"), context).expect("a selection").ids.contains(&id)
    };
    assert!(!is_modified(Some(1), "s"));
    assert!(is_modified(Some(1), "other"));
    assert!(is_modified(None, "s"));
}
