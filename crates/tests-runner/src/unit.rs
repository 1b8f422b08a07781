//! Unit tests: the rows that a model's query gives for given rows, beside those expected.

use crate::Tester;
use crate::difference::{Row, difference};
use platform_core::node::UnitTest;
use platform_core::{NodeResult, Resource, Status};
use project::runtime::{Failure, Stopwatch, UnitRun};

impl Tester {
    pub(crate) fn unit_test(&self, test: &UnitTest, slot: usize) -> NodeResult {
        let mut watch = Stopwatch::start();
        let done = self.unit_run(test, slot, &mut watch);
        let (timing, execution_time) = watch.stop();
        let id = test.unique_id.clone();
        let mut result = match done {
            Ok(run) => {
                let found = judged(&run);
                let status = if found.is_some() { Status::Fail } else { Status::Pass };
                // With the line ends of Python's csv module, which dbt draws the rows by.
                let message = found.map(|lines| {
                    let lines = lines.replace('\n', "\r\n");
                    format!("\n\nactual differs from expected:\n\n{lines}\n")
                });
                let mut result = NodeResult::new(id, status, message);
                result.failures = Some(i64::from(status == Status::Fail));
                result.compiled_code = Some(run.compiled.sql.clone());
                result.adapter_response = run.response.map(|it| it.to_json()).unwrap_or_default();
                result
            }
            Err(failure) => {
                let mut result = NodeResult::new(id, Status::Error, Some(failure.message));
                result.diagnostic = Some(Box::new(failure.diagnostic));
                result
            }
        };
        result.timing = timing;
        result.execution_time = execution_time;
        // As in dbt, nothing is said of what a unit test that could not be run compiled to.
        result.compiled = result.failures.map(|_| true);
        result
    }

    fn unit_run(&self, test: &UnitTest, slot: usize, watch: &mut Stopwatch) -> Result<UnitRun, Failure> {
        let connection = self.slots.connection(slot).map_err(|error| {
            self.runtime.plain_failure(Resource::UnitTest(test), "Database Error", &error.to_string())
        })?;
        self.runtime.unit_test(test, &connection, watch)
    }
}

/// What differs; nothing if all is as expected.
fn judged(run: &UnitRun) -> Option<String> {
    // As in dbt, whatever case a column's name has.
    let mut columns: Vec<String> = run.rows.columns.iter().map(|name| name.to_lowercase()).collect();
    columns.pop();
    let (mut actual, mut expected) = (Vec::new(), Vec::new());
    for row in &run.rows.rows {
        let mut row = row.clone();
        let side = row.pop().flatten();
        let side: &mut Vec<Row> = if side.as_deref() == Some("actual") { &mut actual } else { &mut expected };
        side.push(row);
    }
    difference(&columns, &run.rows.kinds, expected, actual)
}
