//! The grammar of expressions: conditional ones, tuples, names, constants, lists and dicts.

use std::sync::Arc;

use minijinja::Value;

use super::ast::{Expr, ExprKind, Name};
use super::parser::Parser;
use super::scope::Variable;
use super::token::TokenKind;
use crate::error::Error;
use crate::python::text::repr_str;
use crate::source::Span;

/// Where a tuple without parentheses stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum TupleIn {
    /// Anything, conditional expressions too.
    Expression,
    /// No conditional expression: `if`, `for .. in`.
    Condition,
    /// Inside of parentheses, where it may be empty.
    Parentheses,
}

impl Parser<'_> {
    pub(super) fn expr(&self, kind: ExprKind, start: Span) -> Expr {
        let span = start.to(self.last_span());
        Expr { kind, span }
    }

    /// `a, b` or `a`; `stop` is a name that ends it.
    pub(super) fn tuple(&mut self, place: TupleIn, stop: Option<&str>) -> Result<Expr, Error> {
        let start = self.span();
        let mut items = Vec::new();
        let mut is_tuple = false;
        while !self.is_tuple_end(stop) {
            items.push(match place {
                TupleIn::Condition => self.or()?,
                _ => self.expression()?,
            });
            if !self.skip_operator(",") {
                break;
            }
            is_tuple = true;
        }
        if !is_tuple {
            if let Some(only) = items.pop() {
                return Ok(only);
            }
            if place != TupleIn::Parentheses {
                let got = repr_str(&self.kind().describe());
                return Err(self.fail(format!("Expected an expression, got {got}")));
            }
        }
        Ok(self.expr(ExprKind::Tuple(items), start))
    }

    pub(super) fn is_tuple_end(&self, stop: Option<&str>) -> bool {
        matches!(self.kind(), TokenKind::VariableEnd | TokenKind::BlockEnd | TokenKind::Operator(")"))
            || stop.is_some_and(|stop| self.is_name(stop))
    }

    /// `a if b else c`
    pub(crate) fn expression(&mut self) -> Result<Expr, Error> {
        self.deeper(|this| {
            let start = this.span();
            let mut expr = this.or()?;
            let mut links = 0;
            while this.skip_name("if") {
                this.link(&mut links)?;
                let condition = this.or()?;
                let otherwise =
                    if this.skip_name("else") { Some(Box::new(this.expression()?)) } else { None };
                let kind = ExprKind::Conditional(Box::new(condition), Box::new(expr), otherwise);
                expr = this.expr(kind, start);
            }
            Ok(expr)
        })
    }

    pub(super) fn primary(&mut self) -> Result<Expr, Error> {
        let start = self.span();
        match self.kind() {
            TokenKind::Name(name) => {
                let name = *name;
                self.next();
                if name == "loop" && !self.asks_loop_for_the_past() {
                    self.looks_ahead = true;
                }
                Ok(self.expr(name_or_constant(name), start))
            }
            TokenKind::String(_) => {
                let mut text = String::new();
                while matches!(self.kind(), TokenKind::String(_)) {
                    if let TokenKind::String(part) = self.next().kind {
                        if text.is_empty() {
                            text = part;
                        } else {
                            text.push_str(&part);
                        }
                    }
                }
                Ok(self.expr(ExprKind::Const(Value::from(text)), start))
            }
            TokenKind::Number(number) => {
                let number = number.clone();
                self.next();
                Ok(self.expr(ExprKind::Const(number), start))
            }
            TokenKind::Operator("(") => {
                self.next();
                let mut inner = self.tuple(TupleIn::Parentheses, None)?;
                self.expect_operator(")")?;
                inner.span = start.to(self.last_span());
                Ok(inner)
            }
            TokenKind::Operator("[") => self.list(),
            TokenKind::Operator("{") => self.dict(),
            other => {
                let got = repr_str(&other.describe());
                Err(self.fail(format!("unexpected {got}")))
            }
        }
    }

    /// Behind the name `loop`: whether one of its attributes follows that needs no look ahead.
    fn asks_loop_for_the_past(&self) -> bool {
        let past = ["index", "index0", "first", "previtem", "depth", "depth0", "cycle", "changed"];
        self.is_operator(".") && matches!(self.look(), TokenKind::Name(name) if past.contains(name))
    }

    fn list(&mut self) -> Result<Expr, Error> {
        let start = self.expect_operator("[")?;
        let mut items = Vec::new();
        while !self.is_operator("]") {
            if !items.is_empty() {
                self.expect_operator(",")?;
            }
            if self.is_operator("]") {
                break;
            }
            items.push(self.expression()?);
        }
        self.expect_operator("]")?;
        Ok(self.expr(ExprKind::List(items), start))
    }

    fn dict(&mut self) -> Result<Expr, Error> {
        let start = self.expect_operator("{")?;
        let mut pairs = Vec::new();
        while !self.is_operator("}") {
            if !pairs.is_empty() {
                self.expect_operator(",")?;
            }
            if self.is_operator("}") {
                break;
            }
            let key = self.expression()?;
            self.expect_operator(":")?;
            pairs.push((key, self.expression()?));
        }
        self.expect_operator("}")?;
        Ok(self.expr(ExprKind::Dict(pairs), start))
    }
}

fn name_or_constant(name: &str) -> ExprKind {
    match name {
        "true" | "True" => ExprKind::Const(Value::from(true)),
        "false" | "False" => ExprKind::Const(Value::from(false)),
        "none" | "None" => ExprKind::Const(Value::from(())),
        _ => ExprKind::Name(name_of(name.into())),
    }
}

/// A name that is not resolved yet.
pub(super) fn name_of(text: Arc<str>) -> Name {
    Name { text, variable: Variable::Context, inline: None }
}
