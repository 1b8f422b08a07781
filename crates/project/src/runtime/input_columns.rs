//! Columns of relations by the catalog: one round trip for all inputs of a run's unit tests.

use crate::runtime::adapter::Adapter;
use crate::runtime::column::ColumnObject;
use crate::runtime::relation::RelationObject;
use crate::runtime::{Connection, Runtime};
use jinja::{HostError, State, Value};
use platform_core::relation::{quote_identifier, quote_literal};
use platform_core::{Relation, ResourceType};
use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};
use warehouse::ResultSet;

/// Schema and name of a relation.
type Place = (String, String);

/// Columns of inputs that were asked for. A relation has its columns for the rest of the command: what reads it comes
/// after what builds it.
#[derive(Debug, Default)]
pub(super) struct Inputs(Mutex<HashMap<Place, Vec<ColumnObject>>>);

/// As the catalog has them: Postgres folds what stands in a statement without quotes.
fn place(relation: &Relation) -> Place {
    let folded = |name: &str, quoted: bool| if quoted { name.to_owned() } else { name.to_lowercase() };
    let quoting = relation.quoting;
    (folded(relation.schema_name(), quoting.schema), folded(relation.identifier_name(), quoting.identifier))
}

/// The query for the columns of what meets a condition.
fn query(wanted: &str) -> String {
    include_str!("columns.sql").replace("{wanted}", wanted)
}

fn of_one(relation: &Relation) -> String {
    let (schema, name) = place(relation);
    let name = quote_literal(&name);
    // A temporary table is in no schema that has a name.
    let schema = match schema.as_str() {
        "" => "namespace.oid = pg_catalog.pg_my_temp_schema()".to_owned(),
        schema => format!("namespace.nspname = {}", quote_literal(schema)),
    };
    query(&format!("relation.relname = {name} and {schema}"))
}

/// The columns of a query's answer, with the relation that each is of.
fn read(answer: &ResultSet) -> impl Iterator<Item = (Place, ColumnObject)> {
    let cell = |row: &[Option<String>], at: usize| row.get(at).cloned().flatten();
    let number = move |row: &[Option<String>], at: usize| cell(row, at).and_then(|it| it.parse().ok());
    answer.rows.iter().map(move |row| {
        let column = ColumnObject {
            name: cell(row, 0).unwrap_or_default(),
            data_type: cell(row, 1).unwrap_or_default(),
            char_size: number(row, 2),
            numeric_precision: number(row, 3),
            numeric_scale: number(row, 4),
            written_type: cell(row, 5),
        };
        ((cell(row, 6).unwrap_or_default(), cell(row, 7).unwrap_or_default()), column)
    })
}

impl Adapter {
    /// The columns of a relation, asked of the catalog unless they are known.
    pub(super) fn columns(&self, relation: &Relation) -> Result<Vec<ColumnObject>, HostError> {
        let known = self.node.is_fixture.then(|| self.node.runtime.known_columns(relation));
        if let Some(known) = known.flatten() {
            return Ok(known);
        }
        self.ask_no_other_database(relation)?;
        let answer = self.connection.run(&of_one(relation))?.rows.unwrap_or_default();
        Ok(read(&answer).map(|(_, column)| column).collect())
    }

    /// The server itself refuses to tell of the columns of another database.
    fn ask_no_other_database(&self, relation: &Relation) -> Result<(), HostError> {
        let Some(other) = relation.database.as_deref().filter(|it| !it.is_empty()) else { return Ok(()) };
        let name = if relation.quoting.database { quote_identifier(other) } else { other.to_owned() };
        let is_own = other == self.database
            || !relation.quoting.database && other.to_lowercase() == self.database.to_lowercase();
        if is_own {
            return Ok(());
        }
        self.connection.run(&format!("select column_name from {name}.information_schema.columns limit 0"))?;
        Ok(())
    }

    /// `columns_after(statement, relation)`: the columns of a relation that the statement makes, in one round trip.
    pub(super) fn columns_after(
        &self,
        statement: &str,
        relation: &RelationObject,
        state: &mut State<'_, '_>,
    ) -> Result<Value, HostError> {
        let value = Value::from_object(relation.clone());
        if self.has_own_columns() {
            self.connection.run(statement)?;
            return Ok(self.own_columns_of(&value, state)?.unwrap_or_default());
        }
        let both = format!("{};\n{}", statement.trim_end().trim_end_matches(';'), of_one(&relation.relation));
        let answer = self.connection.run(&both)?.rows.unwrap_or_default();
        Ok(jinja::value::list(read(&answer).map(|(_, column)| Value::from_object(column)).collect()))
    }
}

impl Runtime {
    fn known_columns(&self, relation: &Relation) -> Option<Vec<ColumnObject>> {
        let known = self.inner.inputs.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&place(relation)).cloned()
    }

    /// Whether nothing is built by this command, so that what exists now is what its tests read.
    fn only_tests(&self) -> bool {
        let is_test = |kind| matches!(kind, Some(ResourceType::Test | ResourceType::UnitTest));
        let selected = &self.inner.options.selected;
        !selected.is_empty() && selected.iter().all(|id| is_test(id.resource_type()))
    }

    /// Asks for the columns of inputs, those of the command's other unit tests along with them. What can't be had is
    /// asked for again where it is needed, and told there.
    pub(super) fn learn_columns(&self, needed: &[Relation], connection: &Connection) {
        let is_new = |relation: &Relation| {
            self.cache().get(relation).is_some() && self.known_columns(relation).is_none()
        };
        let mut wanted: BTreeSet<Place> =
            needed.iter().filter(|relation| is_new(relation)).map(place).collect();
        if wanted.is_empty() {
            return;
        }
        if self.only_tests() {
            let tests = self.inner.options.selected.iter();
            let tests = tests.filter_map(|id| self.project().manifest.unit_tests.get(id));
            let inputs = tests.flat_map(|test| self.input_relations(test));
            wanted.extend(inputs.filter(is_new).map(|relation| place(&relation)));
        }
        let pairs: Vec<String> = wanted
            .iter()
            .map(|(schema, name)| format!("({}, {})", quote_literal(schema), quote_literal(name)))
            .collect();
        let condition = format!("(namespace.nspname, relation.relname) in ({})", pairs.join(", "));
        let Ok(outcome) = connection.run(&query(&condition)) else {
            connection.rollback();
            return;
        };
        let mut known = self.inner.inputs.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (place, column) in read(&outcome.rows.unwrap_or_default()) {
            if wanted.contains(&place) {
                known.entry(place).or_default().push(column);
            }
        }
    }
}
