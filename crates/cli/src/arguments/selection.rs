//! Which nodes.

use clap::Args;
use serde::Serialize;

/// Which nodes (<https://docs.getdbt.com/reference/node-selection/syntax>).
#[derive(Args, Debug, Clone, Default, Serialize)]
#[command(next_help_heading = "Selection")]
pub struct Selection {
    /// Nodes to include: names, paths, `tag:x`, `+upstream`, `downstream+`, `a,b` for both.
    #[arg(short, long, short_alias = 'm', visible_alias = "models", alias = "model", num_args = 1.., value_name = "NODES")]
    pub select: Vec<String>,
    /// Nodes to leave out.
    #[arg(long, num_args = 1.., value_name = "NODES")]
    pub exclude: Vec<String>,
    /// A selector of selectors.yml.
    #[arg(long, value_name = "NAME")]
    pub selector: Option<String>,
}

/// Which types of resources.
#[derive(Args, Debug, Clone, Default, Serialize)]
#[command(next_help_heading = "Selection")]
pub struct Resources {
    /// Only these types: model, seed, snapshot, test, unit_test, source, exposure, …, all, default.
    #[arg(long = "resource-type", alias = "resource-types", num_args = 1.., value_name = "TYPE",
          env = "DBT_RESOURCE_TYPES", hide_env = true, value_delimiter = ' ')]
    pub resource_types: Vec<String>,
    /// All but these types.
    #[arg(long = "exclude-resource-type", alias = "exclude-resource-types", num_args = 1.., value_name = "TYPE",
          env = "DBT_EXCLUDE_RESOURCE_TYPES", hide_env = true, value_delimiter = ' ')]
    pub exclude_resource_types: Vec<String>,
}
