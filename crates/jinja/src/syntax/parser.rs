//! The parser's ground: tokens, expectations, errors. Its grammar is in `statement` and `expression`.

use super::lexer::{tokenize, tokenize_expression};
use super::token::{Token, TokenKind};
use crate::environment::Names;
use crate::error::{Error, ErrorKind};
use crate::python::text::repr_str;
use crate::source::{SourceFile, Span};

/// How deep expressions and statements may nest.
const DEPTH: usize = 200;

/// How long a chain `a + b + c` may be: each link is one level of the tree.
const LINKS: usize = 500;

/// A parser over the tokens of a range of a file.
pub(crate) struct Parser<'a> {
    pub(super) file: &'a SourceFile,
    /// Filters and tests that exist; others are syntax errors.
    pub(super) names: &'a dyn Names,
    tokens: Vec<Token<'a>>,
    /// The lexer's error, raised where the tokens end.
    invalid: Option<Error>,
    at: usize,
    depth: usize,
    /// The open tags, outermost first.
    pub(super) tags: Vec<&'a str>,
    /// The tags that end or continue the open ones.
    pub(super) ends: Vec<&'static [&'static str]>,
    /// Whether the text so far asks `loop` for what only a look ahead tells.
    pub(super) looks_ahead: bool,
    /// How many branches of `if` are around: there, unknown filters and tests fail only when reached.
    pub(super) branches: usize,
    /// How many loops are around, within the same macro.
    pub(super) loops: usize,
}

impl<'a> Parser<'a> {
    /// A parser of a whole text, or of one block of it.
    pub(crate) fn new(file: &'a SourceFile, range: Span, whole: bool, names: &'a dyn Names) -> Self {
        Self::over(file, names, tokenize(file, range, whole))
    }

    /// A parser of a text that is one expression, without braces.
    pub(crate) fn of_expression(file: &'a SourceFile, names: &'a dyn Names) -> Self {
        Self::over(file, names, tokenize_expression(file))
    }

    fn over(
        file: &'a SourceFile,
        names: &'a dyn Names,
        (tokens, invalid): (Vec<Token<'a>>, Option<Error>),
    ) -> Self {
        Self {
            file,
            names,
            tokens,
            invalid,
            at: 0,
            depth: 0,
            tags: Vec::new(),
            ends: Vec::new(),
            looks_ahead: false,
            branches: 0,
            loops: 0,
        }
    }

    pub(super) fn current(&self) -> &Token<'a> {
        &self.tokens[self.at]
    }

    pub(super) fn kind(&self) -> &TokenKind<'a> {
        &self.current().kind
    }

    pub(super) fn span(&self) -> Span {
        self.current().span
    }

    /// The span of the token before the current one.
    pub(super) fn last_span(&self) -> Span {
        self.tokens[self.at.saturating_sub(1)].span
    }

    pub(super) fn look(&self) -> &TokenKind<'a> {
        &self.tokens[(self.at + 1).min(self.tokens.len() - 1)].kind
    }

    /// Goes one token on; gives the one it leaves.
    pub(super) fn next(&mut self) -> Token<'a> {
        let last = self.tokens.len() - 1;
        let token = &mut self.tokens[self.at];

        if self.at == last {
            token.clone()
        } else {
            let span = token.span;
            // The kinds that a look back may need are cheap to copy; texts move out.
            let kind = match &mut token.kind {
                TokenKind::Data(text) => TokenKind::Data(std::mem::take(text)),
                TokenKind::String(text) => TokenKind::String(std::mem::take(text)),
                other => other.clone(),
            };
            self.at += 1;
            Token { kind, span }
        }
    }

    /// How many tokens there are.
    pub(super) fn size(&self) -> usize {
        self.tokens.len()
    }

    pub(super) fn is_name(&self, name: &str) -> bool {
        matches!(self.kind(), TokenKind::Name(it) if *it == name)
    }

    pub(super) fn is_operator(&self, operator: &str) -> bool {
        matches!(self.kind(), TokenKind::Operator(it) if *it == operator)
    }

    pub(super) fn skip_name(&mut self, name: &str) -> bool {
        let found = self.is_name(name);
        if found {
            self.next();
        }
        found
    }

    pub(super) fn skip_operator(&mut self, operator: &str) -> bool {
        let found = self.is_operator(operator);
        if found {
            self.next();
        }
        found
    }

    pub(super) fn expect_operator(&mut self, operator: &str) -> Result<Span, Error> {
        if self.is_operator(operator) {
            return Ok(self.next().span);
        }
        Err(self.unexpected(operator))
    }

    pub(super) fn expect_name(&mut self, name: &str) -> Result<Span, Error> {
        if self.is_name(name) {
            return Ok(self.next().span);
        }
        Err(self.unexpected(name))
    }

    /// Any name.
    pub(super) fn expect_identifier(&mut self) -> Result<(&'a str, Span), Error> {
        if let TokenKind::Name(name) = *self.kind() {
            return Ok((name, self.next().span));
        }
        Err(self.unexpected("name"))
    }

    pub(super) fn expect_block_end(&mut self) -> Result<Span, Error> {
        if *self.kind() == TokenKind::BlockEnd {
            return Ok(self.next().span);
        }
        Err(self.unexpected("end of statement block"))
    }

    pub(super) fn expect_variable_end(&mut self) -> Result<Span, Error> {
        if *self.kind() == TokenKind::VariableEnd {
            return Ok(self.next().span);
        }
        Err(self.unexpected("end of print statement"))
    }

    fn unexpected(&self, expected: &str) -> Error {
        let expected = repr_str(expected);
        if *self.kind() == TokenKind::End {
            return self.fail(format!("unexpected end of template, expected {expected}."));
        }
        let got = repr_str(&self.kind().describe());
        self.fail(format!("expected token {expected}, got {got}"))
    }

    pub(super) fn fail(&self, message: impl Into<String>) -> Error {
        match &self.invalid {
            Some(error) if *self.kind() == TokenKind::Invalid => error.clone(),
            _ => self.fail_at(self.span(), message),
        }
    }

    pub(super) fn fail_at(&self, span: Span, message: impl Into<String>) -> Error {
        Error::new(ErrorKind::Syntax, message).at(|| self.file.place(span))
    }

    /// Runs a rule one level deeper; too deep is an error, not a crash.
    pub(super) fn deeper<R>(&mut self, rule: impl FnOnce(&mut Self) -> Result<R, Error>) -> Result<R, Error> {
        if self.depth == DEPTH {
            return Err(self.fail("too many nested expressions or blocks"));
        }
        self.depth += 1;
        let result = stacker::maybe_grow(128 * 1024, 1024 * 1024, || rule(self));
        self.depth -= 1;
        result
    }

    /// Counts one more link of a chain.
    pub(super) fn link(&self, links: &mut usize) -> Result<(), Error> {
        *links += 1;
        if *links > LINKS { Err(self.fail("the expression is too long")) } else { Ok(()) }
    }

    /// The error of a tag that nobody knows here, or of the text's end inside of a block.
    pub(super) fn unknown_tag(&self, tag: Option<&str>) -> Error {
        let mut message = match tag {
            Some(tag) => format!("Encountered unknown tag {}.", repr_str(tag)),
            None => "Unexpected end of template.".to_owned(),
        };
        if let Some(looking) = self.ends.last() {
            let looking: Vec<String> = looking.iter().map(|end| repr_str(end)).collect();
            let looking = looking.join(" or ");
            let expected = self.ends.iter().flat_map(|ends| ends.iter());
            if tag.is_some_and(|tag| expected.into_iter().any(|end| *end == tag)) {
                message += " You probably made a nesting mistake. Jinja is expecting this tag, but currently looking \
                            for ";
                message += &looking;
                message.push('.');
            } else {
                message += " Jinja was looking for the following tags: ";
                message += &looking;
                message.push('.');
            }
        }
        if let Some(open) = self.tags.last() {
            message += " The innermost block that needs to be closed is ";
            message += &repr_str(open);
            message.push('.');
        }
        self.fail(message)
    }
}
