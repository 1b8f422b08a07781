//! Column lineage: which columns of which relations a column's values come from.
//!
//! Read from the compiled SQL by sqlparser's Postgres grammar, through CTEs, joins, set operations, stars,
//! window functions and subqueries. What the grammar or the catalog can't tell is said to be unknown, never
//! guessed. A condition (`where`, `on`, `having`) decides which rows there are and is not a source of values.

mod columns;
mod expression;
mod project;
mod query;

pub use columns::{ColumnRef, Sources};
pub use project::{ProjectLineage, Share, of_project};

use columns::Columns;
use platform_core::UniqueId;
use sqlparser::ast::Statement;
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::parser::Parser;

/// What the resolver asks of the project: whose relation a name is, and what columns it has.
pub trait Relations {
    /// The resource that `schema.identifier` is, names as Postgres stores them; an empty schema is none given.
    fn find(&self, schema: &str, identifier: &str) -> Option<UniqueId>;
    /// Its columns in order; `None` where they are not known.
    fn columns(&self, id: &UniqueId) -> Option<Vec<String>>;
}

/// One column of a query and where its values come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnLineage {
    /// Name as Postgres gives it.
    pub name: String,
    /// Where its values come from.
    pub sources: Sources,
}

/// Why a query has no lineage.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unresolved {
    /// The grammar doesn't know the statement.
    #[error("the SQL could not be read: {0}")]
    Syntax(String),
    /// Not one query.
    #[error("it is not a single query")]
    NotAQuery,
    /// A star over something whose columns are not known.
    #[error("its columns depend on a relation whose columns are not known")]
    UnknownColumns,
}

/// The lineage of every column of a query, in order.
pub fn of(sql: &str, relations: &dyn Relations) -> Result<Vec<ColumnLineage>, Unresolved> {
    let parsed = Parser::new(&PostgreSqlDialect {})
        .try_with_sql(sql)
        .and_then(|mut parser| parser.parse_statements())
        .map_err(|error| Unresolved::Syntax(error.to_string()))?;
    let [Statement::Query(query)] = parsed.as_slice() else { return Err(Unresolved::NotAQuery) };
    match query::resolve(query, &query::Surroundings::new(relations)) {
        Columns::Known(columns) => Ok(columns),
        Columns::Whole(id) => relations
            .columns(&id)
            .map(|names| columns::of_relation(&id, names))
            .ok_or(Unresolved::UnknownColumns),
        Columns::Unknown => Err(Unresolved::UnknownColumns),
    }
}
