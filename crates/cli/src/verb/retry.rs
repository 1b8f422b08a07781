//! `dp retry`: the last command again, for what failed or was skipped in it
//! (<https://docs.getdbt.com/reference/commands/retry>).

use crate::arguments::{self, CommandLine, Retry as Arguments};
use crate::choice::{read_json, state_folder};
use crate::exit::{Exit, Stop};
use crate::invocation::Invocation;
use crate::verb::nodes;
use clap::CommandFactory as _;
use indexmap::IndexSet;
use model_graph::{Former, parse_time};
use platform_core::{NodeResult, ResourceType, RunResults, Status, UniqueId};
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::ffi::OsString;

/// The nodes of a retry, which no selection finds.
#[derive(Clone, Debug, Default)]
pub struct Retry {
    /// What failed or was skipped.
    pub ids: IndexSet<UniqueId>,
    /// The batches of microbatch models of which some worked.
    pub batches: HashMap<UniqueId, Former>,
}

/// The verbs that can be tried again.
const VERBS: [&str; 9] =
    ["build", "clone", "compile", "generate", "run", "run-operation", "seed", "snapshot", "test"];

/// What a selection is written with: known to be chosen already, and told in run_results.json as it was given.
const SELECTION: [&str; 5] = ["select", "exclude", "selector", "resource_types", "exclude_resource_types"];

/// Flags that stay the last command's, whatever is given now: what ran in one place, or in one way, is finished there.
const KEPT: [&str; 5] = ["target", "profile", "full_refresh", "fail_fast", "indirect_selection"];

/// Runs the last command's failed nodes again, with its flags; variables, threads and what is told are those given now.
pub fn retry(invocation: &Invocation, _: &Arguments) -> Result<Exit, Stop> {
    let given = invocation.global.state.state.as_ref();
    let root = invocation.read_options().project_dir;
    let folder = match state_folder(invocation, given)? {
        Some(folder) => folder,
        // As in dbt, without a former run there is nothing to read the project for.
        None => match project::check(&invocation.read_options()).settings {
            Ok(settings) => root.join(settings.target_path),
            Err(_) => invocation.read()?.target_path,
        },
    };
    let former: Option<RunResults> = read_json(&folder.join("run_results.json"))?;
    // To dbt a run of nothing is none.
    let results = former.filter(|it| !it.results.is_empty()).ok_or_else(|| {
        let folder = folder.strip_prefix(&root).unwrap_or(&folder).display();
        Stop::runtime(format!("Could not find previous run in '{folder}' target directory"))
    })?;
    let verb = results.args.get("which").and_then(Value::as_str).unwrap_or_default();
    if !VERBS.contains(&verb) {
        return Err(Stop::runtime(format!("Retry is not supported for the command '{verb}'")));
    }
    let retry = failed(&results.results);
    // An operation that worked leaves nothing to say, and its results as they are.
    if retry.ids.is_empty() && verb == "run-operation" {
        return Ok(Exit::Success);
    }
    let line = command_line(invocation, verb, &results.args)?;
    let is_idle = retry.ids.is_empty();
    let mut again = Invocation { retry: Some(retry), ..invocation.again(line.global.clone(), &line.verb)? };
    again.arguments.extend(
        SELECTION.iter().filter_map(|key| Some(((*key).to_owned(), results.args.get(*key)?.clone()))),
    );
    if is_idle {
        let project = invocation.read()?;
        again.nothing_to_do()?;
        return nodes::finish(&nodes::results_file(&again, &project), &[]);
    }
    crate::verb::execute(&again, line.verb)
}

/// What failed or was skipped. Hooks are no part of it: they run with whatever is run again.
fn failed(results: &[NodeResult]) -> Retry {
    let mut retry = Retry::default();
    for result in results {
        let failed = result.status.is_failure() || result.status == Status::Skipped;
        let is_hook = result.unique_id.resource_type() == Some(ResourceType::Operation);
        if !failed || is_hook {
            continue;
        }
        retry.ids.insert(result.unique_id.clone());
        let batches = result.batch_results.as_ref().map(batches).unwrap_or_default();
        if !batches.successful.is_empty() && !batches.failed.is_empty() {
            retry.batches.insert(result.unique_id.clone(), batches);
        }
    }
    retry
}

fn batches(results: &Value) -> Former {
    let time = |value: Option<&Value>| value.and_then(Value::as_str).and_then(parse_time);
    let span = |pair: &Value| Some((time(pair.get(0))?, time(pair.get(1))?));
    let spans = |key: &str| {
        let pairs = results.get(key).and_then(Value::as_array);
        pairs.map(|pairs| pairs.iter().filter_map(span).collect()).unwrap_or_default()
    };
    Former { failed: spans("failed"), successful: spans("successful") }
}

/// The last command's line, from its arguments, with those given now behind it.
fn command_line(
    invocation: &Invocation,
    verb: &str,
    former: &Map<String, Value>,
) -> Result<CommandLine, Stop> {
    let mut words: Vec<OsString> = vec!["dp".into()];
    match verb {
        "generate" => words.extend(["docs".into(), "generate".into()]),
        other => words.push(other.into()),
    }
    let mut arguments = former.clone();
    // Nodes are known; where the project and its target are, what is told and how is this command's own.
    for key in SELECTION.iter().chain(&["project_dir", "target_path"]) {
        arguments.remove(*key);
    }
    let now = invocation.flags();
    for (key, value) in now.iter().filter(|(key, _)| !KEPT.contains(&key.as_str())) {
        arguments.insert(key.clone(), value.clone());
    }
    if !invocation.vars.is_empty() {
        arguments.insert("vars".to_owned(), Value::Object(invocation.vars.clone()));
    }
    // One of the two, of which the first stands for the whole of the other.
    if arguments.get("warn_error") == Some(&Value::Bool(true)) {
        arguments.remove("warn_error_options");
    }
    let mut command = CommandLine::command();
    command.build();
    let mut at = &command;
    for word in &words[1..] {
        let found = word.to_str().and_then(|word| at.find_subcommand(word));
        at =
            found.ok_or_else(|| Stop::runtime(format!("Retry is not supported for the command '{verb}'")))?;
    }
    for (key, value) in &arguments {
        words.extend(flag(at, key, value));
    }
    if verb == "run-operation" {
        words.extend(former.get("macro").and_then(Value::as_str).map(OsString::from));
    }
    arguments::parse(words).map_err(|error| Stop::runtime(error.to_string()))
}

/// A flag as it is typed; nothing where the verb doesn't take it or it was not given.
fn flag(command: &clap::Command, key: &str, value: &Value) -> Vec<OsString> {
    let long = key.replace('_', "-");
    let Some(argument) = command.get_arguments().find(|it| it.get_long() == Some(long.as_str())) else {
        return Vec::new();
    };
    let switch = !argument.get_action().takes_values();
    match value {
        Value::Null => Vec::new(),
        Value::Bool(on) if switch => on.then(|| format!("--{long}").into()).into_iter().collect(),
        Value::Bool(true) => vec![format!("--{long}").into()],
        Value::Bool(false) => vec![format!("--no-{long}").into()],
        Value::String(text) => vec![format!("--{long}={text}").into()],
        Value::Array(items) => {
            let text = |item: &Value| item.as_str().map_or_else(|| item.to_string(), str::to_owned);
            items.iter().map(|item| format!("--{long}={}", text(item)).into()).collect()
        }
        other => vec![format!("--{long}={other}").into()],
    }
}
