//! The grammar of statements: Jinja2's, with `do`, loop controls, and dbt's block tags.

use std::sync::Arc;

use super::ast::{
    CallBlock, Condition, Expr, ExprKind, For, Function, ParameterCode, Role, Scope, SetBlock, Stmt, Target,
    With,
};
use super::expression::{TupleIn, name_of};
use super::parser::Parser;
use super::scope::{self, resolve};
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
    fn function(
        &self,
        role: Role,
        name: Arc<str>,
        span: Span,
        parameters: Vec<ParameterCode>,
        body: Vec<Stmt>,
    ) -> Function {
        Function {
            tokens: self.size(),
            role,
            name,
            file: self.file.clone(),
            span,
            parameters,
            body,
            starts: Vec::new(),
            slots: 0,
            shared: Vec::new(),
            captures: Vec::new(),
            caller_slot: None,
            varargs_slot: None,
            kwargs_slot: None,
            explicit_caller: false,
        }
    }

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
    fn block_body(&mut self, ends: &'static [&'static str], drop: bool) -> Result<Vec<Stmt>, Error> {
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
                self.expression()?;
                let body = self.block_body(&["endautoescape"], true)?;
                Stmt::Block(Scope { body, starts: Vec::new() })
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

    fn if_block(&mut self) -> Result<Stmt, Error> {
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

    fn for_block(&mut self, start: Span) -> Result<Stmt, Error> {
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

    fn set(&mut self) -> Result<Stmt, Error> {
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

    fn with(&mut self) -> Result<Stmt, Error> {
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

    fn call_block(&mut self, start: Span) -> Result<Stmt, Error> {
        let parameters = if self.is_operator("(") { self.signature()? } else { Vec::new() };
        let call = self.expression()?;
        if !matches!(call.kind, ExprKind::Call(..)) {
            return Err(self.fail_at(call.span, "expected call"));
        }
        let span = start.to(call.span);
        let body = self.function_body(&parameters, &["endcall"])?;
        let body = self.function(Role::Caller, "caller".into(), span, parameters, body);
        Ok(Stmt::Call(Box::new(CallBlock { call, body: Arc::new(body) })))
    }

    fn macro_block(&mut self, start: Span) -> Result<Stmt, Error> {
        let (name, _) = self.expect_identifier()?;
        let parameters = self.signature()?;
        self.macro_body(name, start, parameters, &["endmacro"])
    }

    fn test_block(&mut self, start: Span, ends: &'static [&'static str]) -> Result<Stmt, Error> {
        let (name, _) = self.expect_identifier()?;
        let parameters = self.signature()?;
        self.macro_body(&format!("test_{name}"), start, parameters, ends)
    }

    fn materialization(&mut self, start: Span) -> Result<Stmt, Error> {
        let header = self.materialization_header()?;
        let name =
            format!("materialization_{}_{}", header.name, header.adapter.as_deref().unwrap_or("default"));
        self.macro_body(&name, start, Vec::new(), &["endmaterialization"])
    }

    fn macro_body(
        &mut self,
        name: &str,
        start: Span,
        parameters: Vec<ParameterCode>,
        ends: &'static [&'static str],
    ) -> Result<Stmt, Error> {
        let span = start.to(self.last_span());
        let body = self.function_body(&parameters, ends)?;
        let name: Arc<str> = format!("{MACRO_PREFIX}{name}").into();
        let function = self.function(Role::Macro, name.clone(), span, parameters, body);
        Ok(Stmt::Macro(name_of(name), Arc::new(function)))
    }

    /// The body of a macro or call block: loops around it don't count inside.
    fn function_body(
        &mut self,
        parameters: &[ParameterCode],
        ends: &'static [&'static str],
    ) -> Result<Vec<Stmt>, Error> {
        let loops = std::mem::take(&mut self.loops);
        let span = self.last_span();
        let body = self.block_body(ends, true)?;
        self.loops = loops;
        let bare_caller = parameters.iter().any(|p| &*p.name == "caller" && p.default.is_none());
        if bare_caller && scope::undeclared(&body, &["caller"]).contains("caller") {
            let message = "When defining macros or call blocks the special \"caller\" argument must be omitted or be \
                           given a default.";
            return Err(self.fail_at(span, message));
        }
        Ok(body)
    }

    fn docs(&mut self) -> Result<Stmt, Error> {
        self.expect_identifier()?;
        let body = self.block_body(&["enddocs"], true)?;
        drop(body);
        Ok(Stmt::Block(Scope::default()))
    }

    /// `(a, b=1, c: list[str] = none)`
    pub(super) fn signature(&mut self) -> Result<Vec<ParameterCode>, Error> {
        self.expect_operator("(")?;
        let mut parameters: Vec<ParameterCode> = Vec::new();
        while !self.is_operator(")") {
            if !parameters.is_empty() {
                self.expect_operator(",")?;
            }
            let (name, span) = self.expect_identifier()?;
            self.assignable(name, span)?;
            if parameters.iter().any(|known| &*known.name == name) {
                let message = format!("duplicate argument '{name}' in function definition");
                return Err(self.fail_at(span, message));
            }
            let annotation = if self.skip_operator(":") { Some(self.annotation()?) } else { None };
            let default = if self.skip_operator("=") {
                Some(self.expression()?)
            } else {
                if parameters.last().is_some_and(|last| last.default.is_some()) {
                    return Err(self.fail("non-default argument follows default argument"));
                }
                None
            };
            parameters.push(ParameterCode { name: name.into(), slot: 0, annotation, default });
        }
        self.expect_operator(")")?;
        Ok(parameters)
    }

    /// `name`, `name[a, b]`
    fn annotation(&mut self) -> Result<Span, Error> {
        let (_, start) = self.expect_identifier()?;
        while self.skip_operator(".") {
            self.expect_identifier()?;
        }
        if self.skip_operator("[") {
            loop {
                self.deeper(Self::annotation)?;
                if !self.skip_operator(",") {
                    break;
                }
            }
            self.expect_operator("]")?;
        }
        Ok(start.to(self.last_span()))
    }

    /// What `set`, `for` and `with` assign to.
    fn target(&mut self, stop: Option<&str>, with_namespace: bool) -> Result<Target, Error> {
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

    fn assignable(&self, name: &str, span: Span) -> Result<(), Error> {
        if matches!(name, "true" | "True" | "false" | "False" | "none" | "None") {
            return Err(self.fail_at(span, "can't assign to 'const'"));
        }
        Ok(())
    }
}

/// What the names of macros start with inside: a macro of the context goes before one of the template. dbt shows the
/// prefix in its messages, and so do we.
pub(crate) const MACRO_PREFIX: &str = "dbt_macro__";

fn names_loop(target: &Target) -> bool {
    match target {
        Target::Name(name) => &*name.text == "loop",
        Target::Attribute(..) => false,
        Target::Tuple(items, _) => items.iter().any(names_loop),
    }
}

/// The hidden parameter of a recursive loop.
const ITERABLE: &str = " iterable";
