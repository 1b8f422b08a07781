//! Unit tests, their rows read from wherever they stand
//! (<https://docs.getdbt.com/reference/resource-properties/unit-tests>).

mod checksum;

use self::checksum::checksum;
use super::Scene;
use crate::config::{self, Kind};
use crate::files::{File, FileKind, Source};
use crate::properties::Block;
use crate::python;
use crate::yaml::Node as Yaml;
use platform_core::node::{DependsOn, UnitTest};
use platform_core::{Diagnostic, Node, NodeConfig, ResourceType, UniqueId};
use serde_json::{Map, Value, json};

/// Fixture files of a package by name.
#[derive(Debug, Default)]
pub struct Fixtures {
    files: Vec<(String, File, std::sync::Arc<str>)>,
}

impl Fixtures {
    /// Adds a file.
    pub fn add(&mut self, package: &str, source: &Source) {
        debug_assert_eq!(source.file.kind, FileKind::Fixture);
        self.files.push((package.to_owned(), source.file.clone(), source.text.clone()));
    }

    fn find(&self, package: &str, name: &str, extension: &str) -> Option<&str> {
        let of = |own: bool| {
            self.files.iter().find(|(owner, file, _)| {
                (!own || owner == package)
                    && file.stem() == name
                    && file.path.ends_with(&format!(".{extension}"))
            })
        };
        of(true).or_else(|| of(false)).map(|(_, _, text)| text.as_ref())
    }
}

/// A unit test before its model is known.
pub struct Parts<'a> {
    /// The block.
    pub block: &'a Block,
    /// Fixture files.
    pub fixtures: &'a Fixtures,
}

/// The tests of a block: one, or one a version of its model.
pub fn unit_tests<'n>(
    scene: &Scene<'_>,
    parts: &Parts<'_>,
    models: impl Iterator<Item = &'n Node>,
    disabled: &[Node],
) -> Result<Vec<UnitTest>, Diagnostic> {
    let block = parts.block;
    let Some(model) = block.node.get("model").and_then(Yaml::scalar_text) else {
        return Err(block.invalid("[]", "'model' is a required property", &block.node));
    };
    if block.node.get("expect").is_none() {
        return Err(block.invalid("[]", "'expect' is a required property", &block.node));
    }
    let versions = versions(block);
    if let (Some(_), Some(_), Some(at)) = (&versions.include, &versions.exclude, block.node.get("versions")) {
        let why = "'include' and 'exclude' exclude each other: say which versions, or which not";
        return Err(block.invalid("['versions']", why, at));
    }
    let is_target = |node: &&Node| {
        node.name == model
            && node.package_name == block.package()
            && node.only.version.as_ref().is_none_or(|version| versions.selects(version))
    };
    let targets: Vec<&Node> = models.filter(is_target).collect();
    let switched_off: Vec<&Node> = disabled.iter().filter(is_target).collect();
    if targets.is_empty() && switched_off.is_empty() {
        return Err(block.fault(
            &block.node,
            format!(
                "Unable to find model '{}.{model}' for unit test '{}' in {}",
                block.package(),
                block.name(),
                block.properties.file.path
            ),
        ));
    }
    let is_unversioned = targets.iter().any(|target| target.only.version.is_none());
    if let Some(at) = block.node.get("versions").filter(|_| is_unversioned && versions.says_any()) {
        let message = format!(
            "Unit test '{}' should not have a versions include or exclude when referencing non-versioned model '{model}'",
            block.name()
        );
        return Err(block.fault(at, message));
    }
    let enabled = targets.into_iter().map(|target| unit_test(scene, parts, &model, &versions, target));
    // With its model the test is switched off.
    let off = switched_off.into_iter().map(|target| {
        unit_test(scene, parts, &model, &versions, target).map(|mut test| {
            test.config.0.insert("enabled".to_owned(), Value::Bool(false));
            test.depends_on.nodes.clear();
            test.schema = None;
            test
        })
    });
    enabled.chain(off).collect()
}

struct Versions {
    include: Option<Vec<Value>>,
    exclude: Option<Vec<Value>>,
    written: bool,
}

impl Versions {
    fn says_any(&self) -> bool {
        [&self.include, &self.exclude].into_iter().flatten().any(|list| !list.is_empty())
    }

    fn selects(&self, version: &Value) -> bool {
        let has = |list: &Option<Vec<Value>>| {
            list.as_ref().map(|list| list.iter().any(|it| python::text(it) == python::text(version)))
        };
        has(&self.include).unwrap_or(true) && !has(&self.exclude).unwrap_or(false)
    }

    fn json(&self) -> Value {
        if self.written { json!({"include": self.include, "exclude": self.exclude}) } else { Value::Null }
    }
}

fn versions(block: &Block) -> Versions {
    let node = block.node.get("versions");
    let list = |key: &str| -> Option<Vec<Value>> {
        let list = node?.get(key)?;
        Some(if list.is_list() {
            list.items().iter().map(Yaml::to_json).collect()
        } else {
            vec![list.to_json()]
        })
    };
    Versions { include: list("include"), exclude: list("exclude"), written: node.is_some() }
}

fn unit_test(
    scene: &Scene<'_>,
    parts: &Parts<'_>,
    model: &str,
    versions: &Versions,
    target: &Node,
) -> Result<UnitTest, Diagnostic> {
    let block = parts.block;
    let mut fqn = vec![block.package().to_owned()];
    fqn.extend(block.properties.file.folders_below_the_first().map(str::to_owned));
    fqn.extend([model.to_owned(), block.name().to_owned()]);
    let own = block.map(&block.node, "config", "")?;
    let config = scene.levels(block.package()).resolve(Kind::UnitTest, &fqn, &own, &Map::new());
    config::check(Kind::UnitTest, &config)
        .map_err(|why| block.fault(&block.node, why).event("SchemaConfigError"))?;
    let given: Result<Vec<Value>, Diagnostic> =
        block.list(&block.node, "given", "")?.iter().map(|item| parts.input(item)).collect();
    let given = given?;
    let expect = parts.rows(block.node.get("expect").unwrap_or(&block.node), "expected", Map::new())?;
    let mocked =
        block.node.get("overrides").and_then(|it| it.get("macros")?.get("is_incremental")?.boolean());
    let has_this = given.iter().any(|it| it["input"].as_str().is_some_and(|input| input.trim() == "this"));
    let asks = target.depends_on.macros.iter().any(|id| id.as_str() == "macro.dbt.is_incremental");
    if asks && mocked.is_none() {
        let message = format!(
            "Boolean override for 'is_incremental' must be provided for unit test '{}' in model '{model}'",
            block.name()
        );
        return Err(block
            .fault(&block.node, message)
            .hint("say which run is meant: `overrides: {macros: {is_incremental: false}}`"));
    }
    if asks && mocked == Some(true) && !has_this {
        let message =
            format!("Unit test '{}' for incremental model '{model}' must have a 'this' input", block.name());
        return Err(block
            .fault(&block.node, message)
            .hint("give the rows that the table has before: `- input: this`"));
    }
    let overrides = block.node.get("overrides").map(|node| {
        let part = |key: &str| node.get(key).map_or_else(|| json!({}), Yaml::to_json);
        json!({"macros": part("macros"), "vars": part("vars"), "env_vars": part("env_vars")})
    });
    let versions = versions.json();
    let version = target.only.version.clone();
    let suffix = version.as_ref().map(|version| format!("_v{}", python::text(version))).unwrap_or_default();
    let checksum = checksum(model, &versions, &given, &expect, overrides.as_ref());
    let file = &block.properties.file;
    Ok(UnitTest {
        model: model.to_owned(),
        given,
        expect,
        name: block.name().to_owned(),
        resource_type: ResourceType::UnitTest,
        package_name: block.package().to_owned(),
        path: file.relative().to_owned(),
        original_file_path: file.path.to_string(),
        unique_id: UniqueId::of(
            ResourceType::UnitTest,
            block.package(),
            &format!("{model}.{}{suffix}", block.name()),
        ),
        fqn,
        description: block.text(&block.node, "description", "")?.unwrap_or_default().to_owned(),
        overrides,
        depends_on: DependsOn { macros: Vec::new(), nodes: vec![target.unique_id.clone()] },
        config: NodeConfig(config),
        checksum: Some(checksum),
        schema: Some(target.schema.clone()),
        created_at: scene.created_at,
        versions: (!versions.is_null()).then_some(versions),
        version,
        tested_node_unique_id: None,
        this_input_node_unique_id: None,
    })
}

impl Parts<'_> {
    fn input(&self, item: &Yaml) -> Result<Value, Diagnostic> {
        let Some(input) = item.get("input").and_then(Yaml::scalar_text) else {
            return Err(self.block.invalid("['given']", "'input' is a required property", item));
        };
        self.rows(item, "given", Map::from_iter([("input".to_owned(), json!(input))]))
    }

    /// Rows in the form of artifacts: a list of dictionaries, or a query.
    fn rows(&self, item: &Yaml, what: &str, mut out: Map<String, Value>) -> Result<Value, Diagnostic> {
        let block = self.block;
        let format = item.text_of("format").unwrap_or("dict");
        let rows = item.get("rows");
        let fixture = item.get("fixture").and_then(Yaml::scalar_text);
        let mismatch =
            |why: &str| block.fault(item, format!("Unit test {} has {what} rows{why}", block.name()));
        let value = match format {
            "dict" => match rows {
                _ if fixture.is_some() => return Err(mismatch(" which do not match format dict")),
                Some(rows) if rows.is_list() => rows.to_json(),
                None if what == "expected" => return Err(mismatch(", none: say `rows: []` for no row")),
                // A seed's file has them.
                None => Value::Null,
                Some(_) => return Err(mismatch(" which do not match format dict")),
            },
            "csv" | "sql" => {
                let text = match (&fixture, rows) {
                    (Some(name), _) => {
                        let found = self.fixtures.find(block.package(), name, format);
                        let found = found.ok_or_else(|| {
                            block.fault(
                                item,
                                format!(
                                    "File not found for fixture '{name}' in unit tests in {}",
                                    block.properties.file.path
                                ),
                            )
                        })?;
                        found.to_owned()
                    }
                    (None, rows) => rows.and_then(Yaml::text).map(str::to_owned).ok_or_else(|| {
                        mismatch(&format!(
                            " or fixtures which do not match format {format}.  Expected string."
                        ))
                    })?,
                };
                if format == "csv" { csv_rows(&text) } else { json!(text.trim_end_matches('\n')) }
            }
            other => {
                let why = format!("'{other}' is not one of ['csv', 'dict', 'sql']");
                return Err(block.invalid("['format']", &why, item));
            }
        };
        out.insert("rows".to_owned(), whole_row_first(value));
        out.insert("format".to_owned(), json!(format));
        out.insert("fixture".to_owned(), json!(fixture));
        Ok(Value::Object(out))
    }
}

/// The first row without a null takes the place of the first row, so that types can be told from it.
fn whole_row_first(mut rows: Value) -> Value {
    if let Value::Array(rows) = &mut rows {
        let is_whole = |row: &Value| row.as_object().is_some_and(|row| !row.values().any(Value::is_null));
        if let Some(found) = rows.iter().position(is_whole) {
            rows.swap(0, found);
        }
    }
    rows
}

/// The name in an input such as `ref('orders')`.
pub fn referenced(input: &str) -> Option<&str> {
    let arguments = input.trim().strip_prefix("ref")?.trim_start().strip_prefix('(')?.strip_suffix(')')?;
    let mut positional = arguments.split(',').map(str::trim).filter(|it| !it.contains('='));
    Some(positional.next_back()?.trim_matches(['\'', '"']))
}

/// A CSV text as dictionaries of texts; an empty field is null.
fn csv_rows(text: &str) -> Value {
    let mut records = records(text).into_iter();
    let Some(header) = records.next() else { return json!([]) };
    let rows = records.map(|record| {
        let cell = |index: usize| match record.get(index).map(String::as_str) {
            None | Some("") => Value::Null,
            Some(text) => json!(text),
        };
        Value::Object(header.iter().enumerate().map(|(index, name)| (name.clone(), cell(index))).collect())
    });
    Value::Array(rows.collect())
}

/// The records of a CSV text, blank lines left out (RFC 4180).
fn records(text: &str) -> Vec<Vec<String>> {
    let mut records = Vec::new();
    let mut record = Vec::new();
    let mut field = String::new();
    let mut quoted = false;
    let mut any = false;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                field.push('"');
                letters.next();
            }
            '"' if quoted => quoted = false,
            '"' if field.is_empty() => {
                quoted = true;
                any = true;
            }
            ',' if !quoted => {
                record.push(std::mem::take(&mut field));
                any = true;
            }
            '\r' if !quoted => {}
            '\n' if !quoted => {
                if any || !field.is_empty() {
                    record.push(std::mem::take(&mut field));
                    records.push(std::mem::take(&mut record));
                }
                any = false;
            }
            other => field.push(other),
        }
    }
    if any || !field.is_empty() {
        record.push(field);
        records.push(record);
    }
    records
}
