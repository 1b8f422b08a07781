//! What rows are told apart by: columns, or what a function says of a row.

use super::Table;
use crate::context::arguments::text;
use jinja::{HostError, State, Value};
use std::collections::HashMap;

/// What each row has as its key.
pub(super) struct Keys {
    /// Places of the columns that are the key; none where a function is.
    pub columns: Vec<usize>,
    /// The key of each row, one value for each of its parts.
    pub of_rows: Vec<Vec<Value>>,
    /// Whether the key is one value and not a tuple.
    pub single: bool,
}

impl Table {
    /// The keys of rows by one column, by several, or by a function.
    pub(super) fn keys(&self, state: &mut State<'_, '_>, key: &Value) -> Result<Keys, HostError> {
        let is_list = matches!(&*jinja::value::type_name(key), "list" | "tuple");
        if key.as_str().is_none() && !is_list {
            let mut of_rows = Vec::with_capacity(self.rows.len());
            for row in &self.rows {
                of_rows.push(vec![key.call(state, &[Value::from_dyn_object(row.clone())])?]);
            }
            return Ok(Keys { columns: Vec::new(), of_rows, single: true });
        }
        let columns = self.positions(key)?;
        let of_row = |row: &super::Row| columns.iter().map(|at| row.values[*at].clone()).collect();
        let of_rows = self.rows.iter().map(|row| of_row(row)).collect();
        Ok(Keys { columns, of_rows, single: !is_list })
    }
}

impl Keys {
    /// Each row's number as its key.
    pub fn by_place(count: usize) -> Self {
        let of_rows = (0..count).map(|at| vec![Value::from(at)]).collect();
        Self { columns: Vec::new(), of_rows, single: true }
    }

    /// Different keys in the order in which they come, and the rows that have each.
    pub fn groups(&self) -> Vec<(Vec<Value>, Vec<usize>)> {
        let mut places: HashMap<Vec<String>, usize> = HashMap::new();
        let mut groups: Vec<(Vec<Value>, Vec<usize>)> = Vec::new();
        for (row, key) in self.of_rows.iter().enumerate() {
            let place = *places.entry(identity(key)).or_insert_with(|| {
                groups.push((key.clone(), Vec::new()));
                groups.len() - 1
            });
            groups[place].1.push(row);
        }
        groups
    }

    /// A key as the name of a row.
    pub fn row_name(&self, key: &[Value]) -> Result<Value, HostError> {
        match key {
            [one] if self.single => match &*jinja::value::type_name(one) {
                "int" => {
                    let message = "Row names cannot be of type int. Use Decimal for numbered row names.";
                    Err(HostError::new(jinja::HostErrorKind::InvalidOperation, message))
                }
                _ => Ok(one.clone()),
            },
            parts => Ok(jinja::value::tuple(parts.to_vec())),
        }
    }
}

/// What two equal keys have in common: `1` is `1.0`.
pub(super) fn identity(key: &[Value]) -> Vec<String> {
    let one = |value: &Value| match jinja::value::to_json(value) {
        Ok(serde_json::Value::Number(number)) => format!("{:?}", number.as_f64()),
        _ => jinja::value::repr(value),
    };
    key.iter().map(one).collect()
}

/// Names given as one text or as a list.
pub(super) fn names(value: &Value) -> Result<Vec<String>, HostError> {
    match value.as_str() {
        Some(name) => Ok(vec![name.to_owned()]),
        None => Ok(value.try_iter()?.filter_map(|name| text(Some(&name))).collect()),
    }
}
