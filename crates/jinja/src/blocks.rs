//! The blocks of a file: macros, tests, materializations, snapshots, docs.

use std::ops::BitOr;
use std::sync::Arc;

use crate::macros::Macro;
use crate::source::{Place, SourceFile, Span};

/// Which block tags a file may have; other tags and all text outside of blocks are skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockTags(u8);

impl BlockTags {
    /// `macro`.
    pub const MACRO: Self = Self(1);
    /// `test` and `data_test`.
    pub const TEST: Self = Self(2);
    /// `materialization`.
    pub const MATERIALIZATION: Self = Self(4);
    /// `snapshot`.
    pub const SNAPSHOT: Self = Self(8);
    /// `docs`.
    pub const DOCS: Self = Self(16);
    /// The tags of a macro file: macros, tests, materializations.
    pub const MACRO_FILE: Self = Self(1 | 2 | 4);

    /// Whether all of the other's tags are among these.
    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl BitOr for BlockTags {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// What a block is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BlockKind {
    /// `{% macro name(..) %}`
    Macro,
    /// `{% test name(..) %}`, `{% data_test name(..) %}`
    Test,
    /// `{% materialization name, default %}`, `{% materialization name, adapter='postgres' %}`
    Materialization {
        /// The adapter's name; none for `default`.
        adapter: Option<Arc<str>>,
        /// `supported_languages`; `["sql"]` when the tag doesn't say.
        supported_languages: Vec<String>,
    },
    /// `{% snapshot name %}`
    Snapshot,
    /// `{% docs name %}`
    Docs,
}

/// A parameter of a macro or test, as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: Arc<str>,
    /// The type annotation's text (`x: relation`), if any.
    pub annotation: Option<String>,
    /// The text of the default's expression, if any.
    pub default: Option<String>,
}

/// One block of a file.
#[derive(Clone, Debug)]
pub struct Block {
    /// What it is.
    pub kind: BlockKind,
    /// The name in its tag.
    pub name: Arc<str>,
    /// Where the name stands.
    pub name_span: Span,
    /// From the first byte of the opening tag to the last of the closing tag.
    pub span: Span,
    /// What stands between the two tags.
    pub body_span: Span,
    /// The parameters of a macro or test.
    pub parameters: Vec<Parameter>,
    /// The file.
    pub file: SourceFile,
}

impl Block {
    /// The block's text, tags included: what a manifest keeps as `macro_sql`.
    pub fn source(&self) -> &str {
        self.file.slice(self.span)
    }

    /// What stands between the tags.
    pub fn body(&self) -> &str {
        self.file.slice(self.body_span)
    }

    /// The place of the block's opening tag.
    pub fn place(&self) -> Place {
        self.file.place(self.span)
    }

    /// The callable of a macro, test or materialization. Its body is compiled on the first call.
    pub fn to_macro(&self) -> Macro {
        Macro::new(self)
    }
}

/// A file's blocks, in the file's order.
#[derive(Clone, Debug)]
pub struct ParsedFile {
    /// The file.
    pub file: SourceFile,
    /// Its blocks.
    pub blocks: Vec<Block>,
    /// The tags outside of them, which have no effect.
    pub strays: Vec<StrayTag>,
}

/// A tag outside of every block.
#[derive(Clone, Debug)]
pub struct StrayTag {
    /// Its first word: `endmacro`.
    pub word: Arc<str>,
    /// The tag.
    pub span: Span,
}
