//! A project without files: macros as text, nodes as JSON, a fresh database; built node by node as a run does.

#![allow(dead_code, reason = "each test file uses a part of it")]

use indexmap::IndexMap;
use platform_core::event::Silence;
use platform_core::node::Checksum;
use platform_core::{Manifest, Node, UniqueId};
use project::builtin::FILES;
use project::context::macros::{Entry, Macros};
use project::runtime::{Built, Connection, Runtime, RuntimeOptions};
use project::{Flags, Package, Profile, Project, Settings};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use tempfile::TempDir;
use warehouse::testing::TestDatabase;
use warehouse::{ResultSet, Warehouse};

/// The schema that everything is built in.
pub const SCHEMA: &str = "shop";

/// One project in one database.
pub struct Workshop {
    pub runtime: Runtime,
    pub connection: Arc<Connection>,
    tokio: Arc<tokio::runtime::Runtime>,
    warehouse: Warehouse,
    folder: Arc<TempDir>,
    database: Arc<TestDatabase>,
    plan: Plan,
}

/// What a project is made of.
#[derive(Clone, Default)]
pub struct Plan {
    macros: String,
    nodes: IndexMap<UniqueId, Value>,
    flags: Map<String, Value>,
}

impl Plan {
    /// With macros of the project's own.
    pub fn macros(mut self, text: &str) -> Self {
        self.macros.push_str(text);
        self
    }

    /// With a flag, as the command line gives it.
    pub fn flag(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.flags.insert(name.to_owned(), value.into());
        self
    }

    /// With a model.
    pub fn model(self, name: &str, config: Value, sql: &str) -> Self {
        self.node("model", name, config, sql, json!({}))
    }

    /// With a node and fields of it.
    pub fn node(mut self, kind: &str, name: &str, config: Value, sql: &str, fields: Value) -> Self {
        let mut node = json!({
            "database": "", "schema": SCHEMA, "name": name, "resource_type": kind, "package_name": "shop",
            "path": format!("{name}.sql"), "original_file_path": format!("{kind}s/{name}.sql"),
            "unique_id": format!("{kind}.shop.{name}"), "fqn": ["shop", name], "alias": name,
            "checksum": Checksum::default(), "config": config, "raw_code": sql, "language": "sql",
        });
        merge(&mut node, fields);
        let id = node["unique_id"].as_str().unwrap().to_owned();
        self.nodes.insert(id.into(), node);
        self
    }
}

fn merge(into: &mut Value, from: Value) {
    if let (Value::Object(into), Value::Object(from)) = (into, from) {
        into.extend(from);
    }
}

impl Workshop {
    /// A fresh database with the project's schema.
    pub fn new(plan: Plan) -> Self {
        let tokio =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let database = tokio.block_on(warehouse::testing::database()).unwrap();
        let warehouse = tokio.block_on(database.connect()).unwrap();
        let folder = Arc::new(TempDir::new().unwrap());
        let made = Self::assemble(plan, Arc::new(tokio), warehouse, folder, Arc::new(database));
        made.sql(&format!("create schema {SCHEMA}"));
        made
    }

    /// The same database with another plan: the next run, after an edit.
    pub fn edited(&self, change: impl FnOnce(Plan) -> Plan) -> Self {
        let plan = change(self.plan.clone());
        Self::assemble(
            plan,
            self.tokio.clone(),
            self.warehouse.clone(),
            self.folder.clone(),
            self.database.clone(),
        )
    }

    fn assemble(
        plan: Plan,
        tokio: Arc<tokio::runtime::Runtime>,
        warehouse: Warehouse,
        folder: Arc<TempDir>,
        database: Arc<TestDatabase>,
    ) -> Self {
        let project = project_of(&plan, &warehouse, &folder);
        let events = Arc::new(Silence);
        let runtime = Runtime::new(project, None, events.clone(), RuntimeOptions::default());
        let session = tokio.block_on(warehouse.session()).unwrap();
        tokio.block_on(runtime.cache().load(&session, warehouse.database(), &[SCHEMA])).unwrap();
        let connection = Arc::new(Connection::new(warehouse.clone(), tokio.handle().clone(), events, false));
        Self { runtime, connection, tokio, warehouse, folder, database, plan }
    }

    /// The node of that id.
    pub fn node(&self, id: &str) -> Node {
        self.runtime.project().manifest.nodes[&UniqueId::from(id)].clone()
    }

    /// Builds a node.
    pub fn build(&self, id: &str) -> Result<Built, jinja::Error> {
        self.runtime.materialize(&self.node(id), &self.connection)
    }

    /// Builds a node that must succeed; gives the message.
    #[track_caller]
    pub fn built(&self, id: &str) -> String {
        match self.build(id) {
            Ok(built) => built.response.map(|it| it.message).unwrap_or_default(),
            Err(error) => panic!("{id}: {error}"),
        }
    }

    /// Builds a node that must fail; gives the message.
    #[track_caller]
    pub fn fails(&self, id: &str) -> String {
        match self.build(id) {
            Ok(_) => panic!("{id} was built"),
            Err(error) => project::runtime::materialize::explain(&error).1,
        }
    }

    /// Renders a text in the context of a node.
    pub fn render(&self, id: &str, text: &str) -> Result<String, jinja::Error> {
        let context = self.runtime.context(Some(Arc::new(self.node(id))), &self.connection, None);
        context.context.render(&jinja::SourceFile::new("text", text))
    }

    /// Sends SQL on another session.
    #[track_caller]
    pub fn sql(&self, sql: &str) -> ResultSet {
        let session = self.tokio.block_on(self.warehouse.session()).unwrap();
        self.tokio.block_on(session.run(sql)).unwrap().rows.unwrap_or_default()
    }

    /// The rows of a query as one text: `1|a, 2|-`.
    #[track_caller]
    pub fn rows(&self, sql: &str) -> String {
        let line = |row: &Vec<Option<String>>| {
            row.iter().map(|cell| cell.as_deref().unwrap_or("-")).collect::<Vec<_>>().join("|")
        };
        self.sql(sql).rows.iter().map(line).collect::<Vec<_>>().join(", ")
    }

    /// What stands in the schema: name and kind of every relation.
    #[track_caller]
    pub fn standing(&self) -> String {
        self.rows(&format!(
            "select relname, relkind from pg_class where relnamespace = '{SCHEMA}'::regnamespace \
             and relkind in ('r', 'v', 'm') order by 1"
        ))
    }
}

fn project_of(plan: &Plan, warehouse: &Warehouse, folder: &TempDir) -> Project {
    let jinja = jinja::Environment::new();
    let settings = Settings { name: "shop".to_owned(), ..Settings::default() };
    let packages = IndexMap::from([(
        "shop".to_owned(),
        Package { root: folder.path().to_owned(), shown: String::new(), settings },
    )]);
    let shown =
        json!({"schema": SCHEMA, "database": warehouse.database(), "name": "dev", "type": "postgres"});
    let profile = Profile {
        name: "shop".to_owned(),
        target: "dev".to_owned(),
        schema: SCHEMA.to_owned(),
        database: warehouse.database().to_owned(),
        shown: shown.as_object().cloned().unwrap(),
        ..Profile::default()
    };
    let mut flags = json!({"full_refresh": false, "store_failures": false}).as_object().cloned().unwrap();
    flags.extend(plan.flags.clone());
    Project {
        texts: Arc::default(),
        root: folder.path().to_owned(),
        target_path: folder.path().join("target"),
        packages: Arc::new(packages),
        profile: Arc::new(profile),
        flags: Arc::new(Flags::given(flags)),
        cli_vars: Arc::default(),
        env: Arc::default(),
        now: chrono::Utc::now(),
        invocation_id: "test".into(),
        manifest: Arc::new(manifest_of(plan, warehouse.database())),
        macros: Arc::new(macros_of(plan, &jinja)),
        jinja,
        diagnostics: Vec::new(),
        performance: Arc::default(),
    }
}

fn manifest_of(plan: &Plan, database: &str) -> Manifest {
    let ids: Vec<UniqueId> = plan.nodes.keys().cloned().collect();
    let mut manifest = Manifest::default();
    for (id, json) in &plan.nodes {
        let mut json = json.clone();
        json["database"] = database.into();
        let mut node: Node = serde_json::from_value(json).unwrap();
        node.depends_on.nodes = ids.iter().filter(|it| *it != id).cloned().collect();
        manifest.nodes.insert(id.clone(), node);
    }
    manifest
}

fn macros_of(plan: &Plan, environment: &jinja::Environment) -> Macros {
    let mut macros = Macros::new("shop", Vec::new(), vec!["shop".to_owned()]);
    let own = [("shop", "macros/own.sql", plan.macros.as_str())];
    let all = FILES.iter().map(|file| (file.package, file.path, file.text)).chain(own);
    for (package, path, text) in all {
        let file = jinja::SourceFile::new(path, text);
        for block in environment.parse_file(&file, jinja::BlockTags::MACRO_FILE).unwrap().blocks {
            let (name, supported_languages) = match &block.kind {
                jinja::BlockKind::Test => (format!("test_{}", block.name), None),
                jinja::BlockKind::Materialization { adapter, supported_languages } => (
                    format!("materialization_{}_{}", block.name, adapter.as_deref().unwrap_or("default")),
                    Some(supported_languages.clone()),
                ),
                _ => (block.name.to_string(), None),
            };
            let entry = Entry {
                path: "".into(),
                id: format!("macro.{package}.{name}").into(),
                package: package.into(),
                name: name.into(),
                callable: block.to_macro(),
                supported_languages,
            };
            assert!(macros.insert(entry).is_none(), "twice: {}", block.name);
        }
    }
    macros
}
