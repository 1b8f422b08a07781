//! Tokens, and what Jinja2 calls them in its messages.

use std::borrow::Cow;

use minijinja::Value;

use crate::source::Span;

/// A piece of a template.
#[derive(Clone, Debug)]
pub(crate) struct Token<'a> {
    pub kind: TokenKind<'a>,
    pub span: Span,
}

/// What a token is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum TokenKind<'a> {
    /// Text outside of tags, newlines already `\n`.
    Data(Cow<'a, str>),
    VariableBegin,
    VariableEnd,
    BlockBegin,
    BlockEnd,
    Name(&'a str),
    Number(Value),
    /// A string literal, escapes resolved.
    String(String),
    Operator(&'static str),
    End,
    /// No token: the lexer's error stands here.
    Invalid,
}

impl TokenKind<'_> {
    /// The token's name in Jinja2's messages.
    pub(crate) fn describe(&self) -> Cow<'_, str> {
        Cow::Borrowed(match self {
            Self::Data(_) => "template data / text",
            Self::VariableBegin => "begin of print statement",
            Self::VariableEnd => "end of print statement",
            Self::BlockBegin => "begin of statement block",
            Self::BlockEnd => "end of statement block",
            Self::Name(name) => name,
            Self::Number(number) if number.is_integer() => "integer",
            Self::Number(_) => "float",
            Self::String(_) => "string",
            Self::Operator(operator) => operator,
            Self::End | Self::Invalid => "end of template",
        })
    }
}
