//! The grammar of `if` and `for`.

use std::sync::Arc;

use super::ast::{Condition, Expr, ExprKind, For, ParameterCode, Role, Scope, Stmt, Target};
use super::expression::{TupleIn, name_of};
use super::parser::Parser;
use super::token::TokenKind;
use crate::error::Error;
use crate::source::Span;

impl Parser<'_> {
    pub(super) fn if_block(&mut self) -> Result<Stmt, Error> {
        let mut branches = Vec::new();
        let mut otherwise = Vec::new();
        let mut has_else = false;
        loop {
            let condition = self.tuple(TupleIn::Condition, None)?;
            self.branches += 1;
            branches.push((condition, self.block_body(&["elif", "else", "endif"], false)?));
            let TokenKind::Name(tag) = self.next().kind else {
                break;
            };
            match tag {
                "elif" => {}
                "else" => {
                    has_else = true;
                    self.branches += 1;
                    otherwise = self.block_body(&["endif"], true)?;
                    break;
                }
                _ => break,
            }
        }
        self.branches -= branches.len() + usize::from(has_else);
        Ok(Stmt::If { branches, otherwise })
    }

    pub(super) fn for_block(&mut self, start: Span) -> Result<Stmt, Error> {
        let target = self.target(Some("in"), false)?;
        if names_loop(&target) {
            return Err(self.fail("Can't assign to special loop variable in for-loop target"));
        }
        self.expect_name("in")?;
        let iterable = self.tuple(TupleIn::Condition, Some("recursive"))?;
        let test = if self.skip_name("if") { Some(self.expression()?) } else { None };
        let recursive = self.skip_name("recursive");
        let span = start.to(self.last_span());
        let condition = test.map(|test| Condition { target: target.clone(), test, starts: Vec::new() });
        let around = std::mem::replace(&mut self.looks_ahead, false);
        self.loops += 1;
        let body = self.block_body(&["endfor", "else"], false)?;
        self.loops -= 1;
        let looks_ahead = std::mem::replace(&mut self.looks_ahead, around);
        let ended = self.is_name("endfor");
        self.next();
        let otherwise = if ended { Vec::new() } else { self.block_body(&["endfor"], true)? };
        let scope = |body| Scope { body, starts: Vec::new() };
        let it = For {
            target,
            iterable,
            condition,
            body: scope(body),
            otherwise: scope(otherwise),
            loop_slot: None,
            looks_ahead,
            span,
        };
        Ok(if recursive { self.recursive(it) } else { Stmt::For(Box::new(it)) })
    }

    /// A recursive loop becomes a function of its iterable.
    fn recursive(&self, mut it: For) -> Stmt {
        let name: Arc<str> = ITERABLE.into();
        let span = it.iterable.span;
        let parameter = Expr { kind: ExprKind::Name(name_of(name.clone())), span };
        let iterable = std::mem::replace(&mut it.iterable, parameter);
        let parameters = vec![ParameterCode { name, slot: 0, annotation: None, default: None }];
        let span = it.span;
        let body = vec![Stmt::For(Box::new(it))];
        let function = self.function(Role::Loop, "loop".into(), span, parameters, body);
        Stmt::Recursive(iterable, Arc::new(function))
    }
}

fn names_loop(target: &Target) -> bool {
    match target {
        Target::Name(name) => &*name.text == "loop",
        Target::Attribute(..) => false,
        Target::Tuple(items, _) => items.iter().any(names_loop),
    }
}

/// The hidden parameter of a recursive loop.
const ITERABLE: &str = " iterable";
