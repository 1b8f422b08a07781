//! `dp load`: CSV drops into their sources, every record accounted for.

use crate::arguments::verb::Load;
use crate::database;
use crate::exit::{Exit, Stop};
use crate::invocation::Invocation;
use crate::report;
use chrono::{NaiveDate, Utc};
use ingest::drop::{Drop, Folder, find};
use ingest::feed::feeds;
use ingest::load::{Context, load as load_drop};
use ingest::plan::{Planned, plan};
use ingest::report::{LoadReport, Outcome};
use platform_core::event::Level;
use platform_core::{Diagnostic, EventSink as _, Severity};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use warehouse::Warehouse;

/// Loads drops that are new, or those that are named.
pub fn load(invocation: &Invocation, arguments: &Load) -> Result<Exit, Stop> {
    let project = invocation.read()?;
    let (found, problems) = feeds(&project.manifest);
    tell(invocation, &problems);
    if problems.iter().any(|problem| problem.severity == Severity::Error) {
        return Err(Stop::Told);
    }
    let feeds: Vec<_> = found.into_iter().map(Arc::new).collect();
    let folder = Folder::of_project(&project.root);
    let failed = |source| Stop::File { action: "read", path: folder.path.clone(), source };
    let (drops, warnings) = find(&feeds, &folder, today(invocation)).map_err(failed)?;
    tell(invocation, &warnings);
    let drops = chosen(drops, &arguments.drop)?;
    let database = database::open(invocation, &project.profile, 4)?;
    database.runtime.block_on(async {
        if arguments.dry_run {
            return show(invocation, drops, &database.warehouse, arguments.force).await;
        }
        let mut context = Context::new(Utc::now(), invocation.log.clone());
        context.again = arguments.force;
        let cancelled = context.cancelled.clone();
        let listener = tokio::spawn(async move {
            if tokio::signal::ctrl_c().await.is_ok() {
                cancelled.store(true, Ordering::Release);
            }
        });
        let exit = load_all(invocation, drops, &database.warehouse, &context).await;
        listener.abort();
        exit
    })
}

/// The date of files that carry none: `as_of` of `--vars`, else today.
fn today(invocation: &Invocation) -> NaiveDate {
    let given = invocation.vars.get("as_of").and_then(serde_json::Value::as_str);
    given.and_then(|text| text.parse().ok()).unwrap_or_else(|| Utc::now().date_naive())
}

fn chosen(drops: Vec<Drop>, named: &[String]) -> Result<Vec<Drop>, Stop> {
    let mut dates: Vec<NaiveDate> = Vec::new();
    for name in named {
        let last = name.trim_end_matches('/').rsplit('/').next().unwrap_or(name);
        let date = last.parse().ok().filter(|date| drops.iter().any(|drop| drop.date == *date));
        let known: Vec<String> = drops.iter().map(|drop| drop.date.to_string()).collect();
        dates.push(date.ok_or_else(|| {
            Stop::runtime(format!("there is no drop `{name}`\nhint: there are {}", known.join(", ")))
        })?);
    }
    Ok(drops.into_iter().filter(|drop| dates.is_empty() || dates.contains(&drop.date)).collect())
}

async fn show(
    invocation: &Invocation,
    drops: Vec<Drop>,
    warehouse: &Warehouse,
    force: bool,
) -> Result<Exit, Stop> {
    let planned = plan(drops, warehouse, Context::new(Utc::now(), invocation.log.clone()).sameness);
    let planned = planned.await.map_err(|error| Stop::runtime(error.to_string()))?;
    for line in planned.iter().flat_map(ingest::plan::Planned::lines) {
        invocation.say(Level::Info, "DropPlanned", "", line);
    }
    let count = planned.iter().filter(|planned| force || planned.is_needed()).count();
    let text = format!("{count} of {} to load", model_graph::counted(planned.len(), "drop"));
    invocation.say(Level::Info, "DropsPlanned", "", text);
    planned.iter().for_each(|planned| tell(invocation, &planned.drop.problems));
    let good = planned.iter().all(|planned| planned.drop.problems.is_empty());
    Ok(if good { Exit::Success } else { Exit::Failure })
}

async fn load_all(
    invocation: &Invocation,
    drops: Vec<Drop>,
    warehouse: &Warehouse,
    context: &Context,
) -> Result<Exit, Stop> {
    let failed = |error: ingest::Error| Stop::runtime(error.to_string());
    let needed: Vec<Drop> = if context.again {
        drops
    } else {
        let planned = plan(drops, warehouse, context.sameness).await.map_err(failed)?;
        planned.into_iter().filter(Planned::is_needed).map(|planned| planned.drop).collect()
    };
    let (mut loaded, mut refused) = (0, 0);
    for drop in &needed {
        let report = load_drop(drop, warehouse, context).await.map_err(failed)?;
        account(invocation, &report);
        match report.outcome {
            Outcome::Refused => refused += 1,
            Outcome::Loaded => loaded += 1,
            Outcome::Skipped => {}
        }
        if context.cancelled.load(Ordering::Acquire) {
            invocation.say(Level::Warn, "LoadInterrupted", "", "Exited because of keyboard interrupt");
            return Ok(Exit::Code(2));
        }
    }
    let text = match (loaded, refused) {
        (0, 0) => "Nothing to load: every drop is loaded already".to_owned(),
        _ => format!("{} loaded, {refused} refused", model_graph::counted(loaded, "drop")),
    };
    invocation.say(Level::Info, "DropsLoaded", "", text);
    Ok(if refused > 0 { Exit::Failure } else { Exit::Success })
}

/// What became of a drop, every record accounted for.
fn account(invocation: &Invocation, report: &LoadReport) {
    for table in &report.tables {
        for file in &table.files {
            tell(invocation, &file.notes);
        }
    }
    tell(invocation, &report.problems);
}

fn tell(invocation: &Invocation, diagnostics: &[Diagnostic]) {
    for diagnostic in diagnostics {
        match diagnostic.severity {
            Severity::Warning => invocation.log.send(report::warning(diagnostic)),
            Severity::Error => invocation.say(Level::Error, "DropRefused", "", report::text(diagnostic)),
        }
    }
}
