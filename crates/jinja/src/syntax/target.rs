//! The grammar of assignments: `set`, `with`, and what they and `for` assign to.

use super::ast::{ExprKind, Scope, SetBlock, Stmt, Target, With};
use super::expression::{TupleIn, name_of};
use super::parser::Parser;
use super::token::TokenKind;
use crate::error::Error;
use crate::source::Span;

impl Parser<'_> {
    pub(super) fn set(&mut self) -> Result<Stmt, Error> {
        let target = self.target(None, true)?;
        if self.skip_operator("=") {
            return Ok(Stmt::Set(target, self.tuple(TupleIn::Expression, None)?));
        }
        let mut filter = None;
        while self.skip_operator("|") {
            filter = Some(self.filter(filter)?);
        }
        let body = Scope { body: self.block_body(&["endset"], true)?, starts: Vec::new() };
        Ok(Stmt::SetBlock(Box::new(SetBlock { target, filter, body })))
    }

    pub(super) fn with(&mut self) -> Result<Stmt, Error> {
        let mut assignments = Vec::new();
        while *self.kind() != TokenKind::BlockEnd {
            if !assignments.is_empty() {
                self.expect_operator(",")?;
            }
            let target = self.target(None, false)?;
            self.expect_operator("=")?;
            assignments.push((target, self.expression()?));
        }
        let body = Scope { body: self.block_body(&["endwith"], true)?, starts: Vec::new() };
        Ok(Stmt::With(Box::new(With { assignments, body })))
    }

    /// What `set`, `for` and `with` assign to.
    pub(super) fn target(&mut self, stop: Option<&str>, with_namespace: bool) -> Result<Target, Error> {
        let start = self.span();
        let mut items = Vec::new();
        let mut is_tuple = false;
        while !(self.is_tuple_end(stop) || self.is_operator("=") && !items.is_empty()) {
            items.push(self.target_item(with_namespace)?);
            if !self.skip_operator(",") {
                break;
            }
            is_tuple = true;
        }
        if !is_tuple {
            if let Some(only) = items.pop() {
                return Ok(only);
            }
            let got = crate::python::text::repr_str(&self.kind().describe());
            return Err(self.fail(format!("Expected an expression, got {got}")));
        }
        Ok(Target::Tuple(items, start.to(self.last_span())))
    }

    fn target_item(&mut self, with_namespace: bool) -> Result<Target, Error> {
        if self.skip_operator("(") {
            let mut inner = self.deeper(|this| this.target(None, with_namespace))?;
            self.expect_operator(")")?;
            if let Target::Tuple(_, span) = &mut inner {
                *span = span.to(self.last_span());
            }
            return Ok(inner);
        }
        if let TokenKind::Name(name) = *self.kind() {
            let span = self.next().span;
            self.assignable(name, span)?;
            if with_namespace && self.skip_operator(".") {
                let (attribute, _) = self.expect_identifier()?;
                return Ok(Target::Attribute(name_of(name.into()), attribute.into()));
            }
            return Ok(Target::Name(name_of(name.into())));
        }
        let expr = self.primary()?;
        let what = match expr.kind {
            ExprKind::List(_) => "list",
            ExprKind::Dict(_) => "dict",
            _ => "const",
        };
        Err(self.fail_at(expr.span, format!("can't assign to '{what}'")))
    }

    pub(super) fn assignable(&self, name: &str, span: Span) -> Result<(), Error> {
        if matches!(name, "true" | "True" | "false" | "False" | "none" | "None") {
            return Err(self.fail_at(span, "can't assign to 'const'"));
        }
        Ok(())
    }
}
