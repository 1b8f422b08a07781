//! Texts that render to values: the strings of YAML files.

use std::sync::Arc;

use minijinja::Value;

use crate::environment::Environment;
use crate::error::{Error, ErrorKind};
use crate::eval;
use crate::filters::{Marked, Marker};
use crate::python::kind::Kind;
use crate::python::text::{repr_str, to_str};
use crate::source::SourceFile;
use crate::syntax;
use crate::syntax::ast::{Function, Stmt};
use crate::syntax::lexer::tokenize_expression;
use crate::syntax::token::{Token, TokenKind};

/// Renders a text to a value; see [`Environment::render_native`].
pub(crate) fn render(env: &Environment, file: &SourceFile, context: &Value) -> Result<Value, Error> {
    let code = syntax::statement::template(file, env)?;
    let (text, first) = eval::enter(env, context, |evaluator| {
        let text = evaluator.template(&code, context)?;
        Ok((text, evaluator.lone.take()))
    })?;
    // The first value counts if nothing follows it.
    let Some((value, _)) = first.filter(|(_, length)| *length == text.len()) else {
        return Ok(Value::from(text));
    };
    match value.downcast_object_ref::<Marked>() {
        Some(marked) => convert(marked).map_err(|error| error.at(|| place(&code))),
        None => Ok(value),
    }
}

fn place(code: &Arc<Function>) -> crate::source::Place {
    let span = match code.body.first() {
        Some(Stmt::Print(expr)) => expr.span,
        _ => code.span,
    };
    code.file.place(span)
}

fn convert(marked: &Marked) -> Result<Value, Error> {
    let value = &marked.value;
    if marked.marker == Marker::Text {
        return Ok(Value::from(to_str(value)));
    }
    let native = match Kind::of(value) {
        Kind::Str(text) => literal(text),
        Kind::Undefined => Some(Value::from("")),
        _ => Some(value.clone()),
    };
    let (fits, name) = match (marked.marker, native.as_ref().map(Kind::of)) {
        (Marker::Bool, Some(Kind::Bool(_))) => (true, "bool"),
        (Marker::Bool, _) => (false, "bool"),
        (Marker::Number, Some(Kind::Int(_) | Kind::Wide(_) | Kind::Float(_))) => (true, "number"),
        (Marker::Number, _) => (false, "number"),
        _ => (true, "native"),
    };
    match native {
        Some(native) if fits => Ok(native),
        _ if fits => Ok(value.clone()),
        _ => {
            let shown = repr_str(&to_str(value));
            let message = format!("Could not convert value {shown} into type '{name}'");
            Err(Error::new(ErrorKind::Value, message))
        }
    }
}

/// The value of a text that is a Python literal.
fn literal(text: &str) -> Option<Value> {
    let file = SourceFile::new("<literal>", text.trim());
    // Jinja knows these names in lower case, Python doesn't.
    let (tokens, _) = tokenize_expression(&file);
    let is_jinja = |token: &Token<'_>| matches!(token.kind, TokenKind::Name(name) if matches!(name, "true" | "false" | "none"));
    if tokens.iter().any(is_jinja) {
        return None;
    }
    let env = Environment::new();
    let code = syntax::statement::expression(&file, &env).ok()?;
    let [Stmt::Print(expr)] = code.body.as_slice() else {
        return None;
    };
    if !crate::extract::is_literal(expr) {
        return None;
    }
    env.eval_expression(&file.text, &Value::UNDEFINED).ok()
}
