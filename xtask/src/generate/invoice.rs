//! An ordinary invoice: born on a day, settled on a later one, a function of its number.

use super::company::Company;
use super::random::Random;

const INVOICES: u64 = 10;

/// One line of invoices.csv. Money in cents, rates in millionths.
#[derive(Debug)]
pub struct Invoice {
    /// Unique.
    pub id: i64,
    /// The invoice it belongs to, its own id where it stands alone.
    pub parent: i64,
    /// The payment transaction.
    pub transaction: i64,
    /// The organization it is written to.
    pub organization: i64,
    /// The kind, as the source codes it.
    pub kind: u64,
    /// The status on the day.
    pub status: &'static str,
    /// Three letters.
    pub currency: &'static str,
    /// Three letters.
    pub payment_currency: &'static str,
    /// As the source codes it.
    pub method: u64,
    /// Cents.
    pub amount: i64,
    /// Cents, where anything was paid.
    pub payment: Option<i64>,
    /// Millionths.
    pub rate: i64,
    /// Millionths.
    pub payment_rate: i64,
}

const CURRENCIES: &[&str] = &["USD", "EUR", "GBP", "BRL", "VND", "CAD", "PHP", "INR"];

/// How often each status is found among old invoices, of 1,000.
const OLD: &[(&str, u64)] = &[
    ("paid", 780),
    ("open", 50),
    ("skipped", 10),
    ("cancelled", 50),
    ("pending", 20),
    ("credited", 30),
    ("processing", 30),
    ("failed", 20),
    ("refunded", 10),
];
/// The statuses of a new invoice.
const NEW: &[(&str, u64)] = &[("paid", 700), ("open", 150), ("pending", 100), ("processing", 50)];
/// What an unsettled invoice ends as.
const SETTLED: &[(&str, u64)] = &[("paid", 900), ("failed", 50), ("cancelled", 50)];

/// Old invoices that are still open settle within so many days.
const OLD_SETTLE_WITHIN: u64 = 400;
/// New ones settle within so many.
const NEW_SETTLE_WITHIN: u64 = 45;

/// The id of the invoice with this number.
pub fn id(number: u64) -> i64 {
    number.cast_signed().wrapping_mul(1_000_003).wrapping_sub(4_000_000_000_000_000_000)
}

/// The invoice with this number as it stands on `day`, having come into the books on day `born`.
pub fn on_day(company: &Company, number: u64, born: u32, day: u32) -> Invoice {
    let mut random = Random::of(company.seed, INVOICES, number);
    let organization = company.payer(&mut random);
    let (statuses, settles_within) =
        if born == 0 { (OLD, OLD_SETTLE_WITHIN) } else { (NEW, NEW_SETTLE_WITHIN) };
    let first = random.weighted(statuses);
    let last = random.weighted(SETTLED);
    let settled_after = 1 + random.below(settles_within);
    let unsettled = matches!(first, "open" | "skipped" | "pending" | "processing");
    let status = if unsettled && u64::from(day - born) >= settled_after { last } else { first };
    let amount = cents(random.log_normal(7.5, 1.2)).max(1);
    let noted_as_zero = random.chance(300);
    let is_paid = matches!(status, "paid" | "credited" | "refunded");
    let payment = if is_paid { Some(amount) } else { noted_as_zero.then_some(0) };
    let currency = random.pick(CURRENCIES);
    let rate = if currency == "USD" { 1_000_000 } else { millionths(random.log_normal(0.0, 1.0)) };
    let id = id(number);
    Invoice {
        id,
        parent: if random.chance(330) { id.wrapping_sub(1_000_003) } else { id },
        transaction: random.id(),
        organization,
        kind: random.below(9),
        status,
        currency,
        payment_currency: if random.chance(800) { currency } else { "USD" },
        method: random.below(20),
        amount,
        payment,
        rate,
        payment_rate: if is_paid { rate } else { 1_000_000 },
    }
}

#[expect(clippy::cast_possible_truncation, reason = "amounts stay far below 2^53 cents")]
fn cents(amount: f64) -> i64 {
    (amount * 100.0).round() as i64
}

#[expect(clippy::cast_possible_truncation, reason = "rates stay far below 2^53 millionths")]
fn millionths(rate: f64) -> i64 {
    (rate * 1_000_000.0).round() as i64
}
