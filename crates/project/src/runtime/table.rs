//! Tables in templates: what `run_query` and `load_result` give, in the shape of agate's tables.
//!
//! Columns and rows are sequences that also answer by name; a row is asked by place, by name or as attribute.

mod choose;
mod column;
mod combine;
mod keys;
mod output;
mod row;
mod set;
mod text;
mod turn;

pub use row::Row;
pub use text::Drawing;

use super::data_type::DataType;
use super::{ComparedRows, cell};
use column::{Column, Columns};
use jinja::{Enumerator, HostError, Object, ObjectRepr, State, Value};
use row::Rows;
use std::fmt;
use std::sync::Arc;
use warehouse::ResultSet;

/// A table in memory.
#[derive(Debug)]
pub struct Table {
    pub(super) names: Arc<[Arc<str>]>,
    pub(super) types: Vec<&'static str>,
    pub(super) rows: Vec<Arc<Row>>,
    /// A name for each row; empty where they have none.
    row_names: Vec<Value>,
    compared: Option<ComparedRows>,
}

impl Table {
    /// A table without columns and rows: what a statement without a result gives.
    pub fn empty() -> Self {
        Self {
            names: Arc::from([]),
            types: Vec::new(),
            rows: Vec::new(),
            row_names: Vec::new(),
            compared: None,
        }
    }

    /// A table of names and rows of values.
    pub fn new(names: Vec<String>, rows: Vec<Vec<Value>>) -> Self {
        let types = (0..names.len()).map(|at| type_of(rows.iter().map(|row| &row[at]))).collect();
        Self::typed(names, types, rows)
    }

    /// A table whose columns' types are known.
    fn typed(names: Vec<String>, types: Vec<&'static str>, rows: Vec<Vec<Value>>) -> Self {
        let names: Arc<[Arc<str>]> = unique(names).into_iter().map(Arc::from).collect();
        let rows = rows.into_iter().map(|values| Arc::new(Row { names: names.clone(), values })).collect();
        Self { names, types, rows, row_names: Vec::new(), compared: None }
    }

    /// The rows of a query, values as Python's driver and agate make them of Postgres types.
    pub fn of_result(result: &ResultSet) -> Self {
        let names = result.columns.iter().map(|column| column.name.clone()).collect();
        let rows = result.rows.iter().map(|row| {
            let cells = row.iter().zip(&result.columns);
            cells.map(|(cell, column)| cell::value(cell.as_deref(), column.type_oid)).collect()
        });
        Self::new(names, rows.collect())
    }

    /// The same rows as the texts that a unit test compares.
    pub fn compared(&self) -> Option<&ComparedRows> {
        self.compared.as_ref()
    }

    /// Keeps the rows as a unit test compares them.
    pub(super) fn compared_too(mut self, result: &ResultSet) -> Self {
        self.compared = Some(ComparedRows::of(result));
        self
    }

    /// Names of the columns.
    pub fn column_names(&self) -> Vec<String> {
        self.names.iter().map(std::string::ToString::to_string).collect()
    }

    /// Rows as texts; `None` is null.
    pub fn texts(&self) -> impl Iterator<Item = Vec<Option<String>>> {
        let text = |value: &Value| (!value.is_none()).then(|| jinja::value::to_str(value));
        self.rows.iter().map(move |row| row.values.iter().map(text).collect())
    }

    /// As a value for templates.
    pub fn into_value(self) -> Value {
        Value::from_object(self)
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| &**known == name)
    }

    fn column(self: &Arc<Self>, at: usize) -> Value {
        Value::from_object(Column { table: self.clone(), at })
    }

    fn with_columns(&self, keep: &[usize]) -> Self {
        let names = keep.iter().map(|at| self.names[*at].to_string()).collect();
        let rows = self.rows.iter().map(|row| keep.iter().map(|at| row.values[*at].clone()).collect());
        let types = keep.iter().map(|at| self.types[*at]).collect();
        Self::typed(names, types, rows.collect())
    }

    pub(super) fn with_rows(&self, rows: Vec<Arc<Row>>) -> Self {
        let (names, types) = (self.names.clone(), self.types.clone());
        Self { names, types, rows, row_names: Vec::new(), compared: None }
    }
}

/// Names as agate makes them unique: `a`, `a_2`; a missing one is a letter.
fn unique(names: Vec<String>) -> Vec<String> {
    let mut made: Vec<String> = Vec::with_capacity(names.len());
    for (at, name) in names.into_iter().enumerate() {
        let base = if name.is_empty() { letters(at) } else { name };
        let mut candidate = base.clone();
        let mut number = 2;
        while made.contains(&candidate) {
            candidate = format!("{base}_{number}");
            number += 1;
        }
        made.push(candidate);
    }
    made
}

fn letters(at: usize) -> String {
    let letter = char::from(b'a' + u8::try_from(at % 26).unwrap_or(0));
    letter.to_string().repeat(at / 26 + 1)
}

/// agate's name for the type of a column.
fn type_of<'a>(values: impl Iterator<Item = &'a Value>) -> &'static str {
    let mut found = "";
    for value in values.filter(|value| !value.is_none()) {
        let kind = match value.kind() {
            jinja::ValueKind::Bool => "Boolean",
            jinja::ValueKind::Number if value.is_integer() => "Integer",
            jinja::ValueKind::Number => "Number",
            _ => match &*jinja::value::type_name(value) {
                "datetime.date" => "Date",
                "datetime.datetime" => "DateTime",
                "decimal.Decimal" => "Number",
                _ => return "Text",
            },
        };
        if found.is_empty() || (found == "Integer" && kind == "Number") {
            found = kind;
        }
    }
    if found.is_empty() { "Integer" } else { found }
}

impl Object for Table {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        if let Some(name) = key.as_str() {
            return self.get_value_by_str(name);
        }
        let row = self.rows.get(place(key.as_i64()?, self.rows.len())?)?;
        Some(Value::from_dyn_object(row.clone()))
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        Some(match key {
            "columns" => Value::from_object(Columns(self.clone())),
            "rows" => Value::from_object(Rows(self.clone())),
            "column_names" => {
                jinja::value::tuple(self.names.iter().map(|name| Value::from(&**name)).collect())
            }
            "column_types" => {
                let types = self.types.iter().map(|name| Value::from_object(DataType(name)));
                jinja::value::tuple(types.collect())
            }
            "row_names" if self.row_names.is_empty() => Value::from(()),
            "row_names" => jinja::value::tuple(self.row_names.clone()),
            _ => return None,
        })
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.rows.len())
    }

    fn call_method(
        self: &Arc<Self>,
        state: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, HostError> {
        match method {
            "print_table" | "print_structure" | "print_csv" | "print_json" | "to_csv" | "to_json" => {
                self.write(state, method, args)
            }
            "group_by" => self.group_by(state, args).map(Value::from_object),
            "find" => self.find(state, args),
            "pivot" => self.pivot(state, args),
            _ => self.reshape(state, method, args).map(Value::from_object),
        }
    }

    fn render(self: &Arc<Self>, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.structure(usize::MAX))
    }
}

/// A place counted from the end if negative.
fn place(at: i64, length: usize) -> Option<usize> {
    let length_signed = i64::try_from(length).ok()?;
    usize::try_from(if at < 0 { at + length_signed } else { at }).ok().filter(|at| *at < length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_unique() {
        assert_eq!(unique(vec!["a".into(), "a".into(), String::new()]), ["a", "a_2", "c"]);
    }
}
