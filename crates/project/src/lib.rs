//! Project files → [`Manifest`](platform_core::Manifest) and diagnostics, exactly as dbt Core 1.11 reads them.
//!
//! [`read`] is the one door: files in, a [`Project`] out, no connection needed. What is where:
//!
//! | module | what it holds |
//! |---|---|
//! | [`options`], [`flags`] | what the caller says: folders, `--vars`, environment, flags |
//! | [`profile`], [`database`] | `profiles.yml` → [`Profile`] → an open database |
//! | [`settings`] | `dbt_project.yml` → [`Settings`], one per package |
//! | [`project`] | [`Project`]: all that later stages need |
//! | [`context`] | what templates see, at parse time and at run time alike: macro lookup, `var`, `env_var`, `target`, … |
//! | [`builtin`] | the macros of the built-in packages `dbt` and `dbt_postgres` |
//! | [`stage`] | what the binary of one stage needs of a project |
//! | [`runtime`] | what templates see when a node runs: the adapter, relations, statements |

pub mod artifact;
pub mod builtin;
mod catalogs;
pub mod code;
pub mod config;
pub mod context;
pub mod database;
pub mod error;
pub mod files;
pub mod flags;
pub mod json;
pub mod options;
pub mod package;
pub mod parse;
pub mod performance;
pub mod profile;
pub mod project;
pub mod properties;
pub mod python;
pub mod render;
pub mod resolve;
pub mod runtime;
pub mod selectors;
pub mod settings;
pub mod shape;
pub mod stage;
pub mod yaml;

pub use context::shared::metadata_envs;
pub use error::Error;
pub use flags::Flags;
pub use options::ReadOptions;
pub use profile::Profile;
pub use project::{Package, Project};
pub use settings::Settings;

/// Reads a project: settings, profile, packages, macros, resources; resolves and checks them.
///
/// A broken project is data: look at [`Project::errors`]. `Err` is what leaves no project to speak of: no
/// `dbt_project.yml`, a profile that doesn't exist, a file that can't be read.
pub fn read(options: &ReadOptions) -> Result<Project, Error> {
    project::read(options)
}

/// The files that everything else hangs on, each read for itself.
#[derive(Debug)]
pub struct Checked {
    /// The profile.
    pub profile: Result<Profile, Error>,
    /// dbt_project.yml.
    pub settings: Result<Settings, Error>,
}

/// Reads profile and dbt_project.yml and nothing else, and lets neither stand in the other's way.
pub fn check(options: &ReadOptions) -> Checked {
    let named = settings::profile_name(options).ok().flatten().or_else(|| profile::only_name(options));
    let profile = profile::read(options, named.as_deref());
    let nothing = Profile::default();
    let settings = settings::read(options, profile.as_ref().unwrap_or(&nothing));
    Checked { profile, settings }
}
