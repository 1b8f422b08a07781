//! Templates: a whole text that renders to a string.

use minijinja::Value;

use crate::environment::Environment;
use crate::error::Error;
use crate::extract::Extraction;
use crate::source::SourceFile;

/// A compiled template. Cheap to clone; shared by all threads.
#[derive(Clone, Debug)]
pub struct Template {
    file: SourceFile,
}

impl Template {
    pub(crate) fn new(file: SourceFile) -> Result<Self, Error> {
        Ok(Self { file })
    }

    /// The file it was made of.
    pub fn file(&self) -> &SourceFile {
        &self.file
    }

    /// Renders the template with names looked up in `context`.
    pub fn render(&self, env: &Environment, context: &Value) -> Result<String, Error> {
        Ok(env.host().render_named_str(&self.file.path, &self.file.text, context.clone())?)
    }

    /// The calls with literal arguments, found without rendering.
    pub fn extract(&self) -> Extraction {
        Extraction::default()
    }
}
