//! `dp alerts …`: the commands of the notifier over this project and its database.

use crate::arguments::verb::Alerts;
use crate::database;
use crate::exit::{Exit, Stop};
use crate::failing;
use crate::invocation::Invocation;
use notifier::command::{self, Check, Project, Verb};
use notifier::{Console, interrupt};
use platform_core::event::Level;
use platform_core::{Event, EventSink as _};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Runs a command of the notifier.
pub fn alerts(invocation: &Invocation, arguments: &Alerts) -> Result<Exit, Stop> {
    let project = invocation.read()?;
    let results = docs::results::last(&project.target_path)
        .map_err(|error| Stop::runtime(crate::verb::docs::explained(&error)))?;
    let failing = failing::read(&project.target_path)?;
    let database = database::open(invocation, &project.profile, 4)?;
    let environment = |name: &str| invocation.environment.get(name).map(str::to_owned);
    let stop = Arc::new(AtomicBool::new(false));
    let verb = arguments.verb.clone().unwrap_or(Verb::Check(Check::default()));
    let exit = database.runtime.block_on(async {
        if verb.sends() {
            tokio::spawn(interrupt::wait(stop.clone()));
        }
        let alerts = Project::read(
            &project.root,
            &project.manifest,
            results.as_ref(),
            &database.warehouse,
            &environment,
            Console::default(),
            &*invocation.log,
            &stop,
        )
        .with_failing(failing);
        command::run(&verb, &alerts, &mut std::io::stdout()).await
    });
    let exit = exit.unwrap_or_else(|problem| {
        let words = format!("failed to {problem}");
        invocation.log.send(Event::new(Level::Error, "AlertCommandFailed", words));
        command::Exit::of(&problem)
    });
    Ok(Exit::Code(exit.code()))
}
