//! `strftime`, with the directives of Python and the flags of the GNU C library.

use std::fmt::Write as _;

use chrono::{Datelike, Timelike};

use super::datetime::DateTime;

const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// The names of months and days, for [`super::strptime`].
pub(super) fn names() -> ([&'static str; 12], [&'static str; 7]) {
    (MONTHS, DAYS)
}

/// How a directive is padded.
#[derive(Clone, Copy, Default)]
struct Flags {
    /// `-` no padding, `_` spaces, `0` zeros.
    padding: Option<char>,
    upper: bool,
}

/// Formats a moment.
pub(super) fn format(moment: &DateTime, format: &str) -> String {
    let mut out = String::with_capacity(format.len() * 2);
    let mut rest = format.chars();
    while let Some(character) = rest.next() {
        if character != '%' {
            out.push(character);
            continue;
        }
        let start = rest.as_str();
        let mut flags = Flags::default();
        let mut directive = rest.next();
        while let Some(flag) = directive.filter(|it| matches!(it, '-' | '_' | '0' | '^' | '#')) {
            match flag {
                '^' | '#' => flags.upper = true,
                padding => flags.padding = Some(padding),
            }
            directive = rest.next();
        }
        let Some(directive) = directive else {
            out.push('%');
            out.push_str(start);
            break;
        };
        let from = out.len();
        if !write(moment, directive, flags, &mut out) {
            out.push('%');
            out.push(directive);
        } else if flags.upper {
            let upper = out[from..].to_uppercase();
            out.replace_range(from.., &upper);
        }
    }
    out
}

fn padded(number: i64, width: usize, default: char, flags: Flags, out: &mut String) {
    // Writing to a string can't fail.
    let _ = match flags.padding.unwrap_or(default) {
        '-' => write!(out, "{number}"),
        '_' => write!(out, "{number:width$}"),
        _ => write!(out, "{number:0width$}"),
    };
}

/// Writes a directive; false if there is none of that letter.
fn write(moment: &DateTime, directive: char, flags: Flags, out: &mut String) -> bool {
    let (date, time) = (moment.naive.date(), moment.naive.time());
    let weekday = date.weekday();
    let day_name = DAYS[weekday.num_days_from_monday() as usize % 7];
    let month_name = MONTHS[date.month0() as usize % 12];
    let (is_pm, hour12) = time.hour12();
    let mut zeros = |number: i64, width: usize| padded(number, width, '0', flags, out);
    match directive {
        'd' => zeros(date.day().into(), 2),
        'm' => zeros(date.month().into(), 2),
        'y' => zeros(i64::from(date.year().rem_euclid(100)), 2),
        'Y' => {
            // Python leaves years before 1000 unpadded on Linux.
            let _ = write!(out, "{}", date.year());
        }
        'C' => zeros(i64::from(date.year().div_euclid(100)), 2),
        'H' => zeros(time.hour().into(), 2),
        'I' => zeros(hour12.into(), 2),
        'M' => zeros(time.minute().into(), 2),
        'S' => zeros(time.second().into(), 2),
        'f' => {
            let _ = write!(out, "{:06}", time.nanosecond() / 1000);
        }
        'j' => zeros(date.ordinal().into(), 3),
        'U' => zeros((date.ordinal() + 6 - weekday.num_days_from_sunday()).div_euclid(7).into(), 2),
        'W' => zeros((date.ordinal() + 6 - weekday.num_days_from_monday()).div_euclid(7).into(), 2),
        'V' => zeros(date.iso_week().week().into(), 2),
        'G' => zeros(date.iso_week().year().into(), 4),
        'g' => zeros(i64::from(date.iso_week().year().rem_euclid(100)), 2),
        'u' => zeros(weekday.number_from_monday().into(), 1),
        'w' => zeros(weekday.num_days_from_sunday().into(), 1),
        's' => zeros(moment.utc().and_utc().timestamp(), 1),
        'e' => padded(date.day().into(), 2, '_', flags, out),
        'k' => padded(time.hour().into(), 2, '_', flags, out),
        'l' => padded(hour12.into(), 2, '_', flags, out),
        'a' => out.push_str(&day_name[..3]),
        'A' => out.push_str(day_name),
        'b' | 'h' => out.push_str(&month_name[..3]),
        'B' => out.push_str(month_name),
        'p' => out.push_str(if is_pm { "PM" } else { "AM" }),
        'P' => out.push_str(if is_pm { "pm" } else { "am" }),
        'z' => out.push_str(&offset(moment, "")),
        ':' => return false,
        'Z' => out.push_str(moment.zone.as_ref().map_or("", |zone| &zone.name)),
        'n' => out.push('\n'),
        't' => out.push('\t'),
        '%' => out.push('%'),
        'c' => out.push_str(&format(moment, "%a %b %e %H:%M:%S %Y")),
        'x' | 'D' => out.push_str(&format(moment, "%m/%d/%y")),
        'X' | 'T' => out.push_str(&format(moment, "%H:%M:%S")),
        'F' => out.push_str(&format(moment, "%Y-%m-%d")),
        'R' => out.push_str(&format(moment, "%H:%M")),
        'r' => out.push_str(&format(moment, "%I:%M:%S %p")),
        _ => return false,
    }
    true
}

fn offset(moment: &DateTime, colon: &str) -> String {
    let Some(zone) = &moment.zone else {
        return String::new();
    };
    let sign = if zone.offset < 0 { '-' } else { '+' };
    let size = zone.offset.abs();
    let mut text = format!("{sign}{:02}{colon}{:02}", size / 3600, size / 60 % 60);
    if size % 60 != 0 {
        let _ = write!(text, "{colon}{:02}", size % 60);
    }
    text
}
