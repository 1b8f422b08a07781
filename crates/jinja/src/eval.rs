//! The evaluator: runs a tree with names looked up in a context.
//!
//! Each macro call, call block and template has a frame of slots; names got theirs when the tree was made. Host
//! functions and objects are called through minijinja's [`State`], which carries the environment and the context, so
//! that a function of ours that the host calls finds its way back.

mod attribute;
mod call;
mod closure;
mod expression;
mod flow;
mod frame;
mod looping;
mod statement;

use std::sync::Arc;

use minijinja::value::{DynObject, Kwargs};
use minijinja::{State, Value};

pub(crate) use closure::{Closure, attribute as macro_attribute};
pub(crate) use flow::Flow;
pub(crate) use frame::Frame;

use crate::environment::{Environment, UndefinedMode};
use crate::error::{Error, ErrorKind};
use crate::python::arguments::Keywords;
use crate::python::undefined::Undefined;
use crate::syntax::ast::{Function, Stmt};

/// What evaluation gives, or how it leaves.
pub(crate) type Evaluated<T> = std::result::Result<T, Flow>;

/// How many macro calls may nest; Python gives up at about the same depth.
const DEPTH: usize = 200;

/// A running evaluation.
pub(crate) struct Evaluator<'s, 't, 'e> {
    pub(crate) state: &'s mut State<'t, 'e>,
    pub(crate) env: Environment,
    /// In a text that renders to a value: the value that it started with, and how long its text is.
    pub(crate) lone: Option<(Value, usize)>,
    /// Inside of `autoescape true`.
    pub(crate) escapes: bool,
    /// Inside of a block whose output is joined to one text, also where values are made.
    pub(crate) joins: bool,
}

/// What a [`State`] carries for us.
pub(crate) struct Running {
    env: Environment,
    pub(crate) context: Value,
    depth: usize,
}

impl<'s, 't, 'e> Evaluator<'s, 't, 'e> {
    /// Goes on inside of a host function that was called from a template.
    pub(crate) fn inside(state: &'s mut State<'t, 'e>) -> Self {
        let env = match state.get_extension::<Running>() {
            Some(running) => running.env.clone(),
            None => Environment::default(),
        };
        Self { state, env, lone: None, escapes: false, joins: false }
    }

    /// Whether what is found undefined here is undefined to any depth.
    pub(crate) fn chainable(&self) -> bool {
        self.env.undefined() == UndefinedMode::ParseTime && !self.env.in_macro()
    }

    /// Whether a value is undefined to any depth. The host's own undefined values don't know where they come from, so
    /// they are while a project is read.
    pub(crate) fn is_chainable(&self, value: &Value) -> bool {
        match value.downcast_object_ref::<Undefined>() {
            Some(undefined) => undefined.chainable,
            None => value.is_undefined() && self.env.undefined() == UndefinedMode::ParseTime,
        }
    }

    /// Does something with code of a macro's file, or with that of a text.
    pub(crate) fn within<R>(&mut self, in_macro: bool, work: impl FnOnce(&mut Self) -> R) -> R {
        if self.env.in_macro() == in_macro {
            return work(self);
        }
        let inner = self.env.within(in_macro);
        let outer = std::mem::replace(&mut self.env, inner);
        let result = work(self);
        self.env = outer;
        result
    }

    /// Opens a frame for a function's code and does its work: a macro call, a call block, a template.
    pub(crate) fn run<R>(
        &mut self,
        code: &Function,
        context: &Value,
        captured: Arc<[frame::Cell]>,
        work: impl FnOnce(&mut Self, &mut Frame<'_>) -> Evaluated<R>,
    ) -> Evaluated<R> {
        let env = self.env.clone();
        let running = self.state.get_or_insert_extension_with(|| Running {
            env: env.clone(),
            context: context.clone(),
            depth: 0,
        });
        if running.depth >= DEPTH {
            let message = "maximum recursion depth exceeded";
            return Err(Error::new(ErrorKind::Recursion, message).into());
        }
        running.depth += 1;
        let outer_env = std::mem::replace(&mut running.env, env);
        let outer_context = std::mem::replace(&mut running.context, context.clone());
        let escapes = std::mem::take(&mut self.escapes);
        let result = stacker::maybe_grow(256 * 1024, 2 * 1024 * 1024, || {
            let mut frame = Frame::new(code, context.clone(), captured);
            frame.start(&code.starts);
            work(self, &mut frame)
        });
        self.escapes = escapes;
        if let Some(running) = self.state.get_extension_mut::<Running>() {
            running.depth -= 1;
            running.env = outer_env;
            running.context = outer_context;
        }
        result
    }

    /// Renders a whole template.
    pub(crate) fn template(&mut self, code: &Function, context: &Value) -> Evaluated<String> {
        let mut out = String::with_capacity(code.file.text.len());
        self.run(code, context, Arc::new([]), |this, frame| this.body(frame, &code.body, &mut out))?;
        Ok(out)
    }

    /// The value of a template that is one expression.
    pub(crate) fn value(&mut self, code: &Function, context: &Value) -> Evaluated<Value> {
        self.run(code, context, Arc::new([]), |this, frame| match code.body.as_slice() {
            [Stmt::Print(expr)] => this.expr(frame, expr),
            _ => Ok(Value::UNDEFINED),
        })
    }
}

/// Runs something with a fresh state, as the host does from outside of any template.
pub(crate) fn enter<R>(
    env: &Environment,
    context: &Value,
    run: impl FnOnce(&mut Evaluator<'_, '_, '_>) -> Evaluated<R>,
) -> Evaluated<R> {
    let mut state = env.host().empty_state();
    state.get_or_insert_extension_with(|| Running { env: env.clone(), context: context.clone(), depth: 0 });
    run(&mut Evaluator { state: &mut state, env: env.clone(), lone: None, escapes: false, joins: false })
}

/// Splits minijinja's form of arguments into ours.
pub(crate) fn split_arguments(args: &[Value]) -> (Vec<Value>, Keywords) {
    let mut positional = args.to_vec();
    let mut keywords = Keywords::new();
    if positional.last().is_some_and(Value::is_kwargs)
        && let Some(Ok(kwargs)) = positional.pop().map(Kwargs::try_from)
    {
        let found = kwargs.args().map(|name| (name, kwargs.peek::<Value>(name)));
        keywords = found.filter_map(|(name, value)| Some((name.into(), value.ok()?))).collect();
    }
    (positional, keywords)
}

/// Calls one of our callables for the host.
pub(crate) fn call_from_host(
    state: &mut State<'_, '_>,
    callee: &Value,
    args: &[Value],
) -> Result<Value, minijinja::Error> {
    let (positional, keywords) = split_arguments(args);
    let mut evaluator = Evaluator::inside(state);
    Ok(evaluator.call_value(callee, positional, keywords)?)
}

/// Calls a method of one of our values for the host.
pub(crate) fn call_method_from_host(
    state: &mut State<'_, '_>,
    object: &Value,
    method: &str,
    args: &[Value],
) -> Result<Value, minijinja::Error> {
    let (positional, keywords) = split_arguments(args);
    let mut evaluator = Evaluator::inside(state);
    Ok(evaluator.call_method(object, method, positional, keywords)?)
}

/// The type's name of the evaluator's own objects.
pub(crate) fn type_of(object: &DynObject) -> Option<&'static str> {
    if object.downcast_ref::<Closure>().is_some()
        || object.downcast_ref::<crate::macros::BoundMacro>().is_some()
    {
        return Some("jinja2.runtime.Macro");
    }
    object.downcast_ref::<looping::Loop>().map(|_| "jinja2.runtime.LoopContext")
}
