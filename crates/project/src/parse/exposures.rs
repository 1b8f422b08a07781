//! Exposures and groups.

use super::Scene;
use super::capture;
use crate::config::{self, Kind};
use crate::properties::Block;
use crate::yaml::Node as Yaml;
use platform_core::node::{DependsOn, Exposure, Group, RefArgs};
use platform_core::{Diagnostic, NodeConfig, ResourceType, UniqueId};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

const TYPES: &[&str] = &["dashboard", "notebook", "analysis", "ml", "application"];
const MATURITIES: &[&str] = &["low", "medium", "high"];

/// The names of a block's place: package, folders, name.
pub fn fqn(block: &Block) -> Vec<String> {
    let mut fqn = vec![block.package().to_owned()];
    fqn.extend(block.properties.file.folders().map(str::to_owned));
    fqn.push(block.name().to_owned());
    fqn
}

/// The exposure of a block.
pub fn exposure(scene: &Scene<'_>, block: &Block) -> Result<(Exposure, Vec<Diagnostic>), Diagnostic> {
    let node = &block.node;
    let kind = one_of(block, "type", TYPES)?
        .ok_or_else(|| block.invalid("[]", "'type' is a required property", node))?;
    let owner = owner(block, "Exposure")?;
    let maturity = one_of(block, "maturity", MATURITIES)?;
    let fqn = fqn(block);
    let own = block.map(node, "config", "")?;
    let levels = scene.levels(block.package());
    let mut config = levels.resolve_exposure(&fqn, &own);
    config::check(Kind::Exposure, &config)
        .map_err(|why| block.fault(node, why).event("SchemaConfigError"))?;
    // What stands plainly below `exposures:` adds to every exposure.
    let mut tags: BTreeSet<String> = config::tags(&config).into_iter().collect();
    if let Some(everywhere) = levels.plain(Kind::Exposure, "tags") {
        tags.extend(config::tags(&Map::from_iter([("tags".to_owned(), everywhere.clone())])));
    }
    tags.extend(block.list(node, "tags", "")?.iter().filter_map(Yaml::scalar_text));
    let everywhere = levels.plain(Kind::Exposure, "meta").and_then(Value::as_object);
    let mut meta = everywhere.cloned().unwrap_or_default();
    meta.extend(block.map(node, "meta", "")?);
    if let Some(Value::Object(more)) = config.get("meta") {
        meta.extend(more.clone());
    }
    config.insert("tags".to_owned(), json!(tags));
    config.insert("meta".to_owned(), Value::Object(meta.clone()));
    let mut calls = Calls::default();
    for item in block.list(node, "depends_on", "")? {
        calls.take(scene, block, item)?;
    }
    let file = &block.properties.file;
    let mut warnings = Vec::new();
    if !block.name().chars().all(|it| it.is_alphanumeric() || it == '_') {
        warnings.push(
            Diagnostic::warning(
                crate::code::DEPRECATED,
                format!(
                    "Starting in v1.3, the 'name' of an exposure should contain only letters, numbers, and \
                     underscores. {} does not follow this pattern.",
                    block.name()
                ),
            )
            .event("ExposureNameDeprecation")
            .at(block.name_place())
            .hint("rename it, and give it a `label` for people"),
        );
    }
    let exposure = Exposure {
        name: block.name().to_owned(),
        resource_type: ResourceType::Exposure,
        package_name: block.package().to_owned(),
        path: file.relative().to_owned(),
        original_file_path: file.path.to_string(),
        unique_id: UniqueId::of(ResourceType::Exposure, block.package(), block.name()),
        unrendered_config: levels.unrendered(Kind::Exposure, &fqn, &own, &Map::new()),
        fqn,
        kind,
        owner,
        description: block.text(node, "description", "")?.unwrap_or_default().to_owned(),
        label: node.get("label").and_then(Yaml::scalar_text),
        maturity,
        meta,
        tags: tags.into_iter().collect(),
        config: NodeConfig(config),
        url: node.get("url").and_then(Yaml::scalar_text),
        depends_on: DependsOn::default(),
        refs: calls.refs,
        sources: calls.sources,
        metrics: calls.metrics,
        created_at: scene.created_at,
    };
    Ok((exposure, warnings))
}

fn one_of(block: &Block, key: &str, known: &[&str]) -> Result<Option<String>, Diagnostic> {
    let Some(value) = block.node.get(key) else { return Ok(None) };
    match value.text() {
        Some(text) if known.contains(&text) => Ok(Some(text.to_owned())),
        _ => {
            let shown = crate::python::repr(&value.to_json());
            let listed: Vec<String> = known.iter().map(|it| format!("'{it}'")).collect();
            let path = format!("['{key}']");
            Err(block.invalid(&path, &format!("{shown} is not one of [{}]", listed.join(", ")), value))
        }
    }
}

fn owner(block: &Block, what: &str) -> Result<Map<String, Value>, Diagnostic> {
    let Some(node) = block.node.get("owner") else {
        return Err(block.invalid("[]", "'owner' is a required property", &block.node));
    };
    let given = block.map(&block.node, "owner", "")?;
    let get = |key: &str| given.get(key).cloned().unwrap_or(Value::Null);
    let (email, name) = (get("email"), get("name"));
    if email.is_null() && name.is_null() {
        let why = format!("{what} owner must have at least one of 'name' or 'email'.");
        return Err(block.invalid("[]", &why, node));
    }
    let mut owner = Map::from_iter([("email".to_owned(), email), ("name".to_owned(), name)]);
    owner.extend(given.into_iter().filter(|(key, _)| key != "email" && key != "name"));
    Ok(owner)
}

/// Calls of `ref`, `source` and `metric` that stand as text.
#[derive(Debug, Default)]
pub struct Calls {
    /// `ref`.
    pub refs: Vec<RefArgs>,
    /// `source`.
    pub sources: Vec<Vec<String>>,
    /// `metric`.
    pub metrics: Vec<Vec<String>>,
}

impl Calls {
    /// Takes one text: `ref('orders')`.
    pub fn take(&mut self, scene: &Scene<'_>, block: &Block, item: &Yaml) -> Result<(), Diagnostic> {
        let Some(text) = item.text() else {
            return Err(block.of_type(item, "['depends_on']", "string"));
        };
        let file =
            jinja::SourceFile::new(block.properties.file.path.clone(), format!("{{{{ {} }}}}", text.trim()));
        let template = scene.shared.jinja.template(&file).map_err(|error| {
            block.fault(item, format!("Error parsing expression `{text}`: {}", error.message()))
        })?;
        for call in template.extract().calls {
            let args: Vec<jinja::Value> = call.args.iter().filter_map(|it| it.value.clone()).collect();
            let fail = |error: jinja::HostError| {
                block.fault(item, jinja::Error::from(error).message().to_owned()).event("CompilationError")
            };
            match &*call.name {
                "ref" => {
                    let mut found = capture::ref_arguments(&args, &[]).map_err(fail)?;
                    let version = call.kwargs.iter().find(|(key, _)| matches!(&**key, "v" | "version"));
                    found.version = version
                        .and_then(|(_, it)| it.value.as_ref())
                        .and_then(|value| jinja::value::to_json(value).ok());
                    self.refs.push(found);
                }
                "source" => self.sources.push(capture::source_arguments(&args).map_err(fail)?),
                "metric" => self.metrics.push(capture::named_arguments("metric", &args).map_err(fail)?),
                _ => {}
            }
        }
        Ok(())
    }
}

/// The group of a block.
pub fn group(scene: &Scene<'_>, block: &Block) -> Result<Group, Diagnostic> {
    let owner = owner(block, "Group")?;
    let file = &block.properties.file;
    let own = block.map(&block.node, "config", "")?;
    let config = scene.levels(block.package()).group(&fqn(block), &own);
    Ok(Group {
        name: block.name().to_owned(),
        resource_type: ResourceType::Group,
        package_name: block.package().to_owned(),
        path: file.relative().to_owned(),
        original_file_path: file.path.to_string(),
        unique_id: UniqueId::of(ResourceType::Group, block.package(), block.name()),
        owner,
        description: block.text(&block.node, "description", "")?.map(str::to_owned),
        config: NodeConfig(config),
    })
}
