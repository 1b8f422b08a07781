//! What a node's template says while the project is read: its configuration, and what it refers to and calls.

use super::Scene;
use super::capture::Captured;
use super::names::{Heard, ParseNames};
use crate::code;
use crate::context::{Context, Recorder};
use indexmap::IndexSet;
use jinja::{SourceFile, UndefinedMode};
use platform_core::diagnostic::nearest;
use platform_core::{Diagnostic, Node, ResourceType};
use serde_json::{Map, Value};
use std::collections::HashSet;
use std::sync::Arc;

/// Renders a node's template and gives back what it said.
pub fn read(scene: &Scene<'_>, node: &Node, file: &SourceFile) -> Result<Captured, Diagnostic> {
    let (context, names, recorder) = context(scene, node);
    context.render(file).map_err(|error| about(called_by(scene.texts.diagnostic(&error), node), node))?;
    let unknown = recorder.unknown();
    if !unknown.is_empty() && node.package_name == scene.root().settings.name {
        note_unknown(scene, &context, file, &unknown);
    }
    let mut captured = names.take();
    captured.macros = recorder.take();
    let mut seen = HashSet::new();
    let names_twice = !captured.sources.iter().all(|it| seen.insert(it));
    let is_told_apart = names_twice || captured.calls.len() > 1 || captured.has_later_grants();
    if is_told_apart && is_read_statically(scene, node, file) {
        captured.is_static = true;
        let once: IndexSet<Vec<String>> = captured.sources.drain(..).collect();
        captured.sources.extend(once);
    }
    Ok(captured)
}

/// A diagnostic of a node's template, under dbt's heading.
pub(super) fn about(diagnostic: Diagnostic, node: &Node) -> Diagnostic {
    diagnostic.about(&node.resource_type.to_string(), &node.name, &node.original_file_path)
}

/// Whether dbt reads a model without rendering it: one whose Jinja is nothing but `ref`, `source` and `config`, written
/// plainly. It then notes each source once (<https://docs.getdbt.com/reference/parsing#static-parser>).
fn is_read_statically(scene: &Scene<'_>, node: &Node, file: &SourceFile) -> bool {
    let known = |name: &str| matches!(name, "ref" | "source" | "config");
    let trims = ["{{-", "-}}", "{%"].iter().any(|sign| file.text.contains(sign));
    node.resource_type == ResourceType::Model
        && !trims
        && scene.shared.jinja.template(file).map(|it| it.extract()).is_ok_and(|found| {
            found.is_static
                && found.names.iter().all(|name| known(name))
                && found.calls.iter().all(|call| known(&call.name))
                && found.calls.iter().filter(|call| &*call.name == "config").all(|call| is_plain(call, file))
        })
}

/// Whether the static parser reads a call of `config`: keywords but hooks, whose values are texts, `True`, `False`, and
/// lists and dictionaries of them.
fn is_plain(call: &jinja::Call, file: &SourceFile) -> bool {
    fn value(json: &Value) -> bool {
        match json {
            Value::String(_) | Value::Bool(_) => true,
            Value::Array(items) => items.iter().all(value),
            Value::Object(map) => map.values().all(value),
            Value::Null | Value::Number(_) => false,
        }
    }
    let plain = |argument: &jinja::Argument| {
        let text = file.text.get(argument.span.range()).unwrap_or_default();
        let unquoted = text.split(['\'', '"']).step_by(2);
        let is_other = unquoted.flat_map(|it| it.split(|c: char| !c.is_alphanumeric()));
        let json = argument.value.as_ref().and_then(|it| serde_json::to_value(it).ok());
        json.as_ref().is_some_and(value)
            && !text.starts_with('(')
            && !is_other.into_iter().any(|word| matches!(word, "true" | "false"))
    };
    call.args.is_empty()
        && !call.has_star
        && call.kwargs.iter().all(|(key, it)| !matches!(&**key, "pre_hook" | "post_hook") && plain(it))
}

/// An error in a macro's file, with the resource that it happened to.
fn called_by(error: Diagnostic, node: &Node) -> Diagnostic {
    let file = error.place.as_ref().map(|place| place.file.as_str());
    if error.hint.is_some() || file.is_none_or(|file| file.ends_with(node.original_file_path.as_str())) {
        return error;
    }
    let hint =
        format!("it is called by {} `{}` ({})", node.resource_type, node.name, node.original_file_path);
    error.hint(hint)
}

/// Calls of macros that don't exist: while a project is read they give nothing, and fail once the node runs.
fn note_unknown(scene: &Scene<'_>, context: &Context, file: &SourceFile, unknown: &[String]) {
    let Ok(template) = scene.shared.jinja.template(file) else { return };
    for call in template.extract().calls {
        let (head, is_package) = match call.name.split_once('.') {
            Some((head, _)) => (head, true),
            None => (&*call.name, false),
        };
        if !unknown.iter().any(|name| name == head) {
            continue;
        }
        let what = if is_package { "package" } else { "macro" };
        let warning = Diagnostic::warning(
            code::UNKNOWN_MACRO,
            format!("there is no {what} `{head}`: this fails at run time"),
        )
        .event("UnknownMacro")
        .at(scene.texts.span(&file.path, call.span.range()));
        let macros = context.macros();
        let packages = scene.packages.keys().map(String::as_str);
        let known: Vec<&str> = if is_package {
            packages.collect()
        } else {
            macros.iter().filter(|it| !it.name.starts_with('_')).map(|it| &*it.name).collect()
        };
        scene.note(match nearest(head, known).first() {
            Some(near) => warning.hint(format!("did you mean `{near}`?")),
            None if is_package => warning.hint("is it in packages.yml, and installed by `dp deps`?"),
            None => warning.hint("a macro of another package needs its package's name before it"),
        });
    }
}

/// A context that hears what a node's templates say.
pub fn context(scene: &Scene<'_>, node: &Node) -> (Arc<Context>, Arc<ParseNames>, Arc<Recorder>) {
    let names = ParseNames::of(node.clone(), scene.quoting(), scene.naming.clone());
    let recorder = Arc::new(Recorder::default());
    let context = Context::new(
        scene.shared.clone(),
        node.package_name.as_str().into(),
        Arc::new(Heard(names.clone())),
        UndefinedMode::ParseTime,
        Some(recorder.clone()),
    );
    (context, names, recorder)
}

/// Puts what a template said on its node.
pub fn hear(node: &mut Node, captured: Captured) {
    node.refs.extend(captured.refs);
    node.sources.extend(captured.sources);
    node.metrics.extend(captured.metrics);
    node.functions.extend(captured.functions);
    for id in captured.macros {
        if !node.depends_on.macros.contains(&id) {
            node.depends_on.macros.push(id);
        }
    }
}

/// What `config(…)` says, expressions as they stand in the file if states are compared by what was written: then
/// the environment changes no state (<https://docs.getdbt.com/reference/global-configs/behavior-changes>).
pub fn as_written(scene: &Scene<'_>, file: &SourceFile, rendered: &Map<String, Value>) -> Map<String, Value> {
    let mut call = rendered.clone();
    if call.is_empty() || !scene.shared.flags.is_on("state_modified_compare_more_unrendered_values") {
        return call;
    }
    let Ok(template) = scene.shared.jinja.template(file) else { return call };
    for found in template.extract().calls.into_iter().filter(|found| &*found.name == "config") {
        for (key, argument) in &found.kwargs {
            // A hook keeps its name here, and stands beside one of a level above.
            let Some(mut value) =
                call.shift_remove(&key.replace("_hook", "-hook")).or_else(|| call.shift_remove(&**key))
            else {
                continue;
            };
            if argument.value.is_none()
                && let Some(text) = file.text.get(argument.span.range())
            {
                value = text.into();
            }
            call.insert(key.to_string(), value);
        }
    }
    call
}
