//! Putting a drop in place: rows, quarantine and ledger in one transaction.

use super::loading::Loading;
use super::staged::Staged;
use super::swap::{Swap, swap_all};
use super::table::{self, Beside, Filling};
use super::{apply, quarantine};
use crate::Result;
use crate::feed::Mode;
use crate::ledger;
use crate::report::{accounting, grouped};
use platform_core::Event;
use platform_core::event::Level;

impl Loading<'_> {
    /// Puts everything in place in one transaction.
    pub(super) async fn apply(&self, staged: &mut [Staged<'_>]) -> Result<()> {
        let session = &self.session;
        for stage in staged.iter() {
            quarantine::prepare(session, &stage.part.feed.relation).await?;
        }
        session.begin().await?;
        let mut swaps = Vec::new();
        for stage in staged.iter_mut() {
            let (feed, table) = (&stage.part.feed, &stage.part.feed.relation);
            // No rows and `allow_empty`: a table without rows all the same.
            let beside = match stage.beside.take() {
                Some(beside) => beside,
                None => {
                    let load = stage.files.first().map_or(0, |file| file.load);
                    Beside::create(session, stage.part, load, &feed.columns, Filling::Files).await?
                }
            };
            match feed.mode {
                Mode::Replace => swaps.push(Swap::prepare(session, table, beside.clone()).await?),
                Mode::Append => {
                    let files: Vec<&str> = stage.files.iter().map(|file| file.file.name.as_str()).collect();
                    table::prepare(session, table, &beside.columns).await?;
                    stage.moved(apply::append(session, table, &beside, &files).await?)?;
                    beside.drop(session).await?;
                }
                Mode::Upsert => {
                    table::prepare(session, table, &beside.columns).await?;
                    apply::prepare_key(session, table, feed).await?;
                    stage.moved(apply::upsert(session, table, feed, &beside).await?)?;
                    beside.drop(session).await?;
                }
            }
            stage.beside = Some(beside);
            self.note_loaded(stage).await?;
        }
        let kept = swap_all(session, &swaps, self.context.readers).await?;
        session.commit().await?;
        for (relation, reasons) in kept {
            // Every row was written twice: give the room of the old ones back.
            session.batch_execute(&format!("vacuum (analyze) {relation}")).await?;
            let message =
                format!("replaced the rows of {relation} and not the table: {}", reasons.join(", "));
            self.context.say(Level::Info, "LoadKeptTable", message);
            if let Some(stage) = staged.iter_mut().find(|stage| stage.part.feed.relation == relation) {
                stage.kept = reasons;
            }
        }
        Ok(())
    }

    /// Quarantine and ledger of a part.
    async fn note_loaded(&self, stage: &mut Staged<'_>) -> Result<()> {
        for staged in &mut stage.files {
            let Ok(sifted) = &staged.filled.sifted else { continue };
            let sha256 = hex::encode(sifted.sha256);
            let origin = quarantine::Origin {
                file: &staged.file.name,
                sha256: &sha256,
                loaded_at: self.context.now,
                date: self.drop.date,
            };
            let table = &stage.part.feed.relation;
            let kept = quarantine::replace(&self.session, table, &origin, &mut staged.filled.spool).await?;
            if kept != sifted.tally.rejected {
                let tally = sifted.tally;
                return Err(staged.unbalanced(&tally, kept));
            }
            let size = staged.file.stat.size;
            staged.corrects =
                ledger::finish(&self.session, staged.load, &sifted.sha256, size, &sifted.tally).await?;
        }
        Ok(())
    }

    /// Takes away what a refused drop has left, and says so in the ledger.
    pub(super) async fn clear(&self, staged: &[Staged<'_>], loads: &[i64], reason: &str) -> Result<()> {
        self.session.rollback().await?;
        for beside in staged.iter().filter_map(|stage| stage.beside.as_ref()) {
            beside.drop(&self.session).await?;
        }
        Ok(ledger::fail(&self.session, loads, reason).await?)
    }

    /// Tells what was loaded.
    pub(super) fn say_loaded(&self, staged: &[Staged<'_>]) {
        for stage in staged {
            for staged in &stage.files {
                let Ok(sifted) = &staged.filled.sifted else { continue };
                let corrects = staged.corrects.map(|load| format!("; corrects load {load}"));
                let message = format!(
                    "{} into {}: {} in {:.1} s{}",
                    staged.file.name,
                    stage.part.feed.table(),
                    accounting(&sifted.tally),
                    staged.filled.seconds,
                    corrects.unwrap_or_default()
                );
                let event = Event::new(Level::Info, "LoadDone", message)
                    .with("file", staged.file.name.as_str())
                    .with("relation", stage.part.feed.table())
                    .with("records", sifted.tally.physical)
                    .with("loaded", sifted.tally.rows)
                    .with("quarantined", sifted.tally.rejected)
                    .with("blank", sifted.tally.blank)
                    .with("corrects", staged.corrects)
                    .with("seconds", staged.filled.seconds);
                self.context.events.send(event);
                for note in &sifted.notes {
                    self.context.say(Level::Warn, "LoadNote", note.to_string());
                }
                if sifted.tally.rejected > 0 {
                    let rejected = quarantine::relation(&stage.part.feed.relation);
                    let message = format!(
                        "{} record{} of {} quarantined in {}.{}, each with its line and the reason",
                        grouped(sifted.tally.rejected),
                        if sifted.tally.rejected == 1 { "" } else { "s" },
                        staged.file.name,
                        rejected.schema_name(),
                        rejected.identifier_name()
                    );
                    self.context.say(Level::Warn, "LoadQuarantined", message);
                }
            }
        }
    }
}
