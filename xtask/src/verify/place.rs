//! Where it happens: the projects, their copies, and a database for each engine.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use tokio::runtime::Runtime;
use warehouse::embedded::{Handle, Keep};
use warehouse::{Environment, Settings, Warehouse};

use super::engine::{Engine, runs_tests};
use super::manifest;
use super::perform;
use super::record::Record;
use super::relations;
use super::steps::{self, Step};
use super::written;

/// The folders and the server.
#[derive(Debug)]
pub struct Place {
    /// The repository.
    pub root: PathBuf,
    /// Where copies, profiles and the virtual environment go.
    pub folder: PathBuf,
    server: Settings,
    runtime: Runtime,
    /// Keeps an embedded server running.
    _embedded: Option<Handle>,
}

/// A project to run.
#[derive(Debug)]
pub struct Project {
    /// Its folder's name, `customer` for the root's.
    pub name: String,
    folder: PathBuf,
}

/// What makes the project at the root, for there is more at the root than the project.
const OF_THE_ROOT: [&str; 7] =
    ["dbt_project.yml", "sql", "seeds", "csv_data", "profiles", "alerts.yml", "verify.txt"];

impl Project {
    /// The file with what dbt Core gave.
    pub fn record(&self) -> PathBuf {
        self.folder.join("verify.json")
    }

    /// The file with the differences that are meant.
    pub fn meant(&self) -> PathBuf {
        self.folder.join("differs.txt")
    }

    /// Whether one of its steps runs tests.
    pub fn runs_tests(&self) -> bool {
        let steps = steps::read(&self.folder).unwrap_or_default();
        let is_one = |step: &Step| matches!(step, Step::Command { words, .. } if words.first().is_some_and(|verb| runs_tests(verb)));
        steps.iter().any(is_one)
    }

    /// Whether it is the project at the root of the repository.
    pub fn is_root(&self, place: &Place) -> bool {
        self.folder == place.root
    }
}

impl Place {
    /// Opens the server at `url`, or the embedded one.
    pub fn open(url: Option<&str>) -> anyhow::Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let root = root.canonicalize().context("failed to find the repository")?;
        let folder = root.join("target/verify");
        fs::create_dir_all(&folder).context("failed to create target/verify")?;
        let runtime = Runtime::new().context("failed to start the runtime")?;
        let environment: Environment = std::env::vars().collect();
        let (server, embedded) = if let Some(url) = url {
            (Settings::from_url(url)?, None)
        } else {
            let started = warehouse::embedded::start(&root, &environment, Keep::WhileUsed);
            let handle = runtime.block_on(started)?;
            (handle.tcp_settings(), Some(handle))
        };
        Ok(Self { root, folder, server, runtime, _embedded: embedded })
    }

    /// The projects of these names, or all.
    pub fn projects(&self, names: &[String]) -> anyhow::Result<Vec<Project>> {
        let mut projects = vec![Project { name: "customer".to_owned(), folder: self.root.clone() }];
        let fixtures = self.root.join("fixtures");
        let entries = fs::read_dir(&fixtures).context("failed to read fixtures/")?;
        let mut folders: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        folders.sort();
        for folder in folders.into_iter().filter(|folder| folder.join("dbt_project.yml").exists()) {
            let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
            projects.push(Project { name, folder });
        }
        if let Some(unknown) =
            names.iter().find(|name| !projects.iter().any(|project| project.name == **name))
        {
            bail!("there is no project `{unknown}` in fixtures/");
        }
        projects.retain(|project| names.is_empty() || names.contains(&project.name));
        Ok(projects)
    }

    /// Runs a project's steps under an engine, in a fresh copy and a fresh database.
    /// Drops are loaded by `loader`, so that both engines are given the same raw tables. With `words`, what is
    /// said of every node and what was written of its SQL is compared too: that is for one engine in two ways.
    pub fn run(
        &self,
        engine: &Engine,
        loader: Option<&Engine>,
        project: &Project,
        words: bool,
    ) -> anyhow::Result<Record> {
        let steps = steps::read(&project.folder)?;
        let copy = self.copy(engine, project)?;
        // The same name for both engines, one after the other: it appears in what they write.
        let name = format!("verify_{}", project.name.replace('-', "_"));
        let settings = self.server.with_dbname(&name);
        let profiles = write_profiles(&copy, &settings)?;
        self.runtime.block_on(async {
            self.make_database(&name).await?;
            let session = Warehouse::lazy(settings.clone(), 1)?.session().await?;
            let start = relations::now(&session).await?;
            let mut record = Record::default();
            for step in &steps {
                if let Some(mut done) =
                    perform::take(step, [Some(engine), loader], &copy, &profiles, &session).await?
                {
                    if words {
                        written::say(&mut done.results, &copy)?;
                        written::add_files(&mut record.compiled, &copy, record.steps.len() + 1)?;
                    }
                    record.steps.push(done);
                }
            }
            let manifest = manifest::read(&copy.join("target"))?;
            record.parents = manifest.parents;
            record.nodes = manifest.nodes;
            record.compiled.extend(manifest.compiled);
            record.relations = relations::read(&session, &start).await?;
            record.functions = relations::functions(&session).await?;
            Ok(record)
        })
    }

    fn copy(&self, engine: &Engine, project: &Project) -> anyhow::Result<PathBuf> {
        let folder = self.folder.join(&project.name).join(engine.name);
        if folder.exists() {
            fs::remove_dir_all(&folder).with_context(|| format!("failed to remove {}", folder.display()))?;
        }
        let copy = folder.join("project");
        if project.is_root(self) {
            copy_project(&self.root, &copy)?;
        } else {
            copy_tree(&project.folder, &copy)?;
        }
        Ok(copy)
    }

    async fn make_database(&self, name: &str) -> anyhow::Result<()> {
        let admin = Warehouse::lazy(self.server.clone(), 1)?.session().await?;
        admin.batch_execute(&format!("drop database if exists \"{name}\" with (force)")).await?;
        admin.batch_execute(&format!("create database \"{name}\" template template0")).await?;
        Ok(())
    }
}

/// A profile for the project beside its copy.
fn write_profiles(copy: &Path, settings: &Settings) -> anyhow::Result<PathBuf> {
    let folder = copy.with_file_name("profiles");
    fs::create_dir_all(&folder).with_context(|| format!("failed to create {}", folder.display()))?;
    let server = settings.servers().into_iter().next().context("the server has an address")?;
    let password = settings.password.as_ref().map(|password| password.reveal().to_owned());
    let output = serde_json::json!({
        "type": "postgres",
        "host": server.name,
        "port": server.port,
        "user": settings.login(),
        "password": password.unwrap_or_default(),
        "dbname": settings.database(),
        "schema": "analytics",
        "threads": 4,
    });
    // JSON is YAML.
    let profile =
        serde_json::json!({profile_name(copy)?: {"target": "verify", "outputs": {"verify": output}}});
    let path = folder.join("profiles.yml");
    fs::write(&path, profile.to_string()).with_context(|| format!("failed to write {}", path.display()))?;
    Ok(folder)
}

/// The name under which the project looks for its profile.
fn profile_name(project: &Path) -> anyhow::Result<String> {
    let path = project.join("dbt_project.yml");
    let text = fs::read_to_string(&path).with_context(|| format!("failed to read {}", path.display()))?;
    let name = text.lines().find_map(|line| line.strip_prefix("profile:"));
    Ok(name.unwrap_or_default().trim_matches([' ', '"', '\'']).to_owned())
}

/// Copies the project at the root: its own files, and not what else stands there.
pub fn copy_project(root: &Path, to: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(to).with_context(|| format!("failed to create {}", to.display()))?;
    OF_THE_ROOT.iter().try_for_each(|name| copy_tree(&root.join(name), &to.join(name)))
}

/// Copies a file, or a folder with all that is in it.
pub fn copy_tree(from: &Path, to: &Path) -> anyhow::Result<()> {
    let context = || format!("failed to copy {}", from.display());
    if from.is_file() {
        fs::copy(from, to).with_context(context)?;
        return Ok(());
    }
    fs::create_dir_all(to).with_context(context)?;
    for entry in fs::read_dir(from).with_context(context)? {
        let entry = entry.with_context(context)?;
        copy_tree(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}
