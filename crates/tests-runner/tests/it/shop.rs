//! A project over tables that stand already, in a database of its own.

use platform_core::event::Silence;
use platform_core::{ResourceType, RunContext, UniqueId};
use project::runtime::{Runtime, RuntimeOptions, Slots};
use project::{Flags, Profile, Project, ReadOptions};
use std::sync::Arc;
use tempfile::TempDir;
use tests_runner::Tester;
use warehouse::Warehouse;
use warehouse::testing::TestDatabase;

/// A project over tables that stand already.
pub struct Shop {
    tokio: tokio::runtime::Runtime,
    warehouse: Warehouse,
    project: Project,
    _folder: TempDir,
    _database: TestDatabase,
}

impl Shop {
    /// Files by path, beside a dbt_project.yml.
    pub fn new(files: &[(&str, &str)]) -> Self {
        Self::with_flags(files, Flags::default())
    }

    /// The same, for a command with flags.
    pub fn with_flags(files: &[(&str, &str)], flags: Flags) -> Self {
        let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let tokio = tokio.expect("a runtime");
        let database = tokio.block_on(warehouse::testing::database()).expect("a database");
        let warehouse = tokio.block_on(database.connect()).expect("a connection");
        let folder = TempDir::new().expect("a folder");
        let settings = ("dbt_project.yml", "name: shop\nversion: '1.0'\nprofile: shop\n");
        for (path, text) in std::iter::once(&settings).chain(files) {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::write(path, text).expect("a file");
        }
        let profile = Profile {
            name: "shop".to_owned(),
            target: "dev".to_owned(),
            schema: "shop".to_owned(),
            database: warehouse.database().to_owned(),
            ..Profile::default()
        };
        let fallback_profile = Some(profile.with_shown());
        let options = ReadOptions { fallback_profile, flags, ..ReadOptions::new(folder.path()) };
        let project = project::read(&options).expect("a project");
        let problems: Vec<_> = project.errors().collect();
        assert!(problems.is_empty(), "{problems:?}");
        let shop = Self { tokio, warehouse, project, _folder: folder, _database: database };
        shop.sql("create schema shop; create schema shop_dbt_test__audit");
        shop
    }

    /// Sends SQL.
    pub fn sql(&self, sql: &str) {
        let session = self.tokio.block_on(self.warehouse.get()).expect("a session");
        self.tokio.block_on(session.run(sql)).expect(sql);
    }

    /// The ids of its data tests.
    pub fn tests(&self) -> Vec<UniqueId> {
        let nodes = self.project.manifest.nodes.values();
        nodes.filter(|node| node.resource_type == ResourceType::Test).map(|it| it.unique_id.clone()).collect()
    }

    /// What runs nodes, as a fresh command has it: compiler and connections.
    pub fn engine(&self) -> (Runtime, Arc<Slots>) {
        let events = Arc::new(Silence);
        let runtime = Runtime::new(self.project.clone(), None, events.clone(), RuntimeOptions::default());
        let session = self.tokio.block_on(self.warehouse.get()).expect("a session");
        let load = runtime.cache().load(&session, self.warehouse.database(), &["shop_dbt_test__audit"]);
        self.tokio.block_on(load).expect("a cache");
        let slots = Slots::new(self.warehouse.clone(), self.tokio.handle().clone(), events, 1);
        (runtime, Arc::new(slots))
    }

    /// What runs tests.
    pub fn tester(&self) -> Tester {
        let (runtime, slots) = self.engine();
        Tester::new(runtime, slots)
    }

    /// Makes the tables of what the platform remembers.
    pub fn migrate(&self) {
        self.tokio
            .block_on(warehouse::migrate(&self.warehouse, &warehouse::migrate::PLATFORM))
            .expect("migrations");
    }

    /// What executions share.
    pub fn context(&self) -> RunContext {
        RunContext {
            manifest: self.project.manifest.clone(),
            invocation_id: "test".into(),
            events: Arc::new(Silence),
            cancelled: Arc::default(),
            printer_width: RunContext::PRINTER_WIDTH,
        }
    }
}
