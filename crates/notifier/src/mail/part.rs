//! Reading a part of a mail of our own back, to show it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The decoded first part of that content type; nothing if there is none.
pub(crate) fn part(mail: &[u8], kind: &str) -> Option<Vec<u8>> {
    let text = String::from_utf8_lossy(mail);
    let (head, body) = text.split_once("\r\n\r\n")?;
    find(head, body, kind)
}

fn find(head: &str, body: &str, kind: &str) -> Option<Vec<u8>> {
    let head = head.replace("\r\n ", " ").replace("\r\n\t", " ");
    let field = |name: &str| {
        head.split("\r\n").find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    };
    let content_type = field("Content-Type").unwrap_or_else(|| "text/plain".to_owned());
    if content_type.starts_with("multipart/") {
        let boundary = content_type.split("boundary=").nth(1)?.trim_matches('"').to_owned();
        let mark = format!("--{boundary}");
        return body.split(mark.as_str()).skip(1).find_map(|part| {
            let (head, body) = part.trim_start_matches("\r\n").split_once("\r\n\r\n")?;
            find(head, body.strip_suffix("\r\n").unwrap_or(body), kind)
        });
    }
    if !content_type.starts_with(kind) {
        return None;
    }
    match field("Content-Transfer-Encoding").unwrap_or_default().to_ascii_lowercase().as_str() {
        "quoted-printable" => Some(quoted_printable(body)),
        "base64" => STANDARD.decode(body.split_whitespace().collect::<String>()).ok(),
        _ => Some(body.as_bytes().to_vec()),
    }
}

/// Undoes quoted-printable (RFC 2045, 6.7).
fn quoted_printable(text: &str) -> Vec<u8> {
    let text = text.replace("=\r\n", "");
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match (first, digits.and_then(|digits| u8::from_str_radix(digits, 16).ok())) {
            (b'=', Some(byte)) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    bytes
}
