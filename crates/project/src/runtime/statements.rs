//! Results of statements by name: `load_result`, `store_result`, `store_raw_result`.

use crate::context::arguments::{Arguments, Function, text};
use crate::context::raised::Raised;
use crate::runtime::table::Table;
use jinja::{Enumerator, HostError, Object, ObjectRepr, State, Value};
use serde_json::{Map, Value as Json};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use warehouse::Outcome;

/// What the database said of a statement: prints as its tag, has `code` and `rows_affected`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Response {
    /// The tag: `SELECT 5`.
    pub message: String,
    /// The tag without numbers.
    pub code: String,
    /// Rows written or read; -1 where the tag counts none.
    pub rows_affected: i64,
}

impl Response {
    /// Of an outcome.
    pub fn of(outcome: &Outcome) -> Self {
        let rows_affected = outcome.rows_affected().and_then(|rows| i64::try_from(rows).ok()).unwrap_or(-1);
        Self { message: outcome.tag.clone(), code: outcome.code().to_owned(), rows_affected }
    }

    /// As `adapter_response` in run_results.json.
    pub fn to_json(&self) -> Map<String, Json> {
        Map::from_iter([
            ("_message".to_owned(), self.message.as_str().into()),
            ("code".to_owned(), self.code.as_str().into()),
            ("rows_affected".to_owned(), self.rows_affected.into()),
        ])
    }
}

impl Object for Response {
    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        match key {
            "_message" => Some(Value::from(self.message.as_str())),
            "code" => Some(Value::from(self.code.as_str())),
            "rows_affected" => Some(Value::from(self.rows_affected)),
            _ => None,
        }
    }

    fn render(self: &Arc<Self>, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.message)
    }
}

/// The results of one node's statements.
#[derive(Debug, Default)]
pub struct Statements {
    /// Empty where the result was handed over.
    results: Mutex<HashMap<String, Option<Value>>>,
    main: Mutex<Option<Response>>,
}

impl Statements {
    /// The response of the statement `main`, which is the node's.
    pub fn main(&self) -> Option<Response> {
        self.main.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The table of a statement.
    pub fn table(&self, name: &str) -> Option<Arc<Table>> {
        let result = self.results.lock().unwrap_or_else(PoisonError::into_inner).get(name)?.clone()?;
        result.downcast_object_ref::<Stored>()?.table.downcast_object::<Table>()
    }

    /// `store_result(name, response, agate_table=None)`.
    pub fn store_result(self: &Arc<Self>) -> Value {
        let this = self.clone();
        Function::value("store_result", move |_, arguments| {
            let [name, response, table] = arguments.bind(["name", "response", "agate_table"], 2)?;
            this.store(text(name.as_ref()).unwrap_or_default(), response.unwrap_or_default(), table);
            Ok(Value::from(""))
        })
    }

    /// `store_raw_result(name, message=None, code=None, rows_affected=None, agate_table=None)`.
    pub fn store_raw_result(self: &Arc<Self>) -> Value {
        let this = self.clone();
        Function::value("store_raw_result", move |_, arguments| {
            let names = ["name", "message", "code", "rows_affected", "agate_table"];
            let [name, message, code, rows, table] = arguments.bind(names, 1)?;
            let response = Response {
                message: text(message.as_ref()).unwrap_or_default(),
                code: text(code.as_ref()).unwrap_or_default(),
                rows_affected: rows.and_then(|rows| text(Some(&rows))?.parse().ok()).unwrap_or(-1),
            };
            this.store(text(name.as_ref()).unwrap_or_default(), Value::from_object(response), table);
            Ok(Value::from(""))
        })
    }

    /// `load_result(name)`; `None` where nothing was stored. A result is handed over once, so that its rows don't
    /// outlive their use; `main` stays, for the materialization.
    pub fn load_result(self: &Arc<Self>) -> Value {
        let this = self.clone();
        Function::value("load_result", move |_, arguments| {
            let [name] = arguments.bind(["name"], 1)?;
            let name = text(name.as_ref()).unwrap_or_default();
            let mut results = this.results.lock().unwrap_or_else(PoisonError::into_inner);
            match results.get_mut(&name) {
                None => Ok(Value::from(())),
                Some(kept) if name == "main" => kept.clone().ok_or_else(|| loaded_twice(&name)),
                Some(kept) => kept.take().ok_or_else(|| loaded_twice(&name)),
            }
        })
    }

    fn store(&self, name: String, response: Value, table: Option<Value>) {
        if name == "main" {
            let main = response
                .downcast_object_ref::<Response>()
                .cloned()
                .unwrap_or_else(|| Response { message: response.to_string(), ..Response::default() });
            *self.main.lock().unwrap_or_else(PoisonError::into_inner) = Some(main);
        }
        let table = table.filter(|table| !table.is_none()).unwrap_or_else(|| Table::empty().into_value());
        let stored = Value::from_object(Stored { response, table });
        self.results.lock().unwrap_or_else(PoisonError::into_inner).insert(name, Some(stored));
    }
}

fn loaded_twice(name: &str) -> HostError {
    Raised::compilation(format!(
        "The 'statement' result named '{name}' has already been loaded into a variable"
    ))
}

/// What `load_result` gives: response, table and the rows as lists.
#[derive(Debug)]
struct Stored {
    response: Value,
    table: Value,
}

impl Object for Stored {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        match key {
            "response" => Some(self.response.clone()),
            "table" => Some(self.table.clone()),
            "data" => {
                let rows = self.table.try_iter().ok()?;
                let lists = rows.map(|row| {
                    jinja::value::tuple(row.try_iter().map(Iterator::collect).unwrap_or_default())
                });
                Some(jinja::value::list(lists.collect()))
            }
            _ => None,
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Str(&["response", "data", "table"])
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, HostError> {
        match method {
            "get" => {
                let [key, default] = Arguments::new("get", args)?.bind(["key", "default"], 1)?;
                let found = text(key.as_ref()).and_then(|key| self.get_value_by_str(&key));
                Ok(found.or(default).unwrap_or_else(|| Value::from(())))
            }
            _ => Err(crate::context::arguments::no_method("AttrDict", method)),
        }
    }
}
