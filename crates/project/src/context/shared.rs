//! What all contexts of one command share: target, flags, invocation, functions that need no node.

use crate::context::env::{EnvVar, Secrets};
use crate::context::exceptions::Exceptions;
use crate::context::functions;
use crate::context::macros::Macros;
use crate::context::scope::Context;
use crate::context::vars::Vars;
use crate::flags::Flags;
use crate::profile::Profile;
use chrono::{DateTime, Utc};
use jinja::{HostError, Object, State, Value, from_args};
use platform_core::event::EventSink;
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// The dbt version we are compatible with; `dbt_version` of templates and artifacts.
pub const DBT_VERSION: &str = "1.11.16";

/// What all contexts of one command share.
pub struct Shared {
    /// Filters, tests, globals.
    pub jinja: jinja::Environment,
    /// Every macro.
    pub macros: Arc<Macros>,
    /// Variables.
    pub vars: Vars,
    /// The environment's variables.
    pub env: Arc<BTreeMap<String, String>>,
    /// Where the project is built.
    pub profile: Arc<Profile>,
    /// Flags.
    pub flags: Arc<Flags>,
    /// The root project's name.
    pub project_name: Arc<str>,
    /// One uuid per command.
    pub invocation_id: Arc<str>,
    /// When the command started.
    pub now: DateTime<Utc>,
    /// Where `log()` and `print()` go.
    pub events: Arc<dyn EventSink>,
    /// Constants, converted once.
    pub constants: BTreeMap<&'static str, Value>,
}

impl fmt::Debug for Shared {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Shared").field("project_name", &self.project_name).finish_non_exhaustive()
    }
}

impl Shared {
    /// Every name it may answer.
    pub const KEYS: &'static [&'static str] = &[
        "dbt_version",
        "env_var",
        "var",
        "target",
        "env",
        "flags",
        "log",
        "print",
        "fromjson",
        "tojson",
        "fromyaml",
        "toyaml",
        "set",
        "set_strict",
        "zip",
        "zip_strict",
        "diff_of_two_dicts",
        "local_md5",
        "invocation_id",
        "run_started_at",
        "thread_id",
        "exceptions",
        "project_name",
        "dbt_metadata_envs",
        "try_or_compiler_error",
        "modules",
        "return",
    ];

    /// The same without a single macro: what YAML sees.
    #[must_use]
    pub fn without_macros(&self) -> Self {
        Self {
            jinja: self.jinja.clone(),
            macros: Arc::default(),
            vars: self.vars.clone(),
            env: self.env.clone(),
            profile: self.profile.clone(),
            flags: self.flags.clone(),
            project_name: self.project_name.clone(),
            invocation_id: self.invocation_id.clone(),
            now: self.now,
            events: self.events.clone(),
            constants: self.constants.clone(),
        }
    }

    /// The value of a name that needs no node.
    pub fn get(&self, name: &str, context: &Arc<Context>) -> Option<Value> {
        if let Some(value) = self.constants.get(name) {
            return Some(value.clone());
        }
        Some(match name {
            "log" => functions::log(context.clone()),
            "print" => functions::print(context.clone()),
            "thread_id" => Value::from(match std::thread::current().name() {
                None | Some("main") => "MainThread",
                Some(name) => name,
            }),
            _ => return None,
        })
    }

    /// The constants for these parts; [`Shared::constants`] is made of them.
    pub fn constants(
        env: &Arc<BTreeMap<String, String>>,
        metadata_envs: &Map<String, Json>,
        profile: &Profile,
        flags: &Flags,
        invocation_id: &str,
        now: DateTime<Utc>,
        project_name: &str,
    ) -> BTreeMap<&'static str, Value> {
        let target = target(profile);
        BTreeMap::from([
            ("dbt_version", Value::from(DBT_VERSION)),
            ("return", jinja::functions::return_function()),
            ("modules", jinja::functions::modules()),
            ("env_var", EnvVar::value(env.clone(), Secrets::Refused)),
            ("target", target.clone()),
            ("env", target),
            ("flags", crate::context::flags::value(flags)),
            ("fromjson", functions::from_json()),
            ("tojson", functions::to_json()),
            ("fromyaml", functions::from_yaml()),
            ("toyaml", functions::to_yaml()),
            ("set", functions::set()),
            ("set_strict", functions::set_strict()),
            ("zip", functions::zip(false)),
            ("zip_strict", functions::zip(true)),
            ("diff_of_two_dicts", functions::diff_of_two_dicts()),
            ("local_md5", functions::local_md5()),
            ("try_or_compiler_error", functions::try_or_compiler_error()),
            ("return", jinja::functions::return_function()),
            ("modules", jinja::functions::modules()),
            ("invocation_id", Value::from(invocation_id)),
            ("run_started_at", jinja::value::moment(now)),
            ("exceptions", Exceptions::value()),
            ("project_name", Value::from(project_name)),
            ("dbt_metadata_envs", jinja::value::from_json(&Json::Object(metadata_envs.clone()))),
        ])
    }
}

/// `target`: the profile's keys without secrets, dbt's own added.
///
/// Commands that need no profile (`deps`, `clean`) have none of its keys: there every key is an empty text, as dbt
/// has it, so that conditions on `target.type` in dbt_project.yml can be evaluated.
pub fn target(profile: &Profile) -> Value {
    if profile.shown.is_empty() {
        return Value::from_object(NoTarget);
    }
    jinja::value::from_json(&Json::Object(profile.shown.clone()))
}

/// `target` where no profile was read.
#[derive(Debug)]
struct NoTarget;

impl Object for NoTarget {
    fn get_value(self: &Arc<Self>, _: &Value) -> Option<Value> {
        Some(Value::from(""))
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, HostError> {
        if method == "get" {
            let (_, default): (String, Option<Value>) = from_args(args)?;
            return Ok(default.unwrap_or_else(|| Value::from(())));
        }
        Err(HostError::new(jinja::HostErrorKind::UnknownMethod, format!("`target` has no method `{method}`")))
    }

    fn is_true(self: &Arc<Self>) -> bool {
        false
    }

    fn render(self: &Arc<Self>, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("{}")
    }
}

/// `DBT_ENV_CUSTOM_ENV_*` variables without the prefix, in the order in which they are given.
pub fn metadata_envs<'v>(variables: impl IntoIterator<Item = (&'v String, &'v String)>) -> Map<String, Json> {
    let custom = variables.into_iter().filter_map(|(name, value)| {
        name.strip_prefix("DBT_ENV_CUSTOM_ENV_").map(|name| (name.to_owned(), Json::from(value.as_str())))
    });
    custom.collect()
}

#[cfg(test)]
mod tests {
    use super::metadata_envs;

    #[test]
    fn custom_variables_keep_the_order_of_the_environment() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let variables =
            [pair("DBT_ENV_CUSTOM_ENV_RUN", "1"), pair("HOME", "/"), pair("DBT_ENV_CUSTOM_ENV_JOB", "2")];
        let found = metadata_envs(variables.iter().map(|(name, value)| (name, value)));
        assert_eq!(serde_json::to_string(&found).ok().as_deref(), Some(r#"{"RUN":"1","JOB":"2"}"#));
    }
}
