//! A load under way: what there is to do, every file read into a table beside, what is wrong noted.

use super::fill::{Copiers, Filled, Target, fill};
use super::staged::{Staged, StagedFile, table_report};
use super::table::Filling;
use super::{Context, SHOWN, apply, table, unhurried};
use crate::csv::flaw::Flaw;
use crate::drop::{Drop, DropFile, Part};
use crate::feed::Mode;
use crate::ledger::{self, Known, Need};
use crate::report::{LoadReport, Outcome, bad_rows, nothing_left};
use crate::sift::Refusal;
use crate::{Error, Result};
use platform_core::event::Level;
use platform_core::{Diagnostic, Place};
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use tokio::task::JoinSet;
use warehouse::{Session, Warehouse};

/// A load under way.
pub(super) struct Loading<'a> {
    pub drop: &'a Drop,
    pub warehouse: &'a Warehouse,
    pub context: &'a Context,
    pub session: Session,
}

impl Loading<'_> {
    /// Loads the drop, or refuses it; the report says which and why.
    pub async fn load(&self, report: &mut LoadReport) -> Result<()> {
        let tables = ledger::tables(self.drop);
        ledger::note_interrupted(&self.session, &tables).await?;
        for part in &self.drop.parts {
            table::prepare_schema(&self.session, &part.feed.relation).await?;
            table::drop_leftovers(&self.session, &part.feed.relation).await?;
        }
        let needed = self.needed(&tables).await?;
        if needed.iter().all(|(_, need, _)| *need == Need::Nothing) {
            report.outcome = Outcome::Skipped;
            for (part, ..) in &needed {
                ledger::skip(&self.session, self.context.run.as_deref(), part).await?;
            }
            report.tables = needed.iter().map(|(part, need, _)| table_report(part, *need)).collect();
            let message = format!("the drop of {} is loaded already", self.drop.date);
            self.context.say(Level::Info, "LoadSkipped", message);
            return Ok(());
        }
        let mut loads = Vec::new();
        let mut staged = Vec::new();
        let outcome = self.stage_and_apply(&needed, &mut loads, &mut staged, report).await;
        if outcome.is_err() || !report.problems.is_empty() {
            let reason = match &outcome {
                Err(error) => error.to_string(),
                Ok(()) => report.problems.first().map(ToString::to_string).unwrap_or_default(),
            };
            // The first failure is the one to tell; what is left is cleared away by the next load.
            let _ = self.clear(&staged, &loads, &reason).await;
        }
        report.tables.extend(staged.iter().map(Staged::report));
        outcome
    }

    /// The parts with what there is to do, and of each the files to read.
    async fn needed(&self, tables: &[String]) -> Result<Vec<(&Part, Need, Vec<&DropFile>)>> {
        let mut known = Known::of(&self.session, tables).await?;
        for part in &self.drop.parts {
            if table::existing(&self.session, &part.feed.relation).await?.is_none() {
                known.forget(&part.feed.table());
            }
        }
        if self.context.again {
            known = Known::default();
        }
        let (drop, sameness) = (self.drop.clone(), self.context.sameness);
        let needs = tokio::task::spawn_blocking(move || known.needs(&drop, sameness)).await?;
        let needs = needs
            .map_err(|source| Error::Read { path: format!("the drop of {}", self.drop.date), source })?;
        let pairs = self.drop.parts.iter().zip(needs);
        Ok(pairs
            .map(|(part, (need, files))| (part, need, files.iter().map(|&at| &part.files[at]).collect()))
            .collect())
    }

    async fn stage_and_apply<'s>(
        &'s self,
        needed: &[(&'s Part, Need, Vec<&'s DropFile>)],
        loads: &mut Vec<i64>,
        staged: &mut Vec<Staged<'s>>,
        report: &mut LoadReport,
    ) -> Result<()> {
        let mut copiers = Copiers::new(self.warehouse, self.context.connections);
        let mut finishing = JoinSet::new();
        for (at, (part, need, files)) in needed.iter().enumerate() {
            if *need == Need::Nothing {
                report.tables.push(table_report(part, *need));
                continue;
            }
            staged.push(Staged { part, need: *need, beside: None, files: Vec::new(), kept: Vec::new() });
            let Some(stage) = staged.last_mut() else { continue };
            self.stage(stage, files, &mut copiers, loads, &mut report.problems).await?;
            let (mode, rows) = (part.feed.mode, stage.tally().rows);
            let Some(beside) = stage.beside.clone().filter(|_| mode == Mode::Replace) else { continue };
            if !report.problems.is_empty() {
                continue;
            }
            if at + 1 == needed.len() {
                beside.finish(&self.session, rows).await?;
            } else {
                // Statistics keep one core busy; the next files need the others.
                let warehouse = self.warehouse.clone();
                finishing.spawn(async move {
                    let session = warehouse.session_named("data platform load").await?;
                    unhurried(&session).await?;
                    beside.finish(&session, rows).await
                });
            }
        }
        while let Some(finished) = finishing.join_next().await {
            finished??;
        }
        if !report.problems.is_empty() {
            return Ok(());
        }
        if let Err(error) = self.apply(staged).await {
            return Err(Error::Apply { date: self.drop.date, source: Box::new(error) });
        }
        report.outcome = Outcome::Loaded;
        self.say_loaded(staged);
        Ok(())
    }

    /// Reads the files of a part into a table beside. Problems are noted, and the rest is still looked at.
    async fn stage<'s>(
        &self,
        stage: &mut Staged<'s>,
        files: &[&'s DropFile],
        copiers: &mut Copiers,
        loads: &mut Vec<i64>,
        problems: &mut Vec<Diagnostic>,
    ) -> Result<()> {
        let part = stage.part;
        let mut bad = 0;
        for &file in files {
            let load =
                ledger::begin(&self.session, self.context.run.as_deref(), part, file, self.drop.date).await?;
            loads.push(load);
            let first = stage.files.first().map_or(load, |file| file.load);
            let target = if problems.is_empty() {
                let filling = match part.feed.mode {
                    Mode::Replace if files.len() == 1 => Filling::OneFile,
                    Mode::Replace => Filling::Files,
                    Mode::Append | Mode::Upsert => Filling::Passing,
                };
                Target::Table { session: &self.session, beside: &mut stage.beside, load: first, filling }
            } else {
                Target::Nowhere
            };
            let copying = matches!(target, Target::Table { .. });
            let allowed = part.feed.max_bad_rows.saturating_sub(bad);
            let filled = fill(part, file, self.drop.date, target, copiers, allowed, self.context).await?;
            self.judge(part, file, &filled, bad, copying, problems)?;
            bad += filled.spool.count;
            stage.files.push(StagedFile { file, load, corrects: None, filled });
        }
        if part.feed.mode == Mode::Upsert && problems.is_empty() {
            self.quarantine_superseded(stage, bad, problems).await?;
        }
        Ok(())
    }

    /// Notes what is wrong with a file, and holds the counts against each other.
    fn judge(
        &self,
        part: &Part,
        file: &DropFile,
        filled: &Filled,
        earlier: u64,
        copying: bool,
        problems: &mut Vec<Diagnostic>,
    ) -> Result<()> {
        let allowed = part.feed.max_bad_rows.saturating_sub(earlier);
        if filled.spool.count > allowed {
            let (first, count) = (&filled.spool.first, filled.spool.count);
            let (table, most) = (part.feed.table(), part.feed.max_bad_rows);
            problems.extend(bad_rows(&file.name, &table, first, count, earlier, most));
        }
        match &filled.sifted {
            Err(Refusal::Problems(found)) => problems.extend(found.iter().cloned()),
            Err(Refusal::Stopped) if self.context.cancelled.load(Ordering::Relaxed) => {
                let message = "interrupted; nothing of the drop was loaded";
                problems.push(Diagnostic::error("I020", message).at(Place::file(file.name.clone())));
            }
            Err(Refusal::Stopped) => {
                let message = "the copy ended before the file did";
                problems.push(Diagnostic::error("I020", message).at(Place::file(file.name.clone())));
            }
            Ok(sifted) => {
                let agrees = !copying || filled.spool.count > allowed || sifted.tally.rows == filled.copied;
                if !sifted.tally.balances() || sifted.tally.rejected != filled.spool.count || !agrees {
                    return Err(Error::Unbalanced {
                        file: file.name.clone(),
                        tally: sifted.tally,
                        copied: filled.copied,
                    });
                }
                if !part.feed.allow_empty && filled.spool.count <= allowed {
                    problems.extend(nothing_left(&file.name, &sifted.tally));
                }
            }
        }
        Ok(())
    }

    /// Rows whose key comes again later in the drop are quarantined: nothing is dropped silently.
    async fn quarantine_superseded(
        &self,
        stage: &mut Staged<'_>,
        earlier: u64,
        problems: &mut Vec<Diagnostic>,
    ) -> Result<()> {
        let part = stage.part;
        let Some(beside) = &stage.beside else { return Ok(()) };
        let superseded = apply::take_superseded(&self.session, &part.feed, beside).await?;
        let mut by_file: BTreeMap<String, BTreeMap<u64, Flaw>> = BTreeMap::new();
        let count = superseded.len() as u64;
        let too_many = earlier + count > part.feed.max_bad_rows;
        for row in superseded {
            let flaw = Flaw::SameKey { file: row.kept_file, line: row.kept_line };
            by_file.entry(row.file).or_default().insert(row.line, flaw);
        }
        for staged in &mut stage.files {
            let Some(mut lines) = by_file.remove(&staged.file.name) else { continue };
            let found = lines.len() as u64;
            if too_many {
                // Only some are shown: no need to look all of them up.
                lines = lines.into_iter().take(SHOWN).collect();
            }
            let (file, feed) = (staged.file.clone(), part.feed.clone());
            let rejected =
                tokio::task::spawn_blocking(move || crate::sift::records_at(&file, &feed, &lines)).await?;
            let rejected =
                rejected.map_err(|source| Error::Read { path: staged.file.name.clone(), source })?;
            if too_many {
                let (name, table, most) = (&staged.file.name, part.feed.table(), part.feed.max_bad_rows);
                problems.extend(bad_rows(name, &table, &rejected, found, earlier + count - found, most));
                continue;
            }
            staged.filled.take_out(rejected)?;
        }
        Ok(())
    }
}
