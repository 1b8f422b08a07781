//! The grammar of operators: Jinja2's precedences, from `or` down to the signs.

use super::ast::{BinaryOperator, Comparison, Expr, ExprKind};
use super::parser::Parser;
use super::token::TokenKind;
use crate::error::Error;

impl Parser<'_> {
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
}
