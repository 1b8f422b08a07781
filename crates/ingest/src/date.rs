//! Business dates in paths: a folder or a file name with the date in it.

use chrono::NaiveDate;

/// Whether a text is a date, `YYYY-MM-DD`.
pub fn is_date(text: &str) -> bool {
    text.len() == 10 && parse(text).is_some()
}

/// The date in a path below `csv_data/`: the last one in the file's name, else the innermost folder's.
///
/// `YYYY-MM-DD`, `YYYY_MM_DD` and, in names, `YYYYMMDD`, with no digit beside it.
pub fn in_path(path: &str) -> Option<NaiveDate> {
    path.rsplit('/').find_map(in_name)
}

fn in_name(name: &str) -> Option<NaiveDate> {
    let bytes = name.as_bytes();
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let starts = (0..bytes.len()).rev().filter(|&at| digit(at) && (at == 0 || !digit(at - 1)));
    starts.into_iter().find_map(|at| {
        let dashed = name.get(at..at + 10).filter(|_| !digit(at + 10)).and_then(parse);
        dashed.or_else(|| name.get(at..at + 8).filter(|_| !digit(at + 8)).and_then(parse_compact))
    })
}

fn parse(text: &str) -> Option<NaiveDate> {
    let separator = *text.as_bytes().get(4)?;
    if !matches!(separator, b'-' | b'_') || text.as_bytes().get(7) != Some(&separator) {
        return None;
    }
    date(text.get(..4)?, text.get(5..7)?, text.get(8..)?)
}

fn parse_compact(text: &str) -> Option<NaiveDate> {
    // Eight digits are a date only in the years in which there are drops.
    date(text.get(..4)?, text.get(4..6)?, text.get(6..)?)
        .filter(|date| (1990..2100).contains(&chrono::Datelike::year(date)))
}

fn date(year: &str, month: &str, day: &str) -> Option<NaiveDate> {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if ![year, month, day].into_iter().all(digits) {
        return None;
    }
    NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_date() {
        let found = |path| in_path(path).map(|date| date.to_string());
        assert_eq!(found("2026-11-20/invoices.csv").as_deref(), Some("2026-11-20"));
        assert_eq!(found("2026-11-20/invoices_2026-11-21.csv").as_deref(), Some("2026-11-21"));
        assert_eq!(found("invoices_20261120.csv.gz").as_deref(), Some("2026-11-20"));
        assert_eq!(found("in/2026_11_20/x.csv").as_deref(), Some("2026-11-20"));
        assert_eq!(found("é2026-11-20é.csv").as_deref(), Some("2026-11-20"));
        for none in ["invoices.csv", "2026-13-01/a.csv", "12026-11-20.csv", "202611201.csv", "10000000.csv"] {
            assert_eq!(found(none), None, "{none}");
        }
        assert!(is_date("2026-02-28") && !is_date("2026-02-30") && !is_date("20260228"));
    }
}
