//! `cargo xtask …`: the tasks of people who have the source.

mod bench;
mod chaos;
mod db;
mod generate;
mod oracle;
mod pictures;
mod pipeline;
mod site_pictures;
mod test;
mod tidy;
mod verify;
mod web;
mod workspace;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Tasks for people who have the source.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask")]
struct Command {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Process new drops, from their files to their alerts
    Pipeline(pipeline::Pipeline),
    /// Make daily drops of made-up data
    Generate(generate::Generate),
    /// Run projects under dbt Core and under dp, and compare what they leave behind
    Verify(verify::Verify),
    /// Start, stop and look at the project's private Postgres
    Db(db::Db),
    /// Check what the compiler does not: who imports whom, sizes, names, words
    Tidy,
    /// Kill senders, drop lines, crash databases: is an alert lost, or told twice?
    Chaos(chaos::Chaos),
    /// Hold the alert's SQL against a second implementation over random histories
    Oracle(oracle::Oracle),
    /// Photograph the alert mails: light, dark and on a phone
    Pictures(pictures::Pictures),
    /// Take the README's pictures of the site anew
    SitePictures(site_pictures::SitePictures),
    /// Hold the library that the site embeds against npm's
    Web(web::Web),
    /// Measure the platform beside psql and dbt Core
    Bench(bench::Bench),
    /// Everything that must hold before a change is merged
    Test(test::Test),
}

fn main() -> anyhow::Result<ExitCode> {
    match Command::parse().task {
        Task::Verify(options) => verify::run(&options),
        Task::Pipeline(options) => Ok(pipeline::run(options)),
        Task::Generate(options) => generate::run(&options).map(|()| ExitCode::SUCCESS),
        Task::Db(options) => db::run(&options),
        Task::Tidy => tidy::run(),
        Task::Chaos(options) => chaos::run(&options),
        Task::Oracle(options) => oracle::run(&options),
        Task::Pictures(options) => pictures::run(&options).map(|()| ExitCode::SUCCESS),
        Task::SitePictures(options) => site_pictures::run(&options),
        Task::Web(options) => web::run(&options),
        Task::Bench(options) => bench::run(&options),
        Task::Test(options) => test::run(&options),
    }
}
