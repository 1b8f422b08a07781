//! A project, read: what later stages need of it.

use crate::context::macros::Macros;
use crate::error::Error;
use crate::flags::Flags;
use crate::options::ReadOptions;
use crate::profile::Profile;
use crate::settings::Settings;
use chrono::{DateTime, Utc};
use indexmap::IndexMap;
use platform_core::diagnostic::Severity;
use platform_core::{Diagnostic, Manifest};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// One package of a project; the root project is one too.
#[derive(Clone, Debug)]
pub struct Package {
    /// Its folder.
    pub root: PathBuf,
    /// Its settings.
    pub settings: Settings,
}

/// A project, read. Cheap to clone, shared by all threads.
#[derive(Clone)]
pub struct Project {
    /// The project's folder.
    pub root: PathBuf,
    /// Where artifacts go, absolute.
    pub target_path: PathBuf,
    /// Packages by name, the root project first; the built-in ones are not among them.
    pub packages: Arc<IndexMap<String, Package>>,
    /// Where it is built.
    pub profile: Arc<Profile>,
    /// Flags, all levels resolved.
    pub flags: Arc<Flags>,
    /// `--vars`.
    pub cli_vars: Arc<Map<String, Value>>,
    /// The environment's variables.
    pub env: Arc<BTreeMap<String, String>>,
    /// When the command started.
    pub now: DateTime<Utc>,
    /// One uuid per command.
    pub invocation_id: Arc<str>,
    /// The resources.
    pub manifest: Arc<Manifest>,
    /// Jinja: filters, tests, globals.
    pub jinja: jinja::Environment,
    /// Every macro of every package and how a name finds one.
    pub macros: Arc<Macros>,
    /// What is wrong with it, worst first.
    pub diagnostics: Vec<Diagnostic>,
}

impl Project {
    /// The root project's settings.
    pub fn settings(&self) -> &Settings {
        static NONE: std::sync::LazyLock<Settings> = std::sync::LazyLock::new(Settings::default);
        self.packages.values().next().map_or(&NONE, |package| &package.settings)
    }

    /// The root project's name.
    pub fn name(&self) -> &str {
        &self.settings().name
    }

    /// The diagnostics that stop a command (exit code 2).
    pub fn errors(&self) -> impl Iterator<Item = &Diagnostic> {
        self.diagnostics.iter().filter(|it| it.severity == Severity::Error)
    }

    /// The diagnostics that don't.
    pub fn warnings(&self) -> impl Iterator<Item = &Diagnostic> {
        self.diagnostics.iter().filter(|it| it.severity == Severity::Warning)
    }
}

pub(crate) fn read(options: &ReadOptions) -> Result<Project, Error> {
    let _ = options;
    Err(Error::Invalid(Vec::new()))
}
