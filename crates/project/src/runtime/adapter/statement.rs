//! Methods that send what a macro wrote.

use super::{Adapter, Method};
use crate::context::arguments::{Arguments, text, truth};
use crate::context::raised::Raised;
use crate::runtime::constraints;
use crate::runtime::seed::SeedRows;
use crate::runtime::statements::Response;
use crate::runtime::table::Table;
use jinja::{HostError, State, Value};
use platform_core::event::Level;
use platform_core::{Event, ResourceType};

pub(super) const METHODS: &[(&str, Method)] = &[
    ("execute", execute),
    ("add_query", add_query),
    ("begin", begin),
    ("begin_transaction", begin),
    ("commit", commit),
    ("commit_if_has_connection", commit),
    ("end_transaction", commit),
    ("rollback_if_open", rollback),
    ("rollback", rollback),
    ("_await_former_batches", await_former_batches),
    ("validate_sql", validate_sql),
    ("debug_query", debug_query),
    ("copy_rows", copy_rows),
    ("get_column_schema_from_query", columns_of_query),
];

/// `execute(sql, auto_begin=False, fetch=False, limit=None)`: response and table.
fn execute(adapter: &Adapter, arguments: Arguments<'_>, _: &mut State<'_, '_>) -> Result<Value, HostError> {
    let [sql, auto_begin, fetch, limit] = arguments.bind(["sql", "auto_begin", "fetch", "limit"], 1)?;
    if truth(auto_begin.as_ref(), false) {
        adapter.connection.begin();
    }
    let outcome = adapter.connection.run(&text(sql.as_ref()).unwrap_or_default())?;
    let mut table = Table::empty();
    if truth(fetch.as_ref(), false)
        && let Some(mut rows) = outcome.rows.clone()
    {
        if let Some(limit) = limit.and_then(|limit| limit.as_usize()) {
            rows.rows.truncate(limit);
        }
        table = Table::of_result(&rows);
        let node = adapter.node.node.as_ref();
        if node.is_some_and(|node| node.resource_type == ResourceType::UnitTest) {
            table = table.compared_too(&rows);
        }
    }
    Ok(jinja::value::tuple(vec![Value::from_object(Response::of(&outcome)), table.into_value()]))
}

fn add_query(adapter: &Adapter, arguments: Arguments<'_>, _: &mut State<'_, '_>) -> Result<Value, HostError> {
    let [sql, auto_begin] = arguments.bind(["sql", "auto_begin"], 1)?;
    if truth(auto_begin.as_ref(), true) {
        adapter.connection.begin();
    }
    adapter.connection.run(&text(sql.as_ref()).unwrap_or_default())?;
    Ok(Value::from(()))
}

fn begin(adapter: &Adapter, _: Arguments<'_>, _: &mut State<'_, '_>) -> Result<Value, HostError> {
    adapter.connection.begin();
    Ok(Value::from(()))
}

fn commit(adapter: &Adapter, _: Arguments<'_>, _: &mut State<'_, '_>) -> Result<Value, HostError> {
    adapter.connection.commit()?;
    Ok(Value::from(""))
}

fn rollback(adapter: &Adapter, _: Arguments<'_>, _: &mut State<'_, '_>) -> Result<Value, HostError> {
    adapter.connection.rollback();
    Ok(Value::from(()))
}

/// In a batch that runs beside others, returns once those before it have written. What was staged is kept and nothing is
/// locked meanwhile: a batch before may have to alter the table that this one's query has read.
fn await_former_batches(
    adapter: &Adapter,
    _: Arguments<'_>,
    _: &mut State<'_, '_>,
) -> Result<Value, HostError> {
    if let Some(turn) = adapter.node.batch.as_ref().and_then(|batch| batch.turn.as_ref()) {
        adapter.connection.commit()?;
        (turn.0)();
        adapter.connection.open_node();
    }
    Ok(Value::from(()))
}

fn validate_sql(
    adapter: &Adapter,
    arguments: Arguments<'_>,
    _: &mut State<'_, '_>,
) -> Result<Value, HostError> {
    let [sql] = arguments.bind(["sql"], 1)?;
    adapter.connection.run(&format!("explain {}", text(sql.as_ref()).unwrap_or_default()))?;
    Ok(Value::from(()))
}

fn debug_query(adapter: &Adapter, _: Arguments<'_>, _: &mut State<'_, '_>) -> Result<Value, HostError> {
    adapter.connection.run("select 1 as id")?;
    Ok(Value::from(()))
}

fn copy_rows(adapter: &Adapter, arguments: Arguments<'_>, _: &mut State<'_, '_>) -> Result<Value, HostError> {
    let [sql, table, relation, columns] = arguments.bind(["sql", "agate_table", "relation", "columns"], 4)?;
    let rows = SeedRows::of(&table.unwrap_or_default())
        .ok_or_else(|| Raised::compilation("adapter.copy_rows wants the table of load_agate_table()"))?;
    let [sql, relation, columns] = [sql, relation, columns].map(|it| text(it.as_ref()).unwrap_or_default());
    rows.load(&adapter.connection, &sql, &relation, &columns)?;
    Ok(Value::from(""))
}

/// `get_column_schema_from_query(sql)`: the columns a query would give.
fn columns_of_query(
    adapter: &Adapter,
    arguments: Arguments<'_>,
    _: &mut State<'_, '_>,
) -> Result<Value, HostError> {
    let [sql] = arguments.bind(["sql"], 1)?;
    let outcome = adapter.connection.run(&text(sql.as_ref()).unwrap_or_default())?;
    let columns = outcome.rows.unwrap_or_default().columns;
    let made = columns.iter().map(|column| {
        let name = type_label(adapter, column.type_oid);
        Value::from_object(crate::runtime::column::from_description(column.name.clone(), &name))
    });
    Ok(jinja::value::list(made.collect()))
}

fn type_label(adapter: &Adapter, oid: u32) -> String {
    if let Some(label) = constraints::type_label(oid) {
        return label.to_owned();
    }
    let message = format!(
        "The `type_code` {oid} was not recognized, which may affect error messages for enforced contracts that fail \
         as well as `Column.data_type` values returned by `get_column_schema_from_query`"
    );
    let event = Event::new(Level::Debug, "TypeCodeNotFound", message).with("type_code", oid);
    adapter.context.shared().events.send(event);
    format!("unknown type_code {oid}")
}
