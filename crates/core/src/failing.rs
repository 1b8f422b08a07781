//! Failing tests of a command: `failing_tests.json`, for the site, for mails, and for people's own programs.
//!
//! dbt's run_results.json has no place for rows; this file stands beside it.

use crate::manifest::Metadata;
use crate::results::{RunResults, Status};
use crate::unique_id::UniqueId;
use serde::{Deserialize, Serialize};

/// The failing tests of one command, those that only warn included.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct FailingTests {
    /// Who, when.
    pub metadata: Metadata,
    /// One a test, in order of completion.
    pub tests: Vec<FailingTest>,
}

impl FailingTests {
    /// The test of that id, if it failed in the command with these results: the file may be an older one.
    pub fn find(&self, results: &RunResults, id: &UniqueId) -> Option<&FailingTest> {
        let is_same = self.metadata.invocation_id == results.metadata.invocation_id;
        self.tests.iter().find(|test| is_same && test.unique_id == *id)
    }
}

/// A test that found something, or could not be run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailingTest {
    /// The test.
    pub unique_id: UniqueId,
    /// Its name.
    pub name: String,
    /// `fail`, `warn` or `error`.
    pub status: Status,
    /// What run_results.json says of it.
    pub message: Option<String>,
    /// Rows that failed, or what `fail_calc` gave.
    pub failures: Option<i64>,
    /// What it is a test of.
    pub tested: Option<UniqueId>,
    /// The tested relation's name in the database.
    pub relation: Option<String>,
    /// The tested column.
    pub column: Option<String>,
    /// Where its SQL was written, below the project's folder.
    pub compiled_path: Option<String>,
    /// Where its failing rows are kept, if they are.
    pub stored_in: Option<String>,
    /// The columns of the rows.
    pub columns: Vec<String>,
    /// Up to ten of the failing rows, in Postgres' text form; null is null.
    pub rows: Vec<Vec<Option<String>>>,
}
