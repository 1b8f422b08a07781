//! The grammar of what follows an expression: attributes, items, slices, calls, filters and tests.

use super::ast::{Arguments, Expr, ExprKind};
use super::parser::Parser;
use super::token::TokenKind;
use crate::error::Error;
use crate::filters::Filter;
use crate::predicates::Test;
use crate::python::text::repr_str;
use crate::source::Span;

impl Parser<'_> {
    pub(super) fn postfix(&mut self, mut expr: Expr) -> Result<Expr, Error> {
        let mut links = 0;
        loop {
            self.link(&mut links)?;
            expr = match self.kind() {
                TokenKind::Operator("." | "[") => self.subscript(expr)?,
                TokenKind::Operator("(") => self.call(expr)?,
                _ => return Ok(expr),
            };
        }
    }

    pub(super) fn filters(&mut self, mut expr: Expr) -> Result<Expr, Error> {
        let mut links = 0;
        loop {
            self.link(&mut links)?;
            expr = match self.kind() {
                TokenKind::Operator("|") => {
                    self.next();
                    self.filter(Some(expr))?
                }
                TokenKind::Name("is") => self.test(expr)?,
                TokenKind::Operator("(") => self.call(expr)?,
                _ => return Ok(expr),
            };
        }
    }

    fn call(&mut self, callee: Expr) -> Result<Expr, Error> {
        let start = callee.span;
        let arguments = self.arguments()?;
        Ok(self.expr(ExprKind::Call(Box::new(callee), arguments), start))
    }

    fn subscript(&mut self, object: Expr) -> Result<Expr, Error> {
        let start = object.span;
        if self.skip_operator(".") {
            let token = self.next();
            let kind = match token.kind {
                TokenKind::Name(name) => ExprKind::Attribute(Box::new(object), name.into()),
                TokenKind::Number(number) if number.is_integer() => {
                    let key = Expr { kind: ExprKind::Const(number), span: token.span };
                    ExprKind::Item(Box::new(object), Box::new(key))
                }
                _ => return Err(self.fail_at(token.span, "expected name or number")),
            };
            return Ok(self.expr(kind, start));
        }
        let bracket = self.expect_operator("[")?;
        let mut keys = Vec::new();
        while !self.is_operator("]") {
            if !keys.is_empty() {
                self.expect_operator(",")?;
            }
            keys.push(self.subscribed()?);
        }
        self.expect_operator("]")?;
        let key = if keys.len() == 1 { keys.pop() } else { None };
        let key = key.unwrap_or_else(|| self.expr(ExprKind::Tuple(keys), bracket));
        Ok(self.expr(ExprKind::Item(Box::new(object), Box::new(key)), start))
    }

    /// An index or a slice.
    fn subscribed(&mut self) -> Result<Expr, Error> {
        let start = self.span();
        let first = if self.is_operator(":") {
            None
        } else {
            let key = self.expression()?;
            if !self.is_operator(":") {
                return Ok(key);
            }
            Some(Box::new(key))
        };
        self.expect_operator(":")?;
        let is_end = |this: &Self| this.is_operator("]") || this.is_operator(",");
        let stop =
            if self.is_operator(":") || is_end(self) { None } else { Some(Box::new(self.expression()?)) };
        let step =
            if self.skip_operator(":") && !is_end(self) { Some(Box::new(self.expression()?)) } else { None };
        Ok(self.expr(ExprKind::Slice([first, stop, step]), start))
    }

    pub(super) fn arguments(&mut self) -> Result<Arguments, Error> {
        self.expect_operator("(")?;
        let mut found = Arguments::default();
        let mut first = true;
        while !self.is_operator(")") {
            if !first {
                self.expect_operator(",")?;
                if self.is_operator(")") {
                    break;
                }
            }
            first = false;
            self.argument(&mut found)?;
        }
        self.expect_operator(")")?;
        Ok(found)
    }

    fn argument(&mut self, found: &mut Arguments) -> Result<(), Error> {
        let allowed = |this: &Self, condition: bool| {
            if condition { Ok(()) } else { Err(this.fail("invalid syntax for function call expression")) }
        };
        let no_double_star = found.double_star.is_none();
        let no_star = found.star.is_none() && no_double_star;
        match *self.kind() {
            TokenKind::Operator("*") => {
                allowed(self, no_star)?;
                self.next();
                found.star = Some(Box::new(self.expression()?));
            }
            TokenKind::Operator("**") => {
                allowed(self, no_double_star)?;
                self.next();
                found.double_star = Some(Box::new(self.expression()?));
            }
            TokenKind::Name(name) if *self.look() == TokenKind::Operator("=") => {
                allowed(self, no_double_star)?;
                if found.keywords.iter().any(|(known, _)| &**known == name) {
                    return Err(self.fail(format!("keyword argument repeated: {name}")));
                }
                self.next();
                self.next();
                found.keywords.push((name.into(), self.expression()?));
            }
            _ => {
                allowed(self, no_star && found.keywords.is_empty())?;
                found.positional.push(self.expression()?);
            }
        }
        Ok(())
    }

    /// A filter behind `|`, or the first of a `filter` block.
    pub(super) fn filter(&mut self, input: Option<Expr>) -> Result<Expr, Error> {
        let (name, name_span) = self.dotted_name()?;
        let start = input.as_ref().map_or(name_span, |input| input.span);
        let filter = match self.names.filter(&name) {
            Some(filter) => filter,
            None if self.branches > 0 => Filter::Host(name.into()),
            None => {
                let message = format!("No filter named {}.", repr_str(&name));
                return Err(self.fail_at(name_span, message));
            }
        };
        let arguments = if self.is_operator("(") { self.arguments()? } else { Arguments::default() };
        Ok(self.expr(ExprKind::Filter(input.map(Box::new), filter, arguments), start))
    }

    fn dotted_name(&mut self) -> Result<(String, Span), Error> {
        let (name, mut span) = self.expect_identifier()?;
        let mut name = name.to_owned();
        while self.skip_operator(".") {
            let (part, part_span) = self.expect_identifier()?;
            name = format!("{name}.{part}");
            span = span.to(part_span);
        }
        Ok((name, span))
    }

    fn test(&mut self, input: Expr) -> Result<Expr, Error> {
        self.expect_name("is")?;
        let start = input.span;
        let negated = self.skip_name("not");
        let (name, name_span) = self.dotted_name()?;
        let test = match self.names.test(&name) {
            Some(test) => test,
            None if self.branches > 0 => Test::Host(name.into()),
            None => {
                let message = format!("No test named {}.", repr_str(&name));
                return Err(self.fail_at(name_span, message));
            }
        };
        let takes_argument = match self.kind() {
            TokenKind::Name(name) => !matches!(*name, "else" | "or" | "and"),
            TokenKind::String(_) | TokenKind::Number(_) | TokenKind::Operator("[" | "{") => true,
            _ => false,
        };
        let arguments = if self.is_operator("(") {
            self.arguments()?
        } else if takes_argument {
            if self.is_name("is") {
                return Err(self.fail("You cannot chain multiple tests with is"));
            }
            let argument = self.primary()?;
            let positional = vec![self.postfix(argument)?];
            Arguments { positional, ..Arguments::default() }
        } else {
            Arguments::default()
        };
        let test = self.expr(ExprKind::Test(Box::new(input), test, arguments), start);
        if negated {
            return Ok(self.expr(ExprKind::Not(Box::new(test)), start));
        }
        Ok(test)
    }
}
