//! What became of each drop, and what is left to do: the table `platform.drops`.

use chrono::NaiveDate;
use ingest::drop::Drop;
use platform_core::Manifest;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::Path;
use uuid::Uuid;
use warehouse::{Session, get};

/// What became of a drop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Past {
    /// Digests of its files and of the project when it was processed.
    pub fingerprint: Fingerprint,
    /// Whether all of it worked; `None` where it was interrupted.
    pub worked: Option<bool>,
}

/// Digests of a drop's files (name, size, time of change) and of the project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    files: String,
    project: String,
}

impl Fingerprint {
    /// Of a drop in a project with that digest.
    pub fn of(drop: &Drop, project: &str) -> Self {
        let mut digest = Sha256::new();
        for file in drop.parts.iter().flat_map(|part| &part.files) {
            digest.update(format!("\n{}\n{:?}", file.name, file.stat));
        }
        Self { files: hex::encode(digest.finalize()), project: project.to_owned() }
    }

    fn parse(text: &str) -> Self {
        let (files, project) = text.split_once(' ').unwrap_or((text, ""));
        Self { files: files.to_owned(), project: project.to_owned() }
    }
}

impl std::fmt::Display for Fingerprint {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} {}", self.files, self.project)
    }
}

/// Every drop that was ever begun, by date.
pub async fn past(session: &Session) -> Result<BTreeMap<NaiveDate, Past>, warehouse::Error> {
    let rows = session.query("select business_date, fingerprint, state from platform.drops", &[]).await?;
    let mut past = BTreeMap::new();
    for row in rows {
        let state: String = get(&row, 2)?;
        let worked = match state.as_str() {
            "done" => Some(true),
            "failed" => Some(false),
            _ => None,
        };
        let fingerprint: String = get(&row, 1)?;
        past.insert(get(&row, 0)?, Past { fingerprint: Fingerprint::parse(&fingerprint), worked });
    }
    Ok(past)
}

/// Notes that a drop is being processed: until [`end`], the next run takes it up again.
pub async fn begin(
    session: &Session,
    date: NaiveDate,
    fingerprint: &Fingerprint,
    run: Uuid,
) -> Result<(), warehouse::Error> {
    session.execute(include_str!("begin_drop.sql"), &[&date, &fingerprint.to_string(), &run]).await.map(drop)
}

/// Notes what became of a drop.
pub async fn end(
    session: &Session,
    date: NaiveDate,
    worked: bool,
    message: Option<&str>,
) -> Result<(), warehouse::Error> {
    let state = if worked { "done" } else { "failed" };
    session.execute(include_str!("end_drop.sql"), &[&date, &state, &message]).await.map(drop)
}

/// Digest of everything in the project that results depend on; the same for the same text.
pub fn project_fingerprint(manifest: &Manifest, folder: &Path) -> String {
    let mut digest = Sha256::new();
    digest.update(env!("CARGO_PKG_VERSION"));
    for node in manifest.nodes.values().chain(manifest.functions.values()) {
        digest.update(format!(
            "\n{} {} {}\n{}",
            node.unique_id, node.alias, node.checksum.checksum, node.raw_code
        ));
        digest.update(serde_json::to_string(&node.config).unwrap_or_default());
    }
    for source in manifest.sources.values() {
        digest.update(format!("\n{} {}", source.unique_id, source.relation()));
        digest.update(serde_json::to_string(&source.config).unwrap_or_default());
    }
    for definition in manifest.macros.values() {
        digest.update(&definition.macro_sql);
    }
    for exposure in manifest.exposures.values() {
        digest.update(serde_json::to_string(&(&exposure.meta, &exposure.owner)).unwrap_or_default());
    }
    digest.update(std::fs::read(folder.join("alerts.yml")).unwrap_or_default());
    hex::encode(digest.finalize())
}

/// What there is to do.
#[derive(Debug, Default)]
pub struct Agenda {
    /// Drops to process, in date order, with their fingerprints.
    pub todo: Vec<(Drop, Fingerprint)>,
    /// Drops that failed and did not change since.
    pub failed_before: Vec<NaiveDate>,
    /// Number of drops that are done.
    pub done: usize,
}

/// Sorts drops by what became of them.
///
/// From the first one with new files on, all later ones are processed, since each replaces the data of the one
/// before. Where only the project changed, the newest drop is processed again.
pub fn agenda(
    drops: Vec<Drop>,
    past: &BTreeMap<NaiveDate, Past>,
    project: &str,
    only: Option<NaiveDate>,
    retry: bool,
) -> Agenda {
    let mut agenda = Agenda::default();
    let last = drops.last().map(|drop| drop.date);
    for drop in drops {
        let fingerprint = Fingerprint::of(&drop, project);
        let before = past.get(&drop.date).filter(|past| past.fingerprint.files == fingerprint.files);
        let worked = before.and_then(|past| past.worked);
        let same_project = before.is_some_and(|past| past.fingerprint.project == fingerprint.project);
        let wanted = match only {
            Some(date) => drop.date == date,
            None => {
                let again = Some(drop.date) == last && !same_project;
                !agenda.todo.is_empty() || worked.is_none() || again || (retry && worked == Some(false))
            }
        };
        if wanted {
            agenda.todo.push((drop, fingerprint));
        } else if worked == Some(false) {
            agenda.failed_before.push(drop.date);
        } else {
            agenda.done += 1;
        }
    }
    agenda
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drop_of(day: u32) -> Drop {
        let date = NaiveDate::from_ymd_opt(2026, 11, day).expect("a date");
        Drop { date, parts: Vec::new(), problems: Vec::new() }
    }

    fn past_of(days: &[(u32, Option<bool>)]) -> BTreeMap<NaiveDate, Past> {
        days.iter()
            .map(|(day, worked)| {
                let drop = drop_of(*day);
                (drop.date, Past { fingerprint: Fingerprint::of(&drop, "project"), worked: *worked })
            })
            .collect()
    }

    #[track_caller]
    fn check(past: &[(u32, Option<bool>)], project: &str, expected_days: &[&str]) {
        let found = agenda(vec![drop_of(20), drop_of(21), drop_of(22)], &past_of(past), project, None, false);
        let days: Vec<String> =
            found.todo.iter().map(|(drop, _)| drop.date.format("%d").to_string()).collect();
        assert_eq!(days, expected_days);
    }

    #[test]
    fn takes_what_is_new_interrupted_or_changed_and_all_that_follows() {
        check(&[], "project", &["20", "21", "22"]);
        check(&[(20, Some(true)), (21, Some(true)), (22, Some(true))], "project", &[]);
        check(&[(20, Some(true)), (21, None), (22, Some(true))], "project", &["21", "22"]);
        check(&[(20, Some(true)), (21, Some(true))], "project", &["22"]);
        check(&[(20, Some(true)), (21, Some(false)), (22, Some(true))], "project", &[]);
        check(&[(20, Some(true)), (21, Some(true)), (22, Some(true))], "changed", &["22"]);
    }
}
