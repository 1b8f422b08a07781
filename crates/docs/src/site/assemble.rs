//! Manifest, catalog and results → what the pages read.

use super::data::{Brief, ColumnDetail, Detail, Index, RunSummary};
use crate::catalog::{Catalog, CatalogTable};
use crate::history::History;
use crate::lineage;
use crate::markdown;
use indexmap::IndexMap;
use platform_core::node::{Column, Exposure, Source};
use platform_core::{Manifest, Node, NodeResult, ResourceType, RunResults, UniqueId};
use serde_json::{Map, Value};
use std::collections::HashMap;

/// Longest summary of a resource in lists, in characters.
const SUMMARY: usize = 160;

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
}

/// The index and, in the same order, the details of every resource.
pub fn assemble(input: &Input<'_>, shard_size: usize) -> (Index, Vec<Detail>) {
    let mut pages = Pages::new(input);
    pages.add_nodes();
    pages.add_sources();
    pages.add_exposures();
    pages.add_semantic_layer();
    pages.add_macros();
    pages.link_tests();
    pages.link_columns();
    let edges = pages.edges();
    let index = Index {
        project: text(&input.manifest.metadata.more, "project_name"),
        generated_at: input.manifest.metadata.generated_at.clone(),
        overview: overview(input.manifest),
        shard_size,
        run: input.results.map(run_summary),
        resources: pages.briefs,
        edges,
    };
    (index, pages.details)
}

struct Pages<'a> {
    input: &'a Input<'a>,
    results: HashMap<&'a UniqueId, &'a NodeResult>,
    places: HashMap<UniqueId, usize>,
    briefs: Vec<Brief>,
    details: Vec<Detail>,
}

impl<'a> Pages<'a> {
    fn new(input: &'a Input<'a>) -> Self {
        let results = input.results.map(|run| run.results.as_slice()).unwrap_or_default();
        Self {
            input,
            results: results.iter().map(|result| (&result.unique_id, result)).collect(),
            places: HashMap::new(),
            briefs: Vec::new(),
            details: Vec::new(),
        }
    }

    fn push(&mut self, mut brief: Brief, mut detail: Detail) {
        if let Some(result) = self.results.get(&brief.id) {
            brief.status = Some(result.status.as_str());
            brief.seconds = Some(result.execution_time);
            detail.message.clone_from(&result.message);
            detail.sample.clone_from(&result.sample);
            if detail.compiled_code.is_empty() {
                detail.compiled_code = result.compiled_code.clone().unwrap_or_default();
            }
        }
        if let Some(runs) = self.input.history.runs.get(&brief.id) {
            detail.history.clone_from(runs);
        }
        self.places.insert(brief.id.clone(), self.briefs.len());
        self.briefs.push(brief);
        self.details.push(detail);
    }

    fn add_nodes(&mut self) {
        let input = self.input;
        let functions = input.manifest.functions.values();
        for node in input.manifest.nodes.values().chain(functions) {
            let table = input.catalog.table(&node.unique_id);
            let detail = Detail {
                description: markdown::to_html(&node.description),
                columns: columns(&node.columns, table),
                raw_code: node.raw_code.clone(),
                compiled_code: node.compiled_code.clone().unwrap_or_default(),
                facts: node_facts(node, table),
                meta: node.meta.clone(),
                ..Detail::default()
            };
            self.push(node_brief(node, table), detail);
        }
    }

    fn add_sources(&mut self) {
        let input = self.input;
        for source in input.manifest.sources.values() {
            let table = input.catalog.table(&source.unique_id);
            let detail = Detail {
                description: markdown::to_html(&source.description),
                columns: columns(&source.columns, table),
                facts: source_facts(source, table),
                meta: source.meta.clone(),
                loads: input.history.loads.get(&source.unique_id).cloned().unwrap_or_default(),
                ..Detail::default()
            };
            let brief = Brief {
                name: format!("{}.{}", source.source_name, source.name),
                relation: Some(format!("{}.{}", source.schema, source.identifier)),
                tags: source.tags.clone(),
                summary: markdown::summary(&source.description, SUMMARY),
                columns: column_names(&source.columns, table),
                ..brief(&source.unique_id, "source", &source.package_name, &source.original_file_path)
            };
            self.push(brief, detail);
        }
    }

    fn add_exposures(&mut self) {
        let input = self.input;
        for exposure in input.manifest.exposures.values() {
            let detail = Detail {
                description: markdown::to_html(&exposure.description),
                facts: exposure_facts(exposure),
                meta: exposure.meta.clone(),
                incidents: input.history.incidents.get(&exposure.unique_id).cloned().unwrap_or_default(),
                ..Detail::default()
            };
            let brief = Brief {
                name: exposure.label.clone().unwrap_or_else(|| exposure.name.clone()),
                tags: exposure.tags.clone(),
                summary: markdown::summary(&exposure.description, SUMMARY),
                ..brief(&exposure.unique_id, "exposure", &exposure.package_name, &exposure.original_file_path)
            };
            self.push(brief, detail);
        }
    }

    fn add_semantic_layer(&mut self) {
        let manifest = self.input.manifest;
        let metrics = manifest
            .metrics
            .values()
            .map(|it| (&it.unique_id, &it.name, &it.package_name, &it.original_file_path, &it.more));
        let models = manifest
            .semantic_models
            .values()
            .map(|it| (&it.unique_id, &it.name, &it.package_name, &it.original_file_path, &it.more));
        let queries = manifest
            .saved_queries
            .values()
            .map(|it| (&it.unique_id, &it.name, &it.package_name, &it.original_file_path, &it.more));
        for (id, name, package, path, more) in metrics.chain(models).chain(queries).collect::<Vec<_>>() {
            let description = text(more, "description");
            let kind = id.resource_type().map_or("metric", ResourceType::as_str);
            let brief = Brief {
                name: name.clone(),
                summary: markdown::summary(&description, SUMMARY),
                ..brief(id, kind, package, path)
            };
            self.push(brief, Detail { description: markdown::to_html(&description), ..Detail::default() });
        }
    }

    fn add_macros(&mut self) {
        let input = self.input;
        for definition in input.manifest.macros.values() {
            let shown = definition.docs.get("show").and_then(Value::as_bool).unwrap_or(true);
            let brief = Brief {
                name: definition.name.clone(),
                summary: markdown::summary(&definition.description, SUMMARY),
                // The built-in macros are the engine's, not the project's: found by search, not listed.
                hidden: !shown
                    || definition.package_name == "dbt"
                    || definition.package_name == "dbt_postgres",
                ..brief(
                    &definition.unique_id,
                    "macro",
                    &definition.package_name,
                    &definition.original_file_path,
                )
            };
            let detail = Detail {
                description: markdown::to_html(&definition.description),
                raw_code: definition.macro_sql.clone(),
                ..Detail::default()
            };
            self.push(brief, detail);
        }
    }

    /// Tests onto the pages of what they test, macros onto the pages of what calls them.
    fn link_tests(&mut self) {
        let manifest = self.input.manifest;
        for (id, node) in &manifest.nodes {
            let Some(place) = self.places.get(id).copied() else { continue };
            let macros = node.depends_on.macros.iter();
            self.details[place].macros = macros
                .filter(|id| !id.package().starts_with("dbt"))
                .filter_map(|id| self.places.get(id).copied())
                .collect();
            if node.resource_type != ResourceType::Test {
                continue;
            }
            let tested = match &node.only.attached_node {
                Some(tested) => std::slice::from_ref(tested),
                None => node.depends_on.nodes.as_slice(),
            };
            for tested in tested.iter().filter_map(|id| self.places.get(id).copied()) {
                self.details[tested].tests.push(place);
                let column = node.only.column_name.as_deref();
                let found = self.details[tested].columns.iter_mut();
                if let Some(column) =
                    found.into_iter().find(|it| column.is_some_and(|name| it.name.eq_ignore_ascii_case(name)))
                {
                    column.tests.push(place);
                }
            }
        }
        for unit_test in manifest.unit_tests.values() {
            let brief = Brief {
                name: unit_test.name.clone(),
                summary: markdown::summary(&unit_test.description, SUMMARY),
                ..brief(
                    &unit_test.unique_id,
                    "unit_test",
                    &unit_test.package_name,
                    &unit_test.original_file_path,
                )
            };
            self.push(
                brief,
                Detail { description: markdown::to_html(&unit_test.description), ..Detail::default() },
            );
            let tested = unit_test.tested_node_unique_id.as_ref().and_then(|id| self.places.get(id).copied());
            if let Some(tested) = tested {
                self.details[tested].tests.push(self.briefs.len() - 1);
            }
        }
    }

    /// Each column to what it comes from, and back.
    fn link_columns(&mut self) {
        let lineage = lineage::of_project(self.input.manifest, self.input.catalog);
        for (id, columns) in lineage {
            let (Some(place), Ok(columns)) = (self.places.get(&id).copied(), columns) else { continue };
            for column in columns {
                let sources = &column.sources;
                let from: Vec<(usize, String)> = sources
                    .columns
                    .iter()
                    .filter_map(|it| Some((*self.places.get(&it.resource)?, it.column.clone())))
                    .collect();
                for (source, name) in &from {
                    if let Some(read) = column_of(&mut self.details[*source], name) {
                        read.into.push((place, column.name.clone()));
                    }
                }
                if let Some(written) = column_of(&mut self.details[place], &column.name) {
                    written.from = from;
                    written.unknown = sources.unknown;
                }
            }
        }
        // The map above has no order; the site's bytes must.
        for column in self.details.iter_mut().flat_map(|detail| &mut detail.columns) {
            column.into.sort_unstable();
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

fn column_of<'a>(detail: &'a mut Detail, name: &str) -> Option<&'a mut ColumnDetail> {
    detail.columns.iter_mut().find(|column| column.name == name)
}

fn brief(id: &UniqueId, kind: &'static str, package: &str, path: &str) -> Brief {
    Brief {
        id: id.clone(),
        name: String::new(),
        kind,
        package: package.to_owned(),
        path: path.to_owned(),
        relation: None,
        materialized: String::new(),
        tags: Vec::new(),
        summary: String::new(),
        columns: Vec::new(),
        status: None,
        seconds: None,
        hidden: false,
        color: None,
    }
}

fn node_brief(node: &Node, table: Option<&CatalogTable>) -> Brief {
    let version = node.only.version.as_ref().map(|version| match version {
        Value::String(text) => format!(".v{text}"),
        other => format!(".v{other}"),
    });
    Brief {
        name: format!("{}{}", node.name, version.unwrap_or_default()),
        relation: node.relation_name.as_ref().map(|_| format!("{}.{}", node.schema, node.alias)),
        materialized: node.config.materialized().to_owned(),
        tags: node.tags.clone(),
        summary: markdown::summary(&node.description, SUMMARY),
        columns: column_names(&node.columns, table),
        hidden: node.docs.get("show").and_then(Value::as_bool) == Some(false),
        color: node.docs.get("node_color").and_then(Value::as_str).map(str::to_owned),
        ..brief(&node.unique_id, node.resource_type.as_str(), &node.package_name, &node.original_file_path)
    }
}

fn column_names(documented: &IndexMap<String, Column>, table: Option<&CatalogTable>) -> Vec<String> {
    match table {
        Some(table) => table.columns.keys().cloned().collect(),
        None => documented.keys().cloned().collect(),
    }
}

/// Columns in the order of the database, then those that are documented and not there.
fn columns(documented: &IndexMap<String, Column>, table: Option<&CatalogTable>) -> Vec<ColumnDetail> {
    let of_docs = |name: &str| documented.values().find(|column| column.name.eq_ignore_ascii_case(name));
    let detail = |name: &str, data_type: &str, written: Option<&Column>, missing: bool| ColumnDetail {
        name: name.to_owned(),
        data_type: data_type.to_owned(),
        description: written.map(|column| markdown::to_html(&column.description)).unwrap_or_default(),
        missing,
        tags: written.map(|column| column.tags.clone()).unwrap_or_default(),
        ..ColumnDetail::default()
    };
    let found = table.map(|table| &table.columns);
    let mut all: Vec<ColumnDetail> = found
        .into_iter()
        .flat_map(IndexMap::values)
        .map(|column| detail(&column.name, &column.data_type, of_docs(&column.name), false))
        .collect();
    for column in documented.values() {
        if !all.iter().any(|known| known.name.eq_ignore_ascii_case(&column.name)) {
            let data_type = column.data_type.as_deref().unwrap_or_default();
            all.push(detail(&column.name, data_type, Some(column), table.is_some()));
        }
    }
    all
}

fn table_facts(table: Option<&CatalogTable>) -> Vec<(String, String)> {
    let Some(table) = table else { return Vec::new() };
    let mut facts = vec![("Kind".to_owned(), table.metadata.kind.to_lowercase())];
    facts.extend(table.metadata.owner.clone().map(|owner| ("Owner".to_owned(), owner)));
    let stats = table.stats.values().filter(|stat| stat.include);
    facts.extend(stats.map(|stat| (stat.label.clone(), plain(&stat.value))));
    facts
}

fn node_facts(node: &Node, table: Option<&CatalogTable>) -> Vec<(String, String)> {
    let mut facts = table_facts(table);
    let mut fact = |label: &str, value: Option<String>| {
        facts.extend(value.filter(|value| !value.is_empty()).map(|value| (label.to_owned(), value)));
    };
    fact("Materialized", Some(node.config.materialized().to_owned()));
    fact("Access", node.only.access.clone());
    fact("Group", node.group.clone());
    fact("Contract", node.contract.enforced.then(|| "enforced".to_owned()));
    fact("Severity", node.config.text("severity").map(str::to_lowercase));
    fact("Column", node.only.column_name.clone());
    fact("Deprecated from", node.only.deprecation_date.as_ref().map(plain));
    facts
}

fn source_facts(source: &Source, table: Option<&CatalogTable>) -> Vec<(String, String)> {
    let mut facts = table_facts(table);
    if !source.loader.is_empty() {
        facts.push(("Loader".to_owned(), source.loader.clone()));
    }
    facts.extend(source.loaded_at_field.clone().map(|field| ("Loaded at".to_owned(), field)));
    for level in ["warn_after", "error_after"] {
        let after = source.freshness.as_ref().and_then(|freshness| freshness.get(level));
        let count = after.and_then(|after| after.get("count")).filter(|count| !count.is_null());
        if let (Some(count), Some(period)) = (count, after.and_then(|after| after.get("period"))) {
            let label = if level == "warn_after" { "Warns after" } else { "Fails after" };
            facts.push((label.to_owned(), format!("{} {}s", plain(count), plain(period))));
        }
    }
    facts
}

fn exposure_facts(exposure: &Exposure) -> Vec<(String, String)> {
    let owner = |key: &str| exposure.owner.get(key).and_then(Value::as_str).map(str::to_owned);
    let facts = [
        ("Type", Some(exposure.kind.clone())),
        ("Owner", owner("name")),
        ("Email", owner("email")),
        ("Maturity", exposure.maturity.clone()),
        ("Address", exposure.url.clone()),
    ];
    facts.into_iter().filter_map(|(label, value)| Some((label.to_owned(), value?))).collect()
}

/// The project's own `__overview__`, else a package's, else dbt's custom of an empty one.
fn overview(manifest: &Manifest) -> String {
    let project = text(&manifest.metadata.more, "project_name");
    let mut blocks: Vec<_> = manifest.docs.values().filter(|block| block.name == "__overview__").collect();
    blocks.sort_by_key(|block| (block.package_name != project, block.package_name == "dbt"));
    blocks.first().map(|block| markdown::to_html(&block.block_contents)).unwrap_or_default()
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

fn text(map: &Map<String, Value>, key: &str) -> String {
    map.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
