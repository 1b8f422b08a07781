//! The tests on their own: reads the project, asks its database.

mod command;

use clap::Parser as _;
use std::io::Write as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    match command::run(&command::Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(problem) => {
            // Nobody can be told that stderr is closed.
            let _ = writeln!(std::io::stderr(), "failed to {problem:#}");
            ExitCode::from(2)
        }
    }
}
