//! Deprecated ways to say things on the command line and in the environment
//! (<https://docs.getdbt.com/reference/deprecations>).

use crate::arguments::{Global, boolean};
use crate::exit::Stop;
use crate::invocation::Environment;
use clap::CommandFactory as _;
use platform_core::Event;
use platform_core::event::Level;
use project::settings::Settings;
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};

/// Variables of old, and what they are called now.
const RENAMED: [(&str, &str); 4] = [
    ("DBT_DEFER_TO_STATE", "DBT_ENGINE_DEFER"),
    ("DBT_FAVOR_STATE_MODE", "DBT_ENGINE_FAVOR_STATE"),
    ("DBT_NO_PRINT", "DBT_ENGINE_PRINT"),
    ("DBT_ARTIFACT_STATE_PATH", "DBT_ENGINE_STATE"),
];

/// Both names of a variable of old, of which the engine's goes before the other.
fn spellings(old: &str) -> [String; 2] {
    [old.replacen("DBT_", "DBT_ENGINE_", 1), old.to_owned()]
}

/// What variables of old say, where nothing newer does. As in dbt, `--defer` and `--print` are booleans, and any text
/// turns `--favor-state` on or off as it may.
pub fn fill_from_old_variables(global: &mut Global, environment: &Environment) -> Result<(), Stop> {
    let value = |old: &str| {
        let [engine, plain] = spellings(old);
        environment.get(&engine).or_else(|| environment.get(&plain))
    };
    let switch = |old: &str, option: &str| {
        let refused = |_| {
            let text = value(old).unwrap_or_default();
            Stop::usage(format!("Invalid value for '{option}' in `{old}`: '{text}' is not a valid boolean"))
        };
        value(old).map(boolean).transpose().map_err(refused)
    };
    let Global { state, logging, .. } = global;
    state.defer = state.defer.or(switch("DBT_DEFER_TO_STATE", "--defer")?);
    let favors = value("DBT_FAVOR_STATE_MODE").and_then(|text| boolean(text).ok());
    state.favor_state = state.favor_state.or(favors);
    logging.print = logging.print.or(switch("DBT_NO_PRINT", "--print")?.map(|off| !off));
    state.state = state.state.take().or_else(|| value("DBT_ARTIFACT_STATE_PATH").map(PathBuf::from));
    Ok(())
}

/// What the command line and the environment say in an old way.
pub fn of_command(environment: &Environment, warn_error_options: &Map<String, Value>) -> Vec<Event> {
    let mut found = Vec::new();
    found.extend(old_selection(&environment.command));
    found.extend(old_options(warn_error_options));
    for (old, new) in RENAMED {
        for old in spellings(old).iter().filter(|old| environment.get(old).is_some()) {
            let message = format!("The environment variable `{old}` has been renamed as `{new}`");
            found.push(
                deprecation("EnvironmentVariableRenamed", message)
                    .with("old_name", old.as_str())
                    .with("new_name", new),
            );
        }
    }
    found.extend(reserved(environment));
    found
}

/// `clean-targets` that name the folder of packages of old.
pub fn of_clean_targets(settings: &Settings) -> Option<Event> {
    const OLD: &str = "dbt_modules";
    let is_named = settings.clean_targets.iter().any(|it| it == OLD);
    (is_named && settings.packages_install_path != OLD).then(|| {
        let message = format!(
            "The default package install path has changed from `{OLD}` to `dbt_packages`. Please update `clean-targets` \
             in `dbt_project.yml` and check `.gitignore` as well. Or, set `packages-install-path: {OLD}` if you'd like to \
             keep the current value."
        );
        deprecation("PackageInstallPathDeprecation", message)
    })
}

/// `source freshness --output FILE`.
pub fn of_freshness_output(path: &Path) -> Event {
    let path = path.display().to_string();
    let message = format!(
        "Custom output path usage `--output {path}` usage detected in `dbt source freshness` command: `--target-path` moves \
         all artifacts"
    );
    deprecation("CustomOutputPathInSourceFreshnessDeprecation", message).with("path", path)
}

/// `source freshness` that leaves the project's hooks out.
pub fn of_unrun_hooks() -> Event {
    let message = "In a future version of dbt, the `source freshness` command will start running `on-run-start` and \
                   `on-run-end` hooks by default: take `source_freshness_run_project_hooks: false` out of `flags`";
    deprecation("SourceFreshnessProjectHooksNotRun", message.to_owned())
}

fn deprecation(name: &str, message: String) -> Event {
    Event::new(Level::Warn, name, format!("[WARNING]: {message}"))
}

fn old_selection(command: &str) -> Option<Event> {
    let old = command.split(' ').find(|word| matches!(*word, "-m" | "--model" | "--models"))?;
    let message = format!(
        "Usage of `--models`, `--model` and `-m` is deprecated in favor of `--select` or `-s`; got `{old}`"
    );
    Some(deprecation("ModelParamUsageDeprecation", message))
}

fn old_options(options: &Map<String, Value>) -> Option<Event> {
    let renamed = [("include", "error"), ("exclude", "warn")];
    let used: Vec<String> = renamed
        .iter()
        .filter(|(old, _)| options.contains_key(*old))
        .map(|(old, new)| format!("`{old}` is now `{new}`"))
        .collect();
    (!used.is_empty()).then(|| {
        let message = format!("Keys of `warn_error_options` have other names: {}", used.join(", "));
        deprecation("WEOIncludeExcludeDeprecation", message)
    })
}

/// `DBT_ENGINE_…` is the engine's own: a variable that is none of ours may become one.
fn reserved(environment: &Environment) -> Vec<Event> {
    const PREFIX: &str = "DBT_ENGINE_";
    let candidates: Vec<&String> =
        environment.variables.keys().filter(|name| name.starts_with(PREFIX)).collect();
    if candidates.is_empty() {
        return Vec::new();
    }
    let known = variables(&crate::arguments::CommandLine::command());
    let is_renamed = |name: &str| RENAMED.iter().any(|(old, _)| spellings(old)[0] == name);
    let is_flag = |name: &str| known.iter().any(|it| it == name || it.replacen("DBT_", PREFIX, 1) == name);
    let is_unknown = |name: &&&String| !is_flag(name) && !is_renamed(name);
    let told = |name: &String| {
        let message = format!(
            "The environment variable `{name}` uses the reserved prefix `{PREFIX}`: give it another name"
        );
        deprecation("EnvironmentVariableNamespaceDeprecation", message)
            .with("env_var", name.as_str())
            .with("reserved_prefix", PREFIX)
    };
    candidates.iter().filter(is_unknown).map(|name| told(name)).collect()
}

fn variables(command: &clap::Command) -> Vec<String> {
    let own = command
        .get_arguments()
        .filter_map(clap::Arg::get_env)
        .map(|name| name.to_string_lossy().into_owned());
    own.chain(command.get_subcommands().flat_map(variables)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use std::sync::Arc;

    #[track_caller]
    fn check(command: &str, variables: &[&str], options: &str, expected: &[&str]) {
        let variables: BTreeMap<String, String> =
            variables.iter().map(|name| ((*name).to_owned(), "1".to_owned())).collect();
        let environment = Environment {
            variables: Arc::new(variables),
            metadata_envs: serde_json::Map::new(),
            working_dir: ".".into(),
            command: command.to_owned(),
        };
        let options = serde_json::from_str(options).unwrap_or_default();
        let found: Vec<String> = of_command(&environment, &options).into_iter().map(|it| it.name).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn old_ways_are_told() {
        check("dp ls --select a", &["DBT_TARGET", "DBT_ENGINE_STATE"], r#"{"error": "all"}"#, &[]);
        check("dp ls -m a", &[], "{}", &["ModelParamUsageDeprecation"]);
        check("dp ls", &[], r#"{"include": "all"}"#, &["WEOIncludeExcludeDeprecation"]);
        check("dp ls", &["DBT_NO_PRINT"], "{}", &["EnvironmentVariableRenamed"]);
        check("dp ls", &["DBT_ENGINE_MINE"], "{}", &["EnvironmentVariableNamespaceDeprecation"]);
    }
}
