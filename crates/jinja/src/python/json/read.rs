//! Python's `json.loads`: whole numbers keep their digits, and `NaN` and `Infinity` are numbers.

use indexmap::IndexMap;
use minijinja::Value;

use super::super::dict::Dict;
use super::super::list::List;
use super::super::number::int;
use super::{DEPTH, Result};
use crate::error::{Error, ErrorKind};

/// The value of a JSON text: objects become mutable dicts, arrays mutable lists.
///
/// An error with the byte it stands at for what is no JSON, and for what nests too deep.
pub fn loads(text: &str) -> Result<Value> {
    let mut reader = Reader { text, at: 0 };
    let value = reader.value(0)?;
    reader.blank();
    if reader.at < text.len() { Err(reader.fail("Extra data")) } else { Ok(value) }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn fail(&self, message: &str) -> Error {
        Error::new(ErrorKind::Value, format!("{message}: char {}", self.at))
    }

    fn blank(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r']).len();
    }

    fn skip(&mut self, word: &str) -> bool {
        let found = self.rest().starts_with(word);
        if found {
            self.at += word.len();
        }
        found
    }

    fn value(&mut self, depth: usize) -> Result<Value> {
        if depth > DEPTH {
            return Err(self.fail("Too deep"));
        }
        self.blank();
        let words: [(&str, Value); 6] = [
            ("null", Value::from(())),
            ("true", Value::from(true)),
            ("false", Value::from(false)),
            ("NaN", Value::from(f64::NAN)),
            ("Infinity", Value::from(f64::INFINITY)),
            ("-Infinity", Value::from(f64::NEG_INFINITY)),
        ];
        for (word, value) in words {
            if self.skip(word) {
                return Ok(value);
            }
        }
        if self.skip("\"") {
            return self.string().map(Value::from);
        }
        if self.skip("[") {
            let mut items = Vec::new();
            self.sequence("]", |this| {
                items.push(this.value(depth + 1)?);
                Ok(())
            })?;
            return Ok(List::value(items));
        }
        if self.skip("{") {
            let mut pairs = IndexMap::new();
            self.sequence("}", |this| {
                this.blank();
                if !this.skip("\"") {
                    return Err(this.fail("Expecting property name enclosed in double quotes"));
                }
                let key = Value::from(this.string()?);
                this.blank();
                if !this.skip(":") {
                    return Err(this.fail("Expecting ':' delimiter"));
                }
                pairs.insert(key, this.value(depth + 1)?);
                Ok(())
            })?;
            return Ok(Dict::value(pairs));
        }
        self.number()
    }

    fn sequence(&mut self, end: &str, mut item: impl FnMut(&mut Self) -> Result<()>) -> Result<()> {
        self.blank();
        if self.skip(end) {
            return Ok(());
        }
        loop {
            item(self)?;
            self.blank();
            if self.skip(end) {
                return Ok(());
            }
            if !self.skip(",") {
                return Err(self.fail("Expecting ',' delimiter"));
            }
        }
    }

    fn digits(&mut self) -> bool {
        let rest = self.rest();
        let count = rest.bytes().take_while(u8::is_ascii_digit).count();
        self.at += count;
        count > 0
    }

    fn number(&mut self) -> Result<Value> {
        let start = self.at;
        self.skip("-");
        if !self.skip("0") && !self.digits() {
            self.at = start;
            return Err(self.fail("Expecting value"));
        }
        let whole = self.at;
        // What follows a point or an `e` that is no number is not a part of it.
        let point = self.at;
        if !(self.skip(".") && self.digits()) {
            self.at = point;
        }
        let exponent = self.at;
        if !((self.skip("e") || self.skip("E")) && {
            let _ = self.skip("+") || self.skip("-");
            self.digits()
        }) {
            self.at = exponent;
        }
        let written = &self.text[start..self.at];
        if self.at == whole
            && let Ok(number) = written.parse()
        {
            return Ok(int(number));
        }
        written.parse::<f64>().map(Value::from).map_err(|_| self.fail("Expecting value"))
    }

    /// A text whose opening quote is read.
    fn string(&mut self) -> Result<String> {
        let mut out = String::new();
        loop {
            let mut characters = self.rest().chars();
            let Some(character) = characters.next() else {
                return Err(self.fail("Unterminated string"));
            };
            if character < ' ' {
                return Err(self.fail("Invalid control character"));
            }
            self.at += character.len_utf8();
            match character {
                '"' => return Ok(out),
                '\\' => {
                    let escaped = self.escaped()?;
                    out.push(escaped);
                }
                other => out.push(other),
            }
        }
    }

    fn escaped(&mut self) -> Result<char> {
        let Some(character) = self.rest().chars().next() else {
            return Err(self.fail("Unterminated string"));
        };
        self.at += character.len_utf8();
        Ok(match character {
            '"' | '\\' | '/' => character,
            'b' => '\x08',
            'f' => '\x0c',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                let first = self.unit()?;
                let behind = self.at;
                if (0xd800..0xdc00).contains(&first) && self.skip("\\u") {
                    let second = self.unit()?;
                    let pair = char::decode_utf16([first, second]).next().and_then(std::result::Result::ok);
                    if let Some(pair) = pair {
                        return Ok(pair);
                    }
                    self.at = behind;
                }
                // Half of a pair is no character here.
                char::from_u32(first.into()).unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            _ => return Err(self.fail("Invalid \\escape")),
        })
    }

    fn unit(&mut self) -> Result<u16> {
        let digits =
            self.text.get(self.at..self.at + 4).filter(|it| it.bytes().all(|b| b.is_ascii_hexdigit()));
        let unit = digits.and_then(|digits| u16::from_str_radix(digits, 16).ok());
        let unit = unit.ok_or_else(|| self.fail("Invalid \\uXXXX escape"))?;
        self.at += 4;
        Ok(unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::python::text::repr;

    #[test]
    fn reads_as_python() {
        let cases = [
            (
                r#" {"a": NaN, "b": [-Infinity, -0, -0.0, 1E5], "a": 2} "#,
                "{'a': 2, 'b': [-inf, 0, -0.0, 100000.0]}",
            ),
            ("123456789012345678901234567890", "123456789012345678901234567890"),
            ("1e400", "inf"),
            (r#""\u00e9\ud83d\ude00\n\/""#, "'é😀\\n/'"),
        ];
        for (text, want) in cases {
            assert_eq!(loads(text).map(|value| repr(&value)).as_deref().ok(), Some(want), "{text}");
        }
        for text in
            ["", "[1,]", "01", "1.", ".5", "+1", "-", "'a'", "[1] 2", "tru", "\"a\tb\"", "{1: 2}", "\"\\x\""]
        {
            assert!(loads(text).is_err(), "{text}");
        }
        assert!(loads(&"[".repeat(100_000)).is_err());
    }
}
