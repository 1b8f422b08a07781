//! Calls: macros, native functions, methods, and the host's.

use std::sync::Arc;

use minijinja::Value;
use minijinja::value::{Kwargs, ObjectRepr};

use super::{Closure, Evaluated, Evaluator, Flow, Frame};
use crate::error::{Error, ErrorKind, Frame as Called};
use crate::filters::Filter;
use crate::macros::BoundMacro;
use crate::predicates::Test;
use crate::python::arguments::{Arguments, Keywords};
use crate::python::function::{Method, NativeFunction};
use crate::python::kind::{Kind, is_container, type_name};
use crate::python::methods;
use crate::python::undefined::{self, Undefined};
use crate::syntax::ast::{self, Expr, ExprKind};
use crate::syntax::callable::MACRO_PREFIX;

impl Evaluator<'_, '_, '_> {
    /// `callee(arguments)`, with a `caller` if it's a call block.
    pub(super) fn call_expr(
        &mut self,
        frame: &mut Frame<'_>,
        callee: &Expr,
        arguments: &ast::Arguments,
        caller: Option<Value>,
    ) -> Evaluated<Value> {
        if let ExprKind::Attribute(object, name) = &callee.kind {
            let object = self.expr(frame, object)?;
            let (positional, keywords) = self.call_arguments(frame, arguments, caller)?;
            return self
                .call_method(&object, name, positional, keywords)
                .map_err(|flow| called(flow, frame, name, callee, &object));
        }
        let function = self.expr(frame, callee)?;
        let (positional, keywords) = self.call_arguments(frame, arguments, caller)?;
        self.call_value(&function, positional, keywords)
            .map_err(|flow| called(flow, frame, "", callee, &function))
    }

    fn call_arguments(
        &mut self,
        frame: &mut Frame<'_>,
        arguments: &ast::Arguments,
        caller: Option<Value>,
    ) -> Evaluated<(Vec<Value>, Keywords)> {
        let (positional, mut keywords) = self.arguments(frame, arguments)?;
        if let Some(caller) = caller {
            keywords.push(("caller".into(), caller));
        }
        Ok((positional, keywords))
    }

    /// The call of a call block.
    pub(super) fn call_with_caller(
        &mut self,
        frame: &mut Frame<'_>,
        call: &Expr,
        caller: Value,
    ) -> Evaluated<Value> {
        let ExprKind::Call(callee, arguments) = &call.kind else {
            return self.expr(frame, call);
        };
        self.call_expr(frame, callee, arguments, Some(caller))
            .map_err(|flow| flow.at(|| frame.place(call.span)))
    }

    /// Calls a value.
    pub(crate) fn call_value(
        &mut self,
        callee: &Value,
        positional: Vec<Value>,
        keywords: Keywords,
    ) -> Evaluated<Value> {
        let Kind::Object(object) = Kind::of(callee) else {
            return self.not_callable(callee);
        };
        if let Some(function) = object.downcast_ref::<NativeFunction>() {
            let name = function.name;
            let call = Arguments { owner: "", function: name, positional: &positional, keywords: &keywords };
            return (function.call)(self, &call);
        }
        if let Some(bound) = object.downcast_ref::<BoundMacro>() {
            return bound.run(self, positional, keywords);
        }
        if let Some(closure) = object.downcast_ref::<Closure>() {
            let captured = closure.captured.clone();
            return self.within(closure.in_macro, |this| {
                this.call_function(&closure.code, &closure.context, captured, positional, keywords)
            });
        }
        if let Some(method) = object.downcast_ref::<Method>() {
            return self.call_method(&method.object, &method.name, positional, keywords);
        }
        if is_container(object) && object.repr() != ObjectRepr::Plain {
            return self.not_callable(callee);
        }
        let arguments = host_arguments(positional, keywords);
        match object.call(self.state, &arguments) {
            Ok(value) => Ok(value),
            Err(error) if error.detail() == Some("object is not callable") => self.not_callable(callee),
            Err(error) => Err(error.into()),
        }
    }

    fn not_callable(&self, callee: &Value) -> Evaluated<Value> {
        if undefined::is_undefined(callee) {
            if self.is_chainable(callee) {
                return Ok(callee.clone());
            }
            return Err(undefined::error(callee).into());
        }
        let message = format!("'{}' object is not callable", type_name(callee));
        Err(Error::new(ErrorKind::Type, message).into())
    }

    /// `object.name(..)`
    pub(crate) fn call_method(
        &mut self,
        object: &Value,
        name: &str,
        positional: Vec<Value>,
        keywords: Keywords,
    ) -> Evaluated<Value> {
        if let Kind::Object(it) = Kind::of(object) {
            let is_plain_container = is_container(it) && methods::is_method(object, name);
            if !is_plain_container {
                let host = host_arguments(positional.clone(), keywords.clone());
                match it.call_method(self.state, name, &host) {
                    Err(error) if error.kind() == minijinja::ErrorKind::UnknownMethod => {}
                    other => return Ok(other?),
                }
                if let Some(member) = it.get_value_by_str(name) {
                    return self.call_value(&member, positional, keywords);
                }
            }
        } else if undefined::is_undefined(object) {
            return self.not_callable(object);
        }
        if methods::is_method(object, name) {
            let owner = format!("{}.", type_name(object));
            let call =
                Arguments { owner: &owner, function: name, positional: &positional, keywords: &keywords };
            return methods::call(self, object, name, &call);
        }
        let member = self.attribute(object, name)?;
        self.call_value(&member, positional, keywords)
    }

    /// Applies a filter; the first argument is what it's applied to.
    pub(crate) fn apply_filter(&mut self, filter: &Filter, call: &Arguments<'_>) -> Evaluated<Value> {
        match filter {
            Filter::Native(_, native) => native(self, call),
            Filter::Host(name) => {
                let Some(value) = self.env.host_filter(name) else {
                    let message = format!("No filter named '{name}'.");
                    return Err(Error::new(ErrorKind::Syntax, message).into());
                };
                self.call_value(&value, call.positional.to_vec(), call.keywords.to_vec())
            }
        }
    }

    /// Asks a test; the first argument is what it's asked of.
    pub(crate) fn perform_test(&mut self, test: &Test, call: &Arguments<'_>) -> Evaluated<bool> {
        match test {
            Test::Native(_, native) => Ok(native(self, call)?.is_true()),
            Test::Host(name) => {
                let Some(value) = self.env.host_test(name) else {
                    let message = format!("No test named '{name}'.");
                    return Err(Error::new(ErrorKind::Syntax, message).into());
                };
                let answer = self.call_value(&value, call.positional.to_vec(), call.keywords.to_vec())?;
                Ok(answer.is_true())
            }
        }
    }

    /// The filter of a name that is known only now, for `map('upper')`.
    pub(crate) fn filter_named(&self, name: &str) -> Evaluated<Filter> {
        crate::environment::Names::filter(&self.env, name)
            .ok_or_else(|| Error::new(ErrorKind::Syntax, format!("No filter named '{name}'.")).into())
    }

    /// The test of a name that is known only now, for `select('even')`.
    pub(crate) fn test_named(&self, name: &str) -> Evaluated<Test> {
        crate::environment::Names::test(&self.env, name)
            .ok_or_else(|| Error::new(ErrorKind::Syntax, format!("No test named '{name}'.")).into())
    }
}

/// The arguments as a host function wants them: undefined values are minijinja's own.
fn host_arguments(mut positional: Vec<Value>, keywords: Keywords) -> Vec<Value> {
    for value in &mut positional {
        if value.downcast_object_ref::<Undefined>().is_some() {
            *value = Value::UNDEFINED;
        }
    }
    if !keywords.is_empty() {
        let plain = |value: Value| {
            if undefined::is_undefined(&value) { Value::UNDEFINED } else { value }
        };
        let pairs = keywords.into_iter().map(|(name, value)| (name.to_string(), plain(value)));
        positional.push(Value::from(pairs.collect::<Kwargs>()));
    }
    positional
}

/// An error that comes out of a call: if it was of a macro, the call joins the stack.
fn called(flow: Flow, frame: &Frame<'_>, method: &str, callee: &Expr, function: &Value) -> Flow {
    let Flow::Error(error) = flow else {
        return flow;
    };
    let name: Option<Arc<str>> = match Kind::of(function) {
        Kind::Object(object) => {
            let object = if method.is_empty() { None } else { object.get_value_by_str(method) }
                .unwrap_or_else(|| function.clone());
            macro_name(&object)
        }
        _ => None,
    };
    match name {
        Some(name) if error.place().is_some() => {
            Flow::Error(error.through(Called { name, place: frame.place(callee.span) }))
        }
        _ => Flow::Error(error),
    }
}

/// The name of a macro, if the value is one.
fn macro_name(value: &Value) -> Option<Arc<str>> {
    if let Some(closure) = value.downcast_object_ref::<Closure>() {
        let name = &closure.code.name;
        return Some(name.strip_prefix(MACRO_PREFIX).map_or_else(|| name.clone(), Into::into));
    }
    value.downcast_object_ref::<BoundMacro>().map(|bound| bound.name().clone())
}
