//! From text to a tree: lexer, parser, and the scopes of names.

pub(crate) mod ast;
pub(crate) mod blocks;
pub(crate) mod callable;
pub(crate) mod expression;
mod flow;
pub(crate) mod lexer;
pub(crate) mod number;
mod operator;
pub(crate) mod parser;
mod postfix;
pub(crate) mod scope;
pub(crate) mod statement;
pub(crate) mod string;
pub(crate) mod symbols;
mod target;
pub(crate) mod token;
pub(crate) mod walk;
