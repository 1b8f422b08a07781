//! The environment: filters, tests and globals, shared by templates and macros.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use minijinja::Value;

use crate::blocks::{BlockTags, ParsedFile};
use crate::error::Error;
use crate::filters::Filter;
use crate::predicates::Test;
use crate::source::SourceFile;
use crate::template::Template;
use crate::{eval, filters, globals, native, predicates, syntax};

/// What an unknown name does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UndefinedMode {
    /// Prints as nothing and is false; its attributes, calls and arithmetic are errors that name it.
    #[default]
    RunTime,
    /// Its attributes and calls are undefined again, so that a text can be rendered before all is known. This holds
    /// for what the text itself names, also where a macro gets it; the names in a macro's file are those of run time.
    ParseTime,
    /// As [`RunTime`](Self::RunTime), and to print it is an error, too.
    Strict,
}

/// The filters and tests that a parser knows.
pub(crate) trait Names {
    fn filter(&self, name: &str) -> Option<Filter>;
    fn test(&self, name: &str) -> Option<Test>;
}

/// Filters, tests and globals of Jinja2, and the host's. Cheap to clone, shared by all threads.
#[derive(Clone, Debug)]
pub struct Environment {
    shared: Arc<Shared>,
    undefined: UndefinedMode,
    native: bool,
    /// Code of a macro's file runs.
    in_macro: bool,
}

#[derive(Clone, Debug)]
struct Shared {
    /// Holds nothing; host functions want a state, and a state wants an environment.
    host: minijinja::Environment<'static>,
    globals: HashMap<Arc<str>, Value>,
    filters: HashMap<Arc<str>, Value>,
    tests: HashMap<Arc<str>, Value>,
}

static JINJA2: LazyLock<Environment> = LazyLock::new(|| Environment {
    shared: Arc::new(Shared {
        host: minijinja::Environment::empty(),
        globals: globals::all().into_iter().map(|(name, value)| (name.into(), value)).collect(),
        filters: HashMap::new(),
        tests: HashMap::new(),
    }),
    undefined: UndefinedMode::RunTime,
    native: false,
    in_macro: false,
});

impl Default for Environment {
    fn default() -> Self {
        Self::new()
    }
}

impl Environment {
    /// Jinja2's environment, with Python's methods on values.
    pub fn new() -> Self {
        JINJA2.clone()
    }

    /// This environment with one more global name; a context's names go before globals.
    #[must_use]
    pub fn with_global(mut self, name: &str, value: Value) -> Self {
        Arc::make_mut(&mut self.shared).globals.insert(name.into(), value);
        self
    }

    /// This environment with one more filter: a callable value that gets the filtered value as its first argument.
    #[must_use]
    pub fn with_filter(mut self, name: &str, filter: Value) -> Self {
        Arc::make_mut(&mut self.shared).filters.insert(name.into(), filter);
        self
    }

    /// This environment with one more test: a callable value that gets the tested value as its first argument.
    #[must_use]
    pub fn with_test(mut self, name: &str, test: Value) -> Self {
        Arc::make_mut(&mut self.shared).tests.insert(name.into(), test);
        self
    }

    /// The same environment (shared, not copied) with another treatment of unknown names.
    #[must_use]
    pub fn with_undefined(&self, undefined: UndefinedMode) -> Self {
        Self { undefined, ..self.clone() }
    }

    /// How unknown names are treated.
    pub fn undefined(&self) -> UndefinedMode {
        self.undefined
    }

    /// Finds the blocks of a file. Their bodies are parsed when first used.
    ///
    /// Tags that aren't asked for, and whatever stands outside of blocks, are skipped.
    pub fn parse_file(&self, file: &SourceFile, tags: BlockTags) -> Result<ParsedFile, Error> {
        syntax::blocks::scan(file, tags, self)
    }

    /// Compiles a whole text.
    pub fn template(&self, file: &SourceFile) -> Result<Template, Error> {
        Ok(Template::new(syntax::statement::template(file, self)?))
    }

    /// Evaluates one expression (no braces).
    pub fn eval_expression(&self, expression: &str, context: &Value) -> Result<Value, Error> {
        let file = SourceFile::new("<expression>", expression);
        let code = syntax::statement::expression(&file, self)?;
        Ok(eval::enter(self, context, |evaluator| evaluator.value(&code, context))?)
    }

    /// Renders a text to a value, as dbt does with the strings of YAML files.
    ///
    /// A text gives a string. If all that it renders is one `{{ expression }}`, it gives the expression's value as it
    /// is (constants excepted, which give their text). If the expression ends in one of the filters `as_bool`,
    /// `as_number` or `as_native`, it gives the boolean, number or literal that the value's text spells in Python; an
    /// error if it spells no boolean or number.
    pub fn render_native(&self, file: &SourceFile, context: &Value) -> Result<Value, Error> {
        let env = Self { native: true, ..self.clone() };
        native::render(&env, file, context)
    }

    /// The same environment for code of a macro's file, or for that of a text.
    pub(crate) fn within(&self, in_macro: bool) -> Self {
        Self { in_macro, ..self.clone() }
    }

    pub(crate) fn in_macro(&self) -> bool {
        self.in_macro
    }

    pub(crate) fn is_native(&self) -> bool {
        self.native
    }

    pub(crate) fn host(&self) -> &minijinja::Environment<'static> {
        &self.shared.host
    }

    pub(crate) fn global(&self, name: &str) -> Option<Value> {
        self.shared.globals.get(name).cloned()
    }

    pub(crate) fn host_filter(&self, name: &str) -> Option<Value> {
        self.shared.filters.get(name).cloned()
    }

    pub(crate) fn host_test(&self, name: &str) -> Option<Value> {
        self.shared.tests.get(name).cloned()
    }
}

impl Names for Environment {
    fn filter(&self, name: &str) -> Option<Filter> {
        if let Some((name, _)) = self.shared.filters.get_key_value(name) {
            return Some(Filter::Host(name.clone()));
        }
        filters::find(name)
    }

    fn test(&self, name: &str) -> Option<Test> {
        if let Some((name, _)) = self.shared.tests.get_key_value(name) {
            return Some(Test::Host(name.clone()));
        }
        predicates::find(name)
    }
}
