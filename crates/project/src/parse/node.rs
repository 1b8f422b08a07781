//! A file with its properties becomes a node.

use super::Scene;
use super::capture::Captured;
use super::naming;
use super::template;
use crate::code;
use crate::config::{self, Kind};
use crate::files::Source;
use crate::properties::patch::Patch;
use crate::render::has_jinja;
use crate::yaml::Node as Yaml;
use jinja::SourceFile;
use platform_core::node::{Checksum, ConfigCalls, Contract, DependsOn, ResourceFields};
use platform_core::{Diagnostic, Node, NodeConfig, Place, ResourceType, UniqueId};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

/// What a node is before its configuration is known.
pub struct Draft<'a> {
    /// What it is.
    pub resource: ResourceType,
    /// Package it stands in.
    pub package: &'a str,
    /// Name.
    pub name: String,
    /// What follows `type.package.` in its id: the name, or more.
    pub id_name: String,
    /// Package, folders, name.
    pub fqn: Vec<String>,
    /// Path below its resource folder.
    pub path: String,
    /// Path below the package's root.
    pub original_file_path: String,
    /// Its template.
    pub raw_code: String,
    /// Of the file.
    pub checksum: Checksum,
    /// The template with the places of its file, where it isn't `raw_code` alone.
    pub template: Option<SourceFile>,
    /// `sql` or `python`.
    pub language: &'static str,
}

impl<'a> Draft<'a> {
    /// The draft of a file that is one resource.
    pub fn of_file(resource: ResourceType, package: &'a str, source: &Source, name: String) -> Self {
        let file = &source.file;
        let mut fqn = vec![package.to_owned()];
        fqn.extend(file.folders().map(str::to_owned));
        fqn.push(name.clone());
        Self {
            resource,
            package,
            id_name: name.clone(),
            name,
            fqn,
            path: file.relative().to_owned(),
            original_file_path: file.path.to_string(),
            raw_code: source.text.to_string(),
            checksum: sha256(&source.text),
            template: None,
            language: "sql",
        }
    }
}

/// The checksum of a text.
pub fn sha256(text: &str) -> Checksum {
    Checksum { name: "sha256".to_owned(), checksum: hex::encode(Sha256::digest(text.as_bytes())) }
}

/// A node and what should be told about it.
pub type Built = Result<Node, Diagnostic>;

/// Reads the template, resolves the configuration, names the node.
pub fn build(scene: &Scene<'_>, draft: Draft<'_>, patch: Option<&Patch>) -> Built {
    let kind = Kind::of(draft.resource);
    let is_python = draft.language == "python" && draft.resource != ResourceType::Function;
    let reading = !draft.raw_code.is_empty() && draft.resource != ResourceType::Seed;
    let file = draft.template.clone().unwrap_or_else(|| {
        let shown = scene.shown_path(draft.package, &draft.original_file_path);
        if is_python {
            return SourceFile::new(shown, super::python::template(&draft.raw_code));
        }
        SourceFile::new(shown, draft.raw_code.as_str())
    });
    let levels = scene.levels(draft.package);
    let none = Map::new();
    let mut node = blank(scene, draft, patch);
    let place = || Place::file(scene.shown_path(&node.package_name, &node.original_file_path).as_ref());
    let captured = if reading && (is_python || has_jinja(&node.raw_code)) {
        node.config = NodeConfig(levels.resolve(kind, &node.fqn, &none, &none));
        template::read(scene, &node, &file)?
    } else {
        Captured::default()
    };
    let properties = patch.map_or(&none, |patch| &patch.config);
    let config = levels.resolve(kind, &node.fqn, properties, &captured.config);
    config::check(kind, &config).map_err(|why| {
        let shown = scene.shown_path(&node.package_name, &node.original_file_path);
        let key = why.split('\'').nth(1).unwrap_or_default();
        let place = scene.texts.argument(&shown, key).unwrap_or_else(place);
        Diagnostic::error(code::CONFIG, why).event("SchemaConfigError").at(place)
    })?;
    let mut tags = match properties.get("tags") {
        // What the file says goes before what properties say.
        Some(_) => config::tags(&levels.resolve(kind, &node.fqn, &none, &captured.config)),
        None => config::tags(&config),
    };
    tags.extend(config::tags(&config));
    node.tags.extend(tags);
    let written = match patch {
        Some(patch) if scene.shared.flags.is_on("state_modified_compare_more_unrendered_values") => {
            &patch.written_config
        }
        _ => properties,
    };
    node.calls.rendered = captured.written();
    let call = template::as_written(scene, &file, &node.calls.rendered);
    if scene.shared.flags.is_on("state_modified_compare_more_unrendered_values") {
        node.calls.written.clone_from(&call);
    }
    node.unrendered_config = levels.unrendered(kind, &node.fqn, written, &call);
    node.config = NodeConfig(config);
    template::hear(&mut node, captured);
    finish(scene, node, patch)
}

/// The node before its configuration.
pub fn blank(scene: &Scene<'_>, draft: Draft<'_>, patch: Option<&Patch>) -> Node {
    let version = patch.and_then(|patch| patch.version.clone());
    let mut fqn = draft.fqn;
    let (mut name, mut id_name) = (draft.name, draft.id_name);
    if let (Some(version), Some(patch)) = (&version, patch) {
        let suffix = format!("v{}", crate::python::text(version));
        name = patch.block.name().to_owned();
        id_name = format!("{name}.{suffix}");
        fqn.pop();
        fqn.extend([name.clone(), suffix]);
    }
    Node {
        database: None,
        schema: String::new(),
        alias: name.clone(),
        unique_id: UniqueId::of(draft.resource, draft.package, &id_name),
        name,
        resource_type: draft.resource,
        package_name: draft.package.to_owned(),
        path: draft.path,
        original_file_path: draft.original_file_path,
        fqn,
        checksum: draft.checksum,
        config: NodeConfig::default(),
        tags: Vec::new(),
        description: String::new(),
        columns: indexmap::IndexMap::new(),
        meta: Map::new(),
        group: None,
        docs: Map::new(),
        patch_path: None,
        build_path: None,
        unrendered_config: Map::new(),
        created_at: scene.created_at,
        relation_name: None,
        calls: ConfigCalls::default(),
        raw_code: draft.raw_code,
        doc_blocks: Vec::new(),
        language: draft.language.to_owned(),
        refs: Vec::new(),
        sources: Vec::new(),
        metrics: Vec::new(),
        functions: Vec::new(),
        depends_on: DependsOn::default(),
        compiled_path: None,
        compiled: false,
        compiled_code: None,
        extra_ctes_injected: false,
        extra_ctes: Vec::new(),
        contract: Contract::default(),
        only: ResourceFields {
            version,
            latest_version: patch.and_then(|patch| patch.latest_version.clone()),
            ..ResourceFields::default()
        },
    }
}

/// Everything that follows from the configuration: names, hooks, fields that mirror it.
pub fn finish(scene: &Scene<'_>, mut node: Node, patch: Option<&Patch>) -> Built {
    if node.resource_type == ResourceType::Test {
        store_failures(&mut node.config.0);
    }
    let object = |node: &Node, key: &str| node.config.get(key).and_then(Value::as_object).cloned();
    node.meta = object(&node, "meta").unwrap_or_default();
    node.docs = object(&node, "docs").unwrap_or_else(default_docs);
    node.group = node.config.text("group").map(str::to_owned);
    let contract = object(&node, "contract").unwrap_or_default();
    let flag = |key: &str, default| contract.get(key).and_then(Value::as_bool).unwrap_or(default);
    node.contract = Contract {
        enforced: flag("enforced", false),
        alias_types: flag("alias_types", true),
        checksum: None,
    };
    if let Some(patch) = patch {
        describe(scene, &mut node, patch)?;
    }
    if node.resource_type == ResourceType::Model {
        node.only.access = node.config.text("access").map(str::to_owned);
        node.only.primary_key = Some(Vec::new());
        node.only.constraints.get_or_insert_default();
        node.contract.checksum = super::verify::contract_checksum(&node);
    }
    foreign_keys(scene, &mut node)?;
    hooks(scene, &mut node)?;
    if node.resource_type == ResourceType::Function && patch.is_none() {
        node.only
            .more
            .insert("returns".to_owned(), json!({"data_type": "INVALID_TYPE", "description": null}));
        node.only.more.insert("arguments".to_owned(), json!([]));
    }
    let shown = scene.shown_path(&node.package_name, &node.original_file_path);
    naming::name(&mut node, &scene.naming, scene.quoting()).map_err(|error| {
        let mut refused = scene.texts.diagnostic(&error);
        refused.place.get_or_insert_with(|| Place::file(shown.as_ref()));
        // The macro of the project that names nodes, though what it calls may be what broke.
        match error.stack().last() {
            Some(frame) => refused.about("macro", &frame.name, &frame.place.file),
            None => refused,
        }
    })?;
    Ok(node)
}

fn default_docs() -> Map<String, Value> {
    Map::from_iter([("show".to_owned(), json!(true)), ("node_color".to_owned(), Value::Null)])
}

/// `store_failures` and `store_failures_as` say the same thing twice: the second wins.
fn store_failures(config: &mut Map<String, Value>) {
    match (
        config.get("store_failures_as").and_then(Value::as_str),
        config.get("store_failures").and_then(Value::as_bool),
    ) {
        (Some(stored), _) => {
            let stored = stored != "ephemeral";
            config.insert("store_failures".to_owned(), json!(stored));
        }
        (None, Some(true)) => {
            config.insert("store_failures_as".to_owned(), json!("table"));
        }
        (None, Some(false)) => {
            config.insert("store_failures_as".to_owned(), json!("ephemeral"));
        }
        (None, None) => {}
    }
}

fn describe(scene: &Scene<'_>, node: &mut Node, patch: &Patch) -> Result<(), Diagnostic> {
    let block = &patch.block;
    node.patch_path = Some(block.properties.patch_path());
    node.description.clone_from(&patch.description);
    node.columns.clone_from(&patch.columns);
    if node.config.enabled() && node.resource_type != ResourceType::Function {
        let (description, used) = scene.describe(block, &patch.description, &node.unique_id)?;
        node.description = description;
        node.doc_blocks = used;
        for column in node.columns.values_mut().filter(|it| has_jinja(&it.description)) {
            let (description, used) = scene.describe(block, &column.description, &node.unique_id)?;
            column.description = description;
            column.doc_blocks = used;
        }
    }
    if node.resource_type == ResourceType::Model {
        node.only.constraints = Some(patch.constraints.clone());
        node.only.deprecation_date = patch.deprecation_date.clone().map(Value::String);
        node.only.time_spine = patch.time_spine.as_ref().map(super::semantic::time_spine);
    }
    if node.resource_type == ResourceType::Function {
        node.only.more.insert("returns".to_owned(), returns(&block.node));
        check_defaults(scene, node, &block.node)?;
        node.only.more.insert("arguments".to_owned(), arguments(&block.node));
    }
    Ok(())
}

fn returns(node: &Yaml) -> Value {
    let of = |key: &str| node.get("returns").and_then(|it| it.get(key)).map(Yaml::to_json);
    json!({"data_type": of("data_type"), "description": of("description")})
}

/// Arguments of a function that have a default come last.
fn check_defaults(scene: &Scene<'_>, function: &Node, node: &Yaml) -> Result<(), Diagnostic> {
    let items = node.get("arguments").map(Yaml::items).unwrap_or_default();
    let has_default = |item: &Yaml| item.get("default_value").is_some_and(|value| !value.is_null());
    let after = items.iter().skip_while(|item| !has_default(item)).find(|item| !has_default(item));
    let Some(name) = after.map(|item| item.text_of("name").unwrap_or_default()) else { return Ok(()) };
    let message = format!(
        "Non-defaulted argument '{name}' of function '{}' comes after a defaulted argument. Non-defaulted arguments \
         cannot come after defaulted arguments. ",
        function.name
    );
    let file = scene.shown_path(&function.package_name, &function.original_file_path);
    Err(Diagnostic::error(code::CONFIG, message).event("ParsingError").at(Place::file(file.as_ref())))
}

fn arguments(node: &Yaml) -> Value {
    let items = node.get("arguments").map(Yaml::items).unwrap_or_default();
    let one = |item: &Yaml| {
        let of = |key: &str| item.get(key).map(Yaml::to_json);
        let mut argument = Map::new();
        argument.insert("name".to_owned(), json!(of("name")));
        argument.insert("data_type".to_owned(), json!(of("data_type")));
        argument.insert("description".to_owned(), json!(of("description")));
        argument.insert("default_value".to_owned(), json!(of("default_value")));
        Value::Object(argument)
    };
    Value::Array(items.iter().map(one).collect())
}

/// What foreign keys point at, the node depends on: `to: ref('…')`, `to: source('…', '…')`.
fn foreign_keys(scene: &Scene<'_>, node: &mut Node) -> Result<(), Diagnostic> {
    for to in node.foreign_keys() {
        let text = to.trim();
        let is_call = ["ref", "source"].iter().any(|name| {
            text.strip_prefix(name).is_some_and(|rest| rest.trim_start().starts_with('('))
                && text.ends_with(')')
        });
        let file =
            SourceFile::new(format!("{} (constraint)", node.original_file_path), format!("{{{{ {text} }}}}"));
        let found = if is_call { template::read(scene, node, &file).ok() } else { None };
        let Some(found) = found else {
            let message = format!(
                "Invalid 'ref' or 'source' syntax on foreign key constraint 'to' on model {}: {to}.",
                node.name
            );
            return Err(Diagnostic::error(code::CONFIG, message)
                .event("ParsingError")
                .at(Place::file(scene.shown_path(&node.package_name, &node.original_file_path).as_ref()))
                .hint("write `to: ref('model')` or `to: source('source', 'table')`"));
        };
        template::hear(node, found);
    }
    Ok(())
}

/// Hooks are read too: what they call and read, the node depends on.
fn hooks(scene: &Scene<'_>, node: &mut Node) -> Result<(), Diagnostic> {
    let texts: Vec<String> = ["pre-hook", "post-hook"]
        .into_iter()
        .filter_map(|key| node.config.get(key)?.as_array().cloned())
        .flatten()
        .filter_map(|hook| hook.get("sql")?.as_str().map(str::to_owned))
        .filter(|sql| has_jinja(sql))
        .collect();
    if texts.is_empty() {
        return Ok(());
    }
    let (context, names, recorder) = template::context(scene, node);
    let shown = scene.shown_path(&node.package_name, &node.original_file_path);
    for text in texts {
        let file = SourceFile::new(format!("{shown} (hook)"), text);
        context.render(&file).map_err(|error| {
            let mut diagnostic = scene.texts.diagnostic(&error);
            diagnostic.place = Some(Place::file(shown.as_ref()));
            template::about(diagnostic, node)
        })?;
    }
    let mut captured = names.take();
    captured.macros = recorder.take();
    if node.resource_type == ResourceType::Seed && !(captured.refs.is_empty() && captured.sources.is_empty())
    {
        let message = format!("Seeds cannot depend on other nodes: a hook of `{}` reads one", node.name);
        return Err(Diagnostic::error(code::CONFIG, message)
            .event("Parsing Error")
            .at(Place::file(shown.as_ref()))
            .hint("let the hook use `this`, or move it to a model"));
    }
    template::hear(node, captured);
    Ok(())
}
