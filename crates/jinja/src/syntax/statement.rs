//! The grammar of statements: Jinja2's, with `do`, loop controls, and dbt's block tags.

use std::sync::Arc;

use super::ast::{Function, Role, Scope, Stmt};
use super::expression::TupleIn;
use super::parser::Parser;
use super::scope::resolve;
use super::token::TokenKind;
use crate::environment::Names;
use crate::error::Error;
use crate::source::{SourceFile, Span};

/// Parses and resolves a whole text.
pub(crate) fn template(file: &SourceFile, names: &dyn Names) -> Result<Arc<Function>, Error> {
    let range = Span { start: 0, end: u32::try_from(file.text.len()).unwrap_or(u32::MAX) };
    let mut parser = Parser::new(file, range, true, names);
    let body = parser.body(&[])?;
    let mut function = parser.function(Role::Template, file.path.clone(), range, Vec::new(), body);
    with_stack(parser.size(), || resolve(&mut function));
    Ok(Arc::new(function))
}

/// What one level of a tree takes of the stack at most.
const LEVEL: usize = 4 * 1024;

/// Runs something that goes down a tree, with room for the deepest that so many tokens can make.
pub(crate) fn with_stack<R>(tokens: usize, work: impl FnOnce() -> R) -> R {
    let needed = (64 * 1024 + tokens * LEVEL).min(2 * 1024 * 1024);
    stacker::maybe_grow(needed, 16 * 1024 * 1024, work)
}

/// Parses and resolves the block of a macro, test or materialization.
pub(crate) fn block(file: &SourceFile, range: Span, names: &dyn Names) -> Result<Arc<Function>, Error> {
    let mut parser = Parser::new(file, range, false, names);
    // As in dbt, an unknown filter in a macro is an error of the call, not of the file.
    parser.branches = 1;
    for stmt in parser.body(&[])? {
        if let Stmt::Macro(_, mut function) = stmt {
            if let Some(function) = Arc::get_mut(&mut function) {
                with_stack(parser.size(), || resolve(function));
            }
            return Ok(function);
        }
    }
    Err(parser.fail_at(range, "expected a block"))
}

/// Parses and resolves a text that is one expression, without braces.
pub(crate) fn expression(file: &SourceFile, names: &dyn Names) -> Result<Arc<Function>, Error> {
    let range = Span { start: 0, end: u32::try_from(file.text.len()).unwrap_or(u32::MAX) };
    let mut parser = Parser::of_expression(file, names);
    let expr = parser.expression()?;
    if *parser.kind() != TokenKind::End {
        return Err(parser.fail("chunk after expression"));
    }
    let body = vec![Stmt::Print(expr)];
    let mut function = parser.function(Role::Template, file.path.clone(), range, Vec::new(), body);
    with_stack(parser.size(), || resolve(&mut function));
    Ok(Arc::new(function))
}

impl Parser<'_> {
    /// Statements up to one of the end tags, which stays the current token; without end tags, up to the end.
    fn body(&mut self, ends: &'static [&'static str]) -> Result<Vec<Stmt>, Error> {
        let mut body = Vec::new();
        loop {
            match self.kind() {
                TokenKind::Data(_) => {
                    if let TokenKind::Data(text) = self.next().kind {
                        body.push(Stmt::Text(text.into()));
                    }
                }
                TokenKind::VariableBegin => {
                    self.next();
                    let expr = self.tuple(TupleIn::Expression, None)?;
                    self.expect_variable_end()?;
                    body.push(Stmt::Print(expr));
                }
                TokenKind::BlockBegin => {
                    self.next();
                    if let TokenKind::Name(name) = self.kind()
                        && ends.contains(name)
                    {
                        return Ok(body);
                    }
                    self.deeper(|this| this.statement(&mut body))?;
                    self.expect_block_end()?;
                }
                TokenKind::End if ends.is_empty() => return Ok(body),
                _ => return Err(self.unknown_tag(None)),
            }
        }
    }

    /// The body of a tag that is already read, up to one of the ends. Drops the end tag's name if `drop`.
    pub(super) fn block_body(
        &mut self,
        ends: &'static [&'static str],
        drop: bool,
    ) -> Result<Vec<Stmt>, Error> {
        self.skip_operator(":");
        self.expect_block_end()?;
        self.ends.push(ends);
        let body = self.body(ends)?;
        self.ends.pop();
        if drop {
            self.next();
        }
        Ok(body)
    }

    fn statement(&mut self, into: &mut Vec<Stmt>) -> Result<(), Error> {
        let TokenKind::Name(tag) = *self.kind() else {
            return Err(self.fail("tag name expected"));
        };
        let span = self.next().span;
        self.tags.push(tag);
        let stmt = match tag {
            "if" => self.if_block()?,
            "for" => self.for_block(span)?,
            "set" => self.set()?,
            "do" => Stmt::Do(self.tuple(TupleIn::Expression, None)?),
            "macro" => self.macro_block(span)?,
            "call" => self.call_block(span)?,
            "filter" => self.filter_block()?,
            "with" => self.with()?,
            "print" => return self.print(into),
            "block" => self.named_block()?,
            "autoescape" => {
                let on = self.expression()?;
                let body = self.block_body(&["endautoescape"], true)?;
                Stmt::Autoescape(on, Scope { body, starts: Vec::new() })
            }
            "break" if self.loops == 0 => return Err(self.fail_at(span, "'break' outside loop")),
            "continue" if self.loops == 0 => {
                return Err(self.fail_at(span, "'continue' not properly in loop"));
            }
            "break" => Stmt::Break,
            "continue" => Stmt::Continue,
            "include" | "import" | "from" | "extends" => self.load(span),
            "test" => self.test_block(span, &["endtest"])?,
            "data_test" => self.test_block(span, &["enddata_test"])?,
            "materialization" => self.materialization(span)?,
            "docs" => self.docs()?,
            _ => {
                self.tags.pop();
                let error = self.unknown_tag(Some(tag)).message().to_owned();
                return Err(self.fail_at(span, error));
            }
        };
        self.tags.pop();
        into.push(stmt);
        Ok(())
    }

    fn print(&mut self, into: &mut Vec<Stmt>) -> Result<(), Error> {
        let mut first = true;
        while *self.kind() != TokenKind::BlockEnd {
            if !first {
                self.expect_operator(",")?;
            }
            first = false;
            into.push(Stmt::Print(self.expression()?));
        }
        self.tags.pop();
        Ok(())
    }

    fn filter_block(&mut self) -> Result<Stmt, Error> {
        let mut filter = self.filter(None)?;
        while self.skip_operator("|") {
            filter = self.filter(Some(filter))?;
        }
        let body = Scope { body: self.block_body(&["endfilter"], true)?, starts: Vec::new() };
        Ok(Stmt::FilterBlock(filter, body))
    }

    fn named_block(&mut self) -> Result<Stmt, Error> {
        let (name, _) = self.expect_identifier()?;
        self.skip_name("scoped");
        self.skip_name("required");
        let body = Scope { body: self.block_body(&["endblock"], true)?, starts: Vec::new() };
        self.skip_name(name);
        Ok(Stmt::Block(body))
    }

    /// Tags that need a loader: read to their end, fail when reached.
    fn load(&mut self, start: Span) -> Stmt {
        while !matches!(self.kind(), TokenKind::BlockEnd | TokenKind::End | TokenKind::Invalid) {
            self.next();
        }
        Stmt::Load(start.to(self.last_span()))
    }
}
