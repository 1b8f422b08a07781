//! Files → resources: every macro, doc block, model, test, … of every package, names resolved, nothing run.
//!
//! | module | what it does |
//! |---|---|
//! | [`names`], [`capture`] | what templates see at parse time, and what they say by it |
//! | [`macros`], [`docs`] | macros of every package, doc blocks |
//! | [`node`], [`naming`] | a file with its properties becomes a node; database, schema, alias |
//! | `python` | what a model in Python says |
//! | [`generic`] | generic tests: names, hashes, nodes |
//! | [`snapshots`], [`hooks`] | what is no file of its own |
//! | [`sources`], [`exposures`], [`units`], [`semantic`] | what stands in YAML alone |
//! | [`verify`], `relation_names`, [`unused`], `deprecated` | what holds between resources; what is said in vain, or in an old way |
//! | [`assemble`] | everything together, in dbt's order |

pub mod assemble;
pub mod capture;
mod deprecated;
pub mod diagnose;
pub mod docs;
pub mod exposures;
pub mod generic;
pub mod hooks;
pub mod macros;
pub mod names;
pub mod naming;
pub mod node;
mod python;
pub mod query_comment;
mod relation_names;
pub mod semantic;
pub mod snapshots;
pub mod sources;
pub mod template;
pub mod units;
pub mod unused;
pub mod verify;

use crate::config::{Levels, Unused};
use crate::context::{Context, Shared};
use crate::performance::FileTimes;
use crate::project::Package;
use crate::render::Renderer;
use diagnose::Texts;
use docs::Docs;
use indexmap::IndexMap;
use platform_core::Diagnostic;
use platform_core::relation::Quoting;
use std::sync::{Arc, Mutex, PoisonError};

/// What every part of parsing shares.
pub struct Scene<'a> {
    /// What contexts share.
    pub shared: Arc<Shared>,
    /// Packages by name, the root project first.
    pub packages: &'a IndexMap<String, Package>,
    /// Texts of files that templates stand in, for messages.
    pub texts: Arc<Texts>,
    /// A context without a node: naming macros are called in it.
    pub naming: Arc<Context>,
    /// Seconds since the epoch, for `created_at`.
    pub created_at: f64,
    /// Which configuration paths were used.
    pub unused: &'a Unused,
    /// Doc blocks of every package.
    pub docs: Arc<Docs>,
    /// What renders the YAML of each package.
    pub renderers: IndexMap<String, Renderer>,
    /// How long files took.
    pub times: FileTimes,
    /// Warnings of templates that could be read all the same.
    pub notes: Mutex<Vec<Diagnostic>>,
}

impl Scene<'_> {
    /// The root project.
    pub fn root(&self) -> &Package {
        &self.packages[0]
    }

    /// Levels of configuration for resources of a package.
    pub fn levels(&self, package: &str) -> Levels<'_> {
        let settings = self.packages.get(package).unwrap_or_else(|| self.root());
        Levels::new(&self.root().settings, &settings.settings, self.unused)
    }

    /// `quoting` of the project.
    pub fn quoting(&self) -> Quoting {
        self.root().settings.quoting
    }

    /// Takes note of something that doesn't keep a template from being read.
    pub fn note(&self, warning: Diagnostic) {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).push(warning);
    }

    /// The notes so far, in the order of their places.
    pub fn take_notes(&self) -> Vec<Diagnostic> {
        let mut notes = std::mem::take(&mut *self.notes.lock().unwrap_or_else(PoisonError::into_inner));
        notes.sort_by(|left, right| (&left.place, &left.message).cmp(&(&right.place, &right.message)));
        notes
    }

    /// The path that messages name for a file of a package.
    pub fn shown_path(&self, package: &str, path: &str) -> Arc<str> {
        if package == self.root().settings.name {
            return path.into();
        }
        match self.packages.get(package).map(|it| &it.shown) {
            Some(shown) if !shown.is_empty() => format!("{shown}/{path}").into(),
            _ => format!("{package}/{path}").into(),
        }
    }
}
