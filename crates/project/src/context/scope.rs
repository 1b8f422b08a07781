//! One template's context: names of the node, macros, names of the command.
//!
//! A name is looked up in this order, which is dbt's: what a single rendering adds (`sql`, `pre_hooks`), macros
//! (so a project can replace `ref`, and reach the original as `builtins.ref`), the node's own names ([`Names`]),
//! the command's ([`Shared`]).

use crate::context::macros::{Entry, Macros};
use crate::context::raised::Raised;
use crate::context::shared::Shared;
use indexmap::IndexSet;
use jinja::{Enumerator, HostError, Kwargs, Object, ObjectRepr, State, Value, from_args};
use platform_core::UniqueId;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The names that one node brings: `this`, `ref`, `config`, `model`, `adapter`, …
///
/// Parse time and run time each have one.
pub trait Names: Send + Sync + fmt::Debug {
    /// The value of a name; `None` where it has none.
    fn get(&self, name: &str, context: &Arc<Context>) -> Option<Value>;

    /// Whether a name that all contexts share isn't there in this one.
    fn hides(&self, _name: &str) -> bool {
        false
    }

    /// Every name it may answer, for `context.keys()`.
    fn keys(&self) -> &'static [&'static str];
}

/// The context of one template; a value that Jinja looks names up in.
#[derive(Debug)]
pub struct Context {
    shared: Arc<Shared>,
    names: Arc<dyn Names>,
    package: Arc<str>,
    undefined: jinja::UndefinedMode,
    added: Mutex<BTreeMap<String, Value>>,
    replaced: Mutex<BTreeMap<(String, String), Value>>,
    recorder: Option<Arc<Recorder>>,
}

impl Context {
    /// A context for templates of `package`.
    pub fn new(
        shared: Arc<Shared>,
        package: Arc<str>,
        names: Arc<dyn Names>,
        undefined: jinja::UndefinedMode,
        recorder: Option<Arc<Recorder>>,
    ) -> Arc<Self> {
        Arc::new(Self {
            shared,
            names,
            package,
            undefined,
            added: Mutex::default(),
            replaced: Mutex::default(),
            recorder,
        })
    }

    /// The same context without the names added to it.
    #[must_use]
    pub fn forked(&self) -> Arc<Self> {
        self.of_package(self.package.clone())
    }

    /// The same for templates of a package, without the names added to it.
    #[must_use]
    pub fn of_package(&self, package: Arc<str>) -> Arc<Self> {
        Arc::new(Self {
            shared: self.shared.clone(),
            names: self.names.clone(),
            package,
            undefined: self.undefined,
            added: Mutex::default(),
            replaced: Mutex::default(),
            recorder: self.recorder.clone(),
        })
    }

    /// The same context, noting which macros its templates call.
    #[must_use]
    pub fn recording(&self, recorder: Arc<Recorder>) -> Arc<Self> {
        Arc::new(Self {
            shared: self.shared.clone(),
            names: self.names.clone(),
            package: self.package.clone(),
            undefined: self.undefined,
            added: Mutex::new(self.added.lock().unwrap_or_else(PoisonError::into_inner).clone()),
            replaced: Mutex::new(self.replaced.lock().unwrap_or_else(PoisonError::into_inner).clone()),
            recorder: Some(recorder),
        })
    }

    /// What templates are given.
    pub fn value(self: &Arc<Self>) -> Value {
        Value::from_dyn_object(self.clone())
    }

    /// The environment that renders in this context.
    pub fn jinja(&self) -> jinja::Environment {
        self.shared.jinja.with_undefined(self.undefined)
    }

    /// What the command's contexts share.
    pub fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// The package whose templates these are.
    pub fn package(&self) -> &str {
        &self.package
    }

    /// Adds a name that goes before all others.
    pub fn add(&self, name: impl Into<String>, value: Value) {
        self.added.lock().unwrap_or_else(PoisonError::into_inner).insert(name.into(), value);
    }

    /// Puts a value in the place of a package's macro.
    pub fn replace_in_package(&self, package: &str, name: &str, value: Value) {
        let mut replaced = self.replaced.lock().unwrap_or_else(PoisonError::into_inner);
        replaced.insert((package.to_owned(), name.to_owned()), value);
    }

    /// Takes such a name away.
    pub fn remove(&self, name: &str) {
        self.added.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }

    /// Renders a text.
    pub fn render(self: &Arc<Self>, file: &jinja::SourceFile) -> Result<String, jinja::Error> {
        let jinja = self.jinja();
        jinja.template(file)?.render(&jinja, &self.value())
    }

    /// A macro as a callable value that looks names up here.
    pub fn bind(self: &Arc<Self>, entry: &Arc<Entry>) -> Value {
        match &self.recorder {
            None => entry.callable.bind(&self.jinja(), self.value()),
            Some(recorder) => Value::from_object(Recorded {
                entry: entry.clone(),
                context: self.clone(),
                recorder: recorder.clone(),
            }),
        }
    }

    /// Calls a macro with positional arguments.
    pub fn call(self: &Arc<Self>, entry: &Arc<Entry>, args: &[Value]) -> Result<Value, jinja::Error> {
        entry.callable.call(&self.jinja(), &self.value(), args, &[])
    }

    /// The macro that dispatch finds for Postgres, as a callable value.
    pub fn dispatch(self: &Arc<Self>, name: &str, namespace: Option<&str>) -> Result<Value, HostError> {
        let found = self.macros().dispatch(&self.package, name, namespace);
        found.map(|entry| self.bind(entry)).map_err(|error| Raised::compilation(error.to_string()))
    }

    /// `adapter.dispatch(macro_name, macro_namespace=None)` as templates call it.
    pub fn dispatch_call(self: &Arc<Self>, args: &[Value]) -> Result<Value, HostError> {
        let (name, namespace, kwargs): (Option<String>, Option<Value>, Kwargs) = from_args(args)?;
        let name = match name {
            Some(name) => name,
            None => kwargs.get("macro_name")?,
        };
        let namespace = namespace.or_else(|| kwargs.get("macro_namespace").ok()).filter(|it| !it.is_none());
        if kwargs.has("packages") {
            return Err(Raised::compilation(format!(
                "The \"packages\" argument of adapter.dispatch() has been deprecated.\nUse the \
                 \"macro_namespace\" argument instead.\n\nRaised during dispatch for: {name}"
            )));
        }
        kwargs.assert_all_used()?;
        match namespace {
            None => self.dispatch(&name, None),
            Some(namespace) => match namespace.as_str() {
                Some(namespace) => self.dispatch(&name, Some(namespace)),
                None => Err(Raised::compilation(format!(
                    "In adapter.dispatch, got a list macro_namespace argument (\"{namespace}\"), but \
                     macro_namespace should be None or a string."
                ))),
            },
        }
    }

    /// Every macro.
    pub fn macros(&self) -> &Arc<Macros> {
        &self.shared.macros
    }

    fn find(self: &Arc<Self>, name: &str) -> Option<Value> {
        if let Some(value) = self.added.lock().unwrap_or_else(PoisonError::into_inner).get(name) {
            return Some(value.clone());
        }
        if let Some(entry) = self.macros().lookup(&self.package, name) {
            return Some(self.bind(entry));
        }
        let found = self.builtin(name).or_else(|| {
            self.macros()
                .has_package(name)
                .then(|| Value::from_object(PackageMacros { context: self.clone(), package: name.into() }))
        });
        if let (None, Some(recorder)) = (&found, &self.recorder) {
            recorder.unknown.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned());
        }
        found
    }

    /// A name that is no macro: the original where a macro has replaced it.
    fn builtin(self: &Arc<Self>, name: &str) -> Option<Value> {
        match name {
            "context" => Some(self.value()),
            "builtins" => Some(Value::from_object(Builtins(self.clone()))),
            _ if self.names.hides(name) => None,
            _ => self.names.get(name, self).or_else(|| self.shared.get(name, self)),
        }
    }
}

impl Object for Context {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.find(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        self.find(key).or_else(|| {
            // dbt finds more for a test: what its macro's package calls without naming the package. Who reads the
            // project isn't stopped by a name that some package has.
            let is_reading = self.undefined == jinja::UndefinedMode::ParseTime;
            let is_known = is_reading && self.macros().iter().any(|it| *it.name == *key);
            is_known.then_some(Value::UNDEFINED)
        })
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let mut keys: IndexSet<String> =
            self.added.lock().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect();
        keys.extend(self.names.keys().iter().chain(Shared::KEYS).map(|it| (*it).to_owned()));
        keys.extend(["context", "builtins"].map(str::to_owned));
        let macros = self.macros();
        keys.extend(
            macros
                .iter()
                .filter(|it| macros.lookup(&self.package, &it.name).is_some())
                .map(|it| it.name.to_string()),
        );
        Enumerator::Values(keys.into_iter().map(Value::from).collect())
    }

    fn call_method(
        self: &Arc<Self>,
        _state: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, HostError> {
        match method {
            "get" => {
                let (name, default): (String, Option<Value>) = from_args(args)?;
                Ok(self.find(&name).or(default).unwrap_or_else(|| Value::from(())))
            }
            "update" => {
                let (values,): (Value,) = from_args(args)?;
                for key in values.try_iter()? {
                    let value = values.get_item(&key)?;
                    self.add(key.to_string(), value);
                }
                Ok(Value::from(()))
            }
            _ => Err(HostError::new(
                jinja::HostErrorKind::UnknownMethod,
                format!("`context` has no method `{method}`"),
            )),
        }
    }

    fn render(self: &Arc<Self>, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("{...}")
    }
}

/// `builtins`: names as they are without the project's macros.
#[derive(Debug)]
struct Builtins(Arc<Context>);

impl Object for Builtins {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let keys: IndexSet<&str> = self.0.names.keys().iter().chain(Shared::KEYS).copied().collect();
        Enumerator::Values(keys.into_iter().map(Value::from).collect())
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.0.builtin(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        self.0.builtin(key)
    }

    fn call_method(
        self: &Arc<Self>,
        state: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, HostError> {
        match self.0.builtin(method) {
            Some(value) => value.call(state, args),
            None if matches!(method, "get" | "keys" | "items" | "values") => {
                let known = Value::from_dyn_object(self.clone());
                let pairs = jinja::value::pairs(&known).unwrap_or_default();
                jinja::value::dict(pairs).call_method(state, method, args)
            }
            None => Err(HostError::new(
                jinja::HostErrorKind::UnknownMethod,
                format!("`builtins` has no `{method}`"),
            )),
        }
    }
}

/// `dbt_utils` in `dbt_utils.star(…)`: the macros of one package.
#[derive(Debug)]
struct PackageMacros {
    context: Arc<Context>,
    package: Arc<str>,
}

impl PackageMacros {
    fn find(&self, name: &str) -> Option<Value> {
        let replaced = self.context.replaced.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(value) = replaced.get(&(self.package.to_string(), name.to_owned())) {
            return Some(value.clone());
        }
        drop(replaced);
        self.context.macros().get(&self.package, name).map(|entry| self.context.bind(entry))
    }
}

impl Object for PackageMacros {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.find(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        // What messages call it.
        self.find(key).or_else(|| (key == "__class__").then(|| Value::from("dict")))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let names =
            self.context.macros().of_package(&self.package).map(|it| Value::from(it.name.to_string()));
        Enumerator::Values(names.collect())
    }

    fn call_method(
        self: &Arc<Self>,
        state: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, HostError> {
        if let Some(value) = self.find(method) {
            return value.call(state, args);
        }
        if method == "get" {
            let (name, default): (String, Option<Value>) = from_args(args)?;
            return Ok(self.find(&name).or(default).unwrap_or_else(|| Value::from(())));
        }
        // Jinja knows whether what a package lacks may stand where it is called.
        Err(HostError::new(jinja::HostErrorKind::UnknownMethod, format!("no macro {method}")))
    }

    fn render(self: &Arc<Self>, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "<macros of {}>", self.package)
    }
}

/// Which macros a template calls itself: `depends_on.macros` of its node.
#[derive(Debug, Default)]
pub struct Recorder {
    depth: AtomicUsize,
    called: Mutex<IndexSet<UniqueId>>,
    unknown: Mutex<IndexSet<String>>,
}

impl Recorder {
    /// The macros called so far, in order.
    pub fn take(&self) -> Vec<UniqueId> {
        std::mem::take(&mut *self.called.lock().unwrap_or_else(PoisonError::into_inner)).into_iter().collect()
    }
}

impl Recorder {
    /// Names that were asked for and that nothing has; a template may do so on purpose (`is defined`).
    pub fn unknown(&self) -> Vec<String> {
        let unknown = self.unknown.lock().unwrap_or_else(PoisonError::into_inner);
        unknown.iter().cloned().collect()
    }
}

/// A macro whose calls are recorded.
#[derive(Debug)]
struct Recorded {
    entry: Arc<Entry>,
    context: Arc<Context>,
    recorder: Arc<Recorder>,
}

impl Object for Recorded {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn call(self: &Arc<Self>, state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, HostError> {
        if self.recorder.depth.fetch_add(1, Ordering::Relaxed) == 0 {
            let mut called = self.recorder.called.lock().unwrap_or_else(PoisonError::into_inner);
            called.insert(self.entry.id.clone());
        }
        let bound = self.entry.callable.bind(&self.context.jinja(), self.context.value());
        let result = bound.call(state, args);
        self.recorder.depth.fetch_sub(1, Ordering::Relaxed);
        result
    }

    /// As every function of Python: `{% if dbt.type_float %}` asks whether there is one.
    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        (key == "name").then(|| Value::from(self.entry.name.to_string()))
    }

    fn render(self: &Arc<Self>, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "<macro {}>", self.entry.name)
    }
}
