//! Writes one drop: invoices.csv and organizations.csv, row by row, under their final names once complete.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use chrono::NaiveDate;

use super::company::{Company, Organization};
use super::invoice::{self, Invoice};
use super::stories;

/// What was written.
#[derive(Debug, Default, Clone, Copy)]
pub struct Written {
    /// Lines of invoices.csv, the header not counted, the broken ones counted.
    pub invoices: u64,
    /// Lines of organizations.csv.
    pub organizations: u64,
    /// Bytes of both.
    pub bytes: u64,
}

/// What a drop holds.
#[derive(Debug, Clone, Copy)]
pub struct Drop {
    /// Days since the first drop; the state of everything depends on it.
    pub day: u32,
    /// Ordinary and stories' invoices on day 0; a 500th of it is added each day.
    pub invoices: u64,
    /// Whether the lines that can't be read are in it.
    pub broken_lines: bool,
}

const INVOICE_HEADER: &str = "INVOICE_ID,PARENT_INVOICE_ID,TRANSACTION_ID,ORGANIZATION_ID,TYPE,STATUS,CURRENCY,\
PAYMENT_CURRENCY,PAYMENT_METHOD,AMOUNT,PAYMENT_AMOUNT,FX_RATE,FX_RATE_PAYMENT";
const ORGANIZATION_HEADER: &str = "ORGANIZATION_ID,FIRST_PAYMENT_DATE,LAST_PAYMENT_DATE,LEGAL_ENTITY_COUNTRY_CODE,\
COUNT_TOTAL_CONTRACTS_ACTIVE,CREATED_DATE";
/// Stories' invoices are numbered from here, a hundred numbers each.
const STORY_NUMBERS: u64 = 1 << 40;
/// The numbers of the broken lines.
const BROKEN_NUMBERS: u64 = 1 << 41;

/// Writes both files of a drop into `folder`; files that are there are left alone unless `force`.
pub fn write(company: &Company, drop: Drop, folder: &Path, force: bool) -> anyhow::Result<Written> {
    fs::create_dir_all(folder).with_context(|| format!("failed to create {}", folder.display()))?;
    let mut written = Written::default();
    let (rows, bytes) =
        file(&folder.join("organizations.csv"), force, |out| organizations(company, drop.day, out))?;
    written.organizations = rows;
    written.bytes += bytes;
    let (rows, bytes) = file(&folder.join("invoices.csv"), force, |out| invoices(company, drop, out))?;
    written.invoices = rows;
    written.bytes += bytes;
    Ok(written)
}

fn file(
    path: &Path,
    force: bool,
    rows: impl FnOnce(&mut BufWriter<File>) -> io::Result<u64>,
) -> anyhow::Result<(u64, u64)> {
    if path.exists() && !force {
        bail!("{} is there already\nhint: --force replaces it, --out names another folder", path.display());
    }
    let unfinished = PathBuf::from(format!("{}.unfinished", path.display()));
    let write = || -> io::Result<(u64, u64)> {
        let mut out = BufWriter::with_capacity(1 << 20, File::create(&unfinished)?);
        let count = rows(&mut out)?;
        let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
        let bytes = file.metadata()?.len();
        fs::rename(&unfinished, path)?;
        Ok((count, bytes))
    };
    write().with_context(|| format!("failed to write {}", path.display()))
}

fn organizations(company: &Company, day: u32, out: &mut impl Write) -> io::Result<u64> {
    writeln!(out, "{ORGANIZATION_HEADER}")?;
    let mut count = 0;
    for (organization, _) in company.stories().filter(|(_, story)| story.appears_on(day)) {
        organization_row(&organization, out)?;
        count += 1;
    }
    for organization in company.ordinary() {
        organization_row(&organization, out)?;
        count += 1;
    }
    Ok(count)
}

fn organization_row(row: &Organization, out: &mut impl Write) -> io::Result<()> {
    let date = |date: Option<NaiveDate>| date.map(|date| date.to_string()).unwrap_or_default();
    writeln!(
        out,
        "{},{},{},{},{},{} 21:45:01.554",
        row.id,
        date(row.first_payment),
        date(row.last_payment),
        row.country,
        row.contracts,
        row.created
    )
}

fn invoices(company: &Company, drop: Drop, out: &mut impl Write) -> io::Result<u64> {
    writeln!(out, "{INVOICE_HEADER}")?;
    let of_stories = story_rows(company, drop.day, out)?;
    let at_first: u64 = stories::STORIES.iter().map(|story| story.invoices_on(0).len() as u64).sum();
    let old = drop.invoices.saturating_sub(at_first);
    for number in 0..old {
        invoice_row(&invoice::on_day(company, number, 0, drop.day), out)?;
    }
    let daily = drop.invoices / 500;
    let mut new = 0;
    for born in 1..=drop.day {
        for number in (0..daily).map(|nth| old + u64::from(born - 1) * daily + nth) {
            invoice_row(&invoice::on_day(company, number, born, drop.day), out)?;
            new += 1;
        }
    }
    let broken = if drop.broken_lines { broken_rows(company, out)? } else { 0 };
    Ok(of_stories + old + new + broken)
}

fn story_rows(company: &Company, day: u32, out: &mut impl Write) -> io::Result<u64> {
    let mut count = 0;
    for (nth, (organization, story)) in (0_u64..).zip(company.stories()) {
        if !story.appears_on(day) {
            continue;
        }
        for (number, told) in (STORY_NUMBERS + 100 * nth..).zip(story.invoices_on(day)) {
            let id = invoice::id(number);
            let row = Invoice {
                id,
                parent: id,
                organization: organization.id,
                status: told.status,
                currency: "USD",
                payment_currency: "USD",
                amount: told.amount,
                payment: told.payment,
                rate: 1_000_000,
                payment_rate: 1_000_000,
                ..invoice::on_day(company, number, 0, 0)
            };
            invoice_row(&row, out)?;
            count += 1;
        }
    }
    Ok(count)
}

/// An amount in words, a line that ends too early, and one with a field too many.
fn broken_rows(company: &Company, out: &mut impl Write) -> io::Result<u64> {
    let row = |number| invoice::on_day(company, BROKEN_NUMBERS + number, 0, 0);
    let words = row(0);
    writeln!(
        out,
        "{},{},{},{},4,open,USD,USD,2,\"two thousand, five hundred\",,1.0,1.0",
        words.id, words.parent, words.transaction, words.organization
    )?;
    let short = row(1);
    writeln!(out, "{},{},{},{},4,open,USD", short.id, short.parent, short.transaction, short.organization)?;
    let long = row(2);
    writeln!(
        out,
        "{},{},{},{},4,open,USD,USD,2,1,250.00,,1.0,1.0",
        long.id, long.parent, long.transaction, long.organization
    )?;
    Ok(3)
}

fn invoice_row(row: &Invoice, out: &mut impl Write) -> io::Result<()> {
    write!(
        out,
        "{},{},{},{},{},{},{},{},{},",
        row.id,
        row.parent,
        row.transaction,
        row.organization,
        row.kind,
        row.status,
        row.currency,
        row.payment_currency,
        row.method
    )?;
    decimal(row.amount, 100, out)?;
    out.write_all(b",")?;
    if let Some(payment) = row.payment {
        decimal(payment, 100, out)?;
    }
    out.write_all(b",")?;
    decimal(row.rate, 1_000_000, out)?;
    out.write_all(b",")?;
    decimal(row.payment_rate, 1_000_000, out)?;
    out.write_all(b"\n")
}

/// A number as the source prints it: at least one digit after the point, and no zeros at the end.
fn decimal(value: i64, unit: u64, out: &mut impl Write) -> io::Result<()> {
    let sign = if value < 0 { "-" } else { "" };
    let size = value.unsigned_abs();
    write!(out, "{sign}{}.", size / unit)?;
    let mut rest = size % unit;
    let mut place = unit / 10;
    write!(out, "{}", rest / place)?;
    rest %= place;
    while rest > 0 {
        place /= 10;
        write!(out, "{}", rest / place)?;
        rest %= place;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::decimal;

    #[track_caller]
    fn check(value: i64, unit: u64, expected: &str) {
        let mut out = Vec::new();
        decimal(value, unit, &mut out).expect("a vector takes everything");
        assert_eq!(String::from_utf8_lossy(&out), expected);
    }

    #[test]
    fn decimals_are_short_and_exact() {
        check(0, 100, "0.0");
        check(5, 100, "0.05");
        check(150_000, 100, "1500.0");
        check(-12_345, 100, "-123.45");
        check(1_000_000, 1_000_000, "1.0");
        check(1_234_500, 1_000_000, "1.2345");
        check(1, 1_000_000, "0.000001");
    }
}
