//! The binary `dp`.

use platform_cli::{Environment, run};
use std::process::ExitCode;

// Reading a project is many small texts on every core: a quarter of the time goes with the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    run(std::env::args_os(), Environment::of_process())
}
