//! The verbs.

use super::boolean;
use super::execution::{Execution, Inline, Sampling, Testing};
use super::selection::{Resources, Selection};
use crate::pipeline::Pipeline;
use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;
use std::path::PathBuf;

/// What to do; dbt's verbs, then ours.
#[derive(Subcommand, Debug, Clone)]
#[command(rename_all = "kebab-case")]
pub enum Verb {
    /// Run seeds, models, snapshots and tests in the order of the graph.
    Build(Build),
    /// Delete the folders of clean-targets.
    Clean(Clean),
    /// Make the selected nodes in this target from where a state has them.
    Clone(CloneNodes),
    /// Write the SQL that would be run.
    Compile(Compile),
    /// Show what is used: project, profile, database.
    Debug(Debug),
    /// Install packages.
    Deps(Deps),
    /// Write or serve the documentation.
    #[command(subcommand)]
    Docs(Docs),
    /// Start a project.
    Init(Init),
    /// List resources.
    List(List),
    /// List resources.
    Ls(List),
    /// Read the project and write its manifest.
    Parse(Parse),
    /// Run again what failed in the last command.
    Retry(Retry),
    /// Build models.
    Run(Run),
    /// Run a macro.
    RunOperation(RunOperation),
    /// Load seeds.
    Seed(Seed),
    /// Show the first rows of a node or a query.
    Show(Show),
    /// Take snapshots.
    Snapshot(Snapshot),
    /// Ask how fresh sources are.
    #[command(subcommand)]
    Source(Source),
    /// Run tests.
    Test(Test),
    /// Load CSV drops into their sources.
    Load(Load),
    /// Evaluate alert rules and deliver what they found.
    Alerts(Alerts),
    /// Process new drops: load, seed, run, test, docs, alerts.
    Pipeline(Pipeline),
}

impl Verb {
    /// dbt's name of the verb, as `flags.WHICH` has it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Build(_) => "build",
            Self::Clean(_) => "clean",
            Self::Clone(_) => "clone",
            Self::Compile(_) => "compile",
            Self::Debug(_) => "debug",
            Self::Deps(_) => "deps",
            Self::Docs(Docs::Generate(_)) => "generate",
            Self::Docs(Docs::Serve(_)) => "serve",
            Self::Init(_) => "init",
            Self::List(_) => "list",
            Self::Ls(_) => "ls",
            Self::Parse(_) => "parse",
            Self::Retry(_) => "retry",
            Self::Run(_) => "run",
            Self::RunOperation(_) => "run-operation",
            Self::Seed(_) => "seed",
            Self::Show(_) => "show",
            Self::Snapshot(_) => "snapshot",
            Self::Source(_) => "freshness",
            Self::Test(_) => "test",
            Self::Load(_) => "load",
            Self::Alerts(_) => "alerts",
            Self::Pipeline(_) => "pipeline",
        }
    }
}

/// `dp build`
#[derive(Args, Debug, Clone, Default, Serialize)]
pub struct Build {
    /// Which nodes.
    #[command(flatten)]
    #[serde(flatten)]
    pub selection: Selection,
    /// Which types.
    #[command(flatten)]
    #[serde(flatten)]
    pub resources: Resources,
    /// How.
    #[command(flatten)]
    #[serde(flatten)]
    pub execution: Execution,
    /// On part of the data.
    #[command(flatten)]
    #[serde(flatten)]
    pub sampling: Sampling,
    /// How tests are run.
    #[command(flatten)]
    #[serde(flatten)]
    pub testing: Testing,
    /// Show the first rows of seeds.
    #[arg(long)]
    pub show: bool,
    /// Export saved queries too (accepted for dbt's sake: nothing is exported).
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_parser = boolean, value_name = "BOOL", env = "DBT_EXPORT_SAVED_QUERIES", hide = true)]
    pub export_saved_queries: Option<bool>,
    /// Accepted for dbt's sake.
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_parser = boolean, value_name = "BOOL", env = "DBT_INCLUDE_SAVED_QUERY", hide = true)]
    pub include_saved_query: Option<bool>,
}

/// `dp run`
#[derive(Args, Debug, Clone, Default, Serialize)]
pub struct Run {
    /// Which nodes.
    #[command(flatten)]
    #[serde(flatten)]
    pub selection: Selection,
    /// How.
    #[command(flatten)]
    #[serde(flatten)]
    pub execution: Execution,
    /// On part of the data.
    #[command(flatten)]
    #[serde(flatten)]
    pub sampling: Sampling,
}

/// `dp test`
#[derive(Args, Debug, Clone, Default, Serialize)]
pub struct Test {
    /// Which nodes.
    #[command(flatten)]
    #[serde(flatten)]
    pub selection: Selection,
    /// Which types.
    #[command(flatten)]
    #[serde(flatten)]
    pub resources: Resources,
    /// How.
    #[command(flatten)]
    #[serde(flatten)]
    pub execution: Execution,
    /// How tests are run.
    #[command(flatten)]
    #[serde(flatten)]
    pub testing: Testing,
}

/// `dp seed`
#[derive(Args, Debug, Clone, Default, Serialize)]
pub struct Seed {
    /// Which nodes.
    #[command(flatten)]
    #[serde(flatten)]
    pub selection: Selection,
    /// How.
    #[command(flatten)]
    #[serde(flatten)]
    pub execution: Execution,
    /// Show the first rows of seeds.
    #[arg(long)]
    pub show: bool,
}

/// `dp snapshot`
#[derive(Args, Debug, Clone, Default, Serialize)]
pub struct Snapshot {
    /// Which nodes.
    #[command(flatten)]
    #[serde(flatten)]
    pub selection: Selection,
    /// How.
    #[command(flatten)]
    #[serde(flatten)]
    pub execution: Execution,
    /// On no data.
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_parser = boolean, value_name = "BOOL", env = "DBT_EMPTY", hide_env = true)]
    pub empty: Option<bool>,
}

/// `dp compile`
#[derive(Args, Debug, Clone, Default, Serialize)]
pub struct Compile {
    /// Which nodes.
    #[command(flatten)]
    #[serde(flatten)]
    pub selection: Selection,
    /// Which types.
    #[command(flatten)]
    #[serde(flatten)]
    pub resources: Resources,
    /// How.
    #[command(flatten)]
    #[serde(flatten)]
    pub execution: Execution,
    /// On no data.
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_parser = boolean, value_name = "BOOL", env = "DBT_EMPTY", hide_env = true)]
    pub empty: Option<bool>,
    /// A query instead of nodes.
    #[command(flatten)]
    #[serde(flatten)]
    pub inline: Inline,
}

/// `dp show`
#[derive(Args, Debug, Clone, Default, Serialize)]
pub struct Show {
    /// Which nodes.
    #[command(flatten)]
    #[serde(flatten)]
    pub selection: Selection,
    /// How.
    #[command(flatten)]
    #[serde(flatten)]
    pub execution: Execution,
    /// A query instead of nodes.
    #[command(flatten)]
    #[serde(flatten)]
    pub inline: Inline,
    /// Rows shown; -1 for all.
    #[arg(long, value_name = "N", allow_negative_numbers = true, default_value_t = 5)]
    pub limit: i64,
}

/// `dp clone`
#[derive(Args, Debug, Clone, Default, Serialize)]
pub struct CloneNodes {
    /// Which nodes.
    #[command(flatten)]
    #[serde(flatten)]
    pub selection: Selection,
    /// Which types.
    #[command(flatten)]
    #[serde(flatten)]
    pub resources: Resources,
    /// How.
    #[command(flatten)]
    #[serde(flatten)]
    pub execution: Execution,
}

/// `dp retry`
#[derive(Args, Debug, Clone, Default, Serialize)]
pub struct Retry {
    /// How.
    #[command(flatten)]
    #[serde(flatten)]
    pub execution: Execution,
}

/// `dp parse`
#[derive(Args, Debug, Clone, Default, Serialize)]
pub struct Parse {
    /// Accepted for dbt's sake.
    #[arg(long, value_name = "N", hide = true, allow_negative_numbers = true)]
    pub threads: Option<i64>,
}

/// `dp clean`
#[derive(Args, Debug, Clone, Default, Serialize)]
pub struct Clean {
    /// Refuse to delete outside of the project (--no-clean-project-files-only: don't).
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_parser = boolean, value_name = "BOOL", env = "DBT_CLEAN_PROJECT_FILES_ONLY", hide_env = true)]
    pub clean_project_files_only: Option<bool>,
}

/// `dp debug`
#[derive(Args, Debug, Clone, Default, Serialize)]
pub struct Debug {
    /// Only test the connection.
    #[arg(long)]
    pub connection: bool,
    /// Only say where profiles.yml is.
    #[arg(long)]
    pub config_dir: bool,
}

/// `dp deps`
#[derive(Args, Debug, Clone, Default, Serialize)]
pub struct Deps {
    /// Add a package: `name@version`, an address or a path with --source.
    #[arg(long, value_name = "PACKAGE")]
    pub add_package: Option<String>,
    /// Where --add-package comes from: hub, git, local.
    #[arg(long, value_name = "SOURCE", default_value = "hub", value_parser = ["hub", "git", "local"],
          hide_possible_values = true, hide_default_value = true)]
    pub source: String,
    /// Write package-lock.yml without installing.
    #[arg(long)]
    pub lock: bool,
    /// Look for newer versions than package-lock.yml has.
    #[arg(long)]
    pub upgrade: bool,
}

/// `dp init`
#[derive(Args, Debug, Clone, Default, Serialize)]
pub struct Init {
    /// Name of the project.
    pub project_name: Option<String>,
    /// Leave profiles.yml alone.
    #[arg(short, long)]
    pub skip_profile_setup: bool,
}

/// `dp ls`
#[derive(Args, Debug, Clone, Default, Serialize)]
pub struct List {
    /// Which nodes.
    #[command(flatten)]
    #[serde(flatten)]
    pub selection: ListSelection,
    /// Which types.
    #[command(flatten)]
    #[serde(flatten)]
    pub resources: Resources,
    /// selector, name, path or json.
    #[arg(long, value_name = "FORMAT", default_value = "selector", hide_possible_values = true)]
    pub output: ListOutput,
    /// Keys of json.
    #[arg(long, num_args = 1.., value_name = "KEYS")]
    pub output_keys: Vec<String>,
    /// `column`: the columns of models, each with the columns that it is computed from.
    #[arg(long, value_name = "GRAIN", hide_possible_values = true)]
    #[serde(skip)]
    pub lineage: Option<Grain>,
    /// Accepted for dbt's sake.
    #[arg(long, value_name = "N", hide = true, allow_negative_numbers = true)]
    #[serde(skip)]
    pub threads: Option<i64>,
}

/// Which nodes to list: `--models` means models only.
#[derive(Args, Debug, Clone, Default, Serialize)]
#[command(next_help_heading = "Selection")]
pub struct ListSelection {
    /// Nodes to include: names, paths, `tag:x`, `+upstream`, `downstream+`, `a,b` for both.
    #[arg(short, long, num_args = 1.., value_name = "NODES")]
    pub select: Vec<String>,
    /// Models to include.
    #[arg(short, long, alias = "model", num_args = 1.., value_name = "MODELS", conflicts_with = "select")]
    pub models: Vec<String>,
    /// Nodes to leave out.
    #[arg(long, num_args = 1.., value_name = "NODES")]
    pub exclude: Vec<String>,
    /// A selector of selectors.yml.
    #[arg(long, value_name = "NAME")]
    pub selector: Option<String>,
}

/// Formats of `dp ls`.
#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ListOutput {
    /// What selects it: `project.folder.name`.
    #[default]
    Selector,
    /// Its name.
    Name,
    /// Its file.
    Path,
    /// Its facts, one object a line.
    Json,
}

/// How fine the lineage of `dp ls` is.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grain {
    /// Columns.
    Column,
}

/// `dp run-operation`
#[derive(Args, Debug, Clone, Default, Serialize)]
pub struct RunOperation {
    /// The macro: `name` or `package.name`.
    #[serde(rename = "macro")]
    pub macro_name: String,
    /// Its arguments, as YAML: '{name: value}'.
    #[arg(long, value_name = "YAML")]
    pub args: Option<String>,
    /// Accepted for dbt's sake.
    #[arg(long, value_name = "N", hide = true, allow_negative_numbers = true)]
    pub threads: Option<i64>,
}

/// `dp docs …`
#[derive(Subcommand, Debug, Clone)]
pub enum Docs {
    /// Write the catalog and the site.
    Generate(DocsGenerate),
    /// Show the site on this machine.
    Serve(DocsServe),
}

/// `dp docs generate`
#[derive(Args, Debug, Clone, Default, Serialize)]
pub struct DocsGenerate {
    /// Which nodes.
    #[command(flatten)]
    #[serde(flatten)]
    pub selection: Selection,
    /// Compile first (--no-compile: don't).
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_parser = boolean, value_name = "BOOL")]
    pub compile: Option<bool>,
    /// Ask the database nothing.
    #[arg(long)]
    pub empty_catalog: bool,
    /// One file that needs no server.
    #[arg(long = "static")]
    #[serde(rename = "static")]
    pub static_site: bool,
    /// Nodes compiled at once.
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub threads: Option<i64>,
}

/// `dp docs serve`
#[derive(Args, Debug, Clone, Default, Serialize)]
pub struct DocsServe {
    /// Address to listen on.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    pub host: String,
    /// Port to listen on.
    #[arg(long, value_name = "PORT", default_value_t = 8080)]
    pub port: u16,
    /// Open a browser, as on a terminal (--no-browser: don't).
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_parser = boolean, value_name = "BOOL", alias = "open-browser")]
    pub browser: Option<bool>,
}

/// `dp source …`
#[derive(Subcommand, Debug, Clone)]
pub enum Source {
    /// Ask when sources were last loaded.
    #[command(alias = "snapshot-freshness")]
    Freshness(Freshness),
}

/// `dp source freshness`
#[derive(Args, Debug, Clone, Default, Serialize)]
pub struct Freshness {
    /// Which nodes.
    #[command(flatten)]
    #[serde(flatten)]
    pub selection: Selection,
    /// Sources asked at once.
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub threads: Option<i64>,
    /// File of the results; sources.json of the target folder by default.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// `dp load`
#[derive(Args, Debug, Clone, Default, Serialize)]
pub struct Load {
    /// Drops to load: dates or folders below csv_data; all that are new by default.
    #[arg(long, num_args = 1.., value_name = "DROP")]
    pub drop: Vec<String>,
    /// Load again what was loaded.
    #[arg(long)]
    pub force: bool,
    /// Only say what would be loaded.
    #[arg(long)]
    pub dry_run: bool,
}

/// `dp alerts …`
#[derive(Args, Debug, Clone, Serialize)]
pub struct Alerts {
    /// What to do; `check` by default: evaluate, then send what is due.
    #[command(subcommand)]
    pub verb: Option<notifier::command::Verb>,
}
