//! The load stage on its own: the manifest in a target folder, `csv_data/`, a database.

mod command;

use clap::Parser as _;
use std::io::Write as _;
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    match command::run(&command::Arguments::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(problem) => {
            // Nobody can be told that stderr is closed.
            let _ = writeln!(std::io::stderr(), "failed to {problem:#}");
            ExitCode::from(2)
        }
    }
}
