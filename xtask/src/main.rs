//! `cargo xtask …`: the tasks of people who have the source.

mod generate;

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
}

fn main() -> anyhow::Result<()> {
    match Command::parse().task {
        Task::Generate(options) => generate::run(&options),
    }
}
