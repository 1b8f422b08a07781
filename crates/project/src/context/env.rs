//! `env_var()` (<https://docs.getdbt.com/reference/dbt-jinja-functions/env_var>).

use crate::context::raised::{Kind, Raised};
use jinja::{HostError, Kwargs, Object, State, Value, from_args};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Variables of this prefix are secrets: only profiles and packages may read them, logs never show them.
pub const SECRET_PREFIX: &str = "DBT_ENV_SECRET";

/// Whether `env_var` gives secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secrets {
    /// In `profiles.yml` and `packages.yml`.
    Given,
    /// Everywhere else.
    Refused,
}

/// The `env_var` of templates.
#[derive(Debug)]
pub struct EnvVar {
    env: Arc<BTreeMap<String, String>>,
    /// What a unit test says in the environment's place, of whatever type.
    overrides: BTreeMap<String, Value>,
    secrets: Secrets,
}

impl EnvVar {
    /// The `env_var` over these variables.
    pub fn value(env: Arc<BTreeMap<String, String>>, secrets: Secrets) -> Value {
        Value::from_object(Self { env, overrides: BTreeMap::new(), secrets })
    }

    /// The `env_var` of a unit test that says some of them.
    pub fn overridden(env: Arc<BTreeMap<String, String>>, overrides: BTreeMap<String, Value>) -> Value {
        Value::from_object(Self { env, overrides, secrets: Secrets::Refused })
    }
}

impl Object for EnvVar {
    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn call(self: &Arc<Self>, _state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, HostError> {
        let (name, default, kwargs): (Option<String>, Option<Value>, Kwargs) = from_args(args)?;
        let name: String = match name {
            Some(name) => name,
            None => kwargs.get("var")?,
        };
        let default = default.or_else(|| kwargs.get::<Value>("default").ok());
        kwargs.assert_all_used()?;
        if name.starts_with(SECRET_PREFIX) && self.secrets == Secrets::Refused {
            return Err(Raised::error(
                Kind::Parsing,
                format!(
                    "Secret env vars are allowed only in profiles.yml or packages.yml. Found '{name}' \
                     referenced elsewhere."
                ),
            ));
        }
        if let Some(value) = self.overrides.get(&name) {
            return Ok(value.clone());
        }
        if let Some(value) = self.env.get(&name) {
            return Ok(Value::from(value.as_str()));
        }
        match default {
            Some(default) if !default.is_none() => Ok(default),
            _ => Err(Raised::error(Kind::Parsing, format!("Env var required but not provided: '{name}'"))),
        }
    }
}

/// A text without the secrets of the environment in it.
pub fn scrub(text: &str, env: &BTreeMap<String, String>) -> String {
    let secrets = env.iter().filter(|(name, value)| name.starts_with(SECRET_PREFIX) && !value.is_empty());
    secrets.fold(text.to_owned(), |text, (_, value)| text.replace(value.as_str(), "*****"))
}
