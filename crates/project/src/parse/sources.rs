//! Sources: what stands under `sources:` becomes a table each, with its tests
//! (<https://docs.getdbt.com/docs/build/sources>).

use super::Scene;
use super::generic::Target;
use crate::config::{self, Kind};
use crate::properties::Block;
use crate::properties::columns::columns;
use crate::properties::tests::{TestSpec, tests};
use crate::yaml::{Content, Node as Yaml};
use platform_core::node::Source;
use platform_core::relation::Quoting;
use platform_core::{Diagnostic, NodeConfig, Relation, ResourceType, UniqueId};
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// A table with its tests.
pub struct Table {
    /// The source.
    pub source: Source,
    /// Its tests.
    pub tests: Vec<TestSpec>,
    /// What they are of.
    pub target: Target,
    /// The block.
    pub block: Block,
}

/// The tables of a block, and what should be told.
pub fn tables(
    scene: &Scene<'_>,
    block: &Block,
    overrides: Option<&Block>,
) -> Result<(Vec<Table>, Vec<Diagnostic>), Diagnostic> {
    let mut found = Vec::new();
    let mut warnings = Vec::new();
    for (index, item) in block.list(&block.node, "tables", "")?.iter().enumerate() {
        let path = format!("['tables'][{index}]");
        if item.get("name").is_none() {
            return Err(block.invalid(&path, "'name' is a required property", item));
        }
        let patch = overrides.and_then(|it| {
            let tables = it.node.get("tables")?.items();
            tables.iter().find(|table| table.text_of("name") == item.text_of("name"))
        });
        let reader = Reader { scene, block, overrides, item, patch, path: &path };
        let (table, more) = reader.table()?;
        found.push(table);
        warnings.extend(more);
    }
    Ok((found, warnings))
}

struct Reader<'a> {
    scene: &'a Scene<'a>,
    block: &'a Block,
    overrides: Option<&'a Block>,
    item: &'a Yaml,
    /// The same table in the block that overrides this one.
    patch: Option<&'a Yaml>,
    path: &'a str,
}

impl<'a> Reader<'a> {
    /// The value under a key of the source: the overriding block's, else its own.
    fn of_source(&self, key: &str) -> Option<&'a Yaml> {
        self.overrides.and_then(|it| it.node.get(key)).or_else(|| self.block.node.get(key))
    }

    /// The value under a key of the table.
    fn of_table(&self, key: &str) -> Option<&'a Yaml> {
        self.patch.and_then(|it| it.get(key)).or_else(|| self.item.get(key))
    }

    fn text_of_source(&self, key: &str) -> Option<String> {
        self.of_source(key).and_then(Yaml::scalar_text)
    }

    fn table(&self) -> Result<(Table, Vec<Diagnostic>), Diagnostic> {
        let block = self.block;
        self.check_freshness_query()?;
        let name = self.item.get("name").and_then(Yaml::scalar_text).unwrap_or_default();
        let package = block.package();
        let mut fqn = vec![package.to_owned()];
        fqn.extend(block.properties.file.folders().map(str::to_owned));
        fqn.extend([block.name().to_owned(), name.clone()]);
        let own = self.config()?;
        let levels = self.scene.levels(package);
        let mut resolved = levels.resolve_source(&fqn, &own);
        config::check(Kind::Source, &resolved).map_err(|why| {
            Diagnostic::error(crate::code::CONFIG, why).event("SchemaConfigError").at(block.place(self.item))
        })?;
        let unrendered = levels.unrendered(Kind::Source, &fqn, &own, &Map::new());
        // Nothing said is no limit; `null` on any level is no check.
        let given = resolved.get("freshness").and_then(Value::as_object);
        if given.is_some() || !unrendered.contains_key("freshness") {
            let limits = given.map_or_else(|| threshold(&Map::new()), threshold);
            resolved.insert("freshness".to_owned(), limits);
        }
        let quoting = self.quoting()?;
        let (tests, target, warnings) = self.tests(&name)?;
        let database = self.text_of_source("database").filter(|it| !it.is_empty());
        let database = database.unwrap_or_else(|| self.scene.shared.profile.database.clone());
        let schema = self.text_of_source("schema").unwrap_or_else(|| block.name().to_owned());
        let identifier =
            self.of_table("identifier").and_then(Yaml::scalar_text).unwrap_or_else(|| name.clone());
        let relation = self.relation(&database, &schema, &identifier, &quoting);
        let written = |key: &str| block.written.get(key).map_or(Value::Null, Yaml::to_json);
        let path = block.properties.file.path.to_string();
        let meta = resolved.get("meta").and_then(Value::as_object).cloned().unwrap_or_default();
        let optional = |key: &str| resolved.get(key).and_then(Value::as_str).map(str::to_owned);
        let source = Source {
            database: Some(database),
            schema,
            resource_type: ResourceType::Source,
            package_name: package.to_owned(),
            original_file_path: path.clone(),
            path,
            unique_id: UniqueId::of(ResourceType::Source, package, &format!("{}.{name}", block.name())),
            fqn,
            source_name: block.name().to_owned(),
            source_description: self.text_of_source("description").unwrap_or_default(),
            loader: self.text_of_source("loader").unwrap_or_default(),
            identifier,
            quoting,
            loaded_at_field: optional("loaded_at_field"),
            loaded_at_query: optional("loaded_at_query"),
            freshness: resolved.get("freshness").cloned().filter(|it| !it.is_null()),
            external: self.of_table("external").map(external),
            description: self.of_table("description").and_then(Yaml::scalar_text).unwrap_or_default(),
            columns: self.columns()?,
            meta,
            source_meta: self.source_meta()?,
            tags: config::tags(&resolved).into_iter().collect(),
            config: NodeConfig(resolved),
            patch_path: self.overrides.map(|it| it.properties.patch_path()),
            unrendered_config: unrendered,
            relation_name: Some(relation),
            created_at: self.scene.created_at,
            doc_blocks: Vec::new(),
            more: Map::from_iter([
                ("unrendered_database".to_owned(), written("database")),
                ("unrendered_schema".to_owned(), written("schema")),
            ]),
            name,
        };
        let mut source = source;
        if source.config.enabled() {
            self.describe(&mut source)?;
        }
        let mut warnings = warnings;
        warnings.extend(self.unmeasured(&source));
        Ok((Table { source, tests, target, block: self.block.clone() }, warnings))
    }

    fn describe(&self, source: &mut Source) -> Result<(), Diagnostic> {
        let id = source.unique_id.clone();
        source.source_description = self.scene.describe(self.block, &source.source_description, &id)?.0;
        (source.description, source.doc_blocks) =
            self.scene.describe(self.block, &source.description, &id)?;
        for column in source.columns.values_mut() {
            (column.description, column.doc_blocks) =
                self.scene.describe(self.block, &column.description, &id)?;
        }
        Ok(())
    }

    /// What Postgres can't tell by itself: when a table without a column for it was loaded.
    fn unmeasured(&self, source: &Source) -> Option<Diagnostic> {
        let freshness = source.freshness.as_ref().filter(|_| source.config.enabled())?;
        let is_wanted = ["warn_after", "error_after"].iter().any(|key| !freshness[*key]["count"].is_null());
        let is_known = source.loaded_at_field.is_some()
            || source.loaded_at_query.is_some()
            || source.meta.contains_key("drop");
        (is_wanted && !is_known).then(|| {
            let message = format!(
                "The configured adapter does not support metadata-based freshness. A loaded_at_field must be specified for \
                 source '{}.{}'.",
                source.source_name, source.name
            );
            Diagnostic::warning(crate::code::SUSPICIOUS, message)
                .event("FreshnessConfigProblem")
                .at(self.block.place(self.item))
        })
    }

    fn check_freshness_query(&self) -> Result<(), Diagnostic> {
        for (node, level) in [(&*self.block.node, "source"), (self.item, "table")] {
            if let (Some(_), Some(query)) = (node.get("loaded_at_field"), node.get("loaded_at_query")) {
                let message =
                    format!("Cannot specify both loaded_at_field and loaded_at_query at {level} level.");
                return Err(self.block.fault(query, message));
            }
        }
        Ok(())
    }

    /// What properties say of the table's configuration: the source's, then its own.
    fn config(&self) -> Result<Map<String, Value>, Diagnostic> {
        let of = |node: &Yaml| self.block.map(node, "config", "");
        let mut nodes: Vec<(&Yaml, bool)> = vec![(&self.block.node, true)];
        nodes.extend(self.overrides.map(|it| (&*it.node, true)));
        nodes.push((self.item, false));
        nodes.extend(self.patch.map(|it| (it, false)));
        let mut config = Map::new();
        let mut meta = Map::new();
        let mut tags = BTreeSet::new();
        let mut freshness = Freshness::default();
        for (node, is_source) in &nodes {
            let own = of(node)?;
            for (key, value) in &own {
                // A table takes its source's column or query, and doesn't give it up by configuring none.
                let kept = matches!(key.as_str(), "loaded_at_field" | "loaded_at_query") && value.is_null();
                if !kept && !matches!(key.as_str(), "meta" | "tags" | "freshness") {
                    config.insert(key.clone(), value.clone());
                }
            }
            for key in ["loaded_at_field", "loaded_at_query"] {
                if let Some(value) = node.get(key) {
                    config.insert(key.to_owned(), value.to_json());
                }
            }
            // Beside its configuration it does.
            if node.entry("loaded_at_field").is_some_and(|entry| entry.value.is_null()) {
                config.insert("loaded_at_field".to_owned(), Value::Null);
            }
            let says = |key: &str| own.get(key).is_some_and(|it| !it.is_null()) || node.get(key).is_some();
            if !is_source && says("loaded_at_field") && !says("loaded_at_query") {
                // A table's column goes before its source's query.
                config.insert("loaded_at_query".to_owned(), Value::Null);
            }
            meta.extend(self.block.map(node, "meta", "")?);
            if let Some(Value::Object(more)) = own.get("meta") {
                meta.extend(more.clone());
            }
            tags.extend(self.tags(node)?);
            tags.extend(config::tags(&own));
            freshness.take(self.block, node)?;
        }
        config.insert("meta".to_owned(), Value::Object(meta));
        config.insert("tags".to_owned(), json!(tags));
        config.entry("loaded_at_field").or_insert(Value::Null);
        config.entry("loaded_at_query").or_insert(Value::Null);
        if let Some(value) = freshness.value() {
            config.insert("freshness".to_owned(), value);
        }
        Ok(config)
    }

    fn tags(&self, node: &Yaml) -> Result<Vec<String>, Diagnostic> {
        let tags = self.block.list(node, "tags", "")?;
        Ok(tags.iter().filter_map(Yaml::scalar_text).collect())
    }

    fn source_meta(&self) -> Result<Map<String, Value>, Diagnostic> {
        let mut meta = self.block.map(&self.block.node, "meta", "")?;
        if let Some(Value::Object(more)) = self.block.map(&self.block.node, "config", "")?.get("meta") {
            meta.extend(more.clone());
        }
        Ok(meta)
    }

    /// The columns: those of the overriding table stand for all of them, if it has any.
    fn columns(&self) -> Result<indexmap::IndexMap<String, platform_core::node::Column>, Diagnostic> {
        match (self.overrides, self.patch) {
            (Some(block), Some(patch)) if patch.get("columns").is_some() => columns(block, patch, self.path),
            _ => columns(self.block, self.item, self.path),
        }
    }

    /// `quoting` of the source with the table's over it.
    fn quoting(&self) -> Result<Map<String, Value>, Diagnostic> {
        let mut merged = Map::new();
        for key in ["database", "schema", "identifier", "column"] {
            merged.insert(key.to_owned(), Value::Null);
        }
        let mut nodes = vec![&*self.block.node];
        nodes.extend(self.overrides.map(|it| &*it.node));
        nodes.push(self.item);
        nodes.extend(self.patch);
        for node in nodes {
            let own = self.block.map(node, "quoting", "")?;
            merged.extend(own.into_iter().filter(|(_, value)| !value.is_null()));
        }
        Ok(merged)
    }

    fn relation(
        &self,
        database: &str,
        schema: &str,
        identifier: &str,
        quoting: &Map<String, Value>,
    ) -> String {
        let project = self.scene.quoting();
        let part = |key: &str, default| quoting.get(key).and_then(Value::as_bool).unwrap_or(default);
        let quoting = Quoting {
            database: part("database", project.database),
            schema: part("schema", project.schema),
            identifier: part("identifier", project.identifier),
        };
        Relation { quoting, ..Relation::new(database, schema, identifier) }.to_string()
    }

    /// The tests: those that an overriding table names in columns stand for those of all columns, and its own for the
    /// table's own. They are the package's all the same.
    fn tests(&self, table: &str) -> Result<(Vec<TestSpec>, Target, Vec<Diagnostic>), Diagnostic> {
        let mut kept = Cow::Borrowed(self.item);
        if let (Content::Map(entries), Some(patch)) = (&self.item.content, self.patch) {
            let names = |keys: &[&str]| keys.iter().any(|key| patch.get(key).is_some());
            let is_replaced = |key: &str| match key {
                "columns" => names(&["columns"]),
                "data_tests" | "tests" => names(&["data_tests", "tests"]),
                _ => false,
            };
            let rest = entries.iter().filter(|entry| !is_replaced(&entry.key)).cloned().collect();
            kept = Cow::Owned(Yaml::new(Content::Map(rest), self.item.span.clone()));
        }
        let (mut specs, mut warnings) = tests(self.block, &kept, self.path)?;
        if let (Some(over), Some(patch)) = (self.overrides, self.patch) {
            let (own, more) = tests(over, patch, self.path)?;
            warnings.extend(more);
            specs.extend(own.into_iter().map(|it| TestSpec { file: Some(over.properties.clone()), ..it }));
        }
        // Those of properties alone: what is configured stays the table's.
        let mut nodes: Vec<&Yaml> = vec![&self.block.node];
        nodes.extend(self.overrides.map(|it| &*it.node));
        nodes.push(self.item);
        nodes.extend(self.patch);
        let mut tags = Vec::new();
        for node in nodes {
            tags.extend(self.tags(node)?);
        }
        let target = Target::Source { source: self.block.name().to_owned(), table: table.to_owned(), tags };
        Ok((specs, target, warnings))
    }
}

/// `freshness` from every level; `null` on one switches the check off.
#[derive(Default)]
struct Freshness {
    off: bool,
    merged: Option<Map<String, Value>>,
}

impl Freshness {
    fn take(&mut self, block: &Block, node: &Yaml) -> Result<(), Diagnostic> {
        for holder in [Some(node), node.get("config")].into_iter().flatten() {
            let Some(entry) = holder.entry("freshness") else { continue };
            let value = &entry.value;
            if value.is_null() {
                self.off = true;
                self.merged = None;
                continue;
            }
            if !is_valid(value) {
                let shown = crate::python::repr(&value.to_json());
                let why = format!("{shown} is not valid under any of the given schemas");
                return Err(block.invalid("['freshness']", &why, value));
            }
            self.off = false;
            for (key, inner) in value.to_json_map().into_iter().filter(|(_, inner)| !is_half(inner)) {
                self.merged.get_or_insert_default().insert(key, inner);
            }
        }
        Ok(())
    }

    fn value(self) -> Option<Value> {
        if self.off {
            return Some(Value::Null);
        }
        self.merged.map(|merged| threshold(&merged))
    }
}

/// Whether a limit says how many and not of what, or the other way round: that is no limit, and hides none.
fn is_half(limit: &Value) -> bool {
    let has = |key: &str| limit.get(key).is_some_and(|it| !it.is_null());
    limit.is_object() && !(has("count") && has("period"))
}

fn is_valid(value: &Yaml) -> bool {
    let limit = |key: &str| {
        let Some(limit) = value.get(key) else { return true };
        let count =
            limit.get("count").is_none_or(|it| it.scalar_text().is_some_and(|it| it.parse::<i64>().is_ok()));
        let period =
            limit.get("period").is_none_or(|it| matches!(it.text(), Some("minute" | "hour" | "day")));
        limit.is_map() && count && period
    };
    value.is_map() && limit("warn_after") && limit("error_after")
}

/// Freshness in the form of artifacts.
fn threshold(given: &Map<String, Value>) -> Value {
    let limit = |key: &str| {
        let own = given.get(key).and_then(Value::as_object);
        let part = |key: &str| own.and_then(|own| own.get(key)).cloned().unwrap_or(Value::Null);
        match given.get(key) {
            Some(Value::Null) => Value::Null,
            _ => json!({"count": part("count"), "period": part("period")}),
        }
    };
    let filter = given.get("filter").cloned().unwrap_or(Value::Null);
    json!({"warn_after": limit("warn_after"), "error_after": limit("error_after"), "filter": filter})
}

/// `external` in the form of artifacts.
fn external(node: &Yaml) -> Value {
    let mut external = Map::new();
    for key in ["location", "file_format", "row_format", "tbl_properties"] {
        external.insert(key.to_owned(), node.get(key).map_or(Value::Null, Yaml::to_json));
    }
    let partitions = node.get("partitions").map(|partitions| {
        let items = partitions.items().iter().map(|item| match item.text() {
            Some(name) => json!(name),
            None => item.to_json(),
        });
        Value::Array(items.collect())
    });
    external.insert("partitions".to_owned(), partitions.unwrap_or(Value::Null));
    for entry in node.entries() {
        if !external.contains_key(&entry.key) {
            external.insert(entry.key.clone(), entry.value.to_json());
        }
    }
    Value::Object(external)
}
