//! The grammar of what is called: macros, dbt's block tags, call blocks, and their signatures.

use std::sync::Arc;

use super::ast::{CallBlock, ExprKind, Function, ParameterCode, Role, Scope, Stmt};
use super::expression::name_of;
use super::parser::Parser;
use super::scope;
use crate::error::Error;
use crate::source::Span;

impl Parser<'_> {
    pub(super) fn call_block(&mut self, start: Span) -> Result<Stmt, Error> {
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

    pub(super) fn macro_block(&mut self, start: Span) -> Result<Stmt, Error> {
        let (name, _) = self.expect_identifier()?;
        let parameters = self.signature()?;
        self.macro_body(name, start, parameters, &["endmacro"])
    }

    pub(super) fn test_block(&mut self, start: Span, ends: &'static [&'static str]) -> Result<Stmt, Error> {
        let (name, _) = self.expect_identifier()?;
        let parameters = self.signature()?;
        self.macro_body(&format!("test_{name}"), start, parameters, ends)
    }

    pub(super) fn materialization(&mut self, start: Span) -> Result<Stmt, Error> {
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

    pub(super) fn docs(&mut self) -> Result<Stmt, Error> {
        self.expect_identifier()?;
        let body = self.block_body(&["enddocs"], true)?;
        drop(body);
        Ok(Stmt::Block(Scope::default()))
    }

    pub(super) fn function(
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
}

/// What the names of macros start with inside: a macro of the context goes before one of the template. dbt shows the
/// prefix in its messages, and so do we.
pub(crate) const MACRO_PREFIX: &str = "dbt_macro__";
