//! Windows of event times: `--event-time-start` and `--event-time-end`, `--sample`
//! (<https://docs.getdbt.com/docs/build/sample-flag>).

use crate::exit::Stop;
use crate::flags;
use crate::invocation::Invocation;
use chrono::{DateTime, NaiveDate, NaiveDateTime, SecondsFormat, Utc};
use model_graph::{EventTimes, parse_time, step_back};
use project::runtime::Window;
use serde_json::{Value, json};

/// What the command line says of event times.
#[derive(Clone, Debug)]
pub struct Times {
    /// The batches of microbatch models.
    pub batches: EventTimes,
    /// `--sample`: what is read of inputs that have an event time.
    pub sample: Option<Window>,
}

/// Reads the flags.
pub fn read(invocation: &Invocation) -> Result<Times, Stop> {
    let now = invocation.now;
    let start = time(invocation, "event_time_start", "--event-time-start")?;
    let end = time(invocation, "event_time_end", "--event-time-end")?;
    let pair = |given: &str, missing: &str| {
        Stop::usage(format!(
            "The flag `{given}` was specified, but `{missing}` was not. When specifying `{given}`, `{missing}` \
             must also be present."
        ))
    };
    match (start, end) {
        (Some(_), None) => return Err(pair("--event-time-start", "--event-time-end")),
        (None, Some(_)) => return Err(pair("--event-time-end", "--event-time-start")),
        (Some(start), Some(end)) if start >= end => {
            return Err(Stop::usage("Value for `--event-time-start` must be less than `--event-time-end`"));
        }
        _ => {}
    }
    let sample = match invocation.arguments.get("sample").and_then(Value::as_str) {
        Some(text) => Some(sample(text, now)?),
        None => None,
    };
    let (first, last) = sample.unzip();
    // A sample stands above the times given for batches.
    let batches = EventTimes { start: first.or(start), end: last.or(end), now };
    let sample = sample.map(|(start, end)| Window { start: Some(text(start)), end: Some(text(end)) });
    Ok(Times { batches, sample })
}

/// The flags as `args` of run_results.json has them: times, and the window that a sample meant.
pub fn told(invocation: &Invocation) -> Vec<(&'static str, Value)> {
    let python = |time: DateTime<Utc>| time.to_rfc3339_opts(precision(time), false);
    let mut told = Vec::new();
    for (key, flag) in [("event_time_start", "--event-time-start"), ("event_time_end", "--event-time-end")] {
        if let Ok(Some(time)) = time(invocation, key, flag) {
            told.push((key, python(time).trim_end_matches("+00:00").into()));
        }
    }
    let given = invocation.arguments.get("sample").and_then(Value::as_str);
    if let Some(Ok((start, end))) = given.map(|text| sample(text, invocation.now)) {
        told.push(("sample", json!({"start": python(start), "end": python(end)})));
    }
    told
}

fn time(invocation: &Invocation, key: &str, flag: &str) -> Result<Option<DateTime<Utc>>, Stop> {
    let Some(text) = invocation.arguments.get(key).and_then(Value::as_str) else { return Ok(None) };
    let time = moment(text).ok_or_else(|| {
        Stop::usage(format!(
            "Invalid value for '{flag}': '{text}' does not match the formats '%Y-%m-%d', '%Y-%m-%dT%H:%M:%S', \
             '%Y-%m-%d %H:%M:%S'."
        ))
    })?;
    Ok(Some(time))
}

/// A date or a time in one of dbt's three forms, all of them UTC: no zone, no fraction of a second.
fn moment(text: &str) -> Option<DateTime<Utc>> {
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().and_then(|day| day.and_hms_opt(0, 0, 0));
    let time = |form: &str| NaiveDateTime::parse_from_str(text, form).ok();
    day.or_else(|| time("%Y-%m-%dT%H:%M:%S")).or_else(|| time("%Y-%m-%d %H:%M:%S")).map(|it| it.and_utc())
}

/// `3 days` up to now, or `{start: …, end: …}`.
fn sample(text: &str, now: DateTime<Utc>) -> Result<(DateTime<Utc>, DateTime<Utc>), Stop> {
    if text.trim_start().starts_with('{') {
        let bounds = flags::yaml_map("--sample", Some(text))?;
        let bound = |key: &str| bounds.get(key).and_then(Value::as_str).and_then(parse_time);
        return match (bound("start"), bound("end")) {
            (Some(start), Some(end)) => Ok((start, end)),
            _ => Err(unreadable(text, "Must have the keys `start` and `end`, each a date or a time")),
        };
    }
    let form = "Must be of form 'DAYS_INT GRAIN_SIZE'.";
    let mut words = text.split_whitespace();
    let (Some(count), Some(grain), None) = (words.next(), words.next(), words.next()) else {
        return Err(unreadable(text, form));
    };
    let count: i64 = count.parse().map_err(|_| unreadable(text, form))?;
    let grain = grain.to_ascii_lowercase();
    let start = step_back(now, count, grain.strip_suffix('s').unwrap_or(&grain));
    let start = start.ok_or_else(|| unreadable(text, "Grain sizes are hour, day, month and year."))?;
    Ok((start, now))
}

fn unreadable(text: &str, why: &str) -> Stop {
    Stop::usage(format!("Invalid value for '--sample': Cannot load SAMPLE_WINDOW from '{text}'. {why}"))
}

fn text(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(precision(time), false).replacen('T', " ", 1)
}

/// Microseconds where there are some, as Python prints times.
fn precision(time: DateTime<Utc>) -> SecondsFormat {
    if time.timestamp_subsec_micros() == 0 { SecondsFormat::Secs } else { SecondsFormat::Micros }
}
