//! `failing_tests.json`: which tests failed, with some of the rows.

use crate::artifact;
use crate::choice;
use crate::exit::Stop;
use crate::invocation::Invocation;
use platform_core::failing::{FailingTest, FailingTests};
use platform_core::{NodeResult, Resource, ResourceType, Status, UniqueId};
use project::runtime::Runtime;
use std::path::Path;

/// The name of the file.
const FILE: &str = "failing_tests.json";

/// The schema of the file.
const SCHEMA: &str = "failing-tests/v1";

/// Writes the file, if the command ran tests. Without failures it says so by an empty list.
pub fn write(invocation: &Invocation, runtime: &Runtime, results: &[NodeResult]) -> Result<(), Stop> {
    let mut tests = results.iter().filter(|result| is_test(&result.unique_id)).peekable();
    if tests.peek().is_none() {
        return Ok(());
    }
    let failing = FailingTests {
        metadata: invocation.metadata(SCHEMA),
        tests: tests.filter_map(|result| failing(runtime, result)).collect(),
    };
    artifact::write(invocation, runtime.project(), FILE, "FailingTests", &failing)
}

/// Reads what the last command's tests found from its target folder, if it ran any.
pub fn read(target: &Path) -> Result<Option<FailingTests>, Stop> {
    choice::read_json(&target.join(FILE))
}

fn is_test(id: &UniqueId) -> bool {
    matches!(id.resource_type(), Some(ResourceType::Test | ResourceType::UnitTest))
}

fn failing(runtime: &Runtime, result: &NodeResult) -> Option<FailingTest> {
    if !matches!(result.status, Status::Fail | Status::Warn | Status::Error) {
        return None;
    }
    let manifest = &runtime.project().manifest;
    let resource = manifest.resource(&result.unique_id)?;
    let node = resource.node();
    let tested = match resource {
        Resource::UnitTest(test) => test.tested_node_unique_id.clone(),
        _ => node.and_then(|node| node.only.attached_node.clone()),
    };
    let tested = tested.or_else(|| resource.needs().first().cloned());
    let relation = tested.as_ref().and_then(|id| manifest.resource(id)).and_then(|tested| match tested {
        Resource::Source(source) => source.relation_name.clone(),
        other => other.node().and_then(|node| node.relation_name.clone()),
    });
    let compiled = runtime.all_compiled().get(&result.unique_id).and_then(|compiled| compiled.path.clone());
    let mut sample = result.sample.iter().cloned();
    Some(FailingTest {
        unique_id: result.unique_id.clone(),
        name: resource.name().to_owned(),
        status: result.status,
        message: result.message.clone(),
        failures: result.failures,
        tested,
        relation,
        column: node.and_then(|node| node.only.column_name.clone()),
        compiled_path: compiled,
        stored_in: result.failures.and(result.relation_name.clone()),
        columns: sample.next().unwrap_or_default().into_iter().flatten().collect(),
        rows: sample.collect(),
    })
}
