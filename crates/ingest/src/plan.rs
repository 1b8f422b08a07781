//! Plans: which drops there are, and what there is to do for each. Changes nothing.

use crate::drop::Drop;
use crate::ledger::{Known, Need, Sameness, tables};
use crate::report::bytes;
use crate::{Error, Result};
use warehouse::types::Type;
use warehouse::{Session, Warehouse, get};

/// A drop and what there is to do for it.
#[derive(Clone, Debug)]
pub struct Planned {
    /// The drop.
    pub drop: Drop,
    /// What there is to do for each of its parts.
    pub needs: Vec<Need>,
}

impl Planned {
    /// Whether there is anything to load.
    pub fn is_needed(&self) -> bool {
        self.needs.iter().any(|need| *need != Need::Nothing)
    }

    /// The plan as people read it, a line a file.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (part, need) in self.drop.parts.iter().zip(&self.needs) {
            for file in &part.files {
                let (size, table) = (bytes(file.stat.size), part.feed.table());
                let mode = part.feed.mode.as_str();
                lines.push(format!(
                    "{}  {:<9}  {} → {table} ({mode}, {size})",
                    self.drop.date,
                    need.as_str(),
                    file.name
                ));
            }
        }
        lines
    }
}

/// What there is to do for drops, which must come in the order of their dates.
///
/// Reads the ledger, and files where only their content can tell whether they were loaded. A drop with problems is planned
/// as if it were not there.
pub async fn plan(drops: Vec<Drop>, warehouse: &Warehouse, sameness: Sameness) -> Result<Vec<Planned>> {
    let session = warehouse.get().await?;
    let known = known(&session, &drops).await?;
    let planned = tokio::task::spawn_blocking(move || walk(drops, known, sameness)).await?;
    planned.map_err(|source| Error::Read { path: "the drops".to_owned(), source })
}

fn walk(drops: Vec<Drop>, mut known: Known, sameness: Sameness) -> std::io::Result<Vec<Planned>> {
    let mut planned = Vec::with_capacity(drops.len());
    for drop in drops {
        let needs: Vec<Need> = known.needs(&drop, sameness)?.into_iter().map(|(need, _)| need).collect();
        if drop.problems.is_empty() {
            for (part, _) in drop.parts.iter().zip(&needs).filter(|(_, need)| **need != Need::Nothing) {
                known.suppose(part, drop.date);
            }
        }
        planned.push(Planned { drop, needs });
    }
    Ok(planned)
}

/// What the ledger knows; nothing where there is none yet, and nothing of tables that are gone.
async fn known(session: &Session, drops: &[Drop]) -> Result<Known> {
    let exists = |relation: String| async move {
        let sql = "select to_regclass($1) is not null";
        let rows = session.query_typed(sql, &[(&relation, Type::TEXT)]).await?;
        rows.first().map_or(Ok(false), |row| get::<bool>(row, 0))
    };
    if !exists("platform.loads".to_owned()).await? {
        return Ok(Known::default());
    }
    let mut names: Vec<String> = drops.iter().flat_map(tables).collect();
    names.sort();
    names.dedup();
    let mut known = Known::of(session, &names).await?;
    for part in drops.iter().flat_map(|drop| &drop.parts) {
        if names.contains(&part.feed.table()) && !exists(part.feed.relation.to_string()).await? {
            known.forget(&part.feed.table());
        }
        names.retain(|name| *name != part.feed.table());
    }
    Ok(known)
}
