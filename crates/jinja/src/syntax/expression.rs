//! The grammar of expressions: Jinja2's precedences and postfix rules.

use std::sync::Arc;

use minijinja::Value;

use super::ast::{Arguments, BinaryOperator, Comparison, Expr, ExprKind, Name};
use super::parser::Parser;
use super::scope::Variable;
use super::token::TokenKind;
use crate::error::Error;
use crate::filters::Filter;
use crate::predicates::Test;
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
    fn expr(&self, kind: ExprKind, start: Span) -> Expr {
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

    pub(super) fn or(&mut self) -> Result<Expr, Error> {
        let start = self.span();
        let mut left = self.and()?;
        let mut links = 0;
        while self.skip_name("or") {
            self.link(&mut links)?;
            let right = self.and()?;
            left = self.expr(ExprKind::Or(Box::new(left), Box::new(right)), start);
        }
        Ok(left)
    }

    fn and(&mut self) -> Result<Expr, Error> {
        let start = self.span();
        let mut left = self.not()?;
        let mut links = 0;
        while self.skip_name("and") {
            self.link(&mut links)?;
            let right = self.not()?;
            left = self.expr(ExprKind::And(Box::new(left), Box::new(right)), start);
        }
        Ok(left)
    }

    fn not(&mut self) -> Result<Expr, Error> {
        let start = self.span();
        if self.skip_name("not") {
            let inner = self.deeper(Self::not)?;
            return Ok(self.expr(ExprKind::Not(Box::new(inner)), start));
        }
        self.compare()
    }

    fn compare(&mut self) -> Result<Expr, Error> {
        let start = self.span();
        let first = self.sum()?;
        let mut others = Vec::new();
        while let Some(comparison) = self.comparison() {
            others.push((comparison, self.sum()?));
        }
        if others.is_empty() {
            return Ok(first);
        }
        Ok(self.expr(ExprKind::Compare(Box::new(first), others), start))
    }

    fn comparison(&mut self) -> Option<Comparison> {
        let comparison = match self.kind() {
            TokenKind::Operator("==") => Comparison::Equal,
            TokenKind::Operator("!=") => Comparison::NotEqual,
            TokenKind::Operator("<") => Comparison::Less,
            TokenKind::Operator("<=") => Comparison::LessOrEqual,
            TokenKind::Operator(">") => Comparison::Greater,
            TokenKind::Operator(">=") => Comparison::GreaterOrEqual,
            TokenKind::Name("in") => Comparison::In,
            TokenKind::Name("not") if *self.look() == TokenKind::Name("in") => {
                self.next();
                Comparison::NotIn
            }
            _ => return None,
        };
        self.next();
        Some(comparison)
    }

    fn sum(&mut self) -> Result<Expr, Error> {
        let start = self.span();
        let mut left = self.concat()?;
        let mut links = 0;
        loop {
            self.link(&mut links)?;
            let operator = match self.kind() {
                TokenKind::Operator("+") => BinaryOperator::Add,
                TokenKind::Operator("-") => BinaryOperator::Subtract,
                _ => return Ok(left),
            };
            self.next();
            let right = self.concat()?;
            left = self.expr(ExprKind::Binary(operator, Box::new(left), Box::new(right)), start);
        }
    }

    fn concat(&mut self) -> Result<Expr, Error> {
        let start = self.span();
        let first = self.product()?;
        if !self.is_operator("~") {
            return Ok(first);
        }
        let mut items = vec![first];
        while self.skip_operator("~") {
            items.push(self.product()?);
        }
        Ok(self.expr(ExprKind::Concat(items), start))
    }

    fn product(&mut self) -> Result<Expr, Error> {
        let start = self.span();
        let mut left = self.power()?;
        let mut links = 0;
        loop {
            self.link(&mut links)?;
            let operator = match self.kind() {
                TokenKind::Operator("*") => BinaryOperator::Multiply,
                TokenKind::Operator("/") => BinaryOperator::Divide,
                TokenKind::Operator("//") => BinaryOperator::FloorDivide,
                TokenKind::Operator("%") => BinaryOperator::Modulo,
                _ => return Ok(left),
            };
            self.next();
            let right = self.power()?;
            left = self.expr(ExprKind::Binary(operator, Box::new(left), Box::new(right)), start);
        }
    }

    fn power(&mut self) -> Result<Expr, Error> {
        let start = self.span();
        let mut left = self.unary(true)?;
        let mut links = 0;
        while self.skip_operator("**") {
            self.link(&mut links)?;
            let right = self.unary(true)?;
            let kind = ExprKind::Binary(BinaryOperator::Power, Box::new(left), Box::new(right));
            left = self.expr(kind, start);
        }
        Ok(left)
    }

    fn unary(&mut self, with_filter: bool) -> Result<Expr, Error> {
        let start = self.span();
        let expr = if self.skip_operator("-") {
            let inner = self.deeper(|this| this.unary(false))?;
            self.expr(ExprKind::Negative(Box::new(inner)), start)
        } else if self.skip_operator("+") {
            let inner = self.deeper(|this| this.unary(false))?;
            self.expr(ExprKind::Positive(Box::new(inner)), start)
        } else {
            self.primary()?
        };
        let expr = self.postfix(expr)?;
        if with_filter { self.filters(expr) } else { Ok(expr) }
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

    fn postfix(&mut self, mut expr: Expr) -> Result<Expr, Error> {
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

    fn filters(&mut self, mut expr: Expr) -> Result<Expr, Error> {
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
