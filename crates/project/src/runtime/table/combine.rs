//! Tables beside each other and below each other: `join`, `merge`, `homogenize`.

use super::keys::{Keys, identity, names};
use super::{Row, Table};
use crate::context::arguments::{Arguments, text, truth};
use jinja::{HostError, HostErrorKind, State, Value};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

fn refused(message: impl Into<String>) -> HostError {
    HostError::new(HostErrorKind::InvalidOperation, message.into())
}

fn table(value: Option<&Value>) -> Result<Arc<Table>, HostError> {
    let found = value.and_then(Value::downcast_object::<Table>);
    found.ok_or_else(|| refused("a table was expected"))
}

impl Table {
    /// `join(right_table, left_key, right_key, inner, full_outer, require_match, columns)`: without keys, row by row.
    pub(super) fn join(&self, state: &mut State<'_, '_>, args: &[Value]) -> Result<Self, HostError> {
        let names =
            ["right_table", "left_key", "right_key", "inner", "full_outer", "require_match", "columns"];
        let [right, left_key, right_key, inner, outer, strict, wanted] =
            Arguments::new("join", args)?.bind(names, 1)?;
        let right = table(right.as_ref())?;
        let [left_key, right_key, wanted] =
            [left_key, right_key, wanted].map(|it| it.filter(|it| !it.is_none()));
        let (outer, inner) = (truth(outer.as_ref(), false), truth(inner.as_ref(), false));
        let (ours, theirs) = match (&left_key, right_key.as_ref().or(left_key.as_ref())) {
            (Some(left), Some(other)) => (self.keys(state, left)?, right.keys(state, other)?),
            _ => (Keys::by_place(self.rows.len()), Keys::by_place(right.rows.len())),
        };
        let is_kept = |at: &usize| match &wanted {
            _ if outer => true,
            // As Python's `in` has it, a text has every part of itself.
            Some(wanted) if wanted.as_str().is_some_and(|all| all.contains(&*right.names[*at])) => true,
            Some(wanted) if wanted.as_str().is_some() => false,
            Some(wanted) => names_of(wanted).iter().any(|name| **name == *right.names[*at]),
            None => !theirs.columns.contains(at),
        };
        let kept: Vec<usize> = (0..right.names.len()).filter(is_kept).collect();
        let name = |at: &usize| match &*right.names[*at] {
            name if self.position(name).is_some() => format!("{name}2"),
            name => name.to_owned(),
        };
        let names = self.column_names().into_iter().chain(kept.iter().map(name)).collect();
        let types = self.types.iter().copied().chain(kept.iter().map(|at| right.types[*at])).collect();
        let mut found: HashMap<Vec<String>, Vec<usize>> = HashMap::new();
        for (row, key) in theirs.of_rows.iter().enumerate() {
            found.entry(identity(key)).or_default().push(row);
        }
        let beside = |row: Option<&Row>| -> Vec<Value> {
            kept.iter().map(|at| row.map_or_else(|| Value::from(()), |row| row.values[*at].clone())).collect()
        };
        let (mut rows, mut used) = (Vec::new(), HashSet::new());
        for (row, key) in self.rows.iter().zip(&ours.of_rows) {
            let matching = found.get(&identity(key)).map(Vec::as_slice).unwrap_or_default();
            if matching.is_empty() && truth(strict.as_ref(), false) {
                let key = key.iter().map(jinja::value::to_str).collect::<Vec<_>>().join(", ");
                return Err(refused(format!("Left key \"{key}\" does not have a matching right key.")));
            }
            if matching.is_empty() && !inner {
                rows.push(row.values.iter().cloned().chain(beside(None)).collect());
            }
            for other in matching {
                used.insert(*other);
                rows.push(row.values.iter().cloned().chain(beside(Some(&right.rows[*other]))).collect());
            }
        }
        if outer {
            for (_, other) in right.rows.iter().enumerate().filter(|(at, _)| !used.contains(at)) {
                let nothing = self.names.iter().map(|_| Value::from(()));
                rows.push(nothing.chain(beside(Some(other))).collect());
            }
        }
        Ok(Self::typed(names, types, rows))
    }

    /// `merge(tables, row_names, column_names)`: the rows of all of them, with the columns of each.
    pub(super) fn merge(args: &[Value]) -> Result<Self, HostError> {
        let [tables, _, wanted] =
            Arguments::new("merge", args)?.bind(["tables", "row_names", "column_names"], 1)?;
        let tables: Vec<Arc<Self>> =
            tables.unwrap_or_default().try_iter()?.map(|it| table(Some(&it))).collect::<Result<_, _>>()?;
        let wanted = wanted.filter(|it| !it.is_none()).map(|it| names(&it)).transpose()?;
        let mut columns: Vec<(String, &'static str)> = Vec::new();
        for (name, kind) in tables.iter().flat_map(|it| it.names.iter().zip(&it.types)) {
            match columns.iter().find(|(known, _)| **known == **name) {
                Some((_, known)) if known != kind => {
                    return Err(refused("Tables contain columns with the same names, but different types."));
                }
                Some(_) => {}
                None => columns.push((name.to_string(), kind)),
            }
        }
        columns.retain(|(name, _)| wanted.as_ref().is_none_or(|wanted| wanted.contains(name)));
        let of = |table: &Self, row: &Row| -> Vec<Value> {
            let value = |name: &str| table.position(name).map(|at| row.values[at].clone());
            columns.iter().map(|(name, _)| value(name).unwrap_or_else(|| Value::from(()))).collect()
        };
        let rows = tables.iter().flat_map(|table| table.rows.iter().map(|row| of(table, row))).collect();
        let (names, types) = columns.iter().cloned().unzip();
        Ok(Self::typed(names, types, rows))
    }

    /// `homogenize(key, compare_values, default_row)`: a row for every key that is wanted and isn't there.
    pub(super) fn homogenize(&self, state: &mut State<'_, '_>, args: &[Value]) -> Result<Self, HostError> {
        let [key, wanted, usual] =
            Arguments::new("homogenize", args)?.bind(["key", "compare_values", "default_row"], 2)?;
        let keys = self.keys(state, &key.unwrap_or_default())?;
        let mut known: HashSet<Vec<String>> = keys.of_rows.iter().map(|key| identity(key)).collect();
        let usual: Option<Vec<Value>> =
            usual.filter(|it| !it.is_none()).map(|it| it.try_iter().map(Iterator::collect)).transpose()?;
        let mut rows: Vec<Vec<Value>> = self.rows.iter().map(|row| row.values.clone()).collect();
        for value in wanted.unwrap_or_default().try_iter()? {
            let key = if value.as_str().is_some() { vec![value] } else { value.try_iter()?.collect() };
            if !known.insert(identity(&key)) {
                continue;
            }
            let mut rest = usual.clone().unwrap_or_default().into_iter();
            let row = (0..self.names.len()).map(|at| match keys.columns.iter().position(|it| *it == at) {
                Some(part) => key.get(part).cloned().unwrap_or_default(),
                None => rest.next().unwrap_or_else(|| Value::from(())),
            });
            rows.push(row.zip(&self.types).map(|(value, kind)| super::turn::as_type(value, kind)).collect());
        }
        Ok(Self::typed(self.column_names(), self.types.clone(), rows))
    }
}

fn names_of(wanted: &Value) -> Vec<String> {
    wanted.try_iter().map(|names| names.filter_map(|it| text(Some(&it))).collect()).unwrap_or_default()
}
