//! Each kind of resource → its line in the index and its page.

use super::assemble::{Pages, text};
use super::data::{Argument, Brief, ColumnDetail, Detail};
use super::{facts, fixtures};
use crate::catalog::CatalogTable;
use crate::markdown;
use indexmap::IndexMap;
use platform_core::freshness::FreshnessResult;
use platform_core::node::Column;
use platform_core::{Node, ResourceType, UniqueId};
use serde_json::Value;

/// Longest summary of a resource in lists, in characters.
const SUMMARY: usize = 160;

impl Pages<'_> {
    /// Who owns a group, by name and address.
    fn owner(&self, group: Option<&str>) -> Option<String> {
        let group = self.input.manifest.groups.values().find(|it| Some(it.name.as_str()) == group)?;
        let said = ["name", "email"].map(|key| group.owner.get(key).and_then(Value::as_str));
        let said: Vec<&str> = said.into_iter().flatten().collect();
        Some(said.join(", ")).filter(|said| !said.is_empty())
    }

    pub fn add_nodes(&mut self) {
        let input = self.input;
        let functions = input.manifest.functions.values();
        for node in input.manifest.nodes.values().chain(functions) {
            let table = input.catalog.table(&node.unique_id);
            let key = node.only.primary_key.as_deref().unwrap_or_default();
            let detail = Detail {
                description: markdown::to_html(&node.description),
                columns: columns(&node.columns, table, key),
                raw_code: node.raw_code.clone(),
                compiled_code: node.compiled_code.clone().unwrap_or_default(),
                facts: facts::node_facts(node, table, self.owner(node.group.as_deref())),
                meta: node.meta.clone(),
                ..Detail::default()
            };
            self.push(node_brief(node), detail);
        }
    }

    pub fn add_sources(&mut self) {
        let input = self.input;
        for source in input.manifest.sources.values() {
            let table = input.catalog.table(&source.unique_id);
            let asked = self.freshness.get(&source.unique_id).copied();
            let freshness = asked.and_then(FreshnessResult::answer);
            let detail = Detail {
                description: markdown::to_html(&source.description),
                columns: columns(&source.columns, table, &[]),
                facts: facts::source_facts(source, table, freshness),
                meta: source.meta.clone(),
                message: asked.and_then(refusal),
                loads: input.history.loads.get(&source.unique_id).cloned().unwrap_or_default(),
                ..Detail::default()
            };
            let brief = Brief {
                name: format!("{}.{}", source.source_name, source.name),
                relation: Some(format!("{}.{}", source.schema, source.identifier)),
                tags: source.tags.clone(),
                summary: markdown::summary(&source.description, SUMMARY),
                status: asked.map(|answer| answer.status().as_str().to_owned()),
                newest: freshness.map(|answer| answer.max_loaded_at.clone()),
                ..brief(&source.unique_id, "source", &source.package_name, &source.original_file_path)
            };
            self.push(brief, detail);
        }
    }

    pub fn add_exposures(&mut self) {
        let input = self.input;
        for exposure in input.manifest.exposures.values() {
            let detail = Detail {
                description: markdown::to_html(&exposure.description),
                facts: facts::exposure_facts(exposure),
                rule: facts::rule_facts(&exposure.meta),
                meta: exposure.meta.iter().filter(|(key, _)| *key != "alert").map(owned).collect(),
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

    pub fn add_semantic_layer(&mut self) {
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
            let detail = Detail {
                description: markdown::to_html(&description),
                facts: facts::semantic_facts(more),
                meta: facts::definition(more),
                ..Detail::default()
            };
            self.push(brief, detail);
        }
    }

    pub fn add_groups(&mut self) {
        let input = self.input;
        for group in input.manifest.groups.values() {
            let description = group.description.clone().unwrap_or_default();
            let owner = |key: &str| group.owner.get(key).and_then(Value::as_str).map(str::to_owned);
            let known = [("Owner", owner("name")), ("Email", owner("email"))];
            let detail = Detail {
                description: markdown::to_html(&description),
                facts: facts::known(known),
                ..Detail::default()
            };
            let brief = Brief {
                name: group.name.clone(),
                summary: markdown::summary(&description, SUMMARY),
                ..brief(&group.unique_id, "group", &group.package_name, &group.original_file_path)
            };
            self.push(brief, detail);
        }
    }

    pub fn add_unit_tests(&mut self) {
        let input = self.input;
        for unit_test in input.manifest.unit_tests.values() {
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
            let detail = Detail {
                description: markdown::to_html(&unit_test.description),
                fixtures: fixtures::of(unit_test),
                facts: fixtures::facts(unit_test),
                ..Detail::default()
            };
            self.push(brief, detail);
        }
    }

    pub fn add_macros(&mut self) {
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
                arguments: definition.arguments.iter().filter_map(argument).collect(),
                meta: definition.meta.clone(),
                ..Detail::default()
            };
            self.push(brief, detail);
        }
    }
}

/// Why a source could not be asked how fresh it is.
fn refusal(result: &FreshnessResult) -> Option<String> {
    match result {
        FreshnessResult::Asked(_) => None,
        FreshnessResult::Failed(failure) => failure.error.as_ref().map(facts::plain),
    }
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
        group: None,
        check: None,
        on: None,
        summary: String::new(),
        columns: Vec::new(),
        status: None,
        seconds: None,
        failures: None,
        hidden: false,
        color: None,
        rows: None,
        about: false,
        bytes: None,
        at: None,
        newest: None,
        quarantined: None,
        open: None,
        said: None,
    }
}

fn node_brief(node: &Node) -> Brief {
    let version = node.only.version.as_ref().map(|version| match version {
        Value::String(text) => format!(".v{text}"),
        other => format!(".v{other}"),
    });
    Brief {
        name: format!("{}{}", node.name, version.unwrap_or_default()),
        relation: node.relation_name.as_ref().map(|_| format!("{}.{}", node.schema, node.alias)),
        materialized: node.config.materialized().to_owned(),
        tags: node.tags.clone(),
        group: node.group.clone(),
        on: node.only.column_name.clone(),
        check: node.only.test_metadata.as_ref().map(|test| test.name.clone()),
        summary: markdown::summary(&node.description, SUMMARY),
        hidden: node.docs.get("show").and_then(Value::as_bool) == Some(false),
        color: node.docs.get("node_color").and_then(Value::as_str).map(str::to_owned),
        ..brief(&node.unique_id, node.resource_type.as_str(), &node.package_name, &node.original_file_path)
    }
}

/// Columns in the order of the database, then those that are documented and not there.
fn columns(
    documented: &IndexMap<String, Column>,
    table: Option<&CatalogTable>,
    key: &[String],
) -> Vec<ColumnDetail> {
    let of_docs = |name: &str| documented.values().find(|column| column.name.eq_ignore_ascii_case(name));
    let detail = |name: &str, data_type: &str, written: Option<&Column>, missing: bool| ColumnDetail {
        name: name.to_owned(),
        data_type: data_type.to_owned(),
        description: written.map(|column| markdown::to_html(&column.description)).unwrap_or_default(),
        missing,
        constraints: constraints(name, written, key),
        tags: written.map(|column| column.tags.clone()).unwrap_or_default(),
        meta: written.map(|column| column.meta.clone()).unwrap_or_default(),
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

/// What a column is held to: its constraints, and whether it is of the primary key that tests speak of.
fn constraints(name: &str, written: Option<&Column>, key: &[String]) -> Vec<String> {
    let written = written.map(|column| column.constraints.as_slice()).unwrap_or_default();
    let mut said: Vec<String> = written.iter().map(facts::constraint).collect();
    if key.iter().any(|of_key| of_key.eq_ignore_ascii_case(name))
        && !said.iter().any(|it| it == "primary key")
    {
        said.insert(0, "primary key".to_owned());
    }
    said
}

fn owned((key, value): (&String, &Value)) -> (String, Value) {
    (key.clone(), value.clone())
}

fn argument(written: &Value) -> Option<Argument> {
    let text = |key: &str| written.get(key).and_then(Value::as_str).unwrap_or_default();
    let name = written.get("name")?.as_str()?.to_owned();
    Some(Argument {
        name,
        kind: text("type").to_owned(),
        description: markdown::to_html(text("description")),
    })
}
