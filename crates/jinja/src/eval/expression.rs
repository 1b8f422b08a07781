//! Evaluates expressions.

use std::fmt::Write as _;

use indexmap::IndexMap;
use minijinja::Value;
use minijinja::value::Tuple;

use super::{Evaluated, Evaluator, Flow, Frame};
use crate::error::{Error, ErrorKind};
use crate::filters::html::escape;
use crate::python::arguments::{Arguments, Keywords};
use crate::python::arithmetic::{binary, sign};
use crate::python::compare::{compare, hashable};
use crate::python::depth;
use crate::python::dict::Dict;
use crate::python::iterate::items;
use crate::python::kind::{Kind, type_name};
use crate::python::list::List;
use crate::python::text::{to_str, write_str};
use crate::python::undefined::{Undefined, What};
use crate::syntax::ast::{self, Expr, ExprKind};

/// Positional arguments and keyword arguments.
pub(super) type Evaluating = (Vec<Value>, Keywords);

impl Evaluator<'_, '_, '_> {
    /// The value of an expression; an error gets the innermost place.
    pub(crate) fn expr(&mut self, frame: &mut Frame<'_>, expr: &Expr) -> Evaluated<Value> {
        match &expr.kind {
            ExprKind::Const(value) => Ok(value.clone()),
            ExprKind::Name(name) => Ok(frame.load(self, name)),
            _ => stacker::maybe_grow(64 * 1024, 1024 * 1024, || {
                let value = self.compound(frame, expr);
                depth::check()?;
                value
            })
            .map_err(|flow| flow.at(|| frame.place(expr.span))),
        }
    }

    fn compound(&mut self, frame: &mut Frame<'_>, expr: &Expr) -> Evaluated<Value> {
        match &expr.kind {
            ExprKind::Const(value) => Ok(value.clone()),
            ExprKind::Name(name) => Ok(frame.load(self, name)),
            ExprKind::List(parts) => Ok(List::value(self.exprs(frame, parts)?)),
            ExprKind::Tuple(parts) => Ok(Value::from(Tuple::new(self.exprs(frame, parts)?))),
            ExprKind::Dict(pairs) => self.dict(frame, pairs),
            ExprKind::Attribute(object, name) => {
                let object = self.expr(frame, object)?;
                self.attribute(&object, name)
            }
            ExprKind::Item(object, key) => self.item_expr(frame, object, key),
            // Only the parser's subscripts make slices.
            ExprKind::Slice(_) => Ok(Value::UNDEFINED),
            ExprKind::Call(callee, arguments) => self.call_expr(frame, callee, arguments, None),
            ExprKind::Filter(input, filter, arguments) => {
                let input = match input {
                    Some(input) => self.expr(frame, input)?,
                    None => Value::from(""),
                };
                self.filter_call(frame, filter, input, arguments)
            }
            ExprKind::Test(input, test, arguments) => {
                let input = self.expr(frame, input)?;
                let (positional, keywords) = self.with_first(frame, input, arguments)?;
                let call = Arguments {
                    owner: "test_",
                    function: test.name(),
                    positional: &positional,
                    keywords: &keywords,
                };
                self.perform_test(test, &call).map(Value::from)
            }
            ExprKind::Conditional(condition, then, otherwise) => {
                if self.expr(frame, condition)?.is_true() {
                    return self.expr(frame, then);
                }
                match otherwise {
                    Some(otherwise) => self.expr(frame, otherwise),
                    None => {
                        let file = frame.code.file.clone();
                        Ok(Undefined::value(What::NoElse(file, expr.span), false))
                    }
                }
            }
            ExprKind::And(a, b) => {
                let a = self.expr(frame, a)?;
                if a.is_true() { self.expr(frame, b) } else { Ok(a) }
            }
            ExprKind::Or(a, b) => {
                let a = self.expr(frame, a)?;
                if a.is_true() { Ok(a) } else { self.expr(frame, b) }
            }
            ExprKind::Not(it) => Ok(Value::from(!self.expr(frame, it)?.is_true())),
            ExprKind::Negative(it) => Ok(sign(&self.expr(frame, it)?, true)?),
            ExprKind::Positive(it) => Ok(sign(&self.expr(frame, it)?, false)?),
            ExprKind::Binary(operator, a, b) => {
                let a = self.expr(frame, a)?;
                let b = self.expr(frame, b)?;
                Ok(binary(*operator, &a, &b)?)
            }
            ExprKind::Concat(parts) => {
                // All of them first: a later one may change what an earlier one gave.
                let parts = self.exprs(frame, parts)?;
                let mut text = String::new();
                if self.escapes {
                    for part in &parts {
                        let written = to_str(part);
                        text.push_str(&if part.is_safe() { written } else { escape(&written) });
                    }
                    return Ok(Value::from_safe_string(text));
                }
                parts.iter().for_each(|part| write_str(part, &mut text));
                Ok(Value::from(text))
            }
            ExprKind::Compare(first, others) => {
                let mut left = self.expr(frame, first)?;
                for (comparison, other) in others {
                    let right = self.expr(frame, other)?;
                    if !compare(*comparison, &left, &right)? {
                        return Ok(Value::from(false));
                    }
                    left = right;
                }
                Ok(Value::from(true))
            }
        }
    }

    fn exprs(&mut self, frame: &mut Frame<'_>, parts: &[Expr]) -> Evaluated<Vec<Value>> {
        parts.iter().map(|part| self.expr(frame, part)).collect()
    }

    fn dict(&mut self, frame: &mut Frame<'_>, pairs: &[(Expr, Expr)]) -> Evaluated<Value> {
        let mut dict = IndexMap::with_capacity(pairs.len());
        for (key, value) in pairs {
            let key = self.expr(frame, key)?;
            hashable(&key)?;
            let value = self.expr(frame, value)?;
            dict.insert(key, value);
        }
        Ok(Dict::value(dict))
    }

    fn item_expr(&mut self, frame: &mut Frame<'_>, object: &Expr, key: &Expr) -> Evaluated<Value> {
        let object = self.expr(frame, object)?;
        let ExprKind::Slice(parts) = &key.kind else {
            let key = self.expr(frame, key)?;
            return self.item(&object, &key);
        };
        let mut bounds = [None, None, None];
        for (bound, part) in bounds.iter_mut().zip(parts) {
            if let Some(part) = part {
                *bound = Some(self.expr(frame, part)?);
            }
        }
        self.slice(&object, bounds)
    }

    /// Evaluates the arguments of a call.
    pub(super) fn arguments(
        &mut self,
        frame: &mut Frame<'_>,
        arguments: &ast::Arguments,
    ) -> Evaluated<Evaluating> {
        let mut positional = self.exprs(frame, &arguments.positional)?;
        let mut keywords = Keywords::with_capacity(arguments.keywords.len());
        for (name, value) in &arguments.keywords {
            keywords.push((name.clone(), self.expr(frame, value)?));
        }
        if let Some(star) = &arguments.star {
            let star = self.expr(frame, star)?;
            positional.extend(items(&star)?);
        }
        if let Some(star) = &arguments.double_star {
            let star = self.expr(frame, star)?;
            add_keywords(&star, &mut keywords)?;
        }
        Ok((positional, keywords))
    }

    /// Evaluates the arguments of a filter or test, with what it's applied to before them.
    fn with_first(
        &mut self,
        frame: &mut Frame<'_>,
        first: Value,
        arguments: &ast::Arguments,
    ) -> Evaluated<Evaluating> {
        let (mut positional, keywords) = self.arguments(frame, arguments)?;
        positional.insert(0, first);
        Ok((positional, keywords))
    }

    fn filter_call(
        &mut self,
        frame: &mut Frame<'_>,
        filter: &crate::filters::Filter,
        input: Value,
        arguments: &ast::Arguments,
    ) -> Evaluated<Value> {
        let (positional, keywords) = self.with_first(frame, input, arguments)?;
        let call =
            Arguments { owner: "do_", function: filter.name(), positional: &positional, keywords: &keywords };
        self.apply_filter(filter, &call)
    }

    /// Applies the filters of a `filter` or `set` block to its text.
    pub(super) fn filter_chain(
        &mut self,
        frame: &mut Frame<'_>,
        chain: &Expr,
        text: Value,
    ) -> Evaluated<Value> {
        let ExprKind::Filter(input, filter, arguments) = &chain.kind else {
            return self.expr(frame, chain);
        };
        let input = match input {
            Some(inner) => self.filter_chain(frame, inner, text)?,
            None => text,
        };
        self.filter_call(frame, filter, input, arguments).map_err(|flow| flow.at(|| frame.place(chain.span)))
    }
}

/// Adds the pairs of `**mapping` to the keyword arguments.
fn add_keywords(mapping: &Value, keywords: &mut Keywords) -> Result<(), Flow> {
    let pairs = match Kind::of(mapping) {
        Kind::Dict(dict) => dict.pairs(),
        Kind::Object(object) => object.try_iter_pairs().into_iter().flatten().collect(),
        _ => {
            let mut message = "argument after ** must be a mapping, not ".to_owned();
            let _ = write!(message, "{}", type_name(mapping));
            return Err(Error::new(ErrorKind::Type, message).into());
        }
    };
    for (key, value) in pairs {
        let Some(name) = key.as_str() else {
            return Err(Error::new(ErrorKind::Type, "keywords must be strings").into());
        };
        if keywords.iter().any(|(known, _)| &**known == name) {
            let message = format!("got multiple values for keyword argument '{name}'");
            return Err(Error::new(ErrorKind::Type, message).into());
        }
        keywords.push((name.into(), value));
    }
    Ok(())
}
