//! Manifest, catalog and results → what the pages read.

use super::data::{Brief, Detail, Index, RunSummary};
use super::layout;
use crate::catalog::Catalog;
use crate::history::History;
use crate::lineage::ProjectLineage;
use crate::markdown;
use platform_core::freshness::{FreshnessResult, FreshnessResults};
use platform_core::{Manifest, NodeResult, RunResults, UniqueId};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashMap};

/// Kinds that stand in the lineage.
const DRAWN: [&str; 10] = [
    "source",
    "seed",
    "model",
    "snapshot",
    "exposure",
    "metric",
    "semantic_model",
    "saved_query",
    "function",
    "analysis",
];

/// What the site is made of.
pub struct Input<'a> {
    /// The project.
    pub manifest: &'a Manifest,
    /// The database, where it was asked.
    pub catalog: &'a Catalog,
    /// The last run that executed something.
    pub results: Option<&'a RunResults>,
    /// Earlier runs, loads and incidents, where they are kept.
    pub history: &'a History,
    /// Age of the sources' data, where it was asked.
    pub freshness: Option<&'a FreshnessResults>,
    /// Where columns come from.
    pub lineage: &'a ProjectLineage,
}

/// The index and, in the same order, the details of every resource.
pub fn assemble(input: &Input<'_>, shard_size: usize) -> (Index, Vec<Detail>) {
    let mut pages = Pages::new(input);
    pages.add_nodes();
    pages.add_sources();
    pages.add_exposures();
    pages.add_semantic_layer();
    pages.add_groups();
    pages.add_macros();
    pages.add_unit_tests();
    pages.link_tests();
    pages.link_macros();
    pages.link_columns();
    pages.link_versions();
    let incidents = pages.add_today();
    let columns = pages.name_columns();
    let edges = pages.edges();
    // `docs: {show: false}` hides a node from the lineage too.
    let drawn: Vec<bool> =
        pages.briefs.iter().map(|brief| DRAWN.contains(&brief.kind) && !brief.hidden).collect();
    let index = Index {
        project: text(&input.manifest.metadata.more, "project_name"),
        generated_at: input.manifest.metadata.generated_at.clone(),
        overview: overview(input.manifest),
        overviews: overviews(input.manifest),
        sources: source_descriptions(input.manifest),
        shard_size,
        run: input.results.map(run_summary),
        runs: input.history.commands.clone(),
        incidents,
        columns,
        layout: layout::layered(&drawn, &edges),
        resources: pages.briefs,
        edges,
    };
    (index, pages.details)
}

/// The pages as they come to be; a resource's place is the same in all three lists.
pub(super) struct Pages<'a> {
    pub input: &'a Input<'a>,
    results: HashMap<&'a UniqueId, &'a NodeResult>,
    pub freshness: HashMap<&'a UniqueId, &'a FreshnessResult>,
    pub places: HashMap<UniqueId, usize>,
    pub briefs: Vec<Brief>,
    pub details: Vec<Detail>,
}

impl<'a> Pages<'a> {
    fn new(input: &'a Input<'a>) -> Self {
        let results = input.results.map(|run| run.results.as_slice()).unwrap_or_default();
        let asked = input.freshness.map(|asked| asked.results.as_slice()).unwrap_or_default();
        Self {
            input,
            results: results.iter().map(|result| (&result.unique_id, result)).collect(),
            freshness: asked.iter().map(|result| (result.unique_id(), result)).collect(),
            places: HashMap::new(),
            briefs: Vec::new(),
            details: Vec::new(),
        }
    }

    pub fn push(&mut self, mut brief: Brief, mut detail: Detail) {
        self.add_history(&mut brief, &mut detail);
        if let Some(result) = self.results.get(&brief.id) {
            brief.status = Some(result.status.as_str().to_owned());
            brief.seconds = Some(result.execution_time);
            brief.failures = result.failures.filter(|failures| *failures > 0);
            let ended = result.timing.last().and_then(|phase| phase.completed_at.clone());
            brief.at = ended.or(brief.at);
            detail.message.clone_from(&result.message);
            if !result.sample.is_empty() {
                detail.sample.clone_from(&result.sample);
            }
            if detail.compiled_code.is_empty() {
                detail.compiled_code = result.compiled_code.clone().unwrap_or_default();
            }
        }
        self.places.insert(brief.id.clone(), self.briefs.len());
        self.briefs.push(brief);
        self.details.push(detail);
    }

    /// What the database remembers: the newest result stands until a later command says something else.
    fn add_history(&self, brief: &mut Brief, detail: &mut Detail) {
        let Some(runs) = self.input.history.runs.get(&brief.id) else { return };
        detail.history.clone_from(runs);
        if let Some(last) = runs.last() {
            brief.status = Some(last.status.clone());
            brief.seconds = Some(last.seconds);
            brief.failures = last.failures.filter(|failures| *failures > 0);
            brief.at = Some(last.at.clone());
        }
        if let Some(said) = self.input.history.said.get(&brief.id) {
            detail.message.clone_from(&said.message);
            detail.sample.clone_from(&said.sample);
        }
    }

    fn edges(&self) -> Vec<[usize; 2]> {
        let parents = &self.input.manifest.parent_map;
        let pairs =
            parents.iter().flat_map(|(child, parents)| parents.iter().map(move |parent| (parent, child)));
        pairs
            .filter_map(|(parent, child)| Some([*self.places.get(parent)?, *self.places.get(child)?]))
            .collect()
    }
}

/// The project's own `__overview__`, else a package's; dbt's own says nothing about the project.
fn overview(manifest: &Manifest) -> String {
    let project = text(&manifest.metadata.more, "project_name");
    let blocks = manifest.docs.values().filter(|block| block.name == "__overview__");
    let mut blocks: Vec<_> = blocks.filter(|block| block.package_name != "dbt").collect();
    blocks.sort_by_key(|block| block.package_name != project);
    blocks.first().map(|block| markdown::to_html(&block.block_contents)).unwrap_or_default()
}

/// `__package__` blocks: what a package says of itself.
fn overviews(manifest: &Manifest) -> BTreeMap<String, String> {
    let own = manifest.docs.values().filter(|block| block.name == format!("__{}__", block.package_name));
    own.map(|block| (block.package_name.clone(), markdown::to_html(&block.block_contents))).collect()
}

fn source_descriptions(manifest: &Manifest) -> BTreeMap<String, String> {
    let described = manifest.sources.values().filter(|source| !source.source_description.is_empty());
    described.map(|it| (it.source_name.clone(), markdown::to_html(&it.source_description))).collect()
}

fn run_summary(run: &RunResults) -> RunSummary {
    let mut totals: Map<String, Value> = Map::new();
    for result in &run.results {
        let count = totals.get(result.status.as_str()).and_then(Value::as_u64).unwrap_or(0);
        totals.insert(result.status.as_str().to_owned(), (count + 1).into());
    }
    RunSummary {
        at: run.metadata.generated_at.clone(),
        seconds: run.elapsed_time,
        command: text(&run.args, "which"),
        totals,
    }
}

pub(super) fn text(map: &Map<String, Value>, key: &str) -> String {
    map.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}
