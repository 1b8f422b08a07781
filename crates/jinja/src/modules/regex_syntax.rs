//! Python's regular expressions as those of our engine.

use std::fmt::Write as _;

/// The flags of `re`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Flags(pub u32);

pub(super) const IGNORECASE: u32 = 2;
pub(super) const MULTILINE: u32 = 8;
pub(super) const DOTALL: u32 = 16;
pub(super) const UNICODE: u32 = 32;
pub(super) const VERBOSE: u32 = 64;
pub(super) const ASCII: u32 = 256;

impl Flags {
    pub(super) fn has(self, flag: u32) -> bool {
        self.0 & flag != 0
    }
}

/// A pattern of Python in the syntax of our engine, flags in front.
///
/// Differences that it bridges: `$` may stand before a last newline, `\Z` is `\z`, `{,n}` is `{0,n}`, `[`, `&&`, `--`
/// and `~~` are plain in a class, `\<` is a plain `<`, comments `(?#..)` vanish.
pub(super) fn translate(pattern: &str, flags: Flags) -> String {
    let mut global = flags;
    let pattern = global_flags(pattern, &mut global);
    let mut out = String::with_capacity(pattern.len() + 16);
    let letters: String = [(IGNORECASE, 'i'), (MULTILINE, 'm'), (DOTALL, 's'), (VERBOSE, 'x')]
        .iter()
        .filter(|(flag, _)| global.has(*flag))
        .map(|(_, letter)| *letter)
        .collect();
    if !letters.is_empty() {
        let _ = write!(out, "(?{letters})");
    }
    Translator { rest: pattern, multiline: global.has(MULTILINE), ascii: global.has(ASCII), out }.run()
}

/// Takes `(?i)` and its like off the front.
fn global_flags<'a>(pattern: &'a str, flags: &mut Flags) -> &'a str {
    let mut rest = pattern;
    while let Some(inside) = rest.strip_prefix("(?") {
        let Some(end) = inside.find(')') else {
            break;
        };
        let letters = &inside[..end];
        if letters.is_empty() || !letters.bytes().all(|b| b"aiLmsux".contains(&b)) {
            break;
        }
        for letter in letters.bytes() {
            flags.0 |= match letter {
                b'a' => ASCII,
                b'i' => IGNORECASE,
                b'm' => MULTILINE,
                b's' => DOTALL,
                b'x' => VERBOSE,
                _ => 0,
            };
        }
        rest = &inside[end + 1..];
    }
    rest
}

struct Translator<'a> {
    rest: &'a str,
    multiline: bool,
    ascii: bool,
    out: String,
}

impl Translator<'_> {
    fn next(&mut self) -> Option<char> {
        let next = self.rest.chars().next()?;
        self.rest = &self.rest[next.len_utf8()..];
        Some(next)
    }

    fn run(mut self) -> String {
        while let Some(character) = self.next() {
            match character {
                '\\' => self.escape(false),
                '[' => self.class(),
                '$' if !self.multiline => self.out.push_str("(?=\\n?\\z)"),
                '(' if self.rest.starts_with("?#") => {
                    let end = self.rest.find(')').map_or(self.rest.len(), |end| end + 1);
                    self.rest = &self.rest[end..];
                }
                '{' => self.repeat(),
                other => self.out.push(other),
            }
        }
        self.out
    }

    /// `{m,n}`, `{,n}`; a brace that starts neither is plain.
    fn repeat(&mut self) {
        let inside = self.rest.split_once('}').map(|(inside, _)| inside);
        let is_count = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        match inside.map(|inside| (inside, inside.split_once(','))) {
            Some((_, Some(("", high)))) if is_count(high) && !high.is_empty() => self.out.push_str("{0"),
            Some((_, Some((low, high)))) if is_count(low) && is_count(high) && !low.is_empty() => {
                self.out.push('{');
            }
            Some((count, None)) if is_count(count) && !count.is_empty() => self.out.push('{'),
            _ => self.out.push_str("\\{"),
        }
    }

    fn escape(&mut self, in_class: bool) {
        let Some(character) = self.next() else {
            self.out.push('\\');
            return;
        };
        match character {
            'Z' => self.out.push_str("\\z"),
            'b' if in_class => self.out.push_str("\\x08"),
            'd' if self.ascii => self.out.push_str(if in_class { "0-9" } else { "[0-9]" }),
            'w' if self.ascii => self.out.push_str(if in_class { "0-9A-Za-z_" } else { "[0-9A-Za-z_]" }),
            's' if self.ascii => self.out.push_str(if in_class { " \\t-\\r" } else { "[ \\t-\\r]" }),
            'D' if self.ascii && !in_class => self.out.push_str("[^0-9]"),
            'W' if self.ascii && !in_class => self.out.push_str("[^0-9A-Za-z_]"),
            'S' if self.ascii && !in_class => self.out.push_str("[^ \\t-\\r]"),
            '0' => {
                let digits = self.rest.bytes().take(2).take_while(|b| (b'0'..=b'7').contains(b)).count();
                let code = u32::from_str_radix(&self.rest[..digits], 8).unwrap_or(0);
                self.rest = &self.rest[digits..];
                let _ = write!(self.out, "\\x{{{code:x}}}");
            }
            letter if letter.is_ascii_alphanumeric() => {
                self.out.push('\\');
                self.out.push(letter);
            }
            // Anything else stands for itself.
            other => push_plain(other, &mut self.out),
        }
    }

    /// A class; `[` is already read.
    fn class(&mut self) {
        self.out.push('[');
        if let Some(rest) = self.rest.strip_prefix('^') {
            self.rest = rest;
            self.out.push('^');
        }
        let mut first = true;
        while let Some(character) = self.next() {
            match character {
                ']' if !first => {
                    self.out.push(']');
                    return;
                }
                '\\' => self.escape(true),
                '-' => {
                    let is_range = !first && !self.rest.starts_with(']') && !self.rest.starts_with('-');
                    self.out.push_str(if is_range { "-" } else { "\\-" });
                }
                '[' | ']' | '&' | '~' | ' ' | '#' => push_plain(character, &mut self.out),
                other => self.out.push(other),
            }
            first = false;
        }
    }
}

/// Writes a character that stands for itself, wherever it is.
fn push_plain(character: char, out: &mut String) {
    if character.is_ascii_punctuation()
        && !matches!(
            character,
            '<' | '>' | '"' | '\'' | '_' | '`' | '@' | '!' | '%' | ',' | ';' | ':' | '=' | '/'
        )
    {
        out.push('\\');
        out.push(character);
    } else if matches!(character, ' ' | '#' | '\n') {
        let _ = write!(out, "\\x{:02x}", u32::from(character));
    } else {
        out.push(character);
    }
}

/// `re.escape`
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    for character in text.chars() {
        if "()[]{}?*+-|^$\\.&~# \t\n\r\x0b\x0c".contains(character) {
            out.push('\\');
        }
        out.push(character);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(python: &str, ours: &str) {
        assert_eq!(translate(python, Flags::default()), ours);
        fancy_regex::Regex::new(ours).expect("the translation is a pattern");
    }

    #[test]
    fn bridges_the_differences() {
        check(r"a$", r"a(?=\n?\z)");
        check(r"\Aa\Z", r"\Aa\z");
        check(r"a{,3}b{2}c{1,}d{x", r"a{0,3}b{2}c{1,}d\{x");
        check(r"[a[b&&c]", r"[a\[b\&\&c]");
        check(r"[]a-]", r"[\]a\-]");
        check(r"(?i)(?m)^a$", r"(?im)^a$");
        check(r"\<a\/b\-\ ", r"<a/b\-\x20");
        check(r"(?P<x>a)(?P=x)(?#c)", r"(?P<x>a)(?P=x)");
    }
}
