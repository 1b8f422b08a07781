//! Generic tests: a test written in YAML becomes a node, under the name and hash that dbt gives it.

use super::Scene;
use super::node::{self, Built, Draft};
use super::template;
use crate::code;
use crate::config::{self, Kind};
use crate::context::functions::md5_hex;
use crate::properties::Block;
use crate::properties::tests::{CONFIG_KEYS, TestSpec};
use crate::python;
use crate::render::{Renderer, UNDEFINED_HINT, has_jinja, without_last_newline};
use jinja::{SourceFile, Value as JinjaValue};
use platform_core::node::{Checksum, RefArgs, TestMetadata};
use platform_core::{Diagnostic, Node, NodeConfig, Place, ResourceType, UniqueId};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// What a test is of.
#[derive(Clone, Debug)]
pub enum Target {
    /// A node: its name, version and id (`None` where it isn't enabled).
    Node {
        /// Its name.
        name: String,
        /// Its version.
        version: Option<Value>,
        /// Its id.
        id: Option<UniqueId>,
    },
    /// A table of a source, with the tags of both.
    Source {
        /// The source.
        source: String,
        /// The table.
        table: String,
        /// Tags.
        tags: Vec<String>,
    },
}

/// The name in which all arguments stand, and the same cut to what Postgres keeps of a name.
pub fn names(kind: &str, target: &str, arguments: &Map<String, Value>) -> (String, String) {
    let mut keys: Vec<&String> = arguments.keys().filter(|key| *key != "model").collect();
    keys.sort();
    let mut parts = Vec::new();
    for key in keys {
        match &arguments[key] {
            Value::Object(map) => parts.extend(map.values().map(python::text)),
            Value::Array(items) => parts.extend(items.iter().map(python::text)),
            one => parts.push(python::text(one)),
        }
    }
    let clean: Vec<String> = parts.iter().map(|part| cleaned(part)).collect();
    let identifier = format!("{kind}_{target}");
    let full = format!("{identifier}_{}", clean.join("__"));
    let short = if full.chars().count() >= 64 {
        let start: String = identifier.chars().take(30).collect();
        format!("{start}_{}", md5_hex(&full))
    } else {
        full.clone()
    };
    (short, full)
}

/// Every run of other characters than letters, digits and `_` as one `_`.
fn cleaned(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut gap = false;
    for letter in text.chars() {
        if letter.is_ascii_alphanumeric() || letter == '_' {
            out.push(letter);
            gap = false;
        } else if !gap {
            out.push('_');
            gap = true;
        }
    }
    out
}

/// The ten digits that tell tests of one name apart.
pub fn hash(name: &str, metadata: &TestMetadata) -> String {
    let namespace = metadata.namespace.as_deref().unwrap_or("None");
    let text = format!(
        "{{'kwargs': {}, 'name': {}, 'namespace': {}}}",
        hashable(&Value::Object(metadata.kwargs.clone())),
        python::repr_text(&metadata.name),
        python::repr_text(namespace)
    );
    let digest = md5_hex(&format!("{name}{text}"));
    digest[digest.len() - 10..].to_owned()
}

/// Python's `repr` with keys sorted and every other value as text.
fn hashable(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by(|left, right| left.0.cmp(right.0));
            let entries: Vec<String> = entries
                .iter()
                .map(|(key, value)| format!("{}: {}", python::repr_text(key), hashable(value)))
                .collect();
            format!("{{{}}}", entries.join(", "))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(hashable).collect::<Vec<_>>().join(", ")),
        other => python::repr_text(&python::text(other)),
    }
}

/// The node of a test.
pub fn build(
    scene: &Scene<'_>,
    renderer: &Renderer,
    block: &Block,
    spec: &TestSpec,
    target: &Target,
) -> Built {
    let mut arguments = spec.arguments.clone();
    let column = spec.column_argument();
    if let Some(column) = &column {
        arguments.entry("column_name").or_insert_with(|| Value::String(column.clone()));
    }
    let (kind, target_name, model) = subject(spec, target);
    let model = format!("{{{{ get_where_subquery({model}) }}}}");
    arguments.insert("model".to_owned(), Value::String(model));
    let (short, full) = match &spec.custom_name {
        Some(name) => (name.clone(), name.clone()),
        None => names(&kind, &target_name, &arguments),
    };
    let mut config = rendered_config(renderer, block, spec)?;
    if short != full && !config.contains_key("alias") {
        config.insert("alias".to_owned(), Value::String(short.clone()));
    }
    let metadata =
        TestMetadata { name: spec.name.clone(), kwargs: arguments, namespace: spec.namespace.clone() };
    let mut node = draft(scene, block, &short, &full, &metadata, &config);
    node.only.column_name = column;
    node.only.file_key_name = Some(match target {
        Target::Node { .. } => format!("{}.{}", block.section.key(), block.name()),
        Target::Source { source, .. } => format!("sources.{source}"),
    });
    if let Target::Node { id, .. } = target {
        node.only.attached_node.clone_from(id);
    }
    node.tags = base_tags(spec, target, &config);
    let call = call(scene, &mut node, &metadata, target, &config, (block, spec))?;
    node.only.test_metadata = Some(metadata);
    let levels = scene.levels(&node.package_name);
    let resolved = levels.resolve(Kind::Test, &node.fqn, &Map::new(), &call);
    config::check(Kind::Test, &resolved).map_err(|why| refused(&why, block, spec))?;
    node.unrendered_config = levels.unrendered(Kind::Test, &node.fqn, &Map::new(), &call);
    node.calls.rendered = call;
    for tag in config::tags(&resolved) {
        if !node.tags.contains(&tag) {
            node.tags.push(tag);
        }
    }
    node.config = NodeConfig(resolved);
    let description = spec.description.as_deref().unwrap_or_default();
    if node.config.enabled() {
        (node.description, node.doc_blocks) = scene.describe(block, description, &node.unique_id)?;
    } else {
        description.clone_into(&mut node.description);
    }
    let mut node = node::finish(scene, node, None)?;
    if node.only.attached_node.is_some() {
        // That of its model is given to it once that is known; its own configuration has no say.
        node.group = None;
    }
    Ok(node)
}

/// What is told of a test that doesn't exist.
fn no_test(scene: &Scene<'_>, metadata: &TestMetadata, place: Place) -> Diagnostic {
    let full = match &metadata.namespace {
        Some(namespace) => format!("{namespace}.{}", metadata.name),
        None => metadata.name.clone(),
    };
    let warning = Diagnostic::warning(
        code::UNKNOWN_MACRO,
        format!("there is no test `{full}`: this fails at run time"),
    )
    .event("UnknownMacro")
    .at(place);
    let known: Vec<&str> =
        scene.shared.macros.iter().filter_map(|it| it.name.strip_prefix("test_")).collect();
    match platform_core::diagnostic::nearest(&metadata.name, known).first() {
        Some(near) => warning.hint(format!("did you mean `{near}`?")),
        None => warning.hint(format!(
            "write `{{% test {}(model, column_name) %}}`, or install the package it is of",
            metadata.name
        )),
    }
}

fn place(block: &Block, spec: &TestSpec) -> Place {
    spec.file.as_deref().unwrap_or(&block.properties).document.place(&spec.span)
}

fn refused(why: &str, block: &Block, spec: &TestSpec) -> Diagnostic {
    let why = match why
        .strip_prefix("at path ['severity']: ")
        .and_then(|rest| rest.split_once(" does not match"))
    {
        Some((got, _)) => format!("at path []: Severity must be either 'warn' or 'error'. Got {got}"),
        None => why.to_owned(),
    };
    Diagnostic::error(code::CONFIG, why).event("SchemaConfigError").at(place(block, spec))
}

/// The test's name in its node's name, the target's, and the call that gives the target's relation.
fn subject(spec: &TestSpec, target: &Target) -> (String, String, String) {
    let named = |prefix: &str| match &spec.namespace {
        Some(namespace) => format!("{namespace}_{prefix}{}", spec.name),
        None => format!("{prefix}{}", spec.name),
    };
    match target {
        Target::Node { name, version: None, .. } => (named(""), name.clone(), format!("ref('{name}')")),
        Target::Node { name, version: Some(version), .. } => {
            let version = python::text(version);
            (named(""), format!("{name}_v{version}"), format!("ref('{name}', version='{version}')"))
        }
        Target::Source { source, table, .. } => {
            (named("source_"), format!("{source}_{table}"), format!("source('{source}', '{table}')"))
        }
    }
}

fn rendered_config(
    renderer: &Renderer,
    block: &Block,
    spec: &TestSpec,
) -> Result<Map<String, Value>, Diagnostic> {
    let mut config = Map::new();
    let ordered = CONFIG_KEYS.iter().filter_map(|key| spec.config.get_key_value(*key));
    let others = spec.config.iter().filter(|(key, _)| !CONFIG_KEYS.contains(&key.as_str()));
    for (key, value) in ordered.chain(others) {
        if value.is_null() {
            continue;
        }
        // What stands deeper (tags, meta) stays as written.
        let Value::String(text) = value else {
            config.insert(key.clone(), value.clone());
            continue;
        };
        let rendered = if has_jinja(text) {
            let rendered = renderer.text(text, || place(block, spec))?;
            rendered.ok_or_else(|| undefined(block, spec, key))?
        } else {
            Value::from(without_last_newline(text))
        };
        // A template that gives nothing says nothing.
        if !rendered.is_null() {
            config.insert(key.clone(), rendered);
        }
    }
    Ok(config)
}

/// A configuration whose template gives what isn't there.
fn undefined(block: &Block, spec: &TestSpec, key: &str) -> Diagnostic {
    let why = config::refusal(Kind::Test, key);
    let message = format!("at path ['{key}']: Undefined {why}");
    let error = Diagnostic::error(code::PROPERTIES, message).event("ParsingError");
    error.at(place(block, spec)).hint(UNDEFINED_HINT)
}

/// `{{ test_unique(**_dbt_generic_test_kwargs) }}{{ config(severity="warn") }}`
fn raw_code(metadata: &TestMetadata, config: &Map<String, Value>) -> String {
    let namespace = metadata.namespace.as_ref().map(|it| format!("{it}.")).unwrap_or_default();
    let call = format!("{{{{ {namespace}test_{}(**_dbt_generic_test_kwargs) }}}}", metadata.name);
    if config.is_empty() {
        return call;
    }
    let written: Vec<String> = config
        .iter()
        .map(|(key, value)| match value {
            Value::String(text) => format!("{key}=\"{}\"", text.replace('"', "\\\"")),
            other => format!("{key}={}", python::repr(other)),
        })
        .collect();
    format!("{call}{{{{ config({}) }}}}", written.join(","))
}

fn draft(
    scene: &Scene<'_>,
    block: &Block,
    short: &str,
    full: &str,
    metadata: &TestMetadata,
    config: &Map<String, Value>,
) -> Node {
    let file = &block.properties.file;
    let mut fqn = vec![block.package().to_owned()];
    fqn.extend(file.folders_below_the_first().map(str::to_owned));
    fqn.push(full.to_owned());
    let draft = Draft {
        resource: ResourceType::Test,
        package: block.package(),
        name: full.to_owned(),
        id_name: format!("{full}.{}", hash(full, metadata)),
        fqn,
        path: format!("{short}.sql"),
        original_file_path: file.path.to_string(),
        raw_code: raw_code(metadata, config),
        checksum: Checksum { name: "none".to_owned(), checksum: String::new() },
        template: None,
        language: "sql",
    };
    node::blank(scene, draft, None)
}

fn base_tags(spec: &TestSpec, target: &Target, config: &Map<String, Value>) -> Vec<String> {
    let mut tags: BTreeSet<String> = spec.column_tags.iter().cloned().collect();
    tags.extend(config::tags(config));
    if let Target::Source { tags: own, .. } = target {
        tags.extend(own.iter().cloned());
    }
    tags.into_iter().collect()
}

/// What the test's text says: for `unique` and `not_null` it is known, others are rendered.
fn call(
    scene: &Scene<'_>,
    node: &mut Node,
    metadata: &TestMetadata,
    target: &Target,
    config: &Map<String, Value>,
    (block, spec): (&Block, &TestSpec),
) -> Result<Map<String, Value>, Diagnostic> {
    let macros = &scene.shared.macros;
    let name = format!("test_{}", metadata.name);
    let called = match &metadata.namespace {
        Some(namespace) => macros.get(namespace, &name),
        None => macros.resolve(&node.package_name, &name),
    };
    if called.is_none() && node.package_name == scene.root().settings.name {
        scene.note(no_test(scene, metadata, place(block, spec)));
    }
    // The manifest names what the name alone means here, whatever package was asked for.
    let found = macros.resolve(&node.package_name, &name);
    node.depends_on.macros.extend(found.map(|entry| entry.id.clone()));
    let id = found.map(|entry| entry.id.as_str());
    if matches!(id, Some("macro.dbt.test_unique" | "macro.dbt.test_not_null")) {
        match target {
            Target::Node { name, version, .. } => {
                node.refs.push(RefArgs { name: name.clone(), package: None, version: version.clone() });
            }
            Target::Source { source, table, .. } => node.sources.push(vec![source.clone(), table.clone()]),
        }
        return Ok(config.clone());
    }
    let shown = scene.shown_path(&node.package_name, &node.original_file_path);
    let (named, file) = (node.name.clone(), node.original_file_path.clone());
    let at = |mut diagnostic: Diagnostic| {
        if diagnostic.stack.is_empty() {
            diagnostic.place = Some(place(block, spec));
        }
        diagnostic.about("test", &named, &file)
    };
    node.config =
        NodeConfig(scene.levels(&node.package_name).resolve(Kind::Test, &node.fqn, &Map::new(), config));
    let (context, names, recorder) = template::context(scene, node);
    if let (Some(entry), None) = (called, &metadata.namespace) {
        context.add(name.as_str(), context.bind(entry));
    }
    let kwargs = arguments(&context, &metadata.kwargs).map_err(|error| at(scene.texts.diagnostic(&error)))?;
    context.add("_dbt_generic_test_kwargs", kwargs);
    // Of the macros in the arguments only the one around the model is a dependency; what they refer to is one.
    let mut around = recorder.take();
    around.retain(|id| id.as_str().ends_with(".get_where_subquery"));
    // A package's test of whose name the project has one: dbt knows only the project's before a run, and what it calls.
    let is_known = match (called, found) {
        (Some(called), Some(found)) if called.id != found.id => {
            super::macros::reaches(macros, &scene.shared.jinja, found, &called.id)
                .map_err(|error| at(scene.texts.diagnostic(&error)))?
        }
        _ => true,
    };
    if is_known {
        let file = SourceFile::new(shown, node.raw_code.as_str());
        context.render(&file).map_err(|error| at(scene.texts.diagnostic(&error)))?;
    }
    let mut captured = names.take();
    captured.macros = around;
    captured.macros.extend(recorder.take());
    captured.macros.retain(|id| !node.depends_on.macros.contains(id));
    let mut call = config.clone();
    let mut whole = super::capture::Captured { config: std::mem::take(&mut call), ..Default::default() };
    whole.configure(&captured.config);
    template::hear(node, captured);
    Ok(whole.config)
}

/// A test's arguments with their Jinja rendered: texts with braces, and texts that are one call of `ref`,
/// `source`, `var`, `env_var` or `doc`. A column's name is always text.
pub fn arguments(
    context: &std::sync::Arc<crate::context::Context>,
    kwargs: &Map<String, Value>,
) -> Result<JinjaValue, jinja::Error> {
    let pairs: Result<Vec<_>, jinja::Error> = kwargs
        .iter()
        .map(|(key, value)| {
            Ok((JinjaValue::from(key.as_str()), argument(context, value, key == "column_name")?))
        })
        .collect();
    Ok(jinja::value::dict(pairs?))
}

fn argument(
    context: &std::sync::Arc<crate::context::Context>,
    value: &Value,
    as_text: bool,
) -> Result<JinjaValue, jinja::Error> {
    match value {
        Value::String(text) => {
            let source = if is_call(text) { format!("{{{{ {text} }}}}") } else { text.clone() };
            if !has_jinja(&source) {
                return Ok(JinjaValue::from(without_last_newline(text)));
            }
            let file = SourceFile::new("a test's argument", source);
            if as_text {
                return context.render(&file).map(JinjaValue::from);
            }
            context.jinja().render_native(&file, &context.value())
        }
        Value::Array(items) => {
            let items: Result<Vec<_>, _> = items.iter().map(|item| argument(context, item, false)).collect();
            Ok(jinja::value::list(items?))
        }
        Value::Object(map) => {
            let pairs: Result<Vec<_>, jinja::Error> = map
                .iter()
                .map(|(key, item)| Ok((JinjaValue::from(key.as_str()), argument(context, item, false)?)))
                .collect();
            Ok(jinja::value::dict(pairs?))
        }
        other => Ok(jinja::value::from_json(other)),
    }
}

/// Whether a text is one call of a function that arguments may use without braces.
fn is_call(text: &str) -> bool {
    let text = text.trim();
    let Some((name, rest)) = text.split_once('(') else { return false };
    matches!(name.trim_end(), "env_var" | "ref" | "var" | "source" | "doc")
        && rest.len() > 1
        && rest.ends_with(')')
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn map(value: Value) -> Map<String, Value> {
        value.as_object().cloned().expect("an object")
    }

    #[test]
    fn names_hold_every_argument() {
        let arguments =
            map(json!({"values": [1, 2.5, null, true, {"a": 1}], "column_name": "\"id\"", "model": "x"}));
        let (short, full) = names("accepted_values", "a", &arguments);
        assert_eq!(full, "accepted_values_a__id___1__2_5__None__True___a_1_");
        assert_eq!(short, full);
    }

    #[test]
    fn long_names_are_cut_and_hashed() {
        let arguments = map(
            json!({"to": "ref('stg_customers')", "field": "id", "column_name": "\"status\"", "model": "x"}),
        );
        let (short, full) = names("source_relationships", "shop_orders", &arguments);
        assert_eq!(full, "source_relationships_shop_orders__status___id__ref_stg_customers_");
        assert_eq!(short, "source_relationships_shop_orde_1a4937f20089aa5050d1dbc5754fab3b");
    }

    #[test]
    fn hashes_are_dbts() {
        let metadata = TestMetadata {
            name: "unique".to_owned(),
            namespace: None,
            kwargs: map(
                json!({"column_name": "code", "model": "{{ get_where_subquery(ref('country_codes')) }}"}),
            ),
        };
        assert_eq!(hash("unique_country_codes_code", &metadata), "45889df87d");
    }
}
