//! An earlier state of the project, to compare with or to defer to.

use super::boolean;
use clap::Args;
use serde::Serialize;
use std::path::PathBuf;

/// An earlier state of the project (<https://docs.getdbt.com/reference/node-selection/defer>).
#[derive(Args, Debug, Clone, Default, Serialize)]
#[command(next_help_heading = "State")]
pub struct State {
    /// Folder with artifacts of an earlier run, for `state:`, `result:`, --defer and clone.
    #[arg(long, global = true, value_name = "FOLDER", env = "DBT_STATE", hide_env = true)]
    pub state: Option<PathBuf>,
    /// Read nodes that are not selected and don't exist from where that state has them.
    #[arg(long, global = true, num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_parser = boolean, value_name = "BOOL", env = "DBT_DEFER", hide_env = true)]
    pub defer: Option<bool>,
    /// Another folder for --defer alone.
    #[arg(long, global = true, value_name = "FOLDER", env = "DBT_DEFER_STATE", hide_env = true)]
    pub defer_state: Option<PathBuf>,
    /// With --defer: read nodes that are not selected from the state even where they exist here.
    #[arg(long, global = true, num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_parser = boolean, value_name = "BOOL", env = "DBT_FAVOR_STATE", hide_env = true)]
    pub favor_state: Option<bool>,
}
