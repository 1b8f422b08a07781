//! `exceptions`: how templates raise errors and warnings
//! (<https://docs.getdbt.com/reference/dbt-jinja-functions/exceptions>).

use crate::context::raised::{Kind, Raised};
use crate::context::scope::Context;
use jinja::{Enumerator, HostError, Kwargs, Object, State, Value, from_args};
use platform_core::event::{Event, Level};
use std::sync::Arc;

/// The `exceptions` of templates.
#[derive(Debug)]
pub struct Exceptions;

impl Exceptions {
    /// The value.
    pub fn value() -> Value {
        Value::from_object(Self)
    }
}

/// Those of dbt 1.11, in its order: what `exceptions.keys()` lists.
const METHODS: [&str; 21] = [
    "warn",
    "missing_config",
    "missing_materialization",
    "missing_relation",
    "raise_ambiguous_alias",
    "raise_ambiguous_catalog_match",
    "raise_cache_inconsistent",
    "raise_dataclass_not_dict",
    "raise_compiler_error",
    "raise_database_error",
    "raise_dep_not_found",
    "raise_dependency_error",
    "raise_duplicate_patch_name",
    "raise_duplicate_resource_name",
    "raise_invalid_property_yml_version",
    "raise_not_implemented",
    "relation_wrong_type",
    "raise_contract_error",
    "column_type_missing",
    "raise_fail_fast_error",
    "warn_snapshot_timestamp_data_types",
];

/// Older ones, which packages may still call.
const OLDER: [&str; 4] =
    ["raise_parsing_error", "raise_duplicate_macro_name", "raise_duplicate_alias", "warn_once"];

impl Object for Exceptions {
    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        let method = METHODS.iter().chain(&OLDER).find(|it| **it == key)?;
        Some(Value::from_object(Method(method)))
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Str(&METHODS)
    }

    fn call_method(
        self: &Arc<Self>,
        state: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, HostError> {
        call(state, method, args)
    }
}

#[derive(Debug)]
struct Method(&'static str);

impl Object for Method {
    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn call(self: &Arc<Self>, state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, HostError> {
        call(state, self.0, args)
    }
}

fn call(state: &mut State<'_, '_>, method: &str, args: &[Value]) -> Result<Value, HostError> {
    let texts: Vec<String> =
        args.iter().filter(|it| Kwargs::try_from((*it).clone()).is_err()).map(jinja::value::to_str).collect();
    let named = |name: &str| {
        args.last().and_then(|it| Kwargs::try_from(it.clone()).ok()).and_then(|it| it.get::<Value>(name).ok())
    };
    let text = |index: usize, name: &str| {
        texts
            .get(index)
            .cloned()
            .or_else(|| named(name).map(|it| jinja::value::to_str(&it)))
            .unwrap_or_default()
    };
    let fail = |kind, message: String| Err(Raised::error(kind, message));
    match method {
        "raise_compiler_error" => fail(Kind::Compilation, text(0, "msg")),
        "raise_database_error" => fail(Kind::Database, text(0, "msg")),
        "raise_parsing_error" => fail(Kind::Parsing, text(0, "msg")),
        "raise_dependency_error" => fail(Kind::Dependency, text(0, "msg")),
        "raise_dep_not_found" => fail(
            Kind::Compilation,
            format!(
                "Error while parsing {}.\nThe required package \"{}\" was not found. Is the package installed?\n\
                 Hint: You may need to run `dbt deps`.",
                text(1, "node_description"),
                text(2, "required_pkg")
            ),
        ),
        "raise_not_implemented" => fail(Kind::Runtime, format!("ERROR: {}", text(0, "msg"))),
        "raise_invalid_property_yml_version" => fail(
            Kind::Compilation,
            format!(
                "The yml property file at {} is invalid because {}. Please consult the documentation for more \
                 information on yml property file syntax:\n\n\
                 https://docs.getdbt.com/reference/configs-and-properties",
                text(0, "path"),
                text(1, "issue")
            ),
        ),
        "raise_cache_inconsistent" => fail(
            Kind::Runtime,
            format!("Internal Error\n  Cache inconsistency detected: {}", text(0, "message")),
        ),
        "raise_dataclass_not_dict" => fail(
            Kind::Compilation,
            format!(
                "The object (\"{}\") was used as a dictionary. This capability has been removed from objects of this \
                 type.",
                text(0, "obj")
            ),
        ),
        "raise_fail_fast_error" => fail(Kind::FailFast, text(0, "msg")),
        "raise_contract_error" => contract_error(args),
        "column_type_missing" => fail(
            Kind::Compilation,
            format!(
                "Contracted models require data_type to be defined for each column. Please ensure that the \
                 column name and data_type are defined within the YAML configuration for the {} column(s).",
                text(0, "column_names")
            ),
        ),
        "missing_config" => fail(
            Kind::Compilation,
            format!(
                "Model '{}' does not define a required config parameter '{}'.",
                text(0, "model"),
                text(1, "name")
            ),
        ),
        "missing_materialization" => fail(
            Kind::Compilation,
            format!("materialization '{}' is not available for postgres", text(1, "adapter_type")),
        ),
        "missing_relation" => fail(Kind::Compilation, format!("Relation {} not found!", text(0, "relation"))),
        "relation_wrong_type" => fail(
            Kind::Compilation,
            format!(
                "Trying to create {} {}, but it currently exists as a {}. Either drop {} manually, or run dbt \
                 with `--full-refresh` and dbt will drop it for you.",
                text(1, "expected_type"),
                text(0, "relation"),
                args.first()
                    .and_then(|it| it.get_attr("type").ok())
                    .map(|it| it.to_string())
                    .unwrap_or_default(),
                text(0, "relation")
            ),
        ),
        "warn" | "warn_once" => warn(state, text(0, "msg")),
        "warn_snapshot_timestamp_data_types" => warn(
            state,
            format!(
                "Data type of snapshot table timestamp columns ({}) doesn't match derived column 'updated_at' \
                     ({}). Please update snapshot config 'updated_at'.",
                text(0, "snapshot_time_data_type"),
                text(1, "updated_at_data_type")
            ),
        ),
        other if METHODS.iter().chain(&OLDER).any(|it| *it == other) => {
            fail(Kind::Compilation, texts.join(" "))
        }
        other => Err(HostError::new(
            jinja::HostErrorKind::UnknownMethod,
            format!("`exceptions` has no method `{other}`"),
        )),
    }
}

/// Tells the warning; under `--warn-error` it is an error of the template that gave it.
fn warn(state: &State<'_, '_>, message: String) -> Result<Value, HostError> {
    const NAME: &str = "JinjaLogWarning";
    let value = jinja::value::context(state);
    if let Some(context) = value.as_ref().and_then(|it| it.downcast_object_ref::<Context>()) {
        let events = &context.shared().events;
        if events.is_error(NAME) {
            return Err(Raised::compilation(message));
        }
        let event = Event::new(Level::Warn, NAME, message.clone()).code("I061").with("msg", message);
        events.send(event);
    }
    Ok(Value::from(""))
}

/// Columns of a contract beside those of its query, as a table.
fn contract_error(args: &[Value]) -> Result<Value, HostError> {
    let (yaml, sql): (Value, Value) = from_args(args)?;
    let read = |columns: &Value| -> Result<Vec<(String, String)>, HostError> {
        let mut found = Vec::new();
        for column in columns.try_iter()? {
            let field = |name: &str| column.get_item(&Value::from(name)).map(|it| it.to_string());
            found.push((field("name")?, field("formatted").or_else(|_| field("data_type"))?));
        }
        Ok(found)
    };
    let (yaml, sql) = (read(&yaml)?, read(&sql)?);
    if yaml.is_empty() {
        let message = "This model has an enforced contract, and its 'columns' specification is missing";
        return Err(Raised::error(Kind::Contract, message));
    }
    let data_type = |formatted: &str| formatted.split_whitespace().skip(1).collect::<Vec<_>>().join(" ");
    let mut rows = Vec::new();
    for (name, formatted) in &sql {
        match yaml.iter().find(|(other, _)| other == name) {
            None => rows.push((name, data_type(formatted), String::new(), "missing in contract")),
            Some((_, wanted)) if wanted != formatted => {
                rows.push((name, data_type(formatted), data_type(wanted), "data type mismatch"));
            }
            Some(_) => {}
        }
    }
    for (name, formatted) in &yaml {
        if !sql.iter().any(|(other, _)| other == name) {
            rows.push((name, String::new(), data_type(formatted), "missing in definition"));
        }
    }
    rows.sort();
    let header = ["column_name", "definition_type", "contract_type", "mismatch_reason"];
    let table: Vec<[String; 4]> = std::iter::once(header.map(str::to_owned))
        .chain(rows.into_iter().map(|(name, have, want, why)| [name.clone(), have, want, why.to_owned()]))
        .collect();
    let width = |index: usize| table.iter().map(|row| row[index].chars().count()).max().unwrap_or_default();
    let widths: Vec<usize> = (0..4).map(width).collect();
    let line = |row: &[String; 4]| {
        let cells: Vec<String> =
            row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        format!("| {} |", cells.join(" | "))
    };
    let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    let mut lines = vec![line(&table[0]), format!("| {} |", rule.join(" | "))];
    lines.extend(table[1..].iter().map(line));
    Err(Raised::error(
        Kind::Contract,
        format!(
            "This model has an enforced contract that failed.\nPlease ensure the name, data_type, and number of \
             columns in your contract match the columns in your model's definition.\n\n{}",
            lines.join("\n")
        ),
    ))
}
