//! Rows into columns and columns into rows: `pivot`, `normalize`, `denormalize`.

use super::Table;
use super::keys::{Keys, identity, names};
use crate::context::arguments::{Arguments, text};
use indexmap::IndexMap;
use jinja::{HostError, State, Value};

fn none() -> Value {
    Value::from(())
}

fn decimal(value: &Value) -> Option<Value> {
    jinja::value::decimal_of(&jinja::value::to_str(value))
}

/// A value as a column of that type has it.
pub(super) fn as_type(value: Value, kind: &str) -> Value {
    match kind {
        "Number" if !value.is_none() => decimal(&value).unwrap_or(value),
        _ => value,
    }
}

/// Values of a new column, as agate finds its type: the first of these that all of them can be.
fn tested(values: Vec<Value>) -> (&'static str, Vec<Value>) {
    let all = |test: fn(&Value) -> Option<Value>| {
        let one = |value: &Value| if value.is_none() { Some(none()) } else { test(value) };
        values.iter().map(one).collect::<Option<Vec<_>>>()
    };
    let truth = |value: &Value| match jinja::value::to_str(value).trim().to_lowercase().as_str() {
        "true" | "yes" | "y" | "t" | "1" => Some(Value::from(true)),
        "false" | "no" | "n" | "f" | "0" => Some(Value::from(false)),
        "" | "na" | "n/a" | "none" | "null" | "." => Some(none()),
        _ => None,
    };
    if let Some(found) = all(truth) {
        return ("Boolean", found);
    }
    if let Some(found) = all(decimal) {
        return ("Number", found);
    }
    if let Some(found) = all(|value| jinja::value::date_of(&jinja::value::to_str(value))) {
        return ("Date", found);
    }
    if let Some(found) = all(|value| jinja::value::moment_of(&jinja::value::to_str(value))) {
        return ("DateTime", found);
    }
    let texts =
        values.iter().map(|it| if it.is_none() { none() } else { Value::from(jinja::value::to_str(it)) });
    ("Text", texts.collect())
}

impl Table {
    /// `pivot(key, pivot, key_name=…, default_value=…)`: how many rows there are of each key, and of each value of
    /// another. Templates can name no aggregation but this one.
    pub(super) fn pivot(&self, state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, HostError> {
        let parameters = ["key", "pivot", "aggregation", "computation", "default_value", "key_name"];
        let [key, pivot, _, _, usual, key_name] = Arguments::new("pivot", args)?.bind(parameters, 0)?;
        let [key, pivot] = [key, pivot].map(|it| it.filter(|it| !it.is_none()));
        let number = |count: usize| decimal(&Value::from(count)).unwrap_or_default();
        let keys = match &key {
            Some(key) => self.keys(state, key)?,
            None if pivot.is_none() => {
                let count = (Value::from("Count"), number(self.rows.len()));
                return Ok(jinja::value::dict([count]));
            }
            None => whole(self.rows.len()),
        };
        let usual = usual.map_or_else(|| number(0), |usual| as_type(usual, "Number"));
        let across = pivot.as_ref().map(|pivot| self.keys(state, pivot)).transpose()?;
        let column = |row: usize| match &across {
            Some(across) => {
                across.of_rows[row].iter().map(jinja::value::to_str).collect::<Vec<_>>().join(", ")
            }
            None => "Count".to_owned(),
        };
        let mut counted: IndexMap<String, usize> = IndexMap::new();
        let groups = keys.groups();
        let rows = groups.iter().flat_map(|(_, rows)| rows);
        rows.for_each(|row| *counted.entry(column(*row)).or_default() += 1);
        let counts = |rows: &[usize]| -> Vec<Value> {
            let of = |name: &String| rows.iter().filter(|row| column(**row) == *name).count();
            counted
                .keys()
                .map(of)
                .map(|count| if count == 0 { usual.clone() } else { number(count) })
                .collect()
        };
        let new = counted.keys().cloned().map(|name| (name, "Number")).collect();
        let rows =
            groups.iter().map(|(key, rows)| key.iter().cloned().chain(counts(rows)).collect()).collect();
        Ok(Value::from_object(self.by_key(&keys, text(key_name.as_ref()), &groups, new, rows)?))
    }

    /// `normalize(key, properties, property_column, value_column)`: a row for each of those columns.
    pub(super) fn normalize(&self, state: &mut State<'_, '_>, args: &[Value]) -> Result<Self, HostError> {
        let parameters = ["key", "properties", "property_column", "value_column"];
        let [key, properties, property, value] = Arguments::new("normalize", args)?.bind(parameters, 2)?;
        let keys = self.keys(state, &key.unwrap_or_default())?;
        let properties = names(&properties.unwrap_or_default())?;
        let places = self.positions(&Value::from(properties.clone()))?;
        let (mut left, mut said, mut values) = (Vec::new(), Vec::new(), Vec::new());
        for (row, key) in self.rows.iter().zip(&keys.of_rows) {
            for (name, at) in properties.iter().zip(&places) {
                left.push(key.clone());
                said.push(Value::from(name.as_str()));
                values.push(row.values[*at].clone());
            }
        }
        let ((said_type, said), (value_type, values)) = (tested(said), tested(values));
        let name =
            |given: Option<Value>, usual: &str| text(given.as_ref()).unwrap_or_else(|| usual.to_owned());
        let mut names: Vec<String> = keys.columns.iter().map(|at| self.names[*at].to_string()).collect();
        let mut types: Vec<&'static str> = keys.columns.iter().map(|at| self.types[*at]).collect();
        names.extend([name(property, "property"), name(value, "value")]);
        types.extend([said_type, value_type]);
        let rows = left.into_iter().zip(said.into_iter().zip(values));
        let rows = rows.map(|(key, (said, value))| key.into_iter().chain([said, value]).collect()).collect();
        Ok(Self::typed(names, types, rows))
    }

    /// `denormalize(key, property_column, value_column, default_value)`: a column for each value of a column.
    pub(super) fn denormalize(&self, state: &mut State<'_, '_>, args: &[Value]) -> Result<Self, HostError> {
        let parameters = ["key", "property_column", "value_column", "default_value"];
        let [key, property, value, usual] = Arguments::new("denormalize", args)?.bind(parameters, 0)?;
        let keys = match key.filter(|key| !key.is_none()) {
            Some(key) => self.keys(state, &key)?,
            None => whole(self.rows.len()),
        };
        let place = |given: Option<Value>, usual: &str| {
            let name = text(given.as_ref()).unwrap_or_else(|| usual.to_owned());
            self.positions(&Value::from(name)).map(|places| places[0])
        };
        let (property, value) = (place(property, "property")?, place(value, "value")?);
        let zero = || decimal(&Value::from(0)).unwrap_or_default();
        let usual = usual.unwrap_or_else(|| if self.types[value] == "Number" { zero() } else { none() });
        let groups = keys.groups();
        let mut columns: IndexMap<Vec<String>, (String, Vec<Value>)> = IndexMap::new();
        for (group, (_, rows)) in groups.iter().enumerate() {
            for row in rows.iter().map(|row| &self.rows[*row]) {
                let name = &row.values[property];
                let column = columns
                    .entry(identity(std::slice::from_ref(name)))
                    .or_insert_with(|| (jinja::value::to_str(name), vec![usual.clone(); groups.len()]));
                column.1[group] = row.values[value].clone();
            }
        }
        let made: Vec<(String, (&'static str, Vec<Value>))> =
            columns.into_values().map(|(name, values)| (name, tested(values))).collect();
        let rows = groups.iter().enumerate().map(|(at, (key, _))| {
            key.iter().cloned().chain(made.iter().map(|(_, (_, values))| values[at].clone())).collect()
        });
        let rows = rows.collect();
        let new = made.iter().map(|(name, (kind, _))| (name.clone(), *kind)).collect();
        self.by_key(&keys, None, &groups, new, rows)
    }

    /// A table with a row for each key: its parts, then new columns.
    fn by_key(
        &self,
        keys: &Keys,
        key_name: Option<String>,
        groups: &[(Vec<Value>, Vec<usize>)],
        new: Vec<(String, &'static str)>,
        rows: Vec<Vec<Value>>,
    ) -> Result<Self, HostError> {
        let row_names = groups.iter().map(|(key, _)| keys.row_name(key)).collect::<Result<Vec<_>, _>>()?;
        let mut columns: Vec<(String, &'static str)> =
            keys.columns.iter().map(|at| (self.names[*at].to_string(), self.types[*at])).collect();
        if columns.is_empty() && keys.single {
            let kind = super::type_of(groups.iter().filter_map(|(key, _)| key.first()));
            columns.push(("group".to_owned(), kind));
        }
        if let (Some(name), [(first, _)]) = (key_name, columns.as_mut_slice()) {
            *first = name;
        }
        columns.extend(new);
        let (names, types) = columns.into_iter().unzip();
        Ok(Self { row_names, ..Self::typed(names, types, rows) })
    }
}

/// All rows under one key without parts.
fn whole(count: usize) -> Keys {
    Keys { columns: Vec::new(), of_rows: vec![Vec::new(); count], single: false }
}
