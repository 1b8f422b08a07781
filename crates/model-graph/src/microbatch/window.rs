//! Which windows a microbatch model is built in.

use super::Span;
use chrono::{DateTime, Datelike, Days, Months, TimeDelta, TimeZone, Timelike, Utc};
use platform_core::Node;
use project::parse::verify::moment;

/// What the command line says of event times.
#[derive(Clone, Copy, Debug)]
pub struct EventTimes {
    /// `--event-time-start`
    pub start: Option<DateTime<Utc>>,
    /// `--event-time-end`
    pub end: Option<DateTime<Utc>>,
    /// When the command began.
    pub now: DateTime<Utc>,
}

/// `batch_size`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchSize {
    /// An hour.
    Hour,
    /// A day.
    Day,
    /// A month.
    Month,
    /// A year.
    Year,
}

/// Reads a time as ISO 8601 has it; without a zone it is UTC.
pub fn parse_time(text: &str) -> Option<DateTime<Utc>> {
    Some(moment(text)?.to_utc())
}

/// That many hours, days, months or years before a time; `None` for another grain.
pub fn step_back(time: DateTime<Utc>, count: i64, grain: &str) -> Option<DateTime<Utc>> {
    Some(BatchSize::parse(grain)?.step(time, -count))
}

impl BatchSize {
    fn parse(grain: &str) -> Option<Self> {
        match grain {
            "hour" => Some(Self::Hour),
            "day" => Some(Self::Day),
            "month" => Some(Self::Month),
            "year" => Some(Self::Year),
            _ => None,
        }
    }

    /// The model's `batch_size`.
    pub fn of(node: &Node) -> Result<Self, String> {
        match node.config.text("batch_size") {
            Some(grain) => Self::parse(grain).ok_or_else(|| {
                format!(
                    "Microbatch model '{}' has an invalid 'batch_size' of '{grain}': one of hour, day, month, year",
                    node.name
                )
            }),
            None => Err(format!("Microbatch model '{}' must have a 'batch_size' configured", node.name)),
        }
    }

    /// The start of the batch that holds the time.
    pub fn floor(self, time: DateTime<Utc>) -> DateTime<Utc> {
        let (month, day, hour) = match self {
            Self::Hour => (time.month(), time.day(), time.hour()),
            Self::Day => (time.month(), time.day(), 0),
            Self::Month => (time.month(), 1, 0),
            Self::Year => (1, 1, 0),
        };
        Utc.with_ymd_and_hms(time.year(), month, day, hour, 0, 0).single().unwrap_or(time)
    }

    /// That many batches on, or back.
    pub fn step(self, time: DateTime<Utc>, count: i64) -> DateTime<Utc> {
        let size = count.unsigned_abs();
        let back = count < 0;
        let months = |size: u64| Months::new(u32::try_from(size).unwrap_or(u32::MAX));
        let moved = match (self, back) {
            (Self::Hour, _) => TimeDelta::try_hours(count).and_then(|delta| time.checked_add_signed(delta)),
            (Self::Day, false) => time.checked_add_days(Days::new(size)),
            (Self::Day, true) => time.checked_sub_days(Days::new(size)),
            (Self::Month, false) => time.checked_add_months(months(size)),
            (Self::Month, true) => time.checked_sub_months(months(size)),
            (Self::Year, false) => time.checked_add_months(months(size.saturating_mul(12))),
            (Self::Year, true) => time.checked_sub_months(months(size.saturating_mul(12))),
        };
        moved.unwrap_or(time)
    }

    /// The windows to build: all since `begin` for a new table, else the last ones.
    pub fn spans(self, node: &Node, times: &EventTimes, fresh: bool) -> Result<Vec<Span>, String> {
        let checkpoint = times.end.unwrap_or(times.now);
        let start = match times.start {
            Some(start) => self.floor(start),
            None if fresh => self.floor(begin(node)?),
            None => self.lookback(node, checkpoint),
        };
        // Batches are whole: the one that the end lies in is built to its own end.
        let end = self.ceiling(checkpoint);
        if start == end {
            return Ok(vec![(start, end)]);
        }
        let mut spans = Vec::new();
        let mut at = start;
        while at < end {
            let next = self.step(at, 1);
            if next <= at {
                break;
            }
            spans.push((at, next));
            at = next;
        }
        Ok(spans)
    }

    /// The end of the batch that holds the time; the time itself where a batch begins.
    fn ceiling(self, time: DateTime<Utc>) -> DateTime<Utc> {
        let floor = self.floor(time);
        if floor == time { floor } else { self.step(floor, 1) }
    }

    /// The batch of that time and those before it that `lookback` takes again.
    fn lookback(self, node: &Node, checkpoint: DateTime<Utc>) -> DateTime<Utc> {
        let configured = node.config.get("lookback").and_then(serde_json::Value::as_i64).unwrap_or(1);
        let floor = self.floor(checkpoint);
        let on_edge = i64::from(floor == checkpoint);
        self.step(floor, -(configured + on_edge))
    }

    /// How a batch is called in messages and files.
    pub fn label(self, start: DateTime<Utc>) -> String {
        let format = match self {
            Self::Hour => "%Y-%m-%dT%H",
            Self::Day => "%Y-%m-%d",
            Self::Month => "%Y-%m",
            Self::Year => "%Y",
        };
        start.format(format).to_string()
    }

    /// `model.batch.id`
    pub fn id(self, start: DateTime<Utc>) -> String {
        self.label(start).replace('-', "")
    }
}

/// Where the first batch begins. Batches are in UTC: as in dbt, an offset counts for nothing.
fn begin(node: &Node) -> Result<DateTime<Utc>, String> {
    let missing = || {
        format!(
            "Microbatch model '{}' requires a 'begin' configuration value to run initially or with --full-refresh",
            node.name
        )
    };
    let text = node.config.text("begin").ok_or_else(missing)?;
    let begin = moment(text).map(|it| it.naive_local().and_utc());
    begin.ok_or_else(|| format!("Microbatch model '{}' has a 'begin' that is no time: '{text}'", node.name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn node(lookback: i64) -> Node {
        serde_json::from_value(json!({
            "name": "m", "resource_type": "model", "package_name": "p", "path": "m.sql", "alias": "m",
            "original_file_path": "models/m.sql", "unique_id": "model.p.m", "fqn": ["p", "m"],
            "config": {"begin": "2026-11-18", "batch_size": "day", "lookback": lookback},
        }))
        .expect("a node")
    }

    #[track_caller]
    fn check(
        size: BatchSize,
        times: (Option<&str>, Option<&str>, &str),
        fresh: bool,
        lookback: i64,
        expected: &[&str],
    ) {
        let time = |text: &str| parse_time(text).expect("a time");
        let times = EventTimes { start: times.0.map(time), end: times.1.map(time), now: time(times.2) };
        let spans = size.spans(&node(lookback), &times, fresh).expect("spans");
        let labels: Vec<String> = spans.iter().map(|(start, _)| size.label(*start)).collect();
        assert_eq!(labels, expected);
    }

    #[test]
    fn a_new_table_gets_all_batches_since_begin() {
        check(
            BatchSize::Day,
            (None, None, "2026-11-20 10:00:00"),
            true,
            1,
            &["2026-11-18", "2026-11-19", "2026-11-20"],
        );
        check(BatchSize::Month, (None, None, "2026-12-01 10:00:00"), true, 1, &["2026-11", "2026-12"]);
    }

    #[test]
    fn a_known_table_gets_today_and_what_it_looks_back() {
        check(BatchSize::Day, (None, None, "2026-11-23 00:38:00"), false, 1, &["2026-11-22", "2026-11-23"]);
        check(BatchSize::Day, (None, None, "2026-11-23 00:38:00"), false, 0, &["2026-11-23"]);
        check(
            BatchSize::Hour,
            (None, None, "2026-11-23 01:38:00"),
            false,
            1,
            &["2026-11-23T00", "2026-11-23T01"],
        );
    }

    #[test]
    fn given_times_say_which_batches_and_batches_are_whole() {
        let times = (Some("2026-11-19"), Some("2026-11-21"), "2026-11-23 00:38:00");
        check(BatchSize::Day, times, true, 1, &["2026-11-19", "2026-11-20"]);
        let spans = |size: BatchSize, start: &str, end: &str| {
            let times = EventTimes { start: parse_time(start), end: parse_time(end), now: Utc::now() };
            let spans = size.spans(&node(1), &times, false).expect("spans");
            spans.iter().map(|(start, end)| format!("{start:?} {end:?}")).collect::<Vec<_>>()
        };
        assert_eq!(
            spans(BatchSize::Day, "2026-11-19 05:00:00", "2026-11-19T12:00:00Z"),
            ["2026-11-19T00:00:00Z 2026-11-20T00:00:00Z"]
        );
        assert_eq!(
            spans(BatchSize::Year, "2024-03-01", "2025-02-01"),
            ["2024-01-01T00:00:00Z 2025-01-01T00:00:00Z", "2025-01-01T00:00:00Z 2026-01-01T00:00:00Z"]
        );
        assert_eq!(
            spans(BatchSize::Month, "2026-03-01", "2026-03-01"),
            ["2026-03-01T00:00:00Z 2026-03-01T00:00:00Z"]
        );
    }

    #[test]
    fn names_batches() {
        let time = parse_time("2026-11-20 07:00:00").expect("a time");
        assert_eq!(BatchSize::Hour.id(time), "20261120T07");
        assert_eq!(BatchSize::Year.label(time), "2026");
        assert_eq!(BatchSize::Day.step(time, -2).day(), 18);
    }
}
