//! The command line: dbt's verbs and flags, one struct per concern.
//!
//! Flags with a `--no-…` pair are written once, as an optional boolean: [`expand_pairs`] turns `--no-quiet`
//! into `--quiet=false` before clap reads it. Every struct serializes to what was given, under dbt's names
//! of flags, which is how flags reach templates and `run_results.json`.

mod behaviour;
mod execution;
mod logging;
mod place;
mod selection;
mod state;
pub mod verb;

pub use behaviour::Behaviour;
pub use execution::{Execution, Inline, Output, Sampling, Testing};
pub use logging::{LogFormat, LogLevel, Logging};
pub use place::Place;
pub use selection::{Resources, Selection};
pub use state::State;
pub use verb::{Docs, List, Retry, Source, Verb};

use clap::{Args, CommandFactory, FromArgMatches as _, Parser};
use serde::Serialize;
use serde_json::{Map, Value};
use std::ffi::OsString;

/// Ours, and below it dbt's as programs look for it in the output of `dbt --version`.
const VERSION: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    " (compatible with dbt Core 1.11)\n\nCore:\n  - installed: 1.11.16\n\nPlugins:\n  - postgres: 1.11.0"
);

/// A data platform on Postgres: runs any dbt project, loads CSV drops, tests, documents, alerts.
#[derive(Parser, Debug, Clone)]
#[command(
    name = "dp",
    version = VERSION,
    propagate_version = true,
    disable_version_flag = true,
    disable_help_subcommand = true,
    infer_long_args = false,
    max_term_width = 110
)]
pub struct CommandLine {
    /// Show the version and exit.
    #[arg(short = 'v', short_alias = 'V', long, global = true, action = clap::ArgAction::Version)]
    version: Option<bool>,
    #[command(flatten)]
    /// Flags that every verb takes, before or after it.
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// Flags that every verb takes, before or after it.
#[derive(Args, Debug, Clone, Default, Serialize)]
pub struct Global {
    /// Project, profile, target.
    #[command(flatten)]
    #[serde(flatten)]
    pub place: Place,
    /// What is told, where, how.
    #[command(flatten)]
    #[serde(flatten)]
    pub logging: Logging,
    /// Warnings, failures, artifacts.
    #[command(flatten)]
    #[serde(flatten)]
    pub behaviour: Behaviour,
    /// An earlier state of the project.
    #[command(flatten)]
    #[serde(flatten)]
    pub state: State,
}

/// Reads a command line; the error is clap's, with its own exit code.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<CommandLine, clap::Error> {
    let mut command = with_variables(CommandLine::command(), &|name| std::env::var(name).ok());
    let arguments = expand_pairs(arguments, &mut command)?;
    let matches = command.try_get_matches_from_mut(arguments)?;
    CommandLine::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
}

/// Every variable of a flag goes by two names, `DBT_…` and `DBT_ENGINE_…`: the second is read where it is set. As in dbt, an
/// empty one says nothing.
fn with_variables(command: clap::Command, value: &dyn Fn(&str) -> Option<String>) -> clap::Command {
    let named = command.mut_args(|argument| {
        let Some(name) = argument.get_env().and_then(|name| name.to_str()).map(str::to_owned) else {
            return argument;
        };
        let says = |name: &String| value(name).is_some_and(|value| !value.is_empty());
        let engine = name.strip_prefix("DBT_").map(|name| format!("DBT_ENGINE_{name}")).filter(says);
        match engine {
            Some(name) => {
                // clap keeps names of variables for as long as the process lives.
                let name: &'static str = name.leak();
                argument.env(name)
            }
            None if says(&name) || value(&name).is_none() => argument,
            None => argument.env(clap::builder::Resettable::Reset),
        }
    });
    named.mut_subcommands(|verb| with_variables(verb, value))
}

/// `--no-x` becomes `--x=false` where `--x` is a switch. A switch with a value of its own is refused, as dbt does.
fn expand_pairs(
    arguments: impl IntoIterator<Item = OsString>,
    command: &mut clap::Command,
) -> Result<Vec<OsString>, clap::Error> {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let is_suspect = |argument: &OsString| {
        argument
            .to_str()
            .is_some_and(|text| text.starts_with("--no-") || (text.starts_with("--") && text.contains('=')))
    };
    if !arguments.iter().any(is_suspect) {
        return Ok(arguments);
    }
    let switches = switches();
    let is_switch = |name: &str| switches.iter().any(|switch| switch == name);
    for argument in &arguments {
        let Some((option, _)) = argument.to_str().and_then(|text| text.split_once('=')) else { continue };
        let name = option.strip_prefix("--").unwrap_or_default();
        if is_switch(name) || name.strip_prefix("no-").is_some_and(is_switch) {
            let message = format!("Option '{option}' does not take a value.");
            return Err(command.error(clap::error::ErrorKind::TooManyValues, message));
        }
    }
    let expanded = arguments
        .into_iter()
        .map(|argument| {
            let name = argument.to_str().and_then(|text| text.strip_prefix("--no-"));
            match name.filter(|name| is_switch(name)) {
                Some(name) => OsString::from(format!("--{name}=false")),
                None => argument,
            }
        })
        .collect();
    Ok(expanded)
}

/// The long names of flags with an optional boolean value, of every verb.
fn switches() -> Vec<String> {
    fn collect(command: &clap::Command, found: &mut Vec<String>) {
        for argument in command.get_arguments() {
            let takes_optional = argument.get_num_args().is_some_and(|range| range.min_values() == 0);
            if let Some(long) = argument.get_long().filter(|_| takes_optional) {
                found.push(long.to_owned());
                found.extend(
                    argument.get_all_aliases().unwrap_or_default().iter().map(|&name| name.to_owned()),
                );
            }
        }
        for verb in command.get_subcommands() {
            collect(verb, found);
        }
    }
    let mut found = Vec::new();
    collect(&CommandLine::command(), &mut found);
    found
}

/// What of a struct of arguments was given, by dbt's names of flags.
pub fn given(arguments: &impl Serialize) -> Map<String, Value> {
    let mut fields = match serde_json::to_value(arguments) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    };
    fields.retain(|_, value| !value.is_null());
    fields
}

/// Reads a boolean as dbt does from environment variables: `1`, `true`, `yes`, `on`, …; empty is false.
pub(crate) fn boolean(text: &str) -> Result<bool, String> {
    match text.trim().to_ascii_lowercase().as_str() {
        "1" | "t" | "true" | "y" | "yes" | "on" => Ok(true),
        "" | "0" | "f" | "false" | "n" | "no" | "off" => Ok(false),
        _ => Err(format!("`{text}` is not a boolean: use `true` or `false`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> CommandLine {
        parse(line.split(' ').map(OsString::from)).unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn the_definition_holds() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn takes_global_flags_before_and_after_the_verb() {
        for line in ["dp --quiet --target prod run", "dp run --quiet -t prod"] {
            let read = read(line);
            assert_eq!(read.global.logging.quiet, Some(true));
            assert_eq!(read.global.place.target.as_deref(), Some("prod"));
        }
    }

    #[test]
    fn a_variable_of_the_engine_goes_before_its_older_name() {
        let value = |name: &str| match name {
            "DBT_ENGINE_WARN_ERROR" => Some("1".to_owned()),
            "DBT_LOG_LEVEL" | "DBT_QUIET" => Some(String::new()),
            _ => None,
        };
        let command = with_variables(CommandLine::command(), &value);
        let variable = |id: &str| {
            let argument = command.get_arguments().find(|argument| argument.get_id() == id);
            argument.and_then(clap::Arg::get_env).and_then(|name| name.to_str())
        };
        assert_eq!(variable("warn_error"), Some("DBT_ENGINE_WARN_ERROR"));
        assert_eq!(variable("fail_fast"), Some("DBT_FAIL_FAST"));
        assert_eq!(variable("log_level"), None, "empty");
        assert_eq!(variable("quiet"), None, "an empty one says nothing of a switch either");
    }

    #[test]
    fn a_query_stands_alone() {
        for flag in ["--select a", "--selector a"] {
            let line = format!("dp compile {flag} --inline b");
            assert!(parse(line.split(' ').map(OsString::from)).is_err(), "{line}");
        }
    }

    #[test]
    fn takes_pairs_and_lists() {
        let line = read("dp run --no-print --no-use-colors -s a b+ --exclude c -s d --no-version-check");
        assert_eq!(line.global.logging.print, Some(false));
        assert_eq!(line.global.behaviour.version_check, Some(false));
        let Verb::Run(run) = line.verb else { panic!("run") };
        assert_eq!(run.selection.select, ["a", "b+", "d"]);
        assert_eq!(run.selection.exclude, ["c"]);
    }
}
