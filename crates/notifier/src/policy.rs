//! Who is told, how and when: `alerts.yml`, every default filled in.

mod channel;
mod read;

pub use channel::{Channel, ChannelKind, OnUnknown, SecretSource, Smtp, SmtpTls, WebhookShape};
pub use read::read_policy;

use crate::measure::{Span, TimeOfDay};
use chrono::{DateTime, NaiveDate, TimeZone as _, Utc};
use chrono_tz::Tz;
use indexmap::IndexMap;
use std::path::{Path, PathBuf};

/// The file's name, in the project's folder.
pub const FILE: &str = "alerts.yml";

/// Routes, channels and times.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Whose clock deadlines and the times in messages follow.
    pub timezone: Tz,
    /// Tells two installations apart that write to the same people; drawn once per database if missing.
    pub installation: Option<String>,
    /// The sender of mails that a channel gives none for.
    pub from: String,
    /// First match holds; the last one matches everything.
    pub routes: Vec<Route>,
    /// By name.
    pub channels: IndexMap<String, Channel>,
    /// Say it again while nobody acknowledges.
    pub repeat: Option<Repeat>,
    /// Say it to others while nobody acknowledges.
    pub escalate: Option<Escalate>,
    /// When not to disturb.
    pub quiet_hours: Option<QuietHours>,
    /// Say so on days without an alert.
    pub heartbeat: bool,
    /// When an incident settles by itself.
    pub resolve: Resolve,
    /// Give a message up, as dead, after that long.
    pub give_up_after: Span,
    /// Tell the fallback channel after that long.
    pub fallback_after: Span,
    /// Folder of templates that replace ours.
    pub templates: Option<PathBuf>,
}

/// A rule of who is told of what.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Route {
    /// Its name in tables: `route_1` and so on where none is given.
    pub id: String,
    /// Which alerts.
    pub matches: Match,
    /// Names of channels.
    pub to: Vec<String>,
    /// One message for all, or one per organization.
    pub mode: Mode,
    /// Disturb at any hour.
    pub bypass_quiet_hours: bool,
    /// Whether mails about broken data also go to the owners of what broke.
    pub owners: bool,
}

/// Which alerts; an empty list matches every one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Match {
    /// Ids of rules.
    pub rule: Vec<String>,
    /// Kinds of message or of change.
    pub kind: Vec<String>,
    /// Ids of segments.
    pub segment: Vec<String>,
    /// Organizations.
    pub organization: Vec<String>,
}

/// How alerts are put into messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// One message a run.
    #[default]
    Digest,
    /// One message an organization, in that organization's thread.
    Thread,
}

/// Repetition of what nobody acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repeat {
    /// After that long.
    pub unacked_after: Span,
    /// That often at most.
    pub max: u16,
}

/// Escalation of what nobody acknowledged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Escalate {
    /// After that long.
    pub unacked_after: Span,
    /// Names of channels.
    pub to: Vec<String>,
}

/// When not to disturb.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuietHours {
    /// From that time of day …
    pub from: TimeOfDay,
    /// … to that one, the next morning if it is earlier.
    pub to: TimeOfDay,
    /// On the clock of that zone.
    pub timezone: Tz,
}

/// When an incident settles by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Resolve {
    /// At the next record without an alert: an event is not a level.
    #[default]
    Stable,
    /// When the value is back within half the threshold of what it was.
    Reverted,
}

/// What a route is asked about.
#[derive(Clone, Copy, Debug, Default)]
pub struct Subject<'a> {
    /// The rule's id.
    pub rule: &'a str,
    /// `alert`, `mass_change`, `stale`, `pipeline`, …
    pub message: &'a str,
    /// `increase`, `sign_flip`, `bad_data`, …
    pub kind: &'a str,
    /// The segment's id.
    pub segment: Option<&'a str>,
    /// The organization's id.
    pub organization: Option<&'a str>,
}

impl Policy {
    /// Makes every path one below the project's folder.
    pub fn resolve_paths(&mut self, root: &Path) {
        let resolve = |path: &mut PathBuf| *path = root.join(&*path);
        self.templates.iter_mut().for_each(resolve);
        for channel in self.channels.values_mut() {
            channel.paths().into_iter().for_each(resolve);
        }
    }

    /// Folders that file channels write mails to.
    pub fn file_folders(&self) -> Vec<PathBuf> {
        let folders = self.channels.values().filter_map(|channel| match &channel.kind {
            ChannelKind::File { dir } => Some(dir.clone()),
            _ => None,
        });
        folders.collect()
    }

    /// The first route that matches. There always is one, since the last matches everything.
    pub fn route(&self, subject: Subject<'_>) -> Option<&Route> {
        self.routes.iter().find(|route| route.matches.holds(subject))
    }

    /// When a message that is ready now may go out: now, or at the end of the quiet hours.
    pub fn opens_at(&self, now: DateTime<Utc>, bypass: bool) -> DateTime<Utc> {
        match self.quiet_hours {
            Some(quiet) if !bypass => quiet.end_if_within(now).unwrap_or(now),
            _ => now,
        }
    }
}

impl Match {
    /// Whether every list that says something names it.
    pub fn holds(&self, subject: Subject<'_>) -> bool {
        let named = |list: &[String], one: Option<&str>| {
            list.is_empty() || one.is_some_and(|one| list.iter().any(|other| other == one))
        };
        let kind = self.kind.is_empty()
            || self.kind.iter().any(|kind| kind == subject.message || kind == subject.kind);
        kind && named(&self.rule, Some(subject.rule))
            && named(&self.segment, subject.segment)
            && named(&self.organization, subject.organization)
    }

    /// Whether it matches everything.
    pub fn is_everything(&self) -> bool {
        self == &Self::default()
    }
}

impl QuietHours {
    /// The end of the quiet hours that `now` lies in. Local times that a change of clocks skips or
    /// repeats are taken at their first valid instant, so the message is never a day late.
    pub fn end_if_within(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let today = now.with_timezone(&self.timezone).date_naive();
        // A night that began yesterday, or the one that begins today.
        [today.pred_opt()?, today].into_iter().find_map(|day| {
            let start = self.instant(day, self.from)?;
            let last_day = if self.to <= self.from { day.succ_opt()? } else { day };
            let end = self.instant(last_day, self.to)?;
            (start <= now && now < end).then_some(end)
        })
    }

    fn instant(&self, day: NaiveDate, time: TimeOfDay) -> Option<DateTime<Utc>> {
        local_instant(self.timezone, day, time)
    }
}

/// The first instant at which the clock of a zone shows that time on that day, or, where a change of
/// clocks skips it, the first one after.
pub fn local_instant(zone: Tz, day: NaiveDate, time: TimeOfDay) -> Option<DateTime<Utc>> {
    let wanted = day.and_time(time.0);
    (0..=24 * 4).find_map(|quarter| {
        let local = wanted + chrono::TimeDelta::minutes(15 * quarter);
        zone.from_local_datetime(&local).earliest().map(|instant| instant.with_timezone(&Utc))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().expect("an instant")
    }

    #[track_caller]
    fn held(zone: Tz, now: &str, until: Option<&str>) {
        let time = |text: &str| text.parse().expect("a time");
        let quiet = QuietHours { from: time("22:00"), to: time("07:00"), timezone: zone };
        assert_eq!(quiet.end_if_within(utc(now)), until.map(utc));
    }

    #[test]
    fn quiet_hours_end_at_seven_local_whatever_the_clocks_do() {
        let (singapore, berlin) = (chrono_tz::Asia::Singapore, chrono_tz::Europe::Berlin);
        held(singapore, "2026-11-22T15:00:00Z", Some("2026-11-22T23:00:00Z"));
        held(singapore, "2026-11-22T22:59:59Z", Some("2026-11-22T23:00:00Z"));
        held(singapore, "2026-11-22T23:00:00Z", None);
        held(singapore, "2026-11-22T13:59:59Z", None);
        // The night of 28 to 29 March has 8 hours of quiet, the one of 24 to 25 October has 10.
        held(berlin, "2026-03-28T22:00:00Z", Some("2026-03-29T05:00:00Z"));
        held(berlin, "2026-10-24T22:00:00Z", Some("2026-10-25T06:00:00Z"));
    }

    #[test]
    fn a_time_that_the_clocks_skip_is_the_first_one_after() {
        let day = "2026-03-29".parse().expect("a day");
        let time = "02:30".parse().expect("a time");
        assert_eq!(local_instant(chrono_tz::Europe::Berlin, day, time), Some(utc("2026-03-29T01:00:00Z")));
    }
}
