//! Plain scalars by YAML 1.1's rules, as Python's YAML library resolves them (<https://yaml.org/type/>).

use super::Content;

/// What a plain (unquoted) scalar means.
pub fn resolve(text: &str) -> Content {
    let Some(first) = text.bytes().next() else { return Content::Null };
    match first {
        b'~' | b'n' | b'N' if matches!(text, "~" | "null" | "Null" | "NULL") => Content::Null,
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' => {
            plain_boolean(text).map_or_else(|| Content::Text(text.to_owned()), Content::Bool)
        }
        b'0'..=b'9' | b'+' | b'-' | b'.' => number(text).unwrap_or_else(|| Content::Text(text.to_owned())),
        _ => Content::Text(text.to_owned()),
    }
}

fn plain_boolean(text: &str) -> Option<bool> {
    match text {
        "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Some(true),
        "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}

/// A boolean that stands as text: in quotes, in `--vars`, in the environment.
pub fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "t" | "yes" | "y" | "on" | "1" => Some(true),
        "false" | "f" | "no" | "n" | "off" | "0" => Some(false),
        _ => None,
    }
}

fn number(text: &str) -> Option<Content> {
    integer(text).or_else(|| float(text)).or_else(|| timestamp(text))
}

fn integer(text: &str) -> Option<Content> {
    let (sign, digits) = match text.as_bytes().first()? {
        b'-' => (-1, &text[1..]),
        b'+' => (1, &text[1..]),
        _ => (1, text),
    };
    let based = |digits: &str, base: u32| {
        let clean = digits.replace('_', "");
        if clean.is_empty() || !clean.chars().all(|it| it.is_digit(base)) {
            return None;
        }
        i128::from_str_radix(&clean, base).ok()
    };
    let value = if digits == "0" {
        0
    } else if let Some(rest) = digits.strip_prefix("0b") {
        based(rest, 2)?
    } else if let Some(rest) = digits.strip_prefix("0x") {
        based(rest, 16)?
    } else if let Some(rest) = digits.strip_prefix('0') {
        based(rest, 8)?
    } else if digits.starts_with(|it: char| it.is_ascii_digit()) {
        if digits.contains(':') { sexagesimal(digits)? } else { based(digits, 10)? }
    } else {
        return None;
    };
    Some(Content::Int(sign * value))
}

/// `1:30` is ninety: a number to the base 60.
fn sexagesimal(digits: &str) -> Option<i128> {
    let mut parts = digits.split(':');
    let mut value: i128 = parts.next()?.replace('_', "").parse().ok()?;
    for part in parts {
        let part: i128 = (part.len() <= 2).then(|| part.parse().ok())??;
        if part > 59 {
            return None;
        }
        value = value * 60 + part;
    }
    Some(value)
}

fn float(text: &str) -> Option<Content> {
    let (sign, rest) = match text.as_bytes().first()? {
        b'-' => (-1.0, &text[1..]),
        b'+' => (1.0, &text[1..]),
        _ => (1.0, text),
    };
    match rest {
        ".inf" | ".Inf" | ".INF" => return Some(Content::Float(sign * f64::INFINITY)),
        ".nan" | ".NaN" | ".NAN" => return Some(Content::Float(f64::NAN)),
        _ => {}
    }
    let point = rest.find('.')?;
    let (whole, fraction) = (&rest[..point], &rest[point + 1..]);
    if whole.contains(':') {
        let value = sexagesimal(whole)?;
        let tail: f64 = format!("0.{}", fraction.replace('_', "")).parse().ok()?;
        #[expect(clippy::cast_precision_loss, reason = "a float was asked for")]
        return Some(Content::Float(sign * (value as f64 + tail)));
    }
    let digits = |part: &str| part.bytes().all(|it| it.is_ascii_digit() || it == b'_');
    // YAML 1.1 wants a sign in the exponent: `1.0e5` is text.
    let (mantissa, exponent) = match fraction.find(['e', 'E']) {
        Some(at) => {
            let exponent = &fraction[at + 1..];
            let unsigned = exponent.strip_prefix(['-', '+'])?;
            if unsigned.is_empty() || !unsigned.bytes().all(|it| it.is_ascii_digit()) {
                return None;
            }
            (&fraction[..at], exponent)
        }
        None => (fraction, ""),
    };
    let starts_well = whole.starts_with(|it: char| it.is_ascii_digit())
        || (whole.is_empty()
            && rest.len() == text.len()
            && mantissa.starts_with(|it: char| it.is_ascii_digit()));
    if !starts_well || !digits(whole) || !digits(mantissa) {
        return None;
    }
    let exponent = if exponent.is_empty() { String::new() } else { format!("e{exponent}") };
    let clean = format!("{}.{}{exponent}", whole, if mantissa.is_empty() { "0" } else { mantissa });
    clean.replace('_', "").parse::<f64>().ok().map(|value| Content::Float(sign * value))
}

/// Whether a text is written as a date is: `2024-13-45` too, which is no day.
pub fn looks_like_date(content: &str) -> bool {
    let bytes = content.as_bytes();
    bytes.len() == 10
        && bytes.iter().enumerate().all(|(at, byte)| match at {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        })
}

/// A date (`2024-01-31`) or a timestamp, in ISO form as Python prints it in JSON.
fn timestamp(text: &str) -> Option<Content> {
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    if !(digit(0) && digit(1) && digit(2) && digit(3) && bytes.get(4) == Some(&b'-')) {
        return None;
    }
    if bytes.len() == 10 && digit(5) && digit(6) && bytes[7] == b'-' && digit(8) && digit(9) {
        return chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d")
            .ok()
            .map(|_| Content::Date(text.to_owned()));
    }
    let at = text.find(['T', 't', ' ', '\t'])?;
    let date = chrono::NaiveDate::parse_from_str(&text[..at], "%Y-%m-%d").ok()?;
    let rest = text[at + 1..].trim_start_matches([' ', '\t']);
    let zone_at = rest.find(['Z', '+', '-', ' ', '\t']).unwrap_or(rest.len());
    let (clock, zone) = (&rest[..zone_at], rest[zone_at..].trim());
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    if clock.split(':').count() != 3 || !fraction.bytes().all(|it| it.is_ascii_digit()) {
        return None;
    }
    let time = chrono::NaiveTime::parse_from_str(clock, "%H:%M:%S").ok()?;
    let micros = format!("{fraction:0<6}");
    let micros = &micros[..6];
    let micros = if micros == "000000" { String::new() } else { format!(".{micros}") };
    let zone = match zone {
        "" => String::new(),
        "Z" => "+00:00".to_owned(),
        zone => iso_zone(zone)?,
    };
    Some(Content::Date(format!("{date}T{}{micros}{zone}", time.format("%H:%M:%S"))))
}

fn iso_zone(zone: &str) -> Option<String> {
    let (sign, rest) = zone.split_at(1);
    let (hours, minutes) = match rest.split_once(':') {
        Some(parts) => parts,
        None if rest.len() > 2 => rest.split_at(rest.len() - 2),
        None => (rest, "0"),
    };
    let (hours, minutes): (u8, u8) = (hours.parse().ok()?, minutes.parse().ok()?);
    matches!(sign, "+" | "-").then(|| format!("{sign}{hours:02}:{minutes:02}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolves_as_yaml_1_1() {
        let cases = [
            ("yes", Content::Bool(true)),
            ("Off", Content::Bool(false)),
            ("y", Content::Text("y".into())),
            ("~", Content::Null),
            ("", Content::Null),
            ("0", Content::Int(0)),
            ("010", Content::Int(8)),
            ("08", Content::Text("08".into())),
            ("1_000", Content::Int(1000)),
            ("0x1F", Content::Int(31)),
            ("-12", Content::Int(-12)),
            ("1:30", Content::Int(90)),
            ("1e5", Content::Text("1e5".into())),
            ("1.0e5", Content::Text("1.0e5".into())),
            ("1.5e+3", Content::Float(1500.0)),
            ("1.", Content::Float(1.0)),
            (".5", Content::Float(0.5)),
            ("1.0.0", Content::Text("1.0.0".into())),
            (".", Content::Text(".".into())),
            ("-", Content::Text("-".into())),
            ("2024-01-31", Content::Date("2024-01-31".into())),
            ("2024-01-31 00:00:00.00+00:00", Content::Date("2024-01-31T00:00:00+00:00".into())),
            ("2024-1-3T1:02:03.5Z", Content::Date("2024-01-03T01:02:03.500000+00:00".into())),
            ("2024-13-31", Content::Text("2024-13-31".into())),
        ];
        for (text, want) in cases {
            assert_eq!(resolve(text), want, "{text}");
        }
    }
}
