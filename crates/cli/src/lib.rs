//! The command line `dp`: dbt's verbs over the stages. The composition root: the one crate that knows all.
//!
//! [`run`] takes arguments and environment and gives the exit code; `main.rs` and `xtask` call it. A verb
//! is a module of `verb`: a function from an [`Invocation`] to an [`Exit`].

pub mod arguments;
mod artifact;
mod choice;
mod closing;
mod columns;
mod compiled;
mod compiled_manifest;
mod database;
mod deprecations;
mod exit;
mod failing;
mod flags;
mod history;
mod interrupt;
mod invocation;
mod log;
mod opening;
pub mod pipeline;
mod report;
mod resource_report;
mod sample;
mod seeds;
mod state;
mod times;
mod verb;

pub use exit::{Exit, Stop};
pub use invocation::{DBT_VERSION, Environment, Invocation};

use arguments::{CommandLine, Verb, given};
use platform_core::event::Level;
use platform_core::{Event, EventSink as _};
use serde_json::{Map, Value};
use std::ffi::OsString;
use std::process::ExitCode;

/// Runs one command line; the first argument is the program's name.
pub fn run(arguments: impl IntoIterator<Item = OsString>, environment: Environment) -> ExitCode {
    match arguments::parse(arguments) {
        Ok(line) => execute(line, environment),
        Err(error) => {
            // Usage errors and `--help` are clap's to print and to number.
            let code = u8::try_from(error.exit_code()).unwrap_or(2);
            let _ = error.print();
            ExitCode::from(code)
        }
    }
}

/// Runs one command that was read already.
pub fn execute(line: CommandLine, environment: Environment) -> ExitCode {
    if let Verb::Pipeline(options) = &line.verb {
        return pipeline::run(options, &line.global, &environment);
    }
    let arguments = verb_arguments(&line.verb);
    let invocation = match Invocation::new(line.global, line.verb.name(), arguments, environment) {
        Ok(invocation) => invocation,
        Err(stop) => {
            if let Some(event) = report::stop(&stop) {
                log::Log::plain().send(event);
            }
            return ExitCode::from(2);
        }
    };
    let greeting = format!("Running with dp={} (dbt={DBT_VERSION})", env!("CARGO_PKG_VERSION"));
    let greeting = Event::new(Level::Info, "MainReportVersion", greeting).code("A001");
    invocation.log.send(greeting.with("version", format!("={DBT_VERSION}")).with("log_version", 3));
    invocation.tell_arguments();
    match verb::execute(&invocation, line.verb) {
        Ok(exit) => {
            // A warning that is an error, wherever it was given.
            let exit = match exit {
                Exit::Success if invocation.log.escalated() > 0 => Exit::Code(2),
                exit => exit,
            };
            invocation.log.summarize();
            invocation.completed(exit == Exit::Success);
            exit.into()
        }
        Err(stop) => {
            if let Some(event) = report::stop(&stop) {
                invocation.log.send(event);
            }
            invocation.log.summarize();
            invocation.completed(false);
            ExitCode::from(2)
        }
    }
}

/// What of a verb's own flags was given.
fn verb_arguments(verb: &Verb) -> Map<String, Value> {
    use arguments::{Docs, Source};
    match verb {
        Verb::Build(it) => given(it),
        Verb::Clean(it) => given(it),
        Verb::Clone(it) => given(it),
        Verb::Compile(it) => given(it),
        Verb::Debug(it) => given(it),
        Verb::Deps(it) => given(it),
        Verb::Docs(Docs::Generate(it)) => given(it),
        Verb::Docs(Docs::Serve(it)) => given(it),
        Verb::Init(it) => given(it),
        Verb::List(it) | Verb::Ls(it) => given(it),
        Verb::Parse(it) => given(it),
        Verb::Retry(it) => given(it),
        Verb::Run(it) => given(it),
        Verb::RunOperation(it) => given(it),
        Verb::Seed(it) => given(it),
        Verb::Show(it) => given(it),
        Verb::Snapshot(it) => given(it),
        Verb::Source(Source::Freshness(it)) => given(it),
        Verb::Test(it) => given(it),
        Verb::Load(it) => given(it),
        Verb::Alerts(it) => given(it),
        Verb::Pipeline(it) => given(it),
    }
}
