//! COPY's text format (PostgreSQL manual, COPY, "Text Format"): tabs between values, `\N` for null, backslashes before
//! what would end a value.

/// What stands for null.
pub const NULL: &[u8] = b"\\N";

/// Appends a value.
pub fn escape(out: &mut Vec<u8>, value: &[u8]) {
    let mut rest = value;
    while let Some(at) = rest.iter().position(|byte| matches!(byte, b'\\' | b'\t' | b'\n' | b'\r')) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(match rest[at] {
            b'\\' => b"\\\\",
            b'\t' => b"\\t",
            b'\n' => b"\\n",
            _ => b"\\r",
        });
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
}

/// Appends a count.
#[inline]
pub fn count(out: &mut Vec<u8>, mut count: u64) {
    let mut digits = [0; 20];
    let mut start = digits.len();
    loop {
        start -= 1;
        // A digit fits into a byte.
        digits[start] = b'0' + (count % 10) as u8;
        count /= 10;
        if count == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[start..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_what_would_end_a_value() {
        let mut out = Vec::new();
        escape(&mut out, b"\\.\t\r\na\\N");
        assert_eq!(out, b"\\\\.\\t\\r\\na\\\\N");
    }

    #[test]
    fn counts_are_decimal() {
        for number in [0, 7, 10, 1234, u64::MAX] {
            let mut out = Vec::new();
            count(&mut out, number);
            assert_eq!(out, number.to_string().as_bytes());
        }
    }
}
