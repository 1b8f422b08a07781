//! `var()`: variables by the package that asks (<https://docs.getdbt.com/docs/build/project-variables>).

use crate::context::Context;
use crate::context::arguments::{Arguments, text};
use crate::context::raised::{Kind, Raised};
use crate::json;
use crate::render::has_jinja;
use crate::settings::Settings;
use jinja::{HostError, Object, ObjectRepr, State, Value, from_args};
use serde_json::{Map, Value as Json};
use std::collections::HashMap;
use std::sync::Arc;

/// Variables of every package, levels merged.
///
/// Precedence: command line, root project for that package, root project, the package for itself, the package.
#[derive(Clone, Debug, Default)]
pub struct Vars {
    root: Arc<str>,
    packages: Arc<HashMap<String, Arc<Map<String, Json>>>>,
}

impl Vars {
    /// Merges what the packages' settings and the command line say; the root project comes first.
    pub fn new<'a>(
        packages: impl IntoIterator<Item = (&'a str, &'a Settings)>,
        cli: &Map<String, Json>,
    ) -> Self {
        let mut packages = packages.into_iter().peekable();
        let Some((root, root_settings)) = packages.peek().copied() else { return Self::default() };
        let merged = packages
            .map(|(name, settings)| {
                let mut merged = Map::new();
                if name != root {
                    add(&mut merged, &settings.vars, name);
                }
                add(&mut merged, &root_settings.vars, name);
                merged.extend(cli.clone());
                (name.to_owned(), Arc::new(merged))
            })
            .collect();
        Self { root: root.into(), packages: Arc::new(merged) }
    }

    /// Only the command line's variables: what `dbt_project.yml` and `profiles.yml` see.
    pub fn of_command_line(cli: &Map<String, Json>) -> Self {
        let only = HashMap::from([(String::new(), Arc::new(cli.clone()))]);
        Self { root: "".into(), packages: Arc::new(only) }
    }

    /// What templates of a package see.
    pub fn of(&self, package: &str) -> Arc<Map<String, Json>> {
        let found = self.packages.get(package).or_else(|| self.packages.get(self.root.as_ref()));
        found.cloned().unwrap_or_default()
    }
}

fn add(into: &mut Map<String, Json>, vars: &Map<String, Json>, package: &str) {
    into.extend(vars.clone());
    if let Some(scoped) = vars.get(package).and_then(Json::as_object) {
        into.extend(scoped.clone());
    }
}

/// What becomes of a variable that nobody set and that has no default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// `None`, as at parse time.
    None,
    /// An error, as at run time and in YAML.
    Error,
}

/// Variables as messages and artifacts show them: a name that begins as a secret's of the environment is one.
pub fn without_secrets(vars: &Map<String, Json>) -> Map<String, Json> {
    let shown = |name: &String, value: &Json| {
        if name.starts_with("DBT_ENV_SECRET") { Json::from("*****") } else { value.clone() }
    };
    vars.iter().map(|(name, value)| (name.clone(), shown(name, value))).collect()
}

/// The `var` of templates: callable, with `has_var`.
#[derive(Debug)]
pub struct Var {
    values: Arc<Map<String, Json>>,
    missing: Missing,
    /// Whom messages name.
    owner: String,
    /// Whether a value that is a template is rendered: not for YAML files, which take it as it stands.
    renders: bool,
}

impl Var {
    /// The `var` over these values.
    pub fn value(values: Arc<Map<String, Json>>, missing: Missing, owner: impl Into<String>) -> Value {
        Value::from_object(Self { values, missing, owner: owner.into(), renders: true })
    }

    /// The `var` of YAML files.
    pub fn of_yaml(values: Arc<Map<String, Json>>, missing: Missing) -> Value {
        let owner = "<Configuration>".to_owned();
        Value::from_object(Self { values, missing, owner, renders: false })
    }

    fn missing(&self, name: &str) -> HostError {
        let supplied = json::dumps_indented(&Json::Object(without_secrets(&self.values)));
        Raised::error(
            Kind::Compilation,
            format!(
                "Required var '{name}' not found in config:\nVars supplied to {} = {supplied}",
                self.owner
            ),
        )
    }
}

/// A text of a variable is a template of the place that asks for it: it may hold a `ref`.
fn rendered(name: &str, text: &str, state: &State<'_, '_>) -> Result<Value, HostError> {
    let asking = jinja::value::context(state);
    match asking.as_ref().and_then(jinja::Value::downcast_object::<Context>) {
        Some(context) => {
            let file = jinja::SourceFile::new(format!("var {name}"), text);
            context.render(&file).map(Value::from).map_err(HostError::from)
        }
        None => Ok(Value::from(text)),
    }
}

impl Object for Var {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn call(self: &Arc<Self>, state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, HostError> {
        // A default of `none` is a default: only what wasn't given is missing.
        let [name, default] = Arguments::new("var", args)?.bind(["var_name", "default"], 1)?;
        let name = text(name.as_ref()).unwrap_or_default();
        if let Some(value) = self.values.get(&name) {
            return match value {
                Json::String(text) if self.renders && has_jinja(text) => rendered(&name, text, state),
                value => Ok(jinja::value::from_json(value)),
            };
        }
        match default {
            Some(default) => Ok(default),
            None if self.missing == Missing::None => Ok(Value::from(())),
            None => Err(self.missing(&name)),
        }
    }

    fn call_method(
        self: &Arc<Self>,
        _state: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, HostError> {
        if method != "has_var" {
            return Err(HostError::new(
                jinja::HostErrorKind::UnknownMethod,
                format!("`var` has no method `{method}`"),
            ));
        }
        let (name,): (String,) = from_args(args)?;
        Ok(Value::from(self.values.contains_key(&name)))
    }
}
