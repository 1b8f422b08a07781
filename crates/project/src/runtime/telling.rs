//! What the log tells of connections, statements and schemas, by dbt's names
//! (<https://docs.getdbt.com/reference/events-logging>).

use platform_core::event::{Event, EventSink, Level};
use platform_core::node_info::about_current;
use platform_core::relation::Relation;
use serde_json::json;
use std::time::Duration;

const TYPE: &str = "postgres";

fn debug(name: &str, code: &str, message: String) -> Event {
    Event::new(Level::Debug, name, message).code(code)
}

/// A session is about to be opened; whether one was lost or put away before it.
pub(super) fn opening(events: &dyn EventSink, again: bool) {
    let state = if again { "closed" } else { "init" };
    let message = format!("Opening a new connection, currently in state {state}");
    let event = debug("NewConnectionOpening", "E037", message);
    events.send(about_current(event.with("connection_state", state)));
}

/// A connection serves something else from here on.
pub(super) fn whose(events: &dyn EventSink, former: &str, name: &str) {
    if former == name || name.is_empty() {
        return;
    }
    events.send(if former.is_empty() {
        let message = format!("Acquiring new {TYPE} connection '{name}'");
        debug("NewConnection", "E005", message).with("conn_name", name).with("conn_type", TYPE)
    } else {
        let message =
            format!("Re-using an available connection from the pool (formerly {former}, now {name})");
        debug("ConnectionReused", "E006", message).with("conn_name", name).with("orig_conn_name", former)
    });
}

/// A run ends, and its connection stays open for what comes after.
pub(super) fn left_open(events: &dyn EventSink, name: &str) {
    let event = debug("ConnectionLeftOpenInCleanup", "E007", format!("Connection '{name}' was left open."));
    events.send(event.with("conn_name", name));
}

/// A statement is sent: as people read it, and as the server gets it.
pub fn sent(events: &dyn EventSink, name: &str, shown: &str, sql: &str) {
    let using = debug("ConnectionUsed", "E015", format!("Using {TYPE} connection \"{name}\""));
    events.send(about_current(using.with("conn_type", TYPE).with("conn_name", name)));
    let query = debug("SQLQuery", "E016", format!("On {name}: {shown}"));
    events.send(about_current(query.with("conn_name", name).with("sql", sql)));
}

/// A statement was answered. Postgres gives its queries no ids.
pub fn answered(events: &dyn EventSink, status: &str, elapsed: Duration) {
    let seconds = elapsed.as_secs_f64();
    let event = debug("SQLQueryStatus", "E017", format!("SQL status: {status} in {seconds:.3} seconds"));
    let event = event.with("status", status).with("elapsed", seconds).with("query_id", "");
    events.send(about_current(event));
}

/// A statement was refused.
pub(super) fn refused(events: &dyn EventSink, why: &str) {
    let message = format!("Postgres error: {why}");
    let event = debug("AdapterEventDebug", "E001", format!("Postgres adapter: {message}"));
    let event = event.with("name", "Postgres").with("base_msg", message).with("args", json!([]));
    events.send(about_current(event));
}

/// A schema is about to be created.
pub(super) fn creating_schema(events: &dyn EventSink, relation: &Relation) {
    events.send(of_schema("SchemaCreation", "E020", "Creating", relation));
}

/// A schema is about to be dropped.
pub(super) fn dropping_schema(events: &dyn EventSink, relation: &Relation) {
    events.send(of_schema("SchemaDrop", "E021", "Dropping", relation));
}

fn of_schema(name: &str, code: &str, verb: &str, relation: &Relation) -> Event {
    let (database, schema) = (relation.database.as_deref().unwrap_or_default(), relation.schema_name());
    let message = format!("{verb} schema \"database: \"{database}\"\nschema: \"{schema}\"\n\"");
    let parts = json!({"database": database, "schema": schema, "identifier": ""});
    about_current(debug(name, code, message).with("relation", parts))
}
