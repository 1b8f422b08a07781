//! From SQL to a table: the materialization macro of a node, hooks of the project, macros by name.

use crate::context::macros::Entry;
use crate::context::raised::{Kind, Raised};
use crate::runtime::compile::Compiled;
use crate::runtime::connection::{Comment, DatabaseError};
use crate::runtime::relation::RelationObject;
use crate::runtime::statements::Response;
use crate::runtime::table::Table;
use crate::runtime::{Batch, Connection, NodeContext, Runtime};
use jinja::Value;
use platform_core::node_info::{self, Stage};
use platform_core::{Node, Relation, RelationKind, ResourceType};
use serde_json::{Map, Value as Json};
use std::sync::Arc;

/// The error of templates, for crates that don't know their language.
pub use jinja::Error;

/// What building a node gave.
#[derive(Clone, Debug, Default)]
pub struct Built {
    /// What the database said of the main statement.
    pub response: Option<Response>,
    /// The relations made, the node's own first.
    pub relations: Vec<Relation>,
    /// The rows of the main statement, where it was asked for rows: a test's verdict.
    pub rows: Option<Arc<Table>>,
    /// The node's SQL.
    pub compiled: Arc<Compiled>,
}

/// The first rows of a node's query.
#[derive(Debug)]
pub struct Shown {
    /// What the database said.
    pub response: Response,
    /// The rows.
    pub rows: Table,
    /// The statement that gave them.
    pub sql: String,
}

impl Built {
    /// `adapter_response` of run_results.json.
    pub fn adapter_response(&self) -> Map<String, Json> {
        self.response.as_ref().map(Response::to_json).unwrap_or_default()
    }

    /// A cell of the first row of the main statement's rows, by column.
    pub fn cell(&self, column: &str) -> Option<Value> {
        let table = Value::from_dyn_object(self.rows.clone()?);
        let row = table.get_item_by_index(0).ok()?;
        row.get_item(&Value::from(column)).ok().filter(|value| !value.is_undefined())
    }
}

impl Runtime {
    /// Compiles a node and runs its materialization; whatever transaction was left open is rolled back.
    pub fn materialize(&self, node: &Node, connection: &Arc<Connection>) -> Result<Built, jinja::Error> {
        let compiled = self.begin_node(node, connection).and_then(|()| self.compile(node, connection))?;
        self.build(node, &compiled, connection, None)
    }

    /// Runs the materialization of a node that was compiled before, for one batch of a microbatch model or at once.
    pub fn build(
        &self,
        node: &Node,
        compiled: &Arc<Compiled>,
        connection: &Arc<Connection>,
        batch: Option<Batch>,
    ) -> Result<Built, jinja::Error> {
        node_info::enter(&node.unique_id, Stage::Executing, &*self.inner.shared.events);
        let mut ready = node.clone();
        ready.compiled = node.resource_type != ResourceType::Seed;
        ready.compiled_code = ready.compiled.then(|| compiled.sql.clone());
        ready.extra_ctes.clone_from(&compiled.ctes);
        ready.extra_ctes_injected = ready.compiled;
        ready.compiled_path.clone_from(&compiled.path);
        self.begin_node(node, connection)?;
        let context = self.context(Some(Arc::new(ready)), connection, batch);
        let built = self.call_materialization(node, compiled, &context);
        connection.rollback();
        built
    }

    fn call_materialization(
        &self,
        node: &Node,
        compiled: &Arc<Compiled>,
        context: &NodeContext,
    ) -> Result<Built, jinja::Error> {
        let name = match node.resource_type {
            ResourceType::Function => "function",
            ResourceType::Test => "test",
            _ => node.config.materialized(),
        };
        let explicit =
            self.project().flags.get("require_explicit_package_overrides_for_builtin_materializations");
        let override_by_packages = explicit.and_then(Json::as_bool) == Some(false);
        let entry = context.context.macros().materialization(name, &node.package_name, override_by_packages);
        let entry = entry.ok_or_else(|| {
            Raised::error(
                Kind::Compilation,
                format!("No materialization '{name}' was found for adapter postgres! (searched types 'default' and 'postgres')"),
            )
        })?;
        check_language(node, entry)?;
        let result = context.context.call(entry, &[])?;
        let relations = Self::relations_of(node, &result)?;
        // A function is no relation: a table or view of its name may stand beside it.
        let is_relation = |kind: RelationKind| kind != RelationKind::Function;
        for relation in relations.iter().filter(|relation| relation.kind.is_some_and(is_relation)) {
            self.cache().add(relation.clone());
        }
        let statements = &context.state.statements;
        let response = statements.main();
        if response.is_none() && node.resource_type != ResourceType::Function {
            return Err(Raised::compilation("main is not being called during running model").into());
        }
        Ok(Built { response, relations, rows: statements.table("main"), compiled: compiled.clone() })
    }

    /// Makes a node's relation as the deferred state has it, by the materialization `clone`. What the database said,
    /// if anything had to be done.
    pub fn clone_relation(
        &self,
        node: &Node,
        connection: &Arc<Connection>,
    ) -> Result<Option<Response>, jinja::Error> {
        let original = self.defer_relation(node);
        let mut ready = node.clone();
        ready.compiled = true;
        ready.compiled_code = original.map(|relation| format!("select * from {relation}"));
        let context = self.context(Some(Arc::new(ready)), connection, None);
        let cloned = self.call_clone(node, &context);
        connection.rollback();
        cloned
    }

    fn call_clone(&self, node: &Node, context: &NodeContext) -> Result<Option<Response>, jinja::Error> {
        let entry = context.context.macros().materialization("clone", &node.package_name, false);
        let entry = entry.ok_or_else(|| Raised::compilation("No materialization 'clone' was found"))?;
        let result = context.context.call(entry, &[])?;
        for relation in Self::relations_of(node, &result)?.into_iter().filter(|it| it.kind.is_some()) {
            self.cache().add(relation);
        }
        Ok(context.state.statements.main())
    }

    /// What a materialization returned: `{'relations': […]}`.
    fn relations_of(node: &Node, result: &Value) -> Result<Vec<Relation>, jinja::Error> {
        let wrong = |why: String| jinja::Error::from(Raised::compilation(why));
        if result.as_str().is_some() {
            return Err(wrong(format!(
                "The materialization (\"{}\") did not explicitly return a list of relations to add to the cache: end it \
                 with `{{{{ return({{'relations': [this]}}) }}}}`",
                node.config.materialized()
            )));
        }
        let relations = result.get_attr("relations").ok().filter(|it| !it.is_undefined());
        let relations = relations.ok_or_else(|| {
            wrong(
                "Invalid return value from materialization, expected a dict with key \"relations\""
                    .to_owned(),
            )
        })?;
        let mut found = Vec::new();
        for value in relations.try_iter().map_err(|error| wrong(error.to_string()))? {
            let relation = RelationObject::of(&value).ok_or_else(|| {
                wrong("Invalid return value from materialization, \"relations\" contains something that is no relation".to_owned())
            })?;
            found.push(relation.relation.clone());
        }
        Ok(found)
    }

    /// The statements that follow are the node's: comment and log say so.
    pub fn begin_node(&self, node: &Node, connection: &Arc<Connection>) -> Result<(), jinja::Error> {
        let comment = self.comment(Some(node), connection)?;
        connection.set_comment(comment);
        let settings = self.inner.test_settings.get().filter(|_| node.resource_type == ResourceType::Test);
        connection.set_preamble(settings.map_or("", String::as_str));
        if matches!(node.resource_type, ResourceType::Operation) {
            connection.open_operation();
        } else {
            connection.open_node();
        }
        Ok(())
    }

    /// Compiles a hook of `on-run-start` or `on-run-end`; `names` are what it may use beside (`results`, `schemas`).
    pub fn compile_hook(
        &self,
        node: &Node,
        connection: &Arc<Connection>,
        names: Vec<(String, Value)>,
    ) -> Result<Arc<Compiled>, jinja::Error> {
        self.begin_node(node, connection)?;
        let context = self.context(Some(Arc::new(node.clone())), connection, None);
        for (name, value) in names {
            context.context.add(name, value);
        }
        let compiled = self.compile_in(node, &context, connection);
        match &compiled {
            Ok(compiled) => self.remember(&node.unique_id, compiled.clone()),
            Err(_) => connection.rollback(),
        }
        compiled
    }

    /// Sends what a hook was compiled to, if that is anything.
    pub fn run_hook(&self, compiled: &Compiled, connection: &Arc<Connection>) -> Result<(), jinja::Error> {
        let result =
            if compiled.sql.trim().is_empty() { Ok(()) } else { connection.run(&compiled.sql).map(drop) };
        connection.rollback();
        result.map_err(|refused| jinja::HostError::from(refused).into())
    }

    /// Calls a macro by name, or by `package.name`.
    pub fn call_macro(
        &self,
        name: &str,
        keywords: &[(&str, Value)],
        connection: &Arc<Connection>,
    ) -> Result<Value, jinja::Error> {
        connection.open_operation();
        let context = self.context(None, connection, None);
        self.call_macro_in(&context, name, keywords)
    }

    /// Calls a macro in a node's context.
    pub fn call_macro_in(
        &self,
        context: &NodeContext,
        name: &str,
        keywords: &[(&str, Value)],
    ) -> Result<Value, jinja::Error> {
        let macros = context.context.macros();
        let entry = match name.split_once('.') {
            Some((package, name)) => macros.get(package, name),
            None => macros
                .resolve(context.context.package(), name)
                .or_else(|| macros.lookup(context.context.package(), name)),
        };
        let entry = entry.ok_or_else(|| {
            let all: Vec<String> = macros.iter().map(|it| it.name.to_string()).collect();
            let near = platform_core::diagnostic::nearest(name, all.iter().map(String::as_str));
            let hint = near.first().map(|it| format!("\nhint: did you mean `{it}`?")).unwrap_or_default();
            let (word, place) = match name.split_once('.') {
                Some((package, word)) => (word, format!("the \"{package}\" package")),
                None => (name, "any package".to_owned()),
            };
            Raised::error(
                Kind::Runtime,
                format!("dbt could not find a macro with the name \"{word}\" in {place}{hint}"),
            )
        })?;
        entry.callable.call(&context.context.jinja(), &context.context.value(), &[], keywords)
    }

    /// The first rows of a node's query, as `dp show` prints them; `None` is all rows.
    pub fn show(
        &self,
        node: &Node,
        limit: Option<u64>,
        connection: &Arc<Connection>,
    ) -> Result<Shown, jinja::Error> {
        self.begin_node(node, connection)?;
        let shown = self.shown(node, limit, connection);
        connection.rollback();
        shown
    }

    fn shown(
        &self,
        node: &Node,
        limit: Option<u64>,
        connection: &Arc<Connection>,
    ) -> Result<Shown, jinja::Error> {
        let compiled = self.compile(node, connection)?;
        node_info::enter(&node.unique_id, Stage::Executing, &*self.inner.shared.events);
        // A seed's rows are in its table.
        let query = match node.resource_type {
            ResourceType::Seed => format!("select * from {}", self.relation_of(node)),
            _ => compiled.sql.clone(),
        };
        let context = self.context(Some(Arc::new(node.clone())), connection, None);
        let limit = limit.map_or_else(|| Value::from(()), Value::from);
        let header = node.config.text("sql_header").map_or_else(|| Value::from(()), Value::from);
        let keywords = [("compiled_code", Value::from(query)), ("sql_header", header), ("limit", limit)];
        let sql = self.call_macro_in(&context, "get_show_sql", &keywords)?;
        let sql = sql.to_string();
        let outcome =
            connection.run(&sql).map_err(|refused| jinja::Error::from(jinja::HostError::from(refused)))?;
        let response = Response::of(&outcome);
        Ok(Shown { response, rows: outcome.rows.as_ref().map_or_else(Table::empty, Table::of_result), sql })
    }

    /// The comment of a node's statements (<https://docs.getdbt.com/reference/project-configs/query-comment>).
    pub fn comment(
        &self,
        node: Option<&Node>,
        connection: &Arc<Connection>,
    ) -> Result<Comment, jinja::Error> {
        self.named_comment(node, node.map_or("master", |node| node.unique_id.as_str()), connection)
    }

    /// The same with a name of the caller's for the connection.
    pub(super) fn named_comment(
        &self,
        node: Option<&Node>,
        name: &str,
        connection: &Arc<Connection>,
    ) -> Result<Comment, jinja::Error> {
        let name = name.to_owned();
        let setting = self.project().settings().query_comment.as_ref();
        let append = setting.and_then(|it| it.get("append")).and_then(Json::as_bool).unwrap_or(false);
        let Some(custom) = self.project().settings().own_query_comment() else {
            return Ok(Comment { text: self.default_comment(node, &name), append, name });
        };
        if custom.trim().is_empty() {
            return Ok(Comment { name, ..Comment::default() });
        }
        let context = self.context(node.map(|node| Arc::new(node.clone())), connection, None);
        context.context.add("connection_name", Value::from(name.as_str()));
        let node_value = node.and_then(|node| serde_json::to_value(node).ok());
        context
            .context
            .add("node", node_value.as_ref().map_or_else(|| Value::from(()), jinja::value::from_json));
        let file = jinja::SourceFile::new("query-comment", custom);
        let text = context.context.render(&file)?;
        if let Some(message) = crate::parse::query_comment::illegal(&text) {
            return Err(Raised::error(Kind::Runtime, message).into());
        }
        Ok(Comment { text, append, name })
    }

    fn default_comment(&self, node: Option<&Node>, name: &str) -> String {
        let profile = &self.project().profile;
        let last = match node {
            Some(node) => ("node_id", node.unique_id.as_str()),
            None => ("connection_name", name),
        };
        let comment = Json::Object(Map::from_iter([
            ("app".to_owned(), "dbt".into()),
            ("dbt_version".to_owned(), crate::context::shared::DBT_VERSION.into()),
            ("profile_name".to_owned(), profile.name.as_str().into()),
            ("target_name".to_owned(), profile.target.as_str().into()),
            (last.0.to_owned(), last.1.into()),
        ]));
        crate::json::dumps(&comment)
    }
}

/// Whether the materialization can build a node in its language, and a function in Python says what it needs.
fn check_language(node: &Node, materialization: &Entry) -> Result<(), jinja::Error> {
    let language = if node.language.is_empty() { "sql" } else { node.language.as_str() };
    if node.resource_type == ResourceType::Function && language == "python" {
        for (key, article) in [("runtime_version", "A"), ("entry_point", "An")] {
            if node.config.text(key).is_none() {
                let message = format!("{article} `{key}` is required for python functions");
                return Err(Raised::error(Kind::Parsing, message).into());
            }
        }
        return Ok(());
    }
    match &materialization.supported_languages {
        Some(languages) if !languages.iter().any(|it| it == language) => {
            let supported: Vec<String> = languages.iter().map(|it| format!("'{it}'")).collect();
            let message = format!(
                "Materialization \"{}\" only supports languages [{}]; got \"{language}\"",
                materialization.name,
                supported.join(", ")
            );
            Err(Raised::error(Kind::Runtime, message).into())
        }
        _ => Ok(()),
    }
}

/// What an error says: dbt's headline, its message, and what the database refused if it did.
pub fn explain(error: &jinja::Error) -> (Kind, String, Option<DatabaseError>) {
    if let Some(database) = error.cause().and_then(|cause| cause.downcast_ref::<DatabaseError>()) {
        return (Kind::Database, database.raised.message.clone(), Some(database.clone()));
    }
    match Raised::of(error) {
        Some(raised) => (raised.kind, raised.message.clone(), None),
        None => (Kind::Compilation, error.message().to_owned(), None),
    }
}
