//! String literals: Python's escapes.

use std::borrow::Cow;

/// `\r\n` and `\r` become `\n`, as Jinja2 does with all it reads.
pub(crate) fn normalize_newlines(text: &str) -> Cow<'_, str> {
    if text.contains('\r') {
        Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
    } else {
        Cow::Borrowed(text)
    }
}

/// The text of a literal without its quotes, escapes resolved as Python does.
///
/// Errors carry the message that Python gives for a broken `\x`, `\u` or `\U`.
pub(crate) fn unescape(literal: &str) -> Result<String, String> {
    let literal = normalize_newlines(literal);
    if !literal.contains('\\') {
        return Ok(literal.into_owned());
    }
    let mut text = String::with_capacity(literal.len());
    let mut rest = literal.as_ref();
    while let Some(backslash) = rest.find('\\') {
        text.push_str(&rest[..backslash]);
        rest = escape(&rest[backslash + 1..], &mut text)?;
    }
    text.push_str(rest);
    Ok(text)
}

/// Resolves the escape after a backslash; gives the text behind it.
fn escape<'a>(rest: &'a str, text: &mut String) -> Result<&'a str, String> {
    let Some(character) = rest.chars().next() else {
        return Err("\\ at end of string".to_owned());
    };
    let behind = &rest[character.len_utf8()..];
    let plain = match character {
        '\n' => return Ok(behind),
        '\\' | '\'' | '"' => character,
        'a' => '\x07',
        'b' => '\x08',
        'f' => '\x0c',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\x0b',
        'x' => return hexadecimal(behind, 2, "\\xXX", text),
        'u' => return hexadecimal(behind, 4, "\\uXXXX", text),
        'U' => return hexadecimal(behind, 8, "\\UXXXXXXXX", text),
        '0'..='7' => return Ok(octal(rest, text)),
        other => {
            text.push('\\');
            other
        }
    };
    text.push(plain);
    Ok(behind)
}

fn hexadecimal<'a>(rest: &'a str, digits: usize, form: &str, text: &mut String) -> Result<&'a str, String> {
    let code = rest
        .get(..digits)
        .filter(|code| code.bytes().all(|b| b.is_ascii_hexdigit()))
        .and_then(|code| u32::from_str_radix(code, 16).ok())
        .ok_or_else(|| format!("truncated {form} escape"))?;
    text.push(char::from_u32(code).ok_or("illegal Unicode character")?);
    Ok(&rest[digits..])
}

fn octal<'a>(rest: &'a str, text: &mut String) -> &'a str {
    let digits = rest.bytes().take(3).take_while(|b| (b'0'..=b'7').contains(b)).count();
    let code = u32::from_str_radix(&rest[..digits], 8).unwrap_or(0);
    text.push(char::from_u32(code).unwrap_or('\u{fffd}'));
    &rest[digits..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolves_escapes_as_python_does() {
        for (literal, text) in [
            (r"a\n\t\\\'", "a\n\t\\'"),
            (r"\x41\u00e9\U0001F600\101\0", "Aé😀A\0"),
            (r"\d+\.", r"\d+\."),
            ("a\\\nb", "ab"),
            ("a\r\nb", "a\nb"),
        ] {
            assert_eq!(unescape(literal).as_deref(), Ok(text), "{literal}");
        }
        assert!(unescape(r"\xg1").is_err());
    }
}
