//! The attached list, as CSV that a spreadsheet cannot be tricked with.

use super::Facts;
use crate::alert::Alert;
use crate::amount::Amount;
use std::borrow::Cow;

/// Rows that stand beside the file's bytes, for channels that take no files.
const FIRST: usize = 1_000;

const HEADER: [&str; 12] = [
    "organization_id",
    "organization",
    "outcome",
    "kind",
    "from_date",
    "from_value",
    "to_date",
    "to_value",
    "currency",
    "change_percent",
    "is_late",
    "incident",
];

/// The attached list: everything that a message tells of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// File name.
    pub name: String,
    /// The whole file. It is written row by row: as cells, a hundred thousand rows would be ten times as large.
    pub csv: Vec<u8>,
    /// Names of its columns.
    pub header: Vec<&'static str>,
    /// Its first rows.
    pub first: Vec<Vec<String>>,
    /// How many rows it has.
    pub total: usize,
}

/// The full list of these alerts.
pub(super) fn table(facts: &Facts<'_>, alerts: &[&Alert]) -> Table {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let mut failed = writer.write_record(HEADER).is_err();
    let mut first = Vec::new();
    for alert in alerts {
        let cells = cells(alert);
        for cell in &cells {
            failed |= writer.write_field(harmless(cell).as_bytes()).is_err();
        }
        failed |= writer.write_record(None::<&[u8]>).is_err();
        if first.len() < FIRST {
            first.push(cells.map(Cow::into_owned).to_vec());
        }
    }
    // Writing to memory does not fail, and every row has the header's width.
    debug_assert!(!failed);
    Table {
        name: format!("{}_{}.csv", facts.rule.id, facts.as_of),
        csv: writer.into_inner().unwrap_or_default(),
        header: HEADER.to_vec(),
        first,
        total: alerts.len(),
    }
}

fn cells(alert: &Alert) -> [Cow<'_, str>; 12] {
    [
        Cow::Borrowed(&alert.organization),
        Cow::Borrowed(alert.label.as_deref().unwrap_or_default()),
        Cow::Borrowed(&alert.outcome),
        Cow::Borrowed(alert.kind.as_deref().unwrap_or_default()),
        Cow::Owned(alert.base_date.map(|day| day.to_string()).unwrap_or_default()),
        Cow::Borrowed(alert.base_value.as_ref().map_or("", Amount::as_str)),
        Cow::Owned(alert.record_date.to_string()),
        Cow::Borrowed(alert.value.as_ref().map_or("", Amount::as_str)),
        Cow::Borrowed(alert.currency.as_deref().unwrap_or_default()),
        Cow::Borrowed(alert.change_percent.as_deref().unwrap_or_default()),
        Cow::Borrowed(if alert.is_late { "true" } else { "false" }),
        Cow::Owned(alert.incident.map(|id| id.to_string()).unwrap_or_default()),
    ]
}

/// A cell that a spreadsheet would read as a formula gets an apostrophe before it; negative numbers stay numbers.
fn harmless(cell: &str) -> Cow<'_, str> {
    let risky = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    if risky && !is_number(cell) { Cow::Owned(format!("'{cell}")) } else { Cow::Borrowed(cell) }
}

fn is_number(cell: &str) -> bool {
    let digits = cell.strip_prefix('-').unwrap_or(cell);
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    all_digits(whole) && all_digits(decimals)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_disarmed_and_numbers_stay() {
        for (cell, expected) in [
            ("=1+1", "'=1+1"),
            ("@sum(a1)", "'@sum(a1)"),
            ("-5", "-5"),
            ("-5.25", "-5.25"),
            ("-5+cmd|' /c calc'!a0", "'-5+cmd|' /c calc'!a0"),
            ("+49", "'+49"),
            ("Acme, Ltd", "Acme, Ltd"),
        ] {
            assert_eq!(harmless(cell), expected);
        }
    }
}
