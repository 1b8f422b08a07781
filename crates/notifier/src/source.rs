//! The watched relation as the database has it: names checked before they reach a statement.

use crate::rule::{Currency, Source, Test};
use crate::{Error, Result, Rule};
use platform_core::Relation;
use platform_core::diagnostic::nearest;
use platform_core::relation::quote_identifier;
use std::collections::BTreeMap;
use warehouse::{Session, get};

const COLUMNS: &str = include_str!("sql/columns.sql");

/// How the parts of the detection statement are written for one rule.
#[derive(Debug)]
pub(crate) struct Names {
    pub key: String,
    pub date: String,
    pub value: String,
    pub currency: String,
    pub label: String,
    pub relation: String,
    pub dimension: String,
    columns: Columns,
}

/// Columns and their types, of the relation and of its dimension.
#[derive(Debug)]
struct Columns {
    fact: BTreeMap<String, String>,
    dimension: BTreeMap<String, String>,
}

/// Types of a business date; a moment is none, since its day depends on a time zone.
const DATES: [&str; 2] = ["date", "timestamp"];
const NUMBERS: [&str; 6] = ["numeric", "int2", "int4", "int8", "float4", "float8"];

impl Names {
    /// Asks the catalog for everything that the rule names.
    pub async fn read(session: &Session, rule: &Rule) -> Result<Self> {
        let source = &rule.source;
        let fact = columns(session, &source.relation).await?;
        let dimension = match &source.dimension {
            Some(relation) => columns(session, relation).await?,
            None => BTreeMap::new(),
        };
        let columns = Columns { fact, dimension };
        columns.check(source, "key", &source.key, &[])?;
        columns.check(source, "date", &source.date, &DATES)?;
        columns.check(source, "value", &source.value, &NUMBERS)?;
        let currency = match &source.currency {
            Currency::Column(column) => columns.reference(source, column)?,
            Currency::Code(_) | Currency::None => "$7".to_owned(),
        };
        let label = match &source.label {
            Some(column) => columns.reference(source, column)?,
            None => "null".to_owned(),
        };
        for segment in &rule.judgement.segments {
            for condition in &segment.when {
                columns.reference(source, &condition.column)?;
            }
        }
        let key = quote_identifier(&source.key);
        let dimension = match &source.dimension {
            Some(relation) => {
                let relation = local(relation);
                format!("left join {relation} as dimension on (dimension.{key})::text = (fact.{key})::text")
            }
            None => String::new(),
        };
        Ok(Self {
            date: quote_identifier(&source.date),
            value: quote_identifier(&source.value),
            key,
            currency,
            label,
            relation: local(&source.relation).to_string(),
            dimension,
            columns,
        })
    }

    /// The aggregate that says whether all records of an organization are in one currency, or in none.
    pub fn one_currency(&self) -> &'static str {
        if self.currency.starts_with('$') {
            return "true";
        }
        "(min(currency collate \"C\") is not distinct from max(currency collate \"C\")
            and count(currency) in (0, count(*)))"
    }

    /// The expression that numbers a record's segment from 1, the rule itself; and the values to bind,
    /// from parameter number `first` on.
    pub fn segment(
        &self,
        rule: &Rule,
        judgement: &crate::rule::Judgement,
        first: usize,
    ) -> (String, Vec<Bound>) {
        if judgement.segments.is_empty() {
            return ("1".to_owned(), Vec::new());
        }
        let mut bound = Vec::new();
        let mut arms = String::new();
        for (index, segment) in judgement.segments.iter().enumerate() {
            let mut tests = Vec::new();
            for condition in &segment.when {
                let parameter = first + bound.len();
                // A column that is gone since that revision matches nothing.
                let column = self
                    .columns
                    .reference(&rule.source, &condition.column)
                    .unwrap_or_else(|_| "null".to_owned());
                tests.push(match &condition.test {
                    Test::In(_) => format!("({column})::text = any (${parameter}::text[])"),
                    Test::AtLeast(_) => format!("({column})::numeric >= ${parameter}::text::numeric"),
                    Test::AtMost(_) => format!("({column})::numeric <= ${parameter}::text::numeric"),
                });
                bound.push(match &condition.test {
                    Test::In(values) => Bound::Texts(values.clone()),
                    Test::AtLeast(number) | Test::AtMost(number) => Bound::Text(number.clone()),
                });
            }
            let tests = tests.join(" and ");
            arms.push_str(&format!(" when {tests} then {}", index + 2));
        }
        (format!("case{arms} else 1 end"), bound)
    }
}

/// A value bound by a segment's condition.
#[derive(Debug, PartialEq)]
pub(crate) enum Bound {
    Text(String),
    Texts(Vec<String>),
}

impl Columns {
    fn check(&self, source: &Source, key: &str, column: &str, types: &[&str]) -> Result<()> {
        let Some(kind) = self.fact.get(column) else { return Err(self.missing(source, column)) };
        if types.is_empty() || types.contains(&kind.as_str()) {
            return Ok(());
        }
        Err(Error::Source {
            relation: source.relation.to_string(),
            problem: format!("column `{column}` is of type {kind} and cannot be the rule's `{key}`"),
            hint: format!("cast it to {} in the model", types[0]),
        })
    }

    /// `fact."x"` or `dimension."x"`.
    fn reference(&self, source: &Source, column: &str) -> Result<String> {
        if self.fact.contains_key(column) {
            Ok(format!("fact.{}", quote_identifier(column)))
        } else if self.dimension.contains_key(column) {
            Ok(format!("dimension.{}", quote_identifier(column)))
        } else {
            Err(self.missing(source, column))
        }
    }

    fn missing(&self, source: &Source, column: &str) -> Error {
        let known: Vec<&str> = self.fact.keys().chain(self.dimension.keys()).map(String::as_str).collect();
        let hint = match nearest(column, known.iter().copied()).first() {
            Some(best) => format!("did you mean `{best}`?"),
            None => format!("columns: {}", known.join(", ")),
        };
        Error::Source {
            relation: source.relation.to_string(),
            problem: format!("it has no column `{column}`, which the rule names"),
            hint,
        }
    }
}

/// The name within the connection's database.
fn local(relation: &Relation) -> Relation {
    Relation { database: None, ..relation.clone() }
}

async fn columns(session: &Session, relation: &Relation) -> Result<BTreeMap<String, String>> {
    let name = local(relation).to_string();
    let rows = session.query(COLUMNS, &[&name]).await?;
    if rows.is_empty() {
        return Err(Error::Source {
            relation: relation.to_string(),
            problem: "it does not exist".to_owned(),
            hint: "build it first, with `dp build` or the pipeline".to_owned(),
        });
    }
    rows.iter().map(|row| Ok((get(row, 0)?, get(row, 1)?))).collect()
}
