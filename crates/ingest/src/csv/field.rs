//! The value of a field: quotes taken off, and the difference between nothing and an empty text kept.

use super::records::Record;
use super::scanner::{Form, Span};
use memchr::memchr;

/// The value of a field; `None` where the field has neither characters nor quotes.
///
/// `scratch` holds the value where quotes had to be taken out of its middle.
#[inline]
pub fn value<'a>(record: &Record<'a>, span: Span, scratch: &'a mut Vec<u8>) -> Option<&'a [u8]> {
    let raw = record.raw(span);
    match span.form {
        Form::Plain if raw.is_empty() => None,
        Form::Plain => Some(raw),
        // An unterminated field has no last quote; whoever accepts it takes it to the input's end.
        Form::Quoted => Some(raw[1..].strip_suffix(b"\"").unwrap_or(&raw[1..])),
        Form::Doubled | Form::Trailing => {
            scratch.clear();
            unquote(&raw[1..], scratch);
            Some(scratch)
        }
    }
}

/// Takes quotes away as Python's csv module does: `""` between quotes is a quote, the first other quote
/// closes, and what follows is text as it stands.
fn unquote(mut raw: &[u8], out: &mut Vec<u8>) {
    while let Some(at) = memchr(b'"', raw) {
        out.extend_from_slice(&raw[..at]);
        raw = &raw[at + 1..];
        match raw.first() {
            Some(b'"') => {
                out.push(b'"');
                raw = &raw[1..];
            }
            _ => break,
        }
    }
    out.extend_from_slice(raw);
}

/// Bytes as text that a person and Postgres can read: what is not UTF-8, and NUL, as `\xNN`.
pub fn printable(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for (at, part) in chunk.valid().split('\0').enumerate() {
            if at > 0 {
                out.push_str("\\x00");
            }
            out.push_str(part);
        }
        for byte in chunk.invalid() {
            out.push_str(&format!("\\x{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::records::Records;
    use super::super::scanner::Delimiter;
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: &[Option<&str>]) {
        let delimiter = Delimiter::new(',').expect("a delimiter");
        let mut records = Records::new(line.as_bytes(), delimiter, 1 << 20, 0);
        let record = records.next().expect("reads").expect("one record");
        let values: Vec<Option<String>> =
            record.spans.iter().map(|span| value(&record, *span, &mut Vec::new()).map(printable)).collect();
        assert_eq!(values.iter().map(Option::as_deref).collect::<Vec<_>>(), expected, "{line:?}");
    }

    #[test]
    fn takes_quotes_off() {
        check("a,,\"\",\" \"", &[Some("a"), None, Some(""), Some(" ")]);
        check("\"a\"\"b\",\"\"\"\"", &[Some("a\"b"), Some("\"")]);
        check("5\" disk,x\"\"", &[Some("5\" disk"), Some("x\"\"")]);
        check("\"10\"x,\"p\"q\"r\"", &[Some("10x"), Some("pq\"r\"")]);
        check("1,\"a,b", &[Some("1"), Some("a,b")]);
        check("\"a\"\"b\"\"c\"d\"\"e", &[Some("a\"b\"cd\"\"e")]);
        check("1,\"", &[Some("1"), Some("")]);
        check("1,\"a\"\"", &[Some("1"), Some("a\"")]);
    }

    #[test]
    fn prints_what_text_cannot_hold() {
        assert_eq!(printable(b"a\0b\xE9\xC3\xA9\xFF"), "a\\x00b\\xE9é\\xFF");
    }
}
