//! The names that a node brings at parse time: `ref` and its like are heard, the database is not asked.
//!
//! `execute` is false. Adapter methods answer as dbt answers at parse time: nothing, an empty list, an empty
//! text; what needs no database (`dispatch`, `quote`, `type`, `api`) works.

use super::capture::{self, Captured};
use super::naming;
use crate::context::arguments::{Arguments, Function, no_method, text};
use crate::context::macros::Macros;
use crate::context::raised::Raised;
use crate::context::vars::{Missing, Var};
use crate::context::{Context, Names};
use crate::runtime::column::ColumnClass;
use crate::runtime::relation::{RelationClass, RelationObject};
use jinja::{Enumerator, HostError, Object, ObjectRepr, State, Value, from_args};
use platform_core::relation::{Quoting, quote_identifier};
use platform_core::{Node, Relation, ResourceType};
use serde_json::Value as Json;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// The names of one node while its template is read.
pub struct ParseNames {
    /// What the template says.
    pub captured: Mutex<Captured>,
    /// The node as far as it is known; `None` for macros that name nodes.
    node: Option<Node>,
    quoting: Quoting,
    naming: Option<Arc<Context>>,
    completed: OnceLock<Node>,
}

impl fmt::Debug for ParseNames {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = self.node.as_ref().map(|node| &node.unique_id);
        out.debug_struct("ParseNames").field("node", &id).finish_non_exhaustive()
    }
}

impl ParseNames {
    /// The names of a node; its database, schema and alias are found in `naming` when a template asks.
    pub fn of(node: Node, quoting: Quoting, naming: Arc<Context>) -> Arc<Self> {
        Arc::new(Self {
            captured: Mutex::default(),
            node: Some(node),
            quoting,
            naming: Some(naming),
            completed: OnceLock::new(),
        })
    }

    /// Names without a node.
    pub fn without_node(quoting: Quoting) -> Arc<Self> {
        Arc::new(Self {
            captured: Mutex::default(),
            node: None,
            quoting,
            naming: None,
            completed: OnceLock::new(),
        })
    }

    /// What was said so far.
    pub fn take(&self) -> Captured {
        std::mem::take(&mut *self.captured.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn hear(&self, heard: impl FnOnce(&mut Captured)) {
        heard(&mut self.captured.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// The node with its names.
    fn node(&self) -> Option<&Node> {
        let node = self.node.as_ref()?;
        let complete = || {
            let mut node = node.clone();
            if let Some(naming) = &self.naming {
                // A naming macro that fails is told when the node itself is named.
                let _ = naming::name(&mut node, naming, self.quoting);
            }
            node
        };
        Some(self.completed.get_or_init(complete))
    }

    fn this(&self) -> Value {
        match self.node().filter(|node| node.resource_type != ResourceType::Operation) {
            Some(node) => RelationObject::value(node.relation(self.quoting)),
            None => Value::from(()),
        }
    }

    fn function(
        self: &Arc<Self>,
        name: &'static str,
        call: impl Fn(&Self, &[Value], &[(String, Value)]) -> Result<Value, HostError> + Send + Sync + 'static,
    ) -> Value {
        let names = self.clone();
        Function::value(name, move |_, arguments| {
            let (positional, keywords) = arguments.into_parts();
            call(&names, &positional, &keywords)
        })
    }
}

/// Names in a context; a newtype, since the context wants to own them and functions too.
#[derive(Debug)]
pub struct Heard(pub Arc<ParseNames>);

impl Names for Heard {
    fn get(&self, name: &str, context: &Arc<Context>) -> Option<Value> {
        let names = &self.0;
        Some(match name {
            "ref" => names.function("ref", |names, args, keywords| {
                let call = capture::ref_arguments(args, keywords)?;
                names.hear(|heard| heard.refs.push(call));
                Ok(names.this())
            }),
            "source" => names.function("source", |names, args, _| {
                let call = capture::source_arguments(args)?;
                names.hear(|heard| heard.sources.push(call));
                Ok(names.this())
            }),
            "metric" => names.function("metric", |names, args, _| {
                let call = capture::named_arguments("metric", args)?;
                names.hear(|heard| heard.metrics.push(call));
                Ok(names.this())
            }),
            "function" => names.function("function", |names, args, _| {
                let call = capture::named_arguments("function", args)?;
                names.hear(|heard| heard.functions.push(call));
                Ok(names.this())
            }),
            "config" => Value::from_object(ParseConfig(names.clone())),
            "this" => names.this(),
            "model" | "node" if names.node.is_some() => model(names.node()?.clone()),
            "var" => {
                let owner = names.node.as_ref().map_or("<Configuration>", |node| node.name.as_str());
                let missing = if names.node.is_some() { Missing::None } else { Missing::Error };
                Var::value(context.shared().vars.of(context.package()), missing, owner)
            }
            "execute" => Value::from(false),
            "adapter" => Value::from_object(ParseAdapter { context: context.clone() }),
            "api" => jinja::value::dict([
                (Value::from("Relation"), Value::from_object(RelationClass { quoting: names.quoting })),
                (Value::from("Column"), Value::from_object(ColumnClass)),
            ]),
            "column" => Value::from_object(ColumnClass),
            "graph" => jinja::value::dict([]),
            "schema" => Value::from(context.shared().profile.schema.as_str()),
            "database" => Value::from(context.shared().profile.database.as_str()),
            "selected_resources" => jinja::value::list(Vec::new()),
            "load_result" | "sql" | "compiled_code" | "pre_hooks" | "post_hooks" | "sql_now"
            | "defer_relation" | "validation"
                if name != "load_result" =>
            {
                Value::from(())
            }
            "load_result" => Function::value("nothing", |_, _| Ok(Value::from(()))),
            "store_result" | "store_raw_result" | "write" | "load_agate_table" | "submit_python_job" => {
                Function::value("nothing", |_, _| Ok(Value::from("")))
            }
            "render" => {
                let context = context.clone();
                Value::from_function(move |text: Value| -> Result<Value, HostError> {
                    let file = jinja::SourceFile::new("render", jinja::value::to_str(&text));
                    Ok(Value::from(context.render(&file)?))
                })
            }
            "adapter_macro" => Function::value("adapter_macro", |_, arguments| {
                let (positional, _) = arguments.into_parts();
                let name = positional.first().map(jinja::value::to_str).unwrap_or_default();
                Err(Raised::compilation(format!(
                    "The \"adapter_macro\" macro has been deprecated: call `adapter.dispatch('{name}')(…)` \
                     (https://docs.getdbt.com/reference/dbt-jinja-functions/dispatch)"
                )))
            }),
            _ => return None,
        })
    }

    fn keys(&self) -> &'static [&'static str] {
        &[
            "ref",
            "source",
            "metric",
            "function",
            "config",
            "this",
            "model",
            "execute",
            "adapter",
            "api",
            "column",
            "graph",
            "schema",
            "database",
            "selected_resources",
            "invocation_args_dict",
            "load_result",
            "sql",
            "compiled_code",
            "pre_hooks",
            "post_hooks",
            "sql_now",
            "defer_relation",
            "validation",
            "store_result",
            "store_raw_result",
            "write",
            "load_agate_table",
            "submit_python_job",
            "render",
            "adapter_macro",
        ]
    }
}

/// A node as a dictionary, converted when a template looks into it.
pub fn model(node: Node) -> Value {
    Value::from_object(Model { node, config: OnceLock::new(), value: OnceLock::new() })
}

#[derive(Debug)]
struct Model {
    node: Node,
    /// Most templates want no more of their node: `is_incremental` does.
    config: OnceLock<Value>,
    value: OnceLock<Value>,
}

impl Model {
    fn config(&self) -> &Value {
        let converted =
            || jinja::value::from_json(&serde_json::to_value(&self.node.config).unwrap_or_default());
        self.config.get_or_init(converted)
    }

    fn value(&self) -> &Value {
        self.value.get_or_init(|| {
            let Ok(Json::Object(map)) = serde_json::to_value(&self.node) else { return Value::from(()) };
            // What isn't known before a node is finished has no key yet, as in dbt.
            let known = map
                .into_iter()
                .filter(|(key, value)| !(value.is_null() && MISSING_WHILE_PARSED.contains(&key.as_str())));
            jinja::value::dict(known.map(|(key, value)| match key.as_str() {
                "config" => (Value::from(key), self.config().clone()),
                _ => (Value::from(key), jinja::value::from_json(&value)),
            }))
        })
    }
}

const MISSING_WHILE_PARSED: &[&str] = &[
    "group",
    "patch_path",
    "build_path",
    "relation_name",
    "compiled_path",
    "latest_version",
    "version",
    "deprecation_date",
    "time_spine",
    "index",
];

impl Object for Model {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        match key {
            "name" => Some(Value::from(self.node.name.as_str())),
            "resource_type" => Some(Value::from(self.node.resource_type.as_str())),
            "package_name" => Some(Value::from(self.node.package_name.as_str())),
            "config" => Some(self.config().clone()),
            _ => self.value().get_attr(key).ok().filter(|value| !value.is_undefined()),
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        match self.value().try_iter() {
            Ok(keys) => Enumerator::Values(keys.collect()),
            Err(_) => Enumerator::Empty,
        }
    }

    fn call_method(
        self: &Arc<Self>,
        state: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, HostError> {
        self.value().call_method(state, method, args)
    }
}

/// `config` at parse time: a call is heard, a reading gives nothing yet.
#[derive(Debug)]
struct ParseConfig(Arc<ParseNames>);

impl Object for ParseConfig {
    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn call(self: &Arc<Self>, _: &mut State<'_, '_>, args: &[Value]) -> Result<Value, HostError> {
        let (positional, keywords) = Arguments::new("config", args)?.into_parts();
        let given = capture::config_arguments(&positional, &keywords)?;
        self.0.hear(|heard| heard.configure(&given));
        Ok(Value::from(""))
    }

    fn call_method(
        self: &Arc<Self>,
        state: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, HostError> {
        match method {
            "get" | "require" | "meta_get" | "meta_require" => Ok(Value::from("")),
            "set" => {
                let [name, value] = Arguments::new("set", args)?.bind(["name", "value"], 2)?;
                let name = text(name.as_ref()).unwrap_or_default();
                let value = jinja::value::to_json(&value.unwrap_or_else(|| Value::from(())))?;
                self.0.hear(|heard| heard.configure(&serde_json::Map::from_iter([(name, value)])));
                Ok(Value::from(""))
            }
            "persist_relation_docs" | "persist_column_docs" => Ok(Value::from(false)),
            "call" => self.call(state, args),
            _ => Err(no_method("config", method)),
        }
    }
}

/// `adapter` at parse time.
#[derive(Debug)]
struct ParseAdapter {
    context: Arc<Context>,
}

impl ParseAdapter {
    fn macros(&self) -> &Macros {
        self.context.macros()
    }
}

impl Object for ParseAdapter {
    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        match key {
            "Relation" => Some(Value::from_object(RelationClass { quoting: Quoting::default() })),
            "Column" => Some(Value::from_object(ColumnClass)),
            "config" => Some(Value::from(())),
            _ => {
                // `adapter.dispatch` without a call, as in `{% set f = adapter.dispatch %}`.
                Some(Value::from_object(AdapterMethod { adapter: self.clone(), method: key.to_owned() }))
            }
        }
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, HostError> {
        let none = || Ok(Value::from(()));
        let list = || Ok(jinja::value::list(Vec::new()));
        match method {
            "dispatch" => self.context.dispatch_call(args),
            "type" => Ok(Value::from("postgres")),
            "quote" => {
                let [name] = Arguments::new(method, args)?.bind(["identifier"], 1)?;
                Ok(Value::from(quote_identifier(&text(name.as_ref()).unwrap_or_default())))
            }
            "quote_as_configured" => {
                let [name, _] = Arguments::new(method, args)?.bind(["identifier", "quote_key"], 1)?;
                Ok(Value::from(quote_identifier(&text(name.as_ref()).unwrap_or_default())))
            }
            "quote_seed_column" => {
                let [name, quoted] = Arguments::new(method, args)?.bind(["column", "quote_config"], 1)?;
                let name = text(name.as_ref()).unwrap_or_default();
                let quoted = quoted.filter(|it| !it.is_none()).is_none_or(|it| it.is_true());
                Ok(Value::from(if quoted { quote_identifier(&name) } else { name }))
            }
            "check_schema_exists" => Ok(Value::from(false)),
            "already_exists" => Ok(Value::from(false)),
            "get_columns_in_relation"
            | "get_missing_columns"
            | "list_relations"
            | "list_schemas"
            | "list_relations_without_caching"
            | "get_columns_in_table"
            | "get_column_schema_from_query"
            | "list_relations_without_caching_for_schema"
            | "valid_incremental_strategies" => list(),
            "builtin_incremental_strategies" => Ok(jinja::value::list(
                ["append", "delete+insert", "merge", "microbatch"].map(Value::from).to_vec(),
            )),
            "execute" => {
                let empty = jinja::value::list(Vec::new());
                Ok(jinja::value::tuple(vec![Value::from(()), empty]))
            }
            "verify_database" => {
                let (_,): (Option<Value>,) = from_args(args)?;
                Ok(Value::from(""))
            }
            "_macros" => Ok(Value::from(self.macros().root())),
            _ => none(),
        }
    }
}

/// A method of the adapter, taken from it without a call.
#[derive(Debug)]
struct AdapterMethod {
    adapter: Arc<ParseAdapter>,
    method: String,
}

impl Object for AdapterMethod {
    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn call(self: &Arc<Self>, state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, HostError> {
        self.adapter.call_method(state, &self.method, args)
    }
}

/// The relation of a node, as `this` shows it.
pub fn relation_of(node: &Node, quoting: Quoting) -> Relation {
    node.relation(quoting)
}
