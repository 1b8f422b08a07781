//! Seeds in templates: `load_agate_table`, types of columns, and the one COPY that carries the rows.

use crate::context::raised::{Kind, Raised};
use crate::runtime::Runtime;
use crate::runtime::connection::{Connection, Refused};
use crate::runtime::names::NodeState;
use crate::runtime::seed_insert;
use crate::runtime::table::Table;
use jinja::{Enumerator, HostError, Object, ObjectRepr, State, Value};
use platform_core::seed::{SeedError, SeedOptions, SeedReader, SeedTable, SeedType, SeedValue};
use platform_core::{Node, ResourceType};
use serde_json::Value as Json;
use std::fmt;
use std::hash::BuildHasher as _;
use std::path::PathBuf;
use std::sync::Arc;

/// Where a seed's rows are, and how they are read.
pub(super) struct SeedFile<'a> {
    /// What reads it.
    pub reader: &'a Arc<dyn SeedReader>,
    /// The file.
    pub path: PathBuf,
    /// Delimiter and columns whose type the project sets.
    pub options: SeedOptions,
    /// The seed.
    pub node: &'a Node,
}

impl<'a> SeedFile<'a> {
    /// The file of a node that is a seed.
    pub fn of(state: &'a NodeState) -> Result<Self, HostError> {
        let node = state.node.as_deref().filter(|node| node.resource_type == ResourceType::Seed);
        let node = node.ok_or_else(|| {
            Raised::compilation("can only load_agate_table for seeds (got a different node)")
        })?;
        Self::of_node(&state.runtime, node).ok_or_else(|| Raised::compilation("this command reads no seeds"))
    }

    /// The file of a seed; `None` where the command reads none.
    fn of_node(runtime: &'a Runtime, node: &'a Node) -> Option<Self> {
        let reader = runtime.seeds()?;
        let project = || runtime.project().root.clone();
        let root = node.only.root_path.clone().map_or_else(project, PathBuf::from);
        let types = node.config.get("column_types").and_then(Json::as_object);
        let options = SeedOptions {
            delimiter: node.config.text("delimiter").and_then(|text| text.chars().next()).unwrap_or(','),
            text_columns: types.into_iter().flat_map(|types| types.keys().cloned()).collect(),
        };
        Some(Self { reader, path: root.join(&node.original_file_path), options, node })
    }
}

impl Runtime {
    /// So many rows of a seed's file, or as many as it has, picked and mixed by chance; `None` for what is no seed or
    /// can't be read.
    pub fn seed_sample(&self, node: &Node, rows: usize) -> Option<Table> {
        let file = SeedFile::of_node(self, node).filter(|_| node.resource_type == ResourceType::Seed)?;
        let table = SeedRows { table: file.reader.open(&file.path, &file.options).ok()? };
        let chance = std::hash::RandomState::new();
        let mut picked: Vec<(u64, Vec<Value>)> = Vec::new();
        for (at, row) in table.rows().enumerate() {
            let lot = chance.hash_one(at);
            if picked.len() < rows || picked.last().is_some_and(|(last, _)| lot < *last) {
                let place = picked.partition_point(|(other, _)| *other < lot);
                picked.insert(place, (lot, row));
                picked.truncate(rows);
            }
        }
        Some(Table::new(table.column_names(), picked.into_iter().map(|(_, row)| row).collect()))
    }
}

/// Why a seed's file can't be had, under dbt's headline for it.
pub(super) fn unread(error: &SeedError) -> HostError {
    let kind = match error {
        SeedError::Unreadable(_) => Kind::Runtime,
        SeedError::NoTable(_) => Kind::Compilation,
    };
    Raised::error(kind, error.to_string())
}

/// The table of a seed's file. Its rows stay in the file until somebody asks for them.
pub struct SeedRows {
    table: Arc<dyn SeedTable>,
}

impl fmt::Debug for SeedRows {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("SeedRows")
    }
}

impl SeedRows {
    /// The table of an opened seed, for templates.
    pub fn value(table: Arc<dyn SeedTable>) -> Value {
        Value::from_object(Self { table })
    }

    /// The seed inside of a value.
    pub fn of(value: &Value) -> Option<Arc<Self>> {
        value.downcast_object::<Self>()
    }

    /// Streams the rows through a `copy … from stdin` into a relation, or inserts them where that comes to something else.
    pub fn load(
        &self,
        connection: &Connection,
        sql: &str,
        relation: &str,
        columns: &str,
    ) -> Result<(), HostError> {
        if !seed_insert::copies(connection, relation, self.table.columns())? {
            return seed_insert::insert(connection, relation, columns, self.table.rows());
        }
        let failed = |error: warehouse::Error| {
            let error = self.as_inserted(error);
            HostError::from(Refused { error, sql: sql.to_owned(), position: None })
        };
        let mut zone = "UTC".to_owned();
        if self.table.columns().iter().any(|column| column.kind == SeedType::IsoDateTime) {
            let shown = connection.run("show timezone").map_err(HostError::from)?;
            zone = shown.rows.as_ref().and_then(|rows| rows.first()).unwrap_or("UTC").to_owned();
        }
        let mut sink =
            connection.session().and_then(|it| connection.wait(it.copy_in(sql))).map_err(failed)?;
        for piece in self.table.copy_data(&zone) {
            let piece = piece.map_err(|error| unread(&error))?;
            connection.wait(sink.send(piece.into())).map_err(failed)?;
        }
        connection.wait(sink.finish()).map_err(failed)?;
        Ok(())
    }

    /// An integer that is none to Postgres: to dbt it is a number that the column can't hold, and no text that it can't
    /// read. Where it stands is told as COPY does.
    fn as_inserted(&self, mut error: warehouse::Error) -> warehouse::Error {
        let integers = self.table.columns().iter().filter(|column| column.kind == SeedType::Integer);
        if let warehouse::Error::Query(told) = &mut error {
            let context = told.context.as_deref().unwrap_or_default();
            let is_integer =
                integers.map(|it| format!(", column {}: ", it.name)).any(|place| context.contains(&place));
            match told.sqlstate.as_str() {
                "22003" if is_integer => told.message = "integer out of range".to_owned(),
                "22P02" if is_integer => told.message = "cannot convert NaN to integer".to_owned(),
                _ => {}
            }
        }
        error
    }

    /// Every row, read from the file.
    fn rows(&self) -> impl Iterator<Item = Vec<Value>> {
        let cell = |value: SeedValue| match value {
            SeedValue::Null => Value::from(()),
            SeedValue::Boolean(truth) => Value::from(truth),
            SeedValue::Number(digits) => match (digits.parse::<i64>(), digits.parse::<f64>()) {
                (Ok(integer), _) => Value::from(integer),
                (_, Ok(_)) => jinja::value::decimal_of(&digits).unwrap_or_else(|| Value::from(digits)),
                _ => Value::from(digits),
            },
            SeedValue::Date(text) => jinja::value::date_of(&text).unwrap_or_else(|| Value::from(text)),
            SeedValue::DateTime(text) => jinja::value::moment_of(&text).unwrap_or_else(|| Value::from(text)),
            SeedValue::Text(text) => Value::from(text),
        };
        self.table.rows().filter_map(Result::ok).map(move |row| row.into_iter().map(cell).collect())
    }

    fn names(&self) -> Vec<Value> {
        self.table.columns().iter().map(|column| Value::from(column.name.as_str())).collect()
    }

    fn column_names(&self) -> Vec<String> {
        self.table.columns().iter().map(|column| column.name.clone()).collect()
    }

    fn whole(&self) -> Table {
        Table::new(self.column_names(), self.rows().collect())
    }
}

/// The Postgres type of a column of a table: a seed's as inferred, else by its values.
pub(super) fn column_type(table: &Value, at: usize) -> String {
    if let Some(seed) = SeedRows::of(table) {
        return seed.table.columns().get(at).map_or("text", |column| column.kind.postgres()).to_owned();
    }
    let label = table.get_attr("column_types").ok().and_then(|types| types.get_item_by_index(at).ok());
    let kind = match label.as_ref().and_then(Value::as_str) {
        Some("Boolean") => SeedType::Boolean,
        Some("Integer") => SeedType::Integer,
        Some("Number") => SeedType::Float,
        _ => SeedType::Text,
    };
    kind.postgres().to_owned()
}

/// The rows, counted without being read.
#[derive(Debug)]
struct Rows(Arc<SeedRows>);

impl Object for Rows {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let whole = self.0.whole().into_value();
        whole.get_attr("rows").ok()?.get_item(key).ok().filter(|row| !row.is_undefined())
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let whole = self.0.whole().into_value();
        let rows = whole.get_attr("rows").and_then(|rows| Ok(rows.try_iter()?.collect::<Vec<_>>()));
        Enumerator::Values(rows.unwrap_or_default())
    }

    fn enumerator_len(self: &Arc<Self>) -> Option<usize> {
        usize::try_from(self.0.table.row_count()).ok()
    }

    fn is_true(self: &Arc<Self>) -> bool {
        self.0.table.row_count() > 0
    }
}

impl Object for SeedRows {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        match key {
            "column_names" => Some(jinja::value::tuple(self.names())),
            "column_types" => {
                let types = self.table.columns().iter().map(|column| Value::from(column.kind.agate()));
                Some(jinja::value::tuple(types.collect()))
            }
            "rows" => Some(Value::from_object(Rows(self.clone()))),
            "columns" => self.whole().into_value().get_attr("columns").ok(),
            _ => None,
        }
    }

    fn call_method(
        self: &Arc<Self>,
        state: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, HostError> {
        self.whole().into_value().call_method(state, method, args)
    }
}
