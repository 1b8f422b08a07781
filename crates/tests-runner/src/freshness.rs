//! How fresh sources are: the age of the newest row beside what the source allows
//! (<https://docs.getdbt.com/reference/resource-properties/freshness>).

use chrono::{DateTime, NaiveDateTime, SecondsFormat, TimeDelta, Utc};
use platform_core::freshness::SourceFreshness;
use platform_core::node::Source;
use platform_core::{Executor, NodeResult, Resource, RunContext, Status, UniqueId};
use project::runtime::freshness::Newest;
use project::runtime::{Failure, Runtime, Slots, Stopwatch};
use serde_json::Value;
use std::sync::{Arc, Mutex, PoisonError};

/// Asks how fresh sources are.
pub struct Gauge {
    /// Renders what is asked.
    pub runtime: Runtime,
    /// The connections of the run.
    pub slots: Arc<Slots>,
    found: Mutex<Vec<SourceFreshness>>,
}

/// Whether anything is demanded of a source.
pub fn is_gauged(source: &Source) -> bool {
    source.freshness.as_ref().is_some_and(|freshness| {
        ["warn_after", "error_after"].iter().any(|key| allowance(freshness, key).is_some())
    })
}

impl Gauge {
    /// Nothing was asked yet.
    pub fn new(runtime: Runtime, slots: Arc<Slots>) -> Self {
        Self { runtime, slots, found: Mutex::default() }
    }

    /// What was found, in order of completion; sources that could not be asked are not among them.
    pub fn found(&self) -> Vec<SourceFreshness> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn gauge(&self, source: &Source, slot: usize) -> NodeResult {
        let mut watch = Stopwatch::start();
        watch.next("execute");
        let asked = self.ask(source, slot);
        let (timing, execution_time) = watch.stop();
        let id = source.unique_id.clone();
        let mut result = match asked {
            Ok((age, newest)) => {
                let criteria = source.freshness.clone().unwrap_or_default();
                let status = judged(&criteria, age.elapsed);
                let thread = std::thread::current();
                self.found.lock().unwrap_or_else(PoisonError::into_inner).push(SourceFreshness {
                    unique_id: id.clone(),
                    max_loaded_at: text(age.newest),
                    snapshotted_at: text(age.asked),
                    max_loaded_at_time_ago_in_s: seconds(age.elapsed),
                    status,
                    criteria,
                    adapter_response: newest.response.clone(),
                    timing: timing.clone(),
                    thread_id: thread.name().unwrap_or("MainThread").to_owned(),
                    execution_time,
                });
                let mut result = NodeResult::new(id, status, None);
                result.adapter_response = newest.response;
                result
            }
            Err(failure) => {
                let mut result = NodeResult::new(id, Status::RuntimeError, Some(failure.message));
                result.diagnostic = Some(Box::new(failure.diagnostic));
                result
            }
        };
        result.timing = timing;
        result.execution_time = execution_time;
        result
    }

    fn ask(&self, source: &Source, slot: usize) -> Result<(Age, Newest), Failure> {
        let resource = Resource::Source(source);
        let connection = self
            .slots
            .connection(slot)
            .map_err(|error| self.runtime.plain_failure(resource, "Database Error", &error.to_string()))?;
        let newest = self
            .runtime
            .newest(source, &connection)
            .map_err(|error| self.runtime.failure(resource, &error))?;
        let age = Age::of(&newest)
            .map_err(|problem| self.runtime.plain_failure(resource, "Compilation Error", &problem))?;
        Ok((age, newest))
    }
}

impl Executor for Gauge {
    fn execute(&self, id: &UniqueId, slot: usize, context: &RunContext) -> NodeResult {
        match context.manifest.resource(id) {
            Some(Resource::Source(source)) => self.gauge(source, slot),
            _ => NodeResult::new(id.clone(), Status::Error, Some(format!("{id} is no source"))),
        }
    }

    fn cancel(&self) {
        self.slots.cancel_and_wait();
    }
}

/// The two times and what lies between.
#[derive(Clone, Copy, Debug)]
struct Age {
    newest: DateTime<Utc>,
    asked: DateTime<Utc>,
    elapsed: TimeDelta,
}

impl Age {
    /// A source without rows is as old as the calendar.
    fn of(newest: &Newest) -> Result<Self, String> {
        let first_of_all = DateTime::from_timestamp(-62_135_596_800, 0).unwrap_or_default();
        let asked = time(&newest.snapshotted_at)?;
        let newest = newest.max_loaded_at.as_deref().map_or(Ok(first_of_all), time)?;
        Ok(Self { newest, asked, elapsed: asked - newest })
    }
}

/// A time as the database gives it; without a zone it is UTC.
fn time(text: &str) -> Result<DateTime<Utc>, String> {
    let stamped = text.replacen(' ', "T", 1);
    DateTime::parse_from_str(&stamped, "%Y-%m-%dT%H:%M:%S%.f%#z")
        .map(|time| time.with_timezone(&Utc))
        .or_else(|_| {
            NaiveDateTime::parse_from_str(&stamped, "%Y-%m-%dT%H:%M:%S%.f").map(|time| time.and_utc())
        })
        .map_err(|_| {
            format!(
                "Expected a timestamp value for the newest row, but received `{text}`\nhint: cast `loaded_at_field` \
                 to a timestamp: `loaded_at_field: \"my_date::timestamp\"`"
            )
        })
}

fn text(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, false)
}

#[expect(clippy::cast_precision_loss, reason = "microseconds of two thousand years fit")]
fn seconds(elapsed: TimeDelta) -> f64 {
    elapsed.num_microseconds().map_or_else(|| elapsed.num_seconds() as f64, |micros| micros as f64 / 1e6)
}

fn judged(criteria: &Value, elapsed: TimeDelta) -> Status {
    let beyond = |key: &str| allowance(criteria, key).is_some_and(|allowed| elapsed > allowed);
    if beyond("error_after") {
        Status::Error
    } else if beyond("warn_after") {
        Status::Warn
    } else {
        Status::Pass
    }
}

fn allowance(criteria: &Value, key: &str) -> Option<TimeDelta> {
    let rule = criteria.get(key)?;
    let count = rule.get("count")?.as_i64()?;
    match rule.get("period")?.as_str()? {
        "minute" => TimeDelta::try_minutes(count),
        "hour" => TimeDelta::try_hours(count),
        "day" => TimeDelta::try_days(count),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(newest: Option<&str>, criteria: &Value, status: Status) {
        let newest = Newest {
            max_loaded_at: newest.map(str::to_owned),
            snapshotted_at: "2026-11-26 00:42:30.750619+00:00".to_owned(),
            response: serde_json::Map::new(),
        };
        let age = Age::of(&newest).expect("times");
        assert_eq!(judged(criteria, age.elapsed), status);
    }

    #[test]
    fn compares_the_age_with_what_is_allowed() {
        let both = json!({"warn_after": {"count": 1, "period": "day"}, "error_after": {"count": 3, "period": "day"}});
        check(Some("2026-11-26 00:42:29.5+00:00"), &both, Status::Pass);
        check(Some("2026-11-25 00:42:31"), &both, Status::Pass);
        check(Some("2026-11-25 06:42:30.75+05:30"), &both, Status::Pass);
        check(Some("2026-11-25 00:42:30.76+00"), &both, Status::Pass);
        check(Some("2026-11-25 00:42:30"), &both, Status::Warn);
        check(Some("2026-11-23 02:42:30+02:00"), &both, Status::Error);
        check(None, &both, Status::Error);
        let unset = json!({"warn_after": {"count": null, "period": null}, "error_after": {"count": 5, "period": "minute"}});
        check(Some("2026-11-26 00:37:31"), &unset, Status::Pass);
        check(Some("2026-11-26 00:37:30"), &unset, Status::Error);
    }

    #[test]
    fn a_date_is_no_time() {
        let refused = time("2026-11-26").expect_err("no time of day");
        assert!(refused.contains("cast `loaded_at_field`"), "{refused}");
    }

    #[test]
    fn a_source_without_rows_is_as_old_as_the_calendar() {
        let newest = Newest {
            max_loaded_at: None,
            snapshotted_at: "2026-11-26 00:00:00".to_owned(),
            response: serde_json::Map::new(),
        };
        assert_eq!(text(Age::of(&newest).expect("times").newest), "0001-01-01T00:00:00+00:00");
    }
}
