//! What `dp pipeline` takes beside the flags of every verb.

use chrono::NaiveDate;
use clap::Args;
use serde::Serialize;

/// Takes every drop that is not processed yet, in date order, from its files to its alerts.
#[derive(Args, Clone, Debug, Default, Serialize)]
pub struct Pipeline {
    /// Postgres to work in, instead of the private server (also DATABASE_URL)
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// Process only the drop of this date, again if need be
    #[arg(long, value_name = "DATE")]
    pub drop: Option<NaiveDate>,
    /// Business date of files that carry none; today in the project's time zone by default
    #[arg(long, value_name = "DATE")]
    pub as_of: Option<NaiveDate>,
    /// Build and test only these nodes (dbt's selection syntax)
    #[arg(long, short, num_args = 1.., value_name = "SELECTOR")]
    pub select: Vec<String>,
    /// Say what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Process drops again that failed, though neither their files nor the project changed
    #[arg(long)]
    pub retry: bool,
    /// Leave the private server running afterwards
    #[arg(long)]
    pub keep: bool,
    /// Connections that build and test at once
    #[arg(long, value_name = "NUMBER")]
    pub threads: Option<usize>,
}
