//! Finds the blocks of a file without parsing their bodies.

use std::sync::Arc;

use memchr::memchr3;

use super::lexer::{endraw_tag, is_space, next_tag, raw_tag, string_length};
use super::parser::Parser;
use super::token::TokenKind;
use crate::blocks::{Block, BlockKind, BlockTags, Parameter, ParsedFile, StrayTag};
use crate::environment::Names;
use crate::error::{Error, ErrorKind};
use crate::source::{SourceFile, Span};

/// The blocks of a file with one of these tags, in order.
pub(crate) fn scan(file: &SourceFile, tags: BlockTags, names: &dyn Names) -> Result<ParsedFile, Error> {
    let mut scanner = Scanner { file, text: &file.text, at: 0, tags };
    let mut blocks = Vec::new();
    let mut strays = Vec::new();
    let mut control_flow = ControlFlow::default();
    while let Some(tag) = scanner.next()? {
        let Some(end) = closing_tag(tag.word, tags) else {
            strays.push(StrayTag { word: tag.word.into(), span: tag.span });
            control_flow.meet(&tag).map_err(|message| scanner.error_at(tag.span, message))?;
            continue;
        };
        if control_flow.is_open() {
            let place = file.place(tag.span);
            let message = format!(
                "Got a block definition inside control flow at {}:{}. All dbt block definitions must be at the top level",
                place.line,
                place.column - 1
            );
            return Err(scanner.error_at(tag.span, message));
        }
        let header = Header::parse(file, tag.span, names)?;
        let close = scanner.close(&tag, end)?;
        blocks.push(Block {
            kind: header.kind,
            name: header.name,
            name_span: header.name_span,
            span: tag.span.to(close.span),
            body_span: Span { start: tag.span.end, end: close.span.start },
            parameters: header.parameters,
            file: file.clone(),
        });
    }
    Ok(ParsedFile { file: file.clone(), blocks, strays })
}

/// The `if`s and `for`s that are open outside of blocks.
#[derive(Default)]
struct ControlFlow<'a> {
    open: Vec<&'a str>,
}

impl<'a> ControlFlow<'a> {
    fn is_open(&self) -> bool {
        !self.open.is_empty()
    }

    /// Meets a tag that is no block; an error for an end without a start.
    fn meet(&mut self, tag: &Tag<'a>) -> Result<(), String> {
        match tag.word {
            "if" | "for" => self.open.push(tag.word),
            "endif" | "endfor" => {
                let start = &tag.word[3..];
                match self.open.pop() {
                    Some(open) if open == start => {}
                    Some(open) => {
                        return Err(format!(
                            "Got an unexpected control flow end tag, got {} but expected end{open} next",
                            tag.word
                        ));
                    }
                    None => {
                        return Err(format!(
                            "Got an unexpected control flow end tag, got {} but never saw a preceeding {start}",
                            tag.word
                        ));
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// The tag that closes a block; none if it's no block of these tags.
fn closing_tag(word: &str, tags: BlockTags) -> Option<&'static str> {
    let (tag, end) = match word {
        "macro" => (BlockTags::MACRO, "endmacro"),
        "test" => (BlockTags::TEST, "endtest"),
        "data_test" => (BlockTags::TEST, "enddata_test"),
        "materialization" => (BlockTags::MATERIALIZATION, "endmaterialization"),
        "snapshot" => (BlockTags::SNAPSHOT, "endsnapshot"),
        "docs" => (BlockTags::DOCS, "enddocs"),
        _ => return None,
    };
    tags.contains(tag).then_some(end)
}

/// A `{% word .. %}`.
struct Tag<'a> {
    word: &'a str,
    span: Span,
}

struct Scanner<'a> {
    file: &'a SourceFile,
    text: &'a str,
    at: usize,
    tags: BlockTags,
}

impl<'a> Scanner<'a> {
    /// The next `{% .. %}`; skips text, comments, raw blocks and `{{ .. }}`.
    fn next(&mut self) -> Result<Option<Tag<'a>>, Error> {
        loop {
            let Some((offset, kind)) = next_tag(&self.text[self.at..]) else {
                return Ok(None);
            };
            let start = self.at + offset;
            let inside = start + 2;
            self.at = match kind {
                b'#' => self.after(inside, "#}").ok_or_else(|| self.unclosed(start, inside, "#}"))?,
                b'{' => self.tag_close(start, inside, b'}')?,
                _ => {
                    if let Some(length) = raw_tag(&self.text[inside..]) {
                        self.endraw(start, inside + length)?
                    } else {
                        let end = self.tag_close(start, inside, b'%')?;
                        self.at = end;
                        let word = first_word(&self.text[inside..end]);
                        return Ok(Some(Tag { word, span: span(start, end) }));
                    }
                }
            };
        }
    }

    /// The tag that closes a block.
    fn close(&mut self, open: &Tag<'_>, end: &str) -> Result<Tag<'a>, Error> {
        while let Some(tag) = self.next()? {
            if tag.word == end {
                return Ok(tag);
            }
            if closing_tag(tag.word, self.tags).is_some() {
                let message = format!(
                    "Got nested tags: {} (started at {}) did not have a matching {{% {end} %}} before a subsequent \
                     {} was found",
                    open.word,
                    self.file.place(open.span),
                    tag.word,
                );
                return Err(self.error_at(tag.span, message));
            }
        }
        let line = self.file.place(open.span).line;
        let message =
            format!("Reached EOF without finding a close tag for {} (searched from line {line})", open.word);
        Err(self.error_at(open.span, message))
    }

    fn after(&self, from: usize, end: &str) -> Option<usize> {
        self.text[from..].find(end).map(|offset| from + offset + end.len())
    }

    fn endraw(&self, start: usize, mut from: usize) -> Result<usize, Error> {
        while let Some(inside) = self.after(from, "{%") {
            if let Some((_, length, _)) = endraw_tag(&self.text[inside..]) {
                return Ok(inside + length);
            }
            from = inside;
        }
        Err(self.error_at(span(start, from), "Missing end of raw directive".to_owned()))
    }

    /// The end of the tag that starts at `start`: the first outside of strings.
    fn tag_close(&self, start: usize, inside: usize, close: u8) -> Result<usize, Error> {
        let bytes = self.text.as_bytes();
        let mut at = inside;
        while let Some(offset) = memchr3(close, b'\'', b'"', &bytes[at..]) {
            at += offset;
            if bytes[at] == close {
                if bytes.get(at + 1) == Some(&b'}') {
                    return Ok(at + 2);
                }
                at += 1;
            } else if let Some(length) = string_length(&self.text[at..]) {
                at += length;
            } else {
                break;
            }
        }
        let expected = if close == b'%' { "tag close (\"%}\")" } else { "}}" };
        Err(self.unclosed(start, inside, expected))
    }

    /// The error of a tag without an end.
    fn unclosed(&self, start: usize, inside: usize, expected: &str) -> Error {
        let rest = self.text[inside..].lines().next().unwrap_or_default().trim();
        self.error_at(span(start, inside), format!("unexpected EOF, expected {expected}, got \"{rest}\""))
    }

    fn error_at(&self, span: Span, message: String) -> Error {
        Error::new(ErrorKind::Syntax, message).at(|| self.file.place(span))
    }
}

fn span(start: usize, end: usize) -> Span {
    let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    Span { start: offset(start), end: offset(end) }
}

fn first_word(inside: &str) -> &str {
    let inside = inside.strip_prefix(['-', '+']).unwrap_or(inside);
    let inside = inside.trim_start_matches(is_space);
    let end = inside.find(|c: char| c != '_' && !c.is_alphanumeric()).unwrap_or(inside.len());
    &inside[..end]
}

/// What the opening tag of a block says.
struct Header {
    kind: BlockKind,
    name: Arc<str>,
    name_span: Span,
    parameters: Vec<Parameter>,
}

impl Header {
    fn parse(file: &SourceFile, tag: Span, names: &dyn Names) -> Result<Self, Error> {
        let mut parser = Parser::new(file, tag, false, names);
        parser.next();
        let word = parser.expect_identifier()?.0;
        let header = if word == "materialization" {
            let header = parser.materialization_header()?;
            Self {
                kind: BlockKind::Materialization {
                    adapter: header.adapter,
                    supported_languages: header.supported_languages,
                },
                name: header.name,
                name_span: header.name_span,
                parameters: Vec::new(),
            }
        } else {
            let (name, name_span) = parser.expect_identifier()?;
            let (kind, has_signature) = match word {
                "macro" => (BlockKind::Macro, true),
                "snapshot" => (BlockKind::Snapshot, false),
                "docs" => (BlockKind::Docs, false),
                _ => (BlockKind::Test, true),
            };
            let parameters = if has_signature { parser.parameters(file)? } else { Vec::new() };
            Self { kind, name: name.into(), name_span, parameters }
        };
        parser.skip_operator(":");
        parser.expect_block_end()?;
        Ok(header)
    }
}

/// `materialization name, adapter='..', supported_languages=[..]`
pub(super) struct MaterializationHeader {
    pub name: Arc<str>,
    pub name_span: Span,
    pub adapter: Option<Arc<str>>,
    pub supported_languages: Vec<String>,
}

impl Parser<'_> {
    fn parameters(&mut self, file: &SourceFile) -> Result<Vec<Parameter>, Error> {
        let text = |span: Span| file.slice(span).to_owned();
        let signature = self.signature()?;
        let parameter = |code: super::ast::ParameterCode| Parameter {
            name: code.name,
            annotation: code.annotation.map(text),
            default: code.default.map(|default| text(default.span)),
        };
        Ok(signature.into_iter().map(parameter).collect())
    }

    /// What stands behind the word `materialization`.
    pub(super) fn materialization_header(&mut self) -> Result<MaterializationHeader, Error> {
        let (name, name_span) = self.expect_identifier()?;
        let mut header = MaterializationHeader {
            name: name.into(),
            name_span,
            adapter: None,
            supported_languages: vec!["sql".to_owned()],
        };
        while self.skip_operator(",") {
            let (key, span) = self.expect_identifier()?;
            match key {
                "default" => {}
                "adapter" => {
                    self.expect_operator("=")?;
                    header.adapter = Some(self.text_literal()?.into());
                }
                "supported_languages" => {
                    self.expect_operator("=")?;
                    header.supported_languages = self.text_literals()?;
                }
                _ => {
                    let name = &header.name;
                    let message = format!("materialization '{name}' received unknown argument '{key}'.");
                    return Err(self.fail_at(span, message));
                }
            }
        }
        Ok(header)
    }

    fn text_literal(&mut self) -> Result<String, Error> {
        let token = self.next();
        match token.kind {
            TokenKind::String(text) => Ok(text),
            _ => Err(self.fail_at(token.span, "expected a string")),
        }
    }

    fn text_literals(&mut self) -> Result<Vec<String>, Error> {
        self.expect_operator("[")?;
        let mut texts = Vec::new();
        while !self.is_operator("]") {
            if !texts.is_empty() {
                self.expect_operator(",")?;
            }
            if self.is_operator("]") {
                break;
            }
            texts.push(self.text_literal()?);
        }
        self.expect_operator("]")?;
        Ok(texts)
    }
}
