//! The attached list as CSV that a spreadsheet cannot be tricked with.

use crate::letter::Table;

/// The bytes of the file. A cell that a spreadsheet would read as a formula gets an apostrophe before it;
/// negative numbers stay numbers.
pub(crate) fn csv_bytes(table: &Table) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let mut failed = writer.write_record(&table.header).is_err();
    for row in &table.rows {
        failed |= writer.write_record(row.iter().map(|cell| harmless(cell))).is_err();
    }
    // Writing to memory does not fail, and every row has the header's width.
    debug_assert!(!failed);
    writer.into_inner().unwrap_or_default()
}

fn harmless(cell: &str) -> String {
    let risky = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    if risky && !is_number(cell) { format!("'{cell}") } else { cell.to_owned() }
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
