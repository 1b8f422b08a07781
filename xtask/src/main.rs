//! `cargo xtask …`: the tasks of people who have the source.

mod generate;
mod verify;

use clap::{Parser, Subcommand};

/// Tasks for people who have the source.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask")]
struct Command {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Make daily drops of made-up data
    Generate(generate::Generate),
    /// Run projects under dbt Core and under dp, and compare what they leave behind
    Verify(verify::Verify),
}

fn main() -> anyhow::Result<()> {
    match Command::parse().task {
        Task::Generate(options) => generate::run(&options),
        Task::Verify(options) => verify::run(&options),
    }
}
