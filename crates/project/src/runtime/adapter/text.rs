//! Methods that answer with a piece of SQL, or a name, and ask nobody.

use super::{Adapter, Method};
use crate::context::arguments::{Arguments, text};
use crate::context::raised::{Kind, Raised};
use jinja::{HostError, State, Value};
use platform_core::relation::quote_identifier;

pub(super) const METHODS: &[(&str, Method)] = &[
    ("type", |_, _, _| Ok(Value::from("postgres"))),
    ("quote", quote),
    ("quote_as_configured", quote_as_configured),
    ("quote_seed_column", quote_seed_column),
    ("verify_database", verify_database),
    ("date_function", |_, _, _| Ok(Value::from("now()"))),
    ("timestamp_add_sql", timestamp_add_sql),
    ("string_add_sql", string_add_sql),
    ("is_replaceable", yes),
    ("is_cancelable", yes),
    ("supports", yes),
    ("capabilities", yes),
];

fn yes(_: &Adapter, _: Arguments<'_>, _: &mut State<'_, '_>) -> Result<Value, HostError> {
    Ok(Value::from(true))
}

fn quote(_: &Adapter, arguments: Arguments<'_>, _: &mut State<'_, '_>) -> Result<Value, HostError> {
    let [name] = arguments.bind(["identifier"], 1)?;
    Ok(Value::from(quote_identifier(&text(name.as_ref()).unwrap_or_default())))
}

fn quote_as_configured(
    adapter: &Adapter,
    arguments: Arguments<'_>,
    _: &mut State<'_, '_>,
) -> Result<Value, HostError> {
    let [name, key] = arguments.bind(["identifier", "quote_key"], 2)?;
    let name = text(name.as_ref()).unwrap_or_default();
    let quoted = match text(key.as_ref()).as_deref() {
        Some("database") => adapter.quoting.database,
        Some("schema") => adapter.quoting.schema,
        _ => adapter.quoting.identifier,
    };
    Ok(Value::from(if quoted { quote_identifier(&name) } else { name }))
}

fn quote_seed_column(
    _: &Adapter,
    arguments: Arguments<'_>,
    _: &mut State<'_, '_>,
) -> Result<Value, HostError> {
    let [name, config] = arguments.bind(["column", "quote_config"], 1)?;
    let name = text(name.as_ref()).unwrap_or_default();
    match config.filter(|it| !it.is_none() && !it.is_undefined()) {
        Some(given) if given.kind() != jinja::ValueKind::Bool => Err(Raised::compilation(format!(
            "The seed configuration value of \"quote_columns\" has an invalid type {}",
            given.kind()
        ))),
        Some(given) if !given.is_true() => Ok(Value::from(name)),
        _ => Ok(Value::from(quote_identifier(&name))),
    }
}

fn verify_database(
    adapter: &Adapter,
    arguments: Arguments<'_>,
    _: &mut State<'_, '_>,
) -> Result<Value, HostError> {
    let [name] = arguments.bind(["database"], 1)?;
    match adapter.other_database(name.as_ref()) {
        Some(message) => Err(Raised::compilation(message)),
        None => Ok(Value::from("")),
    }
}

impl Adapter {
    /// Refuses a database that isn't the connection's.
    pub(super) fn check_database(&self, name: Option<&Value>) -> Result<(), HostError> {
        self.other_database(name).map_or(Ok(()), |message| Err(Raised::error(Kind::Runtime, message)))
    }

    fn other_database(&self, name: Option<&Value>) -> Option<String> {
        let name = text(name).unwrap_or_default();
        let name = name.trim_matches('"');
        let is_own = name.is_empty() || name.eq_ignore_ascii_case(&self.database);
        let own = &self.database;
        (!is_own).then(|| format!("ERROR: Cross-db references not allowed in postgres ({name} vs {own})"))
    }
}

fn timestamp_add_sql(
    _: &Adapter,
    arguments: Arguments<'_>,
    _: &mut State<'_, '_>,
) -> Result<Value, HostError> {
    let [value, number, interval] = arguments.bind(["add_to", "number", "interval"], 1)?;
    let value = text(value.as_ref()).unwrap_or_default();
    let number = text(number.as_ref()).unwrap_or_else(|| "1".to_owned());
    let interval = text(interval.as_ref()).unwrap_or_else(|| "hour".to_owned());
    Ok(Value::from(format!("{value} + interval '{number} {interval}'")))
}

fn string_add_sql(_: &Adapter, arguments: Arguments<'_>, _: &mut State<'_, '_>) -> Result<Value, HostError> {
    let [value, added, location] = arguments.bind(["add_to", "value", "location"], 2)?;
    let value = text(value.as_ref()).unwrap_or_default();
    let added = text(added.as_ref()).unwrap_or_default();
    let before = text(location.as_ref()).is_some_and(|place| place == "prepend");
    Ok(Value::from(if before { format!("'{added}' || {value}") } else { format!("{value} || '{added}'") }))
}
