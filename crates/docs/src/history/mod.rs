//! What happened before: earlier runs of a node, loads of a source, incidents of a rule.
//!
//! Read from the schemas `platform` and `alerting`; a database without them has no history, and that is fine.

use crate::site::data::{Incident, Load, PastCommand, PastRun};
use platform_core::{Manifest, UniqueId};
use serde_json::Value;
use std::collections::HashMap;
use warehouse::{Error, Session, get};

/// How many entries of each kind a page shows.
const NEWEST: i64 = 30;

/// What the newest result of a node said.
#[derive(Clone, Debug, Default)]
pub struct Said {
    /// For people.
    pub message: Option<String>,
    /// Rows that a failed test found: header first.
    pub sample: Vec<Vec<Option<String>>>,
}

/// History by resource.
#[derive(Debug, Default)]
pub struct History {
    /// Commands, oldest first.
    pub commands: Vec<PastCommand>,
    /// What the newest of the runs said.
    pub said: HashMap<UniqueId, Said>,
    /// Earlier runs, oldest first.
    pub runs: HashMap<UniqueId, Vec<PastRun>>,
    /// Loads of sources, newest first.
    pub loads: HashMap<UniqueId, Vec<Load>>,
    /// Incidents of exposures, newest first.
    pub incidents: HashMap<UniqueId, Vec<Incident>>,
    /// Exposures whose rule has incidents, and how many of these are open.
    pub open: HashMap<UniqueId, i64>,
}

/// Reads what the database keeps of the project's history.
pub async fn read(session: &Session, manifest: &Manifest) -> Result<History, Error> {
    let mut history = History::default();
    if exists(session, "platform.node_results").await? {
        runs(session, &mut history).await?;
    }
    if exists(session, "platform.loads").await? {
        for row in session.query(include_str!("loads.sql"), &[&NEWEST]).await? {
            let id: String = get(&row, 0)?;
            let load = Load {
                file: get(&row, 1)?,
                business_date: get(&row, 2)?,
                at: get(&row, 3)?,
                loaded: get(&row, 4)?,
                quarantined: get(&row, 5)?,
                state: get(&row, 6)?,
                error: get(&row, 7)?,
            };
            history.loads.entry(id.into()).or_default().push(load);
        }
    }
    if exists(session, "alerting.incident").await? {
        incidents(session, manifest, &mut history).await?;
    }
    Ok(history)
}

async fn runs(session: &Session, history: &mut History) -> Result<(), Error> {
    for row in session.query(include_str!("commands.sql"), &[&NEWEST]).await? {
        history.commands.push(PastCommand {
            at: get(&row, 0)?,
            command: get(&row, 1)?,
            status: get(&row, 2)?,
            seconds: get(&row, 3)?,
            nodes: get(&row, 4)?,
            failures: get(&row, 5)?,
        });
    }
    for row in session.query(include_str!("runs.sql"), &[&NEWEST]).await? {
        let id = UniqueId::from(get::<String>(&row, 0)?);
        let run = PastRun {
            at: get(&row, 1)?,
            status: get(&row, 2)?,
            seconds: get(&row, 3)?,
            rows: get(&row, 4)?,
            failures: get(&row, 5)?,
        };
        let sample: Option<Value> = get(&row, 7)?;
        let said = Said {
            message: get(&row, 6)?,
            // Whoever wrote something else than rows of text there has no rows to show.
            sample: sample.and_then(|rows| serde_json::from_value(rows).ok()).unwrap_or_default(),
        };
        history.said.insert(id.clone(), said);
        history.runs.entry(id).or_default().push(run);
    }
    Ok(())
}

/// Incidents of a rule stand on the page of the exposure that has the rule.
async fn incidents(session: &Session, manifest: &Manifest, history: &mut History) -> Result<(), Error> {
    let rule =
        |meta: &serde_json::Map<String, Value>| Some(meta.get("alert")?.get("id")?.as_str()?.to_owned());
    let exposures: HashMap<String, &UniqueId> =
        manifest.exposures.values().filter_map(|it| Some((rule(&it.meta)?, &it.unique_id))).collect();
    for row in session.query(include_str!("incidents.sql"), &[&NEWEST]).await? {
        let rule: String = get(&row, 0)?;
        let Some(exposure) = exposures.get(&rule) else { continue };
        let incident = Incident {
            id: get(&row, 1)?,
            subject: get(&row, 2)?,
            state: get(&row, 3)?,
            what: get(&row, 4)?,
            before: get(&row, 5)?,
            after: get(&row, 6)?,
            at: get(&row, 7)?,
        };
        history.incidents.entry((*exposure).clone()).or_default().push(incident);
        history.open.insert((*exposure).clone(), get(&row, 8)?);
    }
    Ok(())
}

async fn exists(session: &Session, table: &str) -> Result<bool, Error> {
    let row = session.query_one("select to_regclass($1) is not null", &[&table]).await?;
    get(&row, 0)
}
