//! The names that a node brings while it is compiled or run: `this`, `ref`, `model`, `adapter`, …

use crate::context::arguments::{Arguments, Function, text};
use crate::context::raised::{Kind, Raised};
use crate::context::{Context, Names};
use crate::runtime::adapter::Adapter;
use crate::runtime::column::ColumnClass;
use crate::runtime::config::Config;
use crate::runtime::connection::Connection;
use crate::runtime::references::Wanted;
use crate::runtime::relation::{RelationClass, RelationObject};
use crate::runtime::seed::{SeedFile, SeedRows, unread};
use crate::runtime::statements::Statements;
use crate::runtime::{Batch, Runtime};
use jinja::{HostError, Object, ObjectRepr, State, Value};
use platform_core::event::Level;
use platform_core::{Event, Node, Relation, ResourceType, UniqueId};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// The names of one node, shared with the functions that templates hold.
#[derive(Clone, Debug)]
pub struct NodeNames(pub(super) Arc<NodeState>);

/// A node while it is compiled or run.
pub struct NodeState {
    pub(super) runtime: Runtime,
    pub(super) node: Option<Arc<Node>>,
    pub(super) connection: Arc<Connection>,
    pub(super) statements: Arc<Statements>,
    /// The ephemeral models that `ref` met, in the order of their first use.
    pub(super) ephemeral: Mutex<Vec<UniqueId>>,
    pub(super) batch: Option<Batch>,
    /// Of a unit test: relations that stand for all that the model may read, by id.
    pub(super) replaced: Option<BTreeMap<String, Value>>,
    /// Of a unit test's given rows, those of the model's own relation left out.
    pub(super) is_fixture: bool,
    model: OnceLock<Value>,
}

impl fmt::Debug for NodeState {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("NodeState")
            .field("node", &self.node.as_ref().map(|node| &node.unique_id))
            .finish_non_exhaustive()
    }
}

impl NodeState {
    pub(super) fn new(
        runtime: Runtime,
        node: Option<Arc<Node>>,
        connection: Arc<Connection>,
        batch: Option<Batch>,
    ) -> Self {
        Self {
            runtime,
            node,
            connection,
            statements: Arc::default(),
            ephemeral: Mutex::default(),
            batch,
            replaced: None,
            is_fixture: false,
            model: OnceLock::new(),
        }
    }

    fn package(&self) -> &str {
        self.node.as_ref().map_or(self.runtime.root(), |node| &node.package_name)
    }

    fn this(&self) -> Option<Relation> {
        let node = self.node.as_ref()?;
        let builds_nothing = match node.resource_type {
            ResourceType::Operation => true,
            ResourceType::SqlOperation | ResourceType::Analysis => node.alias.is_empty(),
            // A tested model has rows of its own where some are given.
            ResourceType::UnitTest => self.replaced.as_ref().is_some_and(|given| !given.contains_key("this")),
            _ => false,
        };
        if builds_nothing {
            return None;
        }
        Some(self.runtime.relation_of(node))
    }

    fn adapter(self: &Arc<Self>, context: &Arc<Context>) -> Value {
        Value::from_object(Adapter {
            context: context.clone(),
            connection: self.connection.clone(),
            cache: self.runtime.cache().clone(),
            database: self.runtime.database().to_owned(),
            quoting: self.runtime.quoting(),
            node: self.clone(),
        })
    }

    fn model(&self) -> Value {
        let made = || {
            let node = self.node.as_ref();
            let mut json = Json::Object(node.map(|node| node_in_templates(node)).unwrap_or_default());
            super::omit::unset(&mut json);
            match (&self.batch, json) {
                (Some(batch), Json::Object(map)) => in_batch(batch, &map),
                (_, json) => jinja::value::from_json(&json),
            }
        };
        self.model.get_or_init(made).clone()
    }

    fn hooks(&self, key: &str) -> Value {
        let hooks = self
            .node
            .as_ref()
            .and_then(|node| node.config.get(key))
            .cloned()
            .unwrap_or(Json::Array(Vec::new()));
        jinja::value::from_json(&hooks)
    }

    fn reference(&self, args: &[Value]) -> Result<Value, HostError> {
        let (positional, keywords) = Arguments::new("ref", args)?.into_parts();
        let version = keywords.iter().find(|(key, _)| key == "version" || key == "v").map(|(_, value)| value);
        let version = version.filter(|it| !it.is_none()).and_then(|it| jinja::value::to_json(it).ok());
        let (package, name) = match positional.as_slice() {
            [name] => (None, name),
            [package, name] => (text(Some(package)), name),
            _ => {
                return Err(Raised::compilation(format!(
                    "ref() takes at most two arguments ({} given)",
                    positional.len()
                )));
            }
        };
        let name = text(Some(name)).unwrap_or_default();
        let wanted = Wanted { package: package.as_deref(), name: &name, version: version.as_ref() };
        let node = self
            .runtime
            .find_node(&wanted, self.package())
            .ok_or_else(|| wanted.missing(self.node.as_deref()))?;
        if let Some(stand_in) = self.stand_in(node.unique_id.as_str(), || wanted.phrase())? {
            return Ok(stand_in);
        }
        self.check_known(node, &wanted)?;
        if wanted.version.is_none() {
            self.tell_of_newer_version(node);
        }
        if node.is_ephemeral() {
            let mut met = self.ephemeral.lock().unwrap_or_else(PoisonError::into_inner);
            if !met.contains(&node.unique_id) {
                met.push(node.unique_id.clone());
            }
            let event_time = node.config.text("event_time").map(str::to_owned);
            let (reader, batch) = (self.node.as_deref(), self.batch.as_ref());
            return Ok(Value::from_object(self.runtime.limited(ephemeral(node)?, event_time, reader, batch)));
        }
        Ok(Value::from_object(self.runtime.readable(node, self.node.as_deref(), self.batch.as_ref())))
    }

    /// A reference without a version reads the latest; there may be one to try that isn't marked so yet.
    fn tell_of_newer_version(&self, target: &Node) {
        let (Some(version), Some(reader)) = (&target.only.version, &self.node) else { return };
        let nodes = self.runtime.project().manifest.nodes.values();
        let versions = nodes
            .filter(|node| node.name == target.name && node.package_name == target.package_name)
            .filter_map(|node| node.only.version.as_ref());
        let newest =
            versions.fold(version, |newest, other| if newer(other, newest) { other } else { newest });
        if newest == version {
            return;
        }
        let (newest, version) = (crate::python::text(newest), crate::python::text(version));
        let (name, package) = (&target.name, &target.package_name);
        let message = format!(
            "While compiling '{}':\nFound an unpinned reference to versioned model '{name}' in project '{package}'.\n\
             Resolving to latest version: {name}.v{version}\nA prerelease version {newest} is available. It has not yet \
             been marked 'latest' by its maintainer.\nWhen that happens, this reference will resolve to \
             {name}.v{newest} instead.\n\n  Try out v{newest}: {{{{ ref('{package}', '{name}', v='{newest}') }}}}\n  \
             Pin to  v{version}: {{{{ ref('{package}', '{name}', v='{version}') }}}}\n",
            reader.name
        );
        let event = Event::new(Level::Info, "UnpinnedRefNewVersionAvailable", message)
            .code("I064")
            .with("ref_max_version", newest)
            .with("ref_node_name", name.as_str())
            .with("ref_node_package", package.as_str())
            .with("ref_node_version", version);
        self.connection.events().send(platform_core::node_info::about_current(event));
    }

    /// In a unit test, what was given for an input; an error where nothing was.
    fn stand_in(&self, key: &str, phrase: impl FnOnce() -> String) -> Result<Option<Value>, HostError> {
        let (Some(replaced), Some(node)) = (&self.replaced, &self.node) else { return Ok(None) };
        let Some(stand_in) = replaced.get(key) else {
            return Err(super::references::not_found(node, &phrase()));
        };
        super::unit_test::note(self, key);
        Ok(Some(stand_in.clone()))
    }

    /// A node may read only what its parents are known to be: else it could run before them.
    fn check_known(&self, target: &Node, wanted: &Wanted<'_>) -> Result<(), HostError> {
        let Some(node) = self.node.as_ref() else { return Ok(()) };
        let free = matches!(node.resource_type, ResourceType::Operation | ResourceType::SqlOperation);
        if free || node.unique_id == target.unique_id || node.depends_on.nodes.contains(&target.unique_id) {
            return Ok(());
        }
        let package = wanted.package.map(|package| format!("'{package}', ")).unwrap_or_default();
        Err(Raised::error(
            Kind::Compilation,
            format!(
                "dbt was unable to infer all dependencies for the model \"{}\": this ref is reached only when the \
                 model runs, so nothing had to wait for `{}`.\nSay it in a comment at the top of the file:\n\n-- \
                 depends_on: {{{{ ref({package}'{}') }}}}",
                node.name, wanted.name, wanted.name
            ),
        ))
    }

    fn source(&self, args: &[Value]) -> Result<Value, HostError> {
        let [source, table] = Arguments::new("source", args)?.bind(["source_name", "table_name"], 2)?;
        let (source, table) =
            (text(source.as_ref()).unwrap_or_default(), text(table.as_ref()).unwrap_or_default());
        let found = self.runtime.find_source(&source, &table, self.package()).ok_or_else(|| {
            let from = self.node.as_ref().map_or_else(String::new, |node| super::references::described(node));
            Raised::compilation(
                format!("{from} depends on a source named '{source}.{table}' which was not found")
                    .trim_start(),
            )
        })?;
        let phrase = || format!("source named '{source}.{table}'");
        if let Some(stand_in) = self.stand_in(found.unique_id.as_str(), phrase)? {
            return Ok(stand_in);
        }
        let event_time = found.config.text("event_time").map(str::to_owned);
        let relation = RelationObject::new(found.relation());
        Ok(Value::from_object(self.runtime.limited(
            relation,
            event_time,
            self.node.as_deref(),
            self.batch.as_ref(),
        )))
    }

    fn function(&self, args: &[Value]) -> Result<Value, HostError> {
        let (positional, _) = Arguments::new("function", args)?.into_parts();
        let (package, name) = match positional.as_slice() {
            [name] => (None, name),
            [package, name] => (text(Some(package)), name),
            _ => return Err(Raised::compilation("function() takes one or two arguments")),
        };
        let name = text(Some(name)).unwrap_or_default();
        let wanted = Wanted { package: package.as_deref(), name: &name, version: None };
        let found = self
            .runtime
            .find_function(&wanted, self.package())
            .ok_or_else(|| wanted.missing(self.node.as_deref()))?;
        let relation = self.runtime.relation_of(found).with_kind(platform_core::RelationKind::Function);
        Ok(RelationObject::value(relation))
    }

    /// The metric's name, of a metric that there is.
    fn metric(&self, args: &[Value]) -> Result<Value, HostError> {
        let (positional, _) = Arguments::new("metric", args)?.into_parts();
        let Some(name) = text(positional.last()) else {
            return Err(Raised::compilation("metric() takes one or two arguments"));
        };
        if self.runtime.project().manifest.metrics.values().any(|metric| metric.name == name) {
            return Ok(Value::from(name));
        }
        let from = self.node.as_ref().map_or_else(String::new, |node| super::references::described(node));
        let message = format!("{from} depends on a metric named '{name}' which was not found or is disabled");
        Err(Raised::compilation(message.trim_start()))
    }

    fn load_agate_table(&self) -> Result<Value, HostError> {
        let file = SeedFile::of(self)?;
        let opened = file.reader.open(&file.path, &file.options);
        opened.map(SeedRows::value).map_err(|error| unread(&error))
    }

    fn write(&self) -> Value {
        let (runtime, node, batch) = (self.runtime.clone(), self.node.clone(), self.batch.clone());
        Function::value("write", move |_, arguments| {
            let [payload] = arguments.bind(["payload"], 1)?;
            if let Some(node) = &node {
                runtime.write_run(node, batch.as_ref(), &payload.unwrap_or_default().to_string());
            }
            Ok(Value::from(""))
        })
    }
}

fn render(context: &Arc<Context>) -> Value {
    let context = context.clone();
    Function::value("render", move |_, arguments| {
        let [text] = arguments.bind(["string"], 1)?;
        let text = text.unwrap_or_default();
        let file = jinja::SourceFile::new("hook", jinja::value::to_str(&text));
        context.render(&file).map(Value::from).map_err(HostError::from)
    })
}

/// An ephemeral model's name where it is read.
fn ephemeral(node: &Node) -> Result<RelationObject, HostError> {
    let mut relation = RelationObject::new(Relation {
        identifier: Some(super::inject::cte_name(&super::cte_model_name(node))),
        kind: Some(platform_core::RelationKind::Cte),
        ..Relation::default()
    });
    relation.relation.quoting.identifier = false;
    relation.check_length()?;
    Ok(relation)
}

impl Names for NodeNames {
    fn get(&self, name: &str, context: &Arc<Context>) -> Option<Value> {
        let this = &self.0;
        let bound = |call: Method| Some(Value::from_object(Bound { node: this.clone(), call }));
        match name {
            "execute" => Some(Value::from(true)),
            "this" => Some(match this.this() {
                Some(relation) => match this.stand_in("this", || "node named 'this'".to_owned()) {
                    Ok(Some(stand_in)) => stand_in,
                    _ => RelationObject::value(relation),
                },
                None => Value::from(()),
            }),
            "model" | "node" => Some(this.model()),
            "config" => Some(Value::from_object(Config { node: this.node.clone() })),
            "adapter" => Some(this.adapter(context)),
            "api" => Some(jinja::value::dict([
                (
                    Value::from("Relation"),
                    Value::from_object(RelationClass { quoting: this.runtime.quoting() }),
                ),
                (Value::from("Column"), Value::from_object(ColumnClass)),
            ])),
            "ref" => bound(Method::Reference),
            "source" => bound(Method::Source),
            "function" => bound(Method::Function),
            "var" => Some(this.runtime.var(this.package(), this.node.as_deref())),
            "load_agate_table" => bound(Method::LoadAgateTable),
            "load_result" => Some(this.statements.load_result()),
            "store_result" => Some(this.statements.store_result()),
            "store_raw_result" => Some(this.statements.store_raw_result()),
            "render" => Some(render(context)),
            "write" => Some(this.write()),
            "graph" => Some(this.runtime.graph()),
            "selected_resources" => Some(this.runtime.selected()),
            "database" => Some(
                this.node
                    .as_ref()
                    .and_then(|node| node.database.clone())
                    .map_or_else(|| Value::from(this.runtime.database()), Value::from),
            ),
            "schema" => Some(this.node.as_ref().filter(|node| !node.schema.is_empty()).map_or_else(
                || Value::from(this.runtime.project().profile.schema.as_str()),
                |node| Value::from(node.schema.as_str()),
            )),
            "pre_hooks" => Some(this.hooks("pre-hook")),
            "post_hooks" => Some(this.hooks("post-hook")),
            "sql" | "compiled_code" | "compiled_sql" => {
                this.node.as_ref().and_then(|node| node.compiled_code.clone()).map(Value::from)
            }
            "defer_relation" => Some(
                this.node
                    .as_ref()
                    .and_then(|node| this.runtime.defer_relation(node))
                    .map_or_else(|| Value::from(()), RelationObject::value),
            ),
            "connection_name" => Some(Value::from(this.connection.name())),
            "language" => {
                let language = this.node.as_ref().map(|node| node.language.as_str());
                Some(Value::from(language.filter(|it| !it.is_empty()).unwrap_or("sql")))
            }
            "submit_python_job" => Some(Function::value("submit_python_job", |_, _| {
                Err(Raised::error(
                    Kind::Runtime,
                    "Python models don't run on Postgres\nhint: write the model in SQL",
                ))
            })),
            "metric" => bound(Method::Metric),
            "validation" => Some(super::validation::value()),
            "invocation_args_dict" => Some(this.runtime.invocation_args()),
            "unit_test" => None,
            _ => None,
        }
    }

    fn keys(&self) -> &'static [&'static str] {
        &[
            "execute",
            "this",
            "model",
            "config",
            "adapter",
            "api",
            "ref",
            "source",
            "function",
            "var",
            "load_agate_table",
            "load_result",
            "store_result",
            "store_raw_result",
            "render",
            "write",
            "graph",
            "selected_resources",
            "database",
            "schema",
            "pre_hooks",
            "post_hooks",
            "sql",
            "compiled_code",
            "defer_relation",
            "connection_name",
            "submit_python_job",
            "metric",
            "validation",
            "invocation_args_dict",
        ]
    }
}

/// Whether a version comes after another: by number where both are numbers, else as texts.
fn newer(one: &Json, other: &Json) -> bool {
    let number = |version: &Json| version.as_f64().or_else(|| version.as_str()?.parse().ok());
    match (number(one), number(other)) {
        (Some(one), Some(other)) => one > other,
        _ => crate::python::text(one) > crate::python::text(other),
    }
}

/// A model in one of its batches: `model.batch`, and the two times in its configuration that microbatch macros of
/// other adapters read.
/// A node as templates have it: as its artifact does, and with what its `config(…)` says.
pub(super) fn node_in_templates(node: &Node) -> serde_json::Map<String, Json> {
    let Ok(Json::Object(mut fields)) = serde_json::to_value(node) else { return serde_json::Map::new() };
    fields.insert("config_call_dict".to_owned(), Json::Object(node.calls.rendered.clone()));
    fields.insert("unrendered_config_call_dict".to_owned(), Json::Object(node.calls.written.clone()));
    if let Some(code) = fields.get("compiled_code").filter(|code| code.is_string()).cloned() {
        // The name that it had before dbt 1.3.
        fields.insert("compiled_sql".to_owned(), code);
    }
    fields
}

fn in_batch(batch: &Batch, model: &serde_json::Map<String, Json>) -> Value {
    let (start, end) = (batch.window.start_time(), batch.window.end_time());
    let pairs = |map: &serde_json::Map<String, Json>| -> Vec<(Value, Value)> {
        map.iter().map(|(key, value)| (Value::from(key.as_str()), jinja::value::from_json(value))).collect()
    };
    let mut entries = pairs(model);
    if let Some(config) = model.get("config").and_then(Json::as_object) {
        let mut config = pairs(config);
        config.push((Value::from("__dbt_internal_microbatch_event_time_start"), start.clone()));
        config.push((Value::from("__dbt_internal_microbatch_event_time_end"), end.clone()));
        entries.retain(|(key, _)| key.as_str() != Some("config"));
        entries.push((Value::from("config"), jinja::value::dict(config)));
    }
    let own = [
        (Value::from("id"), Value::from(batch.id.as_str())),
        (Value::from("event_time_start"), start),
        (Value::from("event_time_end"), end),
    ];
    entries.retain(|(key, _)| key.as_str() != Some("batch"));
    entries.push((Value::from("batch"), jinja::value::dict(own)));
    jinja::value::dict(entries)
}

#[derive(Clone, Copy, Debug)]
enum Method {
    Reference,
    Source,
    Function,
    Metric,
    LoadAgateTable,
}

#[derive(Debug)]
struct Bound {
    node: Arc<NodeState>,
    call: Method,
}

impl Object for Bound {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    /// `builtins.ref.config`: what packages look the project up in.
    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        (key == "config").then(|| self.node.runtime.settings_value())
    }

    fn call(self: &Arc<Self>, _: &mut State<'_, '_>, args: &[Value]) -> Result<Value, HostError> {
        match self.call {
            Method::Reference => self.node.reference(args),
            Method::Source => self.node.source(args),
            Method::Function => self.node.function(args),
            Method::Metric => self.node.metric(args),
            Method::LoadAgateTable => self.node.load_agate_table(),
        }
    }
}
