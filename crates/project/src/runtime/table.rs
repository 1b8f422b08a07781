//! Tables in templates: what `run_query` and `load_result` give, in the shape of agate's tables.
//!
//! Columns and rows are sequences that also answer by name; a row is asked by place, by name or as attribute.

use crate::context::arguments::{Arguments, no_method, text, truth};
use crate::runtime::data_type::DataType;
use crate::runtime::table_set::TableSet;
use crate::runtime::{ComparedRows, cell};
use indexmap::IndexMap;
use jinja::{DynObject, Enumerator, HostError, Object, ObjectRepr, State, Value};
use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;
use warehouse::ResultSet;

/// A table in memory.
#[derive(Debug)]
pub struct Table {
    pub(super) names: Arc<[Arc<str>]>,
    pub(super) types: Vec<&'static str>,
    pub(super) rows: Vec<Arc<Row>>,
    compared: Option<ComparedRows>,
}

/// How much of a table is drawn: agate's defaults, [`usize::MAX`] for all.
#[derive(Clone, Copy, Debug)]
pub struct Drawing {
    /// Rows.
    pub rows: usize,
    /// Columns.
    pub columns: usize,
    /// Characters of a cell.
    pub width: usize,
    /// Digits behind the point.
    pub places: usize,
}

impl Default for Drawing {
    fn default() -> Self {
        Self { rows: 20, columns: 6, width: 20, places: 3 }
    }
}

/// One row of a table.
#[derive(Debug)]
pub struct Row {
    names: Arc<[Arc<str>]>,
    pub(super) values: Vec<Value>,
}

impl Table {
    /// A table without columns and rows: what a statement without a result gives.
    pub fn empty() -> Self {
        Self { names: Arc::from([]), types: Vec::new(), rows: Vec::new(), compared: None }
    }

    /// A table of names and rows of values.
    pub fn new(names: Vec<String>, rows: Vec<Vec<Value>>) -> Self {
        let names: Arc<[Arc<str>]> = unique(names).into_iter().map(Arc::from).collect();
        let types = (0..names.len()).map(|at| type_of(rows.iter().map(|row| &row[at]))).collect();
        let rows = rows.into_iter().map(|values| Arc::new(Row { names: names.clone(), values })).collect();
        Self { names, types, rows, compared: None }
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
        self.names.iter().map(|name| name.to_string()).collect()
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

    fn positions(&self, wanted: &Value) -> Result<Vec<usize>, HostError> {
        let names: Vec<String> = match wanted.as_str() {
            Some(name) => vec![name.to_owned()],
            None => wanted.try_iter()?.filter_map(|name| text(Some(&name))).collect(),
        };
        let unknown = |name: &str| {
            let known = self.names.join(", ");
            let message = format!("the table has no column `{name}`, but {known}");
            HostError::new(jinja::HostErrorKind::InvalidOperation, message)
        };
        names.iter().map(|name| self.position(name).ok_or_else(|| unknown(name))).collect()
    }

    /// The columns' new names: by a dictionary, or by place from a list or what a filter gives.
    fn renamed(&self, wanted: &Value) -> Result<Vec<String>, HostError> {
        let old = |at: usize| self.names[at].to_string();
        let named = |found: Option<&Value>, at: usize| text(found).unwrap_or_else(|| old(at));
        if wanted.kind() == jinja::ValueKind::Map {
            let by_name = |at: usize| wanted.get_item(&Value::from(&*self.names[at])).ok();
            let found = |at: usize| by_name(at).filter(|it| !it.is_undefined());
            return Ok((0..self.names.len()).map(|at| named(found(at).as_ref(), at)).collect());
        }
        let listed: Vec<Value> = if wanted.is_none() { Vec::new() } else { wanted.try_iter()?.collect() };
        Ok((0..self.names.len()).map(|at| named(listed.get(at), at)).collect())
    }

    fn with_columns(&self, keep: &[usize]) -> Self {
        let names = keep.iter().map(|at| self.names[*at].to_string()).collect();
        let rows = self.rows.iter().map(|row| keep.iter().map(|at| row.values[*at].clone()).collect());
        Self::new(names, rows.collect())
    }

    fn json_asked(&self, key: Option<&Value>, lines: Option<&Value>, indent: Option<&Value>) -> String {
        self.json_text(text(key).as_deref(), truth(lines, false), indent.and_then(Value::as_usize))
    }

    pub(super) fn with_rows(&self, rows: Vec<Arc<Row>>) -> Self {
        Self { names: self.names.clone(), types: self.types.clone(), rows, compared: None }
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
            "row_names" => Value::from(()),
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
        let arguments = Arguments::new(method, args)?;
        let made = |table: Self| Ok(Value::from_object(table));
        match method {
            "print_table" => {
                let names =
                    ["max_rows", "max_columns", "output", "max_column_width", "locale", "max_precision"];
                let [rows, columns, _, width, _, places] = arguments.bind(names, 0)?;
                let usual = Drawing::default();
                let drawing = Drawing {
                    rows: most(rows, usual.rows),
                    columns: most(columns, usual.columns),
                    width: most(width, usual.width),
                    places: most(places, usual.places),
                };
                print(state, self.drawn(&drawing).trim_end())
            }
            "print_structure" => {
                let [_, rows] = arguments.bind(["output", "max_rows"], 0)?;
                print(state, self.structure(most(rows, usize::MAX)).trim_end())
            }
            "print_csv" => print(state, self.csv().trim_end()),
            "print_json" => {
                let [key, lines, indent] = arguments.bind(["key", "newline", "indent"], 0)?;
                print(state, &self.json_asked(key.as_ref(), lines.as_ref(), indent.as_ref()))
            }
            "to_csv" | "to_json" => {
                let [path, key, lines, indent] = arguments.bind(["path", "key", "newline", "indent"], 1)?;
                let path = text(path.as_ref()).unwrap_or_default();
                let text = match method {
                    "to_csv" => self.csv(),
                    _ => self.json_asked(key.as_ref(), lines.as_ref(), indent.as_ref()),
                };
                std::fs::write(&path, text).map_err(|error| {
                    HostError::new(jinja::HostErrorKind::InvalidOperation, format!("write `{path}`: {error}"))
                })?;
                Ok(Value::from(()))
            }
            "select" | "exclude" => {
                let [wanted] = arguments.bind(["key"], 1)?;
                let wanted = wanted.unwrap_or_default();
                let keep: Vec<usize> = if method == "select" {
                    self.positions(&wanted)?
                } else {
                    // What isn't there need not be left out.
                    let names: Vec<String> = match wanted.as_str() {
                        Some(name) => vec![name.to_owned()],
                        None => wanted.try_iter()?.filter_map(|name| text(Some(&name))).collect(),
                    };
                    (0..self.names.len())
                        .filter(|at| !names.iter().any(|it| **it == *self.names[*at]))
                        .collect()
                };
                made(self.with_columns(&keep))
            }
            "rename" => {
                let [wanted] = arguments.bind(["column_names"], 1)?;
                let renamed = self.renamed(&wanted.unwrap_or_default())?;
                let rows = self.rows.iter().map(|row| row.values.clone()).collect();
                made(Self::new(renamed, rows))
            }
            "limit" => {
                let [first, second] = arguments.bind(["start_or_stop", "stop"], 0)?;
                let number = |value: Option<Value>| value.and_then(|value| value.as_usize());
                let (start, stop) = match (number(first), number(second)) {
                    (Some(start), Some(stop)) => (start, stop),
                    (Some(stop), None) => (0, stop),
                    _ => (0, self.rows.len()),
                };
                let rows = self.rows.iter().take(stop).skip(start).cloned().collect();
                made(self.with_rows(rows))
            }
            "where" => {
                let [test] = arguments.bind(["test"], 1)?;
                let test = test.unwrap_or_default();
                let mut rows = Vec::new();
                for row in &self.rows {
                    if test.call(state, &[Value::from_dyn_object(row.clone())])?.is_true() {
                        rows.push(row.clone());
                    }
                }
                made(self.with_rows(rows))
            }
            "find" => {
                let [test] = arguments.bind(["test"], 1)?;
                let test = test.unwrap_or_default();
                for row in &self.rows {
                    let row = Value::from_dyn_object(row.clone());
                    if test.call(state, std::slice::from_ref(&row))?.is_true() {
                        return Ok(row);
                    }
                }
                Ok(Value::from(()))
            }
            "group_by" => {
                let [key, name, _] = arguments.bind(["key", "key_name", "key_type"], 1)?;
                let key = key.unwrap_or_default();
                let name = text(name.as_ref());
                let set = match key.as_str() {
                    Some(column) => {
                        let at = self.positions(&key)?.into_iter().next().unwrap_or(0);
                        let name = name.unwrap_or_else(|| column.to_owned());
                        TableSet::of(self, name, |row| Ok(self.rows[row].values[at].clone()))
                    }
                    None => TableSet::of(self, name.unwrap_or_else(|| "group".to_owned()), |row| {
                        let row = Value::from_dyn_object(self.rows[row].clone());
                        key.call(state, &[row])
                    }),
                };
                set.map(Value::from_object)
            }
            "order_by" => {
                let [key, reverse] = arguments.bind(["key", "reverse"], 1)?;
                let keys = self.positions(&key.unwrap_or_default())?;
                let mut rows = self.rows.clone();
                // None sorts last, as agate has it.
                let rank = |row: &Row, at: usize| (row.values[at].is_none(), row.values[at].clone());
                rows.sort_by(|left, right| {
                    keys.iter()
                        .map(|at| rank(left, *at).cmp(&rank(right, *at)))
                        .find(|it| it.is_ne())
                        .unwrap_or(Ordering::Equal)
                });
                if truth(reverse.as_ref(), false) {
                    rows.reverse();
                }
                made(self.with_rows(rows))
            }
            "distinct" => {
                let [key] = arguments.bind(["key"], 0)?;
                let keys = match key {
                    Some(key) if !key.is_none() => self.positions(&key)?,
                    _ => (0..self.names.len()).collect(),
                };
                let mut seen: Vec<Vec<Value>> = Vec::new();
                let mut rows = Vec::new();
                for row in &self.rows {
                    let own: Vec<Value> = keys.iter().map(|at| row.values[*at].clone()).collect();
                    if !seen.contains(&own) {
                        seen.push(own);
                        rows.push(row.clone());
                    }
                }
                made(self.with_rows(rows))
            }
            _ => Err(no_method("Table", method)),
        }
    }

    fn render(self: &Arc<Self>, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("<agate.table.Table object>")
    }
}

/// A number of an argument: the usual one where it isn't given, no end for `none`.
fn most(value: Option<Value>, usual: usize) -> usize {
    value.map_or(usual, |value| value.as_usize().unwrap_or(usize::MAX))
}

/// Puts a text where the template's own `print` puts it.
pub(super) fn print(state: &mut State<'_, '_>, text: &str) -> Result<Value, HostError> {
    let context = jinja::value::context(state).unwrap_or_default();
    context.get_attr("print")?.call(state, &[Value::from(text)])?;
    Ok(Value::from(()))
}

/// A place counted from the end if negative.
fn place(at: i64, length: usize) -> Option<usize> {
    let length_signed = i64::try_from(length).ok()?;
    usize::try_from(if at < 0 { at + length_signed } else { at }).ok().filter(|at| *at < length)
}

impl Row {
    fn position(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| &**known == name)
    }

    fn pairs(&self) -> IndexMap<&str, &Value> {
        self.names.iter().map(|name| &**name).zip(&self.values).collect()
    }
}

impl Object for Row {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let at = match key.as_str() {
            Some(name) => self.position(name)?,
            None => place(key.as_i64()?, self.values.len())?,
        };
        self.values.get(at).cloned()
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        self.values.get(self.position(key)?).cloned()
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.values.len())
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, HostError> {
        let arguments = Arguments::new(method, args)?;
        let pairs = || self.pairs().into_iter().map(|(name, value)| (Value::from(name), value.clone()));
        match method {
            "values" => Ok(jinja::value::tuple(self.values.clone())),
            "keys" => Ok(jinja::value::tuple(pairs().map(|(name, _)| name).collect())),
            "items" => Ok(jinja::value::list(
                pairs().map(|(name, value)| jinja::value::tuple(vec![name, value])).collect(),
            )),
            "dict" => Ok(jinja::value::dict(pairs())),
            "get" => {
                let [key, default] = arguments.bind(["key", "default"], 1)?;
                let found = text(key.as_ref()).and_then(|key| self.get_value_by_str(&key));
                Ok(found.or(default).unwrap_or_else(|| Value::from(())))
            }
            _ => Err(no_method("Row", method)),
        }
    }

    fn custom_cmp(self: &Arc<Self>, other: &DynObject) -> Option<Ordering> {
        Some(self.values.cmp(&other.downcast_ref::<Self>()?.values))
    }

    fn render(self: &Arc<Self>, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values: Vec<String> = self.values.iter().map(jinja::value::repr).collect();
        write!(out, "<agate.Row: ({})>", values.join(", "))
    }
}

/// `table.rows`
#[derive(Debug)]
struct Rows(Arc<Table>);

impl Object for Rows {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let row = self.0.rows.get(place(key.as_i64()?, self.0.rows.len())?)?;
        Some(Value::from_dyn_object(row.clone()))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.0.rows.len())
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, HostError> {
        match method {
            "values" => Ok(jinja::value::tuple(
                self.0.rows.iter().map(|row| Value::from_dyn_object(row.clone())).collect(),
            )),
            // Rows have no names, so that nothing is found by one.
            "keys" => Ok(Value::from(())),
            "get" => {
                let [_, default] = Arguments::new(method, args)?.bind(["key", "default"], 1)?;
                Ok(default.unwrap_or_else(|| Value::from(())))
            }
            _ => Err(no_method("MappedSequence", method)),
        }
    }
}

/// `table.columns`
#[derive(Debug)]
struct Columns(Arc<Table>);

impl Object for Columns {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let at = match key.as_str() {
            Some(name) => self.0.position(name)?,
            None => place(key.as_i64()?, self.0.names.len())?,
        };
        Some(self.0.column(at))
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        Some(self.0.column(self.0.position(key)?))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.0.names.len())
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, HostError> {
        let all = || (0..self.0.names.len()).map(|at| (Value::from(&*self.0.names[at]), self.0.column(at)));
        match method {
            "keys" => Ok(jinja::value::tuple(all().map(|(name, _)| name).collect())),
            "values" => Ok(jinja::value::tuple(all().map(|(_, column)| column).collect())),
            "items" => Ok(jinja::value::list(
                all().map(|(name, column)| jinja::value::tuple(vec![name, column])).collect(),
            )),
            "dict" => Ok(jinja::value::dict(all())),
            "get" => {
                let [key, default] = Arguments::new(method, args)?.bind(["key", "default"], 1)?;
                let found = text(key.as_ref()).and_then(|key| self.get_value_by_str(&key));
                Ok(found.or(default).unwrap_or_else(|| Value::from(())))
            }
            _ => Err(no_method("MappedSequence", method)),
        }
    }
}

/// One column of a table: its values, with a name and a type.
#[derive(Debug)]
struct Column {
    table: Arc<Table>,
    at: usize,
}

impl Column {
    fn values(&self) -> impl Iterator<Item = Value> {
        self.table.rows.iter().map(|row| row.values[self.at].clone())
    }
}

impl Object for Column {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        if let Some(name) = key.as_str() {
            return self.get_value_by_str(name);
        }
        let row = self.table.rows.get(place(key.as_i64()?, self.table.rows.len())?)?;
        row.values.get(self.at).cloned()
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        match key {
            "name" => Some(Value::from(&*self.table.names[self.at])),
            "index" => Some(Value::from(self.at)),
            "data_type" => Some(Value::from_object(DataType(self.table.types[self.at]))),
            _ => None,
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.table.rows.len())
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        method: &str,
        _: &[Value],
    ) -> Result<Value, HostError> {
        match method {
            "values" => Ok(jinja::value::tuple(self.values().collect())),
            "values_distinct" => {
                let mut seen: Vec<Value> = Vec::new();
                self.values().for_each(|value| {
                    if !seen.contains(&value) {
                        seen.push(value);
                    }
                });
                Ok(jinja::value::tuple(seen))
            }
            "values_without_nulls" => {
                Ok(jinja::value::tuple(self.values().filter(|value| !value.is_none()).collect()))
            }
            "values_sorted" | "values_without_nulls_sorted" => {
                let has_nulls = method == "values_sorted";
                let mut values: Vec<Value> =
                    self.values().filter(|value| has_nulls || !value.is_none()).collect();
                values.sort_by_key(|value| (value.is_none(), value.clone()));
                Ok(jinja::value::list(values))
            }
            "keys" => Ok(Value::from(())),
            _ => Err(no_method("Column", method)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_unique() {
        assert_eq!(unique(vec!["a".into(), "a".into(), String::new()]), ["a", "a_2", "c"]);
    }

    #[test]
    fn columns_are_renamed_by_what_a_filter_gives() {
        let table = Table::new(vec!["A".into(), "B".into()], Vec::new());
        let lowered = Value::make_iterable(|| ["a", "b"].into_iter().map(Value::from));
        assert_eq!(table.renamed(&lowered).expect("names"), ["a", "b"]);
        let by_name = jinja::value::dict([(Value::from("B"), Value::from("c"))]);
        assert_eq!(table.renamed(&by_name).expect("names"), ["A", "c"]);
        assert_eq!(table.renamed(&Value::from(())).expect("names"), ["A", "B"]);
    }
}
