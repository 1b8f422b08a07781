//! The binary `dp`.

use platform_cli::{Environment, run};
use std::process::ExitCode;

fn main() -> ExitCode {
    run(std::env::args_os(), Environment::of_process())
}
