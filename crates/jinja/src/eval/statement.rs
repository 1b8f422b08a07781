//! Runs statements.

use std::sync::Arc;

use minijinja::Value;

use super::looping::Loop;
use super::{Closure, Evaluated, Evaluator, Flow, Frame};
use crate::environment::UndefinedMode;
use crate::error::{Error, ErrorKind};
use crate::filters::html::escape;
use crate::python::iterate::{Items, items};
use crate::python::kind::{Kind, type_name};
use crate::python::namespace::Namespace;
use crate::python::text::{to_str, write_str};
use crate::python::{Result, lock, undefined};
use crate::syntax::ast::{Expr, For, Function, Scope, Stmt, Target};
use crate::syntax::walk;

impl Evaluator<'_, '_, '_> {
    pub(crate) fn body(&mut self, frame: &mut Frame<'_>, body: &[Stmt], out: &mut String) -> Evaluated<()> {
        stacker::maybe_grow(128 * 1024, 2 * 1024 * 1024, || {
            for stmt in body {
                self.statement(frame, stmt, out)?;
            }
            Ok(())
        })
    }

    fn statement(&mut self, frame: &mut Frame<'_>, stmt: &Stmt, out: &mut String) -> Evaluated<()> {
        match stmt {
            Stmt::Text(text) => out.push_str(text),
            Stmt::Print(expr) => {
                let value = self.expr(frame, expr)?;
                if self.env.undefined() == UndefinedMode::Strict && undefined::is_undefined(&value) {
                    return Err(undefined::error(&value).into());
                }
                let first = out.is_empty();
                if self.escapes && !value.is_safe() {
                    out.push_str(&escape(&to_str(&value)));
                } else {
                    write_str(&value, out);
                }
                if self.env.is_native() {
                    // Jinja2 makes text of constants when it compiles, where that text can be read back.
                    let is_folded = walk::is_constant(expr) && is_readable(&value);
                    if self.joins && !is_folded && !is_text(&value) {
                        return Err(no_text(&value).at(|| frame.place(expr.span)).into());
                    }
                    let kept = first && self.lone.is_none() && !is_folded;
                    self.lone = kept.then_some((value, out.len()));
                }
            }
            Stmt::If { branches, otherwise } => {
                for (condition, body) in branches {
                    if self.expr(frame, condition)?.is_true() {
                        return self.body(frame, body, out);
                    }
                }
                return self.body(frame, otherwise, out);
            }
            Stmt::For(it) => return self.for_loop(frame, it, out),
            Stmt::Recursive(iterable, function) => {
                let iterable = self.expr(frame, iterable)?;
                let closure = Arc::new(close(frame, function, self.env.in_macro()));
                out.push_str(&self.call_loop(&closure, iterable)?);
            }
            Stmt::Set(target, expr) => {
                let value = self.expr(frame, expr)?;
                self.assign(frame, target, value, expr)?;
            }
            Stmt::SetBlock(it) => {
                let mut text = self.capture(frame, &it.body)?;
                if let Some(filter) = &it.filter {
                    text = self.filter_chain(frame, filter, text)?;
                }
                self.assign_plain(frame, &it.target, text)
                    .map_err(|flow| flow.at(|| frame.place(frame.code.span)))?;
            }
            Stmt::With(it) => {
                let values = it
                    .assignments
                    .iter()
                    .map(|(_, expr)| self.expr(frame, expr))
                    .collect::<Evaluated<Vec<_>>>()?;
                frame.start(&it.body.starts);
                for ((target, expr), value) in it.assignments.iter().zip(values) {
                    self.assign(frame, target, value, expr)?;
                }
                return self.body(frame, &it.body.body, out);
            }
            Stmt::FilterBlock(filter, scope) => {
                let text = self.capture(frame, scope)?;
                let value = self.filter_chain(frame, filter, text)?;
                let Some(text) = value.as_str() else {
                    return Err(no_text(&value).at(|| frame.place(filter.span)).into());
                };
                out.push_str(text);
            }
            Stmt::Macro(name, function) => {
                let value = Value::from_object(close(frame, function, self.env.in_macro()));
                frame.assign(name, value);
            }
            Stmt::Call(it) => {
                let caller = Value::from_object(close(frame, &it.body, self.env.in_macro()));
                let value = self.call_with_caller(frame, &it.call, caller)?;
                // Jinja2 joins what the call gives to the text around it, unless it makes values.
                if !self.env.is_native() && !is_text(&value) {
                    return Err(no_text(&value).at(|| frame.place(it.call.span)).into());
                }
                write_str(&value, out);
            }
            Stmt::Do(expr) => {
                self.expr(frame, expr)?;
            }
            Stmt::Autoescape(on, scope) => {
                let on = self.expr(frame, on)?.is_true();
                let around = std::mem::replace(&mut self.escapes, on);
                frame.start(&scope.starts);
                let done = self.body(frame, &scope.body, out);
                self.escapes = around;
                return done;
            }
            Stmt::Block(scope) => {
                frame.start(&scope.starts);
                return self.body(frame, &scope.body, out);
            }
            Stmt::Load(span) => {
                let message = "no loader for this environment specified";
                let error = Error::new(ErrorKind::Type, message).at(|| frame.place(*span));
                return Err(error.into());
            }
            Stmt::Break => return Err(Flow::Break),
            Stmt::Continue => return Err(Flow::Continue),
        }
        Ok(())
    }

    /// What a scope writes, as a value.
    fn capture(&mut self, frame: &mut Frame<'_>, scope: &Scope) -> Evaluated<Value> {
        let mut text = String::new();
        frame.start(&scope.starts);
        let around = (self.lone.take(), std::mem::replace(&mut self.joins, true));
        let done = self.body(frame, &scope.body, &mut text);
        (self.lone, self.joins) = around;
        done?;
        Ok(if self.escapes { Value::from_safe_string(text) } else { Value::from(text) })
    }

    fn for_loop(&mut self, frame: &mut Frame<'_>, it: &For, out: &mut String) -> Evaluated<()> {
        let iterable = self.expr(frame, &it.iterable)?;
        let failed = |frame: &Frame<'_>, error: Error| error.at(|| frame.place(it.iterable.span));
        let items = Items::of(&iterable).map_err(|error| failed(frame, error))?;
        let (mut source, filters) = self.source(frame, it, iterable, items)?;
        let mut ran = false;
        while let Some(item) = source.next().map_err(|error| failed(frame, error))? {
            if filters && !self.keeps(frame, it, &item)? {
                continue;
            }
            frame.start(&it.body.starts);
            if let (Some(slot), Source::Known(state)) = (it.loop_slot, &source) {
                state.enter(item.clone());
                frame.set(slot, Value::from_dyn_object(state.clone()));
            }
            self.assign(frame, &it.target, item, &it.iterable)?;
            match self.body(frame, &it.body.body, out) {
                // As in Jinja2, `else` runs unless one round came to its end.
                Ok(()) => ran = true,
                Err(Flow::Continue) => {}
                Err(Flow::Break) => break,
                Err(flow) => return Err(flow),
            }
        }
        if ran {
            return Ok(());
        }
        frame.start(&it.otherwise.starts);
        self.body(frame, &it.otherwise.body, out)
    }

    /// Where a loop's items come from, and whether its `if` is still to be asked for each.
    ///
    /// Jinja2 asks it as the loop goes on. So do we, unless the body looks ahead: then all items are asked before.
    fn source(
        &mut self,
        frame: &mut Frame<'_>,
        it: &For,
        iterable: Value,
        mut items: Items,
    ) -> Evaluated<(Source, bool)> {
        if let Some(condition) = &it.condition {
            frame.start(&condition.starts);
        }
        if it.loop_slot.is_none() {
            return Ok((Source::Plain(items), it.condition.is_some()));
        }
        let recursion = frame.recursion.clone();
        if it.condition.is_none() {
            return Ok((Source::Known(Arc::new(Loop::new(iterable, items, recursion))), false));
        }
        if it.looks_ahead {
            let mut kept = Vec::new();
            while let Some(item) = items.next()? {
                if self.keeps(frame, it, &item)? {
                    kept.push(item);
                }
            }
            items = Items::over(kept);
        }
        let state = Loop::new(Value::UNDEFINED, items, recursion);
        Ok((Source::Known(Arc::new(state)), !it.looks_ahead))
    }

    /// Whether the loop's `if` lets an item through.
    fn keeps(&mut self, frame: &mut Frame<'_>, it: &For, item: &Value) -> Evaluated<bool> {
        let Some(condition) = &it.condition else {
            return Ok(true);
        };
        self.assign(frame, &condition.target, item.clone(), &it.iterable)?;
        Ok(self.expr(frame, &condition.test)?.is_true())
    }

    /// Assigns the value of an expression, which names the place of an error.
    fn assign(&mut self, frame: &mut Frame<'_>, target: &Target, value: Value, from: &Expr) -> Evaluated<()> {
        match target {
            Target::Name(name) => {
                frame.assign(name, value);
                Ok(())
            }
            _ => self.assign_plain(frame, target, value).map_err(|flow| flow.at(|| frame.place(from.span))),
        }
    }

    fn assign_plain(&mut self, frame: &mut Frame<'_>, target: &Target, value: Value) -> Evaluated<()> {
        match target {
            Target::Name(name) => frame.assign(name, value),
            Target::Attribute(name, attribute) => {
                let owner = frame.load(self, name);
                let Some(namespace) = owner.downcast_object_ref::<Namespace>() else {
                    let message = "cannot assign attribute on non-namespace object";
                    return Err(Error::new(ErrorKind::Type, message).into());
                };
                lock(&namespace.0).insert(Value::from(attribute.clone()), value);
            }
            Target::Tuple(targets, _) => {
                for (target, item) in targets.iter().zip(unpack(&value, targets.len())?) {
                    self.assign_plain(frame, target, item)?;
                }
            }
        }
        Ok(())
    }
}

/// Whether Python could read the value's `repr`.
fn is_readable(value: &Value) -> bool {
    match Kind::of(value) {
        Kind::Bool(_)
        | Kind::Int(_)
        | Kind::Wide(_)
        | Kind::Float(_)
        | Kind::Str(_)
        | Kind::Range(_)
        | Kind::None => true,
        Kind::List(_) | Kind::Tuple(_) | Kind::Set(_) => {
            items(value).is_ok_and(|items| items.iter().all(is_readable))
        }
        Kind::Dict(dict) => lock(&dict.0).iter().all(|(key, value)| is_readable(key) && is_readable(value)),
        _ => false,
    }
}

/// Whether Jinja2 can join a value to the text around it; what is undefined passes where nothing runs.
fn is_text(value: &Value) -> bool {
    matches!(Kind::of(value), Kind::Str(_) | Kind::Undefined)
}

/// What can't be joined to text.
fn no_text(value: &Value) -> Error {
    let message = format!("sequence item 0: expected str instance, {} found", type_name(value));
    Error::new(ErrorKind::Type, message)
}

/// Where a loop's items come from.
enum Source {
    Plain(Items),
    /// The variable `loop` takes part.
    Known(Arc<Loop>),
}

impl Source {
    fn next(&mut self) -> Result<Option<Value>> {
        match self {
            Self::Plain(items) => items.next(),
            Self::Known(state) => state.pull(),
        }
    }
}

/// A function with the variables of the frame that it uses.
fn close(frame: &Frame<'_>, function: &Arc<Function>, in_macro: bool) -> Closure {
    Closure {
        code: function.clone(),
        captured: frame.capture(function),
        context: frame.context.clone(),
        depth: 0,
        in_macro,
    }
}

/// Exactly `count` items of a value.
fn unpack(value: &Value, count: usize) -> Evaluated<Vec<Value>> {
    let found = items(value).map_err(|_| {
        let message = format!("cannot unpack non-iterable {} object", type_name(value));
        Error::new(ErrorKind::Type, message)
    })?;
    if found.len() < count {
        let got = found.len();
        let message = format!("not enough values to unpack (expected {count}, got {got})");
        return Err(Error::new(ErrorKind::Value, message).into());
    }
    if found.len() > count {
        let message = format!("too many values to unpack (expected {count})");
        return Err(Error::new(ErrorKind::Value, message).into());
    }
    Ok(found)
}
