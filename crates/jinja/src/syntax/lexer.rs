//! The lexer: Jinja2's rules for tags, whitespace control, raw blocks and comments.

use super::number::number;
use super::string::{normalize_newlines, unescape};
use super::token::{Token, TokenKind};
use crate::error::{Error, ErrorKind};
use crate::source::{SourceFile, Span};

/// The operators, longest first.
const OPERATORS: [&str; 26] = [
    "//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<",
    "=", ".", ":", "|", ",", ";",
];

/// Splits a range of a file into tokens; the last one is [`TokenKind::End`].
///
/// As in Jinja2 one newline at the end of the text is dropped, if `trim_last_newline`.
///
/// Text that is no token ends the tokens with [`TokenKind::Invalid`], and gives the error that it raises once the
/// parser comes there.
pub(crate) fn tokenize(
    file: &SourceFile,
    range: Span,
    trim_last_newline: bool,
) -> (Vec<Token<'_>>, Option<Error>) {
    let mut end = (range.end as usize).min(file.text.len());
    let start = range.start as usize;
    if trim_last_newline {
        let text = &file.text[start..end];
        end -= text.len() - strip_last_newline(text).len();
    }
    let mut lexer = Lexer { file, text: &file.text[..end], at: start, tokens: Vec::new() };
    let result = lexer.root();
    lexer.finish(result)
}

/// Splits a text that is one expression into tokens.
pub(crate) fn tokenize_expression(file: &SourceFile) -> (Vec<Token<'_>>, Option<Error>) {
    let mut lexer = Lexer { file, text: &file.text, at: 0, tokens: Vec::new() };
    let result = lexer.inside(0);
    lexer.finish(result)
}

fn strip_last_newline(text: &str) -> &str {
    text.strip_suffix("\r\n")
        .or_else(|| text.strip_suffix('\n'))
        .or_else(|| text.strip_suffix('\r'))
        .unwrap_or(text)
}

struct Lexer<'a> {
    file: &'a SourceFile,
    text: &'a str,
    at: usize,
    tokens: Vec<Token<'a>>,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn finish(mut self, result: Result<(), Error>) -> (Vec<Token<'a>>, Option<Error>) {
        let end = self.text.len();
        match result {
            Ok(()) => {
                self.push(TokenKind::End, end, end);
                (self.tokens, None)
            }
            Err(error) => {
                self.push(TokenKind::Invalid, self.at, end);
                (self.tokens, Some(error))
            }
        }
    }

    fn push(&mut self, kind: TokenKind<'a>, start: usize, end: usize) {
        let span = span(start, end);
        self.tokens.push(Token { kind, span });
    }

    fn error(&self, at: usize, message: impl Into<String>) -> Error {
        let end = at + self.text[at..].chars().next().map_or(0, char::len_utf8);
        Error::new(ErrorKind::Syntax, message).at(|| self.file.place(span(at, end)))
    }

    /// Text and tags, to the end.
    fn root(&mut self) -> Result<(), Error> {
        loop {
            let Some((offset, tag)) = next_tag(self.rest()) else {
                self.data(self.text.len(), false);
                return Ok(());
            };
            let start = self.at + offset;
            let sign = self.text.as_bytes().get(start + 2).copied();
            self.data(start, sign == Some(b'-'));
            let sign_length = usize::from(matches!(sign, Some(b'-' | b'+')));
            self.at = start + 2;
            match tag {
                b'#' => {
                    self.at += sign_length;
                    self.comment(start)?;
                }
                b'%' => {
                    if let Some(length) = raw_tag(&self.text[self.at..]) {
                        self.at += length;
                        self.raw(start)?;
                    } else {
                        self.at += sign_length;
                        self.push(TokenKind::BlockBegin, start, self.at);
                        self.inside(b'%')?;
                    }
                }
                _ => {
                    self.at += sign_length;
                    self.push(TokenKind::VariableBegin, start, self.at);
                    self.inside(b'}')?;
                }
            }
        }
    }

    /// The text up to a tag that starts at `end`.
    fn data(&mut self, end: usize, strip: bool) {
        let mut data = &self.text[self.at..end];
        if strip {
            data = data.trim_end_matches(is_space);
        }
        if !data.is_empty() {
            let kind = TokenKind::Data(normalize_newlines(data));
            self.push(kind, self.at, self.at + data.len());
        }
        self.at = end;
    }

    fn comment(&mut self, start: usize) -> Result<(), Error> {
        // Jinja2 takes a comment or raw block that starts at the very end for nothing.
        if self.rest().is_empty() {
            return Ok(());
        }
        let Some(length) = self.rest().find("#}") else {
            return Err(self.error(start, "Missing end of comment tag"));
        };
        let dashed = length > 0 && self.rest().as_bytes()[length - 1] == b'-';
        self.at += length + 2;
        if dashed {
            self.skip_space();
        }
        Ok(())
    }

    fn skip_space(&mut self) {
        self.at = self.text.len() - self.rest().trim_start_matches(is_space).len();
    }

    /// The inside of `{% raw %}`: the tag is already read.
    fn raw(&mut self, start: usize) -> Result<(), Error> {
        let mut from = self.at;
        if self.rest().is_empty() {
            return Ok(());
        }
        loop {
            let Some(offset) = self.text[from..].find("{%") else {
                return Err(self.error(start, "Missing end of raw directive"));
            };
            let tag = from + offset;
            if let Some((strip, length, skip)) = endraw_tag(&self.text[tag + 2..]) {
                self.data(tag, strip);
                self.at = tag + 2 + length;
                if skip {
                    self.skip_space();
                }
                return Ok(());
            }
            from = tag + 2;
        }
    }

    /// The inside of a tag that ends in `%}` or `}}`.
    fn inside(&mut self, close: u8) -> Result<(), Error> {
        let mut open: Vec<&'static str> = Vec::new();
        loop {
            let rest = self.rest().trim_start_matches(is_space);
            self.at = self.text.len() - rest.len();
            let start = self.at;
            if rest.is_empty() {
                return Ok(());
            }
            if open.is_empty()
                && let Some((length, strip)) = tag_end(rest.as_bytes(), close)
            {
                self.at += length;
                let end = if close == b'%' { TokenKind::BlockEnd } else { TokenKind::VariableEnd };
                self.push(end, start, self.at);
                if strip {
                    self.skip_space();
                }
                return Ok(());
            }
            let after_dot = self
                .tokens
                .last()
                .is_some_and(|last| last.kind == TokenKind::Operator(".") && last.span.end as usize == start);
            let (kind, length) = self.token(rest, after_dot)?;
            if let TokenKind::Operator(operator) = kind {
                self.balance(operator, &mut open)?;
            }
            self.at += length;
            self.push(kind, start, self.at);
        }
    }

    fn token(&self, rest: &'a str, after_dot: bool) -> Result<(TokenKind<'a>, usize), Error> {
        let first = rest.chars().next().unwrap_or_default();
        if first.is_ascii_digit() {
            return self.number(rest, after_dot);
        }
        if first == '_' || first.is_alphanumeric() {
            let length = rest.find(|c: char| c != '_' && !c.is_alphanumeric()).unwrap_or(rest.len());
            if first.is_numeric() {
                return Err(self.error(self.at, "Invalid character in identifier"));
            }
            return Ok((TokenKind::Name(&rest[..length]), length));
        }
        if let Some(length) = string_length(rest) {
            return match unescape(&rest[1..length - 1]) {
                Ok(text) => Ok((TokenKind::String(text), length)),
                Err(message) => Err(self.error(self.at, message)),
            };
        }
        OPERATORS
            .iter()
            .find(|operator| rest.starts_with(**operator))
            .map(|operator| (TokenKind::Operator(operator), operator.len()))
            .ok_or_else(|| {
                let at = self.text[..self.at].chars().count();
                let shown = crate::python::text::repr_str(&first.to_string());
                self.error(self.at, format!("unexpected char {shown} at {at}"))
            })
    }

    fn number(&self, rest: &'a str, after_dot: bool) -> Result<(TokenKind<'a>, usize), Error> {
        // `x.0.1` is two items, not an item and a float.
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let text = if after_dot { &rest[..digits] } else { rest };
        match number(text) {
            Some((Ok(value), length)) => Ok((TokenKind::Number(value), length)),
            Some((Err(message), _)) => Err(self.error(self.at, message)),
            None => Err(self.error(self.at, "unexpected number")),
        }
    }

    fn balance(&self, operator: &'static str, open: &mut Vec<&'static str>) -> Result<(), Error> {
        match operator {
            "{" => open.push("}"),
            "(" => open.push(")"),
            "[" => open.push("]"),
            "}" | ")" | "]" => match open.pop() {
                None => return Err(self.error(self.at, format!("unexpected '{operator}'"))),
                Some(expected) if expected != operator => {
                    let message = format!("unexpected '{operator}', expected '{expected}'");
                    return Err(self.error(self.at, message));
                }
                Some(_) => {}
            },
            _ => {}
        }
        Ok(())
    }
}

fn span(start: usize, end: usize) -> Span {
    let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    Span { start: offset(start), end: offset(end) }
}

/// Python's `\s`.
pub(crate) fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\x1c'..='\x1f').contains(&c)
}

/// The offset of the next `{{`, `{%` or `{#`, and its second character.
pub(crate) fn next_tag(text: &str) -> Option<(usize, u8)> {
    let bytes = text.as_bytes();
    let mut from = 0;
    while let Some(offset) = text[from..].find('{') {
        let at = from + offset;
        match bytes.get(at + 1) {
            Some(tag @ (b'{' | b'%' | b'#')) => return Some((at, *tag)),
            _ => from = at + 1,
        }
    }
    None
}

/// The length of `raw %}` behind `{%`, with the space that `-%}` eats.
pub(crate) fn raw_tag(behind: &str) -> Option<usize> {
    let (_, end, skip) = word_tag(behind, "raw", false)?;
    let eaten = if skip {
        let rest = &behind[end..];
        rest.len() - rest.trim_start_matches(is_space).len()
    } else {
        0
    };
    Some(end + eaten)
}

/// For the text behind `{%`: whether `endraw` strips what stands before, the tag's length, and whether it eats space.
pub(crate) fn endraw_tag(behind: &str) -> Option<(bool, usize, bool)> {
    word_tag(behind, "endraw", true)
}

fn word_tag(behind: &str, word: &str, plus: bool) -> Option<(bool, usize, bool)> {
    let strip = behind.starts_with('-');
    let rest = behind.strip_prefix(['-', '+']).unwrap_or(behind);
    let rest = rest.trim_start_matches(is_space).strip_prefix(word)?;
    let rest = rest.trim_start_matches(is_space);
    let skip = rest.starts_with('-');
    let rest = match rest.as_bytes().first()? {
        b'-' => &rest[1..],
        b'+' if plus => &rest[1..],
        _ => rest,
    };
    let rest = rest.strip_prefix("%}")?;
    Some((strip, behind.len() - rest.len(), skip))
}

/// The length of the end of a tag, and whether it eats the space behind.
pub(crate) fn tag_end(rest: &[u8], close: u8) -> Option<(usize, bool)> {
    match (rest.first()?, rest.get(1), rest.get(2)) {
        (b'-', Some(c), Some(b'}')) if *c == close => Some((3, true)),
        (b'+', Some(b'%'), Some(b'}')) if close == b'%' => Some((3, false)),
        (c, Some(b'}'), _) if *c == close => Some((2, false)),
        _ => None,
    }
}

/// The length of a string literal with its quotes; none if there is none or it doesn't end.
pub(crate) fn string_length(rest: &str) -> Option<usize> {
    let quote = *rest.as_bytes().first().filter(|b| matches!(b, b'\'' | b'"'))?;
    let mut escaped = false;
    for (at, byte) in rest.bytes().enumerate().skip(1) {
        if escaped {
            escaped = false;
        } else if byte == b'\\' {
            escaped = true;
        } else if byte == quote {
            return Some(at + 1);
        }
    }
    None
}
