//! One statement for the tests of one relation: a filtered count for each.
//!
//! Nothing found is a verdict. So is a count of nulls and of orphans, as every such row is a failure. A column with
//! values that come twice, or that are not accepted, is only suspected: how many *different* values fail is what the
//! test's own query counts, and two values may share a hash.

use project::runtime::{BuiltinTest, Compiled, TestKind};
use std::fmt::Write as _;

/// The statement over one relation.
pub(crate) struct Scan<'a> {
    tests: Vec<(&'a BuiltinTest, &'a Compiled)>,
    columns: Vec<&'a str>,
    filters: Vec<&'a str>,
}

/// What the scan says of one test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// So many rows fail.
    Exactly(i64),
    /// The test's own query must say.
    Suspected,
}

impl<'a> Scan<'a> {
    /// A scan for tests of one relation, each with its SQL.
    pub fn new(tests: Vec<(&'a BuiltinTest, &'a Compiled)>) -> Self {
        let (mut columns, mut filters) = (Vec::new(), Vec::new());
        for (test, _) in &tests {
            if test.condition.is_none() && !columns.contains(&test.column.as_str()) {
                columns.push(test.column.as_str());
            }
            for condition in test.filter.iter().chain(&test.condition) {
                if !filters.contains(&condition.as_str()) {
                    filters.push(condition);
                }
            }
        }
        Self { tests, columns, filters }
    }

    /// The text.
    pub fn sql(&self) -> String {
        let mut sql = self.ephemeral();
        sql.push_str("select");
        for (at, (test, compiled)) in self.tests.iter().enumerate() {
            let comma = if at == 0 { "  " } else { ", " };
            let _ = write!(sql, "\n    {comma}{} as test_{at}", self.counted(at, test));
            // Never run: the server reads the test's own query, and refuses here what it would refuse there. By
            // `limit`, as below a condition that is false it would start parallel workers all the same.
            let _ = write!(
                sql,
                "\n    , (select 1 from (\n{}\n) as own limit 0) as read_{at}",
                compiled.sql.trim_end()
            );
            if let Some((parent, field)) = &test.parent {
                let (column, relation) = (&test.column, &test.relation);
                let _ = write!(
                    sql,
                    "\n    , pg_catalog.pg_typeof((select {column} from {relation} where false))::text as child_{at}\
                     \n    , pg_catalog.pg_typeof((select {field} from {parent} where false))::text as parent_{at}"
                );
            }
        }
        sql.push_str("\nfrom (\n    select");
        let columns = self.columns.iter().enumerate().map(|(at, column)| format!("{column} as column_{at}"));
        let filters =
            self.filters.iter().enumerate().map(|(at, filter)| format!("({filter}) as filter_{at}"));
        for (at, selected) in columns.chain(filters).enumerate() {
            let _ = write!(sql, "\n        {}{selected}", if at == 0 { "  " } else { ", " });
        }
        let relation = self.tests.first().map(|(test, _)| test.relation.as_str()).unwrap_or_default();
        let _ = write!(sql, "\n    from {relation}\n) as tested");
        for (at, (test, _)) in self.tests.iter().enumerate() {
            if let Some((parent, field)) = &test.parent {
                let _ = write!(
                    sql,
                    "\nleft join (select distinct {field} as value from {parent}) as parents_{at}\
                     \n    on tested.{} = parents_{at}.value",
                    self.column(test)
                );
            }
        }
        sql
    }

    /// Ephemeral models that the tests read, each once.
    fn ephemeral(&self) -> String {
        let mut ctes: Vec<(&str, &str)> = Vec::new();
        for cte in self.tests.iter().flat_map(|(_, compiled)| &compiled.ctes) {
            if !ctes.iter().any(|(id, _)| *id == cte.id.as_str()) {
                ctes.push((cte.id.as_str(), cte.sql.as_str()));
            }
        }
        let texts: Vec<&str> = ctes.iter().map(|(_, sql)| *sql).collect();
        if texts.is_empty() { String::new() } else { format!("with{}\n", texts.join(", ")) }
    }

    fn column(&self, test: &BuiltinTest) -> String {
        let at = self.columns.iter().position(|column| *column == test.column).unwrap_or_default();
        format!("column_{at}")
    }

    fn counted(&self, at: usize, test: &BuiltinTest) -> String {
        let column = self.column(test);
        let meets = |condition: &Option<String>| {
            let at = self.filters.iter().position(|it| Some(*it) == condition.as_deref());
            at.map(|at| format!("filter_{at}"))
        };
        let filter = meets(&test.filter).map(|filter| format!("{filter} and ")).unwrap_or_default();
        match test.kind {
            TestKind::Rows => {
                let condition = meets(&test.condition).unwrap_or_else(|| "false".to_owned());
                format!("count(*) filter (where {filter}{condition})")
            }
            TestKind::NotNull => format!("count(*) filter (where {filter}{column} is null)"),
            TestKind::AcceptedValues => {
                format!("count(*) filter (where {filter}{column} not in ({}))", test.values.join(", "))
            }
            // As many hashes as values: no value comes twice. The hash is the type's own, so that equal values
            // have equal hashes; sorting numbers takes a third of the time that grouping texts does.
            TestKind::Unique => {
                let hash = hash(&test.relation, &test.column, &column);
                format!(
                    "count(*) filter (where {filter}{column} is not null) - count(distinct {hash}) filter (where \
                     {filter}{column} is not null)"
                )
            }
            TestKind::Relationships => {
                format!("count(*) filter (where {filter}{column} is not null and parents_{at}.value is null)")
            }
        }
    }

    /// Reads the statement's row, one answer a test; `None` where it says nothing.
    pub fn read(&self, row: &[Option<String>]) -> Option<Vec<Answer>> {
        let mut cells = row.iter();
        let mut answers = Vec::with_capacity(self.tests.len());
        for (test, _) in &self.tests {
            let count: i64 = cells.next()?.as_ref()?.parse().ok()?;
            cells.next()?;
            if test.parent.is_some() && !same_equality(cells.next()?.as_deref()?, cells.next()?.as_deref()?) {
                // A child may match two parents that differ from each other, and would be counted twice.
                return None;
            }
            answers.push(match test.kind {
                TestKind::NotNull | TestKind::Relationships | TestKind::Rows => Answer::Exactly(count),
                TestKind::Unique | TestKind::AcceptedValues if count == 0 => Answer::Exactly(0),
                TestKind::Unique | TestKind::AcceptedValues => Answer::Suspected,
            });
        }
        Some(answers)
    }
}

/// A value's hash. Of `text` and `varchar` (which only the server knows to be one: asked once for the statement) it takes
/// half the time without a record around it.
fn hash(relation: &str, name: &str, column: &str) -> String {
    format!(
        "case when (select pg_catalog.pg_typeof((select {name} from {relation} where false))::oid in (25, 1043)) then \
         pg_catalog.hashtextextended({column}::text, 0) else pg_catalog.hash_record_extended(row({column}), 0) end"
    )
}

/// Whether values of both types that equal a third one equal each other.
fn same_equality(left: &str, right: &str) -> bool {
    let within = |family: &[&str]| family.contains(&left) && family.contains(&right);
    left == right || within(&["text", "character varying"]) || within(&["smallint", "integer", "bigint"])
}
