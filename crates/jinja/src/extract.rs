//! What a template calls, read from its syntax without rendering it.

use std::sync::Arc;

use minijinja::Value;

use crate::source::Span;

/// A call `name(..)` or `a.b(..)` found in a template.
#[derive(Clone, Debug)]
pub struct Call {
    /// The called name, with dots for attributes (`dbt_utils.star`).
    pub name: Arc<str>,
    /// Positional arguments.
    pub args: Vec<Argument>,
    /// Keyword arguments.
    pub kwargs: Vec<(Arc<str>, Argument)>,
    /// From the name to the closing parenthesis.
    pub span: Span,
    /// Whether it always runs: false inside of `if`, `for`, a macro and the like.
    pub unconditional: bool,
}

impl Call {
    /// Whether all arguments are literals.
    pub fn is_literal(&self) -> bool {
        self.args
            .iter()
            .chain(self.kwargs.iter().map(|(_, value)| value))
            .all(|argument| argument.value.is_some())
    }
}

/// An argument of a [`Call`].
#[derive(Clone, Debug)]
pub struct Argument {
    /// The value of a literal (strings, numbers, lists, dicts of literals); none for anything else.
    pub value: Option<Value>,
    /// Where it stands.
    pub span: Span,
}

/// All that [`crate::Template::extract`] found.
#[derive(Clone, Debug, Default)]
pub struct Extraction {
    /// The calls, in the order of the text.
    pub calls: Vec<Call>,
    /// Whether the template is nothing but text, comments and unconditional `{{ name(literals) }}`: then `calls` is
    /// the whole truth about it.
    pub is_static: bool,
    /// Names that are read from the context, other than the called ones.
    pub names: Vec<Arc<str>>,
}
