//! Scalars of YAML as Python's library writes them: what needs quotes, which quotes, and where a line is folded.

use super::{Content, scalar};

/// Text is folded at the first blank behind this column.
const WIDTH: usize = 80;

/// A text with the state of its last line.
#[derive(Debug)]
pub struct Out {
    text: String,
    column: usize,
    /// Whether the last character is a blank, or there is none on this line.
    blank: bool,
    /// Whether this line has nothing but the marks of collections.
    opened: bool,
}

impl Default for Out {
    fn default() -> Self {
        Self { text: String::new(), column: 0, blank: true, opened: true }
    }
}

/// What YAML 1.1 takes for the end of a line.
pub fn is_break(character: char) -> bool {
    matches!(character, '\n' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

impl Out {
    /// The whole text, its last line ended.
    pub fn finish(mut self) -> String {
        if !self.text.ends_with('\n') {
            self.text.push('\n');
        }
        self.text
    }

    /// A word that nothing folds, behind a blank.
    pub fn word(&mut self, word: &str) {
        if !self.blank {
            self.push(" ");
        }
        self.push(word);
    }

    /// `-`, `?`, or the `:` that belongs to `?`: a collection may begin on the same line.
    pub fn mark(&mut self, mark: &str) {
        let opened = self.opened;
        self.word(mark);
        self.opened = opened;
    }

    /// The colon right behind a key.
    pub fn colon(&mut self) {
        self.push(":");
    }

    fn push(&mut self, part: &str) {
        self.text.push_str(part);
        self.column += part.chars().count();
        self.blank = false;
        self.opened = false;
    }

    /// Goes to a depth: on a new line, unless this one has nothing yet.
    pub fn line(&mut self, indent: usize) {
        if !self.opened || self.column > indent || (self.column == indent && !self.blank) {
            self.line_break();
        }
        if self.column < indent {
            self.text.extend(std::iter::repeat_n(' ', indent - self.column));
            self.column = indent;
            self.blank = true;
        }
    }

    fn line_break(&mut self) {
        self.text.push('\n');
        self.column = 0;
        self.blank = true;
        self.opened = true;
    }

    /// A text; folded with this indentation, or not at all. Whether it stands without quotes.
    pub fn text(&mut self, content: &str, fold: Option<usize>) -> bool {
        let style = Style::of(content);
        if style.plain {
            self.word("");
            self.plain(content, fold);
        } else if style.single && !(fold.is_none() && style.lines) {
            self.word("'");
            self.single(content, fold);
        } else {
            self.word("\"");
            self.double(content, fold);
        }
        style.plain
    }

    fn plain(&mut self, content: &str, fold: Option<usize>) {
        for piece in Pieces(content) {
            match fold {
                Some(indent) if piece == " " && self.column > WIDTH => self.line(indent),
                _ => self.push(piece),
            }
        }
    }

    fn single(&mut self, content: &str, fold: Option<usize>) {
        let mut at = 0;
        for piece in Pieces(content) {
            let end = at + piece.len();
            match fold {
                Some(indent) if piece == " " && self.column > WIDTH && at != 0 && end != content.len() => {
                    self.line(indent);
                }
                _ if piece.starts_with(is_break) => {
                    // In quotes one line break is a blank: another has to follow.
                    self.line_break();
                    for _ in piece.chars() {
                        self.line_break();
                    }
                    self.line(fold.unwrap_or_default());
                }
                _ => self.push(&piece.replace('\'', "''")),
            }
            at = end;
        }
        self.push("'");
    }

    fn double(&mut self, content: &str, fold: Option<usize>) {
        let characters: Vec<char> = content.chars().collect();
        let last = characters.len().saturating_sub(1);
        // Ordinary characters that are not written yet: a line is folded before them only at a blank.
        let mut run = String::new();
        for (index, &character) in characters.iter().enumerate() {
            let ordinary = (' '..='~').contains(&character) && character != '"' && character != '\\';
            if !ordinary {
                self.push(&std::mem::take(&mut run));
                self.push(&escape(character));
            }
            let inside = 0 < index && index < last;
            let at_blank = character == ' ' || !ordinary;
            if let Some(indent) = fold
                && inside
                && at_blank
                && self.column + run.len() > WIDTH
            {
                self.push(&std::mem::take(&mut run));
                self.push("\\");
                self.line(indent);
                let next = if ordinary { Some(character) } else { characters.get(index + 1).copied() };
                if next == Some(' ') {
                    self.push("\\");
                }
            }
            if ordinary {
                run.push(character);
            }
        }
        self.push(&run);
        self.push("\"");
    }
}

fn escape(character: char) -> String {
    let short = match character {
        '\0' => '0',
        '\x07' => 'a',
        '\x08' => 'b',
        '\t' => 't',
        '\n' => 'n',
        '\x0b' => 'v',
        '\x0c' => 'f',
        '\r' => 'r',
        '\x1b' => 'e',
        '"' => '"',
        '\\' => '\\',
        '\u{85}' => 'N',
        '\u{a0}' => '_',
        '\u{2028}' => 'L',
        '\u{2029}' => 'P',
        other => {
            let code = u32::from(other);
            return match code {
                0..=0xff => format!("\\x{code:02X}"),
                0x100..=0xffff => format!("\\u{code:04X}"),
                _ => format!("\\U{code:08X}"),
            };
        }
    };
    format!("\\{short}")
}

/// Runs of blanks, runs of line breaks, and what is between.
struct Pieces<'a>(&'a str);

impl<'a> Iterator for Pieces<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let sort = |character: char| match character {
            ' ' => 0,
            other if is_break(other) => 1,
            _ => 2,
        };
        let first = sort(self.0.chars().next()?);
        let end = self.0.find(|it| sort(it) != first).unwrap_or(self.0.len());
        let (piece, rest) = self.0.split_at(end);
        self.0 = rest;
        Some(piece)
    }
}

/// Which styles a text may stand in; double quotes hold any.
struct Style {
    plain: bool,
    single: bool,
    lines: bool,
}

impl Style {
    fn of(content: &str) -> Self {
        let lines = content.contains(is_break);
        let special = content.chars().any(|it| it != '\n' && !(' '..='~').contains(&it));
        let beside_break = |(a, b): (char, char)| (a == ' ' && is_break(b)) || (is_break(a) && b == ' ');
        let single = !special && !content.chars().zip(content.chars().skip(1)).any(beside_break);
        let plain = single
            && !lines
            && !content.starts_with(' ')
            && !content.ends_with(' ')
            && !has_indicator(content)
            && !scalar::looks_like_date(content)
            && !matches!(content, "=" | "<<")
            && matches!(scalar::resolve(content), Content::Text(_));
        Self { plain, single, lines }
    }
}

/// Whether a character would mean something there. Only what stands in a block: collections are never written in
/// one line.
fn has_indicator(content: &str) -> bool {
    if content.starts_with("---") || content.starts_with("...") {
        return true;
    }
    let characters: Vec<char> = content.chars().collect();
    characters.iter().enumerate().any(|(index, character)| {
        let blank_follows = characters.get(index + 1).is_none_or(char::is_ascii_whitespace);
        let after_blank = index > 0 && characters[index - 1].is_ascii_whitespace();
        match character {
            ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`' => {
                index == 0
            }
            '?' | '-' => index == 0 && blank_follows,
            ':' => blank_follows,
            '#' => index == 0 || after_blank,
            _ => false,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(content: &str, want: &str) {
        let mut out = Out::default();
        out.word("a:");
        out.text(content, Some(2));
        assert_eq!(out.finish(), format!("a: {want}\n"));
    }

    #[test]
    fn quotes_what_would_mean_something_else() {
        for plain in ["a,b", "a]", "--", "-a", ":a", "?x", "it's", "a#b", "1e5", "08", "n", "a\\b", "a  b"] {
            check(plain, plain);
        }
        for quoted in
            ["yes", "~", "0x1f", "1:30", "2024-13-45", "<<", "-", "- a", "a:", "a: b", "a #b", "@a", " x"]
        {
            check(quoted, &format!("'{quoted}'"));
        }
        check("'", "''''");
        check("tab\there", "\"tab\\there\"");
        check("é😀", "\"\\xE9\\U0001F600\"");
        check("a\n b", "\"a\\n b\"");
        check("one\ntwo\n", "'one\n\n  two\n\n  '");
    }

    #[test]
    fn folds_behind_column_eighty() {
        let long = "The quick brown fox jumps over the lazy dog and then runs away into the deep";
        check(&format!("{long} dark forest"), &format!("{long} dark\n  forest"));
        check(&format!("{long}: dark forest"), &format!("'{long}:\n  dark forest'"));
        check(&format!("{long}  dark forest"), &format!("{long}  dark\n  forest"));
        check(&"é ".repeat(20), &format!("\"{}\\\n  \\ {}\"", ["\\xE9"; 16].join(" "), "\\xE9 ".repeat(4)));
    }
}
