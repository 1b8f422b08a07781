//! Relations: the only way in which a table's name reaches SQL.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Which parts of a name are quoted; dbt's `quoting`, all true by default on Postgres.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Quoting {
    /// Quote the database.
    pub database: bool,
    /// Quote the schema.
    pub schema: bool,
    /// Quote the identifier.
    pub identifier: bool,
}

impl Default for Quoting {
    fn default() -> Self {
        Self { database: true, schema: true, identifier: true }
    }
}

/// What a relation is in the database; dbt's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RelationKind {
    /// An ordinary, foreign or partitioned table.
    Table,
    /// A view.
    View,
    /// Nothing in the database: interpolated as a CTE.
    #[serde(rename = "cte")]
    Cte,
    /// A materialized view.
    MaterializedView,
    /// Something outside (a foreign table as dbt sees it).
    External,
    /// A function.
    Function,
}

impl RelationKind {
    /// dbt's text for the kind.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::View => "view",
            Self::Cte => "cte",
            Self::MaterializedView => "materialized_view",
            Self::External => "external",
            Self::Function => "function",
        }
    }
}

/// A name in Postgres: database, schema, identifier, each optional as in dbt's `Relation`.
///
/// Its `Display` renders what goes into SQL, quoted; nothing else may.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Relation {
    /// Database; must be the connection's on Postgres.
    pub database: Option<String>,
    /// Schema.
    pub schema: Option<String>,
    /// Table, view or function name.
    pub identifier: Option<String>,
    /// What it is, where known.
    pub kind: Option<RelationKind>,
    /// Which parts are quoted.
    #[serde(default)]
    pub quoting: Quoting,
}

impl Relation {
    /// A relation with every part quoted.
    pub fn new(
        database: impl Into<String>,
        schema: impl Into<String>,
        identifier: impl Into<String>,
    ) -> Self {
        Self {
            database: Some(database.into()),
            schema: Some(schema.into()),
            identifier: Some(identifier.into()),
            kind: None,
            quoting: Quoting::default(),
        }
    }

    /// A relation of the connection's own database: `"schema"."identifier"`.
    pub fn in_schema(schema: impl Into<String>, identifier: impl Into<String>) -> Self {
        Self { schema: Some(schema.into()), identifier: Some(identifier.into()), ..Self::default() }
    }

    /// The same with another identifier.
    #[must_use]
    pub fn with_identifier(&self, identifier: impl Into<String>) -> Self {
        Self { identifier: Some(identifier.into()), ..self.clone() }
    }

    /// The same, known to be of that kind.
    #[must_use]
    pub fn with_kind(&self, kind: RelationKind) -> Self {
        Self { kind: Some(kind), ..self.clone() }
    }

    /// The schema, or `""`.
    pub fn schema_name(&self) -> &str {
        self.schema.as_deref().unwrap_or_default()
    }

    /// The identifier, or `""`.
    pub fn identifier_name(&self) -> &str {
        self.identifier.as_deref().unwrap_or_default()
    }
}

impl fmt::Display for Relation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            (&self.database, self.quoting.database),
            (&self.schema, self.quoting.schema),
            (&self.identifier, self.quoting.identifier),
        ];
        let mut first = true;
        for (part, quoted) in parts {
            let Some(part) = part.as_deref().filter(|part| !part.is_empty()) else { continue };
            if !first {
                out.write_str(".")?;
            }
            first = false;
            if quoted { fmt::Display::fmt(&quote_identifier(part), out)? } else { out.write_str(part)? }
        }
        Ok(())
    }
}

/// An identifier in double quotes, inner quotes doubled (PostgreSQL manual, 4.1.1).
pub fn quote_identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text in single quotes, safe with `standard_conforming_strings` on (PostgreSQL manual, 4.1.2.1).
pub fn quote_literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renders_quoted_parts_and_skips_missing_ones() {
        assert_eq!(Relation::new("db", "my schema", "a\"b").to_string(), r#""db"."my schema"."a""b""#);
        assert_eq!(Relation::in_schema("raw", "t").to_string(), r#""raw"."t""#);
    }
}
