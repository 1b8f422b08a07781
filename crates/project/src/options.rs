//! What the caller of [`crate::read`] says; the environment is read once, in the binary.

use crate::flags::Flags;
use crate::profile::Profile;
use chrono::{DateTime, Utc};
use platform_core::event::{EventSink, Silence};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// Everything a project's reading depends on beside its files: same options and files, same manifest.
#[derive(Clone)]
pub struct ReadOptions {
    /// The folder with `dbt_project.yml`.
    pub project_dir: PathBuf,
    /// `--profiles-dir`; otherwise `DBT_PROFILES_DIR`, the working directory, `~/.dbt`.
    pub profiles_dir: Option<PathBuf>,
    /// `--profile`.
    pub profile: Option<String>,
    /// `--target`.
    pub target: Option<String>,
    /// `--threads`.
    pub threads: Option<usize>,
    /// `--vars`, parsed.
    pub vars: Map<String, Value>,
    /// The environment's variables.
    pub env: Arc<BTreeMap<String, String>>,
    /// What the environment says in `DBT_ENV_CUSTOM_ENV_…`, in its order: artifacts and templates tell.
    pub metadata_envs: Map<String, Value>,
    /// `--target-path`; otherwise `DBT_TARGET_PATH`, `target-path` of the project, `target`.
    pub target_path: Option<PathBuf>,
    /// The profile to use where no `profiles.yml` names one: `DATABASE_URL` or the embedded server.
    pub fallback_profile: Option<Profile>,
    /// What the command line and the environment said of flags.
    pub flags: Flags,
    /// The command's arguments: `invocation_args_dict`.
    pub invocation_args: Map<String, Value>,
    /// The working directory: searched for `profiles.yml`.
    pub working_dir: PathBuf,
    /// When the command started.
    pub now: DateTime<Utc>,
    /// One uuid per command.
    pub invocation_id: String,
    /// Where `log()` and `print()` of templates go.
    pub events: Arc<dyn EventSink>,
}

impl ReadOptions {
    /// Options that only name the folder; nothing of the environment.
    pub fn new(project_dir: impl Into<PathBuf>) -> Self {
        let project_dir = project_dir.into();
        Self {
            profiles_dir: None,
            profile: None,
            target: None,
            threads: None,
            vars: Map::new(),
            env: Arc::default(),
            metadata_envs: Map::new(),
            target_path: None,
            fallback_profile: None,
            flags: Flags::default(),
            invocation_args: Map::new(),
            working_dir: project_dir.clone(),
            project_dir,
            now: Utc::now(),
            invocation_id: uuid::Uuid::new_v4().to_string(),
            events: Arc::new(Silence),
        }
    }
}
