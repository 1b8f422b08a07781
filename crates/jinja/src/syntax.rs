//! From text to a tree: lexer, parser, and the scopes of names.

pub(crate) mod ast;
pub(crate) mod blocks;
pub(crate) mod expression;
pub(crate) mod lexer;
pub(crate) mod number;
pub(crate) mod parser;
pub(crate) mod scope;
pub(crate) mod statement;
pub(crate) mod string;
pub(crate) mod symbols;
pub(crate) mod token;
pub(crate) mod walk;
