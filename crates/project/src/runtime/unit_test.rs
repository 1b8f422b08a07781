//! Unit tests: a model's query over given rows (<https://docs.getdbt.com/docs/build/unit-tests>).
//!
//! A given input takes the place of the relation it stands for: where the model reads it, a CTE with the given rows
//! is put in front, as for an ephemeral model. The materialization `unit` then asks for actual and expected rows.

use crate::context::env::EnvVar;
use crate::context::vars::{Missing, Var};
use crate::context::{Context, Kind};
use crate::runtime::materialize::explain;
use crate::runtime::names::NodeState;
use crate::runtime::relation::RelationObject;
use crate::runtime::statements::Response;
use crate::runtime::{ComparedRows, Compiled, Connection, Failure, NodeContext, Runtime, Stopwatch, inject};
use jinja::{HostError, Object, State, Value};
use platform_core::node::{Checksum, ConfigCalls, Contract, ExtraCte, UnitTest};
use platform_core::node_info::{self, Stage};
use platform_core::seed::{SeedOptions, SeedValue};
use platform_core::{Diagnostic, Node, NodeConfig, Relation, RelationKind, Resource, ResourceType, UniqueId};
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};

/// What a unit test's query gave.
#[derive(Clone, Debug)]
pub struct UnitRun {
    /// The model's query with the given rows.
    pub compiled: Arc<Compiled>,
    /// Actual and expected rows; the last column, `actual_or_expected`, tells which.
    pub rows: ComparedRows,
    /// What the database said.
    pub response: Option<Response>,
}

/// One given input.
struct Given<'a> {
    /// Its key among what is replaced: the id of what it stands for, or `this`.
    key: String,
    /// The relation it stands for, as a node whose columns can be asked.
    node: Node,
    /// The name of its CTE.
    cte: String,
    fixture: &'a Json,
}

impl Runtime {
    /// Runs a unit test; whatever transaction was left open is rolled back.
    pub fn unit_test(
        &self,
        test: &UnitTest,
        connection: &Arc<Connection>,
        watch: &mut Stopwatch,
    ) -> Result<UnitRun, Failure> {
        let done = self.run_unit_test(test, connection, watch);
        connection.rollback();
        done
    }

    fn run_unit_test(
        &self,
        test: &UnitTest,
        connection: &Arc<Connection>,
        watch: &mut Stopwatch,
    ) -> Result<UnitRun, Failure> {
        let resource = Resource::UnitTest(test);
        let failed = |error: jinja::Error| self.failure(resource, &error);
        let model = test.tested_node_unique_id.as_ref().or_else(|| test.depends_on.nodes.first());
        let model = model.and_then(|id| self.project().manifest.nodes.get(id)).ok_or_else(|| {
            self.plain_failure(resource, "Compilation Error", "the tested model is not in the project")
        })?;
        let node = unit_node(test, model);
        self.begin_node(&node, connection).map_err(failed)?;
        // As in dbt, whose unit tests are compiled where other nodes execute.
        for stage in [Stage::Compiling, Stage::Executing] {
            node_info::enter(&test.unique_id, stage, &*self.inner.shared.events);
        }
        watch.next("execute");
        let compiled = self.compile_unit_test(test, model, &node, connection)?;
        let built = self.build(&node, &compiled, connection, None).map_err(|error| Failure {
            compiled: Some(compiled.clone()),
            ..execution_failure(self.failure(resource, &error), test, &error)
        })?;
        let rows = built.rows.as_ref().and_then(|rows| rows.compared()).cloned().unwrap_or_default();
        Ok(UnitRun { compiled, rows, response: built.response })
    }

    fn compile_unit_test(
        &self,
        test: &UnitTest,
        model: &Node,
        node: &Node,
        connection: &Arc<Connection>,
    ) -> Result<Arc<Compiled>, Failure> {
        let resource = Resource::UnitTest(test);
        let failed = |error: jinja::Error| self.failure(resource, &error);
        let given = self
            .given(test, model)
            .map_err(|problem| self.plain_failure(resource, "Parsing Error", &problem))?;
        let stand_ins = given.iter().map(|it| (it.key.clone(), stand_in(&it.cte))).collect();
        let context = self.unit_context(test, node, stand_ins, connection);
        let file = jinja::SourceFile::new(model.original_file_path.as_str(), model.raw_code.as_str());
        let bare = context.context.render(&file).map_err(failed)?;
        let used =
            std::mem::take(&mut *context.state.ephemeral.lock().unwrap_or_else(PoisonError::into_inner));
        self.learn_columns(&self.input_relations(test), connection);
        let mut ctes = Vec::new();
        // The model's own former rows come first, whenever they are read.
        for key in used
            .iter()
            .filter(|it| it.as_str() == "this")
            .chain(used.iter().filter(|it| it.as_str() != "this"))
        {
            let Some(input) = given.iter().find(|it| it.key == key.as_str()) else { continue };
            let sql = self.fixture_sql(test, input, connection)?;
            let path = Path::new("compiled").join(&test.package_name).join(&test.original_file_path);
            self.write_file(&path.join(format!("{}.sql", input.node.name)), &sql);
            ctes.push(ExtraCte { id: key.clone(), sql: format!(" {} as (\n{sql}\n)", input.cte) });
        }
        let texts: Vec<String> = ctes.iter().map(|cte| cte.sql.clone()).collect();
        let sql = inject::inject(&bare, &texts);
        let path = self.write_compiled(node, None, &sql, connection);
        Ok(Arc::new(Compiled { sql, bare, ctes, path, ..Compiled::default() }))
    }

    /// The context of the tested model: inputs and overrides in place of what they stand for.
    fn unit_context(
        &self,
        test: &UnitTest,
        node: &Node,
        stand_ins: BTreeMap<String, Value>,
        connection: &Arc<Connection>,
    ) -> NodeContext {
        let mut state = NodeState::new(self.clone(), Some(Arc::new(node.clone())), connection.clone(), None);
        state.replaced = Some(stand_ins);
        let made = self.context_of(Arc::new(state), node.package_name.as_str().into());
        let overridden =
            |key: &str| test.overrides.as_ref().and_then(|it| it.get(key)).and_then(Json::as_object);
        if let Some(vars) = overridden("vars") {
            let mut all: Map<String, Json> = (*self.inner.vars.of(&node.package_name)).clone();
            all.extend(vars.clone());
            made.context.add("var", Var::value(Arc::new(all), Missing::Error, node.name.clone()));
        }
        if let Some(variables) = overridden("env_vars") {
            let given = variables.iter().map(|(name, value)| (name.clone(), jinja::value::from_json(value)));
            made.context.add("env_var", EnvVar::overridden(self.project().env.clone(), given.collect()));
        }
        for (name, value) in overridden("macros").into_iter().flatten() {
            replace_macro(&made.context, name, jinja::value::from_json(value));
        }
        made
    }

    /// The relations of a test's given inputs, the model's own left out.
    pub(super) fn input_relations(&self, test: &UnitTest) -> Vec<Relation> {
        let model = test.tested_node_unique_id.as_ref().or_else(|| test.depends_on.nodes.first());
        let Some(model) = model.and_then(|id| self.project().manifest.nodes.get(id)) else {
            return Vec::new();
        };
        let given = self.given(test, model).unwrap_or_default().into_iter();
        let is_asked = |given: &Given<'_>| {
            given.key != "this" && given.fixture.get("format").and_then(Json::as_str) != Some("sql")
        };
        given.filter(is_asked).map(|given| self.relation_of(&given.node)).collect()
    }

    fn given<'a>(&self, test: &'a UnitTest, model: &Node) -> Result<Vec<Given<'a>>, String> {
        test.given
            .iter()
            .map(|fixture| {
                let input = fixture.get("input").and_then(Json::as_str).unwrap_or_default();
                self.input(input.trim(), model)
                    .map(|(key, node, cte)| Given { key, node, cte, fixture })
                    .ok_or_else(|| {
                        format!(
                            "Unit test '{}' had an input ({input}) which was not found in the manifest.",
                            test.name
                        )
                    })
            })
            .collect()
    }

    /// What `ref('a')`, `source('s', 'a')` or `this` means: its key, a node for its relation, the name of its CTE.
    fn input(&self, input: &str, model: &Node) -> Option<(String, Node, String)> {
        if input == "this" {
            return Some(("this".to_owned(), model.clone(), inject::cte_name(&super::cte_model_name(model))));
        }
        let file = jinja::SourceFile::new("input", format!("{{{{ {input} }}}}"));
        let extraction = self.project().jinja.template(&file).ok()?.extract();
        let call = extraction.calls.first()?;
        let text = |argument: &jinja::Argument| argument.value.as_ref().map(jinja::value::to_str);
        let args: Vec<String> = call.args.iter().filter_map(text).collect();
        match (&*call.name, args.as_slice()) {
            ("ref", [.., name]) => {
                let version = call.kwargs.iter().find(|(key, _)| matches!(&**key, "v" | "version"));
                let version = version.and_then(|(_, it)| jinja::value::to_json(it.value.as_ref()?).ok());
                let package = (args.len() > 1).then(|| args[0].as_str());
                let wanted = super::references::Wanted { package, name, version: version.as_ref() };
                let node = self.find_node(&wanted, &model.package_name)?;
                let cte = inject::cte_name(&super::cte_model_name(node));
                Some((node.unique_id.to_string(), node.clone(), cte))
            }
            ("source", [source, table]) => {
                let found = self.find_source(source, table, &model.package_name)?;
                let mut node = model.clone();
                node.name.clone_from(&found.name);
                node.database.clone_from(&found.database);
                node.schema.clone_from(&found.schema);
                node.alias.clone_from(&found.identifier);
                node.unique_id = found.unique_id.clone();
                let cte = inject::cte_name(&format!("{}__{}", found.source_name, found.name));
                Some((found.unique_id.to_string(), node, cte))
            }
            _ => None,
        }
    }

    /// The given rows as a query.
    fn fixture_sql(
        &self,
        test: &UnitTest,
        given: &Given<'_>,
        connection: &Arc<Connection>,
    ) -> Result<String, Failure> {
        let mut node = given.node.clone();
        node.original_file_path.clone_from(&test.original_file_path);
        node.resource_type = ResourceType::Model;
        let resource = Resource::Node(&node);
        if given.fixture.get("format").and_then(Json::as_str) == Some("sql") {
            let sql = given.fixture.get("rows").and_then(Json::as_str).unwrap_or_default();
            let rendered = self.given_query(sql, &node, connection);
            return rendered.map_err(|error| self.failure(resource, &error));
        }
        let rows = match given.fixture.get("rows") {
            Some(Json::Array(rows)) => Json::Array(rows.clone()),
            // A seed that no rows are given for has those of its file.
            _ if given.node.resource_type == ResourceType::Seed => self
                .seed_rows(&given.node)
                .map_err(|problem| self.plain_failure(resource, "Compilation Error", &problem))?,
            _ => Json::Array(Vec::new()),
        };
        let mut state = NodeState::new(self.clone(), Some(Arc::new(node.clone())), connection.clone(), None);
        state.is_fixture = given.key != "this";
        let context = self.context_of(Arc::new(state), node.package_name.as_str().into());
        let keywords =
            [("rows", jinja::value::from_json(&rows)), ("column_name_to_data_types", Value::from(()))];
        let sql = self.call_macro_in(&context, "get_fixture_sql", &keywords);
        sql.map(|sql| sql.to_string()).map_err(|error| self.failure(resource, &error))
    }

    /// A given query, which is a template as a model's is, but reads nothing else.
    fn given_query(
        &self,
        sql: &str,
        node: &Node,
        connection: &Arc<Connection>,
    ) -> Result<String, jinja::Error> {
        if !crate::render::has_jinja(sql) {
            return Ok(sql.to_owned());
        }
        let mut state = NodeState::new(self.clone(), Some(Arc::new(node.clone())), connection.clone(), None);
        state.replaced = Some(BTreeMap::new());
        let context = self.context_of(Arc::new(state), node.package_name.as_str().into());
        let file = jinja::SourceFile::new(node.original_file_path.as_str(), sql);
        context.context.render(&file)
    }

    fn seed_rows(&self, node: &Node) -> Result<Json, String> {
        let reader = self.seeds().ok_or("this command reads no seeds")?;
        let root = node.only.root_path.clone().map_or_else(|| self.project().root.clone(), PathBuf::from);
        let options = SeedOptions {
            delimiter: node.config.text("delimiter").and_then(|text| text.chars().next()).unwrap_or(','),
            text_columns: Vec::new(),
        };
        let table =
            reader.open(&root.join(&node.original_file_path), &options).map_err(|error| error.to_string())?;
        let mut rows = Vec::new();
        for row in table.rows() {
            let row = row.map_err(|error| error.to_string())?;
            let cells = row.into_iter().zip(table.columns()).map(|(cell, column)| {
                let cell = match cell {
                    SeedValue::Null => Json::Null,
                    SeedValue::Boolean(flag) => Json::Bool(flag),
                    SeedValue::Number(text)
                    | SeedValue::Date(text)
                    | SeedValue::DateTime(text)
                    | SeedValue::Text(text) => Json::String(text),
                };
                (column.name.clone(), cell)
            });
            rows.push(Json::Object(cells.collect()));
        }
        Ok(Json::Array(rows))
    }
}

impl Runtime {
    /// Where the query of a unit test stands, relative to the project; `None` where it hasn't been compiled.
    pub fn compiled_unit_test(&self, test: &UnitTest) -> Option<String> {
        let folder = Path::new(&test.original_file_path).parent().unwrap_or(Path::new(""));
        let path = PathBuf::from("compiled")
            .join(&test.package_name)
            .join(&test.original_file_path)
            .join(folder)
            .join(format!("{}.sql", test.name));
        let path = self.project().target_path.join(path);
        let below = path.strip_prefix(&self.project().root).unwrap_or(&path);
        path.is_file().then(|| below.to_string_lossy().into_owned())
    }
}

/// The unit test as a node that the materialization `unit` builds.
fn unit_node(test: &UnitTest, model: &Node) -> Node {
    let folder = Path::new(&test.original_file_path).parent().unwrap_or(Path::new(""));
    let mut node = model.clone();
    node.resource_type = ResourceType::UnitTest;
    node.name.clone_from(&test.name);
    node.alias.clone_from(&test.name);
    node.unique_id = test.unique_id.clone();
    node.fqn = std::iter::once("unit_test".to_owned()).chain(test.fqn.iter().cloned()).collect();
    node.package_name.clone_from(&test.package_name);
    node.original_file_path.clone_from(&test.original_file_path);
    node.path = folder.join(format!("{}.sql", test.name)).to_string_lossy().into_owned();
    node.relation_name = None;
    // What the model says of itself is not the test's.
    node.checksum = Checksum { name: "none".to_owned(), checksum: String::new() };
    node.description.clear();
    node.columns.clear();
    node.meta.clear();
    node.tags.clear();
    node.docs = Map::from_iter([("show".to_owned(), true.into())]);
    (node.group, node.patch_path) = (None, None);
    node.contract = Contract::default();
    node.unrendered_config.clear();
    node.calls = ConfigCalls::default();
    let tested = model.unique_id.as_str().into();
    node.only.more.insert("tested_node_unique_id".to_owned(), tested);
    let expected = test.expect.get("rows").cloned().unwrap_or_default();
    let is_sql = test.expect.get("format").and_then(Json::as_str) == Some("sql");
    let (rows, sql) = if is_sql { (Json::Array(Vec::new()), expected) } else { (expected, Json::Null) };
    let mut config = test.config.0.clone();
    config.insert("materialized".to_owned(), "unit".into());
    config.insert("expected_rows".to_owned(), rows);
    config.insert("expected_sql".to_owned(), sql);
    if let Some(header) = model.config.get("sql_header") {
        config.insert("sql_header".to_owned(), header.clone());
    }
    node.config = NodeConfig(config);
    node
}

/// The name of a CTE where the model reads the input.
fn stand_in(cte: &str) -> Value {
    let mut relation = Relation { identifier: Some(cte.to_owned()), ..Relation::default() };
    relation.kind = Some(RelationKind::Cte);
    relation.quoting.identifier = false;
    Value::from_object(RelationObject::new(relation))
}

/// Puts a constant in the place of a macro or name: `mine`, or `package.mine`.
fn replace_macro(context: &Arc<Context>, name: &str, value: Value) {
    let constant = Value::from_object(Constant(value));
    match name.split_once('.') {
        Some((package, name)) => context.replace_in_package(package, name, constant),
        None => context.add(name, constant),
    }
}

/// What a macro is overridden with: itself where it is read, and where it is called.
#[derive(Debug)]
struct Constant(Value);

impl Object for Constant {
    fn call(self: &Arc<Self>, _: &mut State<'_, '_>, _: &[Value]) -> Result<Value, HostError> {
        Ok(self.0.clone())
    }

    fn call_method(
        self: &Arc<Self>,
        state: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, HostError> {
        self.0.call_method(state, method, args)
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.0.get_item(key).ok().filter(|it| !it.is_undefined())
    }

    fn is_true(self: &Arc<Self>) -> bool {
        self.0.is_true()
    }

    fn render(self: &Arc<Self>, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&jinja::value::to_str(&self.0))
    }
}

/// A failure of the comparison itself, with a word on where to look.
fn execution_failure(inner: Failure, test: &UnitTest, error: &jinja::Error) -> Failure {
    let (kind, text, _) = explain(error);
    let cause = match kind {
        Kind::Database => format!("Database Error\n  {}", text.trim_end().replace('\n', "\n  ")),
        _ => inner.message.clone(),
    };
    let why = format!(
        "An error occurred during execution of unit test '{}'. There may be an error in the unit test definition: check \
         the data types.\n {cause}",
        test.name
    );
    let message = format!(
        "Runtime Error in unit_test {} ({})\n  {}",
        test.name,
        test.original_file_path,
        why.replace('\n', "\n  ")
    );
    let diagnostic = Diagnostic {
        hint: inner.diagnostic.hint.or(Some(
            "the rows of a unit test are cast to the types of the columns they stand for".to_owned(),
        )),
        ..inner.diagnostic
    };
    Failure { message, diagnostic, compiled: inner.compiled }
}

/// Notes that an input was read.
pub(super) fn note(state: &NodeState, key: &str) {
    let mut met = state.ephemeral.lock().unwrap_or_else(PoisonError::into_inner);
    let id = UniqueId::from(key);
    if !met.contains(&id) {
        met.push(id);
    }
}
