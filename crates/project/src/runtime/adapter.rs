//! `adapter` while a node runs: what macros ask of the database and of the relation cache.
//!
//! <https://docs.getdbt.com/reference/dbt-jinja-functions/adapter>

use crate::context::Context;
use crate::context::arguments::{Arguments, bound_method, no_method, text, truth};
use crate::context::macros::{Entry, is_internal};
use crate::context::raised::{Kind, Raised};
use crate::runtime::column::ColumnObject;
use crate::runtime::connection::Connection;
use crate::runtime::constraints;
use crate::runtime::indexes::Index;
use crate::runtime::names::NodeState;
use crate::runtime::relation::RelationObject;
use crate::runtime::seed::SeedRows;
use crate::runtime::seed_memory::SeedMemory;
use crate::runtime::statements::Response;
use crate::runtime::table::Table;
use jinja::{HostError, Object, State, Value};
use platform_core::event::Level;
use platform_core::relation::{Quoting, quote_identifier};
use platform_core::{Event, Relation, ResourceType};
use std::fmt;
use std::sync::Arc;
use warehouse::RelationCache;

/// The `adapter` of one node.
pub struct Adapter {
    /// The node's context, for macros.
    pub context: Arc<Context>,
    /// The slot's connection.
    pub connection: Arc<Connection>,
    /// What exists.
    pub cache: Arc<RelationCache>,
    /// The connection's database.
    pub database: String,
    /// `quoting` of the project.
    pub quoting: Quoting,
    /// The node.
    pub node: Arc<NodeState>,
}

impl fmt::Debug for Adapter {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Adapter")
    }
}

/// The strategies of the incremental materialization that are built in.
const STRATEGIES: [&str; 4] = ["append", "delete+insert", "merge", "microbatch"];

impl Adapter {
    /// A macro that a method is made of: the root project's of that name, else an installed package's, else ours.
    fn call_macro(&self, name: &str, args: &[Value], state: &mut State<'_, '_>) -> Result<Value, HostError> {
        let macros = self.context.macros();
        match macros.resolve(macros.root(), name) {
            // An installed package's macro looks names up in its package.
            Some(entry) if !is_internal(&entry.package) => {
                self.context.of_package(entry.package.clone()).bind(entry).call(state, args)
            }
            Some(entry) => self.context.bind(entry).call(state, args),
            None => self.context.dispatch(name, Some("dbt"))?.call(state, args),
        }
    }

    /// `execute(sql, auto_begin=False, fetch=False, limit=None)`: response and table.
    fn execute(&self, arguments: Arguments<'_>) -> Result<Value, HostError> {
        let [sql, auto_begin, fetch, limit] = arguments.bind(["sql", "auto_begin", "fetch", "limit"], 1)?;
        if truth(auto_begin.as_ref(), false) {
            self.connection.begin();
        }
        let outcome = self.connection.run(&text(sql.as_ref()).unwrap_or_default())?;
        let mut table = Table::empty();
        if truth(fetch.as_ref(), false) {
            if let Some(mut rows) = outcome.rows.clone() {
                if let Some(limit) = limit.and_then(|limit| limit.as_usize()) {
                    rows.rows.truncate(limit);
                }
                table = Table::of_result(&rows);
                let node = self.node.node.as_ref();
                if node.is_some_and(|node| node.resource_type == ResourceType::UnitTest) {
                    table = table.compared_too(&rows);
                }
            }
        }
        Ok(jinja::value::tuple(vec![Value::from_object(Response::of(&outcome)), table.into_value()]))
    }

    fn columns_of(
        &self,
        value: Option<&Value>,
        state: &mut State<'_, '_>,
    ) -> Result<Vec<ColumnObject>, HostError> {
        let Some(value) = value else { return Ok(Vec::new()) };
        if let Some(found) = self.own_columns_of(value, state)? {
            return Ok(found
                .try_iter()?
                .filter_map(|it| ColumnObject::of(&it))
                .map(|it| (*it).clone())
                .collect());
        }
        match RelationObject::of(value) {
            Some(relation) => self.columns(&relation.relation),
            None => Ok(Vec::new()),
        }
    }

    /// What a project's or a package's own `get_columns_in_relation` gives, by that name or by dispatch.
    pub(super) fn own_columns_of(
        &self,
        value: &Value,
        state: &mut State<'_, '_>,
    ) -> Result<Option<Value>, HostError> {
        let own = self.own_columns_macro();
        own.map(|entry| {
            let context = self.context.of_package(entry.package.clone());
            context.bind(&entry).call(state, std::slice::from_ref(value))
        })
        .transpose()
    }

    /// Whether a project or a package asks for columns in a way of its own.
    pub(super) fn has_own_columns(&self) -> bool {
        self.own_columns_macro().is_some()
    }

    fn own_columns_macro(&self) -> Option<Arc<Entry>> {
        const NAME: &str = "get_columns_in_relation";
        let (macros, package) = (self.context.macros(), self.context.package());
        let is_own = |entry: &&Arc<Entry>| !is_internal(&entry.package);
        let named = macros.resolve(macros.root(), NAME).filter(is_own);
        named.or_else(|| macros.dispatch(package, NAME, Some("dbt")).ok().filter(is_own)).cloned()
    }

    fn listed(&self, database: &str, schema: &str) -> Result<Vec<Relation>, HostError> {
        if !self.cache.knows_schema(database, schema) {
            let loaded =
                self.connection.wait(self.cache.load(self.connection.session(), database, &[schema]));
            loaded.map_err(|error| Raised::error(Kind::Database, error.to_string()))?;
        }
        Ok(self.cache.list(database, schema))
    }

    fn find(&self, wanted: &Relation) -> Result<Option<Relation>, HostError> {
        let database =
            wanted.database.clone().filter(|it| !it.is_empty()).unwrap_or_else(|| self.database.clone());
        let listed = self.listed(&database, wanted.schema_name())?;
        let name = wanted.identifier_name();
        if let Some(exact) = listed.iter().find(|it| it.identifier_name() == name) {
            return Ok(Some(exact.clone()));
        }
        let near: Vec<&Relation> =
            listed.iter().filter(|it| it.identifier_name().eq_ignore_ascii_case(name)).collect();
        match near.as_slice() {
            [] => Ok(None),
            [one] if !wanted.quoting.identifier => Ok(Some((*one).clone())),
            [one, ..] => Err(Raised::compilation(format!(
                "When searching for a relation, dbt found an approximate match: {one} differs from {} in case \
                 only.\nDrop it, rename it, or quote the name as it stands.",
                Relation { database: Some(database), ..wanted.clone() },
            ))),
        }
    }

    fn relation(value: Option<&Value>, method: &str) -> Result<Arc<RelationObject>, HostError> {
        value.and_then(RelationObject::of).ok_or_else(|| {
            let given = value.map_or_else(|| "nothing".to_owned(), jinja::value::repr);
            Raised::compilation(format!("adapter.{method} wants a relation, got {given}"))
        })
    }

    fn drop_relation(&self, relation: &RelationObject, state: &mut State<'_, '_>) -> Result<(), HostError> {
        if relation.relation.kind.is_none() {
            return Err(Raised::compilation(format!(
                "Tried to drop relation {}, but its type is null.",
                relation.name()
            )));
        }
        RelationCache::drop(&self.cache, &relation.relation);
        self.call_macro("drop_relation", &[Value::from_object(relation.clone())], state).map(drop)
    }

    fn missing(
        &self,
        from: Option<&Value>,
        to: Option<&Value>,
        state: &mut State<'_, '_>,
    ) -> Result<Vec<ColumnObject>, HostError> {
        let known = self.columns_of(to, state)?;
        let all = self.columns_of(from, state)?;
        Ok(all.into_iter().filter(|column| !known.iter().any(|it| it.name == column.name)).collect())
    }

    fn expand(
        &self,
        from: Option<&Value>,
        to: Option<&Value>,
        state: &mut State<'_, '_>,
    ) -> Result<(), HostError> {
        let target = self.columns_of(to, state)?;
        for goal in self.columns_of(from, state)? {
            let Some(current) = target.iter().find(|it| it.name == goal.name) else { continue };
            if current.can_expand_to(&goal) {
                let grown = Value::from(format!("character varying({})", goal.string_size()));
                let relation = to.cloned().unwrap_or_default();
                self.call_macro(
                    "alter_column_type",
                    &[relation, Value::from(current.name.as_str()), grown],
                    state,
                )?;
            }
        }
        Ok(())
    }

    /// `get_column_schema_from_query(sql)`: the columns a query would give.
    fn schema_of_query(&self, sql: &str) -> Result<Value, HostError> {
        let outcome = self.connection.run(sql)?;
        let columns = outcome.rows.unwrap_or_default().columns;
        let made = columns.iter().map(|column| {
            let name = self.type_label(column.type_oid);
            Value::from_object(crate::runtime::column::from_description(column.name.clone(), &name))
        });
        Ok(jinja::value::list(made.collect()))
    }

    fn type_label(&self, oid: u32) -> String {
        if let Some(label) = constraints::type_label(oid) {
            return label.to_owned();
        }
        let message = format!(
            "The `type_code` {oid} was not recognized, which may affect error messages for enforced contracts that fail \
             as well as `Column.data_type` values returned by `get_column_schema_from_query`"
        );
        let event = Event::new(Level::Debug, "TypeCodeNotFound", message).with("type_code", oid);
        self.context.shared().events.send(event);
        format!("unknown type_code {oid}")
    }

    fn verify_database(&self, name: &str) -> Result<(), HostError> {
        let name = name.trim_matches('"');
        if name.eq_ignore_ascii_case(&self.database) {
            return Ok(());
        }
        Err(Raised::error(
            Kind::Runtime,
            format!("Cross-db references not allowed in postgres ({name} vs {})", self.database),
        ))
    }

    fn grants(&self, table: &Value) -> Result<Value, HostError> {
        let mut grants: Vec<(String, Vec<Value>)> = Vec::new();
        for row in table.try_iter()? {
            let cell = |key: &str| row.get_attr(key).unwrap_or_default();
            let (grantee, privilege) =
                (cell("grantee"), text(Some(&cell("privilege_type"))).unwrap_or_default());
            match grants.iter_mut().find(|(known, _)| *known == privilege) {
                Some((_, grantees)) => grantees.push(grantee),
                None => grants.push((privilege, vec![grantee])),
            }
        }
        Ok(jinja::value::dict(
            grants.into_iter().map(|(key, all)| (Value::from(key), jinja::value::list(all))),
        ))
    }

    fn strategy_macro(&self, arguments: Arguments<'_>) -> Result<Value, HostError> {
        let [_, strategy] = arguments.bind(["model_context", "strategy"], 2)?;
        let strategy = text(strategy.as_ref()).unwrap_or_else(|| "default".to_owned());
        let name = format!("get_incremental_{}_sql", strategy.replace('+', "_"));
        let found = self.context.macros().lookup(self.context.package(), &name);
        let builtin = strategy == "default" || STRATEGIES.contains(&strategy.as_str());
        match found {
            // A strategy of another platform has a macro too, and Postgres can't run it.
            Some(entry) if builtin || !is_internal(&entry.package) => Ok(self.context.bind(entry)),
            Some(_) => Err(Raised::error(
                Kind::Runtime,
                format!("The incremental strategy '{strategy}' is not valid for this adapter"),
            )),
            None => Err(Raised::error(
                Kind::Runtime,
                format!(
                    "dbt could not find an incremental strategy macro with the name '{name}' in {}",
                    self.context.shared().project_name
                ),
            )),
        }
    }
}

/// Methods that templates may take off the adapter.
const METHODS: &[&str] = &[
    "dispatch",
    "execute",
    "add_query",
    "begin",
    "begin_transaction",
    "commit",
    "commit_if_has_connection",
    "end_transaction",
    "rollback_if_open",
    "rollback",
    "type",
    "quote",
    "quote_as_configured",
    "quote_seed_column",
    "get_columns_in_relation",
    "columns_after",
    "get_relation",
    "load_relation",
    "already_exists",
    "list_relations",
    "list_relations_without_caching",
    "cache_added",
    "cache_add",
    "cache_dropped",
    "cache_renamed",
    "drop_relation",
    "truncate_relation",
    "rename_relation",
    "create_schema",
    "drop_schema",
    "check_schema_exists",
    "list_schemas",
    "get_missing_columns",
    "expand_target_column_types",
    "get_column_schema_from_query",
    "get_rows_different_sql",
    "valid_incremental_strategies",
    "builtin_incremental_strategies",
    "get_incremental_strategy_macro",
    "standardize_grants_dict",
    "parse_index",
    "render_raw_columns_constraints",
    "render_raw_model_constraints",
    "verify_database",
    "convert_type",
    "copy_rows",
    "empty_table",
    "get_hard_deletes_behavior",
    "assert_valid_snapshot_target_given_strategy",
    "valid_snapshot_target",
    "validate_sql",
    "is_replaceable",
    "debug_query",
    "date_function",
    "is_cancelable",
    "timestamp_add_sql",
    "string_add_sql",
    "supports",
    "capabilities",
];

impl Object for Adapter {
    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        match key {
            "behavior" => Some(Value::from_object(Behavior { context: self.context.clone() })),
            "config" => Some(jinja::value::dict([])),
            "Relation" => Some(Value::from_object(super::relation::RelationClass {
                quoting: platform_core::relation::Quoting::default(),
            })),
            "Column" => Some(Value::from_object(super::column::ColumnClass)),
            _ => bound_method(|| Value::from_dyn_object(self.clone()), key, METHODS),
        }
    }

    fn call_method(
        self: &Arc<Self>,
        state: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, HostError> {
        if method == "dispatch" {
            return self.context.dispatch_call(args);
        }
        let arguments = Arguments::new(method, args)?;
        let none = || Value::from(());
        let columns =
            |all: Vec<ColumnObject>| jinja::value::list(all.into_iter().map(Value::from_object).collect());
        match method {
            "execute" => self.execute(arguments),
            "add_query" => {
                let [sql, auto_begin] = arguments.bind(["sql", "auto_begin"], 1)?;
                if truth(auto_begin.as_ref(), true) {
                    self.connection.begin();
                }
                self.connection.run(&text(sql.as_ref()).unwrap_or_default())?;
                Ok(none())
            }
            "begin" | "begin_transaction" => {
                self.connection.begin();
                Ok(none())
            }
            "commit" | "commit_if_has_connection" | "end_transaction" => {
                self.connection.commit()?;
                Ok(Value::from(""))
            }
            "rollback_if_open" | "rollback" => {
                self.connection.rollback();
                Ok(none())
            }
            "type" => Ok(Value::from("postgres")),
            "quote" => {
                let [name] = arguments.bind(["identifier"], 1)?;
                Ok(Value::from(quote_identifier(&text(name.as_ref()).unwrap_or_default())))
            }
            "quote_as_configured" => {
                let [name, key] = arguments.bind(["identifier", "quote_key"], 2)?;
                let name = text(name.as_ref()).unwrap_or_default();
                let quoting = self.quoting;
                let quoted = match text(key.as_ref()).as_deref() {
                    Some("database") => quoting.database,
                    Some("schema") => quoting.schema,
                    _ => quoting.identifier,
                };
                Ok(Value::from(if quoted { quote_identifier(&name) } else { name }))
            }
            "quote_seed_column" => {
                let [name, config] = arguments.bind(["column", "quote_config"], 1)?;
                let name = text(name.as_ref()).unwrap_or_default();
                let config = config.filter(|it| !it.is_none() && !it.is_undefined());
                match config {
                    Some(given) if given.kind() != jinja::ValueKind::Bool => {
                        Err(Raised::compilation(format!(
                            "The seed configuration value of \"quote_columns\" has an invalid type {}",
                            given.kind()
                        )))
                    }
                    Some(given) if !given.is_true() => Ok(Value::from(name)),
                    _ => Ok(Value::from(quote_identifier(&name))),
                }
            }
            "get_columns_in_relation" => {
                let [relation] = arguments.bind(["relation"], 1)?;
                if let Some(relation) = &relation
                    && let Some(own) = self.own_columns_of(relation, state)?
                {
                    return Ok(own);
                }
                Ok(columns(self.columns_of(relation.as_ref(), state)?))
            }
            "columns_after" => {
                let [statement, relation] = arguments.bind(["statement", "relation"], 2)?;
                let relation = Self::relation(relation.as_ref(), method)?;
                self.columns_after(&text(statement.as_ref()).unwrap_or_default(), &relation, state)
            }
            "get_relation" => {
                let [database, schema, identifier] =
                    arguments.bind(["database", "schema", "identifier"], 3)?;
                let quoting = self.quoting;
                let wanted = Relation {
                    database: text(database.as_ref()),
                    schema: text(schema.as_ref()),
                    identifier: text(identifier.as_ref()),
                    kind: None,
                    quoting,
                };
                Ok(self.find(&wanted)?.map_or_else(none, RelationObject::value))
            }
            "load_relation" => {
                let [relation] = arguments.bind(["relation"], 1)?;
                let relation = Self::relation(relation.as_ref(), method)?;
                Ok(self.find(&relation.relation)?.map_or_else(none, RelationObject::value))
            }
            "already_exists" => {
                let [schema, table] = arguments.bind(["schema", "name"], 2)?;
                let wanted = Relation {
                    database: Some(self.database.clone()),
                    schema: text(schema.as_ref()),
                    identifier: text(table.as_ref()),
                    ..Relation::default()
                };
                Ok(Value::from(self.find(&wanted)?.is_some()))
            }
            "list_relations" => {
                let [database, schema] = arguments.bind(["database", "schema"], 2)?;
                let database = text(database.as_ref()).unwrap_or_else(|| self.database.clone());
                let all = self.listed(&database, &text(schema.as_ref()).unwrap_or_default())?;
                Ok(jinja::value::list(all.into_iter().map(RelationObject::value).collect()))
            }
            "list_relations_without_caching" => {
                let [schema] = arguments.bind(["schema_relation"], 1)?;
                let schema = Self::relation(schema.as_ref(), method)?;
                let names = [schema.relation.schema_name()];
                let found =
                    self.connection.wait(warehouse::catalog::relations(self.connection.session(), &names));
                let found = found.map_err(|error| Raised::error(Kind::Database, error.to_string()))?;
                Ok(jinja::value::list(
                    found.into_iter().map(|it| RelationObject::value(it.relation)).collect(),
                ))
            }
            "cache_added" | "cache_add" => {
                let [relation] = arguments.bind(["relation"], 1)?;
                if let Some(relation) = relation.as_ref().and_then(RelationObject::of) {
                    self.cache.add(relation.relation.clone());
                }
                Ok(Value::from(""))
            }
            "cache_dropped" => {
                let [relation] = arguments.bind(["relation"], 1)?;
                if let Some(relation) = relation.as_ref().and_then(RelationObject::of) {
                    RelationCache::drop(&self.cache, &relation.relation);
                }
                Ok(Value::from(""))
            }
            "cache_renamed" => {
                let [from, to] = arguments.bind(["from_relation", "to_relation"], 2)?;
                self.cache.rename(
                    &Self::relation(from.as_ref(), method)?.relation,
                    &Self::relation(to.as_ref(), method)?.relation,
                );
                Ok(Value::from(""))
            }
            "drop_relation" => {
                let [relation] = arguments.bind(["relation"], 1)?;
                self.drop_relation(&*Self::relation(relation.as_ref(), method)?, state)?;
                Ok(Value::from(""))
            }
            "truncate_relation" => {
                let [relation] = arguments.bind(["relation"], 1)?;
                self.call_macro("truncate_relation", &[relation.unwrap_or_default()], state)?;
                Ok(Value::from(""))
            }
            "rename_relation" => {
                let [from, to] = arguments.bind(["from_relation", "to_relation"], 2)?;
                let (old, new) =
                    (Self::relation(from.as_ref(), method)?, Self::relation(to.as_ref(), method)?);
                self.cache.rename(&old.relation, &new.relation);
                self.call_macro(
                    "rename_relation",
                    &[from.unwrap_or_default(), to.unwrap_or_default()],
                    state,
                )?;
                Ok(Value::from(""))
            }
            "create_schema" => {
                let [relation] = arguments.bind(["relation"], 1)?;
                let schema = Self::relation(relation.as_ref(), method)?;
                self.call_macro("create_schema", &[relation.unwrap_or_default()], state)?;
                self.connection.commit()?;
                self.cache.add_schema(&self.database, schema.relation.schema_name());
                Ok(Value::from(""))
            }
            "drop_schema" => {
                let [relation] = arguments.bind(["relation"], 1)?;
                let schema = Self::relation(relation.as_ref(), method)?;
                self.call_macro("drop_schema", &[relation.unwrap_or_default()], state)?;
                self.connection.commit()?;
                self.cache.drop_schema(&self.database, schema.relation.schema_name());
                Ok(Value::from(""))
            }
            "check_schema_exists" => {
                let [_, schema] = arguments.bind(["database", "schema"], 2)?;
                let schemas = self.connection.wait(warehouse::catalog::schemas(self.connection.session()));
                let schemas = schemas.map_err(|error| Raised::error(Kind::Database, error.to_string()))?;
                let schema = text(schema.as_ref()).unwrap_or_default();
                Ok(Value::from(schemas.iter().any(|it| it.eq_ignore_ascii_case(&schema))))
            }
            "list_schemas" => {
                let schemas = self.connection.wait(warehouse::catalog::schemas(self.connection.session()));
                let schemas = schemas.map_err(|error| Raised::error(Kind::Database, error.to_string()))?;
                Ok(jinja::value::list(schemas.into_iter().map(Value::from).collect()))
            }
            "get_missing_columns" => {
                let [from, to] = arguments.bind(["from_relation", "to_relation"], 2)?;
                Ok(columns(self.missing(from.as_ref(), to.as_ref(), state)?))
            }
            "expand_target_column_types" => {
                let [from, to] = arguments.bind(["from_relation", "to_relation"], 2)?;
                self.expand(from.as_ref(), to.as_ref(), state)?;
                Ok(Value::from(""))
            }
            "get_column_schema_from_query" => {
                let [sql] = arguments.bind(["sql"], 1)?;
                self.schema_of_query(&text(sql.as_ref()).unwrap_or_default())
            }
            "get_rows_different_sql" => {
                let names = ["relation_a", "relation_b", "column_names", "except_operator"];
                let [left, right, only, operator] = arguments.bind(names, 2)?;
                let list = match only.filter(|it| !it.is_none()) {
                    Some(only) => only.try_iter()?.filter_map(|it| text(Some(&it))).collect(),
                    None => self
                        .columns_of(left.as_ref(), state)?
                        .into_iter()
                        .map(|it| it.name)
                        .collect::<Vec<_>>(),
                };
                let list: Vec<String> = list.iter().map(|name| quote_identifier(name)).collect();
                let (left, right) =
                    (left.unwrap_or_default().to_string(), right.unwrap_or_default().to_string());
                Ok(Value::from(rows_different(
                    &left,
                    &right,
                    &list.join(", "),
                    &text(operator.as_ref()).unwrap_or_else(|| "except".to_owned()),
                )))
            }
            "valid_incremental_strategies" => Ok(jinja::value::list(STRATEGIES.map(Value::from).to_vec())),
            "builtin_incremental_strategies" => Ok(jinja::value::list(
                ["append", "delete+insert", "merge", "insert_overwrite", "microbatch"]
                    .map(Value::from)
                    .to_vec(),
            )),
            "get_incremental_strategy_macro" => self.strategy_macro(arguments),
            "standardize_grants_dict" => {
                let [table] = arguments.bind(["grants_table"], 1)?;
                self.grants(&table.unwrap_or_default())
            }
            "parse_index" => {
                let [raw] = arguments.bind(["raw_index"], 1)?;
                let raw = raw.unwrap_or_default();
                if raw.is_none() { Ok(none()) } else { Index::parse(&raw).map(Value::from_object) }
            }
            "render_raw_columns_constraints" => {
                let [raw] = arguments.bind(["raw_columns"], 1)?;
                constraints::of_columns(&raw.unwrap_or_default(), &self.context)
            }
            "render_raw_model_constraints" => {
                let [raw] = arguments.bind(["raw_constraints"], 1)?;
                constraints::of_model(&raw.unwrap_or_default(), &self.context)
            }
            "verify_database" => {
                let [name] = arguments.bind(["database"], 1)?;
                self.verify_database(&text(name.as_ref()).unwrap_or_default())?;
                Ok(Value::from(""))
            }
            "convert_type" => {
                let [table, at] = arguments.bind(["agate_table", "col_idx"], 2)?;
                let at = at.and_then(|at| at.as_usize()).unwrap_or(0);
                Ok(Value::from(super::seed::column_type(&table.unwrap_or_default(), at)))
            }
            "copy_rows" => {
                let [sql, table] = arguments.bind(["sql", "agate_table"], 2)?;
                let rows = SeedRows::of(&table.unwrap_or_default()).ok_or_else(|| {
                    Raised::compilation("adapter.copy_rows wants the table of load_agate_table()")
                })?;
                rows.copy(&self.connection, &text(sql.as_ref()).unwrap_or_default())?;
                Ok(Value::from(""))
            }
            "seed_memory" => SeedMemory::of(&self.node),
            "empty_table" => {
                let [names] = arguments.bind(["column_names"], 1)?;
                let names =
                    names.unwrap_or_default().try_iter()?.filter_map(|name| text(Some(&name))).collect();
                Ok(Table::new(names, Vec::new()).into_value())
            }
            "get_hard_deletes_behavior" => {
                let [config] = arguments.bind(["config"], 1)?;
                super::snapshot::hard_deletes(&config.unwrap_or_default(), state).map(Value::from)
            }
            "assert_valid_snapshot_target_given_strategy" | "valid_snapshot_target" => {
                let [relation, names, strategy] =
                    arguments.bind(["relation", "column_names", "strategy"], 1)?;
                let relation = Self::relation(relation.as_ref(), method)?;
                let existing = self.columns(&relation.relation)?;
                super::snapshot::check_target(&relation, &existing, names.as_ref(), strategy.as_ref())?;
                Ok(Value::from(""))
            }
            "validate_sql" => {
                let [sql] = arguments.bind(["sql"], 1)?;
                self.connection.run(&format!("explain {}", text(sql.as_ref()).unwrap_or_default()))?;
                Ok(none())
            }
            "is_replaceable" => Ok(Value::from(true)),
            "debug_query" => {
                self.connection.run("select 1 as id")?;
                Ok(none())
            }
            "date_function" => Ok(Value::from("now()")),
            "is_cancelable" => Ok(Value::from(true)),
            "timestamp_add_sql" => {
                let [value, number, interval] = arguments.bind(["add_to", "number", "interval"], 1)?;
                let number = text(number.as_ref()).unwrap_or_else(|| "1".to_owned());
                let interval = text(interval.as_ref()).unwrap_or_else(|| "hour".to_owned());
                Ok(Value::from(format!(
                    "{} + interval '{number} {interval}'",
                    text(value.as_ref()).unwrap_or_default()
                )))
            }
            "string_add_sql" => {
                let [value, added, location] = arguments.bind(["add_to", "value", "location"], 2)?;
                let (value, added) =
                    (text(value.as_ref()).unwrap_or_default(), text(added.as_ref()).unwrap_or_default());
                let before = text(location.as_ref()).is_some_and(|place| place == "prepend");
                Ok(Value::from(if before {
                    format!("'{added}' || {value}")
                } else {
                    format!("{value} || '{added}'")
                }))
            }
            "supports" | "capabilities" => Ok(Value::from(true)),
            _ => Err(no_method("PostgresAdapter", method)),
        }
    }

    fn render(self: &Arc<Self>, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("<dbt.adapters.postgres.impl.PostgresAdapter>")
    }
}

/// A query with one row: how far the numbers of rows are apart, and how many rows differ.
fn rows_different(left: &str, right: &str, columns: &str, operator: &str) -> String {
    format!(
        "with only_left as (select {columns} from {left} {operator} select {columns} from {right})
, only_right as (select {columns} from {right} {operator} select {columns} from {left})
, differing as (select count(*) as number from (select * from only_left union all select * from only_right) as both_sides)
, left_size as (select count(*) as number from {left})
, right_size as (select count(*) as number from {right})
select right_size.number - left_size.number as row_count_difference, differing.number as num_mismatched
from differing cross join left_size cross join right_size"
    )
}

/// `adapter.behavior`: flags of `dbt_project.yml`, off where nobody set them.
struct Behavior {
    context: Arc<Context>,
}

impl fmt::Debug for Behavior {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Behavior")
    }
}

impl Object for Behavior {
    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        Some(Value::from_object(BehaviorFlag(self.context.shared().flags.is_on(key))))
    }
}

/// One flag: true or false by itself, and as `.no_warn`.
#[derive(Debug)]
struct BehaviorFlag(bool);

impl Object for BehaviorFlag {
    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        matches!(key, "no_warn" | "setting").then(|| Value::from(self.0))
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn is_true(self: &Arc<Self>) -> bool {
        self.0
    }

    fn render(self: &Arc<Self>, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(if self.0 { "True" } else { "False" })
    }
}
