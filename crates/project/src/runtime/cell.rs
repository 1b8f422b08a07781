//! A cell of a query's result as a value of templates, as Python's driver and agate make it of the Postgres type.

use jinja::Value;

/// A cell as a value: whole numbers, fractions (`Decimal`), truth values, days and moments as such; durations as
/// Python prints them; JSON and arrays as JSON text; the rest as text.
pub fn value(cell: Option<&str>, oid: u32) -> Value {
    let Some(cell) = cell else { return Value::from(()) };
    match oid {
        16 => Value::from(cell == "t"),
        20 | 21 | 23 | 26 => cell.parse::<i64>().map_or_else(|_| Value::from(cell), Value::from),
        700 | 701 => cell.parse().map_or_else(|_| Value::from(cell), jinja::value::decimal_of_float),
        1700 => jinja::value::decimal_of(cell).unwrap_or_else(|| Value::from(cell)),
        1082 => jinja::value::date_of(cell).unwrap_or_else(|| Value::from(cell)),
        1114 | 1184 => jinja::value::moment_of(cell).unwrap_or_else(|| Value::from(cell)),
        1083 | 1266 => Value::from(clock(cell)),
        1186 => Value::from(duration(cell)),
        114 | 3802 => json(cell),
        3904 | 3906 | 3908 | 3910 | 3912 | 3926 => Value::from(range(cell, oid)),
        199 | 1000..=1009 | 1014..=1016 | 1021 | 1022 | 1115 | 1182 | 1183 | 1185 | 1187 | 1231 | 3807 => {
            Value::from(array(cell, oid))
        }
        _ => Value::from(cell),
    }
}

/// A time of day as Python prints it: six digits of a fraction, minutes of an offset.
fn clock(cell: &str) -> String {
    let (time, offset) = match cell.find(['+', '-']) {
        Some(at) => cell.split_at(at),
        None => (cell, ""),
    };
    let time = match time.split_once('.') {
        Some((whole, fraction)) => format!("{whole}.{fraction:0<6}"),
        None => time.to_owned(),
    };
    let minutes = if offset.is_empty() || offset.contains(':') { "" } else { ":00" };
    format!("{time}{offset}{minutes}")
}

/// An interval as the driver's `timedelta`, in which a month has 30 days and a year 365; as it is in another style
/// than Postgres' own.
fn duration(cell: &str) -> String {
    micros(cell).map_or_else(|| cell.to_owned(), jinja::value::duration_text)
}

fn micros(cell: &str) -> Option<i128> {
    const SECOND: i128 = 1_000_000;
    const DAY: i128 = 86_400 * SECOND;
    let mut total = 0;
    let mut words = cell.split(' ');
    while let Some(word) = words.next() {
        if word.contains(':') {
            let (negative, time) = match word.strip_prefix('-') {
                Some(time) => (true, time),
                None => (false, word.trim_start_matches('+')),
            };
            let mut parts = time.split(':');
            let hours: i128 = parts.next()?.parse().ok()?;
            let minutes: i128 = parts.next()?.parse().ok()?;
            let (whole, fraction) = parts.next()?.split_once('.').map_or_else(
                || (time.rsplit(':').next().unwrap_or_default(), ""),
                |(whole, fraction)| (whole, fraction),
            );
            let seconds: i128 = whole.parse().ok()?;
            let rest: i128 = format!("{fraction:0<6}").get(..6)?.parse().ok()?;
            let time = ((hours * 60 + minutes) * 60 + seconds) * SECOND + rest;
            total += if negative { -time } else { time };
            continue;
        }
        let count: i128 = word.parse().ok()?;
        total += count
            * match words.next()?.trim_end_matches('s') {
                "year" => 365 * DAY,
                "mon" => 30 * DAY,
                "day" => DAY,
                _ => return None,
            };
    }
    Some(total)
}

/// A scalar of JSON as its value, the rest as Python's `json.dumps` writes it.
fn json(cell: &str) -> Value {
    let Ok(parsed) = serde_json::from_str::<serde_json::Value>(cell) else { return Value::from(cell) };
    match &parsed {
        // What no number of ours holds stays as it is written.
        serde_json::Value::Number(_) | serde_json::Value::Array(_) | serde_json::Value::Object(_)
            if has_long_number(cell) =>
        {
            Value::from(cell)
        }
        serde_json::Value::Number(number) if number.is_f64() => {
            number.as_f64().map_or_else(|| Value::from(cell), jinja::value::decimal_of_float)
        }
        serde_json::Value::Array(_) | serde_json::Value::Object(_) => Value::from(dumped(&parsed)),
        scalar => jinja::value::from_json(scalar),
    }
}

fn has_long_number(text: &str) -> bool {
    let mut runs = text.split(|letter: char| !letter.is_ascii_digit()).filter(|digits| !digits.is_empty());
    runs.any(|digits| digits.parse::<u64>().is_err())
}

fn dumped(json: &serde_json::Value) -> String {
    let value = jinja::value::from_json(json);
    jinja::value::dumps(&value, &jinja::value::Layout::default()).unwrap_or_else(|_| json.to_string())
}

/// `[1,3)` as `[1, 3)`; a missing bound is `None`.
fn range(cell: &str, oid: u32) -> String {
    let Some((lower, upper)) = cell.split_once(',') else { return cell.to_owned() };
    let (open, lower) = lower.split_at(1);
    let (upper, close) = upper.split_at(upper.len().saturating_sub(1));
    let of = match oid {
        3908 => 1114,
        3910 => 1184,
        3912 => 1082,
        _ => 25,
    };
    let bound = |text: &str| match text.trim_matches('"') {
        "" => "None".to_owned(),
        text => jinja::value::to_str(&value(Some(text), of)),
    };
    format!("{open}{}, {}{close}", bound(lower), bound(upper))
}

/// `{a,"b c",NULL}` as `["a", "b c", null]`, the way dbt hands lists to templates.
fn array(cell: &str, oid: u32) -> String {
    let mut out = String::new();
    let mut letters = cell.chars().peekable();
    let mut item = String::new();
    let mut quoted = false;
    let flush = |out: &mut String, item: &mut String, quoted: &mut bool| {
        if !item.is_empty() || *quoted {
            if !*quoted && item == "NULL" {
                out.push_str("null");
            } else {
                out.push_str(&element(item, oid));
            }
        }
        item.clear();
        *quoted = false;
    };
    while let Some(letter) = letters.next() {
        match letter {
            '{' => out.push('['),
            '}' => {
                flush(&mut out, &mut item, &mut quoted);
                out.push(']');
            }
            ',' => {
                flush(&mut out, &mut item, &mut quoted);
                out.push_str(", ");
            }
            '"' => {
                quoted = true;
                while let Some(inner) = letters.next() {
                    match inner {
                        '"' => break,
                        '\\' => item.extend(letters.next()),
                        other => item.push(other),
                    }
                }
            }
            other => item.push(other),
        }
    }
    out
}

/// An element of an array as JSON.
fn element(item: &str, oid: u32) -> String {
    let text = |text: &str| dumped(&serde_json::Value::from(text));
    match oid {
        1000 => if item == "t" { "true" } else { "false" }.to_owned(),
        1005 | 1007 | 1016 => item.to_owned(),
        1021 | 1022 | 1231 => item.parse::<f64>().map_or_else(|_| item.to_owned(), |it| dumped(&it.into())),
        199 | 3807 => serde_json::from_str(item).map_or_else(|_| text(item), |json| dumped(&json)),
        1115 | 1185 => text(&jinja::value::to_str(&value(Some(item), 1184)).replacen(' ', "T", 1)),
        1183 => text(&clock(item)),
        1187 => text(&duration(item)),
        _ => text(item),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each beside what dbt Core prints of it.
    #[test]
    fn cells_are_what_pythons_driver_makes_of_them() {
        for (cell, oid, wanted) in [
            ("t", 16, "True"),
            ("7", 23, "7"),
            ("1.10", 1700, "Decimal('1.10')"),
            ("5", 1700, "Decimal('5')"),
            ("2", 701, "Decimal('2.0')"),
            ("1e+30", 701, "Decimal('1E+30')"),
            ("NaN", 1700, "Decimal('NaN')"),
            ("2024-01-02", 1082, "datetime.date(2024, 1, 2)"),
            ("infinity", 1184, "'infinity'"),
            ("10:11:12.5", 1083, "'10:11:12.500000'"),
            ("10:11:12+02", 1266, "'10:11:12+02:00'"),
            ("1 day", 1186, "'1 day, 0:00:00'"),
            ("1 mon 2 days 03:04:05.6", 1186, "'32 days, 3:04:05.600000'"),
            ("-03:00:00", 1186, "'-1 day, 21:00:00'"),
            ("1 year -1 days +02:00:00", 1186, "'364 days, 2:00:00'"),
            ("P1D", 1186, "'P1D'"),
            ("5", 3802, "5"),
            ("1.50", 3802, "Decimal('1.5')"),
            ("null", 3802, "None"),
            (r#""abc""#, 3802, "'abc'"),
            (r#"[1,{"é": 2}]"#, 114, r#"'[1, {"\\u00e9": 2}]'"#),
            ("[1,3)", 3904, "'[1, 3)'"),
            ("[1,)", 3904, "'[1, None)'"),
            ("empty", 3904, "'empty'"),
            ("[2020-01-01,2020-01-02)", 3912, "'[2020-01-01, 2020-01-02)'"),
            (
                r#"["2020-01-01 00:00:00+00","2020-01-02 00:00:00+00")"#,
                3910,
                "'[2020-01-01 00:00:00+00:00, 2020-01-02 00:00:00+00:00)'",
            ),
            (r#"{a,"b c",NULL}"#, 1009, r#"'["a", "b c", null]'"#),
            ("{{1,2},{3,4}}", 1007, "'[[1, 2], [3, 4]]'"),
            ("{1.10,2}", 1231, "'[1.1, 2.0]'"),
            ("{t,f}", 1000, "'[true, false]'"),
            ("{\"1 day\"}", 1187, r#"'["1 day, 0:00:00"]'"#),
            ("{\"2020-01-01 00:00:00\"}", 1115, r#"'["2020-01-01T00:00:00"]'"#),
            (r#"{"{\"a\": 1}"}"#, 3807, r#"'[{"a": 1}]'"#),
            ("{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}", 2951, "'{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}'"),
        ] {
            assert_eq!(jinja::value::repr(&value(Some(cell), oid)), wanted, "{cell} of type {oid}");
        }
    }
}
