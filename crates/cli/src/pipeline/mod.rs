//! The pipeline: every drop that is not processed yet, in date order, from its files to its alerts.
//!
//! [`run`] is the whole story: load → seed → run → test → docs → alerts. A drop is done when all of it worked;
//! one that was interrupted is taken up again by the next run, and nothing it did is done twice: the ledger
//! knows what is loaded, models are upserts or replaced, the outbox knows what was told.

mod drops;
mod options;
mod server;
mod stages;
mod summary;

pub use options::Pipeline;

use crate::arguments::Global;
use crate::exit::Stop;
use crate::invocation::{Environment, Invocation};
use crate::{failing, log, report};
use chrono::{NaiveDate, Utc};
use drops::{Agenda, Fingerprint};
use ingest::drop::{Drop, Folder};
use ingest::report::{LoadReport, Outcome};
use notifier::letter::{Failure, PipelineFailure};
use notifier::{Console, Evaluation, Policy, Rule, RuleStatus, Sending};
use platform_core::event::Level;
use platform_core::{Diagnostic, Event, EventSink, Manifest};
use project::Project;
use serde_json::Map;
use server::Server;
use stages::Stages;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};
use summary::{DropSummary, Summary};
use uuid::Uuid;
use warehouse::migrate::PLATFORM;
use warehouse::{RunLock, Sharing};

/// How long to wait for another pipeline: a killed one holds its lock until the server notices.
const PATIENCE: Duration = Duration::from_secs(5);

/// Runs the pipeline; the exit code is that of the worst thing that happened: 0 all is well, 1 something failed
/// that a mail tells of, 2 it could not run.
pub fn run(options: &Pipeline, global: &Global, environment: &Environment) -> ExitCode {
    let began = Instant::now();
    let mut global = global.clone();
    global.logging.gist = true;
    match story(options, &global, environment, began) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(stop) => {
            if let Some(event) = report::stop(&stop) {
                log::Log::plain().send(event);
            }
            ExitCode::from(2)
        }
    }
}

fn story(
    options: &Pipeline,
    global: &Global,
    environment: &Environment,
    began: Instant,
) -> Result<bool, Stop> {
    let threads = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = threads.map_err(|error| Stop::runtime(format!("no threads could be started: {error}")))?;
    let invocation = invocation(global, environment)?;
    let folder = invocation.project_dir();
    let server = runtime.block_on(server::open(options, environment, &folder))?;
    let project = self::invocation(global, &server.environment)?.read()?;
    let pipeline = Run {
        options,
        global,
        invocation: &invocation,
        server: &server,
        project: &project,
        folder: &folder,
        runtime: &runtime,
    };
    let _lock = runtime.block_on(pipeline.lock())?;
    let agenda = runtime.block_on(pipeline.agenda())?;
    if options.dry_run {
        pipeline.announce(&agenda);
        return Ok(true);
    }
    if agenda.todo.is_empty() {
        return pipeline.nothing_to_do(&agenda, began);
    }
    let mut summary = Summary::default();
    let mut newest = None;
    for (drop, fingerprint) in agenda.todo {
        summary.drops.push(pipeline.process(&drop, &fingerprint)?);
        newest = Some(drop.date);
    }
    if let Some(date) = newest {
        // The pages were written before the alerts were: now they show these incidents too.
        pipeline.stages(date).run(&["docs", "generate", "--no-compile"])?;
    }
    pipeline.finish(summary, began)
}

/// The invocation that speaks for the pipeline as a whole.
fn invocation(global: &Global, environment: &Environment) -> Result<Invocation, Stop> {
    Invocation::new(global.clone(), "pipeline", Map::new(), environment.clone())
}

struct Run<'a> {
    options: &'a Pipeline,
    global: &'a Global,
    invocation: &'a Invocation,
    server: &'a Server,
    project: &'a Project,
    folder: &'a Path,
    runtime: &'a tokio::runtime::Runtime,
}

impl Run<'_> {
    fn manifest(&self) -> &Manifest {
        &self.project.manifest
    }

    fn say(&self, level: Level, name: &str, message: impl Into<String>) {
        self.invocation.log.send(Event::new(level, name, message));
    }

    fn heading(&self, date: NaiveDate, stage: &str) {
        let line = format!("── {date}  {stage} {}", "─".repeat(60 - stage.len()));
        let event = Event::new(Level::Info, "PipelineStage", line);
        self.invocation.log.send(event.with("date", date.to_string()).with("stage", stage));
    }

    /// One pipeline at a time: the second one is told who is at work.
    async fn lock(&self) -> Result<RunLock, Stop> {
        warehouse::migrate::migrate(&self.server.warehouse, &PLATFORM).await?;
        let name = format!("pipeline of {}", self.project.name());
        let description = format!("dp pipeline, process {}", std::process::id());
        Ok(RunLock::take(&self.server.warehouse, &name, Sharing::Alone, &description, PATIENCE).await?)
    }

    async fn agenda(&self) -> Result<Agenda, Stop> {
        let (feeds, problems) = ingest::feed::feeds(self.manifest());
        self.tell(&problems);
        if problems.iter().any(|problem| problem.severity == platform_core::Severity::Error) {
            return Err(Stop::Told);
        }
        let feeds: Vec<_> = feeds.into_iter().map(Arc::new).collect();
        let folder = Folder::of_project(self.folder);
        let found = ingest::drop::find(&feeds, &folder, self.today());
        let (drops, warnings) =
            found.map_err(|source| Stop::File { action: "read", path: folder.path.clone(), source })?;
        self.tell(&warnings);
        let session = self.server.warehouse.get().await?;
        let past = drops::past(&session).await?;
        let project = drops::project_fingerprint(self.manifest(), self.folder);
        Ok(drops::agenda(drops, &past, &project, self.options.drop, self.options.retry))
    }

    /// The business date of files without one: today in the project's time zone.
    fn today(&self) -> NaiveDate {
        let zone = self.project.settings().vars.get("time_zone").and_then(|zone| zone.as_str());
        let zone: chrono_tz::Tz = zone.and_then(|zone| zone.parse().ok()).unwrap_or(chrono_tz::UTC);
        self.options.as_of.unwrap_or_else(|| Utc::now().with_timezone(&zone).date_naive())
    }

    fn tell(&self, diagnostics: &[Diagnostic]) {
        for diagnostic in diagnostics {
            self.invocation.log.send(report::warning(diagnostic));
        }
    }

    fn announce(&self, agenda: &Agenda) {
        for (drop, _) in &agenda.todo {
            let files = drop.parts.iter().flat_map(|part| &part.files).map(|file| file.name.as_str());
            let size = ingest::report::bytes(drop.size());
            let files = files.collect::<Vec<_>>().join(", ");
            self.say(Level::Info, "PipelinePlan", format!("would process {}: {files} ({size})", drop.date));
        }
        if agenda.todo.is_empty() {
            self.say(
                Level::Info,
                "PipelinePlan",
                format!("nothing to do: {} drops are processed", agenda.done),
            );
        }
    }

    fn nothing_to_do(&self, agenda: &Agenda, began: Instant) -> Result<bool, Stop> {
        // What could not be delivered last time may go out now.
        let sent = self.runtime.block_on(self.deliver(&notifier::read_policy(self.folder).0))?;
        let seconds = began.elapsed().as_secs_f64();
        let done = match agenda.done {
            0 if agenda.failed_before.is_empty() => "there are no drops in csv_data/".to_owned(),
            1 => "the one drop is processed".to_owned(),
            number => format!("all {number} drops are processed"),
        };
        self.say(Level::Info, "PipelineIdle", format!("Nothing to do: {done} ({seconds:.1} s)"));
        for date in &agenda.failed_before {
            let message = format!(
                "the drop of {date} failed before and has not changed since; `--retry` processes it again"
            );
            self.say(Level::Error, "PipelineFailedBefore", message);
        }
        Ok(agenda.failed_before.is_empty() && sent.is_clean())
    }

    /// One drop from its files to its alerts.
    fn process(&self, drop: &Drop, fingerprint: &Fingerprint) -> Result<DropSummary, Stop> {
        let run = Uuid::new_v4();
        let session = self.runtime.block_on(self.server.warehouse.get())?;
        self.runtime.block_on(drops::begin(&session, drop.date, fingerprint, run))?;
        let mut summary = DropSummary { date: drop.date.to_string(), ..DropSummary::default() };
        let (policy, problems) = notifier::read_policy(self.folder);
        self.tell(&problems);
        let failure = self.build(drop, run, &mut summary)?;
        let stages = self.stages(drop.date);
        self.heading(drop.date, "docs");
        stages.run(&["docs", "generate"])?;
        self.heading(drop.date, "alerts");
        self.runtime.block_on(self.publish(drop.date, &policy, failure, &mut summary))?;
        self.runtime.block_on(drops::end(
            &session,
            drop.date,
            summary.trouble.is_none(),
            summary.trouble.as_deref(),
        ))?;
        Ok(summary)
    }

    fn stages(&self, date: NaiveDate) -> Stages<'_> {
        Stages {
            options: self.options,
            global: self.global,
            environment: &self.server.environment,
            folder: self.folder,
            target: self.project.target_path.clone(),
            date,
        }
    }

    /// load → seed → run → test; what failed, if anything did.
    fn build(
        &self,
        drop: &Drop,
        run: Uuid,
        summary: &mut DropSummary,
    ) -> Result<Option<PipelineFailure>, Stop> {
        self.heading(drop.date, "load");
        let loaded = self.runtime.block_on(self.load(drop, run))?;
        let tally = loaded.tally();
        (summary.loaded, summary.quarantined) = (tally.rows, tally.rejected);
        if loaded.outcome == Outcome::Refused {
            summary.trouble = Some("the drop was refused".to_owned());
            return Ok(Some(refused(&loaded)));
        }
        let stages = self.stages(drop.date);
        for verb in self.verbs() {
            self.heading(drop.date, verb);
            let began = Instant::now();
            let worked = stages.run(&[verb])?;
            let results = stages.results()?;
            summary.count(&results);
            let line = summary::outcome(&results, began.elapsed());
            self.say(Level::Info, "PipelineStageSummary", line);
            if !worked {
                let (failures, skipped) =
                    stages::failures(&results, self.manifest(), failing::read(&stages.target)?.as_ref());
                summary.trouble = Some(stages::in_words(&failures));
                let consequence = String::new();
                return Ok(Some(PipelineFailure { as_of: drop.date, failures, skipped, consequence }));
            }
        }
        Ok(None)
    }

    /// Snapshots are a stage where the project has any.
    fn verbs(&self) -> Vec<&'static str> {
        let of = |kind| self.manifest().nodes.values().any(|node| node.resource_type == kind);
        let mut verbs = vec!["run", "test"];
        if of(platform_core::ResourceType::Snapshot) {
            verbs.insert(1, "snapshot");
        }
        if of(platform_core::ResourceType::Seed) {
            verbs.insert(0, "seed");
        }
        verbs
    }

    async fn load(&self, drop: &Drop, run: Uuid) -> Result<LoadReport, Stop> {
        let mut context = ingest::load::Context::new(Utc::now(), self.invocation.log.clone());
        context.run = Some(run.to_string());
        let loaded = ingest::load::load(drop, &self.server.warehouse, &context).await;
        let loaded = loaded.map_err(|error| Stop::runtime(error.to_string()))?;
        if loaded.outcome == Outcome::Skipped {
            self.say(Level::Info, "DropSkipped", "these files are loaded already");
        }
        self.tell(&loaded.notes().cloned().collect::<Vec<_>>());
        for problem in &loaded.problems {
            self.say(Level::Error, "DropRefused", problem.to_string());
        }
        Ok(loaded)
    }

    /// Alerts on good data; a mail about the failure otherwise. Then everything that is due goes out.
    async fn publish(
        &self,
        date: NaiveDate,
        policy: &Policy,
        failure: Option<PipelineFailure>,
        summary: &mut DropSummary,
    ) -> Result<(), Stop> {
        let failed = |error: notifier::Error| Stop::runtime(error.to_string());
        let (warehouse, events) = (&self.server.warehouse, &*self.invocation.log);
        if let Some(failure) = failure {
            notifier::report_failure(&failure, policy, warehouse, events).await.map_err(failed)?;
            let told = format!(
                "no alerts on the data of {date}: {}",
                summary.trouble.as_deref().unwrap_or_default()
            );
            self.say(Level::Error, "NothingPublished", told);
        } else {
            notifier::report_recovery(date, policy, warehouse, events).await.map_err(failed)?;
            let (rules, problems) = notifier::read_rules(self.manifest(), self.folder);
            self.tell(&problems);
            summary.alerts = self.evaluate(date, &rules, policy).await?;
        }
        summary.sent = self.deliver(policy).await?.sent;
        Ok(())
    }

    async fn evaluate(&self, date: NaiveDate, rules: &[Rule], policy: &Policy) -> Result<i64, Stop> {
        let evaluation = Evaluation::of(date);
        let found =
            notifier::evaluate(rules, policy, evaluation, &self.server.warehouse, &*self.invocation.log)
                .await;
        let found = found.map_err(|error| Stop::runtime(error.to_string()))?;
        for rule in &found.rules {
            let line = match rule.status {
                RuleStatus::Evaluated => format!(
                    "rule {}: {} checked, {} moved, {} without a record of the day",
                    rule.rule, rule.checked, rule.alerts, rule.missing
                ),
                RuleStatus::Waiting => format!("rule {}: the records of {date} are not there yet", rule.rule),
                RuleStatus::Stale => format!("rule {}: the records of {date} are missing", rule.rule),
            };
            self.say(Level::Info, "RuleEvaluated", line);
        }
        Ok(found.rules.iter().map(|rule| rule.alerts).sum())
    }

    async fn deliver(&self, policy: &Policy) -> Result<notifier::DeliveryReport, Stop> {
        let stop = AtomicBool::new(false);
        let variables = self.server.environment.variables.clone();
        let lookup = move |name: &str| variables.get(name).cloned();
        let sending = Sending {
            limit: None,
            now: None,
            worker: format!("pipeline {}", std::process::id()),
            stop: &stop,
            environment: &lookup,
            console: Console::default(),
        };
        let delivered =
            notifier::deliver(policy, &sending, &self.server.warehouse, &*self.invocation.log).await;
        let delivered = delivered.map_err(|error| Stop::runtime(error.to_string()))?;
        for problem in &delivered.problems {
            self.say(Level::Error, "DeliveryProblem", problem.clone());
        }
        Ok(delivered)
    }

    fn finish(&self, mut summary: Summary, began: Instant) -> Result<bool, Stop> {
        let (policy, _) = notifier::read_policy(self.folder);
        summary.mails = notifier::file_folders(&policy, self.folder)
            .into_iter()
            .filter(|folder| folder.is_dir())
            // `a/./b` is `a/b` for people.
            .map(|folder| folder.components().collect())
            .collect();
        let page: PathBuf = self.project.target_path.join("index.html");
        summary.site = page.is_file().then_some(page);
        summary.seconds = began.elapsed().as_secs_f64();
        self.say(
            Level::Info,
            "PipelineStage",
            format!("── done in {:.1} s {}", summary.seconds, "─".repeat(60)),
        );
        for line in summary.lines() {
            self.say(Level::Info, "PipelineSummary", line);
        }
        Ok(summary.is_clean())
    }
}

/// A drop that was refused, for the mail about it.
fn refused(loaded: &LoadReport) -> PipelineFailure {
    let failures = loaded.problems.iter().map(|problem| Failure {
        node: problem
            .place
            .as_ref()
            .map_or_else(|| format!("drop {}", loaded.date), |place| place.file.clone()),
        what: "drop".to_owned(),
        message: problem.message.clone(),
        file: problem.place.as_ref().map(|place| place.file.clone()),
        line: problem.place.as_ref().map(|place| place.line).filter(|line| *line > 0),
        ..Failure::default()
    });
    PipelineFailure {
        as_of: loaded.date,
        failures: failures.collect(),
        skipped: 0,
        consequence: "The tables keep the data of the drop before.".to_owned(),
    }
}
