//! Jinja inside of YAML: `{{ env_var('X') }}` as a value.

use crate::code;
use crate::context::env::{EnvVar, Secrets};
use crate::context::macros::Macros;
use crate::context::raised::{Kind, Raised};
use crate::context::scope::{Context, Names};
use crate::context::shared::Shared;
use crate::context::vars::{Missing, Var, Vars};
use crate::yaml::{Content, Document, Node};
use jinja::{SourceFile, UndefinedMode, Value};
use platform_core::{Diagnostic, Place};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Renders the strings of YAML values.
#[derive(Clone, Debug)]
pub struct Renderer {
    context: Arc<Context>,
    reading: Reading,
    missing: Missing,
}

/// What to do about a value that isn't there, [`Content::Undefined`].
pub const UNDEFINED_HINT: &str = "its template names something that isn't there: look for a misspelt name";

/// Whose values are rendered: the earlier a file is read, the fewer names there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// profiles.yml and packages.yml: there is no target yet.
    Connection,
    /// dbt_project.yml and selectors.yml: the project has no name yet.
    Project,
    /// Files of properties.
    Properties,
}

/// What stands for an item of a list in a path of keys.
pub const ITEM: &str = "";

#[derive(Debug)]
struct YamlNames {
    own: BTreeMap<&'static str, Value>,
    reading: Reading,
}

impl Names for YamlNames {
    fn get(&self, name: &str, _context: &Arc<Context>) -> Option<Value> {
        self.own.get(name).cloned()
    }

    fn hides(&self, name: &str) -> bool {
        match name {
            "exceptions" | "try_or_compiler_error" | "dbt_metadata_envs" => true,
            "project_name" => self.reading != Reading::Properties,
            "target" | "env" => self.reading == Reading::Connection,
            _ => false,
        }
    }

    fn keys(&self) -> &'static [&'static str] {
        &["var", "env_var"]
    }
}

impl Renderer {
    /// The flags of the command and the project.
    pub fn flags(&self) -> &crate::flags::Flags {
        &self.context.shared().flags
    }

    /// A renderer whose `var` sees what templates of `package` see.
    pub fn new(reading: Reading, shared: &Arc<Shared>, vars: &Vars, package: &str, secrets: Secrets) -> Self {
        Self::with_missing(Missing::Error, reading, shared, vars, package, secrets)
    }

    /// A renderer of dbt_project.yml where a missing variable is none.
    pub fn lenient(shared: &Arc<Shared>, vars: &Vars, package: &str, secrets: Secrets) -> Self {
        Self::with_missing(Missing::None, Reading::Project, shared, vars, package, secrets)
    }

    /// A renderer of the root project's own files, which see its vars and no macros.
    pub fn of_root(reading: Reading, shared: &Shared) -> Self {
        let shared = Arc::new(shared.without_macros());
        Self::new(reading, &shared, &shared.vars, &shared.project_name, Secrets::Refused)
    }

    fn with_missing(
        missing: Missing,
        reading: Reading,
        shared: &Arc<Shared>,
        vars: &Vars,
        package: &str,
        secrets: Secrets,
    ) -> Self {
        let mut own = BTreeMap::from([("var", Var::of_yaml(vars.of(package), missing))]);
        if secrets == Secrets::Given {
            own.insert("env_var", EnvVar::value(shared.env.clone(), Secrets::Given));
        }
        let names = Arc::new(YamlNames { own, reading });
        let context = Context::new(shared.clone(), package.into(), names, UndefinedMode::RunTime, None);
        Self { context, reading, missing }
    }

    /// Whether what is missing may be: the values are read for what needs no resources.
    pub fn is_lenient(&self) -> bool {
        self.missing == Missing::None
    }

    /// The same with one more name.
    #[must_use]
    pub fn with(self, name: &str, value: Value) -> Self {
        self.context.add(name, value);
        self
    }

    /// The same with names of its own, so that [`Renderer::with`] leaves this one as it is.
    #[must_use]
    pub fn forked(&self) -> Self {
        Self { context: self.context.forked(), reading: self.reading, missing: self.missing }
    }

    /// A text, rendered to a text.
    pub fn plain(&self, text: &str, place: impl Fn() -> Place) -> Result<String, Diagnostic> {
        let file = SourceFile::new(place().file, text);
        self.context.render(&file).map_err(|error| self.refusal(text, &error, false).at(place()))
    }

    /// The value with every string in it rendered, but for keys that `keep` names by their path.
    pub fn render(
        &self,
        document: &Document,
        node: &Node,
        keep: &dyn Fn(&[&str]) -> bool,
    ) -> Result<Node, Diagnostic> {
        self.walk(document, node, keep, &mut Vec::new())
    }

    /// Whether rendering the value would change anything.
    pub fn has_work(&self, node: &Node, keep: &dyn Fn(&[&str]) -> bool) -> bool {
        has_work(node, keep, &mut Vec::new())
    }

    fn walk<'a>(
        &self,
        document: &Document,
        node: &'a Node,
        keep: &dyn Fn(&[&str]) -> bool,
        path: &mut Vec<&'a str>,
    ) -> Result<Node, Diagnostic> {
        if !path.is_empty() && keep(path) {
            return Ok(node.clone());
        }
        let content = match &node.content {
            Content::Text(text) if has_jinja(text) => {
                let value = self.text(text, || document.place(&node.span))?;
                return Ok(value.map_or_else(
                    || Node::new(Content::Undefined, node.span.clone()),
                    |value| Node::of_json(&value, &node.span),
                ));
            }
            Content::Text(text) if text.ends_with('\n') => {
                Content::Text(without_last_newline(text).to_owned())
            }
            Content::List(items) => {
                path.push(ITEM);
                let items: Result<_, _> =
                    items.iter().map(|item| self.walk(document, item, keep, path)).collect();
                path.pop();
                Content::List(items?)
            }
            Content::Map(entries) => {
                let mut rendered = Vec::with_capacity(entries.len());
                for entry in entries {
                    path.push(&entry.key);
                    let value = self.walk(document, &entry.value, keep, path);
                    path.pop();
                    rendered.push(crate::yaml::Entry { value: value?, ..entry.clone() });
                }
                Content::Map(rendered)
            }
            other => other.clone(),
        };
        Ok(Node { content, span: node.span.clone() })
    }

    /// A text, rendered to a value; `place` is where it stands. `None` where the template gives what isn't there.
    pub fn text(
        &self,
        text: &str,
        place: impl Fn() -> Place,
    ) -> Result<Option<serde_json::Value>, Diagnostic> {
        let file = SourceFile::new(place().file, text);
        let result = self.context.jinja().render_native(&file, &self.context.value());
        let value = result.and_then(|value| {
            (!jinja::value::is_undefined(&value)).then(|| jinja::value::to_json(&value)).transpose()
        });
        value.map_err(|error| self.refusal(text, &error, true).at(place()))
    }

    fn refusal(&self, text: &str, error: &jinja::Error, quoted: bool) -> Diagnostic {
        let (kind, message) = match Raised::of(error) {
            Some(raised) => (raised.kind, raised.message.as_str()),
            None => (Kind::Compilation, error.message()),
        };
        // A text of profiles.yml or packages.yml may hold a password.
        let shown = quoted && kind == Kind::Compilation && self.reading != Reading::Connection;
        let message = if shown {
            let shown = crate::context::env::scrub(text, &self.context.shared().env);
            format!("Could not render {shown}: {message}")
        } else {
            message.to_owned()
        };
        Diagnostic::error(code::JINJA, message).event(kind.event())
    }
}

fn has_work<'a>(node: &'a Node, keep: &dyn Fn(&[&str]) -> bool, path: &mut Vec<&'a str>) -> bool {
    match &node.content {
        Content::Text(text) => (text.ends_with('\n') || has_jinja(text)) && (path.is_empty() || !keep(path)),
        Content::List(items) => {
            path.push(ITEM);
            let has_work = items.iter().any(|item| has_work(item, keep, path));
            path.pop();
            has_work
        }
        Content::Map(entries) => entries.iter().any(|entry| {
            path.push(&entry.key);
            let has_work = has_work(&entry.value, keep, path);
            path.pop();
            has_work
        }),
        _ => false,
    }
}

/// Whether a text has anything for Jinja to do.
pub fn has_jinja(text: &str) -> bool {
    let bytes = text.as_bytes();
    memchr::memchr_iter(b'{', bytes).any(|at| matches!(bytes.get(at + 1), Some(b'{' | b'%' | b'#')))
}

/// What rendering makes of a text that has nothing for Jinja: a template's last line break is no part of what it gives.
pub fn without_last_newline(text: &str) -> &str {
    text.strip_suffix('\n').unwrap_or(text)
}

/// Nothing is kept as it is.
pub fn all(_path: &[&str]) -> bool {
    false
}

/// What YAML sees before there is a profile or a macro.
pub fn bootstrap(options: &crate::options::ReadOptions, profile: &crate::profile::Profile) -> Arc<Shared> {
    let constants = Shared::constants(
        &options.env,
        &options.metadata_envs,
        profile,
        &options.flags,
        &options.invocation_id,
        options.now,
        "",
    );
    Arc::new(Shared {
        jinja: jinja::Environment::new(),
        macros: Arc::new(Macros::default()),
        vars: Vars::of_command_line(&options.vars),
        env: options.env.clone(),
        profile: Arc::new(profile.clone()),
        flags: Arc::new(options.flags.clone()),
        project_name: "".into(),
        invocation_id: options.invocation_id.as_str().into(),
        now: options.now,
        events: options.events.clone(),
        constants,
    })
}
