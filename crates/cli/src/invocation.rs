//! One command: its flags, its log, its project.

use crate::arguments::{Global, Verb, given};
use crate::deprecations;
use crate::exit::Stop;
use crate::flags;
use crate::log::{Log, WarningPolicy};
use crate::report;
use crate::resource_report;
use crate::times;
use crate::verb::Retry;
use chrono::{DateTime, Utc};
use platform_core::event::Level;
use platform_core::manifest::Metadata;
use platform_core::{Event, EventSink};
use project::runtime::Opening;
use project::{Flags, Project, ReadOptions};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// What the process was started with: read once, in the binary.
#[derive(Clone, Debug)]
pub struct Environment {
    /// Variables.
    pub variables: Arc<BTreeMap<String, String>>,
    /// Those of them that artifacts tell, in the order in which the process has them.
    pub metadata_envs: Map<String, Value>,
    /// The working directory.
    pub working_dir: PathBuf,
    /// The command line as typed, for `invocation_command`.
    pub command: String,
}

impl Environment {
    /// Of this process.
    pub fn of_process() -> Self {
        let words: Vec<String> =
            std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect();
        let program = words.first().map(|word| Path::new(word).file_name().unwrap_or_default());
        let program = program.map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let rest = words.get(1..).unwrap_or_default();
        let variables: Vec<(String, String)> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        Self {
            metadata_envs: project::metadata_envs(variables.iter().map(|(name, value)| (name, value))),
            variables: Arc::new(variables.into_iter().collect()),
            working_dir: std::env::current_dir().unwrap_or_else(|_| PathBuf::from(".")),
            command: std::iter::once(program).chain(rest.iter().cloned()).collect::<Vec<_>>().join(" "),
        }
    }

    /// The values of variables that are named as secrets: no listener shows them.
    pub fn secrets(&self) -> Vec<String> {
        let named = self.variables.iter().filter(|(name, _)| name.starts_with("DBT_ENV_SECRET"));
        named.map(|(_, value)| value.clone()).collect()
    }

    /// A variable that is set and not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

/// One command.
pub struct Invocation {
    /// Flags that every verb takes.
    pub global: Global,
    /// dbt's name of the verb.
    pub verb: &'static str,
    /// What the verb's own flags say.
    pub arguments: Map<String, Value>,
    /// `--vars`.
    pub vars: Map<String, Value>,
    /// The environment.
    pub environment: Environment,
    /// The listeners.
    pub log: Arc<Log>,
    /// What warnings are, as the flags have it.
    pub policy: WarningPolicy,
    /// A uuid.
    pub id: Arc<str>,
    /// When it began.
    pub now: DateTime<Utc>,
    /// The same, for durations.
    pub began: Instant,
    /// The nodes of `retry`, which no selection finds.
    pub retry: Option<Retry>,
}

impl Invocation {
    /// Opens the log and checks the flags that are YAML.
    pub fn new(
        mut global: Global,
        verb: &'static str,
        arguments: Map<String, Value>,
        environment: Environment,
    ) -> Result<Self, Stop> {
        let id: Arc<str> = uuid::Uuid::new_v4().to_string().into();
        let vars = flags::yaml_map("--vars", global.place.vars.as_deref())?;
        check_paths(&global, verb, &environment)?;
        let folder = project_dir(&global, &environment);
        deprecations::fill_from_old_variables(&mut global, &environment)?;
        let project_flags = project::settings::flags_of(&folder);
        flags::fill_from_project(&mut global, &project_flags)?;
        let handles_all = project_flags.get("require_all_warnings_handled_by_warn_error");
        let (options, policy, unknown) = warning_policy(&global, &project_flags)?;
        let warnings = policy.clone().handling_all(handles_all.and_then(Value::as_bool) == Some(true));
        let log_folder = log_folder(&global, &folder);
        let secrets = environment.secrets();
        let log = Log::keeping(&global.logging, log_folder.as_deref(), warnings, &id, secrets);
        let log = Arc::new(log);
        for event in deprecations::of_command(&environment, &options) {
            log.send(event);
        }
        for key in unknown {
            let text = format!("`{key}` in `warn_error_options` means nothing: write error, warn or silence");
            log.send(
                Event::new(Level::Warn, "ProjectWarning", format!("[WARNING]: {text}")).with("msg", text),
            );
        }
        if log.escalated() > 0 {
            return Err(Stop::Told);
        }
        Ok(Self {
            global,
            verb,
            arguments,
            vars,
            environment,
            log,
            policy,
            id,
            now: Utc::now(),
            began: Instant::now(),
            retry: None,
        })
    }

    /// Another verb within the same command: the same log, id and clock.
    pub fn again(&self, global: Global, verb: &Verb) -> Result<Self, Stop> {
        Ok(Self {
            vars: flags::yaml_map("--vars", global.place.vars.as_deref())?,
            global,
            verb: verb.name(),
            arguments: crate::verb_arguments(verb),
            environment: self.environment.clone(),
            log: self.log.clone(),
            policy: self.policy.clone(),
            id: self.id.clone(),
            now: self.now,
            began: self.began,
            retry: None,
        })
    }

    /// Says something.
    pub fn say(&self, level: Level, name: &str, code: &str, message: impl Into<String>) {
        self.log.send(Event::new(level, name, message).code(code));
    }

    /// Says something with facts.
    pub fn tell(&self, level: Level, name: &str, code: &str, message: impl Into<String>, facts: Value) {
        let mut event = Event::new(level, name, message).code(code);
        if let Value::Object(facts) = facts {
            event.data = facts;
        }
        self.log.send(event);
    }

    /// When a command that compiles opens its connections: with `--no-populate-cache` nothing is asked before a template
    /// does, so that there may be no server at all.
    pub fn opening(&self) -> Opening {
        match self.flag("populate_cache") {
            Some(false) => Opening::WhenAsked,
            _ => Opening::AtOnce,
        }
    }

    /// Says that nothing was selected, which may be an error by `--warn-error`.
    pub fn nothing_to_do(&self) -> Result<(), Stop> {
        let text = "Nothing to do. Try checking your model configs and model specification args";
        self.say(Level::Warn, "NothingToDo", "Q035", text);
        self.stop_if_escalated()
    }

    /// An empty line.
    pub fn blank(&self) {
        self.log.send(Event::new(Level::Info, "Formatting", "").code("Z017").with("msg", ""));
    }

    /// Says which flags the command has, in the log file.
    pub fn tell_arguments(&self) {
        let text = |value: Value| match value {
            Value::String(text) => text,
            other => project::python::repr(&other),
        };
        let flags: Map<String, Value> =
            self.told_flags().into_iter().map(|(name, value)| (name, text(value).into())).collect();
        let flags = Value::Object(flags);
        let message = format!("running dbt with arguments {}", project::python::repr(&flags));
        self.log.send(Event::new(Level::Debug, "MainReportArgs", message).code("A002").with("args", flags));
    }

    /// Says that the command ended, in the log file.
    pub fn completed(&self, success: bool) {
        let elapsed = self.began.elapsed().as_secs_f64();
        let verb = self.verb;
        let is_asked_for = self.global.logging.show_resource_report == Some(true);
        self.log.send(resource_report::event(verb, success, elapsed, is_asked_for));
        let word = if success { "succeeded" } else { "failed" };
        let at = Utc::now();
        let message = format!(
            "Command `dbt {verb}` {word} at {} after {elapsed:.2} seconds",
            at.format("%H:%M:%S%.6f")
        );
        self.log.send(
            Event::new(Level::Debug, "CommandCompleted", message)
                .code("Q039")
                .with("command", format!("dbt {verb}"))
                .with("success", success)
                .with("completed_at", model_graph::timestamp(at))
                .with("elapsed", elapsed),
        );
    }

    /// The folder with dbt_project.yml, absolute.
    pub fn project_dir(&self) -> PathBuf {
        project_dir(&self.global, &self.environment)
    }

    /// Reads the project and says what is wrong with it; stops if something stops the command.
    pub fn read(&self) -> Result<Project, Stop> {
        let vars = Value::Object(project::context::vars::without_secrets(&self.vars));
        let shown = project::python::repr(&vars);
        let event = Event::new(Level::Debug, "StateCheckVarsHash", format!("vars: {shown}")).code("I025");
        self.log.send(event.with("vars", shown));
        if self.global.behaviour.partial_parse == Some(false) {
            let event = Event::new(Level::Debug, "PartialParsingNotEnabled", "Partial parsing not enabled");
            self.log.send(event.code("I028"));
        }
        let project = project::read(&self.read_options()).map_err(stop)?;
        for warning in project.warnings() {
            self.log.send(report::of_project(warning));
        }
        let errors: Vec<_> = project.errors().cloned().collect();
        for error in errors.iter().filter(|it| it.event.as_deref() == Some("SemanticValidationFailure")) {
            let event = Event::new(Level::Debug, "SemanticValidationFailure", error.message.clone());
            self.log.send(event.with("msg", error.message.clone()));
        }
        if !errors.is_empty() {
            return Err(Stop::Project(errors));
        }
        self.stop_if_escalated()?;
        self.tell_adapter();
        Ok(project)
    }

    /// Says which adapter stands between the project and its database.
    pub fn tell_adapter(&self) {
        let message = format!("Registered adapter: postgres={ADAPTER_VERSION}");
        let event = Event::new(Level::Info, "AdapterRegistered", message).code("E034");
        let version = format!("={ADAPTER_VERSION}");
        self.log.send(event.with("adapter_name", "postgres").with("adapter_version", version));
    }

    /// Stops where a warning that was told is an error.
    pub fn stop_if_escalated(&self) -> Result<(), Stop> {
        if self.log.escalated() > 0 { Err(Stop::Told) } else { Ok(()) }
    }

    /// What the command line says of reading a project.
    pub fn read_options(&self) -> ReadOptions {
        let place = &self.global.place;
        let working_dir = self.environment.working_dir.clone();
        let absolute = |path: &PathBuf| working_dir.join(path).components().collect::<PathBuf>();
        ReadOptions {
            profiles_dir: place.profiles_dir.as_ref().map(absolute),
            profile: place.profile.clone(),
            target: place.target.clone(),
            threads: self.threads(),
            vars: self.vars.clone(),
            env: self.environment.variables.clone(),
            metadata_envs: self.environment.metadata_envs.clone(),
            target_path: place.target_path.clone(),
            fallback_profile: project::database::fallback_profile(&self.environment.variables),
            flags: Flags::given(self.told_flags()),
            invocation_args: self.result_arguments(),
            working_dir: working_dir.clone(),
            now: self.now,
            invocation_id: self.id.to_string(),
            events: self.log.clone(),
            ..ReadOptions::new(self.project_dir())
        }
    }

    /// `--threads`; a number below zero is none, which is refused where nodes are to run.
    pub fn threads(&self) -> Option<usize> {
        let count = self.arguments.get("threads").and_then(Value::as_i64);
        count.map(|count| usize::try_from(count).unwrap_or(0))
    }

    /// Every flag that was given, under dbt's names in lower case.
    pub fn flags(&self) -> Map<String, Value> {
        let mut flags = given(&self.global);
        flags.extend(self.arguments.clone());
        flags.insert("which".into(), self.verb.into());
        flags.insert("invocation_command".into(), self.environment.command.clone().into());
        flags
    }

    /// The same with what stands for what was not given, and in the forms that dbt gives them.
    fn told_flags(&self) -> Map<String, Value> {
        let mut flags = self.flags();
        if let Some(folder) = log_folder(&self.global, &self.project_dir()) {
            flags.insert("log_path".into(), folder.display().to_string().into());
        }
        if self.global.behaviour.warn_error != Some(true) {
            flags.insert("warn_error_options".into(), self.policy.to_json());
        }
        flags
    }

    /// `args` of run_results.json: dbt's defaults, then what was given.
    pub fn result_arguments(&self) -> Map<String, Value> {
        let mut arguments = flags::defaults(self.verb);
        arguments.extend(flags::behaviours(&project::settings::flags_of(&self.project_dir())));
        let told = self.told_flags();
        // What is said of all listeners is said of the file too.
        for (all, file) in [
            ("log_format", "log_format_file"),
            ("log_level", "log_level_file"),
            ("use_colors", "use_colors_file"),
        ] {
            let value = told.get(all).filter(|_| !told.contains_key(file));
            arguments.extend(value.map(|value| (file.to_owned(), value.clone())));
        }
        // As in dbt, a switch that is off and has no default isn't told, but of an operation.
        let is_operation = self.verb == "run-operation";
        let is_told =
            |name: &String, value: &Value| value != false || is_operation || arguments.contains_key(name);
        let told: Vec<_> = told.into_iter().filter(|(name, value)| is_told(name, value)).collect();
        arguments.extend(told);
        for (name, value) in times::told(self) {
            arguments.insert(name.to_owned(), value);
        }
        // What is YAML on the command line is a mapping here.
        if let Some(Value::String(text)) = arguments.get("args")
            && let Ok(map) = flags::yaml_map("--args", Some(text))
        {
            arguments.insert("args".into(), Value::Object(map));
        }
        if let Some(Value::String(text)) = arguments.get("sqlparse")
            && let Ok(map) = flags::yaml_map("--sqlparse", Some(text))
        {
            arguments.insert("sqlparse".into(), Value::Object(map));
        }
        // Types are no matter of dbt's `compile`; here they may be given.
        if self.verb == "compile" {
            arguments
                .retain(|name, value| !name.ends_with("resource_types") || value != &serde_json::json!([]));
        }
        // An operation's are those of the command line as they were read, without what dbt makes of it.
        if is_operation {
            arguments.remove("sqlparse");
            arguments.remove("warn_error_options");
        }
        arguments.insert("vars".into(), Value::Object(project::context::vars::without_secrets(&self.vars)));
        arguments.insert("project_dir".into(), self.project_dir().display().to_string().into());
        arguments
    }

    /// A flag, true if given so.
    pub fn is_on(&self, name: &str) -> bool {
        self.flag(name).unwrap_or(false)
    }

    /// A flag, if given.
    pub fn flag(&self, name: &str) -> Option<bool> {
        self.flags().get(name).and_then(Value::as_bool)
    }

    /// Whether artifacts are written.
    pub fn writes_json(&self) -> bool {
        self.global.behaviour.write_json != Some(false)
    }

    /// `metadata` of an artifact of this command.
    pub fn metadata(&self, schema: &str) -> Metadata {
        Metadata {
            dbt_schema_version: schema.to_owned(),
            dbt_version: DBT_VERSION.to_owned(),
            generated_at: model_graph::timestamp(Utc::now()),
            invocation_id: Some(self.id.to_string()),
            invocation_started_at: Some(model_graph::timestamp(self.now)),
            env: self.environment.metadata_envs.clone(),
            more: Map::new(),
        }
    }
}

/// Why a project could not be read.
pub fn stop(error: project::Error) -> Stop {
    match error {
        project::Error::Invalid(diagnostics) => Stop::Project(diagnostics),
        project::Error::File { action, path, source } => Stop::File { action, path, source },
    }
}

/// The dbt version we are compatible with, as artifacts and templates have it.
pub const DBT_VERSION: &str = "1.11.16";

/// The version of dbt-postgres that we are compatible with.
pub const ADAPTER_VERSION: &str = "1.11.0";

/// `--project-dir`, else the nearest folder from here up that has a dbt_project.yml, else here.
fn project_dir(global: &Global, environment: &Environment) -> PathBuf {
    let here = &environment.working_dir;
    let found = match &global.place.project_dir {
        Some(given) => here.join(given),
        None => here
            .ancestors()
            .find(|folder| folder.join("dbt_project.yml").is_file())
            .unwrap_or(here)
            .to_owned(),
    };
    std::fs::canonicalize(&found).unwrap_or(found)
}

/// `--log-path`, else `logs` of a folder that has a project.
fn log_folder(global: &Global, project: &Path) -> Option<PathBuf> {
    match &global.logging.log_path {
        Some(given) => Some(project.join(given)),
        None => project.join("dbt_project.yml").is_file().then(|| project.join("logs")),
    }
}

/// Files and folders that flags name and that must be there; as in dbt, some verbs ask for no profile.
fn check_paths(global: &Global, verb: &str, environment: &Environment) -> Result<(), Stop> {
    let refused = |flag: &str, path: &Path, kind: &str| {
        let path = path.display();
        Stop::usage(format!("Invalid value for '{flag}': {kind} '{path}' does not exist."))
    };
    if let Some(file) = &global.behaviour.partial_parse_file_path
        && !environment.working_dir.join(file).is_file()
    {
        return Err(refused("--partial-parse-file-path", Path::new(file), "File"));
    }
    let place = &global.place;
    let folders = [
        ("--project-dir", &place.project_dir, verb == "init"),
        ("--profiles-dir", &place.profiles_dir, matches!(verb, "debug" | "deps" | "init")),
    ];
    for (flag, folder, _) in folders.iter().filter(|(_, _, may_be_missing)| !may_be_missing) {
        if let Some(folder) = folder.as_ref().filter(|folder| !environment.working_dir.join(folder).exists())
        {
            return Err(refused(flag, folder, "Path"));
        }
    }
    Ok(())
}

/// `warn_error_options` as written, what they mean, and their keys that mean nothing.
type Warnings = (Map<String, Value>, WarningPolicy, Vec<String>);

/// `--warn-error` or `--warn-error-options`, else those of the project.
fn warning_policy(global: &Global, project: &Map<String, Value>) -> Result<Warnings, Stop> {
    const NAME: &str = "warn_error_options";
    let given = global.behaviour.warn_error_options.as_deref();
    let of_project = project.get(NAME).and_then(Value::as_object).filter(|it| !it.is_empty());
    if global.behaviour.warn_error == Some(true) {
        if given.is_some() || of_project.is_some() {
            let both =
                format!("{NAME}: not allowed with argument warn_error\nhint: `error: all` is the same");
            return Err(Stop::usage(both));
        }
        return Ok((Map::new(), WarningPolicy::all(), Vec::new()));
    }
    let (place, options) = match given {
        Some(_) => ("'--warn-error-options'", flags::yaml_map("--warn-error-options", given)?),
        None => {
            ("`warn_error_options` of `flags` in dbt_project.yml", of_project.cloned().unwrap_or_default())
        }
    };
    let (policy, unknown) = WarningPolicy::from_options(&options)
        .map_err(|problem| Stop::usage(format!("Invalid value for {place}: {problem}")))?;
    Ok((options, policy, unknown))
}
