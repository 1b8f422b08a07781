//! The binary `tests-runner`: every chosen test, on as many connections as there are threads.

use clap::Parser;
use platform_core::event::{Event, EventSink, Level};
use platform_core::{Executor as _, NodeResult, ResourceType, Status, UniqueId};
use project::runtime::prepare;
use project::stage::{self, Request, Stage};
use std::collections::{BTreeMap, VecDeque};
use std::io::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use tests_runner::Tester;

/// Tests the relations of a project, which `model-graph run` or `dp build` made.
#[derive(Parser)]
#[command(name = "tests-runner", version)]
pub struct Arguments {
    #[command(flatten)]
    request: Request,
    /// Ask for each test by itself, where one scan could answer many.
    #[arg(long)]
    no_fuse: bool,
}

/// Warnings and errors of the project to stderr.
struct Stderr;

impl EventSink for Stderr {
    fn send(&self, event: Event) {
        if event.level >= Level::Warn {
            say(&event.message);
        }
    }
}

fn say(line: &str) {
    // Nobody can be told that stderr is closed.
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Runs the tests; false where one failed.
pub fn run(arguments: &Arguments) -> anyhow::Result<bool> {
    let environment: Arc<BTreeMap<String, String>> = Arc::new(std::env::vars().collect());
    let events: Arc<dyn EventSink> = Arc::new(Stderr);
    let request = &arguments.request;
    let project = stage::read(request, &environment, events.clone())?;
    let mut told = Vec::new();
    let types = [ResourceType::Test, ResourceType::UnitTest];
    let selected = stage::choose(&project, request, &types, &mut told)?;
    told.iter().for_each(|warning| say(&warning.to_string()));
    let threads = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let stage = threads.block_on(stage::open(project, request, &selected, None, events))?;
    prepare(&stage.runtime, &stage.slots.connection(0)?, &selected)?;
    let mut tester = Tester::new(stage.runtime.clone(), stage.slots.clone());
    if !arguments.no_fuse {
        tester = tester.fused(&selected);
    }
    let results = ask(&stage, &tester, selected.into_iter().collect());
    results.iter().for_each(tell);
    let count = |wanted: &dyn Fn(&NodeResult) -> bool| results.iter().filter(|it| wanted(it)).count();
    let failed = count(&|result| result.status.is_failure());
    let warned = count(&|result| result.status == Status::Warn);
    say(&format!("{} passed, {warned} warned, {failed} failed", results.len() - warned - failed));
    Ok(failed == 0)
}

/// Asks for all, those that share their work together; results in the order of their ids.
fn ask(stage: &Stage, tester: &Tester, ids: Vec<UniqueId>) -> Vec<NodeResult> {
    let mut companies: BTreeMap<usize, Vec<UniqueId>> = BTreeMap::new();
    let mut work: VecDeque<Vec<UniqueId>> = VecDeque::new();
    for id in ids {
        match tester.company(&id) {
            Some(company) => companies.entry(company).or_default().push(id),
            None => work.push_back(vec![id]),
        }
    }
    work.extend(companies.into_values());
    let (work, results) = (Mutex::new(work), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for slot in 0..stage.threads {
            let (work, results) = (&work, &results);
            scope.spawn(move || {
                let next = || work.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
                while let Some(ids) = next() {
                    let found = match ids.as_slice() {
                        [id] => vec![tester.execute(id, slot, &stage.context)],
                        ids => tester.execute_together(ids, slot, &stage.context),
                    };
                    results.lock().unwrap_or_else(PoisonError::into_inner).extend(found);
                }
            });
        }
    });
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_by(|left: &NodeResult, right| left.unique_id.cmp(&right.unique_id));
    results
}

/// `fail  test.shop.unique_orders_id.3f7…  Got 2 results, configured to fail if != 0`
fn tell(result: &NodeResult) {
    let message = result.message.as_deref().unwrap_or_default();
    let line = format!("{:<5} {}  {message}", result.status.as_str(), result.unique_id);
    say(line.trim_end());
}
