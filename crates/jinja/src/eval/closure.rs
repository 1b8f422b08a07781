//! Macros inside of templates and call blocks, as values.

use std::fmt;
use std::sync::Arc;

use minijinja::value::{Object, ObjectRepr, Tuple};
use minijinja::{State, Value};

use super::frame::Cell;
use super::{Evaluated, Evaluator, Flow, Frame};
use crate::error::{Error, ErrorKind};
use crate::python::arguments::Keywords;
use crate::python::dict::Dict;
use crate::python::text::repr_str;
use crate::python::undefined::Undefined;
use crate::syntax::ast::{Function, Role};

/// A function with the variables that it uses of the functions around.
pub(crate) struct Closure {
    pub code: Arc<Function>,
    pub captured: Arc<[Cell]>,
    pub context: Value,
    /// How deep a recursive loop is.
    pub depth: usize,
    /// It is code of a macro's file.
    pub in_macro: bool,
}

impl fmt::Debug for Closure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Closure").field("name", &self.code.name).finish_non_exhaustive()
    }
}

impl Object for Closure {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        attribute(&self.code, key.as_str()?)
    }

    fn call(self: &Arc<Self>, state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, minijinja::Error> {
        super::call_from_host(state, &Value::from_dyn_object(self.clone()), args)
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code.role {
            Role::Caller => f.write_str("<Macro anonymous>"),
            _ => write!(f, "<Macro {}>", repr_str(&self.code.name)),
        }
    }
}

/// What Jinja2 lets a template ask of a macro.
pub(crate) fn attribute(code: &Function, name: &str) -> Option<Value> {
    Some(match name {
        "name" => Value::from(code.name.clone()),
        "arguments" => {
            let names = code.parameters.iter().map(|p| Value::from(p.name.clone()));
            Value::from(Tuple::new(names.collect()))
        }
        "catch_kwargs" => Value::from(code.kwargs_slot.is_some()),
        "catch_varargs" => Value::from(code.varargs_slot.is_some()),
        "caller" => Value::from(code.caller_slot.is_some() || code.explicit_caller),
        _ => return None,
    })
}

impl Evaluator<'_, '_, '_> {
    /// Calls a macro or call block; `return()` inside of a macro ends here.
    pub(crate) fn call_function(
        &mut self,
        code: &Function,
        context: &Value,
        captured: Arc<[Cell]>,
        positional: Vec<Value>,
        keywords: Keywords,
    ) -> Evaluated<Value> {
        let mut out = String::new();
        let work = |this: &mut Self, frame: &mut Frame<'_>| {
            this.bind(frame, code, positional, keywords)?;
            this.body(frame, &code.body, &mut out)
        };
        match self.run(code, context, captured, work) {
            Ok(()) => Ok(Value::from(out)),
            Err(Flow::Return(value)) if code.role == Role::Macro => Ok(value),
            Err(flow) => Err(flow),
        }
    }

    /// Calls the function of a recursive loop.
    pub(crate) fn call_loop(&mut self, closure: &Arc<Closure>, items: Value) -> Evaluated<String> {
        let mut out = String::new();
        let code = closure.code.clone();
        let work = |this: &mut Self, frame: &mut Frame<'_>| {
            if let Some(parameter) = code.parameters.first() {
                frame.set(parameter.slot, items);
            }
            frame.recursion = Some((Value::from_dyn_object(closure.clone()), closure.depth));
            this.body(frame, &code.body, &mut out)
        };
        self.within(closure.in_macro, |this| {
            this.run(&closure.code, &closure.context, closure.captured.clone(), work)
        })?;
        Ok(out)
    }

    /// Binds arguments to parameters by the rules of Jinja2's macros.
    fn bind(
        &mut self,
        frame: &mut Frame<'_>,
        code: &Function,
        positional: Vec<Value>,
        mut keywords: Keywords,
    ) -> Evaluated<()> {
        let count = code.parameters.len();
        let given = positional.len();
        let mut positional = positional.into_iter();
        let mut found_caller = given >= count && code.explicit_caller;
        for parameter in &code.parameters {
            let mut value = positional.next();
            if value.is_none() {
                value = take(&mut keywords, &parameter.name);
                found_caller |= &*parameter.name == "caller";
            }
            if let Some(value) = value {
                frame.set(parameter.slot, value);
            }
        }
        if let (Some(slot), false) = (code.caller_slot, found_caller) {
            let caller = take(&mut keywords, "caller").filter(|caller| !caller.is_none());
            frame.set(slot, caller.unwrap_or_else(|| Undefined::hint("No caller defined", self.chainable())));
        }
        if let Some(slot) = code.kwargs_slot {
            let pairs = keywords.into_iter().map(|(name, value)| (Value::from(name), value));
            frame.set(slot, Dict::value(pairs.collect()));
        } else if let Some((name, _)) = keywords.first() {
            return Err(unexpected_keyword(code, &keywords, name).into());
        }
        if let Some(slot) = code.varargs_slot {
            frame.set(slot, Value::from(Tuple::new(positional.collect())));
        } else if given > count {
            let name = repr_str(&code.name);
            let message = format!("macro {name} takes not more than {count} argument(s)");
            return Err(Error::new(ErrorKind::Type, message).into());
        }
        self.defaults(frame, code)
    }

    /// Evaluates the defaults of parameters that got no value, in order, each seeing those before it.
    fn defaults(&mut self, frame: &mut Frame<'_>, code: &Function) -> Evaluated<()> {
        for parameter in &code.parameters {
            if !frame.is_missing(parameter.slot) {
                continue;
            }
            let value = match &parameter.default {
                Some(default) => self.expr(frame, default)?,
                None => {
                    let name = repr_str(&parameter.name);
                    let hint = format!("parameter {name} was not provided");
                    Undefined::hint(hint, self.chainable())
                }
            };
            frame.set(parameter.slot, value);
        }
        Ok(())
    }
}

fn take(keywords: &mut Keywords, name: &str) -> Option<Value> {
    let at = keywords.iter().position(|(key, _)| &**key == name)?;
    Some(keywords.remove(at).1)
}

fn unexpected_keyword(code: &Function, keywords: &Keywords, first: &str) -> Error {
    let name = repr_str(&code.name);
    let message = if keywords.iter().any(|(key, _)| &**key == "caller") {
        format!(
            "macro {name} was invoked with two values for the special caller argument. This is most likely a bug."
        )
    } else {
        format!("macro {name} takes no keyword argument {}", repr_str(first))
    };
    Error::new(ErrorKind::Type, message)
}
