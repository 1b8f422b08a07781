//! The project's query comment, rendered once without a node: what is wrong with it is told before any statement
//! carries it (<https://docs.getdbt.com/reference/project-configs/query-comment>).

use super::Scene;
use crate::code;
use crate::context::raised::{Kind, Raised};
use jinja::{SourceFile, Value};
use platform_core::Diagnostic;

/// What is wrong with it.
pub fn check(scene: &Scene<'_>) -> Option<Diagnostic> {
    let settings = &scene.root().settings;
    let text = settings.own_query_comment()?;
    let context = scene.naming.forked();
    context.add("node", Value::from(()));
    context.add("connection_name", Value::from("master"));
    let (kind, message) = match context.render(&SourceFile::new("query-comment", text)) {
        Ok(comment) => (Kind::Runtime, illegal(&comment)?),
        Err(error) => match Raised::of(&error) {
            Some(raised) => (raised.kind, raised.message.clone()),
            None => (Kind::Compilation, error.message().to_owned()),
        },
    };
    let error = Diagnostic::error(code::PROJECT_FILE, message).event(kind.event());
    let document = settings.document.as_ref()?;
    Some(error.at(document.place(&document.root.entry("query-comment")?.value.span)))
}

/// Why a comment can't stand before a statement.
pub fn illegal(comment: &str) -> Option<String> {
    comment.contains("*/").then(|| format!("query comment contains illegal value \"*/\": {comment}"))
}
