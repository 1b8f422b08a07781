//! `cargo xtask pipeline`: `dp pipeline` from source.

use clap::Args;
use cli::Environment;
use std::ffi::OsString;
use std::process::ExitCode;

/// Takes the flags of `dp pipeline`, and hands them on.
#[derive(Args, Debug)]
#[command(disable_help_flag = true)]
pub struct Pipeline {
    /// Flags of `dp pipeline`; `--help` lists them
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

/// Runs the pipeline in this process.
pub fn run(options: Pipeline) -> ExitCode {
    let words = ["dp", "pipeline"].map(OsString::from).into_iter().chain(options.arguments);
    cli::run(words, Environment::of_process())
}
