//! The walk over a plan: order, skips, `--fail-fast`, the results file; with an executor that only notes.

#![expect(clippy::expect_used, reason = "a test stops where its fixture is broken")]

use indexmap::IndexSet;
use model_graph::{Head, Order, Plan, ResultsFile, Run, RunOptions, Telling, run};
use platform_core::event::Silence;
use platform_core::manifest::Metadata;
use platform_core::{Executor, Manifest, NodeResult, RunContext, Status, UniqueId};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// Notes which nodes began and ended; fails those it is told to.
#[derive(Default)]
struct Notes {
    failing: Vec<String>,
    /// The node whose work panics.
    broken: Option<String>,
    /// What results say.
    said: Option<String>,
    /// Nodes whose names begin with one of these letters keep each other company.
    companies: Vec<char>,
    together: Mutex<Vec<Vec<String>>>,
    log: Mutex<Vec<(String, bool)>>,
}

impl Executor for Notes {
    fn execute(&self, id: &UniqueId, _slot: usize, _context: &RunContext) -> NodeResult {
        let note = |begins| self.log.lock().expect("a log").push((id.to_string(), begins));
        note(true);
        std::thread::yield_now();
        note(false);
        assert_ne!(self.broken.as_deref(), Some(id.as_str()), "a fault");
        let failed = self.failing.iter().any(|failing| failing == id.as_str());
        NodeResult::new(id.clone(), if failed { Status::Error } else { Status::Success }, self.said.clone())
    }

    fn company(&self, id: &UniqueId) -> Option<usize> {
        let first = id.as_str().rsplit('.').next()?.chars().next()?;
        self.companies.iter().position(|letter| *letter == first)
    }

    fn execute_together(&self, ids: &[UniqueId], slot: usize, context: &RunContext) -> Vec<NodeResult> {
        self.together.lock().expect("a list").push(ids.iter().map(ToString::to_string).collect());
        ids.iter().map(|id| self.execute(id, slot, context)).collect()
    }
}

/// A manifest of nodes with what they need; tests and unit tests by the prefix of the id.
fn manifest(nodes: &[(&str, &[&str])]) -> Manifest {
    let mut manifest = Manifest::default();
    for (id, needs) in nodes {
        let kind = id.split('.').next().expect("a type");
        let base = json!({
            "name": id.rsplit('.').next(), "resource_type": kind, "package_name": "p", "path": "", "alias": "a",
            "original_file_path": "", "unique_id": id, "fqn": ["p", id], "config": {"materialized": "view"},
            "depends_on": {"macros": [], "nodes": needs},
            "model": "m", "given": [], "expect": {}, "type": "dashboard", "owner": {},
        });
        if kind == "unit_test" {
            manifest.unit_tests.insert((*id).into(), serde_json::from_value(base).expect("a unit test"));
        } else if kind == "exposure" {
            manifest.exposures.insert((*id).into(), serde_json::from_value(base).expect("an exposure"));
        } else {
            manifest.nodes.insert((*id).into(), serde_json::from_value(base).expect("a node"));
        }
    }
    manifest
}

fn context(manifest: Manifest) -> RunContext {
    RunContext {
        manifest: Arc::new(manifest),
        invocation_id: "test".into(),
        events: Arc::new(Silence),
        cancelled: Arc::default(),
        printer_width: RunContext::PRINTER_WIDTH,
    }
}

fn file(path: Option<std::path::PathBuf>) -> ResultsFile {
    let head = Head { metadata: Metadata::default(), args: Map::new(), began: Instant::now() };
    ResultsFile::new(path, head)
}

fn walk(nodes: &[(&str, &[&str])], order: Order, notes: &Notes, threads: usize, fail_fast: bool) -> Run {
    let manifest = manifest(nodes);
    let selected: IndexSet<UniqueId> = nodes.iter().map(|(id, _)| UniqueId::from(*id)).collect();
    let plan = Plan::new(&manifest, &selected, order);
    run(
        &plan,
        notes,
        &context(manifest),
        &RunOptions { threads, fail_fast, telling: Telling::Nodes, skip_all: false },
        &file(None),
    )
}

fn statuses(run: &Run) -> Vec<String> {
    run.results.iter().map(|it| format!("{} {}", it.unique_id, it.status.as_str())).collect()
}

#[test]
fn runs_by_rank_then_by_id() {
    let notes = Notes::default();
    let run = walk(
        &[
            ("model.p.z", &[]),
            ("model.p.c", &["model.p.z"]),
            ("model.p.a", &["model.p.c"]),
            ("model.p.b", &[]),
        ],
        Order::Dependencies,
        &notes,
        1,
        false,
    );
    assert_eq!(
        statuses(&run),
        ["model.p.b success", "model.p.z success", "model.p.c success", "model.p.a success"]
    );
}

#[test]
fn nodes_of_one_company_run_together_once_they_are_ready() {
    let nodes: &[(&str, &[&str])] = &[
        ("model.p.m", &[]),
        ("model.p.n", &["model.p.m"]),
        ("test.p.t1", &["model.p.m"]),
        ("test.p.t2", &["model.p.m"]),
        ("test.p.t3", &["model.p.n"]),
        ("test.p.u", &["model.p.m"]),
    ];
    let notes = Notes { companies: vec!['t'], ..Notes::default() };
    let run = walk(nodes, Order::TestsFirst, &notes, 2, false);
    assert_eq!(run.results.len(), 6);
    assert_eq!(*notes.together.lock().expect("a list"), [["test.p.t1", "test.p.t2"]]);
    // `n` waits for all of them, and a failure among them stops it.
    let failing = vec!["test.p.t1".to_owned()];
    let notes = Notes { companies: vec!['t'], failing: failing.clone(), ..Notes::default() };
    let run = walk(nodes, Order::TestsFirst, &notes, 1, false);
    assert_eq!(
        statuses(&run),
        [
            "model.p.m success",
            "test.p.t1 error",
            "test.p.t2 success",
            "test.p.u success",
            "model.p.n skipped",
            "test.p.t3 skipped"
        ]
    );
    // With `--fail-fast`, what comes after the failure has no verdict, as if one had run after the other.
    let notes = Notes { companies: vec!['t'], failing, ..Notes::default() };
    let run = walk(nodes, Order::TestsFirst, &notes, 1, true);
    assert_eq!(statuses(&run)[..3], ["model.p.m success", "test.p.t1 error", "test.p.t2 skipped"]);
}

#[test]
fn companies_begin_in_the_order_of_their_numbers() {
    let ids = ["test.p.a1", "test.p.b1", "test.p.b2", "test.p.c1", "test.p.c2"];
    let nodes: Vec<(&str, &[&str])> = ids.iter().map(|id| (*id, [].as_slice())).collect();
    let notes = Notes { companies: vec!['c', 'b'], ..Notes::default() };
    let run = walk(&nodes, Order::TestsFirst, &notes, 1, false);
    let done = ["test.p.c1", "test.p.c2", "test.p.b1", "test.p.b2", "test.p.a1"];
    assert_eq!(statuses(&run), done.map(|id| format!("{id} success")));
}

#[test]
fn a_fault_in_the_work_on_a_node_fails_that_node_alone() {
    let notes = Notes { broken: Some("model.p.b".into()), ..Notes::default() };
    let nodes: &[(&str, &[&str])] = &[
        ("model.p.a", &[]),
        ("model.p.b", &[]),
        ("model.p.c", &["model.p.b"]),
        ("model.p.d", &["model.p.a"]),
    ];
    let run = walk(nodes, Order::Dependencies, &notes, 1, false);
    let expected = ["model.p.a success", "model.p.b error", "model.p.c skipped", "model.p.d success"];
    assert_eq!(statuses(&run).into_iter().collect::<IndexSet<_>>(), expected.map(String::from).into());
    let broken = run.results.iter().find(|it| it.status == Status::Error).expect("an error");
    assert!(broken.message.as_deref().is_some_and(|it| it.contains("a fault in Data Platform")));
}

#[test]
fn a_failed_test_stops_what_reads_the_node_it_tests() {
    let notes = Notes { failing: vec!["test.p.t".into()], ..Notes::default() };
    let nodes: &[(&str, &[&str])] = &[
        ("model.p.a", &[]),
        ("model.p.b", &["model.p.a"]),
        ("model.p.c", &["model.p.b"]),
        ("test.p.t", &["model.p.a"]),
        ("test.p.u", &["model.p.b"]),
    ];
    let run = walk(nodes, Order::TestsFirst, &notes, 1, false);
    assert_eq!(
        statuses(&run),
        ["model.p.a success", "test.p.t error", "model.p.b skipped", "test.p.u skipped", "model.p.c skipped"]
    );
    let notes = Notes { failing: vec!["test.p.t".into()], ..Notes::default() };
    let run = walk(nodes, Order::Dependencies, &notes, 1, false);
    assert!(statuses(&run).contains(&"model.p.c success".to_owned()));
}

#[test]
fn a_failed_test_does_not_stop_what_is_not_built() {
    let nodes: &[(&str, &[&str])] =
        &[("model.p.m", &[]), ("test.p.t", &["model.p.m"]), ("exposure.p.e", &["model.p.m"])];
    let notes = Notes { failing: vec!["test.p.t".to_owned()], ..Notes::default() };
    let run = walk(nodes, Order::TestsFirst, &notes, 1, false);
    assert!(statuses(&run).contains(&"exposure.p.e success".to_owned()), "{:?}", statuses(&run));
    let notes = Notes { failing: vec!["model.p.m".to_owned()], ..Notes::default() };
    let run = walk(nodes, Order::TestsFirst, &notes, 1, false);
    assert!(statuses(&run).contains(&"exposure.p.e skipped".to_owned()), "{:?}", statuses(&run));
}

#[test]
fn a_test_of_two_nodes_holds_only_what_stands_below_both() {
    let notes = Notes { failing: vec!["test.p.ab".into()], ..Notes::default() };
    let run = walk(
        &[
            ("model.p.a", &[]),
            ("model.p.b", &["model.p.a"]),
            ("model.p.c", &["model.p.b"]),
            ("model.p.d", &["model.p.a"]),
            ("test.p.ab", &["model.p.a", "model.p.b"]),
        ],
        Order::TestsFirst,
        &notes,
        1,
        false,
    );
    let found = statuses(&run);
    assert!(found.contains(&"model.p.b success".to_owned()), "{found:?}");
    assert!(found.contains(&"model.p.d success".to_owned()), "{found:?}");
    assert!(found.contains(&"model.p.c skipped".to_owned()), "{found:?}");
}

#[test]
fn a_unit_test_comes_before_its_model_and_after_its_inputs() {
    let notes = Notes { failing: vec!["unit_test.p.m.u".into()], ..Notes::default() };
    let run = walk(
        &[
            ("unit_test.p.m.u", &["model.p.m"]),
            ("model.p.m", &["model.p.input"]),
            ("model.p.input", &[]),
            ("model.p.below", &["model.p.m"]),
        ],
        Order::TestsFirst,
        &notes,
        2,
        false,
    );
    assert_eq!(
        statuses(&run),
        ["model.p.input success", "unit_test.p.m.u error", "model.p.m skipped", "model.p.below skipped"]
    );
}

#[test]
fn a_unit_test_comes_up_when_its_model_would() {
    let nodes: &[(&str, &[&str])] =
        &[("model.p.m", &[]), ("model.p.z", &[]), ("unit_test.p.m.u", &["model.p.m"])];
    let run = walk(nodes, Order::TestsFirst, &Notes::default(), 1, false);
    assert_eq!(statuses(&run), ["unit_test.p.m.u success", "model.p.m success", "model.p.z success"]);
}

#[test]
fn the_first_failed_unit_test_leaves_out_the_others_of_its_model() {
    let nodes: &[(&str, &[&str])] = &[
        ("unit_test.p.m.a", &["model.p.m"]),
        ("unit_test.p.m.b", &["model.p.m"]),
        ("unit_test.p.m.c", &["model.p.m"]),
        ("unit_test.p.n.d", &["model.p.n"]),
        ("model.p.m", &[]),
        ("model.p.n", &[]),
    ];
    let notes = Notes { failing: vec!["unit_test.p.m.b".into()], ..Notes::default() };
    let run = walk(nodes, Order::TestsFirst, &notes, 1, false);
    let mut found = statuses(&run);
    found.sort_unstable();
    let expected = [
        "model.p.m skipped",
        "model.p.n success",
        "unit_test.p.m.a success",
        "unit_test.p.m.b error",
        "unit_test.p.m.c skipped",
        "unit_test.p.n.d success",
    ];
    assert_eq!(found, expected);
    // A run that fails fast by it leaves out of its results what never came up.
    let notes = Notes { failing: vec!["unit_test.p.m.a".into()], ..Notes::default() };
    let run = walk(nodes, Order::TestsFirst, &notes, 1, true);
    let told = |it: &NodeResult| it.message.as_deref() == Some("Skipping due to fail_fast");
    let found: Vec<String> = run
        .results
        .iter()
        .map(|it| format!("{} {}{}", it.unique_id, it.status.as_str(), if told(it) { " fast" } else { "" }))
        .collect();
    let expected = [
        "unit_test.p.m.a error",
        "unit_test.p.m.b skipped",
        "unit_test.p.m.c skipped",
        "model.p.m skipped",
        "model.p.n skipped fast",
    ];
    assert_eq!(found.into_iter().collect::<IndexSet<_>>(), expected.map(String::from).into());
    // In a retry they are children of their model, which other children don't wait for; data tests hold as ever.
    let nodes: &[(&str, &[&str])] = &[
        ("unit_test.p.m.a", &["model.p.m"]),
        ("unit_test.p.m.b", &["model.p.m"]),
        ("test.p.t", &["model.p.m"]),
        ("model.p.m", &[]),
        ("model.p.below", &["model.p.m"]),
    ];
    let notes = Notes { failing: vec!["unit_test.p.m.a".into()], ..Notes::default() };
    let run = walk(nodes, Order::DataTestsFirst, &notes, 1, false);
    let expected = [
        "model.p.m success",
        "test.p.t success",
        "unit_test.p.m.a error",
        "unit_test.p.m.b success",
        "model.p.below success",
    ];
    assert_eq!(statuses(&run), expected);
}

#[test]
fn fail_fast_begins_nothing_new() {
    let notes = Notes { failing: vec!["model.p.a".into()], ..Notes::default() };
    let nodes: &[(&str, &[&str])] = &[("model.p.a", &[]), ("model.p.b", &[]), ("model.p.c", &["model.p.b"])];
    let run = walk(nodes, Order::Dependencies, &notes, 1, true);
    assert_eq!(statuses(&run), ["model.p.a error", "model.p.b skipped", "model.p.c skipped"]);
    assert_eq!(run.failed_fast, Some("model.p.a".into()));
    assert_eq!(notes.log.lock().expect("a log").len(), 2);
}

#[test]
fn the_results_file_is_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("deep/run_results.json");
    let manifest = manifest(&[("model.p.a", &[]), ("model.p.b", &["model.p.a"])]);
    let selected = manifest.nodes.keys().cloned().collect();
    let plan = Plan::new(&manifest, &selected, Order::Dependencies);
    let file = file(Some(path.clone()));
    let options = RunOptions { threads: 2, fail_fast: false, telling: Telling::Nodes, skip_all: false };
    run(&plan, &Notes::default(), &context(manifest), &options, &file);
    file.finish().expect("written");
    let text = std::fs::read_to_string(path).expect("the file");
    let value: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(value["results"].as_array().map(Vec::len), Some(2));
    assert_eq!(value["results"][1]["thread_id"].as_str().map(|name| name.starts_with("Thread-")), Some(true));
    let back: platform_core::RunResults = serde_json::from_value(value).expect("run results");
    assert!(!back.has_failure());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever the graph, the slots and the failures: every node once, parents ended before, skipped
    /// exactly below failures.
    #[test]
    fn every_node_once_after_its_parents(
        edges in prop::collection::vec((0_usize..24, 0_usize..24), 0..60),
        failing in prop::collection::hash_set(0_usize..24, 0..4),
        threads in 1_usize..6,
    ) {
        let names: Vec<String> = (0..24).map(|at| format!("model.p.n{at:02}")).collect();
        let mut needs: Vec<Vec<&str>> = vec![Vec::new(); 24];
        for (left, right) in &edges {
            if left < right {
                needs[*right].push(&names[*left]);
            }
        }
        let nodes: Vec<(&str, &[&str])> =
            names.iter().zip(&needs).map(|(name, needs)| (name.as_str(), needs.as_slice())).collect();
        let notes = Notes { failing: failing.iter().map(|at| names[*at].clone()).collect(), ..Notes::default() };
        let run = walk(&nodes, Order::Dependencies, &notes, threads, false);
        prop_assert_eq!(run.results.len(), 24);
        let status: HashMap<&str, Status> =
            run.results.iter().map(|it| (it.unique_id.as_str(), it.status)).collect();
        let log = notes.log.lock().expect("a log");
        let at = |name: &str, begins: bool| log.iter().position(|it| it.0 == name && it.1 == begins);
        for (name, needs) in &nodes {
            let stopped = needs.iter().any(|need| status[need] != Status::Success);
            prop_assert_eq!(status[name] == Status::Skipped, stopped);
            for need in *needs {
                if let Some(began) = at(name, true) {
                    prop_assert!(at(need, false).is_some_and(|ended| ended < began));
                }
            }
        }
    }
}

/// What run_results.json tells of each node: its name, its status, and why it was skipped.
fn blamed(order: Order, fail_fast: bool, failing: &str) -> Vec<(String, String, String)> {
    let mut manifest = manifest(&[
        ("model.p.table", &[]),
        ("model.p.hidden", &["model.p.table"]),
        ("model.p.nested", &["model.p.hidden"]),
        ("model.p.reader", &["model.p.nested"]),
        ("model.p.last", &["model.p.reader"]),
    ]);
    for id in ["model.p.hidden", "model.p.nested"] {
        if let Some(hidden) = manifest.nodes.get_mut(&UniqueId::from(id)) {
            hidden.config = serde_json::from_value(json!({"materialized": "ephemeral"})).expect("a config");
        }
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("run_results.json");
    let results = file(Some(path.clone()));
    let selected: IndexSet<UniqueId> = manifest.nodes.keys().cloned().collect();
    let plan = Plan::new(&manifest, &selected, order);
    let notes = Notes {
        failing: vec![format!("model.p.{failing}")],
        said: Some("it broke".to_owned()),
        ..Notes::default()
    };
    let options = RunOptions { threads: 1, fail_fast, telling: Telling::Nodes, skip_all: false };
    let done = run(&plan, &notes, &context(manifest), &options, &results);
    results.finish().expect("a file");
    let written: Value = serde_json::from_slice(&std::fs::read(path).expect("a file")).expect("JSON");
    // The command fails, whatever broke.
    assert!(done.results.iter().any(platform_core::NodeResult::is_failure));
    assert_eq!(done.broken.len(), usize::from(failing == "hidden"));
    let word =
        |it: &Value| it.as_str().and_then(|text| text.rsplit('.').next()).unwrap_or_default().to_owned();
    let told = written["results"].as_array().expect("a list").iter();
    let blames = |it: &Value| if it["status"] == "skipped" { word(&it["message"]) } else { String::new() };
    told.map(|it| (word(&it["unique_id"]), word(&it["status"]), blames(it))).collect()
}

#[test]
fn readers_of_a_broken_ephemeral_model_name_it() {
    let of = |told: &[(&str, &str, &str)]| -> Vec<_> {
        told.iter().map(|it| (it.0.to_owned(), it.1.to_owned(), it.2.to_owned())).collect()
    };
    assert_eq!(
        blamed(Order::Dependencies, false, "hidden"),
        of(&[("table", "success", ""), ("reader", "skipped", "hidden"), ("last", "skipped", "hidden")]),
    );
    assert_eq!(
        blamed(Order::TestsFirst, false, "hidden"),
        of(&[("table", "success", ""), ("reader", "skipped", "nested"), ("last", "skipped", "")]),
    );
    // What only was skipped is no cause, but in a build.
    assert_eq!(
        blamed(Order::Dependencies, false, "table"),
        of(&[("table", "error", ""), ("reader", "skipped", ""), ("last", "skipped", "")]),
    );
    assert_eq!(
        blamed(Order::TestsFirst, false, "table"),
        of(&[("table", "error", ""), ("reader", "skipped", "nested"), ("last", "skipped", "")]),
    );
    let fast = "Skipping due to fail_fast";
    assert_eq!(
        blamed(Order::TestsFirst, true, "hidden"),
        of(&[
            ("table", "success", ""),
            ("hidden", "skipped", fast),
            ("nested", "skipped", fast),
            ("reader", "skipped", fast),
            ("last", "skipped", fast),
        ]),
    );
}
