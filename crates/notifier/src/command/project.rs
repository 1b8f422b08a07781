//! What a command works on.

use crate::channel::{Console, Environment};
use crate::policy::Policy;
use crate::rule::Rule;
use crate::{Error, Result, schema};
use chrono::{DateTime, NaiveDate, Utc};
use platform_core::failing::FailingTests;
use platform_core::{Diagnostic, EventSink, Manifest, RunResults};
use std::path::Path;
use std::sync::atomic::AtomicBool;
use warehouse::Warehouse;

/// What a command works on.
pub struct Project<'a> {
    /// Rules of the project.
    pub rules: Vec<Rule>,
    /// Routes and channels.
    pub policy: Policy,
    /// What is wrong with both.
    pub problems: Vec<Diagnostic>,
    /// The project.
    pub manifest: &'a Manifest,
    /// The last run, if there was one.
    pub results: Option<&'a RunResults>,
    /// What its tests found.
    pub failing: Option<FailingTests>,
    /// The database.
    pub warehouse: &'a Warehouse,
    /// Values of the environment.
    pub environment: Environment<'a>,
    /// Where the console channel writes.
    pub console: Console,
    /// Where to say what happens.
    pub events: &'a dyn EventSink,
    /// Set to stop after the message in flight.
    pub stop: &'a AtomicBool,
}

impl<'a> Project<'a> {
    /// Reads rules and routes of the project in `root`.
    #[expect(clippy::too_many_arguments, reason = "each is a part of the world that the caller owns")]
    pub fn read(
        root: &Path,
        manifest: &'a Manifest,
        results: Option<&'a RunResults>,
        warehouse: &'a Warehouse,
        environment: Environment<'a>,
        console: Console,
        events: &'a dyn EventSink,
        stop: &'a AtomicBool,
    ) -> Self {
        let (rules, mut problems) = crate::read_rules(manifest, root);
        let (policy, more) = crate::read_policy(root);
        problems.extend(more);
        Self {
            rules,
            policy,
            problems,
            manifest,
            results,
            failing: None,
            warehouse,
            environment,
            console,
            events,
            stop,
        }
    }

    /// The same, with what the last run's tests found.
    #[must_use]
    pub fn with_failing(self, failing: Option<FailingTests>) -> Self {
        Self { failing, ..self }
    }

    /// The settings are right, or nothing is done.
    pub(super) fn sound(&self) -> Result<()> {
        if self.problems.is_empty() { Ok(()) } else { Err(Error::Settings(self.problems.clone())) }
    }

    /// The business date of today.
    pub(super) async fn today(&self) -> Result<NaiveDate> {
        Ok(self.now().await?.with_timezone(&self.policy.timezone).date_naive())
    }

    pub(super) async fn now(&self) -> Result<DateTime<Utc>> {
        schema::now(&*self.warehouse.get().await?).await
    }

    /// The rules, or the one of that name.
    pub(super) fn rules(&self, id: Option<&str>) -> Result<Vec<Rule>> {
        let rules: Vec<Rule> =
            self.rules.iter().filter(|rule| id.is_none_or(|id| rule.id == id)).cloned().collect();
        match id {
            Some(id) if rules.is_empty() => {
                Err(Error::NotFound { what: format!("a rule with the id `{id}`") })
            }
            _ => Ok(rules),
        }
    }
}
