//! Templates: a whole text that renders to a string.

use std::sync::Arc;

use minijinja::Value;

use crate::environment::Environment;
use crate::error::Error;
use crate::eval;
use crate::extract::{Extraction, extract};
use crate::source::SourceFile;
use crate::syntax::ast::Function;

/// A compiled template. Cheap to clone; shared by all threads.
#[derive(Clone, Debug)]
pub struct Template {
    code: Arc<Function>,
}

impl Template {
    pub(crate) fn new(code: Arc<Function>) -> Self {
        Self { code }
    }

    /// The file it was made of.
    pub fn file(&self) -> &SourceFile {
        &self.code.file
    }

    /// Renders the template with names looked up in `context`.
    pub fn render(&self, env: &Environment, context: &Value) -> Result<String, Error> {
        Ok(eval::enter(env, context, |evaluator| evaluator.template(&self.code, context))?)
    }

    /// The calls with literal arguments, found without rendering.
    pub fn extract(&self) -> Extraction {
        extract(&self.code)
    }
}
