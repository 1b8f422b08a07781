//! Macros: compiled on the first call, called from Rust or as a [`Value`].

use std::fmt;
use std::sync::{Arc, OnceLock};

use minijinja::value::{Object, ObjectRepr};
use minijinja::{State, Value};

use crate::blocks::{Block, BlockKind, Parameter};
use crate::environment::Environment;
use crate::error::{Error, Frame};
use crate::eval::{self, Evaluated, Evaluator, Flow};
use crate::extract::{Extraction, extract};
use crate::python::arguments::Keywords;
use crate::source::Place;
use crate::syntax;
use crate::syntax::ast::Function;

/// A macro, test or materialization of a file. Cheap to clone; shared by all threads.
#[derive(Clone, Debug)]
pub struct Macro {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    block: Block,
    code: OnceLock<Result<Arc<Function>, Error>>,
}

impl Macro {
    pub(crate) fn new(block: &Block) -> Self {
        Self { inner: Arc::new(Inner { block: block.clone(), code: OnceLock::new() }) }
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

    /// Parses the body now; calls do it on their own. An error is the syntax error that calls would give.
    pub fn check(&self, env: &Environment) -> Result<(), Error> {
        self.code(env).map(|_| ())
    }

    /// The calls in the body with literal arguments, found without running it.
    pub fn extract(&self, env: &Environment) -> Result<Extraction, Error> {
        let code = self.code(env)?;
        Ok(extract(&code))
    }

    fn code(&self, env: &Environment) -> Result<Arc<Function>, Error> {
        let block = &self.inner.block;
        self.inner.code.get_or_init(|| syntax::statement::block(&block.file, block.span, env)).clone()
    }

    /// Calls the macro with names looked up in `context`. The result is the rendered text, or what `return()` gave.
    ///
    /// From inside of a host function, [`Macro::call_in`] is better: it keeps count of nested calls.
    pub fn call(
        &self,
        env: &Environment,
        context: &Value,
        args: &[Value],
        kwargs: &[(&str, Value)],
    ) -> Result<Value, Error> {
        let keywords = keywords(kwargs);
        let result =
            eval::enter(env, context, |evaluator| self.run(evaluator, context, args.to_vec(), keywords));
        Ok(result.map_err(|flow| self.pass(flow))?)
    }

    /// Calls the macro from inside of a host function that was called from a template.
    pub fn call_in(
        &self,
        state: &mut State<'_, '_>,
        context: &Value,
        args: &[Value],
        kwargs: &[(&str, Value)],
    ) -> Result<Value, minijinja::Error> {
        let mut evaluator = Evaluator::inside(state);
        let result = self.run(&mut evaluator, context, args.to_vec(), keywords(kwargs));
        Ok(result.map_err(|flow| self.pass(flow))?)
    }

    /// A call from the host has no place, so the macro's own stands for it.
    fn pass(&self, flow: Flow) -> Flow {
        self.through(flow.at(|| self.place()))
    }

    fn through(&self, flow: Flow) -> Flow {
        match flow {
            Flow::Error(error) => {
                Flow::Error(error.through(Frame { name: self.name().clone(), place: self.place() }))
            }
            other => other,
        }
    }

    /// A callable value that looks names up in `context`; `.name` is the macro's name.
    pub fn bind(&self, env: &Environment, context: Value) -> Value {
        Value::from_object(BoundMacro { code: self.clone(), env: env.clone(), context })
    }

    fn run(
        &self,
        evaluator: &mut Evaluator<'_, '_, '_>,
        context: &Value,
        positional: Vec<Value>,
        keywords: Keywords,
    ) -> Evaluated<Value> {
        let code = self.code(&evaluator.env)?;
        evaluator.within(true, |this| this.call_function(&code, context, Arc::new([]), positional, keywords))
    }
}

fn keywords(kwargs: &[(&str, Value)]) -> Keywords {
    kwargs.iter().map(|(name, value)| ((*name).into(), value.clone())).collect()
}

/// A macro with its context, as a value.
pub(crate) struct BoundMacro {
    code: Macro,
    env: Environment,
    context: Value,
}

impl BoundMacro {
    pub(crate) fn name(&self) -> &Arc<str> {
        self.code.name()
    }

    /// Calls it from a running template.
    pub(crate) fn run(
        &self,
        evaluator: &mut Evaluator<'_, '_, '_>,
        positional: Vec<Value>,
        keywords: Keywords,
    ) -> Evaluated<Value> {
        let outer = std::mem::replace(&mut evaluator.env, self.env.clone());
        let result = self.code.run(evaluator, &self.context, positional, keywords);
        evaluator.env = outer;
        result
    }
}

impl fmt::Debug for BoundMacro {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BoundMacro").field("name", self.name()).finish_non_exhaustive()
    }
}

impl Object for BoundMacro {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        match key {
            "name" => Some(Value::from(self.name().clone())),
            _ => eval::macro_attribute(self.code.code(&self.env).ok()?.as_ref(), key),
        }
    }

    fn call(self: &Arc<Self>, state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, minijinja::Error> {
        let (positional, keywords) = eval::split_arguments(args);
        let mut evaluator = Evaluator::inside(state);
        let result = self.run(&mut evaluator, positional, keywords);
        // The template that called it adds the place of the call where there is none yet.
        Ok(result.map_err(|flow| self.code.through(flow))?)
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.code.block().kind {
            BlockKind::Materialization { .. } => "Materialization",
            _ => "Macro",
        };
        write!(f, "<{kind} {}>", crate::python::text::repr_str(self.name()))
    }
}
