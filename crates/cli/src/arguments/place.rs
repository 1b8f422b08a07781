//! Where: the project, the profile, the target, the folder of artifacts.

use clap::Args;
use serde::Serialize;
use std::path::PathBuf;

/// Where the project is and what it is built in.
#[derive(Args, Debug, Clone, Default, Serialize)]
#[command(next_help_heading = "Project and database")]
pub struct Place {
    /// Folder with dbt_project.yml; the working directory by default.
    #[arg(long, global = true, value_name = "PATH", env = "DBT_PROJECT_DIR", hide_env = true)]
    pub project_dir: Option<PathBuf>,
    /// Folder with profiles.yml; the project, then ~/.dbt by default.
    #[arg(long, global = true, value_name = "PATH", env = "DBT_PROFILES_DIR", hide_env = true)]
    pub profiles_dir: Option<PathBuf>,
    /// Profile to use instead of the project's.
    #[arg(long, global = true, value_name = "NAME", env = "DBT_PROFILE", hide_env = true)]
    pub profile: Option<String>,
    /// Target of the profile.
    #[arg(short, long, global = true, value_name = "NAME", env = "DBT_TARGET", hide_env = true)]
    pub target: Option<String>,
    /// Folder of artifacts; `target` by default.
    #[arg(long, global = true, value_name = "PATH", env = "DBT_TARGET_PATH", hide_env = true)]
    pub target_path: Option<PathBuf>,
    /// Variables, as YAML: '{name: value}'.
    #[arg(long, global = true, value_name = "YAML")]
    #[serde(skip)]
    pub vars: Option<String>,
    /// Database to use where no profile is: postgres://user:password@host:port/database.
    #[arg(long, global = true, value_name = "URL", env = "DATABASE_URL", hide_env_values = true)]
    #[serde(skip)]
    pub url: Option<String>,
}
