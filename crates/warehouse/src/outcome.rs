//! What a statement gave: its tag, its rows as text with their types, its notices.

use crate::error::DbError;

/// The outcome of the last statement of a text, as psycopg2's cursor would hold it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The command tag: `SELECT 5`, `INSERT 0 3`, `CREATE TABLE`; empty for an empty text.
    pub tag: String,
    /// Rows, where the last statement gives rows.
    pub rows: Option<ResultSet>,
    /// Notices and warnings raised meanwhile.
    pub notices: Vec<DbError>,
}

impl Outcome {
    /// Rows affected or returned, where the tag counts them or there are rows: `SHOW` has one.
    pub fn rows_affected(&self) -> Option<u64> {
        let counted = self.tag.rsplit(' ').next().and_then(|count| count.parse().ok());
        counted.or_else(|| u64::try_from(self.rows.as_ref()?.rows.len()).ok())
    }

    /// The tag without its numbers: `SELECT`, `INSERT`, `CREATE TABLE`.
    pub fn code(&self) -> &str {
        self.tag.trim_end_matches(|c: char| c.is_ascii_digit() || c == ' ')
    }
}

/// Rows in Postgres' text form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResultSet {
    /// Names and types, in order.
    pub columns: Vec<ResultColumn>,
    /// Values; `None` is null.
    pub rows: Vec<Vec<Option<String>>>,
}

impl ResultSet {
    /// The value in the first row and column.
    pub fn first(&self) -> Option<&str> {
        self.rows.first()?.first()?.as_deref()
    }
}

/// A column of a result.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResultColumn {
    /// Its name.
    pub name: String,
    /// The object id of its type; zero when types were not wanted.
    pub type_oid: u32,
    /// The type's name in `pg_type` (`int4`, `numeric`, `timestamptz`, `_text`); empty when not wanted.
    pub type_name: String,
    /// The type modifier (-1 when the type has none): sizes of `varchar(n)` and `numeric(p,s)`.
    pub type_modifier: i32,
}

/// Whether [`crate::Session::run`] gives the types of columns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Types {
    /// Names of types too. Costs nothing for built-in types, one look-up the first time for others.
    #[default]
    Wanted,
    /// Values only.
    NotWanted,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_read() {
        let outcome = |tag: &str| Outcome { tag: tag.to_owned(), ..Outcome::default() };
        assert_eq!(outcome("INSERT 0 3").rows_affected(), Some(3));
        assert_eq!(outcome("INSERT 0 3").code(), "INSERT");
        assert_eq!(outcome("CREATE TABLE").rows_affected(), None);
        assert_eq!(outcome("CREATE TABLE").code(), "CREATE TABLE");
    }
}
